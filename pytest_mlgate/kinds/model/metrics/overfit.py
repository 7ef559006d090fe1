"""How much better a model is on the rows it was trained on than on those it is judged on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.kinds.model.metrics.differences import difference
from pytest_mlgate.verdict import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.kinds.model.metrics.spec import ModelMetrics, Overfit
    from pytest_mlgate.stats.metrics import Outputs
    from pytest_mlgate.stats.names import MetricName
    from pytest_mlgate.verdict import Limit

_GAP = "overfit"


def gaps(spec: ModelMetrics, overfit: Overfit, outputs: Outputs, train: Outputs) -> Iterator[Measurement]:
    """Compare two sets of rows, taken to be independent, metric by metric.

    Args:
        spec: the gate.
        overfit: its limits.
        outputs: the answers for the rows it judges on.
        train: those for the rows that the model was trained on.
    """
    if outputs.classes != train.classes:
        reason = f"the training rows hold the classes {train.classes}, those judged {outputs.classes}"
        raise NotMeasuredError(reason, "list all there are in `classes:`")
    for name, limit in overfit.metrics.items():
        yield _gap(spec, name, limit, outputs, train)


def _gap(spec: ModelMetrics, name: MetricName, limit: Limit, outputs: Outputs, train: Outputs) -> Measurement:
    from pytest_mlgate.stats.metrics import METRICS
    from pytest_mlgate.stats.mover import Part, difference_of

    def part(of: Outputs, confidence: float) -> Part:
        found = METRICS[name].compute(of, confidence, spec.average)
        if found.low is None or found.high is None:
            raise ValueError(found.unbounded or f"{name} has none")
        return Part(found.value, found.low, found.high)

    def bounds(confidence: float) -> tuple[float, float]:
        found = difference_of(part(train, confidence), part(outputs, confidence), 0.0)
        return found.low, found.high

    n, n_train = len(outputs.labels), len(train.labels)
    try:
        here, there = (METRICS[name].compute(of, None, spec.average).value for of in (outputs, train))
    except ValueError as error:
        return Measurement(name="*", metric=f"{name}_{_GAP}", n=n, n_reference=n_train, limit=limit, reason=str(error))
    told = f"{name}: {there:.4g} on {n_train:,} training rows, {here:.4g} on {n:,} others"
    detail = {"train": there, "data": here, "look_at": [told]}
    measured = {"first": there, "second": here, "n": n, "n_reference": n_train, "detail": detail}
    return difference(spec, name, _GAP, limit, measured, bounds)
