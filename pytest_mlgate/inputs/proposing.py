"""From what is known of a column to the rules that a careful person would write for it.

Nothing is read here. Care means: an identifier has no list of allowed values, a list is proposed only where no value is
so rare that others must be expected, and what looks personal gets no rule that would show a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from pytest_mlgate.aggregate import ColumnType, Format
from pytest_mlgate.inputs.headroom import longest, missing_share, range_around, years_around
from pytest_mlgate.inputs.personal_columns import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMES = frozenset({"date", "timestamp"})
MOST_ALLOWED = {"string": 50, "integer": 20}
_LONGEST_ALLOWED = 100
_ROWS_A_VALUE = 20
_COMMON = 0.01
_ENOUGH_UNIQUE = 100
_ENOUGH_EQUAL = 20
_IDS = frozenset({"id", "uuid", "guid", "key", "pk", "identifier", "hash", "sku"})


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of a column.

    Args:
        name: of the column.
        type: its logical type.
        floating: whether it could hold infinities.
        rows: of the table.
        missing: how many of them are null or NaN.
        variety: how many different values the first rows have.
        repeated: whether a value occurs twice, or may.
        ordered: whether all rows ascend.
        format: what all values are.
        personal: whether they look as if they spoke of persons.
        low: the smallest value of all rows; times are seconds since 1970.
        high: the largest.
        shortest: the fewest characters of a text.
        longest: the most.
        counts: rows of each value of a column that may have few, the most frequent first; there may be more values.
    """

    name: str
    type: ColumnType
    floating: bool
    rows: int
    missing: int
    variety: int = 0
    repeated: bool = True
    ordered: bool = False
    format: Format | None = None
    personal: bool = False
    low: float | None = None
    high: float | None = None
    shortest: int | None = None
    longest: int | None = None
    counts: tuple[tuple[Any, int], ...] = ()

    @property
    def present(self) -> int:
        """How many values there are."""
        return self.rows - self.missing

    @property
    def may_be_few(self) -> bool:
        """Whether it is worth while to count the values one by one."""
        if self.type not in MOST_ALLOWED:
            return False
        few = self.variety <= MOST_ALLOWED[self.type] and self.present >= _ROWS_A_VALUE * max(1, self.variety)
        return few and self.format is None and not self.personal and not self.unique

    @property
    def unique(self) -> bool:
        """Whether it is an identifier, and not just without repetition so far."""
        if self.missing or self.repeated or self.rows < _ENOUGH_UNIQUE:
            return False
        counted = self.low is not None and self.high is not None and self.high - self.low < 2 * self.rows
        return counted or self.type != "integer" or _sounds_unique(self.name)


class Proposal(NamedTuple):
    """A parameter of `data.schema`, its value, and what it rests on."""

    key: str
    value: Any
    note: str = ""


def may_identify(name: str, type_: ColumnType, format_: Format | None) -> bool:
    """Tell whether a column could be an identifier: to see whether it is one takes a pass of its own."""
    return type_ == "integer" or (type_ == "string" and (format_ == "uuid" or _sounds_unique(name)))


def _sounds_unique(name: str) -> bool:
    return bool(_IDS & set(words_of(name)))


def propose(facts: Facts) -> Iterator[Proposal]:
    """Propose rules, in the order in which they read best."""
    if facts.type != "other":
        yield Proposal("type", facts.type)
    if not facts.present:
        # Of a column that may hold anything nothing would be measured, and a contract of such columns would not hold.
        ruled = facts.type != "other"
        said = "every value is missing"
        yield Proposal("nullable", value=True, note=said) if ruled else Proposal("max_null_fraction", 1.0, said)
        return
    if facts.missing:
        share = missing_share(facts.missing, facts.rows)
        yield Proposal("max_null_fraction", share, f"{facts.missing / facts.rows:.2%} missing")
    allowed = _allowed(facts)
    if allowed is not None:
        yield allowed
    elif not facts.personal:
        yield from _range(facts)
    if facts.format is not None:
        yield Proposal("format", facts.format, f"all are of format {facts.format}")
    elif allowed is None:
        yield from _length(facts)
    yield from _rows(facts)
    if facts.personal:
        yield Proposal("sensitive", value=True, note="looks personal: reports do not show its values")


def _allowed(facts: Facts) -> Proposal | None:
    """Propose a list of values, none of which is so rare that others must be expected."""
    if not 1 < len(facts.counts) <= MOST_ALLOWED.get(facts.type, 0):
        return None
    rarest = facts.counts[-1][1]
    if rarest <= 1 or facts.present < _ROWS_A_VALUE * len(facts.counts):
        return None
    values = sorted(value for value, _ in facts.counts)
    if facts.type == "integer":
        # Numbers without gaps may well be counts, of which a higher one can occur, unless each of them is common.
        values = [int(value) for value in values]
        if values[-1] - values[0] < len(values) and rarest < _COMMON * facts.present:
            return None
    elif max(map(len, values)) > _LONGEST_ALLOWED:
        return None
    return Proposal("allowed", values, f"{len(values)} values, the rarest in {rarest:,} rows")


def _range(facts: Facts) -> Iterator[Proposal]:
    """Propose limits for numbers and times."""
    if facts.low is None or facts.high is None:
        return
    if facts.type in TIMES:
        limits: tuple[Any, Any] = years_around(facts.low, facts.high)
        note = ""
    elif facts.unique:  # the next ones lie beyond
        limits, note = (0 if facts.low >= 0 else None, None), ""
    else:
        digits = ".0f" if facts.type == "integer" else ".6g"
        limits = range_around(facts.low, facts.high, whole=facts.type == "integer")
        note = f"{facts.low:{digits}} … {facts.high:{digits}} found"
        if facts.low == facts.high:
            note = f"{facts.low:{digits}} throughout"
    for key, limit in zip(("min", "max"), limits, strict=True):
        if limit is not None:
            yield Proposal(key, limit, note)


def _length(facts: Facts) -> Iterator[Proposal]:
    """Propose limits for the length of text."""
    if facts.shortest is None or facts.longest is None:
        return
    if facts.shortest == facts.longest and facts.present >= _ENOUGH_EQUAL:
        note = f"all of {facts.longest} characters"
        yield Proposal("min_length", facts.shortest, note)
        yield Proposal("max_length", facts.longest, note)
        return
    note = f"{facts.shortest} … {facts.longest} characters"
    if facts.shortest:
        yield Proposal("min_length", 1, note)
    yield Proposal("max_length", longest(facts.longest), note)


def _rows(facts: Facts) -> Iterator[Proposal]:
    """Propose rules about all values together."""
    if facts.unique:
        yield Proposal("unique", value=True, note="no value twice")
    if facts.ordered and facts.variety >= _ENOUGH_UNIQUE:
        yield Proposal("monotonic", "increasing", "in ascending order")
    if facts.floating:
        yield Proposal("finite", value=True)
