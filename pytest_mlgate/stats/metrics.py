"""The metrics a gate can name, as a table: what each reads, whether it has an interval, and how it is computed.

A new metric is one function from `Outputs` to `Measured` and one entry in `METRICS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgate.stats import losses
from pytest_mlgate.stats.counts import SHARES, Confusion
from pytest_mlgate.stats.door import normal_quantile, vector
from pytest_mlgate.stats.names import NEEDS
from pytest_mlgate.stats.proportions import rows_to_decide_proportion, wilson
from pytest_mlgate.stats.roc import roc_auc, rows_to_decide_auc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray

    from pytest_mlgate.stats.losses import Losses
    from pytest_mlgate.stats.names import Needs

    Bounds = Callable[[float], tuple[float, float]]  # confidence -> lower and upper bound
    RowsToDecide = Callable[[float, float], int | None]  # limit, confidence -> rows


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """What a model said about labelled rows, checked once for all metrics.

    Args:
        labels: array[n], the true class of each row: numbers, strings or booleans; for metrics that need `value`, the
            true number.
        predictions: array[n], the predicted class, of the same type; only for metrics that need `prediction`.
        scores: float[n], higher for rows more likely positive; only for metrics that need `score`.
        positive: the label of the positive class; `True` by itself when labels are boolean.
        values: float[n], the predicted number; only for metrics that need `value`.
        classes: the k classes in ascending order where none is the positive one; labels and predictions are then
            int64[n] positions in them, scores float[n, k].
        weights: float[n], how much each row counts; None when all count the same.
        clusters: int64[n], which rows belong together; None when each stands for itself.

    Raises:
        ValueError: no rows, unequal lengths, missing values, or predictions that no label could ever equal.
    """

    labels: NDArray[Any]
    predictions: NDArray[Any] | None = None
    scores: NDArray[Any] | None = None
    positive: Any = None
    values: NDArray[Any] | None = None
    classes: tuple[Any, ...] = ()
    weights: NDArray[Any] | None = None
    clusters: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        for name in ("labels", "predictions", "scores", "values"):
            values = getattr(self, name)
            object.__setattr__(self, name, None if values is None else _column(name, values))
        if not self.labels.size:
            raise ValueError("there are no rows to measure")
        for name in ("predictions", "scores", "values"):
            column = getattr(self, name)
            if column is not None and column.size != self.labels.size:
                raise ValueError(f"{self.labels.size} labels and {column.size} {name} do not go together")
        if self.predictions is not None and _is_text(self.predictions) is not _is_text(self.labels):
            texts, numbers = ("predictions", "labels") if _is_text(self.predictions) else ("labels", "predictions")
            raise ValueError(f"{texts} are text and {numbers} are numbers: no prediction could ever be right")

    def are_positive(self) -> NDArray[np.bool_]:
        """Tell which rows are of the positive class.

        Raises:
            ValueError: no row is, or `positive` is not given and the labels are not boolean.
        """
        if self.positive is None and self.labels.dtype != np.bool_:
            raise ValueError("name the label of the positive class: `positive` is not given")
        positive = True if self.positive is None else self.positive
        matches = np.asarray(self.labels == positive, dtype=np.bool_)
        if not matches.any():
            raise ValueError(
                f"none of {matches.size} labels is the positive class {positive!r}; the first is {self.labels[0]!r}"
            )
        return matches

    def are_predicted(self) -> NDArray[np.bool_]:
        """Tell which rows are predicted to be of the positive class."""
        positive = True if self.positive is None else self.positive
        return np.asarray(self.predictions == positive, dtype=np.bool_)

    def probabilities(self) -> NDArray[np.float64]:
        """Give the scores, which must be probabilities.

        Raises:
            ValueError: one lies outside 0 and 1.
        """
        scores = vector("scores", np.asarray(self.scores))
        outside = np.flatnonzero((scores < 0.0) | (scores > 1.0))
        if outside.size:
            raise ValueError(
                f"{outside.size} of {scores.size} scores are no probabilities; the first is {scores[outside[0]]:g} in "
                f"row {outside[0]}"
            )
        return scores


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A metric's value, with the functions that bound it and plan for it where it has them."""

    value: float
    n: int
    bounds: Bounds | None = None
    rows_to_decide: RowsToDecide | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric's value as a gate reads it.

    Attributes:
        value: the metric on the rows given.
        low: one-sided lower bound; None without a confidence or where the metric has no interval.
        high: one-sided upper bound, likewise.
        n: rows it stands on.
        confidence: of each bound; None when there are none.
        unbounded: why a metric that has bounds has none on these rows.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    confidence: float | None = None
    unbounded: str | None = None
    _rows_to_decide: RowsToDecide | None = field(default=None, repr=False, compare=False)

    def rows_to_decide(self, limit: float) -> int | None:
        """Say how many rows (in all) would decide about a limit if the observed value held.

        Returns:
            None when no number would, or when there are no bounds to decide by.

        Raises:
            ValueError: a limit that the metric can never reach.
        """
        if self._rows_to_decide is None or self.confidence is None:
            return None
        return self._rows_to_decide(limit, self.confidence)


