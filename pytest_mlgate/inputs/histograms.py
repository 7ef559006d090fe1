"""Histograms of numeric columns, counted by the engine that holds them: only edges and counts come to this machine.

A cell is a difference of two counts of rows below a cut. Comparisons are added up as whole numbers, some dozens in a
query: that is quick on every engine, and a filtered count is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.aggregate import Quantile
from pytest_mlgate.inputs.engine import present
from pytest_mlgate.inputs.rules import ask
from pytest_mlgate.inputs.selecting import fetched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import narwhals as nw

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

_FEW = 200  # distinct values up to which each is counted
_PARTS = 100  # else; of about as many rows each
_WIDTH = 400  # aggregates to a query, where the engine does not say
_ALL = (float("inf"), True)  # below which there is all but NaN, whatever an engine makes of that


def grids(frame: Frame, names: Sequence[str], database: Database) -> list[tuple[list[float], list[float]]]:
    """Choose where columns are to be cut: at each of their values where they are few, else at quantiles.

    Args:
        frame: the table.
        names: numeric columns.
        database: runs queries on tables of its own.

    Returns:
        For each column the edges, ascending, and those of them that are to be a cell of their own.

    Raises:
        NotMeasuredError: a column is missing or holds no numbers.
    """
    few = {name: _distinct(frame, frame.column(name), database) for name in names}
    asked = [Quantile(name, i / _PARTS) for name in names if few[name] is None for i in range(1, _PARTS)]
    (whole,) = ask(frame, asked, (), database)
    answers: dict[str, list[float]] = {}
    for question, value in zip(asked, whole.values, strict=True):
        answers.setdefault(question.column, []).append(float(value or 0.0))
    found = []
    for name in names:
        values = few[name] or sorted(answers.get(name, []))
        finite = [value for value in values if abs(value) < float("inf")]
        edges = sorted(set(finite))
        points = edges if few[name] is not None else [one for one in edges if finite.count(one) > 1]
        found.append((edges, points))
    return found


def below(frame: Frame, cuts: Mapping[str, Sequence[tuple[float, bool]]], database: Database) -> dict[str, list[int]]:
    """Count the values below each cut of each column, and last all values that there are.

    Args:
        frame: the table.
        cuts: by column: a number, and whether the cut comes just after it rather than just before.
        database: runs queries on tables of its own.

    Raises:
        NotMeasuredError: a column is missing or holds no numbers.
    """
    import narwhals as nw

    found: dict[str, list[int]] = {name: [] for name in cuts}
    for batch in _batches(cuts, frame.dialect.width or _WIDTH):
        columns = {name: frame.column(name) for name in dict.fromkeys(name for name, _ in batch)}
        rows = frame.select(list(columns.values())).select(*(_value(one).alias(one.inner) for one in columns.values()))
        forms = []
        for i, (name, (edge, after)) in enumerate(batch):
            value = nw.col(columns[name].inner)
            is_below = value <= edge if after else value < edge
            forms.append(is_below.cast(nw.Int64).sum().alias(f"n{i}"))
        answer = fetched(rows.select(*forms), frame, database)
        for (name, _), column in zip(batch, answer.columns, strict=True):
            found[name].append(int(column[0].as_py() or 0))
    return found


def repeats(frame: Frame, name: str, known: Sequence[float], database: Database) -> list[tuple[int, int]]:
    """Say of the values that are none of those known how often each occurs, as pairs: so many rows, so many values."""
    import narwhals as nw

    value = nw.col("value")
    rows = frame.select([frame.column(name)]).select(_value(frame.column(name)).alias("value"))
    others = rows.filter(~value.is_null() & ~value.is_in(list(known)))
    each = others.group_by("value").agg(nw.len().alias("n"))
    found = fetched(each.group_by("n").agg(nw.len().alias("values")).select("n", "values"), frame, database)
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))


def _batches(
    cuts: Mapping[str, Sequence[tuple[float, bool]]], width: int
) -> Iterator[list[tuple[str, tuple[float, bool]]]]:
    places = [(name, cut) for name, some in cuts.items() for cut in (*some, _ALL)]
    for start in range(0, len(places), width):
        yield places[start : start + width]


def _value(column: Column) -> nw.Expr:
    import narwhals as nw

    return present(column).cast(nw.Float64)


def _distinct(frame: Frame, column: Column, database: Database) -> list[float] | None:
    """List a column's values in ascending order, while they are few."""
    rows = frame.select([column]).select(_value(column).alias("value"))
    found = fetched(rows.unique("value").head(_FEW + 2), frame, database).column(0).to_pylist()
    values = sorted(float(one) for one in found if one is not None)
    return values if len(values) <= _FEW else None
