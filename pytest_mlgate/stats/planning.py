"""What a gate will do, before it sees any data: how likely it lets through what is good, and what is bad.

A limit held against bounds has three answers, and which one comes up depends on luck: on the estimate that a sample of
this size happens to show. Here the truth is given and no sample is drawn, so the chance of each answer follows from how
estimates spread around the truth, and from the very bounds that the gate will use.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from scipy.special import bdtr, bdtrc

from pytest_mlgate.stats.door import share

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ROWS = 10**9
_STEPS = 90  # from a million millions down to where doubles end


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a limit.

    Attributes:
        limit: what the truth is held against.
        upper: whether it is a largest value rather than a least one.
        confidence: of the bound that decides, in [0.5, 1); None where the value itself does.
    """

    limit: float
    upper: bool
    confidence: float | None = None

    def within(self, value: float, bounds: tuple[float, float]) -> bool:
        """Tell whether an estimate with these bounds passes."""
        return (max(value, bounds[1]) <= self.limit) if self.upper else (min(value, bounds[0]) >= self.limit)

    def beyond(self, value: float, bounds: tuple[float, float]) -> bool:
        """Tell whether an estimate with these bounds fails."""
        return (min(value, bounds[0]) > self.limit) if self.upper else (max(value, bounds[1]) < self.limit)


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each answer is; the three add up to one."""

    passes: float
    undecided: float
    fails: float


class Sampling(ABC):
    """How estimates of a metric spread around the truth, and which bounds each would be given."""

    @abstractmethod
    def chances(self, side: Side, truth: float) -> Chances:
        """Say how likely each answer is when the metric of all rows there could be is `truth`."""

    @abstractmethod
    def deviation(self, truth: float) -> float:
        """Give the standard error of an estimate."""


@dataclass(frozen=True, slots=True)
class Shares(Sampling):
    """A share of so many independent rows; exact.

    Attributes:
        n: the rows.
        bounds: hits, rows and confidence → the bounds that the gate takes.
        shown: what the gate shows of a share, a rising function; F1 of the Jaccard index, for one.
        share_of: the other way.
    """

    n: int
    bounds: Callable[[int, int, float], tuple[float, float]]
    shown: Callable[[float], float] = float
    share_of: Callable[[float], float] = float

    def chances(self, side: Side, truth: float) -> Chances:
        """Add up the binomial probabilities of the hits that pass, and of those that fail.

        Raises:
            ValueError: no rows, or a truth outside what the metric can be.
        """
        if self.n < 1:
            raise ValueError("there are no rows")
        rate = share("the true share", self.share_of(truth))

        def bounded(hits: int) -> tuple[float, tuple[float, float]]:
            value = self.shown(hits / self.n)
            if side.confidence is None:
                return value, (value, value)
            low, high = self.bounds(hits, self.n, side.confidence)
            return value, (self.shown(low), self.shown(high))

        if side.upper:  # few hits pass and many fail
            most = _last(lambda hits: side.within(*bounded(hits)), self.n)
            least = self.n - _last(lambda misses: side.beyond(*bounded(self.n - misses)), self.n)
            passes, fails = _up_to(most, self.n, rate), 1.0 - _up_to(least - 1, self.n, rate)
        else:
            least = self.n - _last(lambda misses: side.within(*bounded(self.n - misses)), self.n)
            most = _last(lambda hits: side.beyond(*bounded(hits)), self.n)
            passes, fails = _from(least, self.n, rate), _up_to(most, self.n, rate)
        return Chances(passes, max(0.0, 1.0 - passes - fails), fails)

    def deviation(self, truth: float) -> float:
        """Give the standard error of an estimate."""
        rate, step = self.share_of(truth), 1e-6
        slope = (self.shown(rate + step) - self.shown(rate - step)) / (2.0 * step)
        return slope * sqrt(max(0.0, rate * (1.0 - rate)) / self.n)


class Estimates(Sampling):
    """A metric whose estimates take any value in a range."""

    @property
    @abstractmethod
    def range(self) -> tuple[float, float]:
        """The least and the largest value thought of."""

    @abstractmethod
    def bounds(self, value: float, confidence: float) -> tuple[float, float]:
        """Give the bounds that an estimate typically has."""

    @abstractmethod
    def below(self, value: float, truth: float) -> float:
        """Say how likely an estimate lies below a value."""

    def chances(self, side: Side, truth: float) -> Chances:
        """Find the estimates at which the answer changes, and how likely each side of them is."""

        def bounded(value: float) -> tuple[float, tuple[float, float]]:
            return value, (value, value) if side.confidence is None else self.bounds(value, side.confidence)

        best, worst = self.range if side.upper else self.range[::-1]
        passing = _edge(lambda value: side.within(*bounded(value)), best, worst)
        failing = _edge(lambda value: side.beyond(*bounded(value)), worst, best)
        under, over = (passing, failing) if side.upper else (failing, passing)
        low = 0.0 if under is None else self.below(under, truth)
        high = 0.0 if over is None else 1.0 - self.below(over, truth)
        passes, fails = (low, high) if side.upper else (high, low)
        return Chances(passes, max(0.0, 1.0 - passes - fails), fails)


def rows_needed(chances: Callable[[int], Chances], power: float = 0.8, least: int = 2) -> int | None:
    """Say how many rows it takes for a pass to be so likely.

    Args:
        chances: rows → what is likely with so many; passing must get likelier as they grow.
        power: the probability asked for.
        least: the smallest number of rows to think of.

    Returns:
        The number of rows; None where a thousand million are not enough.
    """
    if not 0.0 < power < 1.0:
        raise ValueError(f"power must lie between 0 and 1, not {power}")
    few, enough = least - 1, least
    while chances(enough).passes < power:
        few, enough = enough, 2 * enough
        if enough > MOST_ROWS:
            return None
    while enough - few > max(1, few // 1000):  # three digits of a plan are plenty
        middle = (few + enough) // 2
        few, enough = (few, middle) if chances(middle).passes >= power else (middle, enough)
    return enough


def _last(holds: Callable[[int], bool], n: int) -> int:
    """Find the largest number up to n for which a condition holds that holds for small ones; -1 where for none."""
    few, many = -1, n + 1
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if holds(middle) else (few, middle)
    return few


def _up_to(hits: int, n: int, rate: float) -> float:
    return 0.0 if hits < 0 else 1.0 if hits >= n else float(bdtr(hits, n, rate))


def _from(hits: int, n: int, rate: float) -> float:
    return 1.0 if hits <= 0 else 0.0 if hits > n else float(bdtrc(hits - 1, n, rate))


def _edge(holds: Callable[[float], bool], inside: float, outside: float) -> float | None:
    """Find where a condition that holds on one side of a range ceases to; None where it holds nowhere."""
    if not holds(inside):
        return None
    if holds(outside):
        return outside
    for _ in range(_STEPS):
        middle = (inside + outside) / 2.0
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside
