"""How many rows there are, and how many there were; which segments there should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.aggregate import Segment
from pytest_mlgate.findings import WHOLE
from pytest_mlgate.inputs.text import spelled
from pytest_mlgate.kinds.data.quality.asking import Piece
from pytest_mlgate.verdict import Limit, Measurement, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_mlgate.aggregate import Answers
    from pytest_mlgate.kinds.data.quality.asking import View
    from pytest_mlgate.kinds.data.quality.spec import DataQuality
    from pytest_mlgate.table import Table

ROW_COUNT, CHANGE, SEGMENTS, MISSING = "row_count", "row_count_change", "segments", "missing_segments"
_LISTED = 5


def row_counts(spec: DataQuality) -> Iterator[Piece]:
    """Check how many rows there are."""
    limit = spec.row_count
    if limit is not None:

        def report(view: View) -> Iterator[Measurement]:
            yield _counted(view.named(WHOLE), ROW_COUNT, view.rows, limit)

        yield Piece(WHOLE, ROW_COUNT, (), report)


def changes(answers: Sequence[Answers], reference: Table, spec: DataQuality, limit: Limit) -> Iterator[Measurement]:
    """Check how many rows there are against a reference, segment by segment where there are any.

    A segment that only the reference has lost all of its rows.
    """
    whole = [] if spec.segment_by else [Segment()]  # a table without rows has no answers
    parts = {one.segment.identity: one for one in reference.ask([], spec.segment_by, spec.max_segments)}
    named = {one.identity: str(one) for one in [*whole, *(each.segment for each in [*answers, *parts.values()])]}
    now = {one.segment.identity: one.rows for one in answers}
    for identity, name in named.items():
        rows = parts[identity].rows if identity in parts else 0
        yield _counted(name or WHOLE, CHANGE, now.get(identity, 0), limit, rows)


def _counted(name: str, metric: str, rows: int, limit: Limit, before: int | None = None) -> Measurement:
    """Make a measurement of a number of rows; none at all can only fail, never pass."""
    lower, _ = resolve(limit, before)
    empty = rows == 0 and (lower is None or lower <= 0)
    detail = {} if before is None else {"share": rows / before if before else None}
    return Measurement(
        name=name,
        metric=metric,
        value=rows,
        n=0 if empty else None,
        n_reference=before,
        limit=limit,
        baseline=before,
        detail=detail,
    )


def segments(answers: Sequence[Answers], spec: DataQuality) -> Iterator[Measurement]:
    """Say how many segments there are, and check that those expected exist."""
    if not spec.segment_by:
        return
    rows = sum(one.rows for one in answers)
    yield Measurement(name=WHOLE, metric=SEGMENTS, value=len(answers), n=rows, detail={"unit": "rows"})
    for column, expected in spec.segments.items():
        found = {one.segment.texts[column] for one in answers if one.segment.values[column] is not None}
        lost = [text for text in map(spelled, expected) if text not in found]
        detail = {"unit": "values"}
        hints = {"look_at": [f"no row has {column} {', '.join(lost[:_LISTED])}"]} if lost else {}
        yield Measurement(
            name=column, metric=MISSING, value=len(lost), n=len(expected), limit=Limit(max=0), detail=detail | hints
        )
