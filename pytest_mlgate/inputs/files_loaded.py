"""Files that are read once and whole into a table of the embedded database, which spills to disk what does not fit."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from pytest_mlgate.inputs.frames import ROW, Frame, columns_of, literal, natives_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.files import Parts
    from pytest_mlgate.inputs.partitions import Partition

_TABLES = count()
FILE = "mlgate_file"
_ZONED = "TIMESTAMP WITH TIME ZONE"


def open_loaded(
    parts: Parts,
    names: Sequence[str],
    read: str,
    files: Sequence[str],
    database: Database,
    without_zone: Callable[[], Collection[str]] = tuple,
) -> Frame:
    """Load files and open what was loaded.

    Args:
        parts: the files.
        names: of their columns, which `read` calls `c0`, `c1`, ….
        read: what stands after FROM to read them; it also gives each row's file as `FILE` where there are partitions.
        files: their names as that call knows them.
        database: holds the table.
        without_zone: names columns, by inner names, that were read as times in a zone and are written without; asked
            only where there are such.

    Raises:
        duckdb.Error: they cannot be read.
    """
    table = f"loaded_{next(_TABLES)}"
    inner = [f"c{i}" for i in range(len(names))]
    folders = [f"{_spelled(one, files)} AS c{i}" for i, one in enumerate(parts.partitions, len(names))]
    load = f"CREATE TABLE {table} AS SELECT {', '.join([*inner, *folders])} FROM {read}"  # noqa: S608 - all is quoted
    ((rows,),) = database.run(lambda: database.connection.execute(load).fetchall())
    zoned = [one for one, kind in zip(inner, database.sql(f"FROM {table}").types, strict=False) if str(kind) == _ZONED]
    for one in without_zone() if zoned else ():
        if one in zoned:
            database.connection.execute(f"ALTER TABLE {table} ALTER {one} TYPE TIMESTAMP USING timezone('UTC', {one})")
    scan = database.scan(f"FROM {table}")
    loaded = scan()
    # DuckDB tells JSON, which it keeps where no other type fits, from text by its name alone.
    types = zip(natives_of(loaded), map(str, loaded.types), strict=True)
    natives = ["json" if name == "JSON" else native for native, name in types]
    columns = columns_of([*names, *(one.name for one in parts.partitions)], natives, parts.what)
    placed = database.scan(f"SELECT rowid AS {ROW}, * FROM {table}")  # noqa: S608 - names are ours
    return Frame(
        parts.what,
        columns,
        lambda _: scan(),
        lambda: int(rows),
        stable=True,
        origin=parts.origin,
        placed=lambda _: placed(),
    )


def _spelled(partition: Partition, files: Sequence[str]) -> str:
    """Write the value of a folder's column as it depends on the file."""
    cases = (
        f"WHEN {literal(file)} THEN {'NULL' if value is None else literal(value)}"
        for file, value in zip(files, partition.values, strict=True)
    )
    return f"(CASE {FILE} {' '.join(cases)} END)::{partition.type}"
