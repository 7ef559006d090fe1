"""How old the newest value of a column is.

A value from the future would make any table look fresh, so such values are a check of their own, and where there are
any, no age is told.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_mlgate.aggregate import Above, Missing, Statistic
from pytest_mlgate.inputs.text import spelled
from pytest_mlgate.kind import seconds
from pytest_mlgate.kinds.data.quality.asking import Piece
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.kinds.data.quality.asking import View
    from pytest_mlgate.kinds.data.quality.spec import DataQuality, Freshness
    from pytest_mlgate.table import Table

AHEAD = "in_future"
_UNITS = {"ms": (0.001, "milliseconds"), "s": (1, "seconds"), "m": (60, "minutes"), "h": (3600, "hours")}
_DAYS = (86400, "days")
_TIMES = ("date", "timestamp", "other")  # a column without any value has no type
_NOTHING = "every value is missing"


def freshness(spec: DataQuality, table: Table) -> Iterator[Piece]:
    """Check the age of the newest value, in the unit that the gate file speaks of."""
    wanted = spec.freshness
    if wanted is None:
        return
    now = wanted.moment()
    latest = now + dt.timedelta(seconds=seconds(wanted.max_ahead) if wanted.max_ahead is not None else 0)
    later = Above(wanted.column, latest.isoformat())
    column, metric = wanted.column, f"age_{_unit(wanted)[1]}"

    def report(view: View) -> Iterator[Measurement]:
        newest, missing, ahead = view.values[0], *view.counts[1:]
        present = view.rows - missing
        if newest is None:
            yield view.unmeasured(column, metric, _NOTHING, n=0)
            return
        yield view.broken(later, AHEAD, count=ahead, n=present, limit=Limit(max=0), name=column)
        if ahead:
            yield view.unmeasured(column, metric, "its newest value lies in the future, so it has no age")
        else:
            yield _age(view, wanted, metric, float(newest), now, present)

    questions = (Statistic(column, "max"), Missing(column), later)
    found = table.columns.get(column, "timestamp")
    refusal = None if found in _TIMES else f"column {column!r} is of type {found}, and only times have an age"
    yield Piece(column, metric, questions, report, refusal)


def _age(view: View, wanted: Freshness, metric: str, newest: float, now: dt.datetime, n: int) -> Measurement:
    size, unit = _unit(wanted)
    age = max(0.0, now.timestamp() - newest) / size
    limit = Limit(max=seconds(wanted.max_age) / size)
    moment = spelled(dt.datetime.fromtimestamp(newest, dt.UTC).replace(tzinfo=None))
    until = spelled(now.replace(tzinfo=None))
    detail = {
        "unit": "values",
        "newest": moment,
        "now": until,
        "look_at": [f"{view.named(wanted.column)}: the newest value is {moment}, {age:.4g} {unit} before {until}"],
    }
    return Measurement(name=view.named(wanted.column), metric=metric, value=age, n=n, limit=limit, detail=detail)


def _unit(wanted: Freshness) -> tuple[float, str]:
    """Give the unit of the limit as written: its size in seconds and its name."""
    if not isinstance(wanted.max_age, str):
        return _UNITS["s"]
    return _UNITS.get(wanted.max_age.lstrip("0123456789."), _DAYS)
