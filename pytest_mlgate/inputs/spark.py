"""Tables of Spark's: counted where they are, whatever session they belong to.

Columns are renamed by position once, so that names with dots or backticks, and names that differ only in case, are
never resolved by Spark. Times become wall time in UTC by way of microseconds since 1970: the session's own time zone
has hours that occur twice.
"""

from __future__ import annotations

import math
import re
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.dialects import PULLED, Dialect
from pytest_mlgate.inputs.frames import columns_of
from pytest_mlgate.inputs.remote import RemoteFrame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import narwhals as nw
    import pyarrow as pa

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column

_T = TypeVar("_T")
_WIDTH = 80
_EXACT_ROWS = 100_000
_ACCURACY = 10_000
_PIECE = 500_000
_DIALECT = Dialect("Spark", distinct=False, width=_WIDTH, exact_rows=_EXACT_ROWS, most_values=PULLED, written="spark")
_NATIVES = {
    "tinyint": "tinyint",
    "smallint": "smallint",
    "int": "integer",
    "bigint": "bigint",
    "float": "float",
    "double": "double",
    "boolean": "boolean",
    "string": "varchar",
    "varchar": "varchar",
    "char": "varchar",
    "decimal": "decimal",
    "date": "date",
    "timestamp": "timestamp with time zone",
    "timestamp_ntz": "timestamp",
    "void": "null",
}
_LONGEST = 300


class SparkEngine:
    """A Spark session; implements `pytest_mlgate.inputs.dialects.RemoteEngine`.

    Args:
        session: the user's, or one that was started for a gate.
        database: knows what is running, so that it can be told to stop.
    """

    dialect = _DIALECT

    def __init__(self, session: Any, database: Database) -> None:
        self.queries = 0
        self._session = session
        connected = type(session).__module__.startswith("pyspark.sql.connect")
        self._context = None if connected else session.sparkContext
        self._database = database

    def fetch(self, query: nw.LazyFrame[Any], what: str) -> pa.Table:
        """Run a query and return its rows.

        Raises:
            NotMeasuredError: it failed, or was interrupted.
        """
        return self._run(lambda: query.collect("pyarrow").to_native(), what)

    def pieces(self, query: nw.LazyFrame[Any], by: str, most: int, what: str) -> Iterator[pa.Table]:
        """Run a query and return its rows some at a time, of many those whose values share a hash.

        So that it is computed once, its answer stays on Spark's disks meanwhile; row by row it would come over ten
        times as slowly.
        """
        import narwhals as nw
        from pyspark import StorageLevel
        from pyspark.sql import functions as f

        if most <= _PIECE:
            yield self.fetch(query, what)
            return
        native = query.to_native().persist(StorageLevel.DISK_ONLY)
        try:
            rows = self._run(native.count, what)
            parts = max(1, math.ceil(rows / _PIECE))
            for part in range(parts):
                some = native.where(f.pmod(f.xxhash64(by), f.lit(parts)) == part)
                yield self.fetch(nw.from_native(some), what)
        finally:
            with suppress(Exception):  # where the session is gone, so are its disks
                native.unpersist()

    def approximated(
        self, rows: nw.LazyFrame[Any], within: Sequence[str], asked: Mapping[str, tuple[str, float]]
    ) -> tuple[nw.LazyFrame[Any], float]:
        """Write a query of quantiles whose rank is off by at most one row in ten thousand."""
        import narwhals as nw
        from pyspark.sql import functions as f

        wanted = [f.percentile_approx(column, at, _ACCURACY).alias(name) for name, (column, at) in asked.items()]
        return nw.from_native(rows.to_native().groupBy(*within).agg(*wanted)), 1 / _ACCURACY

    def trouble(self, error: Exception, what: str) -> Exception:
        """Explain what Spark raised, in one line; its own words fill a screen."""
        from py4j.protocol import Py4JError, Py4JNetworkError
        from pyspark.errors import PySparkException

        told = isinstance(error, Py4JError | PySparkException)
        if not told and not _raised_inside(error):
            return error
        if not told or isinstance(error, Py4JNetworkError) or "stopped SparkContext" in str(error):
            reason = f"{what} could not be read: its Spark session is gone"
            return NotMeasuredError(reason, "keep the session running until the gates are done")
        return NotMeasuredError(f"{what} could not be read by Spark: {said(error)}", "look at the data, or the session")

    def _run(self, work: Callable[[], _T], what: str) -> _T:
        """Do some work whose jobs carry a mark of their own, by which they can be cancelled."""
        mark = f"mlgate-{uuid4().hex}"
        self.queries += 1

        def marked() -> _T:
            if self._context is not None:  # a tag would not reach the thread that collects the answer
                self._context.setJobGroup(mark, f"pytest-mlgate: {what}", interruptOnCancel=True)
            else:
                self._session.addTag(mark)
            with warnings.catch_warnings():  # it leaves its sockets to the garbage collector
                warnings.filterwarnings("ignore", "unclosed", ResourceWarning)
                return work()

        def stop() -> None:
            if self._context is not None:
                self._context.cancelJobGroup(mark)
            else:
                self._session.interruptTag(mark)

        try:
            return self._database.run(marked, stop)
        except NotMeasuredError:
            raise
        except Exception as error:
            raise self.trouble(error, what) from error


