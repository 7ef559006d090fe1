"""A numeric column on a scale of its own, on which no single value can say much: for means, spreads and distances.

Values beyond the reference's 0.1 % and 99.9 % count as those, so an outlier neither raises an alarm nor hides one. A
column of a few distinct values has rare ones that matter; there the ends are one range beyond the reference's. Of a
constant, all that counts is which rows left it and to which side.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, floor, lgamma, log, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincc, ndtr, stdtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.stats.sides import Side

    _Floats = NDArray[np.float64]

_TAIL = 0.001
_QUARTILES_APART = 1.3489795003921634  # interquartile range of a normal column, in standard deviations


@dataclass(frozen=True, slots=True, eq=False)
class Trimmed:
    """Both sides of a column, winsorised, in units of its own.

    Attributes:
        reference: float64[n], ascending, between -1 and 1 but for rounding; (value - centre) / unit.
        current: float64[m], likewise.
        centre: value that became 0.
        unit: what became 1.
        spread: the reference's scale for distances, in these units: its interquartile range, the range of a column of
            few values, 1 of a constant.
        constant: whether the reference is one.
    """

    reference: NDArray[np.float64]
    current: NDArray[np.float64]
    centre: float
    unit: float
    spread: float
    constant: bool


def trimmed(reference: Side, current: Side, *, few: bool) -> Trimmed:
    """Winsorise both sides by the reference and bring them to its scale.

    Args:
        reference: with at least one value, of the same type as
        current: likewise.
        few: whether the reference has only a few distinct values.

    Raises:
        ValueError: a side without values, or a reference without two finite numbers to give a scale.
    """
    for name, side in (("reference", reference), ("data", current)):
        if not side.values.size:
            raise ValueError(f"every value in the {name} is missing")
    old = reference.values
    finite = old[int(np.searchsorted(old, -np.inf, "right")) : int(np.searchsorted(old, np.inf))]
    if not finite.size:
        raise ValueError("the reference holds no finite number")
    n, last = finite.size, finite.size - 1
    if float(finite[0]) == float(finite[-1]):
        constant = finite[0]
        sides = [_sides_of(one, constant) for one in (reference, current)]
        return Trimmed(sides[0], sides[1], float(constant), 1.0, 1.0, constant=True)
    quartiles = float(finite[ceil(0.25 * n) - 1]), float(finite[ceil(0.75 * n) - 1])
    low, high = float(finite[0]), float(finite[-1])
    if few:
        low, high = low - (high - low), high + (high - low)
    elif n > 2:  # noqa: PLR2004 - the ends of two values are all there is
        low, high = float(finite[max(1, floor(_TAIL * n))]), float(finite[min(last - 1, ceil((1.0 - _TAIL) * n) - 1)])
        if low == high:  # all but a few rows hold one value
            low, high = float(finite[0]), float(finite[-1])
    unit = high - low
    if not np.isfinite(unit):
        raise ValueError("the reference spreads too wide for arithmetic")
    centre = float(finite[n // 2])
    scaled = [(np.clip(one.values.astype(np.float64), low, high) - centre) / unit for one in (reference, current)]
    spread = (float(finite[-1]) - float(finite[0]) if few else quartiles[1] - quartiles[0]) / unit
    if spread <= 0.0:  # more than half of the rows hold one value
        spread = float(scaled[0].std()) * _QUARTILES_APART
    return Trimmed(scaled[0], scaled[1], centre, unit, spread, constant=False)


def _sides_of(side: Side, constant: float) -> NDArray[np.float64]:
    """Say of each row whether it lies below, on or above a constant: -1, 0, 1."""
    below, upto = int(np.searchsorted(side.values, constant)), int(np.searchsorted(side.values, constant, "right"))
    return np.repeat([-1.0, 0.0, 1.0], [below, upto - below, side.values.size - upto])


@dataclass(frozen=True, slots=True)
class Moments:
    """The first moments of a sample about its own mean."""

    n: int
    mean: float
    variance: float  # of the sample, divided by n
    third: float
    fourth: float

    @property
    def sd(self) -> float:
        """Standard deviation, with n - 1."""
        return sqrt(self.variance * self.n / max(1, self.n - 1))

    @property
    def kurtosis(self) -> float:
        """Fourth moment over the squared variance, at least 1; that of a normal sample where there is no spread."""
        return max(1.0, self.fourth / self.variance**2) if self.variance > 0.0 else 3.0


def moments(values: NDArray[np.float64]) -> Moments:
    """Take the moments of float64[n], n at least 1."""
    mean = float(values.mean())
    centred = values - mean
    squares = np.square(centred)
    variance, third = float(squares.mean()), float(np.dot(squares, centred)) / values.size
    return Moments(values.size, mean, variance, third, float(np.dot(squares, squares)) / values.size)


def same_mean_p(first: Moments, second: Moments) -> float:
    """Test whether two samples of one distribution would have means as far apart.

    The permutation distribution of the difference is approximated by Pearson's type III with its exact mean, variance
    and skewness, which holds for rare events and skewed columns where Student's does not; where both samples vary, the
    larger of this and Welch's p-value is given, so that a sample that merely became more spread is no shift.

    Source:
        Mielke & Berry (2007), Permutation methods: a distance function approach, 2nd ed., for permutation tests by
        their exact moments; Welch (1947), Biometrika 34, 28-35.
    """
    n, m = first.n, second.n
    rows = n + m
    difference = second.mean - first.mean
    centre = (n * first.mean + m * second.mean) / rows
    variance = third = 0.0
    for one in (first, second):
        d = one.mean - centre
        variance += one.n / rows * (one.variance + d * d)
        third += one.n / rows * (one.third + 3.0 * d * one.variance + d**3)
    if variance <= 0.0 or rows < 3:  # noqa: PLR2004 - two rows have one order
        return 1.0
    standard = difference / sqrt(variance * rows / (rows - 1) * (1.0 / n + 1.0 / m))
    skewness = third / variance**1.5 * (rows - 2 * m) / (rows - 2) * sqrt((rows - 1) / (n * m))
    p_value = min(1.0, 2.0 * _pearson_tail(standard, skewness))
    least = 2.0 * exp(lgamma(n + 1) + lgamma(m + 1) - lgamma(rows + 1))  # one order among all
    p_value = min(1.0, max(p_value, least))
    if first.variance > 0.0 and second.variance > 0.0:
        p_value = max(p_value, _welch_p(first, second))
    return p_value


def _pearson_tail(standard: float, skewness: float) -> float:
    """Give the tail beyond a standardised value, away from 0, of a distribution with so much skewness."""
    if standard * skewness <= 1e-3:  # noqa: PLR2004 - on the thin side type III ends where the truth does not
        return float(ndtr(-abs(standard)))
    shape = 4.0 / skewness**2
    return float(gammaincc(shape, shape + abs(standard) * sqrt(shape)))


def _welch_p(first: Moments, second: Moments) -> float:
    parts = [one.sd**2 / one.n for one in (first, second)]
    total = sum(parts)
    freedom = total**2 / sum(part**2 / max(1, one.n - 1) for part, one in zip(parts, (first, second), strict=True))
    t = (second.mean - first.mean) / sqrt(total)
    return float(2.0 * stdtr(freedom, -abs(t)))


def same_spread_p(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Test whether two samples of one distribution would have spreads as far apart: the means of squared deviations."""
    deviations = []
    for values in (first, second):
        freed = values.size / max(1, values.size - 1)  # the own mean lies nearer than the true one
        deviations.append(moments(np.square(values - values.mean()) * freed))
    return same_mean_p(*deviations)


def spread_error(sample: Moments) -> float:
    """Give the standard error of the logarithm of a sample's standard deviation."""
    return sqrt(max(sample.kurtosis - 1.0, 1e-12) / (4.0 * sample.n))


def log_ratio_bounds(low: float, high: float) -> tuple[float, float]:
    """Fold an interval of log ratios into one of absolute relative changes."""
    ends = sorted(abs(exp(end) - 1.0) for end in (low, high))
    return (0.0 if low <= 0.0 <= high else ends[0]), ends[1]


def log_ratio(first: float, second: float) -> float:
    """Give the logarithm of second/first, minus or plus a very large number where one of them is nothing."""
    if first <= 0.0 or second <= 0.0:
        return 0.0 if first == second else (-700.0 if second <= 0.0 else 700.0)
    return log(second / first)
