"""Metrics of a table of counts, label by prediction, for any number of classes.

All of them follow from three numbers a class: rows of it, rows predicted to be of it, and rows that are both. Written
so, one function serves for the value, for many tables at once, and, in complex numbers, for its derivative.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    _Array = NDArray[Any]  # of real or complex numbers
    Metric = Callable[["Margins"], _Array]

_STEP = 1e-30
_ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """What a table of counts, or several tables of one shape, says of each of k classes.

    Attributes:
        right: array[..., k], rows of the class that are predicted so.
        labelled: array[..., k], rows of the class.
        predicted: array[..., k], rows predicted to be of the class.
    """

    right: _Array
    labelled: _Array
    predicted: _Array

    @property
    def n(self) -> _Array:
        """All rows, array[...]."""
        return np.asarray(self.labelled.sum(axis=-1))


def margins(table: _Array) -> Margins:
    """Take the margins of tables, array[..., k, k], label by prediction."""
    return Margins(np.diagonal(table, axis1=-2, axis2=-1), table.sum(axis=-1), table.sum(axis=-2))


def _accuracy(of: Margins) -> _Array:
    return np.asarray(of.right.sum(axis=-1) / of.n)


def _kappa(of: Margins) -> _Array:
    chance, n = (of.labelled * of.predicted).sum(axis=-1), of.n
    return np.asarray((n * of.right.sum(axis=-1) - chance) / (n * n - chance))


def _mcc(of: Margins) -> _Array:
    chance, n = (of.labelled * of.predicted).sum(axis=-1), of.n
    spread = [n * n - (each * each).sum(axis=-1) for each in (of.labelled, of.predicted)]
    return np.asarray((n * of.right.sum(axis=-1) - chance) / (np.sqrt(spread[0]) * np.sqrt(spread[1])))


def _neither(of: Margins) -> _Array:
    """Count the rows that are not of a class and not predicted so."""
    return np.asarray(of.n[..., None] - of.labelled - of.predicted + of.right)


@dataclass(frozen=True, slots=True)
class Share:
    """A metric of one class: of some of the rows, how many are as they should be.

    Attributes:
        hits: margins → array[..., k].
        among: margins → array[..., k].
        which: the rows of `among`, in words; {} is the class.
    """

    hits: Callable[[Margins], _Array]
    among: Callable[[Margins], _Array]
    which: str


# Source: the definitions of scikit-learn; `specificity` and `npv` are recall and precision of all other classes.
SHARES: Mapping[str, Share] = MappingProxyType(
    {
        "precision": Share(lambda of: of.right, lambda of: of.predicted, "predicted {}"),
        "recall": Share(lambda of: of.right, lambda of: of.labelled, "{}"),
        "f1": Share(lambda of: 2.0 * of.right, lambda of: of.labelled + of.predicted, "{0} or predicted {0}"),
        "specificity": Share(_neither, lambda of: of.n[..., None] - of.labelled, "other than {}"),
        "npv": Share(_neither, lambda of: of.n[..., None] - of.predicted, "predicted other than {}"),
    }
)
_WHOLE: Mapping[str, Metric] = MappingProxyType({"accuracy": _accuracy, "kappa": _kappa, "mcc": _mcc})
# Metrics that lie between -1 and 1.
SIGNED = frozenset({"kappa", "mcc"})


def metric_of(name: str, average: str | None, position: int) -> Metric:
    """Make the function of margins that a metric is.

    Args:
        name: as gate files write it.
        average: how a metric of one class becomes one of all; None for that of one class.
        position: which class that is.
    """
    if name in _WHOLE:
        return _WHOLE[name]
    name, average = ("recall", "macro") if name == "balanced_accuracy" else (name, average)
    share = SHARES[name]

    def measured(of: Margins) -> _Array:
        hits, among = share.hits(of), share.among(of)
        if average is None:
            return np.asarray(hits[..., position] / among[..., position])
        if average == "micro":
            return np.asarray(hits.sum(axis=-1) / among.sum(axis=-1))
        shares = hits / np.where(among == 0.0, 1.0, among)  # shares of nothing have no weight, or were refused before
        if average == "macro":
            return np.asarray(shares.mean(axis=-1))
        return np.asarray((shares * of.labelled).sum(axis=-1) / of.n)

    return measured


def check_defined(name: str, average: str | None, position: int, of: Margins, classes: Sequence[str]) -> None:
    """Make sure that a metric of these margins is defined.

    Raises:
        ValueError: a share of no rows, or all rows of one class.
    """
    if name in SIGNED:
        constant = [np.flatnonzero(each) for each in (of.labelled, of.predicted)]
        single = [each.size == 1 for each in constant]
        if (name == "mcc" and any(single)) or (all(single) and constant[0] == constant[1]):
            what, which = ("", 0) if single[0] else ("predicted ", 1)
            raise ValueError(f"{name} is undefined: all rows are {what}{classes[int(constant[which][0])]}")
        return
    if name in _WHOLE or average == "micro":
        return
    share = SHARES["recall" if name == "balanced_accuracy" else name]
    among = share.among(of)
    empty = np.flatnonzero(among == 0.0)
    if average is None and name != "balanced_accuracy":
        empty = empty[empty == position]
    elif average == "weighted":
        empty = empty[of.labelled[empty] > 0.0]
    if not empty.size:
        return
    first = classes[int(empty[0])]
    if name == "balanced_accuracy" and len(classes) == 2:  # noqa: PLR2004 - the words that binary problems have
        only = classes[1 - int(empty[0])]
        raise ValueError(f"{name} is undefined with one class: all rows are {only}")
    raise ValueError(f"{name} is undefined: no row is {share.which.format(first)}")


def gradient_of(metric: Metric, table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Say how fast a metric moves as rows are added to each cell of a table, float64[k, k].

    Args:
        metric: homogeneous of degree zero: ten times the rows give the same value.
        table: float64[k, k].

    Returns:
        The derivative by each cell. Its mean over the table's rows is zero.

    Source:
        Squire and Trapp (1998), Using complex variables to estimate derivatives of real functions. SIAM Review 40,
        110-112: no difference is taken, so nothing cancels.
    """
    k = table.shape[0]
    of = margins(table)
    point = np.concatenate([of.right, of.labelled, of.predicted])
    slopes = np.empty(3 * k)
    for start in range(0, 3 * k, _ROWS_AT_ONCE):
        rows = np.arange(start, min(3 * k, start + _ROWS_AT_ONCE))
        moved = np.repeat(point[None, :].astype(np.complex128), rows.size, axis=0)
        moved[np.arange(rows.size), rows] += 1j * _STEP
        slopes[rows] = np.imag(metric(Margins(moved[:, :k], moved[:, k : 2 * k], moved[:, 2 * k :]))) / _STEP
    right, labelled, predicted = slopes[:k], slopes[k : 2 * k], slopes[2 * k :]
    return np.asarray(labelled[:, None] + predicted[None, :] + np.diag(right), dtype=np.float64)
