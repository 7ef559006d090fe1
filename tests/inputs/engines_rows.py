"""Rows on which engines are known to disagree, and plain Python's answers about them."""

from __future__ import annotations

import datetime as dt
import math
import statistics
from decimal import Decimal
from operator import eq, gt, le, lt, ne
from typing import Any

import pyarrow as pa
import re2

from pytest_mlgate.aggregate import (
    Above,
    Among,
    Below,
    Conflicting,
    Duplicated,
    Infinite,
    Longer,
    Missing,
    NotAmong,
    NotCompared,
    NotFormatted,
    NotMatching,
    Quantile,
    Shorter,
    Statistic,
)

NAN, INF = math.nan, math.inf
LEAST, MOST = -(2**63), 2**63 - 1
UTC = dt.UTC


def _day(day: int) -> dt.date:
    return dt.date(2024, 1, day)


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


# New York, whose clock Spark's session keeps, has 01:30 twice on 2024-11-03 and no 02:30 on 2024-03-10.
TWICE = ("2024-11-03T05:30+00:00", "2024-11-03T06:30+00:00")
COLUMNS: dict[str, tuple[pa.DataType, list[Any]]] = {
    "id": (pa.int64(), list(range(100, 112))),
    "whole": (pa.int64(), [1, 2, 2, None, LEAST, MOST, 5, 5, 5, 0, -1, None]),
    "small": (pa.int32(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, None, 2**31 - 1]),
    "ratio": (pa.float64(), [1.5, NAN, None, INF, -INF, 0.0, -0.0, 1.5, NAN, 1e308, -1e-300, 0.1]),
    "tame": (pa.float64(), [1.5, NAN, None, 2.25, -3.0, 0.0, -0.0, 1.5, NAN, 1e3, -1e-3, 0.1]),
    "single": (pa.float32(), [0.1, 0.2, NAN, None, 0.1, 16777216.0, -0.0, 0.0, 1.0, 2.0, 3.0, INF]),
    "money": (
        pa.decimal128(12, 2),
        [Decimal(one) if one else None for one in ["1.10", "-2.50", "0.00", "1.10", "99999999.99", "3.30"]]
        + [None, Decimal("1.11"), Decimal("-0.01"), Decimal("7.00"), Decimal("7.00"), None],
    ),
    "text": (
        pa.string(),
        ["ann@example.org", "", "é😀", "١٢", "12", "12\n", "a b", None, "a\u00a0b", "Straße", "a\x0bb", "a\nb"],
    ),
    "flag": (pa.bool_(), [True, False, None, True, True, False, True, True, None, False, False, True]),
    "day": (pa.date32(), [_day(d) for d in (1, 2, 3, 3, 5, 6, 7, 8, 9)] + [None, dt.date(1600, 1, 1), _day(31)]),
    "seen": (
        pa.timestamp("us", "UTC"),
        [_moment(one) for one in (*TWICE, "2024-03-10T07:00+00:00", "1969-12-31T23:59:59.999999+00:00")] * 2
        + [None, _moment("2024-06-01T12:00+02:00"), _moment("1900-01-01T00:00+00:00"), None],
    ),
    "local": (
        pa.timestamp("us"),
        [_moment(one) for one in ("2024-03-10T02:30", "2024-03-10T03:30", "2024-11-03T01:30", "2262-04-11T23:00")] * 2
        + [None, _moment("2024-06-01T12:00"), _moment("1700-01-01T00:00:00.000001"), None],
    ),
    "region": (pa.string(), ["n", "n", "s", "s", None, "n", "é", "s", "n", None, "n", "s"]),
    'dotted.name `ticked` "quoted"': (pa.int64(), [3, 1, 2] * 4),
}
AWKWARD = list(COLUMNS)[-1]
ROWS = pa.table({name: pa.array(values, type_) for name, (type_, values) in COLUMNS.items()})
SEGMENTS = ([], ["region"], ["flag"], ["region", "flag"], ["seen"], ["money"], ["day"], ["single"])
PATTERNS = (r"^\d+$", r"^\w+$", r"\s", r"^12\z", r"^12$", r"a.b", r"(?i)STRASSE|stra.e", r"\p{L}{2}", r"^$", r"\bb\b")
FORMATS = ("email", "uuid", "date", "datetime", "ipv4", "url", "json")
LONG = tuple(range(-100, 100))
RULES = [
    *(Missing(name) for name in COLUMNS),
    Infinite("ratio"),
    Infinite("single"),
    Infinite("whole"),
    Below("whole", 0),
    Below("whole", 0.5),
    Above("whole", MOST - 1),
    Above("whole", MOST),
    Below("whole", LEAST),
    Below("whole", 10**40),
    Above("whole", -(10**40)),
    Above("small", 2**31 - 2),
    Above("small", 2**40),
    Below("ratio", 0),
    Above("ratio", 0),
    Above("ratio", INF),
    Below("single", 0.1),
    Above("single", 0.1),
    NotAmong("single", (0.1, 0.2, 1, 2, 3)),
    Below("money", 1.1),
    Above("money", 1.1),
    NotAmong("money", (1.1, 7)),
    Below("text", "a"),
    Among("text", ("", "12")),
    NotAmong("text", ("", "12", "é😀")),
    NotAmong("text", ("12", *map(str, LONG))),
    Among("whole", (1, 2.0, 10**40, 0.5)),
    NotAmong("whole", (5, MOST)),
    NotAmong("whole", (MOST, LEAST, *LONG)),
    Among("ratio", tuple(one / 2 for one in LONG)),
    NotAmong("flag", (True,)),
    Below("day", "2024-01-03"),
    Above("day", "2024-01-05T12:00:00Z"),
    NotAmong("day", ("2024-01-03", "2024-01-05")),
    Among("day", tuple(f"2024-{m:02}-{d:02}" for m in (1, 2, 3) for d in range(1, 29))),
    Below("seen", "2024-11-03T06:00:00Z"),
    Above("seen", "2024-11-03T01:00:00-05:00"),
    Among("seen", ("2024-06-01T10:00:00", "1900-01-01")),
    Above("local", "2024-03-10T02:30:00"),
    Below("local", "2024-03-10T03:00:00"),
    Longer("text", 2),
    Shorter("text", 2),
    *(NotMatching("text", pattern) for pattern in PATTERNS),
    *(NotFormatted("text", one) for one in FORMATS),
    NotFormatted("day", "date"),
    NotFormatted("seen", "datetime"),
    NotCompared("ratio", "<=", "single"),
    NotCompared("whole", "!=", "small"),
    NotCompared("day", "<", "seen"),
    NotCompared("seen", "==", "local"),
    NotCompared("text", ">", "region"),
    *(Duplicated((name,)) for name in COLUMNS),
    Duplicated(("region", "flag")),
    Duplicated(("region", "flag"), missing=True),
    Duplicated(("ratio",), missing=True),
    Conflicting("flag", ("region",)),
    Conflicting("ratio", ("flag", "region")),
]
NUMBERS = ("id", "small", "tame", "money", "flag", AWKWARD)
STATISTICS = [
    *(Statistic(name, one) for name in NUMBERS for one in ("mean", "std", "sum", "min", "max")),
    *(Statistic(name, "distinct") for name in COLUMNS),
    *(Statistic(name, one) for name in ("ratio", "single", "whole") for one in ("min", "max")),
    *(Statistic(name, one) for name in ("day", "seen", "local") for one in ("min", "max")),
    *(Quantile(name, at) for name in ("tame", "money", "small", "id") for at in (0.0, 0.1, 0.5, 0.99, 1.0)),
]
PLANTED = {  # what judges text without an engine, by hand
    "email": {"ann@example.org"},
    "uuid": set(),
    "date": set(),
    "datetime": set(),
    "ipv4": set(),
    "url": set(),
    "json": {"12", "12\n"},
}


