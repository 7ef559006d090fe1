"""Whether two samples could come from one distribution: the chi-square test of a 2 by k table, for thin tables too.

Its textbook p-value needs a few rows expected in every cell. Small samples and rare categories do not have them, and
there the distribution under "nothing changed" is drawn, or its moments are taken, from the table itself.
"""

from __future__ import annotations

from fractions import Fraction
from math import perm
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, gammaincc

from pytest_mlgate.stats.cells import comparable
from pytest_mlgate.stats.door import at_least

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pytest_mlgate.stats.binning import BinCounts
    from pytest_mlgate.stats.cells import Cells

_LEAST_EXPECTED = 5.0  # in every cell, for the textbook p-value
_MOST_DRAWN_CELLS = 200  # beyond, the exact moments of the permutation distribution serve better than draws
_MOST_DRAWN_ROWS = 10**9  # beyond, numpy draws no multivariate hypergeometric
CLEAR = 1e-4  # of the least p-value that draws can give; the textbook's is not exact that far out
_ENOUGH_EXCEEDING = 50  # draws at least as far out as the data, after which the p-value is known to about a seventh


def homogeneity_p(counts: BinCounts, seed: int, draws: int = 19_999, cells: Cells | None = None) -> float:
    """Test whether the two sides of a table of counts come from one distribution.

    What is compared are the cells of `cells.comparable`: values too rare to be told apart count as one.

    Args:
        counts: the table.
        seed: of the random draws; the same seed gives the same p-value.
        cells: what is compared, where it is known already.
        draws: how many tables to draw at most where the textbook p-value does not hold. No p-value below
            1/(draws + 1) can come out, so a family of k claims at level alpha needs more than k/alpha of them.

    Returns:
        The p-value; 1 when only one cell is in use. When fewer than 5 rows are expected in a cell, it comes
        from drawn tables as (b + 1)/(B + 1), drawing stopped early once 50 were at least as far out as the data (then
        50 over the number drawn): Dirichlet-multinomial given the reference for bins cut at reference quantiles,
        multivariate hypergeometric given both margins otherwise. Beyond 200 cells a gamma distribution with the exact
        permutation mean and variance takes the place of draws. Nothing is drawn where the table with its rare cells
        pooled is so far out that no draw would come near.

    Raises:
        ValueError: a negative seed or fewer than 1 draw.

    Source:
        Besag & Clifford (1991), Sequential Monte Carlo p-values. Biometrika 78, 301-304; Phipson & Smyth (2010),
        Permutation p-values should never be zero. SAGMB 9, 39; Haldane (1940), The mean and variance of chi-squared,
        when used as a test of homogeneity, when expectations are small. Biometrika 31, 346-355.
    """
    seed, draws = at_least("seed", seed, 0), at_least("draws", draws, 1)
    cells = comparable(counts) if cells is None else cells
    reference, current = cells.reference, cells.current
    totals, m = reference + current, counts.m
    if totals.size == 1:
        return 1.0
    observed = float(chi_square(reference, current))
    smaller = min(counts.n, m)
    if totals.min() * smaller / totals.sum() >= _LEAST_EXPECTED:
        return float(chdtrc(totals.size - 1, observed))
    drawn = counts.scheme == "quantile" or (totals.size <= _MOST_DRAWN_CELLS and totals.sum() < _MOST_DRAWN_ROWS)
    if not drawn:
        return _moment_p(observed, totals, m)
    if _settled(reference, current, draws):
        return 1.0 / (draws + 1)
    rng = np.random.default_rng(seed)
    if counts.scheme == "quantile":
        spacings = np.maximum(reference, 1)  # a bin the reference never filled still has room for one value
        return drawn_p(observed, lambda size: chi_square(reference, _new_sample(rng, spacings, m, size)), draws)

    def permuted(size: int) -> NDArray[np.float64]:
        shuffled = rng.multivariate_hypergeometric(totals, m, size=size, method="marginals")
        return chi_square(totals - shuffled, shuffled)

    return drawn_p(observed, permuted, draws)


