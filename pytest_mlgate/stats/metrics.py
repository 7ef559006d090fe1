"""The metrics a gate can name, as a table: what each reads, whether it has an interval, and how it is computed.

A new metric is one function in `of_classes` or `of_values`, and its name in `names`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.names import NEEDS, WITHOUT_INTERVAL
from pytest_mlgate.stats.of_classes import OF_CLASSES
from pytest_mlgate.stats.of_values import of_values
from pytest_mlgate.stats.outputs import Outputs
from pytest_mlgate.stats.proportions import rows_by_width

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgate.stats.names import Average, Needs
    from pytest_mlgate.stats.of_values import Found

__all__ = ["METRICS", "Estimate", "Metric", "Outputs", "find", "rows_by_width"]
RowsToDecide = Callable[[float, float], int | None]  # limit, confidence -> rows


@runtime_checkable
class Plans(Protocol):
    """A metric that knows better than by the width of its bounds how many rows would decide about a limit."""

    def rows_to_decide(self, limit: float, confidence: float) -> int | None:
        """Say how many rows (in all) would decide about a limit if the observed value held."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric's value as a gate reads it.

    Attributes:
        value: the metric on the rows given.
        low: one-sided lower bound; None without a confidence or where the metric has no interval.
        high: one-sided upper bound, likewise.
        n: rows it stands on.
        confidence: of each bound; None when there are none.
        unbounded: why a metric that has bounds has none on these rows.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    confidence: float | None = None
    unbounded: str | None = None
    _rows_to_decide: RowsToDecide | None = field(default=None, repr=False, compare=False)

    def rows_to_decide(self, limit: float) -> int | None:
        """Say how many rows (in all) would decide about a limit if the observed value held.

        Returns:
            None when no number would, or when there are no bounds to decide by.

        Raises:
            ValueError: a limit that the metric can never reach.
        """
        if self._rows_to_decide is None or self.confidence is None:
            return None
        return self._rows_to_decide(limit, self.confidence)


@dataclass(frozen=True, slots=True)
class Metric:
    """One entry of the table.

    Attributes:
        name: as gate files write it.
        needs: which output of the model it reads.
        has_interval: whether it can be held against a limit with a confidence.
    """

    name: str
    needs: Needs
    has_interval: bool

    def compute(self, outputs: Outputs, confidence: float | None = None, average: Average | None = None) -> Estimate:
        """Compute the metric, with bounds when a confidence is given and the metric has them.

        Args:
            outputs: labels and what the metric needs.
            confidence: of each bound on its own, in [0.5, 1).
            average: how a metric of one class becomes one of all: the mean over classes (`macro`), over rows (`micro`),
                or over classes by how often they occur (`weighted`); without it, that of the positive class. Metrics
                of all classes at once do not mind it.

        Raises:
            ValueError: what the metric needs is not there, the metric is undefined on these rows (the message says
                why), several classes need an average, or the confidence is none.
        """
        found, n = find(self.name, outputs, average), outputs.counting().labels.size
        if confidence is None or not self.has_interval:
            return Estimate(found.value, None, None, n)
        normal_quantile(confidence)  # refuses what is no confidence before rows are blamed
        try:
            low, high = found.bounds(confidence)
        except ValueError as error:
            return Estimate(found.value, None, None, n, unbounded=str(error))

        def by_width(limit: float, _confidence: float) -> int | None:
            width = found.value - low if limit < found.value else high - found.value
            return rows_by_width(found.value, width, n, limit)

        planned = found.rows_to_decide if isinstance(found, Plans) else by_width
        return Estimate(found.value, low, high, n, confidence, _rows_to_decide=planned)


def find(name: str, outputs: Outputs, average: Average | None = None) -> Found:
    """Compute a metric: its value, and what bounds it, alone and paired.

    Args:
        name: a key of `METRICS`.
        outputs: labels and what the metric needs.
        average: as in `Metric.compute`.

    Raises:
        ValueError: as `Metric.compute`.
    """
    needs = NEEDS[name]
    if getattr(outputs, f"{needs}s") is None:
        raise ValueError(f"{name} needs {needs}s, and there are none")
    if needs == "value":
        return of_values(name, outputs.labels, np.asarray(outputs.values), outputs.weights, outputs.clusters)
    return OF_CLASSES[name](outputs.counting(), average)


METRICS: Mapping[str, Metric] = MappingProxyType(
    {name: Metric(name, needs=needs, has_interval=name not in WITHOUT_INTERVAL) for name, needs in NEEDS.items()}
)
