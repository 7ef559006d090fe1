"""The area under the ROC curve and average precision, of weighted rows and clusters, too.

With rows that all count the same `roc` computes the area; here it is computed by what every row contributes, which
clusters need. Average precision has no variance of its own in the literature that holds with few positives; linearised,
it is a mean over positives of the precision at each, whose bounds are those of a share of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.edges import edge_bounds, stretch
from pytest_mlgate.stats.ranked import Ranked, variance_of, worth
from pytest_mlgate.stats.roc import RocAuc, checked_scores
from pytest_mlgate.stats.ties import tied

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pytest_mlgate.stats.drawn import Drawn

    _Floats = NDArray[np.float64]


def area(labels: ArrayLike, scores: ArrayLike, drawn: Drawn) -> Ranked:
    """Measure the area under the ROC curve in O(n log n), ties counting one half.

    Args:
        labels: bool[n], true for the positive class.
        scores: float[n], higher for rows more likely positive.
        drawn: how the rows were drawn.

    Raises:
        ValueError: as `roc.roc_auc`.

    Source:
        Obuchowski (1997), Nonparametric analysis of clustered ROC curve data. Biometrics 53, 567-578: DeLong's
        placements, added up by cluster.
    """
    positive, values = checked_scores(labels, scores)
    weights = np.ones(drawn.n) if drawn.weights is None else drawn.weights
    group = tied(values)
    heights, totals = [], []
    for own in (positive, ~positive):
        held = np.bincount(group[own], weights=weights[own], minlength=int(group.max()) + 1)
        totals.append(float(held.sum()))
        heights.append((np.cumsum(held) - held / 2.0) / totals[-1])
    # Each row's share of the other class that it is ranked rightly against, ties counting one half.
    placed = np.where(positive, heights[1][group], 1.0 - heights[0][group])
    value = float(np.dot(weights[positive], placed[positive])) / totals[0]
    scale = np.where(positive, drawn.n / totals[0], drawn.n / totals[1])
    influence = scale * (placed - value)
    variance = max(variance_of(influence * weights), variance_of(drawn.by_unit(influence)))
    rows = [worth(drawn, each) for each in (positive, ~positive)]

    def own_bounds(confidence: float) -> tuple[float, float]:
        return RocAuc(value, variance * stretch(drawn, confidence), max(1, int(rows[0])), max(1, int(rows[1]))).bounds(
            confidence
        )

    # A negative row's placement counts the positives above it, so a higher one means that the row itself fell; either
    # way the area grows.
    estimable = 0.0 < value < 1.0 and variance > 0.0
    return Ranked(value, influence, placed, own_bounds, drawn, min(rows), estimable)


def precision_on_average(labels: ArrayLike, scores: ArrayLike, drawn: Drawn) -> Ranked:
    """Measure average precision: the mean, over positive rows, of the precision among rows scored at least as high.

    Args:
        labels: bool[n], true for the positive class.
        scores: float[n], higher for rows more likely positive.
        drawn: how the rows were drawn.

    Raises:
        ValueError: labels that are not boolean, NaN scores, unequal lengths, or rows of one class only.

    Source:
        The definition of scikit-learn's `average_precision_score`; its influence function follows by differentiating
        the mean with respect to the weight of a row, once as one averaged over and once as one ranked above others.
    """
    positive, values = checked_scores(labels, scores)
    weights = np.ones(drawn.n) if drawn.weights is None else drawn.weights
    group = tied(-values)
    held, taken = (np.bincount(group, weights=each) for each in (weights * positive, weights))
    hits, among = np.cumsum(held), np.cumsum(taken)
    precision = hits / among
    total = float(hits[-1])
    value = float(np.dot(held, precision)) / total
    # What a row adds to the precision at every score at or below its own.
    pull = np.cumsum((held / among)[::-1])[::-1]
    push = np.cumsum((held * precision / among)[::-1])[::-1]
    influence = drawn.n / total * np.where(positive, precision[group] - value + pull[group], 0.0)
    influence -= drawn.n / total * push[group]
    variance = max(variance_of(influence * weights), variance_of(drawn.by_unit(influence)))
    rows = [worth(drawn, each) for each in (positive, ~positive)]
    # Every positive row is among those scored at least as high as it, which raises the precision of few.
    itself = np.bincount(group[positive], weights=np.square(weights[positive]), minlength=held.size)
    flattered = float(np.dot(itself, (1.0 - precision) / among)) / total

    def own_bounds(confidence: float) -> tuple[float, float]:
        low, high = edge_bounds(value, variance * stretch(drawn, confidence, rows[0]), 1.0 / rows[0], confidence)
        return max(0.0, low - flattered), high

    estimable = 0.0 < value < 1.0 and variance > 0.0
    return Ranked(value, influence, precision[group], own_bounds, drawn, rows[0], estimable)
