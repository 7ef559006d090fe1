"""The same questions and the same gate files have the same answers, whichever engine holds the rows."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from engines_rows import (
    AWKWARD,
    LONG,
    ROWS,
    RULES,
    SEGMENTS,
    STATISTICS,
    broken,
    number,
    plain_rows,
    summed_up,
)

from pytest_mlgate.aggregate import (
    Above,
    Answers,
    Conflicting,
    Disordered,
    Duplicated,
    Incomplete,
    Missing,
    NotAmong,
    NotCompared,
    NotFormatted,
    NotMatching,
    Quantile,
    Segment,
    Statistic,
    Varying,
    columns_of,
)
from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.gatefile import load
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.reference import TableRef
from pytest_mlgate.run import Site, run

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # pyspark leaves them to the collector
    pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning"),  # Ibis 12 on DuckDB 2
]
REPOSITORY = Path(__file__).parents[2]
NEW_YORK = "America/New_York"
IN_MEMORY = ("parquet", "relation", "polars", "polars-lazy", "pandas", "pandas-arrow", "pyarrow")
FORMS = (*IN_MEMORY, "ibis", "spark")
UNORDERED = ("ibis", "spark")
# Fewer for what costs Spark a query each: one of each way in which a question is answered.
FEW = [
    Missing("ratio"),
    Above("money", 1.1),
    NotAmong("seen", ("2024-11-03T05:30:00Z",)),
    NotAmong("text", ("12", *map(str, LONG))),
    NotMatching("text", r"^\d+$"),
    NotFormatted("text", "json"),
    NotCompared("day", "<", "seen"),
    Duplicated(("region", "flag"), missing=True),
    Conflicting("ratio", ("flag", "region")),
]
SUMS = [Statistic("money", "mean"), Statistic("text", "distinct"), Statistic("seen", "max"), Quantile("tame", 0.9)]


@pytest.fixture
def in_engine(request, tmp_path, inputs):
    """Open rows in one of the forms."""

    def open_(table, form):
        path = tmp_path / f"{form}.parquet"
        pq.write_table(table, path)
        if form == "parquet":
            return inputs().table(TableRef(path=str(path)))
        return inputs(rows=held(table, form, path, request)).table(TableRef(fixture="rows"))

    return open_


def held(table, form, path, request):
    """Bring an Arrow table, which is also in a file, to one of the forms; databases keep the clock of New York."""
    if form == "spark":
        return request.getfixturevalue("spark").read.parquet(str(path))
    if form == "relation":
        connection = duckdb.connect()
        connection.execute(f"SET TimeZone = '{NEW_YORK}'").fetchall()
        return connection.read_parquet(str(path))
    if form == "ibis":
        backend = ibis.duckdb.connect()
        backend.con.execute(f"SET TimeZone = '{NEW_YORK}'").fetchall()
        return backend.read_parquet(str(path))
    frames = {
        "polars": lambda: pl.from_arrow(table),
        "polars-lazy": lambda: pl.scan_parquet(path),
        "pandas": table.to_pandas,
        "pandas-arrow": lambda: table.to_pandas(types_mapper=pd.ArrowDtype),
        "pyarrow": lambda: table,
    }
    return frames[form]()


def asked(questions, form):
    """Leave out what a form cannot hold: numpy has no missing whole numbers, so pandas makes them fractions."""
    lost = {"whole", "small"} if form == "pandas" else set()
    return [one for one in questions if lost.isdisjoint(columns_of(one))]


def expected(question, rows):
    return summed_up(question, rows) if isinstance(question, Statistic | Quantile) else len(broken(question, rows))


def same(found, wanted):
    """Counts are exact; sums of fractions may differ in their last digits, since engines add in their own order."""
    if found is None or wanted is None or isinstance(wanted, int):
        return found == wanted
    return math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-12)


def segment_of(answers):
    return answers.segment.values  # noqa: PD011 - no pandas


def differing(questions, answers, rows):
    """The questions whose answers are not plain Python's."""
    pairs = {one: (found, expected(one, rows)) for one, found in zip(questions, answers.values, strict=True)}
    return {one: pair for one, pair in pairs.items() if not same(*pair)}


