"""Run one gate. This is the one place where an exception becomes NOT_MEASURED.

Whatever a kind, a data file, a model or a user's callable does, the answer is a `GateResult`: a gate that could not be
measured says why and what would mend it, keeps what had been measured before, and leaves every other gate alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import signal
import threading
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from pytest_mlgate import plain
from pytest_mlgate.errors import NotApplicableError, NotMeasuredError
from pytest_mlgate.kind import Inputs, seconds
from pytest_mlgate.outcome import Policy, settle
from pytest_mlgate.verdict import (
    Check,
    GateResult,
    InputRecord,
    Measurement,
    Outcome,
    Verdict,
    check,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.baselines import Proposal
    from pytest_mlgate.gatefile import Gate

WHOLE = "*"
_AGAIN_S = 0.2


class GateInputs(Inputs, Protocol):
    """Inputs that also remember what was opened and can be told to stop."""

    @property
    def records(self) -> tuple[InputRecord, ...]:
        """What the gate opened."""

    def interrupt(self) -> None:
        """Stop whatever query is running; called from another thread."""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """Where a gate stands: what a result needs to be found again."""

    node_id: str
    file: str
    name: str
    params: str | None = None
    secrets: frozenset[str] = frozenset()


class _OvertimeError(BaseException):
    """Raised in the gate's own thread when its time is up; no `except Exception` on the way can swallow it."""


def seed_of(node_id: str) -> int:
    """Derive a gate's seed from its identity alone, so that a rerun draws the same numbers."""
    return int.from_bytes(hashlib.sha256(node_id.encode()).digest()[:4])


def run(gate: Gate, inputs: GateInputs, site: Site, *, timeout: float | None = None) -> GateResult:
    """Measure, judge and settle one gate.

    Args:
        gate: as loaded.
        inputs: what it measures on.
        site: where it stands.
        timeout: seconds, unless the gate says its own.
    """
    started = time.perf_counter()
    limit = seconds(gate.spec.timeout) if gate.spec.timeout is not None else timeout
    checks: list[Check] = []
    reason = remedy = None
    applicable = True
    try:
        with _deadline(limit, inputs):
            for found in gate.kind.measure(gate.spec, inputs):
                checks.append(check(plain.measurement(found)))  # noqa: PERF401 - what came before an exception is kept
    except NotApplicableError as error:
        reason, applicable = str(error), bool(checks)  # after a measurement, the rest is missing like any other rest
    except NotMeasuredError as error:
        reason, remedy = error.reason, error.remedy or None
    except _OvertimeError:
        reason, remedy = _overtime(limit)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the one place: an exception becomes NOT_MEASURED
        reason, remedy = _raised(error), None
    duration = time.perf_counter() - started
    if limit is not None and duration > limit:
        reason, remedy, applicable = *_overtime(limit), True
    if reason is not None:
        reason = plain.text(reason)
        checks.append(check(Measurement(name=WHOLE, metric=gate.spec.kind, reason=reason, applicable=applicable)))
    if not checks:
        reason = "the gate measured nothing"
    result = _settled(gate, site, tuple(checks), inputs.records, duration, reason, remedy)
    proposal: Proposal | None = getattr(inputs, "proposal", None)  # only inputs that can rewrite baselines have any
    return result if proposal is None else msgspec.structs.replace(result, proposal=proposal)


def unmeasured(gate: Gate, site: Site, reason: str, remedy: str | None = None) -> GateResult:
    """Give the result of a gate whose measuring never began, as when a fixture raised."""
    reason = plain.text(reason)
    checks = (check(Measurement(name=WHOLE, metric=gate.spec.kind, reason=reason)),)
    return _settled(gate, site, checks, (), 0.0, reason, remedy)


def skipped(gate: Gate, site: Site, reason: str) -> GateResult:
    """Give the result of a gate that was skipped by a fixture or a mark."""
    result = _settled(gate, site, (), (), 0.0, reason, None)
    return msgspec.structs.replace(result, verdict=Verdict.SKIPPED, outcome=Outcome.skipped)


