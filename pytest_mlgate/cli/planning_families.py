"""Plans of gates that make many claims at once: of groups, of columns and of slices."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.cli.planned import GatePlan, Stake
from pytest_mlgate.cli.planning_limits import Limited, declared, effects, refuse_wrong_side, sides
from pytest_mlgate.cli.planning_sizes import compared, groups_of, slices_of
from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgate.cli.planned import Assumed
    from pytest_mlgate.gatefile import Gate
    from pytest_mlgate.inputs.gate import GateInputs
    from pytest_mlgate.stats.planning_metrics import Planned
    from pytest_mlgate.stats.planning_spread import Rows

DRAWS = 400  # of groups: a chance is known to within four points, 19 times in 20
_BINS = 10  # into which numbers are cut


def fairness(gate: Gate, plan: GatePlan, inputs: GateInputs, assumed: Assumed) -> GatePlan:
    """Plan limits on gaps among groups: good is none, bad is twice as much as allowed."""
    from pytest_mlgate.stats.fairness_names import FOUR_FIFTHS, FOUR_FIFTHS_LIMIT
    from pytest_mlgate.stats.planning_groups import How, gap_chances

    spec: Any = gate.spec
    stakes: list[Stake] = []
    notes: list[str] = []
    total, how = 0, How(spec.method, spec.agg)
    for name, groups in groups_of(gate, inputs, assumed):
        total = int(groups.rows.sum())
        for metric, written in spec.metrics.items():
            rule = metric == FOUR_FIFTHS and written.min is None
            limit = msgspec.structs.replace(written, min=FOUR_FIFTHS_LIMIT) if rule else written
            for one in sides(limit, spec.confidence):
                none = 0.0 if one.side.upper else 1.0
                twice = one.side.limit**2 if none else 2.0 * one.side.limit
                good = declared(assumed.good, gate.id, metric)
                bad = declared(assumed.bad, gate.id, metric)
                good, bad = (none if good is None else good), (twice if bad is None else bad)
                try:
                    refuse_wrong_side(one, one.side.limit, good, bad)
                    if_good, if_bad = (
                        gap_chances(groups, metric, one.side, truth, draws=DRAWS, seed=inputs.seed, how=how)
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


def drift(gate: Gate, plan: GatePlan, inputs: GateInputs, assumed: Assumed) -> GatePlan:
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
        for one in sides(limit, None):
            try:
                stakes.append(_drifted(gate, metric, one, (before, now, columns), assumed))
            except ValueError as error:
                notes.append(f"{metric} {one.written} is not planned: {error}")
    size = f"{now:,} rows against {before:,}, {columns} columns"
    return replace(plan, size=size, stakes=tuple(stakes), notes=tuple(notes), bound=spec.alpha)


def _drifted(gate: Gate, metric: str, one: Limited, sizes: tuple[int, int, int], assumed: Assumed) -> Stake:
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
    good, bad = declared(assumed.good, gate.id, metric), declared(assumed.bad, gate.id, metric)
    good, bad = (0.0 if good is None else good), (2.0 * one.side.limit if bad is None else bad)
    refuse_wrong_side(one, one.side.limit, good, bad)

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


def slices(gate: Gate, plan: GatePlan, inputs: GateInputs, assumed: Assumed) -> GatePlan:
    """Plan limits on named slices: good is said of all of them, bad of the smallest that is judged."""
    from pytest_mlgate.stats.planning_metrics import planned

    spec: Any = gate.spec
    if spec.weight is not None or spec.groups is not None:
        raise ValueError("what weighted or clustered rows are worth in each slice is not known")
    sets = list(slices_of(gate, inputs, assumed))
    judged = {name: [one for one in rows if one.n >= spec.min_rows] for name, rows in sets}
    family = sum(len(rows) for rows in judged.values()) * len(spec.metrics)
    notes = [
        f"{name}: {len(rows) - len(judged[name])} of {len(rows)} slices have fewer than {spec.min_rows} rows"
        for name, rows in sets
        if len(judged[name]) < len(rows)
    ]
    notes += ["slices that are discovered are not planned"] if spec.discover is not None else []
    stakes = []
    for metric, limit in spec.metrics.items():
        known = planned(metric)
        if known is None or spec.average is not None:
            notes.append(f"{metric} is not planned: nothing is known of how it spreads")
            continue
        for name, rows in sets:
            for one in sides(limit, spec.confidence):
                try:
                    stakes.append(_sliced(gate, (name, metric), one, known, rows, family, assumed))
                except ValueError as error:
                    notes.append(f"{name}: {metric} {one.written} is not planned: {error}")
    size = f"{sum(len(rows) for rows in judged.values())} slices"
    return replace(plan, size=size, stakes=tuple(stakes), notes=tuple(notes))


def _sliced(
    gate: Gate,
    named: tuple[str, str],
    one: Limited,
    known: Planned,
    rows: Sequence[Rows],
    family: int,
    assumed: Assumed,
) -> Stake:
    """Plan one side of a limit on the slices of one set, each of which passes alone and fails as one of a family.

    One that is too small is undecided, whatever is true of it, and so keeps the others from passing.
    """
    from pytest_mlgate.stats.planning import Chances, Side

    small = any(each.n < gate.spec.min_rows for each in rows)  # type: ignore[attr-defined] # a spec of slices
    rows = [each for each in rows if each.n >= gate.spec.min_rows]  # type: ignore[attr-defined] # likewise
    if not rows:
        raise ValueError("no slice is large enough")
    if known.classes and min(min(each.positives, each.negatives) for each in rows) < 1:
        raise ValueError("a slice has rows of one class alone")
    good, bad = effects(gate, named[1], one, known, assumed)
    level = one.side.confidence
    stricter = Side(one.side.limit, one.side.upper, None if level is None else 1.0 - (1.0 - level) / family)

    def chances(each: Rows, truth: float) -> Chances:
        sampling = known.sampling(each, one.side.limit)
        passes, fails = sampling.chances(one.side, truth).passes, sampling.chances(stricter, truth).fails
        return Chances(passes, max(0.0, 1.0 - passes - fails), fails)

    each_good = [chances(each, good) for each in rows]
    fails = 1.0 - prod(1.0 - each.fails for each in each_good)
    passes = 0.0 if small else prod(each.passes for each in each_good)
    if_bad = chances(min(rows, key=lambda each: each.n), bad)
    if small:
        if_bad = Chances(0.0, 1.0 - if_bad.fails, if_bad.fails)
    return Stake(
        check=named[0],
        metric=named[1],
        limit=one.written,
        good=good,
        bad=bad,
        if_good=Chances(passes, max(0.0, 1.0 - passes - fails), fails),
        if_bad=if_bad,
        assumed=f"good is said of all slices, bad of the smallest that is judged; {known.assumed}",
    )
