"""What anybody could predict without a model: the bar that a model has to clear to be worth anything.

What a simple baseline knows, it learns from the very rows that it is judged on, which flatters it: no constant does
better on them by accuracy, log loss, Brier score or squared error. A gain over it is a gain over any other constant.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.stats.metrics import Outputs

_SEVERAL = 2


def most_frequent(outputs: Outputs) -> Outputs:
    """Predict the most frequent class for every row, and how frequent each class is as its probability.

    Args:
        outputs: labels, bool or positions among `classes`; rows count by their weights.

    Returns:
        The same rows with other predictions and scores. Of equally frequent classes the first is predicted.
    """
    labels = outputs.labels.astype(np.int64)
    k = len(outputs.classes) or _SEVERAL
    counts = np.bincount(labels, outputs.weights, k)
    shares = counts / counts.sum()
    predictions = np.full(labels.size, shares.argmax()).astype(outputs.labels.dtype)
    scores = np.tile(shares, (labels.size, 1)) if outputs.classes else np.full(labels.size, shares[1])
    return replace(outputs, predictions=predictions, scores=scores)


def mean_value(outputs: Outputs) -> Outputs:
    """Predict the mean of the true numbers for every row; rows count by their weights."""
    mean = np.average(outputs.labels.astype(np.float64), weights=outputs.weights)
    return replace(outputs, values=np.full(outputs.labels.size, mean))


def last_value(
    outputs: Outputs, order: NDArray[np.float64], series: NDArray[np.int64] | None = None
) -> tuple[Outputs, Outputs]:
    """Predict for each row what was true of the row before it.

    Args:
        outputs: labels, and predictions or values.
        order: float64[n], smaller for rows that come before.
        series: int64[n], which series a row belongs to; all to one where there is none.

    Returns:
        The rows that have one before them, as they are and with the truth of that one as their prediction.

    Raises:
        ValueError: a row has no place or two of a series have the same, or no row has one before it.
    """
    lost = np.flatnonzero(~np.isfinite(order))
    if lost.size:
        raise ValueError(f"{lost.size} of {order.size} rows have no place in the order; the first is row {lost[0]}")
    series = np.zeros(order.size, dtype=np.int64) if series is None else series
    places = np.lexsort((order, series))
    follows = series[places[1:]] == series[places[:-1]]
    before, rows = places[:-1][follows], places[1:][follows]
    tied = np.flatnonzero(order[before] == order[rows])
    if tied.size:
        where = f"rows {before[tied[0]]} and {rows[tied[0]]}"
        raise ValueError(f"{tied.size} rows stand at the same place in the order as another, such as {where}")
    if not rows.size:
        raise ValueError("no row has one before it")
    kept = outputs.at(rows)
    truth = outputs.labels[before]
    named = {"predictions": truth} if outputs.values is None else {"values": truth.astype(np.float64)}
    return kept, replace(kept, scores=None, **named)
