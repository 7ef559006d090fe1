"""How estimates of metrics that are no plain shares spread around the truth."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import TYPE_CHECKING

from scipy.special import gammainc, logit, ndtr, ndtri, owens_t

from pytest_mlgate.stats.door import normal_quantile, share
from pytest_mlgate.stats.means import Moments, above_zero, moment_bounds
from pytest_mlgate.stats.planning import Estimates, Sampling
from pytest_mlgate.stats.roc import RocAuc

if TYPE_CHECKING:
    from collections.abc import Callable

NEAR = 1e-9  # as near to the end of a range as a plan looks
LARGEST = 1e12
_EXPONENT = 300.0


@dataclass(frozen=True, slots=True)
class Rows:
    """What is known of the rows.

    Attributes:
        n: how many independent ones there are.
        positives: how many of them are of the positive class; 0 where there is none.
    """

    n: int
    positives: int = 0

    @property
    def negatives(self) -> int:
        """How many are not."""
        return self.n - self.positives


@dataclass(frozen=True, slots=True)
class Area(Estimates):
    """An area under the ROC curve, of which the logit is about normal, where the scores of both classes are.

    Source:
        Hanley & McNeil (1982), equation 1, with the probability that two of one class rank above one of the other as
        equally spread normal scores have it; Owen (1956), Tables for computing bivariate normal probabilities.
    """

    rows: Rows

    def __post_init__(self) -> None:
        if min(self.rows.positives, self.rows.negatives) < 1:
            raise ValueError("one of the two classes has no rows")

    @property
    def range(self) -> tuple[float, float]:
        """The areas that have a row misranked; without any, the variance that is assumed says nothing."""
        nearest = 0.5 / (1 + min(self.rows.positives, self.rows.negatives))
        return nearest, 1.0 - nearest

    def bounds(self, value: float, confidence: float) -> tuple[float, float]:
        """Bound it as the gate does."""
        return RocAuc(value, self._variance(value), self.rows.positives, self.rows.negatives).bounds(confidence)

    def below(self, value: float, truth: float) -> float:
        """Say how likely an estimate lies below a value."""
        least, most = self.range
        area = min(max(share("the true area", truth), least), most)
        error = self.deviation(area) / (area * (1.0 - area))
        return float(ndtr((logit(value) - logit(area)) / error))

    def deviation(self, truth: float) -> float:
        """Give the standard error of an estimate."""
        return sqrt(self._variance(truth))

    def _variance(self, area: float) -> float:
        deviate = float(ndtri(area))
        both = area - 2.0 * float(owens_t(deviate, 1.0 / sqrt(3.0)))  # normals that correlate by one half
        pairs = self.rows.positives * self.rows.negatives
        return (area * (1.0 - area) + (self.rows.n - 2) * (both - area * area)) / pairs


@dataclass(frozen=True, slots=True)
class Mean(Estimates):
    """A mean of losses of which spread and skewness keep their proportion to the mean; such a mean is about gamma.

    Attributes:
        n: rows.
        variation: standard deviation of a row over the mean.
        skewness: of a row.
        open_ended: whether a loss knows no largest.
        root: whether the gate shows the square root of the mean.
    """

    n: int
    variation: float
    skewness: float
    open_ended: bool = True
    root: bool = False

    @property
    def range(self) -> tuple[float, float]:
        """Whatever is above zero."""
        return NEAR, LARGEST

    def bounds(self, value: float, confidence: float) -> tuple[float, float]:
        """Bound it as the gate does."""
        mean = value * value if self.root else value
        low, high = moment_bounds(mean, Moments(self.n, self.variation * mean, self.skewness, self.n), confidence)
        if self.open_ended:
            low, high = above_zero(mean, (low, high))
        low = max(0.0, low)
        return (sqrt(low), sqrt(high)) if self.root else (low, high)

    def below(self, value: float, truth: float) -> float:
        """Say how likely an estimate lies below a value."""
        ratio, shape = value / truth, self.n / self.variation**2
        return float(gammainc(shape, shape * (ratio * ratio if self.root else ratio)))

    def deviation(self, truth: float) -> float:
        """Give the standard error of an estimate."""
        return truth * self.variation / sqrt(self.n) / (2.0 if self.root else 1.0)


@dataclass(frozen=True, slots=True)
class Normal(Estimates):
    """An estimate that is normal, with an error that depends on the truth.

    Attributes:
        error: value → standard error.
        range: of the values it takes.
    """

    error: Callable[[float], float]
    range: tuple[float, float] = (-1.0, 1.0)

    def bounds(self, value: float, confidence: float) -> tuple[float, float]:
        """Bound it by its error as it would be estimated."""
        half = normal_quantile(confidence) * self.error(value)
        return value - half, value + half

    def below(self, value: float, truth: float) -> float:
        """Say how likely an estimate lies below a value."""
        error = self.error(truth)
        return float(ndtr((value - truth) / error)) if error > 0.0 else float(value > truth)

    def deviation(self, truth: float) -> float:
        """Give the standard error of an estimate."""
        return self.error(truth)


@dataclass(frozen=True, slots=True)
class Explained(Estimates):
    """The share of variance explained, of normal targets by predictions with normal errors."""

    n: int

    @property
    def range(self) -> tuple[float, float]:
        """Whatever is below one."""
        return -LARGEST, 1.0 - NEAR

    def bounds(self, value: float, confidence: float) -> tuple[float, float]:
        """Bound it as the gate does: from below on the logarithmic scale of what is not explained."""
        rest, half = 1.0 - value, normal_quantile(confidence) * self.deviation(value)
        return 1.0 - rest * exp(min(half / rest, _EXPONENT)), 1.0 - max(0.0, rest - half)

    def below(self, value: float, truth: float) -> float:
        """Say how likely an estimate lies below a value."""
        return float(ndtr((value - truth) / self.deviation(truth)))

    def deviation(self, truth: float) -> float:
        """Give the standard error of an estimate."""
        rest = 1.0 - truth
        # Var((e² - u z²) / V) for normal e and z that correlate by √u; as if all were unexplained where u is above one.
        return 2.0 * rest * sqrt(max(1.0 - rest, 0.5 * (rest > 1.0)) + NEAR) / sqrt(self.n)


def table_error(metric: Callable[[float, float, float, float], float], rows: Rows) -> Callable[[float], float]:
    """Give the standard error of a metric of counts, where misses and false alarms are equally many.

    Args:
        metric: shares of true positives, false positives, false negatives and true negatives → value, rising with the
            first.
        rows: how many, and how many positive.

    Returns:
        Value → standard error, by the delta method for multinomial shares.
    """
    positive = rows.positives / rows.n

    def cells(right: float) -> tuple[float, float, float, float]:
        return right, positive - right, positive - right, 1.0 - 2.0 * positive + right

    least, most = max(0.0, 2.0 * positive - 1.0), positive

    def error(value: float) -> float:
        low, high = least, most
        for _ in range(40):
            middle = (low + high) / 2.0
            low, high = (middle, high) if metric(*cells(middle)) < value else (low, middle)
        shares = cells((low + high) / 2.0)
        step = 1e-6
        slopes = []
        for place in range(4):
            up, down = ([one + sign * step * (i == place) for i, one in enumerate(shares)] for sign in (1.0, -1.0))
            slopes.append((metric(*up) - metric(*down)) / (2.0 * step))
        mean = sum(one * slope for one, slope in zip(shares, slopes, strict=True))
        variance = sum(one * (slope - mean) ** 2 for one, slope in zip(shares, slopes, strict=True))
        return sqrt(max(0.0, variance) / rows.n)

    return error


def difference(sampling: Sampling, new: float, old: float, correlation: float, times: float = 1.0) -> Normal:
    """Say how `new - times * old` spreads, for two models on the same rows.

    Args:
        sampling: of the metric of one model.
        new: the true value of the one.
        old: that of the other.
        correlation: between what a row contributes to the two.
        times: how many times the old value is taken off.
    """
    one, other = sampling.deviation(new), times * sampling.deviation(old)
    error = sqrt(max(0.0, one * one + other * other - 2.0 * correlation * one * other))
    return Normal(lambda _: error, (-LARGEST, LARGEST))
