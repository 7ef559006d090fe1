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
from pytest_mlgate.stats.drawn import Drawn, drawn
from pytest_mlgate.stats.means import Tail, above_zero, loss_bounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Bounds = Callable[[float], tuple[float, float]]

_SMALLEST = float(np.finfo(np.float64).eps)  # as scikit-learn clips probabilities, lest one certain error be infinite
_EXPONENT = 300.0
_LARGEST_SHARE = 1e75  # beyond it, sums of third powers are no numbers


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """A metric and what the rows contribute to it.

    Attributes:
        value: the metric.
        bounds: confidence → lower and upper bound; raises `ValueError` where the rows show no spread.
        rows: float[n], the loss of each row.
        influence: float[n], how far each row moves the metric, times n; its mean is zero.
        cost: how far a row that turned out as badly as it could would move the metric, times n.
        drawn: how the rows were drawn.
    """

    value: float
    bounds: Bounds
    rows: NDArray[np.float64]
    influence: NDArray[np.float64]
    cost: float
    drawn: Drawn

    def less(self, old: Losses, confidence: float, share: float = 1.0) -> tuple[float, float]:
        """Bound this metric less `share` times that of another model on the same rows.

        Args:
            old: the other's, row by row.
            confidence: of each bound on its own, in [0.5, 1).
            share: of the old value.

        Returns:
            The bounds of the mean of paired contributions. Where the models differ on few rows or none, they are
            widened by rows not seen that may differ, at the largest cost.

        Raises:
            ValueError: no row lost anything with either model, so that nothing tells what one could lose; or too few
                clusters.
        """
        self.drawn.enough()
        value = self.value - share * old.value
        low = high = value
        try:
            below, above = self.drawn.bounds(self.influence - share * old.influence, confidence)
            low, high = value + below, value + above
        except ValueError:
            if not self.cost and not old.cost:
                raise
        unseen = self._unseen(old, confidence)
        if unseen is not None:
            # Whether a larger loss raises or lowers the metric does not matter for the wider of the two.
            reach = max(self.cost, old.cost) * max(unseen)
            low, high = min(low, value - reach), max(high, value + reach)
        return low, high

    def _unseen(self, old: Losses, confidence: float) -> tuple[float, float] | None:
        """Say which share of what counts may have changed without being seen, where few units changed."""
        if self.drawn.plain:
            better, worse = int(np.count_nonzero(self.rows < old.rows)), int(np.count_nonzero(self.rows > old.rows))
            return unseen_changes(worse, better, self.rows.size, confidence)
        changes = self.drawn.by_unit(self.rows - old.rows)
        better, worse = int(np.count_nonzero(changes < 0.0)), int(np.count_nonzero(changes > 0.0))
        unseen = unseen_changes(worse, better, changes.size, confidence)
        if unseen is None:
            return None
        largest = float(self.drawn.sizes().max())  # the unit not seen may be one that counts the most
        return unseen[0] * largest, unseen[1] * largest


def log_loss(positive: NDArray[np.bool_], scores: NDArray[np.float64], rows: Drawn | None = None) -> Losses:
    """Mean negative log-likelihood; probabilities are clipped to what double precision tells from 0 and 1."""
    clipped = np.clip(scores, _SMALLEST, 1.0 - _SMALLEST)
    told = np.where(positive, clipped, 1.0 - clipped)
    largest = -float(np.log(min(clipped.min(), 1.0 - clipped.max())))
    return bounded_losses(-np.log(told), largest, told < 0.5, rows)  # noqa: PLR2004 - the wrong side of even odds


def brier(positive: NDArray[np.bool_], scores: NDArray[np.float64], rows: Drawn | None = None) -> Losses:
    """Mean squared difference between probability and outcome."""
    told = np.where(positive, scores, 1.0 - scores)
    largest = max(float(scores.max()), 1.0 - float(scores.min())) ** 2
    return bounded_losses(np.square(1.0 - told), largest, told < 0.5, rows)  # noqa: PLR2004 - likewise


def log_loss_of_classes(labels: NDArray[np.int64], scores: NDArray[np.float64], rows: Drawn | None = None) -> Losses:
    """Mean negative log-likelihood of one of k classes: int64[n] positions, float64[n, k] probabilities."""
    clipped = np.clip(scores, _SMALLEST, 1.0 - _SMALLEST)
    told = clipped[np.arange(labels.size), labels]
    return bounded_losses(-np.log(told), -float(np.log(clipped.min())), told < 0.5, rows)  # noqa: PLR2004 - likewise


def brier_of_classes(labels: NDArray[np.int64], scores: NDArray[np.float64], rows: Drawn | None = None) -> Losses:
    """Mean of squared differences between probabilities and outcome, added up over k classes: between 0 and 2.

    Of two classes this is twice `brier`, as in scikit-learn.
    """
    told = scores[np.arange(labels.size), labels]
    squares = np.einsum("ij,ij->i", scores, scores)
    lost = np.maximum(0.0, squares - 2.0 * told + 1.0)
    largest = max(float(squares.max()) + 1.0 - 2.0 * float(scores.min()), float(lost.max()))
    return bounded_losses(lost, largest, told < 0.5, rows)  # noqa: PLR2004 - likewise


