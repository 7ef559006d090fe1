"""Sums and maxima of absolute differences: total variation, L-infinity, Wasserstein's distance.

Noise never cancels in them, so two samples of one distribution lie apart: by sums of E|N(0, s)|. How much of a
distance is noise depends on how much of it is not. The answer here: shrink the observed differences, all by one factor,
until the distance that samples with those true differences would show on average is the distance that was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincc, gammainccinv, ndtr

from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.homogeneity import drawn_p

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    _Floats = NDArray[np.float64]

_HALVINGS = 40
_PLACES = 256  # at which the distribution of a maximum is looked at
_CELLS = 400  # that can be the largest; a maximum over more is one over those that stand out


def expected_absolute(means: _Floats, spreads: _Floats) -> _Floats:
    """Give E|N(mean, spread)| for each of k normal variables: float64[k]."""
    ratios = np.divide(means, spreads, out=np.zeros_like(means), where=spreads > 0.0)
    folded = spreads * sqrt(2.0 / pi) * np.exp(-np.square(ratios) / 2.0) + means * (1.0 - 2.0 * ndtr(-ratios))
    return np.where(spreads > 0.0, folded, np.abs(means))


def expected_maximum(means: _Floats, spreads: _Floats) -> float:
    """Give E max|N(mean, spread)| of k normal variables, taken as independent."""
    if means.size > _CELLS:
        keep = np.argpartition(-(np.abs(means) + 3.0 * spreads), _CELLS)[:_CELLS]
        means, spreads = means[keep], spreads[keep]
    spreads = np.maximum(spreads, 1e-300)
    places = np.linspace(0.0, float((np.abs(means) + 6.0 * spreads).max()), _PLACES)
    below = ndtr((places[:, None] - means) / spreads) - ndtr((-places[:, None] - means) / spreads)
    beyond = 1.0 - np.prod(below, axis=1)
    return float(((beyond[1:] + beyond[:-1]) / 2.0 * np.diff(places)).sum())


def shrinkage(observed: float, expected: Callable[[float], float]) -> float:
    """Find the share of an observed distance that is not noise.

    Args:
        observed: the distance that was seen.
        expected: share s in [0, 1] of the observed differences, taken as true → the distance seen on average.

    Returns:
        The s at which both agree: 0 where noise alone explains as much, 1 where there is no noise.
    """
    if observed <= expected(0.0):
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if expected(middle) < observed else (low, middle)
    return high


def around(
    seen: float, expected: Callable[[float], float], error: float, confidence: float, most: float = 1.0
) -> tuple[float, float]:
    """Bound a distance from both sides, each bound at its own one-sided confidence.

    Args:
        seen: the distance of the samples; noise only ever adds to it on average, so it bounds from above as it is.
        expected: as in `shrinkage`, by which the lower bound is found.
        error: standard error of the distance of the samples.
        confidence: of each bound, in [0.5, 1).
        most: what the distance cannot exceed.
    """
    half = normal_quantile(confidence) * error
    return max(0.0, shrinkage(seen - half, expected) * seen), min(most, seen + half)


@dataclass(frozen=True, eq=False)
class Gap:
    """The area between two distribution functions on a grid, and what it would be if nothing had changed.

    Under "nothing changed" the difference at a place where a share h lies below is normal with variance h(1 - h)
    (1/n + 1/m), and correlated along the grid as a Brownian bridge; mean and variance of the area follow, and a gamma
    distribution with these comes close to its own.

    Args:
        differences: float64[g], distribution function of the reference less that of the current sample, by interval.
        below: float64[g], share of both samples together below, by interval, ascending.
        widths: float64[g], of the intervals.
        noise: 1/n + 1/m.
    """

    differences: NDArray[np.float64]
    below: NDArray[np.float64]
    widths: NDArray[np.float64]
    noise: float

    @property
    def area(self) -> float:
        """The observed area."""
        return float((np.abs(self.differences) * self.widths).sum())

    def expected(self, share: float) -> float:
        """Give the area that samples show on average if so much of the differences is true."""
        spreads = np.sqrt(self.below * (1.0 - self.below) * self.noise)
        return float((expected_absolute(share * self.differences, spreads) * self.widths).sum())

    @property
    def kept(self) -> float:
        """The share of the area that is not noise."""
        return shrinkage(self.area, self.expected)

    @cached_property
    def _unit_moments(self) -> tuple[float, float]:
        """Mean and variance of the area of unchanged samples with 1/n + 1/m = 1."""
        spreads = np.sqrt(self.below * (1.0 - self.below)) * self.widths
        used = spreads > 0.0
        spreads, h = spreads[used], self.below[used]
        odds = np.sqrt(h / (1.0 - h))
        correlation = np.clip(np.minimum.outer(odds, odds) / np.maximum.outer(odds, odds), 0.0, 1.0)
        both = np.sqrt(1.0 - correlation**2) + correlation * np.arcsin(correlation) - 1.0
        return sqrt(2.0 / pi) * float(spreads.sum()), 2.0 / pi * float(spreads @ both @ spreads)

    def p_value(self, area: float) -> float:
        """Give the chance of an area at least as large between two samples of one distribution."""
        mean, variance = self._unit_moments
        if mean <= 0.0:
            return 1.0
        return float(gammaincc(mean**2 / variance, area / sqrt(self.noise) * mean / variance))

    def drawn_p(self, counts: NDArray[np.int64], m: int, seed: int, draws: int) -> float:
        """Give that chance by permuting rows among the intervals, as few rows of a long tail demand.

        Args:
            counts: int64[2, g], rows of the reference and of the current sample in each interval, the tails included.
            m: current rows.
            seed: of the draws.
            draws: how many at most; see `homogeneity.homogeneity_p`.
        """
        totals, rng = counts.sum(axis=0), np.random.default_rng(seed)
        n = int(totals.sum()) - m

        def areas(current: NDArray[np.int64]) -> _Floats:
            reference = totals - current
            gaps = np.cumsum(reference, axis=-1) / n - np.cumsum(current, axis=-1) / m
            return np.asarray(np.abs(gaps[..., :-1]) @ self.widths, dtype=np.float64)

        def permuted(size: int) -> _Floats:
            return areas(rng.multivariate_hypergeometric(totals, m, size=size, method="marginals"))

        return drawn_p(float(areas(counts[1])), permuted, draws)

    def critical(self, alpha: float) -> float:
        """Give the area that unchanged samples with 1/n + 1/m = 1 exceed with probability `alpha`."""
        mean, variance = self._unit_moments
        if mean <= 0.0:
            return 0.0
        return float(gammainccinv(mean**2 / variance, alpha)) * variance / mean
