"""Columns as axes along which slices are sought: numbers in bins, categories one by one.

A slice is a condition on each of a few columns. A number may lie in any run of neighbouring bins, so that a weakness
wider than one bin is found whole; a category is one value. Bins depend on the columns alone, never on what a model got
right, so cutting them on all rows does not spoil the half that confirms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Span:
    """A condition on a number: at least `low` and less than `high` (at most, if `closed`); or that it is missing."""

    low: float | None = None
    high: float | None = None
    closed: bool = False
    missing: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """A column cut into cells, and the conditions on it.

    Attributes:
        codes: int64[n], the cell of each row.
        conditions: bool[R, C], which cells each condition holds for.
    """

    codes: NDArray[np.int64]
    conditions: NDArray[np.bool_]

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return int(self.conditions.shape[1])

    @property
    def alone(self) -> NDArray[np.int64]:
        """Which condition holds for one cell and no other, int64[C]; -1 where none does."""
        found = np.full(self.cells, -1, dtype=np.int64)
        single = np.flatnonzero(self.conditions.sum(axis=1) == 1)
        found[self.conditions[single].argmax(axis=1)] = single
        return found


def numeric_axis(values: _Floats, bins: int, *, short: bool = True) -> tuple[Axis, list[Span]]:
    """Cut numbers at their quantiles; few distinct ones are taken as they are, and missing ones are apart.

    Args:
        values: float[n], NaN where missing.
        bins: how many to make at most.
        short: whether edges may move a little so as to be short to write.

    Returns:
        The axis, and what each of its conditions says. No condition holds for every number.
    """
    missing = np.isnan(values)
    present = values[~missing]
    distinct = np.unique(present)
    exact = distinct.size <= bins
    edges = distinct[1:] if exact else _edges(present, bins, short=short)
    codes = np.searchsorted(edges, values, side="right").astype(np.int64)
    cells = edges.size + 1 if distinct.size else 0
    codes[missing] = cells
    cell = np.arange(cells + 1)
    conditions, spans = [], []
    for first in range(cells):
        for last in range(first, cells):
            if (first, last) == (0, cells - 1):
                continue
            conditions.append((cell >= first) & (cell <= last))
            if exact:
                spans.append(Span(float(distinct[first]), float(distinct[last]), closed=True))
            else:
                low = float(edges[first - 1]) if first else None
                spans.append(Span(low, float(edges[last]) if last < edges.size else None))
    if cells and missing.any():
        conditions.append(cell == cells)
        spans.append(Span(missing=True))
    return Axis(codes, np.array(conditions, dtype=np.bool_).reshape(-1, cells + 1)), spans


def category_axis(codes: NDArray[np.int64], levels: int, least: int, most: int) -> tuple[Axis, list[int]]:
    """Take the values that occur often enough, one by one.

    Args:
        codes: int64[n], positions among the values.
        levels: how many values there are.
        least: rows below which a value is passed over.
        most: how many values to take; the most frequent are.

    Returns:
        The axis, and which value each of its conditions is about. All other values share its last cell.
    """
    counts = np.bincount(codes, minlength=levels)
    frequent = [int(one) for one in np.argsort(-counts, kind="stable") if least <= counts[one] < codes.size]
    kept = sorted(frequent[:most])
    cell = np.full(levels, len(kept), dtype=np.int64)
    cell[kept] = np.arange(len(kept))
    conditions = np.eye(len(kept), len(kept) + 1, dtype=np.bool_)
    return Axis(cell[codes], conditions), kept


def _edges(present: _Floats, bins: int, *, short: bool) -> _Floats:
    """Choose inner edges at quantiles, none at or below the least value; short ones if that leaves them apart."""
    found = np.unique(np.quantile(present, np.arange(1, bins) / bins, method="higher"))
    written = np.array([float(f"{edge:.4g}") for edge in found])
    chosen = written if short and np.unique(written).size == found.size else found
    return np.asarray(chosen[(chosen > present.min()) & (chosen <= present.max())])
