"""Markdown for the step summary of a CI job; all text is escaped, since anybody can open a pull request."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from pytest_mlgate.report.failure import explain
from pytest_mlgate.report.summary import OUTCOME_ORDER, counts, row
from pytest_mlgate.report.terminal import promotion_line
from pytest_mlgate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgate.verdict import GateResult, Promotion

_SIGNS = {
    Outcome.failed: "❌ failed",
    Outcome.errored: "🚫 not measured",
    Outcome.waived: "📝 waived",
    Outcome.warned: "⚠️ warned",
    Outcome.skipped: "⏭️ skipped",
    Outcome.passed: "✅ passed",
}
_SHOWN_ROWS = 200
_SHOWN_TEXTS = 20
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~@])")


def summary(results: Sequence[GateResult], promotions: Sequence[Promotion], *, exit_status: int) -> str:
    """Render a summary: a verdict in the heading, one row a gate, the text of what is not green folded below.

    Args:
        results: of the gates.
        promotions: what became of them.
        exit_status: of the whole run; the heading never looks better than it.
    """
    ordered = sorted(results, key=lambda one: OUTCOME_ORDER.index(one.outcome))
    blocked = exit_status != 0 or any(one.outcome in (Outcome.failed, Outcome.errored) for one in results)
    lines = [f"## {'❌' if blocked or not results else '✅'} Gates: {counts(results)}", ""]
    if exit_status and not any(one.outcome in (Outcome.failed, Outcome.errored) for one in results):
        lines += [f"The run itself ended with exit status {exit_status}.", ""]
    lines += [f"- {escaped(promotion_line(one))}" for one in promotions]
    lines += ["", "| gate | outcome | worst check | value | limit | bounds | n |", "|---|---|---|---:|---|---|---:|"]
    for one in ordered[:_SHOWN_ROWS]:
        line = row(one)
        cells = [one.node_id, None, line.check, line.value, line.limit, line.bounds, line.n]
        shown = [_SIGNS[line.outcome] if cell is None else escaped(cell) for cell in cells]
        lines.append(f"| {' | '.join(shown)} |")
    if len(ordered) > _SHOWN_ROWS:
        lines.append(f"\n… and {len(ordered) - _SHOWN_ROWS:,} more")
    red = [one for one in ordered if one.outcome in (Outcome.failed, Outcome.errored)]
    for one in red[:_SHOWN_TEXTS]:
        lines += ["", f"<details><summary>{escaped(one.node_id)}</summary>", "", "<pre>"]
        lines += [html.escape(explain(one)), "</pre>", "</details>"]
    notes = [f"- {escaped(f'{one.node_id}: {note}')}" for one in ordered for note in one.notes]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def escaped(text: str) -> str:
    """Make text harmless in a Markdown table cell: no markup, no HTML, one line."""
    return _SPECIAL.sub(r"\\\1", html.escape(" ".join(text.split()), quote=False))
