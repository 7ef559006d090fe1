"""Drift of tables that are too large to hold: their columns are counted piece by piece and never held whole.

Bins and their counts are those of the whole columns, and so are all that follows from them. A reference is passed over
twice, the data once; each pass sorts pieces of some columns at a time, on two threads. Numbers that another engine
holds are counted there, in cells of about a hundredth of the reference.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pytest_mlgate.drift.past import Known, Past
from pytest_mlgate.drift.samples import something
from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_mlgate.drift.samples import Draws
    from pytest_mlgate.stats.drift_pair import Comparison
    from pytest_mlgate.stats.profile import ColumnProfile
    from pytest_mlgate.stats.sides import Side
    from pytest_mlgate.table import Table

MOST_ROWS = 12_000_000
"""Rows of a table up to which its columns are read whole; eight of them are held at once."""

_AT_ONCE = 20  # columns, of which a piece each is in memory
_THREADS = 2
_CELLS, _CELLS_THERE = 1_000, 100  # of a reference; each costs another engine a comparison of every row
_COUNTED_THERE = ("integer", "number")


class _Pass(Protocol):
    def add(self, piece: Side) -> None:
        """Take a piece of a column into account."""


_P = TypeVar("_P", bound=_Pass)


def too_large(reference: Past, current: Table) -> bool:
    """Tell whether columns of these tables are better counted than held: many rows, or rows that another engine has."""
    tables = [one for one in (reference, current) if not isinstance(one, Known)]
    return any(one.elsewhere or one.rows > MOST_ROWS for one in tables)


def counted_pairs(
    sides: tuple[Past, Table], numbers: Sequence[str], lengths: Sequence[str], drawn: Draws
) -> Iterator[tuple[str, Comparison | NotMeasuredError]]:
    """Compare columns by counts.

    Args:
        sides: the reference and the data.
        numbers: numeric columns.
        lengths: columns of text that are compared by length.
        drawn: how p-values are drawn.
    """
    names = [*numbers, *lengths]
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        split = [name for name in some if name in numbers], [name for name in some if name in lengths]
        yield from _compared(sides, split, drawn)


def _compared(
    sides: tuple[Past, Table], names: tuple[list[str], list[str]], drawn: Draws
) -> Iterator[tuple[str, Comparison | NotMeasuredError]]:
    from pytest_mlgate.stats.streamed import Counted

    reference, current = sides
    known: dict[str, ColumnProfile] = {}
    if isinstance(reference, Known):
        for name in (*names[0], *names[1]):
            try:
                known[name] = reference.column(name, numeric=True, lengths=name in names[1])
            except NotMeasuredError as error:
                yield name, error
    else:
        known = _outlined(reference, names, _CELLS_THERE if current.elsewhere else _CELLS)
    passes = {name: Counted(column) for name, column in known.items()}
    there, here = _parted(current, names)
    found = current.below({name: passes[name].cuts for name in there if name in passes}) if there else {}
    for name, below in found.items():
        values = passes[name].known
        passes[name].tell(below, current.rows, [] if values is None else current.repeats(name, values))
    _passed(current, here, passes)
    for name, counted in passes.items():
        try:
            yield name, _pair(name, known[name], counted, drawn)
        except NotMeasuredError as error:
            yield name, error


def _pair(name: str, column: ColumnProfile, counted: Any, drawn: Draws) -> Comparison:
    from pytest_mlgate.stats.drift_pair import Comparison
    from pytest_mlgate.stats.profile_drift import cell_counts

    counts, bracket = cell_counts(column, counted.below, counted.unseen, counted.missing)
    return Comparison(something(name, counts), None, drawn.seed, drawn.most, bracket=bracket)


def _outlined(table: Table, names: tuple[list[str], list[str]], cells: int) -> dict[str, ColumnProfile]:
    """Find out where a reference's columns are to be cut, and count them there."""
    from pytest_mlgate.stats.streamed import Outline, Reference

    there, here = _parted(table, names)
    known = _counted_there(table, there) if there else {}
    outlines = {name: Outline() for part in here for name in part}
    _passed(table, here, outlines)
    references = {name: Reference(outline, cells) for name, outline in outlines.items()}
    _passed(table, here, references)
    return known | {name: one.profile() for name, one in references.items()}


def _parted(table: Table, names: tuple[list[str], list[str]]) -> tuple[list[str], tuple[list[str], list[str]]]:
    """Part the columns that another engine counts from those that are read here: times, and lengths of texts."""
    there = [name for name in names[0] if table.elsewhere and table.columns[name] in _COUNTED_THERE]
    return there, ([name for name in names[0] if name not in there], names[1])


def _counted_there(table: Table, names: list[str]) -> dict[str, ColumnProfile]:
    """Let another engine say where a reference's columns are to be cut, and count them there."""
    from pytest_mlgate.stats.streamed import cuts_of, profile_of_cells

    grids = dict(zip(names, table.grids(names), strict=True))
    found = table.below({name: cuts_of(*grid) for name, grid in grids.items()})
    return {name: profile_of_cells(*grids[name], below, table.rows - below[-1]) for name, below in found.items()}


def _passed(table: Table, names: tuple[list[str], list[str]], passes: Mapping[str, _P]) -> None:
    """Show every piece of some columns to whoever passes over them."""
    from pytest_mlgate.stats.streamed import sorted_piece

    if not any(name in passes for part in names for name in part):
        return
    wanted = tuple([name for name in part if name in passes] for part in names)

    def show(found: tuple[str, tuple[Any, int]]) -> None:
        name, (values, missing) = found
        passes[name].add(sorted_piece(name, values, missing))

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="mlgate-count") as pool:  # sorting lets other threads run
        for piece in table.pieces(*wanted):
            list(pool.map(show, zip((*wanted[0], *wanted[1]), piece, strict=True)))
