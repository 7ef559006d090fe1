"""Predicted numbers beside the true ones, from columns or from a model.

One missing or infinite value turns every metric into another one, so each is found and located.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.beside import beside
from pytest_mlgate.inputs.frames import NUMERIC
from pytest_mlgate.kind import Values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.inputs.tables import OpenTable
    from pytest_mlgate.kind import PredictionSpec


def numbers(table: OpenTable, spec: PredictionSpec, raw: NDArray[Any] | None) -> Values:
    """Take predicted numbers from what a model answered, or from a column where there is no model.

    Args:
        table: the rows.
        spec: where truth and predictions are.
        raw: float64 (n,) or (n, 1): a model's answers.

    Raises:
        NotMeasuredError: there are no rows, a column or the model holds no numbers, or one is missing or infinite.
    """
    if table.rows == 0:
        raise NotMeasuredError(f"{table.frame.what} has no rows", "give it some")
    targets = _column(table, spec.label, "labels")
    if spec.model is None or raw is None:
        if spec.prediction is None:
            raise NotMeasuredError("predicted numbers are in no column", "name one as `prediction`")
        return Values(targets, _column(table, spec.prediction, "predictions"), *beside(table, spec))
    if spec.model.output != "value":
        reason = f"the model gives {spec.model.output or 'nobody says what'}, not numbers"
        raise NotMeasuredError(reason, "write `output: value` where it does")
    if raw.ndim > 1 and raw.shape[1] != 1:
        raise NotMeasuredError(f"the model gives {raw.shape[1]} numbers a row", "return one")
    predicted: NDArray[Any] = raw.reshape(-1)
    _check_finite(predicted, "of the model's answers")
    return Values(targets, predicted, *beside(table, spec))


def _column(table: OpenTable, name: str, noun: str) -> NDArray[Any]:
    column = table.frame.column(name)
    if column.type not in NUMERIC:
        raise NotMeasuredError(f"{column} holds no numbers to predict", "name a numeric column")
    values = table.numbers(name)
    _check_finite(values, f"{noun} in column {name!r}")
    return values


def _check_finite(values: NDArray[Any], what: str) -> None:
    import numpy as np

    wrong = np.flatnonzero(~np.isfinite(values))
    if wrong.size:
        reason = f"{wrong.size:,} of {values.size:,} {what} are missing or not finite; the first is row {wrong[0]}"
        raise NotMeasuredError(reason, "mend these rows, or leave them out")
