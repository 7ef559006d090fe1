"""Opening tables in files: Parquet and CSV, read by the embedded DuckDB.

A Parquet file is opened by its footer alone. A CSV file carries no types, so it is read once and whole: its types are
those that fit every row, a ragged or mis-encoded row is found wherever it stands, and every later query is fast.
"""

from __future__ import annotations

import csv
import re
from itertools import count
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.frames import Frame, columns_of, natives_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_mlgate.inputs.database import Database

_DELIMITERS = {".csv": ",;\t|", ".tsv": "\t"}
_CSV_TABLES = count()


def open_file(path: Path, what: str, database: Database) -> Frame:
    """Open a Parquet or CSV file.

    Args:
        path: an existing file.
        what: how messages call it.
        database: reads it.

    Raises:
        NotMeasuredError: it is of no known kind, damaged, or not made of rows and columns.
    """
    openers: dict[str, Callable[[Path, str, Database], Frame]] = {
        ".parquet": _open_parquet,
        ".pq": _open_parquet,
        ".csv": _open_csv,
        ".tsv": _open_csv,
    }
    opener = openers.get(path.suffix.lower())
    if opener is None:
        raise NotMeasuredError(f"{what} is no table that can be read: {path.name}", f"use one of {', '.join(openers)}")
    return opener(path, what, database)


def _open_parquet(path: Path, what: str, database: Database) -> Frame:
    import duckdb

    pattern = _literal_glob(str(path))
    ask = database.connection.execute
    try:
        names = _top_level(ask("SELECT name, num_children FROM parquet_schema(?)", [pattern]).fetchall())
        ((rows,),) = ask("SELECT sum(num_rows) FROM parquet_file_metadata(?)", [pattern]).fetchall()
        file, inner = _quoted(pattern), ", ".join(f"c{i}" for i in range(len(names)))
        # Hive partitioning would add columns that are not in the file, read from the names of its folders.
        relation = database.sql(f"SELECT * FROM read_parquet({file}, hive_partitioning = false) AS t({inner})")  # noqa: S608
    except duckdb.Error as error:
        remedy = "write it again; its writer may have been killed, or it is no Parquet file"
        raise NotMeasuredError(f"{what} cannot be read as Parquet: {first_line(error)}", remedy) from error
    return Frame(
        what, columns_of(names, natives_of(relation), what), lambda _: relation, lambda: int(rows), stable=True
    )


def _top_level(nodes: list[tuple[str, int | None]]) -> list[str]:
    """Name the columns, given a Parquet schema as nodes in depth-first order, the root first."""
    names: list[str] = []
    inside = 0
    for name, children in nodes[1:]:
        if inside:
            inside -= 1
        else:
            names.append(name)
        inside += children or 0
    return names


def _open_csv(path: Path, what: str, database: Database) -> Frame:
    import duckdb

    delimiter, names = _header(path, what)
    options = (
        f"delim = {_quoted(delimiter)}, quote = '\"', escape = '\"', comment = '', skip = 0, header = true, "
        f"names = [{', '.join(_quoted(f'c{i}') for i in range(len(names)))}], "
        "strict_mode = true, null_padding = false, ignore_errors = false, sample_size = -1, dateformat = '%Y-%m-%d'"
    )
    table = f"csv_{next(_CSV_TABLES)}"
    load = f"CREATE TABLE {table} AS SELECT * FROM read_csv({_quoted(_literal_glob(str(path)))}, {options})"  # noqa: S608
    try:
        ((rows,),) = database.run(lambda: database.connection.execute(load).fetchall())
    except duckdb.Error as error:
        raise _bad_csv(path, what, delimiter, len(names), error) from error
    relation = database.sql(f"FROM {table}")
    return Frame(
        what, columns_of(names, natives_of(relation), what), lambda _: relation, lambda: int(rows), stable=True
    )


def _header(path: Path, what: str) -> tuple[str, list[str]]:
    """Read the column names, and which delimiter stands between them."""

    def names(delimiter: str, *, strict: bool) -> list[str]:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file, delimiter=delimiter, strict=strict), [])

    try:
        delimiter = max(_DELIMITERS[path.suffix.lower()], key=lambda one: len(names(one, strict=False)))
        found = names(delimiter, strict=True)
    except UnicodeDecodeError as error:
        raise _mis_encoded(what, "its first lines") from error
    except csv.Error as error:
        reason = f"the header of {what} cannot be read: {error}"
        raise NotMeasuredError(reason, "write column names in its first line") from error
    if not found:
        raise NotMeasuredError(f"the first line of {what} is blank", "write column names in its first line")
    return delimiter, found


def _bad_csv(path: Path, what: str, delimiter: str, width: int, error: Any) -> NotMeasuredError:
    """Find out what is wrong with a file that DuckDB refused, and where."""
    text = str(error)
    line = re.search(r"CSV Error on Line: (\d+)", text)
    if "not utf-8" in text:
        return _mis_encoded(what, f"line {line[1]}" if line else "a line")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for record in reader:
                if record and len(record) != width:
                    return NotMeasuredError(
                        f"line {reader.line_num} of {what} has {len(record)} fields where its header has {width}",
                        "quote fields that hold a delimiter, and write every field of every row",
                    )
    except UnicodeDecodeError:
        return _mis_encoded(what, "a line")
    except csv.Error as problem:
        return NotMeasuredError(f"line {reader.line_num} of {what} cannot be read: {problem}", "check its quotes")
    with path.open("rb") as file:
        endings = {line[-2:] == b"\r\n" for line in file if line.endswith(b"\n")}
    if len(endings) > 1:
        return NotMeasuredError(f"{what} mixes Unix and Windows line endings", "write it with one kind of them")
    return NotMeasuredError(f"{what} cannot be read as CSV: {first_line(error)}", "write it again, or use Parquet")


def _mis_encoded(what: str, where: str) -> NotMeasuredError:
    return NotMeasuredError(f"{where} of {what} is not UTF-8", "save the file as UTF-8")


def _quoted(text: str) -> str:
    """Write text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _literal_glob(path: str) -> str:
    """Write a path so that DuckDB takes no character of it for a pattern."""
    return re.sub(r"[\[*?]", r"[\g<0>]", path)
