"""Groups held against a reference group: each one's rate over the reference's, 1 where they are treated alike.

A disparity is wrong on either side, below 1 and above it, so it is held against a limit on each. Which group is shown,
and which of its bounds support which claim, follows from the side of the limits that it lies on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.fairness_names import PREDICTED_POSITIVES
from pytest_mlgate.stats.group_claims import UNBOUNDED, check_defined, finite, too_small
from pytest_mlgate.stats.rate_pairs import ratio_bounded, wilson_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.stats.group_counts import GroupCounts, Least
    from pytest_mlgate.stats.group_measures import GroupMeasure

    _Bools = NDArray[np.bool_]
    _Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PredictedPositives:
    """How many rows of each group are predicted positive, as a share of all that are: aequitas's `ppr`.

    The shares of two groups are of the same rows, so their ratio is that of two counts: given how many rows they have
    together, the one's is binomial.
    """

    counts: GroupCounts
    name: str = PREDICTED_POSITIVES
    words: str = "share of the rows predicted positive"
    span: tuple[float, float] = (0.0, 1.0)

    @property
    def hits(self) -> _Floats:
        """Rows predicted positive, float64[K]."""
        return self.counts.hits("selection_rate")

    @property
    def rows(self) -> _Floats:
        """All rows predicted positive, for each group."""
        return np.full(self.hits.shape, self.hits.sum())

    @property
    def rows_of_group(self) -> _Floats:
        """All rows of the group."""
        return self.counts.rows

    @property
    def values(self) -> _Floats:
        """The shares; NaN where no row is predicted positive."""
        rows = self.rows
        return np.where(rows > 0.0, self.hits / np.where(rows > 0.0, rows, 1.0), np.nan)

    def bounds(self, z: float) -> tuple[_Floats, _Floats]:
        """Bound each share by Wilson's interval."""
        rows = self.rows
        return wilson_each(self.values, np.where(rows > 0.0, rows, np.nan), z)

    def overall(self, _z: float | None) -> tuple[float, float, float]:
        """All of them."""
        return 1.0, 1.0, 1.0

    def small(self, least: Least) -> _Bools:
        """Compare the group's rows with the least; few predicted positive are what it is about."""
        return np.asarray(self.counts.rows < least.rows)

    def why_undefined(self, _group: int) -> str:
        """There is nothing to have a share of."""
        return "no row predicted positive"

    def said(self, group: int) -> str:
        """Write it as a percentage with its counts."""
        return f"{self.values[group]:.1%} ({self.hits[group]:,.0f} of {self.rows[group]:,.0f})"

    def sizes(self, _group: int, _least: Least) -> list[str]:
        """Only rows make a group too small."""
        return []

    def scaled(self, factor: float) -> PredictedPositives:
        """Multiply all counts."""
        return PredictedPositives(self.counts.scaled(factor))

    def ratio_bounds(self, reference: int, z: float) -> tuple[_Floats, _Floats]:
        """Bound each group's share over the reference's."""
        both = self.hits + self.hits[reference]
        share = np.where(both > 0.0, self.hits / np.where(both > 0.0, both, 1.0), 0.0)
        low, high = wilson_each(share, np.where(both > 0.0, both, np.nan), z)
        with np.errstate(divide="ignore"):
            return low / (1.0 - low), high / (1.0 - high)


