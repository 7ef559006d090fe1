"""Drift metrics that read numbers in order: Kolmogorov-Smirnov, Wasserstein, shifts of mean and standard deviation."""

from __future__ import annotations

from dataclasses import replace
from math import exp, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from pytest_mlgate.stats.detectable import POWER
from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.drift_pair import Bounds, Comparison, Effect
from pytest_mlgate.stats.folded import Gap, around
from pytest_mlgate.stats.homogeneity import CLEAR
from pytest_mlgate.stats.ks import Ks, ks_detectable
from pytest_mlgate.stats.trimmed import (
    Moments,
    log_ratio,
    log_ratio_bounds,
    same_mean_p,
    same_spread_p,
    spread_error,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Floats = NDArray[np.float64]

_POWER_Z = float(ndtri(POWER))
_GRID = 128
_NOTHING = 1e-12  # on a scale on which the values are about 1
_COARSE = 40
_PLAIN_P = 0.1  # above it no level calls a p-value significant, and none need be exact
_ENOUGH = 1_000  # rows of the smaller side, from which a long tail is normal enough


def kolmogorov(pair: Comparison) -> Effect:
    """Measure the largest gap between the distribution functions, exactly where the sides are known.

    Where only counts between edges are, the gap seen at an edge stands for it: a fail rests on that alone, and a pass
    on what the gap may be in between, which is no smaller than what these counts can tell.
    """
    found = pair.distance
    if pair.bracket is not None:
        return _bracketed(found, pair.bracket.high)
    return Effect(
        value=found.value,
        n=found.n,
        m=found.m,
        test=lambda: found.p_value,
        interval=found.bounds,
        seen=lambda m, alpha: ks_detectable(found.n, m, alpha),
    )


def _bracketed(found: Ks, high: float) -> Effect:
    widest = replace(found, value=high)
    return Effect(
        value=found.value,
        n=found.n,
        m=found.m,
        test=lambda: found.p_value,
        interval=lambda confidence: (found.bounds(confidence)[0], widest.bounds(confidence)[1]),
        seen=lambda m, alpha: max(high, ks_detectable(found.n, m, alpha)),
    )


def wasserstein(pair: Comparison) -> Effect:
    """The area between the distribution functions, winsorised, in interquartile ranges of the reference."""
    scaled = pair.scaled
    old, new = scaled.reference, scaled.current
    n, m = old.size, new.size
    gap = _gap(old, new)
    area = float(np.abs(old - new).mean()) if n == m else _area(old, new)
    spread = scaled.spread
    corrected = area * gap.kept
    # No function of slope 1 varies more than the values themselves do.
    error = sqrt(sum(one.variance / one.n for one in pair.moments))
    sd = sqrt(max(one.variance for one in pair.moments))

    def interval(confidence: float) -> Bounds:
        # The grid's area stands for the exact one; they differ by what lies between its places.
        per_area = area / gap.area if gap.area > 0.0 else 1.0
        low, high = around(area, lambda share: gap.expected(share) * per_area, error, confidence, np.inf)
        return low / spread, high / spread

    def seen(rows: int, alpha: float) -> float:
        return sqrt(1.0 / n + 1.0 / rows) * (gap.critical(alpha) + _POWER_Z * sd) / spread

    def test() -> float:
        if pair.counts.scheme == "exact":
            return pair.changed_p
        rough = gap.p_value(area)
        if rough > _PLAIN_P or min(n, m) >= _ENOUGH:
            return rough
        # Drawing millions of areas in a large family cannot contradict a distance whose exact test is this clear.
        if max(rough, pair.distance.p_value) < CLEAR / (pair.draws + 1):
            return 1.0 / (pair.draws + 1)
        return _drawn_area_p(old, new, pair)

    return Effect(corrected / spread, n, m, test, interval, seen)


def _drawn_area_p(old: _Floats, new: _Floats, pair: Comparison) -> float:
    """Test an area by permutation, on a grid that says nothing about which side a value came from."""
    places = np.concatenate([old, new])
    places.sort(kind="stable")
    grid = np.unique(places[np.round(_shares(_COARSE) * (places.size - 1)).astype(np.intp)])
    counts = np.array([np.bincount(np.searchsorted(grid, side, "left"), minlength=grid.size) for side in (old, new)])
    gap = Gap(np.empty(0), np.empty(0), np.diff(grid), 0.0)
    return gap.drawn_p(counts, new.size, pair.seed, pair.draws)


def _area(old: _Floats, new: _Floats) -> float:
    """Integrate the absolute difference of two distribution functions, exactly."""
    places = np.concatenate([old, new])
    places.sort(kind="stable")  # two ascending runs: merged in one pass
    gap = np.searchsorted(old, places[:-1], "right") / old.size - np.searchsorted(new, places[:-1], "right") / new.size
    return float((np.abs(gap) * np.diff(places)).sum())


def _gap(old: _Floats, new: _Floats) -> Gap:
    """Look at both distribution functions on a grid of their quantiles, closer in the tails."""
    n, m = old.size, new.size
    shares = _shares(_GRID)
    grid = np.unique(np.concatenate([side[np.round(shares * (side.size - 1)).astype(np.intp)] for side in (old, new)]))
    first, second = (
        (np.searchsorted(side, grid[:-1], "right") + np.searchsorted(side, grid[1:], "left")) / (2.0 * side.size)
        for side in (old, new)
    )
    return Gap(first - second, (n * first + m * second) / (n + m), np.diff(grid), 1.0 / n + 1.0 / m)


def _shares(places: int) -> _Floats:
    """Give evenly spread shares from 0 to 1, and a few more in the tails."""
    return np.concatenate([[0.0, 0.001, 0.002, 0.004], np.linspace(0.0, 1.0, places), [0.996, 0.998, 0.999]])


def mean_shift(pair: Comparison) -> Effect:
    """How far the mean moved, winsorised, in standard deviations of the reference or relative to its mean."""
    scaled, (old, new) = pair.scaled, pair.moments
    scale = abs(old.mean + scaled.centre / scaled.unit) if pair.relative else 1.0 if scaled.constant else old.sd
    if scale <= _NOTHING:
        if pair.relative:
            raise ValueError("the mean of the reference is 0, to which nothing is relative")
        raise ValueError("the reference shows no spread within its winsorised range")
    value = abs(new.mean - old.mean) / scale
    in_scale = 0.0 if pair.relative or scaled.constant else value * spread_error(old)
    error = sqrt(max(_pooled(old, new) * (1.0 / old.n + 1.0 / new.n), sum(one.variance / one.n for one in (old, new))))

    def interval(confidence: float) -> Bounds:
        half = normal_quantile(confidence) * sqrt((error / scale) ** 2 + in_scale**2)
        return max(0.0, value - half), value + half

    def seen(rows: int, alpha: float) -> float:
        sd = sqrt(max(old.variance, _pooled(old, new)))
        return (float(ndtri(1.0 - alpha / 2.0)) + _POWER_Z) * sd / scale * sqrt(1.0 / old.n + 1.0 / rows)

    return Effect(value, old.n, new.n, lambda: same_mean_p(old, new), interval, seen)


def _pooled(old: Moments, new: Moments) -> float:
    return (old.n * old.variance + new.n * new.variance) / (old.n + new.n)


def std_shift(pair: Comparison) -> Effect:
    """By how much of itself the standard deviation changed, winsorised."""
    scaled, (old, new) = pair.scaled, pair.moments
    if scaled.constant:  # the spread is nothing, and what it became is counted in rows that left
        value, ratio = new.sd, 0.0
    else:
        ratio = log_ratio(old.sd, new.sd)
        value = abs(exp(min(ratio, 700.0)) - 1.0)
    error = sqrt(spread_error(old) ** 2 + spread_error(new) ** 2)

    def interval(confidence: float) -> Bounds:
        half = normal_quantile(confidence) * error
        if scaled.constant:
            return max(0.0, value - half), value + half
        if not min(old.variance, new.variance) > 0.0:  # rows without spread show nothing of the rows not seen
            return 0.0, max(1.0, value)
        return log_ratio_bounds(ratio - half, ratio + half)

    def seen(rows: int, alpha: float) -> float:
        wide = max(spread_error(old) * sqrt(old.n), spread_error(new) * sqrt(new.n))
        z = float(ndtri(1.0 - alpha / 2.0)) + _POWER_Z
        return exp(min(z * wide * sqrt(1.0 / old.n + 1.0 / rows), 700.0)) - 1.0

    return Effect(value, old.n, new.n, lambda: same_spread_p(scaled.reference, scaled.current), interval, seen)
