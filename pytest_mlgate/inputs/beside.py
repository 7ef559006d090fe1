"""What a gate reads beside labels and predictions: how much each row counts, and which rows belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import NUMERIC
from pytest_mlgate.kind import ModelSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.inputs.tables import OpenTable
    from pytest_mlgate.kind import PredictionSpec


def beside(table: OpenTable, spec: PredictionSpec) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """Read weights and clusters where a gate names columns of them.

    Raises:
        NotMeasuredError: weights are no numbers, missing, negative or all zero, or a cluster key is missing.
    """
    if not isinstance(spec, ModelSpec):
        return None, None
    weights = _weights(table, spec.weight) if spec.weight is not None else None
    return weights, _clusters(table, spec.groups) if spec.groups is not None else None


def _weights(table: OpenTable, name: str) -> NDArray[Any]:
    """Read how much each row counts: float64 (n,), none negative, not all zero."""
    import numpy as np

    column = table.frame.column(name)
    if column.type not in NUMERIC:
        raise NotMeasuredError(f"{column} holds no weights", "name a numeric column")
    weights = table.numbers(name)
    for wrong, state in ((~np.isfinite(weights), "missing, NaN or infinite"), (weights < 0.0, "negative")):
        rows = np.flatnonzero(wrong)
        if rows.size:
            what = f"{rows.size:,} of {weights.size:,} weights in column {name!r} are {state}"
            raise NotMeasuredError(f"{what}; the first is row {rows[0]}: {weights[rows[0]]:g}", "mend these rows")
    if not weights.any():
        raise NotMeasuredError(f"all {weights.size:,} weights in column {name!r} are 0", "let some row count")
    return weights


def _clusters(table: OpenTable, name: str) -> NDArray[Any]:
    """Read which rows belong together: int64 (n,), equal where the column is."""
    import numpy as np
    import pyarrow.compute as pc

    column = table.frame.column(name)
    if column.type == "other":
        raise NotMeasuredError(f"{column} has no values that can be told apart", "name a column of a simple type")
    keys = table.arrow([name]).column(0).combine_chunks()
    missing = pc.is_null(keys, nan_is_null=True)
    if absent := pc.sum(missing).as_py():
        first = pc.index(missing, value=True).as_py()
        reason = f"{absent:,} of {len(keys):,} values of the cluster key {name!r} are missing; the first is row {first}"
        raise NotMeasuredError(reason, "say whom these rows belong to, or leave them out")
    codes: NDArray[Any] = keys.dictionary_encode().indices.to_numpy().astype(np.int64)
    return codes
