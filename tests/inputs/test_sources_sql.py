"""SQL in gate files: databases, queries and predicates answer questions about their data and nothing else."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlgate.aggregate import Above, Missing
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.sandbox import Found, Sandbox, Tally
from pytest_mlgate.inputs.tables import OpenTable
from pytest_mlgate.reference import Sample, TableRef


@pytest.fixture
def base(tmp_path):
    """A database of a table, a table in a schema, and views, one of which would read a file."""
    path = tmp_path / "data.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(
            "CREATE TABLE scores AS SELECT range AS id, range * 0.5 AS x, 's' || range AS s FROM range(100)"
        )
        connection.execute("CREATE SCHEMA other; CREATE TABLE other.t AS SELECT 1 AS a")
        connection.execute("CREATE VIEW high AS SELECT * FROM scores WHERE id >= 90")
        connection.execute("CREATE VIEW evil AS SELECT * FROM read_csv('/etc/passwd')")
        connection.execute("CREATE MACRO spy() AS TABLE SELECT * FROM read_text('/etc/passwd')")
        connection.execute('CREATE TABLE "a.b ""c" AS SELECT 1 AS a')
    return path


@pytest.fixture
def table(inputs, base):
    """Open something of the database."""
    return lambda **said: inputs().table(TableRef(path=str(base), **said))


def refusal(open_, *args, **said):
    """Return the error that something ends in."""
    with pytest.raises(NotMeasuredError) as caught:
        open_(*args, **said)
    assert caught.value.remedy
    return caught.value


def test_a_table_of_a_database_is_read(table):
    """Tables, views and schemas; SQL's names know no case."""
    found = table(table="scores")
    assert dict(found.columns) == {"id": "integer", "x": "number", "s": "string"}
    assert found.rows == 100
    assert found.count([Above("x", 40), Missing("s")]) == [19, 0]
    assert found.numbers("id").tolist() == list(range(100))
    assert table(table="SCORES").rows == 100
    assert table(table="other.t").rows == 1
    assert table(table="high").rows == 10
    assert table(table='a.b "c').rows == 1


def test_reports_say_which_table_of_which_file(inputs, base):
    """Two selections of one file are two inputs, and both name the file's state."""
    gate = inputs()
    for said in ({"table": "scores"}, {"query": "SELECT *\nFROM scores"}, {"table": "scores", "where": "id > 3"}):
        gate.table(TableRef(path=str(base), **said))
    names = [record.name for record in gate.records]
    assert names == ["data.duckdb [scores]", "data.duckdb [SELECT * FROM scores]", "data.duckdb [scores] where id > 3"]
    assert {record.files[0].path for record in gate.records} == {"data.duckdb"}


def test_a_missing_table_names_the_nearest(table):
    """A misspelt table is answered with the one that was perhaps meant."""
    error = refusal(table, table="score")
    assert "has no table 'score'" in error.reason
    assert "'scores'" in error.remedy


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, x FROM scores WHERE id < 10",
        "WITH a AS (SELECT * FROM scores) SELECT a.id, b.x FROM a JOIN scores b USING (id) WHERE a.id < 10;",
        "FROM scores SELECT id, x ORDER BY id LIMIT 10 -- the first ten",
        "SELECT id, x FROM scores WHERE id < 5 UNION ALL SELECT id, x FROM scores WHERE id BETWEEN 5 AND 9",
        "SELECT i AS id, i * 0.5 AS x FROM range(10) t(i)",
    ],
)
def test_a_query_is_a_table(query, table):
    """Whatever one SELECT says of the database's own tables."""
    found = table(query=query)
    assert list(found.columns) == ["id", "x"]
    assert found.rows == 10
    assert sorted(found.numbers("id")) == list(range(10))


