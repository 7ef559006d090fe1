"""The only decider: `judge`, and the policy that follows it."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from pytest_mlgate.outcome import Policy, settle
from pytest_mlgate.verdict import (
    Check,
    Limit,
    Measurement,
    Outcome,
    Verdict,
    Waiver,
    check,
    judge,
    resolve,
    result_from_json,
    to_json,
    worst,
)

finite = st.floats(-1e6, 1e6)
widths = st.floats(0, 1e5)
ORDER = [Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL]


@st.composite
def measurements(draw, *, limit=None):
    """A measured value with bounds around it, tested or not."""
    value = draw(finite)
    confidence = draw(st.sampled_from([None, 0.9, 0.95]))
    tested = draw(st.booleans())
    bounds = Limit(max=draw(finite), confidence=confidence) if limit is None else limit
    return Measurement(
        name="*",
        metric="m",
        value=value,
        low=value - draw(widths),
        high=value + draw(widths),
        confidence=bounds.confidence,
        n=draw(st.integers(1, 10**9)),
        limit=bounds,
        alpha=0.01 if tested else None,
        p_adjusted=draw(st.floats(0, 1)) if tested else None,
        detectable=draw(st.one_of(st.none(), finite)),
    )


def shifted(measurement, by):
    """Move the value and its bounds together."""
    return replace(measurement, value=measurement.value + by, low=measurement.low + by, high=measurement.high + by)


def mirrored(measurement):
    """Turn an upper limit into the lower one of the negated number."""
    limit = measurement.limit
    detectable = -measurement.detectable if measurement.detectable is not None else None
    return replace(
        measurement,
        value=-measurement.value,
        low=-measurement.high,
        high=-measurement.low,
        detectable=detectable,
        limit=Limit(min=-limit.max, confidence=limit.confidence),
    )


@given(measurements(), st.floats(0, 1e6))
def test_verdicts_are_monotone_in_the_value(measurement, by):
    """A larger value never does better against an upper limit."""
    assert ORDER.index(judge(shifted(measurement, by)).verdict) >= ORDER.index(judge(measurement).verdict)


@given(measurements())
def test_min_and_max_are_mirror_images(measurement):
    """A lower limit judges the negated number exactly as an upper limit judges the number."""
    assert judge(mirrored(measurement)).verdict is judge(measurement).verdict


@given(measurements(), st.floats(0, 1e6))
def test_a_looser_limit_never_does_worse(measurement, by):
    """Raising an upper limit never turns a better verdict into a worse one."""
    looser = replace(measurement, limit=replace(measurement.limit, max=measurement.limit.max + by))
    assert ORDER.index(judge(looser).verdict) <= ORDER.index(judge(measurement).verdict)


@given(
    measurements(),
    st.sampled_from(
        [
            {"value": None},
            {"value": math.nan},
            {"value": math.inf},
            {"value": -math.inf},
            {"n": 0},
            {"n": -1},
            {"n_reference": 0},
            {"reason": "it raised"},
            {"limit": Limit(max=math.nan)},
            {"limit": Limit(min=math.nan)},
            {"limit": Limit(max_drop=0.1)},
            {"limit": Limit(max_drop=0.1), "baseline": math.nan},
            {"limit": Limit(min_ratio=0.9), "baseline": 0.0},
            {"limit": Limit(max=1.0, confidence=0.8), "confidence": 0.95},
            {"limit": Limit(max=1.0, confidence=0.95), "confidence": 0.95, "low": None},
            {"limit": Limit(max=1.0, confidence=0.95), "confidence": 0.95, "high": math.nan},
            {"limit": Limit(max=1.0, confidence=0.95), "confidence": 0.95, "low": 1.0, "high": 0.0},
            {"alpha": 0.05, "p_adjusted": None},
            {"alpha": 0.05, "p_adjusted": math.nan},
            {"detectable": math.nan},
        ],
    ),
)
def test_what_was_not_measured_never_passes(measurement, damage):
    """Empty, NaN, infinite, missing or errored measurements are NOT_MEASURED, whatever the limit."""
    judgement = judge(replace(measurement, **damage))
    assert judgement.verdict is Verdict.NOT_MEASURED
    assert judgement.reason


@given(finite, st.sampled_from([None, Limit(), Limit(confidence=0.9)]))
def test_a_check_without_a_limit_only_informs(value, limit):
    """No limit, no claim."""
    found = Measurement(name="*", metric="m", value=value, limit=limit, low=value, high=value, confidence=0.9)
    assert judge(found).verdict is Verdict.INFO


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.10, 0.19, "PASS"), (0.10, 0.20, "PASS"), (0.19, 0.21, "INCONCLUSIVE"), (0.21, 0.30, "FAIL")],
)
def test_with_confidence_the_bound_on_the_limited_side_decides(low, high, expected):
    """PASS needs the far bound within the limit, FAIL the near bound beyond it."""
    limit = Limit(max=0.2, confidence=0.95)
    value = (low + high) / 2
    found = Measurement(name="*", metric="m", value=value, low=low, high=high, confidence=0.95, n=10, limit=limit)
    assert judge(found).verdict == expected


@pytest.mark.parametrize(
    ("value", "p", "detectable", "expected"),
    [
        (0.30, 0.001, 0.1, "FAIL"),
        (0.30, 0.200, 0.1, "INCONCLUSIVE"),
        (0.10, 0.001, 0.1, "PASS"),
        (0.10, 0.500, 0.9, "INCONCLUSIVE"),
        (0.10, 0.001, 0.9, "INCONCLUSIVE"),
        (0.30, 0.001, 0.9, "FAIL"),
    ],
)
def test_a_tested_claim_fails_only_when_significant_and_passes_only_with_power(value, p, detectable, expected):
    """Drift's rule: beyond the limit and significant; within it and able to have shown a breach."""
    found = Measurement(
        name="x", metric="psi", value=value, n=9, limit=Limit(max=0.2), alpha=0.01, p_adjusted=p, detectable=detectable
    )
    assert judge(found).verdict == expected