@pytest.mark.parametrize("form", FORMS)
def test_every_answer_is_plain_pythons(form, in_engine):
    """All rules and statistics at once: NaN, infinities, -0.0, extremes, decimals, zones, unicode, duplicates."""
    table, questions = in_engine(ROWS, form), asked([*RULES, *STATISTICS], form)
    (answers,) = table.ask(questions)
    assert differing(questions, answers, plain_rows(ROWS)) == {}
    assert answers.rows == ROWS.num_rows
    assert answers.error == 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("by", SEGMENTS[1:], ids="+".join)
def test_every_segment_is_answered_like_a_table_of_its_rows(form, by, in_engine):
    """Segments are the distinct values, missing ones too, and each answer is that of its rows alone."""
    if form == "spark" and by not in (["region", "flag"], ["seen"]):
        pytest.skip("two of them are enough for an engine whose every query takes a second")
    table = in_engine(ROWS, form)
    questions = asked([*RULES, *STATISTICS] if form in ("parquet", "ibis") else [*FEW, *SUMS], form)
    rows = plain_rows(ROWS)
    apart = {}
    for row in rows:
        apart.setdefault(tuple(number(row[name]) for name in by), []).append(row)
    found = table.ask(questions, by)
    keys = [tuple(number(segment_of(one)[name]) for name in by) for one in found]
    assert sorted(keys, key=str) == sorted(apart, key=str)
    for key, answers in zip(keys, found, strict=True):
        assert answers.rows == len(apart[key])
        assert differing(questions, answers, apart[key]) == {}


@pytest.mark.parametrize("form", FORMS)
def test_examples_are_the_rows_that_break_a_rule(form, in_engine):
    """Each is named by its key; where rows have no order, by nothing else."""
    table, rows = in_engine(ROWS, form), plain_rows(ROWS)
    for rule in asked([*FEW, Missing("id")] if form == "spark" else RULES, form):
        found = table.examples(rule, 100, key=["id"])
        assert sorted(int(one.key["id"]) for one in found) == sorted(broken(rule, rows)), rule
        assert {one.row is None for one in found} <= {form in UNORDERED}


@pytest.mark.parametrize("form", ["parquet", "ibis", "spark"])
def test_examples_of_a_segment_are_rows_of_it(form, in_engine):
    """The first few by key, of one segment, missing values included."""
    table, rows = in_engine(ROWS, form), plain_rows(ROWS)
    for answers in table.ask([], ["region"]):
        among = [row for row in rows if row["region"] == segment_of(answers)["region"]]
        for rule in (NotMatching("text", r"^\w+$"), Above("money", 0), Duplicated(("ratio",), missing=True)):
            found = table.examples(rule, 100, key=["id"], segment=answers.segment)
            assert {int(one.key["id"]) for one in found} == broken(rule, among), rule
    first = [int(one.key["id"]) for one in table.examples(Above("money", 0), 3, key=["id"])]
    assert first == sorted(broken(Above("money", 0), rows))[:3]


@pytest.mark.parametrize("form", FORMS)
def test_values_are_read_alike(form, in_engine):
    """Numbers, levels and codes of a column are the same, its times in UTC."""
    table = in_engine(ROWS, form)
    reference = table if form == "parquet" else in_engine(ROWS, "parquet")
    assert dict(table.columns) | ({"whole": "integer", "small": "integer"} if form == "pandas" else {}) == dict(
        reference.columns
    )
    order = table.numbers("id").argsort()
    for name in ("ratio", "money", "flag", "day", "seen", "local", AWKWARD):
        pd.testing.assert_series_equal(
            pd.Series(table.numbers(name)[order]), pd.Series(reference.numbers(name)), check_exact=True
        )
    for name in ("text", "seen", "single", "flag", "day"):
        assert table.levels(name) == reference.levels(name)
    found, wanted = table.coded("region"), reference.coded("region")
    assert (found.levels, list(found.codes[order])) == (wanted.levels, list(wanted.codes))


