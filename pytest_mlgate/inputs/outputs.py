"""What comes out of a model, or stands in columns, before anybody asks whether it makes sense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import NUMERIC

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.inputs.tables import OpenTable
    from pytest_mlgate.kind import PredictionSpec


def outputs(table: OpenTable, spec: PredictionSpec, raw: NDArray[Any] | None) -> NDArray[Any]:
    """Take outputs as they are.

    Args:
        table: the rows.
        spec: which columns hold them, where no model gives them.
        raw: float64 (n,) or (n, k): a model's answers.

    Returns:
        float64 (n, k): scores where there are any, else predictions; missing as NaN. Text is given as codes.

    Raises:
        NotMeasuredError: there are no rows, or no such column.
    """
    import numpy as np

    if table.rows == 0:
        raise NotMeasuredError(f"{table.frame.what} has no rows", "give it some")
    if raw is not None:
        return raw.reshape(len(raw), -1)
    if spec.score is not None:
        return np.column_stack(table.numbers_of([spec.score] if isinstance(spec.score, str) else list(spec.score)))
    name = spec.prediction or ""
    if table.frame.column(name).type in NUMERIC:
        return table.numbers(name).reshape(-1, 1)
    coded = table.coded(name)
    codes = coded.codes.astype(np.float64)
    if None in coded.levels:
        codes[coded.codes == coded.levels.index(None)] = np.nan
    return codes.reshape(-1, 1)
