"""Tables of warehouses and other databases, through Ibis: counted where they are."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from pytest_mlgate.errors import MissingExtraError, NotMeasuredError
from pytest_mlgate.inputs.database import first_line, stream
from pytest_mlgate.inputs.dialects import PULLED, Dialect
from pytest_mlgate.inputs.engine import FLOATS, NAN_FREE
from pytest_mlgate.inputs.frames import columns_of
from pytest_mlgate.inputs.references import user_code
from pytest_mlgate.inputs.remote import RemoteFrame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import narwhals as nw
    import pyarrow as pa

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column

_T = TypeVar("_T")
_PIECE = 100_000
_WIDTH = 500
# Whose quantiles are interpolated and exact, and which know PostgreSQL's timezone().
_EXACT = frozenset({"duckdb", "postgres"})
_NATIVES = {
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "integer",
    "int64": "bigint",
    "uint8": "utinyint",
    "uint16": "usmallint",
    "uint32": "uinteger",
    "uint64": "ubigint",
    "float32": "float",
    "float64": "double",
    "boolean": "boolean",
    "string": "varchar",
    "uuid": "uuid",
    "date": "date",
    "null": "null",
}
_LONGEST = 300


class IbisEngine:
    """A connection of Ibis's; implements `pytest_mlgate.inputs.dialects.RemoteEngine`.

    Args:
        backend: the connection.
        database: knows what is running, so that it can be told to stop.
    """

    def __init__(self, backend: Any, database: Database) -> None:
        name = str(backend.name)
        self.dialect = Dialect(
            f"Ibis ({name})",
            re2=name == "duckdb",
            width=_WIDTH,
            exact_rows=float("inf") if name in _EXACT else -1,
            most_values=PULLED,
            written=name,
        )
        self.queries = 0
        self._backend = backend
        self._database = database

    @property
    def knows_nan(self) -> bool:
        """Whether the database can be asked which numbers are none, and so may hold such."""
        from ibis.expr.operations import IsNan

        return bool(self._backend.has_operation(IsNan))

    def fetch(self, query: nw.LazyFrame[Any], what: str) -> pa.Table:
        """Run a query and return its rows.

        Raises:
            NotMeasuredError: it failed, or was interrupted.
        """
        self.queries += 1
        return self._run(lambda: query.collect("pyarrow").to_native(), what)

    def pieces(self, query: nw.LazyFrame[Any], by: str, most: int, what: str) -> Iterator[pa.Table]:
        """Run a query and return its rows some at a time, as the database streams them."""
        import pyarrow as pa

        del by, most
        self.queries += 1
        reader = self._run(lambda: self._begin(query), what)
        try:
            while (batch := self._run(lambda: next(iter(reader), None), what)) is not None:
                yield pa.Table.from_batches([batch])
        finally:  # until then its connection can do nothing else
            reader.close()

    def _begin(self, query: nw.LazyFrame[Any]) -> pa.RecordBatchReader:
        """Begin to read rows; of DuckDB itself, since Ibis 12 calls a method that DuckDB 2 does not have."""
        native = query.to_native()
        if self._backend.name != "duckdb":
            return native.to_pyarrow_batches(chunk_size=_PIECE)
        native.head(0).to_pyarrow()  # lets the connection know tables in memory and functions of the query
        return stream(self._backend.con.sql(str(self._backend.compile(native))))

    def approximated(
        self, rows: nw.LazyFrame[Any], within: Sequence[str], asked: Mapping[str, tuple[str, float]]
    ) -> tuple[nw.LazyFrame[Any], float]:
        """Refuse: the database does not say how far off its quantiles are."""
        del rows, within, asked  # whichever they are
        reason = f"quantiles of {self.dialect.name} are not known to be exact, nor how far off they are"
        raise NotMeasuredError(reason, "remove the quantiles, or measure mean, min and max")

    def trouble(self, error: Exception, what: str) -> Exception:
        """Explain what the database raised, in one line."""
        raised = type(error).__module__.partition(".")[0]
        if raised in {"pytest_mlgate", "builtins", "narwhals"} and not isinstance(error, OSError):
            return error
        line = first_line(error)[:_LONGEST]
        return NotMeasuredError(f"{what} could not be read by {self.dialect.name}: {line}", "look at the database")

    def _run(self, work: Callable[[], _T], what: str) -> _T:
        def quietly() -> _T:
            with _undeprecated():
                return work()

        try:
            if self._backend.name == "sqlite":  # whose connections belong to the thread that opened them
                return quietly()
            return self._database.run(quietly, stop=self._interrupt)
        except NotMeasuredError:
            raise
        except Exception as error:
            raise self.trouble(error, what) from error

    def _interrupt(self) -> None:
        """Stop the query that is running, on connections that can be told to."""
        connection = getattr(self._backend, "con", None)
        stop = getattr(connection, "interrupt", None) or getattr(connection, "cancel", None)
        if stop is not None:
            stop()


@contextmanager
def _undeprecated() -> Iterator[None]:
    """Keep back what Ibis is told of the libraries that it calls: it is not the user's to mend, nor an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def open_url(url: str, table: str, database: Database) -> RemoteFrame:
    """Connect to a database and open one of its tables.

    Args:
        url: as `ibis.connect` takes it; no part of it is shown but its scheme.
        table: its name, after those of schema and catalog if it needs them, with dots between.
        database: judges what the other database has no words for.

    Raises:
        NotMeasuredError: Ibis is not installed, the database cannot be reached, or it has no such table.
    """
    try:
        import ibis
    except ImportError as error:
        raise MissingExtraError("engine: ibis", "ibis-framework", "ibis") from error
    scheme = urlsplit(url).scheme
    what = f"{scheme} table {table}"
    *within, name = table.split(".")
    place = {0: None, 1: within[0] if within else None}.get(len(within), tuple(within))
    try:
        local = {"read_only": True} if scheme == "duckdb" and urlsplit(url).netloc + urlsplit(url).path else {}
        with _undeprecated():
            backend = ibis.connect(url, **local)
            found = backend.table(name, database=place)
        if scheme == "duckdb":  # a view may name files of this machine
            backend.con.execute("SET enable_external_access = false").fetchall()
    except ImportError as error:
        raise NotMeasuredError(
            f"{what} needs a driver: {first_line(error)}", f"pip install 'ibis-framework[{scheme}]'"
        ) from error
    except Exception as error:  # noqa: BLE001 - every driver raises its own, and this may quote the URL
        reason = _without(first_line(error)[:_LONGEST], url)
        remedy = "look at its url and at the name of the table"
        raise NotMeasuredError(f"{what} could not be opened: {type(error).__name__}: {reason}", remedy) from None
    return open_ibis(found, what, database, table)


