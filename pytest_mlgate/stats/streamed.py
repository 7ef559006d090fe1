"""A column that is too large to hold: what passes over its pieces find out, exactly, in the memory of one piece.

The first pass over a reference keeps every thousandth value of each sorted piece, which places any quantile within a
thousandth of the rows. The second counts at a fine grid and keeps the values among which the quantiles that drift cuts
at must lie. So the cuts are those that the whole column would give, and so are all counts between them. A pass over the
current sample counts at the same places. Only what lies within a cell of the grid stays unknown: the Kolmogorov-Smirnov
distance comes as a bracket.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgate.stats.profile import ColumnProfile, Moments, Numbers
from pytest_mlgate.stats.profile_drift import alike, below_cuts, cells_of
from pytest_mlgate.stats.sides import sorted_side

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.stats.binning import Cut
    from pytest_mlgate.stats.sides import Side

_KEPT = 1_000  # values of each piece
_GRID = 1_000  # cells of the reference, of about as many rows each
_FEW = 200  # distinct values up to which each is counted
_LOOKED_AT = 1_024
_DRIFT_BINS = 10
_WIDE = 4  # bytes; wider integers than these are not all doubles


def sorted_piece(name: str, values: NDArray[Any], missing: int) -> Side:
    """Sort a piece of a column; wide integers as doubles, as edges are."""
    wide = values.dtype.kind in "iu" and values.dtype.itemsize > _WIDE
    return sorted_side(name, values.astype(np.float64) if wide else values, missing)


@dataclass(eq=False)
class Outline:
    """Where the quantiles of a column lie, as far as one pass tells.

    Attributes:
        missing: rows without a value.
        count: rows with one.
        infinite: how many of these are -inf, and +inf.
        off: by how many rows a rank may be off.
        distinct: the values that occur, while they are few.
    """

    missing: int = 0
    count: int = 0
    infinite: tuple[int, int] = (0, 0)
    off: int = 0
    distinct: NDArray[np.float64] | None = field(default_factory=lambda: np.empty(0))
    _kept: list[tuple[NDArray[Any], int]] = field(default_factory=list)

    def add(self, piece: Side) -> None:
        """Take a piece into account."""
        values = piece.values
        self.missing += piece.missing
        self.count += values.size
        if not values.size:
            return
        low, high = int(np.searchsorted(values, -np.inf, "right")), int(np.searchsorted(values, np.inf))
        self.infinite = self.infinite[0] + low, self.infinite[1] + values.size - high
        stride = max(1, values.size // _KEPT)
        self.off += stride - 1
        self._kept.append((values[stride - 1 :: stride].copy(), stride))
        self._look(piece)

    def _look(self, piece: Side) -> None:
        if self.distinct is None:
            return
        values = piece.values
        some = values[:: max(1, values.size // _LOOKED_AT)]
        found = None
        if np.unique(some).size <= _FEW and piece.starts.size <= _FEW:
            found = np.union1d(self.distinct, values[piece.starts].astype(np.float64))
        self.distinct = found if found is not None and found.size <= _FEW else None

    def ranked(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Give the values kept, ascending, and how many rows at least are no larger than each."""
        if not self._kept:
            return np.empty(0), np.empty(0, dtype=np.int64)
        values = np.concatenate([one.astype(np.float64) for one, _ in self._kept])
        weights = np.concatenate([np.full(one.size, stride) for one, stride in self._kept])
        order = np.argsort(values, kind="stable")
        return values[order], np.cumsum(weights[order])


