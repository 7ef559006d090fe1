"""Spark: sessions, settings, failures, names, wide questions, and what is not brought to this machine."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from engines_rows import AWKWARD, ROWS, RULES

from pytest_mlgate.aggregate import (
    Above,
    Below,
    Conflicting,
    Duplicated,
    Infinite,
    Missing,
    NotAmong,
    NotFormatted,
    NotMatching,
    Quantile,
    Segment,
    Statistic,
    columns_of,
)
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs import spark as engine
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.spark_sessions import SparkSessions
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.inputs.tables import OpenTable
from pytest_mlgate.reference import TableRef

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # pyspark leaves them to the collector
]


@pytest.fixture
def rows_in_spark(spark, tmp_path):
    """The rows of `engines_rows` as Spark's own DataFrame."""
    pq.write_table(ROWS, tmp_path / "rows.parquet")
    return spark.read.parquet(str(tmp_path / "rows.parquet"))


def test_columns_are_found_by_their_exact_names(spark, opened):
    """Names that differ only in case, with dots and with backticks are columns like any other."""
    frame = (
        spark.range(3)
        .selectExpr("id AS a", "id * 10 AS b", "id * 100 AS c", "id - 1 AS d")
        .toDF("x", "X", "a.b", "t`k")
    )
    table = opened(frame)
    assert dict(table.columns) == dict.fromkeys(("x", "X", "a.b", "t`k"), "integer")
    asked = [Statistic(name, "max") for name in table.columns]
    assert list(table.ask(asked)[0].values) == [2, 20, 200, 1]
    assert [one.value for one in table.examples(Above("X", 5), 9, key=["x"])] == ["10", "20"]


def test_a_name_that_two_columns_have_is_refused(spark, opened):
    """Spark lets two columns share a name; no rule could say which is meant."""
    with pytest.raises(NotMeasuredError, match="more than one column called 'a'"):
        opened(spark.range(2).toDF("a").selectExpr("a", "a + 1 AS a"))


def test_types_without_an_order_can_still_be_missing(spark, opened):
    """Maps, arrays and structs are of type other: their missing rows are counted, and nothing else is asked."""
    frame = spark.sql("SELECT map('a', 1) m, array(1) l, struct(1) s, X'00' b UNION ALL SELECT null, null, null, null")
    table = opened(frame)
    assert set(table.columns.values()) == {"other"}
    assert table.count([Missing(name) for name in table.columns]) == [1, 1, 1, 1]
    with pytest.raises(NotMeasuredError, match="column 'm'"):
        table.count([Above("m", 1)])


def test_more_questions_than_one_query_bears_take_more_passes(rows_in_spark, opened):
    """They are answered in batches, which say how many passes there were."""
    table = opened(rows_in_spark)
    many = [Above("id", bound) for bound in range(170)]
    (answers,) = table.ask(many)
    assert list(answers.values) == [sum(i > bound for i in range(100, 112)) for bound in range(170)]
    assert answers.passes == 3


def test_quantiles_of_many_rows_are_off_by_no_more_than_they_say(spark, opened):
    """Beyond 100,000 rows they are approximate, by segment too, and the error is said as a share of the rows."""
    table = opened(spark.range(250_000).selectExpr("pow(id, 3) AS x", "id % 2 AS half"))
    asked = [Quantile("x", at) for at in (0.0, 0.25, 0.5, 0.999, 1.0)]
    for answers in (*table.ask(asked), *table.ask([*asked, Missing("x")], ["half"])):
        assert 0 < answers.error <= 1e-4
        for question, found in zip(asked, answers.values, strict=False):
            rank = np.cbrt(found) / 250_000
            assert abs(rank - question.at) <= answers.error + 1 / answers.rows
    assert table.ask([Missing("x")])[0].error == 0
    (few,) = opened(spark.range(1_000)).ask([Quantile("id", 0.25)])
    assert (few.values[0], few.error) == (249.75, 0)


