"""What differs between the engines that hold tables, declared in one place; everything else is the same for all.

The embedded DuckDB answers for files and for whatever is in memory. A table of Spark's or of a warehouse's stays where
it is: its engine counts, and only answers, small groups and a few rows come to this machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import narwhals as nw
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Dialect:
    """What an engine can do.

    Args:
        name: as messages call it.
        numbered: whether rows have an order, and so numbers; elsewhere no rule can speak of the row before.
        sql: whether it computes columns that are written in DuckDB's SQL.
        re2: whether its patterns are RE2; elsewhere distinct values are judged by the embedded database.
        distinct: whether distinct values are counted beside other aggregates at no great cost.
        width: how many aggregates one query may hold; wider ones take several passes.
        exact_rows: up to how many rows quantiles are exact.
        most_values: how many values may be brought to this machine at once.
        written: the dialect in which queries are shown to people, as sqlglot calls it.
    """

    name: str
    numbered: bool = False
    sql: bool = False
    re2: bool = False
    distinct: bool = True
    width: int | None = None
    exact_rows: float = math.inf
    most_values: float = math.inf
    written: str = "duckdb"


EMBEDDED = Dialect("DuckDB", numbered=True, sql=True, re2=True)
PULLED = 20_000_000


class RemoteEngine(Protocol):
    """An engine that is not the embedded one.

    Attributes:
        queries: how many it has run for one table.
    """

    queries: int

    @property
    def dialect(self) -> Dialect:
        """What it can do."""

    def fetch(self, query: nw.LazyFrame[Any], what: str) -> pa.Table:
        """Run a query and return its rows.

        Raises:
            NotMeasuredError: it failed, or was interrupted; `what` says what was read.
        """

    def pieces(self, query: nw.LazyFrame[Any], by: str, most: int, what: str) -> Iterator[pa.Table]:
        """Run a query whose rows may be more than memory holds, and return them some at a time.

        Args:
            query: what to run.
            by: a column of its answer that has many values and none missing.
            most: how many rows there may be.
            what: how messages call the table.
        """

    def approximated(
        self, rows: nw.LazyFrame[Any], within: Sequence[str], asked: Mapping[str, tuple[str, float]]
    ) -> tuple[nw.LazyFrame[Any], float]:
        """Write a query of approximate quantiles.

        Args:
            rows: what to look at.
            within: the columns whose values make the groups.
            asked: name in the answer → the column, a double without NaN, and which quantile.

        Returns:
            The query, and how far off an answer may be, as a share of the rows.

        Raises:
            NotMeasuredError: it has none, or does not say how far off they are.
        """

    def trouble(self, error: Exception, what: str) -> Exception:
        """Explain what the engine raised; an error that is not the engine's comes back as it is."""
