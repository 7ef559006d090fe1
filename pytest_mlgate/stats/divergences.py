"""Divergences of two histograms that are sums over their cells: PSI, KL, Jensen-Shannon, Hellinger, Cramér's V.

Each is a function g(p, q) of the two shares of a cell, summed. Near "nothing changed" all are the same quantity up to a
factor, sum((q - p)**2 / p). So one expansion gives each its bias, its variance and its bounds, and a new divergence is
a row in a table: the function, its derivatives, that factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import xlogy

from pytest_mlgate.stats.cells import comparable
from pytest_mlgate.stats.detectable import POWER, noncentrality
from pytest_mlgate.stats.door import at_least, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pytest_mlgate.stats.binning import BinCounts
    from pytest_mlgate.stats.cells import Cells

    _Floats = NDArray[np.float64]
    _Function = Callable[[_Floats, _Floats], _Floats]

_BIT = log(2.0)


@dataclass(frozen=True, slots=True)
class Form:
    """A divergence: sum(g(p, q)) over cells, p the share of the reference and q that of the current sample.

    Args:
        g: not below 0, and 0 where p = q.
        slopes: its derivatives by p and by q.
        bends: its second derivatives by p and by q.
        curvature: c in g = c (q - p)**2 / p for small changes.
        root: whether the divergence is quoted as the square root of the sum.
        smoothed: whether g is infinite at empty cells, so that half a row is added to each (Jeffreys).
    """

    g: _Function
    slopes: tuple[_Function, _Function]
    bends: tuple[_Function, _Function]
    curvature: float
    root: bool
    smoothed: bool

    def shown(self, amount: float) -> float:
        """Turn a sum into the number that is quoted."""
        return sqrt(max(0.0, amount)) if self.root else max(0.0, amount)


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "psi": Form(  # population stability index, in nats
            g=lambda p, q: (q - p) * np.log(q / p),
            slopes=(lambda p, q: 1.0 - q / p - np.log(q / p), lambda p, q: 1.0 - p / q + np.log(q / p)),
            bends=(lambda p, q: (p + q) / p**2, lambda p, q: (p + q) / q**2),
            curvature=1.0,
            root=False,
            smoothed=True,
        ),
        "kl": Form(  # Kullback and Leibler's divergence of the reference from the current sample, in nats
            g=lambda p, q: p * np.log(p / q) - p + q,
            slopes=(lambda p, q: np.log(p / q), lambda p, q: 1.0 - p / q),
            bends=(lambda p, _: 1.0 / p, lambda p, q: p / q**2),
            curvature=1.0 / 2.0,
            root=False,
            smoothed=True,
        ),
        "js": Form(  # Jensen and Shannon's distance, base 2: between 0 and 1
            g=lambda p, q: (xlogy(p, 2.0 * p / (p + q)) + xlogy(q, 2.0 * q / (p + q))) / (2.0 * _BIT),
            slopes=(
                lambda p, q: np.log(2.0 * p / (p + q)) / (2.0 * _BIT),
                lambda p, q: np.log(2.0 * q / (p + q)) / (2.0 * _BIT),
            ),
            bends=(lambda p, q: q / (p * (p + q)) / (2.0 * _BIT), lambda p, q: p / (q * (p + q)) / (2.0 * _BIT)),
            curvature=1.0 / (8.0 * _BIT),
            root=True,
            smoothed=False,
        ),
        "hellinger": Form(  # Hellinger's distance: between 0 and 1
            g=lambda p, q: np.square(np.sqrt(p) - np.sqrt(q)) / 2.0,
            slopes=(lambda p, q: (1.0 - np.sqrt(q / p)) / 2.0, lambda p, q: (1.0 - np.sqrt(p / q)) / 2.0),
            bends=(lambda p, q: np.sqrt(q / p) / p / 4.0, lambda p, q: np.sqrt(p / q) / q / 4.0),
            curvature=1.0 / 8.0,
            root=True,
            smoothed=False,
        ),
        "cramers_v": Form(  # Cramér's V between side and cell, both sides weighted alike: between 0 and 1
            g=lambda p, q: np.square(q - p) / (p + q) / 2.0,
            slopes=(
                lambda p, q: -(q - p) * (3.0 * q + p) / np.square(p + q) / 2.0,
                lambda p, q: (q - p) * (3.0 * p + q) / np.square(p + q) / 2.0,
            ),
            bends=(lambda p, q: 4.0 * q**2 / (p + q) ** 3, lambda p, q: 4.0 * p**2 / (p + q) ** 3),
            curvature=1.0 / 4.0,
            root=True,
            smoothed=False,
        ),
    }
)
"""Divergences by name.

