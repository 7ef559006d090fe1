"""Opening tables that a pytest fixture returned: pandas, polars, Arrow, DuckDB relations, and whatever narwhals knows.

Each of them lends the columns that are asked for to the embedded DuckDB, as Arrow, which copies next to nothing: a
frame by its buffers, a relation as a stream. So everything is measured by one engine with one set of semantics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import Frame, columns_of, natives_of
from pytest_mlgate.inputs.references import user_code

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw
    import pyarrow as pa
    from duckdb import DuckDBPyRelation

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column


def open_object(value: object, what: str, database: Database) -> Frame:
    """Open what a fixture returned.

    Args:
        value: a frame of any library that narwhals knows.
        what: how messages call it.
        database: queries it.

    Raises:
        NotMeasuredError: it is no table, or its column names cannot be used.
    """
    import narwhals as nw

    if nw.dependencies.is_duckdb_relation(value):
        return _open_relation(value, what, database)
    try:
        frame: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(value)
    except nw.exceptions.DuplicateError as error:
        raise NotMeasuredError(f"{what} has columns of the same name", "give each column its own name") from error
    except TypeError as error:
        kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        remedy = "return a pandas or polars frame, a pyarrow Table or a DuckDB relation"
        raise NotMeasuredError(f"{what} is a {kind}, which is no table", remedy) from error
    if isinstance(frame, nw.LazyFrame):
        return _open_lazy(frame, what, database)
    return open_arrow(*_arrow_columns(frame), what, database)


def _open_relation(relation: DuckDBPyRelation, what: str, database: Database) -> Frame:
    """Open a relation of the user's connection, whose settings and optimiser are not ours to change."""
    with user_code(f"querying {what}"):  # the connection may be closed
        columns = columns_of(relation.columns, natives_of(relation), what)
    spellings = {column.name.lower(): column.name for column in columns}
    for column in columns:
        if spellings[column.name.lower()] != column.name:
            pair = f"{column.name!r} and {spellings[column.name.lower()]!r}"
            raise NotMeasuredError(f"{what} has columns {pair}, which DuckDB takes for one name", "rename one of them")

    def source(chosen: Sequence[Column]) -> DuckDBPyRelation:
        selected = ", ".join(column.exported for column in chosen)
        with user_code(f"querying {what}"):
            return database.lend(database.run(lambda: _stream(relation.project(selected))))

    def count() -> int:
        with user_code(f"querying {what}"):
            ((rows,),) = database.run(relation.aggregate("count(*)").fetchall)
        return int(rows)

    return Frame(what, columns, source, count, stable=False)


def _stream(relation: Any) -> pa.RecordBatchReader:
    """Begin to read a relation, by the method's newer name or the older one."""
    begin = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    return begin()


def _open_lazy(frame: nw.LazyFrame[Any], what: str, database: Database) -> Frame:
    """Open a frame that computes itself when asked; its types are known from an empty one."""
    import narwhals as nw

    native = frame.to_native()
    if nw.dependencies.is_polars_lazyframe(native):
        import polars as pl

        empty: nw.DataFrame[Any] = nw.from_native(pl.DataFrame(schema=native.collect_schema()), eager_only=True)
    else:
        empty = frame.head(0).collect("pyarrow")
    columns = open_arrow(*_arrow_columns(empty), what, database).columns.values()
    opaque = {column.name for column in columns if column.opaque}

    def source(chosen: Sequence[Column]) -> DuckDBPyRelation:
        names = [column.name for column in chosen]
        with user_code(f"computing {what}"):
            computed = frame.select(names).collect()
        arrays, _ = _arrow_columns(computed, opaque)
        return _lent([arrays[name] for name in names], [column.inner for column in chosen], database)

    def count() -> int:
        with user_code(f"computing {what}"):
            return int(frame.select(nw.len()).collect().item())

    return Frame(what, columns, source, count, stable=False)


def open_arrow(arrays: dict[str, Any], opaque: set[str], what: str, database: Database) -> Frame:
    """Open columns that are in memory as Arrow arrays.

    Args:
        arrays: column name → array, in order, all of one length.
        opaque: names of columns whose array only says what is missing.
        what: how messages call the table.
        database: queries them.
    """
    natives: list[str] = []
    rows = 0
    for name, array in arrays.items():
        rows, native = len(array), _native(array, database)
        if native is None:
            arrays[name], native = _presence(array.is_null()), "boolean"
            opaque.add(name)
        natives.append(native)
    columns = columns_of(list(arrays), natives, what, opaque)

    def source(chosen: Sequence[Column]) -> DuckDBPyRelation:
        return _lent([arrays[column.name] for column in chosen], [column.inner for column in chosen], database)

    return Frame(what, columns, source, lambda: rows, stable=True)


def _arrow_columns(frame: nw.DataFrame[Any], opaque: set[str] | None = None) -> tuple[dict[str, Any], set[str]]:
    """Give each column as Arrow; one that Arrow cannot hold says at least what is missing in it."""
    import pyarrow as pa

    arrays: dict[str, Any] = {}
    hidden = set(opaque or ())
    for series in frame.iter_columns():
        try:
            array = series.to_arrow()
            if pa.types.is_float16(array.type):
                array = array.cast(pa.float32())
            if isinstance(array.type, pa.BaseExtensionType) and not array.type.extension_name.startswith("arrow."):
                hidden.add(series.name)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            hidden.add(series.name)
        arrays[series.name] = _presence(series.is_null().to_arrow()) if series.name in hidden else array
    return arrays, hidden


def _presence(missing: Any) -> Any:
    """Stand in for values that cannot be read: null where one is missing, true elsewhere."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(missing, pa.scalar(None, pa.bool_()), pa.scalar(value=True))


def _native(array: Any, database: Database) -> str | None:
    """Tell what the engine's type for an array is; `None` when it has none."""
    import duckdb
    import pyarrow as pa

    if pa.types.is_null(array.type):  # which older engines read as integers
        return "null"
    try:
        return natives_of(_lent([array[:0]], ["c0"], database))[0]
    except duckdb.Error:
        return None


def _lent(arrays: Sequence[Any], names: Sequence[str], database: Database) -> DuckDBPyRelation:
    import pyarrow as pa

    return database.lend(pa.table(list(arrays), names=list(names)))
