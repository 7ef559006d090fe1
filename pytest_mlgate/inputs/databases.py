"""Tables of a DuckDB database file: opened for reading only, in a database that is closed to everything else.

A database file is data, and data are not trusted: a view in it may read any file there is. So it is attached inside a
sandbox, and rows come out as a stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.frames import Frame, columns_of, identifier, natives_of, suggest
from pytest_mlgate.inputs.sandbox import explained
from pytest_mlgate.inputs.usersql import tables_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyRelation

    from pytest_mlgate.inputs.frames import Column
    from pytest_mlgate.inputs.sandbox import Sandbox
    from pytest_mlgate.reference import TableRef

_LISTED = """
SELECT schema_name, table_name, true FROM duckdb_tables() WHERE database_name = 'source'
UNION ALL SELECT schema_name, view_name, false FROM duckdb_views() WHERE database_name = 'source' AND NOT internal
"""


def open_database(path: Path, name: str, sandbox: Sandbox) -> None:
    """Attach a database file to a sandbox and seal it.

    Raises:
        NotMeasuredError: it is no database, or somebody writes to it.
    """
    import duckdb

    try:
        sandbox.attach(path)
    except duckdb.Error as error:
        said = first_line(error)
        if "lock" in said.lower() or "conflict" in said.lower():
            reason, remedy = f"{name} is open for writing: {said}", "close it there, or measure a copy"
        elif "not a valid DuckDB" in said:
            reason, remedy = f"{name} is no DuckDB database", "name a file that DuckDB wrote"
        else:
            reason, remedy = f"{name} cannot be opened: {said}", "write it again, with a version of DuckDB no newer"
        raise NotMeasuredError(reason, remedy) from error
    sandbox.seal()


def open_selected(ref: TableRef, what: str, name: str, sandbox: Sandbox) -> Frame:
    """Open a table, a view, or what a query returns, inside the sandbox.

    Args:
        ref: what is meant.
        what: how messages call it.
        name: how messages call the database.
        sandbox: holds the database.

    Raises:
        NotMeasuredError: there is no such table, or the query is refused or fails.
    """
    if ref.query is not None:
        tables_in(ref.query, sandbox.connection)
        sql, origin, stored = ref.query, f"(\n{ref.query}\n)", False
    else:
        origin, stored = _table(ref.table or "", name, sandbox)
        sql = f"FROM {origin}"
    probe = Frame(what, columns_of(["row"], ["bigint"], what), lambda _: sandbox.sql(sql), lambda: 0, stable=False)
    with explained(sql, probe, quiet=True):
        bound = sandbox.sql(sql)
    columns = columns_of(bound.columns, natives_of(bound), what)
    places = {column.inner: place for place, column in enumerate(columns, 1)}

    def source(chosen: Sequence[Column]) -> DuckDBPyRelation:
        with explained(sql, probe, quiet=True):
            return sandbox.sql(sql).project(", ".join(f"#{places[one.inner]} AS {one.inner}" for one in chosen))

    def count() -> int:
        with explained(sql, probe, quiet=True):
            ((rows,),) = sandbox.run(sandbox.sql(sql).aggregate("count(*)").fetchall)
        return int(rows)

    return Frame(what, columns, source, count, stable=stored, origin=origin)


def _table(written: str, name: str, sandbox: Sandbox) -> tuple[str, bool]:
    """Find a table by its name, or by `schema.table`.

    Returns:
        How SQL names it, and whether its rows are stored; a view may compute them in another order each time.

    Raises:
        NotMeasuredError: there is none; names the nearest.
    """
    listed: Callable[[], list[tuple[str, str, bool]]] = sandbox.sql(_LISTED).fetchall
    known = {(one[1] if one[0] == "main" else f"{one[0]}.{one[1]}"): one for one in listed()}
    spellings = {one.casefold(): one for one in known}
    if written.casefold() not in spellings:
        remedy = suggest(written, known, "table") if known else "it has no tables"
        raise NotMeasuredError(f"{name} has no table {written!r}", remedy)
    schema, table, stored = known[spellings[written.casefold()]]
    return f"{identifier(schema)}.{identifier(table)}", stored
