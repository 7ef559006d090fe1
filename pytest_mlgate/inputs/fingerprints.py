r"""What a table is, whichever library or file holds its rows: one hash of its columns, one of its values.

`schema_sha256` is the SHA-256 of a JSON list, without spaces and in UTF-8, of `[name, type]` for each column in order.
Types are the logical ones (integer, number, boolean, string, date, timestamp, other), since an int32 here is an int64
there.

`rows_sha256` is the SHA-256 of two parts. First a JSON list of the column names, likewise, and a line feed. Then the
SHA-256 of each row as 32 bytes, in ascending order (so the order of the rows does not matter, and how often a row
occurs does), or in the order of the rows where that was asked for. A row is its values in the order of the columns, a
comma between two, each spelled as:

    null, NaN         n
    boolean           b1 or b0
    whole number      i and its decimal digits, as i-36, whatever type holds it: 36.0 and a decimal 36.00 are i36, and
                      -0.0 is i0
    other number      f and the 16 hexadecimal digits, in capitals, of its IEEE 754 double, the sign first; so are whole
                      numbers from 2**63 up that a floating-point column holds, and infinities
    other decimal     m and its digits without trailing zeros, as m0.1: not the double nearest to it
    text              s, the number of its bytes in UTF-8, a colon, and the text; categories and UUIDs are text
    date              d and the days since 1970-01-01
    timestamp         t and the microseconds since 1970-01-01 in UTC, or u and the nanoseconds where there is a fraction
                      of a microsecond; without a zone it is taken for UTC

A row can be read back from how it is spelled, so two tables of one hash hold the same values unless SHA-256 is broken
(sorting the hashes keeps that, where adding them up would not). Nested values, times of day and bytes have no
spelling here and are refused. DuckDB spells, hashes and sorts, on all cores, spilling to disk what memory does not
hold; every spelling is of whole numbers or bits, never of its formatting of floats.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.frames import INTEGERS
from pytest_mlgate.pinning import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

_NULL = "'n'"
_WHOLE = "('i' || {}::VARCHAR)"
_SPELLINGS = {
    **dict.fromkeys((*INTEGERS, "integer", "uinteger"), _WHOLE),
    "boolean": "CASE WHEN {} THEN 'b1' ELSE 'b0' END",
    "date": "('d' || ({} - DATE '1970-01-01')::VARCHAR)",
    "decimal": (
        "CASE WHEN {0} = trunc({0}) THEN 'i' || split_part({0}::VARCHAR, '.', 1) "
        "ELSE 'm' || rtrim({0}::VARCHAR, '0') END"
    ),
    **dict.fromkeys(("varchar", "enum", "uuid"), "('s' || strlen({0})::VARCHAR || ':' || {0})"),
    **dict.fromkeys(
        ("float", "double"),
        "CASE WHEN {0} = trunc({0}) AND abs({0}) < 9223372036854775808.0 THEN 'i' || {0}::BIGINT::VARCHAR "
        "ELSE 'f' || hex({0}::DOUBLE::BIT::BLOB) END",
    ),
    **dict.fromkeys(
        ("timestamp", "timestamp_s", "timestamp_ms", "timestamp with time zone"),
        "('t' || epoch_us({})::VARCHAR)",
    ),
    **dict.fromkeys(
        ("timestamp_ns", "timestamptz_ns"),
        "CASE WHEN epoch_ns({0}) % 1000 = 0 THEN 't' || (epoch_ns({0}) // 1000)::VARCHAR "
        "ELSE 'u' || epoch_ns({0})::VARCHAR END",
    ),
}
_FLOATS = ("float", "double")
_TIMES = ("date", "timestamp", "timestamp_s", "timestamp_ms", "timestamp with time zone")
_HASH = "mlgate_row_hash"
_BATCH_ROWS = 1 << 17
_SHOWN = 3


def fingerprint(
    frame: Frame, database: Database, columns: Sequence[str] | None, *, rows: bool, ordered: bool
) -> Fingerprint:
    """Take the fingerprint of a table.

    Args:
        frame: the table.
        database: reads it.
        columns: the ones to look at, in their order; all of the table unless given.
        rows: whether to read the values too.
        ordered: whether the order of the rows matters.

    Raises:
        NotMeasuredError: there are no rows, a column is missing, or its values have no spelling.
    """
    chosen = [frame.column(name) for name in (frame.columns if columns is None else columns)]
    if frame.rows == 0:
        raise NotMeasuredError(f"{frame.what} has no rows", "an empty table is no version of anything")
    types = {column.name: column.type for column in chosen}
    schema = hashlib.sha256(_json([list(pair) for pair in types.items()])).hexdigest()
    count, values = _rows(frame, database, chosen, ordered=ordered) if rows else (frame.rows, None)
    return Fingerprint(frame.what, count, types, schema, values)


def _rows(frame: Frame, database: Database, columns: Sequence[Column], *, ordered: bool) -> tuple[int, str]:
    """Count and hash the rows, in one reading of them."""
    import duckdb

    _expect_spellings(frame, columns)
    spelled = ", ".join(_spelled(column) for column in columns)
    query: Any = frame.select(columns, derived={_HASH: f"unhex(sha256(concat_ws(',', {spelled})))"}).to_native()
    hashes = query.project(_HASH)
    total = hashlib.sha256(_json([column.name for column in columns]) + b"\n")
    try:
        count = database.run(lambda: _added(total, hashes if ordered else hashes.order(_HASH)))
    except duckdb.Error as error:
        raise NotMeasuredError(f"{frame.what} could not be read: {first_line(error)}", "look at the data") from error
    return count, total.hexdigest()


def _added(total: Any, hashes: Any) -> int:
    """Add hashes to a total, batch by batch; count them."""
    rows = 0
    begin = getattr(hashes, "to_arrow_reader", None) or hashes.fetch_record_batch
    for batch in begin(_BATCH_ROWS):
        total.update(b"".join(batch.column(0).to_pylist()))
        rows += batch.num_rows
    return rows


def _expect_spellings(frame: Frame, columns: Sequence[Column]) -> None:
    mute = [str(one).strip(",") for one in columns if one.opaque or not (one.untyped or one.native in _SPELLINGS)]
    if mute:
        more = f" and {len(mute) - _SHOWN} more" if len(mute) > _SHOWN else ""
        reason = f"{frame.what} cannot be hashed: no canonical spelling for {'; '.join(mute[:_SHOWN])}{more}"
        raise NotMeasuredError(reason, "name the columns to pin under `columns:`, or pin the file by `sha256:`")


def _spelled(column: Column) -> str:
    """Give the SQL expression that spells a column's values."""
    if column.untyped:
        return _NULL
    # Not every canonical form is needed: a spelling of its own is given for each of the engine's types.
    value = column.inner if column.native in _SPELLINGS and column.type != "string" else column.canonical(column.inner)
    absent = f"{value} IS NULL" + (f" OR isnan({value})" if column.native in _FLOATS else "")
    spelling = _SPELLINGS[column.native].format(value)
    if column.native in _TIMES:  # beyond the calendar, where there are no microseconds to count
        spelling = f"CASE WHEN isfinite({value}) THEN {spelling} ELSE error('an infinite time has no spelling') END"
    return f"CASE WHEN {absent} THEN {_NULL} ELSE {spelling} END"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
