"""`model.regression`: is the candidate no worse than what is out there now?

Both are judged on the same rows, so that what is hard for both cancels: a drop of half a point is seen on a tenth of
the rows that two separate samples would need. A limit is held against the bound of the difference. Negative flips, rows
that the old model had right and the new one has wrong, are what users notice, and are counted by themselves.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta
from msgspec.structs import replace

from pytest_mlgate.inputs.emptiness import label_mistakes, limit_beyond, same_mistakes
from pytest_mlgate.inputs.feeding import column_mistakes, model_mistakes, prediction_mistakes
from pytest_mlgate.kind import Inputs, Kind, Mistake, ModelSpec, keys_among, limit_mistakes
from pytest_mlgate.reference import BaselineRef
from pytest_mlgate.stats.names import LESS_IS_BETTER, NEEDS, OF_ONE_CLASS, WITHOUT_INTERVAL, MetricName
from pytest_mlgate.verdict import Confidence, Limit, Measurement, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_mlgate.baselines import Recorded, Setting
    from pytest_mlgate.stats.comparisons import Comparison
    from pytest_mlgate.stats.metrics import Estimate
    from pytest_mlgate.stats.names import Average
    from pytest_mlgate.stats.outputs import Outputs

Compared = Literal[MetricName, "flip_rate"]
FLIPS = "flip_rate"
_BOUNDS = 0.95
_SHOWN = 5
_BINARY = 2
_ABSOLUTE = ("min", "max", "warn_min", "warn_max")
_RELATIVE = ("max_drop", "max_rise", "min_ratio", "max_ratio")


class ModelRegression(ModelSpec, frozen=True, kw_only=True):
    """Limits on how much worse (or suspiciously better) a model may be than a baseline on the same rows.

    Args:
        baseline: a model, columns of the same data (`{score: old_score, prediction: old_class}`), a metrics file
            (`{file: metrics.json, key: eval, rev: origin/main}`), or numbers that `--mlgate-update` wrote
            (`{committed: quality.baseline.json}`). Numbers in a file are taken as exact, and refused when they were
            measured on other data or with other settings.
        metrics: limits by metric, relative to the baseline: max_drop, max_rise (absolute, or "2%" of the old value),
            min_ratio, max_ratio. The metrics are those of model.metrics, and flip_rate (min, max): the share of rows
            that the baseline has right and the candidate wrong.
        confidence: one-sided confidence of the bounds that limits are held against; without it, the value decides.
    """

    baseline: BaselineRef
    metrics: Annotated[dict[Compared, Limit], Meta(min_length=1, extra_json_schema=keys_among(Compared))]
    confidence: Confidence | None = None


def measure(spec: ModelRegression, inputs: Inputs) -> Iterator[Measurement]:
    """Compare the candidate with its baseline, metric by metric."""
    limits: dict[str, Limit] = {
        name: _with_confidence(name, limit, spec.confidence) for name, limit in spec.metrics.items()
    }
    if spec.baseline.is_record:
        yield from _against_record(spec, limits, inputs)
        return
    new, old = _paired(spec, inputs)
    for name, limit in limits.items():
        try:
            yield _flips(new, old, limit) if name == FLIPS else _compared(name, new, old, limit, spec.average)
        except ValueError as error:
            yield Measurement(name="*", metric=name, n=len(new.labels), limit=limit, reason=str(error))


def _with_confidence(name: str, limit: Limit, confidence: float | None) -> Limit:
    """Let a limit that says nothing of confidence have the gate's, where the metric has an interval."""
    return limit if limit.confidence is not None or name in WITHOUT_INTERVAL else replace(limit, confidence=confidence)


def _paired(spec: ModelRegression, inputs: Inputs) -> tuple[Outputs, Outputs]:
    """Get both models' answers to the same rows."""
    from pytest_mlgate.stats.metrics import Outputs

    read = inputs.paired_values if _of_numbers(spec) else inputs.paired_predictions
    new, old = read(spec, spec.baseline)
    return Outputs.of(new), Outputs.of(old)


