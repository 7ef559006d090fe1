"""A database of its own for SQL that somebody wrote in a gate file: it sees the tables it is given and nothing else.

Anybody can open a pull request, so what a `where:`, a `query:` or a `sql:` says is not trusted. Two things stand in
its way: `usersql` lets only text through that reads, and the database it runs on has no file system, no network, no
Python variables and no settings to change. Columns have the names that the user knows them by and their canonical
types (a timestamp in UTC, an enum as text); NaN is null, as everywhere.

Where a kind has SQL to ask of tables that are open already:

    with Sandbox() as sandbox:
        sandbox.tally(frame, ["age > 30", "paid <= owed"])      # how often each is true, false, null: one pass
        sandbox.failing(frame, "age > 30", 5, key=["id"])       # the first rows for which it is false
        sandbox.rows({"data": frame}, "SELECT …", 5)            # how many rows a query returns, and the first
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from itertools import takewhile
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct

from pytest_mlgate.aggregate import Example
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import Database, first_line
from pytest_mlgate.inputs.frames import ROW, Frame, identifier, literal, suggest
from pytest_mlgate.inputs.text import shortened, spelled
from pytest_mlgate.inputs.usersql import RefusedSqlError, columns_in, tables_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from pytest_mlgate.inputs.frames import Column

_KEPT = "mlgate_kept_"
_REMEMBERED = 8
# What the engine says of these speaks of the SQL or of the machine; what it says of others may quote a row's value.
OF_THE_TEXT = frozenset(
    {"ParserException", "BinderException", "CatalogException", "SyntaxException"}
    | {"PermissionException", "IOException", "OutOfMemoryException", "NotImplementedException"}
)


BEARS = "run it by hand to see which, or let it bear such rows, as TRY_CAST does"


class Tally(Struct, frozen=True):
    """For how many rows a predicate is true, false, and neither since a value is missing."""

    true: int
    false: int
    null: int


class Found(Struct, frozen=True):
    """What a query returned: how many rows, the names of its columns, and the first rows as text."""

    count: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


class Sandbox(Database):
    """A database that can be closed to the outside.

    Each relation has a connection of its own, for while one is read its connection can do nothing else.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cursors: deque[DuckDBPyConnection] = deque(maxlen=_REMEMBERED)
        self._files: list[str] = []
        self._folders: list[str] = []
        self._attached = False
        self._sealed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sql(self, query: str) -> DuckDBPyRelation:
        """Bind a query on a connection of its own; one that takes its time to be planned can be given up."""
        cursor = self.cursor()
        return self.run(lambda: cursor.sql(query))

    def scan(self, query: str) -> Callable[[], DuckDBPyRelation]:
        """Bind a query of our own anew each time it is fetched."""
        return lambda: self.sql(query)

    def lend(self, rows: pa.Table | pa.RecordBatchReader) -> DuckDBPyRelation:
        """Let the sandbox read Arrow data where they lie."""
        return self.cursor().from_arrow(rows)

    def cursor(self) -> DuckDBPyConnection:
        """Open another connection to the same data."""
        cursor = self.connection.cursor()
        if self._attached:
            cursor.execute("USE source")
        self._cursors.append(cursor)
        return cursor

    def attach(self, path: Path) -> None:
        """Open a database file for reading; queries find its tables by their names.

        Raises:
            duckdb.Error: it is no database, or somebody writes to it.
        """
        self.connection.execute(f"ATTACH {literal(str(path))} AS source (READ_ONLY, TYPE duckdb)")
        self._attached = True

    def allow(self, files: Iterable[str]) -> None:
        """Let files be read even when the database is sealed."""
        for file in files:
            self._files.append(file)
            if any(magic in file for magic in "*?["):  # read through a pattern, for which folders are listed
                parts = PurePath(file).parts
                literal_parts = takewhile(lambda part: not any(magic in part for magic in "*?["), parts[:-1])
                self._folders.append(str(PurePath(*literal_parts)))

    def seal(self) -> None:
        """Close the database to everything outside, for good."""
        if self._sealed:
            return
        self._sealed = True
        for option, allowed in (("allowed_paths", self._files), ("allowed_directories", self._folders)):
            self.connection.execute(f"SET GLOBAL {option} = [{', '.join(map(literal, allowed))}]")
        self.connection.execute("SET GLOBAL enable_external_access = false")
        self.connection.execute("SET GLOBAL lock_configuration = true")

    def _halt(self) -> None:
        super()._halt()
        for cursor in tuple(self._cursors):
            cursor.interrupt()

    def close(self) -> None:
        """Let go of everything that was opened."""
        self._cursors.clear()
        self._attached = self._sealed = False
        super().close()

    def filtered(self, frame: Frame, predicate: str, database: Database, what: str) -> Frame:
        """Keep the rows of a table for which a predicate is true; their numbers stay those they had.

        The rows kept are handed on as a stream of Arrow batches, so a filter on a large file keeps next to nothing in
        memory, and what can be skipped in a Parquet file is.

        Args:
            frame: opened on this database, which is sealed.
            predicate: SQL in the columns' own names.
            database: queries what is kept.
            what: how messages call it.

        Raises:
            NotMeasuredError: the predicate is refused. What only the engine can find wrong is said when rows are read.
        """
        meant = self._meant(frame, predicate)

        def kept(chosen: Sequence[Column], *, numbered: bool = False) -> DuckDBPyRelation:
            with explained(predicate, frame, quiet=True):
                rows = self._true(_named(frame, meant, chosen, numbered=numbered), predicate)
                carried = [f"{one.carried(_KEPT + one.inner)} AS {one.inner}" for one in chosen]
                numbers = [f"{_KEPT}{ROW} AS {ROW}"] if numbered else []
                wanted = ", ".join([*numbers, *carried])
                return database.lend(self.run(lambda: stream(rows.project(wanted))))

        def count() -> int:
            with explained(predicate, frame, quiet=True):
                rows = self._true(_named(frame, meant, ()), predicate)
                ((found,),) = self.run(lambda: rows.aggregate("count(*)").fetchall())
            return int(found)

        return Frame(
            what,
            frame.columns.values(),
            kept,
            count,
            stable=frame.stable,
            origin=f"(FROM {frame.origin} WHERE {predicate})",
            numbered=lambda chosen: kept(chosen, numbered=True),
        )

    def tally(self, frame: Frame, predicates: Sequence[str]) -> list[Tally]:
        """Count for how many rows predicates are true, false and null, all in one pass.

        Raises:
            NotMeasuredError: a predicate is not valid, is refused, or fails on a row.
        """
        self.seal()
        meant = list(dict.fromkeys(column for one in predicates for column in self._meant(frame, one)))
        rows = _named(handed(frame, self), meant, ())
        judged = []
        for place, predicate in enumerate(predicates):
            with explained(predicate, frame):
                self._check_boolean(rows, predicate)
            judged.append(f"(\n{predicate}\n) AS p{place}")
        sums = [f"count(*) FILTER (WHERE p{i}), count(*) FILTER (WHERE NOT p{i})" for i in range(len(judged))]
        with explained(" and ".join(predicates), frame):
            counts = ", ".join(["count(*)", *sums])
            ((total, *numbers),) = self.run(lambda: rows.project(", ".join(judged)).aggregate(counts).fetchall())
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return [Tally(true, false, total - true - false) for true, false in pairs]

    def failing(self, frame: Frame, predicate: str, limit: int, key: Sequence[str] = ()) -> list[Example]:
        """Show the first few rows for which a predicate is false; those it cannot judge for a missing value are not.

        Args:
            frame: any table.
            predicate: SQL in the columns' own names; the values shown are those it names.
            limit: how many rows.
            key: columns that identify a row.

        Raises:
            NotMeasuredError: a column is missing, or the predicate is not valid, is refused, or fails on a row.
        """
        self.seal()
        meant = self._meant(frame, predicate)
        keys = [frame.column(name) for name in key]
        shown = list(dict.fromkeys([*keys, *meant]))
        rows = _named(handed(frame, self), meant, shown, numbered=True)
        with explained(predicate, frame):
            found = self._true(rows, f"NOT (\n{predicate}\n)")
            values = ", ".join([_KEPT + ROW, *(one.canonical(_KEPT + one.inner) for one in shown)])
            first = self.run(lambda: stream(found.order(_KEPT + ROW).limit(limit).project(values)).read_all())
            records = first.to_pydict().values()
        numbers, *columns = list(records)
        texts = {
            column: [shortened(spelled(value, single=column.native == "float")) for value in values]
            for column, values in zip(shown, columns, strict=True)
        }
        return [
            Example(
                row=number,
                value=", ".join(f"{column.name}={texts[column][i]}" for column in meant),
                key={column.name: texts[column][i] for column in keys},
            )
            for i, number in enumerate(numbers)
        ]

    def rows(self, tables: Mapping[str, Frame], query: str, limit: int) -> Found:
        """Run a query, and say how many rows it returns and what the first few are.

        Args:
            tables: name in the query → table; a gate's own is called `data`.
            query: one SELECT.
            limit: how many rows to show.

        Raises:
            NotMeasuredError: the query is not valid, is refused, or fails.
        """
        named = tables_in(query, self.connection)
        offered = {name.casefold(): name for name in tables}
        if unknown := sorted(named - set(offered)):
            remedy = suggest(unknown[0], tables, "table")
            raise RefusedSqlError(query, f"names the table {unknown[0]!r}, which is none of the gate's", remedy)
        for name in named:
            self._offer(offered[name], tables[offered[name]])
        self.seal()
        about = next(iter(tables.values()))
        with explained(query, about):
            result = self.sql(query)
            ((count,),) = self.run(lambda: result.aggregate("count(*)").fetchall())
            texts = ", ".join(f"#{place}::VARCHAR" for place in range(1, len(result.columns) + 1))
            first = self.sql(query)
            shown = self.run(lambda: first.project(texts).limit(limit).fetchall())
            return Found(int(count), tuple(result.columns), tuple(shown))

    def _offer(self, name: str, frame: Frame) -> None:
        """Make a table known under a name, its columns under theirs; rows that can be read only once are copied."""
        columns = list(frame.columns.values())
        _refuse_alike(frame, columns)
        source = frame.elsewhere(self) if frame.elsewhere is not None else handed(frame, self)
        selected = source.relation(columns).project(
            ", ".join(f"{_seen(one, one.inner)} AS {identifier(one.name)}" for one in columns)
        )
        with explained(name, frame):
            self.run(lambda: selected.create(name))

    def named(self, frame: Frame, predicate: str) -> list[str]:
        """Say which columns a predicate names.

        Raises:
            NotMeasuredError: it is not valid, or is refused.
        """
        return [column.name for column in self._meant(frame, predicate)]

    def _meant(self, frame: Frame, predicate: str) -> list[Column]:
        """Find the columns that a predicate names, by SQL's rule that upper and lower case are the same."""
        names = {name.casefold() for name in columns_in(predicate, self.connection)}
        meant = [column for column in frame.columns.values() if column.name.casefold() in names]
        _refuse_alike(frame, meant)
        for column in meant:
            if column.opaque:
                raise NotMeasuredError(f"{column} holds values of no type that SQL can compare", "give it one type")
        return meant

    def _true(self, rows: DuckDBPyRelation, predicate: str) -> DuckDBPyRelation:
        """Keep the rows for which a predicate is true. Planning it may compute it, if it has no columns."""
        self._check_boolean(rows, predicate)
        return self.run(lambda: rows.filter(f"(\n{predicate}\n)"))

    def _check_boolean(self, rows: DuckDBPyRelation, predicate: str) -> None:
        """Bind a predicate, so that what is wrong with it is said before rows are read."""
        (kind,) = self.run(lambda: rows.project(f"(\n{predicate}\n) AS p").types)
        if str(kind) not in {"BOOLEAN", '"NULL"', "NULL"}:
            raise RefusedSqlError(
                predicate, f"gives {str(kind).lower()}, which is neither true nor false", "compare it"
            )
        # This does not bind what speaks of more rows than one, or makes rows.
        self.run(lambda: rows.filter(f"(\n{predicate}\n)"))


