"""Metrics of two classes on rows that all count the same: what `counts` and `paired_counts` compute, as one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.counts import SHARES, Confusion
from pytest_mlgate.stats.paired_counts import paired_counts
from pytest_mlgate.stats.proportions import rows_by_width, rows_to_decide_proportion, wilson

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class PlainCounts:
    """A metric of four counts.

    Attributes:
        name: accuracy, or a key of `SHARES`.
        positive: bool[n], which rows are of the positive class.
        predicted: bool[n], which are predicted so.
        counts: how many rows are what.
        value: the metric.
    """

    name: str
    positive: NDArray[np.bool_]
    predicted: NDArray[np.bool_]
    counts: Confusion
    value: float

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the metric from both sides, each bound at its own one-sided confidence."""
        if self.name == "accuracy":
            return wilson(self._hits(), self.counts.n, confidence)
        part = SHARES[self.name](self.counts, confidence)
        return part.low, part.high

    def rows_to_decide(self, limit: float, confidence: float) -> int | None:
        """Say how many rows (in all) would decide about a limit if the observed value held."""
        if self.name == "accuracy":
            return rows_to_decide_proportion(self._hits(), self.counts.n, limit, confidence)
        low, high = self.bounds(confidence)
        width = self.value - low if limit < self.value else high - self.value
        return rows_by_width(self.value, width, self.counts.n, limit)

    def less(self, old: PlainCounts, confidence: float, share: float = 1.0) -> tuple[float, float]:
        """Bound this metric less `share` times that of another model on the same rows."""
        part = paired_counts(self.positive, self.predicted, old.predicted).difference(self.name, confidence, share)
        return part.low, part.high

    def _hits(self) -> int:
        return self.counts.true_positives + self.counts.true_negatives


def plain_counts(name: str, positive: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> PlainCounts:
    """Measure a metric of two classes.

    Args:
        name: accuracy, or a key of `SHARES`.
        positive: bool[n], which rows are of the positive class.
        predicted: bool[n], which are predicted so.

    Raises:
        ValueError: the metric is undefined for these rows; the message says why.
    """
    hits = int(np.count_nonzero(positive & predicted))
    of_class, called = int(np.count_nonzero(positive)), int(np.count_nonzero(predicted))
    counts = Confusion(hits, called - hits, of_class - hits, positive.size - of_class - called + hits)
    right = (hits + counts.true_negatives) / counts.n
    value = right if name == "accuracy" else SHARES[name](counts, 0.5).value
    return PlainCounts(name, positive, predicted, counts, value)
