"""What is wrong in a gate about groups can be told from its text, before any data are opened."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from pytest_mlgate.inputs.feeding import prediction_mistakes
from pytest_mlgate.kind import Mistake, limit_mistakes
from pytest_mlgate.kinds.fairness.groups.spec import MAJORITY
from pytest_mlgate.stats.fairness_names import FOUR_FIFTHS, FOUR_FIFTHS_LIMIT, NAMES, span_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_mlgate.kinds.fairness.groups.spec import FairnessGroups
    from pytest_mlgate.stats.fairness_names import Claim
    from pytest_mlgate.verdict import Limit

_SIDES = {
    "difference": (("max",), "0 is no difference at all: there is nothing to limit on that side"),
    "ratio": (("min",), "1 is no difference at all: there is nothing to limit on that side"),
    "group_min": (("min",), "the smallest of all groups is limited from below"),
    "group_max": (("max",), "the largest of all groups is limited from above"),
    "disparity": (("min", "max"), ""),
}


def mistakes(spec: FairnessGroups) -> Iterable[Mistake]:
    """Find predictions from nowhere, limits that cannot mean anything, and attributes that are none."""
    claims = {name: NAMES[name] for name in spec.metrics}
    for name, claim in claims.items():
        limit = spec.metrics[name]
        yield from limit_mistakes(("metrics", name), limit, interval="count" not in claim.measures)
        yield from _direction_mistakes(name, limit, claim)
    needs = {name: claim.needs for name, claim in claims.items() if "count" not in claim.measures}
    yield from prediction_mistakes(spec, needs or dict.fromkeys(claims, "prediction"))
    taken = {spec.label: "the label", spec.prediction: "the prediction", spec.score: "the score"}
    for i, attribute in enumerate(spec.sensitive):
        if attribute in taken:
            yield Mistake(("sensitive", i), f"{attribute!r} is {taken[attribute]}: it cannot be the attribute as well")
        if attribute in spec.sensitive[:i]:
            yield Mistake(("sensitive", i), f"{attribute!r} is listed twice", "keep one")
    if spec.intersections and len(spec.sensitive) == 1:
        mend = "name another under `sensitive`, or remove `intersections`"
        yield Mistake(("intersections",), "one attribute has no intersections", mend)
    yield from _reference_mistakes(spec, claims)
    yield from _idle_mistakes(spec, list(claims.values()))


def _direction_mistakes(name: str, limit: Limit, claim: Claim) -> Iterator[Mistake]:
    """Find limits on the side that cannot be wrong, or beyond what the metric can be."""
    sides, why = _SIDES[claim.form]
    for side in ("min", "max"):
        for key in (side, f"warn_{side}"):
            bound = getattr(limit, key)
            if bound is None:
                continue
            if side not in sides:
                yield Mistake(("metrics", name, key), why, f"use {key.replace(side, sides[0])}")
                continue
            lowest, highest = _span(claim, side)
            if not lowest <= bound <= highest:
                between = f"between {lowest:g} and {highest:g}" if highest < inf else f"at or above {lowest:g}"
                yield Mistake(("metrics", name, key), f"{name} lies {between}, so {bound:g} decides nothing", "")
    if claim.form == "disparity" and (limit.min == 0.0 or limit.warn_min == 0.0):
        yield Mistake(
            ("metrics", name), "a disparity is never below 0, so min 0 decides nothing", "use a share, as 0.8"
        )
    if name == FOUR_FIFTHS and limit.min not in (None, FOUR_FIFTHS_LIMIT):
        what = f"the four-fifths rule is min {FOUR_FIFTHS_LIMIT:g}, not {limit.min:g}"
        yield Mistake(("metrics", name, "min"), what, "use demographic_parity_ratio for another limit")


def _span(claim: Claim, side: str) -> tuple[float, float]:
    """Say between which numbers a limit means something."""
    if claim.form == "disparity":
        return (0.0, 1.0) if side == "min" else (1.0, inf)
    if claim.form == "ratio":
        return 0.0, 1.0
    spans = [span_of(measure) for measure in claim.measures]
    if claim.form == "difference":
        return 0.0, max(high - low for low, high in spans)
    return spans[0]


def _reference_mistakes(spec: FairnessGroups, claims: Mapping[str, Claim]) -> Iterator[Mistake]:
    """Find disparities without a group to measure them from, and references to what is no attribute."""
    held = [name for name, claim in claims.items() if claim.form == "disparity"]
    reference = spec.reference_group
    if reference is None:
        if held:
            mend = f"write `reference_group: {{{spec.sensitive[0]}: …}}`, or `reference_group: {MAJORITY}`"
            yield Mistake(("metrics", held[0]), f"{held[0]} needs a group to hold the others against", mend)
        return
    if not held:
        yield Mistake(("reference_group",), "no metric is held against a reference group", "add one, as fpr_disparity")
    if reference == MAJORITY or isinstance(reference, str):
        return
    for name in reference:
        if name not in spec.sensitive:
            yield Mistake(("reference_group", name), f"{name!r} is not under `sensitive`")
    for name in spec.sensitive:
        if name not in reference:
            yield Mistake(("reference_group",), f"it names no group of {name!r}", f"add `{name}: …`")


def _idle_mistakes(spec: FairnessGroups, claims: list[Claim]) -> Iterator[Mistake]:
    """Find options that no metric of the gate reads."""
    if spec.method == "to_overall" and not any(claim.form in ("difference", "ratio") for claim in claims):
        yield Mistake(("method",), "only metrics that end in _difference or _ratio are held against all rows")
    if spec.agg == "mean" and not any(len(claim.measures) > 1 for claim in claims):
        yield Mistake(("agg",), "only equalized_odds is made of two gaps, and the gate has no limit on it")
