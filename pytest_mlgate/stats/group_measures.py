"""One number of each group with its bounds: a rate from counts, or any metric from the group's own rows.

What holds groups against each other needs no more than this, so every metric can be compared among groups, and those
made of counts cost nothing on top of the counting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import inf, sqrt
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy.special import betaincinv, ndtr

from pytest_mlgate.stats.counts import SHARES, Confusion
from pytest_mlgate.stats.fairness_names import span_of
from pytest_mlgate.stats.group_counts import PREDICTED, RATES, GroupCounts, Least
from pytest_mlgate.stats.means import error_bounds, mean_bounds
from pytest_mlgate.stats.metrics import METRICS, Outputs
from pytest_mlgate.stats.rate_pairs import wilson_each

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    _Bools = NDArray[np.bool_]
    _Floats = NDArray[np.float64]
    # confidence (None: the value alone) -> value, lower bound, upper bound; `ValueError` where undefined
    _Compute = Callable[[float | None], tuple[float, float, float]]

_DIGITS = 12  # of a confidence that has been to its normal quantile and back
# Metrics that are means over all rows, whatever their label.
_OF_ROWS = ("log_loss", "brier", "ece")


class GroupMeasure(Protocol):
    """One number of each of K groups."""

    @property
    def name(self) -> str:
        """Which number: a rate or a metric."""

    @property
    def words(self) -> str:
        """How reports call it."""

    @property
    def span(self) -> tuple[float, float]:
        """The smallest and the largest that it can be."""

    @property
    def values(self) -> _Floats:
        """The number, float64[K]; NaN where it is undefined."""

    @property
    def rows(self) -> _Floats:
        """Rows that it stands on, float64[K]."""

    @property
    def rows_of_group(self) -> _Floats:
        """All rows of each group, float64[K]."""

    def bounds(self, z: float) -> tuple[_Floats, _Floats]:
        """Bound each number at a normal quantile, float64[K] each; NaN where there are no bounds."""

    def overall(self, z: float | None) -> tuple[float, float, float]:
        """Give the number of all rows, and its bounds if a quantile is given."""

    def small(self, least: Least) -> _Bools:
        """Tell which groups are too small for a claim, or have no bounds, bool[K]."""

    def why_undefined(self, group: int) -> str:
        """Say why a group has no such number."""

    def said(self, group: int) -> str:
        """Write a group's number with the rows behind it."""

    def sizes(self, group: int, least: Least) -> list[str]:
        """Say what besides its rows makes a group too small for a claim."""

    def scaled(self, factor: float) -> GroupMeasure:
        """Give what so many times the rows would show if everything else held."""


@dataclass(frozen=True, slots=True, eq=False)
class RateOf:
    """A rate of each group, bounded by Wilson.

    Attributes:
        counts: rows by group, label and prediction.
        name: the rate, in `group_counts.RATES`.
    """

    counts: GroupCounts
    name: str

    @property
    def words(self) -> str:
        """As in the table of rates."""
        return RATES[self.name].words

    @property
    def span(self) -> tuple[float, float]:
        """A share."""
        return 0.0, 1.0

    @property
    def hits(self) -> _Floats:
        """Rows that the rate counts, float64[K]."""
        return self.counts.hits(self.name)

    @property
    def rows(self) -> _Floats:
        """Rows that it is a share of."""
        return self.counts.among(self.name)

    @property
    def rows_of_group(self) -> _Floats:
        """All rows of the group."""
        return self.counts.rows

    @property
    def values(self) -> _Floats:
        """Hits over rows; NaN where there are none."""
        return self.counts.rates(self.name)

    def bounds(self, z: float) -> tuple[_Floats, _Floats]:
        """Bound each rate by Wilson's score interval."""
        rows = self.rows
        return wilson_each(self.values, np.where(rows > 0.0, rows, np.nan), z)

    def exact(self, z: float) -> tuple[_Floats, _Floats]:
        """Bound each rate by Clopper and Pearson, for claims about single groups; see `proportions.clopper_pearson`."""
        hits, rows, confidence = self.hits, self.rows, float(ndtr(z))
        rows = np.where(rows > 0.0, rows, np.nan)
        low = np.where(
            hits == 0.0, 0.0, betaincinv(np.where(hits == 0.0, 1.0, hits), rows - hits + 1.0, 1.0 - confidence)
        )
        missed = rows - hits
        high = np.where(missed == 0.0, 1.0, betaincinv(hits + 1.0, np.where(missed == 0.0, 1.0, missed), confidence))
        return np.where(np.isnan(rows), np.nan, low), np.where(np.isnan(rows), np.nan, high)

    def overall(self, z: float | None) -> tuple[float, float, float]:
        """Give the rate of all rows."""
        whole = RateOf(GroupCounts(self.counts.cells.sum(axis=0, keepdims=True)), self.name)
        low, high = whole.bounds(0.0 if z is None else z)
        return float(whole.values[0]), float(low[0]), float(high[0])

    def small(self, least: Least) -> _Bools:
        """Compare the group's rows, and those the rate is a share of, with the least."""
        return self.counts.small(self.name, least)

    def why_undefined(self, _group: int) -> str:
        """It is a share of no rows."""
        return f"no {self.words}"

    def said(self, group: int) -> str:
        """Write it as a percentage with its counts."""
        return f"{self.values[group]:.1%} ({self.hits[group]:,.0f} of {self.rows[group]:,.0f})"

    def sizes(self, group: int, least: Least) -> list[str]:
        """Say which of the rows that it is a share of are too few."""
        of, among = RATES[self.name].of, int(self.rows[group])
        needed = getattr(least, of)
        if of == "rows" or among >= needed:
            return []
        word = f"predicted {of}" if self.name in PREDICTED else of
        return [f"{among:,} {word} (min_{of} {needed})"]

    def scaled(self, factor: float) -> RateOf:
        """Multiply all counts."""
        return RateOf(self.counts.scaled(factor), self.name)


