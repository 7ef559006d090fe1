"""Tables that cannot be used say why and what to do, and nothing else is affected."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from inputs_forms import in_form

from pytest_mlgate.aggregate import Above, Duplicated, Missing, NotAmong
from pytest_mlgate.errors import NotMeasuredError


def refusal(opened, value):
    """Return the error that opening, or reading a whole table, ends in."""
    with pytest.raises(NotMeasuredError) as caught:
        opened(value)
    assert caught.value.remedy
    return caught.value


def test_a_missing_file_names_the_nearest(opened, tmp_path):
    """A misspelt file name is answered with the one it was probably meant to be."""
    (tmp_path / "holdout.parquet").write_bytes(b"x")
    error = refusal(opened, "houldout.parquet")
    assert "does not exist" in error.reason
    assert "'holdout.parquet'" in error.remedy


def test_a_missing_folder_is_said(opened, tmp_path):
    """Where even the folder is missing, there are no names to suggest."""
    assert str(tmp_path / "no") in refusal(opened, "no/such.parquet").remedy


def test_a_folder_without_data_is_no_table(opened, tmp_path):
    """An empty folder is not a table without rows."""
    (tmp_path / "parts.parquet").mkdir()
    assert "holds no data files" in refusal(opened, "parts.parquet").reason


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_an_empty_file_is_said_to_be_empty(name, opened, tmp_path):
    """Zero bytes are what a killed writer leaves; they are no table without rows."""
    (tmp_path / name).touch()
    assert "0 bytes" in refusal(opened, name).reason


def test_an_unknown_suffix_lists_the_known_ones(opened, tmp_path):
    """The suffix tells the format; nothing is guessed."""
    (tmp_path / "a.xlsx").write_text("x")
    assert ".parquet" in refusal(opened, "a.xlsx").remedy


@pytest.mark.parametrize("damage", ["truncated", "headless", "text"])
def test_damaged_parquet_is_said_to_be_damaged(damage, opened, tmp_path):
    """A file that was cut short, or never was Parquet, is not measured."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": list(range(1000))}), path)
    whole = path.read_bytes()
    path.write_bytes({"truncated": whole[:-20], "headless": b"PAR1" + whole[100:-8], "text": b"a,b\n1,2\n" * 9}[damage])
    assert "Parquet" in refusal(opened, "a.parquet").reason


def test_parquet_damaged_inside_is_not_measured(opened, tmp_path):
    """Damage that only reading a column can find ends that reading, and only that one."""
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"a": np.random.default_rng(0).normal(size=5000), "b": np.arange(5000)}), path, compression="gzip"
    )
    data = bytearray(path.read_bytes())
    data[2000:2400] = bytes(400)
    path.write_bytes(data)
    table = opened("a.parquet")
    with pytest.raises(NotMeasuredError, match="could not be read"):
        table.numbers("a")
    assert table.numbers("b")[-1] == 4999


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"a,b\n1,2\n3,4,5\n", "line 3 of bad.csv has 3 fields where its header has 2"),
        (b"a,b\n1,2\n3\n4,5\n", "line 3 of bad.csv has 1 fields where its header has 2"),
        (b"a,b\n" + b"1,2\n" * 60_000 + b"3,4,5\n", "line 60002 of bad.csv has 3 fields"),
        (b"name,n,note\nAnn,1,x\nSmith, Jo,5,\n", "line 3 of bad.csv has 4 fields where its header has 3"),
        (b"a,b\n1,2,\n3,4,", "line 2 of bad.csv has 3 fields where its header has 2"),
        (b'a,b\r\n1,"x,\r\ny",\r\n', "line 3 of bad.csv has 3 fields where its header has 2"),
        (b"a,b\r1,2\r3,4,\r", "line 3 of bad.csv has 3 fields where its header has 2"),
        ("a,b\nü,1\n".encode("latin-1"), "is not UTF-8"),
        (b"a,b\n" + b"u,2\n" * 300_000 + "ü,2\n".encode("latin-1"), "is not UTF-8"),
        ("ä,b\n1,2\n".encode("latin-1"), "is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "is not UTF-8"),
        (b'a,b\n1,"x\n2,y\n', "cannot be read"),
        (b"a,b\r\n1,x\n2,y\r\n", "line endings"),
        (b"\n1,2\n", "blank"),
        (b"a,a\n1,2\n", "more than one column called 'a'"),
        (b'a,"b\n', "header"),
    ],
)
def test_malformed_csv_says_what_is_wrong_and_where(body, says, opened, tmp_path):
    """No row is padded, cut or skipped to make a file readable."""
    (tmp_path / "bad.csv").write_bytes(body)
    assert says in refusal(opened, "bad.csv").reason


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b'a,b\n1,\n"x,y",\n', 2),
        (b'a,b,\n1,2,\n"x,\ny, z",,\n', 2),
        (b'a,b\n"1,\n2,3,4,\n",5\n', 1),
        (b"a\n1\n2\n", 2),
        (b"a,b\r1,\r2,\r", 2),
        (b'a,b\n"' + b"x\n" * 100_000 + b'",1\n2,\n', 2),
    ],
)
def test_a_row_may_end_with_an_empty_field(body, rows, opened, tmp_path):
    """What looks like a field too many stands in quotes, or has a column."""
    (tmp_path / "sound.csv").write_bytes(body)
    assert opened("sound.csv").rows == rows


