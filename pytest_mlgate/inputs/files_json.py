"""JSON: one object a line, or an array of objects; read once and whole, as CSV is.

A key that a line lacks is missing there, as is null. A key whose values are of several types is kept as JSON, of which
only what is missing can be asked: that it is of no one type is for a schema gate to say.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.files_loaded import FILE, open_loaded
from pytest_mlgate.inputs.files_parquet import literal_glob
from pytest_mlgate.inputs.frames import literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.files import Parts
    from pytest_mlgate.inputs.frames import Frame

_LARGEST = 1 << 28
_RENAMED = re.compile(r"(.+)_[0-9]+", re.DOTALL)


def open_json(parts: Parts, database: Database) -> Frame:
    """Open JSON files as one table.

    Raises:
        NotMeasuredError: one is damaged, or does not hold objects.
    """
    import duckdb

    files = f"[{', '.join(literal(literal_glob(one.path)) for one in parts.stamps)}]"
    kind = "auto" if parts.paths[0].suffix.lower() == ".json" else "newline_delimited"
    options = f"{files}, format = {literal(kind)}, maximum_object_size = {_LARGEST}, hive_partitioning = false"
    named = f", filename = {literal(FILE)}" if parts.partitions else ""
    read = (
        f"read_json({options}, sample_size = -1, maximum_depth = -1, map_inference_threshold = -1, "
        f"union_by_name = true{named})"
    )
    try:
        found = database.sql(f"FROM {read}")
        names = list(found.columns)[: -1 if named else None]
        if names == ["json"]:  # how DuckDB calls what is no object
            _refuse_others(parts)
        _refuse_renamed(names, options, parts, database)
        inner = ", ".join([*(f"c{i}" for i in range(len(names))), *([FILE] if named else [])])
        return open_loaded(parts, names, f"{read} AS t({inner})", [one.path for one in parts.stamps], database)
    except duckdb.Error as error:
        for path in parts.paths:
            if (trouble := _trouble(path, parts.called(path))) is not None:
                raise trouble from error
        raise NotMeasuredError(f"{parts.what} cannot be read as JSON: {first_line(error)}", "write it again") from error


def _refuse_others(parts: Parts) -> None:
    """Refuse lines that are no objects, or objects that have no keys."""
    for path in parts.paths:
        if (trouble := _trouble(path, parts.called(path))) is not None:
            raise trouble
    if not any(_keys(path) for path in parts.paths):
        raise NotMeasuredError(f"{parts.what} has no columns: its objects are empty", "write it with at least one key")


def _keys(path: Path) -> bool:
    with path.open(encoding="utf-8") as file:
        return any('"' in line for line in file)


def _refuse_renamed(names: Sequence[str], options: str, parts: Parts, database: Database) -> None:
    """Refuse keys that differ in upper and lower case only, of which DuckDB renames one: `A` becomes `A_1`."""
    folded = {name.casefold() for name in names}
    if not any(match[1].casefold() in folded for match in map(_RENAMED.fullmatch, names) if match):
        return
    objects = f"SELECT DISTINCT unnest(json_keys(json)) FROM read_json_objects({options})"  # noqa: S608 - all is quoted
    keys = {key for (key,) in database.run(lambda: database.connection.execute(objects).fetchall())}
    if missing := sorted(keys - set(names)):
        reason = f"{parts.what} has the key {missing[0]!r} beside another that differs in upper and lower case only"
        raise NotMeasuredError(reason, "rename one of them")


def _trouble(path: Path, name: str) -> NotMeasuredError | None:
    """Find the first line that is no JSON object, and say what it is."""
    try:
        if path.suffix.lower() == ".json":
            return _trouble_in(path, name)
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip() and (why := _wrong(line)):
                    return NotMeasuredError(f"line {number} of {name} {why}", "write one JSON object a line")
    except UnicodeDecodeError:
        return NotMeasuredError(f"{name} is not UTF-8", "save the file as UTF-8")
    except OSError as error:
        return NotMeasuredError(f"{name} cannot be read: {error.strerror}", "check its permissions")
    return None


def _trouble_in(path: Path, name: str) -> NotMeasuredError | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        return NotMeasuredError(
            f"{name} is not valid JSON: {error}", "write an array of objects, or JSON lines as .jsonl"
        )
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return NotMeasuredError(f"{name} is no array of objects", "write one object for each row")
    return None


def _wrong(line: str) -> str | None:
    """Say what is wrong with a line."""
    try:
        found = json.loads(line, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return f"is not valid JSON: {error}"
    return None if isinstance(found, dict) else f"is a {type(found).__name__}, not an object"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object whose keys are all different."""
    keys = [key for key, _ in pairs]
    twice = next((key for key in keys if keys.count(key) > 1), None) if len(set(keys)) < len(keys) else None
    if twice is not None:
        raise ValueError(f"the key {twice!r} stands there twice")
    return dict(pairs)


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON; write null")