def _single(spec: ModelRegression, inputs: Inputs) -> Outputs:
    """Get the candidate's answers."""
    from pytest_mlgate.stats.metrics import Outputs

    return Outputs.of(inputs.values(spec) if _of_numbers(spec) else inputs.predictions(spec))


def _averaged(spec: ModelRegression) -> dict[str, Any]:
    return {} if spec.average is None else {"average": spec.average}


def _compared(name: str, new: Outputs, old: Outputs, limit: Limit, average: Average | None) -> Measurement:
    """Measure one metric of both; bounds are those of the difference, put on the baseline's value."""
    from pytest_mlgate.stats.comparisons import compare

    found = compare(name, new, old, average)
    confidence = limit.confidence or _BOUNDS
    low = high = unbounded = None
    try:
        low, high = _bounds(found, limit, confidence)
    except ValueError as error:
        unbounded = f"there are no bounds: {error}"
    return Measurement(
        name="*",
        metric=name,
        value=found.new,
        low=low,
        high=high,
        confidence=confidence if low is not None else None,
        n=found.n,
        limit=limit,
        baseline=found.old,
        rows_to_decide=_rows_to_decide(found.new, low, high, found.n, limit, found.old),
        reason=unbounded if limit.confidence is not None else None,
        detail={
            "difference": found.new - found.old,
            **found.detail,
            "look_at": [_told(name, found), *_too_good(name, found.new, found.old, limit)],
        },
    )


def _bounds(found: Comparison, limit: Limit, confidence: float) -> tuple[float, float]:
    """Bound the new value by what it is against each share of the old one that the limit speaks of; the wider wins."""
    pairs = [(share * found.old, found.bounds(confidence, share)) for share in _shares(limit, found.old)]
    return min(base + low for base, (low, _) in pairs), max(base + high for base, (_, high) in pairs)


def _shares(limit: Limit, old: float) -> set[float]:
    """Say with which shares of the old value the new one is compared: 0.98 for a drop of at most 2 %."""
    sign = 1.0 if old >= 0.0 else -1.0
    shares = {ratio for ratio in (limit.min_ratio, limit.max_ratio) if ratio is not None}
    for change, direction in ((limit.max_drop, -sign), (limit.max_rise, sign)):
        if isinstance(change, str):
            shares.add(1.0 + direction * float(change.removesuffix("%")) / 100.0)
        elif change is not None:
            shares.add(1.0)
    return shares or {1.0}


def _flips(new: Outputs, old: Outputs, limit: Limit) -> Measurement:
    """Count the rows that the baseline has right and the candidate wrong."""
    from pytest_mlgate.stats.flips import flips

    found = flips(new, old, limit.confidence or _BOUNDS, _SHOWN)
    share = found.share
    straddled = (one for one in (limit.min, limit.max) if one is not None and _within(one, share))
    needed = [share.rows_to_decide(one) for one in straddled]
    hints = [f"flipped to wrong: row {', '.join(map(str, found.first))}{', …' if found.lost > _SHOWN else ''}"]
    detail = {"gained": found.gained, "lost": found.lost, "mcnemar_p": found.p_value}
    return Measurement(
        name="*",
        metric=FLIPS,
        value=share.value,
        low=share.low,
        high=share.high,
        confidence=share.confidence,
        n=len(new.labels),
        limit=limit,
        rows_to_decide=max(filter(None, needed), default=None) if limit.confidence is not None else None,
        reason=f"there are no bounds: {share.unbounded}" if share.unbounded and limit.confidence is not None else None,
        detail=detail | ({"look_at": hints} if found.first else {}),
    )


def _within(limit: float, estimate: Estimate) -> bool:
    return estimate.low is not None and estimate.high is not None and estimate.low < limit < estimate.high


