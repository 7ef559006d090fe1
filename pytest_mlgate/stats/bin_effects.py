"""Drift metrics that read the counts of bins alone, and so apply to every column."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtri

from pytest_mlgate.stats.binning import OTHER_VALUES, UNSEEN, BinCounts
from pytest_mlgate.stats.detectable import noncentrality
from pytest_mlgate.stats.divergences import divergence, divergence_detectable
from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.drift_pair import Bounds, Comparison, Effect
from pytest_mlgate.stats.folded import around, expected_absolute, expected_maximum, shrinkage
from pytest_mlgate.stats.homogeneity import chi_square, homogeneity_p
from pytest_mlgate.stats.mover import Part, difference_of
from pytest_mlgate.stats.proportions import wilson

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    _Floats = NDArray[np.float64]


def divergence_effect(name: str) -> Callable[[Comparison], Effect]:
    """Measure by one of the divergences of `divergences.FORMS`."""

    def measure(pair: Comparison) -> Effect:
        found, n = divergence(name, pair.counts, pair.cells), pair.counts.n
        return Effect(
            value=found.value,
            n=n,
            m=pair.counts.m,
            test=lambda: pair.changed_p,
            interval=found.bounds,
            seen=lambda m, alpha: divergence_detectable(name, n, m, found.df, alpha),
        )

    return measure


def _cell_noise(pair: Comparison) -> tuple[_Floats, _Floats]:
    """Give the difference of shares in each cell, and its standard error with shares pulled towards each other."""
    cells, n, m = pair.cells, pair.counts.n, pair.counts.m
    k = cells.reference.size
    p = (cells.reference + 0.5) / (n + 0.5 * k)
    q = (cells.current + 0.5) / (m + 0.5 * k)
    return cells.current / m - cells.reference / n, np.sqrt(p * (1.0 - p) / n + q * (1.0 - q) / m)


def total_variation(pair: Comparison) -> Effect:
    """Half the sum of absolute differences: the share of rows that would have to move."""
    differences, spreads = _cell_noise(pair)
    n, df = pair.counts.n, pair.cells.df
    seen = float(np.abs(differences).sum()) / 2.0

    def expected(share: float) -> float:
        return float(expected_absolute(share * differences, spreads).sum()) / 2.0

    def interval(confidence: float) -> Bounds:
        # Total variation is the widest gap between two probabilities of one event: neither side errs more than those.
        error = sqrt(pair.noise) / 2.0
        low, high = around(seen, expected, error, confidence)
        # Where few cells moved, the others are noise as a whole, of which shrinking leaves some. No set of cells brings
        # more noise than one in which nothing moved.
        return min(low, max(0.0, seen - normal_quantile(confidence) * error - expected(0.0))), high

    return Effect(
        value=shrinkage(seen, expected) * seen,
        n=n,
        m=pair.counts.m,
        test=lambda: pair.changed_p,
        interval=interval,
        # sum |d| <= sqrt(sum d**2 / p): no change of this size stays below the test.
        seen=lambda m, alpha: sqrt(noncentrality(df, alpha) * (1.0 / n + 1.0 / m)) / 2.0,
    )


def largest_difference(pair: Comparison) -> Effect:
    """The largest absolute difference of a share."""
    differences, spreads = _cell_noise(pair)
    n, df = pair.counts.n, pair.cells.df
    seen = float(np.abs(differences).max())

    def expected(share: float) -> float:
        return expected_maximum(share * differences, spreads)

    together = (pair.cells.reference + pair.cells.current) / (n + pair.counts.m)
    widest = sqrt(float((together * (1.0 - together)).max()))
    return Effect(
        value=shrinkage(seen, expected) * seen,
        n=n,
        m=pair.counts.m,
        test=lambda: pair.changed_p,
        interval=lambda confidence: around(seen, expected, float(spreads.max()), confidence),
        # A share cannot change by d without d**2 / (p (1 - p)) in the sum that the test looks at.
        seen=lambda m, alpha: sqrt(noncentrality(df, alpha) * (1.0 / n + 1.0 / m)) * widest,
    )


def statistic(pair: Comparison) -> Effect:
    """The chi-square statistic of homogeneity itself; it grows with the rows, and so has no scale of effects."""
    value = float(chi_square(pair.cells.reference, pair.cells.current))
    df = pair.cells.df

    def interval(confidence: float) -> Bounds:
        z = normal_quantile(confidence)
        excess = max(0.0, value - df)  # the statistic of a changed table: mean df + l, variance 2 df + 4 l
        half = z * sqrt(2.0 * df + 4.0 * excess)
        return max(0.0, value - half), value + half

    def critical(alpha: float) -> float:
        return float(chdtri(df, alpha))

    return Effect(value, pair.counts.n, pair.counts.m, lambda: pair.changed_p, interval, None, critical)


def rate(label: str) -> Callable[[Comparison], Effect]:
    """The change of the share of rows in one bin, as a difference of two proportions."""

    def measure(pair: Comparison) -> Effect:
        n, m = pair.counts.n, pair.counts.m
        old, new = pair.rates(label)
        return _rate_effect(pair, old, new, abs(new / m - old / n), n, m)

    return measure


def unseen(pair: Comparison) -> Effect:
    """The share of rows with a category the reference never had, less what rare categories bring anyway."""
    if pair.pooled:
        raise ValueError("the profile counts its rare categories together, so none can be called new: name the table")
    n, m = pair.counts.n, pair.counts.m
    new = pair.rates(UNSEEN)[1] + pair.rates(OTHER_VALUES)[1]
    once = int(np.count_nonzero(pair.counts.reference == 1)) if pair.counts.scheme != "quantile" else 0
    # Good and Turing: as many rows hold something new as the reference has rows that nothing repeats.
    return _rate_effect(pair, once, new, max(0.0, new / m - once / n), n, m)


def _rate_effect(pair: Comparison, old: int, new: int, value: float, n: int, m: int) -> Effect:
    table = BinCounts(("yes", "no"), np.array([old, n - old]), np.array([new, m - new]), "category")
    together = (old + new) / (n + m)

    def interval(confidence: float) -> Bounds:
        parts = [Part(hits / rows, *wilson(hits, rows, confidence)) for hits, rows in ((old, n), (new, m))]
        gap = difference_of(parts[1], parts[0], 0.0)
        ends = sorted((abs(gap.low), abs(gap.high)))
        return (0.0 if gap.low <= 0.0 <= gap.high else ends[0]), ends[1]

    def seen(rows: int, alpha: float) -> float:
        excess, scale = noncentrality(1, alpha) * (1.0 / n + 1.0 / rows), 0.0
        for _ in range(50):  # the change is part of the share whose spread it is measured by
            share = min(0.5, max(together, scale * rows / (n + rows)))
            scale = max(1.0 / rows, sqrt(excess * share * (1.0 - share)))
        return min(1.0, scale)

    return Effect(value, n, m, lambda: homogeneity_p(table, pair.seed, pair.draws), interval, seen)
