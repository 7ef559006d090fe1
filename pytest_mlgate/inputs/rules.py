"""Asking a table: how many rows rules speak of, statistics of columns, and which rows come first.

Everything that looks at one row at a time is answered by one query. What compares rows with each other takes a query
of its own, and so does a long list of values, which a membership test would go through for every row: a join looks each
row up instead.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

from pytest_mlgate.aggregate import (
    Answers,
    Example,
    NotMatching,
    Quantile,
    Segment,
    Statistic,
    columns_of,
    takes_own_pass,
)
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.across import apart, counted_apart, speaking
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.engine import equals, operand, present, shown, spoken_of, summed_up
from pytest_mlgate.inputs.frames import ROW
from pytest_mlgate.inputs.selecting import ROWS, derived_of, grouped, groups_of, segment_columns, selected
from pytest_mlgate.inputs.text import shortened, spelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import narwhals as nw

    from pytest_mlgate.aggregate import Question, Rule
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame
    from pytest_mlgate.inputs.selecting import Key

WIDE = 200
_LONGEST_ROW = 240
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
        _check(question, frame, database)
    alone = {i: one for i, one in enumerate(questions) if apart(one, frame)}
    together = {i: one for i, one in enumerate(questions) if i not in alone}
    if groups and most is not None:
        _refuse_many(groups, frame, database, most)
    found: dict[Key, dict[int, Any]] = {}
    sizes: dict[Key, int] = {}
    for key, (size, *values) in _answered(together, groups, frame, database):
        found[key], sizes[key] = dict(zip(together, values, strict=True)), int(size)
    for i, rule in alone.items():
        counts = dict(counted_apart(rule, groups, frame, database))  # type: ignore[arg-type] # statistics never are
        for key, answers in found.items():
            answers[i] = counts.get(key, 0)
    return [
        Answers(_segment(groups, key), sizes[key], tuple(_typed(one, found[key][i]) for i, one in enumerate(questions)))
        for key in sorted(found, key=_ascending)
    ]


def refusal(frame: Frame, question: Question, database: Database) -> NotMeasuredError | None:
    """Say why a question cannot be asked; `None` where it can. Reads no rows."""
    try:
        _check(question, frame, database)
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
    beside = [*keys, *map(frame.column, within.values)]
    rows = selected(frame, [rule], beside, numbered=True, derived=derived_of({0: rule}, frame))
    for name, value in within.values.items():
        rows = rows.filter(equals(frame.column(name), value))
    wanted = list(dict.fromkeys([*columns, *keys]))
    found = database.fetch(
        speaking(rows, rule, frame, database).sort(ROW).head(limit).select(ROW, *map(shown, wanted)), frame.what
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
    if len(database.fetch(segments.head(most + 1), frame.what)) > most:
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
    first, *others = _narrow(questions, frame)
    wide = nw.to_native(rows(first).select(size, *aggregates(first)))
    for part in others:
        wide = wide.cross(nw.to_native(rows(part).select(*aggregates(part))))
    (found,) = database.fetch(nw.from_native(wide), frame.what).to_pylist()
    return [((), [found[ROWS], *(found[f"n{i}"] for i in questions)])]


def _narrow(questions: Mapping[int, Question], frame: Frame) -> list[dict[int, Question]]:
    """Divide questions so that each part is about few columns.

    A single select list over a thousand columns costs the engine and its Python client time that grows with the
    square of their number. The parts stand side by side in one query, and each column is read in one of them.
    """
    position = {name: at for at, name in enumerate(frame.columns)}
    parts: list[dict[int, Question]] = [{}]
    names: set[str] = set()
    for i in sorted(questions, key=lambda i: position[columns_of(questions[i])[0]]):
        names.update(columns_of(questions[i]))
        if len(names) > WIDE:
            parts.append({})
            names = set(columns_of(questions[i]))
        parts[-1][i] = questions[i]
    return parts


def _aggregate(question: Question, place: int, frame: Frame) -> nw.Expr:
    """One number: a statistic, or how many rows a rule speaks of."""
    import narwhals as nw

    column, *others = [frame.column(name) for name in columns_of(question)]
    if isinstance(question, Statistic | Quantile):
        return summed_up(question, column)
    return spoken_of(question, [column, *others], f"d{place}").cast(nw.Int64).sum()


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