def test_distinct_values_come_in_pieces_and_are_judged_like_one(rows_in_spark, opened, monkeypatch):
    """However small the pieces, counts, segments and the least breaking values are the same."""
    rules = [NotMatching("text", r"^\w+$"), NotFormatted("text", "json"), NotAmong("whole", tuple(range(100)))]
    whole = opened(rows_in_spark)
    wanted = whole.count(rules), whole.ask(rules, ["region"]), [whole.examples(one, 3, ["id"]) for one in rules]
    monkeypatch.setattr(engine, "_PIECE", 2)
    pieces = opened(rows_in_spark)
    assert (pieces.count(rules), pieces.ask(rules, ["region"])) == wanted[:2]
    assert [pieces.examples(one, 3, ["id"]) for one in rules] == wanted[2]
    assert [opened(rows_in_spark).examples(one, 3, ["id"]) for one in rules] == wanted[2]  # nothing counted before
    assert rows_in_spark.sparkSession.sparkContext._jsc.getPersistentRDDs().size() == 0


def test_more_values_than_this_machine_should_hold_stay_where_they_are(rows_in_spark, store):
    """Reading whole columns is refused beyond a limit, and says what to do; counting goes on."""
    table = GateInputs(store, seed=0, fixtures={"rows": rows_in_spark}).table(TableRef(fixture="rows"))
    table.frame.dialect = dataclasses.replace(table.frame.dialect, most_values=11)
    reading = [table.numbers, table.coded, lambda name: table.equals(name, 1), lambda name: table.arrow([name])]
    for read in (*reading, lambda name: table.frozen([name]), lambda name: table.shared(table, [name])):
        with pytest.raises(NotMeasuredError, match="12 rows on Spark") as caught:
            read("small")
        assert "a part of the table" in caught.value.remedy
    assert table.levels("flag").missing == 2
    with pytest.raises(NotMeasuredError, match="more than 11 distinct values"):
        table.levels("id")
    assert table.count([Missing("small")]) == [1]


def test_rows_that_have_a_match_elsewhere_are_found_across_engines(rows_in_spark, opened):
    """Keys on Spark and in memory are matched here, and rows without an order have no numbers."""
    table, other = opened(rows_in_spark), opened(pa.table({"key": [100, 105, 999]}))
    found = table.shared(other, ["id"], ["key"], limit=9, key=["id"])
    assert (found.rows, found.judged, {one.row for one in found.examples}) == (2, 12, {None})
    assert other.shared(table, ["key"], ["id"], absent=True, limit=9).rows == 1


def test_conditions_in_sql_are_asked_of_the_columns_they_name(rows_in_spark, opened):
    """The built-in engine judges them, here, since they are written in its SQL; times are UTC there too."""
    table, plain = opened(rows_in_spark), opened(ROWS)
    conditions = ["seen > '2024-11-03T06:00:00'", "whole % 2 = 1 and flag", "ratio < single or day > '2024-01-06'"]
    assert table.tally(conditions, [Segment()]) == plain.tally(conditions, [Segment()])
    for one in conditions:
        shown = [table.satisfying(one, 99, key=["id"]), plain.satisfying(one, 99, key=["id"])]
        assert sorted(row.key["id"] for row in shown[0]) == sorted(row.key["id"] for row in shown[1])
        assert {row.row for row in shown[0]} <= {None}


def test_a_job_that_fails_is_told_in_one_line(spark, opened):
    """The first useful line of what Java says, whatever it raised; never a pass, never a wall of text."""
    table = opened(spark.range(10).selectExpr("CAST(concat('a', id) AS INT) AS n", "raise_error('out of luck') AS e"))
    for rule, said in ((Missing("n"), r"\[CAST_INVALID_INPUT"), (Missing("e"), "out of luck")):
        with pytest.raises(NotMeasuredError, match=said) as caught:
            table.count([rule])
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 500


def test_a_query_is_cancelled_from_another_thread(spark, store, interrupted):
    """A gate whose time is up stops its own jobs, also those about to start; the session and other jobs go on."""
    spark.range(1).count()
    endless = spark.range(10**6).crossJoin(spark.range(10**6).toDF("other")).selectExpr("id * other AS x")
    frame = engine.open_spark(endless, "endless", store.database)
    with interrupted(), pytest.raises(NotMeasuredError, match="the query was interrupted"):
        OpenTable(frame, store.database, {}).ask([Statistic("x", "max")])
    assert spark.range(3).count() == 3


