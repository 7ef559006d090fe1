"""Metrics that depend on the four counts of right and wrong, with closed-form bounds.

Each is a share, or made of shares, of some of the rows: precision of those predicted positive, recall of the positive
ones, the Jaccard index of all that are positive or predicted so, of which F1 is a rising function. Given how many rows
those are, the share is binomial; so Wilson's bounds hold for it, where resampling the counts needs many rows and gives
zero width at 0 and 1. With few rows right or few wrong Wilson's error is up to half as much again as stated, and the
exact bounds take over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgate.stats.mover import Part, sum_of
from pytest_mlgate.stats.proportions import clopper_pearson, wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# From this many rows of the rarer outcome on, Wilson's bounds alone are trusted.
ENOUGH_OF_EACH = 20


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many rows are what, and predicted what."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def n(self) -> int:
        """All rows."""
        return self.true_positives + self.false_positives + self.false_negatives + self.true_negatives


def precision(counts: Confusion, confidence: float) -> Part:
    """Share of rows predicted positive that are.

    Raises:
        ValueError: no row is predicted positive.
    """
    predicted = counts.true_positives + counts.false_positives
    return _share(counts.true_positives, predicted, confidence, "precision", "predicted positive")


def recall(counts: Confusion, confidence: float) -> Part:
    """Share of positive rows that are predicted so.

    Raises:
        ValueError: no row is positive.
    """
    positive = counts.true_positives + counts.false_negatives
    return _share(counts.true_positives, positive, confidence, "recall", "positive")


def specificity(counts: Confusion, confidence: float) -> Part:
    """Share of negative rows that are predicted so.

    Raises:
        ValueError: no row is negative.
    """
    negative = counts.true_negatives + counts.false_positives
    return _share(counts.true_negatives, negative, confidence, "specificity", "negative")


def f1(counts: Confusion, confidence: float) -> Part:
    """Harmonic mean of precision and recall, `2 J / (1 + J)` for the Jaccard index J.

    Raises:
        ValueError: no row is positive or predicted so.
    """
    either = counts.n - counts.true_negatives
    jaccard = _share(counts.true_positives, either, confidence, "f1", "positive or predicted positive")
    return Part(_f1_of(jaccard.value), _f1_of(jaccard.low), _f1_of(jaccard.high))


def balanced_accuracy(counts: Confusion, confidence: float) -> Part:
    """Mean of recall and specificity, which stand on different rows and so err independently.

    Raises:
        ValueError: no row of one class.
    """
    classes = counts.true_positives + counts.false_negatives, counts.true_negatives + counts.false_positives
    if not all(classes):
        only = "negative" if not classes[0] else "positive"
        raise ValueError(f"balanced_accuracy is undefined with one class: all {counts.n} rows are {only}")
    return sum_of(recall(counts, confidence), specificity(counts, confidence)).times(0.5)


SHARES: Mapping[str, Callable[[Confusion, float], Part]] = {
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "balanced_accuracy": balanced_accuracy,
}


def _share(hits: int, among: int, confidence: float, name: str, which: str) -> Part:
    if not among:
        raise ValueError(f"{name} is undefined: no row is {which}")
    return share_of(hits, among, confidence)


def share_of(hits: int, among: int, confidence: float) -> Part:
    """Bound a share by Wilson, widened to the exact bounds where few rows are hits or few are not."""
    low, high = wilson(hits, among, confidence)
    if min(hits, among - hits) < ENOUGH_OF_EACH:
        exact = clopper_pearson(hits, among, confidence)
        low, high = min(low, exact[0]), max(high, exact[1])
    return Part(hits / among, low, high)


def _f1_of(jaccard: float) -> float:
    return 2.0 * jaccard / (1.0 + jaccard)
