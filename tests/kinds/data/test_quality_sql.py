"""`data.quality`: conditions and queries in SQL, what they count, and what is refused."""

from __future__ import annotations

import datetime as dt
import json

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlgate.inputs import sandbox

NAN = float("nan")
ORDERS = pa.table(
    {
        "id": [1, 2, 3, 4, 5],
        "amount": [10.0, -5.0, NAN, -7.0, -1.0],
        "status": ["paid", "paid", "paid", "open", None],
        "the region": ["n", "n", "s", "s", "s"],
        "mail": ["a@x", "b@x", "c@x", "d@x", "e@x"],
    }
)


@pytest.mark.parametrize(
    ("condition", "value", "n"),
    [
        ("amount < 0 and status = 'paid'", 1, 3),
        ("amount < 0", 3, 4),
        ("AMOUNT < 0", 3, 4),
        ("amount IS NULL", 1, 5),
        ("\"the region\" = 'n' AND id > 1", 1, 5),
        ("length(mail) <> 3 or id = 5", 1, 5),
        ("id BETWEEN 2 AND 4", 3, 5),
        ("CASE WHEN id > 3 THEN amount < 0 END", 2, 2),
        ("status NOT IN ('paid', 'open')", 0, 4),
    ],
)
@pytest.mark.parametrize("form", [lambda t: t, pd.DataFrame, pl.from_arrow])
def test_a_condition_counts_the_rows_it_is_true_for(quality, condition, value, n, form):
    """Where a value is missing it is neither true nor false, and the row is not judged; NaN is missing."""
    table = ORDERS.to_pandas() if form is pd.DataFrame else form(ORDERS)
    quoted = condition.replace("'", "''")
    result, checks = quality(table, f"rows_where: {{'{quoted}': {{max: 0}}}}")
    found = checks[condition, "rows_where"]
    assert (found.value, found.n) == (value, n)
    assert result.verdict == ("PASS" if value == 0 else "FAIL")


@pytest.mark.parametrize(
    "condition", ["id > 1 -- not the first\n AND status = 'paid'", "status <> 'a  b'\n  AND id < 3", "id > 4 -- late"]
)
def test_the_query_shown_finds_the_rows_that_were_counted(judged, condition):
    """A comment ends where it ended, and quoted text keeps its spaces; a filter's query is of the rows it keeps."""
    t = pa.concat_tables([ORDERS, pa.table({"id": [6], "status": ["a  b"]})], promote_options="default")
    for data in ("{fixture: t}", "{fixture: t, where: 'id < 9 -- all'}"):
        asked = f"    rows_where:\n      ? {json.dumps(condition)}\n      : {{max: 0}}\n"
        _, checks = judged(f"gates:\n  g:\n    kind: data.quality\n    data: {data}\n{asked}", t=t)
        (found,) = [one for (_, metric), one in checks.items() if metric == "rows_where"]
        assert found.value == len(duckdb.sql(found.detail["query"]).fetchall()) > 0


def test_a_column_without_a_name_stops_the_queries_alone(quality):
    """SQL has no word for it: queries say so, and what does not ask for it is measured."""
    table = pa.table({"": [1, 2], "id": [1, 2]})
    _, checks = quality(table, "sql: {wrong: SELECT * FROM data}\nrows_where: {id > 1: {max: 0}}\nduplicates: {}")
    assert "name is empty" in checks["wrong", "sql"].reason
    assert (checks["id > 1", "rows_where"].value, checks["*", "duplicate_rows"].value) == (1, 0)


def test_examples_of_a_condition_show_the_columns_it_names(quality):
    """With the key, the query that finds the rest, and nothing of sensitive columns."""
    parameters = "rows_where: {\"amount < 0 and status = 'paid'\": {max: 0}, mail = 'a@x': {max: 0}}\nkey: [id, mail]"
    _, checks = quality(ORDERS, parameters)
    found = checks["amount < 0 and status = 'paid'", "rows_where"].detail
    row = {"row": 1, "key": {"id": "2", "mail": "b@x"}, "value": "amount=-5, status=paid"}
    assert found["examples"] == [row]
    assert found["query"] == "SELECT * FROM \"t\" WHERE (amount < 0 and status = 'paid')"
    _, checks = quality(ORDERS, f"{parameters}\nsensitive: [mail]")
    assert checks["mail = 'a@x'", "rows_where"].detail["examples"] == [
        {"row": 0, "key": {"id": "1", "mail": "(sensitive)"}, "value": "(sensitive)"}
    ]
    assert not any("b@x" in str(one.detail) for one in checks.values())


def test_all_conditions_are_one_pass(quality, monkeypatch):
    """However many there are; each failing one takes another for its examples."""
    passes = []
    stream = sandbox.stream
    monkeypatch.setattr(sandbox, "stream", lambda rows: passes.append(rows) or stream(rows))
    listed = ", ".join(f"id > {i}: {{max: 5}}" for i in range(20))
    result, checks = quality(ORDERS, f"rows_where: {{{listed}}}")
    assert [one.value for one in checks.values()] == [5, 4, 3, 2, 1, *[0] * 15]
    assert result.verdict == "PASS"
    assert len(passes) == 1


