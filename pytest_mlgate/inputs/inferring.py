"""What seems to hold for the columns of a table, as rules that a person can tighten.

The first rows suggest what might hold (a format, an order, no value twice), which is then looked for in all rows along
with their ranges. In the end each rule is counted: what is written down holds for the data that it was learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from pytest_mlgate.aggregate import (
    Above,
    Below,
    Disordered,
    Duplicated,
    Format,
    Infinite,
    Longer,
    Missing,
    NotAmong,
    NotFormatted,
    NotMatching,
    Shorter,
    Statistic,
)
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.engine import FLOATS, present
from pytest_mlgate.inputs.frequent import most_frequent
from pytest_mlgate.inputs.memory import Cells, open_cells
from pytest_mlgate.inputs.personal_columns import PHONE, sounds_personal
from pytest_mlgate.inputs.proposing import MOST_ALLOWED, TIMES, Facts, may_identify, propose
from pytest_mlgate.inputs.tables import OpenTable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from pytest_mlgate.aggregate import Question, Rule
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column

_LOOKED_AT = 20_000  # rows that suggest what might hold
_TOGETHER = 50  # columns that are asked about in one query
_ENOUGH_FORMATTED = 5
_FORMATS: tuple[Format, ...] = ("uuid", "email", "ipv4", "url", "date", "datetime", "json")
_STRUCTURED = r"^\s*[\[{]"  # a lone number is JSON too, but no one would call it that

_Known = dict[tuple[str, str], Any]

_CHECKS: dict[str, Callable[[str, Any], Rule]] = {
    "min": Below,
    "max": Above,
    "allowed": lambda name, values: NotAmong(name, tuple(values)),
    "min_length": Shorter,
    "max_length": Longer,
    "finite": lambda name, _: Infinite(name),
}


class Inferred(Struct, frozen=True):
    """What seems to hold for a column.

    Args:
        rules: parameter of `data.schema` → value, in the order in which they read best.
        notes: what they rest on, in words that show no values of personal columns.
    """

    rules: dict[str, Any]
    notes: tuple[str, ...]


def infer_columns(table: OpenTable, database: Database, parameters: Collection[str]) -> dict[str, Inferred]:
    """Learn what holds for each column.

    Args:
        table: opened by the database.
        database: runs the queries.
        parameters: the parameters that may be used.

    Raises:
        NotMeasuredError: there are no rows, or they cannot be read.
    """
    if table.rows == 0:
        raise NotMeasuredError(f"{table.frame.what} has no rows to learn from", "name another table")
    columns = list(table.frame.columns.values())
    found: dict[str, Inferred] = {}
    for i in range(0, len(columns), _TOGETHER):
        facts = _facts(table, columns[i : i + _TOGETHER], database)
        found |= _holding(table, facts, parameters)
    return found


def _holding(table: OpenTable, facts: Sequence[Facts], parameters: Collection[str]) -> dict[str, Inferred]:
    """Propose rules and keep those that no row of the table breaks."""
    drafts = {one.name: {each.key: each for each in propose(one) if each.key in parameters} for one in facts}
    checked = [(name, key) for name, draft in drafts.items() for key in draft if key in _CHECKS]
    broken = table.count([_CHECKS[key](name, drafts[name][key].value) for name, key in checked])
    for (name, key), rows in zip(checked, broken, strict=True):
        if rows:  # a limit that does not survive the engine's arithmetic
            del drafts[name][key]
    return {
        name: Inferred(
            {key: each.value for key, each in draft.items()},
            tuple(dict.fromkeys(each.note for each in draft.values() if each.note)),
        )
        for name, draft in drafts.items()
    }


def _facts(table: OpenTable, columns: Sequence[Column], database: Database) -> list[Facts]:
    """Find out about columns: in the first rows what is worth looking for, and then in all whether it is so."""
    suggestions = _suggestions(_first_rows(table, columns, database))
    asked = [one for column in columns for one in _telling(column, suggestions[column.name])]
    known = _answers(table, asked)
    lengths = _lengths(table, [column for column in columns if column.type == "string"], database)
    found = []
    for column in columns:
        name, suggested = column.name, suggestions[column.name]
        shortest, longest = lengths.get(name, (None, None))
        facts = Facts(
            name=name,
            type=column.type,
            floating=column.native in FLOATS,
            rows=table.rows,
            missing=known[name, "missing"],
            variety=suggested.variety,
            repeated=known.get((name, "repeated"), 1) > 0,
            ordered=known.get((name, "disorder"), 1) == 0,
            format=None if known.get((name, "format"), 1) else suggested.format,
            personal=suggested.personal,
            low=known.get((name, "low")),
            high=known.get((name, "high")),
            shortest=shortest,
            longest=longest,
        )
        if facts.may_be_few:
            counts = most_frequent(table.frame, column, MOST_ALLOWED[column.type] + 1, database)
            facts = replace(facts, counts=tuple(counts))
        found.append(facts)
    return found


def _first_rows(table: OpenTable, columns: Sequence[Column], database: Database) -> OpenTable:
    frame = table.frame
    fetched = database.fetch(frame.select(columns).head(_LOOKED_AT), frame.what)
    cells = {column.name: Cells(fetched.column(column.inner), opaque=column.opaque) for column in columns}
    return OpenTable(open_cells(cells, frame.what, database), database, {})


class _Suggested(Struct, frozen=True, kw_only=True):
    """What the first rows suggest of a column: worth looking for in all of them."""

    variety: int
    repeated: bool
    ordered: bool
    format: Format | None
    personal: bool


def _suggestions(first: OpenTable) -> dict[str, _Suggested]:
    found = _answers(first, [one for column in first.frame.columns.values() for one in _suggestive(column)])
    return {name: _suggested(name, first.rows, found) for name in first.frame.columns}


def _suggestive(column: Column) -> Iterator[tuple[str, str, Question]]:
    name = column.name
    yield name, "missing", Missing(name)
    if column.type in {"string", "integer"} | TIMES:
        yield name, "variety", Statistic(name, "distinct")
    if column.type == "string":
        yield from ((name, one, NotFormatted(name, one)) for one in _FORMATS)
        yield name, "phone", NotMatching(name, PHONE)
        yield name, "flat", NotMatching(name, _STRUCTURED)
    if column.type == "timestamp":
        yield name, "disorder", Disordered(name, "increasing")


def _suggested(name: str, rows: int, found: _Known) -> _Suggested:
    seen = rows - found[name, "missing"]
    variety = found.get((name, "variety"), 0)
    fits = [one for one in _FORMATS if found.get((name, one), 1) == 0] if seen >= _ENOUGH_FORMATTED else []
    if "json" in fits and found[name, "flat"]:
        fits.remove("json")
    unlike = min(found.get((name, key), seen) for key in ("email", "phone"))
    return _Suggested(
        variety=variety,
        repeated=variety < seen,
        ordered=found.get((name, "disorder"), 1) == 0,
        format=fits[0] if fits else None,
        personal=sounds_personal(name) or 2 * unlike < seen,
    )


def _telling(column: Column, suggested: _Suggested) -> Iterator[tuple[str, str, Question]]:
    name = column.name
    yield name, "missing", Missing(name)
    if column.type in {"integer", "number"} | TIMES:
        yield name, "low", Statistic(name, "min")
        yield name, "high", Statistic(name, "max")
    if suggested.format is not None:
        yield name, "format", NotFormatted(name, suggested.format)
    if may_identify(name, column.type, suggested.format) and not suggested.repeated:
        yield name, "repeated", Duplicated((name,))
    if suggested.ordered:
        yield name, "disorder", Disordered(name, "increasing")


def _answers(table: OpenTable, asked: Sequence[tuple[str, str, Question]]) -> _Known:
    (whole,) = table.ask([question for _, _, question in asked])
    return {(name, key): value for (name, key, _), value in zip(asked, whole.values, strict=True)}


def _lengths(
    table: OpenTable, columns: Sequence[Column], database: Database
) -> dict[str, tuple[int | None, int | None]]:
    """Give the fewest and the most characters of each column's values."""
    if not columns:
        return {}
    lengths = [present(column).str.len_chars() for column in columns]
    asked = [one.min().alias(f"low{i}") for i, one in enumerate(lengths)]
    asked += [one.max().alias(f"high{i}") for i, one in enumerate(lengths)]
    (found,) = database.fetch(table.frame.select(columns).select(*asked), table.frame.what).to_pylist()
    return {column.name: (found[f"low{i}"], found[f"high{i}"]) for i, column in enumerate(columns)}
