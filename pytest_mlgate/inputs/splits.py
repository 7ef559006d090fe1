"""Splitting a table at random, and planting a shift in it: for replaying a gate on data of which the truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def split(table: pa.Table, rows: int, seed: int) -> tuple[pa.Table, pa.Table]:
    """Draw rows without replacement.

    Args:
        table: what to draw from.
        rows: how many to draw.
        seed: the same one draws the same rows.

    Returns:
        The rows that were left, and those drawn.
    """
    import numpy as np

    order = np.random.default_rng(seed).permutation(table.num_rows)
    return table.take(np.sort(order[rows:])), table.take(np.sort(order[:rows]))


def spread(table: pa.Table, column: str) -> float:
    """Give the standard deviation of a numeric column; 0 where there is none."""
    import pyarrow.compute as pc

    return float(pc.stddev(table[column]).as_py() or 0.0)


def shifted(table: pa.Table, column: str, amount: float) -> pa.Table:
    """Add an amount to every value of a numeric column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    place = table.column_names.index(column)
    return table.set_column(place, column, pc.add(table[column].cast(pa.float64()), amount))
