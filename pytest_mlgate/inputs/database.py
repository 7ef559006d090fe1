"""The embedded DuckDB of a session, and the only place where a query runs.

DuckDB turns whatever a signal handler raises in the middle of a query (Ctrl-C, a gate's timeout) into an error of its
own. So a query runs on a helper thread while the caller waits: the exception reaches the caller as it was raised, and
the query is told to stop.
"""

from __future__ import annotations

import tempfile
import threading
from concurrent.futures import Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import narwhals as nw
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

_T = TypeVar("_T")
_AGAIN_S = 0.2
_PATIENCE = 25  # times as long
# DuckDB would take four fifths of the machine, in every worker of a parallel run; beyond this it spills to disk.
_MEMORY_GIB = 4.0


class Database:
    """An in-memory DuckDB that is opened when it is first needed and downloads nothing."""

    def __init__(self) -> None:
        self._opened: DuckDBPyConnection | None = None
        self._stop: Callable[[], None] | None = None
        self._stopped = False

    @property
    def connection(self) -> DuckDBPyConnection:
        """The connection; its extensions are those it was built with, its clock is UTC."""
        if self._opened is None:
            import duckdb

            self._opened = duckdb.connect(
                ":memory:",
                config={
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                    "allow_community_extensions": "false",
                    "python_enable_replacements": "false",
                    "temp_directory": str(Path(tempfile.gettempdir(), f"mlgate-duckdb-{uuid4().hex}")),
                },
            )
            self._opened.execute("SET GLOBAL TimeZone = 'UTC'")
            # Parquet statistics leave NaN out, as their specification says, and DuckDB 2.0 concludes from them that
            # there is none: https://github.com/duckdb/duckdb/issues/25521
            self._opened.execute("SET GLOBAL disabled_optimizers = 'statistics_propagation'")
            _limit_memory(self._opened)
        return self._opened

    def sql(self, query: str) -> DuckDBPyRelation:
        """Bind a query; what it scans is read when it is fetched."""
        return self.connection.sql(query)

    def scan(self, query: str) -> Callable[[], DuckDBPyRelation]:
        """Bind a query of our own once, to be fetched many times."""
        relation = self.sql(query)
        return lambda: relation

    def allow(self, files: Iterable[str]) -> None:
        """Let files be read; all may be, until a sandbox is sealed."""

    def lend(self, rows: pa.Table | pa.RecordBatchReader) -> DuckDBPyRelation:
        """Let DuckDB read Arrow data where they lie; those of a reader can be fetched once."""
        return self.connection.from_arrow(rows)

    @contextmanager
    def kept(self, query: nw.LazyFrame[Any], what: str) -> Iterator[nw.LazyFrame[Any]]:
        """Run a query and keep its rows in the database for a while, where they may spill to disk.

        Raises:
            NotMeasuredError: as `fetch`.
        """
        import narwhals as nw

        name = f"kept_{uuid4().hex}"
        relation = query.to_native()
        self._asked(lambda: relation.create(name), what)
        try:
            yield nw.from_native(self.sql(f"FROM {name}"))
        finally:
            self.connection.execute(f"DROP TABLE {name}")

    def batches(self, query: nw.LazyFrame[Any], rows: int, what: str) -> Iterator[pa.RecordBatch]:
        """Run a query whose answer need not fit into memory, and return some rows at a time.

        Raises:
            NotMeasuredError: as `fetch`.
        """
        relation = query.to_native()
        reader = self._asked(lambda: stream(relation, rows), what)
        while (batch := self._asked(lambda: next(reader, None), what)) is not None:
            yield batch

    def fetch(self, query: nw.LazyFrame[Any], what: str) -> pa.Table:
        """Run a query and return its rows.

        Raises:
            NotMeasuredError: it failed, or was interrupted; `what` says what was read.
        """
        return self._asked(lambda: query.collect("pyarrow").to_native(), what)

    def run(self, work: Callable[[], _T], stop: Callable[[], None] | None = None) -> _T:
        """Do some work that signals and `interrupt` can end.

        Args:
            work: what to do.
            stop: ends it from another thread, where that is not a query of this database.

        Raises:
            NotMeasuredError: it was interrupted.
        """
        import duckdb

        future: Future[_T] = Future()
        self._stop, self._stopped = stop, False
        helper = threading.Thread(target=_fulfil, args=(future, work), name="mlgate-query", daemon=True)
        try:
            helper.start()
            while not wait([future], _AGAIN_S).done:
                if self._stopped:  # what had not begun when it was told to stop has not heard of it
                    self._halt()
            return future.result()
        except duckdb.InterruptException as error:
            raise _interrupted() from error
        except BaseException as error:
            if self._stopped and isinstance(error, Exception):  # however the other engine words it
                raise _interrupted() from error
            if not future.done():  # a signal handler raised while this thread was waiting
                for _ in range(_PATIENCE):
                    self._halt()
                    helper.join(_AGAIN_S)
                    if not helper.is_alive():
                        break
            raise
        finally:
            self._stop = None

    def _halt(self) -> None:
        """Tell whatever runs to stop; nothing happens where nothing does yet."""
        if self._stop is not None:
            self._stop()
        elif self._opened is not None:
            self._opened.interrupt()

    def _asked(self, work: Callable[[], _T], what: str) -> _T:
        """Run a query, and say of a failure what was read."""
        import duckdb

        try:
            return self.run(work)
        except duckdb.OutOfMemoryException as error:
            reason = f"{what} needs more memory than there is: {first_line(error)}"
            raise NotMeasuredError(reason, "measure a sample, or fewer columns with quantiles at once") from error
        except duckdb.Error as error:
            raise NotMeasuredError(f"{what} could not be read: {of_rows(error)}", "look at the data") from error

    def interrupt(self) -> None:
        """Stop the query that is running, if one is; called from another thread."""
        self._stopped = True
        self._halt()

    def close(self) -> None:
        """Let go of everything that was opened."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def _interrupted() -> NotMeasuredError:
    return NotMeasuredError("the query was interrupted", "give it more time, or less to do")


def _limit_memory(connection: DuckDBPyConnection) -> None:
    """Keep to a few gibibytes, or to less where DuckDB found that there is less."""
    ((found,),) = connection.execute("SELECT current_setting('memory_limit')").fetchall()
    amount, unit = found.split()
    if unit in {"TiB", "PiB"} or (unit == "GiB" and float(amount) > _MEMORY_GIB):
        connection.execute(f"SET GLOBAL memory_limit = '{_MEMORY_GIB} GiB'")


def _fulfil(future: Future[_T], work: Callable[[], _T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the thread that waits
        future.set_exception(error)


def of_rows(error: BaseException) -> str:
    """Give what a person can use of a message about reading rows: without the words that would quote a value."""
    said = first_line(error)
    if "Arrow source" not in said and "Conversion" not in said:
        return said
    return "what computes its rows fails on one of them; the engine's words for it may quote a value"


def first_line(error: BaseException) -> str:
    """Give the part of an engine's message that a person can use."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    return lines[0] if lines else type(error).__name__


def stream(relation: Any, rows: int = 1_000_000) -> pa.RecordBatchReader:
    """Begin to read a relation, so many rows at a time, by the method's newer name or the older one."""
    begin = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    return begin(rows)
