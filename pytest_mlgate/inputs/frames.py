"""A table as the engine sees it, whatever it came from: named columns of known types, and a way to select some.

Engines disagree about column names: DuckDB ignores case and renames what clashes. So columns travel under names of our
own (`c0`, `c1`, …) and are found by the exact name that the user writes. They disagree about types too, so each column
is selected through an expression that brings it to one of a few forms (a timestamp becomes naive UTC, an enum text).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.dialects import EMBEDDED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    import narwhals as nw
    from duckdb import DuckDBPyRelation

    from pytest_mlgate.aggregate import ColumnType, Rule
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.dialects import Dialect, RemoteEngine

ROW = "row_number"
NUMERIC = frozenset({"integer", "number", "boolean"})
INTEGERS = frozenset(f"{sign}{size}int" for sign in ("", "u") for size in ("tiny", "small", "big", "huge"))
_TYPES: dict[str, ColumnType] = {
    **dict.fromkeys(INTEGERS, "integer"),
    **dict.fromkeys(("integer", "uinteger"), "integer"),
    **dict.fromkeys(("float", "double", "real", "decimal"), "number"),
    **dict.fromkeys(("varchar", "enum", "uuid"), "string"),
    **dict.fromkeys(("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"), "timestamp"),
    **dict.fromkeys(("timestamp with time zone", "timestamptz_ns"), "timestamp"),
    "boolean": "boolean",
    "date": "date",
}
_CANONICAL = {
    "hugeint": "{}::HUGEINT",
    "uhugeint": "{}::UHUGEINT",
    "enum": "{}::VARCHAR",
    "uuid": "{}::VARCHAR",
    "timestamp_s": "{}::TIMESTAMP",
    "timestamp_ms": "{}::TIMESTAMP",
    "timestamp with time zone": "timezone('UTC', {})",
    "timestamptz_ns": "make_timestamp_ns(epoch_ns({}))",
}
# Types that Arrow has no equal of travel between two databases as text.
_AS_TEXT = frozenset({"enum", "uuid", "hugeint", "uhugeint"})
_SUGGESTED = 3
_FIXTURE = re.compile(r"fixture (?:argument_[0-9]+_)?(\w+)")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        name: as the user writes it.
        inner: as the engine knows it.
        native: the engine's type, as `bigint`.
        opaque: its values could not be handed to the engine; all that is known is which are missing.
    """

    name: str
    inner: str
    native: str
    opaque: bool = False

    @property
    def type(self) -> ColumnType:
        """The logical type."""
        return "other" if self.opaque else _TYPES.get(self.native, "other")

    @property
    def untyped(self) -> bool:
        """Whether every value is missing and there is not even a type."""
        return self.native in {"null", "sqlnull"}

    def canonical(self, expression: str) -> str:
        """Bring an SQL expression of its native type to its canonical form."""
        return _CANONICAL.get(self.native, "{}").format(expression)

    @property
    def sql(self) -> str:
        """The expression that selects it in its canonical form."""
        return f"{self.canonical(self.inner)} AS {self.inner}"

    @property
    def exported(self) -> str:
        """The expression that selects it from a relation that knows it by its name, for another database to read."""
        return f"{self.carried(identifier(self.name))} AS {self.inner}"

    def carried(self, expression: str) -> str:
        """Bring an SQL expression of its native type to one that Arrow can carry from one database to another."""
        return f"{expression}::VARCHAR" if self.native in _AS_TEXT else expression

    def __str__(self) -> str:
        kind = self.type if self.type == self.native else f"{self.type} ({self.native})"
        return f"column {self.name!r}, of type {kind},"


