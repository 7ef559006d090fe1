"""Bounds of a mean of row losses that hold although losses are skewed.

Most rows lose little and a few lose much, so Student's interval puts the mean too low too often. Hall's transformation
corrects for the skewness that the sample shows; the wider of the two bounds is taken on each side. What a sample cannot
show is the tail it never met: where hardly any row lost much, bounds are widened to those of the most spread-out losses
with the same mean, all or nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.proportions import wilson_of_rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# From this many rows that lost much on, the tail of losses is taken to have been seen.
ENOUGH_LARGE = 20
_LARGEST_EXPONENT = 300.0


def mean_bounds(values: NDArray[np.float64], confidence: float, *, worth: float | None = None) -> tuple[float, float]:
    """Bound the mean of independent rows from both sides, each bound at its own one-sided confidence.

    Args:
        values: float[n], one number a row.
        confidence: of each bound on its own, in [0.5, 1).
        worth: how many equal rows these are worth, where some count for more than others; at least one.

    Returns:
        The lower and the upper bound: on each side the wider of Student's and of Hall's, which corrects for skewness.

    Raises:
        ValueError: fewer than two rows or no spread between them, so that nothing can be estimated from it.

    Source:
        Hall (1992), On the removal of skewness by transformation. JRSS B 54, 221-228.
    """
    normal_quantile(confidence)  # checks the confidence
    n = values.size
    mean = float(values.mean())
    centred = values - mean
    squares = np.square(centred)
    spread = sqrt(float(squares.sum()) / max(1, n - 1))
    if n < 2 or spread <= abs(mean) * 1e-12:  # noqa: PLR2004 - a spread needs two rows
        raise ValueError(f"{n} rows without any spread show nothing of the rows not seen")
    skewness = float(np.dot(squares, centred)) / n / (float(squares.mean()) ** 1.5)
    return moment_bounds(mean, Moments(n, spread, skewness, n if worth is None else worth), confidence)


@dataclass(frozen=True, slots=True)
class Moments:
    """What the bounds of a mean depend on beside the mean.

    Attributes:
        n: rows.
        spread: their standard deviation.
        skewness: their third standardised moment.
        worth: how many equal rows they are worth.
    """

    n: int
    spread: float
    skewness: float
    worth: float


def moment_bounds(mean: float, moments: Moments, confidence: float) -> tuple[float, float]:
    """Bound a mean as `mean_bounds` does, from the moments of the rows alone."""
    t = float(stdtrit(max(1.0, moments.worth - 1.0), confidence))
    error = moments.spread / sqrt(moments.n)
    low = mean - error * max(t, _hall(t, moments.skewness, moments.n))
    high = mean - error * min(-t, _hall(-t, moments.skewness, moments.n))
    return low, high


def error_bounds(errors: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    """Bound the mean of errors that are not negative: those of `mean_bounds`, shaped by `above_zero`.

    Raises:
        ValueError: as `mean_bounds`.
    """
    return above_zero(float(errors.mean()), mean_bounds(errors, confidence))


@dataclass(frozen=True, slots=True)
class Tail:
    """What rows could have lost.

    Attributes:
        largest: by one row.
        large: how many independent rows lost much.
        n: how many there are.
    """

    largest: float
    large: int
    n: int


def above_zero(mean: float, bounds: tuple[float, float]) -> tuple[float, float]:
    """Shape the bounds of a mean of errors that are not negative and know no largest, such as squared ones.

    Args:
        mean: the mean, above zero.
        bounds: as `mean_bounds` gives them.

    Returns:
        The same, the upper one taken on the logarithmic scale, which leaves more room for the large errors that a small
        sample has not met. At 0.95 the upper bound of squared errors then errs up to 0.04 of the time with normal
        errors and 0.06 with Laplace errors on 100 rows or more; with fewer rows, or heavier tails (Student's with five
        degrees of freedom: 0.08), more.
    """
    low, high = bounds
    return max(0.0, low), mean * exp(min((high - mean) / mean, _LARGEST_EXPONENT))


def loss_bounds(
    mean: float, bounds: Callable[[float], tuple[float, float]], confidence: float, tail: Tail
) -> tuple[float, float]:
    """Bound the mean of losses that lie between zero and a known largest.

    Args:
        mean: of the losses.
        bounds: confidence → the bounds of `mean_bounds`; raises `ValueError` where the losses show no spread.
        confidence: of each bound on its own, in [0.5, 1).
        tail: what a row could have lost, and how many lost much; few of them say little of the tail.

    Returns:
        The bounds of `mean_bounds`, widened to Wilson's for losses that are all or nothing where fewer than
        `ENOUGH_LARGE` rows lost much or the losses show no spread. Never of zero width.
    """
    low, high = np.inf, -np.inf
    try:
        low, high = bounds(confidence)
        enough = tail.large >= ENOUGH_LARGE
    except ValueError:
        enough = False
    if not enough:
        rate = min(1.0, mean / tail.largest)
        widest = wilson_of_rate(rate, tail.n, confidence)
        low, high = min(low, tail.largest * widest[0]), max(high, tail.largest * widest[1])
    return max(0.0, float(low)), float(high)


def _hall(quantile: float, skewness: float, n: int) -> float:
    """Give the quantile of the studentised mean, corrected for skewness."""
    slope = skewness / sqrt(n)
    if abs(slope) < 1e-9:  # noqa: PLR2004 - the limit of the expression below
        return quantile
    return float(3.0 * (np.cbrt(1.0 + slope * (quantile - slope / 6.0)) - 1.0) / slope)
