"""What arguments must satisfy before any statistic is computed from them.

The functions of this package check their input once, here, and the helpers behind them trust it. A refused argument is
a `ValueError` whose message names the argument and what was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def normal_quantile(confidence: float) -> float:
    """Give the standard normal quantile of a one-sided confidence: 1.645 for 0.95.

    Args:
        confidence: of each bound on its own, from 0.5 up to but not including 1.

    Raises:
        ValueError: any other confidence.
    """
    if not 0.5 <= confidence < 1.0:  # noqa: PLR2004 - below one half a lower bound would exceed the estimate
        raise ValueError(f"confidence must be at least 0.5 and less than 1, not {confidence}")
    return float(ndtri(confidence))


def at_least(name: str, number: int, least: int) -> int:
    """Give a whole number back, or refuse one that is not whole or too small.

    Raises:
        ValueError: the number has a fraction or is less than `least`.
    """
    if number != int(number) or number < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {number}")
    return int(number)


def share(name: str, number: float) -> float:
    """Give a number in [0, 1] back.

    Raises:
        ValueError: a number outside it, or NaN.
    """
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"{name} must lie between 0 and 1, not {number}")
    return float(number)


def vector(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Give values as a one-dimensional float64 array, NaN included.

    Raises:
        ValueError: not one-dimensional, or not numeric.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers: {error}") from error
    if array.ndim != 1:
        raise ValueError(f"{name} must have one dimension, not the shape {array.shape}")
    return array
