"""Rows of one table that have, or lack, a row with the same values in another."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from uuid import UUID

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from inputs_forms import FORMS, in_form

from pytest_mlgate.aggregate import Segment
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.reference import TableRef

NAN = float("nan")
BIG = 2**53 + 1
DAY = dt.date(2024, 6, 1)
MIDNIGHT = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
NAIVE = MIDNIGHT.replace(tzinfo=None)
ORDERS = pa.table(
    {
        "id": [1, 2, 2, None, 5],
        "price": [0.0, NAN, 2.5, None, math.inf],
        "state": ["MA", "zz", None, "NY", "é"],
        "seen": pa.array([NAIVE, NAIVE + dt.timedelta(hours=1), None, NAIVE, NAIVE], pa.timestamp("us")),
    }
)
KNOWN = pa.table(
    {
        "id": [2, 5, 5, None],
        "price": [-0.0, NAN, math.inf, 7.0],
        "state": ["MA", "é", None, "no"],
        "seen": pa.array([NAIVE, NAIVE, None, NAIVE], pa.timestamp("us")),
    }
)
# columns → rows that have a match, and rows judged; then the same where missing equals missing
SAME = {
    ("id",): (3, 4, 4, 5),
    ("price",): (2, 3, 4, 5),
    ("state",): (2, 4, 3, 5),
    ("seen",): (3, 4, 4, 5),
    ("id", "state"): (1, 3, 1, 5),
    ("price", "state"): (1, 2, 1, 5),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("columns", SAME)
def test_rows_are_matched_the_same_in_every_form(form, columns, opened, tmp_path):
    """Hand-counted rows: NaN is missing, -0.0 equals 0.0, a row that misses a value is judged only if asked for."""
    (tmp_path / "known").mkdir()
    table, other = opened(in_form(ORDERS, form, tmp_path)), opened(in_form(KNOWN, form, tmp_path / "known"))
    found, judged, found_missing, all_rows = SAME[columns]
    same = table.shared(other, columns)
    assert (same.rows, same.judged, same.examples) == (found, judged, ())
    lacking = table.shared(other, columns, absent=True)
    assert (lacking.rows, lacking.judged) == (judged - found, judged)
    with_missing = table.shared(other, columns, missing=True)
    assert (with_missing.rows, with_missing.judged) == (found_missing, all_rows)
    assert table.shared(other, columns, missing=True, absent=True).rows == all_rows - found_missing


PAIRS = {
    "whole numbers of two widths": (pa.array([7, BIG], pa.int64()), pa.array([7, 8], pa.uint8()), 1),
    "signed and unsigned beyond each other": (pa.array([-1], pa.int64()), pa.array([2**64 - 1], pa.uint64()), 0),
    "whole numbers and fractions": (pa.array([7, 8]), pa.array([7.0, 8.5]), 1),
    "big whole numbers are told apart": (pa.array([BIG]), pa.array([BIG - 1]), 0),
    "decimals of two scales": (pa.array([Decimal("1.5")]), pa.array([Decimal("1.50")]), 1),
    "big decimals and whole numbers": (pa.array([BIG]), pa.array([Decimal(BIG - 1)], pa.decimal128(38, 0)), 0),
    "decimals and fractions": (pa.array([Decimal("0.1")]), pa.array([0.1]), 1),
    "fractions in single and double precision": (pa.array([0.1], pa.float32()), pa.array([0.1]), 1),
    "decimals and single precision": (pa.array([Decimal("0.1")]), pa.array([0.1], pa.float32()), 1),
    "whole numbers and single precision": (pa.array([2**24 + 1]), pa.array([2.0**24], pa.float32()), 0),
    "a date and its first instant": (pa.array([DAY, DAY]), pa.array([NAIVE], pa.timestamp("ms")), 2),
    "a date and another time of that day": (pa.array([DAY]), pa.array([NAIVE.replace(hour=1)]), 0),
    "times in two zones": (
        pa.array([MIDNIGHT], pa.timestamp("us", "UTC")),
        pa.array([MIDNIGHT], pa.timestamp("us", "Asia/Tokyo")),
        1,
    ),
    "times of two units": (pa.array([NAIVE], pa.timestamp("ns")), pa.array([NAIVE], pa.timestamp("s")), 1),
    "nanoseconds": (pa.array([1], pa.timestamp("ns")), pa.array([2], pa.timestamp("ns")), 0),
    "words and categories": (pa.array(["a", "b"]), pa.array(["b"]).dictionary_encode(), 1),
    "truth values": (pa.array([True, False]), pa.array([True]), 1),
    "lists": (pa.array([[1.0, 2.0], [3.0]]), pa.array([[1.0, 2.0]]), 1),
    "bytes": (pa.array([b"a\x00", b"a"]), pa.array([b"a\x00"]), 1),
    "a column of nothing": (pa.array([7]), pa.nulls(1), 0),
    "nothing in a column of something": (pa.nulls(1), pa.array([7]), 0),
    "two columns of nothing": (pa.nulls(1), pa.nulls(1), 0),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_values_that_mean_the_same_are_equal_whatever_types_hold_them(pair, opened):
    """What differs only in how it is stored matches, exactly where both types are exact."""
    left, right, found = PAIRS[pair]
    table, other = opened(pa.table({"own": left})), opened(pa.table({"its": right}))
    assert table.shared(other, ["own"], ["its"]).rows == found
    assert table.shared(other, ["own"], ["its"], missing=True).rows == found + (left.null_count and right.null_count)


UNLIKE = {
    "integer": pa.array([1]),
    "string": pa.array(["1"]),
    "boolean": pa.array([True]),
    "date": pa.array([DAY]),
    "other": pa.array([[1]]),
}


@pytest.mark.parametrize(("own", "its"), [(own, its) for own in UNLIKE for its in UNLIKE if own != its])
def test_types_that_never_hold_the_same_value_are_refused(own, its, opened):
    """No match would read as no leak; the message names both columns and both types."""
    table, other = opened(pa.table({"a": UNLIKE[own]})), opened(pa.table({"b": UNLIKE[its]}))
    with pytest.raises(NotMeasuredError) as refused:
        table.shared(other, ["a"], ["b"])
    assert f"column 'a', of type {own}" in str(refused.value)
    assert f"column 'b', of type {its}" in str(refused.value)


def test_values_that_no_engine_holds_are_refused(opened):
    """A pandas column of mixed objects."""
    mixed = opened(pd.DataFrame({"a": [1, "x"]}))
    with pytest.raises(NotMeasuredError, match="cannot be matched"):
        mixed.shared(mixed, ["a"])


def test_a_missing_column_is_named(opened):
    """On either side."""
    table, other = opened(pa.table({"id": [1]})), opened(pa.table({"ident": [1]}))
    with pytest.raises(NotMeasuredError, match="no column 'id'"):
        table.shared(other, ["id"])
    with pytest.raises(NotMeasuredError, match="no column 'ident'"):
        other.shared(table, ["ident"])


def test_no_columns_or_unequal_numbers_of_them_are_a_mistake_of_the_caller(opened):
    """Every row would match any other."""
    table = opened(ORDERS)
    with pytest.raises(ValueError, match="at least one column"):
        table.shared(table, [])
    with pytest.raises(ValueError, match="shorter"):
        table.shared(table, ["id", "state"], ["id"])


def test_examples_are_the_first_rows_with_what_identifies_them(opened):
    """By row number; the values that were matched, and the key."""
    found = opened(ORDERS).shared(opened(KNOWN), ["id"], limit=2, key=["state"])
    assert [(one.row, one.value, one.key) for one in found.examples] == [
        (1, "2", {"state": "zz"}),
        (2, "2", {"state": "null"}),
    ]
    both = opened(ORDERS).shared(opened(KNOWN), ["id", "state"], limit=5, missing=True)
    assert [(one.row, one.value) for one in both.examples] == [(4, "id=5, state=é")]


def test_two_streams_of_one_connection_are_matched(opened):
    """A connection has one result at a time: opening the second would end the first."""
    connection = duckdb.connect()
    left = connection.sql("SELECT range AS id, range::HUGEINT AS wide FROM range(100_000)")
    right = connection.sql("SELECT range * 2 AS id, (range * 2)::HUGEINT AS wide FROM range(100_000)")
    found = opened(left).shared(opened(right), ["id", "wide"], limit=3)
    assert (found.rows, found.judged) == (50_000, 100_000)
    assert [one.row for one in found.examples] == [0, 2, 4]


def test_a_table_is_matched_with_itself(opened, tmp_path):
    """Every row finds itself, from a file as from a stream."""
    for form in ("parquet", "duckdb"):
        table = opened(in_form(ORDERS, form, tmp_path))
        assert table.shared(table, table.columns.keys(), missing=True).rows == 5


@pytest.mark.parametrize("how", ["where", "table", "query"])
def test_rows_are_matched_with_those_of_a_database_or_a_filter(how, inputs, tmp_path):
    """They come as a stream, which is read once: to count the rows found and again to show some of them."""
    pq.write_table(pa.table({"id": [2, 5, 9]}), tmp_path / "known.parquet")
    with duckdb.connect(str(tmp_path / "known.duckdb")) as connection:
        connection.execute(f"CREATE TABLE known AS FROM '{tmp_path / 'known.parquet'}' WHERE id < 9")
    ref = {
        "where": TableRef(path=str(tmp_path / "known.parquet"), where="id < 9"),
        "table": TableRef(path=str(tmp_path / "known.duckdb"), table="known"),
        "query": TableRef(path=str(tmp_path / "known.duckdb"), query="SELECT * FROM known"),
    }[how]
    gate = inputs(rows=ORDERS)
    rows, known = gate.table(TableRef(fixture="rows")), gate.table(ref, "reference")
    lacking = rows.shared(known, ["id"], absent=True, limit=5)
    assert (lacking.rows, lacking.judged, [one.row for one in lacking.examples]) == (1, 4, [0])
    there = rows.shared(known, ["id"], limit=5)
    assert (there.rows, there.judged, [one.row for one in there.examples]) == (3, 4, [1, 2, 4])


def test_only_the_rows_of_a_segment_are_looked_at(opened):
    """A segment as `ask` gives it, the one of missing values too."""
    rows = opened(pa.table({"id": [1, 2, 3, 4], "site": ["a", "a", "b", None]}))
    other = opened(pa.table({"id": [1, 3, 4]}))
    found = {}
    for answers in rows.ask([], by=["site"]):
        one = rows.shared(other, ["id"], absent=True, segment=answers.segment, limit=5)
        found[str(answers.segment)] = (one.rows, one.judged, [example.row for example in one.examples])
    assert found == {"site=a": (1, 2, [1]), "site=b": (0, 1, []), "site=null": (0, 1, [])}
    assert rows.shared(other, ["id"], missing=True, segment=Segment({"site": "b"}, {"site": "b"})).judged == 1


VALUES = st.one_of(st.none(), st.integers(-2, 2))
ROWS = st.lists(
    st.tuples(VALUES, st.sampled_from([None, NAN, 0.0, -0.0, 1.5, math.inf]), st.sampled_from([None, "", "a", "A"])),
    max_size=8,
)


@settings(max_examples=60, deadline=None, phases=[Phase.generate, Phase.shrink])
@given(left=ROWS, right=ROWS)
def test_matches_are_those_of_sets(left, right):
    """Against Python's own sets, with -0.0 and NaN brought to what they mean."""

    def plain(row):
        return tuple(None if one is None or one != one else one + 0.0 if isinstance(one, float) else one for one in row)  # noqa: PLR0124 - NaN alone is not itself

    def table(rows):
        columns = list(zip(*rows, strict=True)) or [(), (), ()]
        types = (pa.int32(), pa.float64(), pa.string())
        return pa.table({name: pa.array(one, type_) for name, one, type_ in zip("abc", columns, types, strict=True)})

    store = InputStore(None)
    inputs = GateInputs(store, seed=1, fixtures={"left": table(left), "right": table(right)})
    own, its = inputs.table(TableRef(fixture="left")), inputs.table(TableRef(fixture="right"))
    known = {plain(row) for row in right}
    whole = [row for row in map(plain, left) if None not in row]
    assert own.shared(its, "abc", missing=True).rows == sum(plain(row) in known for row in left)
    found = own.shared(its, "abc")
    assert (found.rows, found.judged) == (sum(row in known for row in whole), len(whole))
    assert own.shared(its, "abc", absent=True).rows == sum(row not in known for row in whole)
    store.close()


