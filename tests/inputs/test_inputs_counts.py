"""The same questions give the same answers whatever holds the rows."""

from __future__ import annotations

import datetime as dt
import math
import re
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from inputs_forms import FORMS, in_form

from pytest_mlgate.aggregate import Above, Below, Duplicated, Missing, NotAmong, NotMatching
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.reference import TableRef

NOON = dt.datetime.fromisoformat("2024-06-01T12:00")
FIRST, SECOND, THIRD = (dt.datetime.fromisoformat(f"2020-01-0{day}") for day in (1, 2, 3))
ROWS = pa.table(
    {
        "id": pa.array([1, 2, 2, None, 5, 5, 5]),
        "price": pa.array([1.5, float("nan"), None, math.inf, -math.inf, 0.0, -0.0]),
        "state": pa.array(["MA", "NY", "zz", None, "MA", "é", "ny"]),
        "paid": pa.array([True, False, None, True, True, True, False]),
        "day": pa.array([dt.date(2024, 1, d) for d in range(1, 7)] + [None]),
        "seen": pa.array([NOON + dt.timedelta(hours=h) for h in range(6)] + [None], pa.timestamp("us")),
    }
)
RULES = {
    Missing("id"): 1,
    Missing("price"): 2,
    Below("id", 2): 1,
    Above("id", 4.5): 3,
    Below("price", 0): 1,
    Above("price", 1.4): 2,
    Above("price", math.inf): 0,
    NotAmong("id", (1, 2.0)): 3,
    NotAmong("price", (0, 1.5)): 2,
    NotAmong("state", ("MA", "NY")): 3,
    NotAmong("state", ()): 6,
    NotAmong("paid", (True,)): 2,
    NotMatching("state", "^[A-Z]{2}$"): 3,
    NotMatching("state", r"^\w+$"): 1,
    NotMatching("state", "(?i)ny|ma"): 2,
    Below("state", "a"): 3,
    Below("day", "2024-01-03"): 2,
    Above("day", "2024-01-05T12:00:00Z"): 1,
    NotAmong("day", ("2024-01-01", "2024-01-02")): 4,
    Above("seen", "2024-06-01T14:00:00Z"): 3,
    Above("seen", "2024-06-01T14:00:00+02:00"): 5,
    Below("seen", "2024-06-02"): 6,
    NotAmong("seen", ("2024-06-01T12:00:00", "2024-06-01T15:00:00+02:00")): 4,
    Duplicated(("id",)): 3,
    Duplicated(("price",)): 1,
    Duplicated(("state",)): 1,
    Duplicated(("paid",)): 4,
    Duplicated(("day",)): 0,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_rule_counts_the_same_rows_in_every_form(form, opened, tmp_path):
    """Hand-counted rows: NaN is missing, missing rows break no other rule, infinities are values, -0.0 equals 0.0."""
    table = opened(in_form(ROWS, form, tmp_path))
    assert dict(zip(RULES, table.count(list(RULES)), strict=True)) == RULES


@pytest.mark.parametrize("form", FORMS)
def test_a_long_list_of_allowed_values_means_what_a_short_one_does(form, opened, tmp_path):
    """Beyond some length the list is looked up in another way; counts and rows are the same."""
    table = opened(in_form(ROWS, form, tmp_path))
    days = [f"2024-{month:02}-{day:02}" for month in (1, 2, 3) for day in range(2, 29)]
    for rule, rows in {
        NotAmong("id", (2, 1.0, 10**40, 0.5, *range(100, 200))): [4, 5, 6],
        NotAmong("id", tuple(i + 0.5 for i in range(100))): [0, 1, 2, 4, 5, 6],
        NotAmong("price", (0, *(i / 2 for i in range(100)))): [3, 4],
        NotAmong("state", ("MA", *(f"s{i}" for i in range(100)))): [1, 2, 5, 6],
        NotAmong("day", tuple(days)): [0],
        NotAmong("seen", (*(f"{day}T00:00:00" for day in days), "2024-06-01T12:00:00Z")): [1, 2, 3, 4, 5],
    }.items():
        assert table.count([Missing("id"), rule, Missing("price")]) == [1, len(rows), 2], rule
        assert [one.row for one in table.examples(rule, 9)] == rows


@pytest.mark.parametrize("form", FORMS)
def test_examples_name_the_first_rows_in_order(form, opened, tmp_path):
    """An example is a row number from zero and the value as text."""
    table = opened(in_form(ROWS, form, tmp_path))

    def shown(rule, limit=9):
        return [(one.row, one.value) for one in table.examples(rule, limit)]

    assert shown(NotAmong("state", ("MA",)), 2) == [(1, "NY"), (2, "zz")]
    assert shown(NotMatching("state", "^[A-Z]{2}$")) == [(2, "zz"), (5, "é"), (6, "ny")]
    assert shown(Above("price", 1)) == [(0, "1.5"), (3, "inf")]
    assert [row for row, _ in shown(Missing("price"))] == [1, 2]
    assert [row for row, _ in shown(Duplicated(("id",)))] == [2, 5, 6]
    assert shown(Below("day", "2024-01-02")) == [(0, "2024-01-01")]
    assert shown(Above("seen", "2024-06-01T16:00:00Z")) == [(5, "2024-06-01T17:00:00Z")]


@pytest.mark.parametrize("form", FORMS)
def test_columns_keep_order_and_tell_their_types(form, opened, tmp_path):
    """Types are logical; a pandas integer column with gaps is a float column, as pandas itself says."""
    table = opened(in_form(ROWS, form, tmp_path))
    types = ("integer", "number", "string", "boolean", "date", "timestamp")
    expected = dict(zip(ROWS.column_names, types, strict=True))
    if form == "pandas":
        expected["id"] = "number"
    assert dict(table.columns) == expected
    assert list(table.columns) == ROWS.column_names
    assert table.rows == 7


@pytest.mark.parametrize("form", FORMS)
def test_numbers_are_float64_with_nan_for_missing(form, opened, tmp_path):
    """Booleans become 0 and 1, dates and times seconds since 1970 in UTC; numpy and pandas agree."""
    table = opened(in_form(ROWS, form, tmp_path))
    np.testing.assert_array_equal(table.numbers("id"), [1, 2, 2, np.nan, 5, 5, 5])
    np.testing.assert_array_equal(table.numbers("price"), [1.5, np.nan, np.nan, np.inf, -np.inf, 0, 0])
    np.testing.assert_array_equal(table.numbers("paid"), [1, 0, np.nan, 1, 1, 1, 0])
    seconds = (pd.Series(ROWS["seen"].to_pylist()) - pd.Timestamp(0)).dt.total_seconds()
    np.testing.assert_array_equal(table.numbers("seen"), seconds)
    assert table.numbers("day")[0] == dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp()
    assert table.numbers("id").dtype == np.float64
    with pytest.raises(NotMeasuredError, match=r"column 'state', of type string .* holds no numbers"):
        table.numbers("state")


@pytest.mark.parametrize("form", FORMS)
def test_levels_are_spelled_alike_in_every_form(form, opened, tmp_path):
    """Integers read as floats are still spelled 5; missing and NaN are counted apart from the values."""
    table = opened(in_form(ROWS, form, tmp_path))
    assert (table.levels("id").counts, table.levels("id").missing) == ({"5": 3, "2": 2, "1": 1}, 1)
    assert table.levels("price").counts == {"0": 2, "1.5": 1, "inf": 1, "-inf": 1}
    assert table.levels("price").missing == 2
    assert table.levels("paid").counts == {"true": 4, "false": 2}
    assert table.levels("state").counts == {"MA": 2, "NY": 1, "zz": 1, "é": 1, "ny": 1}
    assert set(table.levels("day").counts) == {f"2024-01-0{d}" for d in range(1, 7)}


def text(alphabet):
    return st.text(alphabet, min_size=1, max_size=4).map(lambda body: f"v{body}")


COLUMNS = {
    "i": (st.integers(-3, 3), pa.int64()),
    "f": (st.one_of(st.sampled_from([math.inf, -math.inf, math.nan, 0.5]), st.floats(-3, 3)), pa.float64()),
    "s": (text("abAB01é .,\"'"), pa.string()),
    "t": (st.datetimes(FIRST, THIRD), pa.timestamp("us")),
}


@st.composite
def tables(draw):
    """Rows with gaps, at least one finite value in each column so that a CSV file has a type to find."""
    rows = draw(st.integers(1, 12))
    columns = {}
    for name, (values, type_) in COLUMNS.items():
        drawn = draw(st.lists(st.one_of(st.none(), values), min_size=rows, max_size=rows))
        first = {"i": 1, "f": 0.25, "s": "v", "t": SECOND}[name]
        columns[name] = pa.array([first, *drawn], type_)
    return pa.table(columns)


@settings(max_examples=12, deadline=None, phases=set(Phase) - {Phase.shrink})
@given(
    tables(),
    st.integers(-3, 3),
    st.floats(-3, 3),
    text("abAB01"),
    st.sampled_from([r"^v\w", "A|é", r"\d$", "^v.?$"]),
    st.integers(0, 12),
)
def test_counts_agree_with_plain_python_on_any_rows(table, whole, fraction, word, pattern, shown):
    """A count is what a loop over Python values counts, in every form."""
    rows = table.to_pydict()
    present = {name: [v for v in values if v is not None and v == v] for name, values in rows.items()}  # noqa: PLR0124 - NaN
    expected = {
        Missing("f"): len(rows["f"]) - len(present["f"]),
        Below("i", fraction): sum(v < fraction for v in present["i"]),
        Above("i", whole): sum(v > whole for v in present["i"]),
        Below("f", whole): sum(v < whole for v in present["f"]),
        Above("f", fraction): sum(v > fraction for v in present["f"]),
        NotAmong("i", (whole, fraction)): sum(v not in {whole, fraction} for v in present["i"]),
        NotAmong("f", (0.5, whole)): sum(v not in {0.5, whole} for v in present["f"]),
        NotAmong("s", (word, "v")): sum(v not in {word, "v"} for v in present["s"]),
        Above("s", word): sum(v > word for v in present["s"]),
        NotMatching("s", pattern): sum(not re.search(pattern, v, re.ASCII) for v in present["s"]),
        Above("t", "2020-01-02"): sum(v > SECOND for v in present["t"]),
        **{Duplicated((name,)): len(values) - len(set(values)) for name, values in present.items()},
    }
    with tempfile.TemporaryDirectory() as folder:
        store = InputStore(Path(folder))
        for form in FORMS:
            value = in_form(table, form, Path(folder))
            ref = TableRef(path=str(value)) if isinstance(value, Path) else TableRef(fixture="rows")
            opened = GateInputs(store, seed=0, fixtures={"rows": value}).table(ref)
            counts = dict(zip(expected, opened.count(list(expected)), strict=True))
            assert counts == expected, form
            rule = list(expected)[shown % len(expected)]
            assert len(opened.examples(rule, len(rows["i"]))) == expected[rule], (form, rule)
        store.close()


def test_counts_agree_with_polars_on_many_row_groups(opened, tmp_path):
    """Row numbers are those of the file, also where DuckDB reads row groups in parallel."""
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"n": np.arange(400_000), "x": rng.normal(size=400_000), "g": rng.integers(0, 50, 400_000)})
    frame = frame.with_columns(pl.when(pl.col("g") == 7).then(None).otherwise(pl.col("x")).alias("x"))
    frame.write_parquet(tmp_path / "rows.parquet", row_group_size=5_000)
    table = opened("rows.parquet")
    assert table.count([Above("x", 4.0), Missing("x"), Duplicated(("g",)), Duplicated(("n",))]) == [
        frame.filter(pl.col("x") > 4.0).height,
        frame["x"].null_count(),
        400_000 - 50,
        0,
    ]
    assert [one.row for one in table.examples(Above("x", 3.5), 5)] == frame.filter(pl.col("x") > 3.5)["n"].head(
        5
    ).to_list()
    np.testing.assert_array_equal(table.numbers("n"), np.arange(400_000))


