"""Asking a table: how many rows rules speak of, statistics of columns, and which rows come first.

Everything that looks at one row at a time is answered by one query. What compares rows with each other takes a query
of its own, and so does a long list of values, which a membership test would go through for every row: a join looks each
row up instead.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any, Literal

from pytest_mlgate.aggregate import (
    Among,
    Answers,
    Conflicting,
    Disordered,
    Duplicated,
    Example,
    NotAmong,
    NotFormatted,
    NotMatching,
    Quantile,
    Segment,
    Statistic,
    columns_of,
)
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.bounds import members_for
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.engine import equals, missing, needs_sql, operand, present, shown, spoken_of, summed_up
from pytest_mlgate.inputs.formats import valid
from pytest_mlgate.inputs.frames import ROW
from pytest_mlgate.inputs.text import shortened, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import narwhals as nw

    from pytest_mlgate.aggregate import Question, Rule
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

LONG = 64
_LONGEST_ROW = 240
_VALUE, _LISTED, _FIRST, _ROWS, _LOW, _HIGH = "the_value", "the_listed", "the_first", "the_rows", "the_low", "the_high"
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - times travel as naive UTC
_Key = tuple[Any, ...]


def ask(
    frame: Frame, questions: Sequence[Question], by: Sequence[str], database: Database, most: int | None = None
) -> list[Answers]:
    """Answer questions about all rows, or about each segment of them.

    Args:
        frame: the table.
        questions: what to find out.
        by: columns whose values make the segments; all rows are one segment where there are none.
        database: runs the queries.
        most: how many segments there may be.

    Returns:
        One for each segment, in ascending order of its values with missing ones last; one for all rows without `by`.

    Raises:
        NotMeasuredError: a column is missing, a question makes no sense for its type, or there are too many segments.
    """
    import narwhals as nw

    groups = [frame.column(name) for name in by]
    for question in questions:
        _check(question, frame, database)
    apart = {
        i: one for i, one in enumerate(questions) if not isinstance(one, Statistic | Quantile) and _apart(one, frame)
    }
    together = {i: one for i, one in enumerate(questions) if i not in apart}
    aggregates = [nw.len().alias(_ROWS), *(_aggregate(one, i, frame).alias(f"n{i}") for i, one in together.items())]
    rows = _selected(frame, together.values(), groups, derived=_derived(together, frame))
    found: dict[_Key, dict[int, Any]] = {}
    sizes: dict[_Key, int] = {}
    for key, (size, *values) in _grouped(rows, groups, aggregates, frame, database, most):
        found[key], sizes[key] = dict(zip(together, values, strict=True)), int(size)
    if most is not None and len(found) > most:
        raise NotMeasuredError(
            f"{' and '.join(by)} divide {frame.what} into more than {most:,} parts",
            "choose columns with fewer values, or allow more of them",
        )
    for i, rule in apart.items():
        counts = dict(_counted_apart(rule, groups, frame, database))
        for key, answers in found.items():
            answers[i] = counts.get(key, 0)
    return [
        Answers(_segment(groups, key), sizes[key], tuple(_typed(one, found[key][i]) for i, one in enumerate(questions)))
        for key in sorted(found, key=_ascending)
    ]


def objections(frame: Frame, questions: Sequence[Question], database: Database) -> list[NotMeasuredError | None]:
    """Say of each question why it cannot be asked of a table, if it cannot; no row is read.

    Args:
        frame: the table.
        questions: what somebody wants to find out.
        database: would run the queries.
    """
    return [_objection(question, frame, database) for question in questions]


def _objection(question: Question, frame: Frame, database: Database) -> NotMeasuredError | None:
    try:
        _check(question, frame, database)
        if isinstance(question, Duplicated | Disordered | Conflicting):
            for name in columns_of(question):
                present(frame.column(name))
        else:
            _aggregate(question, 0, frame)
    except NotMeasuredError as error:
        return error
    return None


def examples(
    frame: Frame,
    rule: Rule,
    limit: int,
    database: Database,
    key: Sequence[str] = (),
    segment: Segment | None = None,
) -> list[Example]:
    """Show the first few rows that a rule speaks of.

    Args:
        frame: the table.
        rule: which rows.
        limit: how many at most.
        database: runs the query.
        key: columns that identify a row.
        segment: look only at these rows.

    Raises:
        NotMeasuredError: a column is missing, or the rule makes no sense for its type.
    """
    _check(rule, frame, database)
    within = segment or Segment()
    columns = [frame.column(name) for name in columns_of(rule)]
    keys = [frame.column(name) for name in key]
    derived = _derived({0: rule}, frame)
    rows = _selected(frame, [rule], [*keys, *map(frame.column, within.values)], numbered=True, derived=derived)
    for name, value in within.values.items():
        rows = rows.filter(equals(frame.column(name), value))
    wanted = list(dict.fromkeys([*columns, *keys]))
    found = database.fetch(
        _speaking(rows, rule, frame, database).sort(ROW).head(limit).select(ROW, *map(shown, wanted)), frame.what
    )
    records = found.to_pylist()

    def text(record: Mapping[str, Any], column: Column) -> str:
        return shortened(spelled(record[column.inner], single=column.native == "float"))

    return [
        Example(
            row=record[ROW],
            value=text(record, columns[0])
            if len(columns) == 1
            else shortened(", ".join(f"{column.name}={text(record, column)}" for column in columns), _LONGEST_ROW),
            key={column.name: text(record, column) for column in keys},
        )
        for record in records
    ]


def _check(question: Question, frame: Frame, database: Database) -> None:
    """Refuse what would take a whole query down: a missing column, a pattern that is not RE2."""
    for name in columns_of(question):
        frame.column(name)
    if isinstance(question, NotMatching):
        _check_pattern(question, database)


def _apart(question: Question, frame: Frame) -> bool:
    """Tell whether a question takes a query of its own."""
    if isinstance(question, Duplicated | Disordered | Conflicting):
        return True
    return _is_long(question) and not frame.column(columns_of(question)[0]).untyped


def _is_long(question: Question) -> bool:
    return len(_listed(question)) > LONG if isinstance(question, Among | NotAmong) else False


def _listed(rule: Among | NotAmong) -> tuple[Any, ...]:
    return rule.forbidden if isinstance(rule, Among) else rule.allowed


def _derived(rules: Mapping[int, Question], frame: Frame) -> dict[str, str]:
    """Write the columns that the engine computes for rules that narwhals has no words for."""
    derived: dict[str, str] = {}
    for i, rule in rules.items():
        if isinstance(rule, NotFormatted):
            column = frame.column(rule.column)
            if needs_sql(rule, column):
                derived[f"d{i}"] = f"NOT {valid(rule.format, column.canonical(column.inner))}"
    return derived


def _selected(
    frame: Frame,
    questions: Iterable[Question],
    beside: Sequence[Column],
    *,
    numbered: bool = False,
    derived: Mapping[str, str],
) -> nw.LazyFrame[Any]:
    """Select the columns that questions are about, and others beside them."""
    named = [frame.column(name) for question in questions for name in columns_of(question)]
    chosen = list(dict.fromkeys([*named, *beside])) or [next(iter(frame.columns.values()))]
    return frame.select(chosen, numbered=numbered, derived=derived)


def _aggregate(question: Question, place: int, frame: Frame) -> nw.Expr:
    """One number: a statistic, or how many rows a rule speaks of."""
    import narwhals as nw

    column, *others = [frame.column(name) for name in columns_of(question)]
    if isinstance(question, Statistic | Quantile):
        return summed_up(question, column)
    return spoken_of(question, [column, *others], f"d{place}").cast(nw.Int64).sum()


def _grouped(
    rows: nw.LazyFrame[Any],
    groups: Sequence[Column],
    aggregates: Sequence[nw.Expr],
    frame: Frame,
    database: Database,
    most: int | None = None,
) -> list[tuple[_Key, list[Any]]]:
    """Aggregate rows, all together or by groups: pairs of a group's values and its aggregates.

    Where there are more groups than `most`, there are `most + 1` of them, any.
    """
    inner = [column.inner for column in groups]
    grouped = _with(rows, map(shown, groups)).group_by(*inner).agg(*aggregates) if groups else rows.select(*aggregates)
    if most is not None and groups:
        grouped = grouped.head(most + 1)
    columns = [part.to_pylist() for part in database.fetch(grouped, frame.what).columns]
    width = len(inner)
    return [(tuple(record[:width]), list(record[width:])) for record in zip(*columns, strict=True)]


def _counted_apart(rule: Rule, groups: Sequence[Column], frame: Frame, database: Database) -> list[tuple[_Key, int]]:
    """Count the rows of a rule that takes a query of its own, in each segment."""
    import narwhals as nw

    inner = [column.inner for column in groups]
    total = [nw.len().alias(_ROWS)]
    if isinstance(rule, Duplicated | Conflicting):  # by aggregation, which can spill; a window holds every row
        rows = _selected(frame, [rule], groups, derived={})
        many, names = _sharing(_with(rows, map(shown, groups)), rule, inner, frame)
        beyond = nw.col(_ROWS) - (1 if isinstance(rule, Duplicated) else 0)
        rows = many.select(*(name for name in names if name in inner), beyond.alias(_ROWS))
        total = [nw.col(_ROWS).sum().alias(_ROWS)]
    else:
        numbered = isinstance(rule, Disordered)
        rows = _speaking(_selected(frame, [rule], groups, numbered=numbered, derived={}), rule, frame, database, inner)
    found = _grouped(rows, groups, total, frame, database)
    return [(key, int(count or 0)) for key, (count,) in found]


def _sharing(
    rows: nw.LazyFrame[Any], rule: Duplicated | Conflicting, within: Sequence[str], frame: Frame
) -> tuple[nw.LazyFrame[Any], list[str]]:
    """Group rows by what must be equal, and keep the groups that a rule speaks of; name what they are grouped by."""
    import narwhals as nw

    keys = [frame.column(name) for name in (rule.columns if isinstance(rule, Duplicated) else rule.keys)]
    rows = _with(rows, (present(key).alias(key.inner) for key in keys if key.inner not in within))
    if isinstance(rule, Conflicting) or not rule.missing:
        for key in keys:
            rows = rows.filter(~nw.col(key.inner).is_null())
    names = list(dict.fromkeys([*within, *(key.inner for key in keys)]))
    if isinstance(rule, Duplicated):
        return rows.group_by(*names).agg(nw.len().alias(_ROWS)).filter(nw.col(_ROWS) > 1), names
    value = present(frame.column(rule.column))
    valued = rows.with_columns(value.alias(_VALUE)).filter(~nw.col(_VALUE).is_null())
    spread = [nw.len().alias(_ROWS), nw.col(_VALUE).min().alias(_LOW), nw.col(_VALUE).max().alias(_HIGH)]
    return valued.group_by(*names).agg(*spread).filter(nw.col(_LOW) != nw.col(_HIGH)), names


def _speaking(
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
            kept = rows.with_columns(present(column).alias(_VALUE)).filter(~nw.col(_VALUE).is_null())
            kept = kept.filter(*(~missing(one) for one in others))
            spread = [nw.col(_VALUE).min().alias(_LOW), nw.col(_VALUE).max().alias(_HIGH)]
            ends = [one.over(*(other.inner for other in others)) for one in spread]
            return kept.with_columns(*ends).filter(nw.col(_LOW) != nw.col(_HIGH))
        case Disordered():
            return _disordered(rows.with_columns(operand(column).alias(_VALUE)), rule, within)
        case Among() | NotAmong() if _is_long(rule) and not column.untyped:
            valued = rows.with_columns(operand(column).alias(_VALUE)).filter(~nw.col(_VALUE).is_null())
            how: Literal["semi", "anti"] = "semi" if isinstance(rule, Among) else "anti"
            return valued.join(_lookup(rule, column, database), how=how, left_on=_VALUE, right_on=_LISTED)
        case _:
            return rows.filter(spoken_of(rule, [column, *others], "d0"))


def _with(rows: nw.LazyFrame[Any], columns: Iterable[nw.Expr]) -> nw.LazyFrame[Any]:
    """Replace columns, or none."""
    replaced = list(columns)
    return rows.with_columns(*replaced) if replaced else rows


def _disordered(rows: nw.LazyFrame[Any], rule: Disordered, within: Sequence[str]) -> nw.LazyFrame[Any]:
    """Keep the rows whose value is on the wrong side of the present one before it."""
    import narwhals as nw

    valued = rows.filter(~nw.col(_VALUE).is_null())
    before = (
        nw.col(_VALUE).shift(1).over(*within, order_by=ROW) if within else nw.col(_VALUE).shift(1).over(order_by=ROW)
    )
    value, last = nw.col(_VALUE), nw.col(_LOW)
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


def _check_pattern(rule: NotMatching, database: Database) -> None:
    """Refuse a pattern that is not RE2 before it takes a whole query down."""
    import duckdb

    try:
        database.connection.execute("SELECT regexp_matches('', ?)", [rule.pattern]).fetchall()
    except duckdb.Error as error:
        raise NotMeasuredError(
            f"{rule.pattern!r}, the pattern for column {rule.column!r}, is not valid: {first_line(error)}",
            "write it in RE2 syntax, which has no look-around and no back-references",
        ) from error


def _segment(groups: Sequence[Column], key: _Key) -> Segment:
    pairs = list(zip(groups, key, strict=True))
    texts = {column.name: spelled(value, single=column.native == "float") for column, value in pairs}
    return Segment({column.name: value for column, value in pairs}, texts)


def _ascending(key: _Key) -> tuple[tuple[bool, Any], ...]:
    return tuple((value is None, str(value) if value is None else value) for value in key)


def _typed(question: Question, value: Any) -> int | float | None:
    """Give an answer the type of its question: counts are whole, times are seconds since 1970, nothing is `None`."""
    if isinstance(value, dt.datetime):
        return (value - _EPOCH).total_seconds()
    if isinstance(question, Quantile) or (isinstance(question, Statistic) and question.name != "distinct"):
        return None if value is None or math.isnan(value) else float(value)
    return int(value or 0)
