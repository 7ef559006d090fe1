"""The policy refuses whatever is not known to be good, and says why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from promote_making import FILE, WAIVER, check, facts, node, passing, promote_block, result, without

from pytest_mlgate.promote.policy import concessions, refusals, required_results
from pytest_mlgate.verdict import InputRecord, Outcome, Verdict

FAIL, PASS, INFO = Verdict.FAIL, Verdict.PASS, Verdict.INFO
INCONCLUSIVE, NOT_MEASURED = Verdict.INCONCLUSIVE, Verdict.NOT_MEASURED
QUALITY = node("quality")


def _reports(*checks, **more):
    """Spoil the session by what `quality` reports."""

    def spoil(file, session):
        return file, replace(session, results={**session.results, QUALITY: result("quality", *checks, **more)})

    return spoil


def _session(**more):
    return lambda file, session: (file, replace(session, **more))


def _unreported(file, session):
    return file, without(session, QUALITY)


def _requires(*gates):
    return lambda file, session: (replace(file, promote=replace(file.promote, requires=gates)), session)


def _uncollected(file, session):
    extra = result("quality[b]")
    return file, replace(session, results={**session.results, extra.node_id: extra})


def _no_checks(file, session):
    empty = replace(result("quality"), checks=(), verdict=PASS)
    return file, replace(session, results={**session.results, QUALITY: empty})


def _without_tests(file, session):
    return replace(file, expected={**file.expected, "quality": ()}), without(session, QUALITY)


# What happened, and words of the only reason that it must give.
CAUSES = {
    "failed": (_reports(check(FAIL), outcome=Outcome.failed), "gate 'quality' failed (roc_auc)"),
    "failed, whatever its checks say": (_reports(outcome=Outcome.failed), "gate 'quality' failed"),
    "a FAIL that nothing excuses": (_reports(check(), check(FAIL, "age"), verdict=FAIL), "failed (roc_auc of age)"),
    "a FAIL verdict without a check": (_reports(verdict=FAIL), "gate 'quality' failed"),
    "errored": (
        _reports(check(NOT_MEASURED), outcome=Outcome.errored, reason="no rows", remedy="get some"),
        "gate 'quality' could not be measured (roc_auc): no rows (get some)",
    ),
    "an unmeasured check in a gate that passed": (_reports(check(), check(NOT_MEASURED, "age")), "roc_auc of age"),
    "skipped": (
        _reports(verdict=Verdict.SKIPPED, outcome=Outcome.skipped, reason="needs a GPU"),
        "gate 'quality' was skipped: needs a GPU; run it where it can run",
    ),
    "a skipped check": (_reports(check(), check(Verdict.SKIPPED, "age")), "was skipped (roc_auc of age)"),
    "waived": (
        _reports(check(FAIL), outcome=Outcome.waived, waiver=WAIVER),
        "gate 'quality' is waived until 2027-01-31 (new bureau feed, RISK-112); mend what it covers, or write",
    ),
    "inconclusive": (_reports(check(INCONCLUSIVE), outcome=Outcome.failed), "gate 'quality' is inconclusive (roc_auc)"),
    "inconclusive as a warning": (_reports(check(INCONCLUSIVE), outcome=Outcome.warned), "is inconclusive"),
    "inconclusive as a pass": (_reports(check(INCONCLUSIVE)), "is inconclusive"),
    "inconclusive at severity warning": (
        _reports(check(INCONCLUSIVE), outcome=Outcome.warned, severity="warning"),
        "is inconclusive",
    ),
    "one inconclusive check among many": (
        _reports(check(), check(INCONCLUSIVE, "age"), verdict=PASS, outcome=Outcome.warned),
        "gate 'quality' is inconclusive (roc_auc of age); a promotion needs to know, so give it more rows",
    ),
    "an INCONCLUSIVE verdict without a check": (_reports(verdict=INCONCLUSIVE), "gate 'quality' is inconclusive"),
    "nothing limited": (_reports(check(INFO, limit=None)), "gate 'quality' limits nothing"),
    "no checks": (_no_checks, "gate 'quality' limits nothing"),
    "deselected": (
        lambda f, s: (f, replace(without(s, QUALITY), deselected=frozenset({QUALITY}))),
        "gate 'quality' was deselected; run the whole gate file",
    ),
    "unreported": (_unreported, "gate 'quality' did not report; run the whole gate file"),
    "rerun": (_session(rerun=frozenset({QUALITY})), "gate 'quality' was run more than once"),
    "crashed": (
        lambda f, s: (f, replace(without(s, QUALITY), crashed=frozenset({QUALITY}))),
        "gate 'quality' took its worker down",
    ),
    "no test at all": (_without_tests, "gate 'quality' is required but has no test"),
    "requires a gate that is not there": (_requires("contract", "gone"), "gate 'gone' is required but has no test"),
    "requires nothing": (_requires(), "the promotion requires no gate"),
    "another kind": (_reports(kind="data.schema"), "about the kind 'data.schema', and 'model.metrics' was expected"),
    "another gate": (_reports(id="contract"), "about the gate 'contract', and 'quality' was expected"),
    "another node": (_reports(node_id=node("quality[a]")), "about the node"),
    "a result nobody collected": (_uncollected, "gate 'quality[b]' reported a result for required gate 'quality'"),
    "tests failed": (_session(exit_status=1), "exit status 1: tests failed"),
    "interrupted": (_session(exit_status=2), "exit status 2: it was interrupted"),
    "internal error": (_session(exit_status=3), "exit status 3"),
    "usage error": (_session(exit_status=4), "exit status 4"),
    "nothing collected": (_session(exit_status=5), "exit status 5: nothing was collected"),
    "an unknown exit status": (_session(exit_status=77), "exit status 77"),
    "stopped": (_session(stopped="stopping after 1 failures"), "ended early: stopping after 1 failures"),
    "a silent worker": (_session(silent_workers=("gw1",)), "worker gw1 ended without saying"),
    "a disagreement": (_session(disagreements=(FILE,)), f"do not agree on what {FILE} holds"),
}


def test_a_session_in_which_everything_passed_may_promote():
    """Nothing speaks against a promotion whose required gates all reported PASS."""
    assert refusals(facts(), passing()) == ()
    assert concessions(facts(), passing()) == ()


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_alone_refuses_with_one_reason(cause):
    """Every single thing that can be wrong refuses, once, in words that name it."""
    spoil, words = CAUSES[cause]
    (reason,) = refusals(*spoil(facts(), passing()))
    assert words in reason


def test_all_reasons_are_given_at_once():
    """Whoever mends one reason is not surprised by the next."""
    session = passing(
        result("contract", check(FAIL, "age"), check(NOT_MEASURED, "income"), outcome=Outcome.failed),
        result("quality", check(INCONCLUSIVE), outcome=Outcome.warned),
    )
    session = replace(session, exit_status=1, rerun=frozenset({QUALITY}), silent_workers=("gw0", "gw3"))
    reasons = refusals(facts(), session, loosened=("gate 'quality' (line 7): min was lowered",))
    assert [reason.split(";")[0] for reason in reasons] == [
        "the test session ended with exit status 1: tests failed",
        "worker gw0 ended without saying what it had collected, so nobody knows what is missing",
        "worker gw3 ended without saying what it had collected, so nobody knows what is missing",
        "looser than at the base revision: gate 'quality' (line 7): min was lowered",
        "gate 'contract' failed (roc_auc of age)",
        "gate 'contract' could not be measured (roc_auc of income)",
        "gate 'quality' was run more than once",
        "gate 'quality' is inconclusive (roc_auc)",
    ]


def _apply(names, file, session):
    for name in names:
        file, session = CAUSES[name][0](file, session)
    return file, session


# The causes that add a fact to the session, rather than put one report of `quality` in place of another.
_SESSION_FACTS = ["rerun", "a result nobody collected", "tests failed", "stopped", "a silent worker", "a disagreement"]
_CHECKS = st.builds(check, st.sampled_from([FAIL, NOT_MEASURED, INCONCLUSIVE, Verdict.SKIPPED]), st.sampled_from("abc"))


@given(st.lists(st.sampled_from(sorted(CAUSES)), min_size=1, max_size=6))
def test_no_combination_of_causes_promotes(names):
    """However many things are wrong, and in whatever order they come about, there is a reason to refuse."""
    assert refusals(*_apply(names, facts(), passing()))


@given(st.sampled_from(sorted(CAUSES)), st.lists(st.sampled_from(_SESSION_FACTS), max_size=4, unique=True))
def test_further_trouble_takes_no_reason_away(name, further):
    """Adding a bad fact to a session only ever adds reasons."""
    before = _apply([name], facts(), passing())
    after = _apply(further, *before)
    kept = [reason for reason in refusals(*before) if "exit status" not in reason]
    assert set(kept) <= set(refusals(*after))


@given(
    st.lists(_CHECKS, min_size=1),
    st.lists(st.builds(check), max_size=3),
    st.sampled_from([Outcome.passed, Outcome.warned, Outcome.failed, Outcome.errored, Outcome.skipped]),
    st.sampled_from([PASS, INFO, Verdict.NOT_APPLICABLE, FAIL]),
)
def test_a_bad_check_refuses_whatever_the_gate_says_of_itself(bad, good, outcome, verdict):
    """A gate's own outcome and verdict cannot talk a bad check away (at severity error, unwaived)."""
    spoiled = result("quality", *good, *bad, outcome=outcome, verdict=verdict)
    assert refusals(facts(), passing(spoiled))


