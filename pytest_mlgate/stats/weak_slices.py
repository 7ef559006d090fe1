"""Where a model is weak: the slices of one half of the rows that look worst, for the other half to confirm.

Slices are taken one after another. The one with the strongest evidence against its limit comes first; its rows are then
set aside, so that the next is a weakness of its own and not the first one again by another name. Evidence is weighed
against the number of slices of the same depth, so that of a weakness and a chance refinement of it the plain one wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import isnan, log, prod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.stats.axes import Axis
    from pytest_mlgate.stats.screens import Screen, Sides

    _Floats = NDArray[np.float64]
    _Bools = NDArray[np.bool_]
    # Rows of a slice -> how many standard errors it is beyond its limits; NaN where that is undefined.
    Weakness = Callable[[NDArray[np.intp]], float]

Conditions = tuple[tuple[int, int], ...]
_MOST_SLICES = 1_000_000  # of one set of columns
_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """A slice that looks weak.

    Attributes:
        conditions: an axis and a condition on it, by position, for each column.
        evidence: how many standard errors it is beyond its limit, on the half where it was found.
    """

    conditions: Conditions
    evidence: float

    def holds(self, axes: Sequence[Axis]) -> _Bools:
        """Tell which rows are in the slice, bool[n]."""
        parts = [axes[i].conditions[condition][axes[i].codes] for i, condition in self.conditions]
        return np.asarray(np.logical_and.reduce(parts))


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search found.

    Attributes:
        found: the slices that look weak, the strongest evidence first.
        slices: how many were looked at.
        undefined: how many more have enough rows but no metric, or no bounds of it, to look at.
        left_out: sets of axes that make too many slices to look at.
    """

    found: tuple[Found, ...]
    slices: int
    undefined: int
    left_out: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """How to search.

    Attributes:
        depth: how many columns a slice may speak of.
        least: rows that a slice must have in either half.
        most: how many slices to find.
        evidence: standard errors beyond a limit, below which a slice does not look weak.
        known: conditions of slices that are judged anyhow: their rows are set aside, and they are not found.
    """

    depth: int
    least: int
    most: int
    evidence: float
    known: frozenset[Conditions] = frozenset()


