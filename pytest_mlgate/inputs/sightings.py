"""The first few rows that a rule speaks of, for a person to look at.

Files and frames in memory have an order, and the first rows are those that come first. Elsewhere the first are those
with the least keys and values, so that two runs over the same rows show the same ones.
"""

from __future__ import annotations

from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

from pytest_mlgate.aggregate import Conflicting, Duplicated, Example, Segment, columns_of
from pytest_mlgate.inputs.across import groups_sharing, speaking
from pytest_mlgate.inputs.engine import equals, missing, shown
from pytest_mlgate.inputs.frames import ROW
from pytest_mlgate.inputs.judged import breaking, by_value
from pytest_mlgate.inputs.remote import explained
from pytest_mlgate.inputs.rules import check
from pytest_mlgate.inputs.selecting import ROWS, derived_of, fetched, selected
from pytest_mlgate.inputs.text import shortened, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import narwhals as nw

    from pytest_mlgate.aggregate import Rule
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

_LONGEST_ROW = 240


def examples(
    frame: Frame,
    rule: Rule,
    limit: int,
    database: Database,
    key: Sequence[str] = (),
    segment: Segment | None = None,
) -> list[Example]:
    """Show the first few rows that a rule speaks of.

    Args:
        frame: the table.
        rule: which rows.
        limit: how many at most.
        database: runs the query.
        key: columns that identify a row.
        segment: look only at these rows.

    Raises:
        NotMeasuredError: a column is missing, or the rule makes no sense for its type.
    """
    check(rule, frame, database)
    columns = [frame.column(name) for name in columns_of(rule)]
    keys = [frame.column(name) for name in key]
    within = (segment or Segment()).values
    with explained(frame):
        find = _in_order if frame.dialect.numbered else _by_value
        records = find(frame, rule, limit, database, keys, within)

    def text(record: Mapping[str, Any], column: Column) -> str:
        return shortened(spelled(record[column.inner], single=column.native == "float"))

    return [
        Example(
            row=record.get(ROW),
            value=text(record, columns[0])
            if len(columns) == 1
            else shortened(", ".join(f"{column.name}={text(record, column)}" for column in columns), _LONGEST_ROW),
            key={column.name: text(record, column) for column in keys},
        )
        for record in records
    ]


def _in_order(
    frame: Frame, rule: Rule, limit: int, database: Database, keys: Sequence[Column], within: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Find the rows that come first, with their numbers."""
    beside = [*keys, *map(frame.column, within)]
    rows = selected(frame, [rule], beside, numbered=True, derived=derived_of({0: rule}, frame))
    found = speaking(_inside(rows, frame, within), rule, frame, database).sort(ROW).head(limit)
    wanted = _wanted(frame, rule, keys)
    return list(fetched(found.select(ROW, *map(shown, wanted)), frame, database).to_pylist())


def _by_value(
    frame: Frame, rule: Rule, limit: int, database: Database, keys: Sequence[Column], within: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Find the rows with the least keys and values, which have no numbers."""
    rows = _inside(selected(frame, [rule], [*keys, *map(frame.column, within)]), frame, within)
    wanted = _wanted(frame, rule, keys)
    if isinstance(rule, Duplicated | Conflicting):
        return _of_groups(frame, rule, limit, database, rows, wanted)
    if by_value(rule, frame):
        column = frame.column(columns_of(rule)[0])
        values = breaking(rule, rows, limit, frame, database, whole=not within)
        if not values:
            return []
        found = rows.filter(reduce(or_, (equals(column, value) for value in values)))
    else:
        found = speaking(rows, rule, frame, database)
    return _least(found, wanted, _orderable([*keys, *wanted]), limit, frame, database)


def _of_groups(
    frame: Frame,
    rule: Duplicated | Conflicting,
    limit: int,
    database: Database,
    rows: nw.LazyFrame[Any],
    wanted: Sequence[Column],
) -> list[dict[str, Any]]:
    """Find rows of the first few groups that a rule speaks of; of equal rows all but one."""
    many = groups_sharing(rows, rule, [], frame)
    grouped = [frame.column(name) for name in (rule.columns if isinstance(rule, Duplicated) else rule.keys)]
    first = many.sort(*(column.inner for column in _orderable(grouped))).head(limit)
    groups = fetched(first, frame, database).to_pylist()
    if any(column.type == "other" for column in grouped):  # nothing to find the rows again by
        repeated = [group for group in groups for _ in range(min(limit, group[ROWS]))]
        return repeated[:limit] if all(column in grouped for column in wanted) else []
    if not groups:
        return []
    alike = (reduce(and_, (equals(column, group[column.inner]) for column in grouped)) for group in groups)
    if isinstance(rule, Conflicting):
        rows = rows.filter(~missing(frame.column(rule.column)))
    order = _orderable([*grouped, *wanted])
    found = _least(rows.filter(reduce(or_, alike)), wanted, order, 2 * limit, frame, database)
    if isinstance(rule, Conflicting):
        return found[:limit]
    keys = [tuple(record[column.inner] for column in grouped) for record in found]
    return [record for record, key, before in zip(found, keys, [None, *keys], strict=False) if key == before][:limit]


def _least(
    rows: nw.LazyFrame[Any],
    wanted: Sequence[Column],
    order: Sequence[Column],
    limit: int,
    frame: Frame,
    database: Database,
) -> list[dict[str, Any]]:
    """Give the first few rows in an order of values."""
    shown_rows = rows.select(*map(shown, wanted))
    ordered = shown_rows.sort(*(column.inner for column in order)) if order else shown_rows
    return list(fetched(ordered.head(limit), frame, database).to_pylist())


def _inside(rows: nw.LazyFrame[Any], frame: Frame, within: Mapping[str, Any]) -> nw.LazyFrame[Any]:
    """Keep the rows of a segment."""
    for name, value in within.items():
        rows = rows.filter(equals(frame.column(name), value))
    return rows


def _wanted(frame: Frame, rule: Rule, keys: Sequence[Column]) -> list[Column]:
    return list(dict.fromkeys([*(frame.column(name) for name in columns_of(rule)), *keys]))


def _orderable(columns: Iterable[Column]) -> list[Column]:
    """Leave out columns whose values no engine orders alike."""
    return [column for column in dict.fromkeys(columns) if column.type != "other" or column.untyped]
