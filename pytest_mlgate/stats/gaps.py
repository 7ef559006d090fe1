"""How far groups lie apart: the largest difference or the smallest ratio of a number, with bounds that can be believed.

Groups are held against each other, or each against all rows. Which bounds support which claim is said in
`group_claims`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.group_claims import TWO, check_defined, finite, too_small
from pytest_mlgate.stats.group_contrasts import OVERALL, contrasts, critical_of_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.stats.fairness_names import Agg, Method
    from pytest_mlgate.stats.group_contrasts import Contrasts
    from pytest_mlgate.stats.group_counts import Least
    from pytest_mlgate.stats.group_measures import GroupMeasure

Form = Literal["difference", "ratio"]
_LARGEST_RATIO = 1e6  # of a number to one that is 0, where it cannot be the smallest ratio


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups that lie apart: positions in the table, `OVERALL` for all rows; and in which number."""

    measure: GroupMeasure
    high: int
    low: int


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """The gap among groups.

    Attributes:
        measures: the numbers compared: one, or several of which the worst or the mean counts.
        form: whether they are compared by difference or by ratio.
        least: group sizes below which nothing is claimed.
        method: whether groups are compared with each other or with all rows.
        agg: what becomes of several numbers' gaps; they stand on different rows.
    """

    measures: Sequence[GroupMeasure]
    form: Form
    least: Least
    method: Method = "between_groups"
    agg: Agg = "worst_case"

    @property
    def value(self) -> float:
        """The gap among all groups that have the number, the small ones included."""
        gaps = [self._reported(float(self._observed(measure).values.max())) for measure in self.measures]
        return self._together(gaps)

    @property
    def pair(self) -> Pair:
        """The two groups it lies between; of several numbers, in the one with the widest gap."""
        found = []
        for measure in self.measures:
            seen = self._observed(measure)
            widest = int(np.argmax(seen.values))
            found.append((float(seen.values[widest]), Pair(measure, int(seen.high[widest]), int(seen.low[widest]))))
        return max(found, key=lambda one: one[0])[1]

    @property
    def small(self) -> NDArray[np.bool_]:
        """Which groups are too small for a claim, bool[K]."""
        return too_small(self.measures, self.least)

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the gap from both sides, each bound at its own one-sided confidence.

        Args:
            confidence: of each bound on its own, in [0.5, 1).

        Returns:
            The lower and the upper bound. The bound that a pass needs (upper for a difference, lower for a ratio) is
            the worst over contrasts, unadjusted, and says nothing while a group is too small. The one that a fail
            needs is the worst over groups of sufficient size, for all contrasts and numbers at once.

        Raises:
            ValueError: a confidence outside [0.5, 1).
        """
        small = self.small
        proven = self._together([self._reported(bound) for bound, _ in self._proven(confidence, small)])
        if small.any():
            widest = self._together([finite(measure.span[1] - measure.span[0]) for measure in self.measures])
            return (proven, widest) if self.form == "difference" else (0.0, proven)
        z, all_groups = normal_quantile(confidence), np.arange(small.size)
        seen = [contrasts(measure, all_groups, self.form, self.method, z) for measure in self.measures]
        if self.agg == "mean" and len(seen) > 1:
            bound = _mean_bound(seen, self.form)
        else:
            bound = self._together([self._reported(float(one.upper.max())) for one in seen])
        if self.form == "difference":
            most = max(measure.span[1] - measure.span[0] for measure in self.measures)
            return proven, finite(min(most, max(bound, proven)))
        return min(max(0.0, bound), proven), proven

    def proven_pair(self, confidence: float) -> Pair | None:
        """Give the pair of groups of sufficient size that is the farthest apart beyond doubt; None without two."""
        found = [(bound, pair) for bound, pair in self._proven(confidence, self.small) if pair is not None]
        return max(found, key=lambda one: one[0])[1] if found else None

    def scaled(self, factor: float) -> Gap:
        """Give the gap that so many times the rows would show if everything else held."""
        return replace(self, measures=[measure.scaled(factor) for measure in self.measures])

    def _observed(self, measure: GroupMeasure) -> Contrasts:
        return contrasts(measure, np.flatnonzero(~np.isnan(measure.values)), self.form, self.method, None)

    def _reported(self, contrast: float) -> float:
        """Turn the largest contrast into the gap: the ratio is the smaller number over the larger."""
        if self.form == "difference":
            return max(0.0, contrast)
        return min(1.0, 1.0 / contrast) if contrast > 0.0 else 1.0

    def _together(self, gaps: Sequence[float]) -> float:
        if self.agg == "mean":
            return float(np.mean(gaps))
        return max(gaps) if self.form == "difference" else min(gaps)

    def _proven(self, confidence: float, small: NDArray[np.bool_]) -> list[tuple[float, Pair | None]]:
        """Bound each number's gap from the side that a fail needs, and give the pair the bound comes from."""
        large = np.flatnonzero(~small)
        if large.size < TWO:
            return [(0.0 if self.form == "difference" else 1.0, None) for _ in self.measures]
        # Rates of different labels are independent, so the confidence of all at once is the product of each one's.
        critical = critical_of_all(int(large.size), self.method, confidence ** (1.0 / len(self.measures)))
        found: list[tuple[float, Pair | None]] = []
        for measure in self.measures:
            # A contrast is at least the reverse of its reverse's upper bound.
            seen = contrasts(measure, large, self.form, self.method, critical)
            least = int(np.argmin(seen.upper))
            bound = float(seen.upper[least])
            reverse = -bound if self.form == "difference" else 1.0 / bound if bound > 0.0 else np.inf
            found.append((reverse, Pair(measure, int(seen.low[least]), int(seen.high[least]))))
        return found


def gap(
    measures: Sequence[GroupMeasure],
    form: Form,
    least: Least,
    method: Method = "between_groups",
    agg: Agg = "worst_case",
) -> Gap:
    """Measure the gap among groups; arguments as in `Gap`.

    Raises:
        ValueError: fewer than two groups with a number, a group of sufficient size without one, or a ratio of numbers
            that are all 0. The message says which.
    """
    check_defined(measures, least)
    for measure in measures:
        if form == "ratio" and not np.nanmax(measure.values) > 0.0:
            raise ValueError(f"the {measure.words} is 0 in every group: a ratio of nothing to nothing")
    return Gap(measures, form, least, method, agg)


def _mean_bound(seen: Sequence[Contrasts], form: Form) -> float:
    """Bound the mean of two gaps whose estimates are independent: whichever two contrasts are the widest in truth.

    Source:
        Zou & Donner (2008), as in `rate_pairs.ratio_upper`, of each two contrasts.
    """
    if form == "difference":
        first, second = (_front(one.values, one.upper - one.values) for one in seen)
        sign = 1.0
    else:
        with np.errstate(divide="ignore"):
            ratios = [(np.minimum(1.0 / one.values, _LARGEST_RATIO), 1.0 / one.upper) for one in seen]
        first, second = (_front(-value, value - low) for value, low in ratios)
        sign = -1.0
    sums = first[0][:, None] + second[0][None, :] + np.hypot(first[1][:, None], second[1][None, :])
    return sign * float(sums.max()) / TWO


def _front(values: NDArray[np.float64], widths: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Keep the contrasts that no other exceeds in both value and width: only they can be the widest."""
    order = np.lexsort((-widths, -values))
    values, widths = values[order], widths[order]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(widths)[:-1]])
    kept = widths > before
    return values[kept], widths[kept]


__all__ = ["OVERALL", "Form", "Gap", "Pair", "gap"]
