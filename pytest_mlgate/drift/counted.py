"""Drift of tables that are too large to hold: their columns are counted piece by piece and never held whole.

Bins and their counts are those of the whole columns, and so are all that follows from them. A reference is passed over
twice, the data once; each pass sorts pieces of some columns at a time, on two threads.
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
    from pytest_mlgate.kind import Table
    from pytest_mlgate.stats.drift_pair import Comparison
    from pytest_mlgate.stats.profile import ColumnProfile
    from pytest_mlgate.stats.sides import Side

MOST_ROWS = 12_000_000
"""Rows of a table up to which its columns are read whole; eight of them are held at once."""

_AT_ONCE = 20  # columns, of which a piece each is in memory
_THREADS = 2


class _Pass(Protocol):
    def add(self, piece: Side) -> None:
        """Take a piece of a column into account."""


_P = TypeVar("_P", bound=_Pass)


def too_large(reference: Past, current: Table) -> bool:
    """Tell whether columns of these tables are better counted than held."""
    return any(not isinstance(one, Known) and one.rows > MOST_ROWS for one in (reference, current))


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
        known = _outlined(reference, names)
    passes = {name: Counted(column) for name, column in known.items()}
    _passed(current, names, passes)
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


def _outlined(table: Table, names: tuple[list[str], list[str]]) -> dict[str, ColumnProfile]:
    """Find out where a reference's columns are to be cut, and count them there."""
    from pytest_mlgate.stats.streamed import Outline, Reference

    outlines = {name: Outline() for part in names for name in part}
    _passed(table, names, outlines)
    references = {name: Reference(outline) for name, outline in outlines.items()}
    _passed(table, names, references)
    return {name: one.profile() for name, one in references.items()}


def _passed(table: Table, names: tuple[list[str], list[str]], passes: Mapping[str, _P]) -> None:
    """Show every piece of some columns to whoever passes over them."""
    from pytest_mlgate.stats.streamed import sorted_piece

    wanted = tuple([name for name in part if name in passes] for part in names)

    def show(found: tuple[str, tuple[Any, int]]) -> None:
        name, (values, missing) = found
        passes[name].add(sorted_piece(name, values, missing))

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="mlgate-count") as pool:  # sorting lets other threads run
        for piece in table.pieces(*wanted):
            list(pool.map(show, zip((*wanted[0], *wanted[1]), piece, strict=True)))
