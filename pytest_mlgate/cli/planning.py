"""What is planned of each gate: limit by limit, what is good and what is bad, and how likely each answer is.

Nothing is judged: of the data only sizes are read, how many rows there are, of which class and in which group. What a
model does is assumed, and every assumption is an option or a sentence in the plan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_mlgate.cli.planned import GatePlan, Stake
from pytest_mlgate.cli.planning_families import drift, fairness
from pytest_mlgate.cli.planning_limits import Limited, declared, refuse_wrong_side, sides
from pytest_mlgate.cli.planning_sizes import declared_size, rows_of
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.text import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlgate.cli.planned import Assumed
    from pytest_mlgate.gatefile import Gate
    from pytest_mlgate.inputs.gate import GateInputs
    from pytest_mlgate.stats.planning import Chances
    from pytest_mlgate.stats.planning_metrics import Planned
    from pytest_mlgate.stats.planning_spread import Rows

_STEP = 0.25  # of the way from the limit to the best there is


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
        judged = found.size and planner is not drift  # which holds limits against values and tests
        return replace(found, size=f"{found.size}{_decided(gate)}") if judged else found
    except (NotMeasuredError, ValueError) as error:
        return replace(empty, notes=(f"not planned: {error}",))


def _decided(gate: Gate) -> str:
    """Say what limits are held against."""
    spec: Any = gate.spec
    levels = {spec.confidence if limit.confidence is None else limit.confidence for limit in spec.metrics.values()}
    known = sorted(f"{one:g}" for one in levels if one is not None)
    parts = [f", confidence {' and '.join(known)}"] if known else []
    return "".join([*parts, ", values decide where there is none"] if None in levels else parts)


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
    beside = [name for name in ("gain", "overfit") if getattr(spec, name, None) is not None]
    notes += tuple(f"{name} is not planned: nothing is known of the other side" for name in beside)
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
        for one in sides(limit, spec.confidence):
            try:
                if one.share is None:
                    stakes.append(_stake(gate, "*", metric, one, known, rows, assumed))
                else:
                    stakes.append(_paired(gate, metric, one, known, rows, assumed))
            except ValueError as error:
                notes.append(f"{metric} {one.written} is not planned: {error}")
    return replace(plan, size=size, stakes=tuple(stakes), notes=tuple(notes))


def _paired(gate: Gate, metric: str, one: Limited, known: Planned, rows: Rows, assumed: Assumed) -> Stake:
    """Plan a limit on how much worse a model may be than a baseline; good is no worse, bad is twice as much worse."""
    from pytest_mlgate.stats.planning import Side, rows_needed
    from pytest_mlgate.stats.planning_spread import Rows, difference

    spec: Any = gate.spec
    old = declared(assumed.baseline, gate.id, metric)
    free = known.perfect == 1.0 or one.side.limit == 0.0  # what is relative to an error has no unit
    if old is None and not free:
        raise ValueError(f"say what the baseline's is about: --baseline {metric}=…")
    old = old if old is not None else 0.9 if known.perfect == 1.0 else 1.0
    share = 1.0 if one.share is None else one.share
    edge = one.side.limit + share * old  # the new value at which the limit is reached
    good = declared(assumed.good, gate.id, metric)
    bad = declared(assumed.bad, gate.id, metric)
    good, bad = (old if good is None else good), (2.0 * edge - old if bad is None else bad)
    if known.perfect == 1.0:
        bad = min(max(bad, 0.0), 1.0)
    refuse_wrong_side(one, edge, good, bad)

    recorded = spec.baseline.file is not None or getattr(spec.baseline, "committed", None) is not None

    def chances(n: int, truth: float) -> Chances:
        scaled = Rows(n, round(rows.positives * n / rows.n))
        sampling = known.sampling(scaled, old)
        if recorded:  # the baseline is a number, and all doubt is the candidate's
            return sampling.chances(Side(edge, one.side.upper, one.side.confidence), truth)
        spread = difference(sampling, truth, old, assumed.correlation, share)
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
        assumed=f"the baseline's is {old:g}"
        + (" and exact" if recorded else f"; a row's shares in both correlate by {assumed.correlation:g}"),
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


_PLANNERS: Mapping[str, Callable[[Gate, GatePlan, GateInputs, Assumed], GatePlan]] = {
    "model.metrics": _metrics,
    "model.regression": _regression,
    "fairness.groups": fairness,
    "guardrail.cases": _guardrail,
    "prompt.eval": _prompt,
    "drift.features": drift,
    "drift.predictions": drift,
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
        for one in sides(limit, spec.confidence):
            try:
                stakes.append(_stake(gate, check, metric, one, known, rows, assumed))
            except ValueError as error:
                notes.append(f"{metric} {one.written} is not planned: {error}")
    return tuple(stakes), tuple(notes)


def _stake(gate: Gate, check: str, metric: str, one: Limited, known: Planned, rows: Rows, assumed: Assumed) -> Stake:
    """Plan one side of an absolute limit."""
    from pytest_mlgate.stats.planning import rows_needed
    from pytest_mlgate.stats.planning_spread import Rows

    limit = one.side.limit
    if known.classes and rows.n and not rows.positives:
        raise ValueError("it is not known how many rows are positive: --positives 0.3")
    away = _STEP * abs(known.perfect - limit) * (-1.0 if one.side.upper else 1.0)
    good, bad = declared(assumed.good, gate.id, metric), declared(assumed.bad, gate.id, metric)
    good, bad = (limit + away if good is None else good), (limit - away if bad is None else bad)
    if limit in (good, bad):
        raise ValueError("nothing lies between the limit and the best there is; say --good and --bad")
    refuse_wrong_side(one, limit, good, bad)

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


def _least(rows: Rows, known: Planned) -> int:
    """Give the smallest number of rows that has one of each class where classes matter."""
    if not known.classes or not rows.positives:
        return 2
    rarer = min(rows.positives, rows.negatives)
    return max(2, -(-rows.n // max(1, rarer)))
