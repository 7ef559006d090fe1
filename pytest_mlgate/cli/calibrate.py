"""How a drift gate behaves on data of which the truth is known: random splits of its own reference.

A split of one table has not drifted, so every alarm on it is a false one; a split with a planted shift has, so every
silence is a miss. Both are counted with the gate as it stands: its columns, metrics, limits, and the size of its data.
"""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.gatefile import load
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.splits import shifted, split, spread
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.reference import HistoryRef, TableRef
from pytest_mlgate.run import Site, run, seed_of
from pytest_mlgate.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.gatefile import Gate
    from pytest_mlgate.verdict import Check, GateResult

KIND = "drift.features"
_CONFIDENCE = 0.95
_POWER = 0.8
_SHIFTS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
_NUMERIC = ("integer", "number")


class Effort(Struct, frozen=True, kw_only=True):
    """How much to do: splits without a change, splits for each planted shift, and seconds for each gate at most."""

    rounds: int = 200
    planted: int = 25
    seconds: float = 60.0


class _Replay:
    """One gate, its reference in memory, and what it takes to run it on two parts of it."""

    def __init__(self, gate: Gate, store: InputStore, file: str, name: str) -> None:
        spec: Any = gate.spec
        if spec.reference is None or spec.window is not None:
            raise NotMeasuredError("windows are not replayed", "calibrate a gate that compares two tables")
        if spec.reference.profile is not None:
            raise NotMeasuredError("the reference is known by its profile alone", "name its table")
        for ref in (spec.reference, spec.data):
            if ref.fixture is not None:
                raise NotMeasuredError(f"the table comes from the fixture {ref.fixture!r}", "name a file")
        self.gate, self.file, self.name = gate, file, name
        self._store = store
        node_id = f"{file}::{gate.id}"
        self.seed = seed_of(node_id)
        inputs = GateInputs(store, seed=self.seed, fixtures={})
        reference, data = inputs.table(spec.reference, "reference"), inputs.table(spec.data)
        wanted = [one for one in spec.columns or reference.columns if one in data.columns and one not in spec.exclude]
        self.numeric = [one for one in wanted if reference.columns.get(one) in _NUMERIC and one not in spec.categorical]
        self.table = reference.arrow([one for one in wanted if reference.columns.get(one, "other") != "other"])
        self.rows = data.rows
        # A part as large as the data leaves a reference of its own size only if the reference has room for both.
        self.part = min(data.rows, reference.rows // 2)
        if self.part < 1:
            raise NotMeasuredError("a table has no rows", "give it some")
        named = {
            name: struct(fixture=name, labels=old.labels)
            for name, old, struct in (
                ("calibrated_reference", spec.reference, HistoryRef),
                ("calibrated_data", spec.data, TableRef),
            )
        }
        self._spec = replace(
            spec, reference=named["calibrated_reference"], data=named["calibrated_data"], timeout=None, waive=None
        )

    def judged(self, number: int, column: str | None = None, amount: float = 0.0) -> GateResult:
        """Run the gate on a split, with a shift planted in a column of the part that is judged."""
        rest, part = split(self.table, self.part, self.seed + number)
        if column is not None:
            part = shifted(part, column, amount, self.seed + number)
        fixtures = {"calibrated_reference": rest, "calibrated_data": part}
        inputs = GateInputs(self._store, seed=self.seed + number, fixtures=fixtures)
        site = Site(node_id=f"{self.file}::{self.gate.id}", file=self.file, name=self.name)
        return run(dataclasses.replace(self.gate, spec=self._spec), inputs, site)


def calibrated(path: Path, effort: Effort) -> Iterator[str]:
    """Write a few lines for each gate of a file.

    Args:
        path: the gate file.
        effort: how much to do.
    """
    loaded = load(path, Catalogue())
    store = InputStore(Path.cwd())
    try:
        gates = [gate for gate in loaded.gates if gate.spec.kind == KIND]
        if not gates:
            yield f"{path}: no gate of kind {KIND}"
        for gate in gates:
            yield f"{gate.id}"
            try:
                yield from (f"  {line}" for line in _lines(_Replay(gate, store, str(path), path.stem), effort))
            except NotMeasuredError as error:
                yield f"  not replayed: {error}"
    finally:
        store.close()


def _lines(replay: _Replay, effort: Effort) -> Iterator[str]:
    started = time.monotonic()
    size = f"{replay.part:,} rows against {replay.table.num_rows - replay.part:,}"
    short = f" (the data have {replay.rows:,}; more would leave no reference)" if replay.part < replay.rows else ""
    yield f"replayed on   random splits of its reference, {size}{short}"
    results: list[GateResult] = []
    while len(results) < effort.rounds and (not results or time.monotonic() - started < effort.seconds / 2):
        results.append(replay.judged(len(results)))
        if results[-1].verdict is Verdict.NOT_MEASURED:
            raise NotMeasuredError(results[-1].reason or "the gate could not be measured", "run it first")
    yield from _false_alarms(results)
    yield from _planted(replay, effort, started)
    yield from _limits(results)


def _false_alarms(results: list[GateResult]) -> Iterator[str]:
    from pytest_mlgate.stats.proportions import wilson

    failed = sum(one.verdict is Verdict.FAIL for one in results)
    undecided = sum(one.verdict is Verdict.INCONCLUSIVE for one in results)
    low, high = wilson(failed, len(results), _CONFIDENCE)
    yield f"false alarms  {failed} of {len(results)} unchanged splits fail ({low:.1%} … {high:.1%} of all)"
    if undecided:
        yield f"undecided     {undecided} of {len(results)} are INCONCLUSIVE: too few rows for these limits"


def _planted(replay: _Replay, effort: Effort, started: float) -> Iterator[str]:
    """Find the smallest shift of the first numeric column that fails it in four of five splits."""
    column = next((one for one in replay.numeric if spread(replay.table, one) > 0.0), None)
    if column is None:
        yield "power         no numeric column to plant a shift in"
        return
    unit = spread(replay.table, column)
    blind, sees, share = -1, len(_SHIFTS), ""
    while sees - blind > 1:  # a larger shift is seen more often
        middle = (blind + sees) // 2
        if time.monotonic() - started > effort.seconds:
            yield f"power         not known: time ran out before {column} moved by {_SHIFTS[middle]:g} was tried"
            return
        amount = _SHIFTS[middle] * unit
        found = [_fails(replay.judged(number, column, amount), column) for number in range(effort.planted)]
        if sum(found) >= _POWER * len(found):
            sees, share = middle, f"{sum(found)} of {len(found)} splits, less in fewer than 80 %"
        else:
            blind = middle
    if share:
        yield f"power         {column} moved by {_SHIFTS[sees]:g} standard deviations fails in {share}"
    else:
        yield f"power         {column} moved by {_SHIFTS[-1]:g} standard deviations still passes too often"


def _fails(result: GateResult, column: str) -> bool:
    """Tell whether a column drifted; where so many may, another check says which."""
    return any(
        one.verdict is Verdict.FAIL if one.name == column else column in one.detail.get("drifted", ())
        for one in result.checks
    )


def _limits(results: list[GateResult]) -> Iterator[str]:
    """Say for each metric what unchanged columns show at most, and from which limit on these rows can decide."""
    by_metric: dict[str, list[Check]] = {}
    for one in results:
        for check in one.checks:
            if check.p_adjusted is not None and check.limit is not None and check.limit.max is not None:
                by_metric.setdefault(check.metric, []).append(check)
    for metric, checks in by_metric.items():
        limit = max(one.limit.max for one in checks if one.limit is not None and one.limit.max is not None)
        largest = max(float(one.value or 0.0) for one in checks)
        seen = max((one.detectable for one in checks if one.detectable is not None), default=None)
        said = f"{metric:<13} at most {largest:.3g} without a change, limit {limit:.3g}"
        if seen is None:
            yield said
        elif seen <= limit:
            yield f"{said}: these rows see {seen:.3g}, the limit can stay"
        else:
            rows = max((one.rows_to_decide or 0 for one in checks), default=0)
            more = f", or about {rows:,} rows" if rows else ""
            yield f"{said}: these rows see {seen:.3g} at best; suggested limit {_rounded_up(seen):g}{more}"


def _rounded_up(value: float) -> float:
    """Round up to two digits."""
    from math import ceil, floor, log10

    step = 10.0 ** (floor(log10(value)) - 1)
    return round(ceil(value / step) * step, 12)
