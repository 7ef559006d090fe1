"""The pieces of a table check: what each wants to know, and what it makes of the answers.

All pieces of a gate are put to the table together, so that one pass over the rows answers them all; then each reports
on every segment by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.findings import breach, named
from pytest_mlgate.inputs.quiet import hushed
from pytest_mlgate.verdict import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_mlgate.aggregate import Question, Rule, Segment
    from pytest_mlgate.findings import Sight
    from pytest_mlgate.table import Table
    from pytest_mlgate.verdict import Limit

Number = int | float


@dataclass(frozen=True, slots=True)
class View:
    """What one piece gets to see of one segment.

    Args:
        table: where the rows are.
        segment: which rows; without values, all.
        rows: how many.
        values: the answers to its questions.
        error: how far off a quantile may be, as a share of the rows.
        sight: what may be shown.
    """

    table: Table
    segment: Segment
    rows: int
    values: tuple[Number | None, ...]
    error: float
    sight: Sight

    @property
    def counts(self) -> tuple[int, ...]:
        """The answers as numbers of rows."""
        return tuple(int(value or 0) for value in self.values)

    def named(self, name: str) -> str:
        """Name a check of this segment."""
        return named(name, self.segment)

    def broken(
        self, rule: Rule, metric: str, *, count: int, n: int, limit: Limit, name: str, words: str | None = None
    ) -> Measurement:
        """Report the rows that a rule speaks of."""
        return breach(
            self.table,
            rule,
            metric,
            count=count,
            n=n,
            limit=limit,
            name=name,
            segment=self.segment,
            sight=self.sight,
            words=words,
        )

    def unmeasured(self, name: str, metric: str, reason: str, n: int | None = None) -> Measurement:
        """Report what could not be measured here."""
        return Measurement(name=self.named(name), metric=metric, n=n, reason=reason)


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing to check.

    Args:
        name: what it is about.
        metric: what is measured.
        questions: what it wants to know; a piece without any needs the number of rows alone.
        report: makes measurements of the answers, for each segment.
        refusal: why it cannot be measured, where that is known already.
    """

    name: str
    metric: str
    questions: tuple[Question, ...]
    report: Callable[[View], Iterable[Measurement]]
    refusal: str | None = None


def refused(piece: Piece, objections: dict[Question, NotMeasuredError | None]) -> str | None:
    """Say why a piece cannot be measured, if it cannot."""
    found = (objections[question] for question in piece.questions)
    return piece.refusal or next((str(one) for one in found if one is not None), None)


def guarded(name: str, metric: str, work: Iterator[Measurement], *, quiet: bool) -> Iterator[Measurement]:
    """Let one check that cannot be measured say so without hiding those after it.

    Args:
        name: what the check is about.
        metric: what it measures.
        work: makes its measurements.
        quiet: whether what an engine says of a row must not be shown.
    """
    try:
        with hushed(quiet=quiet):
            yield from work
    except NotMeasuredError as error:
        yield Measurement(name=name, metric=metric, reason=str(error))
