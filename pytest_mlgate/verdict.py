"""What was found: measurements, limits, and the verdict that follows from the two. The only module that decides.

Everything here is a frozen value or a pure function of such values, so that a decision can be tested exhaustively and
replayed from a report. What policy then makes of a verdict is another word, the *outcome*, and another module.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from pytest_mlgate.baselines import Proposal

if TYPE_CHECKING:
    from collections.abc import Iterator

Number = float | int
Percent = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?%$", description='a share of the baseline, as "2%"')]
Change = float | Percent
Confidence = Annotated[float, Meta(ge=0.5, lt=1.0, description="one-sided confidence of each bound, as 0.95")]
Severity = Literal["error", "warning"]


class Verdict(StrEnum):
    """What a check or a gate found."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_MEASURED = "NOT_MEASURED"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    SKIPPED = "SKIPPED"
    INFO = "INFO"


class Outcome(StrEnum):
    """What the pipeline does about it."""

    passed = "passed"
    warned = "warned"
    waived = "waived"
    skipped = "skipped"
    errored = "errored"
    failed = "failed"


_WORST_FIRST = (
    Verdict.FAIL,
    Verdict.NOT_MEASURED,
    Verdict.INCONCLUSIVE,
    Verdict.PASS,
    Verdict.SKIPPED,
    Verdict.NOT_APPLICABLE,
    Verdict.INFO,
)
_BADNESS = {verdict: len(_WORST_FIRST) - rank for rank, verdict in enumerate(_WORST_FIRST)}
_SAME = 1e-12


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a number must satisfy. `min` and `max` are inclusive; the name carries the direction.

    `max_drop` and `max_rise` are absolute or a share of the baseline ("2%"); the ratios multiply it.
    """

    min: float | None = None
    max: float | None = None
    warn_min: float | None = None
    warn_max: float | None = None
    max_drop: Change | None = None
    max_rise: Change | None = None
    min_ratio: Annotated[float, Meta(gt=0)] | None = None
    max_ratio: Annotated[float, Meta(gt=0)] | None = None
    confidence: Confidence | None = None

    @property
    def relative(self) -> bool:
        """Whether the limit speaks of a baseline."""
        return any(part is not None for part in (self.max_drop, self.max_rise, self.min_ratio, self.max_ratio))

    @property
    def decides(self) -> bool:
        """Whether the limit can tell PASS from FAIL (a warning band alone can only say PASS)."""
        return any(part is not None for part in (self.min, self.max, self.warn_min, self.warn_max)) or self.relative

    def contradictions(self) -> list[str]:
        """Say what no number could satisfy, or what could never matter."""
        found = []
        if self.min is not None and self.max is not None and self.min > self.max:
            found.append(f"min {self.min:g} is above max {self.max:g}: nothing can pass")
        if self.max is not None and self.warn_max is not None and self.warn_max > self.max:
            found.append(f"warn_max {self.warn_max:g} is above max {self.max:g}: it would never warn")
        if self.min is not None and self.warn_min is not None and self.warn_min < self.min:
            found.append(f"warn_min {self.warn_min:g} is below min {self.min:g}: it would never warn")
        return found


class Measurement(Struct, frozen=True, kw_only=True):
    """One measured number and all that is known about it.

    Args:
        name: what it speaks of: a column, a slice, an attribute, a case group; `*` for the whole.
        metric: what was measured.
        value: the number; `None` or not finite when it could not be had (say why in `reason`).
        low: one-sided lower bound at `confidence`.
        high: one-sided upper bound at `confidence`.
        confidence: of each bound; `None` when there is no interval.
        n: how many rows, cases or calls it stands on; 0 is an empty measurement.
        n_reference: the same for the reference, where there is one.
        limit: what it must satisfy; `None` reports only.
        baseline: what relative limits start from. Paired bounds are given as `baseline + bound of the difference`.
        p_value: of the test behind the claim, raw.
        p_adjusted: after correction for the gate's family of claims.
        alpha: the level of that test; its presence makes FAIL need significance.
        detectable: the smallest value that these data would have shown with 80 % power.
        rows_to_decide: how many rows would decide at the observed value.
        applicable: false when there is nothing to compare with yet (an optional baseline).
        undecided: why these data cannot tell, whatever the numbers: one of a family for which too little is known.
        reason: why there is no value.
        detail: anything else worth reading, JSON-able.
    """

    name: str
    metric: str
    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    confidence: float | None = None
    n: int | None = None
    n_reference: int | None = None
    limit: Limit | None = None
    baseline: float | None = None
    p_value: float | None = None
    p_adjusted: float | None = None
    alpha: float | None = None
    detectable: float | None = None
    rows_to_decide: int | None = None
    applicable: bool = True
    undecided: str | None = None
    reason: str | None = None
    detail: dict[str, Any] = {}


class Judgement(Struct, frozen=True):
    """A verdict, whether a warning band was left, and why a verdict is not the plain one."""

    verdict: Verdict
    warned: bool = False
    reason: str | None = None


class Check(Measurement, frozen=True, kw_only=True):
    """A measurement that was judged; `outcome` is what the gate's policy made of it."""

    verdict: Verdict
    warned: bool = False
    outcome: Outcome = Outcome.passed


class Waiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A written exception: who reads the file sees until when and why. `checks` narrows it by check name."""

    until: dt.date
    reason: Annotated[str, Meta(min_length=1)]
    issue: str | None = None
    checks: tuple[str, ...] | None = None

    def covers(self, check: Check) -> bool:
        """Whether the waiver speaks of this check."""
        return self.checks is None or check.name in self.checks


class FileStamp(Struct, frozen=True, kw_only=True):
    """The state of one file when it was read: enough to tell later whether it is still the same."""

    path: str
    size: int
    mtime_ns: int
    sha256: str | None = None


class InputRecord(Struct, frozen=True, kw_only=True):
    """What a gate measured on.

    Args:
        role: what it was used for.
        name: of the file, table, fixture, model, ….
        rows: how many, where it has rows.
        sha256: of its file, or of the names and hashes of all its files.
        files: its files as they were.
        pattern: the pattern or folder that stood for these files, and may stand for others later.
        note: what every report must say of it, as that it is a sample.
        unsettled: why nothing may be promoted on it.
    """

    role: str
    name: str
    rows: int | None = None
    sha256: str | None = None
    files: tuple[FileStamp, ...] = ()
    pattern: str | None = None
    note: str | None = None
    unsettled: str | None = None


class GateResult(Struct, frozen=True, kw_only=True):
    """Everything that is known about one gate after it ran; the unit that reports and promotion read."""

    node_id: str
    file: str
    line: int
    name: str
    id: str
    params: str | None = None
    kind: str
    description: str | None = None
    severity: Severity = "error"
    verdict: Verdict
    outcome: Outcome
    reason: str | None = None
    remedy: str | None = None
    notes: tuple[str, ...] = ()
    waiver: Waiver | None = None
    duration_s: float = 0.0
    inputs: tuple[InputRecord, ...] = ()
    checks: tuple[Check, ...] = ()
    proposal: Proposal | None = None


class Promotion(Struct, frozen=True, kw_only=True):
    """What became of one `promote:` block."""

    file: str
    outcome: Literal["promoted", "refused", "dry_run", "rolled_back"]
    reason: str | None = None
    registry: str | None = None
    model: str | None = None
    version: int | None = None
    alias: str | None = None
    previous: int | None = None
    evidence: str | None = None


def judge(measurement: Measurement) -> Judgement:
    """Hold one measurement against its limit.

    The order matters and is the promise: what was not measured never passes, whatever the limit; then, for each
    limited side, the bound on that side decides when the limit names a `confidence`, the value itself otherwise. A
    claim that rests on a test (`alpha`) fails only when it is significant, and passes only when the data could have
    shown a breach.
    """
    if not measurement.applicable:
        return Judgement(Verdict.NOT_APPLICABLE, reason=measurement.reason)
    if measurement.undecided is not None and measurement.limit is not None and measurement.limit.decides:
        return Judgement(Verdict.INCONCLUSIVE, reason=measurement.undecided)
    unmeasured = _why_unmeasured(measurement)
    if unmeasured is not None:
        return Judgement(Verdict.NOT_MEASURED, reason=unmeasured)
    limit = measurement.limit
    if limit is None or not limit.decides:
        return Judgement(Verdict.INFO)
    lower, upper = resolve(limit, measurement.baseline)
    value = float(measurement.value)  # type: ignore[arg-type] # None is unmeasured
    low, high = measurement.low, measurement.high
    significant = measurement.alpha is None or (measurement.p_adjusted or 0.0) <= measurement.alpha
    sides = [Verdict.PASS]
    if upper is not None:
        sides.append(_judge_side(value, low, high, upper, measurement.detectable, limit.confidence, significant))
    if lower is not None:
        mirrored = -high if high is not None else None, -low if low is not None else None
        detectable = -measurement.detectable if measurement.detectable is not None else None
        sides.append(_judge_side(-value, *mirrored, -lower, detectable, limit.confidence, significant))
    outside_band = (limit.warn_max is not None and value > limit.warn_max) or (
        limit.warn_min is not None and value < limit.warn_min
    )
    return Judgement(max(sides, key=_BADNESS.__getitem__), warned=outside_band and significant)


def _judge_side(
    value: float,
    low: float | None,
    high: float | None,
    limit: float,
    detectable: float | None,
    confidence: float | None,
    significant: bool,  # noqa: FBT001 - positional like its neighbours, all from one call site
) -> Verdict:
    """Judge one upper limit (a lower one comes mirrored): breach, within, or in between."""
    breached, within = value > limit, value <= limit
    if confidence is not None and low is not None and high is not None:
        breached, within = breached and low > limit, within and high <= limit
    if breached:
        return Verdict.FAIL if significant else Verdict.INCONCLUSIVE
    if not within or (detectable is not None and detectable > limit):
        return Verdict.INCONCLUSIVE
    return Verdict.PASS


def _why_unmeasured(measurement: Measurement) -> str | None:
    """Say what is missing before a verdict can be spoken at all; None when nothing is."""
    if measurement.reason is not None:
        return measurement.reason
    limit = measurement.limit or Limit()
    obstacles = (_of_the_value(measurement), _of_the_limit(limit, measurement), _of_the_test(measurement))
    return next((obstacle for found in obstacles for obstacle in found), None)


def _of_the_value(measurement: Measurement) -> Iterator[str]:
    if measurement.n is not None and measurement.n <= 0:
        yield "there are no rows to measure"
    if measurement.n_reference is not None and measurement.n_reference <= 0:
        yield "there are no reference rows to measure against"
    if measurement.value is None:
        yield "undefined"
    elif not isfinite(measurement.value):
        yield f"the value is {measurement.value}, which is no number"


def _of_the_limit(limit: Limit, measurement: Measurement) -> Iterator[str]:
    bounds = (limit.min, limit.max, limit.warn_min, limit.warn_max)
    if not all(isfinite(bound) for bound in bounds if bound is not None):
        yield "the limit is no finite number"
    if limit.confidence is not None:
        low, high = measurement.low, measurement.high
        if low is None or high is None or not (isfinite(low) and isfinite(high)) or low > high:
            yield "there is no confidence interval to hold against the limit"
        if measurement.confidence is None or abs(measurement.confidence - limit.confidence) > _SAME:
            yield f"the interval was made at confidence {measurement.confidence}, the limit wants {limit.confidence}"
    if limit.relative:
        baseline = measurement.baseline
        if baseline is None or not isfinite(baseline):
            yield "there is no baseline value for a limit that is relative to one"
        elif baseline <= 0 and (limit.min_ratio is not None or limit.max_ratio is not None):
            yield f"a ratio to the baseline value {baseline:g} means nothing"


def _of_the_test(measurement: Measurement) -> Iterator[str]:
    p_value = measurement.p_adjusted
    if measurement.alpha is not None and (p_value is None or not isfinite(p_value)):
        yield "the significance test gave no p-value"
    if measurement.detectable is not None and not isfinite(measurement.detectable):
        yield "the smallest detectable value is undefined"


def resolve(limit: Limit, baseline: float | None) -> tuple[float | None, float | None]:
    """Turn a limit into absolute lower and upper bounds, given the baseline that relative parts start from.

    Raises:
        ValueError: a relative part without a baseline.
    """
    if limit.relative and baseline is None:
        raise ValueError("a relative limit needs a baseline")
    base = baseline if baseline is not None else 0.0
    lows = [limit.min]
    highs = [limit.max]
    if limit.max_drop is not None:
        lows.append(base - _amount(limit.max_drop, base))
    if limit.max_rise is not None:
        highs.append(base + _amount(limit.max_rise, base))
    if limit.min_ratio is not None:
        lows.append(base * limit.min_ratio)
    if limit.max_ratio is not None:
        highs.append(base * limit.max_ratio)
    lower = max((low for low in lows if low is not None), default=None)
    upper = min((high for high in highs if high is not None), default=None)
    return lower, upper


def _amount(change: Change, baseline: float) -> float:
    return abs(baseline) * float(change[:-1]) / 100.0 if isinstance(change, str) else float(change)


def check(measurement: Measurement) -> Check:
    """Judge a measurement and keep the judgement beside it."""
    judgement = judge(measurement)
    fields = {name: getattr(measurement, name) for name in measurement.__struct_fields__}
    fields["reason"] = judgement.reason
    return Check(**fields, verdict=judgement.verdict, warned=judgement.warned)


def worst(verdicts: list[Verdict]) -> Verdict:
    """Give the verdict that a gate with these checks has; no checks at all is NOT_MEASURED."""
    return max(verdicts, key=_BADNESS.__getitem__, default=Verdict.NOT_MEASURED)


def to_json(value: Struct) -> str:
    """Encode any value of this module as JSON: full precision, NaN and infinities as null."""
    return msgspec.json.encode(value).decode()


def result_from_json(text: str | bytes) -> GateResult:
    """Read back a `GateResult` that `to_json` wrote."""
    return msgspec.json.decode(text, type=GateResult)
