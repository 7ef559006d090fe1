"""Metrics of how scores rank the rows: of the positive class, or of each class against the others, on average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.areas import area, precision_on_average
from pytest_mlgate.stats.ranked import mean_of
from pytest_mlgate.stats.roc import RocAuc, roc_auc, rows_to_decide_auc
from pytest_mlgate.stats.roc_paired import RocDifference, roc_difference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.stats.of_values import Found
    from pytest_mlgate.stats.outputs import Outputs


@dataclass(frozen=True, slots=True, eq=False)
class PlainAuc:
    """The area under the ROC curve of rows that all count the same.

    Attributes:
        positive: bool[n].
        scores: float[n].
        auc: the area.
    """

    positive: NDArray[np.bool_]
    scores: NDArray[np.float64]
    auc: RocAuc

    @property
    def value(self) -> float:
        """The area."""
        return self.auc.value

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the area from both sides, each bound at its own one-sided confidence."""
        return self.auc.bounds(confidence)

    def rows_to_decide(self, limit: float, confidence: float) -> int | None:
        """Say how many rows (in all) would decide about a limit if the observed area held."""
        return rows_to_decide_auc(self.auc, limit, confidence)

    def against(self, old: PlainAuc) -> RocDifference:
        """Compare with another model's scores of the same rows."""
        return roc_difference(self.positive, self.scores, old.scores)

    def less(self, old: PlainAuc, confidence: float, share: float = 1.0) -> tuple[float, float]:
        """Bound this area less `share` times that of another model on the same rows."""
        return self.against(old).bounds(confidence, share)


def ranked(name: str, outputs: Outputs, average: str | None) -> Found:
    """Measure a metric of ranks.

    Args:
        name: roc_auc or average_precision.
        outputs: labels and scores; those of several classes need not be probabilities.
        average: over several classes, each against the others: `macro`, which is the default, or `weighted` by how
            often they occur.

    Raises:
        ValueError: the metric is undefined for a class, or another average.
    """
    scores, drawn = np.asarray(outputs.scores), outputs.drawn
    if not outputs.classes:
        positive = outputs.are_positive()
        if name == "roc_auc" and drawn.plain:
            return PlainAuc(positive, scores, roc_auc(positive, scores))
        return _OF_ONE[name](positive, scores, drawn)
    if average == "micro":
        raise ValueError(f"{name} of several classes is a mean over classes: choose macro or weighted, not micro")
    k = len(outputs.classes)
    counts = np.bincount(outputs.labels, weights=drawn.weights, minlength=k)
    for code, word in enumerate(outputs.names()):
        if not 0.0 < counts[code] < drawn.n:
            which = "no row is" if not counts[code] else "all rows are"
            raise ValueError(f"{name} is undefined for the class {word}: {which} of it")
    parts = (_OF_ONE[name](outputs.labels == code, scores[:, code], drawn) for code in range(k))
    if average == "weighted":
        return mean_of(parts, counts / drawn.n, drawn, outputs.labels)
    return mean_of(parts, np.full(k, 1.0 / k), drawn)


_OF_ONE = {"roc_auc": area, "average_precision": precision_on_average}
