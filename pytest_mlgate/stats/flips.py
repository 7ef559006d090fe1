"""Negative flips: rows that an old model has right and a new one wrong, as a share of all, however many classes.

A model that is better on average still breaks answers that people rely on, so these rows are counted by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.comparisons import changed, lost_rows
from pytest_mlgate.stats.discordant import mcnemar
from pytest_mlgate.stats.metrics import METRICS
from pytest_mlgate.stats.outputs import Outputs

if TYPE_CHECKING:
    from pytest_mlgate.stats.metrics import Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Flips:
    """What changed from an old model to a new one on the same rows.

    Attributes:
        share: of rows, by weight, that only the old model has right, with its bounds.
        gained: rows that only the new model has right.
        lost: rows that only the old one has right.
        p_value: of McNemar's test that rows were as likely gained as lost; None where rows are no independent equals.
        first: numbers of the first few rows lost, from zero.
    """

    share: Estimate
    gained: int
    lost: int
    p_value: float | None
    first: tuple[int, ...]


def flips(new: Outputs, old: Outputs, confidence: float, shown: int) -> Flips:
    """Count the rows that an old model has right and a new one wrong.

    Args:
        new: what the new model predicts, beside the truth.
        old: what the old one predicts for the same rows, in the same order.
        confidence: of each bound of the share on its own, in [0.5, 1).
        shown: how many rows to name.

    Raises:
        ValueError: one has no predictions, or they are not of the same rows or classes.
    """
    if new.predictions is None or old.predictions is None:
        raise ValueError("flip_rate needs predictions, and there are none")
    if not np.array_equal(new.labels, old.labels):
        raise ValueError("the two models were not judged on the same rows: their labels differ")
    if new.classes != old.classes:
        raise ValueError(f"the two models speak of other classes: {list(new.classes)} and {list(old.classes)}")
    lost = old.are_right() & ~new.are_right()
    # The share of rows of which something is true is an accuracy, with weights and clusters as for any other.
    marked = Outputs(np.ones(lost.size, dtype=np.bool_), lost, weights=new.weights, clusters=new.clusters)
    counts = changed(new, old)
    return Flips(
        share=METRICS["accuracy"].compute(marked, confidence),
        gained=counts.gained,
        lost=counts.lost,
        p_value=mcnemar(counts.gained, counts.lost) if new.drawn.plain else None,
        first=tuple(lost_rows(new, old, shown)),
    )
