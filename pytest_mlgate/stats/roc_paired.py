"""How much the ROC areas of two models differ, judged on the same rows.

Both models see the same easy and hard rows, so their areas rise and fall together and their difference is known far
better than either. DeLong's covariance says by how much. Where the rows are too few for it, the bounds are widened to
what the areas' own bounds allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from pytest_mlgate.stats.discordant import unseen_changes
from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.mover import Part, difference_of
from pytest_mlgate.stats.roc import RocAuc, checked_scores, placements

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# From this many rows of the rarer class on, DeLong's variance of a difference is trusted: it errs less than that of an
# area, whose skewness two similar models share.
ENOUGH_OF_THE_RARER = 30


@dataclass(frozen=True, slots=True, eq=False)
class RocDifference:
    """Two areas on the same rows.

    Attributes:
        new: the one area.
        old: the other.
        covariance: DeLong's estimate of the covariance of the two.
        changed: rows of each class that rank higher with the new model and lower with it, against the other class:
            (positives up, positives down, negatives up, negatives down).
    """

    new: RocAuc
    old: RocAuc
    covariance: float
    changed: tuple[int, int, int, int]

    def variance(self, share: float = 1.0) -> float:
        """Give DeLong's variance of `new - share * old`."""
        cross = 2.0 * share * self.covariance
        return max(0.0, self.new.variance + share * share * self.old.variance - cross)

    def bounds(self, confidence: float, share: float = 1.0) -> tuple[float, float]:
        """Bound `new - share * old` from both sides, each bound at its own one-sided confidence.

        Args:
            confidence: of each bound on its own, in [0.5, 1).
            share: of the old area; 0.98 asks whether more than 2 % of it was lost.

        Returns:
            The bounds: DeLong's for paired areas; with few rows, or where one model separates the classes, the wider of
            them and those made from the bounds of each area. Models that rank alike still leave room for rows not seen.

        Raises:
            ValueError: a confidence outside [0.5, 1).

        Source:
            DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.
        """
        value, half = self.new.value - share * self.old.value, normal_quantile(confidence) * sqrt(self.variance(share))
        low, high = value - half, value + half
        if not (self._enough(self.new) and self._enough(self.old)):
            new, old = (Part(one.value, *one.bounds(confidence)) for one in (self.new, self.old))
            wide = difference_of(new, old, self._correlation(), share)
            low, high = min(low, wide.low), max(high, wide.high)
        positives_up, positives_down, negatives_up, negatives_down = self.changed
        above = unseen_changes(positives_up, positives_down, self.new.positives, confidence)
        below = unseen_changes(negatives_down, negatives_up, self.new.negatives, confidence)
        if above is not None and below is not None:
            low, high = min(low, value - above[0] - below[0]), max(high, value + above[1] + below[1])
        return low, high

    def p_value(self) -> float | None:
        """Test whether the areas are equal; None where DeLong's variance of their difference is zero."""
        variance = self.variance()
        return float(2.0 * ndtr(-abs(self.new.value - self.old.value) / sqrt(variance))) if variance > 0.0 else None

    def _correlation(self) -> float:
        scale = sqrt(self.new.variance * self.old.variance)
        return max(-1.0, min(1.0, self.covariance / scale)) if scale > 0.0 else 0.0

    @staticmethod
    def _enough(auc: RocAuc) -> bool:
        return auc.estimable and min(auc.positives, auc.negatives) >= ENOUGH_OF_THE_RARER


def roc_difference(labels: ArrayLike, new: ArrayLike, old: ArrayLike) -> RocDifference:
    """Measure the ROC areas of two scores for the same rows, and how they vary together, in O(n log n).

    Args:
        labels: bool[n], true for the positive class.
        new: float[n], the one score.
        old: float[n], the other, row by row.

    Raises:
        ValueError: as `roc_auc`.

    Source:
        DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845; Sun & Xu (2014), IEEE Signal Processing
        Letters 21, 1389-1393.
    """
    sides = [placements(*checked_scores(labels, scores)) for scores in (new, old)]
    aucs = [
        RocAuc(area, _mean_variance(above, area) + _mean_variance(below, area), above.size, below.size)
        for area, above, below in sides
    ]
    covariance, changed = 0.0, []
    for first, second in zip(sides[0][1:], sides[1][1:], strict=True):
        covariance += _mean_covariance(first, second)
        changed += [int(np.count_nonzero(first > second)), int(np.count_nonzero(first < second))]
    # A negative row's placement counts the positives above it, so a higher one means that the row itself fell.
    positives_up, positives_down, negatives_down, negatives_up = changed
    return RocDifference(aucs[0], aucs[1], covariance, (positives_up, positives_down, negatives_up, negatives_down))


def _mean_variance(placed: NDArray[np.float64], area: float) -> float:
    return float(np.var(placed, ddof=1)) / placed.size if placed.size > 1 else area * (1.0 - area)


def _mean_covariance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Estimate the covariance of two means; a single row shows none."""
    if first.size == 1:
        return 0.0
    return float(np.dot(first - first.mean(), second - second.mean())) / (first.size - 1) / first.size
