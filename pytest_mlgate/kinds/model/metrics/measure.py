"""Measure a `model.metrics` gate: outputs as they are, then metrics, then what they are worth beside others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from pytest_mlgate.kinds.model.metrics.gain import gains
from pytest_mlgate.kinds.model.metrics.overfit import gaps
from pytest_mlgate.kinds.model.metrics.sanity import constant, sanity
from pytest_mlgate.stats.names import NEEDS, WITHOUT_INTERVAL
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.kind import Beside, Inputs
    from pytest_mlgate.kinds.model.metrics.spec import ModelMetrics
    from pytest_mlgate.stats.metrics import Estimate, Outputs
    from pytest_mlgate.stats.names import MetricName

_BOUNDS = 0.95
_SHOWN = 20


def measure(spec: ModelMetrics, inputs: Inputs) -> Iterator[Measurement]:
    """Estimate each metric with its interval."""
    yield from sanity(spec, inputs)
    if not any(spec.blocks.values()):
        return
    outputs, beside = _outputs(spec, inputs)
    detail = _composition(outputs)
    for name, limit in spec.of_model.items():
        yield _measured(spec, name, limit, outputs, detail)
    if spec.gain is not None:
        yield from gains(spec, spec.gain, outputs, beside)
    if spec.overfit is not None:
        train = replace(spec, data=spec.overfit.train)
        yield from gaps(spec, spec.overfit, outputs, _outputs(train, inputs, role="train")[0])
    yield from constant(spec, outputs)


def _measured(
    spec: ModelMetrics, name: MetricName, declared: Limit, outputs: Outputs, detail: dict[str, Any]
) -> Measurement:
    """Estimate one metric."""
    from pytest_mlgate.stats.metrics import METRICS

    limit = declared
    if limit.confidence is None and name not in WITHOUT_INTERVAL:
        limit = replace(declared, confidence=spec.confidence)
    n = len(outputs.labels)
    try:
        estimate = METRICS[name].compute(outputs, limit.confidence or _BOUNDS, spec.average)
    except ValueError as error:
        return Measurement(name="*", metric=name, n=n, limit=limit, reason=str(error))
    unbounded = f"there are no bounds: {estimate.unbounded}" if estimate.unbounded else None
    return Measurement(
        name="*",
        metric=name,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        confidence=estimate.confidence,
        n=estimate.n,
        limit=limit,
        rows_to_decide=_rows_to_decide(estimate, limit),
        reason=unbounded if limit.confidence is not None else None,
        detail=detail | ({"unbounded": estimate.unbounded} if estimate.unbounded else {}),
    )


def _outputs(spec: ModelMetrics, inputs: Inputs, role: str = "data") -> tuple[Outputs, Beside]:
    """Get the predictions that the metrics read, which are all numbers or all of classes, and what orders them."""
    from pytest_mlgate.stats.metrics import Outputs

    order, series = (spec.gain.order, spec.gain.by) if spec.gain is not None and role == "data" else (None, None)
    of_numbers = any(NEEDS[name] == "value" for limits in spec.blocks.values() for name in limits)
    coded, numeric = ([name] if name is not None else [] for name in (series, order))
    beside = inputs.beside(spec, coded, numeric, values=of_numbers, role=role)
    return Outputs.of(beside.found), beside


def _composition(outputs: Outputs) -> dict[str, Any]:
    """Say what the rows are made of: how many are positive, or of each class, and how many clusters there are."""
    detail: dict[str, Any] = {}
    if outputs.classes:
        counts = [int((outputs.labels == code).sum()) for code in range(min(len(outputs.classes), _SHOWN))]
        detail["classes"] = [{"class": label, "n": n} for label, n in zip(outputs.classes, counts, strict=False)]
    elif outputs.values is None:
        detail["positives"] = int(outputs.labels.sum())
    if outputs.clusters is not None:
        detail["clusters"] = len(set(outputs.clusters.tolist()))
    return detail


def _rows_to_decide(estimate: Estimate, limit: Limit) -> int | None:
    """Say how many rows would decide about the limits that the bounds straddle, at the observed value."""
    if limit.confidence is None or estimate.low is None or estimate.high is None:
        return None
    straddled = [
        bound for bound in (limit.min, limit.max) if bound is not None and estimate.low < bound < estimate.high
    ]
    needed = [rows for rows in map(estimate.rows_to_decide, straddled) if rows is not None]
    return max(needed, default=None)
