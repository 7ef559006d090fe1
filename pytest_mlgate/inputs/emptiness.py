"""Gates that nothing could ever fail: found while gate files are read, since they would be green for ever.

Predictions that are the label, a baseline that is the candidate, a share with a limit of 5: the run would show nothing
but a perfect model, and whoever reads the report would believe it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.kind import Mistake
from pytest_mlgate.reference import ModelRef
from pytest_mlgate.stats.names import range_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.kind import ModelSpec
    from pytest_mlgate.reference import BaselineRef
    from pytest_mlgate.verdict import Limit

Path = tuple[str | int, ...]


def label_mistakes(spec: ModelSpec) -> Iterator[Mistake]:
    """Find the label where predictions should stand, or among what a model is given."""
    what = f"{spec.label!r} is the label: held against itself, it is always right"
    for part in ("prediction", "score"):
        named = getattr(spec, part)
        if spec.label in (named if isinstance(named, tuple) else (named,)):
            yield Mistake((part,), what, "name the column that holds what the model said")
    if spec.model is not None and spec.label in (spec.model.features or ()):
        what = f"the model is given {spec.label!r}, the label that it is to predict, among its features"
        yield Mistake(("model",), what, "take it out of `features:`")


def same_mistakes(spec: ModelSpec, baseline: BaselineRef) -> Iterator[Mistake]:
    """Find a baseline that is the candidate itself."""
    mend = "name what is out there now"
    for part in ("prediction", "score"):
        old = getattr(baseline, part)
        if old is not None and old == getattr(spec, part):
            yield Mistake(("baseline", part), f"the baseline's {part} is the candidate's own: nothing can differ", mend)
    if baseline.is_model and spec.model is not None and _is_same(baseline, spec.model):
        yield Mistake(("baseline",), "the baseline is the candidate itself: nothing can differ", mend)


def _is_same(one: ModelRef, other: ModelRef) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ModelRef.__struct_fields__)


def limit_beyond(path: Path, metric: str, limit: Limit) -> Iterator[Mistake]:
    """Find a limit that lies beyond all that a metric can be, or can change by.

    Args:
        path: where the limit stands in the gate.
        metric: its name.
        limit: as written.
    """
    low, high = range_of(metric)
    between = f"{metric} lies between {low:g} and {high:g}"
    mend = "write a share, as 0.05 for 5 %" if low == 0.0 else "tighten it, or leave it out"
    for part in ("min", "warn_min", "max", "warn_max"):
        value = getattr(limit, part)
        if value is not None and (value < low if part.endswith("min") else value > high):
            yield Mistake((*path, part), f"{between}: nothing is beyond {value:g}", mend)
    for part in ("max_drop", "max_rise"):
        value = getattr(limit, part)
        if isinstance(value, str):
            if part == "max_drop" and low == 0.0 and float(value.removesuffix("%")) > 100.0:  # noqa: PLR2004 - per cent
                yield Mistake((*path, part), f"{between}: it cannot drop by {value} of itself", "write less")
        elif value is not None and value > high - low:
            yield Mistake((*path, part), f"{between}: it cannot change by {value:g}", 'write 0.05, or "5%"')
