"""Limits with room to grow, in numbers that a person would have written.

The room is a tenth of the range on either side, rounded outwards. What was never below zero stays above it, and shares
stay shares. Times get whole years: nothing expires next month, and a sentinel such as 9999-12-31 is still found.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

Number = int | float
_ROOM = 0.1
_STEPS = (5, 2, 1)
_WRITTEN_OUT = 1e15
_YEARS = 10
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def range_around(low: float, high: float, *, whole: bool) -> tuple[Number | None, Number | None]:
    """Give limits around values.

    Args:
        low: the smallest value.
        high: the largest.
        whole: whether all values are whole numbers.

    Returns:
        The lower and the upper limit; None where the values suggest none.

    >>> range_around(17, 94, whole=True), range_around(0.02, 0.97, whole=False), range_around(-3.1, 8.4, whole=False)
    ((5, 105), (0, 1), (-5, 10))
    """
    span = high - low
    margin = span * _ROOM
    if not math.isfinite(span) or margin <= 0.0:  # a constant has no range, only a sign
        return 0 if math.isfinite(low) and low >= 0 else None, 0 if math.isfinite(high) and high < 0 else None
    factor, exponent = _step(max(1.0, margin) if whole else margin)
    step = factor * 10.0**exponent
    below, above = (low - margin) / step, (high + margin) / step
    if not math.isfinite(below) or not math.isfinite(above):
        return None, None
    minimum = _number(math.floor(below) * factor, exponent)
    maximum = _number(math.ceil(above) * factor, exponent)
    if low >= 0:
        minimum = max(minimum, 0)
    if high <= 0:
        maximum = min(maximum, 0)
    if not whole and low >= 0 and high <= 1:
        maximum = min(maximum, 1)
    return minimum, maximum


def years_around(low: float, high: float) -> tuple[str | None, str | None]:
    """Give limits around times: from the year of the first on, to ten years after that of the last.

    Args:
        low: the first, in seconds since 1970 in UTC.
        high: the last.

    >>> years_around(0, 1_700_000_000)
    ('1970-01-01', '2034-01-01')
    """
    first, last = _year(low), _year(high)
    beyond = None if last is None else last + _YEARS + 1
    return _day(first), None if beyond is None or beyond > dt.MAXYEAR else _day(beyond)


def longest(length: int) -> int:
    """Give a limit for lengths: twice the longest, rounded up.

    >>> longest(17), longest(3)
    (50, 10)
    """
    size = 2 * max(1, length)
    unit = int(10.0 ** (len(str(size)) - 1))
    return next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= size)


def missing_share(missing: int, rows: int) -> float:
    """Give a limit for the share of missing values: half as much again and a hundredth, in hundredths.

    >>> missing_share(10, 100), missing_share(1, 1000)
    (0.16, 0.02)
    """
    return min(1.0, math.ceil(100 * (1.5 * missing / rows + 0.01) - 1e-9) / 100)


def _step(size: float) -> tuple[int, int]:
    """Give the largest of 1, 2, 5, 10, 20, … that is no larger than a size, as a factor and an exponent of ten."""
    exponent = math.floor(math.log10(size))
    unit = 10.0**exponent
    return next(((factor, exponent) for factor in _STEPS if factor * unit <= size), (1, exponent))


def _number(units: int, exponent: int) -> Number:
    """Give a number of units of a power of ten, exactly as it would be written."""
    value = float(Decimal(units).scaleb(exponent))
    return int(value) if value.is_integer() and abs(value) < _WRITTEN_OUT else value


def _year(seconds: float) -> int | None:
    try:
        return (_EPOCH + dt.timedelta(seconds=seconds)).year
    except (OverflowError, ValueError):
        return None


def _day(year: int | None) -> str | None:
    return None if year is None else f"{year:04}-01-01"
