"""Whether outputs can be meant at all: none missing, infinite or out of range, and not always the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.kinds.model.metrics.spec import INVALID, OF_OUTPUTS, TOP_SHARE
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pytest_mlgate.kind import Inputs
    from pytest_mlgate.kinds.model.metrics.spec import ModelMetrics
    from pytest_mlgate.stats.metrics import Outputs

_ALL_ALIKE = Limit(warn_max=1.0 - 1e-9)


def sanity(spec: ModelMetrics, inputs: Inputs) -> Iterator[Measurement]:
    """Measure what the gate asks of outputs as they are, which is measured also where no metric could be."""
    asked = OF_OUTPUTS & spec.metrics.keys()
    outputs = inputs.outputs(spec) if asked else None
    for name, limit in spec.metrics.items():
        if name in asked and outputs is not None:
            yield _invalid(spec, limit, outputs) if name == INVALID else _top_share(limit, outputs)


def constant(spec: ModelMetrics, outputs: Outputs) -> Iterator[Measurement]:
    """Warn of a model that says the same of every row, unless the gate has its own limit."""
    from pytest_mlgate.stats.sanity import is_constant

    said = next((part for part in (outputs.values, outputs.scores, outputs.predictions) if part is not None), None)
    if said is not None and TOP_SHARE not in spec.metrics and is_constant(said):
        first = said[0].tolist()
        if isinstance(first, bool):
            first = "positive" if first else "not positive"
        elif outputs.classes and isinstance(first, int):
            first = outputs.classes[first]
        told = f"every row gets the same output: {first}"
        yield Measurement(
            name="*", metric=TOP_SHARE, value=1.0, n=len(said), limit=_ALL_ALIKE, detail={"look_at": [told]}
        )


def _invalid(spec: ModelMetrics, limit: Limit, outputs: NDArray[Any]) -> Measurement:
    from pytest_mlgate.stats.sanity import invalid

    low, high = _range(spec)
    found = invalid(outputs, low, high)
    detail = {"missing": found.missing, "infinite": found.infinite, "out_of_range": found.outside, "range": [low, high]}
    if found.first is not None:
        counts = f"{found.missing:,} missing or NaN, {found.infinite:,} infinite, {found.outside:,} out of range"
        detail["look_at"] = [f"{counts}; the first is row {found.first}: {_shown(outputs[found.first].tolist())}"]
    return Measurement(name="*", metric=INVALID, value=found.rows / found.n, n=found.n, limit=limit, detail=detail)


def _top_share(limit: Limit, outputs: NDArray[Any]) -> Measurement:
    from pytest_mlgate.stats.sanity import most_common

    value, rows = most_common(outputs)
    n = len(outputs)
    detail = {"output": value, "look_at": [f"{rows:,} of {n:,} rows get the output {_shown(value)}"]}
    return Measurement(name="*", metric=TOP_SHARE, value=rows / n, n=n, limit=limit, detail=detail)


def _range(spec: ModelMetrics) -> tuple[float | None, float | None]:
    """Say between what outputs make sense: probabilities between 0 and 1, numbers as the gate says."""
    if spec.range is not None:
        return spec.range.min, spec.range.max
    probabilities = spec.score is not None or (spec.model is not None and spec.model.output == "probability")
    return (0.0, 1.0) if probabilities else (None, None)


def _shown(row: list[float]) -> str:
    return f"{row[0]:g}" if len(row) == 1 else f"[{', '.join(f'{value:g}' for value in row)}]"