@pytest.mark.parametrize("type_", [pa.float64(), pa.float32()])
@pytest.mark.parametrize("form", ["parquet", "relation"])
def test_nan_is_found_whatever_a_files_statistics_say(type_, form, opened, tmp_path):
    """Parquet statistics leave NaN out; a reader that believes them finds none (duckdb/duckdb#25521)."""
    values = [0.25, math.nan, 0.0, 1.0, 1.0, math.nan]
    pq.write_table(pa.table({"x": pa.array(values, type_)}), tmp_path / "nan.parquet", row_group_size=2)
    path = tmp_path / "nan.parquet"
    table = opened("nan.parquet" if form == "parquet" else duckdb.read_parquet(str(path)))
    assert table.count([Missing("x"), Above("x", 0), Below("x", 2), NotAmong("x", (1,)), Duplicated(("x",))]) == [
        2,
        3,
        4,
        2,
        1,
    ]
    assert [one.row for one in table.examples(Missing("x"), 9)] == [1, 5]
    assert [one.row for one in table.examples(Above("x", 0), 9)] == [0, 3, 4]
    assert table.levels("x").missing == 2


def test_no_rules_are_no_query(opened, tmp_path):
    """An empty list of rules has an empty answer."""
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    assert opened("a.parquet").count([]) == []
