"""Measuring a table: every piece of a gate in one pass over the rows, then what needs passes of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.aggregate import Segment
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.findings import Sight
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.inputs.quiet import hushed
from pytest_mlgate.kinds.data.quality.asking import View, guarded, refused
from pytest_mlgate.kinds.data.quality.classes import RAREST, balance
from pytest_mlgate.kinds.data.quality.counting import CHANGE, changes, row_counts, segments
from pytest_mlgate.kinds.data.quality.freshness import freshness
from pytest_mlgate.kinds.data.quality.keys import foreign_keys
from pytest_mlgate.kinds.data.quality.numbers import statistics
from pytest_mlgate.kinds.data.quality.rows import comparisons, conflicts, duplicates, sentinels
from pytest_mlgate.kinds.data.quality.statements import conditions, queries
from pytest_mlgate.verdict import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.aggregate import Answers
    from pytest_mlgate.kind import Inputs
    from pytest_mlgate.kinds.data.quality.asking import Piece
    from pytest_mlgate.kinds.data.quality.spec import DataQuality
    from pytest_mlgate.table import Table

_EMPTY = "the table has no rows"
_LOOKED_AT = 50  # each failing check takes a query for its examples, and nobody reads thousands


def measure(spec: DataQuality, inputs: Inputs) -> Iterator[Measurement]:
    """Check everything that the gate asks for."""
    with hushed(quiet=bool(spec.sensitive)):
        yield from _measured(spec, inputs)


def _measured(spec: DataQuality, inputs: Inputs) -> Iterator[Measurement]:
    table = inputs.table(spec.data)
    _check_names(spec, table)
    pieces = [
        *row_counts(spec),
        *freshness(spec, table),
        *duplicates(spec, table),
        *statistics(spec, table),
        *comparisons(spec),
        *conflicts(spec),
        *sentinels(spec, table),
    ]
    questions = list(dict.fromkeys(question for piece in pieces for question in piece.questions))
    objections = dict(zip(questions, table.refusals(questions), strict=True))
    refusals = [refused(piece, objections) for piece in pieces]
    for piece, refusal in zip(pieces, refusals, strict=True):
        if refusal is not None:
            yield Measurement(name=piece.name, metric=piece.metric, reason=refusal)
    askable = [piece for piece, refusal in zip(pieces, refusals, strict=True) if refusal is None]
    answers = _ask(table, askable, spec)
    yield from segments(answers, spec)
    yield from _reports(table, askable, answers, spec)
    yield from _beside(table, answers, spec, inputs)


def _check_names(spec: DataQuality, table: Table) -> None:
    """Refuse a misspelt name where nothing else would notice: a value that must not be shown could be."""
    for parameter, names in (("key", spec.key), ("sensitive", spec.sensitive), ("segment_by", spec.segment_by)):
        for name in names:
            if name not in table.columns:
                remedy = did_you_mean(name, table.columns, "columns")
                raise NotMeasuredError(f"`{parameter}` names {name!r}, which is no column", remedy)


def _ask(table: Table, pieces: list[Piece], spec: DataQuality) -> list[Answers]:
    """Put the questions of all pieces to the table together."""
    if table.rows == 0:
        return []
    questions = list(dict.fromkeys(question for piece in pieces for question in piece.questions))
    return table.ask(questions, spec.segment_by, spec.max_segments if spec.segment_by else None)


def _reports(table: Table, pieces: list[Piece], answers: list[Answers], spec: DataQuality) -> Iterator[Measurement]:
    """Let each piece report on each segment."""
    sight, blind = _sight(spec), _sight(spec, examples=0)
    questions = list(dict.fromkeys(question for piece in pieces for question in piece.questions))
    looked = 0
    for piece in pieces:
        if not answers:
            yield from _of_nothing(piece, table, sight)
        for one in answers:
            known = dict(zip(questions, one.values, strict=True))
            values = tuple(known[question] for question in piece.questions)
            view = View(table, one.segment, one.rows, values, one.error, sight if looked < _LOOKED_AT else blind)
            for found in piece.report(view):
                looked += "examples" in found.detail
                yield found


def _of_nothing(piece: Piece, table: Table, sight: Sight) -> Iterator[Measurement]:
    """Report on a table without rows, of which only their number can be told."""
    if piece.questions:
        yield Measurement(name=piece.name, metric=piece.metric, n=0, reason=_EMPTY)
    else:
        yield from piece.report(View(table, Segment(), 0, (), 0.0, sight))


def _beside(table: Table, answers: list[Answers], spec: DataQuality, inputs: Inputs) -> Iterator[Measurement]:
    """Make the checks that take passes of their own; one that cannot be made does not hide the others."""
    quiet = bool(spec.sensitive)
    if spec.row_count_change is not None:
        yield from guarded("*", CHANGE, _changes(answers, spec, inputs), quiet=quiet)
    sight = _sight(spec)
    yield from conditions(table, answers, spec, sight)
    yield from queries(table, spec, inputs, sight)
    yield from foreign_keys(table, answers, spec, inputs, sight)
    labels = spec.labels
    if labels is not None and table.rows == 0:
        yield Measurement(name=labels.column, metric=RAREST, n=0, reason=_EMPTY)
    elif labels is not None:
        yield from guarded(labels.column, RAREST, balance(spec, labels, table), quiet=quiet)


def _changes(answers: list[Answers], spec: DataQuality, inputs: Inputs) -> Iterator[Measurement]:
    change = spec.row_count_change
    if change is not None:
        reference = inputs.table(change.reference, "reference")
        yield from changes(answers, reference, spec, change.limit)


def _sight(spec: DataQuality, examples: int = Sight().examples) -> Sight:
    return Sight(key=spec.key, sensitive=frozenset(spec.sensitive), examples=examples)
