"""What a gate can ask of a table: a small vocabulary of plain values.

Kinds say what they want to know (`Missing("age")`, `Outside("age", 0, 110)`); the inputs layer answers a whole list of
such questions in one pass on whatever engine holds the table. Kinds therefore import no dataframe library, and a new
engine needs to learn one vocabulary instead of thirty kinds.

NaN counts as missing everywhere. Comparisons never count missing rows: nullability is a question of its own.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Scalar = bool | int | float | str
ColumnType = Literal["integer", "number", "boolean", "string", "date", "timestamp", "other"]


class Missing(Struct, frozen=True, tag=True):
    """Rows in which the column is null or NaN."""

    column: str


class Below(Struct, frozen=True, tag=True):
    """Rows in which the column is less than a bound; dates and timestamps compare in UTC."""

    column: str
    bound: Scalar


class Above(Struct, frozen=True, tag=True):
    """Rows in which the column is greater than a bound."""

    column: str
    bound: Scalar


class NotAmong(Struct, frozen=True, tag=True):
    """Rows whose value is none of those allowed."""

    column: str
    allowed: tuple[Scalar, ...]


class NotMatching(Struct, frozen=True, tag=True):
    """Rows in which no part of the text matches a pattern in RE2 syntax (anchor it with ^ and $ to match the whole)."""

    column: str
    pattern: str


class Duplicated(Struct, frozen=True, tag=True):
    """Rows beyond the first of each value: three equal values are two. Needs a pass of its own on most engines."""

    column: str


Rule = Missing | Below | Above | NotAmong | NotMatching | Duplicated


class Example(Struct, frozen=True):
    """One row that breaks a rule: its number (from zero, in file order) and the value found."""

    row: int
    value: str


class Levels(Struct, frozen=True):
    """How often each value of a column occurs, as text, and how many rows are missing."""

    counts: dict[str, int]
    missing: int
