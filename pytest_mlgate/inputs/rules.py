"""Asking a table: how many rows rules speak of, statistics of columns, and which rows come first.

Everything that looks at one row at a time is answered by one query. What compares rows with each other takes a query
of its own, and so does a long list of values, which a membership test would go through for every row: a join looks each
row up instead.
"""

from __future__ import annotations

import datetime as dt
import math
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_mlgate.aggregate import (
    Answers,
    Disordered,
    NotMatching,
    Quantile,
    Segment,
    Statistic,
    columns_of,
    takes_own_pass,
)
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.across import apart, counted_apart
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.engine import operand, present, spoken_of, summed_up
from pytest_mlgate.inputs.judged import by_value, counted
from pytest_mlgate.inputs.remote import explained
from pytest_mlgate.inputs.selecting import (
    ROWS,
    derived_of,
    fetched,
    grouped,
    groups_of,
    records,
    replaced,
    segment_columns,
    selected,
)
from pytest_mlgate.inputs.text import spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import narwhals as nw

    from pytest_mlgate.aggregate import Question, Rule
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame
    from pytest_mlgate.inputs.selecting import Key

    _Answers = Mapping[Key, Mapping[int, Any]]

_Asked = TypeVar("_Asked", bound="Question")
WIDE = 200
_SIZE = -1
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - times travel as naive UTC


def ask(
    frame: Frame, questions: Sequence[Question], by: Sequence[str], database: Database, most: int | None = None
) -> list[Answers]:
    """Answer questions about all rows, or about each segment of them.

    Args:
        frame: the table.
        questions: what to find out.
        by: columns whose values make the segments; all rows are one segment where there are none.
        database: runs the queries.
        most: how many segments there may be; counting them takes a query of its own.

    Returns:
        One for each segment, in ascending order of its values with missing ones last; one for all rows without `by`.

    Raises:
        NotMeasuredError: a column is missing, a question makes no sense for its type, or there are too many segments.
    """
    groups = groups_of(frame, by)
    for question in questions:
        check(question, frame, database)
    found: dict[Key, dict[int, Any]] = {}
    passes, error = 0, 0.0
    with explained(frame):
        if groups and most is not None:
            _refuse_many(groups, frame, database, most)
        for answered, error in _passes(frame, questions, groups, database):  # noqa: B007 - the last error stands
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
) -> Iterator[tuple[_Answers, float]]:
    """Run the queries that answer questions, the first of which finds every segment.

    Yields:
        A segment's values → a question's place → the answer, left out where it is zero or nothing; and how far off
        quantiles may be.
    """
    ways: dict[str, dict[int, Question]] = {way: {} for way in ("together", "apart", "judged", "rough")}
    for i, question in enumerate(questions):
        ways[_way(question, frame)][i] = question
    for part in _batches(ways["together"], frame.dialect.width):
        found = _answered(part, groups, frame, database)
        yield {key: dict(zip((_SIZE, *part), values, strict=True)) for key, values in found}, 0.0
    for i, question in ways["apart"].items():
        yield {key: {i: count} for key, count in counted_apart(question, groups, frame, database)}, 0.0
    judged = {i: rule for i, rule in ways["judged"].items() if not isinstance(rule, Statistic | Quantile)}
    for counts in counted(judged, groups, frame, database):
        yield counts, 0.0
    if ways["rough"]:
        yield _roughly(ways["rough"], groups, frame, database)


def _way(question: Question, frame: Frame) -> str:
    """Tell how a question is answered: with others, by a query of its own, by distinct values, or roughly."""
    if isinstance(question, Quantile):
        return "rough" if frame.dialect.exact_rows < frame.rows else "together"
    if by_value(question, frame):
        return "judged"
    return "apart" if apart(question, frame) else "together"


def _batches(questions: Mapping[int, Question], width: int | None) -> Iterator[dict[int, Question]]:
    """Give questions in as many as an engine can bear at once; at least one batch, which finds the segments."""
    places = list(questions)
    step = width or max(len(places), 1)
    for start in range(0, max(len(places), 1), step):
        yield {i: questions[i] for i in places[start : start + step]}


def refusal(frame: Frame, question: Question, database: Database) -> NotMeasuredError | None:
    """Say why a question cannot be asked; `None` where it can. Reads no rows."""
    try:
        check(question, frame, database)
        columns = [frame.column(name) for name in columns_of(question)]
        if takes_own_pass(question):
            for column in columns:
                present(column)
                operand(column)
        else:
            _aggregate(question, 0, frame)
    except NotMeasuredError as error:
        return error
    return None


def check(question: Question, frame: Frame, database: Database) -> None:
    """Refuse what would take a whole query down.

    Raises:
        NotMeasuredError: a column is missing, a pattern is not RE2, or an order is asked of rows that have none.
    """
    for name in columns_of(question):
        frame.column(name)
    if isinstance(question, NotMatching):
        _check_pattern(question, database)
    if isinstance(question, Disordered) and not frame.dialect.numbered:
        reason = f"rows on {frame.dialect.name} have no order, so that none of {frame.what} comes before another"
        remedy = f"remove the rule for {question.column!r}, or measure files, whose rows have one"
        raise NotMeasuredError(reason, remedy)


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


