"""`sample.row_count`: are there as many rows as expected? Written against the public names alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate import GateSpec, Kind, Limit, Measurement, TableRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate import Inputs


class RowCount(GateSpec, frozen=True, kw_only=True):
    """How many rows a table has.

    Args:
        data: the table.
        rows: the limit.
    """

    data: TableRef
    rows: Limit


def measure(spec: RowCount, inputs: Inputs) -> Iterator[Measurement]:
    """Count."""
    rows = inputs.table(spec.data).rows
    yield Measurement(name="*", metric="rows", value=rows, n=rows, limit=spec.rows)


KIND = Kind(name="sample.row_count", spec=RowCount, measure=measure)
