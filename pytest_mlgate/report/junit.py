"""JUnit, one case per check: for CI servers that follow each column or metric over time.

Names hold no numbers, so a case keeps its identity from run to run; the numbers stand in one JSON property per check on
the suite. pytest's own `--junitxml` (one case per gate) can be written beside it.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pytest_mlgate.report.failure import LOOK_AT, explain, sentence, waiver_text
from pytest_mlgate.report.summary import check_name, one_line
from pytest_mlgate.verdict import Check, GateResult, Outcome, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SEPARATOR = " › "


def render(results: Sequence[GateResult]) -> str:
    """Render results, in the order given, as one suite per gate file."""
    from junit_xml import to_xml_report_string

    suites = [_suite(file, list(gates)) for file, gates in groupby(results, key=lambda one: one.file)]
    text: str = to_xml_report_string(suites)
    return text


def _suite(file: str, results: list[GateResult]) -> Any:
    from junit_xml import TestSuite

    cases: list[Any] = []
    properties: dict[str, str] = {}
    for result in results:
        for name, check in _named(result):
            cases.append(_case(file, name, result, check))
            if check is not None:
                properties[name] = to_json(check)
        cases[-1].elapsed_sec = result.duration_s  # the gate's whole time once, since its checks are measured together
        cases[-1].stdout = "\n".join(map(one_line, result.notes)) or None
    return TestSuite(file, cases, properties=properties)


def _named(result: GateResult) -> Iterable[tuple[str, Check | None]]:
    """Name a gate's checks; two of one name (a column called like a metric) are told apart by their order."""
    gate = result.node_id.removeprefix(f"{result.file}::")
    seen: Counter[str] = Counter()
    for check in result.checks:
        name = f"{gate}{SEPARATOR}{check_name(check)}"
        seen[name] += 1
        yield (name if seen[name] == 1 else f"{name} ({seen[name]})"), check
    if not result.checks:
        yield gate, None


def _text(result: GateResult, check: Check | None) -> str:
    """Say about one check what helps to mend it; what the whole gate has to say is said once, by pytest."""
    if check is None:
        return explain(result)
    lines = [sentence(check), *check.detail.get(LOOK_AT, []), f"{result.file}:{result.line} ({result.node_id})"]
    return "\n".join(map(one_line, lines))


def _case(file: str, name: str, result: GateResult, check: Check | None) -> Any:
    """Make one case; a gate without checks (skipped, or nothing measured) is a case of its own."""
    from junit_xml import TestCase

    case: Any = TestCase(name, classname=file)
    outcome = result.outcome if check is None else check.outcome
    said = result.reason or "no reason given"
    if outcome is Outcome.failed and check is not None:
        case.add_failure_info(message=sentence(check), output=_text(result, check), failure_type=str(check.verdict))
    elif outcome is Outcome.errored:
        case.add_error_info(message=(check.reason if check else None) or said, output=_text(result, check))
    elif outcome is Outcome.waived:
        case.add_skipped_info(message=waiver_text(result))
    elif outcome is Outcome.skipped:
        case.add_skipped_info(message=said)
    return case
