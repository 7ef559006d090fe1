"""The table at the end of a terminal run."""

from __future__ import annotations

from io import StringIO
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from pytest_mlgate.report.summary import OUTCOME_ORDER, counts, number, one_line, row
from pytest_mlgate.verdict import Outcome, Promotion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

    from pytest_mlgate.verdict import GateResult

_STYLE = {
    Outcome.failed: "bold red",
    Outcome.errored: "bold magenta",
    Outcome.waived: "cyan",
    Outcome.warned: "yellow",
    Outcome.skipped: "yellow",
    Outcome.passed: "green",
}
_HEADER = ("gate", "outcome", "worst check", "value", "limit", "bounds", "n")
_RIGHT = ("value", "n")
_CHECK = _HEADER.index("worst check")
_WIDEST = (46, 8, 64, 14, 40, 24, 14)
_NARROWEST_CHECK = 24
_GAP = 2
_SHOWN_GREEN = 40

Cells = tuple[str, ...]


def table(results: Sequence[GateResult], *, width: int, color: bool) -> str:
    """Render the results by file, worst first; the green ones are counted when they are many."""
    from rich.console import Console
    from rich.text import Text

    shown, hidden = _chosen(results)
    cells = {one.node_id: _cells(one) for one in shown}
    widths = _widths(cells.values(), width)
    text = StringIO()
    whole = max(width, sum(widths) + _GAP * len(widths))
    console = Console(file=text, width=whole, force_terminal=color, no_color=not color, highlight=False)
    console.print(_grid([], {}, widths, header=True))
    for file, gates in groupby(shown, key=lambda one: one.file):
        console.print(Text(file, style="bold"))
        console.print(_grid(list(gates), cells, widths, header=False))
    if hidden:
        console.print(Text(f"… and {hidden:,} more passed", style="green"))
    for one in shown:
        for note in one.notes:
            console.print(Text(one_line(f"note: {one.node_id}: {note}")), soft_wrap=True)
    console.print(Text(f"gates: {counts(results)}"))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _chosen(results: Sequence[GateResult]) -> tuple[list[GateResult], int]:
    """Choose what to show: files with trouble first, in them the worst first; returns how many are left out."""
    trouble = {one.file for one in results if one.outcome is not Outcome.passed}
    ordered = sorted(results, key=lambda one: (one.file not in trouble, one.file, OUTCOME_ORDER.index(one.outcome)))
    green = [one.node_id for one in ordered if one.outcome is Outcome.passed]
    hidden = set(green[_SHOWN_GREEN:])
    return [one for one in ordered if one.node_id not in hidden], len(hidden)


def _cells(result: GateResult) -> Cells:
    line = row(result)
    return (f"  {line.gate}", str(line.outcome), line.check, line.value, line.limit, line.bounds, line.n)


def _widths(lines: Iterable[Cells], width: int) -> list[int]:
    """Give each column what it needs, and the check what remains; numbers are never cut."""
    columns = list(zip(_HEADER, *lines, strict=True))
    widths = [min(max(map(len, column)), widest) for column, widest in zip(columns, _WIDEST, strict=True)]
    others = sum(widths) - widths[_CHECK] + _GAP * len(widths)
    widths[_CHECK] = min(widths[_CHECK], max(_NARROWEST_CHECK, width - others))
    return widths


def _grid(gates: Sequence[GateResult], cells: dict[str, Cells], widths: Sequence[int], *, header: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _GAP, 0, 0), show_header=header)
    for name, wide in zip(_HEADER, widths, strict=True):
        justify: Literal["left", "right"] = "right" if name in _RIGHT else "left"
        grid.add_column(name, width=wide, justify=justify, no_wrap=True, overflow="ellipsis")
    for one in gates:
        styles = (_STYLE[one.outcome] if name == "outcome" else "" for name in _HEADER)
        grid.add_row(*(Text(cell, style=style) for cell, style in zip(cells[one.node_id], styles, strict=True)))
    return grid


def promotion_line(promotion: Promotion) -> str:
    """Say in one line what became of a promotion, or what would."""
    moved = f"{promotion.model} → {promotion.alias} ({promotion.registry})" if promotion.model else promotion.file
    version = f" version {number(promotion.version)}" if promotion.version is not None else ""
    previous = f", before version {number(promotion.previous)}" if promotion.previous is not None else ""
    words = {"promoted": "promoted", "refused": "REFUSED", "dry_run": "dry run", "rolled_back": "rolled back"}
    word = words[promotion.outcome]
    reason = f": {promotion.reason}" if promotion.reason else ""
    return f"promotion {word}: {moved}{version}{previous}{reason}"
