"""What a gate may say about slices, and what it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from pytest_mlgate.inputs.emptiness import label_mistakes, limit_beyond
from pytest_mlgate.inputs.feeding import prediction_mistakes
from pytest_mlgate.kind import Mistake, ModelSpec, keys_among, limit_mistakes
from pytest_mlgate.stats.names import NEEDS, WITHOUT_INTERVAL, MetricName
from pytest_mlgate.verdict import Confidence, Limit

if TYPE_CHECKING:
    from collections.abc import Iterable

Together = Annotated[tuple[str, ...], Meta(min_length=1, max_length=3)]
Size = Annotated[int, Meta(ge=1)]


class Discover(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where to look for slices that nobody named.

    Args:
        columns: to divide the rows by. Numbers and times are cut into bins, and a slice is any run of them; other
            columns, and those whose values the table's `labels` name, are taken value by value.
        max_depth: how many of the columns a slice may speak of at once.
        categorical: those of the columns whose numbers are codes.
        bins: how many bins to cut a number into at most; one with no more distinct values is taken value by value.
        most: how many slices, for each metric, to carry over to the half that confirms.
    """

    columns: Annotated[tuple[str, ...], Meta(min_length=1)]
    max_depth: Annotated[int, Meta(ge=1, le=3)] = 2
    categorical: tuple[str, ...] = ()
    bins: Annotated[int, Meta(ge=2, le=20)] = 10
    most: Annotated[int, Meta(ge=1, le=100)] = 5


class ModelSlices(ModelSpec, frozen=True, kw_only=True):
    """How good a model must be on every slice of the data.

    Args:
        slices: columns, each value of which is a slice, and lists of columns, each combination of whose values is one;
            a missing value is a value.
        min_rows: rows below which nothing is claimed of a slice.
        metrics: limits by metric, as in `model.metrics`; each slice is held against them.
        confidence: one-sided confidence of the bounds that limits are held against.
        discover: where to look for weak slices that nobody named.
    """

    slices: tuple[str | Together, ...] = ()
    min_rows: Size = 100
    metrics: Annotated[dict[MetricName, Limit], Meta(min_length=1, extra_json_schema=keys_among(MetricName))]
    confidence: Confidence = 0.95
    discover: Discover | None = None

    @property
    def named(self) -> list[tuple[str, ...]]:
        """The columns of each set of named slices."""
        return [(one,) if isinstance(one, str) else tuple(one) for one in self.slices]

    @property
    def of_values(self) -> bool:
        """Whether numbers are predicted, rather than classes."""
        return all(NEEDS[name] == "value" for name in self.metrics)


def mistakes(spec: ModelSlices) -> Iterable[Mistake]:
    """Find limits that cannot mean anything, predictions from nowhere, and slices that are none."""
    for name, limit in spec.metrics.items():
        yield from limit_mistakes(("metrics", name), limit, interval=name not in WITHOUT_INTERVAL)
        yield from limit_beyond(("metrics", name), name, limit)
    yield from label_mistakes(spec)
    yield from prediction_mistakes(spec, {name: NEEDS[name] for name in spec.metrics})
    if not spec.slices and spec.discover is None:
        yield Mistake(
            (), "there are no slices to judge", "name columns under `slices:`, or under `discover: {columns}`"
        )
    seen: set[frozenset[str]] = set()
    for i, columns in enumerate(spec.named):
        yield from _column_mistakes(spec, columns, ("slices", i))
        if len(columns) == len(set(columns)) and frozenset(columns) in seen:
            yield Mistake(("slices", i), f"{' and '.join(columns)} makes the same slices as before", "keep one")
        seen.add(frozenset(columns))
    if spec.discover is not None:
        yield from _discover_mistakes(spec, spec.discover)


def _discover_mistakes(spec: ModelSlices, discover: Discover) -> Iterable[Mistake]:
    yield from _column_mistakes(spec, discover.columns, ("discover", "columns"))
    for i, name in enumerate(discover.categorical):
        if name not in discover.columns:
            yield Mistake(("discover", "categorical", i), f"{name!r} is not among the columns", "add it there")
    if not any(limit.decides for name, limit in spec.metrics.items() if name not in WITHOUT_INTERVAL):
        what = "no metric with an interval has a limit: nothing says which slices are weak"
        yield Mistake(("discover",), what, "give one a limit")


def _column_mistakes(spec: ModelSlices, columns: tuple[str, ...], where: tuple[str | int, ...]) -> Iterable[Mistake]:
    scores = (spec.score,) if isinstance(spec.score, str) else spec.score or ()
    taken = {spec.label: "the label", spec.prediction: "the prediction"} | dict.fromkeys(scores, "a score")
    for i, name in enumerate(columns):
        if name in taken:
            mend = "divide the rows by something known before"
            yield Mistake((*where, i), f"{name!r} is {taken[name]}: a slice of it says nothing", mend)
        if name in columns[:i]:
            yield Mistake((*where, i), f"{name!r} is listed twice", "keep one")
