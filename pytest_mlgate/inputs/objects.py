"""Opening tables that a pytest fixture returned: pandas, polars, Arrow, DuckDB relations, and whatever narwhals knows.

Each of them lends the columns that are asked for to the embedded DuckDB, as Arrow, which copies next to nothing: a
frame by its buffers, a relation as a stream. So everything is measured by one engine with one set of semantics. Tables
of Spark's and Ibis's may be larger than this machine and stay where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import stream
from pytest_mlgate.inputs.frames import Frame, columns_of, natives_of
from pytest_mlgate.inputs.memory import cells_of, lend, open_cells
from pytest_mlgate.inputs.references import user_code
from pytest_mlgate.inputs.spark import open_spark
from pytest_mlgate.inputs.warehouses import open_ibis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw
    from duckdb import DuckDBPyRelation

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column
    from pytest_mlgate.inputs.remote import RemoteFrame


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
    if stays(value):
        return open_remote(value, what, database)
    try:
        frame: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(value)
    except nw.exceptions.DuplicateError as error:
        raise NotMeasuredError(f"{what} has columns of the same name", "give each column its own name") from error
    except TypeError as error:
        kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        remedy = "return a pandas or polars frame, a pyarrow Table, a DuckDB relation, or a table of Spark's or Ibis's"
        raise NotMeasuredError(f"{what} is a {kind}, which is no table", remedy) from error
    if isinstance(frame, nw.LazyFrame):
        return _open_lazy(frame, what, database)
    return open_cells(cells_of(frame), what, database)


def stays(value: object) -> bool:
    """Tell whether an object is a table that another engine holds and answers for."""
    import narwhals as nw

    of = nw.dependencies
    return of.is_pyspark_dataframe(value) or of.is_pyspark_connect_dataframe(value) or of.is_ibis_table(value)


def open_remote(value: object, what: str, database: Database) -> RemoteFrame:
    """Open a table that stays where it is.

    Raises:
        NotMeasuredError: its column names cannot be used, or its engine is gone.
    """
    import narwhals as nw

    opener = open_ibis if nw.dependencies.is_ibis_table(value) else open_spark
    return opener(value, what, database)


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
            return database.lend(database.run(lambda: stream(relation.project(selected))))

    def count() -> int:
        with user_code(f"querying {what}"):
            ((rows,),) = database.run(relation.aggregate("count(*)").fetchall)
        return int(rows)

    return Frame(what, columns, source, count, stable=False)


def _open_lazy(frame: nw.LazyFrame[Any], what: str, database: Database) -> Frame:
    """Open a frame that computes itself when asked; its types are known from an empty one."""
    import narwhals as nw

    native = frame.to_native()
    with user_code(f"computing {what}"):
        if nw.dependencies.is_polars_lazyframe(native):
            import polars as pl

            empty: nw.DataFrame[Any] = nw.from_native(pl.DataFrame(schema=native.collect_schema()), eager_only=True)
        else:
            empty = frame.head(0).collect("pyarrow")
    columns = open_cells(cells_of(empty), what, database).columns.values()

    def source(chosen: Sequence[Column]) -> DuckDBPyRelation:
        with user_code(f"computing {what}"):
            computed = frame.select([column.name for column in chosen]).collect()
        cells = cells_of(computed)
        return lend(((column, cells[column.name]) for column in chosen), database)

    def count() -> int:
        with user_code(f"computing {what}"):
            return int(frame.select(nw.len()).collect().item())

    return Frame(what, columns, source, count, stable=False)
