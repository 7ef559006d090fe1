"""Cutting rows into consecutive windows, by their number or by their time."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def by_rows(total: int, size: int, start: int = 0) -> list[slice]:
    """Cut rows in the order in which they are.

    Args:
        total: how many rows there are.
        size: rows to a window.
        start: where the first window begins.

    Returns:
        The windows; a rest of less than half a window is part of the one before it.

    Example:
        >>> by_rows(total=24, size=10)
        [slice(0, 10, None), slice(10, 24, None)]
    """
    starts = list(range(start, total, size))
    if len(starts) > 1 and 2 * (total - starts[-1]) < size:
        starts.pop()
    return [slice(a, b) for a, b in pairwise([*starts, total])]


def by_time(
    times: NDArray[Any], width: float, first: float | None = None
) -> tuple[NDArray[np.intp], list[tuple[float, NDArray[np.intp]]], float]:
    """Cut rows by when they were seen, into windows that begin at multiples of their width.

    Args:
        times: float64[n], seconds; NaN is unknown, and such rows are in no window.
        width: of a window, in seconds.
        first: length of a beginning to set apart; 0 for one window of it, None for none.

    Returns:
        The rows of the beginning, the windows that have rows (when each begins, its rows), and when the beginning ends.
    """
    order = np.argsort(times, kind="stable")
    order = order[: times.size - int(np.isnan(times).sum())]
    nothing = np.empty(0, dtype=np.intp)
    if not order.size:
        return nothing, [], float("nan")
    numbers, ends, taken = np.floor(times[order] / width), float("nan"), 0
    if first is not None:
        ends = float(numbers[0]) * width + (first or width)
        taken = int(np.searchsorted(times[order], ends))
    beginning, order, numbers = order[:taken], order[taken:], numbers[taken:]
    edges = np.append(np.flatnonzero(np.diff(numbers, prepend=-np.inf)), numbers.size)
    return beginning, [(float(numbers[a]) * width, order[a:b]) for a, b in pairwise(edges)], ends


def counted(codes: NDArray[Any], levels: int) -> list[int]:
    """Count how often each of so many codes occurs."""
    return np.bincount(codes, minlength=levels).tolist()  # type: ignore[no-any-return] # numpy knows no more of it


def counted_values(values: NDArray[Any]) -> list[tuple[float, int]]:
    """Count how often each distinct value occurs, in ascending order."""
    found, rows = np.unique(values, return_counts=True)
    return list(zip(found.tolist(), rows.tolist(), strict=True))
