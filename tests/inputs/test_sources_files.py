"""Tables in many files and of many kinds: what a path may stand for, and how files are read."""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlgate.aggregate import Above, Infinite, Missing
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.reference import CsvDialect, Sample, TableRef


@pytest.fixture
def table(inputs, tmp_path):
    """Open a table by a path below the test's folder."""
    return lambda path, **said: inputs().table(TableRef(path=str(tmp_path / path), **said))


def refused(table, path, **said):
    """Return the error that opening a table ends in."""
    with pytest.raises(NotMeasuredError) as caught:
        table(path, **said)
    assert caught.value.remedy
    return caught.value


def written(folder, name, columns):
    """Write a file of the kind its name says, and its folders."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = pa.table(columns)
    if path.suffix in {".parquet", ".pq"}:
        pq.write_table(rows, path)
    elif path.suffix in {".csv", ".tsv"}:
        pl.from_arrow(rows).write_csv(path, separator="," if path.suffix == ".csv" else "\t")
    elif path.suffix in {".jsonl", ".ndjson"}:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows.to_pylist()))
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows.to_pylist()))
    else:
        form = pa.ipc.new_stream if path.suffix == ".ipc" else pa.ipc.new_file
        with pa.OSFile(str(path), "wb") as sink, form(sink, rows.schema) as writer:
            writer.write_table(rows, max_chunksize=2)
    return path


SUFFIXES = ["parquet", "pq", "csv", "tsv", "jsonl", "ndjson", "json", "arrow", "feather", "ipc"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_kind_of_file_gives_the_same_table(suffix, table, tmp_path):
    """The suffix says how a file is read, and what is read is the same."""
    written(tmp_path, f"a.{suffix}", {"id": [1, 2, 3], "x": [0.5, None, 2.5], "s": ["ü", None, "y,z"]})
    found = table(f"a.{suffix}")
    assert dict(found.columns) == {"id": "integer", "x": "number", "s": "string"}
    assert found.rows == 3
    assert found.count([Missing("x"), Above("x", 1), Missing("s")]) == [1, 1, 1]
    assert found.numbers("id").tolist() == [1, 2, 3]
    assert found.levels("s").counts == {"ü": 1, "y,z": 1}
    assert found.examples(Above("x", 1), 5)[0].row == 2


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl", "arrow"])
@pytest.mark.parametrize("path", ["parts/part-*.{}", "parts", "**/part-[0-9].{}", "parts/*.{}"])
def test_a_pattern_or_a_folder_is_one_table_in_the_order_of_names(path, suffix, table, tmp_path):
    """What writers leave beside the data does not count, nor does the order in which files were made."""
    for number in (2, 0, 1):
        written(tmp_path, f"parts/part-{number}.{suffix}", {"a": [10 * number, 10 * number + 1]})
    (tmp_path / "parts" / "_SUCCESS").touch()
    (tmp_path / "parts" / f".part-0.{suffix}.crc").write_text("x")
    assert table(path.format(suffix)).numbers("a").tolist() == [0, 1, 10, 11, 20, 21]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl", "arrow"])
@pytest.mark.parametrize("said", [{}, {"where": "a <> 3"}], ids=["whole", "filtered"])
def test_rows_are_numbered_through_all_files(said, suffix, table, tmp_path):
    """An example's number is that of the row in the whole table, whatever is filtered out."""
    for number in range(3):
        written(tmp_path, f"p[x]/k={number}/0.{suffix}", {"a": [4 * number + i for i in range(4)]})
    found = table("p[x]", **said)
    assert [(one.row, one.value) for one in found.examples(Above("a", 4), 3)] == [(5, "5"), (6, "6"), (7, "7")]
    assert [one.row for one in table("p[x]", sample=Sample(rows=99), **said).examples(Above("a", 9), 9)] == [10, 11]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl", "arrow"])
