"""Samples: some rows of a table, chosen by an MD5 hash, so that the same rows are chosen wherever they are read.

What is hashed is text: the seed and then each value, `-` where it is missing, in the order of the columns' names, with
`|` between. Whole numbers are written in digits whatever their type, text as it is, booleans as `true` and `false`,
dates and times as `2024-01-31 00:00:00` in UTC; those are the same on every engine. Fractions are written as DuckDB
writes them. A share takes the rows whose hash, as 32 hexadecimal digits, is below that share of the largest; a number
of rows takes the smallest hashes, and of equal ones those whose whole row hashes smallest.

Hashing whole rows reads every column once; `by:` an identifier is several times faster.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import of_rows
from pytest_mlgate.inputs.frames import ROW, Column, Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.reference import Sample

_TABLES = count()
_HASHES = 1 << 128
_KEY, _WHOLE = "mlgate_key", "mlgate_whole"


def drawn(frame: Frame, sample: Sample, database: Database) -> tuple[Frame, str]:
    """Take a sample, which is kept in the embedded database; the numbers of its rows stay those they had.

    Args:
        frame: the table.
        sample: which rows.
        database: keeps them.

    Returns:
        The sample, and what reports say of it.

    Raises:
        NotMeasuredError: a column is missing, or the table cannot be read.
    """
    import duckdb

    keys = [frame.column(name) for name in sample.keys]
    columns = list(frame.columns.values())
    table = f"sample_{next(_TABLES)}"
    inner = ", ".join(one.inner for one in columns)
    rows = frame.relation(columns, numbered=True)
    try:
        hashed = rows.project(f"{ROW}, {inner}, {digest(keys or columns, sample.seed)} AS {_KEY}")
        if sample.share is not None:
            wanted = hashed.filter(_below(sample.share)).project(f"{ROW}, {inner}")
        else:
            whole = f", {digest(columns, sample.seed)} AS {_WHOLE}" if keys else ""
            order = f"{_KEY}{f', {_WHOLE}' if keys else ''}, {ROW}"
            smallest = hashed.project(f"*{whole}").order(order).limit(sample.rows or 0)
            wanted = smallest.project(f"{ROW}, {inner}").order(ROW)
        database.run(lambda: wanted.create(table))
        scan = database.scan(f"FROM {table}")
        ((taken,),) = database.run(scan().aggregate("count(*)").fetchall)
    except duckdb.Error as error:
        raise NotMeasuredError(
            f"no sample of {frame.what} could be taken: {of_rows(error)}", "look at the data"
        ) from error
    by = f" by {', '.join(sample.keys)}" if keys else ""
    note = f"a sample of {taken:,} of {frame.rows:,} rows, chosen by hash{by}, seed {sample.seed}"
    kept = Frame(
        frame.what,
        columns,
        lambda _: scan(),
        lambda: int(taken),
        stable=True,
        origin=frame.origin,
        numbered=lambda _: scan(),
    )
    return kept, note


def digest(columns: Sequence[Column], seed: int) -> str:
    """Write the SQL expression that hashes a row."""
    parts = ", ".join(_text(one) for one in sorted(columns, key=lambda one: one.name))
    return f"md5(concat_ws('|', '{seed}', {parts}))"


def _text(column: Column) -> str:
    value = column.canonical(column.inner)
    text = f"({value})::VARCHAR"
    if column.type == "number":  # which pandas makes of whole numbers where some are missing
        whole = f"{value} = trunc({value}) AND abs({value}) < 1e15"
        text = f"CASE WHEN {whole} THEN {value}::BIGINT::VARCHAR ELSE {text} END"
    elif column.type in {"date", "timestamp"}:
        text = f"{value}::TIMESTAMP::VARCHAR"
    if column.native in {"float", "double"}:
        text = f"CASE WHEN NOT isnan({value}) THEN {text} END"
    return f"coalesce({text}, '-')"


def _below(share: float) -> str:
    """Write the condition that a hash is among a share of all hashes."""
    bound = int(Fraction(share) * _HASHES)
    return f"{_KEY} < '{bound:032x}'" if bound < _HASHES else "true"
