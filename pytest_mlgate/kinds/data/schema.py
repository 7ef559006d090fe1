"""`data.schema`: the contract of a table's columns.

A check's value is the number of rows that break its rule and `n` the number of rows it was judged on, so a report says
"12 of 50,000" rather than "false". All rules of a gate are counted in one pass.
"""

from __future__ import annotations

import datetime as dt
from math import floor
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from pytest_mlgate.aggregate import Above, Below, Duplicated, Missing, NotAmong, NotMatching, Rule, Scalar, columns_of
from pytest_mlgate.findings import Sight, breach
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.kind import GateSpec, Inputs, Kind, Mistake, Table
from pytest_mlgate.reference import TableRef
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Type = Literal["integer", "number", "boolean", "string", "date", "timestamp"]
_FITS = {"number": ("integer", "number")}
_ORDERED = ("integer", "number", "date", "timestamp")
_TIMES = ("date", "timestamp")
_EXAMPLES = 5
_ROUNDING = 1e-9


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What must hold for one column.

    Args:
        type: the logical type; `number` accepts integers and decimals.
        required: whether the column must exist.
        nullable: whether values may be missing (null or NaN).
        max_null_fraction: the largest share of missing values; implies nullable.
        min: the smallest value allowed; dates as text, 2026-01-31.
        max: the largest value allowed.
        allowed: the only values allowed.
        pattern: an RE2 pattern that some part of every value must match; anchor it with ^ and $.
        unique: whether no value may occur twice.
        mostly: the share of present values that must satisfy min, max, allowed and pattern.
        sensitive: whether reports must not show its values.
    """

    type: Type | None = None
    required: bool = True
    nullable: bool = False
    max_null_fraction: Annotated[float, Meta(ge=0, le=1)] | None = None
    min: float | str | None = None
    max: float | str | None = None
    allowed: Annotated[tuple[bool | int | float | str, ...], Meta(min_length=1)] | None = None
    pattern: Annotated[str, Meta(min_length=1)] | None = None
    unique: bool = False
    mostly: Annotated[float, Meta(gt=0, le=1)] = 1.0
    sensitive: bool = False

    def value_rules(self, name: str) -> Iterator[tuple[str, Rule]]:
        """Give the rules that speak of present values, each with its metric."""
        if self.min is not None:
            yield "below_min", Below(name, _plain(self.min))
        if self.max is not None:
            yield "above_max", Above(name, _plain(self.max))
        if self.allowed is not None:
            yield "not_allowed", NotAmong(name, self.allowed)
        if self.pattern is not None:
            yield "pattern_mismatch", NotMatching(name, self.pattern)


class DataSchema(GateSpec, frozen=True, kw_only=True):
    """The column contract of a table.

    Args:
        data: the table.
        columns: what must hold, by column.
        extra_columns: whether columns that are not listed are a breach.
    """

    data: TableRef
    columns: Annotated[dict[str, Column], Meta(min_length=1)]
    extra_columns: Literal["allow", "forbid"] = "allow"


def measure(spec: DataSchema, inputs: Inputs) -> Iterator[Measurement]:
    """Count the rows that break each rule."""
    table = inputs.table(spec.data)
    found = table.columns
    yield from _presence(spec, list(found))
    present = {name: column for name, column in spec.columns.items() if name in found}
    for name, column in present.items():
        yield from _type(name, column, table)
    judged = {name: column for name, column in present.items() if _type_fits(column, found[name])}
    if table.rows == 0:
        yield Measurement(name="*", metric="rows", value=0, n=0, reason="the table has no rows")
        return
    yield from _rows(judged, table)
    for name in present.keys() - judged.keys():
        for metric, _rule in present[name].value_rules(name):
            wanted = present[name].type or "date or timestamp, which its bounds are"
            why = f"the column is of type {found[name]}, not {wanted}"
            yield Measurement(name=name, metric=metric, n=table.rows, reason=why)


def _presence(spec: DataSchema, found: list[str]) -> Iterator[Measurement]:
    """Report required columns that are missing, and extra ones where they are forbidden."""
    for name, column in spec.columns.items():
        if column.required and name not in found:
            hints = [f"{name} is missing: {did_you_mean(name, found, 'the table has')}"]
            yield _count(name, "missing_column", 1, None, 0, hints)
    extra = [name for name in found if name not in spec.columns]
    if spec.extra_columns == "forbid":
        hints = [f"not in the contract: {', '.join(extra[:_EXAMPLES])}"] if extra else []
        yield _count("*", "extra_columns", len(extra), len(found), 0, hints, unit="columns")


def _type(name: str, column: Column, table: Table) -> Iterator[Measurement]:
    """Report a column of the wrong type: all its rows break the rule."""
    if column.type is not None:
        found = table.columns[name]
        fits = _type_fits(column, found)
        hint = [] if fits else [f"{name} is of type {found}, expected {column.type}"]
        yield _count(name, "wrong_type", 0 if fits else table.rows, table.rows, 0, hint)


def _type_fits(column: Column, found: str) -> bool:
    dated = isinstance(column.min, str) or isinstance(column.max, str)
    if column.type is None:
        return not dated or found in _TIMES  # text would compare letter by letter
    return found in _FITS.get(column.type, (column.type,))


def _rows(columns: dict[str, Column], table: Table) -> Iterator[Measurement]:
    """Count everything that needs rows, in one pass."""
    rules: list[tuple[str, str, Rule]] = [(name, "nulls", Missing(name)) for name in columns]
    rules += [(name, metric, rule) for name, column in columns.items() for metric, rule in column.value_rules(name)]
    rules += [(name, "duplicates", Duplicated((name,))) for name, column in columns.items() if column.unique]
    counted = table.count([rule for _, _, rule in rules])
    missing = {name: count for (name, metric, _), count in zip(rules, counted, strict=True) if metric == "nulls"}
    for (name, metric, rule), count in zip(rules, counted, strict=True):
        column, present = columns[name], table.rows - missing[name]
        if metric == "nulls":
            if column.nullable and column.max_null_fraction is None:
                continue
            yield _breaches(table, rule, column, metric, count, table.rows, column.max_null_fraction or 0.0)
        elif present == 0:
            yield Measurement(name=name, metric=metric, n=0, reason="every value is missing")
        else:
            tolerated = 0.0 if metric == "duplicates" else 1.0 - column.mostly
            yield _breaches(table, rule, column, metric, count, present, tolerated)


def _breaches(
    table: Table, rule: Rule, column: Column, metric: str, count: int, n: int, tolerated: float
) -> Measurement:
    """Make a measurement of rows that break a rule, with a few of them to look at where they are too many."""
    limit = Limit(max=floor(tolerated * n + _ROUNDING))
    sight = Sight(sensitive=frozenset(columns_of(rule)) if column.sensitive else frozenset())
    return breach(table, rule, metric, count=count, n=n, limit=limit, sight=sight)


def _count(
    name: str, metric: str, value: int, n: int | None, limit: int, hints: list[str], unit: str = "rows"
) -> Measurement:
    detail = {"unit": unit, **({"look_at": hints} if hints else {})}
    return Measurement(name=name, metric=metric, value=value, n=n, limit=Limit(max=limit), detail=detail)


def _plain(bound: float | str) -> Scalar:
    """Give whole numbers as integers, which compare exactly at any size."""
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def mistakes(spec: DataSchema) -> Iterable[Mistake]:
    """Find rules that contradict each other or the column's type."""
    for name, column in spec.columns.items():
        at = ("columns", name)
        for key in ("min", "max"):
            yield from _bound_mistakes((*at, key), getattr(column, key), column.type)
        if isinstance(column.min, type(column.max)) and column.min is not None and column.min > column.max:  # type: ignore[operator]
            yield Mistake((*at, "min"), f"min {column.min} is above max {column.max}: nothing can pass")
        if column.pattern is not None and column.type not in (None, "string"):
            what = f"a pattern is for text, and the type is {column.type}"
            yield Mistake((*at, "pattern"), what, "remove one of them")
        if column.mostly < 1 and not list(column.value_rules(name)):
            mend = "it applies to min, max, allowed, pattern"
            yield Mistake((*at, "mostly"), "there is no rule for it to soften", mend)


def _bound_mistakes(at: tuple[str, ...], bound: float | str | None, kind: str | None) -> Iterator[Mistake]:
    if bound is None:
        return
    if kind is not None and kind not in _ORDERED:
        yield Mistake(at, f"values of type {kind} have no order to limit", "use allowed or pattern")
    elif isinstance(bound, str):
        if kind in ("integer", "number"):
            yield Mistake(at, f"expected a number, since the type is {kind}")
        elif not _is_time(bound):
            yield Mistake(at, "expected a number or a date", "as 2026-01-31 or 2026-01-31T12:00:00Z")
    elif kind in ("date", "timestamp"):
        yield Mistake(at, f"expected a date, since the type is {kind}", "as 2026-01-31")


def _is_time(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


KIND = Kind(name="data.schema", spec=DataSchema, measure=measure, mistakes=mistakes)
