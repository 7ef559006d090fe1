"""The metrics of predicted numbers, as a table; each gives a value, its bounds, and the bounds of a paired difference.

A new one is one function of targets and predicted numbers, and one entry here and in `names`.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from pytest_mlgate.stats.door import vector
from pytest_mlgate.stats.drawn import counted_rows, drawn
from pytest_mlgate.stats.errors_ranked import max_error, medae
from pytest_mlgate.stats.losses import mae, mape, pinball, r2, rmse
from pytest_mlgate.stats.names import PINBALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike, NDArray


_LARGEST = 1e75  # the fourth powers of errors are summed too


class Found(Protocol):
    """A metric that was computed."""

    @property
    def value(self) -> float:
        """The metric on these rows."""

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound it; raises `ValueError` where these rows bound nothing."""

    def less(self, old: Self, confidence: float, share: float = 1.0) -> tuple[float, float]:
        """Bound it less `share` times that of another model on the same rows; raises `ValueError` likewise."""


OF_VALUES: Mapping[str, Callable[..., Found]] = MappingProxyType(
    {
        "rmse": rmse,
        "mae": mae,
        "mape": mape,
        "medae": medae,
        "max_error": max_error,
        "r2": r2,
        **{name: partial(pinball, quantile=quantile) for name, quantile in PINBALLS.items()},
    }
)


def of_values(
    name: str,
    targets: ArrayLike,
    values: ArrayLike,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
) -> Found:
    """Compute a metric of predicted numbers.

    Args:
        name: a key of `OF_VALUES`.
        targets: float[n], the true numbers.
        values: float[n], the predicted ones.
        weights: float[n], how much each row counts; rows of weight zero are left out. None when all count the same.
        clusters: int[n], which rows were drawn together; None when each stands for itself.

    Raises:
        ValueError: numbers that are missing, infinite or of unequal lengths, weights that are none, or a metric that is
            undefined on these rows; the message says which and where.
    """
    columns = [_numbers("labels", targets), _numbers("values", values)]
    if columns[0].size != columns[1].size or not columns[0].size:
        raise ValueError(f"{columns[0].size} labels and {columns[1].size} values do not go together")
    together = None if clusters is None else np.asarray(clusters)
    counting = None if weights is None else vector("weights", weights)
    kept = None if counting is None else counted_rows(counting)
    for column, what in ((counting, "weights"), (together, "clusters")):
        if column is not None and column.shape != columns[0].shape:
            raise ValueError(f"{columns[0].size} rows and {column.size} {what} do not go together")
    if kept is not None:
        columns = [column[kept] for column in columns]
        counting, together = (None if one is None else one[kept] for one in (counting, together))
    return OF_VALUES[name](*columns, drawn(columns[0].size, counting, together))


def _numbers(name: str, values: ArrayLike) -> NDArray[Any]:
    numbers = vector(name, values)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if wrong.size:
        what = "missing" if np.isnan(numbers[wrong]).all() else "infinite"
        raise ValueError(f"{wrong.size} of {numbers.size} {name} are {what}; the first is in row {wrong[0]}")
    large = np.flatnonzero(np.abs(numbers) > _LARGEST)
    if large.size:
        raise ValueError(
            f"{large.size} of {numbers.size} {name} are too large to square; the first is in row {large[0]}"
        )
    return numbers
