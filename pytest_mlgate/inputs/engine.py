"""From the vocabulary of `aggregate` to narwhals expressions.

Each rule about single rows becomes one boolean expression, true for the rows it speaks of, and null or false for
missing ones. Conditions are summed as integers, which DuckDB runs faster than filtered counts.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from pytest_mlgate.aggregate import (
    Above,
    Among,
    Below,
    Incomplete,
    Infinite,
    Longer,
    Missing,
    NotAmong,
    NotCompared,
    NotFormatted,
    NotMatching,
    Quantile,
    Shorter,
    Statistic,
)
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.bounds import bound_for, members_for
from pytest_mlgate.inputs.formats import INHERENT
from pytest_mlgate.inputs.frames import NUMERIC

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import narwhals as nw

    from pytest_mlgate.aggregate import Rule
    from pytest_mlgate.inputs.frames import Column

FLOATS = frozenset({"float", "double"})
NAN_FREE = "real"  # floats of databases that know no NaN
_TIMES = frozenset({"date", "timestamp"})
_OPERATORS: dict[str, Callable[[nw.Expr, nw.Expr], nw.Expr]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def missing(column: Column) -> nw.Expr:
    """True where the column is null or NaN."""
    import narwhals as nw

    value = nw.col(column.inner)
    return value.is_null() | value.is_nan() if column.native in FLOATS else value.is_null()


def present(column: Column) -> nw.Expr:
    """The column with NaN turned into null.

    Raises:
        NotMeasuredError: its values are not to be had.
    """
    import narwhals as nw

    if column.opaque:
        raise NotMeasuredError(f"{column} holds values of no type that can be compared", "give it one type")
    value = nw.col(column.inner)
    return nw.when(~value.is_nan()).then(value) if column.native in FLOATS else value


def operand(column: Column) -> nw.Expr:
    """The column in the form that bounds are brought to: numbers in double precision, dates as their first instant."""
    return _widened(present(column), column)


def _ordered(column: Column) -> nw.Expr:
    """The column as `operand` gives it, but for NaN, which is greater than all else on every engine that has it.

    A comparison that NaN cannot pass need not look for it, which on a thousand columns is a second saved.
    """
    import narwhals as nw

    present(column)  # refuses what has no order
    return _widened(nw.col(column.inner), column)


def _widened(value: nw.Expr, column: Column) -> nw.Expr:
    import narwhals as nw

    if column.type == "number":
        return value if column.native == "double" else value.cast(nw.Float64)
    return value.cast(nw.Datetime("us")) if column.type == "date" else value


def shown(column: Column) -> nw.Expr:
    """The column in a form that Python can hold: times to the microsecond."""
    import narwhals as nw

    value = nw.col(column.inner) if column.opaque else present(column)
    return (value.cast(nw.Datetime("us")) if column.type == "timestamp" else value).alias(column.inner)


def equals(column: Column, value: Any) -> nw.Expr:
    """True where a column has a value that a query gave for it; `None` stands for missing."""
    if value is None:
        return missing(column)
    if isinstance(value, Decimal):  # which libraries write with a precision of their own
        return operand(column) == float(value)
    return shown(column) == literal(value)


def summed_up(question: Statistic | Quantile, column: Column) -> nw.Expr:
    """A statistic of a column's present values, as an aggregate: a float, or times as microseconds since 1970.

    Raises:
        NotMeasuredError: such a column has no such statistic.
    """
    import narwhals as nw

    if isinstance(question, Statistic) and question.name == "distinct":
        value = present(column)
        # n_unique counts the missing as one more value where there are any.
        return value.n_unique() - value.is_null().cast(nw.Int64).max()
    name = "quantile" if isinstance(question, Quantile) else question.name
    if column.untyped:
        return nw.col(column.inner).cast(nw.Float64).max()
    if column.type in _TIMES:
        if name not in {"min", "max"}:
            raise NotMeasuredError(f"{column} has no {name}", "times have only min, max and distinct")
        moment = present(column).cast(nw.Datetime("us"))
        return moment.min() if name == "min" else moment.max()
    if column.type not in NUMERIC:
        raise NotMeasuredError(f"{column} holds no numbers and so has no {name}", "name a numeric column")
    value = present(column).cast(nw.Float64)
    if isinstance(question, Quantile):
        return value.quantile(question.at, interpolation="linear")
    if question.name == "sum":
        return nw.when(value.count() > 0).then(value.sum())  # of nothing there is no sum, rather than zero
    aggregates = {"mean": value.mean, "std": value.std, "min": value.min, "max": value.max}
    return aggregates[question.name]()


def spoken_of(  # noqa: C901, PLR0911, PLR0912 - one case a rule
    rule: Rule, columns: Sequence[Column], derived: str
) -> nw.Expr:
    """The rows that a rule speaks of: true, and null or false elsewhere.

    Args:
        rule: about single rows.
        columns: what the rule is about, as `columns_of` names it.
        derived: the column that the engine has computed for this rule, if it has (see `needs_sql`).

    Raises:
        NotMeasuredError: the rule makes no sense for the column's type.
    """
    import narwhals as nw

    column = columns[0]
    if isinstance(rule, Missing):
        return missing(column)
    if isinstance(rule, Incomplete):
        return nw.any_horizontal(*map(missing, columns), ignore_nulls=False)
    if column.untyped:  # there is nothing but missing values, and no rule speaks of those
        return ~nw.col(column.inner).is_null()
    match rule:
        case Below():
            return _ordered(column) < literal(bound_for(column, rule.bound, "up"))
        case Above():
            above = _ordered(column) > literal(bound_for(column, rule.bound, "down"))
            return above & ~nw.col(column.inner).is_nan() if column.native in FLOATS else above
        case Among():
            value, members = operand(column), members_for(column, rule.forbidden)
            return among(value, members) if members else nowhere(column)
        case NotAmong():
            value, members = operand(column), members_for(column, rule.allowed)
            return ~among(value, members) if members else ~value.is_null()
        case NotMatching():
            return ~_text(column, "could match a pattern").str.contains(rule.pattern)
        case NotFormatted():
            return nw.col(derived) if needs_sql(rule, column) else nowhere(column)
        case Shorter():
            return _text(column, "has a length").str.len_chars() < rule.length
        case Longer():
            return _text(column, "has a length").str.len_chars() > rule.length
        case Infinite():
            return _infinite(column)
        case NotCompared():
            return ~_compared(rule, *columns)
        case _:
            raise TypeError(f"{rule} compares rows with each other: looking at one does not answer it")


def needs_sql(rule: Rule, column: Column) -> bool:
    """Tell whether a rule needs a column that the embedded engine computes in SQL: narwhals has no words for it.

    Raises:
        NotMeasuredError: the rule makes no sense for the column's type.
    """
    if not isinstance(rule, NotFormatted) or column.untyped or column.type in INHERENT.get(rule.format, ()):
        return False
    _text(column, f"could be of format {rule.format}")
    return True


def literal(value: Any) -> nw.Expr:
    """One value; times are written as text, since libraries bring their own time zones to a Python time."""
    import narwhals as nw

    return nw.lit(value.isoformat(sep=" ")).cast(nw.Datetime("us")) if isinstance(value, dt.datetime) else nw.lit(value)


def among(value: nw.Expr, members: Sequence[Any]) -> nw.Expr:
    """True where a value is one of a few."""
    if isinstance(members[0], dt.datetime):
        return reduce(or_, (value == literal(member) for member in members))
    return value.is_in(members)


def nowhere(column: Column) -> nw.Expr:
    """No row at all."""
    import narwhals as nw

    value = nw.col(column.inner)
    return value.is_null() & ~value.is_null()


def _text(column: Column, use: str) -> nw.Expr:
    if column.type != "string":
        raise NotMeasuredError(f"{column} holds no text that {use}", "remove the rule, or mend the type in the data")
    return present(column)


def _infinite(column: Column) -> nw.Expr:
    if column.type not in NUMERIC:
        raise NotMeasuredError(f"{column} holds no numbers that could be infinite", "remove `finite`")
    if column.native not in {*FLOATS, NAN_FREE}:
        return nowhere(column)
    value = _ordered(column)
    return (value == math.inf) | (value == -math.inf)


def _compared(rule: NotCompared, column: Column, other: Column) -> nw.Expr:
    """Hold two columns against each other, numbers with numbers and times with times."""
    sorts = [
        "number" if one.type in {"integer", "number"} else "time" if one.type in _TIMES else one.type
        for one in (column, other)
    ]
    if "other" in sorts or (sorts[0] != sorts[1] and not other.untyped):
        raise NotMeasuredError(f"{column} cannot be compared with {other}"[:-1], "mend the type of one of them")
    if sorts[0] == "boolean" and rule.operator not in {"==", "!="}:
        raise NotMeasuredError(f"{column} has no order", "compare it with == or !=")
    return _OPERATORS[rule.operator](operand(column), operand(other))
