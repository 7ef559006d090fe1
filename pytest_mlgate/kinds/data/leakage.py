"""`data.leakage`: does the training data know what it could not know when the model is used?

Rows of the test table that the model has seen in training, keys and times that both share, and features that give the
label away: each makes a model look better than it is, and none of them shows in the model's own metrics.
"""

from __future__ import annotations

import datetime as dt
from math import inf, isfinite, nextafter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from pytest_mlgate.aggregate import Above, Below, Missing, Statistic
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.findings import Sight, breach, in_words, matched
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.inputs.quiet import hushed
from pytest_mlgate.kind import GateSpec, Inputs, Kind, Mistake, keys_among, limit_mistakes
from pytest_mlgate.reference import TableRef
from pytest_mlgate.table import Table
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_mlgate.stats.single_feature import Alone

Metric = Literal["row_overlap", "key_overlap", "date_overlap", "single_feature_auc"]
_NEEDED: dict[Metric, str] = {"key_overlap": "keys", "date_overlap": "time", "single_feature_auc": "label"}
_TIMES = ("date", "timestamp")
_NUMBERS = ("integer", "number")
_MOST_CLASSES = 100
_BOUNDS = 0.95
_ALPHA = 0.01
_EXACT = 2.0**53
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LOOKS = {
    "values": "the order of its values alone tells",
    "missingness": "whether it is missing alone tells",
    "categories": "which of its values a row has alone tells",
}


class DataLeakage(GateSpec, frozen=True, kw_only=True):
    """What the training data must not share with the test data, and what must not give the label away.

    Args:
        train: the table that the model learns from.
        test: the table that it is judged on.
        keys: columns that together say whom or what a row is about; no features.
        time: the column that says when a row is from, where training comes before testing; no feature.
        label: the column of classes to predict; no feature.
        columns: the features; all columns that both tables have unless given, less those above.
        exclude: columns that are no features, such as row numbers.
        sensitive: columns whose values reports must not show.
        metrics: limits by metric. `row_overlap` counts the test rows whose features all occur together in a training
            row, missing values equal to each other; `key_overlap` the test rows whose keys do; `date_overlap` the test
            rows that are not later than every training row; `single_feature_auc` is, for each feature, how well it
            alone tells a class from the others in the training data (0.5 not at all, 1 perfectly).
    """

    train: TableRef
    test: TableRef
    keys: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    time: str | None = None
    label: str | None = None
    columns: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    exclude: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    metrics: Annotated[dict[Metric, Limit], Meta(min_length=1, extra_json_schema=keys_among(Metric))]


class _Sides(Struct, frozen=True):
    """The gate and its two tables."""

    spec: DataLeakage
    train: Table
    test: Table

    @property
    def roles(self) -> set[str]:
        """Columns that are no features, whatever the gate says."""
        return {*(self.spec.keys or ()), *self.spec.exclude, *filter(None, (self.spec.time, self.spec.label))}

    def features(self) -> list[str]:
        """List the features.

        Raises:
            NotMeasuredError: there are none.
        """
        if self.spec.columns is not None:
            return list(self.spec.columns)
        shared = [name for name in self.train.columns if name in self.test.columns and name not in self.roles]
        if not shared:
            reason = "the two tables have no column in common that could be a feature"
            raise NotMeasuredError(reason, "name the features under `columns:`")
        return shared


def measure(spec: DataLeakage, inputs: Inputs) -> Iterator[Measurement]:
    """Take each metric on its own: one that cannot be had does not hide the others."""
    with hushed(quiet=bool(spec.sensitive)):
        sides = _Sides(spec, inputs.table(spec.train, "train"), inputs.table(spec.test, "test"))
        _check_sensitive(sides)
        yield from _measured(sides)


def _check_sensitive(sides: _Sides) -> None:
    """Refuse a misspelt name, which nothing else would notice: a value that must not be shown would be."""
    known = {**sides.train.columns, **sides.test.columns}
    for name in sides.spec.sensitive:
        if name not in known:
            raise NotMeasuredError(
                f"`sensitive` names {name!r}, which is no column", did_you_mean(name, known, "columns")
            )


def _measured(sides: _Sides) -> Iterator[Measurement]:
    spec = sides.spec
    for metric, limit in spec.metrics.items():
        if sides.train.rows == 0 or sides.test.rows == 0:
            yield Measurement(name="*", metric=metric, n=sides.test.rows, n_reference=sides.train.rows, limit=limit)
            continue
        try:
            with hushed(quiet=bool(spec.sensitive)):
                yield from _MEASURES[metric](sides, limit)
        except NotMeasuredError as error:
            yield Measurement(name="*", metric=metric, limit=limit, reason=str(error))
    yield from _left_out(sides)