def test_csv_types_fit_every_row(opened, tmp_path):
    """One word after a hundred thousand numbers makes a text column; leading zeros and other dates stay text."""
    rows = "1,007,2024-01-31,01/02/2024,1.5\n" * 100_000 + "x,008,2024-02-01,02/02/2024,nan\n"
    (tmp_path / "a.csv").write_text("late,zip,day,us,x\n" + rows)
    table = opened("a.csv")
    assert dict(table.columns) == {"late": "string", "zip": "string", "day": "date", "us": "string", "x": "number"}
    assert table.count([Missing("x"), NotAmong("zip", ("007",))]) == [1, 1]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", "a;b\n1;x,y\n"),
        ("a.tsv", "a\tb\n1\tx,y\n"),
        ("a.csv", 'a,b\n1,"x,y"\n'),
        ("a.csv", '\ufeff"a","b"\r\n1,"x,y"\r\n'),
        ("a.csv", "a|b\n1|x,y"),
    ],
)
def test_csv_dialects_are_read_alike(name, body, opened, tmp_path):
    """The delimiter is the one that the header uses; a byte-order mark and line endings do not matter."""
    (tmp_path / name).write_bytes(body.encode())
    table = opened(name)
    assert dict(table.columns) == {"a": "integer", "b": "string"}
    assert table.levels("b").counts == {"x,y": 1}


def test_a_missing_column_names_the_nearest_and_how_many_there_are(opened):
    """Upper and lower case are told apart, and offered."""
    table = opened(pl.DataFrame({"age": [1], "Income": [2], "wage": [3]}))
    with pytest.raises(NotMeasuredError, match="has no column 'AGE'") as caught:
        table.count([Missing("AGE")])
    assert "'age'" in caught.value.remedy
    assert "there are 3 columns" in caught.value.remedy
    for ask in (table.numbers, table.levels, lambda name: table.examples(Missing(name), 1)):
        with pytest.raises(NotMeasuredError, match="has no column 'income'"):
            ask("income")


@pytest.mark.parametrize("form", ["parquet", "csv", "polars", "pandas", "pyarrow", "polars-lazy"])
def test_names_that_differ_by_case_are_two_columns(form, opened, tmp_path):
    """DuckDB takes Age and age for one name; each must give its own values."""
    rows = pa.table({"Age": [1, 2, 3], "age": [10, 20, 30], "AGE_1": ["a", "b", "c"], "age_1": [0.5, 1.5, 2.5]})
    table = opened(in_form(rows, form, tmp_path))
    assert table.count([Above("Age", 5), Above("age", 5)]) == [0, 3]
    assert (table.numbers("Age")[0], table.numbers("age")[0], table.numbers("age_1")[2]) == (1, 10, 2.5)
    assert table.levels("AGE_1").counts == {"a": 1, "b": 1, "c": 1}


def test_a_relation_with_names_that_differ_by_case_is_refused(opened):
    """Inside DuckDB the second one cannot be reached."""
    assert "'Age' and 'age'" in refusal(opened, duckdb.sql('SELECT 1 AS "Age", 10 AS age')).reason


