"""Asking a table which rows rules speak of: how many there are, and which come first.

All rules of a gate are answered by one query. The exception is a long list of allowed values, which a membership test
would go through for every row; an anti-join of its own looks each row up instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.aggregate import Duplicated, Example, NotAmong, NotMatching
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.bounds import members_for
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.engine import counted, operand, present, shown, spoken_of
from pytest_mlgate.inputs.frames import ROW
from pytest_mlgate.inputs.text import shortened, spelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw

    from pytest_mlgate.aggregate import Rule
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

LONG = 64
_VALUE, _ALLOWED, _FIRST = "the_value", "the_allowed", "the_first"


def count(frame: Frame, rules: Sequence[Rule], database: Database) -> list[int]:
    """Count the rows that each rule speaks of.

    Raises:
        NotMeasuredError: a column is missing, or a rule makes no sense for its type.
    """
    import narwhals as nw

    asked: dict[int, Column] = {}
    answers: dict[int, int] = {}
    for i, rule in enumerate(rules):
        column = frame.column(rule.column)
        _check_pattern(rule, database)
        if _is_long(rule) and not column.untyped:
            rows = _speaking(frame.select([column]), rule, column, database)
            answers[i] = database.fetch(rows.select(nw.len()), frame.what).column(0)[0].as_py()
        else:
            asked[i] = column
    if asked:
        sums = [counted(rules[i], column).alias(f"n{i}") for i, column in asked.items()]
        found = database.fetch(frame.select(list(dict.fromkeys(asked.values()))).select(*sums), frame.what)
        answers |= {i: int(value[0].as_py() or 0) for i, value in zip(asked, found.columns, strict=True)}
    return [answers[i] for i in range(len(rules))]


def examples(frame: Frame, rule: Rule, limit: int, database: Database) -> list[Example]:
    """Show the first few rows that a rule speaks of.

    Raises:
        NotMeasuredError: the column is missing, or the rule makes no sense for its type.
    """
    column = frame.column(rule.column)
    _check_pattern(rule, database)
    rows = _speaking(frame.select([column], numbered=True), rule, column, database)
    found = database.fetch(rows.sort(ROW).head(limit).select(ROW, shown(column)), frame.what)
    numbers, values = (part.to_pylist() for part in found.columns)
    texts = [shortened(spelled(value, single=column.native == "float")) for value in values]
    return [Example(row=number, value=text) for number, text in zip(numbers, texts, strict=True)]


def _is_long(rule: Rule) -> bool:
    return isinstance(rule, NotAmong) and len(rule.allowed) > LONG


def _speaking(rows: nw.LazyFrame[Any], rule: Rule, column: Column, database: Database) -> nw.LazyFrame[Any]:
    """Keep the rows that a rule speaks of; they are numbered where duplicates are asked for."""
    import narwhals as nw

    if isinstance(rule, Duplicated):
        valued = rows.with_columns(present(column).alias(_VALUE)).filter(~nw.col(_VALUE).is_null())
        first = nw.col(ROW).min().over(_VALUE).alias(_FIRST)
        return valued.with_columns(first).filter(nw.col(ROW) > nw.col(_FIRST))
    if isinstance(rule, NotAmong) and _is_long(rule) and not column.untyped:
        valued = rows.with_columns(operand(column).alias(_VALUE)).filter(~nw.col(_VALUE).is_null())
        return valued.join(_lookup(rule, column, database), how="anti", left_on=_VALUE, right_on=_ALLOWED)
    return rows.filter(spoken_of(rule, column))


def _lookup(rule: NotAmong, column: Column, database: Database) -> nw.LazyFrame[Any]:
    """Put allowed values into a table of one column."""
    import narwhals as nw
    import pyarrow as pa

    members = members_for(column, rule.allowed)
    if column.type != "integer":
        return nw.from_native(database.lend(pa.table({_ALLOWED: members})))
    digits = database.lend(pa.table({_ALLOWED: pa.array([str(one) for one in members], pa.string())}))
    return nw.from_native(digits.project(f"{_ALLOWED}::HUGEINT AS {_ALLOWED}"))  # wider than any type of Arrow's


def _check_pattern(rule: Rule, database: Database) -> None:
    """Refuse a pattern that is not RE2 before it takes a whole query down."""
    import duckdb

    if not isinstance(rule, NotMatching):
        return
    try:
        database.connection.execute("SELECT regexp_matches('', ?)", [rule.pattern]).fetchall()
    except duckdb.Error as error:
        raise NotMeasuredError(
            f"{rule.pattern!r}, the pattern for column {rule.column!r}, is not valid: {first_line(error)}",
            "write it in RE2 syntax, which has no look-around and no back-references",
        ) from error