@pytest.mark.parametrize(
    ("limit", "baseline", "expected"),
    [
        (Limit(max_drop=0.01), 0.8, (0.79, None)),
        (Limit(max_drop="2%"), 0.8, (0.784, None)),
        (Limit(max_drop="2%"), -0.8, (-0.816, None)),
        (Limit(max_rise="50%"), 4.0, (None, 6.0)),
        (Limit(min_ratio=0.9, max_ratio=1.5), 10.0, (9.0, 15.0)),
        (Limit(min=0.5, max_drop=0.1), 0.55, (0.5, None)),
        (Limit(max=1.0, max_rise=0.1), 2.0, (None, 1.0)),
    ],
)
def test_relative_limits_resolve_against_the_baseline(limit, baseline, expected):
    """Absolute, percent and ratio limits become plain bounds; the stricter of two on a side stands."""
    assert resolve(limit, baseline) == pytest.approx(expected)


def test_a_relative_limit_without_a_baseline_cannot_be_resolved():
    """Asking for it is an error of the caller, not a silent pass."""
    with pytest.raises(ValueError, match="baseline"):
        resolve(Limit(max_drop=0.1), None)


def test_an_absent_optional_baseline_is_not_applicable():
    """The first release has nothing to be compared with."""
    assert judge(Measurement(name="*", metric="m", applicable=False)).verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(("value", "warned"), [(0.05, False), (0.15, True), (0.25, True)])
def test_a_warning_band_warns_without_changing_the_verdict(value, warned):
    """Between warn_max and max the verdict is PASS, with a warning beside it."""
    judgement = judge(Measurement(name="*", metric="m", value=value, n=5, limit=Limit(warn_max=0.1, max=0.2)))
    assert judgement.warned is warned
    assert judgement.verdict is (Verdict.FAIL if value > 0.2 else Verdict.PASS)


