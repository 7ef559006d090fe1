"""A metric of one slice, with the bounds that a pass needs and those that a fail needs.

A fail is claimed of one slice among many, so its bound is taken at a confidence far beyond the usual one. Out there
Wilson's bounds of a share near 1 err two or three times as often as they say (with 40 slices at .95, some slice fails
.098 of the time for .05), so what is made of shares has the exact bounds as well. Those of means and areas err less
often than they say (.0003 to .0010 for .00125, at 200 rows).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgate.stats.metrics import Plans, find
from pytest_mlgate.stats.mover import Part, sum_of
from pytest_mlgate.stats.proportions import clopper_pearson, rows_by_width

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from pytest_mlgate.stats.metrics import Outputs
    from pytest_mlgate.stats.names import Average

    _Bools = NDArray[np.bool_]
    _Bounds = Callable[[float], tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class SliceMetric:
    """A metric of the rows of a slice.

    Attributes:
        value: the metric.
        n: rows of the slice.
        bounds: confidence → bounds as for a single claim, each at its own one-sided confidence; raises `ValueError`
            where it has none.
    """

    value: float
    n: int
    bounds: _Bounds = field(repr=False)
    _exact: _Bounds | None = field(repr=False, default=None)
    _rows: Callable[[float, float], int | None] | None = field(repr=False, default=None)

    def strict(self, confidence: float) -> tuple[float, float]:
        """Bound the metric as for a claim among many, where the confidence is high.

        Raises:
            ValueError: as `bounds`.
        """
        low, high = self.bounds(confidence)
        if self._exact is not None:
            exact = self._exact(confidence)
            low, high = min(low, exact[0]), max(high, exact[1])
        return low, high

    def rows_to_decide(self, limit: float, confidence: float) -> int | None:
        """Say how many rows of the slice would let it pass a limit if the observed value held; None if none would."""
        return self._by_width(limit, self.bounds(confidence)) if self._rows is None else self._rows(limit, confidence)

    def rows_to_fail(self, limit: float, confidence: float) -> int | None:
        """Say how many rows of the slice would let it fail a limit at the confidence that a claim among many needs."""
        return self._by_width(limit, self.strict(confidence))

    def _by_width(self, limit: float, bounds: tuple[float, float]) -> int | None:
        width = self.value - bounds[0] if limit < self.value else bounds[1] - self.value
        return rows_by_width(self.value, width, self.n, limit)


def slice_metric(name: str, outputs: Outputs, average: Average | None = None) -> SliceMetric:
    """Compute a metric of the rows of a slice.

    Args:
        name: as gate files write it.
        outputs: what the model said of these rows.
        average: how a metric of one class becomes one of several.

    Raises:
        ValueError: it is undefined on these rows.
    """
    found = find(name, outputs, average)
    exact = _exact(name, outputs) if average is None else None
    planned = found.rows_to_decide if isinstance(found, Plans) else None
    return SliceMetric(found.value, outputs.labels.size, found.bounds, exact, planned)


def _exact(name: str, outputs: Outputs) -> _Bounds | None:
    """Give the exact bounds of a metric that is a share of equal, independent rows."""
    if outputs.weights is not None or outputs.clusters is not None or outputs.predictions is None:
        return None
    if name == "accuracy":
        right = np.asarray(outputs.labels == outputs.predictions)
        return _share(right, np.ones_like(right))
    if outputs.classes:
        return None
    positive, predicted = outputs.are_positive(), outputs.are_predicted()
    if name == "balanced_accuracy":
        return _mean((positive & predicted, positive), (~positive & ~predicted, ~positive))
    if name not in _SHARES:
        return None
    share = _share(*_SHARES[name](positive, predicted))
    return (lambda confidence: _f1_of(share(confidence))) if name == "f1" else share


def _share(hits: _Bools, among: _Bools) -> _Bounds:
    counted, of = int(np.count_nonzero(hits)), int(np.count_nonzero(among))
    return lambda confidence: clopper_pearson(counted, of, confidence)


def _mean(*shares: tuple[_Bools, _Bools]) -> _Bounds:
    """Bound the mean of two shares of different rows by the bounds of each (see `mover`)."""
    values = [int(np.count_nonzero(hits)) / max(1, int(np.count_nonzero(among))) for hits, among in shares]
    parts = [_share(*one) for one in shares]

    def bounds(confidence: float) -> tuple[float, float]:
        first, second = (Part(value, *part(confidence)) for value, part in zip(values, parts, strict=True))
        found = sum_of(first, second).times(0.5)
        return found.low, found.high

    return bounds


def _f1_of(jaccard: tuple[float, float]) -> tuple[float, float]:
    """Turn bounds of the Jaccard index into bounds of F1, which rises with it."""
    low, high = (2.0 * one / (1.0 + one) for one in jaccard)
    return low, high


# What a metric counts, among which rows.
_SHARES: Mapping[str, Callable[[_Bools, _Bools], tuple[Any, Any]]] = MappingProxyType(
    {
        "precision": lambda positive, predicted: (positive & predicted, predicted),
        "recall": lambda positive, predicted: (positive & predicted, positive),
        "specificity": lambda positive, predicted: (~positive & ~predicted, ~positive),
        "npv": lambda positive, predicted: (~positive & ~predicted, ~predicted),
        "f1": lambda positive, predicted: (positive & predicted, positive | predicted),
    }
)