OUTSIDE = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "FROM '/etc/passwd.csv'",
    "SELECT content FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM parquet_schema('/tmp/x.parquet')",
    "COPY (SELECT 1) TO '{out}'",
    "COPY (SELECT 1) TO '{out}' (USE_TMP_FILE false)",
    "ATTACH '{out}' AS other",
    "EXPORT DATABASE '{out}'",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "SET threads = 1",
    "INSTALL httpfs",
    "LOAD '/tmp/x.so'",
    "SELECT 1; DROP TABLE scores",
    "SELECT 1; SELECT 2",
    "DROP TABLE scores",
    "INSERT INTO scores VALUES (1, 1, 'x')",
    "WITH a AS (INSERT INTO scores VALUES (1, 1, 'x') RETURNING *) SELECT * FROM a",
    "CREATE TABLE t AS SELECT 1",
    "SELECT getenv('HOME')",
    "SELECT current_setting('temp_directory')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('scores')",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM secret_frame",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "SELECT * FROM scores WHERE EXISTS (SELECT * FROM read_csv('/etc/passwd'))",
    "SELECT * FROM scores JOIN read_text('/etc/passwd') ON true",
    "SELECT * FROM spy()",
    "SELECT * FROM evil",
    "DESCRIBE scores",
    "EXPLAIN SELECT 1",
    "SELEC 1",
    "",
    "-- nothing",
    "SELECT nothing FROM scores",
    "SELECT " + "(" * 4000 + "1" + ")" * 4000,
]


@pytest.mark.parametrize("query", OUTSIDE)
def test_a_query_reaches_nothing_outside_its_database(query, table, tmp_path):
    """Files, settings, memory, Python variables and the database itself stay as unread and as unwritten as before."""
    secret_frame = pd.DataFrame({"secret": [1]})  # noqa: F841 - what a replacement scan would find
    out = tmp_path / "out"
    before = (tmp_path / "data.duckdb").read_bytes()
    error = refusal(table, query=query.format(out=out) or " ")
    assert "root:" not in str(error)
    assert not out.exists()
    assert (tmp_path / "data.duckdb").read_bytes() == before


def test_a_view_that_reads_a_file_is_not_read(table):
    """The database file is data, and what is in it is no more trusted than the gate file."""
    assert "disabled by configuration" in refusal(lambda: table(table="evil").rows).reason


@pytest.mark.parametrize("query", [one for one in OUTSIDE if "S" in one])
def test_a_predicate_reaches_nothing_outside_its_row(query, inputs, tmp_path):
    """What a query may not say, no predicate may say either, alone or in brackets."""
    path = tmp_path / "a.parquet"
    pl.DataFrame({"id": [1, 2]}).write_parquet(path)
    before, out = path.read_bytes(), tmp_path / "out"
    for predicate in (query, f"id IN ({query})", f"id > 0) OR ({query}"):
        said = predicate.format(out=path if "USE_TMP" in predicate else out)
        error = refusal(lambda said=said: inputs().table(TableRef(path=str(path), where=said)).rows)
        assert "root:" not in str(error)
    assert path.read_bytes() == before
    assert not out.exists()


@pytest.mark.parametrize(
    ("predicate", "says"),
    [
        ("id > 1; DROP TABLE x", "is SELECT, DROP"),
        ("id > 1) ORDER BY (id", "not valid"),
        ("id > 1 ORDER BY id", "no single expression"),
        ("id > 1, id", "no single expression"),
        ("id > 1 UNION SELECT true", "no single expression"),
        ("id > 1 LIMIT 1", "no single expression"),
        ("id > 1 FROM (SELECT 1 AS id)", "no single expression"),
        ("DISTINCT id > 1", "no single expression"),
        ("id > 1 AS x", "no single expression"),
        ("(SELECT true)", "subquery"),
        ("row_number() OVER () > 1", "window"),
        ("sum(id) > 1", "WHERE clause"),
        ("COLUMNS(*) > 1", "star"),
        ("id > ?", "parameter"),
        ("random() > 0.5", "other rows each time"),
        ("id", "neither true nor false"),
        ("idd > 1", "idd"),
        ("id > 'x'", "x"),
        ("id::VARCHAR::DATE > '2024-01-01'", "fails on a row"),
        ("nosuch(id) > 1", "nosuch"),
        ("id >", "not valid"),
    ],
)
def test_a_predicate_is_one_expression_about_a_row(predicate, says, inputs, tmp_path):
    """Everything else is refused in words that begin with what was written."""
    pq.write_table(pa.table({"id": [1, 2]}), tmp_path / "a.parquet")
    ref = TableRef(path=str(tmp_path / "a.parquet"), where=predicate)
    error = refusal(lambda: inputs().table(ref).numbers("id"))
    assert says in error.reason
    if predicate == "idd > 1":
        assert "'id'" in error.remedy


