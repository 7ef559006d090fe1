"""What claims about groups have in common: which groups support one, and how many rows would decide about a limit.

A pass claims that no group is too far off, so its bound is the worst over groups of plain one-sided bounds: whichever
group is the worst in truth, its own bound holds. A fail claims that some group is, found by looking at all, so its
bound pays for the looking. A group too small to speak of supports no claim: no fail rests on it, and nothing passes
while it is there.
"""

from __future__ import annotations

import sys
from math import ceil, inf
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.stats.group_counts import Least
    from pytest_mlgate.stats.group_measures import GroupMeasure

TWO = 2
# A bound that says nothing, of a number without a largest: reports need finite numbers.
UNBOUNDED = sys.float_info.max
_MOST_ROWS_FACTOR = 2.0**24
_STEPS = 12


class GroupClaim(Protocol):
    """A number made of the groups' numbers, which a limit can be held against."""

    @property
    def value(self) -> float:
        """As observed, small groups included."""

    @property
    def measures(self) -> Sequence[GroupMeasure]:
        """What it is made of."""

    @property
    def small(self) -> NDArray[np.bool_]:
        """Which groups are too small for a claim, bool[K]."""

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound it from both sides, each bound at its own one-sided confidence."""

    def scaled(self, factor: float) -> GroupClaim:
        """Give what so many times the rows would show if all shares held."""


def undefined(measures: Sequence[GroupMeasure], least: Least) -> list[tuple[int, GroupMeasure]]:
    """List the groups of sufficient size that lack a number, each with the number."""
    return [
        (int(group), measure)
        for measure in measures
        for group in np.flatnonzero(np.isnan(measure.values) & (measure.rows_of_group >= least.rows))
    ]


def check_defined(measures: Sequence[GroupMeasure], least: Least, fewest: int = TWO) -> None:
    """Make sure that groups can be held against each other.

    Raises:
        ValueError: a group of sufficient size lacks a number, or fewer than two groups have one.
    """
    for measure in measures:
        without = sum(one is measure for _, one in undefined(measures, least))
        total = measure.values.size
        if without:
            raise ValueError(f"the {measure.words} of {without} of {total} groups is undefined")
        if np.count_nonzero(~np.isnan(measure.values)) < fewest:
            raise ValueError(f"fewer than two groups have a {measure.words}: there is nothing to compare")


def too_small(measures: Sequence[GroupMeasure], least: Least) -> NDArray[np.bool_]:
    """Tell which groups are too small for a claim about any of some numbers, bool[K]."""
    return np.asarray(np.any([measure.small(least) | np.isnan(measure.values) for measure in measures], axis=0))


def finite(bound: float) -> float:
    """Give a bound as a finite number."""
    return float(min(max(bound, -UNBOUNDED), UNBOUNDED))


def rows_to_decide(
    claim: GroupClaim, lower: float | None, upper: float | None, confidence: float, rows: float
) -> int | None:
    """Say how many rows would decide about limits if everything observed held.

    Args:
        claim: as measured.
        lower: smallest value allowed.
        upper: largest value allowed.
        confidence: of each bound.
        rows: observed.

    Returns:
        The number of rows (in all, not on top); None when the present ones decide, or no number would: the value is
        the limit, or a group has no rows to multiply.
    """

    def decided(factor: float) -> bool:
        low, high = claim.scaled(factor).bounds(confidence)
        least, most = -inf if lower is None else lower, inf if upper is None else upper
        return low > most or high < least or (low >= least and high <= most)

    if (lower is None and upper is None) or decided(1.0) or not decided(_MOST_ROWS_FACTOR):
        return None
    few, enough = 1.0, 2.0
    while not decided(enough):
        few, enough = enough, 2.0 * enough
    for _ in range(_STEPS):
        middle = (few + enough) / 2.0
        few, enough = (few, middle) if decided(middle) else (middle, enough)
    return ceil(rows * enough)