def test_a_session_that_is_gone_is_said_to_be(spark, store, monkeypatch):
    """A table whose session was stopped meanwhile is not measured."""
    table = OpenTable(engine.open_spark(spark.range(3), "rows", store.database), store.database, {})

    def gone(*_arguments, **_settings):
        from py4j.protocol import Py4JNetworkError

        raise Py4JNetworkError("Answer from Java side is empty")

    monkeypatch.setattr(type(spark.sparkContext), "setJobGroup", gone)
    with pytest.raises(NotMeasuredError, match="its Spark session is gone"):
        table.ask([Missing("id")])


def test_a_running_session_is_used_and_left_running(spark, store, tmp_path):
    """A table named in a gate file is read by it; closing what a run opened does not stop it."""
    pq.write_table(ROWS, tmp_path / "a file.parquet")
    ref = TableRef(path=str(tmp_path / "a file.parquet"), engine="spark", settings={"spark.sql.shuffle.partitions": 2})
    inputs = GateInputs(store, seed=0, fixtures={})
    table = inputs.table(ref)
    assert table.frame.dialect.name == "Spark"
    assert table.count([Missing("whole")]) == [2]
    (record,) = inputs.records
    assert (record.name, record.rows, record.note) == ("a file.parquet", 12, "on Spark, which answered in 2 queries")
    assert [one.path for one in record.files] == ["a file.parquet"]
    store.close()
    assert spark.range(2).count() == 2


def test_settings_that_the_running_session_does_not_have_are_refused(spark):
    """It belongs to somebody else: it is neither changed nor believed to be what the gate file says."""
    with pytest.raises(NotMeasuredError, match=r"has spark.sql.shuffle.partitions = 2, and the gate file says 7"):
        SparkSessions().session({"spark.sql.shuffle.partitions": 7})
    with pytest.raises(NotMeasuredError, match=r"has spark.executor.cores = None"):
        SparkSessions().session({"spark.executor.cores": 3})
    assert spark.conf.get("spark.sql.shuffle.partitions") == "2"


def test_partitioned_files_and_tables_of_the_catalogue(spark, inputs, tmp_path):
    """Folders called key=value are columns unless told otherwise; a table or view is found by its name."""
    for key in (1, 2):
        (tmp_path / "t" / f"k={key}").mkdir(parents=True)
        pq.write_table(pa.table({"x": [key, key + 1]}), tmp_path / "t" / f"k={key}" / "part.parquet")
    (tmp_path / "t" / "_SUCCESS").touch()
    table = inputs().table(TableRef(path=str(tmp_path / "t"), engine="spark"))
    assert (dict(table.columns), table.rows) == ({"x": "integer", "k": "integer"}, 4)
    assert [one.values[0] for one in table.ask([Statistic("x", "max")], ["k"])] == [2, 3]
    assert list(inputs().table(TableRef(path=str(tmp_path / "t"), engine="spark", hive=False)).columns) == ["x"]
    spark.range(5).createOrReplaceTempView("five")
    assert inputs().table(TableRef(table="five", engine="spark")).rows == 5
    with pytest.raises(NotMeasuredError, match=r"Spark table no.such could not be read .*TABLE_OR_VIEW_NOT_FOUND"):
        inputs().table(TableRef(table="no.such", engine="spark"))
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(NotMeasuredError, match=r"bad.parquet could not be read by Spark: .* is not a Parquet file"):
        inputs().table(TableRef(path=str(tmp_path / "bad.parquet"), engine="spark"))
    (tmp_path / "rows.csv").write_text("a\n1\n")
    with pytest.raises(NotMeasuredError, match="is no Parquet"):
        inputs().table(TableRef(path=str(tmp_path / "rows.csv"), engine="spark"))


