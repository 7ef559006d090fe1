"""Columns that are written in the names of folders: `year=2024/month=01/part-0.parquet`.

Only folders below the one that the gate file names count, so a table means the same wherever it is checked out. A type
is given where every value fits it and reads back as it was written: `01` is text, since a number would lose its zero.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MISSING = "__HIVE_DEFAULT_PARTITION__"
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")


@dataclass(frozen=True)
class Partition:
    """One such column.

    Args:
        name: of the column.
        type: DuckDB's name of its type.
        values: one for each file, in the files' order; `None` where it is missing.
    """

    name: str
    type: str
    values: tuple[str | None, ...]


def partitions(files: Sequence[Path], base: Path, what: str, *, hive: bool | None) -> tuple[Partition, ...]:
    """Find the columns that the folders of files spell.

    Args:
        files: of one table.
        base: below which folders count.
        what: how messages call the table.
        hive: whether there must be such columns; unless given, they are there if all files lie in such folders.

    Raises:
        NotMeasuredError: some files lie in such folders and others do not.
    """
    if hive is False:
        return ()
    pairs = [_pairs(file, base) for file in files]
    names = [tuple(name for name, _ in one) for one in pairs]
    odd = next((file for file, one in zip(files, names, strict=True) if one != names[0]), None)
    if odd is not None:
        reason = (
            f"the folders of {what} spell different columns: those of {odd} are {', '.join(_pairs_text(odd, base))}"
        )
        raise NotMeasuredError(reason, "put every file into folders of the same keys, or say `hive: false`")
    if hive and not names[0]:
        raise NotMeasuredError(f"no folder of {what} is called key=value", "say `hive: false`, or leave it out")
    columns = zip(*pairs, strict=True) if names[0] else ()
    found = []
    for column in columns:
        values = tuple(None if value == _MISSING else unquote(value) for _, value in column)
        found.append(Partition(column[0][0], _type([one for one in values if one is not None]), values))
    return tuple(found)


def _pairs(file: Path, base: Path) -> list[tuple[str, str]]:
    folders = file.relative_to(base).parts[:-1] if file.is_relative_to(base) else ()
    split = (folder.partition("=") for folder in folders)
    return [(unquote(name), value) for name, equals, value in split if name and equals]


def _pairs_text(file: Path, base: Path) -> list[str]:
    return [name for name, _ in _pairs(file, base)] or ["none"]


def _type(values: Sequence[str]) -> str:
    if values and all(_WHOLE.fullmatch(one) for one in values):
        return "BIGINT"
    return "DATE" if values and all(map(_is_date, values)) else "VARCHAR"


def _is_date(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
