"""P-values that agree with bounds: the error at which the bound of a claim's side would just touch the limit.

A family of claims is corrected through its p-values. Taking them from the bounds themselves, rather than from a test of
their own, makes a claim significant exactly where its bound excludes the limit, whatever the metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.special import ndtr

if TYPE_CHECKING:
    from pytest_mlgate.stats.metrics import Estimate

# Beyond seven standard errors (a p-value of 1.3e-12) no correction makes a difference.
_FARTHEST = 7.0
_STEPS = 26


def p_value(estimate: Estimate, lower: float | None = None, upper: float | None = None) -> float | None:
    """Give the p-value of the claim that a metric lies outside its limits.

    Args:
        estimate: the metric, with bounds at any confidence.
        lower: the least that the limit allows.
        upper: the most.

    Returns:
        The smaller one of both sides' p-values: one less the largest confidence at which the bound still excludes the
        limit. One half or more where the value itself is within. None where the metric has no bounds or no limit.

    Source:
        Casella & Berger (2002), Statistical Inference, theorem 9.2.2: a set of bounds inverted is a test.
    """
    if estimate.low is None or estimate.high is None:
        return None
    sides = []
    if lower is not None:
        sides.append(_beyond(estimate, lower, sign=-1.0))
    if upper is not None:
        sides.append(_beyond(estimate, upper, sign=1.0))
    return min(sides, default=None)


def _beyond(estimate: Estimate, limit: float, *, sign: float) -> float:
    """Give the p-value of the claim that the metric lies above a limit (`sign` 1) or below it (-1)."""
    distance = sign * (estimate.value - limit)
    outside = distance > 0.0
    # The bound that the claim needs where the value is outside; where it is not, the one opposite, for a p above 1/2.
    of_low = outside == (sign > 0.0)
    inside, reach = 0.0, _FARTHEST
    for _ in range(_STEPS):
        middle = (inside + reach) / 2.0
        found = estimate.at(float(ndtr(middle)))
        bound = found.low if of_low else found.high
        if bound is not None and (sign * (bound - limit) > 0.0) == outside and bound != limit:
            inside = middle
        else:
            reach = middle
    return float(ndtr(-inside)) if outside else float(ndtr(inside))
