"""Metrics of counts for several classes, weighted rows and clusters, with bounds, alone and paired.

The table of counts, label by prediction, gives the value; its derivative says how far a row of each cell moves it, and
so the variance, whatever rows count for and however they were drawn. Resampling the cells estimates the same variance
and none where no row went wrong; here a row not seen is allowed for.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import stdtrit

from pytest_mlgate.stats.discordant import ENOUGH
from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.edges import edge_bounds, exact_upper
from pytest_mlgate.stats.mover import Part, difference_of
from pytest_mlgate.stats.table_metrics import SIGNED, check_defined, gradient_of, margins, metric_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.stats.drawn import Drawn

    _Floats = NDArray[np.float64]
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class CountMetric:
    """A metric of a table of counts.

    Attributes:
        value: the metric.
        lowest: what it could be at worst: 0 or -1; at best it is 1.
        gradient: float64[k, k], how far a row of each cell moves it, times n; zero on average.
        cells: int[n], the cell of each row, label first, counted row by row of the table.
        variance: of `value`, linearised.
        unit: how far one row, as heavy as rows typically are, could move it.
        drawn: how the rows were drawn.
    """

    value: float
    lowest: float
    gradient: _Floats
    cells: NDArray[np.int64]
    variance: float
    unit: float
    drawn: Drawn

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the metric from both sides, each bound at its own one-sided confidence.

        Raises:
            ValueError: too few clusters, or a confidence outside [0.5, 1).
        """
        self.drawn.enough()
        range_ = 1.0 - self.lowest
        place = min(1.0, max(0.0, (self.value - self.lowest) / range_))
        stretch = self._student(confidence)
        low, high = edge_bounds(
            place, stretch * self.variance / range_**2, sqrt(stretch) * self.unit / range_, confidence
        )
        return self.lowest + range_ * low, self.lowest + range_ * high

    def less(self, old: CountMetric, confidence: float, share: float = 1.0) -> tuple[float, float]:
        """Bound this metric less `share` times that of another model on the same rows.

        Args:
            old: the other model's.
            confidence: of each bound on its own, in [0.5, 1).
            share: of the old value.

        Returns:
            The bounds of both, joined by how they vary together; where few rows changed, widened by rows not seen that
            may have.

        Raises:
            ValueError: as `bounds`.
        """
        new_part, old_part = (Part(one.value, *one.bounds(confidence)) for one in (self, old))
        part = difference_of(new_part, old_part, self._correlation(old), share)
        unseen = self._unseen(old, confidence)
        cost = max(_steepest(self.gradient), _steepest(old.gradient))
        return min(part.low, part.value - cost * unseen[0]), max(part.high, part.value + cost * unseen[1])

    def influence(self) -> _Floats:
        """Say how far each independent unit moves the metric, times their number; zero on average."""
        return self.drawn.by_unit(self.gradient.ravel()[self.cells])

    def right(self) -> NDArray[np.bool_]:
        """Tell which rows are predicted to be what they are."""
        return np.asarray(self.cells % (self.gradient.shape[0] + 1) == 0)

    def _student(self, confidence: float) -> float:
        """Say by which factor a variance estimated from few independent units counts for more."""
        z = normal_quantile(confidence)
        if self.drawn.plain or z == 0.0:
            return 1.0
        return float(stdtrit(max(1.0, self.drawn.effective - 1.0), confidence) / z) ** 2

    def _correlation(self, old: CountMetric) -> float:
        """Correlate what the rows contribute to both; as Newcombe does, half a row is taken off a positive one."""
        first, second = self.influence(), old.influence()
        scale = sqrt(float(np.dot(first, first)) * float(np.dot(second, second)))
        if scale <= 0.0:
            return 0.0
        product = first * second
        correlation = max(-1.0, min(1.0, float(product.sum()) / scale))
        half_a_row = 0.5 * float(np.abs(product).max()) / scale
        return max(0.0, correlation - half_a_row) if correlation > 0.0 else correlation

    def _unseen(self, old: CountMetric, confidence: float) -> tuple[float, float]:
        """Say how far `gained - lost`, as a share of rows, may lie from what was seen when few rows changed."""
        now, before = self.right(), old.right()
        gained, lost = (self.drawn.mean((a & ~b).astype(np.float64)) for a, b in ((now, before), (before, now)))
        n = self.drawn.effective
        if (gained + lost) * n >= ENOUGH:
            return 0.0, 0.0
        (more, most), (less, least) = (_share_bounds(one, n, confidence) for one in (gained, lost))
        return (
            sqrt((gained - more) ** 2 + (least - lost) ** 2),
            sqrt((most - gained) ** 2 + (lost - less) ** 2),
        )


