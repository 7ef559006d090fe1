"""What can be asked of a table that was opened, whichever library or engine holds its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.aggregate import (
        Answers,
        ColumnType,
        Condition,
        Example,
        Levels,
        Question,
        Returned,
        Rule,
        Scalar,
        Segment,
        Shared,
    )
    from pytest_mlgate.errors import NotMeasuredError


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as codes, row by row: which of its distinct values each row has.

    Args:
        codes: int64 (n,), positions in `levels`.
        levels: the distinct values, whole numbers as int; None stands for missing and comes last.
    """

    codes: NDArray[Any]
    levels: tuple[Scalar | None, ...]


@dataclass(frozen=True, slots=True)
class Crossed:
    """How often each value of a column stands beside each class of a label.

    Args:
        values: float64 (k,), the column, NaN where it is missing; codes where its values have no order.
        ordered: whether the values' order means something.
        labels: int64 (k,), positions in `levels`; rows without a label are left out.
        counts: int64 (k,), how many rows; a pair may be given more than once.
        levels: the label's distinct values, in ascending order.
    """

    values: NDArray[Any]
    ordered: bool
    labels: NDArray[Any]
    counts: NDArray[Any]
    levels: tuple[Scalar, ...]


class Table(Protocol):
    """A table that was opened. Every method reads only the columns it names."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    @property
    def columns(self) -> Mapping[str, ColumnType]:
        """Column names and their types, in order."""

    @property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Names of coded values."""

    def ask(self, questions: Sequence[Question], by: Sequence[str] = (), most: int | None = None) -> list[Answers]:
        """Answer questions in one pass, about all rows or about each segment that columns make, `most` of them.

        Questions for which `aggregate.takes_own_pass` holds take a query each.
        """

    def refusals(self, questions: Sequence[Question]) -> list[NotMeasuredError | None]:
        """Say why questions cannot be asked of these columns, without asking them; nothing of those that can."""

    def count(self, rules: Sequence[Rule]) -> list[int]:
        """Count the rows that each rule speaks of, as `ask` does."""

    def examples(
        self, rule: Rule, limit: int, key: Sequence[str] = (), segment: Segment | None = None
    ) -> list[Example]:
        """Show the first few rows that a rule speaks of, with the columns that identify them."""

    def query(self, rule: Rule, segment: Segment | None = None) -> str:
        """Write the SQL that finds all rows a rule speaks of, for a person to run."""

    def tally(
        self, conditions: Sequence[str], segments: Sequence[Segment], *, quiet: bool = False
    ) -> list[list[Condition]]:
        """Count the rows for which conditions in SQL are true, for each condition in each segment; one pass in all.

        They run in a sandbox. `quiet` keeps back what the engine says of a row that it fails on.
        """

    def satisfying(
        self,
        condition: str,
        limit: int,
        key: Sequence[str] = (),
        segment: Segment | None = None,
        *,
        quiet: bool = False,
    ) -> list[Example]:
        """Show the first few rows for which a condition in SQL is true."""

    def asking(self, condition: str, segment: Segment | None = None) -> str:
        """Write the SQL that finds all rows for which a condition is true, for a person to run."""

    def returned(self, query: str, others: Mapping[str, Table], limit: int, *, quiet: bool = False) -> Returned:
        """Run a query, in a sandbox, that knows this table as `data` and others by the names given."""

    def shared(
        self,
        other: Table,
        columns: Sequence[str],
        others: Sequence[str] | None = None,
        *,
        absent: bool = False,
        missing: bool = False,
        segment: Segment | None = None,
        limit: int = 0,
        key: Sequence[str] = (),
    ) -> Shared:
        """Find the rows that have (or lack, if `absent`) a row with the same values in another table.

        Takes a pass of its own over both tables. Rows that miss one of the values are not judged, unless `missing`
        says that missing values equal each other.

        Args:
            other: where to look.
            columns: what must be the same.
            others: what `other` calls them, if something else.
            absent: find the rows that have no match.
            missing: whether missing values equal each other.
            segment: look only at these rows.
            limit: how many rows to show at most.
            key: columns that identify a row.
        """

    def numbers(self, column: str) -> NDArray[Any]:
        """Read a numeric column as float64 (n,), missing as NaN."""

    def numbers_of(self, columns: Sequence[str]) -> list[NDArray[Any]]:
        """Read several numeric columns as `numbers` does, in one query."""

    def present(self, columns: Sequence[str]) -> list[tuple[NDArray[Any], int]]:
        """Read the values that numeric columns have, each in its own type, and how many rows have none.

        Nothing keeps the values in order: for statistics that do not care which row a value came from.
        """

    @property
    def elsewhere(self) -> bool:
        """Whether another engine holds the rows, which then stay there where they can."""

    def grids(self, columns: Sequence[str]) -> list[tuple[list[float], list[float]]]:
        """Choose edges at which numeric columns are to be counted, and those that are a cell of their own."""

    def below(self, cuts: Mapping[str, Sequence[tuple[float, bool]]]) -> dict[str, list[int]]:
        """Count the values below each cut (or, where it says so, up to it), and last all that there are."""

    def repeats(self, column: str, known: Sequence[float]) -> list[tuple[int, int]]:
        """Say how often values occur that are none of those known: so many rows, so many values."""

    def pieces(self, columns: Sequence[str], lengths: Sequence[str] = ()) -> Iterator[list[tuple[NDArray[Any], int]]]:
        """Read a table some rows at a time: numeric columns as `present` does, then texts' lengths; in any order."""

    def lengths(self, column: str) -> NDArray[Any]:
        """Count the characters of each text: float64 (n,), missing as NaN."""

    def crossed(self, columns: Sequence[str], label: str, most: int) -> Iterator[Crossed]:
        """Hold columns against a label of at most so many classes, one after the other, each in a query of its own."""

    def levels(self, column: str) -> Levels:
        """Count a column's distinct values."""

    def coded(self, column: str) -> Coded:
        """Read a column as codes of its distinct values."""

    def frozen(self, columns: Sequence[str] | None = None) -> Table:
        """Give a table whose queries all see the same rows in the same order."""
