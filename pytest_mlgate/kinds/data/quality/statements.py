"""Rows that should not be, as SQL says it: conditions on each row, and queries of their own.

SQL comes from a gate file and runs in a sandbox. A statement that cannot be run is not measured, with the reason, and
does not hide the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.findings import REDACTED, named, rows_found
from pytest_mlgate.inputs.text import on_one_line
from pytest_mlgate.kinds.data.quality.asking import guarded
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_mlgate.aggregate import Answers, Condition, Example, Segment
    from pytest_mlgate.findings import Sight
    from pytest_mlgate.kind import Inputs
    from pytest_mlgate.kinds.data.quality.spec import DataQuality
    from pytest_mlgate.table import Table

WHERE, SQL = "rows_where", "sql"
_EMPTY = "the table has no rows"


def conditions(table: Table, answers: Sequence[Answers], spec: DataQuality, sight: Sight) -> Iterator[Measurement]:
    """Count the rows that conditions speak of: one pass for all of them, in each segment."""
    names = [" ".join(text.split()) for text in spec.rows_where]
    if table.rows == 0:
        yield from (Measurement(name=name, metric=WHERE, n=0, reason=_EMPTY) for name in names)
        return
    segments = [one.segment for one in answers]
    quiet = bool(spec.sensitive)
    texts = list(spec.rows_where)
    try:
        found: list[Any] = list(table.tally(texts, segments, quiet=quiet)) if texts else []
    except NotMeasuredError:  # one of them is at fault: each is asked by itself, and says what is wrong with it
        found = [None] * len(texts)
    for name, (text, limit), tallies in zip(names, spec.rows_where.items(), found, strict=True):
        work = _of_condition(table, name, text, limit, segments, tallies, sight)
        yield from guarded(name, WHERE, work, quiet=quiet)


def _of_condition(
    table: Table,
    name: str,
    text: str,
    limit: Limit,
    segments: Sequence[Segment],
    tallies: Sequence[Condition] | None,
    sight: Sight,
) -> Iterator[Measurement]:
    quiet = bool(sight.sensitive)
    if tallies is None:
        (tallies,) = table.tally([text], segments, quiet=quiet)
    for segment, found in zip(segments, tallies, strict=True):

        def look(segment: Segment = segment) -> tuple[list[Example], str]:
            rows = table.satisfying(text, sight.examples, sight.key, segment, quiet=quiet)
            return rows, table.asking(text, segment)

        if not found.judged:
            reason = "it is neither true nor false for any row, since values are missing"
            yield Measurement(name=named(name, segment), metric=WHERE, n=0, reason=reason)
            continue
        yield rows_found(
            name,
            WHERE,
            count=found.rows,
            n=found.judged,
            limit=limit,
            look=look,
            segment=segment,
            sight=sight,
            hidden=not sight.sensitive.isdisjoint(found.columns),
            valued=bool(found.columns),
            own_pass=True,
            words="meet the condition",
        )


def queries(table: Table, spec: DataQuality, inputs: Inputs, sight: Sight) -> Iterator[Measurement]:
    """Run each query, and count the rows that it returns."""
    for name, written in spec.sql.items():
        query, most = (written, 0) if isinstance(written, str) else (written.query, written.max)
        if table.rows == 0:
            yield Measurement(name=name, metric=SQL, n=0, reason=_EMPTY)
        else:
            work = _of_query(table, name, query, most, spec, inputs, sight)
            yield from guarded(name, SQL, work, quiet=bool(spec.sensitive))


def _of_query(
    table: Table, name: str, query: str, most: int, spec: DataQuality, inputs: Inputs, sight: Sight
) -> Iterator[Measurement]:
    others = {called: inputs.table(ref, called) for called, ref in spec.tables.items()}
    found = table.returned(query, others, sight.examples, quiet=bool(sight.sensitive))
    detail: dict[str, Any] = {"unit": "rows", "own_pass": True}
    if found.rows > most:
        # A query may call a sensitive column by any name, so where there is one none of its values are shown.
        rows = [REDACTED if sight.sensitive else one.value for one in found.examples]
        shown = "values not shown" if sight.sensitive else f"as {'; '.join(rows)}"
        detail |= {
            "examples": [{"value": row} for row in rows],
            "query": on_one_line(query),
            "look_at": [f"{name} {SQL}: {found.rows:,} {'row' if found.rows == 1 else 'rows'} returned, {shown}"],
        }
    yield Measurement(name=name, metric=SQL, value=found.rows, n=table.rows, limit=Limit(max=most), detail=detail)
