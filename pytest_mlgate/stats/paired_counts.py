"""Differences of metrics that depend on counts, for two models on the same rows.

The eight counts of label, new and old prediction hold everything. Recall and specificity are paired shares of one
class, for which Newcombe's interval is made. Precision and F1 stand on rows that the models choose themselves, so their
own bounds are joined by the correlation that the eight counts show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.counts import SHARES, Confusion
from pytest_mlgate.stats.discordant import ENOUGH, PairedShares, unseen_changes
from pytest_mlgate.stats.mover import Part, difference_of, sum_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

# From this many changed rows on, the bounds of precision and F1 need no widening: their own are wide already.
ENOUGH_FOR_SHARES = 5
_LABEL, _NEW, _OLD = np.indices((2, 2, 2)).reshape(3, 8).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class PairedCounts:
    """Rows by label, new prediction and old prediction.

    Attributes:
        cells: int64[2, 2, 2], in that order, negative first.
    """

    cells: NDArray[np.int64]

    @property
    def n(self) -> int:
        """All rows."""
        return int(self.cells.sum())

    def confusion(self, *, new: bool) -> Confusion:
        """Give the counts of one of the two models."""
        table = self.cells.sum(axis=2 if new else 1)
        return Confusion(int(table[1, 1]), int(table[0, 1]), int(table[1, 0]), int(table[0, 0]))

    def shares(self) -> PairedShares:
        """Count rows that both, either or neither model has right."""
        positive, negative = self._of_class(1), self._of_class(0)
        return PairedShares(
            positive.both + negative.both,
            positive.gained + negative.gained,
            positive.lost + negative.lost,
            positive.neither + negative.neither,
        )

    def difference(self, metric: str, confidence: float, share: float = 1.0) -> Part:
        """Bound the new value of a metric less `share` times the old one.

        Args:
            metric: accuracy, balanced_accuracy, precision, recall or f1.
            confidence: of each bound on its own, in [0.5, 1).
            share: of the old value.

        Raises:
            ValueError: the metric is undefined for one of the models.
        """
        if metric == "accuracy":
            return _allowing_unseen(self.shares(), confidence, share)
        new, old = (SHARES[metric](self.confusion(new=which), confidence) for which in (True, False))
        if metric == "recall":
            return _allowing_unseen(self._of_class(1), confidence, share)
        if metric == "balanced_accuracy":
            sides = [_allowing_unseen(self._of_class(label), confidence, share) for label in (1, 0)]
            return sum_of(sides[0], sides[1]).times(0.5)
        part = difference_of(new, old, self._correlation(metric), share)
        # What one row can do to a share of few rows is as much as those are fewer than all.
        relevant = min(_denominator(metric, self.confusion(new=which)) for which in (True, False))
        return _widened(part, self.shares(), confidence, cost=self.n / relevant, enough=ENOUGH_FOR_SHARES)

    def _of_class(self, label: int) -> PairedShares:
        right = self.cells[label] if label else self.cells[label, ::-1, ::-1]
        return PairedShares(int(right[1, 1]), int(right[1, 0]), int(right[0, 1]), int(right[0, 0]))

    def _correlation(self, metric: str) -> float:
        """Correlate what rows contribute to the metric of the one model and of the other (the delta method).

        As Newcombe does for paired shares, half a row is taken off a positive correlation.
        """
        weights = self.cells.reshape(8) / self.n
        first, second = (_influence(metric, _LABEL, predicted, weights) for predicted in (_NEW, _OLD))
        scale = float(np.sqrt(np.dot(weights, first**2) * np.dot(weights, second**2)))
        if scale <= 0.0:
            return 0.0
        correlation = float(np.clip(np.dot(weights, first * second) / scale, -1.0, 1.0))
        half_a_row = 0.5 * float(np.abs(first * second).max()) / (self.n * scale)
        return max(0.0, correlation - half_a_row) if correlation > 0.0 else correlation


def paired_counts(labels: NDArray[np.bool_], new: NDArray[np.bool_], old: NDArray[np.bool_]) -> PairedCounts:
    """Count the rows.

    Args:
        labels: bool[n], true for the positive class.
        new: bool[n], what the one model predicts.
        old: bool[n], what the other predicts.
    """
    cell = labels.astype(np.uint8) * np.uint8(4) + new.astype(np.uint8) * np.uint8(2) + old.astype(np.uint8)
    return PairedCounts(np.bincount(cell, minlength=8).reshape(2, 2, 2))


def _influence(
    metric: str, label: NDArray[np.float64], predicted: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Say how a row of each cell moves precision or F1, up to a factor."""
    influence: NDArray[np.float64]
    if metric == "precision":
        influence = predicted * (label - np.dot(weights, predicted * label) / np.dot(weights, predicted))
        return influence
    value = 2.0 * np.dot(weights, predicted * label) / np.dot(weights, predicted + label)
    influence = 2.0 * label * predicted - value * (label + predicted)
    return influence


def _denominator(metric: str, counts: Confusion) -> float:
    predicted = counts.true_positives + counts.false_positives
    if metric == "precision":
        return predicted
    return (predicted + counts.true_positives + counts.false_negatives) / 2.0


def _allowing_unseen(shares: PairedShares, confidence: float, share: float) -> Part:
    return _widened(shares.difference(confidence, share), shares, confidence, cost=1.0)


def _widened(part: Part, shares: PairedShares, confidence: float, *, cost: float, enough: int = ENOUGH) -> Part:
    """Widen bounds for rows that were not seen and may have changed, where few of those seen did."""
    unseen = unseen_changes(shares.gained, shares.lost, shares.n, confidence, enough)
    if unseen is None:
        return part
    below, above = unseen
    return Part(part.value, min(part.low, part.value - cost * below), max(part.high, part.value + cost * above))
