"""Rules that an engine has no words for, judged by distinct values: it counts them, and the embedded database judges.

Spark's patterns are Java's, a warehouse's are its own, and no engine but DuckDB knows the well-known formats. Such a
rule holds or fails for a value wherever it stands, so it is enough to know how often each value occurs. Values come in
pieces, so that a column of many does not fill the memory here.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from pytest_mlgate.aggregate import Among, NotAmong, NotFormatted, NotMatching, columns_of
from pytest_mlgate.inputs.across import is_long, speaking
from pytest_mlgate.inputs.engine import needs_sql, operand, present, shown, spoken_of
from pytest_mlgate.inputs.formats import valid
from pytest_mlgate.inputs.selecting import segment_columns, selected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import narwhals as nw
    import pyarrow as pa

    from pytest_mlgate.aggregate import Question, Rule
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame
    from pytest_mlgate.inputs.selecting import Key

_TIMES = "the_times"
KEPT = 100


def by_value(question: Question, frame: Frame) -> bool:
    """Tell whether a table's engine leaves a rule to be judged by distinct values.

    Raises:
        NotMeasuredError: the rule makes no sense for the column's type.
    """
    if frame.engine is None or frame.column(columns_of(question)[0]).untyped:
        return False
    match question:
        case NotMatching(column) if not frame.dialect.re2:
            spoken_of(question, [frame.column(column)], "")  # refuses what is no text
            return True
        case NotFormatted(column):
            return needs_sql(question, frame.column(column))
        case Among() | NotAmong():
            return is_long(question)
        case _:
            return False


def counted(
    rules: Mapping[int, Rule], groups: Sequence[Column], frame: Frame, database: Database
) -> Iterator[dict[Key, dict[int, int]]]:
    """Count the rows that rules speak of, in each segment: one pass for all rules about one column.

    Yields:
        A segment's values → the rule's place → how many rows. Segments without any are left out.
    """
    by_column: dict[str, dict[int, Rule]] = defaultdict(dict)
    for place, rule in rules.items():
        by_column[columns_of(rule)[0]][place] = rule
    names = segment_columns(groups)
    for name, about in by_column.items():
        found: dict[Key, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        rows = selected(frame, [], [frame.column(name)], groups=groups)
        least: dict[Rule, list[Any]] = {rule: [] for rule in about.values()}
        for values in _distinct(frame, frame.column(name), rows, names):
            for place, rule in about.items():
                broken = _broken(values, rule, frame, database)
                for key, count in _totals(broken, names, frame, database):
                    found[key][place] += count
                    if count and not names:
                        least[rule] = _least(broken, rule, least[rule], frame, database)
        if not names:
            frame.breaking.update(least)
        yield found


def breaking(
    rule: Rule, rows: nw.LazyFrame[Any], limit: int, frame: Frame, database: Database, *, whole: bool
) -> list[Any]:
    """Find the least few values that break a rule.

    Args:
        rule: what they break.
        rows: the rows to look among.
        limit: how many values, at most `KEPT`.
        frame: the table.
        database: judges.
        whole: whether those are all rows of the table; then it may be known since they were counted.
    """
    if whole and rule in frame.breaking:
        return frame.breaking[rule][:limit]
    least: list[Any] = []
    for values in _distinct(frame, frame.column(columns_of(rule)[0]), rows, []):
        least = _least(_broken(values, rule, frame, database), rule, least, frame, database)
    return least[:limit]


def _least(broken: nw.LazyFrame[Any], rule: Rule, known: list[Any], frame: Frame, database: Database) -> list[Any]:
    """Add values to the least few that are known."""
    column = frame.column(columns_of(rule)[0])
    found = database.fetch(broken.select(shown(column)).sort(column.inner).head(KEPT), frame.what)
    return nsmallest(KEPT, [*known, *found.column(0).to_pylist()])


def _distinct(frame: Frame, column: Column, rows: nw.LazyFrame[Any], names: Sequence[str]) -> Iterator[pa.Table]:
    """Count a column's distinct values in each segment, some of them at a time."""
    import narwhals as nw

    if frame.engine is None:
        raise TypeError("the embedded database needs nobody to judge for it")
    value = present(column) if column.type == "string" else operand(column)
    rows = rows.with_columns(value.alias(column.inner)).filter(~nw.col(column.inner).is_null())
    many = rows.group_by(*names, column.inner).agg(nw.len().alias(_TIMES))
    return frame.engine.pieces(many.select(*names, column.inner, _TIMES), column.inner, frame.rows, frame.what)


def _totals(
    broken: nw.LazyFrame[Any], names: Sequence[str], frame: Frame, database: Database
) -> Iterator[tuple[Key, int]]:
    """Add up how often values occur, in each segment."""
    import narwhals as nw

    total = nw.col(_TIMES).sum()
    totals = broken.group_by(*names).agg(total) if names else broken.select(total)
    *keys, times = (part.to_pylist() for part in database.fetch(totals, frame.what).columns)
    for position, count in enumerate(times):
        yield tuple(key[position] for key in keys), int(count or 0)


def _broken(values: pa.Table, rule: Rule, frame: Frame, database: Database) -> nw.LazyFrame[Any]:
    """Keep the values that break a rule."""
    import narwhals as nw

    lent = database.lend(values)
    if isinstance(rule, NotFormatted):
        lent = lent.project(f"*, NOT {valid(rule.format, frame.column(rule.column).inner)} AS d0")
    return speaking(nw.from_native(lent), rule, frame, database)