def _against_record(spec: ModelRegression, limits: Mapping[str, Limit], inputs: Inputs) -> Iterator[Measurement]:
    """Compare with numbers from a file, taken as exact: all doubt is the candidate's.

    The candidate is measured whole before the file is read, so that one that cannot be is excused by no missing file.
    """
    from pytest_mlgate.stats.metrics import METRICS

    outputs, settings = _single(spec, inputs), _settings(spec)
    n = len(outputs.labels)
    found: dict[str, Estimate | str] = {}
    for name, limit in limits.items():
        try:
            found[name] = METRICS[name].compute(outputs, limit.confidence or _BOUNDS, spec.average)
        except ValueError as error:
            found[name] = str(error)
    recorded = inputs.recorded(spec, spec.baseline, settings)
    values: dict[str, float] = {}
    for name, limit in limits.items():
        estimate = found[name]
        if isinstance(estimate, str):
            old = recorded.values.get(name)
            yield Measurement(name="*", metric=name, n=n, limit=limit, baseline=old, reason=estimate)
            continue
        values[name] = estimate.value
        yield _held(name, estimate, limit, recorded, n)
    if len(values) == len(limits) and all(map(isfinite, values.values())):
        inputs.propose(spec, spec.baseline, settings, values)


def _held(name: str, estimate: Estimate, limit: Limit, recorded: Recorded, n: int) -> Measurement:
    """Hold one metric of the candidate against the number that was recorded."""
    old = recorded.values.get(name)
    measured = Measurement(
        name="*",
        metric=name,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        confidence=estimate.confidence,
        n=n,
        limit=limit,
    )
    if recorded.absent is not None:
        return replace(measured, applicable=False, reason=recorded.absent)
    if old is None or not isfinite(old):
        return replace(measured, value=None, low=None, high=None, reason=_lacking(name, old, recorded))
    unbounded = f"there are no bounds: {estimate.unbounded}" if estimate.unbounded else None
    note = "the baseline is a number in a file and counts as exact; comparing on its rows would be sharper"
    told = f"{name}: {old:.4g} before, {estimate.value:.4g} now ({estimate.value - old:+.4g}); {note}"
    return replace(
        measured,
        baseline=old,
        rows_to_decide=_rows_to_decide(estimate.value, estimate.low, estimate.high, n, limit, old),
        reason=unbounded if limit.confidence is not None else None,
        detail={
            "difference": estimate.value - old,
            "baseline": "constant",
            "look_at": [told, *_too_good(name, estimate.value, old, limit)],
        },
    )


def _lacking(name: str, old: float | None, recorded: Recorded) -> str:
    """Say that a file does not hold what is to be compared, and where in it such a number is."""
    state = "no value of" if old is None else "an undefined"
    places = recorded.places(name)
    there = f"; there is one under {', '.join(places)}, which `key:` would name" if places else ""
    return f"{recorded.name} holds {state} {name}; it holds {', '.join(recorded.values) or 'nothing'}{there}"


def _settings(spec: ModelRegression) -> dict[str, Setting]:
    """Say what the values of this gate depend on, beside data and model."""
    settings: dict[str, Setting] = {"label": spec.label, "weight": spec.weight}
    if not _of_numbers(spec):
        classes = None if spec.classes is None else ", ".join(map(repr, spec.classes))
        settings |= {"average": spec.average, "classes": classes, "positive": spec.positive}
    if any(NEEDS[name] == "prediction" for name in spec.metrics if name != FLIPS):
        by_threshold = spec.model is not None and spec.model.output in ("logits", "probability")
        settings["threshold"] = spec.model.threshold if spec.model is not None and by_threshold else None
    return settings


def _too_good(name: str, new: float, old: float, limit: Limit) -> list[str]:
    """Say of a breach of the limit on the good side that it is one."""
    lower, upper = resolve(limit, old)
    better = new < old if name in LESS_IS_BETTER else new > old
    if not (better and ((upper is not None and new > upper) or (lower is not None and new < lower))):
        return []
    return [f"{name}: better than the limit allows; before it is believed, look for leakage (data.leakage)"]