def test_folders_called_key_value_are_columns(suffix, table, tmp_path):
    """Types are given where every value reads back as it was written; a folder above the table does not count."""
    top = tmp_path / "run=7" / "lake"
    written(top, f"year=2024/day=2024-01-31/kind=01/a.{suffix}", {"a": [1, 2]})
    written(top, f"year=2025/day=2024-02-01/kind=b%20c/a.{suffix}", {"a": [3]})
    written(top, f"year=__HIVE_DEFAULT_PARTITION__/day=2024-02-01/kind=02/a.{suffix}", {"a": [4]})
    found = table("run=7/lake")
    assert dict(found.columns) == {"a": "integer", "year": "integer", "day": "date", "kind": "string"}
    assert found.levels("kind").counts == {"01": 2, "b c": 1, "02": 1}
    assert found.levels("year").counts == {"2024": 2, "2025": 1}
    assert found.count([Missing("year"), Above("day", "2024-01-31")]) == [1, 2]
    assert list(table("run=7/lake", hive=False).columns) == ["a"]
    assert list(table(f"run=7/lake/**/*.{suffix}", hive=True).columns) == ["a", "year", "day", "kind"]
    assert found.arrow(["year", "a"]).to_pylist()[0] == {"year": 2024, "a": 1}


def test_folders_that_spell_different_columns_are_refused(table, tmp_path):
    """A file outside the folders would have no value, and nobody said which."""
    written(tmp_path, "t/y=1/a.parquet", {"a": [1]})
    written(tmp_path, "t/b.parquet", {"a": [1]})
    assert "different columns" in refused(table, "t").reason
    assert "key=value" in refused(table, "t/*.parquet", hive=True).reason
    assert table("t", hive=False).rows == 2


def test_a_column_in_files_and_folders_is_refused(table, tmp_path):
    """Which of the two is meant cannot be known."""
    written(tmp_path, "t/y=1/a.parquet", {"y": [2]})
    assert "'y' both" in refused(table, "t").reason


@pytest.mark.parametrize("suffix", ["parquet", "csv", "arrow"])
def test_files_with_other_columns_are_named(suffix, table, tmp_path):
    """No column is filled in, and none is dropped."""
    written(tmp_path, f"p/0.{suffix}", {"a": [1], "b": [2]})
    written(tmp_path, f"p/1.{suffix}", {"a": [1], "b": [2]})
    written(tmp_path, f"p/2.{suffix}", {"a": [1], "c": [2]})
    error = refused(table, "p")
    assert "1 of the 3 files of p differ" in error.reason
    assert f"p/2.{suffix}" in error.reason
    assert "'b" in error.reason
    assert "'c" in error.reason


def test_files_with_other_types_are_named_not_rounded(table, tmp_path):
    """A fraction in the second file is not read as the whole number that the first file would make of it."""
    written(tmp_path, "p/0.parquet", {"a": [1]})
    written(tmp_path, "p/1.parquet", {"a": [1.5]})
    assert "p/1.parquet" in refused(table, "p").reason
    assert table("p", union_by_name=True).numbers("a").tolist() == [1.0, 1.5]


def test_union_by_name_fills_in_what_a_file_lacks(table, tmp_path):
    """Files may differ where the gate file says so; what a file lacks is missing there."""
    written(tmp_path, "y=1/0.parquet", {"b": [1], "a": [5]})
    written(tmp_path, "y=2/1.parquet", {"a": [2], "C": [3]})
    found = table("y=*/*.parquet", union_by_name=True)
    assert found.arrow().to_pylist() == [{"b": 1, "a": 5, "C": None, "y": 1}, {"b": None, "a": 2, "C": 3, "y": 2}]
    written(tmp_path, "z/0.parquet", {"a": [5]})
    written(tmp_path, "z/1.parquet", {"A": [2]})
    assert "upper and lower case" in refused(table, "z", union_by_name=True).reason


