"""How far groups lie apart: the largest difference or the smallest ratio of a rate, with bounds that can be believed.

A pass claims that no two groups are too far apart, so the upper bound is the worst over pairs of plain one-sided
bounds: whichever pair is the worst in truth, its own bound holds. A fail claims that some two are, found by looking at
all, so the lower bound pays for the looking. A group too small to speak of supports no claim: no fail rests on it, and
nothing passes while it is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.group_counts import RATES, GroupCounts, Least
from pytest_mlgate.stats.rate_pairs import difference_upper, range_critical, ratio_upper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    _Bools = NDArray[np.bool_]
    _Floats = NDArray[np.float64]

Form = Literal["difference", "ratio"]
_RATES_OF = {
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("tpr",),
    "equalized_odds": ("tpr", "fpr"),
    "false_positive_rate": ("fpr",),
    "false_negative_rate": ("fnr",),
    "precision": ("ppv",),
    "accuracy": ("accuracy",),
}
_FORMS: tuple[Form, ...] = ("difference", "ratio")
METRICS: Mapping[str, tuple[tuple[str, ...], Form]] = MappingProxyType(
    {f"{name}_{form}": (rates, form) for name, rates in _RATES_OF.items() for form in _FORMS}
)
_MOST_ROWS_FACTOR = 2.0**24
_TWO = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups that lie apart: positions in the table, and in which rate."""

    rate: str
    high: int
    low: int


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """The gap among groups in one metric.

    Attributes:
        value: the largest difference of two groups' rates, or the smallest ratio; the worst over the metric's rates.
        pair: the two groups it lies between.
        metric: its name in `METRICS`.
        counts: the table it stands on.
        least: group sizes below which nothing is claimed.
    """

    value: float
    pair: Pair
    metric: str
    counts: GroupCounts
    least: Least

    @property
    def rates(self) -> tuple[str, ...]:
        """The rates that the metric compares."""
        return METRICS[self.metric][0]

    @property
    def form(self) -> Form:
        """Whether it compares them by difference or by ratio."""
        return METRICS[self.metric][1]

    @property
    def small(self) -> _Bools:
        """Which groups are too small for a claim, bool[K]."""
        return _small(self.counts, self.rates, self.least)

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the gap from both sides, each bound at its own one-sided confidence.

        Args:
            confidence: of each bound on its own, in [0.5, 1).

        Returns:
            The lower and the upper bound, both in [0, 1]. The bound that a pass needs (upper for a difference, lower
            for a ratio) is the worst over pairs, unadjusted, and says nothing (1, or 0) while a group is too small.
            The one that a fail needs is the worst over pairs of groups of sufficient size, for all pairs and rates at
            once.

        Raises:
            ValueError: a confidence outside [0.5, 1).
        """
        return _bounds(self.counts, self.rates, self.form, confidence, self.least)

    def proven_pair(self, confidence: float) -> Pair | None:
        """Give the pair of groups of sufficient size that is the farthest apart beyond doubt; None without two."""
        return _proven(self.counts, self.rates, self.form, confidence, self.small)[1]

    def smallest_provable(self, group: int, confidence: float) -> float | None:
        """Give the smallest gap between a group of this size and the surest other that could be told from none.

        Args:
            group: position in the table.
            confidence: as in `bounds`, for all pairs at once.

        Returns:
            A difference, or a ratio below 1; None when even the widest gap could not be, or there is no other group.
        """
        critical = range_critical(max(_TWO, self.counts.cells.shape[0]), confidence ** (1.0 / len(self.rates)))
        found = [_provable(self.counts, rate, self.form, critical, group) for rate in self.rates]
        gaps = [gap for gap in found if gap is not None]
        return None if not gaps else min(gaps) if self.form == "difference" else max(gaps)

    def rows_to_decide(self, limit: float, confidence: float) -> int | None:
        """Say how many rows would decide about a limit if all observed shares held.

        Args:
            limit: largest difference or smallest ratio allowed.
            confidence: of each bound, as in `bounds`.

        Returns:
            The number of rows (in all, not on top); None when the present ones decide, or no number would: the value
            is the limit, or a group has no rows to multiply.
        """

        def decided(factor: float) -> bool:
            low, high = _bounds(self.counts.scaled(factor), self.rates, self.form, confidence, self.least)
            return low > limit or high <= limit if self.form == "difference" else high < limit or low >= limit

        if decided(1.0) or not decided(_MOST_ROWS_FACTOR):
            return None
        few, enough = 1.0, 2.0
        while not decided(enough):
            few, enough = enough, 2.0 * enough
        for _ in range(12):
            middle = (few + enough) / 2.0
            few, enough = (few, middle) if decided(middle) else (middle, enough)
        return ceil(float(self.counts.rows.sum()) * enough)


def gap(counts: GroupCounts, metric: str, least: Least) -> Gap:
    """Measure the gap among groups.

    Args:
        counts: rows by group, label and prediction.
        metric: a name in `METRICS`.
        least: group sizes below which nothing is claimed. A group with fewer rows may have no rate at all; in any
            other an undefined rate makes the gap undefined.

    Returns:
        The gap among all groups that have the rate, the small ones included.

    Raises:
        ValueError: an unknown metric, fewer than two groups with a rate, a group of sufficient size without one, or a
            ratio of rates that are all 0. The message says which.
    """
    if metric not in METRICS:
        raise ValueError(f"unknown metric {metric!r}")
    rates, form = METRICS[metric]
    found = [(_extremes(counts, rate, form, least), rate) for rate in rates]
    worst = max if form == "difference" else min
    (value, high, low), rate = worst(found, key=lambda one: one[0][0])
    return Gap(value=value, pair=Pair(rate, high, low), metric=metric, counts=counts, least=least)


def undefined(counts: GroupCounts, metric: str, least: Least) -> list[tuple[int, str]]:
    """List the groups of sufficient size that have no rate to compare, each with the rate."""
    return [
        (int(group), rate)
        for rate in METRICS[metric][0]
        for group in np.flatnonzero((counts.rows >= least.rows) & (counts.among(rate) == 0.0))
    ]


def _extremes(counts: GroupCounts, rate: str, form: Form, least: Least) -> tuple[float, int, int]:
    """Find the gap in one rate, and the groups with the highest and the lowest."""
    values, words = counts.rates(rate), RATES[rate].words
    without = int(np.count_nonzero(np.isnan(values) & (counts.rows >= least.rows)))
    if without:
        raise ValueError(f"the {words} of {without} of {values.size} groups is undefined: a share of no rows")
    if np.count_nonzero(~np.isnan(values)) < _TWO:
        raise ValueError(f"fewer than two groups have a {words}: there is nothing to compare")
    high, low = int(np.nanargmax(values)), int(np.nanargmin(values))
    if high == low:
        low = int(np.flatnonzero(~np.isnan(values) & (np.arange(values.size) != high))[0])
    if form == "difference":
        return float(values[high] - values[low]), high, low
    if values[high] == 0.0:
        raise ValueError(f"the {words} is 0 in every group: a ratio of nothing to nothing")
    return float(values[low] / values[high]), high, low


def _small(counts: GroupCounts, rates: tuple[str, ...], least: Least) -> _Bools:
    return np.asarray(np.any([counts.small(rate, least) for rate in rates], axis=0))


def _bounds(
    counts: GroupCounts, rates: tuple[str, ...], form: Form, confidence: float, least: Least
) -> tuple[float, float]:
    small = _small(counts, rates, least)
    proven, _ = _proven(counts, rates, form, confidence, small)
    if small.any():
        return (proven, 1.0) if form == "difference" else (0.0, proven)
    z = normal_quantile(confidence)
    upper = difference_upper if form == "difference" else ratio_upper
    widest = max(float(_off_diagonal(upper(counts.rates(rate), counts.among(rate), z)).max()) for rate in rates)
    if form == "difference":
        return proven, min(1.0, max(widest, proven))
    return min(1.0 / widest, proven), proven


def _proven(
    counts: GroupCounts, rates: tuple[str, ...], form: Form, confidence: float, small: _Bools
) -> tuple[float, Pair | None]:
    """Bound the gap from the side that a fail needs, and give the pair the bound comes from."""
    large = np.flatnonzero(~small & ~np.any([np.isnan(counts.rates(rate)) for rate in rates], axis=0))
    none = 0.0 if form == "difference" else 1.0
    if large.size < _TWO:
        return none, None
    # Rates of different labels are independent, so the confidence of all at once is the product of each one's.
    critical = range_critical(int(large.size), confidence ** (1.0 / len(rates)))
    upper = difference_upper if form == "difference" else ratio_upper
    best, pair = np.inf, None
    for rate in rates:
        # The difference [low, high] is bounded from above by something below 0, the ratio by something below 1.
        bounds = _off_diagonal(upper(counts.rates(rate)[large], counts.among(rate)[large], critical), np.inf)
        low, high = np.unravel_index(int(np.argmin(bounds)), bounds.shape)
        if pair is None or bounds[low, high] < best:
            best, pair = float(bounds[low, high]), Pair(rate, int(large[high]), int(large[low]))
    return (max(0.0, -best) if form == "difference" else min(1.0, best)), pair


def _off_diagonal(bounds: _Floats, filling: float = -np.inf) -> _Floats:
    return np.where(np.eye(bounds.shape[0], dtype=np.bool_), filling, bounds)


def _provable(counts: GroupCounts, rate: str, form: Form, critical: float, group: int) -> float | None:
    """Find how far a group of this size must lie from the surest other to be told from it."""
    among, values = counts.among(rate), counts.rates(rate)
    others = [other for other in np.flatnonzero(among > 0.0) if other != group]
    if among[group] == 0.0 or not others:
        return None
    surest = max(others, key=lambda other: float(among[other]))
    n = np.array([among[group], among[surest]])
    upper, none = (difference_upper, 0.0) if form == "difference" else (ratio_upper, 1.0)

    def told(own: float) -> bool:
        bounds = upper(np.array([own, values[surest]]), n, critical)
        return bool(bounds[0, 1] < none or bounds[1, 0] < none)

    gaps = []
    for end in (0.0, 1.0):
        if not told(end):
            continue
        near, far = float(values[surest]), end
        for _ in range(40):
            middle = (near + far) / 2.0
            near, far = (near, middle) if told(middle) else (middle, far)
        lower, higher = sorted((far, float(values[surest])))
        gaps.append(higher - lower if form == "difference" else lower / higher)
    return None if not gaps else min(gaps) if form == "difference" else max(gaps)
