"""A rule as the SQL that finds its rows, for a reader to run: in the user's own names, in DuckDB's dialect.

A report shows five rows; this finds the rest. It is for people and never run by a gate, and a test holds every form of
it against the counts that gates report.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

from pytest_mlgate.aggregate import (
    Above,
    Among,
    Below,
    Conflicting,
    Disordered,
    Duplicated,
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
)
from pytest_mlgate.inputs.bounds import bound_for, members_for
from pytest_mlgate.inputs.engine import FLOATS
from pytest_mlgate.inputs.formats import INHERENT, valid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgate.aggregate import ColumnRule, Rule
    from pytest_mlgate.inputs.frames import Column, Frame

_MOST_LISTED = 64
_WRONG = {"increasing": "<", "decreasing": ">", "strictly_increasing": "<=", "strictly_decreasing": ">="}
_SQL_OPERATORS = {"==": "=", "!=": "<>"}


def finding(frame: Frame, rule: Rule, segment: Segment | None = None) -> str:
    """Write the query that finds the rows a rule speaks of.

    Args:
        frame: the table.
        rule: which rows.
        segment: only among these.
    """
    inside = within(frame, segment or Segment())
    match rule:
        case Duplicated(columns, missing):
            keys = [frame.column(name) for name in columns]
            having = "HAVING count(*) > 1"
            return _groups(frame, keys, [*inside, *([] if missing else map(_present, keys))], having)
        case Conflicting(column, names):
            keys, value = [frame.column(name) for name in names], frame.column(column)
            having = f"HAVING count(DISTINCT {_value(value)}) > 1"
            return _groups(frame, keys, [*inside, *map(_present, [*keys, value])], having)
        case Varying(column):
            value = frame.column(column)
            kept = " AND ".join([*inside, _present(value)])
            most = (
                f"SELECT {_value(value)} FROM {frame.origin} WHERE {kept} GROUP BY 1 "  # noqa: S608 - only shown
                "ORDER BY count(*) DESC, 1 LIMIT 1"
            )
            return f"SELECT * FROM {frame.origin} WHERE {kept} AND {_value(value)} <> ({most})"  # noqa: S608
        case Disordered(column, order):
            value = frame.column(column)
            inner = f"SELECT *, lag({_value(value)}) OVER () AS previous FROM {frame.origin}"  # noqa: S608 - only shown
            kept = " AND ".join([*inside, _present(value)])
            return f"SELECT * FROM ({inner} WHERE {kept}) WHERE {_value(value)} {_WRONG[order]} previous"  # noqa: S608
        case Incomplete(columns):
            absent = " OR ".join(_absent(frame.column(name)) for name in columns)
            return f"SELECT * FROM {frame.origin} WHERE {' AND '.join([*inside, f'({absent})'])}"  # noqa: S608 - only shown
        case _:
            where = " AND ".join([*inside, _condition(frame, rule)])
            return f"SELECT * FROM {frame.origin} WHERE {where}"  # noqa: S608 - only shown


def within(frame: Frame, segment: Segment) -> list[str]:
    """Write the conditions of the rows of a segment; none where it is the whole table."""
    return [_is(frame.column(name), value) for name, value in segment.values.items()]


def matching(
    frame: Frame,
    other: Frame,
    pairs: Sequence[tuple[Column, Column]],
    segment: Segment,
    *,
    absent: bool,
    missing: bool,
) -> str:
    """Write the query that finds the rows of a table that have, or lack, a row with the same values in another.

    Args:
        frame: the table.
        other: the other one.
        pairs: columns of both that are compared.
        segment: only among these rows.
        absent: find those that lack one.
        missing: whether missing values equal each other.
    """
    same = " IS NOT DISTINCT FROM " if missing else " = "
    equal = [f"{_matched(theirs, own, 'o')}{same}{_matched(own, theirs, 't')}" for own, theirs in pairs]
    where = within(frame, segment)
    if absent and not missing:
        where += [_present(own) for own, _ in pairs]
    exists = f"EXISTS (SELECT 1 FROM {other.origin} AS o WHERE {' AND '.join(equal)})"  # noqa: S608 - only shown
    kept = " AND ".join([*where, f"NOT {exists}" if absent else exists])
    return f"SELECT * FROM {frame.origin} AS t WHERE {kept}"  # noqa: S608 - only shown


def _matched(column: Column, partner: Column, table: str) -> str:
    """A column as it compares with another table's, NaN as null."""
    value = column.canonical(f"{table}.{_quoted(column.name)}")
    natives = {column.native, partner.native}
    if column.native in FLOATS:
        value = f"nullif({value}, 'nan')"
    if "float" in natives and "integer" not in {column.type, partner.type}:
        return f"{value}::FLOAT"
    if column.type in {"integer", "number"} and natives & FLOATS:
        return f"{value}::DOUBLE"
    if column.type in {"date", "timestamp"} and len(natives) > 1:
        return f"{value}::TIMESTAMP"
    return f"{value}::VARCHAR" if column.type == "other" else value