def _row_overlap(sides: _Sides, limit: Limit) -> Iterator[Measurement]:
    """Count the test rows whose features occur together in training."""
    yield _overlap(sides, "row_overlap", limit, sides.features(), "*", missing=True)


def _key_overlap(sides: _Sides, limit: Limit) -> Iterator[Measurement]:
    """Count the test rows whose keys occur together in training."""
    keys = sides.spec.keys or ()
    yield _overlap(sides, "key_overlap", limit, keys, "+".join(keys), missing=False)


def _overlap(
    sides: _Sides, metric: Metric, limit: Limit, columns: Iterable[str], name: str, *, missing: bool
) -> Measurement:
    found = matched(
        sides.test,
        sides.train,
        metric,
        columns=list(columns),
        missing=missing,
        limit=limit,
        name=name,
        sight=_sight(sides.spec),
    )
    detail = {**found.detail, "columns": list(columns)}
    if "look_at" in detail:
        detail["look_at"] = [hint.removeprefix("* ") for hint in detail["look_at"]]
    return replace(found, n_reference=sides.train.rows, detail=detail)


def _date_overlap(sides: _Sides, limit: Limit) -> Iterator[Measurement]:
    """Count the test rows that are not later than the newest training row."""
    time = sides.spec.time or ""
    for table, side in ((sides.train, "train"), (sides.test, "test")):
        if time in table.columns and table.columns[time] not in (*_TIMES, *_NUMBERS, "other"):
            reason = f"the column {time!r} of the {side} table is of type {table.columns[time]}, which is no time"
            raise NotMeasuredError(reason, "convert it to a date or a timestamp")
    (newest,) = sides.train.ask([Statistic(time, "max")])[0].values
    if newest is None or not isfinite(newest):
        raise NotMeasuredError(f"no training row says when it is from: {time!r} has no newest value")
    timed = sides.train.columns[time] in _TIMES
    rule, later = _boundary(time, newest, timed=timed)
    asked = sides.test.ask([rule, Missing(time), later, Statistic(time, "min")])[0].values
    below, missing, above, oldest = asked
    n = sides.test.rows - int(missing or 0)
    count = int(below or 0) if timed else n - int(above or 0)
    found = breach(sides.test, rule, "date_overlap", count=count, n=n, limit=limit, sight=_sight(sides.spec))
    ends = {"newest_train": _moment(newest, timed=timed), "oldest_test": _moment(oldest, timed=timed)}
    detail = {**found.detail, **ends, "missing": missing}
    if "look_at" in detail:
        said = f"are not later than the newest training row ({ends['newest_train']})"
        detail["look_at"] = [hint.replace(in_words(rule), said) for hint in detail["look_at"]]
    yield replace(found, n_reference=sides.train.rows, detail=detail)


def _boundary(time: str, newest: float, *, timed: bool) -> tuple[Below, Above]:
    """Say which rows are not later than the newest training row, and which are.

    Times come to the microsecond, so that one as new is less than a microsecond later. Numbers come in double
    precision; beyond its exact range the newest one may be the next.
    """
    if timed:
        after = (_EPOCH + dt.timedelta(microseconds=round(newest * 1e6) + 1)).isoformat()
        return Below(time, after), Above(time, after)
    return Below(time, nextafter(newest, inf)), Above(time, newest if abs(newest) < _EXACT else nextafter(newest, inf))


def _moment(value: float | None, *, timed: bool) -> str | float | None:
    """Write a time as text."""
    if value is None or not timed:
        return value
    return (_EPOCH + dt.timedelta(microseconds=round(value * 1e6))).isoformat().replace("+00:00", "Z")


def _single_feature_auc(sides: _Sides, limit: Limit) -> Iterator[Measurement]:
    """Measure how well each feature alone predicts the label in training, the best first."""
    from pytest_mlgate.stats.multiple import adjust
    from pytest_mlgate.stats.single_feature import single_feature

    train, label = sides.train, sides.spec.label or ""
    wanted = [name for name in sides.features() if name != label]
    simple = [name for name in wanted if train.columns.get(name) != "other"]
    found: list[tuple[str, Alone]] = []
    levels: tuple[Any, ...] = ()
    blank: list[str] = []
    for name, one in zip(simple, train.crossed(simple, label, _MOST_CLASSES), strict=True):
        levels = one.levels
        if len(levels) == 1:
            raise NotMeasuredError("every label in training is the same: there is nothing to predict")
        if (one.values == one.values).any():  # NaN is not itself
            found.append((name, single_feature(one.values, one.labels, one.counts, ordered=one.ordered)))
        else:
            blank.append(name)
    adjusted = adjust([one.p_value for _, one in found], "holm")
    ranking = sorted(zip(found, adjusted, strict=True), key=lambda pair: -pair[0][1].auc.value)
    for (name, alone), p_adjusted in ranking:
        yield _of_feature(name, alone, p_adjusted, limit, _class_text(sides, levels[alone.positive]))
    for name in wanted:
        if name not in simple or name in blank:
            reason = "every row with a label misses it" if name in blank else "its values are of no simple type"
            yield Measurement(name=name, metric="single_feature_auc", limit=limit, reason=reason)


