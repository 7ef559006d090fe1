"""What rows that changed move a difference by, where they are few and count for unlike amounts.

`discordant` speaks of rows that all count the same. Where those of a rare class move a mean over classes by more than
others, or some weigh more, the number of changed rows says little; how their moves add up does.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincinv

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Floats = NDArray[np.float64]


def effective(moves: _Floats) -> float:
    """Say how many equal moves would vary as much as these do, float64[m]; zeros are none."""
    squares = np.square(moves)
    total = float(squares.sum())
    return total**2 / float(np.square(squares).sum()) if total > 0.0 else 0.0


def unseen_moves(moves: _Floats, unit: float, confidence: float) -> tuple[float, float]:
    """Say how far the sum of moves may lie from what was seen.

    Args:
        moves: float64[m], what each unit moved the difference by, up or down.
        unit: what one not seen might move it by.
        confidence: of each bound on its own, in [0.5, 1).

    Returns:
        How far below and how far above; never zero.

    Source:
        Fay and Feuer (1997), Confidence intervals for directly standardized rates: a method based on the gamma
        distribution. Statistics in Medicine 16, 791-801, for moves up and for moves down, joined as by Zou and Donner
        (2008), Construction of confidence limits about effect measures. Statistics in Medicine 27, 1693-1702.
    """
    up, down = np.maximum(moves, 0.0), np.maximum(-moves, 0.0)
    (less, more), (fewer, further) = (_sum_bounds(each, unit, confidence) for each in (up, down))
    rise, fall = float(up.sum()), float(down.sum())
    return sqrt((rise - less) ** 2 + (further - fall) ** 2), sqrt((more - rise) ** 2 + (fall - fewer) ** 2)


def _sum_bounds(moves: _Floats, unit: float, confidence: float) -> tuple[float, float]:
    """Bound the expected sum of rare moves, as one bounds that of Poisson counts."""
    total, variance = float(moves.sum()), float(np.dot(moves, moves))
    low = _gamma(total, variance, 1.0 - confidence) if total > 0.0 else 0.0
    return low, _gamma(total + unit, variance + unit * unit, confidence)


def _gamma(mean: float, variance: float, probability: float) -> float:
    return float(gammaincinv(mean * mean / variance, probability)) * variance / mean