def open_spark(data: Any, what: str, database: Database, origin: str | None = None) -> RemoteFrame:
    """Open a DataFrame of Spark's.

    Args:
        data: classic or Connect.
        what: how messages call it.
        database: judges what Spark has no words for.
        origin: what a reader writes after FROM to find the table.

    Raises:
        NotMeasuredError: its column names cannot be used.
    """
    engine = SparkEngine(data.sparkSession, database)
    try:
        fields = data.schema.fields
    except Exception as error:
        raise engine.trouble(error, what) from error
    natives = [_native(field.dataType) for field in fields]
    columns = columns_of([field.name for field in fields], natives, what)
    renamed = data.toDF(*(column.inner for column in columns)) if columns else data

    def chosen(wanted: Sequence[Column]) -> Any:
        return renamed.select(*(_canonical(column) for column in wanted))

    return RemoteFrame(what, columns, chosen, engine, database, origin)


def _native(type_: Any) -> str:
    """Name a type as DuckDB does."""
    name: str = type_.simpleString()
    return _NATIVES.get(re.sub(r"[(<].*", "", name), name)


def _canonical(column: Column) -> Any:
    from pyspark.sql import functions as f

    value = f.col(column.inner)
    if column.native == "timestamp with time zone":
        start = f.lit("1970-01-01 00:00:00").cast("timestamp_ntz")
        value = f.timestamp_add("MICROSECOND", f.unix_micros(value), start)
    elif column.untyped:
        value = value.cast("double")
    return value.alias(column.inner)


def _raised_inside(error: Exception) -> bool:
    """Tell whether pyspark's own code stumbled, as it does over a session that is gone."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and not {"pyspark", "py4j"}.isdisjoint(Path(frames[-1].filename).parts)


def said(error: Exception) -> str:
    r"""Give the line of Spark's message that a person can use: the one that carries the error's class, or the first.

    >>> said(ValueError("Job aborted: Lost task (executor 1): java.io.IOException: [BAD] No such file\n  at x.y(z)"))
    '[BAD] No such file'
    """
    text = str(error)
    java = getattr(error, "java_exception", None)
    if java is not None:
        with suppress(Exception):  # where the JVM is gone, what it sent before is all there is
            while java.getCause() is not None:
                java = java.getCause()
            text = str(java.getMessage() or java.toString())
    named = re.search(r"\[[A-Z][A-Z0-9_.]+\] [^\n]*", text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = named[0] if named else lines[0] if lines else type(error).__name__
    return re.sub(r"\s*SQLSTATE: \w+$", "", line)[:_LONGEST].strip()