def test_parquet_columns_in_another_order_are_bound_by_name(table, tmp_path):
    """The order of columns in a Parquet file means nothing; that in a CSV file does."""
    written(tmp_path, "p/0.parquet", {"a": [1], "b": [2]})
    written(tmp_path, "p/1.parquet", {"b": [4], "a": [3]})
    assert table("p").numbers("a").tolist() == [1, 3]
    written(tmp_path, "c/0.csv", {"a": [1], "b": [2]})
    written(tmp_path, "c/1.csv", {"b": [4], "a": [3]})
    assert "in another order" in refused(table, "c").reason


def test_csv_types_fit_the_rows_of_all_files(table, tmp_path):
    """A column that is text in one file is text in all, and loses no leading zero."""
    for name, text in (("0.csv", "a,b\n1,007\n"), ("1.csv", "a,b\nx,2024-01-01\n")):
        (tmp_path / name).write_text(text)
    found = table("*.csv")
    assert found.levels("b").counts == {"007": 1, "2024-01-01": 1}
    assert found.levels("a").counts == {"1": 1, "x": 1}


def test_a_bad_row_is_found_in_the_file_it_stands_in(table, tmp_path):
    """With many files, a line number alone would help nobody."""
    for name, text in (("0.csv", "a,b\n1,2\n"), ("1.csv", "a,b\n1,2\n3\n")):
        (tmp_path / name).write_text(text)
    assert "line 3 of 1.csv" in refused(table, "*.csv").reason
    for name, text in (("0.jsonl", '{"a": 1}\n'), ("1.jsonl", '{"a": 1}\n{"a": \n')):
        (tmp_path / name).write_text(text)
    assert "line 2 of 1.jsonl" in refused(table, "*.jsonl").reason


def test_nothing_found_names_the_nearest(table, tmp_path):
    """A misspelt pattern or folder is answered with what is there."""
    written(tmp_path, "data/part-0.parquet", {"a": [1]})
    error = refused(table, "data/prt-*.parquet")
    assert "no file matches" in error.reason
    assert "part-0.parquet" in error.remedy
    assert "'data'" in refused(table, "dta/*.parquet").remedy
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "readme.txt").touch()
    assert "no data files" in refused(table, "empty").reason


def test_files_of_several_kinds_are_refused(table, tmp_path):
    """Half of a folder is not measured for the whole."""
    written(tmp_path, "d/0.parquet", {"a": [1]})
    written(tmp_path, "d/1.csv", {"a": [1]})
    assert "CSV, Parquet" in refused(table, "d").reason


@pytest.mark.parametrize("log", ["_delta_log", ".hoodie"])
def test_a_lake_is_not_read_as_its_files(log, table, tmp_path):
    """Their files hold rows that were deleted since."""
    written(tmp_path, "d/0.parquet", {"a": [1]})
    (tmp_path / "d" / log).mkdir()
    assert "no longer part of it" in refused(table, "d").reason


def test_an_iceberg_table_is_not_read_as_its_files(table, tmp_path):
    """The same for a table whose log is in a folder that others use too."""
    written(tmp_path, "d/data/0.parquet", {"a": [1]})
    (tmp_path / "d" / "metadata").mkdir()
    assert table("d").rows == 1
    (tmp_path / "d" / "metadata" / "v1.metadata.json").touch()
    assert "Iceberg" in refused(table, "d").reason


def test_a_loop_of_links_is_survived(table, tmp_path):
    """A folder that links to one above it is not entered again; one that links elsewhere is."""
    written(tmp_path, "d/0.parquet", {"a": [1]})
    written(tmp_path, "other/1.parquet", {"a": [2]})
    (tmp_path / "d" / "up").symlink_to(tmp_path / "d")
    (tmp_path / "d" / "beside").symlink_to(tmp_path / "other")
    assert sorted(table("d").numbers("a")) == [1, 2]
    assert sorted(table("d/**/*.parquet").numbers("a")) == [1, 2]
    (tmp_path / "d" / "self.parquet").symlink_to(tmp_path / "d" / "self.parquet")
    assert "self.parquet does not exist" in refused(table, "d").reason


