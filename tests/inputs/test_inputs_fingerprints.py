"""Fingerprints of tables: against the definition written out in plain Python, and the same in every library."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import struct
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.reference import TableRef

UTC = dt.UTC
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)


def spelled(value):  # noqa: C901, PLR0911 - one case a type
    """Spell a value as the docstring of `pytest_mlgate.inputs.fingerprints` says."""
    match value:
        case None:
            return "n"
        case bool():
            return f"b{value:d}"
        case int():
            return f"i{value}"
        case float():
            if value != value:  # noqa: PLR0124 - NaN
                return "n"
            if value.is_integer() and abs(value) < 2**63:
                return f"i{int(value)}"
            return f"f{struct.pack('>d', value).hex().upper()}"
        case Decimal():
            whole = value == value.to_integral_value()
            return f"i{int(value)}" if whole else f"m{value:f}".rstrip("0")
        case str():
            return f"s{len(value.encode())}:{value}"
        case dt.datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            return f"t{(aware - EPOCH) // dt.timedelta(microseconds=1)}"
        case dt.date():
            return f"d{(value - EPOCH.date()).days}"
    raise AssertionError(value)


def rows_sha256(names, rows, *, ordered=False):
    hashes = [hashlib.sha256(",".join(map(spelled, row)).encode()).digest() for row in rows]
    head = json.dumps(list(names), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    return hashlib.sha256(head + b"".join(hashes if ordered else sorted(hashes))).hexdigest()


@pytest.fixture
def taken(tmp_path):
    """Give a function that takes the fingerprint of a table, an object or a path."""
    store = InputStore(tmp_path)

    def take(table, columns=None, **options):
        ref = TableRef(fixture="t") if not isinstance(table, str) else TableRef(path=table)
        inputs = GateInputs(store, seed=0, fixtures={"t": table})
        return inputs.fingerprint(ref, columns, **{"rows": True, **options})

    yield take
    store.close()


PLAIN = {
    "whole": [1, -36, None, 2**40, 0],
    "real": [0.1, -0.0, float("nan"), 1e300, 36.0],
    "truth": [True, False, None, True, False],
    "text": ["", "ü,ß", None, 's3:a,b"', "a\x00b\n"],
    "day": [dt.date(1969, 12, 31), dt.date(2026, 1, 31), None, dt.date(1970, 1, 1), dt.date(2400, 2, 29)],
    "seen": [
        dt.datetime(2026, 1, 31, 12, 0, 0, 5, tzinfo=UTC),
        dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        None,
        dt.datetime(1970, 1, 1, tzinfo=UTC),
        dt.datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    ],
    "price": [Decimal("0.10"), Decimal("-12.00"), None, Decimal("-0.50"), Decimal("99999999.99")],
}
ROWS = list(zip(*PLAIN.values(), strict=True))
ARROW = pa.table(
    {
        **PLAIN,
        "seen": pa.array(PLAIN["seen"], pa.timestamp("us", "UTC")),
        "price": pa.array(PLAIN["price"], pa.decimal128(12, 2)),
    }
)


def in_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(ARROW, path, row_group_size=2)
    return str(path)


LIBRARIES = {
    "arrow": lambda _: ARROW,
    "arrow in chunks": lambda _: pa.concat_tables([ARROW[:2], ARROW[2:3], ARROW[3:]]),
    "categories": lambda _: ARROW.set_column(3, "text", ARROW["text"].dictionary_encode()),
    "pandas": lambda _: ARROW.to_pandas(),  # its whole numbers with a gap are floats
    "pandas, nullable": lambda _: ARROW.to_pandas().convert_dtypes(),
    "pandas, Arrow": lambda _: ARROW.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda _: pl.from_arrow(ARROW),
    "polars, lazy": lambda _: pl.from_arrow(ARROW).lazy(),
    "duckdb": lambda _: duckdb.connect().from_arrow(ARROW),
    "parquet": in_parquet,
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_library_gives_the_hash_of_the_definition(library, taken, tmp_path):
    """Pandas, polars, Arrow, DuckDB and Parquet hold the same rows, whatever types they hold them in."""
    found = taken(LIBRARIES[library](tmp_path))
    assert found.rows_sha256 == rows_sha256(PLAIN, ROWS)
    assert found.rows == 5


@pytest.mark.parametrize("library", ["arrow", "polars", "duckdb", "parquet"])
def test_the_schema_is_names_and_logical_types(library, taken, tmp_path):
    """A JSON list of pairs, in order, that anybody can hash."""
    types = ["integer", "number", "boolean", "string", "date", "timestamp", "number"]
    text = json.dumps([list(pair) for pair in zip(PLAIN, types, strict=True)], separators=(",", ":"))
    found = taken(LIBRARIES[library](tmp_path), rows=False)
    assert found.schema_sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert found.rows_sha256 is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([1, 2, 3], pa.int8()), pa.array([1, 2, 3], pa.uint64())),
        (pa.array([1.0, 2.0, -0.0]), pa.array([1, 2, 0])),
        (pa.array([0.5, 1.25, -2.75], pa.float32()), pa.array([0.5, 1.25, -2.75], pa.float64())),
        (pa.array([Decimal("1.00"), Decimal("2.0")]), pa.array([1, 2])),
        (pa.array([1.5, float("nan")]), pa.array([1.5, None])),
        (pa.array([Decimal("0.10")], pa.decimal128(5, 2)), pa.array([Decimal("0.1")], pa.decimal128(38, 5))),
        (pa.array([7_000_000], pa.timestamp("us")), pa.array([7], pa.timestamp("s", "Asia/Tokyo"))),
        (pa.array([7_000], pa.timestamp("ms", "UTC")), pa.array([7_000_000_000], pa.timestamp("ns"))),
        (pa.array(["a", "b", "a"]).dictionary_encode(), pa.array(["a", "b", "a"], pa.large_string())),
        (pa.array([None, None]), pa.array([None, None], pa.string())),
        (pa.array([1.5], pa.float16()), pa.array([1.5])),
    ],
    ids=str,
)
def test_one_value_has_one_spelling_whatever_type_holds_it(one, other, taken):
    """Widths, scales, units and zones are how a library holds a value, not what it is."""
    assert taken(pa.table({"x": one})).rows_sha256 == taken(pa.table({"x": other})).rows_sha256


@pytest.mark.parametrize(
    ("sql", "same"),
    [
        ("36::HUGEINT", pa.array([36])),
        ("36::UHUGEINT", pa.array([36])),
        ("99999999999999999999::HUGEINT", pa.array([Decimal(10**20 - 1)], pa.decimal128(38, 0))),
        ("'b'::ENUM('a', 'b')", pa.array(["b"])),
        ("'00000000-0000-0000-0000-00000000000a'::UUID", pa.array(["00000000-0000-0000-0000-00000000000a"])),
        ("'1970-01-01 00:00:07'::TIMESTAMP_S", pa.array([7], pa.timestamp("s"))),
        ("'1970-01-01 00:00:07'::TIMESTAMP_MS", pa.array([7], pa.timestamp("s"))),
        ("'1970-01-01 00:00:00.000000007'::TIMESTAMP_NS", pa.array([7], pa.timestamp("ns"))),
        ("'1970-01-01 01:00:07+01'::TIMESTAMPTZ", pa.array([7], pa.timestamp("s"))),
        ("NULL", pa.array([None], pa.float64())),
    ],
)
def test_types_of_duckdb_alone_are_spelled_like_their_kin(sql, same, taken):
    """They reach the database that hashes in another form."""
    found = taken(duckdb.connect().sql(f"SELECT {sql} AS x"))
    assert found.rows_sha256 == taken(pa.table({"x": same})).rows_sha256


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([0.1], [np.nextafter(0.1, 1)]),
        ([0.1], [Decimal("0.1")]),
        ([float("inf")], [float("-inf")]),
        ([1], ["1"]),
        ([1], [True]),
        ([""], [None]),
        (["é"], ["e\u0301"]),
        (["a", "a"], ["a"]),
        (["a", "a", "b", "b"], ["a", "b"]),
        (["n"], [None]),
        ([dt.date(1970, 1, 1)], [dt.datetime(1970, 1, 1)]),  # noqa: DTZ001 - without a zone is what is meant
        ([2**62], [2**62 + 1]),
        (pa.array([1], pa.timestamp("ns")), pa.array([0], pa.timestamp("ns"))),
    ],
    ids=str,
)
def test_different_values_have_different_hashes(one, other, taken):
    """A last bit, a type that means something else, how often a row occurs."""
    assert taken(pa.table({"x": one})).rows_sha256 != taken(pa.table({"x": other})).rows_sha256


def test_values_do_not_run_into_each_other(taken):
    """What looks like a separator in a text cannot make one row of two values look like another."""
    tables = [{"x": ["a,s1:b"], "y": ["c"]}, {"x": ["a"], "y": ["b,s1:c"]}, {"x": ["a,b"], "y": ["c"]}]
    assert len({taken(pa.table(one)).rows_sha256 for one in tables}) == len(tables)


def test_names_and_their_order_count(taken):
    """A renamed column is another table, and so is one whose columns changed places."""
    hashes = {
        (found.schema_sha256, found.rows_sha256)
        for found in map(taken, [pa.table({"a": [1], "b": [1]}), pa.table({"b": [1], "a": [1]}), pa.table({"a": [1]})])
    }
    assert len({one for one, _ in hashes}) == len({other for _, other in hashes}) == 3


def test_only_the_columns_that_are_named_count(taken):
    """A pin of some columns holds whatever else the table has."""
    wide, narrow = (
        pa.table({"a": [1, 2], "junk": [[1], [2]], "b": ["x", "y"]}),
        pa.table({"b": ["x", "y"], "a": [1, 2]}),
    )
    found = taken(wide, ["b", "a"])
    assert found.rows_sha256 == taken(narrow).rows_sha256
    assert found.schema_sha256 == taken(narrow).schema_sha256


VALUES = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
TABLES = st.lists(
    st.tuples(VALUES, st.one_of(st.none(), st.floats()), st.one_of(st.none(), st.text(max_size=5))), min_size=1
)


def as_table(rows):
    types = (pa.int64(), pa.float64(), pa.string())
    columns = zip(*rows, strict=True)
    return pa.table({f"c{i}": pa.array(column, types[i]) for i, column in enumerate(columns)})


@settings(max_examples=60, deadline=None)
@given(TABLES, st.randoms(use_true_random=False))
def test_any_rows_hash_as_the_definition_says_in_any_order(rows, order):
    """Shuffling changes nothing, unless the order was asked for."""
    shuffled = order.sample(rows, len(rows))
    store = InputStore(Path())
    try:
        inputs = GateInputs(store, seed=0, fixtures={"t": as_table(shuffled)})
        found = inputs.fingerprint(TableRef(fixture="t"), rows=True).rows_sha256
        ordered = inputs.fingerprint(TableRef(fixture="t"), rows=True, ordered=True).rows_sha256
    finally:
        store.close()
    assert found == rows_sha256(["c0", "c1", "c2"], rows)
    assert ordered == rows_sha256(["c0", "c1", "c2"], shuffled, ordered=True)


def test_many_rows_in_any_order(taken, tmp_path):
    """More rows than one batch, in a file of several row groups, shuffled."""
    numbers = list(range(300_000))
    random.Random(1).shuffle(numbers)  # noqa: S311 - any order will do
    path = tmp_path / "many.parquet"
    pq.write_table(pa.table({"x": numbers}), path, row_group_size=70_000)
    found = taken(str(path))
    assert found.rows == 300_000
    assert found.rows_sha256 == rows_sha256(["x"], [[one] for one in range(300_000)])
    ordered = taken(str(path), ordered=True).rows_sha256
    assert ordered == rows_sha256(["x"], [[one] for one in numbers], ordered=True)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (pa.table({"x": pa.array([], pa.int64())}), "has no rows"),
        (pa.table({"x": [[1]]}), "no canonical spelling for column 'x'"),
        (pa.table({"x": [b"1"]}), "no canonical spelling for column 'x'"),
        (pa.table({"x": [dt.time(1)]}), "no canonical spelling for column 'x'"),
        (pd.DataFrame({"x": [1, "a", object()]}), "no canonical spelling for column 'x'"),
        (pa.table({"x": pa.array([2**63 - 1], pa.timestamp("us"))}), "infinite time"),
        (pa.table({"x": pa.array([-(2**31) + 1], pa.date32())}), "infinite time"),
    ],
    ids=["no rows", "nested", "bytes", "time of day", "mixed", "infinite timestamp", "infinite date"],
)
def test_what_has_no_spelling_is_not_measured(table, reason, taken):
    """Empty tables and values without a canonical form never pass."""
    with pytest.raises(NotMeasuredError, match=reason):
        taken(table)


def test_a_missing_column_names_the_nearest(taken):
    """As everywhere."""
    with pytest.raises(NotMeasuredError, match=r"no column 'agee' .*'age'"):
        taken(pa.table({"age": [1]}), ["agee"])