Cramér's V is that of two samples of equal size: with the textbook's weights, V of one and the same change would shrink
as the reference grows.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Divergence:
    """A divergence of two samples and what stands behind it.

    Attributes:
        form: which one.
        naive: the plain sum over cells; biased upwards.
        corrected: without that bias, as it came out: scatters around 0 when nothing changed.
        first_variance: of `corrected`, by the delta method; vanishes with the change.
        second_variance: of `corrected`, what is left when nothing changed: 2 df (c (1/n + 1/m))**2.
        df: degrees of freedom of the comparison, for `detectable`.
        reference_shares: float64[k], observed share of each bin in the reference.
        current_shares: float64[k], the same in the current sample.
        contributions: float64[k], what each bin adds to `naive`; none is negative.
    """

    form: Form
    naive: float
    corrected: float
    first_variance: float
    second_variance: float
    df: int
    reference_shares: NDArray[np.float64]
    current_shares: NDArray[np.float64]
    contributions: NDArray[np.float64]

    @property
    def value(self) -> float:
        """The divergence to report: bias-corrected, and 0 where the correction would leave less than nothing."""
        return self.form.shown(self.corrected)

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the divergence from both sides, each bound at its own one-sided confidence.

        The variance grows with the divergence. The lower bound takes it as estimated; the upper bound as it would be
        there, solving (sum - bound)**2 = z**2 variance(bound), because an estimate that is too small has too small a
        variance as well.

        Args:
            confidence: of each bound on its own, in [0.5, 1).

        Returns:
            The lower and the upper bound, neither below 0 and the value between them.

        Raises:
            ValueError: a confidence outside [0.5, 1).
        """
        z = normal_quantile(confidence)
        slope = self.first_variance / self.naive if self.naive > 0.0 else 0.0
        shift, start = z * z * slope / 2.0, max(0.0, self.corrected)
        high = start + shift + sqrt(shift**2 + z * z * (slope * start + self.second_variance))
        low = self.corrected - z * sqrt(self.first_variance + self.second_variance)
        return self.form.shown(low), self.form.shown(high)


def divergence(name: str, counts: BinCounts, cells: Cells | None = None) -> Divergence:
    """Measure how far the current shares of the bins have moved from those of the reference.

    The sum is over the cells that can be compared (`cells.comparable`). Its bias is what the second derivatives make of
    the noise in the shares, and, where half a row was added to every cell, what the first make of that. Derivatives are
    taken with those half rows, so that empty cells have some.

    Args:
        name: a key of `FORMS`.
        counts: the table; `n` reference rows, `m` current rows.
        cells: its comparable cells, where they are known already.

    Source:
        Yurdakul & Naranjo (2020), Statistical properties of the population stability index. J. Risk Model Validation
        14(4), 89-100, for the distribution of PSI when nothing changed; bias and variance by expansion of g.
    """
    form = FORMS[name]
    cells = comparable(counts) if cells is None else cells
    n, m, k = counts.n, counts.m, cells.reference.size
    p: _Floats = (cells.reference + np.float64(0.5)) / (n + 0.5 * k)
    q: _Floats = (cells.current + np.float64(0.5)) / (m + 0.5 * k)
    by_p, by_q = (slope(p, q) for slope in form.slopes)
    noise = form.bends[0](p, q) * p * (1.0 - p) / n + form.bends[1](p, q) * q * (1.0 - q) / m
    bias = float(noise.sum()) / 2.0
    if form.smoothed:
        parts = form.g(p, q)
        bias += float((by_p * (1.0 - k * p) / n + by_q * (1.0 - k * q) / m).sum()) / 2.0
    else:
        parts = form.g(cells.reference / n, cells.current / m)
    naive = float(parts.sum())
    return Divergence(
        form=form,
        naive=naive,
        corrected=naive - bias,
        first_variance=_variance(by_p, p) / n + _variance(by_q, q) / m,
        second_variance=2.0 * cells.df * (form.curvature * (1.0 / n + 1.0 / m)) ** 2,
        df=cells.df,
        reference_shares=counts.reference / n,
        current_shares=counts.current / m,
        contributions=cells.per_bin(parts, len(counts.labels)),
    )


def divergence_detectable(name: str, n: int, m: int, df: int, alpha: float, power: float = POWER) -> float:
    """Give the smallest divergence that a chi-square test at level `alpha` would have seen with the given power.

    Args:
        name: a key of `FORMS`.
        n: reference rows.
        m: current rows.
        df: degrees of freedom of the test (`Divergence.df`).
        alpha: level of the single test; the gate's level over the number of claims when many are judged.
        power: chance of seeing a change of that size.

    Returns:
        The divergence: c times the noncentrality that gives this power, times (n + m)/(n m).

    Raises:
        ValueError: no rows, no degree of freedom, or a level and power for which 0 < alpha < power < 1 fails.

    Example:
        >>> round(divergence_detectable("psi", 5_000, 159, df=9, alpha=0.01 / 20), 2)
        0.2
    """
    n, m = at_least("n", n, 1), at_least("m", m, 1)
    form = FORMS[name]
    return form.shown(form.curvature * noncentrality(df, alpha, power) * (1.0 / n + 1.0 / m))


def _variance(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    mean = float((weights * values).sum())
    return float((weights * (values - mean) ** 2).sum())