def test_a_link_that_leads_nowhere_is_not_left_out(table, tmp_path):
    """Its rows would be missing, and nobody would know."""
    written(tmp_path, "d/0.parquet", {"a": [1]})
    (tmp_path / "d" / "1.parquet").symlink_to(tmp_path / "gone.parquet")
    assert "1.parquet does not exist" in refused(table, "d/*.parquet").reason


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(table, tmp_path):
    """Brackets and stars in a name mean themselves where there is such a file."""
    written(tmp_path, "a[1]*.parquet", {"a": [1]})
    written(tmp_path, "a1.parquet", {"a": [2]})
    assert table("a[1]*.parquet").numbers("a").tolist() == [1]
    assert table("a[1]*.parquet", where="a > 0").numbers("a").tolist() == [1]


def test_every_file_is_stamped_and_a_new_one_is_seen(inputs, tmp_path):
    """A gate never answers for files that have come, gone or changed."""
    for number in range(2):
        written(tmp_path, f"p/{number}.parquet", {"a": [number]})
    gate, ref = inputs(), TableRef(path=str(tmp_path / "p" / "*.parquet"))
    assert gate.table(ref).rows == 2
    (record,) = gate.records
    assert [one.path for one in record.files] == ["p/0.parquet", "p/1.parquet"]
    assert (record.name, record.pattern, record.rows) == ("p/*.parquet", "p/*.parquet", 2)
    written(tmp_path, "p/2.parquet", {"a": [2]})
    assert gate.table(ref).rows == 3
    (tmp_path / "p" / "0.parquet").unlink()
    assert gate.table(ref).numbers("a").tolist() == [1, 2]


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_file_that_goes_or_changes_meanwhile_is_not_measured(suffix, table, tmp_path):
    """Between opening and asking anything can happen to a file that is read anew each time."""
    path = written(tmp_path, f"a.{suffix}", {"a": [1, 2]})
    found = table(f"a.{suffix}")
    written(tmp_path, f"a.{suffix}", {"a": [1, 2, 3, 4]})
    with pytest.raises(NotMeasuredError, match="changed while it was measured"):
        found.numbers("a")
    path.unlink()
    with pytest.raises(NotMeasuredError, match="cannot be read any more"):
        found.numbers("a")


