"""Metrics of counts for several classes, weighted rows and clusters, with bounds, alone and paired.

The table of counts, label by prediction, gives the value; its derivative says how far a row of each cell moves it, and
so the variance, whatever rows count for and however they were drawn. Resampling the cells estimates the same variance
and none where no row went wrong; here a row not seen is allowed for. Its weight is taken to be that of rows seen, wrong
ones by themselves: where wrong rows alone are heavy and a sample holds one or two, bounds err up to .15 at nominal .05.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.discordant import ENOUGH
from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.edges import edge_bounds, stretch
from pytest_mlgate.stats.moves import effective, unseen_moves
from pytest_mlgate.stats.table_metrics import SIGNED, check_defined, gradient_of, margins, metric_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.stats.drawn import Drawn

    _Floats = NDArray[np.float64]
MOST_CLASSES = 2_000  # beyond, the table would not fit into memory
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
        wider = stretch(self.drawn, confidence)
        low, high = edge_bounds(place, wider * self.variance / range_**2, sqrt(wider) * self.unit / range_, confidence)
        return self.lowest + range_ * low, self.lowest + range_ * high

    def less(self, old: CountMetric, confidence: float, share: float = 1.0) -> tuple[float, float]:
        """Bound this metric less `share` times that of another model on the same rows.

        Args:
            old: the other model's.
            confidence: of each bound on its own, in [0.5, 1).
            share: of the old value.

        Returns:
            The bounds of the mean of what rows contribute to the difference; where few rows changed, widened by rows
            not seen that may have.

        Raises:
            ValueError: as `bounds`.
        """
        self.drawn.enough()
        value = self.value - share * old.value
        rows = self.gradient.ravel()[self.cells] - share * old.gradient.ravel()[old.cells]
        low = high = value
        try:
            below, above = self.drawn.bounds(rows, confidence)
            low, high = value + below, value + above
        except ValueError:  # nothing changed, and nothing went wrong
            normal_quantile(confidence)
        changed = self.drawn.by_unit(np.where(self.cells != old.cells, rows, 0.0)) / self.drawn.units
        if effective(changed) < ENOUGH:
            below, above = unseen_moves(changed, self._unit_of_change(old, changed), confidence)
            level = (1.0 - share) * np.subtract(old.bounds(confidence), old.value)
            low = min(low, value - float(np.hypot(below, level.min())))
            high = max(high, value + float(np.hypot(above, level.max())))
        return low, high

    def _unit_of_change(self, old: CountMetric, changed: _Floats) -> float:
        """Say how far one unit not seen might move the difference: as far as any seen, or as one row could."""
        if not changed.any():
            return max(self.unit, old.unit)
        row = max(float(_steepness(one.gradient).max()) for one in (self, old)) / self.drawn.n
        return max(row, float(np.abs(changed).max()))


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
        ValueError: the metric is undefined for these rows, or there are too many classes; the message says why.
    """
    k = len(classes)
    if k > MOST_CLASSES:
        raise ValueError(
            f"there are {k} classes, and {name} is counted for at most {MOST_CLASSES}: label by prediction"
        )
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
    is looked at by itself, as they are the ones of which more may come. Rows of a class not seen are taken
    to be as heavy as others.
    """
    steepness = _steepness(gradient)
    heaviness = np.where(table.sum(axis=1) > 0.0, 0.0, squares.sum() / table.sum())
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
    heaviness = np.full(k, np.square(together.sum(axis=1)).sum() / drawn.n**2)
    heaviness[some] = np.square(together).sum(axis=0)[some] / drawn.n**2 / labelled[some]
    return max(_NOTHING, float((_steepness(gradient) * heaviness).max()))


def _steepness(gradient: _Floats) -> _Floats:
    """Say how far a row of each class that is right could move a metric, were it something else: float64[k]."""
    right = np.diag(gradient)
    return np.asarray(np.maximum(right - gradient.min(axis=1), right - gradient.min(axis=0)), dtype=np.float64)
