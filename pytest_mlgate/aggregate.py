"""What a gate can ask of a table: a small vocabulary of plain values.

Kinds say what they want to know (`Missing("age")`, `Above("age", 110)`, `Statistic("age", "mean")`); the inputs layer
answers a whole list of such questions in one pass on whatever engine holds the table. Kinds therefore import no
dataframe library, and a new engine needs to learn one vocabulary instead of thirty kinds.

NaN counts as missing everywhere. Rules never speak of missing values, except `Missing`, `Incomplete` and where one says
so: nullability is a question of its own.
"""

from __future__ import annotations

import json
from typing import Any, Literal, get_args

from msgspec import Struct

Scalar = bool | int | float | str
ColumnType = Literal["integer", "number", "boolean", "string", "date", "timestamp", "other"]
Format = Literal["email", "uuid", "date", "datetime", "ipv4", "url", "json"]
Order = Literal["increasing", "decreasing", "strictly_increasing", "strictly_decreasing"]
Operator = Literal["==", "!=", "<", "<=", ">", ">="]
StatisticName = Literal["mean", "std", "sum", "min", "max", "distinct"]


class Missing(Struct, frozen=True, tag=True):
    """Rows in which the column is null or NaN."""

    column: str


class Incomplete(Struct, frozen=True, tag=True):
    """Rows in which at least one of several columns is null or NaN: what a rule about all of them does not judge."""

    columns: tuple[str, ...]


class Infinite(Struct, frozen=True, tag=True):
    """Rows in which the column is plus or minus infinity."""

    column: str


class Below(Struct, frozen=True, tag=True):
    """Rows in which the column is less than a bound; dates and timestamps compare in UTC."""

    column: str
    bound: Scalar


class Above(Struct, frozen=True, tag=True):
    """Rows in which the column is greater than a bound."""

    column: str
    bound: Scalar


class Among(Struct, frozen=True, tag=True):
    """Rows whose value is one of those forbidden."""

    column: str
    forbidden: tuple[Scalar, ...]


class NotAmong(Struct, frozen=True, tag=True):
    """Rows whose value is none of those allowed."""

    column: str
    allowed: tuple[Scalar, ...]


class NotMatching(Struct, frozen=True, tag=True):
    """Rows in which no part of the text matches a pattern in RE2 syntax (anchor it with ^ and $ to match the whole)."""

    column: str
    pattern: str


class NotFormatted(Struct, frozen=True, tag=True):
    """Rows whose text is not of a well-known format."""

    column: str
    format: Format


class Shorter(Struct, frozen=True, tag=True):
    """Rows whose text has fewer characters (Unicode code points)."""

    column: str
    length: int


class Longer(Struct, frozen=True, tag=True):
    """Rows whose text has more characters (Unicode code points)."""

    column: str
    length: int


class NotCompared(Struct, frozen=True, tag=True):
    """Rows in which a comparison of two columns does not hold; rows that miss either value are not judged."""

    column: str
    operator: Operator
    other: str


class Duplicated(Struct, frozen=True, tag=True):
    """Rows beyond the first of each combination of values: three equal rows are two. Takes a pass of its own.

    Args:
        columns: what must be equal.
        missing: whether missing values equal each other; otherwise rows that miss one are not judged.
    """

    columns: tuple[str, ...]
    missing: bool = False


class Disordered(Struct, frozen=True, tag=True):
    """Rows whose value breaks an order, seen from the last present value before it. Takes a pass of its own."""

    column: str
    order: Order


class Varying(Struct, frozen=True, tag=True):
    """Rows whose value is not the one that most rows have, the least of those if several. Takes a pass of its own."""

    column: str


class Conflicting(Struct, frozen=True, tag=True):
    """Rows that share their keys with others of a different value. Takes a pass of its own.

    Rows that miss a key or the value are not judged.
    """

    column: str
    keys: tuple[str, ...]


ColumnRule = (
    Missing | Infinite | Below | Above | Among | NotAmong | NotMatching | NotFormatted | Shorter | Longer | NotCompared
)
RowRule = ColumnRule | Incomplete
AcrossRows = Duplicated | Disordered | Varying | Conflicting
Rule = RowRule | AcrossRows


