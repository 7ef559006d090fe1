"""P-values that agree with bounds: the error at which the bound of a claim's side would just touch the limit.

A family of claims is corrected through its p-values. Taking them from the bounds themselves, rather than from a test of
their own, makes a claim significant exactly where its bound excludes the limit, whatever the metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.special import ndtr

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgate.stats.slice_metrics import SliceMetric

# Beyond seven standard errors (a p-value of 1.3e-12) no correction makes a difference.
_FARTHEST = 7.0
_STEPS = 60
_CLOSE = 1e-7


def p_value(found: SliceMetric, lower: float | None = None, upper: float | None = None) -> float | None:
    """Give the p-value of the claim that a metric lies outside its limits.

    Args:
        found: the metric, with bounds.
        lower: the least that the limit allows.
        upper: the most.

    Returns:
        The smaller one of both sides' p-values: one less the largest confidence at which the strict bound still
        excludes the limit. One half or more where the value itself is within. None where there is no limit.

    Source:
        Casella & Berger (2002), Statistical Inference, theorem 9.2.2: a confidence set inverted is a test.
    """
    sides = []
    if lower is not None:
        sides.append(_beyond(found, lower, sign=-1.0))
    if upper is not None:
        sides.append(_beyond(found, upper, sign=1.0))
    return min(sides, default=None)


def _beyond(metric: SliceMetric, limit: float, *, sign: float) -> float:
    """Give the p-value of the claim that the metric lies above a limit (`sign` 1) or below it (-1)."""
    outside = sign * (metric.value - limit) > 0.0
    # The bound that the claim needs where the value is outside; where it is not, the one opposite, for a p above 1/2.
    of_low = outside == (sign > 0.0)

    def room(quantile: float) -> float:
        """Say how far the bound still keeps off the limit; below 0 where it does not, or there is none."""
        try:
            low, high = metric.strict(float(ndtr(quantile)))
        except ValueError:
            return -1.0
        return (sign if outside else -sign) * ((low if of_low else high) - limit)

    quantile = _root(room)
    return float(ndtr(-quantile)) if outside else float(ndtr(quantile))


def _root(room: Callable[[float], float]) -> float:
    """Find the largest quantile that leaves room, by false position as in the Illinois method; 0 where none does.

    A bound may cost a pass over the rows, and is nearly a straight line of the quantile: this takes a few evaluations.

    Source:
        Dowell & Jarratt (1971), A modified regula falsi method. BIT 11, 168-174.
    """
    inside, reach = 0.0, _FARTHEST
    left, beyond = room(inside), room(reach)
    if left <= 0.0 or beyond > 0.0:
        return inside if left <= 0.0 else reach
    for _ in range(_STEPS):
        if reach - inside <= _CLOSE:
            break
        middle = inside + (reach - inside) * left / (left - beyond)
        middle = min(max(middle, inside + _CLOSE / 2.0), reach - _CLOSE / 2.0)
        here = room(middle)
        if here > 0.0:
            inside, left, beyond = middle, here, beyond / 2.0
        else:
            reach, beyond, left = middle, here, left / 2.0
    return inside
