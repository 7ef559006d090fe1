"""Asking a table: how many rows rules speak of, statistics of columns, and which rows come first.

Everything that looks at one row at a time is answered by one query, or by a few where the table's engine cannot bear
wide ones. What compares rows with each other takes a query of its own, and so does a long list of values.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_mlgate.aggregate import (
    Answers,
    Conflicting,
    Disordered,
    Duplicated,
    NotFormatted,
    NotMatching,
    Quantile,
    Segment,
    Statistic,
    columns_of,
    takes_own_pass,
)
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.engine import needs_sql, present, shown, spoken_of, summed_up
from pytest_mlgate.inputs.formats import valid
from pytest_mlgate.inputs.judged import by_value, counted
from pytest_mlgate.inputs.remote import explained
from pytest_mlgate.inputs.speaking import ROWS, VALUE, is_long, sharing, speaking, with_
from pytest_mlgate.inputs.text import spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import narwhals as nw
    import pyarrow as pa

    from pytest_mlgate.aggregate import Question
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - times travel as naive UTC
_Key = tuple[Any, ...]
_Answered = Mapping[_Key, Mapping[int, Any]]
_WAYS = ("one pass", "apart", "judged", "rough")
_SIZE = -1


def ask(frame: Frame, questions: Sequence[Question], by: Sequence[str], database: Database) -> list[Answers]:
    """Answer questions about all rows, or about each segment of them.

    Args:
        frame: the table.
        questions: what to find out.
        by: columns whose values make the segments; all rows are one segment where there are none.
        database: runs the queries.

    Returns:
        One for each segment, in ascending order of its values with missing ones last; one for all rows without `by`.

    Raises:
        NotMeasuredError: a column is missing, or a question makes no sense for its type.
    """
    groups = [frame.column(name) for name in by]
    check(questions, frame, database)
    found: dict[_Key, dict[int, Any]] = {}
    passes, error = 0, 0.0
    with explained(frame):
        for answered, error in _passes(frame, questions, groups, database):  # noqa: B007 - the last one stands
            passes += 1
            for key, values in answered.items():
                known = found.setdefault(key, {}) if passes == 1 else found.get(key)
                if known is None or known.get(_SIZE, values.get(_SIZE)) != values.get(_SIZE, known.get(_SIZE)):
                    raise NotMeasuredError(f"{frame.what} changed while it was measured", "wait until it is written")
                known.update(values)
    return [
        Answers(
            _segment(groups, key),
            int(values[_SIZE]),
            tuple(_typed(question, values.get(i)) for i, question in enumerate(questions)),
            error,
            passes,
        )
        for key, values in sorted(found.items(), key=lambda item: _ascending(item[0]))
    ]


def _passes(
    frame: Frame, questions: Sequence[Question], groups: Sequence[Column], database: Database
) -> Iterator[tuple[_Answered, float]]:
    """Run the queries that answer questions, the first of which finds every segment.

    Yields:
        A segment's values → a question's place → the answer, left out where it is zero or nothing; and how far off
        quantiles may be.
    """
    import narwhals as nw

    ways = [_way(question, frame) for question in questions]
    one_pass, apart, judged, rough = (
        {i: question for i, question in enumerate(questions) if ways[i] == way} for way in _WAYS
    )
    for some in _batches(one_pass, frame.dialect.width):
        rows = selected(frame, some.values(), groups, derived=derived_for(some, frame))
        wanted = [nw.len().alias(ROWS), *(_aggregate(one, i, frame).alias(f"n{i}") for i, one in some.items())]
        found = _grouped(rows, groups, wanted, frame, database)
        yield {key: dict(zip((_SIZE, *some), values, strict=True)) for key, values in found}, 0.0
    for i, question in apart.items():
        yield {key: {i: count} for key, count in _counted_apart(question, groups, frame, database)}, 0.0
    rules = {i: question for i, question in judged.items() if not isinstance(question, Statistic | Quantile)}
    for counts in counted(rules, groups, frame, database):
        yield counts, 0.0
    if rough:
        yield _roughly(rough, groups, frame, database)


def check(questions: Iterable[Question], frame: Frame, database: Database) -> None:
    """Refuse what would take a whole query down.

    Raises:
        NotMeasuredError: a column is missing, a pattern is not RE2, or an order is asked of rows that have none.
    """
    for question in questions:
        for name in columns_of(question):
            frame.column(name)
        if isinstance(question, NotMatching):
            _check_pattern(question, database)
        if isinstance(question, Disordered) and not frame.dialect.numbered:
            reason = f"rows on {frame.dialect.name} have no order, so that none of {frame.what} comes before another"
            remedy = f"remove the rule for {question.column!r}, or measure files, whose rows have one"
            raise NotMeasuredError(reason, remedy)


def _way(question: Question, frame: Frame) -> str:
    """Tell how a question is answered: by the one pass, by a query of its own, by distinct values, or roughly."""
    if isinstance(question, Quantile):
        return "rough" if frame.dialect.exact_rows < frame.rows else "one pass"
    if by_value(question, frame):
        return "judged"
    if isinstance(question, Statistic):
        return "apart" if question.name == "distinct" and not frame.dialect.distinct else "one pass"
    long = is_long(question) and not frame.column(columns_of(question)[0]).untyped
    return "apart" if long or takes_own_pass(question) else "one pass"


def _batches(questions: Mapping[int, Question], width: int | None) -> Iterator[dict[int, Question]]:
    """Give questions in as many as an engine can bear at once; at least one batch, which finds the segments."""
    places = list(questions)
    step = width or max(len(places), 1)
    for start in range(0, max(len(places), 1), step):
        yield {i: questions[i] for i in places[start : start + step]}


def derived_for(rules: Mapping[int, Question], frame: Frame) -> dict[str, str]:
    """Write the columns that the engine computes for rules that narwhals has no words for."""
    derived: dict[str, str] = {}
    for i, rule in rules.items():
        if isinstance(rule, NotFormatted):
            column = frame.column(rule.column)
            if needs_sql(rule, column):
                derived[f"d{i}"] = f"NOT {valid(rule.format, column.canonical(column.inner))}"
    return derived


def selected(
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
) -> list[tuple[_Key, list[Any]]]:
    """Aggregate rows, all together or by groups: pairs of a group's values and its aggregates."""
    inner = [column.inner for column in groups]
    grouped = with_(rows, map(shown, groups)).group_by(*inner).agg(*aggregates) if groups else rows.select(*aggregates)
    return _records(grouped, len(inner), frame, database)


