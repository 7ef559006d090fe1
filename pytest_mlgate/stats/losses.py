"""Metrics that are means of row losses, or smooth functions of such means.

Each is kept with what every row contributes to it, because two things follow from that: the bounds of the metric, and,
for two models on the same rows, the bounds of the difference, in which whatever is hard for both cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.discordant import unseen_changes
from pytest_mlgate.stats.means import error_bounds, loss_bounds, mean_bounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bounds = Callable[[float], tuple[float, float]]

_SMALLEST = float(np.finfo(np.float64).eps)  # as scikit-learn clips probabilities, lest one certain error be infinite
_EXPONENT = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """A metric and what the rows contribute to it.

    Attributes:
        value: the metric.
        bounds: confidence → lower and upper bound; raises `ValueError` where the rows show no spread.
        rows: float[n], the loss of each row.
        influence: float[n], how far each row moves the metric, times n; its mean is zero.
        cost: how far a row that turned out as badly as it could would move the metric, times n.
    """

    value: float
    bounds: Bounds
    rows: NDArray[np.float64]
    influence: NDArray[np.float64]
    cost: float


def log_loss(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> Losses:
    """Mean negative log-likelihood; probabilities are clipped to what double precision tells from 0 and 1."""
    clipped = np.clip(scores, _SMALLEST, 1.0 - _SMALLEST)
    told = np.where(positive, clipped, 1.0 - clipped)
    largest = -float(np.log(min(clipped.min(), 1.0 - clipped.max())))
    return _bounded(-np.log(told), largest, told)


def brier(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> Losses:
    """Mean squared difference between probability and outcome."""
    told = np.where(positive, scores, 1.0 - scores)
    largest = max(float(scores.max()), 1.0 - float(scores.min())) ** 2
    return _bounded(np.square(1.0 - told), largest, told)


def mae(targets: NDArray[np.float64], values: NDArray[np.float64]) -> Losses:
    """Mean absolute error."""
    rows = np.abs(values - targets)
    mean = float(rows.mean())
    return Losses(mean, lambda confidence: error_bounds(rows, confidence), rows, rows - mean, float(rows.max()))


def rmse(targets: NDArray[np.float64], values: NDArray[np.float64]) -> Losses:
    """Root of the mean squared error."""
    rows = np.square(values - targets)
    mean = float(rows.mean())
    root = sqrt(mean)

    def bounds(confidence: float) -> tuple[float, float]:
        low, high = error_bounds(rows, confidence)
        return sqrt(low), sqrt(high)

    slope = 1.0 / (2.0 * root) if root > 0.0 else 0.0
    return Losses(root, bounds, rows, (rows - mean) * slope, float(rows.max()) * slope)


def r2(targets: NDArray[np.float64], values: NDArray[np.float64]) -> Losses:
    """Share of the targets' variance that the predictions account for.

    Raises:
        ValueError: the target is constant.
    """
    centred = targets - targets.mean()
    variance = float(np.square(centred).mean())
    if targets.size < 2 or variance <= (abs(float(targets.mean())) * 1e-12) ** 2:  # noqa: PLR2004 - a variance needs two
        raise ValueError(f"r2 is undefined: the target is constant over {targets.size} rows")
    rows = np.square(values - targets)
    unexplained = float(rows.mean()) / variance
    influence = (rows - unexplained * np.square(centred)) / variance

    def bounds(confidence: float) -> tuple[float, float]:
        low, high = mean_bounds(influence, confidence)
        most = unexplained * exp(min(high / unexplained, _EXPONENT))
        return 1.0 - most, 1.0 - max(0.0, unexplained + low)

    return Losses(1.0 - unexplained, bounds, rows, -influence, float(rows.max()) / variance)


def difference_bounds(new: Losses, old: Losses, confidence: float, share: float = 1.0) -> tuple[float, float]:
    """Bound `new - share * old` for two models on the same rows.

    Args:
        new: the one model's metric.
        old: the other's, row by row.
        confidence: of each bound on its own, in [0.5, 1).
        share: of the old value.

    Returns:
        The bounds of the mean of paired contributions. Where the models differ on few rows or none, they are widened
        by rows not seen that may differ, at the largest cost.

    Raises:
        ValueError: no row lost anything with either model, so that nothing tells what one could lose.
    """
    value = new.value - share * old.value
    low = high = value
    try:
        below, above = mean_bounds(new.influence - share * old.influence, confidence)
        low, high = value + below, value + above
    except ValueError:
        if not new.cost and not old.cost:
            raise
    better, worse = int(np.count_nonzero(new.rows < old.rows)), int(np.count_nonzero(new.rows > old.rows))
    unseen = unseen_changes(worse, better, new.rows.size, confidence)
    if unseen is not None:
        cost = max(new.cost, old.cost)
        reach = max(
            unseen
        )  # whether a larger loss raises or lowers the metric does not matter for the wider of the two
        low, high = min(low, value - cost * reach), max(high, value + cost * reach)
    return low, high


def _bounded(rows: NDArray[np.float64], largest: float, told: NDArray[np.float64]) -> Losses:
    """Make a metric of losses that know a largest; `told` is the probability given to what came true."""
    mean, large = float(rows.mean()), int(np.count_nonzero(told < 0.5))  # noqa: PLR2004 - the wrong side of even odds
    return Losses(
        mean, lambda confidence: loss_bounds(rows, confidence, largest=largest, large=large), rows, rows - mean, largest
    )
