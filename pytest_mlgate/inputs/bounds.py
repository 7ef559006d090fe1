"""Bring a bound written in YAML to the type of the column it is compared with, or refuse.

A bound that cannot be compared would count zero violations and pass; here it is an error that names both sides. What
can be compared is compared exactly: a bound for a single-precision column is rounded to single precision, so that 0.1
means the 0.1 stored there, and a fraction held against whole numbers becomes the nearest one that means the same.
"""

from __future__ import annotations

import datetime as dt
import math
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from pytest_mlgate.aggregate import Scalar
    from pytest_mlgate.inputs.frames import Column

Comparable = bool | int | float | str | dt.datetime
Rounding = Literal["down", "up"]
_BITS = {"hugeint": 127, "uhugeint": 127, "ubigint": 64}
# Times that are counted in nanoseconds reach no farther than this; the engine refuses to compare them with others.
_FIRST = dt.datetime(1677, 9, 21, 0, 12, 44)  # noqa: DTZ001 - times travel as naive UTC
_LAST = dt.datetime(2262, 4, 11, 23, 47, 16)  # noqa: DTZ001 - likewise
_NANOSECONDS = frozenset({"timestamp_ns", "timestamptz_ns"})


def bound_for(column: Column, bound: Scalar, rounding: Rounding) -> Comparable:
    """Bring the bound of an ordering to a column's type.

    Args:
        column: what is compared.
        bound: as written.
        rounding: where a fraction goes when the column holds whole numbers; `up` for "less than", `down` for
            "greater than" keeps the meaning.

    Raises:
        NotMeasuredError: the two cannot be compared.
    """
    if column.type == "boolean":
        raise _incomparable(column, bound)
    if column.type == "integer" and isinstance(bound, float) and math.isfinite(bound):
        return _whole(column, math.ceil(bound) if rounding == "up" else math.floor(bound))
    return _converted(column, bound)


def members_for(column: Column, allowed: tuple[Scalar, ...]) -> list[Comparable]:
    """Bring a set of allowed values to a column's type; what no value of that type can equal drops out.

    Raises:
        NotMeasuredError: one cannot be compared with the column.
    """
    members = [_converted(column, one) for one in allowed]
    if column.native in _NANOSECONDS:
        return [one for one in members if isinstance(one, dt.datetime) and _FIRST <= one <= _LAST]
    if column.type == "integer":
        whole = [int(one) for one in members if isinstance(one, int | float) and math.isfinite(one) and one == int(one)]
        return [one for one in whole if _whole(column, one) == one]
    return members


def _converted(column: Column, value: Scalar) -> Comparable:
    """Bring one value to a column's type; `True` is no number here, and text is no date unless it reads as one."""
    match column.type, value:
        case ("boolean", bool()) | ("string", str()):
            return value
        case ("integer" | "number", bool()):
            pass
        case "integer", int():
            return _whole(column, value)
        case ("integer", float()) if not math.isnan(value):
            return value
        case ("number", int() | float()) if not math.isnan(float_of(value)):
            return _single(float_of(value)) if column.native == "float" else float_of(value)
        case ("date" | "timestamp", str()):
            with suppress(ValueError):
                return utc(value)
    raise _incomparable(column, value)


def float_of(number: float) -> float:
    """Give a number in double precision; a whole number beyond its range becomes infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _single(number: float) -> float:
    """Round to single precision."""
    try:
        rounded: float = struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError:
        return math.inf if number > 0 else -math.inf
    return rounded


def _whole(column: Column, number: int) -> int | float:
    """Give a whole number, or an infinity that means the same where no value of the column's type reaches it."""
    reach = 2 ** _BITS.get(column.native, 63)
    if -reach <= number < reach:
        return number
    return math.inf if number > 0 else -math.inf


def utc(text: str) -> dt.datetime:
    """Read an ISO date or time as naive UTC; a date is its first instant.

    Raises:
        ValueError: it is neither, or lies before the year 1 or after 9999 in UTC.
    """
    moment = dt.datetime.fromisoformat(text)
    try:
        return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError as error:
        raise ValueError(f"{text} is out of range") from error


def _incomparable(column: Column, bound: Scalar) -> NotMeasuredError:
    wanted = {
        "integer": "a number",
        "number": "a number",
        "boolean": "true or false in `allowed`",
        "string": "text",
        "date": "an ISO date, as 2026-01-31",
        "timestamp": "an ISO time, as 2026-01-31T12:00:00Z",
        "other": "nothing: this type has no order that a bound could use",
    }[column.type]
    return NotMeasuredError(
        f"{column} cannot be compared with {bound!r}",
        f"such a column compares with {wanted}; or mend its type in the data",
    )