@dataclass(frozen=True, slots=True)
class Metric:
    """One entry of the table.

    Attributes:
        name: as gate files write it.
        needs: which output of the model it reads.
        has_interval: whether it can be held against a limit with a confidence.
        measure: computes it; raises `ValueError` where it is undefined.
    """

    name: str
    needs: Needs
    has_interval: bool
    measure: Callable[[Outputs], Measured] = field(repr=False)

    def compute(self, outputs: Outputs, confidence: float | None = None) -> Estimate:
        """Compute the metric, with bounds when a confidence is given and the metric has them.

        Args:
            outputs: labels and what the metric needs.
            confidence: of each bound on its own, in [0.5, 1).

        Raises:
            ValueError: what the metric needs is not there, the metric is undefined on these rows (the message says
                why), or the confidence is none.
        """
        fed = {"prediction": outputs.predictions, "score": outputs.scores, "value": outputs.values}
        if fed[self.needs] is None:
            raise ValueError(f"{self.name} needs {self.needs}s, and there are none")
        measured = self.measure(outputs)
        if confidence is None or measured.bounds is None:
            return Estimate(measured.value, None, None, measured.n)
        normal_quantile(confidence)  # refuses what is no confidence before rows are blamed
        try:
            low, high = measured.bounds(confidence)
        except ValueError as error:
            return Estimate(measured.value, None, None, measured.n, unbounded=str(error))
        return Estimate(measured.value, low, high, measured.n, confidence, _rows_to_decide=measured.rows_to_decide)


def _accuracy(outputs: Outputs) -> Measured:
    hits, n = int(np.count_nonzero(outputs.labels == outputs.predictions)), outputs.labels.size
    return Measured(hits / n, n, partial(wilson, hits, n), partial(rows_to_decide_proportion, hits, n))


def _roc_auc(outputs: Outputs) -> Measured:
    auc = roc_auc(outputs.are_positive(), np.asarray(outputs.scores))
    return Measured(auc.value, outputs.labels.size, auc.bounds, partial(rows_to_decide_auc, auc))


def confusion(outputs: Outputs) -> Confusion:
    """Count rows by what they are and what they are predicted to be."""
    positive, predicted = outputs.are_positive(), outputs.are_predicted()
    hits = int(np.count_nonzero(positive & predicted))
    of_class, called = int(np.count_nonzero(positive)), int(np.count_nonzero(predicted))
    return Confusion(hits, called - hits, of_class - hits, positive.size - of_class - called + hits)


def _of_counts(name: str, outputs: Outputs) -> Measured:
    counts, share = confusion(outputs), SHARES[name]
    part = share(counts, 0.5)

    def bounds(confidence: float) -> tuple[float, float]:
        bounded = share(counts, confidence)
        return bounded.low, bounded.high

    return _measured(part.value, counts.n, bounds)


def losses_of(name: str, outputs: Outputs) -> Losses:
    """Compute a metric that is made of row losses.

    Raises:
        ValueError: the metric is undefined on these rows, a score is no probability, or a number is not finite.
    """
    if NEEDS[name] == "score":
        return _OF_SCORES[name](outputs.are_positive(), outputs.probabilities())
    return _OF_VALUES[name](_numbers("labels", outputs.labels), _numbers("values", np.asarray(outputs.values)))


def _of_losses(name: str, outputs: Outputs) -> Measured:
    found = losses_of(name, outputs)
    return _measured(found.value, outputs.labels.size, found.bounds)


def _measured(value: float, n: int, bounds: Bounds) -> Measured:
    """Complete a metric whose bounds close in as the rows grow, by the square root."""

    def rows_to_decide(limit: float, confidence: float) -> int | None:
        low, high = bounds(confidence)
        return rows_by_width(value, value - low if limit < value else high - value, n, limit)

    return Measured(value, n, bounds, rows_to_decide)


def rows_by_width(value: float, width: float, n: int, limit: float) -> int | None:
    """Say how many rows would bring a bound as near to a value as a limit is.

    Args:
        value: observed.
        width: between the value and its bound on the limit's side.
        n: rows observed.
        limit: what the value is to be told apart from.

    Returns:
        The number of rows (in all, not on top), taking widths to shrink as 1/√n; None when the value equals the limit.
    """
    return None if value == limit else max(2, ceil(n * (width / (value - limit)) ** 2))


_OF_SCORES = {"log_loss": losses.log_loss, "brier": losses.brier}
_OF_VALUES = {"rmse": losses.rmse, "mae": losses.mae, "r2": losses.r2}
_MEASURES: dict[str, Callable[[Outputs], Measured]] = {
    "accuracy": _accuracy,
    "roc_auc": _roc_auc,
    "balanced_accuracy": partial(_of_counts, "balanced_accuracy"),
    "precision": partial(_of_counts, "precision"),
    "recall": partial(_of_counts, "recall"),
    "f1": partial(_of_counts, "f1"),
    **{name: partial(_of_losses, name) for name in ("log_loss", "brier", "rmse", "mae", "r2")},
}

METRICS: Mapping[str, Metric] = MappingProxyType(
    {name: Metric(name, needs=needs, has_interval=True, measure=_MEASURES[name]) for name, needs in NEEDS.items()}
)


def _numbers(name: str, values: NDArray[Any]) -> NDArray[np.float64]:
    numbers = vector(name, values)
    infinite = np.flatnonzero(~np.isfinite(numbers))
    if infinite.size:
        raise ValueError(f"{infinite.size} of {numbers.size} {name} are infinite; the first is in row {infinite[0]}")
    return numbers


def _column(name: str, values: ArrayLike) -> NDArray[Any]:
    """Give values as a vector without holes."""
    column = np.asarray(values)
    if column.ndim != 1:
        raise ValueError(f"{name} must have one dimension, not the shape {column.shape}")
    holes = np.asarray(column != column, dtype=np.bool_)  # noqa: PLR0124 - only NaN differs from itself, in any dtype
    if column.dtype == np.object_:
        holes |= np.asarray(column == None, dtype=np.bool_)  # noqa: E711 - element by element
    if holes.any():
        raise ValueError(f"{int(holes.sum())} of {column.size} {name} are missing")
    return column


def _is_text(column: NDArray[Any]) -> bool:
    return column.dtype.kind in "UT" or (column.dtype == np.object_ and isinstance(column[0], str))
