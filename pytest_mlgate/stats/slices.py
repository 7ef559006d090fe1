"""Rows taken apart into slices, and into a half to look at and a half to judge on.

Sorting rows by slice once makes any metric of all slices of a column cost one pass over the data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.stats.metrics import Outputs

_SHORT = 1 << 16


def members(codes: NDArray[np.int64], slices: int) -> list[NDArray[np.intp]]:
    """List the rows of each slice, in their order.

    Args:
        codes: int64[n], the slice of each row, 0 to `slices` - 1.
        slices: how many there are; one without rows gets an empty list.
    """
    # Numpy sorts short integers in linear time.
    order = np.argsort(codes.astype(np.uint16) if slices <= _SHORT else codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes, minlength=slices))[:-1])


def combined(
    codes: Sequence[NDArray[np.int64]], levels: Sequence[int]
) -> list[tuple[tuple[int, ...], NDArray[np.intp]]]:
    """List the combinations of values that occur, each as a position among the values of every column, with its rows.

    Args:
        codes: int64[n] for each column.
        levels: how many values each column has.
    """
    if not codes[0].size:
        return []
    joint = np.asarray(np.ravel_multi_index(tuple(codes), tuple(levels)))
    present, position = np.unique(joint, return_inverse=True)
    places = zip(*(one.tolist() for one in np.unravel_index(present, tuple(levels))), strict=True)
    return list(zip(places, members(position, present.size), strict=True))


def counted(outputs: Outputs) -> dict[str, int]:
    """Count what a reader wants to know of a classifier's rows: how many are predicted right, how many are positive."""
    counts = {}
    if outputs.labels.dtype == np.bool_:
        counts["positives"] = int(np.count_nonzero(outputs.labels))
    if outputs.predictions is not None:
        counts["right"] = int(np.count_nonzero(outputs.labels == outputs.predictions))
    return counts


def halves(rows: int, seed: int, clusters: NDArray[Any] | None = None) -> NDArray[np.bool_]:
    """Choose one half of the rows at random; rows that belong together stay together.

    Args:
        rows: how many there are.
        seed: decides which.
        clusters: int64[n], which rows belong together.

    Returns:
        bool[n], true for the half to look at: half of the rows, or of the clusters.
    """
    rng = np.random.default_rng(seed)
    if clusters is None:
        return _half(rows, rng)
    _, cluster = np.unique(clusters, return_inverse=True)
    return np.asarray(_half(int(cluster.max(initial=-1)) + 1, rng)[cluster])


def _half(n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    chosen = np.zeros(n, dtype=np.bool_)
    chosen[rng.permutation(n)[: n // 2]] = True
    return chosen
