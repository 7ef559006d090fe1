"""How a new model differs from an old one on the same rows, metric by metric, as a table.

A comparison gives both values and bounds of `new - share * old`: share 1 for what was lost or gained, 0.98 for whether
more than 2 % of the old value was lost. Everything is paired: what is hard for both models cancels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgate.stats.discordant import mcnemar
from pytest_mlgate.stats.metrics import find
from pytest_mlgate.stats.names import NEEDS
from pytest_mlgate.stats.of_classes import share_of_rows
from pytest_mlgate.stats.paired_counts import paired_counts
from pytest_mlgate.stats.roc_paired import roc_difference

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pytest_mlgate.stats.discordant import PairedShares
    from pytest_mlgate.stats.names import Average
    from pytest_mlgate.stats.of_values import Found
    from pytest_mlgate.stats.outputs import Outputs
    from pytest_mlgate.stats.paired_counts import PairedCounts

    PairedBounds = Callable[[float, float], tuple[float, float]]  # confidence, share -> bounds of new - share * old


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """A metric of two models on the same rows.

    Attributes:
        new: the new model's value.
        old: the old one's.
        n: rows that both were judged on.
        bounds: confidence and share → bounds of `new - share * old`; raises `ValueError` where there are none.
        detail: tests of the difference, JSON-able.
    """

    new: float
    old: float
    n: int
    bounds: PairedBounds = field(repr=False)
    detail: dict[str, Any]


def counted(new: Outputs, old: Outputs) -> PairedCounts:
    """Count the rows by label and both predictions."""
    return paired_counts(new.are_positive(), new.are_predicted(), old.are_predicted())


def changes(shares: PairedShares) -> dict[str, Any]:
    """Say which rows changed, and how likely that is when neither model is better."""
    return {
        "gained": shares.gained,
        "lost": shares.lost,
        "mcnemar_p": mcnemar(shares.gained, shares.lost),
    }


def changed(new: Outputs, old: Outputs) -> PairedShares:
    """Count rows that both models, either or neither have right, whatever they count for."""
    if new.classes:
        every = np.ones(new.labels.size, dtype=np.bool_)
        return paired_counts(every, new.are_right(), old.are_right()).shares()
    return counted(new, old).shares()


def _of_roc(new: Outputs, old: Outputs) -> Comparison:
    found = roc_difference(new.are_positive(), new.scores, old.scores)  # type: ignore[arg-type] # checked by compare
    return Comparison(found.new.value, found.old.value, new.labels.size, found.bounds, {"delong_p": found.p_value()})


def compare(name: str, new: Outputs, old: Outputs, average: Average | None = None) -> Comparison:
    """Compare two models by one metric.

    Args:
        name: as gate files write it.
        new: what the one model said, beside the truth.
        old: what the other said of the same rows, in the same order.
        average: how a metric of one class becomes one of all, as in `Metric.compute`.

    Raises:
        ValueError: one lacks what the metric reads, the metric is undefined for one, or the rows are not the same, or
            not drawn and weighted the same.
    """
    needs = NEEDS[name]
    for which, outputs in (("new", new), ("old", old)):
        if getattr(outputs, f"{needs}s") is None:
            raise ValueError(f"{name} needs {needs}s, and the {which} model has none")
    for what in ("labels", "weights", "clusters"):
        if not _same(getattr(new, what), getattr(old, what)):
            raise ValueError(f"the two models were not judged on the same rows: their {what} differ")
    if new.classes != old.classes:
        raise ValueError("the two models do not speak of the same classes")
    if name == "roc_auc" and new.drawn.plain and not new.classes:
        return _of_roc(new, old)  # both areas and what they share in one go
    one, other = find(name, new, average), find(name, old, average)
    counting = needs == "prediction" and new.drawn.plain
    detail = changes(changed(new, old)) if counting else {}
    return Comparison(one.value, other.value, new.labels.size, partial(one.less, other), detail)


def flips(new: Outputs, old: Outputs) -> Found:
    """Measure the share of rows that the old model has right and the new one wrong, as much as each counts."""
    one, other = new.counting(), old.counting()
    return share_of_rows(_lost(one, other), one.drawn)


def lost_rows(new: Outputs, old: Outputs, limit: int) -> list[int]:
    """Number the first few rows, from zero, that the old model has right and the new one wrong."""
    return [int(row) for row in _lost(new, old).nonzero()[0][:limit]]


def _lost(new: Outputs, old: Outputs) -> NDArray[np.bool_]:
    if new.classes:
        return old.are_right() & ~new.are_right()
    positive = new.are_positive()
    return np.asarray((old.are_predicted() == positive) & (new.are_predicted() != positive))


def _same(first: NDArray[Any] | None, second: NDArray[Any] | None) -> bool:
    if first is None or second is None:
        return first is second
    return first is second or np.array_equal(first, second)
