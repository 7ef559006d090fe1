"""Matching rows of two tables: which rows of one have, or lack, a row with the same values in the other.

Foreign keys and leaks between training and test data ask the same thing, and both need a join: a pass of its own over
both tables. Values are the same when their columns mean the same by them, whatever types hold them: 7 and 7.0, a date
and its first instant, a time in two zones, text and an enum. Where two types can never hold the same value nothing
would match, which a leak check would take for good news: that is refused.
"""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from pytest_mlgate.aggregate import Example, Segment, Shared
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.engine import FLOATS, equals, missing, present, shown
from pytest_mlgate.inputs.frames import ROW
from pytest_mlgate.inputs.text import shortened, spelled
from pytest_mlgate.inputs.wording import matching

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import narwhals as nw

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

_NUMBERS = frozenset({"integer", "number"})
_TIMES = frozenset({"date", "timestamp"})
_NANOSECONDS = frozenset({"timestamp_ns", "timestamptz_ns"})
_ROWS = "the_rows"


class Match(Struct, frozen=True, kw_only=True):
    """Which rows of a table to look for.

    Args:
        columns: what is compared.
        others: the other table's columns that they are compared with, one for each.
        absent: look for the rows that have no match, instead of those that have one.
        missing: whether missing values equal each other; otherwise rows that miss one are not judged.
        segment: look only at these rows.
    """

    columns: tuple[str, ...]
    others: tuple[str, ...]
    absent: bool = False
    missing: bool = False
    segment: Segment = Segment()


def shared(
    frame: Frame, other: Frame, match: Match, database: Database, *, limit: int = 0, key: Sequence[str] = ()
) -> Shared:
    """Count the rows of a table that have, or lack, a match in another.

    Args:
        frame: the table whose rows are counted.
        other: where to look for matches.
        match: which rows to look for.
        database: runs the queries.
        limit: how many of them to show at most.
        key: columns that identify a row.

    Raises:
        NotMeasuredError: a column is missing, or two can never hold the same value.
    """
    search = _Search(frame, _pairs(frame, other, match), match)
    named = [frame.column(name) for name in key]
    with _sought(other, search, database) as keys:
        rows = _number(search.found(keys), frame, database)
        judged = _number(search.judged(), frame, database)
        examples = _examples(search, keys, named, limit, database) if rows and limit else ()
    query = matching(frame, other, search.pairs, match.segment, absent=match.absent, missing=match.missing)
    return Shared(rows=rows, judged=judged, examples=examples, query=query)


def _pairs(frame: Frame, other: Frame, match: Match) -> tuple[tuple[Column, Column], ...]:
    """Find the columns, and refuse two that cannot be compared."""
    if not match.columns:
        raise ValueError("rows are matched by at least one column")
    names = zip(match.columns, match.others, strict=True)
    pairs = tuple((frame.column(left), other.column(right)) for left, right in names)
    for left, right in pairs:
        sorts = {_sort(one) for one in (left, right) if not one.untyped}
        if len(sorts) > 1 or left.opaque or right.opaque:
            reason = f"{left} in {frame.what} cannot be matched with {right} in {other.what}"
            raise NotMeasuredError(reason, "give both the same type in the data, or leave the column out")
    return pairs


def _sort(column: Column) -> str:
    """Name what a column's values can be compared with."""
    if column.type == "other":
        return column.native
    return "number" if column.type in _NUMBERS else "time" if column.type in _TIMES else column.type


