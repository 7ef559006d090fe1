"""Eval sets: the cases a prompt is judged on, in JSON lines, CSV or YAML, each with the line it stands on.

A line that cannot be read makes the whole set unusable: leaving it out would judge the prompt on other cases than those
that were written.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.dialogue import Case
from pytest_mlgate.errors import NotMeasuredError, Place, Problem
from pytest_mlgate.inputs.prompts import unreadable, yaml_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Row = tuple[int, Any]  # the line it begins on, and what stands there: a mapping, or a mistake


@dataclass(frozen=True, slots=True)
class _Unread:
    """Why a line holds no case."""

    what: str


def read_cases(data: bytes, path: Path, shown: Path) -> tuple[Case, ...]:
    """Read an eval set.

    Args:
        data: its bytes.
        path: where it lies; its suffix says what it is.
        shown: as messages name it.

    Raises:
        NotMeasuredError: of no known kind, without cases, or with the line of every mistake, up to a few.
    """
    readers: dict[str, Callable[[bytes, Path], Iterator[Row]]] = {
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
        ".csv": _csv,
        ".yaml": _yaml,
        ".yml": _yaml,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise NotMeasuredError(f"{shown} is no eval set that can be read", f"use one of {', '.join(readers)}")
    cases: dict[str, Case] = {}
    problems = []
    for number, (line, row) in enumerate(reader(data, shown), 1):
        if not isinstance(row, dict):
            what = row.what if isinstance(row, _Unread) else "a case is a mapping of fields"
            problems.append(Problem(what, Place(shown, line, 1)))
            continue
        case = Case(_id(row, number), f"{shown}:{line}", row)
        if case.id in cases:
            problems.append(
                Problem(f"the id {case.id!r} stands first at {cases[case.id].place}", Place(shown, line, 1))
            )
        cases[case.id] = case
    if problems:
        raise unreadable(problems)
    if not cases:
        raise NotMeasuredError(f"{shown} has no cases", "write some")
    return tuple(cases.values())


def text_lines(data: bytes, shown: Path) -> Iterator[tuple[int, str]]:
    """Give the lines of a UTF-8 text that are not blank, each with its number.

    Raises:
        NotMeasuredError: it is not UTF-8.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotMeasuredError(f"{shown}:{line} is not UTF-8 text", "save it as UTF-8") from None
    # Not `splitlines`, which also divides at characters that JSON allows inside a string.
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _id(row: dict[str, Any], number: int) -> str:
    """Name a case: by its `id`, or by its number."""
    found = row.get("id")
    return str(number if found is None else found)


def _json_lines(data: bytes, shown: Path) -> Iterator[Row]:
    for number, line in text_lines(data, shown):
        try:
            yield number, msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            yield number, _Unread(f"not JSON: {error}")


def _csv(data: bytes, shown: Path) -> Iterator[Row]:
    """Read rows under a header; an empty cell is a field that is not there."""
    list(text_lines(data, shown))  # refuses what is not UTF-8
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    header: list[str] = []
    began = 1
    try:
        for row in reader:
            line, began = began, reader.line_num + 1
            if not row:
                continue
            if not header:
                header = row
                if len(set(row)) < len(row) or not all(row):
                    yield line, _Unread("the header names a column twice, or not at all")
            elif len(row) != len(header):
                yield line, _Unread(f"{len(row)} cells under a header of {len(header)}")
            else:
                yield line, {name: cell for name, cell in zip(header, row, strict=True) if cell}
    except csv.Error as error:
        yield reader.line_num, _Unread(f"not CSV: {error}")


def _yaml(data: bytes, shown: Path) -> Iterator[Row]:
    """Read a list of mappings, at the top or under `cases:`."""
    source = yaml_source(data, shown)
    if source.problems:
        raise unreadable(source.problems)
    under: tuple[str, ...] = ("cases",) if isinstance(source.value, dict) and "cases" in source.value else ()
    rows = source.value["cases"] if under else source.value
    if not isinstance(rows, list):
        yield source.place(under).line, _Unread("an eval set is a list of cases")
        return
    for index, row in enumerate(rows):
        yield source.place((*under, index)).line, row
