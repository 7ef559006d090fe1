"""What is planned of each gate: limit by limit, what is good and what is bad, and how likely each answer is.

Nothing is judged: of the data only sizes are read, how many rows there are, of which class and in which group. What a
model does is assumed, and every assumption is an option or a sentence in the plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_mlgate.cli.planned import GatePlan, Stake
from pytest_mlgate.cli.planning_sizes import compared, declared_size, groups_of, rows_of
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.text import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_mlgate.cli.planned import Assumed
    from pytest_mlgate.gatefile import Gate
    from pytest_mlgate.inputs.gate import GateInputs
    from pytest_mlgate.stats.planning import Chances, Side
    from pytest_mlgate.stats.planning_metrics import Planned
    from pytest_mlgate.stats.planning_spread import Rows
    from pytest_mlgate.verdict import Limit

DRAWS = 400  # of groups: a chance is known to within four points, 19 times in 20
_BINS = 10  # into which numbers are cut
_STEP = 0.25  # of the way from the limit to the best there is


@dataclass(frozen=True, slots=True)
class _Limited:
    """One side of a declared limit, absolute or relative to a baseline."""

    side: Side
    written: str
    share: float | None = None  # of the baseline's value; None where the limit is absolute


def plan_gate(gate: Gate, inputs: GateInputs, assumed: Assumed) -> GatePlan:
    """Plan one gate.

    Args:
        gate: as loaded.
        inputs: what it will measure on, asked for sizes alone.
        assumed: what to take for granted.
    """
    planner = _PLANNERS.get(gate.spec.kind)
    policy = gate.spec.inconclusive or gate.kind.inconclusive
    empty = GatePlan(
        id=gate.id,
        kind=gate.spec.kind,
        blocks=gate.spec.severity == "error",
        undecided_blocks=policy == "fail",
    )
    if planner is None:
        certain = gate.spec.kind.startswith("data.")
        why = "counts what is there: luck has no part in it" if certain else "nothing is known of how its values spread"
        return replace(empty, notes=(why,), bound=0.0 if certain else None)
    try:
        found = planner(gate, empty, inputs, assumed)
        judged = found.size and planner is not _drift  # which holds limits against values and tests
        return replace(found, size=f"{found.size}{_decided(gate)}") if judged else found
    except (NotMeasuredError, ValueError) as error:
        return replace(empty, notes=(f"not planned: {error}",))


def _decided(gate: Gate) -> str:
    """Say what limits are held against."""
    spec: Any = gate.spec
    levels = {spec.confidence if limit.confidence is None else limit.confidence for limit in spec.metrics.values()}
    known = sorted(f"{one:g}" for one in levels if one is not None)
    parts = [f"confidence {' and '.join(known)}"] if known else []
    return ", " + ", ".join([*parts, "values decide where there is none"] if None in levels else parts)


def _metrics(gate: Gate, plan: GatePlan, inputs: GateInputs, assumed: Assumed) -> GatePlan:
    from pytest_mlgate.stats.planning_metrics import planned

    spec: Any = gate.spec
    rows, size = rows_of(gate, inputs, assumed)
    average = getattr(spec, "average", None)
    several = not isinstance(getattr(spec, "score", None), str | None) or average is not None

    def find(metric: str) -> Planned | None:
        if not several or metric == "accuracy" or metric.startswith("top_"):
            return planned(metric)
        return planned("accuracy") if average == "micro" and metric in ("precision", "recall", "f1") else None

    stakes, notes = _absolute(gate, "*", rows, find, assumed)
    return replace(plan, size=size, stakes=stakes, notes=notes)


def _regression(gate: Gate, plan: GatePlan, inputs: GateInputs, assumed: Assumed) -> GatePlan:
    from pytest_mlgate.stats.planning_metrics import FLIP_RATE, planned

    spec: Any = gate.spec
    rows, size = rows_of(gate, inputs, assumed)
    stakes: list[Stake] = []
    notes: list[str] = []
    for metric, limit in spec.metrics.items():
        known = FLIP_RATE if metric == "flip_rate" else planned(metric)
        if known is None:
            notes.append(f"{metric} is not planned: nothing is known of how it spreads")
            continue
        for one in _sides(limit, spec.confidence):
            try:
                if one.share is None:
                    stakes.append(_stake(gate, "*", metric, one, known, rows, assumed))
                else:
                    stakes.append(_paired(gate, metric, one, known, rows, assumed))
            except ValueError as error:
                notes.append(f"{metric} {one.written} is not planned: {error}")
    return replace(plan, size=size, stakes=tuple(stakes), notes=tuple(notes))


def _paired(gate: Gate, metric: str, one: _Limited, known: Planned, rows: Rows, assumed: Assumed) -> Stake:
    """Plan a limit on how much worse a model may be than a baseline; good is no worse, bad is twice as much worse."""
    from pytest_mlgate.stats.planning import Side, rows_needed
    from pytest_mlgate.stats.planning_spread import Rows, difference

    old = _declared(assumed.baseline, gate.id, metric)
    free = known.perfect == 1.0 or one.side.limit == 0.0  # what is relative to an error has no unit
    if old is None and not free:
        raise ValueError(f"say what the baseline's is about: --baseline {metric}=…")
    old = old if old is not None else 0.9 if known.perfect == 1.0 else 1.0
    share = 1.0 if one.share is None else one.share
    edge = one.side.limit + share * old  # the new value at which the limit is reached
    good = _declared(assumed.good, gate.id, metric)
    bad = _declared(assumed.bad, gate.id, metric)
    good, bad = (old if good is None else good), (2.0 * edge - old if bad is None else bad)
    if known.perfect == 1.0:
        bad = min(max(bad, 0.0), 1.0)
    _refuse_wrong_side(one, edge, good, bad)

    def chances(n: int, truth: float) -> Chances:
        scaled = Rows(n, round(rows.positives * n / rows.n))
        spread = difference(known.sampling(scaled, old), truth, old, assumed.correlation, share)
        return spread.chances(Side(one.side.limit, one.side.upper, one.side.confidence), truth - share * old)

    return Stake(
        check="*",
        metric=metric,
        limit=one.written,
        good=good,
        bad=bad,
        if_good=chances(rows.n, good),
        if_bad=chances(rows.n, bad),
        rows=rows_needed(lambda n: chances(n, good), assumed.power, _least(rows, known)),
        assumed=f"the baseline's is {old:g}; a row's shares in both correlate by {assumed.correlation:g}",
    )


def _guardrail(gate: Gate, plan: GatePlan, inputs: GateInputs, assumed: Assumed) -> GatePlan:
    from pytest_mlgate.stats.planning_metrics import planned
    from pytest_mlgate.stats.planning_spread import Rows

    spec: Any = gate.spec
    known = declared_size(gate, assumed)
    if known is None:
        cases = inputs.cases(spec.cases)
        positive = spelled(spec.label.positive)
        hits = sum(spelled(one.fields.get(spec.label.field)) == positive for one in cases)
        known = Rows(len(cases), hits)
    stakes: list[Stake] = []
    notes: list[str] = []
    for check in ("*", *spec.obfuscations):
        found, missing = _absolute(gate, check, known, lambda metric: planned(metric, exactly=True), assumed)
        stakes += found
        notes += missing
    size = f"{known.n:,} cases, {known.positives:,} to be stopped"
    return replace(plan, size=size, stakes=tuple(stakes), notes=tuple(dict.fromkeys(notes)), unit="cases")


def _prompt(gate: Gate, plan: GatePlan, inputs: GateInputs, assumed: Assumed) -> GatePlan:
    from pytest_mlgate.stats.planning_metrics import PASS_RATE
    from pytest_mlgate.stats.planning_spread import Rows

    spec: Any = gate.spec
    known = declared_size(gate, assumed) or Rows(len(inputs.cases(spec.cases)))
    stakes, notes = _absolute(gate, "*", known, lambda _: PASS_RATE, assumed)
    return replace(plan, size=f"{known.n:,} cases", stakes=stakes, notes=notes, unit="cases")


def _fairness(gate: Gate, plan: GatePlan, inputs: GateInputs, assumed: Assumed) -> GatePlan:
    from pytest_mlgate.stats.planning_groups import gap_chances

    spec: Any = gate.spec
    stakes: list[Stake] = []
    notes: list[str] = []
    total = 0
    for name, groups in groups_of(gate, inputs, assumed):
        total = int(groups.rows.sum())
        for metric, limit in spec.metrics.items():
            for one in _sides(limit, spec.confidence):
                none = 1.0 if metric.endswith("ratio") else 0.0
                twice = one.side.limit**2 if none else 2.0 * one.side.limit
                good = _declared(assumed.good, gate.id, metric)
                bad = _declared(assumed.bad, gate.id, metric)
                good, bad = (none if good is None else good), (twice if bad is None else bad)
                try:
                    _refuse_wrong_side(one, one.side.limit, good, bad)
                    if_good, if_bad = (
                        gap_chances(groups, metric, one.side, truth, draws=DRAWS, seed=inputs.seed)
                        for truth in (good, min(1.0, bad))
                    )
                except ValueError as error:
                    notes.append(f"{name}: {metric} is not planned: {error}")
                    continue
                assuming = f"the two largest groups are apart; chances are counted over {DRAWS} draws, to 4 points"
                stakes.append(
                    Stake(
                        check=name,
                        metric=metric,
                        limit=one.written,
                        good=good,
                        bad=min(1.0, bad),
                        if_good=if_good,
                        if_bad=if_bad,
                        assumed=assuming,
                        resolution=3.0 / DRAWS,  # what never came up in so many draws is rarer, 19 times in 20
                    )
                )
    size = f"{total:,} rows in the groups of {', '.join(spec.sensitive)}"
    return replace(plan, size=size, stakes=tuple(stakes), notes=tuple(notes))


def _drift(gate: Gate, plan: GatePlan, inputs: GateInputs, assumed: Assumed) -> GatePlan:
    """Plan limits on divergences of columns; of the rest, say what the method promises."""
    spec: Any = gate.spec
    promise = f"unchanged data fail at most alpha = {spec.alpha:g} of the time; what it sees: mlgate calibrate"
    plain = gate.spec.kind == "drift.features" and spec.window is None and spec.confidence is None
    plain = plain and spec.fail_if == "any" and spec.max_drifted_share is None and spec.max_drifted_columns is None
    if not plain or spec.reference is None:
        return replace(plan, notes=(promise,), bound=spec.alpha)
    try:
        before, now, columns = compared(gate, inputs, assumed)
    except NotMeasuredError as error:
        return replace(plan, notes=(f"{promise} ({error.reason})",), bound=spec.alpha)
    stakes, notes = [], [promise]
    for metric, limit in spec.metrics.items():
        for one in _sides(limit, None):
            try:
                stakes.append(_drifted(gate, metric, one, (before, now, columns), assumed))
            except ValueError as error:
                notes.append(f"{metric} {one.written} is not planned: {error}")
    size = f"{now:,} rows against {before:,}, {columns} columns"
    return replace(plan, size=size, stakes=tuple(stakes), notes=tuple(notes), bound=spec.alpha)


def _drifted(gate: Gate, metric: str, one: _Limited, sizes: tuple[int, int, int], assumed: Assumed) -> Stake:
    """Plan a limit on how far columns may move: good is that none has, bad that one has by twice as much as allowed."""
    from pytest_mlgate.stats.divergences import FORMS
    from pytest_mlgate.stats.planning import Chances, rows_needed
    from pytest_mlgate.stats.planning_drift import Divergences

    spec: Any = gate.spec
    if metric not in FORMS:
        raise ValueError("nothing is known of how it spreads; what it sees: mlgate calibrate")
    before, now, columns = sizes
    family = columns * len(spec.metrics)
    level = spec.alpha if spec.correction == "none" else spec.alpha / family
    good, bad = _declared(assumed.good, gate.id, metric), _declared(assumed.bad, gate.id, metric)
    good, bad = (0.0 if good is None else good), (2.0 * one.side.limit if bad is None else bad)
    _refuse_wrong_side(one, one.side.limit, good, bad)

    def any_column(n: int) -> Chances:
        single = Divergences(metric, before, n, _BINS - 1, level).chances(one.side, good)
        passes, kept = single.passes**columns, (1.0 - single.fails) ** columns
        return Chances(passes, kept - passes, 1.0 - kept)

    return Stake(
        check="*",
        metric=metric,
        limit=one.written,
        good=good,
        bad=bad,
        if_good=any_column(now),
        if_bad=Divergences(metric, before, now, _BINS - 1, level).chances(one.side, bad),
        rows=rows_needed(any_column, assumed.power),
        assumed=f"columns have {_BINS} bins; good is said of all of them, bad of one",
    )


_PLANNERS: Mapping[str, Callable[[Gate, GatePlan, GateInputs, Assumed], GatePlan]] = {
    "model.metrics": _metrics,
    "model.regression": _regression,
    "fairness.groups": _fairness,
    "guardrail.cases": _guardrail,
    "prompt.eval": _prompt,
    "drift.features": _drift,
    "drift.predictions": _drift,
}


def _absolute(
    gate: Gate, check: str, rows: Rows, find: Callable[[str], Planned | None], assumed: Assumed
) -> tuple[tuple[Stake, ...], tuple[str, ...]]:
    """Plan every limit of a gate that is held against the value of a metric."""
    spec: Any = gate.spec
    stakes, notes = [], []
    for metric, limit in spec.metrics.items():
        known = find(metric)
        if known is None:
            notes.append(f"{metric} is not planned: nothing is known of how it spreads")
            continue
        for one in _sides(limit, spec.confidence):
            try:
                stakes.append(_stake(gate, check, metric, one, known, rows, assumed))
            except ValueError as error:
                notes.append(f"{metric} {one.written} is not planned: {error}")
    return tuple(stakes), tuple(notes)


def _stake(gate: Gate, check: str, metric: str, one: _Limited, known: Planned, rows: Rows, assumed: Assumed) -> Stake:
    """Plan one side of an absolute limit."""
    from pytest_mlgate.stats.planning import rows_needed
    from pytest_mlgate.stats.planning_spread import Rows

    limit = one.side.limit
    if known.classes and rows.n and not rows.positives:
        raise ValueError("it is not known how many rows are positive: --positives 0.3")
    away = _STEP * abs(known.perfect - limit) * (-1.0 if one.side.upper else 1.0)
    good, bad = _declared(assumed.good, gate.id, metric), _declared(assumed.bad, gate.id, metric)
    good, bad = (limit + away if good is None else good), (limit - away if bad is None else bad)
    if limit in (good, bad):
        raise ValueError("nothing lies between the limit and the best there is; say --good and --bad")
    _refuse_wrong_side(one, limit, good, bad)

    def chances(n: int, truth: float) -> Chances:
        scaled = rows if n == rows.n else Rows(n, round(rows.positives * n / max(1, rows.n)))
        return known.sampling(scaled, limit).chances(one.side, truth)

    return Stake(
        check=check,
        metric=metric,
        limit=one.written,
        good=good,
        bad=bad,
        if_good=chances(rows.n, good),
        if_bad=chances(rows.n, bad),
        rows=rows_needed(lambda n: chances(n, good), assumed.power, _least(rows, known)),
        assumed=known.assumed,
    )


def _refuse_wrong_side(one: _Limited, limit: float, good: float, bad: float) -> None:
    """Refuse to call good what lies beyond the limit, and bad what lies within."""
    sign = 1.0 if one.side.upper else -1.0
    if sign * (good - limit) > 0.0:
        raise ValueError(f"good is {good:g}, which lies beyond the limit")
    if sign * (bad - limit) < 0.0:
        raise ValueError(f"bad is {bad:g}, which lies within the limit")


def _least(rows: Rows, known: Planned) -> int:
    """Give the smallest number of rows that has one of each class where classes matter."""
    if not known.classes or not rows.positives:
        return 2
    rarer = min(rows.positives, rows.negatives)
    return max(2, -(-rows.n // max(1, rarer)))


def _sides(limit: Limit, confidence: float | None) -> Iterator[_Limited]:
    """Take a limit apart into what can be reached separately."""
    from pytest_mlgate.stats.planning import Side

    level = limit.confidence if limit.confidence is not None else confidence
    for name, upper in (("min", False), ("max", True)):
        bound = getattr(limit, name)
        if bound is not None:
            yield _Limited(Side(float(bound), upper, level), f"{name} {bound:g}")
    for name, upper in (("max_drop", False), ("max_rise", True)):
        change, sign = getattr(limit, name), 1.0 if upper else -1.0
        if isinstance(change, str):
            share = 1.0 + sign * float(change.removesuffix("%")) / 100.0
            yield _Limited(Side(0.0, upper, level), f"{name} {change}", share)
        elif change is not None:
            yield _Limited(Side(sign * float(change), upper, level), f"{name} {change:g}", 1.0)
    for name, upper in (("min_ratio", False), ("max_ratio", True)):
        ratio = getattr(limit, name)
        if ratio is not None:
            yield _Limited(Side(0.0, upper, level), f"{name} {ratio:g}", float(ratio))


def _declared(by_name: Mapping[str, float], gate: str, metric: str) -> float | None:
    return by_name.get(f"{gate}.{metric}", by_name.get(metric))
