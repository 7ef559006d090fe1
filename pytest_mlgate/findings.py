"""Rows that break a rule, as a measurement that a person can act on.

How many rows, what share, a few of them (row number, key, value) and the query that finds the rest: every kind that
counts rows of a table reports them in this one way.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pytest_mlgate.aggregate import Example, Incomplete, Missing, Segment, columns_of, takes_own_pass
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlgate.aggregate import Rule
    from pytest_mlgate.kind import Table

_EXAMPLES = 5
_ROUNDING = 1e-9
WHOLE = "*"
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
    """
    called, view = named(name, segment), sight or Sight()
    detail: dict[str, Any] = {"unit": "rows", "share": count / n if n else None}
    if own_pass:
        detail["own_pass"] = True
    if segment is not None and segment.values:
        detail["segment"] = segment.texts
    if any(bound is not None and count > bound for bound in (limit.max, limit.warn_max)):
        found, query = look()
        rows = [_row(one, view, hidden=hidden, valued=valued) for one in found]
        where = f", {_listed(rows)}" if view.examples else ""
        share = f" ({count / n:.2%})" if n else ""
        title = metric if called == WHOLE else f"{called} {metric}"
        detail |= {
            "examples": rows,
            "query": query,
            "look_at": [f"{title}: {count:,} of {n:,} rows{share}{where}"],
        }
    return Measurement(name=called, metric=metric, value=count, n=n, limit=limit, detail=detail)


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
    called = named(name or "+".join(columns), segment)
    most = tolerated(limit, found.judged) if isinstance(limit, float) else limit
    detail: dict[str, Any] = {"unit": "rows", "own_pass": True}
    detail["share"] = found.rows / found.judged if found.judged else None
    if segment is not None and segment.values:
        detail["segment"] = segment.texts
    if most is not None and most.max is not None and found.rows > most.max:
        rows = [_pair(one, view, columns) for one in found.examples]
        share = f"{found.rows:,} of {found.judged:,} rows ({found.rows / found.judged:.2%})"
        detail |= {
            "examples": rows,
            "query": found.query,
            "look_at": [f"{called} {metric}: {share}, {_listed(rows)}"],
        }
    return Measurement(name=called, metric=metric, value=found.rows, n=found.judged, limit=most, detail=detail)


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
            return f"in rows {', '.join(numbers)}" if numbers else "values not shown"
        return f"in {'; '.join(map(_place, rows))}"
    return f"as {'; '.join(': '.join(filter(None, (_place(row), row['value']))) for row in rows)}"


def _place(row: dict[str, Any]) -> str:
    key = ", ".join(f"{column} {text}" for column, text in row.get("key", {}).items())
    number = f"row {row['row']}" if "row" in row else ""
    return f"{number} ({key})" if number and key else number or key