def _refuse_many(groups: Sequence[Column], frame: Frame, database: Database, most: int) -> None:
    """Refuse to make more segments than anybody would read, before anything is computed for each."""
    import narwhals as nw

    names = segment_columns(groups)
    segments = selected(frame, [], groups=groups).group_by(*names).agg(nw.len().alias(ROWS))
    if len(fetched(segments.head(most + 1), frame, database)) > most:
        listed = ", ".join(repr(column.name) for column in groups)
        reason = f"{listed} would make more than {most:,} segments"
        raise NotMeasuredError(reason, "segment by columns of few values, or raise `max_segments`")


def _answered(
    questions: Mapping[int, Question], groups: Sequence[Column], frame: Frame, database: Database
) -> list[tuple[Key, list[Any]]]:
    """Count the rows of each segment and answer questions about them, all in one query."""
    import narwhals as nw

    def rows(part: Mapping[int, Question]) -> nw.LazyFrame[Any]:
        return selected(frame, part.values(), groups=groups, derived=derived_of(part, frame))

    def aggregates(part: Mapping[int, Question]) -> list[nw.Expr]:
        return [_aggregate(one, i, frame).alias(f"n{i}") for i, one in part.items()]

    size = nw.len().alias(ROWS)
    if groups or not frame.stable or len(frame.columns) <= WIDE:
        return grouped(rows(questions), segment_columns(groups), [size, *aggregates(questions)], frame, database)
    rules = {i: one for i, one in questions.items() if not isinstance(one, Statistic | Quantile)}
    others = {i: one for i, one in questions.items() if i not in rules}
    parts = [nw.to_native(rows({}).select(size))]
    parts += [_counted_if(rows(part), part, frame) for part in _narrow(rules, frame)]
    parts += [nw.to_native(rows(part).select(*aggregates(part))) for part in _narrow(others, frame)]
    wide = reduce(lambda left, right: left.cross(right), parts)
    (found,) = database.fetch(nw.from_native(wide), frame.what).to_pylist()
    return [((), [found[ROWS], *(found[f"n{i}"] for i in questions)])]


def _counted_if(rows: nw.LazyFrame[Any], rules: Mapping[int, Rule], frame: Frame) -> Any:
    """Count the rows for which conditions are true, as the embedded engine does it fastest.

    narwhals can only add truth values up, which on a thousand columns takes DuckDB half as long again.
    """
    import narwhals as nw

    conditions = nw.to_native(rows.select(*(_condition(one, i, frame).alias(f"n{i}") for i, one in rules.items())))
    return conditions.aggregate(", ".join(f"count_if(n{i}) AS n{i}" for i in rules))


def _roughly(
    quantiles: Mapping[int, Question], groups: Sequence[Column], frame: Frame, database: Database
) -> tuple[_Answers, float]:
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
    names = segment_columns(groups)
    rows = replaced(selected(frame, quantiles.values(), groups=groups), values.values())
    query, error = frame.engine.approximated(rows, names, asked)
    found = records(query.select(*names, *asked), len(names), frame, database)
    return {key: dict(zip(quantiles, answers, strict=True)) for key, answers in found}, error


def _narrow(questions: Mapping[int, _Asked], frame: Frame) -> list[dict[int, _Asked]]:
    """Divide questions so that each part is about few columns.

    A single select list over a thousand columns costs the engine and its Python client time that grows with the
    square of their number. The parts stand side by side in one query, and each column is read in one of them.
    """
    position = {name: at for at, name in enumerate(frame.columns)}
    parts: list[dict[int, _Asked]] = []
    names: set[str] = set()
    for i in sorted(questions, key=lambda i: position[columns_of(questions[i])[0]]):
        names.update(columns_of(questions[i]))
        if len(names) > WIDE or not parts:
            parts.append({})
            names = set(columns_of(questions[i]))
        parts[-1][i] = questions[i]
    return parts


def _aggregate(question: Question, place: int, frame: Frame) -> nw.Expr:
    """One number: a statistic, or how many rows a rule speaks of."""
    import narwhals as nw

    if isinstance(question, Statistic | Quantile):
        return summed_up(question, frame.column(question.column))
    return _condition(question, place, frame).cast(nw.Int64).sum()


def _condition(rule: Rule, place: int, frame: Frame) -> nw.Expr:
    """True for the rows that a rule speaks of."""
    return spoken_of(rule, [frame.column(name) for name in columns_of(rule)], f"d{place}")


def _segment(groups: Sequence[Column], key: Key) -> Segment:
    pairs = list(zip(groups, key, strict=True))
    texts = {column.name: spelled(value, single=column.native == "float") for column, value in pairs}
    return Segment({column.name: value for column, value in pairs}, texts)


def _ascending(key: Key) -> tuple[tuple[bool, Any], ...]:
    return tuple((value is None, str(value) if value is None else value) for value in key)


def _typed(question: Question, value: Any) -> int | float | None:
    """Give an answer the type of its question: counts are whole, times are seconds since 1970, nothing is `None`."""
    if isinstance(value, dt.datetime):
        return (value - _EPOCH).total_seconds()
    if isinstance(question, Quantile) or (isinstance(question, Statistic) and question.name != "distinct"):
        return None if value is None or math.isnan(value) else float(value)
    return int(value or 0)
