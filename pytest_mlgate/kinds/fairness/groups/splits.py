"""Rows divided by one attribute or by two, every group counted, and named as people know it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pytest_mlgate.aggregate import Scalar
from pytest_mlgate.inputs.text import spelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgate.kind import Coded

TOGETHER = "×"
MOST_GROUPS = 200
_MOST_CROSSED = 100_000


class Rows(Struct, frozen=True):
    """A model's outputs, and which groups their rows belong to."""

    outputs: Any  # stats.metrics.Outputs
    coded: Any  # attribute → Coded
    labels: Any  # names of coded values, by attribute
    crossed: Any = None  # CrossCounts over all attributes, where those are few enough; None for predicted numbers

    @property
    def of_classes(self) -> bool:
        """Whether classes are predicted rather than numbers."""
        return self.outputs.values is None


class Split(Struct, frozen=True):
    """The rows divided by one attribute, or by two."""

    attributes: tuple[str, ...]
    groups: tuple[tuple[Scalar | None, ...], ...]
    grouped: Any  # stats.group_measures.Grouped, in the order of `groups`
    labels: Any  # names of coded values, by attribute

    @property
    def name(self) -> str:
        """What checks of it are called: `SEX`, or `SEX×RAC1P`."""
        return TOGETHER.join(self.attributes)

    @property
    def rows(self) -> int:
        """All rows."""
        return int(self.grouped.sizes.sum())

    def called(self, group: int) -> str:
        """Name a group: `SEX=2 female, RAC1P=1`."""
        return ", ".join(
            " ".join(filter(None, (f"{attribute}={written(value)}", self.label(attribute, value))))
            for attribute, value in zip(self.attributes, self.groups[group], strict=True)
        )

    def label(self, attribute: str, value: Scalar | None) -> str:
        """Give the name of a coded value, if it has one."""
        found: str = self.labels.get(attribute, {}).get(spelled(value), "") if value is not None else ""
        return found


def rows_of(outputs: Any, coded: Mapping[str, Coded], labels: Mapping[str, Mapping[str, str]]) -> Rows:
    """Count all attributes at once where their combinations are few; each split is then a sum of those counts."""
    import numpy as np

    from pytest_mlgate.stats.group_counts import count_crossed

    levels = [len(column.levels) for column in coded.values()]
    if outputs.values is not None or not levels or prod(levels) > _MOST_CROSSED:
        return Rows(outputs, coded, labels)
    predicted = outputs.predictions if outputs.predictions is not None else np.zeros_like(outputs.labels)
    codes = [column.codes for column in coded.values()]
    return Rows(outputs, coded, labels, count_crossed(codes, levels, outputs.labels, predicted))


def split_by(attributes: tuple[str, ...], rows: Rows) -> Split:
    """Count the rows of every group, those that a value or a label leads one to expect and that have none included."""
    import numpy as np

    from pytest_mlgate.stats.group_counts import count_crossed, joined
    from pytest_mlgate.stats.group_measures import Grouped

    columns = [rows.coded[name] for name in attributes]
    codes, levels = [column.codes for column in columns], [len(column.levels) for column in columns]
    groups: list[tuple[Scalar | None, ...]] = [()]
    for column in columns:
        groups = [(*group, level) for group in groups for level in column.levels]
    counts = None
    if rows.crossed is not None:
        counts = rows.crossed.of([list(rows.coded).index(name) for name in attributes])
    elif rows.of_classes:
        predicted = rows.outputs.predictions
        predicted = predicted if predicted is not None else np.zeros_like(rows.outputs.labels)
        counts = count_crossed(codes, levels, rows.outputs.labels, predicted).of(range(len(columns)))
    sizes = counts.rows if counts is not None else np.bincount(joined(codes, levels), minlength=len(groups))
    # A combination with a missing value is a group only where it occurs: nobody expects it to.
    kept = [i for i, group in enumerate(groups) if sizes[i] or None not in group]
    absent = _absent(columns[0], rows.labels.get(attributes[0], {})) if len(attributes) == 1 else []
    position = np.zeros(len(groups), dtype=np.uint16)
    position[kept] = np.arange(len(kept))
    grouped = Grouped(
        np.concatenate([np.asarray(sizes, dtype=np.float64)[kept], np.zeros(len(absent))]),
        rows.outputs,
        lambda: position[joined(codes, levels)],
        counts.chosen(kept, len(absent)) if counts is not None else None,
    )
    return Split(attributes, (*(groups[i] for i in kept), *((value,) for value in absent)), grouped, rows.labels)


def _absent(column: Coded, named: Mapping[str, str]) -> list[Scalar]:
    """List the values that the table gives names to and that no row has."""
    present = {spelled(level) for level in column.levels}
    numbers = all(isinstance(level, int) for level in column.levels if level is not None)
    absent = [value for value in named if value not in present]
    return [int(value) if numbers and value.removeprefix("-").isdecimal() else value for value in absent]


def written(value: Scalar | None) -> str:
    """Write a value so that a missing one and the word for it are told apart."""
    if value is None:
        return "missing"
    return repr(value) if value == "missing" else spelled(value)