def _rows_to_decide(
    value: float, low: float | None, high: float | None, n: int, limit: Limit, old: float
) -> int | None:
    """Say how many rows would decide about the limits that the bounds straddle, at the observed difference."""
    from pytest_mlgate.stats.metrics import rows_by_width

    if limit.confidence is None or low is None or high is None:
        return None
    straddled = [one for one in resolve(limit, old) if one is not None and low < one < high]
    needed = [rows_by_width(value, value - low if one < value else high - value, n, one) for one in straddled]
    return max(filter(None, needed), default=None)


def _told(name: str, found: Comparison) -> str:
    """Say in a line how a metric changed and what the tests make of it."""
    parts = [f"{name}: {found.old:.4g} before, {found.new:.4g} now ({found.new - found.old:+.4g})"]
    if "lost" in found.detail:
        parts.append(f"{found.detail['gained']:,} rows gained, {found.detail['lost']:,} lost")
        parts.append(f"McNemar p {found.detail['mcnemar_p']:.2g}")
    if found.detail.get("delong_p") is not None:
        parts.append(f"DeLong p {found.detail['delong_p']:.2g}")
    return ", ".join(parts)


def _of_numbers(spec: ModelRegression) -> bool:
    return all(name != FLIPS and NEEDS[name] == "value" for name in spec.metrics)


def mistakes(spec: ModelRegression) -> Iterable[Mistake]:
    """Find limits that do not compare, and metrics that the candidate or the baseline cannot feed."""
    for name, limit in spec.metrics.items():
        yield from _limit_mistakes(name, limit)
    needs: dict[str, str] = {name: "prediction" if name == FLIPS else NEEDS[name] for name in spec.metrics}
    yield from prediction_mistakes(spec, needs)
    yield from label_mistakes(spec)
    yield from same_mistakes(spec, spec.baseline)
    several = len(spec.classes or ()) > _BINARY or (isinstance(spec.score, tuple) and len(spec.score) > _BINARY)
    for metric in OF_ONE_CLASS & spec.metrics.keys() if several and spec.average is None else ():
        mend = "write `average: macro`, `micro` or `weighted`"
        yield Mistake(("metrics", metric), f"{metric} is of one class, and there are several", mend)
    baseline = spec.baseline
    if baseline.is_record:
        if FLIPS in spec.metrics:
            mend = "use a model or columns as the baseline"
            yield Mistake(("metrics", FLIPS), f"{FLIPS} is counted row by row, and a file of numbers has no rows", mend)
        if isinstance(baseline.key, dict):
            for name in spec.metrics.keys() - baseline.key.keys():
                yield Mistake(("baseline", "key"), f"nothing says where {name} stands in the file", "add it")
    elif baseline.is_model:
        # A champion is bytes alone, and running it as the candidate is would judge another model than the one promoted.
        yield from model_mistakes(baseline, needs, ("baseline",))
    else:
        yield from column_mistakes(baseline.prediction, baseline.score, needs, "the baseline's ")


def _limit_mistakes(name: str, limit: Limit) -> Iterator[Mistake]:
    yield from limit_mistakes(("metrics", name), limit, interval=name not in WITHOUT_INTERVAL, baseline=True)
    yield from limit_beyond(("metrics", name), name, limit)
    better = [part for part in ("max_drop", "min_ratio") if getattr(limit, part) is not None]
    if name in LESS_IS_BETTER and better and limit.max_rise is None and limit.max_ratio is None:
        what = f"the less {name} the better: {better[0]} keeps it from getting better, and nothing from getting worse"
        yield Mistake(("metrics", name, better[0]), what, "write max_rise, alone or beside it")
    for part in _RELATIVE if name == FLIPS else _ABSOLUTE:
        if getattr(limit, part) is not None:
            relative, mend = f"{name} is itself a comparison", "use max"
            absolute = (
                "this gate compares with a baseline",
                "use max_drop, max_rise or a ratio, or a model.metrics gate",
            )
            yield Mistake(("metrics", name, part), *((relative, mend) if name == FLIPS else absolute))


KIND = Kind(name="model.regression", spec=ModelRegression, measure=measure, mistakes=mistakes)
