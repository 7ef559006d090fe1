"""Columns that are in memory, lent to the embedded DuckDB as Arrow: next to nothing is copied.

Some columns hold what neither Arrow nor DuckDB has a type for (a pandas column of mixed objects, a period). Of those
one can still say which values are missing, and the columns beside them are read as if nothing were the matter.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgate.inputs.frames import Column, Frame, columns_of, natives_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import narwhals as nw
    import pyarrow as pa
    from duckdb import DuckDBPyRelation

    from pytest_mlgate.inputs.database import Database


@dataclass(frozen=True, slots=True)
class Cells:
    """The values of one column.

    Args:
        array: an Arrow array, chunked or not.
        opaque: it does not hold the values, only says which are missing: null there, true elsewhere.
    """

    array: Any
    opaque: bool = False

    def hidden(self) -> Cells:
        """Keep only which values are missing."""
        return self if self.opaque else _presence(self.array.is_null())


def cells_of(frame: nw.DataFrame[Any]) -> dict[str, Cells]:
    """Give each column of a frame as Arrow, in order."""
    import pyarrow as pa

    refusals = (pa.ArrowException, TypeError, ValueError, OverflowError)
    if not frame.implementation.is_pandas_like():  # whose index would become a column
        with suppress(*refusals):
            table = frame.to_arrow()
            return {name: Cells(array) for name, array in zip(table.column_names, table.columns, strict=True)}
    cells: dict[str, Cells] = {}
    for series in frame.iter_columns():
        try:
            cells[series.name] = Cells(series.to_arrow())
        except refusals:
            cells[series.name] = _presence(series.is_null().to_arrow())
    return cells


def open_cells(cells: Mapping[str, Cells], what: str, database: Database) -> Frame:
    """Open columns of one length.

    Args:
        cells: column name → values, in order.
        what: how messages call the table.
        database: queries them.
    """
    natives: list[str] = []
    held: dict[str, Cells] = {}
    for name, one in cells.items():
        native = None if one.opaque else _native(one, database)
        held[name] = one if native is not None else one.hidden()
        natives.append(native or "boolean")
    columns = columns_of(list(held), natives, what, {name for name, one in held.items() if one.opaque})

    def source(chosen: Sequence[Column]) -> DuckDBPyRelation:
        return lend(((column, held[column.name]) for column in chosen), database)

    rows = max((len(one.array) for one in held.values()), default=0)
    return Frame(
        what, columns, source, lambda: rows, stable=True, elsewhere=lambda other: open_cells(held, what, other)
    )


def lend(cells: Iterable[tuple[Column, Cells]], database: Database) -> DuckDBPyRelation:
    """Let the database read columns under their inner names."""
    return database.lend(lendable(cells))


def lendable(cells: Iterable[tuple[Column, Cells]]) -> pa.Table:
    """Put columns under their inner names, in a form that the database can read."""
    import pyarrow as pa

    arrays = {column.inner: (one.hidden() if column.opaque else one).array for column, one in cells}
    return pa.table({inner: _widened(array) for inner, array in arrays.items()})


def _presence(missing: Any) -> Cells:
    import pyarrow as pa
    import pyarrow.compute as pc

    return Cells(pc.if_else(missing, pa.scalar(None, pa.bool_()), pa.scalar(value=True)), opaque=True)


def _native(cells: Cells, database: Database) -> str | None:
    """Tell the engine's type for a column; `None` when it has none."""
    import duckdb
    import pyarrow as pa

    type_ = cells.array.type
    if pa.types.is_null(type_):  # which older engines read as integers
        return "null"
    if isinstance(type_, pa.BaseExtensionType) and not type_.extension_name.startswith("arrow."):
        return None  # read as what it is stored as, a period would be a number
    try:
        return natives_of(lend([(Column("", "c0", ""), Cells(cells.array[:0]))], database))[0]
    except duckdb.Error:
        return None


def _widened(array: Any) -> Any:
    """Give half-precision numbers as single-precision ones, which DuckDB can read."""
    import pyarrow as pa

    return array.cast(pa.float32()) if pa.types.is_float16(array.type) else array