def seconds(value: Any) -> float:
    """Seconds since 1970 of a date, a time in UTC or a zoned time."""
    moment = value if isinstance(value, dt.datetime) else dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - dt.datetime(1970, 1, 1, tzinfo=UTC)) / dt.timedelta(seconds=1)


def number(value: Any) -> Any:
    """A value as Python compares it: times as seconds, decimals as floats."""
    if isinstance(value, Decimal):
        return float(value)
    return seconds(value) if isinstance(value, dt.date) else value


def bound(column: str, value: Any) -> Any:
    """What somebody wrote, as it compares with a column."""
    if column in ("day", "seen", "local"):
        return seconds(dt.datetime.fromisoformat(value))
    return float(pa.scalar(value, pa.float32()).as_py()) if column == "single" else value


def breaks(rule: Any, row: dict[str, Any]) -> bool:
    """Whether one row breaks a rule, by Python's own comparisons."""
    value, wanted = number(row[rule.column]), lambda one: bound(rule.column, one)
    if isinstance(rule, Missing):
        return value is None
    conditions = {
        Infinite: lambda: isinstance(value, float) and math.isinf(value),
        Below: lambda: value < wanted(rule.bound),
        Above: lambda: value > wanted(rule.bound),
        Among: lambda: value in map(wanted, rule.forbidden),
        NotAmong: lambda: value not in map(wanted, rule.allowed),
        Shorter: lambda: len(value) < rule.length,
        Longer: lambda: len(value) > rule.length,
        NotMatching: lambda: re2.search(rule.pattern, value) is None,
        NotFormatted: lambda: rule.column == "text" and value not in PLANTED[rule.format],
        NotCompared: lambda: contradicts(value, rule.operator, number(row[rule.other])),
    }
    return value is not None and conditions[type(rule)]()


