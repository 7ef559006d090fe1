"""`model.metrics`: is the model good enough on these rows, beyond luck?

With `confidence`, a limit is held against the bound on its side rather than the value, so that a pass or a fail is
wrong with at most the stated probability, and anything in between is said to be undecided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta
from msgspec.structs import replace

from pytest_mlgate.inputs.feeding import prediction_mistakes
from pytest_mlgate.kind import Inputs, Kind, Mistake, PredictionSpec, keys_among, limit_mistakes
from pytest_mlgate.stats.names import NEEDS, MetricName
from pytest_mlgate.verdict import Confidence, Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_mlgate.stats.metrics import Estimate, Outputs

_BOUNDS = 0.95


class ModelMetrics(PredictionSpec, frozen=True, kw_only=True):
    """Limits on how well a model predicts a label.

    Args:
        metrics: limits by metric. Of predicted classes: accuracy, balanced_accuracy, precision, recall, f1. Of
            probabilities: roc_auc, log_loss, brier. Of predicted numbers, where `label` and `prediction` are columns
            of numbers or the model has `output: value`: rmse, mae, r2.
        confidence: one-sided confidence of the bounds that limits are held against; without it, the value decides.
    """

    metrics: Annotated[dict[MetricName, Limit], Meta(min_length=1, extra_json_schema=keys_among(MetricName))]
    confidence: Confidence | None = None


def measure(spec: ModelMetrics, inputs: Inputs) -> Iterator[Measurement]:
    """Estimate each metric with its interval."""
    from pytest_mlgate.stats.metrics import METRICS

    outputs, detail = _outputs(spec, inputs)
    n = len(outputs.labels)
    for name, declared in spec.metrics.items():
        limit = declared if declared.confidence is not None else replace(declared, confidence=spec.confidence)
        confidence = limit.confidence or _BOUNDS
        try:
            estimate = METRICS[name].compute(outputs, confidence)
        except ValueError as error:
            yield Measurement(name="*", metric=name, n=n, limit=limit, reason=str(error))
            continue
        unbounded = f"there are no bounds: {estimate.unbounded}" if estimate.unbounded else None
        yield Measurement(
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


def _outputs(spec: ModelMetrics, inputs: Inputs) -> tuple[Outputs, dict[str, Any]]:
    """Get the predictions that the metrics read, which are all numbers or all of classes."""
    from pytest_mlgate.stats.metrics import Outputs

    if all(NEEDS[name] == "value" for name in spec.metrics):
        values = inputs.values(spec)
        return Outputs(values.targets, values=values.predicted), {}
    found = inputs.predictions(spec)
    return Outputs(found.labels, found.predicted, found.scores), {"positives": int(found.labels.sum())}


def mistakes(spec: ModelMetrics) -> Iterable[Mistake]:
    """Find predictions that come from nowhere or from two places, and metrics they cannot feed."""
    for name, limit in spec.metrics.items():
        yield from limit_mistakes(("metrics", name), limit, interval=True)
    yield from prediction_mistakes(spec, {name: NEEDS[name] for name in spec.metrics})


def _rows_to_decide(estimate: Estimate, limit: Limit) -> int | None:
    """Say how many rows would decide about the limits that the bounds straddle, at the observed value."""
    if limit.confidence is None or estimate.low is None or estimate.high is None:
        return None
    straddled = [
        bound for bound in (limit.min, limit.max) if bound is not None and estimate.low < bound < estimate.high
    ]
    needed = [rows for rows in map(estimate.rows_to_decide, straddled) if rows is not None]
    return max(needed, default=None)


KIND = Kind(name="model.metrics", spec=ModelMetrics, measure=measure, mistakes=mistakes)
