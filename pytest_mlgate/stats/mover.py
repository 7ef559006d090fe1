"""Bounds of a difference made from the bounds of its two parts.

Each part brings an interval that is good on its own (Wilson's for a share), and the difference inherits its virtues:
asymmetric near 0 and 1, never of zero width without reason. Two models judged on the same rows err together, so what
they share is taken off by their correlation; with none, this is the interval of two independent samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class Part:
    """An estimate with its bounds."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Part:
        """Scale by a factor of either sign."""
        ends = sorted((self.low * factor, self.high * factor))
        return Part(self.value * factor, ends[0], ends[1])


def sum_of(first: Part, second: Part, correlation: float = 0.0) -> Part:
    """Bound the sum of two estimates.

    Args:
        first: one estimate with its bounds.
        second: the other, at the same confidence.
        correlation: between the two estimates, in [-1, 1].

    Source:
        Zou & Donner (2008), Construction of confidence limits about effect measures. Statistics in Medicine 27,
        1693-1702 (the method of variance estimates recovery, MOVER).
    """
    value = first.value + second.value
    below = _length(first.value - first.low, second.value - second.low, correlation)
    above = _length(first.high - first.value, second.high - second.value, correlation)
    return Part(value, value - below, value + above)


def difference_of(new: Part, old: Part, correlation: float, share: float = 1.0) -> Part:
    """Bound `new - share * old`, given the correlation between new and old."""
    return sum_of(new, old.times(-share), -correlation if share >= 0.0 else correlation)


def _length(first: float, second: float, correlation: float) -> float:
    return sqrt(max(0.0, first * first + second * second + 2.0 * correlation * first * second))
