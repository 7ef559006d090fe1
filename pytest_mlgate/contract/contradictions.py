"""What no data could satisfy, or what could never matter, in the contract of one column.

Rules say for which types they are: a pattern for text, a number as bound for numbers. Where two of them, or one and the
declared type, have no type in common, nobody meant what is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.inputs.bounds import utc
from pytest_mlgate.kind import Mistake

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from pytest_mlgate.aggregate import Scalar
    from pytest_mlgate.contract.column import Bound, Column

_Types = frozenset[str]
_NUMBERS: _Types = frozenset({"integer", "number"})
_TEXT: _Types = frozenset({"string"})
_TIMES: _Types = frozenset({"date", "timestamp"})
_TRUTH: _Types = frozenset({"boolean"})
_NOUNS = {_NUMBERS: "numbers", _TEXT: "text", _TIMES: "dates and times", _TRUTH: "true and false"}
_LENGTHS = ("min_length", "max_length")
_FOR_TEXT = ("pattern", "format", *_LENGTHS)
_SHOWN = 3


def contradictions(name: str, column: Column) -> Iterator[Mistake]:
    """Find what contradicts itself in the contract of a column."""
    at = ("columns", name)
    mistakes = [*_bounds(column), *_types(column), *_lists(column), *_whole(column)]
    if not mistakes:
        mistakes = list(_shut_out(column))
    softened = column.mostly is not None and column.mostly < 1
    if softened and not any(column.value_rules(name)):
        mend = "it applies to min, max, allowed, forbidden, pattern, format, lengths and finite"
        mistakes.append(Mistake(("mostly",), "there is no rule for it to soften", mend))
    if column.nullable is False and column.max_null_fraction is not None:
        what = "a share of values may be missing, and `nullable: false` says that none may"
        mistakes.append(Mistake(("max_null_fraction",), what, "remove one of them"))
    for one in mistakes:
        yield Mistake((*at, *one.path), one.what, one.mend)


def _bounds(column: Column) -> Iterator[Mistake]:
    for key in ("min", "max"):
        bound = getattr(column, key)
        if isinstance(bound, str) and _moment(bound) is None:
            yield Mistake((key,), "expected a number or a date", "as 2026-01-31 or 2026-01-31T12:00:00Z")
    low, high = _order(column.min), _order(column.max)
    if low is not None and high is not None and type(low) is type(high) and low > high:  # type: ignore[operator] # same
        yield Mistake(("min",), f"min {column.min} is above max {column.max}: nothing can pass")
    fewest, most = column.min_length, column.max_length
    if fewest is not None and most is not None and fewest > most:
        yield Mistake(("min_length",), f"min_length {fewest} is above max_length {most}: nothing can pass")


def _types(column: Column) -> Iterator[Mistake]:
    """Find rules that are for other types than the declared one, or than each other."""
    declared = column.type
    first: tuple[str, _Types] | None = None
    for key, shown, types in _demands(column):
        path = (key,)
        if declared is not None and declared not in types:
            yield Mistake(path, f"{shown} is for {_nouns(types)}, and the type is {declared}", "remove one of them")
        elif declared is None and first is not None and not types & first[1]:
            what = f"{shown} is for {_nouns(types)}, and {first[0]} is for {_nouns(first[1])}"
            yield Mistake(path, what, "remove one of them")
        elif first is None or types < first[1]:
            first = (shown, types)


def _demands(column: Column) -> Iterator[tuple[str, str, _Types]]:
    """Say for which types each rule is: its key, how to call it, and the types."""
    for key in ("min", "max"):
        bound = getattr(column, key)
        if bound is not None:
            yield key, f"{key} {bound}", _TIMES if isinstance(bound, str) else _NUMBERS
    for key in ("allowed", "forbidden"):
        for value in getattr(column, key) or ():
            yield key, f"{key} {value!r}", _types_of(value)
    for key in _FOR_TEXT:
        if getattr(column, key) is not None:
            yield key, key, _TEXT
    if column.finite:
        yield "finite", "finite", _NUMBERS
    if column.monotonic is not None:
        yield "monotonic", "monotonic", _NUMBERS | _TEXT | _TIMES


def _types_of(value: Scalar) -> _Types:
    if isinstance(value, bool):
        return _TRUTH
    if isinstance(value, str):
        return _TEXT if _moment(value) is None else _TEXT | _TIMES
    return _NUMBERS


def _nouns(types: _Types) -> str:
    return ", ".join(noun for of, noun in _NOUNS.items() if of <= types)


def _lists(column: Column) -> Iterator[Mistake]:
    allowed, forbidden = ({(isinstance(one, bool), one) for one in listed or ()} for listed in _listed(column))
    both = [one for _, one in allowed & forbidden]
    if both:
        yield Mistake(("forbidden",), f"{_some(both)} allowed and forbidden at once", "remove one of them")


def _listed(column: Column) -> Sequence[Sequence[Scalar] | None]:
    return column.allowed, column.forbidden


def _shut_out(column: Column) -> Iterator[Mistake]:
    """Find allowed values that another rule refuses."""
    refused = [value for value in column.allowed or () if _refused(column, value)]
    if refused:
        what = f"{_some(refused)} allowed here and refused by another rule of the column"
        yield Mistake(("allowed",), what, "remove one of them")


def _refused(column: Column, value: Scalar) -> bool:
    low, high, found = _order(column.min), _order(column.max), _order(value)
    if found is not None and not isinstance(value, bool):
        if low is not None and found < low:  # type: ignore[operator] # their types agree, or `_types` had spoken
            return True
        if high is not None and found > high:  # type: ignore[operator] # same
            return True
    length = len(value) if isinstance(value, str) else None
    fewest, most = column.min_length, column.max_length
    return length is not None and (length < (fewest or 0) or (most is not None and length > most))


def _whole(column: Column) -> Iterator[Mistake]:
    if column.constant and column.unique:
        yield Mistake(("constant",), "all values the same, and none twice: only one row could pass", "remove one")
    if column.constant and (column.monotonic or "").startswith("strictly"):
        yield Mistake(("constant",), "all values the same, and each beyond the last: only one row could pass")


def _order(bound: Bound | None) -> float | dt.datetime | None:
    """Give what a bound compares by: numbers as they are, times in UTC; nothing where it is neither."""
    return _moment(bound) if isinstance(bound, str) else bound


def _moment(text: str) -> dt.datetime | None:
    try:
        return utc(text)
    except ValueError:
        return None


def _some(values: Sequence[object]) -> str:
    listed = ", ".join(repr(one) for one in sorted(values, key=str)[:_SHOWN])
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return f"{listed}{more} {'is' if len(values) == 1 else 'are'}"
