"""Judge the slices that were named and those that look weak, as one family of claims."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from pytest_mlgate.kinds.model.slices.claims import Claim, claims, distance, limit_of, settled
from pytest_mlgate.kinds.model.slices.discovery import discovered
from pytest_mlgate.kinds.model.slices.naming import absent, called, of_level
from pytest_mlgate.kinds.model.slices.rows import Rows, read
from pytest_mlgate.verdict import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.kind import Inputs
    from pytest_mlgate.kinds.model.slices.spec import ModelSlices

_MOST_SLICES = 1000
_MOST_CELLS = 10**15


def measure(spec: ModelSlices, inputs: Inputs) -> Iterator[Measurement]:
    """Measure the whole, then every named slice, then those that look weak on one half of the rows."""
    rows = read(spec, inputs)
    whole = [_whole(spec, rows, metric) for metric in spec.metrics]
    overall = {one.metric: one.value for one in whole if one.value is not None}
    made: list[Claim] = []
    rest: list[Measurement] = []
    for columns in spec.named:
        found = rows.obstacle(columns) or _named(spec, rows, columns, overall)
        if isinstance(found, str):
            rest += [Measurement(name="×".join(columns), metric=metric, reason=found) for metric in spec.metrics]
        else:
            made += found
    if spec.discover is not None:
        found, searched = discovered(spec, rows, overall, inputs.seed)
        made += found
        rest += searched
    yield from (_listing(one, made) for one in whole)
    yield from settled(made)
    yield from rest


def _whole(spec: ModelSlices, rows: Rows, metric: str) -> Measurement:
    """Report a metric over all rows, against which slices are read."""
    from pytest_mlgate.stats.slice_metrics import slice_metric

    n, confidence = len(rows.outputs.labels), limit_of(spec, metric).confidence or spec.confidence
    try:
        found = slice_metric(metric, rows.outputs, spec.average)
    except ValueError as error:
        return Measurement(name="*", metric=metric, n=n, reason=str(error))
    measured = Measurement(name="*", metric=metric, value=found.value, n=n)
    try:
        low, high = found.bounds(confidence)
    except ValueError:
        return measured  # it has no limit to be held against
    return replace(measured, low=low, high=high, confidence=confidence)


def _named(
    spec: ModelSlices, rows: Rows, columns: tuple[str, ...], overall: dict[str, float | int]
) -> list[Claim] | str:
    """Judge every value of a column, or every combination of values that occurs; say why if there are too many."""
    from pytest_mlgate.stats.slices import combined

    coded = [rows.coded[name] for name in columns]
    levels = [len(one.levels) for one in coded]
    # What so many values make of each other is not listed to be counted.
    found = combined([one.codes for one in coded], levels) if prod(levels) < _MOST_CELLS else None
    if found is None or len(found) > _MOST_SLICES:
        count = prod(levels) if found is None else len(found)
        words = f"{' and '.join(columns)} make{'s' if len(columns) == 1 else ''} {count:,} slices"
        return f"{words}, more than {_MOST_SLICES:,}: merge rare values, or name it under `discover`, which cuts bins"
    detail = {"overall": overall}
    made: list[Claim] = []
    present = {places for places, _ in found}
    unheard = [places for places, _ in combined([rows.weightless[name] for name in columns], levels)]
    for places, inside in [*found, *((places, None) for places in unheard if places not in present)]:
        conditions = tuple(
            of_level(name, one.levels[place], rows.labels)
            for name, one, place in zip(columns, coded, places, strict=True)
        )
        made += claims(spec, rows.outputs, conditions, inside, detail)
    if len(columns) == 1:
        for value in absent(columns[0], coded[0], rows.labels):
            made += claims(spec, rows.outputs, (of_level(columns[0], value, rows.labels),), None, detail)
    return made


def _listing(whole: Measurement, made: list[Claim]) -> Measurement:
    """Put beside a metric over all rows what it is on every slice, and which slice is worst."""
    mine = [one for one in made if one.metric == whole.metric]
    groups: list[dict[str, Any]] = [
        {"group": one.detail["group"], "n": one.n}
        | ({"value": None if one.found is None else one.found.value, "bounds": one.bounds and list(one.bounds)})
        for one in mine
    ]
    detail: dict[str, Any] = {"groups": groups}
    measured = [one for one in mine if one.found is not None and one.undecided is None]
    if measured:
        worst = max(measured, key=distance)
        detail["worst"] = {"slice": called(worst.conditions), "value": worst.found.value, "n": worst.n}
    return replace(whole, detail=detail)
