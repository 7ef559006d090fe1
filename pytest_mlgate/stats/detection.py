"""How well a detector tells what it must stop from what it must let through: recall, false positives, precision, F1.

Each of the four is, or is a monotone function of, one binomial share: F1 is 2 J / (1 + J) with J = caught / (caught +
missed + false alarms). So each has Clopper and Pearson's exact bounds, which is what a claim of safety should rest on.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_mlgate.stats.door import at_least
from pytest_mlgate.stats.proportions import clopper_pearson, rows_to_decide_exact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Detection:
    """What became of the cases.

    Args:
        caught: cases that had to be stopped and were.
        missed: cases that had to be stopped and were not.
        false_alarms: cases that had to be let through and were not.
        let_through: cases that had to be let through and were.

    Raises:
        ValueError: a negative or fractional count.
    """

    caught: int
    missed: int
    false_alarms: int
    let_through: int

    def __post_init__(self) -> None:
        for name in ("caught", "missed", "false_alarms", "let_through"):
            at_least(name, getattr(self, name), 0)

    @property
    def positives(self) -> int:
        """How many had to be stopped."""
        return self.caught + self.missed

    @property
    def negatives(self) -> int:
        """How many had to be let through."""
        return self.false_alarms + self.let_through


@dataclass(frozen=True, slots=True)
class Rate:
    """One metric with its bounds.

    Attributes:
        value: the metric.
        low: one-sided lower bound.
        high: one-sided upper bound.
        confidence: of each bound.
        n: the cases it stands on.
    """

    value: float
    low: float
    high: float
    confidence: float
    n: int
    _hits: int
    _share_of: Callable[[float], float]

    def rows_to_decide(self, limit: float) -> int | None:
        """Say how many such cases (in all) would decide about a limit if the observed value held; None if none would.

        Raises:
            ValueError: a limit outside [0, 1].
        """
        return rows_to_decide_exact(self._hits, self.n, self._share_of(limit), self.confidence)


def _same(share: float) -> float:
    return share


def _f1_of(share: float) -> float:
    return 2.0 * share / (1.0 + share)


def _share_of_f1(f1: float) -> float:
    return f1 / (2.0 - f1)


@dataclass(frozen=True, slots=True)
class _Metric:
    """A metric as a share of counts: what counts, among what, and which classes it cannot do without."""

    hits: Callable[[Detection], int]
    among: Callable[[Detection], int]
    needs: tuple[str, ...]
    shown: Callable[[float], float] = _same
    share_of: Callable[[float], float] = _same


DETECTION: Mapping[str, _Metric] = MappingProxyType(
    {
        "recall": _Metric(lambda d: d.caught, lambda d: d.positives, ("positives",)),
        "false_positive_rate": _Metric(lambda d: d.false_alarms, lambda d: d.negatives, ("negatives",)),
        "precision": _Metric(lambda d: d.caught, lambda d: d.caught + d.false_alarms, ("positives", "negatives")),
        "f1": _Metric(
            lambda d: d.caught,
            lambda d: d.positives + d.false_alarms,
            ("positives", "negatives"),
            _f1_of,
            _share_of_f1,
        ),
    }
)


def detection_rate(name: str, counts: Detection, confidence: float) -> Rate:
    """Compute one metric with its exact bounds.

    The bounds of recall and of the false-positive rate hold however the cases were gathered. Those of precision hold
    given how many were stopped, and those of F1 given how many are positive or stopped; both speak of a population in
    which attacks are as common as among the cases.

    Args:
        name: a key of `DETECTION`.
        counts: what became of the cases.
        confidence: of each bound on its own, in [0.5, 1).

    Raises:
        ValueError: the metric is undefined on these counts (the message says why), or the confidence is none.

    Source:
        Clopper and Pearson (1934), Biometrika 26, 404-413.

    Example:
        >>> rate = detection_rate("recall", Detection(46, 14, 0, 26), confidence=0.95)
        >>> round(rate.value, 4), round(rate.low, 4)
        (0.7667, 0.6595)
    """
    metric = DETECTION[name]
    for needed in metric.needs:
        if getattr(counts, needed) == 0:
            raise ValueError(f"there are no {needed}, so {name} is undefined")
    hits, n = metric.hits(counts), metric.among(counts)
    if n == 0:
        raise ValueError(f"nothing was stopped, so {name} is undefined")
    low, high = clopper_pearson(hits, n, confidence)
    return Rate(metric.shown(hits / n), metric.shown(low), metric.shown(high), confidence, n, hits, metric.share_of)
