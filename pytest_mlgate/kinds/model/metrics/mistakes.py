"""What is wrong in a `model.metrics` gate that its types cannot see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.inputs.emptiness import label_mistakes, limit_beyond
from pytest_mlgate.inputs.feeding import prediction_mistakes
from pytest_mlgate.kind import Mistake, limit_mistakes
from pytest_mlgate.kinds.model.metrics.spec import INVALID, OF_OUTPUTS
from pytest_mlgate.stats.names import NEEDS, OF_ONE_CLASS, WITHOUT_INTERVAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_mlgate.kinds.model.metrics.spec import Gain, ModelMetrics

_BINARY = 2


def mistakes(spec: ModelMetrics) -> Iterable[Mistake]:
    """Find predictions that come from nowhere or from two places, and metrics that they cannot feed."""
    if not spec.metrics and spec.gain is None and spec.overfit is None:
        yield Mistake((), "nothing is to be measured", "write `metrics:`, `gain:` or `overfit:`")
    for name in OF_OUTPUTS & spec.metrics.keys():
        yield from limit_mistakes(("metrics", name), spec.metrics[name], interval=False)  # type: ignore[index] # a key
    for path, limits in spec.blocks.items():
        for name, limit in limits.items():
            yield from limit_mistakes((*path, name), limit, interval=name not in WITHOUT_INTERVAL)
            if path == ("metrics",):
                yield from limit_beyond((*path, name), name, limit)
            if name in WITHOUT_INTERVAL and path != ("metrics",):
                yield Mistake(
                    (*path, name), f"{name} has no interval, and so no difference can be judged", "leave it out"
                )
    yield from label_mistakes(spec)
    if spec.overfit is not None and spec.overfit.train == spec.data:
        yield Mistake(
            ("overfit", "train"), "these are the rows that are judged: no gap can show", "name those trained on"
        )
    yield from _feeding(spec)
    yield from _one_class(spec)
    yield from _gain(spec.gain, numbers=_of_numbers(spec)) if spec.gain is not None else ()
    yield from _range(spec)


def _of_numbers(spec: ModelMetrics) -> bool:
    return any(NEEDS[name] == "value" for limits in spec.blocks.values() for name in limits)


def _feeding(spec: ModelMetrics) -> Iterator[Mistake]:
    """Find what no prediction feeds; each block of limits speaks of its own, the gate as a whole only once."""
    told: set[tuple[str | int, ...]] = set()
    for path, limits in spec.blocks.items():
        for found in prediction_mistakes(spec, {name: NEEDS[name] for name in limits}):
            of_block = found.path[:1] == ("metrics",)
            where = (*path, *found.path[1:]) if of_block else found.path
            if of_block or where not in told:
                told.add(where)
                yield Mistake(where, found.what, found.mend)
    kinds = {path: {NEEDS[name] == "value" for name in limits} for path, limits in spec.blocks.items()}
    if all(len(found) <= 1 for found in kinds.values()) and len(set().union(*kinds.values())) > 1:
        last = next(path for path in reversed(kinds) if kinds[path])
        yield Mistake(last, "some metrics are of predicted numbers and some of predicted classes", "write two gates")


def _one_class(spec: ModelMetrics) -> Iterator[Mistake]:
    """Find metrics of one class where there are several, and nothing says how to make one of them."""
    scores = spec.score if isinstance(spec.score, tuple) else ()
    if spec.average is not None or max(len(spec.classes or ()), len(scores)) <= _BINARY:
        return
    for path, limits in spec.blocks.items():
        for name in limits:
            if name in OF_ONE_CLASS:
                mend = "write `average: macro`, `micro` or `weighted`"
                yield Mistake((*path, name), f"{name} is of one class, and there are several", mend)


def _gain(gain: Gain, *, numbers: bool) -> Iterator[Mistake]:
    """Find what a simple baseline cannot say, and columns it has no use for."""
    path = ("gain", "over")
    if gain.over == "mean" and not numbers:
        yield Mistake(path, "classes have no mean", "write majority or prior")
    if gain.over in {"majority", "prior"} and numbers:
        yield Mistake(path, f"{gain.over} is of classes", "write mean or last_value")
    if gain.over in {"majority", "last_value"}:
        for name in gain.metrics:
            if NEEDS[name] == "score":
                what = f"{name} needs probabilities, and {gain.over} gives none"
                yield Mistake(("gain", "metrics", name), what, "write `over: prior`")
    if gain.over == "last_value" and gain.order is None:
        yield Mistake(("gain",), "nothing says which row comes before which", "write `order:`, a column of times")
    for part in ("order", "by"):
        if getattr(gain, part) is not None and gain.over != "last_value":
            yield Mistake(("gain", part), f"{part} is for `over: last_value`", "remove it")


def _range(spec: ModelMetrics) -> Iterator[Mistake]:
    """Find a range that nothing is held against, or that nothing lies in."""
    if spec.range is None:
        return
    if INVALID not in spec.metrics:
        yield Mistake(("range",), f"the range is for {INVALID}", f"write `{INVALID}: {{max: 0}}` among the metrics")
    elif spec.score is not None or (spec.model is not None and spec.model.output != "value"):
        yield Mistake(("range",), "the range is of predicted numbers; these are classes", "remove it")
    least, most = spec.range.min, spec.range.max
    if least is not None and most is not None and least > most:
        yield Mistake(("range",), f"min {least:g} is above max {most:g}: nothing lies between", "swap them")
