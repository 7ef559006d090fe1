"""Whether a promotion may happen: a pure decision on plain facts, which fails closed.

It is an allow-list. A required gate counts only if all of its tests were collected, ran once, reported, and every check
says PASS or is excused below; whatever is not known to be good is a reason to refuse. The decisions taken on the way:

- INCONCLUSIVE refuses even where the gate's policy makes it a warning or a pass (families such as drift columns, or
  `severity: warning`): a warning can accept a number that is known, not one that is not.
- FAIL under `severity: warning` does not block, as its author wrote; the evidence says so.
- FAIL and INCONCLUSIVE that a waiver in force covers count as passed only with `allow_waived`; the evidence says so.
- A gate that limits nothing (INFO alone) refuses; one that is NOT_APPLICABLE (first release) is let through and noted.
- A gate without a single test refuses: a fixture parametrised with nothing measured nothing.
- Any exit status but 0 refuses, whichever test caused it, and so does a session that ended early.
- Any silent worker and any disagreement refuses, whichever gate file it is about: the picture is not whole.
- Gates that are not required need not pass, but they must have run: a partial run never promotes.
- What pytest itself skipped or expected to fail did not pass, whatever the gate found.
- A run that rewrites baselines promotes nothing, and a baseline that is not as it was committed counts for nothing: who
  rewrites what candidates are held against could let any of them pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_mlgate.promote.facts import FileFacts, SessionFacts
    from pytest_mlgate.verdict import Check, GateResult

_EXITS = {
    1: "tests failed",
    2: "it was interrupted, or a file could not be collected",
    3: "pytest had an internal error",
    4: "pytest was used wrongly",
    5: "nothing was collected",
}
_FLAWS = {
    Verdict.FAIL: ("failed", ""),
    Verdict.NOT_MEASURED: ("could not be measured", ""),
    Verdict.SKIPPED: ("was skipped", "; run it where it can run"),
    Verdict.INCONCLUSIVE: ("is inconclusive", "; a promotion needs to know, so give it more rows"),
}
_FLAW_OF_OUTCOME = {
    Outcome.failed: Verdict.FAIL,
    Outcome.errored: Verdict.NOT_MEASURED,
    Outcome.skipped: Verdict.SKIPPED,
}
_NAMED_CHECKS = 3


def refusals(
    file: FileFacts, session: SessionFacts, *, loosened: Sequence[str] = (), allow_loosened: bool = False
) -> tuple[str, ...]:
    """Give every reason why the promotion of a gate file must not happen; none at all means that it may.

    Args:
        file: the gate file as collected.
        session: what happened.
        loosened: what is looser than on the base revision, in words.
        allow_loosened: whether somebody said that this is intended.
    """
    if file.promote is None:
        return ("the gate file has no `promote:` block",)
    found = list(_of_session(session))
    if not allow_loosened:
        mend = "if that is intended, add --mlgate-allow-loosened"
        found += [f"looser than at the base revision: {change}; {mend}" for change in loosened]
    if not file.promote.requires:
        found.append("the promotion requires no gate; write `requires: all`")
    for gate_id in file.promote.requires:
        found += _of_gate(gate_id, file, session)
    for gate_id in file.expected.keys() - set(file.promote.requires):
        for node in file.expected[gate_id]:
            found += _of_run(node, file, session)
    return tuple(dict.fromkeys(found))


def concessions(
    file: FileFacts, session: SessionFacts, *, loosened: Sequence[str] = (), allow_loosened: bool = False
) -> tuple[str, ...]:
    """Say what policy lets through although it is not a plain PASS; belongs in the evidence of a promotion."""
    found = [f"looser than at the base revision, which was allowed: {change}" for change in loosened if allow_loosened]
    for result in required_results(file, session):
        gate = _gate(result.node_id, file)
        not_applicable = _names(result, Verdict.NOT_APPLICABLE)
        if result.outcome is Outcome.waived:
            found.append(f"{gate} counts as passed because `allow_waived` is set: it is {_waived(result)}")
        elif failed := _names(result, Verdict.FAIL):
            found.append(f"{gate} failed ({failed}) and does not block, since its severity is {result.severity}")
        if not_applicable:
            found.append(f"{gate} is not applicable yet ({not_applicable}){_because(result)}")
    return tuple(found)


def required_results(file: FileFacts, session: SessionFacts) -> list[GateResult]:
    """List the results that the required gates reported, in file order."""
    required = file.promote.requires if file.promote else ()
    nodes = [node for gate_id, nodes in file.expected.items() if gate_id in required for node in nodes]
    return [session.results[node] for node in nodes if node in session.results]


def _of_session(session: SessionFacts) -> Iterator[str]:
    if session.exit_status != 0:
        meaning = _EXITS.get(session.exit_status, "a status that is not pytest's own")
        yield f"the test session ended with exit status {session.exit_status}: {meaning}"
    if session.stopped is not None:
        yield f"the test session ended early: {session.stopped}"
    if session.updating:
        yield "this run rewrites the baselines that its gates compare with; commit them, and run again"
    for worker in session.silent_workers:
        yield f"worker {worker} ended without saying what it had collected, so nobody knows what is missing"
    for path in session.disagreements:
        yield f"the workers do not agree on what {path} holds; run without -n, or find out what differs between them"


def _of_gate(gate_id: str, file: FileFacts, session: SessionFacts) -> Iterator[str]:
    nodes = file.expected.get(gate_id, ())
    if not nodes:
        yield f"gate {gate_id!r} is required but has no test; is a fixture that feeds it parametrised with nothing?"
    for node in nodes:
        yield from _of_item(node, gate_id, file, session)
    collected = {node for nodes in file.expected.values() for node in nodes}
    for node, result in session.results.items():
        if result.id == gate_id and node not in collected and node.startswith(f"{file.node_id}::"):
            yield f"{_gate(node, file)} reported a result for required gate {gate_id!r}, but was not collected for it"


def _of_run(node: str, file: FileFacts, session: SessionFacts) -> Iterator[str]:
    """Say why a test did not run once and whole."""
    gate = _gate(node, file)
    if node in session.deselected:
        yield f"{gate} was deselected; run the whole gate file, without -k, -m, --deselect or --lf"
    if node in session.rerun:
        yield f"{gate} was run more than once; what passes at the second try has not passed, so run without reruns"
    if node in session.crashed:
        yield f"{gate} took its worker down with it; run it alone to see why"
    if node in session.overruled:
        yield f"{gate} was skipped, or marked as expected to fail, by something besides the gate file"
    if node not in session.results and node not in session.deselected | session.crashed:
        yield f"{gate} did not report; run the whole gate file, without `::id` or -x"


def _of_item(node: str, gate_id: str, file: FileFacts, session: SessionFacts) -> Iterator[str]:
    gate, result = _gate(node, file), session.results.get(node)
    yield from _of_run(node, file, session)
    if result is None:
        return
    expected = {
        "node": (node, result.node_id),
        "gate": (gate_id, result.id),
        "kind": (file.kinds.get(gate_id, result.kind), result.kind),
    }
    for what, (wanted, got) in expected.items():
        if wanted != got:
            yield f"the result of {gate} is about the {what} {got!r}, and {wanted!r} was expected"
    yield from _of_result(gate, result, allow_waived=bool(file.promote and file.promote.allow_waived))


def _of_result(gate: str, result: GateResult, *, allow_waived: bool) -> Iterator[str]:
    if result.outcome is Outcome.waived and not allow_waived:
        yield f"{gate} is {_waived(result)}; mend what it covers, or write `allow_waived: true` under `promote:`"
    for record in result.inputs:
        if record.unsettled is not None:
            yield f"{gate} rests on {record.role} {record.name}, which is {record.unsettled}"
    flaws = {one.verdict for one in result.checks if one.verdict in _FLAWS and not _excused(one, result)}
    if result.verdict in _FLAWS and result.verdict not in {one.verdict for one in result.checks}:
        flaws.add(result.verdict)  # a verdict that no check explains is believed, too
    if result.outcome in _FLAW_OF_OUTCOME and not flaws:
        flaws.add(_FLAW_OF_OUTCOME[result.outcome])
    for flaw, (words, mend) in _FLAWS.items():
        if flaw in flaws:
            named = _names(result, flaw)
            yield f"{gate} {words}{f' ({named})' if named else ''}{_because(result)}{mend}"
    if not flaws and {one.verdict for one in result.checks} <= {Verdict.INFO}:
        yield f"{gate} limits nothing, so that it passed says nothing; give it a limit, or take it out of `requires`"


def _excused(check: Check, result: GateResult) -> bool:
    """Whether somebody wrote that this very check may be what it is; whether the waiver counts is asked elsewhere."""
    if check.verdict not in (Verdict.FAIL, Verdict.INCONCLUSIVE):
        return False
    if result.outcome is Outcome.waived and result.waiver is not None and result.waiver.covers(check):
        return True
    return check.verdict is Verdict.FAIL and result.severity == "warning"


def _gate(node: str, file: FileFacts) -> str:
    return f"gate {node.removeprefix(f'{file.node_id}::')!r}"


def _names(result: GateResult, verdict: Verdict) -> str:
    """Name the checks with a verdict, the first few of them."""
    found = [f"{one.metric} of {one.name}" if one.name != "*" else one.metric for one in result.checks]
    found = [name for name, one in zip(found, result.checks, strict=True) if one.verdict is verdict]
    more = f" and {len(found) - _NAMED_CHECKS} more" if len(found) > _NAMED_CHECKS else ""
    return ", ".join(found[:_NAMED_CHECKS]) + more


def _waived(result: GateResult) -> str:
    waiver = result.waiver
    if waiver is None:
        return "waived"
    return f"waived until {waiver.until} ({waiver.reason}{f', {waiver.issue}' if waiver.issue else ''})"


def _because(result: GateResult) -> str:
    """Add the gate's own words for what went wrong and what would mend it."""
    remedy = f" ({result.remedy})" if result.remedy else ""
    return f": {result.reason}{remedy}" if result.reason else ""
