"""The population stability index, corrected for what two samples of one distribution would show anyway.

The plain index of two samples is positive even if nothing changed, by about (k - 1)(1/n + 1/m): .3 at ten bins and
thirty rows, which is why thresholds such as .2 raise false alarms on small samples. Here that excess is subtracted, an
interval comes with it, and whether anything changed at all is left to a test (`homogeneity_p`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtri, chndtrinc

from pytest_mlgate.stats.cells import comparable
from pytest_mlgate.stats.door import at_least, normal_quantile
from pytest_mlgate.stats.homogeneity import homogeneity_p

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.stats.binning import BinCounts

    _Floats = NDArray[np.float64]

__all__ = ["Psi", "homogeneity_p", "psi", "psi_detectable", "psi_rows_to_decide"]


@dataclass(frozen=True, slots=True, eq=False)
class Psi:
    """A population stability index and what stands behind it.

    Attributes:
        naive: the plain index of the smoothed shares, in nats; biased upwards.
        corrected: without that bias, as it came out: scatters around 0 when nothing changed.
        first_variance: of `corrected`, by the delta method; vanishes with the change.
        second_variance: of `corrected`, what is left when nothing changed: 2 df (1/n + 1/m)**2.
        df: degrees of freedom of the comparison, for `psi_detectable`.
        reference_shares: float64[k], observed share of each bin in the reference.
        current_shares: float64[k], the same in the current sample.
        contributions: float64[k], what each bin adds to `naive`; none is negative.
    """

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
        """The index to report: bias-corrected, and 0 where the correction would leave less than nothing."""
        return max(0.0, self.corrected)

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the index from both sides, each bound at its own one-sided confidence.

        The variance grows with the index. The lower bound takes it as estimated; the upper bound as it would be there,
        solving (value - bound)**2 = z**2 variance(bound), because an estimate that is too small has too small a
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
        shift = z * z * slope / 2.0
        high = self.value + shift + sqrt(shift**2 + z * z * (slope * self.value + self.second_variance))
        return max(0.0, self.corrected - z * sqrt(self.first_variance + self.second_variance)), high


def psi(counts: BinCounts) -> Psi:
    """Measure how far the current shares of the bins have moved from those of the reference.

    The index is sum((q - p) log(q / p)) over the cells that can be compared (`cells.comparable`), p and q being the
    shares with half a row added to every cell (Jeffreys), which keeps it finite where a side has none. Half rows also
    take the first-order bias out of the logarithms. What bias is left, (k - 1)(1/n + 1/m) from noise and
    sum(((1 - k q)/m - (1 - k p)/n) log(q / p))/2 from the smoothing itself, is subtracted.

    Args:
        counts: the table; `n` reference rows, `m` current rows.

    Returns:
        The index and its parts.

    Source:
        Yurdakul & Naranjo (2020), Statistical properties of the population stability index. J. Risk Model Validation
        14(4), 89-100, for its distribution when nothing changed; bias and variance by expansion of the formula above.
    """
    cells = comparable(counts)
    n, m, k = counts.n, counts.m, cells.reference.size
    noise = 1.0 / n + 1.0 / m
    p: _Floats = (cells.reference + np.float64(0.5)) / (n + 0.5 * k)
    q: _Floats = (cells.current + np.float64(0.5)) / (m + 0.5 * k)
    log_ratio: _Floats = np.log(q / p)
    parts = (q - p) * log_ratio
    naive = float(parts.sum())
    smoothing = float((((1.0 - k * q) / m - (1.0 - k * p) / n) * log_ratio).sum()) / 2.0
    return Psi(
        naive=naive,
        corrected=naive - (k - 1) * noise - smoothing,
        first_variance=_variance(1.0 - q / p - log_ratio, p) / n + _variance(1.0 - p / q + log_ratio, q) / m,
        second_variance=2.0 * cells.df * noise**2,
        df=cells.df,
        reference_shares=counts.reference / n,
        current_shares=counts.current / m,
        contributions=cells.per_bin(parts, len(counts.labels)),
    )


def psi_detectable(n: int, m: int, df: int, alpha: float, power: float = 0.8) -> float:
    """Give the smallest index that a test at level `alpha` would have seen with the given power.

    Args:
        n: reference rows.
        m: current rows.
        df: degrees of freedom of the test, bins less one (`Psi.df`).
        alpha: level of the single test; the gate's level over the number of columns when many are judged.
        power: chance of seeing a change of that size.

    Returns:
        The index, in nats: the noncentrality that gives this power, times (n + m)/(n m).

    Raises:
        ValueError: no rows, no degree of freedom, or a level and power for which 0 < alpha < power < 1 fails.

    Source:
        For small changes the chi-square statistic is noncentral with noncentrality PSI * n m/(n + m); Cohen (1988),
        Statistical power analysis for the behavioral sciences, chapter 7.

    Example:
        >>> round(psi_detectable(5_000, 159, df=9, alpha=0.01 / 20), 2)
        0.2
    """
    n, m = at_least("n", n, 1), at_least("m", m, 1)
    return _noncentrality(df, alpha, power) * (1.0 / n + 1.0 / m)


def psi_rows_to_decide(n: int, df: int, alpha: float, limit: float, power: float = 0.8) -> int | None:
    """Say how many current rows bring the smallest detectable index down to a limit.

    Args:
        n: reference rows, taken as given.
        df: degrees of freedom of the test, as in `psi_detectable`.
        alpha: level of the single test.
        limit: index to be seen, in nats, above 0.
        power: chance of seeing it.

    Returns:
        The smallest number of current rows (in all, not on top); None when the reference is too small for any number.

    Raises:
        ValueError: as `psi_detectable`, or a limit that is not above 0.
    """
    n = at_least("n", n, 1)
    if not limit > 0.0:
        raise ValueError(f"limit must be above 0, not {limit}")
    spare = limit / _noncentrality(df, alpha, power) - 1.0 / n
    return max(1, ceil(1.0 / spare)) if spare > 0.0 else None


def _variance(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    mean = float((weights * values).sum())
    return float((weights * (values - mean) ** 2).sum())


def _noncentrality(df: int, alpha: float, power: float) -> float:
    """Give the noncentrality at which a chi-square test of this level has this power."""
    df = at_least("df", df, 1)
    if not 0.0 < alpha < power < 1.0:
        raise ValueError(f"alpha and power must satisfy 0 < alpha < power < 1, not alpha {alpha} and power {power}")
    return float(chndtrinc(chdtri(df, alpha), df, 1.0 - power))