def in_every_form(rows, tmp_path, inputs, **said):
    """Open the same rows from files and from objects, with the same selection."""
    frame = pl.from_arrow(rows)
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.csv")
    frame.write_ndjson(tmp_path / "a.jsonl")
    pa.feather.write_feather(rows, tmp_path / "a.arrow")
    with duckdb.connect(tmp_path / "a.duckdb") as connection:
        connection.execute("CREATE OR REPLACE TABLE t AS SELECT * FROM read_parquet(?)", [str(tmp_path / "a.parquet")])
    for suffix in ("parquet", "csv", "jsonl", "arrow"):
        yield suffix, inputs().table(TableRef(path=str(tmp_path / f"a.{suffix}"), **said))
    yield "duckdb", inputs().table(TableRef(path=str(tmp_path / "a.duckdb"), table="t", **said))
    for value in (rows, frame, frame.lazy(), frame.to_pandas(), duckdb.from_arrow(rows)):
        yield type(value), inputs(rows=value).table(TableRef(fixture="rows", **said))


def test_a_filter_keeps_the_same_rows_of_every_form(inputs, tmp_path):
    """The predicate is SQL in the columns' own names, whatever holds the table; row numbers stay what they were."""
    import pyarrow.feather  # noqa: F401 - used through pa

    rng = np.random.default_rng(0)
    rows = pa.table({"Id": range(5000), "the age": rng.integers(0, 99, 5000), "x": rng.normal(size=5000)})
    kept = [i for i, age in enumerate(rows["the age"].to_pylist()) if age > 90 or i % 1000 == 7]
    predicate = '"the age" > 90 OR id % 1000 = 7  -- the old and some more'
    for form, table in in_every_form(rows, tmp_path, inputs, where=predicate):
        assert table.rows == len(kept), form
        assert sorted(table.numbers("Id")) == kept, form
        assert table.count([Above("the age", 90)]) == [sum(rows["the age"][i].as_py() > 90 for i in kept)], form
        example = table.examples(Above("the age", 90), 1)[0]
        if not isinstance(form, type) or "Relation" not in form.__name__:
            assert example.row == next(i for i in kept if rows["the age"][i].as_py() > 90), form
        assert list(table.columns) == ["Id", "the age", "x"]


def test_a_filter_sees_nan_as_missing(inputs):
    """A NaN is greater than every number in DuckDB; here it is missing, as in every check."""
    frame = pl.DataFrame({"x": [1.0, float("nan"), None, 3.0, float("inf")]})
    assert inputs(rows=frame).table(TableRef(fixture="rows", where="x > 2")).rows == 2
    assert inputs(rows=frame).table(TableRef(fixture="rows", where="x IS NULL")).rows == 2


@pytest.mark.parametrize(
    "predicate", ["x IS NULL", "isnan(x) OR x IS NULL", "NOT x > 0 OR x IS NULL", "coalesce(x, 9) = 9"]
)
def test_a_filter_does_not_believe_statistics_that_leave_nan_out(predicate, inputs, tmp_path):
    """What is filtered in a Parquet file is filtered by its values."""
    values = pa.array([0.25, float("nan"), 1.0, 1.0, 2.0, float("nan")])
    pq.write_table(pa.table({"x": values}), tmp_path / "a.parquet", row_group_size=2)
    table = inputs().table(TableRef(path=str(tmp_path / "a.parquet"), where=predicate))
    assert table.rows == 2
    assert [one.row for one in table.examples(Missing("x"), 9)] == [1, 5]


def test_columns_that_differ_in_case_matter_only_where_they_are_named(inputs):
    """SQL cannot tell them apart; a predicate on another column need not."""
    frame = pl.DataFrame({"age": [1], "AGE": [2], "x": [3]})
    assert inputs(rows=frame).table(TableRef(fixture="rows", where="x = 3")).numbers("AGE").tolist() == [2]
    error = refusal(inputs(rows=frame).table, TableRef(fixture="rows", where="age = 1"))
    assert "'age' and 'AGE'" in error.reason


