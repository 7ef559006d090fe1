"""From results to the few words and numbers that every report shows.

Formats differ in how they print, never in what they say: which check of a gate is the worst, how a limit reads, how far
off a value is and what would decide are settled here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_mlgate.verdict import Check, GateResult, Limit, Outcome, Verdict, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SEVERITY_OF_VERDICT = {
    Verdict.FAIL: 6,
    Verdict.NOT_MEASURED: 5,
    Verdict.INCONCLUSIVE: 4,
    Verdict.PASS: 3,
    Verdict.SKIPPED: 2,
    Verdict.NOT_APPLICABLE: 1,
    Verdict.INFO: 0,
}
OUTCOME_ORDER = (Outcome.failed, Outcome.errored, Outcome.waived, Outcome.warned, Outcome.skipped, Outcome.passed)
_PLAIN_BELOW = 1e6
_UNBOUNDED = 1e300  # a bound that says nothing, which must be finite in JSON
NOTHING = "-"
UNIT = "unit"
COLUMNS = "columns"


class Row(Struct, frozen=True):
    """One line of a summary table; every cell is text. `gate` is the id, with parameters where a fixture has them."""

    file: str
    gate: str
    kind: str
    outcome: Outcome
    verdict: Verdict
    check: str
    value: str
    limit: str
    bounds: str
    n: str


def one_line(text: str) -> str:
    r"""Spell line breaks out: a value of the data must not begin a line that a CI system takes for a command.

    >>> print(one_line("x\n::error::y"))
    x\n::error::y
    """
    return text.replace("\n", "\\n")


def row(result: GateResult) -> Row:
    """Summarise a gate by its worst check."""
    worst = worst_first(result.checks)[0] if result.checks else None
    gate = result.node_id.removeprefix(f"{result.file}::")
    if worst is None or worst.value is None or worst.verdict is Verdict.NOT_MEASURED:
        said = one_line(_unmeasured(result, worst))
        return Row(result.file, gate, result.kind, result.outcome, result.verdict, said, NOTHING, "", "", "")
    return Row(
        result.file,
        gate,
        result.kind,
        result.outcome,
        result.verdict,
        check_name(worst),
        number(worst.value),
        limit_text(worst.limit, worst.baseline),
        bounds_text(worst),
        number(worst.n),
    )


def _unmeasured(result: GateResult, worst: Check | None) -> str:
    """Say what could not be measured, and why."""
    if worst is None or (worst.name == "*" and worst.metric == result.kind):
        return result.reason or "no reason given"
    return f"{check_name(worst)}: {worst.reason or result.reason or 'no reason given'}"


def worst_first(checks: Iterable[Check]) -> list[Check]:
    """Order checks by how much they deserve attention: by verdict, a left warning band, then how close to the limit.

    What is wrong with a table's columns comes before what is wrong with rows, however many those are.
    """

    def attention(one: Check) -> tuple[float, ...]:
        rows = one.detail.get(UNIT) != COLUMNS
        return -_SEVERITY_OF_VERDICT[one.verdict], not one.warned, rows, -closeness(one)

    return sorted(checks, key=attention)


def closeness(check: Check) -> float:
    """Say how far a value has come towards its limit: 1 is on it, above is beyond; comparable within a gate."""
    if check.value is None or check.limit is None or (check.limit.relative and check.baseline is None):
        return 0.0
    lower, upper = resolve(check.limit, check.baseline)
    value = float(check.value)
    lower = lower if lower is not None else check.limit.warn_min
    upper = upper if upper is not None else check.limit.warn_max
    sides = [0.0]
    if upper is not None:
        sides.append(1.0 + (value - upper) / max(abs(upper), 1e-9))
    if lower is not None:
        sides.append(1.0 + (lower - value) / max(abs(lower), 1e-9))
    return max(sides)


def check_name(check: Check) -> str:
    """Name a check as people speak of it: column and metric, or the metric alone where it is of the whole."""
    return check.metric if check.name == "*" else f"{check.name} {check.metric}"


def number(value: float | None) -> str:
    """Print a number as short as it can be read.

    >>> number(50000), number(0.123456), number(None), number(1.0), number(-1.7e308)
    ('50,000', '0.1235', '-', '1', '-∞')
    """
    if value is None:
        return NOTHING
    if abs(value) > _UNBOUNDED:
        return "∞" if value > 0 else "-∞"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < _PLAIN_BELOW):
        return f"{int(value):,}"
    return f"{value:.4g}"


def limit_text(limit: Limit | None, baseline: float | None = None) -> str:
    """Print a limit in the words of the gate file."""
    if limit is None:
        return ""
    parts = []
    for name in ("min", "max", "max_drop", "max_rise", "min_ratio", "max_ratio", "warn_min", "warn_max"):
        bound = getattr(limit, name)
        if bound is not None:
            parts.append(f"{name} {bound if isinstance(bound, str) else number(bound)}")
    if limit.relative and baseline is not None:
        parts.append(f"from {number(baseline)}")
    text = ", ".join(parts)
    return f"{text} at {limit.confidence * 100:.4g}%" if limit.confidence is not None and text else text


def bounds_text(check: Check) -> str:
    """Print an interval, if there is one."""
    return "" if check.low is None or check.high is None else f"{number(check.low)} … {number(check.high)}"


def distance(check: Check) -> str:
    """Say how far a value lies from the limit it is held against, on the side that is worse."""
    if check.value is None or check.limit is None or (check.limit.relative and check.baseline is None):
        return ""
    lower, upper = resolve(check.limit, check.baseline)
    value = float(check.value)
    over = value - upper if upper is not None else None
    under = lower - value if lower is not None else None
    if over is not None and (under is None or over >= under):
        return f"{number(abs(over))} {'above' if over > 0 else 'below'} the limit"
    if under is not None:
        return f"{number(abs(under))} {'below' if under > 0 else 'above'} the limit"
    return ""


def counts(results: Sequence[GateResult]) -> str:
    """Count outcomes in words, worst first: `2 failed, 1 errored, 5 passed`."""
    tally = Counter(result.outcome for result in results)
    return ", ".join(f"{tally[outcome]} {outcome}" for outcome in OUTCOME_ORDER if tally[outcome]) or "no gates ran"


def headline(result: GateResult) -> str:
    """Say in one line why a gate is not simply green."""
    word = {Outcome.errored: "NOT MEASURED", Outcome.waived: "WAIVED"}.get(result.outcome, str(result.verdict))
    worst = worst_first(result.checks)[0] if result.checks else None
    if result.outcome is Outcome.errored:  # then that is what matters, whatever failed beside it
        worst = next((one for one in result.checks if one.verdict is Verdict.NOT_MEASURED), worst)
    if worst is None or worst.value is None or worst.verdict is Verdict.NOT_MEASURED:
        return one_line(f"{word}: {_unmeasured(result, worst)}")
    limit = limit_text(worst.limit, worst.baseline)
    return f"{word}: {check_name(worst)} is {number(worst.value)}" + (f", limit {limit}" if limit else "")