def _class_text(sides: _Sides, level: Any) -> str:
    """Write a class as reports show it: `defaulted=1 (yes)`."""
    label = sides.spec.label or ""
    if label in sides.spec.sensitive:
        return f"one {label}"
    text = str(level).lower() if isinstance(level, bool) else str(level)
    called = sides.train.labels.get(label, {}).get(text)
    return f"{label}={text}{f' ({called})' if called else ''}"


def _of_feature(name: str, one: Alone, p_adjusted: float, limit: Limit, positive: str) -> Measurement:
    """Make a measurement of one feature; a value beyond the limit that chance explains is no proof."""
    from pytest_mlgate.stats.roc import rows_to_decide_auc

    auc, confidence = one.auc, limit.confidence or _BOUNDS
    low, high = auc.bounds(confidence)
    detail: dict[str, Any] = {"by": one.look, "positive": positive, "positives": auc.positives}
    if limit.max is not None and auc.value > limit.max:
        detail["look_at"] = [f"{name}: {_LOOKS[one.look]} {positive} from the rest (AUC {auc.value:.4f})"]
    return Measurement(
        name=name,
        metric="single_feature_auc",
        value=auc.value,
        low=low,
        high=high,
        confidence=confidence,
        n=auc.positives + auc.negatives,
        limit=limit,
        p_value=one.p_value,
        p_adjusted=p_adjusted,
        alpha=_ALPHA,
        rows_to_decide=rows_to_decide_auc(auc, limit.max, confidence)
        if limit.confidence is not None and limit.max is not None
        else None,
        detail=detail,
    )


def _left_out(sides: _Sides) -> Iterator[Measurement]:
    """Report what nobody decided to leave out: columns that only one of the tables has."""
    if sides.spec.columns is not None or not {"row_overlap", "single_feature_auc"} & set(sides.spec.metrics):
        return
    train, test = sides.train.columns, sides.test.columns
    only = {
        "only_in_train": [name for name in train if name not in test and name not in sides.roles],
        "only_in_test": [name for name in test if name not in train and name not in sides.roles],
    }
    gone = sum(map(len, only.values()))
    if gone:
        detail = {"unit": "columns", **only}
        limit = Limit(warn_max=0)
        yield Measurement(name="*", metric="columns_not_shared", value=gone, limit=limit, detail=detail)


def _sight(spec: DataLeakage) -> Sight:
    return Sight(key=spec.keys or (), sensitive=frozenset(spec.sensitive))


_MEASURES: dict[Metric, Callable[[_Sides, Limit], Iterator[Measurement]]] = {
    "row_overlap": _row_overlap,
    "key_overlap": _key_overlap,
    "date_overlap": _date_overlap,
    "single_feature_auc": _single_feature_auc,
}


def mistakes(spec: DataLeakage) -> Iterable[Mistake]:
    """Find metrics that lack what they speak of, and limits that cannot mean anything."""
    for name, limit in spec.metrics.items():
        yield from limit_mistakes(("metrics", name), limit, interval=name == "single_feature_auc")
        for key in ("min", "warn_min"):
            if getattr(limit, key) is not None:
                yield Mistake(("metrics", name, key), "there is no such thing as too little leakage", "use max")
        needed = _NEEDED.get(name)
        if needed is not None and getattr(spec, needed) is None:
            yield Mistake(("metrics", name), f"`{name}` needs `{needed}:`", f"name it beside `train:`: {needed}: …")
    if "date_overlap" in spec.metrics and spec.time in spec.sensitive:
        what = "the newest training row's time, which date_overlap reports, is a value of a sensitive column"
        yield Mistake(("metrics", "date_overlap"), what, "take it off `sensitive`, or remove this metric")
    roles = {"keys": spec.keys or (), "time": (spec.time,), "label": (spec.label,), "exclude": spec.exclude}
    for i, column in enumerate(spec.columns or ()):
        for role, names in roles.items():
            if column in names:
                yield Mistake(("columns", i), f"{column!r} is also under {role}, and so no feature", "keep one")


KIND = Kind(name="data.leakage", spec=DataLeakage, measure=measure, mistakes=mistakes, inconclusive="warning")