@dataclass(slots=True, eq=False)
class Grouped:
    """The rows of a model's outputs by group; each group's are gathered once, and only if a metric reads rows.

    Attributes:
        sizes: float64[K], rows of each group.
        whole: all rows.
        positions: gives int[n], the group of each row.
        counts: rows by group, label and prediction; None for predicted numbers. Where only scores are known, no row
            counts as predicted positive, and nothing is said of predictions.
    """

    sizes: _Floats
    whole: Outputs
    positions: Callable[[], NDArray[Any]]
    counts: GroupCounts | None = None
    _gathered: list[Outputs | None] | None = field(default=None, init=False)

    def outputs(self) -> list[Outputs | None]:
        """Give the rows of each group; None of one without any."""
        if self._gathered is None:
            # Few groups fit into two bytes, which numpy sorts by radix.
            order = np.argsort(self.positions().astype(np.uint16), kind="stable")
            parts = np.split(order, np.cumsum(self.sizes.astype(np.int64))[:-1])
            self._gathered = [_taken(self.whole, part) if part.size else None for part in parts]
        return self._gathered

    def measure(self, name: str) -> GroupMeasure:
        """Give a number of each group by its name.

        Raises:
            ValueError: what the number needs is not there.
        """
        if name in RATES:
            return RateOf(self._counted(name), name)
        if name in SHARES:
            counts = self._counted(name)
            computes = [_of_counts(name, _confusion(cells)) for cells in counts.cells]
            overall = _of_counts(name, _confusion(counts.cells.sum(axis=0)))
            return MetricOf(name, self.sizes, counts, computes, overall)
        computes = [_of_rows(name, rows) for rows in self.outputs()]
        return MetricOf(name, self.sizes, self.counts, computes, _of_rows(name, self.whole))

    def _counted(self, name: str) -> GroupCounts:
        of_labels = name == "base_rate"
        if self.counts is None or (self.whole.predictions is None and not of_labels):
            raise ValueError(f"{name} needs predictions of classes, and there are none")
        return self.counts