def test_the_query_that_finds_the_rest_is_sparks_own(rows_in_spark, inputs):
    """What a report shows finds, when Spark runs it, as many rows as were counted."""
    rows_in_spark.createOrReplaceTempView("credit")
    table, session = inputs().table(TableRef(table="credit", engine="spark")), rows_in_spark.sparkSession
    rules = [one for one in RULES if columns_of(one)[0] != "text" or not isinstance(one, NotMatching | NotFormatted)]
    rules = [one for one in rules if not isinstance(one, Duplicated | Conflicting)]
    rules = [one for one in rules if len(getattr(one, "allowed", getattr(one, "forbidden", ()))) < 64]  # shown in part
    several = [one for i, one in enumerate(rules) if i % 2 == 0 or isinstance(one, Infinite)]
    several += [
        NotMatching("text", "^[a-z ]+$"),
        NotFormatted("text", "uuid"),
        Missing(AWKWARD),
        Below("seen", "2024-11-03T06:00:00Z"),
    ]
    found = [session.sql(table.query(one)).count() for one in several]
    assert dict(zip(several, found, strict=True)) == dict(zip(several, table.count(several), strict=True))


GATES = """
version: 1
data:
  lake:
    engine: spark
    path: rows.parquet
    where: whole >= 0 and not flag
    settings: {spark.master: "local[2]", spark.driver.memory: 1g, spark.sql.shuffle.partitions: 2}
gates:
  contract:
    kind: data.schema
    data: lake
    columns: {id: {type: integer, unique: true, min: 0}, text: {type: string, nullable: true, pattern: "."}}
"""


def test_a_gate_file_starts_a_session_of_its_own_and_stops_it(tmp_path):
    """In a process without one: settings are applied, the gate is judged, and nothing is left running."""
    pq.write_table(ROWS, tmp_path / "rows.parquet")
    (tmp_path / "t.gate.yaml").write_text(GATES)
    (tmp_path / "conftest.py").write_text(
        "def pytest_unconfigure(config):\n"
        "    from pyspark import SparkContext\n"
        "    from pyspark.sql import SparkSession\n"
        "    print('left running:', SparkContext._active_spark_context)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--mlgate", "--mlgate-json=r.json", "-q", "-s", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error::UserWarning"},
    )
    (result,) = json.loads((tmp_path / "r.json").read_text())["gates"]
    kept = [row for row in ROWS.to_pylist() if row["whole"] is not None and row["whole"] >= 0]
    wanted = [row["text"] for row in kept if row["flag"] is False]
    assert {check["n"] for check in result["checks"] if check["name"] == "id"} == {len(wanted)}
    assert result["inputs"][0]["name"] == "rows.parquet where whole >= 0 and not flag"
    assert "on Spark, which answered in" in result["inputs"][0]["note"]
    assert done.returncode == (0 if all(wanted) else 1), done.stdout
    assert "left running: None" in done.stdout


def test_without_java_the_gate_is_not_measured(tmp_path):
    """A machine that has pyspark and no Java is told what to install."""
    code = (
        "from pytest_mlgate.inputs.spark_sessions import SparkSessions\n"
        "try:\n    SparkSessions().session({'spark.master': 'local[1]'})\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
    )
    bare = {name: value for name, value in os.environ.items() if name not in {"JAVA_HOME", "SPARK_HOME"}}
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "dirname", "env", "uname", "cat", "ls", "head"):
        (tmp_path / "bin" / tool).symlink_to(f"/usr/bin/{tool}")
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**bare, "PATH": str(tmp_path / "bin")},
    )
    assert done.stdout.startswith("NotMeasuredError Spark could not start Java (install Java"), (
        done.stdout + done.stderr
    )


def test_without_pyspark_the_extra_is_named(store, monkeypatch):
    """The message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(NotMeasuredError, match="needs the package pyspark") as caught:
        GateInputs(store, seed=0, fixtures={}).table(TableRef(table="t", engine="spark"))
    assert "pytest-mlgate[spark]" in caught.value.remedy


def test_a_store_can_be_closed_without_spark(tmp_path):
    """Closing stops only what was started."""
    store = InputStore(tmp_path)
    store.close()
    assert store.database._opened is None