def _without(text: str, url: str) -> str:
    """Leave out of a message what is secret in a URL."""
    parts = urlsplit(url)
    for secret in (url, parts.netloc, parts.password, parts.query):
        text = text.replace(secret, "…") if secret else text
    return text


def open_ibis(table: Any, what: str, database: Database, origin: str | None = None) -> RemoteFrame:
    """Open a table expression of Ibis's.

    Args:
        table: bound to a connection.
        what: how messages call it.
        database: judges what the other database has no words for.
        origin: what a reader writes after FROM to find the table.

    Raises:
        NotMeasuredError: its column names cannot be used.
    """
    with user_code(f"opening {what}"):  # it may be bound to no connection
        engine = IbisEngine(table.get_backend(), database)
    zoned = engine.dialect.exact_rows > 0
    schema = table.schema()
    natives = {name: _native(type_) for name, type_ in schema.items()}
    if not engine.knows_nan:
        natives = {name: NAN_FREE if native in FLOATS else native for name, native in natives.items()}
    opaque = {name for name, native in natives.items() if native == "timestamp with time zone" and not zoned}
    columns = columns_of(list(natives), list(natives.values()), what, opaque)

    def chosen(wanted: Sequence[Column]) -> Any:
        return table.select(**{column.inner: _canonical(table[column.name], column) for column in wanted})

    return RemoteFrame(what, columns, chosen, engine, database, origin)


def _native(type_: Any) -> str:
    """Name a type as DuckDB does."""
    if type_.is_decimal():
        return "decimal"
    if type_.is_timestamp():
        return "timestamp" if type_.timezone is None else "timestamp with time zone"
    return _NATIVES.get(str(type_.copy(nullable=True)), str(type_))


def _canonical(value: Any, column: Column) -> Any:
    import ibis

    if column.opaque:
        return ibis.ifelse(value.isnull(), None, True)
    if column.native == "timestamp with time zone":
        return _timezone("UTC", value)
    if column.native == "uuid":
        return value.cast("string")
    return value.cast("float64") if column.untyped else value


def _timezone(zone: str, moment: Any) -> Any:
    """Call PostgreSQL's and DuckDB's function for the wall time of a moment."""
    import ibis

    @ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp"))
    def timezone(zone, moment):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - the signature says it
        """Give the wall time of a moment."""

    return timezone(zone, moment)