def test_no_promote_block_refuses():
    """A file that promotes nothing cannot be promoted by accident."""
    assert refusals(facts(promote=None), passing()) == ("the gate file has no `promote:` block",)
    assert required_results(facts(promote=None), passing()) == []


def test_a_fail_at_severity_warning_is_let_through_and_noted():
    """`severity: warning` does not block, and the evidence says what was let through."""
    session = passing(result("quality", check(FAIL), outcome=Outcome.warned, severity="warning"))
    assert refusals(facts(), session) == ()
    (noted,) = concessions(facts(), session)
    assert noted == "gate 'quality' failed (roc_auc) and does not block, since its severity is warning"


@pytest.mark.parametrize("verdict", [FAIL, INCONCLUSIVE])
def test_allow_waived_lets_through_what_the_waiver_covers(verdict):
    """A waiver speaks of FAIL and INCONCLUSIVE; with `allow_waived` both count as passed, and are noted."""
    file = facts(promote=promote_block(allow_waived=True))
    session = passing(result("quality", check(verdict), outcome=Outcome.waived, waiver=WAIVER))
    assert refusals(file, session) == ()
    (noted,) = concessions(file, session)
    assert "counts as passed because `allow_waived` is set: it is waived until 2027-01-31" in noted


@pytest.mark.parametrize("verdict", [FAIL, INCONCLUSIVE, NOT_MEASURED])
def test_allow_waived_covers_no_more_than_the_waiver(verdict):
    """A check that the waiver does not name still refuses beside one that it does."""
    waiver = replace(WAIVER, checks=("age",))
    checks = check(FAIL, "age"), check(verdict, "income")
    session = passing(result("quality", *checks, outcome=Outcome.waived, waiver=waiver))
    (reason,) = refusals(facts(promote=promote_block(allow_waived=True)), session)
    assert "income" in reason
    assert "age" not in reason or verdict is FAIL