@dataclass(frozen=True, slots=True)
class _Search:
    """The rows of a table that are looked for, as queries.

    Args:
        frame: the table.
        pairs: its columns and the other table's.
        match: which of its rows.
    """

    frame: Frame
    pairs: tuple[tuple[Column, Column], ...]
    match: Match

    def judged(self, beside: Sequence[Column] = (), *, numbered: bool = False) -> nw.LazyFrame[Any]:
        """Select the rows that can be judged, with the columns that are compared and others beside them."""
        within = {self.frame.column(name): value for name, value in self.match.segment.values.items()}
        columns = dict.fromkeys([*(left for left, _ in self.pairs), *beside, *within])
        rows = self.frame.select(list(columns), numbered=numbered)
        for column, value in within.items():
            rows = rows.filter(equals(column, value))
        return rows if self.match.missing else rows.filter(*(~missing(left) for left, _ in self.pairs))

    def found(
        self, keys: nw.LazyFrame[Any], beside: Sequence[Column] = (), *, numbered: bool = False
    ) -> nw.LazyFrame[Any]:
        """Keep the rows that are looked for."""
        forms = self.forms(0)
        rows = self.judged(beside, numbered=numbered).with_columns(*(one.alias(name) for name, one in forms.items()))
        how: Literal["semi", "anti"] = "anti" if self.match.absent else "semi"
        return rows.join(keys, how=how, left_on=list(forms), right_on=[f"other_{name}" for name in forms])

    def forms(self, side: Literal[0, 1]) -> dict[str, nw.Expr]:
        """Bring one side's columns to forms in which values that mean the same are equal.

        No join takes null for equal to null. Where missing values equal each other, they are filled, and a flag beside
        each value tells the filled ones from others.
        """
        forms: dict[str, nw.Expr] = {}
        for i, pair in enumerate(self.pairs):
            own, partner = pair[side], pair[1 - side]
            untyped = own.untyped or partner.untyped  # one side is never present: there are no values to compare
            if self.match.missing or untyped:
                forms[f"missing_{i}"] = missing(own)
            if not untyped:
                value = _comparable(own, partner)
                forms[f"value_{i}"] = value.fill_null(_filler(own)) if self.match.missing else value
        return forms


@contextmanager
def _sought(other: Frame, search: _Search, database: Database) -> Iterator[nw.LazyFrame[Any]]:
    """Give the values that rows are matched with.

    A table that is no more than a stream is copied first: it is read once, to count rows and again to show some, and
    once its partner is being read, its connection is busy.
    """
    columns = dict.fromkeys(right for _, right in search.pairs)
    rows = other.select(list(columns))
    if not search.match.missing:
        rows = rows.filter(*(~missing(right) for right in columns))
    keys = rows.select(*(form.alias(f"other_{name}") for name, form in search.forms(1).items()))
    if other.stable and not other.streamed:
        yield keys
    else:
        with database.kept(keys.unique(), other.what) as copy:
            yield copy


def _comparable(own: Column, partner: Column) -> nw.Expr:
    """A column's values as they compare with its partner's, NaN as null.

    Whole numbers and decimals compare exactly, and with floats in double precision; beside a single-precision column
    fractions are rounded as it has them, or its 0.1 would never be found.
    """
    import narwhals as nw

    value = present(own)
    natives = {own.native, partner.native}
    if own.type in _NUMBERS and natives & FLOATS:
        rounded = "float" in natives and "integer" not in {own.type, partner.type}
        return value.cast(nw.Float32 if rounded else nw.Float64)
    if own.type in _TIMES and len(natives) > 1 and not natives <= _NANOSECONDS:
        return value.cast(nw.Datetime("us"))
    return value.cast(nw.String) if own.type == "other" else value


def _filler(column: Column) -> Any:
    """Give some value of the form that a column's values are brought to."""
    if column.type in _NUMBERS:
        return 0
    if column.type in _TIMES:
        return dt.date(1970, 1, 1)  # which engines also take for a time
    return False if column.type == "boolean" else ""


def _number(rows: nw.LazyFrame[Any], frame: Frame, database: Database) -> int:
    """Count rows."""
    import narwhals as nw

    return int(database.fetch(rows.select(nw.len().alias(_ROWS)), frame.what).column(_ROWS)[0].as_py())


def _examples(
    search: _Search, keys: nw.LazyFrame[Any], key: Sequence[Column], limit: int, database: Database
) -> tuple[Example, ...]:
    """Show the first few rows found."""
    columns = list(dict.fromkeys(left for left, _ in search.pairs))
    wanted = list(dict.fromkeys([*columns, *key]))
    first = search.found(keys, wanted, numbered=True).sort(ROW).head(limit)
    records = database.fetch(first.select(ROW, *map(shown, wanted)), search.frame.what).to_pylist()

    def text(record: Mapping[str, Any], column: Column) -> str:
        return shortened(spelled(record[column.inner], single=column.native == "float"))

    return tuple(
        Example(
            row=record[ROW],
            value=text(record, columns[0])
            if len(columns) == 1
            else shortened(", ".join(f"{column.name}={text(record, column)}" for column in columns)),
            key={column.name: text(record, column) for column in key},
        )
        for record in records
    )
