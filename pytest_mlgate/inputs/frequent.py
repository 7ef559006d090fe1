"""The most frequent values of a column, counted by the engine: an identifier's million values never reach Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.inputs.engine import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame


def most_frequent(
    frame: Frame, column: Column, limit: int, database: Database, among: Sequence[str] | None = None
) -> list[tuple[Any, int]]:
    """Count the rows of each present value, the most frequent first and in ascending order where two are equal.

    Args:
        frame: the table.
        column: of a simple type.
        limit: how many values at most.
        database: runs the query.
        among: count only these values of a column of text.

    Raises:
        NotMeasuredError: the column cannot be read.
    """
    import narwhals as nw

    value = nw.col(column.inner)
    there = frame.select([column]).select(shown(column)).filter(~value.is_null())
    if among is not None:
        there = there.filter(value.is_in(among))
    groups = there.group_by(column.inner).agg(nw.len().alias("n"))
    first = groups.sort("n", column.inner, descending=[True, False]).head(limit).select(column.inner, "n")
    values, rows = (part.to_pylist() for part in database.fetch(first, frame.what).columns)
    return list(zip(values, rows, strict=True))
