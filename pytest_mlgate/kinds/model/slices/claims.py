"""From slices to measurements: each held against its limits, and all that could fail corrected as one family."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from pytest_mlgate.kinds.model.slices.naming import Condition, called, group, shown
from pytest_mlgate.stats.names import LESS_IS_BETTER, WITHOUT_INTERVAL
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.kinds.model.slices.spec import ModelSlices
    from pytest_mlgate.stats.metrics import Outputs
    from pytest_mlgate.stats.slice_metrics import SliceMetric


class Claim(Struct, frozen=True, kw_only=True):
    """What is to be said of one slice by one metric.

    Args:
        conditions: which slice.
        metric: by which metric.
        limit: with its confidence.
        n: how many rows the slice has.
        found: the metric, a `SliceMetric`, where it is defined.
        bounds: of the metric, where it has any.
        undecided: why nothing is claimed, however the numbers are.
        reason: why there is no number.
        least: how many rows it would have to have for a claim.
        p_value: of the claim that the limit is broken; None where none is made.
        detail: more to say of it.
    """

    conditions: tuple[Condition, ...]
    metric: str
    limit: Limit
    n: int
    found: Any = None
    bounds: tuple[float, float] | None = None
    undecided: str | None = None
    reason: str | None = None
    least: int | None = None
    p_value: float | None = None
    detail: dict[str, Any] = {}


def limit_of(spec: ModelSlices, metric: str) -> Limit:
    """Give a metric's limit with the confidence it is held at; none where the value itself decides."""
    declared: Limit = spec.metrics[metric]  # type: ignore[index] # its own key
    if declared.confidence is not None or metric in WITHOUT_INTERVAL:
        return declared
    return replace(declared, confidence=spec.confidence)


def claims(
    spec: ModelSlices,
    outputs: Outputs,
    conditions: tuple[Condition, ...],
    rows: NDArray[Any] | None,
    detail: Mapping[str, Any],
    metrics: Sequence[str] | None = None,
) -> list[Claim]:
    """Measure the rows of one slice, given by their positions (None without any), by every metric or by those given."""
    from pytest_mlgate.stats.slices import counted

    mine = None if rows is None or not len(rows) else outputs.at(rows)
    counts = {} if mine is None else counted(mine)
    named = group(conditions) | {"counts": counts} | dict(detail)
    return [
        _claim(spec, mine, conditions, 0 if mine is None else mine.labels.size, metric, named)
        for metric in metrics or spec.metrics
    ]


def _claim(
    spec: ModelSlices,
    outputs: Outputs | None,
    conditions: tuple[Condition, ...],
    n: int,
    metric: str,
    detail: dict[str, Any],
) -> Claim:
    from pytest_mlgate.stats.inversion import p_value
    from pytest_mlgate.stats.slice_metrics import slice_metric

    limit = limit_of(spec, metric)
    claim = Claim(conditions=conditions, metric=metric, limit=limit, n=n, detail=detail)
    if n < spec.min_rows:
        size = f"{n:,} row{'s' if n != 1 else ''}" if n else f"no row{'' if spec.weight is None else ' that counts'}"
        claim = replace(
            claim, undecided=f"{shown(conditions)} has {size} (min_rows {spec.min_rows})", least=spec.min_rows
        )
    if outputs is None:
        return claim
    try:
        found = slice_metric(metric, outputs, spec.average)
    except ValueError as error:
        said = f"{shown(conditions)}: {error}"
        if "found_on" in detail:  # half of the rows show nothing of it, which says nothing of the slice
            return replace(claim, undecided=said)
        return claim if claim.undecided else replace(claim, reason=said)
    claim = replace(claim, found=found)
    if limit.confidence is None:
        return claim
    try:
        claim = replace(claim, bounds=found.bounds(limit.confidence))
    except ValueError as error:
        claim = replace(claim, undecided=claim.undecided or f"there are no bounds: {error}")
    if claim.undecided is None:
        claim = replace(claim, p_value=p_value(found, limit.min, limit.max))
    return claim


