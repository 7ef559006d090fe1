"""Measures each attribute, and each two together, by each metric: rows are counted once, whatever is asked of them."""

from __future__ import annotations

from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.inputs.text import spelled
from pytest_mlgate.kinds.fairness.groups.splits import MOST_GROUPS, TOGETHER, rows_of, split_by, written
from pytest_mlgate.kinds.fairness.groups.wording import (
    add_measure,
    add_numbers,
    explained,
    lines_of,
    listed,
    undecided_by,
)
from pytest_mlgate.stats.fairness_names import FOUR_FIFTHS, FOUR_FIFTHS_LIMIT, NAMES, PREDICTED_POSITIVES
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.kind import Inputs
    from pytest_mlgate.kinds.fairness.groups.spec import FairnessGroups
    from pytest_mlgate.kinds.fairness.groups.splits import Split
    from pytest_mlgate.stats.group_claims import GroupClaim
    from pytest_mlgate.stats.group_counts import Least
    from pytest_mlgate.table import Coded, Table

_COUNT = "count"


def measure(spec: FairnessGroups, inputs: Inputs) -> Iterator[Measurement]:
    """Measure each attribute, and each two together, by each metric."""
    table = inputs.table(spec.data)
    unusable = {name: reason for name in spec.sensitive if (reason := _unusable(name, table))}
    usable = [name for name in spec.sensitive if name not in unusable]
    outputs, columns = _outputs(spec, inputs, usable)
    coded = dict(zip(usable, columns, strict=True))
    unusable |= {name: reason for name in usable if (reason := _ungrouped(name, coded[name]))}
    rows = rows_of(outputs, {name: one for name, one in coded.items() if name not in unusable}, table.labels)
    sets: list[tuple[str, ...]] = [(name,) for name in spec.sensitive]
    sets += list(combinations(spec.sensitive, 2)) if spec.intersections else []
    for attributes in sets:
        reasons = [unusable[name] for name in attributes if name in unusable]
        if not reasons and prod(len(coded[name].levels) for name in attributes) > MOST_GROUPS:
            together = f"{' and '.join(attributes)} together make more than {MOST_GROUPS} groups"
            reasons = [f"{together}: merge rare values first"]
        if reasons:
            yield from _refused(spec, attributes, "; ".join(reasons))
        else:
            yield from _judged(spec, split_by(attributes, rows))


def _outputs(spec: FairnessGroups, inputs: Inputs, attributes: list[str]) -> tuple[Any, tuple[Coded, ...]]:
    """Get what the model said, of classes or of numbers, and the attributes of the same rows."""
    from pytest_mlgate.stats.metrics import Outputs

    needs = {NAMES[name].needs for name in spec.metrics if _COUNT not in NAMES[name].measures}
    if needs == {"value"}:
        values, columns = inputs.values_with(spec, attributes)
        return Outputs(values.targets, values=values.predicted), columns
    found, columns = inputs.predictions_with(spec, attributes)
    if found.classes:
        reason = f"there are {len(found.classes)} classes, and groups are compared by one that is positive"
        raise NotMeasuredError(reason, "name it as `positive`, in labels that are it or not")
    if found.weights is not None or found.clusters is not None:
        raise NotMeasuredError("groups are counted row by row, without weights or clusters", "leave them out")
    if found.predicted is None and "prediction" in needs:
        raise NotMeasuredError("there are scores but no predicted classes", "give `prediction:`, or a model")
    return Outputs(found.labels, found.predicted, found.scores), columns


def _unusable(name: str, table: Table) -> str:
    """Say why a column cannot divide rows into groups, before it is read."""
    if name not in table.columns:
        return f"the data have no column {name!r}: {did_you_mean(name, table.columns, 'columns')}"
    return f"column {name!r} holds no simple values to group by" if table.columns[name] == "other" else ""


def _ungrouped(name: str, coded: Coded) -> str:
    """Say why a column that was read does not divide rows into groups."""
    groups = len(coded.levels)
    if groups == 1:
        return f"all rows of {name!r} are one group, {written(coded.levels[0])}: there is nothing to compare"
    if groups > MOST_GROUPS:
        return f"{name!r} has {groups:,} distinct values, more than {MOST_GROUPS}: put them into groups first"
    return ""


def _refused(spec: FairnessGroups, attributes: tuple[str, ...], reason: str) -> Iterator[Measurement]:
    for metric, declared in spec.metrics.items():
        limit = _limit(spec, metric, declared)
        yield Measurement(name=TOGETHER.join(attributes), metric=metric, limit=limit, reason=reason)


def _limit(spec: FairnessGroups, metric: str, declared: Limit) -> Limit:
    """Complete a limit: the confidence that the gate says for all, and the share that the four-fifths rule is about."""
    if metric == FOUR_FIFTHS and declared.min is None:
        declared = replace(declared, min=FOUR_FIFTHS_LIMIT)
    if declared.confidence is not None or _COUNT in NAMES[metric].measures:
        return declared
    return replace(declared, confidence=spec.confidence)


def _judged(spec: FairnessGroups, split: Split) -> Iterator[Measurement]:
    """Measure one way of dividing the rows by every metric."""
    from pytest_mlgate.stats.group_counts import Least

    least = Least(spec.min_group_size, spec.min_positives, spec.min_negatives)
    reports: dict[float, list[dict[str, Any]]] = {}
    for metric, declared in spec.metrics.items():
        limit = _limit(spec, metric, declared)
        confidence = limit.confidence or spec.confidence
        if confidence not in reports:
            reports[confidence] = listed(split, confidence)
        groups = [{**one, "bounds": {**one["bounds"]}} for one in reports[confidence]]
        if _COUNT in NAMES[metric].measures:
            yield _counted(split, metric, limit, groups)
        else:
            yield _claimed(spec, split, metric, limit, least, groups)


