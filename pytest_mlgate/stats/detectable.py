"""What a test would have seen: the noncentrality of a chi-square test, and the rows that bring an effect into sight."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from scipy.special import chdtri, chndtrinc

from pytest_mlgate.stats.door import at_least

if TYPE_CHECKING:
    from collections.abc import Callable

POWER = 0.8
_ROWS_AT_MOST = 10**12


@lru_cache(maxsize=4096)
def noncentrality(df: int, alpha: float, power: float = POWER) -> float:
    """Give the noncentrality at which a chi-square test of this level has this power.

    Raises:
        ValueError: no degree of freedom, or a level and power for which 0 < alpha < power < 1 fails.

    Source:
        Cohen (1988), Statistical power analysis for the behavioral sciences, chapter 7.
    """
    df = at_least("df", df, 1)
    if not 0.0 < alpha < power < 1.0:
        raise ValueError(f"alpha and power must satisfy 0 < alpha < power < 1, not alpha {alpha} and power {power}")
    return float(chndtrinc(chdtri(df, alpha), df, 1.0 - power))


def rows_to_decide(detectable: Callable[[int], float], limit: float) -> int | None:
    """Say how many current rows bring the smallest detectable effect down to a limit.

    Args:
        detectable: the effect seen with so many current rows; must not rise with them.
        limit: effect to be seen, above 0.

    Returns:
        The smallest number of current rows (in all, not on top); None when no number would do, as with a reference
        that is too small.

    Raises:
        ValueError: a limit that is not above 0.
    """
    if not limit > 0.0:
        raise ValueError(f"limit must be above 0, not {limit}")
    if detectable(_ROWS_AT_MOST) > limit:
        return None
    few, enough = 0, _ROWS_AT_MOST
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (middle, enough) if detectable(middle) > limit else (few, middle)
    return enough