def handed(frame: Frame, database: Database) -> Frame:
    """Let a database query a table that another one holds: as a stream of Arrow batches, anew each time."""

    def source(chosen: Sequence[Column], *, numbered: bool = False) -> DuckDBPyRelation:
        carried = [f"{one.carried(one.inner)} AS {one.inner}" for one in chosen]
        rows = frame.relation(chosen, numbered=numbered)
        with explained("it", frame, quiet=True):
            wanted = rows.project(", ".join([*([ROW] if numbered else []), *carried]))
            return database.lend(database.run(lambda: stream(wanted)))

    return Frame(
        frame.what,
        frame.columns.values(),
        source,
        lambda: frame.rows,
        stable=frame.stable,
        origin=frame.origin,
        numbered=lambda chosen: source(chosen, numbered=True),
    )


def stream(relation: Any) -> pa.RecordBatchReader:
    """Begin to read a relation, by the method's newer name or the older one."""
    begin = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    return begin()


@contextmanager
def explained(sql: str, frame: Frame, *, quiet: bool = False) -> Iterator[None]:
    """Turn what the engine says of somebody's SQL into words about it and the table it was asked of.

    Args:
        sql: as written.
        frame: the table.
        quiet: keep to ourselves what the engine says of a row, since nobody knows here which values may be shown.

    Raises:
        NotMeasuredError: the engine refused or failed.
    """
    import duckdb

    try:
        yield
    except duckdb.InterruptException as error:
        raise NotMeasuredError("the query was interrupted", "give it more time, or less to do") from error
    except duckdb.Error as error:
        if quiet and type(error).__name__ not in OF_THE_TEXT:
            raise RefusedSqlError(sql, f"fails on a row of {frame.what} ({type(error).__name__})", BEARS) from error
        said = first_line(error)
        names = [name for name in said.split('"')[1::2] if name not in frame.columns]
        unknown = "Referenced column" in said and names
        remedy = suggest(names[0], frame.columns, "column") if unknown else "mend the SQL, or look at the data"
        raise RefusedSqlError(sql, f"cannot be asked of {frame.what}: {said}", remedy) from error


