"""How weak slices look, for all slices of a search at once.

Most metrics of a slice follow from a few sums over its rows: of the four counts of right and wrong, or of losses. Sums
over any run of bins and any pair of columns come from one table, so thousands of slices cost no more than the table.
What is said here is only where to look; what is claimed is computed by the metric itself, on other rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.stats.metrics import Outputs

    _Floats = NDArray[np.float64]

_SMALLEST = float(np.finfo(np.float64).eps)
_ROUNDING = 1e-12  # of the squares of losses, below which their spread is what sums were rounded by


@dataclass(frozen=True, slots=True)
class Sides:
    """The limits that a slice must keep: the least value allowed, the largest, or both."""

    lower: float | None = None
    upper: float | None = None

    def beyond(self, value: _Floats | float, error: _Floats | float) -> _Floats:
        """Say how many standard errors each value lies beyond a limit: below 0 if it keeps both, NaN if undefined."""
        sides = [np.asarray(self.lower - value)] if self.lower is not None else []
        sides += [np.asarray(value - self.upper)] if self.upper is not None else []
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.max(sides, axis=0) / error)


class Screen(Protocol):
    """A metric that follows from sums over rows."""

    @property
    def amounts(self) -> Sequence[_Floats]:
        """What each row adds to each of the k sums, float64[n] each."""

    def weakness(self, sums: _Floats, sides: Sides) -> _Floats:
        """Say of slices with these sums, float64[..., k], how many standard errors each is beyond its limits."""


@dataclass(frozen=True, slots=True, eq=False)
class CountScreen:
    """A metric of true positives, false positives, false negatives and true negatives, in this order."""

    amounts: Sequence[_Floats]
    value: Callable[[_Floats], _Floats]

    def weakness(self, sums: _Floats, sides: Sides) -> _Floats:
        """Take the error by the delta method, on counts kept off zero by one half."""
        smooth = sums + 0.5
        variance = np.zeros(sums.shape[:-1])
        for cell in range(sums.shape[-1]):
            step = np.zeros(sums.shape[-1])
            step[cell] = 0.25
            slope = (self.value(smooth + step) - self.value(smooth - step)) / 0.5
            variance += smooth[..., cell] * slope**2
        return sides.beyond(self.value(sums), np.sqrt(variance))


@dataclass(frozen=True, slots=True, eq=False)
class MeanScreen:
    """A mean of losses, or a rising function of one; the sums are of rows, losses and squared losses."""

    amounts: Sequence[_Floats]
    inverse: Callable[[float], float]

    def weakness(self, sums: _Floats, sides: Sides) -> _Floats:
        """Compare the mean of losses with what the limit would make it.

        Rows that all lose the same show no error to divide by. So many of them count as so many standard errors, which
        is about what one more row, at the limit itself, would make of them.
        """
        rows = sums[..., 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = sums[..., 1] / rows
            squares = sums[..., 2] / rows
            spread = np.maximum(squares - mean**2, 0.0)
            error = np.sqrt(spread / rows)
        lower = None if sides.lower is None else self.inverse(sides.lower)
        upper = None if sides.upper is None else self.inverse(sides.upper)
        limits = Sides(lower, upper)
        alike = spread <= _ROUNDING * squares
        return np.where(alike, np.sign(limits.beyond(mean, 1.0)) * rows, limits.beyond(mean, error))


def screen(name: str, outputs: Outputs) -> Screen | None:
    """Find the sums that a metric follows from.

    Args:
        name: as gate files write it.
        outputs: what the model said; weights scale what a row adds, to as many rows in all as the weights are worth.

    Returns:
        None where the metric follows from no sums: it has to be computed slice by slice.
    """
    worth = _worth(outputs)
    if name in COUNTED and not outputs.classes:
        positive, predicted = outputs.are_positive(), outputs.are_predicted()
        cells = (positive & predicted, ~positive & predicted, positive & ~predicted, ~positive & ~predicted)
        return CountScreen([cell * worth for cell in cells], COUNTED[name])
    if name == "accuracy" and outputs.predictions is not None:
        right = np.asarray(outputs.labels == outputs.predictions)
        return CountScreen([right * worth, ~right * worth], _share((0,), (0, 1)))
    if name in _MEANS and not outputs.classes:
        loss, inverse = _MEANS[name]
        rows = loss(outputs)
        return MeanScreen([worth, rows * worth, rows**2 * worth], inverse)
    return None


def _worth(outputs: Outputs) -> _Floats:
    """Scale weights to Kish's effective number of rows."""
    if outputs.weights is None:
        return np.ones(outputs.labels.size)
    weights = np.asarray(outputs.weights, dtype=np.float64)
    return np.asarray(weights * (weights.sum() / np.square(weights).sum()))


def _share(hits: tuple[int, ...], among: tuple[int, ...]) -> Callable[[_Floats], _Floats]:
    def value(cells: _Floats) -> _Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(cells[..., list(hits)].sum(axis=-1) / cells[..., list(among)].sum(axis=-1))

    return value


def _f1(cells: _Floats) -> _Floats:
    jaccard = _share((0,), (0, 1, 2))(cells)
    return 2.0 * jaccard / (1.0 + jaccard)


def _balanced_accuracy(cells: _Floats) -> _Floats:
    return (_share((0,), (0, 2))(cells) + _share((3,), (1, 3))(cells)) / 2.0


def _mcc(cells: _Floats) -> _Floats:
    tp, fp, fn, tn = np.moveaxis(cells, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


def _kappa(cells: _Floats) -> _Floats:
    tp, fp, fn, tn = np.moveaxis(cells, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(2.0 * (tp * tn - fp * fn) / ((tp + fp) * (fp + tn) + (tp + fn) * (fn + tn)))


def _told(outputs: Outputs) -> _Floats:
    """Give the probability that each row's own label was given."""
    scores = np.asarray(outputs.scores, dtype=np.float64)
    return np.where(outputs.are_positive(), scores, 1.0 - scores)


def _errors(outputs: Outputs) -> _Floats:
    return np.asarray(outputs.values, dtype=np.float64) - np.asarray(outputs.labels, dtype=np.float64)


def _same(limit: float) -> float:
    return limit


def _square(limit: float) -> float:
    return limit * limit


COUNTED: Mapping[str, Callable[[_Floats], _Floats]] = MappingProxyType(
    {
        "accuracy": _share((0, 3), (0, 1, 2, 3)),
        "precision": _share((0,), (0, 1)),
        "recall": _share((0,), (0, 2)),
        "specificity": _share((3,), (1, 3)),
        "npv": _share((3,), (2, 3)),
        "f1": _f1,
        "balanced_accuracy": _balanced_accuracy,
        "mcc": _mcc,
        "kappa": _kappa,
    }
)
_MEANS: Mapping[str, tuple[Callable[[Outputs], _Floats], Callable[[float], float]]] = MappingProxyType(
    {
        "log_loss": (lambda outputs: -np.log(np.maximum(_told(outputs), _SMALLEST)), _same),
        "brier": (lambda outputs: (1.0 - _told(outputs)) ** 2, _same),
        "mae": (lambda outputs: np.abs(_errors(outputs)), _same),
        "rmse": (lambda outputs: _errors(outputs) ** 2, _square),
    }
)
