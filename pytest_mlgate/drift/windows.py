"""A table as a stream: cut into consecutive windows, each of which is set against the reference.

A single window beyond its limit may be a bad afternoon. So a window's check is about the last few windows together: its
value is the smallest of theirs, its p-value the largest, and it fails only if each of them would.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import replace

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.kind import Duration, Mistake, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_mlgate.table import Table
    from pytest_mlgate.verdict import Measurement

_Count = Annotated[int, Meta(ge=1)]


class Window(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a table is cut into windows.

    Args:
        rows: rows to a window, in the order of the table, or
        time: its length, as `1d`; windows of whole days begin at midnight UTC.
        column: holds the time of each row, for `time`.
        sustained: how many consecutive windows must be beyond their limits for a column to fail.
        first: how much of the table's beginning is the reference where the gate names none: a number of rows, or a
            length of time; one window unless given.
    """

    rows: _Count | None = None
    time: Duration | None = None
    column: str | None = None
    sustained: _Count = 1
    first: Duration | None = None

    def mistakes(self) -> Iterable[Mistake]:
        """Say what no single field can know."""
        where = ("window",)
        if (self.rows is None) == (self.time is None):
            yield Mistake(where, "a window is either so many rows or so much time", "give `rows` or `time`")
        if (self.time is None) != (self.column is None):
            yield Mistake(where, "windows of time need the column that holds it, others none", "give both or neither")
        if self.time is None and self.first is not None and not _whole(self.first):
            yield Mistake((*where, "first"), "windows of rows start after a number of rows", "give a whole number")


def _whole(first: Duration) -> bool:
    return not isinstance(first, str) and float(first).is_integer()


class Cut(Struct, frozen=True):
    """Rows of a table: what to call them, and their positions (a slice or an array)."""

    label: str
    rows: Any


def cut(table: Table, window: Window, *, own_reference: bool) -> _Cuts:
    """Cut a table into windows.

    Args:
        table: one whose row order holds.
        window: how.
        own_reference: whether the beginning of the table is the reference.

    Returns:
        The beginning, if it is the reference; the windows in order; how many rows have no time; how many windows
        between the first and the last have no rows.

    Raises:
        NotMeasuredError: there are no windows.
    """
    found = (
        _by_rows(table, window.rows, window, own_reference=own_reference)
        if window.rows
        else _by_time(table, window, own_reference=own_reference)
    )
    if not found[1]:
        reason = "nothing of the table is left for a window to be compared"
        raise NotMeasuredError(reason, "make `window` or `window.first` smaller")
    if len(found[1]) < window.sustained:  # no check would ever be judged
        reason = f"the table has {len(found[1])} windows, and `sustained: {window.sustained}` looks at so many together"
        raise NotMeasuredError(reason, "give more rows, or make `window` or `sustained` smaller")
    return found


_Cuts = tuple[Cut | None, list[Cut], int, int]


def _by_rows(table: Table, size: int, window: Window, *, own_reference: bool) -> _Cuts:
    from pytest_mlgate.stats.streams import by_rows

    start = 0
    if own_reference:
        start = min(table.rows, int(seconds(window.first)) if window.first is not None else size)
    beginning = Cut(f"first {start:,} rows", slice(0, start)) if own_reference else None
    windows = by_rows(table.rows, size, start) if start < table.rows else []
    return beginning, [Cut(f"rows {one.start}-{one.stop - 1}", one) for one in windows], 0, 0


def _by_time(table: Table, window: Window, *, own_reference: bool) -> _Cuts:
    from pytest_mlgate.stats.streams import by_time

    column, width = window.column or "", seconds(window.time or 1.0)
    if table.columns.get(column, "timestamp") not in ("timestamp", "date"):
        raise NotMeasuredError(f"column {column!r} holds no times", "name a column of timestamps under `window.column`")
    first = (seconds(window.first) if window.first is not None else 0.0) if own_reference else None
    beginning, windows, ends = by_time(table.numbers(column), width, first)
    lost = table.rows - len(beginning) - sum(len(rows) for _, rows in windows)
    cuts = [Cut(_moment(start, width), rows) for start, rows in windows]
    empty = round((windows[-1][0] - windows[0][0]) / width) + 1 - len(windows) if windows else 0
    return (Cut(f"until {_moment(ends, width)}", beginning) if own_reference else None), cuts, lost, empty


def _moment(at: float, width: float) -> str:
    moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=float(at))
    return moment.date().isoformat() if width % 86400.0 == 0.0 else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def sustained(windows: Sequence[Sequence[Measurement]], times: int) -> Iterator[Measurement]:
    """Turn each window's measurements into those of the last few windows together.

    Args:
        windows: measurements of each window in order, under the columns' names followed by `[window]`.
        times: how many windows must agree.

    Yields:
        A measurement for each of those given. In the first windows, before there are enough, it has no limit.
    """
    past: dict[tuple[str, str], list[Measurement]] = {}
    for window in windows:
        for one in window:
            run = past.setdefault(
                (one.name.rpartition("[")[0], one.metric), []
            )  # a column may have brackets of its own
            run.append(one)
            yield one if times == 1 or one.p_value is None else _together(run[-times:], times)


def _together(run: Sequence[Measurement], times: int) -> Measurement:
    last = run[-1]
    detail = last.detail | {"value_of_window": last.value, "windows": [one.name for one in run]}
    if len(run) < times:
        return replace(last, limit=None, p_value=None, detectable=None, rows_to_decide=None, detail=detail)
    gap = next((one for one in run if one.p_value is None), None)
    if gap is not None:
        return replace(last, value=None, p_value=None, reason=f"{gap.name}: {gap.reason}", detail=detail)
    return replace(
        last,
        value=min(one.value or 0.0 for one in run),
        low=min(one.low or 0.0 for one in run),
        high=min(one.high or 0.0 for one in run),
        n=min(one.n or 0 for one in run),
        p_value=max(one.p_value or 0.0 for one in run),
        detectable=max((one.detectable for one in run if one.detectable is not None), default=None),
        rows_to_decide=max((one.rows_to_decide for one in run if one.rows_to_decide is not None), default=None),
        detail=detail,
    )
