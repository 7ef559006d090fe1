"""Bounds of an estimate between 0 and 1 of which its variance is known, good near the ends and with few rows.

A share of equal rows has Wilson's bounds, and the exact ones near 0 and 1. Weighted shares, clustered ones and means of
several shares are no counts, but they have a variance, and with it the number of equal rows that would vary as much;
where few rows went wrong, what a single one not seen could do is allowed for as well.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from scipy.special import betaincinv, stdtrit

from pytest_mlgate.stats.counts import ENOUGH_OF_EACH
from pytest_mlgate.stats.door import normal_quantile

if TYPE_CHECKING:
    from pytest_mlgate.stats.drawn import Drawn

_NOTHING = 1e-12


def edge_bounds(value: float, variance: float, unit: float, confidence: float) -> tuple[float, float]:
    """Bound an estimate from both sides, each bound at its own one-sided confidence.

    Args:
        value: in [0, 1].
        variance: of the estimate; zero where all rows seen agree.
        unit: how far one row could move the estimate at most; above zero.
        confidence: of each bound on its own, in [0.5, 1).

    Returns:
        Wilson's bounds at the number of rows that the variance speaks of, widened where fewer than about twenty rows
        went one of the two ways. For a plain share of n rows (unit 1/n) that is Wilson's, widened to Clopper and
        Pearson's. Never of zero width above confidence 0.5.

    Source:
        Korn and Graubard (1998), Confidence intervals for proportions with small expected number of positive counts
        estimated from survey data. Survey Methodology 24, 193-201, for the effective number of rows. Fay and Feuer
        (1997), Confidence intervals for directly standardized rates: a method based on the gamma distribution.
        Statistics in Medicine 16, 791-801, for the row not seen, here with the beta distribution.
    """
    z = normal_quantile(confidence)
    low = high = value
    if variance > 0.0 and _NOTHING < value < 1.0 - _NOTHING:
        spread = z * z * variance / (value * (1.0 - value))
        centre = (value + spread / 2.0) / (1.0 + spread)
        half = sqrt(z * z * variance + spread * spread / 4.0) / (1.0 + spread)
        low, high = centre - half, centre + half
    if variance < ENOUGH_OF_EACH * unit * unit:
        low = min(low, 1.0 - exact_upper(1.0 - value, variance, unit, confidence))
        high = max(high, exact_upper(value, variance, unit, confidence))
    return low, high


def stretch(drawn: Drawn, confidence: float, rows: float | None = None) -> float:
    """Say by which factor a variance estimated from few units counts for more than a known one.

    Args:
        drawn: how the rows were drawn: weighted and clustered ones are few units.
        confidence: of each bound on its own.
        rows: how many units the variance comes from, if that is for the caller to say.

    Source:
        Korn and Graubard (1998): Student's quantile over the normal one, squared.
    """
    z = normal_quantile(confidence)
    if z == 0.0 or (drawn.plain and rows is None):
        return 1.0
    units = min(drawn.effective, rows if rows is not None else drawn.effective)
    return float(stdtrit(max(1.0, units - 1.0), confidence) / z) ** 2


def exact_upper(value: float, variance: float, unit: float, confidence: float) -> float:
    """Bound an estimate from above as if one more row had gone that way.

    For a plain share of n rows this is Clopper and Pearson's upper bound, exactly; see `edge_bounds`.
    """
    room = 1.0 - value
    if room <= _NOTHING:
        return 1.0
    n = (value + unit) * room / (variance + unit * unit * room)
    return float(betaincinv(n * (value + unit), n * room, confidence))
