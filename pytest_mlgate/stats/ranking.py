"""The area under the ROC curve as one of the metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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


def ranked(outputs: Outputs, _average: str | None) -> Found:
    """Measure the area under the ROC curve."""
    positive, scores = outputs.are_positive(), np.asarray(outputs.scores)
    if outputs.drawn.plain:
        return PlainAuc(positive, scores, roc_auc(positive, scores))
    raise ValueError("roc_auc knows no weights and no clusters")
