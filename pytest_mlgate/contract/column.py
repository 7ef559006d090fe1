"""What must hold for a column: the rules that a contract may write, and what they come to as questions to a table."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from pytest_mlgate.aggregate import (
    Above,
    Among,
    Below,
    Disordered,
    Duplicated,
    Format,
    Infinite,
    Longer,
    NotAmong,
    NotFormatted,
    NotMatching,
    Order,
    Rule,
    Scalar,
    Shorter,
    Varying,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Type = Literal["integer", "number", "boolean", "string", "date", "timestamp"]
Share = Annotated[float, Meta(ge=0, le=1)]
Mostly = Annotated[float, Meta(gt=0, le=1)]
Bound = int | float | str
Values = Annotated[tuple[bool | int | float | str, ...], Meta(min_length=1)]
Length = Annotated[int, Meta(ge=0)]
TIMES = frozenset({"date", "timestamp"})
_FITS = {"number": ("integer", "number")}


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What must hold for one column.

    Args:
        type: the logical type; `number` accepts integers and decimals.
        required: whether the column must exist; what the gate says unless given.
        nullable: whether values may be missing (null or NaN); false unless `max_null_fraction` is given.
        max_null_fraction: the largest share of missing values; implies nullable.
        min: the smallest value allowed; dates as text, 2026-01-31.
        max: the largest value allowed.
        allowed: the only values allowed.
        forbidden: values not allowed.
        pattern: an RE2 pattern that some part of every value must match; anchor it with ^ and $.
        format: a well-known format of text; date is YYYY-MM-DD, datetime as RFC 3339 with or without an offset.
        min_length: the fewest characters of a text.
        max_length: the most characters of a text.
        unique: whether no value may occur twice.
        finite: whether infinities are refused; NaN counts as missing.
        monotonic: the order that values must have from row to row; missing ones are passed over.
        constant: whether all values must be the same.
        mostly: the share of present values that must satisfy each of min, max, allowed, forbidden, pattern, format,
            lengths and finite; what the gate says unless given.
        sensitive: whether reports must not show its values.
    """

    type: Type | None = None
    required: bool | None = None
    nullable: bool | None = None
    max_null_fraction: Share | None = None
    min: Bound | None = None
    max: Bound | None = None
    allowed: Values | None = None
    forbidden: Values | None = None
    pattern: Annotated[str, Meta(min_length=1)] | None = None
    format: Format | None = None
    min_length: Length | None = None
    max_length: Length | None = None
    unique: bool = False
    finite: bool = False
    monotonic: Order | None = None
    constant: bool = False
    mostly: Mostly | None = None
    sensitive: bool = False

    def value_rules(self, name: str) -> Iterator[tuple[str, Rule]]:
        """Give the rules about single values, which `mostly` softens, each with its metric."""
        if self.min is not None:
            yield "below_min", Below(name, _plain(self.min))
        if self.max is not None:
            yield "above_max", Above(name, _plain(self.max))
        if self.allowed is not None:
            yield "not_allowed", NotAmong(name, self.allowed)
        if self.forbidden is not None:
            yield "forbidden", Among(name, self.forbidden)
        if self.pattern is not None:
            yield "pattern_mismatch", NotMatching(name, self.pattern)
        if self.format is not None:
            yield "format_mismatch", NotFormatted(name, self.format)
        if self.min_length is not None:
            yield "too_short", Shorter(name, self.min_length)
        if self.max_length is not None:
            yield "too_long", Longer(name, self.max_length)
        if self.finite:
            yield "infinite", Infinite(name)

    def whole_rules(self, name: str) -> Iterator[tuple[str, Rule]]:
        """Give the rules about a column as a whole, which nothing softens, each with its metric."""
        if self.unique:
            yield "duplicates", Duplicated((name,))
        if self.monotonic is not None:
            yield "out_of_order", Disordered(name, self.monotonic)
        if self.constant:
            yield "not_constant", Varying(name)

    @property
    def tolerates_nulls(self) -> bool:
        """Whether any number of values may be missing."""
        return bool(self.nullable) and self.max_null_fraction is None

    def fits(self, found: str) -> bool:
        """Tell whether a column of some type is of the one demanded; a date as bound says nothing of text."""
        if self.type is not None:
            return found in _FITS.get(self.type, (self.type,))
        dated = isinstance(self.min, str) or isinstance(self.max, str)
        return not dated or found in TIMES

    @property
    def wanted(self) -> str:
        """The type demanded, in words."""
        return self.type or "date or timestamp, which its bounds are"


def tolerated(share: float, n: int) -> int:
    """Count how many of n rows a share comes to at most, taking the share for the decimal fraction as written.

    >>> tolerated(0.02, 400), tolerated(0.1, 10**18), int(0.1 * 10**18 + 0.5)
    (8, 100000000000000000, 100000000000000000)
    """
    return int(Decimal(repr(float(share))) * n)


def lacking(share: float, n: int) -> int:
    """Count how many of n rows may be wrong where a share of them must be right.

    >>> lacking(0.9, 10), int((1 - 0.9) * 10)
    (1, 0)
    """
    return int((1 - Decimal(repr(float(share)))) * n)


def _plain(bound: Bound) -> Scalar:
    """Give whole numbers as integers, which compare exactly at any size."""
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound
