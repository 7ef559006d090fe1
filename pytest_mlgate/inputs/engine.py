"""From the vocabulary of `aggregate` to narwhals expressions.

Each rule becomes one boolean expression, true for the rows it speaks of, and null or false for missing ones. Conditions
are summed as integers, which DuckDB runs faster than filtered counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from pytest_mlgate.aggregate import Above, Below, Duplicated, Missing, NotAmong, NotMatching, Rule
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.bounds import bound_for, members_for

if TYPE_CHECKING:
    import narwhals as nw

    from pytest_mlgate.inputs.frames import Column

_FLOATS = {"float", "double"}


def missing(column: Column) -> nw.Expr:
    """True where the column is null or NaN."""
    import narwhals as nw

    value = nw.col(column.inner)
    return value.is_null() | value.is_nan() if column.native in _FLOATS else value.is_null()


def present(column: Column) -> nw.Expr:
    """The column with NaN turned into null.

    Raises:
        NotMeasuredError: its values are not to be had.
    """
    import narwhals as nw

    if column.opaque:
        raise NotMeasuredError(f"{column} holds values of no type that can be compared", "give it one type")
    value = nw.col(column.inner)
    return nw.when(~value.is_nan()).then(value) if column.native in _FLOATS else value


def operand(column: Column) -> nw.Expr:
    """The column in the form that bounds are brought to: numbers in double precision, dates as their first instant."""
    import narwhals as nw

    value = present(column)
    if column.type == "number":
        return value.cast(nw.Float64)
    return value.cast(nw.Datetime("us")) if column.type == "date" else value


def shown(column: Column) -> nw.Expr:
    """The column in a form that Python can hold: times to the microsecond."""
    import narwhals as nw

    value = nw.col(column.inner) if column.opaque else present(column)
    return (value.cast(nw.Datetime("us")) if column.type == "timestamp" else value).alias(column.inner)


def counted(rule: Rule, column: Column) -> nw.Expr:
    """The number of rows that a rule speaks of, as an aggregate."""
    import narwhals as nw

    if isinstance(rule, Duplicated):
        value = present(column)
        # n_unique counts the missing as one more value where there are any.
        return value.count() - value.n_unique() + value.is_null().cast(nw.Int64).max()
    return spoken_of(rule, column).cast(nw.Int64).sum()


def spoken_of(rule: Rule, column: Column) -> nw.Expr:
    """The rows that a rule speaks of: true, and null or false elsewhere.

    Raises:
        NotMeasuredError: the rule makes no sense for the column's type.
    """
    import narwhals as nw

    if isinstance(rule, Missing):
        return missing(column)
    if column.untyped:  # there is nothing but missing values, and no rule speaks of those
        return ~nw.col(column.inner).is_null()
    value = operand(column)
    match rule:
        case Below():
            return value < bound_for(column, rule.bound, "up")
        case Above():
            return value > bound_for(column, rule.bound, "down")
        case NotAmong():
            members = members_for(column, rule.allowed)
            return ~value.is_in(members) if members else ~value.is_null()
        case NotMatching():
            if column.type != "string":
                raise NotMeasuredError(f"{column} holds no text that could match a pattern", "remove the pattern")
            return ~value.str.contains(rule.pattern)
        case Duplicated():
            raise TypeError("duplicates are found by comparing rows, not by looking at one")
        case _:
            assert_never(rule)