def distance(claim: Claim) -> float:
    """Say how far a slice lies beyond its limit, below 0 where it keeps it; without one, how bad it is."""
    value, limit = claim.found.value, claim.limit
    worse = value if claim.metric in LESS_IS_BETTER else -value
    ends = [(limit.min, -1.0), (limit.warn_min, -1.0), (limit.max, 1.0), (limit.warn_max, 1.0)]
    return float(max((sign * (value - end) for end, sign in ends if end is not None), default=worse))


def settled(made: Sequence[Claim]) -> list[Measurement]:
    """Correct the claims as one family by Holm's method, and say of each what the correction makes of its bounds."""
    from pytest_mlgate.stats.multiple import adjust

    tested = sorted((i for i, one in enumerate(made) if one.p_value is not None), key=lambda i: made[i].p_value or 0.0)
    adjusted = dict(zip(tested, adjust([made[i].p_value or 0.0 for i in tested], "holm"), strict=True))
    rank = {i: len(tested) - at for at, i in enumerate(tested)}
    return [_measurement(one, adjusted.get(i), rank.get(i, 1)) for i, one in enumerate(made)]


def _measurement(claim: Claim, p_adjusted: float | None, family: int) -> Measurement:
    """Say what was found; `family` is how many claims this one is corrected for."""
    found: SliceMetric | None = claim.found
    limit, detail, bounds = claim.limit, dict(claim.detail), claim.bounds
    confidence = limit.confidence or 0.0
    breached, needed = False, None
    if found is not None:
        breached = (limit.min is not None and found.value < limit.min) or (
            limit.max is not None and found.value > limit.max
        )
        detail["look_at"] = [_described(claim, found)]
    if found is not None and bounds is not None and p_adjusted is not None:
        at = 1.0 - (1.0 - confidence) / family
        corrected = found.strict(at)
        detail["corrected"] = {"confidence": at, "low": corrected[0], "high": corrected[1]}
        rows = (
            partial(found.rows_to_fail, confidence=at)
            if breached
            else partial(found.rows_to_decide, confidence=confidence)
        )
        low, high = corrected if breached else bounds
        ends = [end for end in (limit.min, limit.max) if end is not None and low < end < high]
        needed = max((n for n in map(rows, ends) if n is not None), default=None)
    if claim.undecided is not None and claim.least is not None:
        needed = claim.least
    return Measurement(
        name=called(claim.conditions),
        metric=claim.metric,
        value=None if found is None else found.value,
        low=None if bounds is None else bounds[0],
        high=None if bounds is None else bounds[1],
        confidence=None if bounds is None else confidence,
        n=claim.n,
        limit=limit,
        p_value=claim.p_value,
        p_adjusted=p_adjusted,
        # Only what is beyond its limit has to be significant: a warning band is left by the value itself.
        alpha=1.0 - confidence if breached and p_adjusted is not None else None,
        rows_to_decide=needed,
        undecided=claim.undecided,
        reason=claim.reason,
        detail=detail,
    )


def _described(claim: Claim, found: SliceMetric) -> str:
    """Describe a slice in a line: its metric and counts, and the metric of all rows beside it."""
    counts = claim.detail.get("counts", {})
    words = {
        "right": f"{counts.get('right', 0):,} predicted right",
        "positives": f"{counts.get('positives', 0):,} positive",
    }
    said = ", ".join(words[name] for name in ("right", "positives") if name in counts)
    line = f"{shown(claim.conditions)}: {claim.metric} {found.value:.4g} on {claim.n:,} rows"
    line += f" ({said})" if said else ""
    whole = claim.detail.get("overall", {}).get(claim.metric)
    line += f", {whole:.4g} over all" if whole is not None else ""
    before = claim.detail.get("found_on")
    if before is None:
        return line
    return f"{line}; found on {before['n']:,} other rows" + (
        f" ({before['value']:.4g})" if before["value"] is not None else ""
    )