class _Table:
    """Sums over the rows of each slice of one set of columns."""

    def __init__(self, axes: Sequence[Axis], which: tuple[int, ...], half: _Bools, least: int) -> None:
        self.which = which
        self._axes = [axes[i] for i in which]
        self._shape = tuple(axis.cells for axis in self._axes)
        self._conditions = [axis.conditions.astype(np.float64) for axis in self._axes]
        rows = np.stack([self._counted(np.flatnonzero(half)), self._counted(np.flatnonzero(~half))], axis=-1)
        self.enough = np.asarray((self._ranged(rows) >= least).all(axis=-1))
        self._sums: _Floats | None = None

    def codes(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """Give the cell of each row, as one number."""
        joint = self._axes[0].codes[rows]
        for axis in self._axes[1:]:
            joint = joint * axis.cells + axis.codes[rows]
        return joint

    def _counted(self, rows: NDArray[np.intp], amounts: _Floats | None = None) -> _Floats:
        counts = np.bincount(self.codes(rows), weights=amounts, minlength=prod(self._shape))
        return counts.astype(np.float64).reshape(self._shape)

    def _ranged(self, cells: _Floats) -> _Floats:
        """Sum cells over the conditions of each axis: float64[C1, C2, …, k] becomes float64[R1, R2, …, k]."""
        for i, conditions in enumerate(self._conditions):
            cells = np.moveaxis(np.tensordot(conditions, cells, axes=(1, i)), 0, i)
        return cells

    def add(self, rows: NDArray[np.intp], amounts: Sequence[_Floats], sign: float) -> None:
        """Count rows in, or out again."""
        parts = [self._counted(rows), *(self._counted(rows, one[rows]) for one in amounts)]
        change = sign * np.stack(parts, axis=-1)
        self._sums = change if self._sums is None else self._sums + change

    def weakness(self, screen: Screen, sides: Sides, least: int) -> _Floats:
        """Say how weak each slice looks on the rows that are counted in; -inf where there are too few to say."""
        sums = self._ranged(self._sums if self._sums is not None else np.zeros((*self._shape, 1)))
        found = screen.weakness(sums[..., 1:], sides)
        return np.where(self.enough & (sums[..., 0] >= least) & np.isfinite(found), found, -np.inf)

    def found(self, place: tuple[int, ...], evidence: float) -> Found:
        """Name the slice at a place in the tables."""
        return Found(tuple(zip(self.which, map(int, place), strict=True)), evidence)


def by_sums(axes: Sequence[Axis], screen: Screen, sides: Sides, half: _Bools, terms: Terms) -> Searched:
    """Find the slices that look weakest by a metric that follows from sums over rows.

    Args:
        axes: the columns.
        screen: the metric.
        sides: its limits.
        half: bool[n], the rows to look at.
        terms: how to search.
    """
    chosen, left_out = _sets(axes, terms.depth)
    tables = [_Table(axes, which, half, terms.least) for which in chosen]
    left = np.flatnonzero(half)
    for table in tables:
        table.add(left, screen.amounts, 1.0)
    seen = [int(np.count_nonzero(np.isfinite(table.weakness(screen, sides, terms.least)))) for table in tables]
    slices, cost = _counted(tables, seen)
    undefined = sum(int(np.count_nonzero(table.enough)) for table in tables) - slices
    found: list[Found] = []
    while len(found) < terms.most:
        best: Found | None = None
        score = -np.inf
        for table in tables:
            weakness = table.weakness(screen, sides, terms.least)
            if not weakness.size:
                continue
            place = np.unravel_index(int(np.argmax(weakness)), weakness.shape)
            evidence = float(weakness[place])
            against = evidence**2 / 2.0 - cost[len(table.which)]
            if evidence >= terms.evidence and against > score:
                best, score = table.found(tuple(map(int, place)), evidence), against
        if best is None:
            break
        if best.conditions not in terms.known:
            found.append(best)
        inside = best.holds(axes)[left]
        for table in tables:
            table.add(left[inside], screen.amounts, -1.0)
        left = left[~inside]
    return Searched(tuple(found), slices, undefined, tuple(left_out))


def one_by_one(axes: Sequence[Axis], weakness: Weakness, half: _Bools, terms: Terms) -> Searched:
    """Find the slices that look weakest by a metric that has to be computed on each slice.

    A number is then looked at bin by bin, not in runs of bins. A slice half of whose rows are in those found before it
    is passed over.

    Args:
        axes: the columns.
        weakness: rows of a slice → how many standard errors it is beyond its limits.
        half: bool[n], the rows to look at.
        terms: how to search.
    """
    chosen, left_out = _sets(axes, terms.depth)
    tables = [_Table(axes, which, half, terms.least) for which in chosen]
    rows = np.flatnonzero(half)
    looked: list[list[Found]] = [
        [table.found(place, weakness(inside)) for place, inside in _cells(axes, table, rows)] for table in tables
    ]
    slices, cost = _counted(tables, [sum(not isnan(one.evidence) for one in some) for some in looked])
    undefined = sum(len(some) for some in looked) - slices
    weak = [
        (one.evidence**2 / 2.0 - cost[len(one.conditions)], one)
        for some in looked
        for one in some
        if one.evidence >= terms.evidence
    ]
    found: list[Found] = []
    covered = np.zeros(half.size, dtype=np.bool_)
    for _, one in sorted(weak, key=lambda pair: -pair[0]):
        inside = one.holds(axes) & half
        if np.count_nonzero(inside & covered) > _OVERLAP * np.count_nonzero(inside):
            continue
        covered |= inside
        if one.conditions not in terms.known:
            found.append(one)
        if len(found) == terms.most:
            break
    return Searched(tuple(found), slices, undefined, tuple(left_out))


def _cells(
    axes: Sequence[Axis], table: _Table, rows: NDArray[np.intp]
) -> Iterator[tuple[tuple[int, ...], NDArray[np.intp]]]:
    """Give the slices that are one cell of each axis and have enough rows, with the rows."""
    alone = [axes[i].alone for i in table.which]
    codes = table.codes(rows)
    order = np.argsort(codes, kind="stable")
    cells, starts = np.unique(codes[order], return_index=True)
    for cell, inside in zip(cells, np.split(order, starts[1:]), strict=True):
        place = tuple(
            int(one[at]) for one, at in zip(alone, np.unravel_index(cell, [one.size for one in alone]), strict=True)
        )
        if min(place) >= 0 and table.enough[place]:
            yield place, rows[inside]


def _sets(axes: Sequence[Axis], depth: int) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """List the sets of columns to look at, and those that make too many slices."""
    sets = [which for size in range(1, depth + 1) for which in combinations(range(len(axes)), size)]
    large = [which for which in sets if prod(len(axes[i].conditions) for i in which) > _MOST_SLICES]
    return [which for which in sets if which not in large], large


def _counted(tables: Sequence[_Table], slices: Sequence[int]) -> tuple[int, dict[int, float]]:
    """Count the slices looked at, and say for each depth what having looked at so many costs."""
    by_depth: dict[int, int] = {}
    for table, count in zip(tables, slices, strict=True):
        by_depth[len(table.which)] = by_depth.get(len(table.which), 0) + count
    return sum(slices), {depth: log(max(1, count)) for depth, count in by_depth.items()}
