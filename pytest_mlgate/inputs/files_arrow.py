"""Arrow and Feather files: read anew for each query, only the columns it names, batch by batch.

Both forms are read, the file with its index at the end and the stream without. A stream may end anywhere and still
look whole, so its end mark is demanded.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.frames import Frame, columns_of
from pytest_mlgate.inputs.memory import Cells, lendable, open_cells
from pytest_mlgate.inputs.stamps import still

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    from duckdb import DuckDBPyRelation

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.files import Parts
    from pytest_mlgate.inputs.frames import Column
    from pytest_mlgate.inputs.partitions import Partition

_MAGIC = b"ARROW1"
_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"


def open_arrow(parts: Parts, database: Database) -> Frame:
    """Open Arrow files as one table.

    Raises:
        NotMeasuredError: one is damaged, or their columns differ.
    """
    import pyarrow as pa

    schemas = [_schema(path, parts.called(path)) for path in parts.paths]
    parts.agree([[f"{one.name} {one.type}" for one in schema] for schema in schemas])
    folders = {one.name: one for one in parts.partitions}
    fields = [*((one.name, one.type) for one in schemas[0]), *((name, _type(one)) for name, one in folders.items())]
    names = [name for name, _ in fields]
    columns_of(names, ["null"] * len(names), parts.what)
    empty = {name: Cells(pa.array([], kind)) for name, kind in fields}
    columns = list(open_cells(empty, parts.what, database).columns.values())

    def batches(chosen: Sequence[Column]) -> Iterator[pa.RecordBatch]:
        wanted = sorted({names.index(one.name) for one in chosen if one.name not in folders}) or [0]
        for number, path in enumerate(parts.paths):
            for batch in _read(path, parts.called(path), wanted):
                arrays = {
                    **{names[place]: batch.column(i) for i, place in enumerate(wanted)},
                    **{name: _constant(one, number, batch.num_rows) for name, one in folders.items()},
                }
                yield from lendable((one, Cells(arrays[one.name])) for one in chosen).to_batches()

    def source(chosen: Sequence[Column]) -> DuckDBPyRelation:
        still(parts.stamps)
        schema = lendable((one, empty[one.name]) for one in chosen).schema
        return database.lend(pa.RecordBatchReader.from_batches(schema, batches(chosen)))

    def count() -> int:
        still(parts.stamps)
        return sum(batch.num_rows for path in parts.paths for batch in _read(path, parts.called(path), [0]))

    return Frame(parts.what, columns, source, count, stable=True)


def _schema(path: Path, name: str) -> pa.Schema:
    """Read the schema of a file.

    Raises:
        NotMeasuredError: it is no Arrow file, or its end is missing.
    """
    import pyarrow as pa

    with _explained(name), pa.memory_map(str(path)) as file:
        if file.read(len(_MAGIC)) == _MAGIC:
            file.seek(0)
            return pa.ipc.open_file(file).schema
        file.seek(max(0, file.size() - len(_END)))
        if file.read() != _END:
            raise NotMeasuredError(f"{name} has no end mark: it is cut short, or no Arrow file", "write it again")
        file.seek(0)
        return pa.ipc.open_stream(file).schema


def _read(path: Path, name: str, places: list[int]) -> Iterator[pa.RecordBatch]:
    """Read some columns of a file, batch by batch."""
    import pyarrow as pa

    options = pa.ipc.IpcReadOptions(included_fields=places)
    with _explained(name), pa.memory_map(str(path)) as file:
        if file.read(len(_MAGIC)) == _MAGIC:
            file.seek(0)
            reader = pa.ipc.open_file(file, options=options)
            yield from (reader.get_batch(i) for i in range(reader.num_record_batches))
        else:
            file.seek(0)
            yield from pa.ipc.open_stream(file, options=options)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Say that a file is damaged where Arrow cannot read it."""
    import pyarrow as pa

    try:
        yield
    except OSError as error:
        reason = f"{name} cannot be read as Arrow: {error.strerror or first_line(error)}"
        raise NotMeasuredError(reason, "write it again, and check its permissions") from error
    except pa.ArrowException as error:
        reason = f"{name} cannot be read as Arrow: {first_line(error)}"
        raise NotMeasuredError(reason, "write it again; its writer may have been killed") from error


def _type(partition: Partition) -> Any:
    import pyarrow as pa

    return {"BIGINT": pa.int64(), "DATE": pa.date32(), "VARCHAR": pa.string()}[partition.type]


def _constant(partition: Partition, number: int, rows: int) -> Any:
    """Give the value of a folder's column for each row of a batch."""
    import pyarrow as pa

    return pa.array([partition.values[number]] * rows, pa.string()).cast(_type(partition))
