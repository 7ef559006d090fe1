"""Which columns a query reads, and how its rows are aggregated, in all and by segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.aggregate import NotFormatted, columns_of
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.engine import needs_sql, shown
from pytest_mlgate.inputs.formats import valid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import narwhals as nw
    import pyarrow as pa

    from pytest_mlgate.aggregate import Question
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

Key = tuple[Any, ...]
ROWS = "the_rows"


def groups_of(frame: Frame, by: Sequence[str]) -> list[Column]:
    """Find the columns whose values make segments.

    Raises:
        NotMeasuredError: one is missing, or of a type whose values cannot be told apart.
    """
    groups = [frame.column(name) for name in by]
    for column in groups:
        if column.type == "other" and not column.untyped:
            raise NotMeasuredError(f"{column} cannot make segments", "name a column of a simple type")
    return groups


def segment_columns(groups: Sequence[Column]) -> list[str]:
    """Name the columns in which a query holds what makes segments, beside those that questions are about."""
    return [f"by_{column.inner}" for column in groups]


def selected(
    frame: Frame,
    questions: Iterable[Question],
    beside: Sequence[Column] = (),
    *,
    groups: Sequence[Column] = (),
    numbered: bool = False,
    derived: Mapping[str, str] | None = None,
) -> nw.LazyFrame[Any]:
    """Select the columns that questions are about, others beside them, and what makes segments."""
    named = [frame.column(name) for question in questions for name in columns_of(question)]
    chosen = list(dict.fromkeys([*named, *beside, *groups])) or [next(iter(frame.columns.values()))]
    rows = frame.select(chosen, numbered=numbered, derived=derived or {})
    names = segment_columns(groups)
    return replaced(rows, (shown(column).alias(name) for column, name in zip(groups, names, strict=True)))


def derived_of(questions: Mapping[int, Question], frame: Frame) -> dict[str, str]:
    """Write the columns that the engine computes for rules that narwhals has no words for."""
    derived: dict[str, str] = {}
    for i, rule in questions.items():
        if isinstance(rule, NotFormatted):
            column = frame.column(rule.column)
            if needs_sql(rule, column):
                derived[f"d{i}"] = f"NOT {valid(rule.format, column.canonical(column.inner))}"
    return derived


def replaced(rows: nw.LazyFrame[Any], columns: Iterable[nw.Expr]) -> nw.LazyFrame[Any]:
    """Add or replace columns, or none."""
    listed = list(columns)
    return rows.with_columns(*listed) if listed else rows


def grouped(
    rows: nw.LazyFrame[Any], names: Sequence[str], aggregates: Sequence[nw.Expr], frame: Frame, database: Database
) -> list[tuple[Key, list[Any]]]:
    """Aggregate rows, all together or by segments: pairs of a segment's values and its aggregates."""
    summed = rows.group_by(*names).agg(*aggregates) if names else rows.select(*aggregates)
    return records(summed, len(names), frame, database)


def records(query: nw.LazyFrame[Any], width: int, frame: Frame, database: Database) -> list[tuple[Key, list[Any]]]:
    """Run a query whose first few columns are a segment's values."""
    columns = [part.to_pylist() for part in fetched(query, frame, database).columns]
    return [(tuple(record[:width]), list(record[width:])) for record in zip(*columns, strict=True)]


def fetched(query: nw.LazyFrame[Any], frame: Frame, database: Database) -> pa.Table:
    """Run a query on the engine that holds the table."""
    return (frame.engine or database).fetch(query, frame.what)
