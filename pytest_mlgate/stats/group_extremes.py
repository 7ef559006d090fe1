"""The smallest or the largest number of any group, which is what is left of a metric for those it serves worst."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtri

from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.group_claims import check_defined, finite, too_small
from pytest_mlgate.stats.group_measures import RateOf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.stats.group_counts import Least
    from pytest_mlgate.stats.group_measures import GroupMeasure


@dataclass(frozen=True, slots=True, eq=False)
class Extreme:
    """The smallest or the largest number of any group.

    Attributes:
        measure: the number.
        form: which end.
        least: group sizes below which nothing is claimed.
    """

    measure: GroupMeasure
    form: Literal["group_min", "group_max"]
    least: Least

    @property
    def measures(self) -> Sequence[GroupMeasure]:
        """The one number."""
        return (self.measure,)

    @property
    def group(self) -> int:
        """The group that has it."""
        values = self.measure.values
        return int(np.nanargmin(values) if self.form == "group_min" else np.nanargmax(values))

    @property
    def value(self) -> float:
        """As observed, small groups included."""
        return float(self.measure.values[self.group])

    @property
    def small(self) -> NDArray[np.bool_]:
        """Which groups are too small for a claim, bool[K]."""
        return too_small(self.measures, self.least)

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound it from both sides, each bound at its own one-sided confidence.

        Returns:
            The bound that a pass needs (lower of the smallest, upper of the largest) is the worst over groups of their
            own bounds, and says nothing while a group is too small. The one that a fail needs is the worst over groups
            of sufficient size, of bounds that hold for all at once; groups are independent.

        Raises:
            ValueError: a confidence outside [0.5, 1).
        """
        # What is left is a claim about single groups, where Wilson's bounds of a rate err by up to half as much again.
        bound = self.measure.exact if isinstance(self.measure, RateOf) else self.measure.bounds
        small = self.small
        large = np.flatnonzero(~small)
        end = 1 if self.form == "group_min" else 0
        worst = np.min if self.form == "group_min" else np.max
        proven = self.measure.span[end]
        if large.size:
            at_once = float(ndtri(confidence ** (1.0 / large.size)))
            proven = float(worst(bound(at_once)[end][large]))
        passing = self.measure.span[1 - end]
        if not small.any():
            passing = float(worst(bound(normal_quantile(confidence))[1 - end]))
        low, high = (passing, proven) if self.form == "group_min" else (proven, passing)
        return finite(low), finite(high)

    def scaled(self, factor: float) -> Extreme:
        """Give what so many times the rows would show if everything else held."""
        return replace(self, measure=self.measure.scaled(factor))


def extreme(measure: GroupMeasure, form: Literal["group_min", "group_max"], least: Least) -> Extreme:
    """Find the smallest or the largest number of any group.

    Raises:
        ValueError: no group has the number, or one of sufficient size lacks it.
    """
    check_defined((measure,), least, fewest=1)
    return Extreme(measure, form, least)
