"""Rows that should not be: repeated ones, broken comparisons, values that only stand for missing ones."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_mlgate.aggregate import Among, Conflicting, Duplicated, Incomplete
from pytest_mlgate.findings import WHOLE, tolerated
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.kinds.data.quality.asking import Piece
from pytest_mlgate.kinds.data.quality.comparing import comparison
from pytest_mlgate.verdict import Limit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_mlgate.aggregate import ColumnType, Rule, Scalar
    from pytest_mlgate.kinds.data.quality.asking import View
    from pytest_mlgate.kinds.data.quality.spec import DataQuality
    from pytest_mlgate.table import Table
    from pytest_mlgate.verdict import Measurement

DUPLICATES, DUPLICATE_ROWS, VIOLATIONS, SENTINELS = "duplicates", "duplicate_rows", "violations", "sentinels"
CONFLICTS = "conflicting_labels"
_NUMBERS = (-999, -9999, -99999, -999999)
_TEXTS = ("", "N/A", "n/a", "NA", "#N/A", "NULL", "null", "NaN", "nan", "None", "none", "-", "?", *map(str, _NUMBERS))
_DATES = ("0001-01-01", "1900-01-01", "1970-01-01", "9999-12-31")
COMMON: tuple[int | float | str, ...] = (*_NUMBERS, *_TEXTS, *_DATES)
_HELD = "hold a value that stands for a missing one"
_HOLDING = ("integer", "number", "string", "date", "timestamp")


def duplicates(spec: DataQuality, table: Table) -> Iterator[Piece]:
    """Check that keys, and rows, are there once."""
    for columns in spec.unique_together:
        yield _complete("+".join(columns), DUPLICATES, Duplicated(columns), columns, Limit(max=0))
    wanted = spec.duplicates
    if wanted is None:
        return
    compared = tuple(name for name in wanted.columns or table.columns if name not in wanted.exclude)
    rule, most = Duplicated(compared, missing=True), Limit(max=wanted.max)

    def report(view: View) -> Iterator[Measurement]:
        yield view.broken(rule, DUPLICATE_ROWS, count=view.counts[0], n=view.rows, limit=most, name=WHOLE)

    refusal = _unknown(wanted.exclude, table) or (None if compared else "there is no column left to compare rows by")
    yield Piece(WHOLE, DUPLICATE_ROWS, (rule,), report, refusal)


def comparisons(spec: DataQuality) -> Iterator[Piece]:
    """Check that columns compare as they should."""
    for one in spec.compare:
        text, mostly = (one, spec.mostly) if isinstance(one, str) else (one.rule, one.mostly)
        rule = comparison(text)
        name = f"{rule.column} {rule.operator} {rule.other}"
        columns = (rule.column, rule.other)
        yield _complete(name, VIOLATIONS, rule, columns, mostly)


def conflicts(spec: DataQuality) -> Iterator[Piece]:
    """Check that rows which agree in their keys agree in their label."""
    if spec.labels is not None and spec.labels.conflicting is not None:
        column, keys, limit = spec.labels.column, spec.labels.conflicting.keys, spec.labels.conflicting.max
        rule = Conflicting(column, keys)
        yield _complete(column, CONFLICTS, rule, (column, *keys), Limit(max=limit))


def _complete(name: str, metric: str, rule: Rule, columns: tuple[str, ...], limit: Limit | float) -> Piece:
    """Check a rule that judges rows which miss none of some columns.

    Args:
        name: what the check is about.
        metric: what the report calls it.
        rule: which rows are a breach.
        columns: what a row must have to be judged.
        limit: how many there may be, or the share of the rows judged that must satisfy the rule.
    """

    def report(view: View) -> Iterator[Measurement]:
        count, incomplete = view.counts
        n = view.rows - incomplete
        if n == 0:
            listed = " and ".join(map(repr, columns))
            yield view.unmeasured(name, metric, f"no row has a value in {listed}", n=0)
        else:
            most = limit if isinstance(limit, Limit) else tolerated(limit, n)
            yield view.broken(rule, metric, count=count, n=n, limit=most, name=name)

    return Piece(name, metric, (rule, Incomplete(columns)), report)


def sentinels(spec: DataQuality, table: Table) -> Iterator[Piece]:
    """Check that what is missing is missing, and not called -999."""
    wanted = spec.sentinels
    if wanted is None:
        return
    limit, values = Limit(max=wanted.max), wanted.values or COMMON
    unknown = _unknown(wanted.exclude, table)
    found = 0
    for name in wanted.columns or table.columns:
        kind = table.columns.get(name)
        held = tuple(_held(values, kind)) if kind is not None else ("",)
        if name in wanted.exclude or unknown or (not held and wanted.columns is None):
            continue
        found += 1
        yield _sentinels_in(name, Among(name, held), limit, kind)
    if unknown or not found:
        refusal = unknown or "no column is of a type that could hold one of them"
        yield Piece(WHOLE, SENTINELS, (), lambda _: (), refusal)


def _sentinels_in(name: str, rule: Among, limit: Limit, kind: ColumnType | None) -> Piece:
    def report(view: View) -> Iterator[Measurement]:
        yield view.broken(rule, SENTINELS, count=view.counts[0], n=view.rows, limit=limit, name=name, words=_HELD)

    refusal = None if rule.forbidden else f"column {name!r} is of type {kind}, which can hold none of the values"
    return Piece(name, SENTINELS, (rule,), report, refusal)


def _held(values: Iterable[int | float | str], kind: ColumnType) -> Iterator[Scalar]:
    """Give the values that a column of some type could hold; numbers stand in text as they are written."""
    if kind not in _HOLDING:
        return
    for value in values:
        if kind == "string":
            yield value if isinstance(value, str) else str(value)
        elif kind in ("integer", "number"):
            if not isinstance(value, str):
                yield value
        elif isinstance(value, str) and _is_time(value):
            yield value


def _is_time(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _unknown(names: Iterable[str], table: Table) -> str | None:
    """Say which of some names is no column."""
    known = table.columns
    strangers = (
        f"there is no column {name!r}: {did_you_mean(name, known, 'columns')}" for name in names if name not in known
    )
    return next(strangers, None)