def _named(
    frame: Frame, meant: Sequence[Column], beside: Sequence[Column], *, numbered: bool = False
) -> DuckDBPyRelation:
    """Give the columns a predicate means under their own names, and others beside them under names nobody writes."""
    read = list(dict.fromkeys([*meant, *beside])) or [next(iter(frame.columns.values()))]
    selected = [
        *(f"{_seen(one, one.inner)} AS {identifier(one.name)}" for one in meant),
        *(f"{one.inner} AS {_KEPT}{one.inner}" for one in beside),
        *([f"{ROW} AS {_KEPT}{ROW}"] if numbered else []),
    ]
    rows = frame.relation(read, numbered=numbered)
    return rows.project(", ".join(selected or ["1 AS mlgate_row"])).set_alias("data")


def _seen(column: Column, expression: str) -> str:
    """Write a column as user SQL sees it: in its canonical form, NaN as null."""
    value = column.canonical(expression)
    return f"CASE WHEN NOT isnan({value}) THEN {value} END" if column.native in {"float", "double"} else value


def _refuse_alike(frame: Frame, columns: Iterable[Column]) -> None:
    """Refuse columns that SQL cannot tell apart."""
    spellings: dict[str, list[str]] = {}
    for name in frame.columns:
        spellings.setdefault(name.casefold(), []).append(name)
    for column in columns:
        alike = spellings[column.name.casefold()]
        if len(alike) > 1:
            reason = f"the columns {' and '.join(map(repr, alike))} of {frame.what} cannot be told apart in SQL"
            raise NotMeasuredError(reason, "rename one; only upper and lower case differ")
