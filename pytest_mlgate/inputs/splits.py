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


def shifted(table: pa.Table, column: str, amount: float, seed: int) -> pa.Table:
    """Add an amount to the values of a numeric column.

    Whole numbers stay whole, for a fraction on every one of them would be seen whatever its size: the amount is then
    what is added on average, the next whole number to some rows and the one below it to the others.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    place, values = table.column_names.index(column), table[column].cast(pa.float64())
    added: pa.Scalar | pa.Array = pa.scalar(amount)
    if pc.all(pc.equal(values, pc.floor(values))).as_py():
        added = pa.array(np.floor(amount + np.random.default_rng(seed).random(table.num_rows)))
    return table.set_column(place, column, pc.add(values, added))
