"""Databases through Ibis, what a gate file may say of them, and filters that stay on an engine."""

from __future__ import annotations

import sqlite3
import sys

import duckdb
import ibis
import pyarrow.parquet as pq
import pytest
from engines_rows import ROWS, broken, plain_rows

from pytest_mlgate.aggregate import (
    Above,
    Duplicated,
    Longer,
    Missing,
    NotAmong,
    NotFormatted,
    NotMatching,
    Quantile,
    Statistic,
)
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.tables import OpenTable
from pytest_mlgate.inputs.warehouses import open_ibis
from pytest_mlgate.reference import TableRef

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis 12 on DuckDB 2
KEPT = [
    "whole >= 2 and not (flag is null)",
    "single = 0.1 or text like 'a%'",
    "\"REGION\" in ('n', 'é') and ratio > 0",
    "seen between '2024-01-01' and TIMESTAMP '2024-12-01 00:00:00'",
    "day < DATE '2024-01-05' or money <> 1.1",
    "whole > small",
    "-1 < whole",
    "flag",
    "text not like '%2' and text like '%a%'",
    "ratio > -1.5e0",
    "small in (1, 2.5, -3, 99999999999999999999)",
    "day not between '2024-01-02' and '2024-01-05'",
    "ratio is null or single is not null and tame = 1.5",
]
REFUSED = {
    "random() < 0.5": "calls random",
    "exists(select 1)": "has a subquery",
    "reflect('java.lang.Runtime', 'getRuntime') is null": "is not handed on",
    "whole + 1 > 2": r"has '\+', which is not handed on",
    "regexp_matches(text, 'a')": "is not handed on",
    "text like 'a_b'": "matches 'a_b'",
    "nosuch = 1": "has no column 'nosuch'",
    "text > 5": "cannot be compared with 5",
    "whole = null": "is not handed on",
    "select 1": "the SQL 'select 1'",
    "true); drop table credit; --": "is not valid",
}


@pytest.fixture
def database_file(tmp_path):
    """The rows of `engines_rows` in a DuckDB database, in a schema of their own."""
    pq.write_table(ROWS, tmp_path / "rows.parquet")
    with duckdb.connect(str(tmp_path / "bank.duckdb")) as connection:
        connection.execute("SET TimeZone = 'UTC'").fetchall()
        connection.execute("CREATE SCHEMA prod").fetchall()
        connection.execute(f"CREATE TABLE prod.credit AS FROM read_parquet('{tmp_path}/rows.parquet')").fetchall()
        connection.execute("CREATE VIEW leak AS FROM read_csv('/etc/passwd', all_varchar = true)").fetchall()
    return tmp_path / "bank.duckdb"


@pytest.fixture
def filtered(request, inputs, database_file, tmp_path):
    """Open the rows on an engine, but for those that a predicate leaves out."""

    def open_(engine, predicate):
        path = str(tmp_path / "rows.parquet")
        if engine == "spark":
            request.getfixturevalue("spark")
            return inputs().table(TableRef(path=path, engine="spark", where=predicate))
        if engine == "ibis":
            url = f"duckdb://{database_file}"
            return inputs().table(TableRef(url=url, table="prod.credit", engine="ibis", where=predicate))
        return inputs().table(TableRef(path=path, where=predicate))

    return open_


@pytest.mark.parametrize("engine", ["ibis", "spark"])
def test_a_filter_keeps_the_rows_that_it_keeps_of_files(engine, filtered):
    """The same text means the same rows: names but for case, NaN as null, single precision, times in UTC."""
    for predicate in KEPT:
        table = filtered(engine, predicate)
        wanted = filtered("built-in", predicate).arrow(["id"])["id"].to_pylist()
        assert sorted(table.arrow(["id"])["id"].to_pylist()) == wanted, predicate
        among = [row for row in plain_rows(ROWS) if row["id"] in wanted]
        assert table.count([Missing("ratio"), Duplicated(("region",))]) == [
            len(broken(Missing("ratio"), among)),
            len(broken(Duplicated(("region",)), among)),
        ]


@pytest.mark.parametrize("predicate", REFUSED)
def test_a_filter_that_says_more_than_it_may_is_refused(predicate, filtered):
    """Nothing of its text reaches the engine: functions, subqueries, statements, unknown columns."""
    with pytest.raises(NotMeasuredError, match=REFUSED[predicate]):
        filtered("ibis", predicate)


def test_a_database_is_opened_for_reading_and_reaches_no_files(database_file, inputs):
    """A table is found by its schema and name; a view over files of this machine is not read."""
    url = f"duckdb://{database_file}"
    table = inputs().table(TableRef(url=url, table="prod.credit", engine="ibis"))
    assert (table.rows, table.frame.what) == (12, "duckdb table prod.credit")
    with pytest.raises(NotMeasuredError, match=r"nosuch"):
        inputs().table(TableRef(url=url, table="prod.nosuch", engine="ibis"))
    with pytest.raises(NotMeasuredError, match="leak could not be"):
        inputs().table(TableRef(url=url, table="leak", engine="ibis"))
    with pytest.raises(NotMeasuredError, match="does not exist"):
        inputs().table(TableRef(url=f"duckdb://{database_file}.none", table="t", engine="ibis"))
    assert not database_file.with_name("bank.duckdb.none").exists()