@pytest.mark.skipif(not hasattr(os, "seteuid") or os.geteuid() != 0, reason="needs to become somebody else")
@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl", "a.arrow", "d"])
def test_what_may_not_be_read_says_so(name, inputs):
    """Permissions are named, and a folder that cannot be listed is not an empty one."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        written(folder, name if "." in name else "d/a.parquet", {"a": [1]})
        (folder / name).chmod(0)
        gate = inputs()
        os.seteuid(65534)
        try:
            with pytest.raises(NotMeasuredError) as caught:
                gate.table(TableRef(path=str(folder / name)))
        finally:
            os.seteuid(0)
    assert "ermission" in caught.value.reason
    assert name in caught.value.reason


@pytest.mark.parametrize(
    ("encoding", "text"), [("latin-1", "ü"), ("utf-16", "ü€"), ("cp1252", "€"), ("shift_jis", "日本"), ("utf-8", "ü")]
)
def test_csv_in_other_encodings(encoding, text, table, tmp_path):
    """Whatever Python can decode can be read, and the text is the same."""
    (tmp_path / "a.csv").write_bytes(f"näme,x\n{text},1\n".replace("ä", "a").encode(encoding))
    found = table("a.csv", csv=CsvDialect(encoding=encoding))
    assert found.levels("name").counts == {text: 1}
    assert dict(found.columns) == {"name": "string", "x": "integer"}


def test_csv_that_is_not_in_its_encoding_is_refused(table, tmp_path):
    """The line is said as well as it can be known."""
    (tmp_path / "a.csv").write_bytes("a\n€\n".encode())
    assert "not ascii" in refused(table, "a.csv", csv=CsvDialect(encoding="ascii")).reason
    (tmp_path / "b.csv").write_bytes("a\nü\n".encode("utf-16")[:-1])
    assert "not utf-16" in refused(table, "b.csv", csv=CsvDialect(encoding="utf-16")).reason


def test_csv_dialects(table, tmp_path):
    """Delimiter, quote, decimal comma, texts that mean missing, no header, and types that are given."""
    (tmp_path / "a.csv").write_text("'x|y'|1,5|NA|007\nz|-|2|008\n")
    dialect = CsvDialect(
        delimiter="|",
        quote="'",
        decimal=",",
        nulls=("NA", "-"),
        header=False,
        names=("s", "d", "n", "zip"),
        types={"zip": "string", "n": "number"},
    )
    found = table("a.csv", csv=dialect)
    assert dict(found.columns) == {"s": "string", "d": "number", "n": "number", "zip": "string"}
    assert found.arrow().to_pylist() == [
        {"s": "x|y", "d": 1.5, "n": None, "zip": "007"},
        {"s": "z", "d": None, "n": 2.0, "zip": "008"},
    ]
    assert "column0" in table("a.csv", csv=CsvDialect(delimiter="|", quote="'", header=False)).columns
    assert "2 names" in refused(table, "a.csv", csv=CsvDialect(delimiter="|", header=False, names=("a", "b"))).reason
    wrong = CsvDialect(delimiter="|", quote="'", header=False, types={"colum0": "string"})
    assert "'column0'" in refused(table, "a.csv", csv=wrong).remedy


def test_csv_without_quotes(table, tmp_path):
    """A quote is a character like any other where the dialect has none."""
    (tmp_path / "a.csv").write_text('a,b\n5" nail,1\n')
    assert table("a.csv", csv=CsvDialect(quote="")).levels("a").counts == {'5" nail': 1}


def test_a_csv_value_that_does_not_fit_its_given_type_is_refused(table, tmp_path):
    """The type was given, so the value is wrong."""
    (tmp_path / "a.csv").write_text("a\n1\nx\n")
    assert (
        "line 3 of a.csv has a value in column 'a' that is no integer"
        in refused(table, "a.csv", csv=CsvDialect(types={"a": "integer"})).reason
    )


@pytest.mark.parametrize("value", ["1.4", "0.6", "0x10", "1e3", "1_000", "9223372036854775808"])
def test_a_csv_number_is_not_rounded_to_a_given_integer(value, table, tmp_path):
    """The engine would make 1 of 1.4, and a check of its type would pass."""
    (tmp_path / "a.csv").write_text(f"s,a\nx,1\nx,NA\nx,{value}\n")
    error = refused(table, "a.csv", csv=CsvDialect(nulls=("NA",), types={"a": "integer"}))
    assert "line 4 of a.csv has a value in column 'a' that is no integer" in error.reason
    assert value not in error.reason
    (tmp_path / "a.csv").write_text("s,a\nx,1\nx,NA\nx, -9223372036854775808\n")
    found = table("a.csv", csv=CsvDialect(nulls=("NA",), types={"a": "integer"}))
    assert found.columns["a"] == "integer"
    assert found.arrow().column("a").to_pylist() == [1, None, -(2**63)]


def test_csv_types_fit_the_last_row_of_the_last_of_many_files(table, tmp_path):
    """The engine finds types from ten files, and would round the numbers of the eleventh."""
    for place in range(13):
        (tmp_path / f"{place:02}.csv").write_text("a\n1\n2\n")
    (tmp_path / "13.csv").write_text("a\n" + "1\n" * 400_000 + "1.5\n")
    found = table("*.csv")
    assert found.columns["a"] == "number"
    assert found.numbers("a").sum() == 13 * 3 + 400_001.5


@pytest.mark.parametrize("types", [{}, {"a": "timestamp"}])
def test_csv_times_keep_their_zone(types, table, tmp_path):
    """One o'clock two hours east of Greenwich is eleven in the evening there; without a zone, times are UTC."""
    (tmp_path / "a.csv").write_text("a\n2024-01-02T01:00:00+02:00\n2024-01-01 00:00:00\n")
    found = table("a.csv", csv=CsvDialect(types=types))
    assert found.columns["a"] == "timestamp"
    late, midnight = found.numbers("a")
    assert late == dt.datetime(2024, 1, 1, 23, tzinfo=dt.UTC).timestamp()
    assert midnight == dt.datetime(2024, 1, 1, tzinfo=dt.UTC).timestamp()


