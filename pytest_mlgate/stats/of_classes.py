"""The metrics of predicted classes and their scores, as a table.

Each entry is a function from `Outputs` and an average to what was found: a value, its bounds, and the bounds of a
paired difference.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats import losses
from pytest_mlgate.stats.calibration import calibration
from pytest_mlgate.stats.count_tables import count_metric
from pytest_mlgate.stats.names import NEEDS, OF_ONE_CLASS, TOP
from pytest_mlgate.stats.plain_counts import plain_counts
from pytest_mlgate.stats.ranking import ranked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pytest_mlgate.stats.drawn import Drawn
    from pytest_mlgate.stats.of_values import Found
    from pytest_mlgate.stats.outputs import Outputs

    Of = Callable[[Outputs, str | None], Found]
# With two classes and equal rows these have closed forms of their own.
_PLAIN = frozenset({"precision", "recall", "f1", "balanced_accuracy"})


def share_of_rows(hits: NDArray[np.bool_], drawn: Drawn) -> Found:
    """Measure the share of rows that are hits.

    Args:
        hits: bool[n].
        drawn: how the rows were drawn.
    """
    if drawn.plain:
        return plain_counts("accuracy", np.ones_like(hits), hits)
    return count_metric("accuracy", (np.ones(hits.size, dtype=np.int64), hits.astype(np.int64)), ("miss", "hit"), drawn)


def _accuracy(outputs: Outputs, _average: str | None) -> Found:
    return share_of_rows(outputs.are_right(), outputs.drawn)


def _counted(name: str, outputs: Outputs, average: str | None) -> Found:
    if name in OF_ONE_CLASS:
        if outputs.classes and average is None:
            raise ValueError(
                f"{name} is of one class, and there are {len(outputs.classes)}: choose an average "
                "(macro, micro or weighted)"
            )
    else:
        average = None
    if name in _PLAIN and average is None and outputs.drawn.plain and not outputs.classes:
        return plain_counts(name, outputs.are_positive(), outputs.are_predicted())
    return count_metric(name, outputs.codes(), outputs.names(), outputs.drawn, average)


def _log_loss(outputs: Outputs, _average: str | None) -> Found:
    scores = outputs.probabilities()
    if outputs.classes:
        return losses.log_loss_of_classes(outputs.labels, scores, outputs.drawn)
    return losses.log_loss(outputs.are_positive(), scores, outputs.drawn)


def _brier(outputs: Outputs, _average: str | None) -> Found:
    scores = outputs.probabilities()
    if outputs.classes:
        return losses.brier_of_classes(outputs.labels, scores, outputs.drawn)
    return losses.brier(outputs.are_positive(), scores, outputs.drawn)


def _ece(outputs: Outputs, _average: str | None) -> Found:
    scores = outputs.probabilities()
    if not outputs.classes:
        return calibration(outputs.are_positive(), scores, outputs.drawn)
    likeliest = scores.argmax(axis=1)
    return calibration(likeliest == outputs.labels, scores[np.arange(len(scores)), likeliest], outputs.drawn)


def _top(name: str, outputs: Outputs, _average: str | None) -> Found:
    k, classes = TOP[name], len(outputs.classes) or 2
    if k >= classes:
        raise ValueError(f"{name} says nothing where there are {classes} classes: the true one is always among {k}")
    scores = np.asarray(outputs.scores)
    own = scores[np.arange(len(scores)), outputs.labels][:, None]
    # A tie tells nothing apart, so it is no hit: models that give most classes a plain zero do not name them all.
    return share_of_rows(np.count_nonzero(scores >= own, axis=1) <= k, outputs.drawn)


OF_CLASSES: Mapping[str, Of] = MappingProxyType(
    {
        **{name: partial(_counted, name) for name, needs in NEEDS.items() if needs == "prediction"},
        "accuracy": _accuracy,
        **{name: partial(ranked, name) for name in ("roc_auc", "average_precision")},
        "log_loss": _log_loss,
        "brier": _brier,
        "ece": _ece,
        **{name: partial(_top, name) for name in TOP},
    }
)