def _settled(reference: NDArray[np.int64], current: NDArray[np.int64], draws: int) -> bool:
    """Tell whether cells pooled until the textbook p-value holds show a change that no number of draws could match.

    In a family of many claims a p-value has to be drawn from millions of tables, and most that matter are this clear.
    """
    totals = reference + current
    share = min(int(reference.sum()), int(current.sum())) / int(totals.sum())
    order = np.argsort(totals, kind="stable")
    starts, expected = [0], 0.0
    for place, rows in enumerate((totals[order] * share).tolist()):
        if expected >= _LEAST_EXPECTED:
            starts, expected = [*starts, place], 0.0
        expected += rows
    if len(starts) < 2 or expected < _LEAST_EXPECTED:  # noqa: PLR2004 - one cell has nothing to test
        return False
    old, new = (np.add.reduceat(side[order], starts) for side in (reference, current))
    return float(chdtrc(old.size - 1, float(chi_square(old, new)))) < CLEAR / (draws + 1)


def chi_square(reference: NDArray[np.int64], current: NDArray[np.int64]) -> NDArray[np.float64]:
    """Pearson's statistic of 2 by k tables whose cells lie along the last axis; cells without rows add nothing."""
    totals = reference + current
    n, m = reference.sum(axis=-1, keepdims=True), current.sum(axis=-1, keepdims=True)
    deviations = (current - totals * (m / (n + m))) ** 2 / np.maximum(totals, 1)
    scale = (n + m) ** 2 / (n.astype(np.float64) * m)
    return np.asarray(scale[..., 0] * deviations.sum(axis=-1), dtype=np.float64)


def _new_sample(rng: np.random.Generator, spacings: NDArray[np.int64], m: int, size: int) -> NDArray[np.int64]:
    """Draw counts of `m` new values in bins made of so many gaps between the values of an exchangeable sample."""
    shares = rng.standard_gamma(spacings.astype(np.float64), size=(size, spacings.size))
    return rng.multinomial(m, shares / shares.sum(axis=1, keepdims=True))


def drawn_p(observed: float, draw: Callable[[int], NDArray[np.float64]], draws: int) -> float:
    """Draw statistics in growing batches until enough are at least as large as the observed one.

    Args:
        observed: the statistic.
        draw: gives so many statistics under "nothing changed".
        draws: how many at most.

    Returns:
        The p-value as `homogeneity_p` describes it.
    """
    threshold = observed * (1.0 - 1e-9)  # equal tables must count as equal however they were summed
    done, exceeding = 0, 0
    while done < draws:
        size = min(max(250, 3 * done), draws - done)
        hits = np.flatnonzero(draw(size) >= threshold)
        if exceeding + hits.size >= _ENOUGH_EXCEEDING:
            return _ENOUGH_EXCEEDING / (done + int(hits[_ENOUGH_EXCEEDING - exceeding - 1]) + 1)
        done, exceeding = done + size, exceeding + hits.size
    return (exceeding + 1) / (draws + 1)


def _moment_p(observed: float, totals: NDArray[np.int64], m: int) -> float:
    """Approximate the permutation p-value by a gamma distribution with the exact permutation mean and variance.

    Given the totals t, the statistic is linear in S = sum(b**2 / t) over the current counts b, which are multivariate
    hypergeometric. Their mixed factorial moments of order r are products of falling factorials of t times
    m(m - 1)...(m - r + 1) / N(N - 1)...(N - r + 1), the chance that r given rows are all current.
    """
    t, k, rows = totals.astype(np.float64), totals.size, int(totals.sum())
    chance = [Fraction(perm(m, order), perm(rows, order)) for order in range(5)]
    one, two, three, four = (float(each) for each in chance[1:])
    spare = t - 1.0
    means = spare * two + one
    squares = (spare * ((t - 2.0) * (t - 3.0) * four + 6.0 * (t - 2.0) * three + 7.0 * two) + one) / t
    own = float((squares - means**2).sum())
    # Differences of nearly equal chances: exact before they are rounded.
    shared = (
        float(chance[4] - chance[2] ** 2) * (spare.sum() ** 2 - (spare**2).sum())
        + float(chance[3] - chance[1] * chance[2]) * 2.0 * (k - 1) * spare.sum()
        + float(chance[2] - chance[1] ** 2) * k * (k - 1)
    )
    if own + shared <= 1e-10 * own:  # every table with these margins has the same statistic
        return 1.0
    scale = rows * rows / (m * (rows - m))
    mean, variance = scale * float(means.sum() - m * m / rows), scale * scale * float(own + shared)
    return float(gammaincc(mean * mean / variance, observed * mean / variance))