def _records(query: nw.LazyFrame[Any], width: int, frame: Frame, database: Database) -> list[tuple[_Key, list[Any]]]:
    """Run a query whose first few columns are a group's values."""
    columns = [part.to_pylist() for part in fetched(query, frame, database).columns]
    return [(tuple(record[:width]), list(record[width:])) for record in zip(*columns, strict=True)]


def _counted_apart(
    rule: Question, groups: Sequence[Column], frame: Frame, database: Database
) -> list[tuple[_Key, int]]:
    """Count what takes a query of its own, in each segment."""
    import narwhals as nw

    inner = [column.inner for column in groups]
    total = [nw.len().alias(ROWS)]
    if isinstance(rule, Statistic | Quantile):
        rows = with_(selected(frame, [rule], groups, derived={}), map(shown, groups))
        rows = rows.with_columns(present(frame.column(rule.column)).alias(VALUE)).filter(~nw.col(VALUE).is_null())
        rows = rows.group_by(*inner, VALUE).agg(nw.len().alias(ROWS))
    elif isinstance(rule, Duplicated | Conflicting):  # by aggregation, which can spill; a window holds every row
        rows = selected(frame, [rule], groups, derived={})
        many, names = sharing(with_(rows, map(shown, groups)), rule, inner, frame)
        beyond = nw.col(ROWS) - (1 if isinstance(rule, Duplicated) else 0)
        rows = many.select(*(name for name in names if name in inner), beyond.alias(ROWS))
        total = [nw.col(ROWS).sum().alias(ROWS)]
    else:
        numbered = isinstance(rule, Disordered)
        rows = speaking(selected(frame, [rule], groups, numbered=numbered, derived={}), rule, frame, database, inner)
    found = _grouped(rows, groups, total, frame, database)
    return [(key, int(count or 0)) for key, (count,) in found]


def _roughly(
    quantiles: Mapping[int, Question], groups: Sequence[Column], frame: Frame, database: Database
) -> tuple[_Answered, float]:
    """Ask an engine for approximate quantiles, in each segment."""
    import narwhals as nw

    if frame.engine is None:
        raise TypeError("the quantiles of the embedded database are exact")
    values: dict[str, nw.Expr] = {}
    asked: dict[str, tuple[str, float]] = {}
    for i, question in quantiles.items():
        if isinstance(question, Quantile):
            column = frame.column(question.column)
            summed_up(question, column)  # refuses what has no quantiles
            values[f"q{column.inner}"] = present(column).cast(nw.Float64).alias(f"q{column.inner}")
            asked[f"n{i}"] = f"q{column.inner}", question.at
    inner = [column.inner for column in groups]
    rows = with_(selected(frame, quantiles.values(), groups, derived={}), [*map(shown, groups), *values.values()])
    query, error = frame.engine.approximated(rows, inner, asked)
    found = _records(query.select(*inner, *asked), len(inner), frame, database)
    return {key: dict(zip(quantiles, values, strict=True)) for key, values in found}, error


def fetched(query: nw.LazyFrame[Any], frame: Frame, database: Database) -> pa.Table:
    """Run a query on the engine that holds the table."""
    return (frame.engine or database).fetch(query, frame.what)


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