def test_csv_times_that_could_mean_two_days_stay_text(table, tmp_path):
    """Whether 01/02/2024 is in January or in February, only its author knows."""
    (tmp_path / "a.csv").write_text("a,b\n01/02/2024 10:00:00,2024-02-01 10:00:00\n")
    assert dict(table("a.csv").columns) == {"a": "string", "b": "timestamp"}
    error = refused(table, "a.csv", csv=CsvDialect(types={"a": "timestamp"}))
    assert "line 2 of a.csv has a value in column 'a' that is no timestamp" in error.reason


def test_the_query_shown_for_csv_times_is_written_as_the_file_is(table, tmp_path):
    """A time without a zone is one for whoever runs the query, too, whatever the zone of their session."""
    (tmp_path / "a.csv").write_text("a,b\n2024-02-01 10:00:00,2024-02-01 10:00:00Z\n")
    found = table("a.csv")
    assert "timezone" not in found.query(Above("a", "2024-01-01"))
    assert "timezone" in found.query(Above("b", "2024-01-01"))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"a": 1}\n{"a": 2', "line 2 of a.jsonl is not valid JSON"),
        ('{"a": 1}\n\n[1, 2]\n', "line 3 of a.jsonl is a list"),
        ("[1]\n", "line 1 of a.jsonl is a list"),
        ('{"a": 1} {"a": 2}\n', "line 1 of a.jsonl is not valid JSON"),
        ('{"a": 1, "a": 2}\n', "'a' stands there twice"),
        ("{}\n{}\n", "no columns"),
        ('{"a": 1, "A": 2}\n', "'A'"),
        ('{"a": 1}\n' * 40_000 + "x\n", "line 40001"),
    ],
)
def test_damaged_json_lines_say_where(body, says, table, tmp_path):
    """No line is skipped, and none is read as something else."""
    (tmp_path / "a.jsonl").write_text(body)
    assert says in refused(table, "a.jsonl").reason


def test_json_that_is_not_utf8_is_refused(table, tmp_path):
    """The encoding of JSON is UTF-8."""
    (tmp_path / "a.jsonl").write_bytes(b'{"a": "\xff"}\n')
    assert "UTF-8" in refused(table, "a.jsonl").reason


@pytest.mark.parametrize("body", ['{"a": 1', '{"a": 1}', "3", "[1, 2]", '[{"a": 1}, 2]'])
def test_json_that_is_no_array_of_objects(body, table, tmp_path):
    """A file of one JSON value must be an array of objects."""
    (tmp_path / "a.json").write_text(body)
    if body == '{"a": 1}':
        assert table("a.json").rows == 1
    else:
        refused(table, "a.json")


def test_json_keys_of_mixed_types_are_kept_apart(table, tmp_path):
    """A key with numbers and text is of no type: what is missing can be asked, and nothing else; its neighbours can."""
    lines = ['{"m": 1, "n": 1, "k_1": 1}', '{"m": "x", "n": 2.5, "k": 2}', '{"m": null}', "{}"]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    found = table("a.jsonl")
    assert dict(found.columns) == {"m": "other", "n": "number", "k_1": "integer", "k": "integer"}
    assert found.count([Missing("m"), Missing("n"), Missing("k")]) == [2, 2, 3]
    with pytest.raises(NotMeasuredError, match="'m'"):
        found.count([Above("m", 1)])


def test_odd_json_keys_and_many_of_them(table, tmp_path):
    """Keys are names whatever they are made of, and an object of many keys is no map."""
    keys = ["a b", 'c"d', "é.x", "'", *(f"k{i}" for i in range(300))]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(dict.fromkeys(keys, i)) + "\n" for i in range(3)))
    found = table("a.jsonl")
    assert list(found.columns) == keys
    assert found.numbers('c"d').tolist() == [0, 1, 2]


