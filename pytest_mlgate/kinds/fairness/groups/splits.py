"""Rows divided by one attribute or by two, every group counted, and named as people know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pytest_mlgate.aggregate import Scalar
from pytest_mlgate.inputs.text import spelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgate.table import Coded

TOGETHER = "×"
MOST_GROUPS = 200


class Rows(Struct, frozen=True):
    """A model's outputs, and which groups their rows belong to."""

    divided: Any  # stats.group_tables.Divided, by the attributes in the order of `coded`
    coded: Any  # attribute → Coded
    labels: Any  # names of coded values, by attribute


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
    """Count the rows by the attributes that are known."""
    from pytest_mlgate.stats.group_tables import divided

    columns = coded.values()
    return Rows(divided(outputs, [one.codes for one in columns], [len(one.levels) for one in columns]), coded, labels)


def split_by(attributes: tuple[str, ...], rows: Rows) -> Split:
    """Divide by some attributes; groups that a value or a label leads one to expect are there even without rows."""
    columns = [rows.coded[name] for name in attributes]
    groups: list[tuple[Scalar | None, ...]] = [()]
    for column in columns:
        groups = [(*group, level) for group in groups for level in column.levels]
    places = [list(rows.coded).index(name) for name in attributes]
    counts = rows.divided.counts(places)
    sizes = rows.divided.sizes(places, counts)
    # A combination with a missing value is a group only where it occurs: nobody expects it to.
    kept = [i for i, group in enumerate(groups) if sizes[i] or None not in group]
    absent = _absent(columns[0], rows.labels.get(attributes[0], {})) if len(attributes) == 1 else []
    grouped = rows.divided.grouped(places, sizes, counts, kept, len(absent))
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
