"""What rules and statistics mean, written a second time in plain Python over lists of values."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import operator
import re
import struct
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction

from pytest_mlgate.aggregate import (
    Above,
    Among,
    Below,
    Conflicting,
    Disordered,
    Duplicated,
    Infinite,
    Longer,
    Missing,
    NotAmong,
    NotCompared,
    NotMatching,
    Quantile,
    Shorter,
    Varying,
)

OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
BREAKS = {
    "increasing": operator.lt,
    "decreasing": operator.gt,
    "strictly_increasing": operator.le,
    "strictly_decreasing": operator.ge,
}


def comparable(value):
    """Bring a value to the form in which values of its column compare; missing ones are None."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - all are naive UTC here
    return value


def bound_of(bound, values, *, single):
    """Bring a bound to the form of the values it is held against."""
    times = any(isinstance(value, dt.datetime) for value in values)
    if isinstance(bound, str) and times:
        return comparable(dt.datetime.fromisoformat(bound))
    if single and not isinstance(bound, str | bool):
        return struct.unpack("f", struct.pack("f", bound))[0]
    return bound


def equal(value, other):
    """True and 1 are two things here."""
    return isinstance(value, bool) == isinstance(other, bool) and value == other


def spoken_of(rule, table, singles=()):  # noqa: C901, PLR0911, PLR0912 - one case a rule
    """Find the rows that a rule speaks of.

    Args:
        rule: which.
        table: column → list of values.
        singles: columns in single precision.
    """
    columns = {name: [comparable(value) for value in values] for name, values in table.items()}
    values = columns.get(getattr(rule, "column", None), [])

    def where(test):
        return [i for i, value in enumerate(values) if value is not None and test(value)]

    def bound(one):
        return bound_of(one, values, single=rule.column in singles)

    match rule:
        case Missing():
            return [i for i, value in enumerate(values) if value is None]
        case Infinite():
            return where(lambda value: isinstance(value, float) and math.isinf(value))
        case Below():
            return where(lambda value: value < bound(rule.bound))
        case Above():
            return where(lambda value: value > bound(rule.bound))
        case Among():
            return where(lambda value: any(equal(value, bound(one)) for one in rule.forbidden))
        case NotAmong():
            return where(lambda value: not any(equal(value, bound(one)) for one in rule.allowed))
        case NotMatching():
            return where(lambda value: not re.search(rule.pattern.replace("$", r"\Z"), value, re.ASCII))
        case Shorter():
            return where(lambda value: len(value) < rule.length)
        case Longer():
            return where(lambda value: len(value) > rule.length)
        case NotCompared():
            pairs = enumerate(zip(values, columns[rule.other], strict=True))
            return [i for i, pair in pairs if None not in pair and not OPERATORS[rule.operator](*pair)]
        case Duplicated():
            return duplicated(rule, columns)
        case Disordered():
            present = [(i, value) for i, value in enumerate(values) if value is not None]
            pairs = itertools.pairwise(present)
            return [i for (_, before), (i, value) in pairs if BREAKS[rule.order](value, before)]
        case Varying():
            counts = Counter(value for value in values if value is not None)
            usual = min(counts, key=lambda value: (-counts[value], value), default=None)
            return where(lambda value: value != usual)
        case Conflicting():
            return conflicting(rule, columns)
    raise AssertionError(rule)


def duplicated(rule, columns):
    """Rows beyond the first of each combination."""
    seen, found = set(), []
    for i, key in enumerate(zip(*(columns[name] for name in rule.columns), strict=True)):
        if None in key and not rule.missing:
            continue
        if key in seen:
            found.append(i)
        seen.add(key)
    return found


def conflicting(rule, columns):
    """Rows that share their keys with others of a different value."""
    values = defaultdict(set)
    rows = list(zip(*(columns[name] for name in (*rule.keys, rule.column)), strict=True))
    for *key, value in rows:
        if None not in key and value is not None:
            values[tuple(key)].add(value)
    return [i for i, (*key, value) in enumerate(rows) if value is not None and len(values.get(tuple(key), ())) > 1]


def answer(question, table):  # noqa: C901, PLR0911 - one case a statistic
    """Compute a statistic exactly, or nothing where it is undefined."""
    values = [value for value in map(comparable, table[question.column]) if value is not None]
    if not isinstance(question, Quantile) and question.name == "distinct":
        return len(set(values))
    if not values:
        return None
    if isinstance(values[0], dt.datetime):
        chosen = min(values) if question.name == "min" else max(values)
        return (chosen - dt.datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001 - all are naive UTC here
    numbers = [float(value) for value in values]
    if isinstance(question, Quantile):
        return interpolated(sorted(numbers), question.at)
    if question.name in {"min", "max"}:
        return min(numbers) if question.name == "min" else max(numbers)
    if not all(map(math.isfinite, numbers)):
        if question.name == "std" or {math.inf, -math.inf} <= set(numbers):
            return None
        return math.inf if math.inf in numbers else -math.inf
    exact = [Fraction(number) for number in numbers]
    total = sum(exact)
    if question.name == "sum":
        return float(total)
    mean = total / len(exact)
    if question.name == "mean":
        return float(mean)
    if len(exact) == 1:
        return None
    variance = sum((number - mean) ** 2 for number in exact) / (len(exact) - 1)
    return math.sqrt(variance) if variance < 2**1023 else math.inf


def interpolated(numbers, at):
    """The value at a share of the way through sorted numbers; nothing between both infinities, one beside a number."""
    place = (len(numbers) - 1) * at
    low, high = numbers[math.floor(place)], numbers[math.ceil(place)]
    if low == high:
        return low
    if not math.isfinite(low):
        return low if math.isfinite(high) else None
    if not math.isfinite(high):
        return high
    return float(Fraction(low) + (Fraction(high) - Fraction(low)) * (Fraction(place) - math.floor(place)))