def test_names_with_quotes_and_odd_types_can_be_filtered(inputs):
    """A timestamp compares in UTC, a category as text, a decimal as the number it is."""
    frame = pd.DataFrame(
        {
            'a"b.c': [1, 2],
            "t": pd.to_datetime(["2024-01-01T00:00:00Z", "2024-01-01T12:00:00Z"]).tz_convert("Asia/Tokyo"),
            "c": pd.Categorical(["x", "y"]),
            "mixed": [1, "x"],
        }
    )
    gate = inputs(rows=frame)
    for where in ('"a""b.c" = 2', "t > TIMESTAMP '2024-01-01 06:00:00'", "c = 'y'", "c LIKE 'Y' OR upper(c) = 'Y'"):
        found = gate.table(TableRef(fixture="rows", where=where))
        assert found.rows == 1, where
        assert found.levels("c").counts == {"y": 1}
    assert "'mixed'" in refusal(gate.table, TableRef(fixture="rows", where="mixed = 1")).reason


def test_a_filter_that_keeps_nothing_is_an_empty_table(inputs):
    """Then a gate has nothing to measure, and says so."""
    table = inputs(rows=pl.DataFrame({"a": [1]})).table(TableRef(fixture="rows", where="a > 1"))
    assert table.rows == 0
    assert table.numbers("a").tolist() == []


def test_a_predicate_that_fails_on_a_row_is_not_measured(inputs, tmp_path):
    """One value that cannot be cast ends the gate, however late it stands; it may be one that nobody must see."""
    pq.write_table(pa.table({"s": ["1"] * 100_000 + ["123-45"]}), tmp_path / "a.parquet")
    ref = TableRef(path=str(tmp_path / "a.parquet"), where="s::INTEGER > 0")
    error = refusal(lambda: inputs().table(ref).rows)
    assert "'s::INTEGER > 0' fails on a row of a.parquet (ConversionException)" in error.reason
    assert "123-45" not in str(error)


@pytest.mark.parametrize(
    "said",
    [
        {"path": "a.parquet", "where": "s::INTEGER > 0"},
        {"path": "a.parquet", "where": "error(s)"},
        {"path": "a.duckdb", "query": "SELECT s::INTEGER AS s FROM t"},
        {"path": "a.duckdb", "query": "SELECT error(s) AS s FROM t"},
        {"path": "a.duckdb", "table": "v"},
        {"path": "a.duckdb", "table": "v", "sample": Sample(share=0.5)},
    ],
    ids=repr,
)
@pytest.mark.parametrize("rows", [1, 300_000], ids=["at once", "in a later batch"])
def test_no_value_gets_out_through_an_error(said, rows, store, inputs, tmp_path):
    """What is sensitive is for gates to say, and a table is opened before anybody knows."""
    pq.write_table(pa.table({"s": ["1"] * (rows - 1) + ["123-45"]}), tmp_path / "a.parquet")
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute(f"CREATE TABLE t AS FROM '{tmp_path}/a.parquet'")
        connection.execute("CREATE VIEW v AS SELECT s::INTEGER AS s FROM t")
    ref = TableRef(**{**said, "path": str(tmp_path / said["path"])})

    def asked():
        frame = store.table(ref).frame
        return OpenTable(frame, store.database, {}).count([Missing("s")])

    error = refusal(asked)
    assert error.remedy
    assert "123-45" not in str(error)


def test_filtering_a_large_file_does_not_load_it(tmp_path):
    """A filter that keeps a thousandth of 400 MB of Parquet takes a fraction of that."""
    path = tmp_path / "a.parquet"
    columns = ", ".join(f"random() AS x{i}" for i in range(10))
    duckdb.sql(f"COPY (SELECT range AS id, {columns} FROM range(5000000)) TO '{path}'")  # noqa: S608
    assert path.stat().st_size > 300_000_000
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        rows, total, before, after = pool.apply(_peak, (str(path),))
    assert rows == 5000
    assert total == pytest.approx(sum(range(0, 5_000_000, 1000)))
    assert after - before < 250_000


