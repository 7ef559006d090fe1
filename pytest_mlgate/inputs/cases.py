"""Eval sets: cases in JSON lines or CSV, each with the line it stands on.

A line that cannot be read makes the whole set unusable: leaving it out would judge on other cases than those written.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.dialogue import Case
from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SHOWN = 5


def read_cases(data: bytes, path: Path, shown: Path) -> tuple[Case, ...]:
    """Read an eval set.

    Args:
        data: its bytes.
        path: where it lies; its suffix says what it is.
        shown: as messages name it.

    Raises:
        NotMeasuredError: of no known kind, without cases, or with the line of every mistake, up to a few.
    """
    readers: dict[str, Callable[[str], Iterator[tuple[int, Any]]]] = {
        ".jsonl": _json_lines,
        ".ndjson": _json_lines,
        ".csv": _csv_rows,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise NotMeasuredError(f"{shown} is no eval set that can be read", f"use one of {', '.join(readers)}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotMeasuredError(f"{shown}:{line} is not UTF-8 text", "save it as UTF-8") from None
    cases: dict[str, Case] = {}
    problems = []
    for number, (line, row) in enumerate(reader(text), 1):
        if not isinstance(row, dict):
            problems.append(f"{shown}:{line}: {row if isinstance(row, str) else 'a case is a mapping of fields'}")
            continue
        named = row.get("id")
        case = Case(str(number if named is None else named), f"{shown}:{line}", row)
        if case.id in cases:
            problems.append(f"{shown}:{line}: the id {case.id!r} stands first at {cases[case.id].place}")
        cases[case.id] = case
    if problems:
        more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
        raise NotMeasuredError("; ".join(problems[:_SHOWN]) + more, "mend these lines")
    if not cases:
        raise NotMeasuredError(f"{shown} has no cases", "write some")
    return tuple(cases.values())


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    # Not `splitlines`, which also divides at characters that JSON allows inside a string.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, msgspec.json.decode(line)
            except (msgspec.DecodeError, RecursionError) as error:
                yield number, f"not JSON: {error}"


def _csv_rows(text: str) -> Iterator[tuple[int, Any]]:
    """Read rows under a header; an empty cell is a field that is not there."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
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
                    yield line, "the header names a column twice, or not at all"
            elif len(row) != len(header):
                yield line, f"{len(row)} cells under a header of {len(header)}"
            else:
                yield line, {name: cell for name, cell in zip(header, row, strict=True) if cell}
    except csv.Error as error:
        yield reader.line_num, f"not CSV: {error}"
