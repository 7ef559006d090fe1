"""Rows taken apart into slices, and into a half to look at and a half to judge on.

Sorting rows by slice once makes any metric of all slices of a column cost one pass over the data.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
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


def taken(outputs: Outputs, rows: NDArray[Any]) -> Outputs:
    """Give what a model said about some of the rows.

    Args:
        outputs: about all of them.
        rows: int[m], positions, or bool[n].

    Raises:
        ValueError: there are none.
    """
    columns = {one.name: getattr(outputs, one.name) for one in fields(outputs)}
    return replace(
        outputs, **{name: column[rows] for name, column in columns.items() if isinstance(column, np.ndarray)}
    )


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