@pytest.mark.parametrize("suffix", ["arrow", "ipc"])
@pytest.mark.parametrize("cut", [0.3, 0.7, -1, -9])
def test_truncated_arrow_is_refused(suffix, cut, table, tmp_path):
    """A stream that stops between two batches looks whole, and is not."""
    path = written(tmp_path, f"a.{suffix}", {"a": list(range(1000))})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * cut) if isinstance(cut, float) else cut])
    assert f"a.{suffix}" in refused(table, f"a.{suffix}").reason


def test_text_that_is_called_arrow_is_refused(table, tmp_path):
    """The suffix promised what the bytes do not hold."""
    (tmp_path / "a.feather").write_bytes(b"a,b\n1,2\n")
    refused(table, "a.feather")


def test_compressed_arrow_with_dictionaries_and_times(table, tmp_path):
    """What Feather writes by default can be read, categories included."""
    import pyarrow.feather

    when = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
    rows = pa.table(
        {
            "c": pa.array(["x", "y", "x"]).dictionary_encode(),
            "t": pa.array([when, None, when], pa.timestamp("ns", "Europe/Berlin")),
            "h": pa.array([1.5, 2.0, None], pa.float16()),
            "d": pa.array([Decimal("1.50"), None, Decimal("2.25")]),
        }
    )
    pyarrow.feather.write_feather(rows, tmp_path / "a.feather", compression="zstd")
    found = table("a.feather")
    assert dict(found.columns) == {"c": "string", "t": "timestamp", "h": "number", "d": "number"}
    assert found.levels("c").counts == {"x": 2, "y": 1}
    assert found.numbers("t")[0] == when.timestamp()
    assert found.count([Above("d", 2), Missing("h")]) == [1, 1]


def test_names_with_quotes_dots_spaces_and_unicode(table, tmp_path):
    """A column is found by its exact name, in every kind of file."""
    names = ['a"b', "a.b", "a b", "naïve 日本", "select", "A b"]
    for suffix in ("parquet", "csv", "arrow"):
        written(tmp_path, f"a.{suffix}", {name: [i] for i, name in enumerate(names)})
        found = table(f"a.{suffix}")
        assert [found.numbers(name)[0] for name in names] == list(range(len(names)))


@pytest.mark.parametrize("suffix", ["parquet", "csv", "arrow", "ipc"])
def test_no_rows_and_no_columns(suffix, table, tmp_path):
    """A table without rows is one; a table without columns is none."""
    written(tmp_path, f"a.{suffix}", {"a": pa.array([], pa.int64())})
    assert table(f"a.{suffix}").rows == 0
    if suffix != "csv":
        written(tmp_path, f"b.{suffix}", {})
        assert "no columns" in refused(table, f"b.{suffix}").reason


def test_inf_and_nan_beside_null(table, tmp_path):
    """NaN counts as missing and infinity does not, whatever holds them."""
    values = pa.array([1.0, np.nan, np.inf, -np.inf, None])
    for suffix in ("parquet", "arrow"):
        written(tmp_path, f"a.{suffix}", {"x": values})
        found = table(f"a.{suffix}")
        assert found.count([Missing("x"), Infinite("x"), Above("x", 0)]) == [2, 2, 2]


def test_relative_patterns_start_at_the_gate_file(tmp_path):
    """A pattern is a path like any other, variables included."""
    from toy import ToyKinds

    from pytest_mlgate.gatefile import load

    gate = tmp_path / "gates" / "a.gate.yaml"
    gate.parent.mkdir()
    data = 'data: {d: "../data/${KIND}/part-*.parquet", e: {path: ../x, sample: {rows: 5}}}'
    gate.write_text(f"version: 1\n{data}\ngates: {{a: {{kind: toy.constant, data: d}}}}\n")
    read = load(gate, ToyKinds(), environ={"KIND": "new"})
    assert read.gates[0].spec.data.path == str(tmp_path / "data" / "new" / "part-*.parquet")
    assert Path(read.gates[0].spec.data.path).is_absolute()
