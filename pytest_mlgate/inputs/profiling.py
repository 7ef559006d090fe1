"""Reading a table into a profile, one column at a time: memory is that of a column, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from pytest_mlgate.aggregate import Missing
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.engine import present
from pytest_mlgate.inputs.frames import suggest
from pytest_mlgate.inputs.frequent import most_frequent
from pytest_mlgate.inputs.text import spelled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column
    from pytest_mlgate.inputs.tables import OpenTable
    from pytest_mlgate.stats.profile import ColumnProfile, Profile, Source

_NUMBERS = frozenset({"integer", "number", "date", "timestamp"})
_CATEGORIES = frozenset({"string", "boolean"})


class Choices(Struct, frozen=True):
    """What to make of columns, by name.

    Args:
        categorical: numbers that are codes, to be counted one by one.
        sensitive: nothing but the missing rows may be counted.
        exclude: not to be profiled.
    """

    categorical: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def read_profile(data: bytes, _path: Path, name: Path) -> Profile:
    """Read a profile from the bytes of its file.

    Raises:
        NotMeasuredError: it cannot be read, or is not as it was written.
    """
    from pytest_mlgate.stats.profile_file import load_profile

    return load_profile(data, str(name))


def profile_of(
    table: OpenTable, database: Database, source: Source, choices: Choices, like: Profile | None = None
) -> Profile:
    """Profile a table.

    Args:
        table: opened by the database.
        database: runs the queries.
        source: where the rows came from.
        choices: what to make of columns.
        like: the profile whose edges and categories to count at; it decides what is categorical and sensitive.

    Raises:
        NotMeasuredError: a column cannot be read, there is nothing to choose edges from, or the table does not have
            the columns of `like`.
    """
    from pytest_mlgate.stats.profile import Profile

    for name in (*choices.categorical, *choices.sensitive, *choices.exclude):
        table.frame.column(name)
    columns = {name: one for name, one in table.frame.columns.items() if name not in choices.exclude}
    if not columns:
        raise NotMeasuredError(f"every column of {table.frame.what} is excluded", "keep at least one")
    if like is None:
        if table.rows == 0:
            reason = f"{table.frame.what} has no rows to choose edges from"
            raise NotMeasuredError(reason, "name another table, or follow a profile with `--like`")
        bases = {name: _first(one, choices) for name, one in columns.items()}
    else:
        bases = _followed(like, columns, table.frame.what)
    missing = dict(zip(columns, table.count([Missing(name) for name in columns]), strict=True))
    reader = _Reader(table, database)
    found = {
        name: reader.profile(columns[name], missing[name], base, follow=like is not None)
        for name, base in sorted(bases.items())
    }
    return Profile(table.rows, (source,), found)


def _first(column: Column, choices: Choices) -> ColumnProfile:
    """Say what to count of a column that no other profile speaks of: an empty profile with the parts it is to have."""
    from pytest_mlgate.stats.profile import ColumnProfile
    from pytest_mlgate.stats.profile_make import categories_of, numbers_of

    if column.name in choices.sensitive:
        return ColumnProfile(column.type, 0, sensitive=True)
    coded = column.name in choices.categorical
    if coded and column.type not in _NUMBERS | _CATEGORIES:
        raise NotMeasuredError(f"{column} has no categories", "leave it out of the categorical columns")
    if coded or column.type in _CATEGORIES:
        lengths = numbers_of([]) if column.type == "string" else None
        return ColumnProfile(column.type, 0, categories=categories_of({}), lengths=lengths)
    return ColumnProfile(column.type, 0, numbers=numbers_of([]) if column.type in _NUMBERS else None)


def _followed(like: Profile, columns: Mapping[str, Column], what: str) -> dict[str, ColumnProfile]:
    """Pair a table with the profile that it is to follow.

    Raises:
        NotMeasuredError: they do not have the same columns.
    """
    for name in like.columns:
        if name not in columns:
            raise NotMeasuredError(f"{what} has no column {name!r}", suggest(name, columns, "column"))
    for name in columns:
        if name not in like.columns:
            reason = f"{what} has a column {name!r} that the profile to follow does not have"
            raise NotMeasuredError(reason, f"leave it out with `--exclude {name}`")
    return like.columns


class _Reader:
    def __init__(self, table: OpenTable, database: Database) -> None:
        self._table = table
        self._database = database

    def profile(self, column: Column, missing: int, base: ColumnProfile, *, follow: bool) -> ColumnProfile:
        """Fill in the parts that a base has.

        Raises:
            NotMeasuredError: the column cannot be read, or is of another type than its base.
        """
        from pytest_mlgate.stats.profile_make import categories_of, numbers_of

        empty = missing == self._table.rows
        found = replace(base, missing=missing, type=base.type if empty else _type(column, base))
        if base.numbers is not None:
            values: Any = [] if empty else self._table.numbers(column.name)
            found = replace(found, numbers=numbers_of(values, base.numbers if follow else None))
        if base.lengths is not None:
            lengths = [] if empty else self._lengths(column)
            found = replace(found, lengths=numbers_of(lengths, base.lengths if follow else None))
        if base.categories is not None:
            like = base.categories if follow else None
            counts = {} if empty else self._counts(column, None if like is None else list(like.counts))
            rest = self._table.rows - missing - sum(counts.values())
            found = replace(found, categories=categories_of(counts, rest, like))
        return found

    def _lengths(self, column: Column) -> Any:
        import narwhals as nw

        length = present(column).str.len_chars().cast(nw.Float64).alias(column.inner)
        rows = self._table.frame.select([column]).select(length)
        return self._database.fetch(rows, self._table.frame.what).column(0).to_numpy()

    def _counts(self, column: Column, known: list[str] | None) -> dict[str, int]:
        """Count the rows of categories, as text: of those known, or else of the most frequent ones."""
        from pytest_mlgate.stats.profile_make import MOST_CATEGORIES

        if known is not None and column.type != "string":  # whose values have more than one spelling
            return self._table.levels(column.name).counts
        counts: dict[str, int] = {}
        for value, rows in most_frequent(self._table.frame, column, MOST_CATEGORIES + 1, self._database, known):
            text = spelled(value, single=column.native == "float")
            counts[text] = counts.get(text, 0) + rows
        return counts


def _type(column: Column, base: ColumnProfile) -> Any:
    """Give the type that fits a column and its base.

    Raises:
        NotMeasuredError: there is none.
    """
    if column.type == base.type:
        return column.type
    if {column.type, base.type} == {"integer", "number"}:
        return "number"
    reason = f"{column} is to follow the profile of a column of type {base.type}"
    raise NotMeasuredError(reason, "mend its type in the data, or make new profiles of all parts")