def _peak(path):
    """Filter a file in a process of its own and say how its memory grew, in KiB."""
    import resource

    from pytest_mlgate.inputs.gate import GateInputs
    from pytest_mlgate.inputs.store import InputStore

    store = InputStore(Path(path).parent)
    store.database.sql("SELECT 1").fetchall()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table = GateInputs(store, seed=0, fixtures={}).table(TableRef(path=path, where="id % 1000 = 0"))
    total = float(table.numbers("id").sum())
    return table.rows, total, before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _hold(path, ready, done):
    """Keep a database open for writing."""
    with duckdb.connect(path) as connection:
        connection.execute("CREATE OR REPLACE TABLE t AS SELECT 1 AS a")
        ready.set()
        done.wait(30)


def test_a_database_that_is_written_to_is_not_measured(inputs, tmp_path):
    """Another process holds it; the reason names the lock."""
    path = tmp_path / "busy.duckdb"
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    writer = context.Process(target=_hold, args=(str(path), ready, done))
    writer.start()
    assert ready.wait(30)
    try:
        error = refusal(inputs().table, TableRef(path=str(path), table="t"))
    finally:
        done.set()
        writer.join()
    assert "open for writing" in error.reason
    assert inputs().table(TableRef(path=str(path), table="t")).rows == 1


def test_a_database_this_process_writes_to_is_not_measured(inputs, tmp_path):
    """A fixture that forgot to close its connection is told so."""
    with duckdb.connect(tmp_path / "own.duckdb") as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
        connection.execute("CHECKPOINT")
        error = refusal(inputs().table, TableRef(path=str(tmp_path / "own.duckdb"), table="t"))
    assert "close it" in error.remedy


def test_what_is_no_database_is_said_to_be_none(inputs, base, tmp_path):
    """Text, another product's file, a truncated file and an empty one."""
    import sqlite3

    whole = base.read_bytes()
    with sqlite3.connect(tmp_path / "s.db") as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    (tmp_path / "text.duckdb").write_bytes(b"hello " * 5000)
    (tmp_path / "cut.duckdb").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.duckdb").touch()
    for name in ("s.db", "text.duckdb", "cut.duckdb", "empty.duckdb", "none.duckdb"):
        assert name in refusal(inputs().table, TableRef(path=str(tmp_path / name), table="t")).reason


def test_what_a_killed_writer_left_in_the_log_is_read(inputs, tmp_path):
    """Committed rows that are not in the file yet count, and the log is part of what was measured."""
    path = tmp_path / "a.duckdb"
    context = multiprocessing.get_context("spawn")
    writer = context.Process(target=_killed, args=(str(path),))
    writer.start()
    writer.join()
    gate = inputs()
    assert gate.table(TableRef(path=str(path), table="t")).rows == 6
    assert [one.path for one in gate.records[0].files] == ["a.duckdb", "a.duckdb.wal"]


def _killed(path):
    connection = duckdb.connect(path)
    connection.execute("CREATE TABLE t AS SELECT range AS a FROM range(5)")
    connection.execute("CHECKPOINT")
    connection.execute("INSERT INTO t VALUES (5)")
    os._exit(9)


def test_a_callable_is_called_once_per_session(store, user_module):
    """Gates share what it returned, and select their own rows of it."""
    from pytest_mlgate.inputs.gate import GateInputs

    user_module(
        "warehouse",
        "import polars as pl\ncalls = []\n"
        "def scores():\n    calls.append(1)\n    return pl.DataFrame({'a': [1, 2, 3]})\n"
        "def broken():\n    return {}['key']\ndef text():\n    return 'x'\n",
    )
    gate = GateInputs(store, seed=1, fixtures={})
    assert gate.table(TableRef(python="warehouse:scores")).rows == 3
    assert GateInputs(store, seed=2, fixtures={}).table(TableRef(python="warehouse:scores", where="a > 1")).rows == 2
    import warehouse

    assert len(warehouse.calls) == 1
    assert gate.records[0].name == "warehouse:scores"
    with pytest.raises(NotMeasuredError, match=r"calling warehouse:broken raised KeyError: 'key' \(.*warehouse.py:7\)"):
        gate.table(TableRef(python="warehouse:broken"))
    with pytest.raises(NotMeasuredError, match="warehouse:text is a str, which is no table"):
        gate.table(TableRef(python="warehouse:text"))