@pytest.mark.parametrize("form", FORMS)
def test_no_rows_are_no_breaches(form, in_engine):
    """An empty table counts nothing, has no statistics, and has no segments."""
    table = in_engine(ROWS.slice(0, 0), form)
    (answers,) = table.ask([*FEW, *SUMS])
    assert (answers.rows, list(answers.values)) == (0, [0] * len(FEW) + [None, 0, None, None])
    assert table.ask(FEW, ["region"]) == []


@pytest.mark.parametrize("form", FORMS)
def test_a_column_without_values_is_missing_throughout(form, in_engine):
    """Only `Missing` speaks of it, and it has no statistics."""
    table = in_engine(pa.table({"id": [1, 2], "none": pa.array([None, None], pa.float64())}), form)
    questions = [Missing("none"), Incomplete(("id", "none")), Above("none", 0), Varying("none"), Varying("id")]
    (answers,) = table.ask([*questions, Statistic("none", "mean"), Quantile("none", 0.5)])
    assert answers == Answers(Segment(), 2, (2, 2, 0, 0, 1, None, None), passes=answers.passes)


@pytest.mark.parametrize("form", ["ibis", "spark"])
def test_an_order_is_not_judged_where_rows_have_none(form, in_engine):
    """It says so, and what to do, and does not pass."""
    table = in_engine(ROWS, form)
    for ask in (
        lambda: table.ask([Disordered("id", "increasing")]),
        lambda: table.examples(Disordered("id", "increasing"), 3),
    ):
        with pytest.raises(NotMeasuredError, match="have no order") as caught:
            ask()
        assert "measure files" in caught.value.remedy


GATE_FILES = {
    "schema": ("schema/failing.csv", {"monotonic: increasing, ": "", ", monotonic: increasing": ""}),
    "quality": ("quality/failing.csv", {}),
}


@pytest.mark.parametrize("form", [one for one in FORMS if one != "parquet"])
@pytest.mark.parametrize("name", GATE_FILES)
def test_gate_files_come_to_the_same_verdicts_and_numbers(name, form, request, store, tmp_path):
    """The catalogue's own gates on their failing data: every check has one value, count and verdict on all engines."""
    data, changes = GATE_FILES[name]
    text = (REPOSITORY / f"gates/data/{name}.gate.yaml").read_text(encoding="utf-8")
    for old, new in changes.items():
        text = text.replace(old, new)
    fixtures = REPOSITORY / "fixtures/data"
    opened = GateInputs(store, seed=0, fixtures={}).table(TableRef(path=str(fixtures / data)))
    table, path = opened.arrow(), tmp_path / "rows.parquet"
    pq.write_table(table, path)
    text = text.replace("../../fixtures/data", str(fixtures))
    (first,) = [line for line in text.splitlines() if "/passing.csv" in line]
    named = first.split(":")[0]

    def judged(source, value):
        file = tmp_path / "t.gate.yaml"
        file.write_text(text.replace(first, f"{named}: {source}"), encoding="utf-8")
        results = [
            run(gate, GateInputs(store, seed=0, fixtures={"rows": value}), Site(node_id=gate.id, file="t", name="t"))
            for gate in load(file, Catalogue()).gates
        ]
        assert [one.reason for one in results] == [None] * len(results)
        return {
            (result.id, one.name, one.metric): (one.value, one.n, one.verdict)
            for result in results
            for one in result.checks
        }

    wanted = judged(f"{{path: {path}}}", None)
    found = judged("{fixture: rows}", held(table, form, path, request))
    assert found.keys() == wanted.keys()
    differ = {key: (found[key], wanted[key]) for key in wanted if found[key][1:] != wanted[key][1:]}
    differ |= {key: (found[key], wanted[key]) for key in wanted if not same(found[key][0], wanted[key][0])}
    assert differ == {}
    assert {"PASS", "FAIL"} <= {verdict for _, _, verdict in wanted.values()}