def test_what_is_secret_in_a_url_is_not_told(inputs):
    """Neither passwords nor hosts are in messages, whatever the driver says."""
    for url in ("nosuch://ann:hunter2@host/db", "postgres://ann:hunter2@localhost:1/db"):
        with pytest.raises(NotMeasuredError) as caught:
            inputs().table(TableRef(url=url, table="t", engine="ibis"))
        assert "hunter2" not in str(caught.value)
        assert caught.value.remedy


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"engine": "spark"}, "either a table of its catalog or a path"),
        ({"engine": "spark", "table": "t", "path": "p"}, "either a table of its catalog or a path"),
        ({"engine": "spark", "table": "t", "url": "duckdb://x"}, "url is for `engine: ibis`"),
        ({"engine": "spark", "query": "SELECT 1", "table": "t"}, "make it a view"),
        ({"engine": "spark", "fixture": "f", "table": "t"}, "fixture does not go with"),
        ({"engine": "ibis", "table": "t"}, "has a url and a table"),
        ({"engine": "ibis", "url": "duckdb://x", "table": "t", "path": "p"}, "has a url and a table"),
        ({"engine": "ibis", "url": "file:///etc/passwd", "table": "t"}, "url is that of a database"),
        ({"engine": "ibis", "url": "x.csv", "table": "t"}, "url is that of a database"),
        ({"engine": "ibis", "url": "mysql://h/d?init_command=DROP", "table": "t"}, "url sets init_command"),
        ({"path": "p", "url": "duckdb://x"}, "url is for `engine: ibis`"),
        ({"path": "p", "settings": {"spark.master": "local"}}, "settings are for `engine: spark`"),
        *(
            ({"engine": "spark", "table": "t", "settings": {name: value}}, f"cannot set {name}")
            for name, value in {
                "spark.jars": "evil.jar",
                "spark.jars.packages": "a:b:1",
                "spark.driver.extraJavaOptions": "-javaagent:x",
                "spark.driver.memory": "1g\n--jars x",
                "spark.master": "spark://elsewhere:7077",
                "spark.sql.extensions": "Evil",
                "spark.hadoop.fs.file.impl": "Evil",
                "spark.submit.pyFiles": "x.py",
            }.items()
        ),
    ],
)
def test_what_a_gate_file_may_not_say_is_told_while_it_is_read(fields, told):
    """One source for each engine; no setting or URL by which a pull request could run code."""
    assert any(told in one for one in TableRef(**fields).mistakes())


@pytest.mark.parametrize(
    "fields",
    [
        {"engine": "spark", "table": "prod.credit", "settings": {"spark.sql.shuffle.partitions": 4}},
        {"engine": "spark", "path": "x.parquet", "where": "a > 1", "settings": {"spark.driver.memory": "4g"}},
        {"engine": "spark", "table": "t", "settings": {"spark.master": "local[*]", "spark.sql.ansi.enabled": False}},
        {"engine": "ibis", "url": "postgres://a:b@host:5432/db?sslmode=require", "table": "prod.credit"},
    ],
)
def test_what_a_gate_file_may_say_is_no_mistake(fields):
    """Tables, paths, filters and the size of a session."""
    assert list(TableRef(**fields).mistakes()) == []


def test_a_database_without_rules_of_its_own_is_judged_here(tmp_path, inputs):
    """SQLite has neither RE2 nor exact quantiles: patterns are judged by value, quantiles refused."""
    rows = plain_rows(ROWS)
    with sqlite3.connect(tmp_path / "bank.sqlite") as connection:
        connection.execute("CREATE TABLE credit (id INTEGER, text TEXT, ratio REAL)")
        values = [(row["id"], row["text"], row["ratio"]) for row in rows]
        connection.executemany("INSERT INTO credit VALUES (?, ?, ?)", values)
    connection.close()
    table = inputs().table(TableRef(url=f"sqlite://{tmp_path}/bank.sqlite", table="credit", engine="ibis"))
    rules = [
        Missing("text"),
        NotMatching("text", r"^\d+$"),
        NotMatching("text", r"^12\z"),
        NotFormatted("text", "email"),
    ]
    rules += [
        Above("ratio", 0),
        Longer("text", 2),
        Duplicated(("ratio",)),
        NotAmong("text", ("12", *map(str, range(99)))),
    ]
    assert table.count(rules) == [len(broken(one, rows)) for one in rules]
    for one in rules[:4]:
        assert {int(found.key["id"]) for found in table.examples(one, 99, key=["id"])} == broken(one, rows)
    with pytest.raises(NotMeasuredError, match="not known to be exact"):
        table.ask([Quantile("ratio", 0.5)])


def test_a_query_is_interrupted_from_another_thread(store, interrupted):
    """A gate whose time is up stops its query; the connection can be used again."""
    backend = ibis.duckdb.connect()
    product = "SELECT (a.i * b.i) % 1000003 AS x FROM range(10000000) a(i), range(10000000) b(i)"
    backend.con.execute(f"CREATE VIEW endless AS {product}").fetchall()
    frame = open_ibis(backend.table("endless"), "endless", store.database)
    with interrupted(), pytest.raises(NotMeasuredError, match="the query was interrupted"):
        OpenTable(frame, store.database, {}).ask([Statistic("x", "max")])
    assert backend.con.execute("SELECT 1").fetchall() == [(1,)]


def test_a_database_that_goes_away_is_not_measured(tmp_path, store):
    """What its driver says is told in one line."""
    backend = ibis.duckdb.connect(str(tmp_path / "gone.duckdb"))
    backend.con.execute("CREATE TABLE one AS SELECT 1 AS x").fetchall()
    table = OpenTable(open_ibis(backend.table("one"), "rows", store.database), store.database, {})
    backend.disconnect()
    with pytest.raises(NotMeasuredError, match="could not be read by Ibis") as caught:
        table.ask([Missing("x")])
    assert "\n" not in str(caught.value)


def test_without_ibis_the_extra_is_named(inputs, monkeypatch):
    """The message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(NotMeasuredError, match="needs the package ibis-framework") as caught:
        inputs().table(TableRef(url="duckdb:///x.duckdb", table="t", engine="ibis"))
    assert "pytest-mlgate[ibis]" in caught.value.remedy
