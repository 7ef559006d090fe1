"""What slices are called, and which rows they are: `SEX=2,RAC1P=1`, `30<=AGEP<45`."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.aggregate import Scalar
from pytest_mlgate.inputs.text import spelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlgate.aggregate import ColumnType
    from pytest_mlgate.stats.axes import Span
    from pytest_mlgate.table import Coded

_TIMES = {"date", "timestamp"}


class Condition(msgspec.Struct, frozen=True):
    """A condition on one column: that it has a value, or lies between two.

    Args:
        column: which.
        text: as a check's name shows it.
        value: as machines read it.
        label: what the table calls the value, if it does.
    """

    column: str
    text: str
    value: Scalar | None
    label: str = ""


def of_level(column: str, level: Scalar | None, labels: Mapping[str, Mapping[str, str]]) -> Condition:
    """Name the rows of which a column has one value; None stands for missing."""
    label = "" if level is None else labels.get(column, {}).get(spelled(level), "")
    return Condition(column, f"{column}={_written(level)}", level, label)


def of_span(column: str, span: Span, kind: ColumnType) -> Condition:
    """Name the rows of which a number lies in a range."""
    if span.missing:
        return Condition(column, f"{column}=missing", None)
    low, high = (None if end is None else _number(end, kind) for end in (span.low, span.high))
    if low is not None and low == high:
        value: Scalar = int(low) if kind not in _TIMES and low.removeprefix("-").isdecimal() else low
        return Condition(column, f"{column}={low}", value)
    text = f"{low}<={column}" if low is not None else column
    text += f"{'<=' if span.closed else '<'}{high}" if high is not None else ""
    text = f"{column}>={low}" if high is None else text
    return Condition(column, text, text)


def called(conditions: Sequence[Condition]) -> str:
    """Name a slice."""
    return ",".join(one.text for one in conditions)


def shown(conditions: Sequence[Condition]) -> str:
    """Name a slice with the labels of its values."""
    return ", ".join(f"{one.text} {one.label}".rstrip() for one in conditions)


def group(conditions: Sequence[Condition]) -> dict[str, Any]:
    """Name a slice for machines."""
    named = {one.column: one.label for one in conditions if one.label}
    return {"group": {one.column: one.value for one in conditions}} | ({"labels": named} if named else {})


def absent(column: str, coded: Coded, labels: Mapping[str, Mapping[str, str]]) -> list[Scalar]:
    """List the values that the table gives names to and that no row has."""
    present = {spelled(level) for level in coded.levels if level is not None}
    numbers = all(isinstance(level, int) for level in coded.levels if level is not None)
    named = [value for value in labels.get(column, {}) if value not in present]
    return [int(value) if numbers and value.removeprefix("-").isdecimal() else value for value in named]


def _number(value: float, kind: ColumnType) -> str:
    if kind not in _TIMES:
        return spelled(value)
    moment = dt.datetime.fromtimestamp(value, dt.UTC).replace(tzinfo=None)
    return spelled(moment.date() if kind == "date" else moment)


def _written(value: Scalar | None) -> str:
    """Write a value so that a missing one and the word for it are told apart."""
    if value is None:
        return "missing"
    return repr(value) if value == "missing" else spelled(value)
