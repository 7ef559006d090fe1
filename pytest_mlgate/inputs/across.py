"""Rules that compare rows with each other, or look each row up in a long list: a query each.

Counting goes by aggregation wherever it can, since an aggregation can spill to disk and a window holds every row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pytest_mlgate.aggregate import (
    Among,
    Conflicting,
    Disordered,
    Duplicated,
    NotAmong,
    Quantile,
    Statistic,
    Varying,
    columns_of,
)
from pytest_mlgate.aggregate import takes_own_pass as compares_rows
from pytest_mlgate.inputs.bounds import members_for
from pytest_mlgate.inputs.engine import missing, operand, present, spoken_of
from pytest_mlgate.inputs.frames import ROW
from pytest_mlgate.inputs.repeats import repeats, sortable
from pytest_mlgate.inputs.selecting import ROWS, grouped, replaced, segment_columns, selected

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw

    from pytest_mlgate.aggregate import Question, Rule
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame
    from pytest_mlgate.inputs.selecting import Key

LONG = 64
_VALUE, _LISTED, _FIRST, _LOW, _HIGH = "the_value", "the_listed", "the_first", "the_low", "the_high"


def apart(question: Question, frame: Frame) -> bool:
    """Tell whether a question takes a query of its own."""
    if isinstance(question, Statistic):
        return question.name == "distinct" and not frame.dialect.distinct
    return compares_rows(question) or (is_long(question) and not frame.column(columns_of(question)[0]).untyped)


def is_long(question: Question) -> bool:
    """Tell whether a question lists more values than are looked at one by one."""
    return len(_listed(question)) > LONG if isinstance(question, Among | NotAmong) else False


def _listed(rule: Among | NotAmong) -> tuple[Any, ...]:
    return rule.forbidden if isinstance(rule, Among) else rule.allowed


def counted_apart(rule: Question, groups: Sequence[Column], frame: Frame, database: Database) -> list[tuple[Key, int]]:
    """Count what takes a query of its own, rows of a rule or distinct values, in each segment that has any."""
    import narwhals as nw

    if isinstance(rule, Duplicated) and len(rule.columns) == 1 and not rule.missing and not groups:
        column = frame.column(rule.columns[0])
        if sortable(column, frame):
            return [((), repeats(column, frame, database))]
    names = segment_columns(groups)
    total = [nw.len().alias(ROWS)]
    rows = selected(frame, [rule], groups=groups, numbered=isinstance(rule, Disordered))
    if isinstance(rule, Statistic | Quantile):
        rows = _valued(rows, present(frame.column(rule.column))).group_by(*names, _VALUE).agg(nw.len().alias(ROWS))
    elif isinstance(rule, Duplicated | Conflicting | Varying):
        rows = _sharing(rows, rule, names, frame)
        total = [nw.col(ROWS).sum().alias(ROWS)]
    else:
        rows = speaking(rows, rule, frame, database, names)
    return [(key, int(count or 0)) for key, (count,) in grouped(rows, names, total, frame, database)]


def _sharing(
    rows: nw.LazyFrame[Any], rule: Duplicated | Conflicting | Varying, within: Sequence[str], frame: Frame
) -> nw.LazyFrame[Any]:
    """Aggregate rows to parts of segments, with how many rows of each part a rule speaks of."""
    import narwhals as nw

    if isinstance(rule, Varying):
        valued = _valued(rows, present(frame.column(rule.column)))
        counted = valued.group_by(*within, _VALUE).agg(nw.len().alias(_HIGH))
        ends = [nw.col(_HIGH).sum().alias(ROWS), nw.col(_HIGH).max().alias(_HIGH)]
        summed = counted.group_by(*within).agg(*ends) if within else counted.select(*ends)
        return summed.select(*within, (nw.col(ROWS) - nw.col(_HIGH)).alias(ROWS))
    return groups_sharing(rows, rule, within, frame).select(*within, ROWS)


def groups_sharing(
    rows: nw.LazyFrame[Any], rule: Duplicated | Conflicting, within: Sequence[str], frame: Frame
) -> nw.LazyFrame[Any]:
    """Group rows by what must be equal, and keep the groups that hold rows a rule speaks of, with how many."""
    import narwhals as nw

    keys = [frame.column(name) for name in (rule.columns if isinstance(rule, Duplicated) else rule.keys)]
    rows = replaced(rows, (present(key).alias(key.inner) for key in keys))
    if isinstance(rule, Conflicting) or not rule.missing:
        rows = rows.filter(*(~nw.col(key.inner).is_null() for key in keys))
    names = [*within, *dict.fromkeys(key.inner for key in keys)]
    if isinstance(rule, Duplicated):
        many = rows.group_by(*names).agg(nw.len().alias(ROWS)).filter(nw.col(ROWS) > 1)
        return many.select(*names, (nw.col(ROWS) - 1).alias(ROWS))
    spread = [nw.len().alias(ROWS), nw.col(_VALUE).min().alias(_LOW), nw.col(_VALUE).max().alias(_HIGH)]
    valued = _valued(rows, present(frame.column(rule.column)))
    return valued.group_by(*names).agg(*spread).filter(nw.col(_LOW) != nw.col(_HIGH)).select(*names, ROWS)


def _valued(rows: nw.LazyFrame[Any], value: nw.Expr) -> nw.LazyFrame[Any]:
    """Compute a value beside each row, and keep the rows that have one."""
    import narwhals as nw

    return rows.with_columns(value.alias(_VALUE)).filter(~nw.col(_VALUE).is_null())


def speaking(
    rows: nw.LazyFrame[Any], rule: Rule, frame: Frame, database: Database, within: Sequence[str] = ()
) -> nw.LazyFrame[Any]:
    """Keep the rows that a rule speaks of; they are numbered where rows are compared with each other."""
    import narwhals as nw

    column, *others = [frame.column(name) for name in columns_of(rule)]
    match rule:
        case Duplicated():
            columns = [column, *others]
            kept = rows if rule.missing else rows.filter(*(~missing(one) for one in columns))
            kept = kept.with_columns(*(present(one).alias(one.inner) for one in columns))
            first = nw.col(ROW).min().over(*(one.inner for one in columns))
            return kept.with_columns(first.alias(_FIRST)).filter(nw.col(ROW) > nw.col(_FIRST))
        case Conflicting():
            kept = _valued(rows, present(column)).filter(*(~missing(one) for one in others))
            spread = [nw.col(_VALUE).min().alias(_LOW), nw.col(_VALUE).max().alias(_HIGH)]
            ends = [one.over(*(other.inner for other in others)) for one in spread]
            return kept.with_columns(*ends).filter(nw.col(_LOW) != nw.col(_HIGH))
        case Varying():
            valued = _valued(rows, present(column))
            counted = valued.group_by(_VALUE).agg(nw.len().alias(_HIGH))
            usual = counted.sort(_HIGH, _VALUE, descending=[True, False]).head(1).select(nw.col(_VALUE).alias(_LOW))
            return valued.join(usual, how="cross").filter(nw.col(_VALUE) != nw.col(_LOW))
        case Disordered():
            return _disordered(_valued(rows, operand(column)), rule, within)
        case Among() | NotAmong() if is_long(rule) and not column.untyped:
            how: Literal["semi", "anti"] = "semi" if isinstance(rule, Among) else "anti"
            lookup = _lookup(rule, column, database)
            return _valued(rows, operand(column)).join(lookup, how=how, left_on=_VALUE, right_on=_LISTED)
        case _:
            return rows.filter(spoken_of(rule, [column, *others], "d0"))


def _disordered(rows: nw.LazyFrame[Any], rule: Disordered, within: Sequence[str]) -> nw.LazyFrame[Any]:
    """Keep the rows whose value is on the wrong side of the present one before it."""
    import narwhals as nw

    last = nw.col(_VALUE).shift(1)
    before = last.over(*within, order_by=ROW) if within else last.over(order_by=ROW)
    value, last = nw.col(_VALUE), nw.col(_LOW)
    wrong = {
        "increasing": value < last,
        "decreasing": value > last,
        "strictly_increasing": value <= last,
        "strictly_decreasing": value >= last,
    }[rule.order]
    return rows.with_columns(before.alias(_LOW)).filter(wrong)


def _lookup(rule: Among | NotAmong, column: Column, database: Database) -> nw.LazyFrame[Any]:
    """Put listed values into a table of one column."""
    import narwhals as nw
    import pyarrow as pa

    members = members_for(column, _listed(rule))
    if column.type != "integer":
        return nw.from_native(database.lend(pa.table({_LISTED: members})))
    digits = database.lend(pa.table({_LISTED: pa.array([str(one) for one in members], pa.string())}))
    return nw.from_native(digits.project(f"{_LISTED}::HUGEINT AS {_LISTED}"))  # wider than any type of Arrow's
