"""Which rows a rule speaks of, where more than one row must be looked at, or more values than a condition should hold.

Rows are compared with each other by grouping them, or by their order; a long list of values, which a membership test
would go through for every row, is joined.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from pytest_mlgate.aggregate import Among, Conflicting, Disordered, Duplicated, NotAmong, columns_of
from pytest_mlgate.inputs.bounds import members_for
from pytest_mlgate.inputs.engine import literal, missing, operand, present, shown, spoken_of
from pytest_mlgate.inputs.frames import ROW

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import narwhals as nw

    from pytest_mlgate.aggregate import Question, Rule
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

LONG = 64
ROWS = "the_rows"
VALUE, _LISTED, _FIRST, _LOW, _HIGH = "the_value", "the_listed", "the_first", "the_low", "the_high"


def sharing(
    rows: nw.LazyFrame[Any], rule: Duplicated | Conflicting, within: Sequence[str], frame: Frame
) -> tuple[nw.LazyFrame[Any], list[str]]:
    """Group rows by what must be equal, and keep the groups that a rule speaks of; name what they are grouped by."""
    import narwhals as nw

    keys = [frame.column(name) for name in (rule.columns if isinstance(rule, Duplicated) else rule.keys)]
    rows = with_(rows, (present(key).alias(key.inner) for key in keys if key.inner not in within))
    if isinstance(rule, Conflicting) or not rule.missing:
        for key in keys:
            rows = rows.filter(~nw.col(key.inner).is_null())
    names = list(dict.fromkeys([*within, *(key.inner for key in keys)]))
    if isinstance(rule, Duplicated):
        return rows.group_by(*names).agg(nw.len().alias(ROWS)).filter(nw.col(ROWS) > 1), names
    value = present(frame.column(rule.column))
    valued = rows.with_columns(value.alias(VALUE)).filter(~nw.col(VALUE).is_null())
    spread = [nw.len().alias(ROWS), nw.col(VALUE).min().alias(_LOW), nw.col(VALUE).max().alias(_HIGH)]
    return valued.group_by(*names).agg(*spread).filter(nw.col(_LOW) != nw.col(_HIGH)), names


def speaking(
    rows: nw.LazyFrame[Any], rule: Rule, frame: Frame, database: Database, within: Sequence[str] = ()
) -> nw.LazyFrame[Any]:
    """Keep the rows that a rule speaks of; they are numbered where rows are compared with each other."""
    import narwhals as nw

    column, *others = [frame.column(name) for name in columns_of(rule)]
    match rule:
        case Duplicated():
            kept = rows if rule.missing else rows.filter(*(~missing(frame.column(name)) for name in rule.columns))
            inner = [frame.column(name).inner for name in rule.columns]
            kept = kept.with_columns(
                *(present(frame.column(name)).alias(frame.column(name).inner) for name in rule.columns)
            )
            return kept.with_columns(nw.col(ROW).min().over(*inner).alias(_FIRST)).filter(nw.col(ROW) > nw.col(_FIRST))
        case Conflicting():
            kept = rows.with_columns(present(column).alias(VALUE)).filter(~nw.col(VALUE).is_null())
            kept = kept.filter(*(~missing(one) for one in others))
            spread = [nw.col(VALUE).min().alias(_LOW), nw.col(VALUE).max().alias(_HIGH)]
            ends = [one.over(*(other.inner for other in others)) for one in spread]
            return kept.with_columns(*ends).filter(nw.col(_LOW) != nw.col(_HIGH))
        case Disordered():
            return _disordered(rows.with_columns(operand(column).alias(VALUE)), rule, within)
        case Among() | NotAmong() if is_long(rule) and not column.untyped:
            valued = rows.with_columns(operand(column).alias(VALUE)).filter(~nw.col(VALUE).is_null())
            how: Literal["semi", "anti"] = "semi" if isinstance(rule, Among) else "anti"
            return valued.join(_lookup(rule, column, database), how=how, left_on=VALUE, right_on=_LISTED)
        case _:
            return rows.filter(spoken_of(rule, [column, *others], "d0"))


def with_(rows: nw.LazyFrame[Any], columns: Iterable[nw.Expr]) -> nw.LazyFrame[Any]:
    """Replace columns, or none."""
    replaced = list(columns)
    return rows.with_columns(*replaced) if replaced else rows


def _disordered(rows: nw.LazyFrame[Any], rule: Disordered, within: Sequence[str]) -> nw.LazyFrame[Any]:
    """Keep the rows whose value is on the wrong side of the present one before it."""
    import narwhals as nw

    valued = rows.filter(~nw.col(VALUE).is_null())
    before = nw.col(VALUE).shift(1).over(*within, order_by=ROW) if within else nw.col(VALUE).shift(1).over(order_by=ROW)
    value, last = nw.col(VALUE), nw.col(_LOW)
    wrong = {
        "increasing": value < last,
        "decreasing": value > last,
        "strictly_increasing": value <= last,
        "strictly_decreasing": value >= last,
    }[rule.order]
    return valued.with_columns(before.alias(_LOW)).filter(wrong)


def _lookup(rule: Among | NotAmong, column: Column, database: Database) -> nw.LazyFrame[Any]:
    """Put listed values into a table of one column."""
    import narwhals as nw
    import pyarrow as pa

    members = members_for(column, _listed(rule))
    if column.type != "integer":
        return nw.from_native(database.lend(pa.table({_LISTED: members})))
    digits = database.lend(pa.table({_LISTED: pa.array([str(one) for one in members], pa.string())}))
    return nw.from_native(digits.project(f"{_LISTED}::HUGEINT AS {_LISTED}"))  # wider than any type of Arrow's


def is_long(question: Question) -> bool:
    """Tell whether a question lists more values than are looked at one by one."""
    return len(_listed(question)) > LONG if isinstance(question, Among | NotAmong) else False


def _listed(rule: Among | NotAmong) -> tuple[Any, ...]:
    return rule.forbidden if isinstance(rule, Among) else rule.allowed


def equals(column: Column, value: Any) -> nw.Expr:
    """True where a column has a value that a query gave for it."""
    import narwhals as nw

    if value is None:
        return missing(column)
    if isinstance(value, Decimal):  # which libraries write with a precision of their own
        return operand(column) == float(value)
    return shown(column) == (literal(value) if isinstance(value, dt.datetime) else nw.lit(value))
