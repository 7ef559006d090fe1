"""How a new model differs from an old one on the same rows, metric by metric, as a table.

A comparison gives both values and bounds of `new - share * old`: share 1 for what was lost or gained, 0.98 for whether
more than 2 % of the old value was lost. Everything is paired: what is hard for both models cancels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_mlgate.stats.counts import SHARES
from pytest_mlgate.stats.discordant import mcnemar
from pytest_mlgate.stats.metrics import losses_of
from pytest_mlgate.stats.names import NEEDS
from pytest_mlgate.stats.of_values import OF_VALUES
from pytest_mlgate.stats.paired_counts import paired_counts
from pytest_mlgate.stats.roc_paired import roc_difference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlgate.stats.discordant import PairedShares
    from pytest_mlgate.stats.metrics import Outputs
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


def _of_counts(name: str, new: Outputs, old: Outputs) -> Comparison:
    table = counted(new, old)
    if name == "accuracy":
        shares = table.shares()
        values = [(shares.both + each) / shares.n for each in (shares.gained, shares.lost)]
    else:
        values = [SHARES[name](table.confusion(new=which), 0.5).value for which in (True, False)]

    def bounds(confidence: float, share: float) -> tuple[float, float]:
        part = table.difference(name, confidence, share)
        return part.low, part.high

    return Comparison(values[0], values[1], table.n, bounds, changes(table.shares()))


def _of_roc(new: Outputs, old: Outputs) -> Comparison:
    found = roc_difference(new.are_positive(), new.scores, old.scores)  # type: ignore[arg-type] # checked by compare
    return Comparison(found.new.value, found.old.value, new.labels.size, found.bounds, {"delong_p": found.p_value()})


def _of_losses(name: str, new: Outputs, old: Outputs) -> Comparison:
    one, other = losses_of(name, new), losses_of(name, old)
    return Comparison(one.value, other.value, new.labels.size, partial(one.less, other), {})


_COMPARE: Mapping[str, Callable[[Outputs, Outputs], Comparison]] = MappingProxyType(
    {
        "roc_auc": _of_roc,
        **{name: partial(_of_counts, name) for name, needs in NEEDS.items() if needs == "prediction"},
        **{name: partial(_of_losses, name) for name in ("log_loss", "brier", *OF_VALUES)},
    }
)


def compare(name: str, new: Outputs, old: Outputs) -> Comparison:
    """Compare two models by one metric.

    Args:
        name: as gate files write it.
        new: what the one model said, beside the truth.
        old: what the other said of the same rows, in the same order.

    Raises:
        ValueError: one lacks what the metric reads, the metric is undefined for one, or the rows are not the same.
    """
    needs = NEEDS[name]
    for which, outputs in (("new", new), ("old", old)):
        if getattr(outputs, f"{needs}s") is None:
            raise ValueError(f"{name} needs {needs}s, and the {which} model has none")
    if new.labels.size != old.labels.size or (new.labels is not old.labels and (new.labels != old.labels).any()):
        raise ValueError("the two models were not judged on the same rows: their labels differ")
    return _COMPARE[name](new, old)


def lost_rows(new: Outputs, old: Outputs, limit: int) -> list[int]:
    """Number the first few rows, from zero, that the old model has right and the new one wrong."""
    positive = new.are_positive()
    lost = (old.are_predicted() == positive) & (new.are_predicted() != positive)
    return [int(row) for row in lost.nonzero()[0][:limit]]
