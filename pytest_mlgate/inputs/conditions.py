"""Rows that somebody's SQL speaks of: a condition on each row, or a query of its own over several tables.

The text comes from a gate file, which anybody can change in a pull request, so it runs in a sandbox that sees the
tables it is about and nothing else (see `sandbox` and `usersql`).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pytest_mlgate.aggregate import Condition, Example, Returned, Segment
from pytest_mlgate.inputs.quiet import hushed
from pytest_mlgate.inputs.sandbox import Sandbox
from pytest_mlgate.inputs.text import in_brackets, shortened
from pytest_mlgate.inputs.wording import within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlgate.inputs.frames import Frame

_LONGEST = 240


def tallied(
    frame: Frame, conditions: Sequence[str], segments: Sequence[Segment], *, quiet: bool
) -> list[list[Condition]]:
    """Count the rows for which conditions are true, in each of some segments, all in one pass.

    Args:
        frame: the table.
        conditions: SQL in the columns' own names.
        segments: which rows to look at.
        quiet: keep to ourselves what the engine says of a row, since it may quote a value.

    Returns:
        For each condition, one for each segment.

    Raises:
        NotMeasuredError: a condition is not valid, is refused, or fails on a row.
    """
    with hushed(quiet=quiet), Sandbox() as sandbox:
        named = [tuple(sandbox.named(frame, one)) for one in conditions]
        asked = [_in_segment(frame, one, segment) for one in conditions for segment in segments]
        tallies = iter(sandbox.tally(frame, asked))
        return [
            [Condition(one.true, one.true + one.false, columns) for one in islice(tallies, len(segments))]
            for columns in named
        ]


def satisfying(
    frame: Frame, condition: str, limit: int, *, key: Sequence[str], segment: Segment | None, quiet: bool
) -> list[Example]:
    """Show the first few rows for which a condition is true, with the values of the columns that it names.

    Raises:
        NotMeasuredError: a column is missing, or the condition is not valid, is refused, or fails on a row.
    """
    asked = _in_segment(frame, condition, segment or Segment())
    with hushed(quiet=quiet), Sandbox() as sandbox:
        return sandbox.failing(frame, f"NOT (\n{asked}\n)", limit, key)


def asking(frame: Frame, condition: str, segment: Segment | None) -> str:
    """Write the query that finds the rows for which a condition is true."""
    where = " AND ".join([*within(frame, segment or Segment()), in_brackets(condition)])
    return f"SELECT * FROM {frame.origin} WHERE {where}"  # noqa: S608 - only shown


def returned(tables: Mapping[str, Frame], query: str, limit: int, *, quiet: bool) -> Returned:
    """Count the rows that a query returns, and show the first few.

    Args:
        tables: by the names that the query knows them by.
        query: one SELECT.
        limit: how many rows to show.
        quiet: keep to ourselves what the engine says of a row.

    Raises:
        NotMeasuredError: the query is not valid, is refused, or fails.
    """
    with hushed(quiet=quiet), Sandbox() as sandbox:
        found = sandbox.rows(tables, query, limit)
    rows = [
        ", ".join(
            f"{name}={'null' if text is None else shortened(text)}"
            for name, text in zip(found.columns, row, strict=True)
        )
        for row in found.rows
    ]
    return Returned(found.count, tuple(Example(None, shortened(row, _LONGEST)) for row in rows))


def _in_segment(frame: Frame, condition: str, segment: Segment) -> str:
    """Restrict a condition to a segment: outside it is neither true nor false."""
    conditions = within(frame, segment)
    return f"CASE WHEN {' AND '.join(conditions)} THEN (\n{condition}\n) END" if conditions else condition
