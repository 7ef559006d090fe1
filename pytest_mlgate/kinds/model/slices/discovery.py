"""Look for weak slices on one half of the rows, and judge those found on the other."""

from __future__ import annotations

from itertools import product
from math import nan
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pytest_mlgate.kinds.model.slices.claims import Claim, claims, limit_of
from pytest_mlgate.kinds.model.slices.naming import Condition, of_level, of_span
from pytest_mlgate.stats.names import WITHOUT_INTERVAL
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pytest_mlgate.kinds.model.slices.rows import Rows
    from pytest_mlgate.kinds.model.slices.spec import Discover, ModelSlices
    from pytest_mlgate.stats.weak_slices import Conditions, Searched

_MOST_VALUES = 100
_LOOKED_AT, _EVIDENCE = 0.95, 1.644854  # a confidence, and the standard errors that it stands for
_SHOWN_SETS = 5


class _Space(Struct, frozen=True):
    """Where to look: the columns as axes, and what each condition on them is called."""

    axes: Any  # list[Axis]
    conditions: list[list[Condition]]

    def named(self, where: Conditions) -> tuple[Condition, ...]:
        """Name a slice."""
        return tuple(self.conditions[axis][condition] for axis, condition in where)


def discovered(
    spec: ModelSlices, rows: Rows, overall: dict[str, float | int], seed: int
) -> tuple[list[Claim], list[Measurement]]:
    """Find slices that look weak by each metric, judge them on the rows that did not find them, and report the search.

    Args:
        spec: where to look.
        rows: the rows.
        overall: each metric over all rows.
        seed: decides which half is looked at.
    """
    from pytest_mlgate.stats.slices import halves

    discover = spec.discover
    if discover is None:
        return [], []
    metrics = [metric for metric in spec.metrics if limit_of(spec, metric).decides and metric not in WITHOUT_INTERVAL]
    reason = rows.obstacle(discover.columns)
    if reason is not None:
        return [], [Measurement(name="discover", metric=metric, reason=reason) for metric in metrics]
    half = halves(len(rows.outputs.labels), seed, rows.outputs.clusters)
    space = _space(spec, discover, rows)
    made: list[Claim] = []
    searches: list[Measurement] = []
    for metric in metrics:
        if metric not in overall:
            searches.append(Measurement(name="discover", metric=metric, reason="it is undefined over all rows"))
            continue
        searched = _searched(spec, discover, rows, space, half, metric)
        searches.append(_report(spec, discover, space, searched, metric, half))
        for found in searched.found:
            inside = found.holds(space.axes)
            detail = {"overall": overall, "found_on": _found_on(spec, rows, metric, inside & half)}
            made += claims(
                spec, rows.outputs, space.named(found.conditions), (inside & ~half).nonzero()[0], detail, [metric]
            )
    return made, searches


def _space(spec: ModelSlices, discover: Discover, rows: Rows) -> _Space:
    """Cut columns into cells; those that cannot divide the rows into large enough parts have no conditions."""
    from pytest_mlgate.stats.axes import category_axis, numeric_axis

    axes, conditions = [], []
    for name in discover.columns:
        if name in rows.numbers:
            kind = rows.types[name]
            axis, spans = numeric_axis(rows.numbers[name], discover.bins, short=kind in ("integer", "number"))
            conditions.append([of_span(name, span, kind) for span in spans])
        else:
            coded = rows.coded[name]
            axis, kept = category_axis(coded.codes, len(coded.levels), 2 * spec.min_rows, _MOST_VALUES)
            conditions.append([of_level(name, coded.levels[level], rows.labels) for level in kept])
        axes.append(axis)
    return _Space(axes, conditions)


def _searched(
    spec: ModelSlices, discover: Discover, rows: Rows, space: _Space, half: NDArray[Any], metric: str
) -> Searched:
    """Search by sums where the metric follows from them, otherwise slice by slice."""
    from pytest_mlgate.stats.screens import Sides, screen
    from pytest_mlgate.stats.slice_metrics import slice_metric
    from pytest_mlgate.stats.weak_slices import Terms, by_sums, one_by_one

    limit = limit_of(spec, metric)
    sides = Sides(
        lower=limit.min if limit.min is not None else limit.warn_min,
        upper=limit.max if limit.max is not None else limit.warn_max,
    )
    terms = Terms(
        depth=discover.max_depth,
        least=spec.min_rows,
        most=discover.most,
        evidence=_EVIDENCE,
        known=frozenset(_known(spec, space, discover)),
    )
    sums = screen(metric, rows.outputs) if spec.average is None else None
    if sums is not None:
        return by_sums(space.axes, sums, sides, half, terms)

    def weakness(inside: NDArray[Any]) -> float:
        try:
            found = slice_metric(metric, rows.outputs.at(inside), spec.average)
            low, high = found.bounds(_LOOKED_AT)
        except ValueError:
            return nan
        return float(sides.beyond(found.value, (high - low) / (2.0 * _EVIDENCE)))

    return one_by_one(space.axes, weakness, half, terms)


def _known(spec: ModelSlices, space: _Space, discover: Discover) -> Iterator[Conditions]:
    """List the slices of the search that are named ones: single values of the same columns."""
    places = {name: i for i, name in enumerate(discover.columns)}
    for columns in spec.named:
        if not set(columns) <= set(places):
            continue
        axes = sorted(places[name] for name in columns)
        values = [
            [(i, at) for at, one in enumerate(space.conditions[i]) if one.text.startswith(f"{one.column}=")]
            for i in axes
        ]
        yield from product(*values)


def _found_on(spec: ModelSlices, rows: Rows, metric: str, inside: NDArray[Any]) -> dict[str, Any]:
    """Say what a slice looked like on the half that found it."""
    from pytest_mlgate.stats.slice_metrics import slice_metric

    try:
        value = slice_metric(metric, rows.outputs.at(inside), spec.average).value
    except ValueError:  # sums may say where to look even where the metric says it is undefined
        value = None
    return {"n": int(inside.sum()), "value": value}


def _report(
    spec: ModelSlices, discover: Discover, space: _Space, searched: Searched, metric: str, half: NDArray[Any]
) -> Measurement:
    """Report a search: a pass where nothing looked weak, and no measurement where there was nothing to look at."""
    name, found = "discover", len(searched.found)
    left_out = [",".join(discover.columns[i] for i in axes) for axes in searched.left_out]
    if searched.undefined and not searched.slices:
        many = f"{searched.undefined:,} slices of {', '.join(discover.columns)} that have {spec.min_rows:,} rows"
        reason = f"none of the {many} shows its {metric}, or how sure that is, on half of the rows"
        return Measurement(name=name, metric=metric, reason=reason)
    if not searched.slices:
        reason = f"no slice of {', '.join(discover.columns)} has {spec.min_rows:,} rows (min_rows) in either half"
        return Measurement(name=name, metric=metric, reason=reason)
    if left_out:
        reason = (
            f"{'; '.join(left_out[:_SHOWN_SETS])} make too many slices to look at: use fewer bins or a smaller depth"
        )
        return Measurement(name=name, metric=metric, reason=reason)
    return Measurement(
        name=name,
        metric=f"{metric} weak slices",
        value=found,
        n=int(half.sum()),
        # What was found is judged on the other half; where nothing was, and no slice is named, that is what passes.
        limit=None if found or spec.slices else Limit(max=0),
        detail={
            "slices": searched.slices,
            "undefined": searched.undefined,
            "columns": list(discover.columns),
            "found": [",".join(one.text for one in space.named(each.conditions)) for each in searched.found],
        },
    )