def count_metric(
    name: str,
    codes: tuple[NDArray[np.int64], NDArray[np.int64]],
    classes: Sequence[str],
    drawn: Drawn,
    average: str | None = None,
) -> CountMetric:
    """Measure a metric of counts.

    Args:
        name: as gate files write it.
        codes: int[n] each, labels and predictions as positions in `classes`.
        classes: what to call them.
        drawn: how the rows were drawn.
        average: how a metric of one class becomes one of all; None for that of the last class.

    Raises:
        ValueError: the metric is undefined for these rows; the message says why.
    """
    k = len(classes)
    cells = codes[0].astype(np.int64)
    cells *= k
    cells += codes[1]
    weights = drawn.weights
    table = np.bincount(cells, weights=weights, minlength=k * k).reshape(k, k) / drawn.n
    of = margins(table)
    check_defined(name, average, k - 1, of, classes)
    metric = metric_of(name, average, k - 1)
    gradient = gradient_of(metric, table)
    squares = table / drawn.n
    if weights is not None:
        squares = np.bincount(cells, weights=np.square(weights), minlength=k * k).reshape(k, k) / drawn.n**2
    variance = float((squares * np.square(gradient)).sum())
    unit = _unit(gradient, table, squares)
    if drawn.clusters is not None:
        by_cluster = drawn.by_unit(gradient.ravel()[cells])
        variance = max(variance, float(np.dot(by_cluster, by_cluster)) / max(1, drawn.units - 1) / drawn.units)
        # How much rows of a cluster go wrong together is not known from few wrong ones, so all of them might.
        unit = max(unit, _unit_of_clusters(gradient, codes[0], of.labelled, drawn))
    return CountMetric(
        value=float(metric(of)),
        lowest=-1.0 if name in SIGNED else 0.0,
        gradient=gradient,
        cells=cells,
        variance=variance if variance > _NOTHING**2 else 0.0,
        unit=unit,
        drawn=drawn,
    )


def _unit(gradient: _Floats, table: _Floats, squares: _Floats) -> float:
    """Say how far one row could move a metric: the worst over classes, of a row as heavy as those of the class are.

    Heaviness is averaged over what counts, so that a class of a few heavy rows is known to be one; that of wrong rows
    is looked at by itself, as they are the ones of which more may come.
    """
    steepness, heaviness = _steepness(gradient), np.zeros(gradient.shape[0])
    for among in (np.ones_like(table), 1.0 - np.eye(gradient.shape[0])):
        total = (table * among).sum(axis=1)
        some = total > 0.0
        heaviness[some] = np.maximum(heaviness[some], (squares * among).sum(axis=1)[some] / total[some])
    return max(_NOTHING, float((steepness * heaviness).max()))


def _unit_of_clusters(gradient: _Floats, labels: NDArray[np.int64], labelled: _Floats, drawn: Drawn) -> float:
    """Say how far one cluster could move a metric: the worst over classes, of the rows of the class it has."""
    k = gradient.shape[0]
    codes = np.asarray(drawn.clusters) * k + labels
    together = np.bincount(codes, weights=drawn.weights, minlength=drawn.units * k).reshape(drawn.units, k)
    some = labelled > 0.0
    heaviness = np.square(together).sum(axis=0)[some] / drawn.n**2 / labelled[some]
    return max(_NOTHING, float((_steepness(gradient)[some] * heaviness).max()))


def _steepness(gradient: _Floats) -> _Floats:
    """Say how far a row of each class that is right could move a metric, were it something else: float64[k]."""
    right = np.diag(gradient)
    return np.asarray(np.maximum(right - gradient.min(axis=1), right - gradient.min(axis=0)), dtype=np.float64)


def _steepest(gradient: _Floats) -> float:
    return float(_steepness(gradient).max())


def _share_bounds(share: float, n: float, confidence: float) -> tuple[float, float]:
    variance, unit = share * (1.0 - share) / n, 1.0 / n
    return 1.0 - exact_upper(1.0 - share, variance, unit, confidence), exact_upper(share, variance, unit, confidence)
