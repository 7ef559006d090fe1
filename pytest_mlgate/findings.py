"""Rows that break a rule, as a measurement that a person can act on.

How many rows, what share, a few of them (row number, key, value) and the query that finds the rest: every kind that
counts rows of a table reports them in this one way.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pytest_mlgate.aggregate import (
    Above,
    Among,
    Below,
    Conflicting,
    Disordered,
    Duplicated,
    Example,
    Incomplete,
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
    from collections.abc import Callable, Sequence

    from pytest_mlgate.aggregate import Rule, Scalar
    from pytest_mlgate.table import Table

_EXAMPLES = 5
_ROUNDING = 1e-9
WHOLE = "*"
_LISTED = 6
REDACTED = "(sensitive)"


class Sight(Struct, frozen=True, kw_only=True):
    """What a report may show of a row.

    Args:
        key: columns that identify a row.
        sensitive: columns whose values must not be shown.
        examples: how many rows to show at most; none are looked for where it is 0.
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
    words: str | None = None,
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
        words: what is wrong with them, to end a sentence that begins with how many they are; the rule's unless given.
    """
    view = sight or Sight()

    def look() -> tuple[list[Example], str]:
        found = table.examples(rule, view.examples, key=view.key, segment=segment) if view.examples else []
        return found, table.query(rule, segment)

    return rows_found(
        name or "+".join(columns_of(rule)),
        metric,
        count=count,
        n=n,
        limit=limit,
        look=look,
        segment=segment,
        sight=view,
        hidden=not view.sensitive.isdisjoint(columns_of(rule)),
        valued=not isinstance(rule, Missing | Incomplete),
        own_pass=takes_own_pass(rule),
        words=in_words(rule) if words is None else words,
    )


def rows_found(
    name: str,
    metric: str,
    *,
    count: int,
    n: int,
    limit: Limit,
    look: Callable[[], tuple[list[Example], str]],
    segment: Segment | None = None,
    sight: Sight | None = None,
    hidden: bool = False,
    valued: bool = True,
    own_pass: bool = False,
    words: str = "",
) -> Measurement:
    """Make a measurement of rows that were found by whatever means.

    Args:
        name: what the check is about.
        metric: what the report calls it.
        count: how many rows were found.
        n: how many were judged.
        limit: how many there may be.
        look: gives a few of them and the query that finds the rest; called only where they are too many.
        segment: the rows that were looked at, if not all; it becomes part of the name.
        sight: what may be shown.
        hidden: whether the values themselves must not be shown.
        valued: whether examples have a value worth showing.
        own_pass: whether counting them took a query of its own.
        words: what is wrong with them, to end a sentence that begins with how many they are.
    """
    name, view = named(name, segment), sight or Sight()
    detail: dict[str, Any] = {"unit": "rows", "share": count / n if n else None}
    if own_pass:
        detail["own_pass"] = True
    if segment is not None and segment.values:
        detail["segment"] = segment.texts
    if any(bound is not None and count > bound for bound in (limit.max, limit.warn_max)):
        found, query = look()
        rows = [_row(one, view, hidden=hidden, valued=valued) for one in found]
        where = f", {_listed(rows)}" if view.examples else ""
        share, said = f" ({_percent(count / n)})" if n else "", f" {words}" if words else ""
        title = metric if name == WHOLE else name
        detail |= {
            "examples": rows,
            "query": query,
            "look_at": [f"{title}: {count:,} of {n:,} rows{share}{said}{where}"],
        }
    return Measurement(name=name, metric=metric, value=count, n=n, limit=limit, detail=detail)


def called(rule: Rule, segment: Segment | None = None, name: str | None = None) -> str:
    """Name what a check is about: the rule's columns unless it has a name, and the segment if there is one."""
    return named(name or "+".join(columns_of(rule)), segment)


def in_words(rule: Rule) -> str:  # noqa: C901, PLR0911, PLR0912 - one case a rule
    """Say of rows what a rule says of them, to end a sentence that begins with how many they are.

    >>> in_words(Below("age", 18))
    'are less than 18'
    """
    match rule:
        case Missing():
            return "are missing"
        case Incomplete(columns):
            return f"miss {' or '.join(columns)}"
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
            return f"do not have {column} {operator} {other}"
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


def named(name: str, segment: Segment | None) -> str:
    """Name a check of some of the rows.

    >>> named("age", Segment({"state": "MA"}, {"state": "MA"})), named("*", Segment({"state": None}, {"state": "null"}))
    ('age[state=MA]', 'state=null')
    """
    if segment is None or not segment.values:
        return name
    return str(segment) if name == WHOLE else f"{name}[{segment}]"


def tolerated(mostly: float, n: int) -> Limit:
    """Give how many of `n` rows may break a rule that must mostly hold.

    >>> tolerated(0.9, 30).max
    3
    """
    return Limit(max=floor((1.0 - mostly) * n + _ROUNDING))


def matched(
    table: Table,
    other: Table,
    metric: str,
    *,
    columns: Sequence[str],
    others: Sequence[str] | None = None,
    absent: bool = False,
    missing: bool = False,
    limit: Limit | float | None,
    name: str | None = None,
    segment: Segment | None = None,
    sight: Sight | None = None,
) -> Measurement:
    """Make a measurement of the rows that have, or lack, a row with the same values in another table.

    Args:
        table: whose rows are counted.
        other: where to look for the same values.
        metric: what the report calls it.
        columns: what must be the same.
        others: what `other` calls them, if something else.
        absent: count the rows that have no match.
        missing: whether missing values equal each other; otherwise rows that miss one are not judged.
        limit: how many rows there may be, or which share of those judged must not be among them; `None` only reports.
        name: what the check is about; the columns unless given.
        segment: the rows to look at, if not all; it becomes part of the name.
        sight: what may be shown.
    """
    view = sight or Sight()
    found = table.shared(
        other,
        columns,
        others,
        absent=absent,
        missing=missing,
        segment=segment,
        limit=view.examples,
        key=tuple(dict.fromkeys([*view.key, *columns])),
    )
    what = named(name or "+".join(columns), segment)
    most = tolerated(limit, found.judged) if isinstance(limit, float) else limit
    detail: dict[str, Any] = {"unit": "rows", "own_pass": True}
    detail["share"] = found.rows / found.judged if found.judged else None
    if segment is not None and segment.values:
        detail["segment"] = segment.texts
    if most is not None and most.max is not None and found.rows > most.max:
        rows = [_pair(one, view, columns) for one in found.examples]
        share = f"{found.rows:,} of {found.judged:,} rows ({_percent(found.rows / found.judged)})"
        detail |= {
            "examples": rows,
            "query": found.query,
            "look_at": [f"{what} {metric}: {share}, {_listed(rows)}"],
        }
    return Measurement(name=what, metric=metric, value=found.rows, n=found.judged, limit=most, detail=detail)


def _pair(example: Example, sight: Sight, columns: Sequence[str]) -> dict[str, Any]:
    """One row that was matched as plain data: what identifies it, and the values it was matched by."""
    own = {column: text for column, text in example.key.items() if column in sight.key}
    by = [column for column in columns if column not in own]
    texts = {one: REDACTED if one in sight.sensitive else example.key[one] for one in by[:_EXAMPLES]}
    value = ", ".join(texts.values() if len(by) == 1 else (f"{column}={text}" for column, text in texts.items()))
    more = f", … and {len(by) - _EXAMPLES} more columns" if len(by) > _EXAMPLES else ""
    return _row(Example(example.row, f"{value}{more}", own), sight, hidden=False, valued=bool(by))


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