@dataclass(eq=False)
class MetricOf:
    """A metric of each group, bounded as it is of all rows.

    Attributes:
        name: the metric.
        rows: float64[K], rows of each group.
        counts: rows by group, label and prediction; None for predicted numbers.
        computes: for each group, what computes the metric.
        whole: computes it of all rows.
        factor: how many times the rows are imagined.
    """

    name: str
    rows: _Floats
    counts: GroupCounts | None
    computes: Sequence[_Compute]
    whole: _Compute
    factor: float = 1.0
    known: dict[float | None, tuple[_Floats, _Floats, _Floats]] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Its name, spaced."""
        return self.name.replace("_", " ")

    @property
    def span(self) -> tuple[float, float]:
        """As the metric is defined; a share unless listed."""
        return span_of(self.name)

    @property
    def rows_of_group(self) -> _Floats:
        """All rows of the group, imagined ones included."""
        return self.rows * self.factor

    @cached_property
    def values(self) -> _Floats:
        """The metric of each group; NaN where it is undefined."""
        return self._computed(None)[0]

    def bounds(self, z: float) -> tuple[_Floats, _Floats]:
        """Bound each group's metric; imagined rows narrow the bounds by the root of how many there are."""
        _, low, high = self._computed(float(ndtr(z)))
        narrower = sqrt(self.factor)
        low, high = self.values + (low - self.values) / narrower, self.values + (high - self.values) / narrower
        return np.clip(low, *self.span), np.clip(high, *self.span)

    def overall(self, z: float | None) -> tuple[float, float, float]:
        """Give the metric of all rows; unbounded on a side that has no bound."""
        value, _, _ = self.whole(None)
        if z is None:
            return value, value, value
        _, low, high = self.whole(float(ndtr(z)))
        low, high = (low, high) if low <= high else (-inf, inf)
        narrower = sqrt(self.factor)
        return value, value + (low - value) / narrower, value + (high - value) / narrower

    def small(self, least: Least) -> _Bools:
        """Compare the group's rows with the least, and its labels if they are of classes; without bounds none do."""
        small = (self.rows * self.factor < least.rows) | np.isnan(self._computed(0.95)[1])
        if self.counts is not None and self.name not in _OF_ROWS:
            small |= self.counts.positives * self.factor < least.positives
            small |= self.counts.negatives * self.factor < least.negatives
        return np.asarray(small)

    def why_undefined(self, group: int) -> str:
        """Say what the metric says."""
        return f"no {self.words}: {self.reasons.get(group, 'undefined')}"

    def said(self, group: int) -> str:
        """Write it with the group's rows."""
        return f"{self.values[group]:.4g} (on {self.rows[group]:,.0f} rows)"

    def sizes(self, group: int, least: Least) -> list[str]:
        """Say which labels are too few, or that there are no bounds."""
        said = []
        if self.counts is not None and self.name not in _OF_ROWS:
            for of, among in (("positives", self.counts.positives), ("negatives", self.counts.negatives)):
                needed = getattr(least, of)
                if among[group] < needed:
                    said.append(f"{int(among[group]):,} {of} (min_{of} {needed})")
        if np.isnan(self._computed(0.95)[1][group]) and not np.isnan(self.values[group]):
            said.append(f"no bounds ({self.reasons.get(group, 'the metric has none')})")
        return said

    def scaled(self, factor: float) -> MetricOf:
        """Imagine more rows."""
        return MetricOf(
            self.name, self.rows, self.counts, self.computes, self.whole, self.factor * factor, self.known, self.reasons
        )

    def _computed(self, confidence: float | None) -> tuple[_Floats, _Floats, _Floats]:
        """Compute value and bounds of each group, once at each confidence."""
        confidence = None if confidence is None else round(confidence, _DIGITS)
        if confidence not in self.known:
            found = np.full((3, len(self.computes)), np.nan)
            for group, compute in enumerate(self.computes):
                try:
                    found[:, group] = compute(confidence)
                except ValueError as error:
                    self.reasons[group] = str(error)
            self.known[confidence] = found[0], found[1], found[2]
        return self.known[confidence]


def _taken(whole: Outputs, rows: NDArray[Any]) -> Outputs:
    """Give some rows of a model's outputs."""
    predictions, scores, values = (
        None if column is None else column[rows] for column in (whole.predictions, whole.scores, whole.values)
    )
    return Outputs(whole.labels[rows], predictions, scores, whole.positive, values)


def _confusion(cells: _Floats) -> Confusion:
    negative, false, missed, hits = (int(count) for count in cells)
    return Confusion(hits, false, missed, negative)


def _of_counts(name: str, counts: Confusion) -> _Compute:
    def compute(confidence: float | None) -> tuple[float, float, float]:
        part = SHARES[name](counts, 0.5 if confidence is None else confidence)
        return part.value, part.low, part.high

    return compute


def _of_rows(name: str, rows: Outputs | None) -> _Compute:
    def compute(confidence: float | None) -> tuple[float, float, float]:
        if rows is None:
            raise ValueError("there are no rows")
        if name in _MEANS:
            return _MEANS[name](rows, confidence)
        found = METRICS[name].compute(rows, confidence)
        if found.unbounded:
            raise ValueError(found.unbounded)
        none = np.nan
        return (
            found.value,
            none if found.low is None else found.low,
            none if found.high is None else found.high,
        )

    return compute


def _mean_error(rows: Outputs, confidence: float | None) -> tuple[float, float, float]:
    """Mean of predicted less true: above 0 where the group is predicted too much."""
    return _mean(np.asarray(rows.values) - rows.labels, confidence)


def _mean_prediction(rows: Outputs, confidence: float | None) -> tuple[float, float, float]:
    return _mean(np.asarray(rows.values), confidence)


def _mse(rows: Outputs, confidence: float | None) -> tuple[float, float, float]:
    squares = np.square(np.asarray(rows.values) - rows.labels)
    low, high = (np.nan, np.nan) if confidence is None else error_bounds(squares, confidence)
    return float(squares.mean()), low, high


def _mean(values: _Floats, confidence: float | None) -> tuple[float, float, float]:
    low, high = (np.nan, np.nan) if confidence is None else mean_bounds(values, confidence)
    return float(values.mean()), low, high


_MEANS: dict[str, Callable[[Outputs, float | None], tuple[float, float, float]]] = {
    "mean_error": _mean_error,
    "mean_prediction": _mean_prediction,
    "mse": _mse,
}
