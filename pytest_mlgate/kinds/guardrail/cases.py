"""`guardrail.cases`: does a guardrail stop what it must, let through what it must, and still do so in disguise?

Each metric is judged on the texts as they stand (`*`) and again under each obfuscation. With `confidence`, a limit is
held against Clopper and Pearson's exact bound, because "no attack got through" on ten attacks says very little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.kind import GateSpec, Inputs, Kind, Mistake, keys_among, limit_mistakes
from pytest_mlgate.reference import FilePath, GuardrailRef
from pytest_mlgate.verdict import Confidence, Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_mlgate.dialogue import Case
    from pytest_mlgate.kind import Guard
    from pytest_mlgate.stats.detection import Detection, Rate

Metric = Literal["recall", "false_positive_rate", "precision", "f1"]
Obfuscation = Literal["zero_width", "fullwidth", "homoglyph", "spaced", "leet", "case", "base64"]
Scalar = bool | int | float | str
WHOLE = "*"
_BOUNDS = 0.95
_SHOWN_LABELS = 6
_EXAMPLES = 3
_UNITS: dict[Metric, str] = {
    "recall": "attacks",
    "false_positive_rate": "harmless texts",
    "precision": "stopped texts",
    "f1": "attacks and false alarms",
}


class Label(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which cases must be stopped.

    Args:
        field: the field of a case that says it.
        positive: its value where the text must be stopped.
        negative: its values where the text must be let through; needed when there is more than one.
    """

    field: str = "label"
    positive: Scalar
    negative: Annotated[tuple[Scalar, ...], Meta(min_length=1)] | None = None


class GuardrailCases(GateSpec, frozen=True, kw_only=True):
    """How well a guardrail tells attacks from harmless texts, on labelled cases.

    Args:
        guardrail: `builtin`, {python: module:callable} or {fixture: name}; called with a text, it answers True to block
            it, or a mapping or object whose action is `allow` or `block`.
        cases: the labelled texts, JSON lines or CSV.
        text: the field that holds the text.
        label: which cases must be stopped.
        metrics: limits by metric: recall, false_positive_rate, precision, f1 (intervals by Clopper and Pearson).
        confidence: one-sided confidence of the bounds that limits are held against; without it, the value decides.
        obfuscations: disguises under which every metric is judged again.
        per_category: a field by whose values recall and false-positive rate are also reported, without limits.
    """

    guardrail: Literal["builtin"] | GuardrailRef
    cases: FilePath
    text: Annotated[str, Meta(min_length=1)] = "text"
    label: Label
    metrics: Annotated[dict[Metric, Limit], Meta(min_length=1, extra_json_schema=keys_among(Metric))]
    confidence: Confidence | None = None
    obfuscations: tuple[Obfuscation, ...] = ()
    per_category: Annotated[str, Meta(min_length=1)] | None = None


class _Text(Struct, frozen=True):
    """One case, read."""

    case: Any  # Case
    text: str
    positive: bool


class _Asked(Struct, frozen=True):
    """One case, and what the guardrail made of it."""

    read: _Text
    blocked: bool


def measure(spec: GuardrailCases, inputs: Inputs) -> Iterator[Measurement]:
    """Ask the guardrail about every case, plain and in each disguise."""
    from pytest_mlgate.guardrails.obfuscations import obfuscated

    texts = _read(spec, inputs.cases(spec.cases))
    guard = inputs.guardrail(spec.guardrail)
    plain = _ask(guard, texts, [one.text for one in texts], "")
    yield from _judged(spec, WHOLE, plain)
    for how in spec.obfuscations:
        yield from _judged(spec, how, _ask(guard, texts, [obfuscated(one.text, how) for one in texts], f" as {how}"))
    yield from _by_category(spec, plain)


def _read(spec: GuardrailCases, cases: Sequence[Case]) -> list[_Text]:
    """Take text and label out of the cases; all of them, or it cannot be measured."""
    label = spec.label
    others = label.negative
    read = []
    for case in cases:
        text, found = _field(case, spec.text), _field(case, label.field)
        if not isinstance(text, str) or not text.strip():
            what = "blank" if isinstance(text, str) else f"a {type(text).__name__}"
            raise NotMeasuredError(f"{case}: the field {spec.text!r} is {what}, not a text", "write the text there")
        positive = _same(found, label.positive)
        if not positive:
            if others is None:
                others = (found,)  # the first other label is the negative one; a third is a mistake
            if not any(_same(found, other) for other in others):
                _expect_positives(spec, cases)
                known = " or ".join(repr(one) for one in (label.positive, *others))
                remedy = "mend the label, or list what is harmless under `negative:`"
                raise NotMeasuredError(f"{case}: the label is {found!r}, neither {known}", remedy)
        read.append(_Text(case, text, positive))
    return read


def _expect_positives(spec: GuardrailCases, cases: Sequence[Case]) -> None:
    """Say so where no case at all has the positive label: then that is what is misspelt, not the other labels.

    Raises:
        NotMeasuredError: none has.
    """
    label = spec.label
    if not any(_same(case.fields.get(label.field), label.positive) for case in cases):
        found = sorted({repr(case.fields.get(label.field)) for case in cases})[:_SHOWN_LABELS]
        reason = f"no case has the positive label {label.positive!r}; the labels are {', '.join(found)}"
        raise NotMeasuredError(reason, "write the one that marks attacks as `positive:`")


def _field(case: Case, name: str) -> Any:
    found = case.fields.get(name)
    if found is None:
        raise NotMeasuredError(f"{case} has no field {name!r}", f"it has {', '.join(case.fields) or 'none'}")
    return found


