"""Ranks of rows by a score, equal scores as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tied(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number the distinct values in ascending order and say which one each row has: int64[n], in O(n log n)."""
    order = np.argsort(values)
    ordered = values[order]
    numbers = np.empty(values.size, dtype=np.int64)
    numbers[order] = np.append(0, np.cumsum(ordered[1:] != ordered[:-1]))
    return numbers