class Frame:
    """A table that can be queried.

    Args:
        what: how messages call it.
        columns: in order.
        source: gives a relation that holds at least the columns asked for, under their inner names.
        count: how many rows there are.
        stable: whether two queries see the same rows in the same order; a lazy frame may compute them anew each time.
        origin: what a reader writes after FROM to find the table; its name in quotes unless given.
        numbered: gives the same as `source` with each row's number as `ROW`, where rows were left out and numbers are
            those they had before; unless given, rows are counted.
        placed: the same where rows need not be counted since the engine knows their places.
        elsewhere: opens the same table on another database, where that is better than to hand the rows over.
        streamed: whether what `source` gives can be read once only; it gives another each time it is asked.

    Attributes:
        engine: answers for it; `None` is the embedded database.
        dialect: what that engine can do.
        breaking: the least few values that break a rule, where values were judged one by one.
    """

    engine: RemoteEngine | None = None
    dialect: Dialect = EMBEDDED

    def __init__(
        self,
        what: str,
        columns: Iterable[Column],
        source: Callable[[Sequence[Column]], DuckDBPyRelation],
        count: Callable[[], int],
        *,
        stable: bool,
        origin: str | None = None,
        numbered: Callable[[Sequence[Column]], DuckDBPyRelation] | None = None,
        placed: Callable[[Sequence[Column]], DuckDBPyRelation] | None = None,
        elsewhere: Callable[[Database], Frame] | None = None,
        streamed: bool = False,
    ) -> None:
        self.what = what
        self.origin = origin or _origin(what)
        self.columns: Mapping[str, Column] = {column.name: column for column in columns}
        self.stable = stable
        self.elsewhere = elsewhere
        self.streamed = streamed
        self.breaking: dict[Rule, list[Any]] = {}
        self._source = source
        self._numbered = numbered
        self._placed = placed
        self._count = count
        if not self.columns:
            raise NotMeasuredError(f"{what} has no columns", "write it with at least one")

    @cached_property
    def rows(self) -> int:
        """How many rows there are."""
        return self._count()

    @cached_property
    def in_sql(self) -> Mapping[str, Column]:
        """Each column under the name that DuckDB gives it when a person opens the file: clashes are numbered."""
        columns: dict[str, Column] = {}
        clashes: dict[bytes, int] = {}
        for name, column in self.columns.items():
            folded, called = name.encode().lower(), name  # of letters, only those of ASCII
            while called.encode().lower() in clashes:
                called = f"{name}_{clashes[folded]}"
                clashes[folded] += 1
            clashes[called.encode().lower()] = 1
            columns[name] = column if called == name else replace(column, name=called)
        return columns

    def column(self, name: str) -> Column:
        """Find a column by its exact name.

        Raises:
            NotMeasuredError: there is none; names the nearest.
        """
        if name not in self.columns:
            raise NotMeasuredError(f"{self.what} has no column {name!r}", suggest(name, self.columns, "column"))
        return self.columns[name]

    def select(
        self, columns: Sequence[Column], *, numbered: bool = False, derived: Mapping[str, str] = MappingProxyType({})
    ) -> nw.LazyFrame[Any]:
        """Select columns in their canonical form, under their inner names.

        Args:
            columns: at least one.
            numbered: whether to add each row's number, from zero, as `ROW`.
            derived: name → SQL expression over inner names, for columns to compute.
        """
        import narwhals as nw

        number = [ROW] if numbered else []
        computed = [f"{expression} AS {name}" for name, expression in derived.items()]
        selected = ", ".join([*number, *(column.sql for column in columns), *computed])
        # Rows are counted here even where their places are known. What comes after may filter, and a filter that
        # reaches a Parquet file is answered from its statistics, which know of no NaN.
        relation = self._counted(columns) if numbered else self._source(columns)
        return nw.from_native(relation.project(selected))

    def relation(self, columns: Sequence[Column], *, numbered: bool = False) -> DuckDBPyRelation:
        """Give a relation that holds at least some columns, as they are, under their inner names.

        Args:
            columns: at least one.
            numbered: whether it also holds each row's number, from zero, as `ROW`.
        """
        if not numbered:
            return self._source(columns)
        return self._placed(columns) if self._placed is not None else self._counted(columns)

    def _counted(self, columns: Sequence[Column]) -> DuckDBPyRelation:
        if self._numbered is not None:
            return self._numbered(columns)
        inner = ", ".join(column.inner for column in columns)
        return self._source(columns).project(f"row_number() OVER () - 1 AS {ROW}, {inner}")


def _origin(what: str) -> str:
    """Write what a reader puts after FROM for a table of Python's: the name of its fixture or argument.

    >>> _origin("fixture scored"), _origin("fixture argument_0_train"), _origin("pkg.tables:load")
    ('"scored"', '"train"', "'pkg.tables:load'")
    """
    fixture = _FIXTURE.fullmatch(what)
    return identifier(fixture[1]) if fixture else literal(what)


def identifier(name: str) -> str:
    """Write a name as SQL does, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Write text as SQL does."""
    return "'" + text.replace("'", "''") + "'"


def natives_of(relation: DuckDBPyRelation) -> list[str]:
    """Name the engine's types of a relation's columns, in order."""
    return [str(one.id).lower() for one in relation.types]


def columns_of(names: Sequence[str], natives: Sequence[str], what: str, opaque: Collection[str] = ()) -> list[Column]:
    """Describe columns by their names and the engine's types.

    Raises:
        NotMeasuredError: two have the same name, or a name is no text.
    """
    for name in names:
        if not isinstance(name, str):
            raise NotMeasuredError(f"a column of {what} is called {name!r}, which is no text", "use text as names")
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        listed = ", ".join(map(repr, twice[:_SUGGESTED]))
        raise NotMeasuredError(f"{what} has more than one column called {listed}", "give each column its own name")
    pairs = enumerate(zip(names, natives, strict=True))
    return [Column(name, f"c{i}", native, opaque=name in opaque) for i, (name, native) in pairs]


def suggest(name: str, known: Iterable[str], noun: str) -> str:
    """Phrase what a name may have been meant to be, ignoring case, and how many there are to choose from."""
    spellings: dict[str, list[str]] = {}
    for one in known:
        spellings.setdefault(one.casefold(), []).append(one)
    total = sum(map(len, spellings.values()))
    count = (
        f"there is {total} {noun}"
        if total == 1
        else f"there are {total} {'entries' if noun == 'entry' else noun + 's'}"
    )
    close = get_close_matches(name.casefold(), spellings, _SUGGESTED)
    near = [one for folded in close for one in spellings[folded]][:_SUGGESTED]
    return f"did you mean {' or '.join(map(repr, near))}? {count}" if near else count