def _groups(frame: Frame, keys: Sequence[Column], where: Sequence[str], having: str) -> str:
    names = ", ".join(_quoted(key.name) for key in keys)
    kept = f" WHERE {' AND '.join(where)}" if where else ""
    return f"SELECT {names}, count(*) FROM {frame.origin}{kept} GROUP BY {names} {having}"  # noqa: S608 - only shown


def _condition(frame: Frame, rule: ColumnRule) -> str:  # noqa: C901, PLR0911 - one case a rule
    column = frame.column(rule.column)
    value = _value(column)
    if column.untyped and not isinstance(rule, Missing):
        return "false"
    match rule:
        case Missing():
            return _absent(column)
        case Below():
            return f"{value} < {_literal(bound_for(column, rule.bound, 'up'))}"
        case Above():
            return f"{value} > {_literal(bound_for(column, rule.bound, 'down'))}{_but_nan(column)}"
        case Among():
            members = members_for(column, rule.forbidden)
            return f"{value} IN ({_list(members)})" if members else "false"
        case NotAmong():
            members = members_for(column, rule.allowed)
            return f"{value} NOT IN ({_list(members)}){_but_nan(column)}" if members else _present(column)
        case NotMatching():
            return f"NOT regexp_matches({value}, {_literal(rule.pattern)})"
        case NotFormatted():
            return "false" if column.type in INHERENT.get(rule.format, ()) else f"NOT {valid(rule.format, value)}"
        case Shorter():
            return f"length({value}) < {rule.length}"
        case Longer():
            return f"length({value}) > {rule.length}"
        case Infinite():
            return f"isinf({value})" if column.native in FLOATS else "false"
        case NotCompared():
            other = frame.column(rule.other)
            holds = f"{value} {_SQL_OPERATORS.get(rule.operator, rule.operator)} {_value(other)}"
            return f"NOT ({holds}){_but_nan(column)}{_but_nan(other)}"


def _value(column: Column) -> str:
    """A column as rules compare it."""
    value = column.canonical(_quoted(column.name))
    return f"{value}::DOUBLE" if column.type == "number" and column.native != "double" else value


def _absent(column: Column) -> str:
    name = _quoted(column.name)
    return f"({name} IS NULL OR isnan({name}))" if column.native in FLOATS else f"{name} IS NULL"


def _present(column: Column) -> str:
    return f"{_quoted(column.name)} IS NOT NULL{_but_nan(column)}"


def _but_nan(column: Column) -> str:
    return f" AND NOT isnan({_quoted(column.name)})" if column.native in FLOATS else ""


def _is(column: Column, value: Any) -> str:
    return _absent(column) if value is None else f"{column.canonical(_quoted(column.name))} = {_literal(value)}"


def _list(values: Sequence[Any]) -> str:
    shown = ", ".join(_literal(value) for value in values[:_MOST_LISTED])
    more = len(values) - _MOST_LISTED
    return f"{shown} /* and {more:,} more */" if more > 0 else shown


def _literal(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            special = "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
            return f"{value!r}::DOUBLE" if math.isfinite(value) else f"'{special}'::DOUBLE"
        case dt.datetime():
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        case dt.date():
            return f"DATE '{value.isoformat()}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            return str(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