def test_a_warning_band_alone_never_fails():
    """`warn_max` without `max` can only warn."""
    judgement = judge(Measurement(name="*", metric="m", value=9.0, n=5, limit=Limit(warn_max=0.1)))
    assert (judgement.verdict, judgement.warned) == (Verdict.PASS, True)


def test_an_insignificant_difference_does_not_warn():
    """Noise above the warning band is not worth a warning."""
    found = Measurement(name="x", metric="psi", value=0.15, n=50, limit=Limit(warn_max=0.1), alpha=0.01, p_adjusted=0.4)
    assert not judge(found).warned


def test_the_worst_check_is_the_gates_verdict():
    """FAIL > NOT_MEASURED > INCONCLUSIVE > PASS; no check at all is not measured."""
    assert worst([Verdict.PASS, Verdict.NOT_MEASURED, Verdict.FAIL]) is Verdict.FAIL
    assert worst([Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.NOT_MEASURED]) is Verdict.NOT_MEASURED
    assert worst([Verdict.INFO, Verdict.PASS, Verdict.INCONCLUSIVE]) is Verdict.INCONCLUSIVE
    assert worst([Verdict.INFO, Verdict.NOT_APPLICABLE]) is Verdict.NOT_APPLICABLE
    assert worst([]) is Verdict.NOT_MEASURED


def test_limits_that_contradict_themselves_say_so():
    """min above max, and warning bands that could never be left."""
    assert Limit(min=2, max=1).contradictions()
    assert Limit(max=1, warn_max=2).contradictions()
    assert Limit(min=1, warn_min=0).contradictions()
    assert not Limit(min=0, warn_min=0.1, warn_max=0.9, max=1).contradictions()


# --- policy -----------------------------------------------------------------------------------------------------------

TODAY = dt.date(2026, 6, 15)
VALUES = {
    "PASS": {"value": 1.0},
    "WARN": {"value": 2.5},
    "FAIL": {"value": 9.0},
    "NOT_MEASURED": {"value": None},
    "INCONCLUSIVE": {"value": 2.0, "alpha": 0.01, "p_adjusted": 0.5, "detectable": 5.0},
    "NOT_APPLICABLE": {"applicable": False},
}


def checks(*words):
    """Checks named a, b, … of the verdicts asked for, each made by `judge`."""
    limit = Limit(max=3.0, warn_max=2.2)
    return tuple(
        check(Measurement(name="abcd"[i], metric="m", n=10, limit=limit, **VALUES[word]))
        for i, word in enumerate(words)
    )


def waiver(until="2026-12-31", *names):
    return Waiver(until=dt.date.fromisoformat(until), reason="known", checks=names or None)


POLICY_TABLE = [
    # found                        inconclusive severity  waiver                    outcome
    (["PASS"],                     "fail",    "error",   None,                      "passed"),
    (["WARN"],                     "fail",    "error",   None,                      "warned"),
    (["FAIL"],                     "fail",    "error",   None,                      "failed"),
    (["FAIL"],                     "fail",    "warning", None,                      "warned"),
    (["NOT_MEASURED"],             "fail",    "error",   None,                      "errored"),
    (["NOT_MEASURED"],             "pass",    "warning", waiver(),                  "errored"),
    (["NOT_APPLICABLE"],           "fail",    "error",   None,                      "passed"),
    (["INCONCLUSIVE"],             "fail",    "error",   None,                      "failed"),
    (["INCONCLUSIVE"],             "warning", "error",   None,                      "warned"),
    (["INCONCLUSIVE"],             "pass",    "error",   None,                      "passed"),
    (["INCONCLUSIVE"],             "fail",    "warning", None,                      "warned"),
    (["FAIL"],                     "fail",    "error",   waiver(),                  "waived"),
    (["FAIL"],                     "fail",    "warning", waiver(),                  "waived"),
    (["INCONCLUSIVE"],             "fail",    "error",   waiver(),                  "waived"),
    (["INCONCLUSIVE"],             "warning", "error",   waiver(),                  "warned"),
    (["FAIL"],                     "fail",    "error",   waiver("2026-06-15"),      "waived"),
    (["FAIL"],                     "fail",    "error",   waiver("2026-06-14"),      "failed"),
    (["FAIL"],                     "fail",    "warning", waiver("2026-06-14"),      "warned"),
    (["FAIL", "PASS"],             "fail",    "error",   waiver("2026-12-31", "a"), "waived"),
    (["FAIL", "FAIL"],             "fail",    "error",   waiver("2026-12-31", "a"), "failed"),
    (["FAIL", "NOT_MEASURED"],     "fail",    "error",   waiver(),                  "errored"),
    (["FAIL", "NOT_MEASURED"],     "fail",    "warning", None,                      "errored"),
    (["FAIL", "NOT_MEASURED"],     "fail",    "error",   None,                      "failed"),
    (["INCONCLUSIVE", "NOT_MEASURED"], "fail", "error",  None,                      "errored"),
    (["PASS", "INCONCLUSIVE"],     "warning", "error",   None,                      "warned"),
    ([],                           "pass",    "warning", waiver(),                  "errored"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "inconclusive", "severity", "waived", "expected"), POLICY_TABLE)
