"""How much better a model is than what anybody could say without one, on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.kinds.model.metrics.differences import difference
from pytest_mlgate.verdict import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.kind import Beside
    from pytest_mlgate.kinds.model.metrics.differences import Bounds
    from pytest_mlgate.kinds.model.metrics.spec import Gain, ModelMetrics
    from pytest_mlgate.stats.comparisons import Comparison
    from pytest_mlgate.stats.metrics import Outputs

_GAIN = "gain"
_SAYS = {
    "majority": "from saying always the most frequent class",
    "prior": "from how frequent each class is",
    "mean": "from saying always the mean",
    "last_value": "from repeating the true value of the row before",
}


def gains(spec: ModelMetrics, gain: Gain, outputs: Outputs, beside: Beside) -> Iterator[Measurement]:
    """Compare the model with a simple baseline, metric by metric.

    Args:
        spec: the gate.
        gain: what it says of the baseline.
        outputs: the model's answers.
        beside: for the same rows, what says which comes before which, and which series they belong to.
    """
    from pytest_mlgate.stats.comparisons import compare

    over = gain.over or ("mean" if outputs.values is not None else "prior")
    try:
        new, old = _pair(over, gain, outputs, beside)
    except ValueError as error:
        for name, limit in gain.metrics.items():
            yield Measurement(name="*", metric=f"{name}_{_GAIN}", n=len(outputs.labels), limit=limit, reason=str(error))
        return
    for name, limit in gain.metrics.items():
        n = len(new.labels)
        try:
            found = compare(name, new, old, spec.average)
        except ValueError as error:
            reason = f"{name} of the model and of the baseline ({over}) cannot be compared: {error}"
            yield Measurement(name="*", metric=f"{name}_{_GAIN}", n=n, limit=limit, reason=reason)
            continue
        told = f"{name}: {found.new:.4g} from the model, {found.old:.4g} {_SAYS[over]}"
        detail = {"over": over, "model": found.new, "simple": found.old, **found.detail, "look_at": [told]}
        measured = {"first": found.new, "second": found.old, "n": found.n, "detail": detail}
        yield difference(spec, name, _GAIN, limit, measured, _at_par(found))


def _at_par(found: Comparison) -> Bounds:
    """Bound the difference of the two values themselves."""
    return lambda confidence: found.bounds(confidence, 1.0)


def _pair(over: str, gain: Gain, outputs: Outputs, beside: Beside) -> tuple[Outputs, Outputs]:
    """Give the model's answers and the baseline's, for the same rows."""
    from pytest_mlgate.stats.simple import last_value, mean_value, most_frequent

    if over == "mean":
        return outputs, mean_value(outputs)
    if over != "last_value":
        return outputs, most_frequent(outputs)
    (places,) = beside.numbers
    series = beside.coded[0] if beside.coded else None
    if series is not None and None in series.levels:
        missing = (series.codes == series.levels.index(None)).nonzero()[0]
        raise ValueError(
            f"{len(missing):,} rows belong to no series: {gain.by!r} is missing, first in row {missing[0]}"
        )
    return last_value(outputs, places, series.codes if series is not None else None)