class Statistic(Struct, frozen=True, tag=True):
    """A number that sums up a column's present values; nothing where there are none.

    `std` is that of a sample (n - 1), `distinct` counts different values; times are seconds since 1970 in UTC.
    """

    column: str
    name: StatisticName


class Quantile(Struct, frozen=True, tag=True):
    """The value below which a share of a column's present values lies, interpolated linearly.

    An engine that only approximates it says so in `Answers.error`.
    """

    column: str
    at: float


Question = Rule | Statistic | Quantile


def columns_of(question: Question) -> tuple[str, ...]:
    """Name the columns that a question is about, the main one first.

    >>> columns_of(NotCompared("start", "<=", "end"))
    ('start', 'end')
    """
    match question:
        case Duplicated(columns) | Incomplete(columns):
            return columns
        case Conflicting(column, keys):
            return (column, *keys)
        case NotCompared(column, _, other):
            return (column, other)
        case _:
            return (question.column,)


def takes_own_pass(question: Question) -> bool:
    """Tell whether a question compares rows with each other, which no single pass over them can."""
    return isinstance(question, get_args(AcrossRows))


class Segment(Struct, frozen=True):
    """Some of a table's rows: those that have certain values.

    Args:
        values: column → the value as the engine holds it, `None` for missing.
        texts: the same as reports write them.
    """

    values: dict[str, Any] = {}
    texts: dict[str, str] = {}

    @property
    def identity(self) -> tuple[str | None, ...]:
        """What tells it from other segments by the same columns, whatever types hold the values; `None` for missing.

        A name does not: `null` may be missing or a text, and a text may hold what stands between two values.
        """
        return tuple(None if self.values[column] is None else text for column, text in self.texts.items())

    def __str__(self) -> str:
        return ",".join(f"{column}={self._told(column, text)}" for column, text in self.texts.items())

    def _told(self, column: str, text: str) -> str:
        """Write a value so that no two segments have one name: a text that could be read as another is quoted."""
        if not isinstance(self.values.get(column), str):
            return text
        doubtful = text == "null" or text.startswith('"') or (len(self.texts) > 1 and "," in text)
        return json.dumps(text, ensure_ascii=False) if doubtful else text


class Answers(Struct, frozen=True):
    """What a table answered, for all of its rows or for one segment.

    Args:
        segment: which rows; without values, all.
        rows: how many there are.
        values: one to each question: how many rows a rule speaks of, or a statistic, `None` where it is undefined.
        error: how far off a quantile may be, as a share of the rows; 0 where it is exact.
        passes: how many queries over the rows it took.
    """

    segment: Segment
    rows: int
    values: tuple[int | float | None, ...]
    error: float = 0.0
    passes: int = 1


class Example(Struct, frozen=True):
    """One row that breaks a rule.

    Args:
        row: its number, from zero, in file order; `None` where rows have no order.
        value: what was found there.
        key: column → value of the columns that identify it.
    """

    row: int | None
    value: str
    key: dict[str, str] = {}


class Condition(Struct, frozen=True):
    """What was found of a condition in SQL.

    Args:
        rows: how many rows it is true for.
        judged: how many it is true or false for; where a value is missing it is often neither.
        columns: those it names.
    """

    rows: int
    judged: int
    columns: tuple[str, ...]


class Returned(Struct, frozen=True):
    """What a query in SQL returned.

    Args:
        rows: how many.
        examples: the first few of them.
    """

    rows: int
    examples: tuple[Example, ...]


class Shared(Struct, frozen=True):
    """The rows of a table that have, or lack, a row with the same values in another table.

    Args:
        rows: how many there are.
        judged: among how many.
        examples: the first few of them.
        query: the SQL that finds all of them, for a person to run.
    """

    rows: int
    judged: int
    examples: tuple[Example, ...]
    query: str


class Levels(Struct, frozen=True):
    """How often each value of a column occurs, as text, and how many rows are missing."""

    counts: dict[str, int]
    missing: int
