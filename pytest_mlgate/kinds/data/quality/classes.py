"""The classes of a label: which there are, and how evenly rows are spread over them.

Counting rows by class is a query of its own. A class that occurs anywhere in the table is a class of every segment, so
that one which a segment has lost is its rarest, with no rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.findings import REDACTED, named
from pytest_mlgate.inputs.text import spelled
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.aggregate import Segment
    from pytest_mlgate.kinds.data.quality.spec import DataQuality, Labels
    from pytest_mlgate.table import Table

CLASSES, UNEXPECTED, MISSING = "classes", "unexpected_classes", "missing_classes"
RAREST, COMMONEST = "rarest_share", "commonest_share"
_MOST = 10_000
_LISTED = 5


def balance(spec: DataQuality, labels: Labels, table: Table) -> Iterator[Measurement]:
    """Check the classes and their shares, segment by segment."""
    by = (*spec.segment_by, labels.column)
    counts: dict[tuple[str | None, ...], tuple[Segment, dict[str, int]]] = {}
    for one in table.ask([], by, _MOST * (spec.max_segments if spec.segment_by else 1)):
        texts = {name: text for name, text in one.segment.texts.items() if name != labels.column}
        values = {name: value for name, value in one.segment.values.items() if name != labels.column}
        segment = type(one.segment)(values, texts)
        of_segment = counts.setdefault(segment.identity, (segment, {}))[1]
        if one.segment.values[labels.column] is not None:
            of_segment[one.segment.texts[labels.column]] = one.rows
    found = list(dict.fromkeys(name for _, rows in counts.values() for name in rows))
    known = list(map(spelled, labels.classes)) if labels.classes is not None else found
    for segment, rows in counts.values():
        name = named(labels.column, segment)
        n = sum(rows.values())
        if n == 0:
            yield Measurement(name=name, metric=RAREST, n=0, reason="every label is missing")
        else:
            shown = _shown if labels.column not in spec.sensitive else _hidden
            yield from _of_segment(name, rows, n, labels, known, shown)


def _of_segment(
    name: str, rows: dict[str, int], n: int, labels: Labels, known: list[str], shown: Any
) -> Iterator[Measurement]:
    """Check the classes of one segment."""

    def check(metric: str, value: float, limit: Limit, hint: str = "") -> Measurement:
        detail = {"unit": "rows", "own_pass": True, **({"look_at": [f"{name}: {hint}"]} if hint else {})}
        return Measurement(name=name, metric=metric, value=value, n=n, limit=limit, detail=detail)

    if labels.classes is None:
        yield check(CLASSES, len(rows), Limit(min=labels.min_classes), f"classes found: {shown(list(rows))}")
    else:
        strangers = [one for one in rows if one not in known]
        lost = [one for one in known if one not in rows]
        yield check(UNEXPECTED, len(strangers), Limit(max=0), f"not expected: {shown(strangers)}")
        yield check(MISSING, len(lost), Limit(max=0), f"in no row: {shown(lost)}")
    counted = {one: rows.get(one, 0) for one in dict.fromkeys([*known, *rows])}
    sides = (
        (RAREST, "rarest", labels.min_share, min, "min"),
        (COMMONEST, "commonest", labels.max_share, max, "max"),
    )
    for metric, adjective, bound, choose, side in sides:
        if bound is not None:
            one = choose(counted, key=counted.__getitem__)
            hint = f"the {adjective} class is {shown([one])}, in {counted[one]:,} of {n:,} rows"
            yield check(metric, counted[one] / n, Limit(**{side: bound}), hint)


def _shown(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return f"{', '.join(names[:_LISTED]) or 'none'}{more}"


def _hidden(names: list[str]) -> str:
    return REDACTED if names else "none"
