"""`model.metrics`: is the model good enough on these rows, beyond luck?

With `confidence`, a limit is held against the bound on its side rather than the value, so that a pass or a fail is
wrong with at most the stated probability, and anything in between is said to be undecided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from pytest_mlgate.kind import Inputs, Kind, Mistake, PredictionSpec, keys_among, limit_mistakes
from pytest_mlgate.verdict import Confidence, Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_mlgate.stats.metrics import Estimate

Metric = Literal["accuracy", "roc_auc"]
_NEEDS_SCORE: tuple[Metric, ...] = ("roc_auc",)
_BOUNDS = 0.95


class ModelMetrics(PredictionSpec, frozen=True, kw_only=True):
    """Limits on how well a model predicts a label.

    Args:
        metrics: limits by metric: accuracy (interval by Wilson), roc_auc (by DeLong).
        confidence: one-sided confidence of the bounds that limits are held against; without it, the value decides.
    """

    metrics: Annotated[dict[Metric, Limit], Meta(min_length=1, extra_json_schema=keys_among(Metric))]
    confidence: Confidence | None = None


def measure(spec: ModelMetrics, inputs: Inputs) -> Iterator[Measurement]:
    """Estimate each metric with its interval."""
    from pytest_mlgate.stats.metrics import METRICS, Outputs

    predictions = inputs.predictions(spec)
    n = len(predictions.labels)
    outputs = Outputs(predictions.labels, predictions.predicted, predictions.scores) if n else None
    for name, declared in spec.metrics.items():
        limit = declared if declared.confidence is not None else replace(declared, confidence=spec.confidence)
        confidence = limit.confidence or _BOUNDS
        if outputs is None:
            yield Measurement(name="*", metric=name, n=0, limit=limit)
            continue
        try:
            estimate = METRICS[name].compute(outputs, confidence)
        except ValueError as error:
            yield Measurement(name="*", metric=name, n=n, limit=limit, reason=str(error))
            continue
        yield Measurement(
            name="*",
            metric=name,
            value=estimate.value,
            low=estimate.low,
            high=estimate.high,
            confidence=confidence,
            n=estimate.n,
            limit=limit,
            rows_to_decide=_rows_to_decide(estimate, limit),
            detail={"positives": int(predictions.labels.sum())},
        )


def mistakes(spec: ModelMetrics) -> Iterable[Mistake]:
    """Find predictions that come from nowhere or from two places, and metrics they cannot feed."""
    for name, limit in spec.metrics.items():
        yield from limit_mistakes(("metrics", name), limit, interval=True)
    columns = spec.prediction is not None or spec.score is not None
    if (spec.model is not None) == columns:
        mend = "give `model:`, or `prediction:` and `score:` columns"
        yield Mistake((), "predictions come either from a model or from columns", mend)
    if spec.model is None and columns:
        for name in spec.metrics:
            wanted = "score" if name in _NEEDS_SCORE else "prediction"
            if getattr(spec, wanted) is None:
                yield Mistake(("metrics", name), f"{name} needs `{wanted}:`, a column of the data")


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
