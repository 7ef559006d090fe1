"""A metric of how rows are ranked, by what every row contributes to it.

That holds for weighted rows and clusters as for others, and for means over classes: contributions are added up by what
was drawn together, and vary from one such unit to the next. Two models on the same rows are compared row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.discordant import unseen_changes
from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.edges import stretch
from pytest_mlgate.stats.mover import Part, difference_of
from pytest_mlgate.stats.roc_paired import ENOUGH_OF_THE_RARER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from pytest_mlgate.stats.drawn import Drawn

    _Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A metric of scores.

    Attributes:
        value: the metric.
        influence: float64[n], how far each row moves it, times n; zero on average.
        placed: float64[n], where each row stands among the others, in any unit: equal for two models where they rank
            the row alike.
        own: confidence → the bounds of the metric by itself.
        drawn: how the rows were drawn.
        rarest: how many equal independent units the rarer class is worth.
        estimable: whether the rows show any spread to take a variance from.
    """

    value: float
    influence: _Floats
    placed: _Floats
    own: Callable[[float], tuple[float, float]]
    drawn: Drawn
    rarest: float
    estimable: bool

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the metric from both sides, each bound at its own one-sided confidence.

        Raises:
            ValueError: too few clusters, or a confidence outside [0.5, 1).
        """
        self.drawn.enough()
        return self.own(confidence)

    def less(self, old: Ranked, confidence: float, share: float = 1.0) -> tuple[float, float]:
        """Bound this metric less `share` times that of another model on the same rows.

        Args:
            old: the other model's.
            confidence: of each bound on its own, in [0.5, 1).
            share: of the old value.

        Returns:
            The bounds of the mean of paired contributions; with few rows of a class, or where one model makes no
            mistake, the wider of them and those made from the bounds of each. Models that rank alike still leave room
            for rows not seen.

        Raises:
            ValueError: as `bounds`.
        """
        self.drawn.enough()
        first, second = self.drawn.by_unit(self.influence), self.drawn.by_unit(old.influence)
        value = self.value - share * old.value
        half = (
            normal_quantile(confidence)
            * sqrt(stretch(self.drawn, confidence))
            * sqrt(variance_of(first - share * second))
        )
        low, high = value - half, value + half
        if not (self._enough() and old._enough()):
            scale = sqrt(float(np.dot(first, first)) * float(np.dot(second, second)))
            correlation = max(-1.0, min(1.0, float(np.dot(first, second)) / scale)) if scale > 0.0 else 0.0
            wide = difference_of(
                Part(self.value, *self.own(confidence)), Part(old.value, *old.own(confidence)), correlation, share
            )
            low, high = min(low, wide.low), max(high, wide.high)
        moved = self.drawn.by_unit(self.placed - old.placed)
        up, down = int(np.count_nonzero(moved > _ALIKE)), int(np.count_nonzero(moved < -_ALIKE))
        unseen = unseen_changes(up, down, moved.size, confidence)
        if unseen is not None:
            cost = moved.size / min(self.rarest, old.rarest)
            low, high = min(low, value - cost * unseen[0]), max(high, value + cost * unseen[1])
        return low, high

    def _enough(self) -> bool:
        return self.estimable and self.rarest >= ENOUGH_OF_THE_RARER


_ALIKE = 1e-9


def variance_of(units: _Floats) -> float:
    """Estimate the variance of a mean of units, float64[m], whose mean is zero by construction."""
    return float(np.dot(units, units)) / max(1, units.size - 1) / units.size


def worth(drawn: Drawn, rows: NDArray[np.bool_]) -> float:
    """Say how many equal independent units some rows are worth, by Kish's rule."""
    if drawn.plain:
        return float(np.count_nonzero(rows))
    sizes = drawn.by_unit(rows.astype(np.float64))
    return float(sizes.sum() ** 2 / np.square(sizes).sum())


def mean_of(parts: Iterable[Ranked], shares: _Floats, drawn: Drawn, labels: NDArray[np.int64] | None = None) -> Ranked:
    """Average a metric over classes.

    Args:
        parts: the metric of each of k classes against the others, made one after the other.
        shares: float64[k], how much each counts; one in all.
        drawn: how the rows were drawn.
        labels: int64[n], the class of each row, where shares are how often classes occur, which varies, too.

    Returns:
        The mean. Its bounds are made from those of its parts, joined by how they vary together.
    """
    influence, placed = np.zeros(drawn.n), np.zeros(drawn.n)
    scaled = np.empty((shares.size, drawn.units), dtype=np.float32)  # only to see how classes go together
    values, owns, rarest, estimable = [], [], np.inf, True
    for number, part in enumerate(parts):
        influence += shares[number] * part.influence
        placed += shares[number] * part.placed
        units = drawn.by_unit(part.influence)
        size = sqrt(float(np.dot(units, units)))
        scaled[number] = units / size if size > 0.0 else 0.0
        values.append(part.value)
        owns.append(part.own)
        rarest, estimable = min(rarest, part.rarest), estimable and part.estimable
    together = np.maximum(0.0, (scaled @ scaled.T).astype(np.float64))  # what cancels here need not in the next sample
    np.fill_diagonal(together, 1.0)
    found = np.array(values)
    value = float(np.dot(shares, found))
    added = 0.0
    if labels is not None:
        moving = found[labels] - value
        added = variance_of(drawn.by_unit(moving))
        influence += moving

    def own(confidence: float) -> tuple[float, float]:
        bounds = np.array([each(confidence) for each in owns])
        below, above = shares * (found - bounds[:, 0]), shares * (bounds[:, 1] - found)
        more = normal_quantile(confidence) ** 2 * stretch(drawn, confidence) * added
        low = value - sqrt(float(below @ together @ below) + more)
        high = value + sqrt(float(above @ together @ above) + more)
        return max(0.0, low), min(1.0, high)

    return Ranked(value, influence, placed, own, drawn, float(rarest), estimable)