def test_conditions_hold_in_each_segment(quality):
    """Against the same condition on rows filtered by hand."""
    rng = np.random.default_rng(2)
    first = dt.datetime.fromisoformat("2026-01-01")
    table = pa.table(
        {
            "x": pa.array(rng.normal(size=500), mask=rng.random(500) < 0.2),
            "a b": pa.array(rng.choice(["it's", "ü", None], 500)),
            "at": pa.array([first + dt.timedelta(days=int(one)) for one in rng.integers(0, 2, 500)]),
            "f": pa.array(rng.choice([0.5, NAN], 500)),
        }
    )
    _, checks = quality(table, "segment_by: [a b, at, f]\nrows_where: {x > 1: {max: 5}}")
    frame = table.to_pandas()
    groups = frame.groupby(["a b", "at", "f"], dropna=False)["x"]
    names = {}
    for (text, at, f), values in groups:
        shown = "null" if pd.isna(text) else text
        name = f"x > 1[a b={shown},at={at.isoformat()}Z,f={'null' if np.isnan(f) else f}]"
        names[name] = (int((values > 1).sum()), int(values.notna().sum()))
    assert len(names) == 12
    found = {name: (one.value, one.n) for (name, metric), one in checks.items() if metric == "rows_where"}
    assert found == names


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("amuont < 0", "did you mean 'amount'"),
        ("amount <", "is not valid"),
        ("amount", "gives double, which is neither true nor false"),
        ("amount < 0; DROP TABLE data", "is"),
        ("amount < (SELECT max(id) FROM data)", "has a subquery"),
        ("EXISTS (SELECT 1 FROM read_csv('/etc/passwd'))", "has a subquery"),
        ("getenv('HOME') = 'x'", "reaches outside"),
        ("random() < 0.5", "other rows each time"),
        ("sum(amount) > 3", "cannot be asked"),
        ("unnest([true, false])", "cannot be asked"),
        ("row_number() OVER () > 2", "a predicate speaks of one row"),
        ("true) OR (true", "is"),
        ("CAST(mail AS INTEGER) > 3", "Could not convert"),
        ("status = 'nothing' AND NULL", "for any row"),
    ],
)
def test_a_condition_that_cannot_be_asked_is_not_measured(quality, condition, said):
    """In one line, with what to do, and the conditions beside it are."""
    quoted = condition.replace("'", "''")
    result, checks = quality(ORDERS, f"rows_where: {{'{quoted}': {{max: 0}}, 'id < 0': {{max: 0}}}}")
    if said == "for any row":
        result, checks = quality(ORDERS.slice(4), f"rows_where: {{'{quoted}': {{max: 0}}, 'id < 0': {{max: 0}}}}")
    found = checks[condition, "rows_where"]
    assert (found.verdict, checks["id < 0", "rows_where"].verdict) == ("NOT_MEASURED", "PASS")
    assert said in found.reason
    assert "\n" not in found.reason
    assert result.outcome == "errored"


def test_the_engine_quotes_no_sensitive_value(quality):
    """A cast that fails names the value it failed on; where a column is sensitive, that is kept back."""
    parameters = "rows_where: {CAST(mail AS INTEGER) > 3: {max: 0}}\nsql: {q: SELECT CAST(mail AS INTEGER) FROM data}"
    _, checks = quality(ORDERS, parameters)
    assert all("a@x" in one.reason for one in checks.values())
    _, checks = quality(ORDERS, f"{parameters}\nsensitive: [mail]")
    assert not any("a@x" in one.reason for one in checks.values())
    assert all("ConversionException" in one.reason for one in checks.values())
    _, checks = quality(ORDERS, "rows_where: {mial = 'x': {max: 0}}\nsensitive: [mail]")
    assert "did you mean 'mail'" in checks["mial = 'x'", "rows_where"].reason


