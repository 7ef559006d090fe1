"""What a gate file may ask of a whole table: the structures that `data.quality` is read into."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from msgspec import Meta, Struct, field

from pytest_mlgate.kind import Duration, GateSpec
from pytest_mlgate.reference import TableRef
from pytest_mlgate.verdict import Change, Limit

Name = Annotated[str, Meta(min_length=1)]
Names = Annotated[tuple[Name, ...], Meta(min_length=1)]
Share = Annotated[float, Meta(ge=0, le=1)]
Mostly = Annotated[float, Meta(gt=0, le=1)]
Rows = Annotated[int, Meta(ge=0)]
Value = bool | int | float | str


class RowCountChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How many rows there are, against another table.

    Args:
        reference: the table to compare with.
        max_drop: how many rows fewer there may be, or "20%" of the reference.
        max_rise: how many rows more.
        min_ratio: at least so many times the rows of the reference.
        max_ratio: at most so many times.
    """

    reference: TableRef
    max_drop: Change | None = None
    max_rise: Change | None = None
    min_ratio: Annotated[float, Meta(gt=0)] | None = None
    max_ratio: Annotated[float, Meta(gt=0)] | None = None

    @property
    def limit(self) -> Limit:
        """The same as a limit against a baseline."""
        return Limit(max_drop=self.max_drop, max_rise=self.max_rise, min_ratio=self.min_ratio, max_ratio=self.max_ratio)


class Freshness(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How old the newest value may be. Values without a zone are UTC, and a date counts from its first instant.

    Args:
        column: of dates or timestamps.
        max_age: as 2d, 12h, 30m, 45s.
        now: what to measure from, as 2026-01-31T00:00:00Z, for runs that repeat; the clock unless given.
        max_ahead: how far values may lie in the future, for clocks that differ; later ones are a breach.
    """

    column: Name
    max_age: Duration
    now: str | None = None
    max_ahead: Duration | None = None

    def moment(self) -> dt.datetime:
        """The instant to measure from, in UTC."""
        if self.now is None:
            return dt.datetime.now(dt.UTC)
        written = dt.datetime.fromisoformat(self.now)
        return written.astimezone(dt.UTC) if written.tzinfo else written.replace(tzinfo=dt.UTC)


class Duplicates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How many rows may repeat an earlier one; missing values equal each other.

    Args:
        max: how many.
        columns: what must be equal; every column unless given.
        exclude: columns to leave out of the comparison, such as a load time.
    """

    max: Rows = 0
    columns: Names | None = None
    exclude: tuple[Name, ...] = ()


class Comparison(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A comparison of two columns, with its own share of rows in which it must hold.

    Args:
        rule: as "start <= end".
        mostly: the share of rows with both values in which it must hold.
    """

    rule: str
    mostly: Mostly


class Statement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A query that finds rows which should not be.

    Args:
        query: one SELECT; the table is called `data`.
        max: how many rows it may return.
    """

    query: Annotated[str, Meta(min_length=1)]
    max: Rows = 0


class ForeignKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Values that must exist in another table; rows that miss one are not judged.

    Args:
        column: where the values are.
        columns: instead, several that make a value together.
        references: the other table.
        key: the column there; of the same name unless given.
        keys: the columns there.
        mostly: the share of rows whose value must exist.
    """

    column: Name | None = None
    columns: Names | None = None
    references: TableRef
    key: Name | None = None
    keys: Names | None = None
    mostly: Mostly | None = None

    @property
    def here(self) -> tuple[str, ...]:
        """The columns of the table that is judged."""
        return self.columns or ((self.column,) if self.column is not None else ())

    @property
    def there(self) -> tuple[str, ...]:
        """The columns of the other table."""
        return self.keys or ((self.key,) if self.key is not None else self.here)


class Conflicts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How many rows may share their keys with rows of another label.

    Args:
        keys: columns that should determine the label.
        max: how many rows.
    """

    keys: Names
    max: Rows = 0


class Labels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What must hold for the column of labels; shares are of the rows that have one.

    Args:
        column: the labels.
        min_share: the smallest share that any class may have.
        max_share: the largest share that any class may have.
        min_classes: how many different labels there must be.
        classes: the labels there must be, and no others.
        conflicting: rows that agree in everything that matters and differ in their label.
    """

    column: Name
    min_share: Share | None = None
    max_share: Share | None = None
    min_classes: Annotated[int, Meta(ge=1)] = 2
    classes: Annotated[tuple[Value, ...], Meta(min_length=1)] | None = None
    conflicting: Conflicts | None = None


class Sentinels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How many rows a column may have whose value only stands for a missing one, such as -999 or "N/A".

    Args:
        max: how many rows of each column.
        columns: where to look; in every column of text, numbers or times unless given.
        exclude: columns in which such values are real.
        values: what to look for, each in the columns whose type can hold it; common ones unless given.
    """

    max: Rows = 0
    columns: Names | None = None
    exclude: tuple[Name, ...] = ()
    values: Annotated[tuple[int | float | str, ...], Meta(min_length=1)] | None = None


class DataQuality(GateSpec, frozen=True, kw_only=True):
    """What must hold for a table as a whole.

    Args:
        data: the table.
        row_count: how many rows there are.
        row_count_change: the same against another table.
        freshness: how old the newest value may be.
        unique_together: lists of columns whose values together must not occur twice; rows that miss one are not judged.
        duplicates: how many rows may repeat an earlier one.
        stats: limits by column and statistic, which is one of mean, std, sum, min, max, median, distinct,
            null_fraction, or a quantile from q01 to q99, as q99.5.
        compare: columns that must compare in every row, as "start <= end"; names with spaces stand in "quotes" or
            `backticks`.
        rows_where: SQL conditions of rows that should not be, each with the number of rows there may be.
        sql: queries of rows that should not be, by a name for each; the table is called `data`, others as in `tables`.
        tables: other tables that the queries read.
        foreign_key: values that must exist in other tables.
        labels: classes, their balance, and rows whose labels contradict each other.
        sentinels: values that only stand for missing ones.
        mostly: the share of rows in which comparisons and foreign keys must hold, unless they say their own.
        segment_by: columns whose values divide the table; every check is then made of each part by itself.
        segments: values that must occur, by column of `segment_by`.
        max_segments: how many parts there may be.
        key: columns that identify a row in reports.
        sensitive: columns whose values reports must not show.
    """

    data: TableRef
    row_count: Limit | None = None
    row_count_change: RowCountChange | None = None
    freshness: Freshness | None = None
    unique_together: tuple[Names, ...] = ()
    duplicates: Duplicates | None = None
    stats: dict[str, dict[str, Limit]] = field(default_factory=dict)
    compare: tuple[str | Comparison, ...] = ()
    rows_where: dict[str, Limit] = field(default_factory=dict)
    sql: dict[str, str | Statement] = field(default_factory=dict)
    tables: dict[str, TableRef] = field(default_factory=dict)
    foreign_key: tuple[ForeignKey, ...] = ()
    labels: Labels | None = None
    sentinels: Sentinels | None = None
    mostly: Mostly = 1.0
    segment_by: tuple[Name, ...] = ()
    segments: dict[str, Annotated[tuple[Value, ...], Meta(min_length=1)]] = field(default_factory=dict)
    max_segments: Annotated[int, Meta(ge=1)] = 1000
    key: tuple[Name, ...] = ()
    sensitive: tuple[Name, ...] = ()