def test_policy_is_applied_in_order_and_check_by_check(found, inconclusive, severity, waived, expected):
    """First `inconclusive`, then the waiver, then severity; nothing ever covers an unmeasured check."""
    policy = Policy(inconclusive=inconclusive, severity=severity, waiver=waived)
    assert settle(checks(*found), policy, TODAY).outcome == expected


@pytest.mark.parametrize(
    ("found", "waived", "said"),
    [
        (["FAIL"], waiver("2026-06-14"), "expired"),
        (["PASS"], waiver(), "not needed any more"),
        (["FAIL"], waiver("2026-12-31", "zz"), "no check of this gate"),
        (["FAIL"], waiver(), None),
        (["FAIL"], None, None),
    ],
)
def test_a_waiver_that_does_not_apply_is_spoken_of(found, waived, said):
    """Expired, superfluous and misnamed waivers leave a note."""
    notes = settle(checks(*found), Policy(waiver=waived), TODAY).notes
    assert any(said in note for note in notes) if said else not notes


@given(
    st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3),
    st.sampled_from(["fail", "warning", "pass"]),
    st.sampled_from(["error", "warning"]),
    st.sampled_from([None, waiver(), waiver("2026-06-14")]),
)
def test_no_policy_turns_an_unmeasured_gate_green(found, inconclusive, severity, waived):
    """With an unmeasured check the outcome is failed or errored under every policy."""
    policy = Policy(inconclusive=inconclusive, severity=severity, waiver=waived)
    outcome = settle(checks(*found, "NOT_MEASURED"), policy, TODAY).outcome
    assert outcome in (Outcome.errored, Outcome.failed)


@given(measurements())
def test_checks_survive_json(measurement):
    """What crosses from a worker to the controller comes back as it was, at full precision."""
    from pytest_mlgate.verdict import GateResult

    result = GateResult(
        node_id="f::g", file="f", line=3, name="n", id="g", kind="k", verdict="PASS", outcome="passed",
        checks=(check(measurement),),
    )  # fmt: skip
    back = result_from_json(to_json(result))
    assert asdict(back.checks[0]) == asdict(result.checks[0])
    assert isinstance(back.checks[0], Check)


def test_what_is_said_to_be_undecided_is_whatever_the_numbers():
    """One of a family that is too small neither passes nor fails, measured or not; without a limit it is reported."""
    for value in (None, 0.1, 0.9):
        found = Measurement(name="x", metric="m", value=value, n=3, limit=Limit(max=0.5), undecided="3 rows")
        assert judge(found).verdict is Verdict.INCONCLUSIVE
        assert check(found).reason == "3 rows"
    assert judge(Measurement(name="x", metric="m", value=0.1, n=3, undecided="3 rows")).verdict is Verdict.INFO