@dataclass(eq=False)
class Reference:
    """The second pass: counts at a grid, and the values among which the quantiles must lie.

    Args:
        outline: of the same column.
        cells: of the grid; with fewer, only values that fill half of one are a cell of their own.
    """

    outline: Outline
    cells: int = _GRID
    edges: NDArray[np.float64] = field(init=False)
    _positions: NDArray[np.int64] = field(init=False)
    _within: list[tuple[float, float]] = field(init=False)
    _inside: list[list[NDArray[Any]]] = field(init=False)
    _below: NDArray[np.int64] = field(init=False)
    _upto: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        positions = np.unique(np.arange(1, _DRIFT_BINS) * self.outline.count // _DRIFT_BINS)
        values, ranks = self.outline.ranked()
        self._positions = positions[positions > 0]
        self._within = []
        if self.outline.distinct is not None:
            grid, self._positions = self.outline.distinct, self._positions[:0]
        else:
            last = np.append(np.flatnonzero(values[1:] != values[:-1]), values.size - 1)
            values, ranks = values[last], ranks[last]
            for position in self._positions.tolist():
                low = int(np.searchsorted(ranks + self.outline.off, position, "right")) - 1
                high = int(np.searchsorted(ranks, position + 1, "left"))
                least = float(values[low]) if low >= 0 else -np.inf
                self._within.append((least, float(values[high]) if high < values.size else np.inf))
            grid = values[np.searchsorted(ranks, np.arange(1, self.cells) * self.outline.count // self.cells, "left")]
        ends = np.array(self._within).reshape(-1)
        grid = np.unique(np.concatenate([grid, ends]))
        self.edges = grid[np.isfinite(grid)]
        self._inside = [[] for _ in self._within]
        self._below, self._upto = np.zeros((2, self.edges.size), dtype=np.int64)

    def add(self, piece: Side) -> None:
        """Count a piece."""
        below, upto = piece.around(self.edges.astype(piece.values.dtype))
        self._below += below
        self._upto += upto
        for (low, high), inside in zip(self._within, self._inside, strict=True):
            first = 0 if low == -np.inf else upto[np.searchsorted(self.edges, low)]
            last = piece.values.size if high == np.inf else below[np.searchsorted(self.edges, high)]
            if last > first:
                inside.append(piece.values[first:last].copy())

    def profile(self) -> ColumnProfile:
        """Give what was counted, with the exact quantiles among its edges."""
        outline = self.outline
        found = {
            edge: (int(below), int(upto))
            for edge, below, upto in zip(self.edges.tolist(), self._below, self._upto, strict=True)
        }
        for position, (low, _), inside in zip(self._positions.tolist(), self._within, self._inside, strict=True):
            before = found[low][1] if low in found else 0
            values = np.sort(np.concatenate(inside)) if inside else np.empty(0)
            if 0 <= position - before < values.size:
                value = values[position - before]
                ends = (int(np.searchsorted(values, value, side)) for side in ("left", "right"))
                if np.isfinite(value):
                    found[float(value)] = (before + next(ends), before + next(ends))
        edges = tuple(sorted(found))
        points = tuple(edge for edge in edges if self._stands_out(*found[edge]))
        own = set(points)
        between = (count for edge in edges for count in (found[edge] if edge in own else found[edge][:1]))
        marks = [outline.infinite[0], *between]
        counts = np.diff([*marks, outline.count - outline.infinite[1]])
        finite = outline.count - sum(outline.infinite)
        numbers = Numbers(
            moments=Moments(count=finite),
            minus_infinity=outline.infinite[0],
            plus_infinity=outline.infinite[1],
            edges=edges,
            points=points,
            counts=tuple(counts.tolist()),
        )
        return ColumnProfile("number", outline.missing, numbers=numbers)

    def _stands_out(self, below: int, upto: int) -> bool:
        whole = self.cells >= _GRID or self.outline.distinct is not None
        return whole or (upto - below) * 2 * self.cells >= self.outline.count


def profile_of_cells(
    edges: Sequence[float], points: Sequence[float], below: Sequence[int], missing: int
) -> ColumnProfile:
    """Give a column of which another engine counted the cells.

    Args:
        edges: ascending, finite.
        points: those that are a cell of their own.
        below: values at or below -inf, below each cut of `cuts_of`, below +inf, and all.
        missing: rows without a value.
    """
    cells = np.diff(below[:-1]).tolist()
    infinite = below[0], below[-1] - below[-2]
    numbers = Numbers(Moments(count=sum(cells)), *infinite, tuple(edges), tuple(points), tuple(cells))
    return ColumnProfile("number", missing, numbers=numbers)


def cuts_of(edges: Sequence[float], points: Sequence[float]) -> list[Cut]:
    """Give the cuts between the cells of all values: after -inf, at each edge and after each point, before +inf."""
    own = set(points)
    inside = [(edge, after) for edge in edges for after in ((False, True) if edge in own else (False,))]
    return [(-np.inf, True), *inside, (np.inf, False)]


@dataclass(eq=False)
class Counted:
    """A pass over a current sample, counted at a reference's edges.

    Args:
        column: the reference.

    Attributes:
        missing: rows without a value.
        below: values below each cut; 0 comes first and the number of values last.
    """

    column: ColumnProfile
    missing: int = 0
    below: NDArray[np.int64] = field(init=False)
    _others: tuple[NDArray[Any], NDArray[np.int64]] | None = None

    def __post_init__(self) -> None:
        self._cuts, self._known = cells_of(self.column)
        self.below = np.zeros(len(self._cuts) + 2, dtype=np.int64)

    def add(self, piece: Side) -> None:
        """Count a piece."""
        side = alike(self.column, piece)
        self.missing += side.missing
        self.below[1:] += [*below_cuts(side, self._cuts), side.values.size]
        if self._known is not None:
            self._add_others(side)

    @property
    def cuts(self) -> list[Cut]:
        """Where to count."""
        return self._cuts

    @property
    def known(self) -> tuple[float, ...] | None:
        """The reference's values, where each of its few has a bin."""
        return self._known

    def tell(self, below: Sequence[int], rows: int, repeats: Sequence[tuple[int, int]]) -> None:
        """Take over what another engine counted.

        Args:
            below: values below each of the cuts, and last all.
            rows: of the table.
            repeats: of values that the reference never had: so many rows, so many values.
        """
        self.missing = rows - below[-1]
        self.below = np.array([0, *below], dtype=np.int64)
        if repeats:
            times, values = zip(*repeats, strict=True)
            self._others = np.empty(0), np.repeat(np.array(times, dtype=np.int64), values)

    @property
    def unseen(self) -> NDArray[np.int64]:
        """How often each value occurs that the reference never had, where it had few."""
        return np.empty(0, dtype=np.int64) if self._others is None else self._others[1]

    def _add_others(self, side: Side) -> None:
        repeats = np.diff(side.starts, append=side.values.size)
        values = side.values[side.starts]
        new = ~np.isin(values, np.array(self._known, dtype=values.dtype))
        if not new.any():
            return
        values, repeats = values[new].astype(np.float64), repeats[new].astype(np.int64)
        if self._others is not None:
            values, repeats = np.append(self._others[0], values), np.append(self._others[1], repeats)
        together, which = np.unique(values, return_inverse=True)
        self._others = together, np.bincount(which, weights=repeats, minlength=together.size).astype(np.int64)
