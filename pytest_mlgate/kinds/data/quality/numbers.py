"""Statistics of columns against limits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from pytest_mlgate.aggregate import Infinite, Missing, Quantile, Statistic, StatisticName
from pytest_mlgate.kinds.data.quality.asking import Piece
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.aggregate import Question
    from pytest_mlgate.kinds.data.quality.asking import View
    from pytest_mlgate.kinds.data.quality.spec import DataQuality
    from pytest_mlgate.table import Table

NULLS = "null_fraction"
NAMED: tuple[str, ...] = (*get_args(StatisticName), "median", NULLS)
_QUANTILE = re.compile(r"q([0-9]{2}(?:\.[0-9]+)?)")
_OF_ANY_TYPE = ("distinct", NULLS)
_SUMS = ("mean", "std", "sum")
_TIMES = ("date", "timestamp")


def quantile_of(name: str) -> float | None:
    """Read which quantile a name speaks of, if it speaks of one.

    >>> quantile_of("q99.5"), quantile_of("median"), quantile_of("mean")
    (0.995, 0.5, None)
    """
    if name == "median":
        return 0.5
    found = _QUANTILE.fullmatch(name)
    return float(found[1]) / 100 if found and float(found[1]) > 0 else None


def is_a_value(name: str) -> bool:
    """Tell whether a statistic shows values of single rows."""
    return name in {"min", "max"} or quantile_of(name) is not None


def statistics(spec: DataQuality, table: Table) -> Iterator[Piece]:
    """Check statistics of columns."""
    for column, limits in spec.stats.items():
        found = table.columns.get(column, "number")
        for name, limit in limits.items():
            yield _piece(column, name, limit, found)


def _piece(column: str, name: str, limit: Limit, found: str) -> Piece:
    questions: list[Question] = [Missing(column)]
    if found == "number" and name not in _OF_ANY_TYPE:
        questions.append(Infinite(column))
    at = quantile_of(name)
    if at is not None:
        questions.append(Quantile(column, at))
    elif name != NULLS:
        questions.append(Statistic(column, name))  # type: ignore[arg-type] # other names were refused at collection

    def report(view: View) -> Iterator[Measurement]:
        yield _measured(view, column, name, limit)

    refusal = None
    if found in _TIMES and name not in _OF_ANY_TYPE:
        refusal = f"column {column!r} is of type {found}; use `freshness`, or the min and max of data.schema"
    return Piece(column, name, tuple(questions), report, refusal)


def _measured(view: View, column: str, name: str, limit: Limit) -> Measurement:
    *counts, value = view.values if name != NULLS else (*view.values, None)
    missing, infinite = int(counts[0] or 0), int(sum(count or 0 for count in counts[1:]))
    present = view.rows - missing
    if name == NULLS:
        counted = {"missing": missing}
        share = missing / view.rows
        return Measurement(name=view.named(column), metric=name, value=share, n=view.rows, limit=limit, detail=counted)
    if present == 0:
        return view.unmeasured(column, name, "every value is missing", n=0)
    if infinite and (name in _SUMS or value is None or abs(value) == float("inf")):
        return view.unmeasured(column, name, f"{infinite:,} of {present:,} values are infinite")
    if value is None:
        why = "a single value has none" if present == 1 else "the numbers are too large for it"
        return view.unmeasured(column, name, why)
    detail = {"unit": "values", **({"error": view.error} if view.error and quantile_of(name) is not None else {})}
    return Measurement(name=view.named(column), metric=name, value=value, n=present, limit=limit, detail=detail)