def _claimed(
    spec: FairnessGroups, split: Split, metric: str, limit: Limit, least: Least, groups: list[dict[str, Any]]
) -> Measurement:
    """Measure one metric among the groups; `groups` is what is reported of each, to which it adds its own numbers."""
    from pytest_mlgate.stats.disparities import Disparity
    from pytest_mlgate.stats.group_claims import rows_to_decide, undefined

    confidence = limit.confidence or spec.confidence
    measures = []
    try:
        measures = _measures(split, metric)
        claim = _claim(spec, split, metric, measures, limit, least)
    except ValueError as error:
        without = [f"{split.called(i)} has {one.why_undefined(i)}" for i, one in undefined(measures, least)]
        reason = "; ".join([str(error), *without])
        detail = {"groups": groups, "look_at": [f"{split.name}: {line}" for line in without]}
        return Measurement(name=split.name, metric=metric, n=split.rows, limit=limit, reason=reason, detail=detail)
    for one in measures:
        if one.name not in groups[0]:
            add_measure(groups, one, confidence)
    if isinstance(claim, Disparity):
        add_numbers(groups, "disparity", claim.ratios, *claim.each(confidence))
    low, high = claim.bounds(confidence)
    said = explained(split, claim, least, confidence)
    first = said.pop("first")
    proven = (limit.max is not None and low > limit.max) or (limit.min is not None and high < limit.min)
    beyond = (limit.max is not None and high > limit.max) or (limit.min is not None and low < limit.min)
    return Measurement(
        name=split.name,
        metric=metric,
        value=claim.value,
        low=low,
        high=high,
        confidence=confidence,
        n=split.rows,
        limit=limit,
        rows_to_decide=rows_to_decide(claim, limit.min, limit.max, confidence, split.rows),
        undecided=undecided_by(said["small"]) if said["small"] and beyond and not proven else None,
        detail={"groups": groups, "group_lines": lines_of(split, groups, first), **said},
    )


def _measures(split: Split, metric: str) -> list[Any]:
    """Give the numbers of each group that a metric is made of."""
    from pytest_mlgate.stats.disparities import PredictedPositives

    return [
        PredictedPositives(split.grouped.counts) if name == PREDICTED_POSITIVES else split.grouped.measure(name)
        for name in NAMES[metric].measures
    ]


def _claim(
    spec: FairnessGroups, split: Split, metric: str, measures: list[Any], limit: Limit, least: Least
) -> GroupClaim:
    """Hold the groups against each other in the form that the metric's name ends in.

    Raises:
        ValueError: they cannot be.
    """
    from pytest_mlgate.stats.disparities import disparity
    from pytest_mlgate.stats.gaps import gap
    from pytest_mlgate.stats.group_extremes import extreme

    match NAMES[metric].form:
        case "difference" | "ratio" as form:
            return gap(measures, form, least, spec.method, spec.agg)
        case "group_min" | "group_max" as form:
            return extreme(measures[0], form, least)
        case "disparity":
            confidence = limit.confidence or spec.confidence
            return disparity(measures[0], _reference(spec, split), least, limit.min, limit.max, confidence)


def _reference(spec: FairnessGroups, split: Split) -> int:
    """Find the group that the others are held against.

    Raises:
        ValueError: no row is of it.
    """
    sizes = split.grouped.sizes
    if not isinstance(spec.reference_group, dict):
        return int(sizes.argmax())
    wanted = tuple(spec.reference_group[name] for name in split.attributes)
    names = ", ".join(f"{name}={spelled(value)}" for name, value in zip(split.attributes, wanted, strict=True))
    for i, group in enumerate(split.groups):
        if sizes[i] and all(_same(value, own) for value, own in zip(wanted, group, strict=True)):
            return i
    quoted = any(tuple(map(str, group)) == tuple(map(str, wanted)) for group in split.groups)
    mind = ": one is text and the other a number, mind the quotes" if quoted else ""
    raise ValueError(f"no row is of the reference group {names}{mind}")


def _same(wanted: object, found: object) -> bool:
    return wanted == found and isinstance(wanted, str) is isinstance(found, str)


def _counted(split: Split, metric: str, limit: Limit, groups: list[dict[str, Any]]) -> Measurement:
    """Measure how many rows groups have: a fact of these data, without an interval."""
    sizes = split.grouped.sizes
    most, fewest = int(sizes.argmax()), int(sizes.argmin())
    largest, smallest = float(sizes[most]), float(sizes[fewest])
    value = {
        "difference": largest - smallest,
        "ratio": smallest / largest,
        "group_min": smallest,
        "group_max": largest,
    }[NAMES[metric].form]
    line = f"{split.name}: rows of {split.called(fewest)} {smallest:,.0f}, of {split.called(most)} {largest:,.0f}"
    detail = {
        "groups": groups,
        "missing": [split.called(i) for i, rows in enumerate(sizes) if not rows],
        "look_at": [line],
    }
    return Measurement(name=split.name, metric=metric, value=value, n=split.rows, limit=limit, detail=detail)
