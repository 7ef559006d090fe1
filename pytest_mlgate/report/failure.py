"""What a person reads when a gate is not green: about twelve lines, in the order questions are asked.

Which gate, what was measured, on how much data, against which limit, how far off, where in the YAML, what to look at
next, and how to run it again.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pytest_mlgate.report.summary import (
    UNIT,
    bounds_text,
    check_name,
    distance,
    headline,
    limit_text,
    number,
    one_line,
    worst_first,
)
from pytest_mlgate.verdict import Check, GateResult, Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK_AT = "look_at"
QUERY = "query"
EXAMPLES = "examples"
GROUP_LINES = "group_lines"
_SHOWN_CHECKS = 5
_SHOWN_HINTS = 5
_SHOWN_QUERIES = 2
_LONGEST_QUERY = 600
_SMALLEST_P = 1e-16
_TROUBLE = (Verdict.FAIL, Verdict.NOT_MEASURED, Verdict.INCONCLUSIVE)


def explain(result: GateResult) -> str:
    """Write the text of a gate that failed, could not be measured, or was waived."""
    lines = [f"{headline(result)}"]
    described = f": {result.description}" if result.description else ""
    lines += [f"  gate      {result.node_id} ({result.kind}){described}"]
    lines += _labelled("measured", _measured(result))
    lines += _labelled("on", [", ".join(_inputs(result))] if result.inputs else [])
    lines += _labelled("look at", _hints(result))
    lines += _labelled("", ["(the first row is row 0)"] if _numbered(result) else [])
    lines += _labelled("groups", _groups(result))
    lines += _labelled("find all", _queries(result))
    lines += _labelled("note", list(result.notes))
    lines += [f"  where     {result.file}:{result.line}"]
    if result.remedy:
        lines += [f"  to do     {result.remedy}"]
    lines += [f"  rerun     {_rerun(result)}"]
    return "\n".join(map(one_line, lines))


def _rerun(result: GateResult) -> str:
    """Spell the command that runs it again; a check made in a test is rerun with the test."""
    test, made_in_a_test, _ = result.node_id.partition("#") if "#" in result.id else (result.node_id, "", "")
    return f"pytest {shlex.quote(test)}" if made_in_a_test else f"pytest --mlgate {shlex.quote(test)}"


def _labelled(label: str, lines: list[str]) -> list[str]:
    """Put a label before the first line and align the rest under it."""
    return [f"  {label if index == 0 else '':<10}{line}" for index, line in enumerate(lines)]


def _measured(result: GateResult) -> list[str]:
    head = headline(result)
    trouble = [one for one in _trouble(result) if not (one.value is None and one.reason and one.reason in head)]
    lines = [sentence(one) for one in trouble[:_SHOWN_CHECKS]]
    if len(trouble) > _SHOWN_CHECKS:
        lines.append(f"… and {len(trouble) - _SHOWN_CHECKS} more checks that are not met")
    passed = sum(one.verdict is Verdict.PASS for one in result.checks)
    if passed and lines:
        lines.append(f"({passed} of {len(result.checks)} checks pass)")
    return lines


def _trouble(result: GateResult) -> list[Check]:
    return [one for one in worst_first(result.checks) if one.verdict in _TROUBLE]


def sentence(check: Check) -> str:
    """Say everything about one check in a line."""
    if check.value is None:
        said = "cannot tell" if check.verdict is Verdict.INCONCLUSIVE else "not measured"
        return f"{'the rest' if check.name == '*' else check_name(check)}: {said}, {check.reason}"
    parts = [f"{check_name(check)} = {number(check.value)}"]
    bounds = bounds_text(check)
    if bounds:
        parts.append(f"[{bounds}]")
    parts[-1] += ";" if check.n is None else ""
    if check.n is not None:
        against = f" against {check.n_reference:,}" if check.n_reference is not None else ""
        parts.append(f"on {check.n:,} {check.detail.get(UNIT, 'rows')}{against};")
    limit = limit_text(check.limit, check.baseline)
    if check.verdict is Verdict.INCONCLUSIVE:
        parts.append(f"limit {limit}: {_undecided(check)}")
    elif check.verdict is Verdict.NOT_MEASURED:
        parts.append(f"not measured: {check.reason}")
    else:
        parts.append(f"limit {limit}: {distance(check)}")
    if check.p_adjusted is not None:
        p_value = f"{check.p_adjusted:.2g}" if check.p_adjusted >= _SMALLEST_P else f"below {_SMALLEST_P:g}"
        parts.append(f"(adjusted p {p_value})")
    return " ".join(parts)


def _undecided(check: Check) -> str:
    """Say why the data cannot tell, and how many rows (or cases) could."""
    unit = check.detail.get(UNIT, "rows")
    more = f"; about {check.rows_to_decide:,} {unit} would decide" if check.rows_to_decide else ""
    if check.undecided is not None:
        return f"{check.undecided}{more}"
    if check.detectable is not None and check.alpha is not None:
        return f"too few {unit} to tell, {number(check.detectable)} is the smallest they would show{more}"
    if check.alpha is not None and check.p_adjusted is not None and check.p_adjusted > check.alpha:
        return f"not significant among all that was claimed{more}"
    return f"the bounds lie on both sides of it{more}"


def _hints(result: GateResult) -> list[str]:
    """Gather what the kind says is worth looking at, from the worst checks first."""
    lines = dict.fromkeys(line for one in _trouble(result) for line in one.detail.get(LOOK_AT, []))
    return list(lines)[:_SHOWN_HINTS]


def _groups(result: GateResult) -> list[str]:
    """Take the groups that the worst check compares, each in a line; others compare the same or divide otherwise."""
    listed = (one.detail[GROUP_LINES] for one in _trouble(result) if one.detail.get(GROUP_LINES))
    return next(listed, [])


def _numbered(result: GateResult) -> bool:
    """Tell whether rows are named by their numbers."""
    shown = (row for one in _trouble(result) for row in one.detail.get(EXAMPLES, ()))
    return any(isinstance(row, dict) and "row" in row for row in shown)


def _queries(result: GateResult) -> list[str]:
    """Gather the queries that find all rows behind the worst checks."""
    lines = dict.fromkeys(one.detail[QUERY] for one in _trouble(result) if QUERY in one.detail)
    return [
        one if len(one) <= _LONGEST_QUERY else f"{one[:_LONGEST_QUERY]}… (whole in the report of --mlgate-json)"
        for one in list(lines)[:_SHOWN_QUERIES]
    ]


def _inputs(result: GateResult) -> Iterator[str]:
    for record in result.inputs:
        rows = f" ({record.rows:,} rows)" if record.rows is not None else ""
        yield f"{record.role} {record.name}{rows}"


def waiver_text(result: GateResult) -> str:
    """Say why a gate that fails is let through: shown by pytest as the reason of an expected failure."""
    waiver = result.waiver
    if result.outcome is not Outcome.waived or waiver is None:
        return headline(result)
    issue = f", {waiver.issue}" if waiver.issue else ""
    head = headline(result).removeprefix("WAIVED: ")
    return one_line(f"waived until {waiver.until}: {waiver.reason}{issue} ({head})")
