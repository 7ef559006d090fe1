"""Parquet: opened by the footers alone, and read again for each query, only the columns and row groups it needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.frames import ROW, Frame, columns_of, literal, natives_of
from pytest_mlgate.inputs.stamps import still

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from duckdb import DuckDBPyRelation

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.files import Parts
    from pytest_mlgate.inputs.frames import Column

_DAMAGED = "write it again; its writer may have been killed, or it is no Parquet file"


def open_parquet(parts: Parts, database: Database) -> Frame:
    """Open Parquet files as one table.

    Raises:
        NotMeasuredError: one is damaged, or their columns differ.
    """
    import duckdb

    patterns = [literal_glob(one.path) for one in parts.stamps]
    try:
        schemas = _schemas(patterns, database)
        counted = "SELECT file_name, num_rows FROM parquet_file_metadata(?)"
        rows = [(file, int(n)) for file, n in database.connection.execute(counted, [patterns]).fetchall()]
        if not parts.union:
            parts.agree([sorted(_described(one)) for one in schemas])
        names = list(dict.fromkeys(name for one in schemas for name in top_level(one)))
        if not parts.union:
            names = top_level(schemas[0])  # where a name stands twice, it stays twice
        folders = [one.name for one in parts.partitions]
        _refuse_both(names, folders, parts.what)
        selected, read = _query(parts, patterns, names, database)
        scan = database.scan(f"SELECT {selected} FROM {read}")  # noqa: S608 - all is quoted
        numbers = database.scan(f"SELECT {_number(rows)} AS {ROW}, {selected} FROM {read}")  # noqa: S608 - same
        natives = natives_of(scan())
    except duckdb.Error as error:
        said = first_line(error)
        if "non-root column" in said:
            raise NotMeasuredError(f"{parts.what} has no columns", "write it with at least one") from error
        raise NotMeasuredError(f"{parts.what} cannot be read as Parquet: {said}", _DAMAGED) from error
    database.allow(one.path for one in parts.stamps)

    def source(_: Sequence[Column]) -> DuckDBPyRelation:
        still(parts.stamps)
        return scan()

    def placed(_: Sequence[Column]) -> DuckDBPyRelation:
        still(parts.stamps)
        return numbers()

    return Frame(
        parts.what,
        columns_of([*names, *folders], natives, parts.what),
        source,
        lambda: sum(n for _, n in rows),
        stable=True,
        origin=parts.origin,
        placed=placed,
        elsewhere=lambda other: open_parquet(parts, other),
    )


def _number(rows: Sequence[tuple[str, int]]) -> str:
    """Write a row's number in the whole table, as DuckDB knows it in its file."""
    before, cases = 0, []
    for file, n in rows:
        cases.append(f"WHEN {literal(file)} THEN {before}")
        before += n
    return "file_row_number" if len(rows) == 1 else f"file_row_number + CASE filename {' '.join(cases)} END"


def _query(parts: Parts, patterns: Sequence[str], names: Sequence[str], database: Database) -> tuple[str, str]:
    """Write what selects all columns under their inner names, those of folders last, and what follows FROM."""
    files = f"[{', '.join(map(literal, patterns))}]"
    # Hive partitioning would add every folder of the path that is called so, and so is always said.
    options = ["hive_partitioning = false"]
    if parts.partitions:
        types = ", ".join(f"{literal(one.name)}: {one.type}" for one in parts.partitions)
        options = ["hive_partitioning = true", f"hive_types = {{{types}}}"]
    if parts.union:
        options.append("union_by_name = true")
    read = f"read_parquet({files}, {', '.join(options)})"
    folders = [one.name for one in parts.partitions]
    found = database.sql(f"FROM {read}").columns if folders or parts.union else list(names)
    wanted = list(range(len(names)))
    if parts.union:
        if len(found) < len(names) + len(folders):
            reason = f"the files of {parts.what} have columns that differ in upper and lower case only"
            raise NotMeasuredError(reason, "give them one name")
        wanted = [found.index(name) for name in names]
    wanted += [found.index(name, 0 if parts.union else len(names)) for name in folders]
    selected = ", ".join(f"f{place} AS c{i}" for i, place in enumerate(wanted))
    inner = ", ".join(f"f{i}" for i in range(len(found)))
    return selected, f"{read} AS t({inner})"


def _schemas(patterns: Sequence[str], database: Database) -> list[list[dict[str, Any]]]:
    """Read the schema of each file, as nodes in depth-first order, the root first."""
    asked = database.connection.execute("SELECT * FROM parquet_schema(?)", [list(patterns)])
    titles = [one[0] for one in asked.description]
    schemas: list[list[dict[str, Any]]] = []
    inside = 0
    for row in asked.fetchall():
        node = dict(zip(titles, row, strict=True))
        if not inside:
            schemas.append([])
            inside = 1
        schemas[-1].append(node)
        inside += (node["num_children"] or 0) - 1
    return schemas


def top_level(nodes: Sequence[dict[str, Any]]) -> list[str]:
    """Name the columns, given a Parquet schema as nodes in depth-first order, the root first."""
    return [nodes[first]["name"] for first, _ in _columns(nodes)]


def _columns(nodes: Sequence[dict[str, Any]]) -> Iterable[tuple[int, int]]:
    """Give for each column where its nodes begin and end."""
    first, inside = 1, 0
    for place, node in enumerate(nodes[1:], 1):
        first = first if inside else place
        inside += (node["num_children"] or 0) - (1 if inside else 0)
        if not inside:
            yield first, place + 1


def _described(nodes: Sequence[dict[str, Any]]) -> list[str]:
    """Write each column's name and type, so that two files can be compared."""
    return [f"{nodes[first]['name']} {' '.join(map(_type, nodes[first:end]))}" for first, end in _columns(nodes)]


def _type(node: dict[str, Any]) -> str:
    known = node.get("duckdb_type") or node.get("logical_type") or node.get("converted_type") or node["type"]
    return str(known or "nested").lower()


def _refuse_both(names: Iterable[str], folders: Sequence[str], what: str) -> None:
    for name in names:
        if name.casefold() in {one.casefold() for one in folders}:
            reason = f"{what} has {name!r} both as a column and in the names of its folders"
            raise NotMeasuredError(reason, "say `hive: false`, or write the files without it")


def literal_glob(path: str) -> str:
    """Write a path so that DuckDB takes no character of it for a pattern."""
    return re.sub(r"[\[*?]", r"[\g<0>]", path)