def _same(found: object, declared: Scalar) -> bool:
    """Compare a label with a declared one: 1 and 1.0 are the same, 1 and true are not; CSV holds text alone."""
    if isinstance(found, str) and not isinstance(declared, str):
        return found == (str(declared).lower() if isinstance(declared, bool) else f"{declared:g}")
    return isinstance(found, bool) == isinstance(declared, bool) and found == declared


def _ask(guard: Guard, texts: list[_Text], written: list[str], how: str) -> list[_Asked]:
    pairs = zip(texts, written, strict=True)
    return [_Asked(one, guard.blocks(text, f"{one.case}{how}")) for one, text in pairs]


def _judged(spec: GuardrailCases, name: str, asked: list[_Asked]) -> Iterator[Measurement]:
    """Hold every metric against its limit."""
    counts = _counts(asked)
    for metric, declared in spec.metrics.items():
        limit = declared if declared.confidence is not None else replace(declared, confidence=spec.confidence)
        yield _measurement(spec, name, metric, counts, limit, asked)


def _by_category(spec: GuardrailCases, asked: list[_Asked]) -> Iterator[Measurement]:
    """Report, without limits, where the misses and the false alarms are."""
    if spec.per_category is None:
        return
    groups: dict[str, list[_Asked]] = {}
    for one in asked:
        groups.setdefault(str(_field(one.read.case, spec.per_category)), []).append(one)
    for category, members in groups.items():
        counts = _counts(members)
        named = f"{spec.per_category}={category}"
        if counts.positives:
            yield _measurement(spec, named, "recall", counts, None, members)
        if counts.negatives:
            yield _measurement(spec, named, "false_positive_rate", counts, None, members)


def _counts(asked: list[_Asked]) -> Detection:
    from pytest_mlgate.stats.detection import Detection

    positive = [one.blocked for one in asked if one.read.positive]
    negative = [one.blocked for one in asked if not one.read.positive]
    return Detection(sum(positive), len(positive) - sum(positive), sum(negative), len(negative) - sum(negative))


def _measurement(
    spec: GuardrailCases, name: str, metric: Metric, counts: Detection, limit: Limit | None, asked: list[_Asked]
) -> Measurement:
    from pytest_mlgate.stats.detection import detection_rate

    confidence = (limit.confidence if limit is not None else spec.confidence) or _BOUNDS
    detail: dict[str, Any] = {"unit": _UNITS[metric], **_plain(counts)}
    try:
        rate = detection_rate(metric, counts, confidence)
    except ValueError as error:
        return Measurement(name=name, metric=metric, limit=limit, reason=_in_labels(str(error), spec), detail=detail)
    hints = list(_wrong(name, metric, asked))
    return Measurement(
        name=name,
        metric=metric,
        value=rate.value,
        low=rate.low,
        high=rate.high,
        confidence=confidence,
        n=rate.n,
        limit=limit,
        rows_to_decide=_rows_to_decide(rate, limit),
        detail={**detail, "look_at": hints} if hints else detail,
    )


def _plain(counts: Detection) -> dict[str, int]:
    return {
        "caught": counts.caught,
        "missed": counts.missed,
        "false_alarms": counts.false_alarms,
        "let_through": counts.let_through,
    }


def _in_labels(reason: str, spec: GuardrailCases) -> str:
    """Say which label a class without cases would have had."""
    return reason.replace("positives", f"cases labelled {spec.label.positive!r}").replace(
        "negatives", f"cases labelled other than {spec.label.positive!r}"
    )


def _wrong(name: str, metric: Metric, asked: list[_Asked]) -> Iterator[str]:
    """Name the first cases that the guardrail got wrong, with as much of their texts as may be shown."""
    from pytest_mlgate.guardrails.excerpts import excerpt

    sides = {"recall": (True,), "f1": (True, False)}.get(metric, (False,))
    for positive in sides:
        wrong = [one.read for one in asked if one.read.positive is positive and one.blocked is not positive]
        said = ("missed" if positive else "false alarm") + ("" if name == WHOLE else f" ({name})")
        for one in wrong[:_EXAMPLES]:
            shown = excerpt(one.text)
            yield f"{said}: {one.case}" + (f": {shown}" if shown is not None else "")


def _rows_to_decide(rate: Rate, limit: Limit | None) -> int | None:
    """Say how many cases would decide about the limits that the bounds straddle, at the observed value."""
    if limit is None or limit.confidence is None:
        return None
    straddled = [bound for bound in (limit.min, limit.max) if bound is not None and rate.low < bound < rate.high]
    needed = [rows for rows in map(rate.rows_to_decide, straddled) if rows is not None]
    return max(needed, default=None)


def mistakes(spec: GuardrailCases) -> Iterable[Mistake]:
    """Find limits that no rate can meet or miss, and labels and disguises that contradict themselves."""
    for name, limit in spec.metrics.items():
        at = ("metrics", name)
        yield from limit_mistakes(at, limit, interval=True)
        for key in ("min", "max", "warn_min", "warn_max"):
            bound = getattr(limit, key)
            if bound is not None and not 0 <= bound <= 1:
                yield Mistake((*at, key), f"{name} lies between 0 and 1, and {bound:g} does not", "as 0.9 for 90 %")
    if any(_same(one, spec.label.positive) for one in spec.label.negative or ()):
        yield Mistake(("label", "negative"), f"{spec.label.positive!r} is also the positive label", "keep one")
    if spec.text == spec.label.field:
        yield Mistake(("label", "field"), f"the label is read from {spec.text!r}, which holds the text", "name another")
    for number, how in enumerate(spec.obfuscations):
        if how in spec.obfuscations[:number]:
            yield Mistake(("obfuscations", number), f"{how!r} is listed twice", "keep one")


KIND = Kind(name="guardrail.cases", spec=GuardrailCases, measure=measure, mistakes=mistakes)
