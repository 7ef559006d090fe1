"""What gain and overfit have in common: a difference between two values of a metric, held against a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from pytest_mlgate.stats.names import LESS_IS_BETTER
from pytest_mlgate.verdict import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgate.kinds.model.metrics.spec import ModelMetrics
    from pytest_mlgate.stats.names import MetricName
    from pytest_mlgate.verdict import Limit

    Bounds = Callable[[float], tuple[float, float]]  # confidence -> bounds of first - second

_BOUNDS = 0.95


def difference(
    spec: ModelMetrics, name: MetricName, suffix: str, declared: Limit, measured: dict[str, Any], bounds: Bounds
) -> Measurement:
    """Judge how much better the first of two is than the second.

    Args:
        spec: the gate.
        name: the metric.
        suffix: makes the difference's own name.
        declared: its limit.
        measured: `first` and `second`, the two values, and fields of `Measurement`.
        bounds: confidence → bounds of `first - second`; raises `ValueError` where there are none.
    """
    from pytest_mlgate.stats.metrics import rows_by_width

    limit = declared if declared.confidence is not None else replace(declared, confidence=spec.confidence)
    confidence = limit.confidence or _BOUNDS
    change = measured.pop("first") - measured.pop("second")
    better = name not in LESS_IS_BETTER
    value = change if better else -change
    low = high = unbounded = needed = None
    try:
        low, high = bounds(confidence)
        low, high = (low, high) if better else (-high, -low)
    except ValueError as error:
        unbounded = f"there are no bounds: {error}"
    if limit.confidence is not None and low is not None and high is not None:
        straddled = [one for one in (limit.min, limit.max) if one is not None and low < one < high]
        rows = [
            rows_by_width(value, value - low if one < value else high - value, measured["n"], one) for one in straddled
        ]
        needed = max(filter(None, rows), default=None)
    return Measurement(
        name="*",
        metric=f"{name}_{suffix}",
        value=value,
        low=low,
        high=high,
        confidence=confidence if low is not None else None,
        limit=limit,
        rows_to_decide=needed,
        reason=unbounded if limit.confidence is not None else None,
        **measured,
    )