def test_allow_waived_without_a_waiver_on_the_result_refuses():
    """An outcome that claims a waiver nobody can see excuses nothing."""
    session = passing(result("quality", check(FAIL), outcome=Outcome.waived))
    (reason,) = refusals(facts(promote=promote_block(allow_waived=True)), session)
    assert "gate 'quality' failed" in reason


def test_no_waiver_covers_what_was_not_measured():
    """A waiver for every check of a gate accepts numbers; where there is none, there is nothing to accept."""
    checks = check(FAIL, "age"), check(NOT_MEASURED, "income")
    session = passing(result("quality", *checks, outcome=Outcome.waived, waiver=WAIVER))
    (reason,) = refusals(facts(promote=promote_block(allow_waived=True)), session)
    assert reason == "gate 'quality' could not be measured (roc_auc of income)"


def test_an_outcome_that_claims_a_waiver_refuses_twice():
    """Waived without a waiver to be seen is both waived and whatever its checks are."""
    session = passing(result("quality", check(FAIL), outcome=Outcome.waived))
    waived, failed = refusals(facts(), session)
    assert waived.startswith("gate 'quality' is waived; mend what it covers")
    assert failed.startswith("gate 'quality' failed")


def test_not_applicable_is_let_through_and_noted():
    """On the first release there is no champion to compare with; that refuses nothing, and is not kept quiet."""
    comparison = check(Verdict.NOT_APPLICABLE, metric="max_drop", limit=None)
    session = passing(result("quality", comparison, check(INFO), reason="no champion yet"))
    assert refusals(facts(), session) == ()
    assert concessions(facts(), session) == ("gate 'quality' is not applicable yet (max_drop): no champion yet",)


