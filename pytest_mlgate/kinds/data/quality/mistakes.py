"""Mistakes in a `data.quality` gate that its types cannot see, found while gate files are read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.kind import Mistake, limit_mistakes
from pytest_mlgate.kinds.data.quality.comparing import ComparisonError, comparison
from pytest_mlgate.kinds.data.quality.numbers import NAMED, is_a_value, quantile_of
from pytest_mlgate.verdict import Limit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_mlgate.kinds.data.quality.spec import DataQuality

_CHECKS = (
    "row_count",
    "row_count_change",
    "freshness",
    "unique_together",
    "duplicates",
    "stats",
    "compare",
    "rows_where",
    "sql",
    "foreign_key",
    "labels",
    "sentinels",
)
_OF_THE_WHOLE = ("sql",)


def mistakes(spec: DataQuality) -> Iterable[Mistake]:
    """Find what no table could make right."""
    if not any(getattr(spec, check) not in (None, (), {}) for check in _CHECKS):
        yield Mistake((), "this gate checks nothing", f"give it one of {', '.join(_CHECKS)}")
    yield from _of_counts(spec)
    yield from _of_freshness(spec)
    yield from _of_statistics(spec)
    yield from _of_comparisons(spec)
    yield from _of_columns(spec)
    yield from _of_other_tables(spec)
    yield from _of_labels(spec)
    yield from _of_segments(spec)


def _of_counts(spec: DataQuality) -> Iterator[Mistake]:
    if spec.row_count is not None:
        yield from limit_mistakes(("row_count",), spec.row_count, interval=False)
    if spec.row_count_change is not None and not spec.row_count_change.limit.relative:
        mend = "add max_drop, max_rise, min_ratio or max_ratio"
        yield Mistake(("row_count_change",), "this says what to compare with, and not what may change", mend)
    for condition, limit in spec.rows_where.items():
        yield from limit_mistakes(("rows_where", condition), limit, interval=False)


def _of_freshness(spec: DataQuality) -> Iterator[Mistake]:
    if spec.freshness is None:
        return
    if spec.freshness.now is not None and not _is_time(spec.freshness.now):
        yield Mistake(("freshness", "now"), "this is no time", "write it as 2026-01-31T00:00:00Z")
    if spec.freshness.column in spec.sensitive:
        what = "the age of a sensitive column's newest value would show that value"
        yield Mistake(("freshness", "column"), what, "take it off `sensitive`, or check another column")


def _of_statistics(spec: DataQuality) -> Iterator[Mistake]:
    for column, limits in spec.stats.items():
        if not limits:
            yield Mistake(("stats", column), "no statistic is named", "as {mean: {min: 0, max: 100}}")
        for name, limit in limits.items():
            at = ("stats", column, name)
            if name not in NAMED and quantile_of(name) is None:
                mend = f"{did_you_mean(name, NAMED, 'known')}; quantiles are q01 to q99, as q99.5"
                yield Mistake(at, f"there is no statistic {name!r}", mend)
            elif is_a_value(name) and column in spec.sensitive:
                what = f"the {name} of a sensitive column is one of its values, which reports must not show"
                yield Mistake(at, what, "limit its values in data.schema, which only counts rows")
            yield from limit_mistakes(at, limit, interval=False)


def _of_comparisons(spec: DataQuality) -> Iterator[Mistake]:
    for index, one in enumerate(spec.compare):
        try:
            comparison(one if isinstance(one, str) else one.rule)
        except ComparisonError as error:
            at = ("compare", index) if isinstance(one, str) else ("compare", index, "rule")
            yield Mistake(at, error.what, error.mend)


def _of_columns(spec: DataQuality) -> Iterator[Mistake]:
    for index, columns in enumerate(spec.unique_together):
        yield from _twice(("unique_together", index), columns)
    if spec.duplicates is not None and spec.duplicates.columns is not None:
        yield from _twice(("duplicates", "columns"), spec.duplicates.columns)
    if spec.sentinels is not None and spec.sentinels.columns is not None:
        yield from _twice(("sentinels", "columns"), spec.sentinels.columns)
        for name in spec.sentinels.exclude:
            if name in spec.sentinels.columns:
                yield Mistake(("sentinels", "exclude"), f"{name!r} is both listed and left out", "keep one")
    yield from _twice(("key",), spec.key)


def _of_other_tables(spec: DataQuality) -> Iterator[Mistake]:
    for index, key in enumerate(spec.foreign_key):
        at = ("foreign_key", index)
        if (key.column is None) == (key.columns is None):
            yield Mistake(at, "a foreign key is of either `column` or `columns`", "write one of them")
        elif key.key is not None and key.keys is not None:
            yield Mistake((*at, "keys"), "`key` and `keys` say the same", "keep one")
        elif len(key.here) != len(key.there):
            what = f"{len(key.here)} columns cannot refer to {len(key.there)}"
            yield Mistake((*at, "keys" if key.keys is not None else "key"), what, "name one for each, in order")
    for name in spec.tables:
        if name.casefold() == "data":
            yield Mistake(("tables", name), "`data` is the table that is judged", "choose another name")
    if spec.tables and not spec.sql:
        yield Mistake(("tables",), "only queries under `sql` read other tables, and there are none", "remove this")


def _of_labels(spec: DataQuality) -> Iterator[Mistake]:
    labels = spec.labels
    if labels is None:
        return
    if labels.min_share is not None and labels.max_share is not None:
        for what in Limit(min=labels.min_share, max=labels.max_share).contradictions():
            yield Mistake(("labels", "min_share"), what)
    if labels.classes is not None and labels.min_share is not None and labels.min_share * len(labels.classes) > 1:
        what = f"{len(labels.classes)} classes cannot each have a share of {labels.min_share:g}"
        yield Mistake(("labels", "min_share"), what)
    if labels.conflicting is not None:
        yield from _twice(("labels", "conflicting", "keys"), labels.conflicting.keys)
        if labels.column in labels.conflicting.keys:
            what = "the label cannot be one of the keys that should determine it"
            yield Mistake(("labels", "conflicting", "keys"), what)


def _of_segments(spec: DataQuality) -> Iterator[Mistake]:
    yield from _twice(("segment_by",), spec.segment_by)
    for index, name in enumerate(spec.segment_by):
        if name in spec.sensitive:
            what = f"{name!r} is sensitive, and the names of segments would show its values"
            yield Mistake(("segment_by", index), what, "segment by another column")
        if spec.labels is not None and name == spec.labels.column:
            yield Mistake(("segment_by", index), "each segment would have one class of the label", "remove one")
    for name in spec.segments:
        if name not in spec.segment_by:
            mend = did_you_mean(name, spec.segment_by, "segments are made by") if spec.segment_by else "add segment_by"
            yield Mistake(("segments", name), f"{name!r} makes no segments", mend)
    for check in _OF_THE_WHOLE:
        if spec.segment_by and getattr(spec, check):
            what = f"`{check}` speaks of the whole table and cannot be made of each segment"
            yield Mistake((check,), what, "put it into a gate of its own, without segment_by")


def _twice(at: tuple[str | int, ...], names: tuple[str, ...]) -> Iterator[Mistake]:
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield Mistake(at, f"{name!r} is named twice", "once is enough")


def _is_time(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
