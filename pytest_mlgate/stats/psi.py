"""The population stability index, corrected for what two samples of one distribution would show anyway.

The plain index of two samples is positive even if nothing changed, by about (k - 1)(1/n + 1/m): .3 at ten bins and
thirty rows, which is why thresholds such as .2 raise false alarms on small samples. Here that excess is subtracted, an
interval comes with it, and whether anything changed at all is left to a test (`homogeneity_p`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.stats.detectable import POWER, rows_to_decide
from pytest_mlgate.stats.divergences import Divergence, divergence, divergence_detectable
from pytest_mlgate.stats.homogeneity import homogeneity_p

if TYPE_CHECKING:
    from pytest_mlgate.stats.binning import BinCounts

__all__ = ["Psi", "homogeneity_p", "psi", "psi_detectable", "psi_rows_to_decide"]

Psi = Divergence


def psi(counts: BinCounts) -> Psi:
    """Measure the index: sum((q - p) log(q / p)) over the cells that can be compared, bias-corrected."""
    return divergence("psi", counts)


def psi_detectable(n: int, m: int, df: int, alpha: float, power: float = POWER) -> float:
    """Give the smallest index that a test at level `alpha` would have seen; see `divergence_detectable`."""
    return divergence_detectable("psi", n, m, df, alpha, power)


def psi_rows_to_decide(n: int, df: int, alpha: float, limit: float, power: float = POWER) -> int | None:
    """Say how many current rows bring the smallest detectable index down to a limit; see `rows_to_decide`."""
    return rows_to_decide(lambda m: psi_detectable(n, m, df, alpha, power), limit)
