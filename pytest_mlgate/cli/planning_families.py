"""Plans of gates that make many claims at once: of groups, of columns and of slices."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.cli.planned import GatePlan, Stake
from pytest_mlgate.cli.planning_limits import Limited, declared, refuse_wrong_side, sides
from pytest_mlgate.cli.planning_sizes import compared, groups_of
from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from pytest_mlgate.cli.planned import Assumed
    from pytest_mlgate.gatefile import Gate
    from pytest_mlgate.inputs.gate import GateInputs

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
