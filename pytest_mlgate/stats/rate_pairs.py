"""Bounds of the difference and the ratio of every two of K rates, and the price of looking at all of them.

The largest gap among groups is a maximum: the percentile bootstrap of it is wrong when the groups are alike, because
resampling adds to a gap that is noise already. Bounds of the single pairs are not, and the bounds of the maximum follow
from them. Each pair is bounded by combining the Wilson bounds of its two rates, which holds near 0 and 1 and in small
groups; for all pairs at once, the critical value is that of the range of K normal deviates.
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from pytest_mlgate.stats.door import at_least, normal_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Floats = NDArray[np.float64]

_TAIL = 8.5  # standard deviations beyond which a normal density adds nothing
_POINTS = 1_500
_WIDEST = 40.0


def wilson_each(rates: _Floats, n: _Floats, z: float) -> tuple[_Floats, _Floats]:
    """Bound K rates by Wilson's score interval, as `proportions.wilson` does one.

    Args:
        rates: float64[K], observed shares.
        n: float64[K], rows behind each, above 0; fractions allowed, for planning.
        z: normal quantile of each bound.

    Returns:
        Lower and upper bounds, float64[K] each.
    """
    spread = z * z / n
    centre = (rates + spread / 2.0) / (1.0 + spread)
    half = z * np.sqrt(rates * (1.0 - rates) / n + spread / (4.0 * n)) / (1.0 + spread)
    low = np.where(rates <= 0.0, 0.0, centre - half)
    return low, np.where(rates >= 1.0, 1.0, centre + half)


def difference_upper(rates: _Floats, n: _Floats, z: float) -> _Floats:
    """Bound every difference of two independent rates from above.

    Args:
        rates: float64[K], observed shares.
        n: float64[K], rows behind each, above 0.
        z: normal quantile of each bound.

    Returns:
        float64[K, K]: at [a, b] the upper bound of rate a less rate b. The lower bound is minus that at [b, a].

    Source:
        Newcombe (1998), Interval estimation for the difference between independent proportions: comparison of eleven
        methods. Statistics in Medicine 17, 873-890, method 10.

    Example:
        >>> upper = difference_upper(np.array([56 / 70, 48 / 80]), np.array([70.0, 80.0]), 1.959964)
        >>> round(float(upper[0, 1]), 4), round(-float(upper[1, 0]), 4)
        (0.3339, 0.0524)
    """
    return difference_bounded(rates, *wilson_each(rates, n, z))


def difference_bounded(values: _Floats, low: _Floats, high: _Floats) -> _Floats:
    """Bound every difference of two independent numbers from above, given the bounds of each: float64[K, K]."""
    return values[:, None] - values[None, :] + np.hypot((high - values)[:, None], (values - low)[None, :])


def ratio_upper(rates: _Floats, n: _Floats, z: float) -> _Floats:
    """Bound every ratio of two independent rates from above: the same on the log scale.

    Where one of the two is 0 there is no logarithm to start from, and the quotient of the single bounds stands in,
    which errs less often than it may. Elsewhere a bound meant to err .05 of the time was seen to err up to .054 at
    rates of a tenth and more, and up to .064 where a rate of .02 meets one of .12 on 100 to 200 rows.

    Args:
        rates: float64[K], observed shares.
        n: float64[K], rows behind each, above 0.
        z: normal quantile of each bound.

    Returns:
        float64[K, K]: at [a, b] the upper bound of rate a over rate b, infinite where b may be 0. The lower bound is
        1 over that at [b, a].

    Source:
        Zou & Donner (2008), Construction of confidence limits about effect measures: a general approach. Statistics
        in Medicine 27, 1693-1702.
    """
    return ratio_bounded(rates, *wilson_each(rates, n, z))


def ratio_bounded(values: _Floats, low: _Floats, high: _Floats) -> _Floats:
    """Bound every ratio of two independent numbers that are not negative from above: float64[K, K]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs, up, down = np.log(values), np.log(high / values), np.log(values / low)
        combined = np.exp(logs[:, None] - logs[None, :] + np.hypot(up[:, None], down[None, :]))
        single = high[:, None] / low[None, :]
    none = values <= 0.0
    return np.where(none[:, None] | none[None, :], np.where(low[None, :] > 0.0, single, np.inf), combined)


@lru_cache(maxsize=256)
def range_critical(groups: int, confidence: float) -> float:
    """Give the critical value for the differences of all pairs of K independent normal estimates at once.

    It is exact for equal standard errors and conservative for unequal ones.

    Args:
        groups: K, at least 2.
        confidence: that no difference exceeds the critical value times its standard error, in [0.5, 1).

    Returns:
        The quantile of the range of K standard normal deviates over the square root of 2: 1.96 for two groups at
        0.95, where it is the two-sided normal quantile.

    Raises:
        ValueError: fewer than 2 groups or a confidence outside [0.5, 1).

    Source:
        Tukey (1953), The problem of multiple comparisons; Hayter (1984), A proof of the conjecture that the
        Tukey-Kramer multiple comparisons procedure is conservative. Annals of Statistics 12, 61-75.

    Example:
        >>> round(range_critical(2, 0.95), 3), round(range_critical(9, 0.95), 3)
        (1.96, 3.102)
    """
    groups = at_least("groups", groups, 2)
    normal_quantile(confidence)  # refuses what is no confidence
    least = np.linspace(-_TAIL, _TAIL, _POINTS)
    density = np.exp(-(least**2) / 2.0) * (least[1] - least[0]) / sqrt(2.0 * np.pi)
    inside, outside = 0.0, _WIDEST
    for _ in range(60):
        middle = (inside + outside) / 2.0
        # The smallest deviate lies at `least`, the other K - 1 between it and `middle` above it.
        others = ndtr(least + middle) - ndtr(least)
        reached = groups * float(np.sum(density * others ** (groups - 1)))
        inside, outside = (middle, outside) if reached < confidence else (inside, middle)
    return outside / sqrt(2.0)