@pytest.mark.parametrize(
    ("query", "value", "example"),
    [
        ("SELECT id FROM data WHERE amount < 0", 3, "id=2"),
        ("SELECT status, count(*) AS n FROM data GROUP BY status HAVING count(*) > 2", 1, "status=paid, n=3"),
        ("FROM data SELECT * WHERE id = 3", 1, "id=3, amount=null, status=paid, the region=s, mail=c@x"),
        ("WITH a AS (SELECT * FROM data) SELECT a.id FROM a JOIN others o ON a.id = o.id", 2, "id=1"),
        ("SELECT id FROM others EXCEPT SELECT id FROM data", 1, "id=9"),
        ("SELECT id FROM data WHERE id > 5", 0, None),
    ],
)
def test_a_query_must_return_no_rows(quality, query, value, example):
    """It knows the table as `data` and others as `tables` calls them; what it returns is counted and shown."""
    others = pa.table({"id": [1, 2, 9]})
    parameters = f'tables: {{others: {{fixture: others}}}}\nsql: {{wrong: "{query}"}}'
    result, checks = quality(ORDERS, parameters, others=others)
    found = checks["wrong", "sql"]
    assert (found.value, found.n, found.verdict) == (value, 5, "FAIL" if value else "PASS")
    if value:
        assert found.detail["query"] == query
        assert example in [one["value"] for one in found.detail["examples"]]
    softer = f'tables: {{others: {{fixture: others}}}}\nsql: {{wrong: {{query: "{query}", max: {value}}}}}'
    assert quality(ORDERS, softer, others=others)[0].verdict == "PASS"
    assert result.outcome == ("failed" if value else "passed")


def test_a_query_shows_nothing_where_a_column_is_sensitive(quality):
    """It could give a value any name."""
    _, checks = quality(ORDERS, "sql: {q: SELECT upper(mail) AS x FROM data}\nsensitive: [mail]")
    assert checks["q", "sql"].value == 5
    assert "@X" not in str(checks["q", "sql"].detail)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nothing FROM data", "nothing"),
        ("SELECT * FROM elsewhere", "elsewhere"),
        ("SELEC * FROM data", "is not valid"),
        ("SELECT 1; SELECT 2", "is SELECT, SELECT"),
        ("SELECT 1; DROP TABLE data", "is SELECT, DROP"),
        ("DROP TABLE data", "write one SELECT"),
        ("INSERT INTO data VALUES (1)", "write one SELECT"),
        ("COPY data TO '/tmp/stolen.csv'", "write one SELECT"),
        ("ATTACH 'x.db'", "write one SELECT"),
        ("SELECT * FROM read_csv('/etc/passwd')", "reaches outside"),
        ("SELECT * FROM '/etc/passwd'", "passwd"),
        ("SELECT * FROM data WHERE id IN (SELECT 1 FROM read_text('/etc/passwd'))", "reaches outside"),
        ("SELECT * FROM glob('/*')", "reaches outside"),
        ("SELECT getenv('HOME')", "reaches outside"),
        ("PRAGMA database_list", "write one SELECT"),
        ("SELECT CAST(mail AS INTEGER) FROM data", "Could not convert"),
    ],
)
def test_a_query_that_does_more_than_read_is_refused(quality, query, said):
    """Nothing is written, nothing outside is read, and the reason is one line."""
    result, checks = quality(ORDERS, "\n".join(["sql:", f'  bad: "{query}"', "  good: SELECT 1 FROM data WHERE false"]))
    found = checks["bad", "sql"]
    assert (found.verdict, checks["good", "sql"].verdict, result.outcome) == ("NOT_MEASURED", "PASS", "errored")
    assert said in found.reason
    assert "\n" not in found.reason
    assert "root:" not in found.reason


def test_sql_reads_files_that_the_gate_file_names(judged, tmp_path):
    """A Parquet file is a table like any other, though the sandbox can open no file that was not named."""
    pq.write_table(ORDERS, tmp_path / "t.parquet")
    pq.write_table(ORDERS, tmp_path / "secret.parquet")
    (tmp_path / "o.csv").write_text("id\n1\n7\n")
    text = """
data: {t: t.parquet, o: o.csv}
gates:
  g:
    kind: data.quality
    data: t
    tables: {o: o}
    rows_where: {amount < 0: {max: 3}}
    sql:
      lost: SELECT id FROM o WHERE id NOT IN (SELECT id FROM data)
      outside: SELECT * FROM 'secret.parquet'
"""
    _, checks = judged(text)
    assert (checks["amount < 0", "rows_where"].value, checks["lost", "sql"].value) == (3, 1)
    assert checks["outside", "sql"].verdict == "NOT_MEASURED"


@pytest.mark.parametrize(
    "parameters",
    [
        "rows_where: {isnan(x): {max: 0}}",
        "rows_where: {IsNaN(x) AND y > 0: {max: 0}}",
        "sql: {q: SELECT * FROM data WHERE isnan(x)}",
        "sql: {q: SELECT * FROM (SELECT isnan(x) AS bad FROM data) WHERE bad}",
    ],
)
def test_looking_for_nan_alone_is_refused(quality, parameters):
    """NaN is null in SQL as everywhere, so `isnan` never finds one: a gate must not be green for it."""
    table = pa.table({"x": [1.0, float("nan")], "y": [1, 1]})
    result, _ = quality(table, parameters)
    assert result.verdict == "NOT_MEASURED"
    (check,) = result.checks
    assert "calls isnan, which finds none" in check.reason
    _, checks = quality(table, "rows_where: {isnan(x) OR x IS NULL: {max: 0}, x IS NULL: {max: 0}}")
    assert {check.value for check in checks.values()} == {1}
