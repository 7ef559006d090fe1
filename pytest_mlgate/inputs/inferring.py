"""What seems to hold for the columns of a table, as rules that a person can tighten.

The first rows suggest what might hold (a format, a few values, no value twice), aggregates over all rows give ranges,
and in the end each rule is counted on all rows: what is written down holds for the data that it was learned from.
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
from pytest_mlgate.inputs.proposing import MOST_ALLOWED, TIMES, Facts, propose
from pytest_mlgate.inputs.tables import OpenTable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

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
    "format": NotFormatted,
    "min_length": Shorter,
    "max_length": Longer,
    "unique": lambda name, _: Duplicated((name,)),
    "monotonic": Disordered,
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
        if rows:  # it held for the first rows only
            del drafts[name][key]
    return {
        name: Inferred(
            {key: each.value for key, each in draft.items()},
            tuple(dict.fromkeys(each.note for each in draft.values() if each.note)),
        )
        for name, draft in drafts.items()
    }


def _facts(table: OpenTable, columns: Sequence[Column], database: Database) -> list[Facts]:
    """Find out about columns: in the first rows what takes long to find out, the rest in all."""
    first = _first_rows(table, columns, database)
    suggested = _answers(first, [one for column in columns for one in _suggestive(first.frame.column(column.name))])
    known = _answers(table, [one for column in columns for one in _telling(column)])
    lengths = _lengths(table, [column for column in columns if column.type == "string"], database)
    found = []
    for column in columns:
        shortest, longest = lengths.get(column.name, (None, None))
        facts = Facts(
            name=column.name,
            type=column.type,
            floating=column.native in FLOATS,
            rows=table.rows,
            missing=known[column.name, "missing"],
            low=known.get((column.name, "low")),
            high=known.get((column.name, "high")),
            shortest=shortest,
            longest=longest,
            **_suggestions(column.name, first.rows, suggested),
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


def _suggestive(column: Column) -> list[tuple[str, str, Question]]:
    name = column.name
    asked: list[tuple[str, str, Question]] = [(name, "missing", Missing(name))]
    if column.type in {"string", "integer"} | TIMES:
        asked.append((name, "variety", Statistic(name, "distinct")))
    if column.type == "string":
        asked += [(name, one, NotFormatted(name, one)) for one in _FORMATS]
        asked += [(name, "phone", NotMatching(name, PHONE)), (name, "flat", NotMatching(name, _STRUCTURED))]
    if column.type == "timestamp":
        asked.append((name, "disorder", Disordered(name, "increasing")))
    return asked


def _telling(column: Column) -> list[tuple[str, str, Question]]:
    name = column.name
    asked: list[tuple[str, str, Question]] = [(name, "missing", Missing(name))]
    if column.type in {"integer", "number"} | TIMES:
        asked += [(name, "low", Statistic(name, "min")), (name, "high", Statistic(name, "max"))]
    return asked


def _answers(table: OpenTable, asked: list[tuple[str, str, Question]]) -> _Known:
    (whole,) = table.ask([question for _, _, question in asked])
    return {(name, key): value for (name, key, _), value in zip(asked, whole.values, strict=True)}


def _suggestions(name: str, rows: int, suggested: _Known) -> dict[str, Any]:
    """Say what the first rows suggest."""
    seen = rows - suggested[name, "missing"]
    variety = suggested.get((name, "variety"), 0)
    fits = [one for one in _FORMATS if suggested.get((name, one), seen) == 0]
    if "json" in fits and suggested[name, "flat"]:
        fits.remove("json")
    unlike = min(suggested.get((name, key), seen) for key in ("email", "phone"))
    return {
        "variety": variety,
        "repeated": variety < seen,
        "format": fits[0] if fits and seen >= _ENOUGH_FORMATTED else None,
        "personal": sounds_personal(name) or 2 * unlike < seen,
        "ordered": suggested.get((name, "disorder"), 1) == 0,
    }


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
