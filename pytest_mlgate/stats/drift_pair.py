"""What the drift metrics of one column share, and what each of them gives.

A `Comparison` holds the sorted sides of a numeric column, the counts of the bins and the test of "nothing changed". It
can start from counts alone, as a profile or an engine gives them; metrics that need the order of values then say so. An
`Effect` is what a decision needs of one metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.cells import Cells, comparable
from pytest_mlgate.stats.detectable import rows_to_decide
from pytest_mlgate.stats.homogeneity import homogeneity_p
from pytest_mlgate.stats.ks import Ks, sorted_ks
from pytest_mlgate.stats.trimmed import Moments, Trimmed, moments, trimmed

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgate.stats.binning import BinCounts
    from pytest_mlgate.stats.profile_drift import KsBracket
    from pytest_mlgate.stats.sides import Side

Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """How far a column moved by one metric.

    Attributes:
        value: corrected for the bias it has, where it has one; never below 0.
        n: reference rows it stands on.
        m: current rows it stands on.
        test: gives the p-value of "nothing changed"; asked for only once a decision needs it.
        interval: confidence of each bound → the two bounds.
        seen: current rows and level of the single test → the smallest effect it sees with 80 % power; None where the
            metric has no such scale.
        critical: level of the single test → the value that is significant at it; only of a metric that is a test.
    """

    value: float
    n: int
    m: int
    test: Callable[[], float]
    interval: Callable[[float], Bounds]
    seen: Callable[[int, float], float] | None
    critical: Callable[[float], float] | None = None

    def detectable(self, alpha: float) -> float | None:
        """Give the smallest effect that these rows show, at this level, with 80 % power."""
        return None if self.seen is None else self.seen(self.m, alpha)

    def rows_to_decide(self, alpha: float, limit: float) -> int | None:
        """Say how many current rows (in all) bring the smallest detectable effect down to a limit above 0."""
        seen = self.seen
        return None if seen is None or limit <= 0.0 else rows_to_decide(lambda m: seen(m, alpha), limit)


@dataclass(frozen=True, eq=False)
class Comparison:
    """One column on two sides.

    Attributes:
        counts: rows of each side in each bin.
        sides: both sides of a numeric column, sorted, of one type; None where only the counts are known.
        seed: of drawn p-values.
        draws: how many tables to draw at most; see `homogeneity_p`.
        relative: whether a shift of the mean is quoted relative to the mean rather than in standard deviations.
        bracket: what is known of the Kolmogorov-Smirnov distance where the sides are not.
        pooled: whether the reference's rare categories are known by their sum alone, so that none can be called new.
    """

    counts: BinCounts
    sides: tuple[Side, Side] | None = None
    seed: int = 0
    draws: int = 19_999
    relative: bool = False
    bracket: KsBracket | None = None
    pooled: bool = False

    @cached_property
    def cells(self) -> Cells:
        """The cells that can be compared."""
        return comparable(self.counts)

    @cached_property
    def changed_p(self) -> float:
        """The p-value of "nothing changed", by the bins."""
        return homogeneity_p(self.counts, self.seed, self.draws, self.cells)

    @cached_property
    def distance(self) -> Ks:
        """The Kolmogorov-Smirnov distance; of sides that are not known, the largest gap that was seen."""
        if self.bracket is None:
            return sorted_ks(*self.ordered)
        found = self.bracket
        at = None if found.at is None else float(np.nextafter(found.at, -np.inf))
        return Ks(found.low, at, found.reference_share, found.current_share, found.n, found.m)

    @property
    def ordered(self) -> tuple[Side, Side]:
        """The sorted sides.

        Raises:
            ValueError: only counts are known, or the column has no order.
        """
        if self.sides is None and self.bracket is not None:
            raise ValueError("this metric needs the values, and they were only counted: read them with `exact: true`")
        if self.sides is None:
            raise ValueError("this metric needs numbers in order, and there are only counts")
        return self.sides

    @cached_property
    def scaled(self) -> Trimmed:
        """Both sides, winsorised.

        Raises:
            ValueError: a side without values, or a reference that gives no scale.
        """
        return trimmed(*self.ordered, few=self.counts.scheme == "exact")

    @cached_property
    def moments(self) -> tuple[Moments, Moments]:
        """The moments of both sides, winsorised."""
        return moments(self.scaled.reference), moments(self.scaled.current)

    @property
    def noise(self) -> float:
        """1/n + 1/m."""
        return 1.0 / self.counts.n + 1.0 / self.counts.m

    def rates(self, label: str) -> tuple[int, int]:
        """Count the rows of each side in a bin; none where there is no such bin."""
        if label not in self.counts.labels:
            return 0, 0
        place = self.counts.labels.index(label)
        return int(self.counts.reference[place]), int(self.counts.current[place])