@pytest.mark.parametrize("absent", [False, True])
@pytest.mark.parametrize("missing", [False, True])
def test_the_query_finds_the_rows_that_were_counted(absent, missing, opened, tmp_path, monkeypatch):
    """Run as a reader would, with names that need quotes, on types that differ."""
    kinds = [
        pa.array([1, 2, None, 4]),
        pa.array([0.1, NAN, None, 2.5], pa.float32()),
        pa.array(["u", "v", None, "w"]).dictionary_encode(),
        pa.array([DAY, None, DAY, DAY]),
        pa.array([str(UUID(int=n)) for n in range(4)]),
        pa.array([[1], [2], None, []]),
    ]
    others = [
        pa.array([1.0, 2.0, NAN, 5.0]),
        pa.array([0.1, NAN, NAN, 2.5]),
        pa.array(["u", "v", None, "x"]),
        pa.array([NAIVE, None, NAIVE, NAIVE + dt.timedelta(hours=1)], pa.timestamp("ns", "UTC")),
        pa.array([str(UUID(int=n)) for n in (0, 1, 2, 9)]),
        pa.array([[1], [2], None, [3]]),
    ]
    names = [f"c\"{i}'. %" for i in range(len(kinds))]
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.table(dict(zip(names, kinds, strict=True))), "own.parquet")
    pq.write_table(pa.table(dict(zip(names, others, strict=True))), "its.parquet")
    own, its = opened("own.parquet"), opened("its.parquet")
    reader = duckdb.connect()
    reader.execute("SET disabled_optimizers = 'statistics_propagation'")  # which takes NaN out of Parquet files
    counted = []
    for columns in [[name] for name in names] + [names]:
        found = own.shared(its, columns, absent=absent, missing=missing)
        counted.append(found.rows)
        assert len(reader.sql(found.query).fetchall()) == found.rows, found.query
    assert any(counted)


def test_a_million_rows_match_as_numpy_says(opened):
    """Keys drawn with repetition, on both sides."""
    rng = np.random.default_rng(3)
    left, right = rng.integers(0, 3_000_000, 1_000_000), rng.integers(0, 3_000_000, 1_000_000)
    found = opened(pa.table({"id": left})).shared(opened(pa.table({"id": right})), ["id"])
    assert found.rows == int(np.isin(left, right).sum())