def test_names_twice_are_refused(opened, tmp_path):
    """Two columns of one name leave open which one a rule means."""
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(twice, tmp_path / "a.parquet")
    for value in ("a.parquet", twice, pd.DataFrame([[1, 2]], columns=["a", "a"]), duckdb.sql("SELECT 1 AS a, 2 AS a")):
        assert "same name" in (reason := refusal(opened, value).reason) or "'a'" in reason


@pytest.mark.parametrize("form", ["parquet", "csv", "polars", "pandas", "polars-lazy", "duckdb"])
def test_any_text_can_be_a_column_name(form, opened, tmp_path):
    """Quotes, dots, blanks, keywords, SQL and letters of any alphabet are ordinary names."""
    names = [
        'a"b',
        "a.b",
        "a b",
        "select",
        "'; DROP TABLE x; --",
        "größe",
        "数",
        "row_number",
        "c0",
        "c1",
        "n0",
        "first",
    ]
    rows = pa.table({name: [i, i + 1, None] for i, name in enumerate(names)})
    table = opened(in_form(rows, form, tmp_path))
    assert list(table.columns) == names
    for i, name in enumerate(names):
        assert table.levels(name).counts == {str(i): 1, str(i + 1): 1}
    assert table.count([Missing(name) for name in names]) == [1] * len(names)
    assert [one.row for one in table.examples(Missing("row_number"), 5)] == [2]
    assert table.examples(Duplicated(("first",)), 5) == []


@pytest.mark.parametrize("form", ["parquet", "polars", "polars-lazy", "pyarrow", "duckdb"])
def test_nested_columns_shift_no_other_column(form, opened, tmp_path):
    """Structs and lists are one column each, whatever is inside them; what is missing in them is known."""
    rows = pa.table(
        {
            "deep": pa.array([{"a": {"b": [1]}, "age": 7}, None, {"a": None, "age": 8}]),
            "age": [1, 2, 3],
            "list": [[{"x": 1, "y": 2}], None, []],
            "last": ["p", "q", None],
        }
    )
    table = opened(in_form(rows, form, tmp_path))
    assert dict(table.columns) == {"deep": "other", "age": "integer", "list": "other", "last": "string"}
    assert table.numbers("age").tolist() == [1, 2, 3]
    assert table.levels("last").counts == {"p": 1, "q": 1}
    assert table.count([Missing("list"), Missing("deep"), Missing("age")]) == [1, 1, 0]


