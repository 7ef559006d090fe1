"""Rows that break a rule, as a measurement that a person can act on.

How many rows, what share, a few of them (row number, key, value) and the query that finds the rest: every kind that
counts rows of a table reports them in this one way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pytest_mlgate.aggregate import (
    Above,
    Among,
    Below,
    Conflicting,
    Disordered,
    Duplicated,
    Infinite,
    Longer,
    Missing,
    NotAmong,
    NotCompared,
    NotFormatted,
    NotMatching,
    Segment,
    Shorter,
    Varying,
    columns_of,
    takes_own_pass,
)
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgate.aggregate import Example, Rule, Scalar
    from pytest_mlgate.kind import Table

_EXAMPLES = 5
_LISTED = 6
REDACTED = "(sensitive)"


class Sight(Struct, frozen=True, kw_only=True):
    """What a report may show of a row.

    Args:
        key: columns that identify a row.
        sensitive: columns whose values must not be shown.
        examples: how many rows to show at most; they take a query, unless there are to be none.
    """

    key: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()
    examples: int = _EXAMPLES


def breach(
    table: Table,
    rule: Rule,
    metric: str,
    *,
    count: int,
    n: int,
    limit: Limit,
    name: str | None = None,
    segment: Segment | None = None,
    sight: Sight | None = None,
) -> Measurement:
    """Make a measurement of the rows that a rule speaks of, with a few of them to look at where they are too many.

    Args:
        table: where the rows are.
        rule: which rows.
        metric: what the report calls the rule.
        count: how many rows the rule speaks of.
        n: how many rows were judged.
        limit: how many there may be.
        name: what the check is about; the rule's columns unless given.
        segment: the rows that were looked at, if not all; it becomes part of the name.
        sight: what may be shown.
    """
    name = called(rule, segment, name)
    detail: dict[str, Any] = {"unit": "rows", "share": count / n if n else None}
    if takes_own_pass(rule):
        detail["own_pass"] = True
    if segment is not None and segment.values:
        detail["segment"] = segment.texts
    if limit.max is not None and count > limit.max:
        view = sight or Sight()
        found = table.examples(rule, view.examples, key=view.key, segment=segment) if view.examples else []
        hidden = not view.sensitive.isdisjoint(columns_of(rule))
        rows = [_row(one, view, hidden=hidden, valued=not isinstance(rule, Missing)) for one in found]
        said = f"{name}: {count:,} of {n:,} rows ({_percent(count / n)}) {in_words(rule)}"
        detail |= {
            "examples": rows,
            "query": table.query(rule, segment),
            "look_at": [f"{said}, {_listed(rows)}" if view.examples else said],
        }
    return Measurement(name=name, metric=metric, value=count, n=n, limit=limit, detail=detail)


def called(rule: Rule, segment: Segment | None = None, name: str | None = None) -> str:
    """Name what a check is about: the rule's columns unless it has a name, and the segment if there is one."""
    whole = name or "+".join(columns_of(rule))
    return f"{whole}[{segment}]" if segment is not None and segment.values else whole


def in_words(rule: Rule) -> str:  # noqa: C901, PLR0911, PLR0912 - one case a rule
    """Say of rows what a rule says of them, to end a sentence that begins with how many they are.

    >>> in_words(Below("age", 18))
    'are less than 18'
    """
    match rule:
        case Missing():
            return "are missing"
        case Infinite():
            return "are infinite"
        case Below(_, bound):
            return f"are less than {bound}"
        case Above(_, bound):
            return f"are greater than {bound}"
        case Among(_, forbidden):
            return f"are forbidden ({_some(forbidden)})"
        case NotAmong(_, allowed):
            return f"are none of {_some(allowed)}"
        case NotMatching(_, pattern):
            return f"do not match {pattern}"
        case NotFormatted(_, format_):
            return f"are not of format {format_}"
        case Shorter(_, length):
            return f"are shorter than {length}"
        case Longer(_, length):
            return f"are longer than {length}"
        case NotCompared(column, operator, other):
            return f"have not {column} {operator} {other}"
        case Duplicated():
            return "repeat an earlier row"
        case Disordered(_, order):
            return f"are not {order.replace('_', ' ')} from the value before"
        case Varying():
            return "differ from the most frequent value"
        case Conflicting(column, keys):
            return f"share {', '.join(keys)} with rows of another {column}"


def _some(values: Sequence[Scalar]) -> str:
    shown = ", ".join(str(value) for value in values[:_LISTED])
    return f"{shown}, … ({len(values)} in all)" if len(values) > _LISTED else shown


def _percent(share: float) -> str:
    """Print a share so that a few rows among millions are not said to be none of them, nor nearly all to be all.

    >>> _percent(0.5), _percent(3 / 10_000_000), _percent(1 - 1e-9), _percent(1)
    ('50%', '3e-05%', 'nearly 100%', '100%')
    """
    text = f"{share * 100:.3g}%"
    return f"nearly {text}" if text == "100%" and share < 1 else text


def _row(example: Example, sight: Sight, *, hidden: bool, valued: bool) -> dict[str, Any]:
    """One row as plain data, with nothing in it that must not be shown."""
    key = {column: REDACTED if column in sight.sensitive else text for column, text in example.key.items()}
    row: dict[str, Any] = {} if example.row is None else {"row": example.row}
    if key:
        row["key"] = key
    if valued:
        row["value"] = REDACTED if hidden else example.value
    return row


def _listed(rows: list[dict[str, Any]]) -> str:
    """Write rows for a reader: `as row 5 (id 77): -3; …`, or their numbers alone where there is no value to show."""
    if not rows:
        return "none of which was found again"
    if not any("value" in row and row["value"] != REDACTED for row in rows):
        if not any("key" in row for row in rows):
            numbers = [str(row["row"]) for row in rows if "row" in row]
            noun = "row" if len(numbers) == 1 else "rows"
            return f"in {noun} {', '.join(numbers)}" if numbers else "values not shown"
        return f"in {'; '.join(map(_place, rows))}"
    return f"as {'; '.join(': '.join(filter(None, (_place(row), row['value']))) for row in rows)}"


def _place(row: dict[str, Any]) -> str:
    key = ", ".join(f"{column} {text}" for column, text in row.get("key", {}).items())
    number = f"row {row['row']}" if "row" in row else ""
    return f"{number} ({key})" if number and key else number or key