def bounded_losses(
    losses: NDArray[np.float64], largest: float, large: NDArray[np.bool_], rows: Drawn | None = None
) -> Losses:
    """Make a metric of the mean of losses that know a largest.

    Args:
        losses: float[n].
        largest: what a row could have lost.
        large: bool[n], which rows lost much.
        rows: how they were drawn; each for itself unless given.
    """
    how = rows or drawn(losses.size)
    mean = how.mean(losses)
    tail = Tail(largest, int(np.count_nonzero(how.by_unit(large.astype(np.float64)))), max(1, int(how.effective)))

    def bounds(confidence: float) -> tuple[float, float]:
        how.enough()
        return loss_bounds(mean, lambda one: how.bounds(losses, one), confidence, tail)

    return Losses(mean, bounds, losses, losses - mean, largest, how)


def error_losses(errors: NDArray[np.float64], rows: Drawn | None = None) -> Losses:
    """Make a metric of the mean of errors that are not negative and know no largest.

    Args:
        errors: float[n].
        rows: how they were drawn; each for itself unless given.
    """
    how = rows or drawn(errors.size)
    mean = how.mean(errors)
    return Losses(
        mean,
        lambda confidence: above_zero(mean, how.bounds(errors, confidence)),
        errors,
        errors - mean,
        float(errors.max()),
        how,
    )


def mae(targets: NDArray[np.float64], values: NDArray[np.float64], rows: Drawn | None = None) -> Losses:
    """Mean absolute error."""
    return error_losses(np.abs(values - targets), rows)


def rmse(targets: NDArray[np.float64], values: NDArray[np.float64], rows: Drawn | None = None) -> Losses:
    """Root of the mean squared error."""
    squares = error_losses(np.square(values - targets), rows)
    root = sqrt(squares.value)

    def bounds(confidence: float) -> tuple[float, float]:
        low, high = squares.bounds(confidence)
        return sqrt(low), sqrt(high)

    slope = 1.0 / (2.0 * root) if root > 0.0 else 0.0
    return Losses(root, bounds, squares.rows, squares.influence * slope, squares.cost * slope, squares.drawn)


def mape(targets: NDArray[np.float64], values: NDArray[np.float64], rows: Drawn | None = None) -> Losses:
    """Mean absolute error as a share of the target: 0.1 is ten percent.

    Raises:
        ValueError: a target is zero, or as good as that, of which nothing is a share.
    """
    zeros = np.flatnonzero(targets == 0.0)
    if zeros.size:
        raise ValueError(
            f"mape is undefined: {zeros.size} of {targets.size} targets are zero; the first is in row {zeros[0]}"
        )
    with np.errstate(over="ignore"):
        shares = np.abs((values - targets) / targets)
    huge = np.flatnonzero(shares > _LARGEST_SHARE)
    if huge.size:
        raise ValueError(
            f"mape is undefined: {huge.size} of {targets.size} targets are next to zero; the first is in row {huge[0]}"
        )
    return error_losses(shares, rows)


def pinball(
    targets: NDArray[np.float64], values: NDArray[np.float64], rows: Drawn | None = None, *, quantile: float = 0.5
) -> Losses:
    """Mean pinball loss of a predicted quantile: an error below the target costs `quantile`, one above it the rest.

    Source:
        Koenker & Bassett (1978), Regression quantiles. Econometrica 46, 33-50.
    """
    below = targets - values
    return error_losses(np.maximum(quantile * below, (quantile - 1.0) * below), rows)


def r2(targets: NDArray[np.float64], values: NDArray[np.float64], rows: Drawn | None = None) -> Losses:
    """Share of the targets' variance that the predictions account for.

    Raises:
        ValueError: the target is constant.
    """
    how = rows or drawn(targets.size)
    mean = how.mean(targets)
    spread = np.square(targets - mean)
    variance = how.mean(spread)
    if targets.size < 2 or variance <= (abs(mean) * 1e-12) ** 2:  # noqa: PLR2004 - a variance needs two
        raise ValueError(f"r2 is undefined: the target is constant over {targets.size} rows")
    squares = np.square(values - targets)
    unexplained = how.mean(squares) / variance
    influence = (squares - unexplained * spread) / variance

    def bounds(confidence: float) -> tuple[float, float]:
        low, high = how.bounds(influence, confidence)
        most = unexplained * exp(min(high / unexplained, _EXPONENT))
        return 1.0 - most, 1.0 - max(0.0, unexplained + low)

    return Losses(1.0 - unexplained, bounds, squares, -influence, float(squares.max()) / variance, how)