def test_selections_are_kept_apart_where_answers_are(inputs, base, tmp_path):
    """What a model answered for some rows is never taken for its answers for others."""
    pq.write_table(pa.table({"a": [1, 2]}), tmp_path / "a.parquet")
    path = str(tmp_path / "a.parquet")
    refs = [
        TableRef(path=path),
        TableRef(path=path, where="a > 0"),
        TableRef(path=path, sample=Sample(rows=5)),
        TableRef(path=path, sample=Sample(rows=5, seed=1)),
        TableRef(path=str(base), table="scores"),
    ]
    keys = [inputs().table(ref).key for ref in refs]
    assert None not in keys
    assert len(set(keys)) == len(refs)
    assert inputs().table(TableRef(path=path, labels={"a": {"1": "one"}})).key == keys[0]
    assert inputs().table(TableRef(path=str(base), query="SELECT 1 AS a")).key is None


def test_rows_of_a_view_are_those_of_one_reading(inputs, tmp_path):
    """A view may compute its rows in another order each time: answers for one reading are not those for the next."""
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE VIEW drawn AS SELECT random() AS a FROM range(100)")
    found = inputs().table(TableRef(path=str(path), table="drawn"))
    assert found.key is None
    assert list(found.numbers("a")) != list(found.numbers("a"))
    rows = found.frozen(["a"])
    assert list(rows.numbers("a")) == list(rows.numbers("a"))


def test_predicates_are_tallied_in_one_pass_over_any_table(inputs, opened, tmp_path):
    """True, false and neither; together they are all rows."""
    frame = pl.DataFrame({"a": [1, 2, None, 4], "b": [2, 1, 1, None]})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.csv")
    for value in ("a.parquet", "a.csv", frame, frame.to_pandas(), duckdb.from_arrow(frame.to_arrow())):
        table = opened(value)
        with Sandbox() as sandbox:
            assert sandbox.tally(table.frame, ["a < b", "a IS NULL", "true"]) == [
                Tally(1, 1, 2),
                Tally(1, 3, 0),
                Tally(4, 0, 0),
            ]
            (example,) = sandbox.failing(table.frame, "a < b", 5, key=["b"])
            assert (example.row, example.value, example.key) == (1, "a=2, b=1", {"b": "1"})
        assert table.rows == 4


def test_a_query_over_tables_says_what_it_returned(opened, tmp_path):
    """A table may be named as often as a query likes, beside others, and case means nothing."""
    pl.DataFrame({"id": [1, 2, 3, 3], "Name": ["x", None, "z", "z"]}).write_csv(tmp_path / "a.csv")
    pl.DataFrame({"id": [1, 2]}).write_parquet(tmp_path / "b.parquet")
    tables = {"data": opened("a.csv").frame, "other": opened("b.parquet").frame}
    with Sandbox() as sandbox:
        found = sandbox.rows(tables, "SELECT a.ID, a.name FROM data a JOIN DATA b USING (id) ORDER BY 1, 2;", 2)
    assert found == Found(6, ("id", "Name"), (("1", "x"), ("2", None)))
    with Sandbox() as sandbox:
        anti = "SELECT id FROM data WHERE id NOT IN (SELECT id FROM other)"
        assert sandbox.rows(tables, anti, 5) == Found(2, ("id",), (("3",), ("3",)))
    with Sandbox() as sandbox:
        query = "WITH high AS (SELECT * FROM data WHERE id > 2) SELECT count(*) FROM high"
        assert sandbox.rows(tables, query, 5).rows == (("2",),)
    with Sandbox() as sandbox:
        assert "'data'" in refusal(sandbox.rows, tables, "SELECT * FROM date", 5).remedy
    with Sandbox() as sandbox:
        assert sandbox.rows(tables, "SELECT * FROM other WHERE id > 5", 5) == Found(0, ("id",), ())


@pytest.mark.parametrize("query", OUTSIDE)
def test_a_query_over_tables_reaches_nothing_else(query, opened, tmp_path):
    """The same holds where a query is given open tables."""
    pl.DataFrame({"id": [1]}).write_parquet(tmp_path / "a.parquet")
    tables = {"data": opened("a.parquet").frame}
    said = query.format(out=tmp_path / "a.parquet" if "USE_TMP" in query else tmp_path / "out")
    with Sandbox() as sandbox:
        refusal(sandbox.rows, tables, said, 5)
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 1
    assert not (tmp_path / "out").exists()