def unreported(node_id: str, file: str, name: str, gate_id: str, kind: str, reason: str) -> GateResult:
    """Give the result of a gate of which nothing was heard."""
    lost = check(Measurement(name=WHOLE, metric=kind, reason=reason))
    return GateResult(
        node_id=node_id,
        file=file,
        line=0,
        name=name,
        id=gate_id,
        kind=kind,
        verdict=Verdict.NOT_MEASURED,
        outcome=Outcome.errored,
        reason=reason,
        checks=(msgspec.structs.replace(lost, outcome=Outcome.errored),),
    )


def _settled(
    gate: Gate,
    site: Site,
    checks: tuple[Check, ...],
    records: tuple[InputRecord, ...],
    duration: float,
    reason: str | None,
    remedy: str | None,
) -> GateResult:
    spec = gate.spec
    policy = Policy(inconclusive=spec.inconclusive or gate.kind.inconclusive, severity=spec.severity, waiver=spec.waive)
    settlement = settle(checks, policy, dt.datetime.now(dt.UTC).date())
    result = GateResult(
        node_id=site.node_id,
        file=site.file,
        line=gate.line,
        name=site.name,
        id=gate.id,
        params=site.params,
        kind=spec.kind,
        description=spec.description,
        severity=spec.severity,
        verdict=settlement.verdict,
        outcome=settlement.outcome,
        reason=reason,
        remedy=remedy,
        notes=(*settlement.notes, *(f"{one.role} {one.name} is {one.note}" for one in records if one.note)),
        waiver=spec.waive,
        duration_s=duration,
        inputs=records,
        checks=tuple(
            one if one.outcome is outcome else msgspec.structs.replace(one, outcome=outcome)
            for one, outcome in zip(checks, settlement.by_check, strict=True)
        ),
    )
    return plain.redacted(result, site.secrets) if site.secrets else result


def _overtime(limit: float | None) -> tuple[str, str]:
    return f"it took longer than its timeout of {limit:g} s", "raise `timeout`, or give it less to do"


def _raised(error: BaseException) -> str:
    """Say what was raised and where: the last line of the traceback that is not ours is the one worth reading."""
    frames = traceback.extract_tb(error.__traceback__)
    foreign = [frame for frame in frames if "pytest_mlgate" not in frame.filename.replace("\\", "/").split("/")]
    place = next((f" ({_near(frame.filename)}:{frame.lineno})" for frame in reversed(foreign or frames)), "")
    message = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}{': ' + message if message else ''}{place}"


def _near(filename: str) -> str:
    """Show a path relative to the working directory where it lies below it."""
    path = Path(filename)
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else filename


@contextmanager
def _deadline(limit: float | None, inputs: GateInputs) -> Iterator[None]:
    """Stop the block when its time is up, as well as the platform allows.

    On the main thread of a POSIX process an alarm breaks into whatever runs, a sleeping callable or a query included.
    Elsewhere, and while somebody else's alarm is running, another thread interrupts query after query; what it
    cannot stop is judged by the elapsed time afterwards.
    """
    if limit is None:
        yield
        return
    main = threading.current_thread() is threading.main_thread()
    if main and hasattr(signal, "setitimer") and signal.getitimer(signal.ITIMER_REAL)[0] == 0:
        with _alarm(limit):
            yield
        return
    over = threading.Event()

    def interrupt() -> None:
        over.wait(limit)
        while not over.wait(_AGAIN_S):  # the queries that follow are late as well
            inputs.interrupt()

    threading.Thread(target=interrupt, name="mlgate-deadline", daemon=True).start()
    try:
        yield
    finally:
        over.set()


@contextmanager
def _alarm(limit: float) -> Iterator[None]:
    def ring(_signal: int, _frame: Any) -> None:
        raise _OvertimeError

    previous = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, limit)
        yield
    finally:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        finally:  # the alarm may ring on the very line that stops it
            signal.signal(signal.SIGALRM, previous)
