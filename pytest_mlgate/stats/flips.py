"""Negative flips: rows that an old model has right and a new one wrong, as a share of all, however many classes.

A model that is better on average still breaks answers that people rely on, so these rows are counted by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgate.stats.discordant import mcnemar
from pytest_mlgate.stats.proportions import rows_to_decide_proportion, wilson_of_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.stats.metrics import Outputs

_ENOUGH_CLUSTERS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Flips:
    """What changed from an old model to a new one on the same rows.

    Attributes:
        value: the share of rows, by weight, that only the old model has right.
        n: all rows.
        gained: rows that only the new model has right.
        lost: rows that only the old one has right.
        effective: how many independent rows these are worth, at most `n`.
        unbounded: why there are no bounds; None where there are.
        first: numbers of the first few rows lost, from zero.
    """

    value: float
    n: int
    gained: int
    lost: int
    effective: int
    unbounded: str | None
    first: tuple[int, ...]
    plain: bool

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the share from both sides, each bound at its own one-sided confidence.

        Raises:
            ValueError: there are no bounds, or the confidence is none.

        Source:
            Wilson (1927) at the effective number of rows, by Kish (1965), Survey Sampling, for weights, and by the
            linearised variance between clusters; the design effect is never taken to be below 1.
        """
        if self.unbounded is not None:
            raise ValueError(self.unbounded)
        return wilson_of_rate(self.value, self.effective, confidence)

    def rows_to_decide(self, limit: float, confidence: float) -> int | None:
        """Say how many rows (in all) would decide about a limit if the observed share held."""
        if not self.plain:
            return None
        return rows_to_decide_proportion(self.lost, self.n, limit, confidence)

    def p_value(self) -> float | None:
        """Test by McNemar whether rows were as likely gained as lost; None where rows are no independent equals."""
        return mcnemar(self.gained, self.lost) if self.plain else None


def flips(new: Outputs, old: Outputs, shown: int) -> Flips:
    """Count the rows that an old model has right and a new one wrong.

    Args:
        new: what the new model predicts, beside the truth.
        old: what the old one predicts for the same rows, in the same order.
        shown: how many rows to name.

    Raises:
        ValueError: one has no predictions, or they are not of the same rows.
    """
    if new.predictions is None or old.predictions is None:
        raise ValueError("flip_rate needs predictions, and there are none")
    if new.labels.size != old.labels.size or (new.labels != old.labels).any():
        raise ValueError("the two models were not judged on the same rows: their labels differ")
    if new.classes != old.classes:
        raise ValueError(f"the two models speak of other classes: {list(new.classes)} and {list(old.classes)}")
    right, before = new.labels == new.predictions, old.labels == old.predictions
    lost, n = before & ~right, int(new.labels.size)
    weights = np.ones(n) if new.weights is None else np.asarray(new.weights, dtype=np.float64)
    value = float(np.average(lost, weights=weights))
    clusters = 0 if new.clusters is None else int(np.unique(new.clusters).size)
    few = new.clusters is not None and clusters < _ENOUGH_CLUSTERS
    return Flips(
        value=value,
        n=n,
        gained=int(np.count_nonzero(right & ~before)),
        lost=int(np.count_nonzero(lost)),
        effective=_effective(lost, weights, new.clusters, value),
        unbounded=f"{clusters} clusters are too few to bound by: {_ENOUGH_CLUSTERS} are needed" if few else None,
        first=tuple(int(row) for row in np.flatnonzero(lost)[:shown]),
        plain=new.weights is None and new.clusters is None,
    )


def _effective(
    lost: NDArray[np.bool_], weights: NDArray[np.float64], clusters: NDArray[Any] | None, value: float
) -> int:
    """Say how many independent rows of equal weight the rows are worth, by how their units vary."""
    units = np.arange(lost.size) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    sizes = np.bincount(units, weights=weights)
    most = float(weights.sum() ** 2 / np.square(weights).sum())  # Kish's, as if clusters were not
    least = float(sizes.sum() ** 2 / np.square(sizes).sum())  # as if the rows of a cluster were all alike
    if clusters is None or not 0.0 < value < 1.0:
        return max(1, int(least))
    off = np.bincount(units, weights=weights * (lost - value))
    variance = sizes.size / max(1, sizes.size - 1) * float(np.square(off).sum()) / float(weights.sum()) ** 2
    worth = value * (1.0 - value) / variance if variance > 0.0 else least
    return max(1, int(min(max(worth, least), most)))