def test_loosened_gates_need_to_be_allowed():
    """What is looser than on the base refuses each by each, unless somebody says that it is intended."""
    loosened = ("gate 'quality' (line 7): min was lowered from 0.8 to 0.7", "gate 'fair' was removed")
    assert len(refusals(facts(), passing(), loosened=loosened)) == 2
    assert refusals(facts(), passing(), loosened=loosened, allow_loosened=True) == ()
    noted = concessions(facts(), passing(), loosened=loosened, allow_loosened=True)
    assert [loosened[i] in text for i, text in enumerate(noted)] == [True, True]


def test_gates_that_are_not_required_need_not_pass_but_must_have_run():
    """A gate outside `requires` may be inconclusive; left out, it makes the run a partial one, which never promotes."""
    file = facts(promote=promote_block(requires=("contract",)))
    undecided = passing(result("quality", check(Verdict.INCONCLUSIVE)))
    assert refusals(file, undecided) == ()
    assert [one.id for one in required_results(file, undecided)] == ["contract"]
    partial = replace(without(passing(), QUALITY), deselected=frozenset({QUALITY}))
    assert len(refusals(file, partial)) == 1


def test_what_pytest_skipped_or_expected_to_fail_refuses():
    """A gate that was overruled from outside the gate file did not pass."""
    (reason,) = refusals(facts(), replace(passing(), overruled=frozenset({QUALITY})))
    assert "quality" in reason


def test_every_parameter_set_counts():
    """A required gate fed by a parametrised fixture passes only if each of its tests does."""
    file = facts(expected={"contract": (node("contract"),), "quality": (node("quality[a]"), node("quality[b]"))})
    session = without(passing(result("quality[a]")), QUALITY)
    (reason,) = refusals(file, session)
    assert reason.startswith("gate 'quality[b]' did not report")
    spoiled = result("quality[b]", check(FAIL), outcome=Outcome.failed)
    (reason,) = refusals(file, replace(session, results={**session.results, spoiled.node_id: spoiled}))
    assert reason.startswith("gate 'quality[b]' failed")


def test_many_bad_checks_are_counted():
    """A reason names the first few checks and counts the rest."""
    bad = [check(FAIL, name) for name in "abcde"]
    (reason,) = refusals(facts(), passing(result("quality", *bad, outcome=Outcome.failed)))
    assert reason == "gate 'quality' failed (roc_auc of a, roc_auc of b, roc_auc of c and 2 more)"


def test_a_run_that_rewrites_baselines_promotes_nothing():
    """What the candidate was held against may be what it wrote itself."""
    (reason,) = refusals(facts(), replace(passing(), updating=True))
    assert "rewrites the baselines" in reason


def test_a_baseline_that_nobody_committed_counts_for_nothing():
    """A gate that rests on one has passed against numbers that nobody reviewed."""
    record = InputRecord(role="baseline", name="q.baseline.json", unsettled="not as it was committed")
    (reason,) = refusals(facts(), passing(result("quality", inputs=(record,))))
    assert reason == "gate 'quality' rests on baseline q.baseline.json, which is not as it was committed"
