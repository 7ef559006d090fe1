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
    from collections.abc import Mapping, Sequence

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
    columns, origin = frame.in_sql, frame.origin
    inside = within(frame, segment or Segment())
    match rule:
        case Duplicated(names, missing):
            keys = [columns[name] for name in names]
            having = "HAVING count(*) > 1"
            return _groups(origin, keys, [*inside, *([] if missing else map(_present, keys))], having)
        case Conflicting(name, names):
            keys, column = [columns[one] for one in names], columns[name]
            having = f"HAVING count(DISTINCT {_value(column)}) > 1"
            return _groups(origin, keys, [*inside, *map(_present, [*keys, column])], having)
        case Varying(name):
            value = _value(columns[name])
            kept = " AND ".join([*inside, _present(columns[name])])
            usual = f"SELECT {value} FROM {origin} WHERE {kept} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"  # noqa: S608 - only shown
            return f"SELECT * FROM {origin} WHERE {kept} AND {value} <> ({usual})"  # noqa: S608 - only shown
        case Disordered(name, order):
            value = _value(columns[name])
            inner = f"SELECT *, lag({value}) OVER () AS previous FROM {origin}"  # noqa: S608 - only shown
            kept = " AND ".join([*inside, _present(columns[name])])
            return f"SELECT * FROM ({inner} WHERE {kept}) WHERE {value} {_WRONG[order]} previous"  # noqa: S608 - same
        case Incomplete(names):
            absent = " OR ".join(_absent(columns[name]) for name in names)
            return f"SELECT * FROM {origin} WHERE {' AND '.join([*inside, f'({absent})'])}"  # noqa: S608 - only shown
        case _:
            where = " AND ".join([*inside, _condition(columns, rule)])
            return f"SELECT * FROM {origin} WHERE {where}"  # noqa: S608 - only shown


def within(frame: Frame, segment: Segment) -> list[str]:
    """Write the conditions of the rows of a segment; none where it is the whole table."""
    columns = frame.in_sql
    return [_is(columns[name], value) for name, value in segment.values.items()]


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
    ours, others = frame.in_sql, other.in_sql
    known = [(ours[own.name], others[theirs.name]) for own, theirs in pairs]
    equal = [f"{_matched(theirs, own, 'o')}{same}{_matched(own, theirs, 't')}" for own, theirs in known]
    where = within(frame, segment)
    if absent and not missing:
        where += [_present(own) for own, _ in known]
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


def _groups(origin: str, keys: Sequence[Column], where: Sequence[str], having: str) -> str:
    names = ", ".join(_key(key) for key in keys)
    kept = f" WHERE {' AND '.join(where)}" if where else ""
    return f"SELECT {names}, count(*) FROM {origin}{kept} GROUP BY ALL {having}"  # noqa: S608 - only shown


def _key(column: Column) -> str:
    """A column to group by; NaN and null are one group."""
    name = _quoted(column.name)
    return f"CASE WHEN {name}::VARCHAR <> 'nan' THEN {name} END AS {name}" if column.native in FLOATS else name


def _condition(columns: Mapping[str, Column], rule: ColumnRule) -> str:  # noqa: C901, PLR0911 - one case a rule
    column = columns[rule.column]
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
            other = columns[rule.other]
            holds = f"{value} {_SQL_OPERATORS.get(rule.operator, rule.operator)} {_value(other)}"
            return f"NOT ({holds}){_but_nan(column)}{_but_nan(other)}"


def _value(column: Column) -> str:
    """A column as rules compare it."""
    value = column.canonical(_quoted(column.name))
    return f"{value}::DOUBLE" if column.type == "number" and column.native != "double" else value


def _absent(column: Column) -> str:
    name = _quoted(column.name)
    return f"({name} IS NULL OR {name}::VARCHAR = 'nan')" if column.native in FLOATS else f"{name} IS NULL"


def _present(column: Column) -> str:
    return f"{_quoted(column.name)} IS NOT NULL{_but_nan(column)}"


def _but_nan(column: Column) -> str:
    """Keep out NaN, as text: of a number in a Parquet file DuckDB 2.0 concludes that it is none (see `Database`)."""
    return f" AND {_quoted(column.name)}::VARCHAR <> 'nan'" if column.native in FLOATS else ""


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
