"""What a pipeline does about a verdict: the gate's policy, applied in a fixed order.

A *verdict* is what was found; an *outcome* is what policy makes of it. Keeping the two words apart lets a report say
"FAIL, waived until January" instead of a green tick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from pytest_mlgate.verdict import Check, Outcome, Severity, Verdict, Waiver, worst

if TYPE_CHECKING:
    import datetime as dt

InconclusivePolicy = Literal["fail", "warning", "pass"]

_WORST_FIRST = (Outcome.failed, Outcome.errored, Outcome.skipped, Outcome.waived, Outcome.warned)


class Policy(Struct, frozen=True, kw_only=True):
    """How a gate wants its verdicts taken."""

    inconclusive: InconclusivePolicy = "fail"
    severity: Severity = "error"
    waiver: Waiver | None = None


class Settlement(Struct, frozen=True, kw_only=True):
    """A gate's verdict and outcome, the outcome of each check, and what has to be said about the policy on the way."""

    verdict: Verdict
    outcome: Outcome
    by_check: tuple[Outcome, ...] = ()
    notes: tuple[str, ...] = ()


def settle(checks: tuple[Check, ...], policy: Policy, today: dt.date) -> Settlement:
    """Apply policy to judged checks, in this order: inconclusive, waiver, severity.

    Policy is applied check by check and the worst outcome stands, so that a waiver or a mild severity on a failing
    check never covers an unmeasured one beside it.
    """
    outcomes, used = [], False
    in_force = policy.waiver is not None and policy.waiver.until >= today
    for one in checks:
        outcome = _before_waiver(one, policy)
        if outcome is Outcome.failed and in_force and policy.waiver is not None and policy.waiver.covers(one):
            used, outcome = True, Outcome.waived
        if outcome is Outcome.failed and policy.severity == "warning":
            outcome = Outcome.warned
        outcomes.append(outcome)
    verdict = worst([one.verdict for one in checks])
    found = outcomes or [Outcome.errored]
    outcome = next((bad for bad in _WORST_FIRST if bad in found), Outcome.passed)
    if verdict is Verdict.NOT_MEASURED:  # whatever INCONCLUSIVE beside it comes to
        outcome = Outcome.errored
    notes = _waiver_notes(checks, policy, in_force=in_force, used=used)
    return Settlement(verdict=verdict, outcome=outcome, by_check=tuple(outcomes), notes=notes)


def _before_waiver(one: Check, policy: Policy) -> Outcome:
    """Say what a check comes to before any waiver or severity is considered."""
    match one.verdict:
        case Verdict.FAIL:
            return Outcome.failed
        case Verdict.NOT_MEASURED:
            return Outcome.errored
        case Verdict.SKIPPED:
            return Outcome.skipped
        case Verdict.INCONCLUSIVE if policy.inconclusive == "fail":
            return Outcome.failed
        case Verdict.INCONCLUSIVE if policy.inconclusive == "warning":
            return Outcome.warned
    return Outcome.warned if one.warned else Outcome.passed


def _waiver_notes(checks: tuple[Check, ...], policy: Policy, *, in_force: bool, used: bool) -> tuple[str, ...]:
    waiver = policy.waiver
    if waiver is None:
        return ()
    if not in_force:
        return (f"the waiver expired on {waiver.until} and has no effect",)
    notes = []
    if waiver.checks is not None:
        known = {one.name for one in checks}
        strangers = [name for name in waiver.checks if name not in known]
        notes += [f"the waiver names {name!r}, which is no check of this gate" for name in strangers]
    if not used:
        notes.append("the waiver covers nothing that fails: it is not needed any more")
    return tuple(notes)