@dataclass(frozen=True, slots=True, eq=False)
class Disparity:
    """How far groups' numbers lie from that of a reference group, as ratios.

    Attributes:
        measure: the number.
        reference: position of the reference group.
        least: group sizes below which nothing is claimed.
        lower: smallest disparity allowed, if any.
        upper: largest disparity allowed, if any.
        confidence: at which a group is taken to be proven beyond a limit.
    """

    measure: GroupMeasure
    reference: int
    least: Least
    lower: float | None = None
    upper: float | None = None
    confidence: float = 0.95

    @property
    def measures(self) -> Sequence[GroupMeasure]:
        """The one number."""
        return (self.measure,)

    @property
    def ratios(self) -> _Floats:
        """Each group's number over the reference's, float64[K]: 1 for the reference, NaN where undefined."""
        values = self.measure.values
        return np.asarray(values / values[self.reference])

    @property
    def small(self) -> _Bools:
        """Which groups are too small for a claim, bool[K]; all of them where the reference is."""
        small = too_small(self.measures, self.least)
        return np.ones_like(small) if small[self.reference] else small

    @property
    def value(self) -> float:
        """The disparity of the worst group."""
        return float(self.ratios[self.worst])

    @property
    def worst(self) -> int:
        """The group that is farthest beyond a limit: of those proven to be, if any; without limits, farthest from 1."""
        ratios, others = self.ratios, self._others
        large = others & ~self.small
        if large.any():
            low, high = self._at(self._critical(large))
            proven = np.where(large, self._excess(high, low), -inf)
            if (self.lower is not None or self.upper is not None) and proven.max() > 0.0:
                return int(np.argmax(proven))
        return int(np.nanargmax(np.where(others, self._excess(ratios, ratios), np.nan)))

    def each(self, confidence: float) -> tuple[_Floats, _Floats]:
        """Bound each group's disparity on its own, float64[K] each."""
        return self._at(normal_quantile(confidence))

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the value from both sides, each bound at its own one-sided confidence.

        Returns:
            The lowest and the highest bound of any group, unadjusted, which a pass needs; they say nothing while a
            group is too small. On the side where the value is beyond its limit, the bound that a fail needs instead:
            that of the group of sufficient size that is farthest beyond, for all at once (Bonferroni).

        Raises:
            ValueError: a confidence outside [0.5, 1).
        """
        low, high = self.each(confidence)
        some_small, others, value = bool(self.small.any()), self._others, self.value
        lowest = 0.0 if some_small else float(low[others].min())
        highest = UNBOUNDED if some_small else float(high[others].max())
        large = others & ~self.small
        if self.lower is not None and value < self.lower:
            highest = float(self._at(self._critical(large))[1][large].min()) if large.any() else UNBOUNDED
        elif self.upper is not None and value > self.upper:
            lowest = float(self._at(self._critical(large))[0][large].max()) if large.any() else 0.0
        return finite(lowest), finite(highest)

    def scaled(self, factor: float) -> Disparity:
        """Give what so many times the rows would show if all shares held."""
        return replace(self, measure=self.measure.scaled(factor))

    @property
    def _others(self) -> _Bools:
        others = ~np.isnan(self.ratios)
        others[self.reference] = False
        return others

    def _critical(self, groups: _Bools) -> float:
        """Give the normal quantile at which so many groups are bounded at once, each on one side."""
        return float(ndtri(1.0 - (1.0 - self.confidence) / np.count_nonzero(groups)))

    def _at(self, z: float) -> tuple[_Floats, _Floats]:
        if isinstance(self.measure, PredictedPositives):
            return self.measure.ratio_bounds(self.reference, z)
        upper = ratio_bounded(self.measure.values, *self.measure.bounds(z))
        with np.errstate(divide="ignore"):
            return 1.0 / upper[self.reference], upper[:, self.reference]

    def _excess(self, low: _Floats, high: _Floats) -> _Floats:
        """Say how far beyond the limits numbers lie, on the log scale: `low` of the lower one, `high` of the upper."""
        with np.errstate(divide="ignore"):
            if self.lower is None and self.upper is None:
                return np.asarray(np.abs(np.log(low)))
            beyond = np.full(low.shape, -inf)
            if self.lower is not None:
                beyond = np.maximum(beyond, np.log(self.lower) - np.log(low))
            if self.upper is not None:
                beyond = np.maximum(beyond, np.log(high) - np.log(self.upper))
        return beyond


def disparity(
    measure: GroupMeasure,
    reference: int,
    least: Least,
    lower: float | None = None,
    upper: float | None = None,
    confidence: float = 0.95,
) -> Disparity:
    """Hold groups against a reference group; arguments as in `Disparity`.

    Raises:
        ValueError: fewer than two groups with the number, a group of sufficient size without one, or a reference whose
            number is undefined or 0. The message says which.
    """
    check_defined((measure,), least)
    own = measure.values[reference]
    if not own > 0.0:
        raise ValueError(f"the {measure.words} of the reference group is {'0' if own == 0.0 else 'undefined'}")
    return Disparity(measure, reference, least, lower, upper, confidence)