def contradicts(value: Any, operator: str, other: Any) -> bool:
    """Whether a comparison of two values does not hold."""
    compare = {"<=": le, "!=": ne, "<": lt, "==": eq, ">": gt}[operator]
    return other is not None and not compare(value, other)


def broken(rule: Any, rows: list[dict[str, Any]]) -> set[int]:
    """The ids of the rows that a rule speaks of."""
    if not isinstance(rule, Duplicated | Conflicting):
        return {row["id"] for row in rows if breaks(rule, row)}
    names = rule.columns if isinstance(rule, Duplicated) else rule.keys
    together: dict[Any, list[Any]] = {}
    for row in rows:
        key = tuple(number(row[name]) for name in names)
        if None not in key or getattr(rule, "missing", False):
            together.setdefault(key, []).append(row)
    if isinstance(rule, Duplicated):
        return {row["id"] for group in together.values() for row in group[1:]}
    valued = ([row for row in group if row[rule.column] is not None] for group in together.values())
    return {row["id"] for group in valued if len({row[rule.column] for row in group}) > 1 for row in group}


def summed_up(question: Any, rows: list[dict[str, Any]]) -> float | None:
    """A statistic by Python's statistics module; a quantile by interpolation between the two nearest."""
    values = [number(row[question.column]) for row in rows if row[question.column] is not None]
    if isinstance(question, Quantile):
        ordered = sorted(map(float, values))
        if not ordered:
            return None
        place = question.at * (len(ordered) - 1)
        low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
        return low + (high - low) * (place - math.floor(place))
    if question.name == "distinct":
        return len(set(values))
    if len(values) < (2 if question.name == "std" else 1):
        return None
    compute = {"mean": statistics.fmean, "std": statistics.stdev, "sum": math.fsum, "min": min, "max": max}
    return float(compute[question.name]([float(value) for value in values]))


def plain_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows as Python values, NaN as missing."""
    return [
        {name: None if value != value else value for name, value in row.items()}  # noqa: PLR0124 - NaN
        for row in table.to_pylist()
    ]