@pytest.mark.parametrize(
    "name", ["it's.parquet", "a[1].parquet", "a*b?.parquet", "{a,b}.parquet", "year=2024/a.parquet", "ü b.parquet"]
)
def test_any_path_is_taken_literally(name, opened, tmp_path):
    """No character of a path is a pattern, and folder names add no columns."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table({"a": [1]}), path)
    pq.write_table(pa.table({"a": [1, 2, 3]}), tmp_path / "a1b.parquet")
    pq.write_table(pa.table({"a": [1, 2, 3]}), tmp_path / "a1.parquet")
    table = opened(name)
    assert (table.rows, list(table.columns)) == (1, ["a"])


@pytest.mark.parametrize("form", ["parquet", "csv", "polars", "pandas", "polars-lazy", "pyarrow", "duckdb"])
def test_a_table_without_rows_opens(form, opened, tmp_path):
    """Zero rows are a fact for the judge, not an error here."""
    table = opened(in_form(pa.table({"a": pa.array([], pa.int64()), "s": pa.array([], pa.string())}), form, tmp_path))
    assert table.rows == 0
    assert table.count([Missing("a"), Duplicated(("a",)), NotAmong("s", ("x",))]) == [0, 0, 0]
    assert table.examples(Missing("a"), 3) == []
    if form == "csv":  # nothing tells what the column would have held
        assert table.columns["a"] == "string"
    else:
        assert table.numbers("a").shape == (0,)
    assert (table.levels("s").counts, table.levels("s").missing) == ({}, 0)


def test_a_table_without_columns_is_refused(opened, tmp_path):
    """There is nothing to measure on no columns."""
    pq.write_table(pa.table({}), tmp_path / "a.parquet")
    for value in (pa.table({}), pl.DataFrame(), pl.LazyFrame(), pd.DataFrame(index=[1, 2])):
        assert "no columns" in refusal(opened, value).reason
    refusal(opened, "a.parquet")


@pytest.mark.parametrize(
    "value", [3, None, "text", [1, 2], {"a": [1]}, np.zeros(3), pd.Series([1]), pl.Series([1]), object()]
)
def test_what_is_no_table_is_named_by_its_type(value, opened, inputs):
    """A fixture that returned something else is told what it returned."""
    from pytest_mlgate.reference import TableRef

    with pytest.raises(NotMeasuredError, match="which is no table") as caught:
        inputs(rows=value).table(TableRef(fixture="rows"))
    assert type(value).__name__ in caught.value.reason
    assert "fixture rows" in caught.value.reason


def test_column_names_that_are_no_text_are_refused(opened):
    """A gate file can only name columns by text."""
    for frame in (
        pd.DataFrame([[1, 2]]),
        pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
    ):
        assert "no text" in refusal(opened, frame).reason


def test_columns_of_mixed_types_hide_only_their_own_values(opened):
    """A pandas column of objects that fit no type still says what is missing, and its neighbours are read."""
    frame = pd.DataFrame(
        {
            "mixed": [1, "x", None],
            "objects": [object(), None, object()],
            "complex": [1 + 2j, 3j, 4j],
            "period": pd.period_range("2024-01", periods=3, freq="M"),
            "fine": [1, 2, 3],
        }
    )
    table = opened(frame)
    assert dict(table.columns) == dict.fromkeys(["mixed", "objects", "complex", "period"], "other") | {
        "fine": "integer"
    }
    assert table.count([Missing("mixed"), Missing("objects"), Missing("complex"), Above("fine", 1)]) == [1, 1, 0, 2]
    for rule in (Above("mixed", 1), Duplicated(("mixed",)), NotAmong("objects", (1,))):
        with pytest.raises(NotMeasuredError, match="no type that can be compared"):
            table.count([rule])
    for ask in (table.levels, table.numbers):
        with pytest.raises(NotMeasuredError, match="'mixed'"):
            ask("mixed")


def test_pandas_objects_of_one_type_are_read_as_that_type(opened):
    """Decimals, dates, and booleans with gaps live in object columns; their type is found by looking."""
    from decimal import Decimal

    frame = pd.DataFrame(
        {
            "price": [Decimal("1.5"), None],
            "day": [dt.date(2024, 1, 1), None],
            "paid": [True, None],
            "level": pd.Categorical(["b", None], categories=["b", "a"]),
            "whole": pd.array([1, None], dtype="Int64"),
            "half": np.array([1.5, np.nan], dtype=np.float16),
        }
    )
    table = opened(frame)
    types = ("number", "date", "boolean", "string", "integer", "number")
    expected = dict(zip(frame.columns, types, strict=True))
    assert dict(table.columns) == expected
    assert table.count([Missing(name) for name in expected]) == [1] * 6
    assert table.numbers("half")[0] == 1.5


def test_a_lazy_frame_that_fails_is_not_measured(opened):
    """An error inside the user's lazy computation is told as such."""
    frame = pl.LazyFrame({"s": ["x"]}).select(pl.col("s").str.to_integer(strict=True))
    with pytest.raises(NotMeasuredError, match="computing fixture rows raised"):
        opened(frame).count([Missing("s")])


def test_a_relation_that_fails_halfway_is_not_measured(opened):
    """An error in the middle of the user's own query is told without its words, and the store goes on working."""
    connection = duckdb.connect()
    query = "SELECT CASE WHEN range = 400000 THEN error('boom') ELSE range::VARCHAR END AS a FROM range(500000)"
    with pytest.raises(NotMeasuredError, match="what computes its rows fails on one of them"):
        opened(connection.sql(query)).count([Missing("a")])
    assert opened(connection.sql("SELECT 1 AS a")).count([Missing("a")]) == [0]
    connection.close()


def test_a_relation_whose_connection_is_closed_is_not_measured(opened):
    """A DuckDB relation dies with its connection."""
    connection = duckdb.connect()
    relation = connection.sql("SELECT 1 AS a")
    connection.close()
    with pytest.raises(NotMeasuredError, match="raised ConnectionException"):
        opened(relation)
