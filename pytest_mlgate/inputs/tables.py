"""An opened table: the `Table` that kinds measure on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pytest_mlgate.aggregate import Segment
from pytest_mlgate.inputs.columns import Columns
from pytest_mlgate.inputs.crossing import classes_of, crossed
from pytest_mlgate.inputs.memory import Cells, open_cells
from pytest_mlgate.inputs.overlap import Match, shared
from pytest_mlgate.inputs.rules import ask, refusal
from pytest_mlgate.inputs.sightings import examples
from pytest_mlgate.inputs.translating import translated
from pytest_mlgate.inputs.wording import finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_mlgate.aggregate import (
        Answers,
        Condition,
        Example,
        Question,
        Returned,
        Rule,
        Shared,
    )
    from pytest_mlgate.errors import NotMeasuredError
    from pytest_mlgate.table import Crossed, Table


class OpenTable(Columns):
    """Implements `pytest_mlgate.table.Table` on a frame: questions of its rows, beside the columns to be read."""

    def ask(self, questions: Sequence[Question], by: Sequence[str] = (), most: int | None = None) -> list[Answers]:
        """Answer questions about all rows, or about each segment; see `pytest_mlgate.inputs.rules.ask`.

        Raises:
            NotMeasuredError: a column is missing, a question makes no sense for its type, or there are more segments
                than `most`.
        """
        return ask(self.frame, questions, by, self._database, most)

    def refusals(self, questions: Sequence[Question]) -> list[NotMeasuredError | None]:
        """Say why questions cannot be asked of these columns, without asking them; nothing of those that can."""
        return [refusal(self.frame, question, self._database) for question in questions]

    def count(self, rules: Sequence[Rule]) -> list[int]:
        """Count the rows that each rule speaks of, all in one pass.

        Raises:
            NotMeasuredError: a column is missing, or a rule makes no sense for its type.
        """
        (whole,) = self.ask(rules)
        return [int(value or 0) for value in whole.values]

    def examples(
        self, rule: Rule, limit: int, key: Sequence[str] = (), segment: Segment | None = None
    ) -> list[Example]:
        """Show the first few rows that a rule speaks of: their numbers, from zero in file order, and values.

        Raises:
            NotMeasuredError: a column is missing, or the rule makes no sense for its type.
        """
        return examples(self.frame, rule, limit, self._database, key, segment)

    def query(self, rule: Rule, segment: Segment | None = None) -> str:
        """Write the SQL that finds all rows a rule speaks of, for a person to run."""
        return translated(finding(self.frame, rule, segment), self.frame.dialect.written)

    def tally(
        self, conditions: Sequence[str], segments: Sequence[Segment], *, quiet: bool = False
    ) -> list[list[Condition]]:
        """Count the rows for which conditions in SQL are true; see `inputs.conditions`.

        Raises:
            NotMeasuredError: one is not valid, is refused, or fails on a row.
        """
        from pytest_mlgate.inputs.conditions import tallied

        return tallied(self.frame, conditions, segments, quiet=quiet)

    def satisfying(
        self,
        condition: str,
        limit: int,
        key: Sequence[str] = (),
        segment: Segment | None = None,
        *,
        quiet: bool = False,
    ) -> list[Example]:
        """Show the first few rows for which a condition in SQL is true, with the values of the columns it names.

        Raises:
            NotMeasuredError: it is not valid, is refused, or fails on a row.
        """
        from pytest_mlgate.inputs.conditions import satisfying

        return self._placed(satisfying(self.frame, condition, limit, key=key, segment=segment, quiet=quiet))

    def asking(self, condition: str, segment: Segment | None = None) -> str:
        """Write the SQL that finds all rows for which a condition is true, for a person to run."""
        from pytest_mlgate.inputs.conditions import asking

        return translated(asking(self.frame, condition, segment), self.frame.dialect.written)

    def returned(self, query: str, others: Mapping[str, Table], limit: int, *, quiet: bool = False) -> Returned:
        """Run a query that knows this table as `data` and others by the names given.

        Raises:
            NotMeasuredError: it is not valid, is refused, or fails.
            TypeError: another table was not opened by this layer.
        """
        from pytest_mlgate.inputs.conditions import returned

        frames = {"data": self.frame}
        for name, other in others.items():
            if not isinstance(other, OpenTable):
                raise TypeError(f"{other!r} is no table that was opened here")
            frames[name] = other.frame
        return returned(frames, query, limit, quiet=quiet)

    def shared(
        self,
        other: Table,
        columns: Sequence[str],
        others: Sequence[str] | None = None,
        *,
        absent: bool = False,
        missing: bool = False,
        segment: Segment | None = None,
        limit: int = 0,
        key: Sequence[str] = (),
    ) -> Shared:
        """Find the rows that have, or lack, a row with the same values in another table; see `inputs.overlap`.

        Raises:
            NotMeasuredError: a column is missing, or two can never hold the same value.
            TypeError: `other` was not opened by this layer.
        """
        if not isinstance(other, OpenTable):
            raise TypeError(f"{other!r} is no table that was opened here")
        within = segment or Segment()
        match = Match(
            columns=tuple(columns),
            others=tuple(columns if others is None else others),
            absent=absent,
            missing=missing,
            segment=within,
        )
        mine = self._near([*columns, *key, *within.values])
        found = shared(mine, other._near(match.others), match, self._database, limit=limit, key=key)  # noqa: SLF001 - our own kind
        return msgspec.structs.replace(found, examples=tuple(self._placed(found.examples)))

    def crossed(self, columns: Sequence[str], label: str, most: int) -> Iterator[Crossed]:
        """Hold columns against a label of at most so many classes; see `pytest_mlgate.inputs.crossing`.

        Raises:
            NotMeasuredError: a column is missing or of no simple type, or the label has no classes, or too many.
        """
        table = self.frozen(list(dict.fromkeys([*columns, label])))  # each query must find the same classes
        levels = classes_of(table.frame, label, most, self._database)
        for name in columns:
            yield crossed(table.frame, name, label, levels, self._database)

    def frozen(self, names: Sequence[str] | None = None) -> OpenTable:
        """Give a table whose queries all see the same rows: this one, or a copy of the columns named (or all)."""
        if self.frame.stable:
            return self
        table = self.arrow(names)
        cells = {
            name: Cells(array, opaque=self.frame.columns[name].opaque)
            for name, array in zip(table.column_names, table.columns, strict=True)
        }
        return OpenTable(open_cells(cells, self.frame.what, self._database), self._database, self._labels)

    def _placed(self, found: Sequence[Example]) -> list[Example]:
        """Leave out the numbers of rows that have none of their own."""
        return [one if self.frame.dialect.numbered else msgspec.structs.replace(one, row=None) for one in found]
