"""Tables of every source in whole runs: what is measured, and what reports say of it."""

from __future__ import annotations

import duckdb
import pytest


@pytest.fixture
def lake(project):
    """A folder of part files, a database, and a module that returns a frame."""
    for year in (2024, 2025):
        (project.path / f"lake/year={year}").mkdir(parents=True)
        duckdb.sql("SELECT range AS id, range % 100 AS age FROM range(1000)").write_parquet(
            str(project.path / f"lake/year={year}/part.parquet")
        )
    with duckdb.connect(project.path / "app.duckdb") as connection:
        connection.execute("CREATE TABLE scores AS SELECT range AS id, range % 100 AS age FROM range(500)")
    project.write("warehouse.py", "import polars as pl\ndef rows():\n    return pl.DataFrame({'age': [1, 2, 150]})\n")
    return project


GATES = """
gates:
  folder: {kind: data.schema, data: {path: lake}, columns: {age: {max: 99}, year: {min: 2024, max: 2025}}}
  pattern:
    kind: data.schema
    data: {path: "lake/*/*.parquet", where: "year = 2024 AND age > 50"}
    columns: {age: {min: 51}}
  table: {kind: data.schema, data: {path: app.duckdb, table: scores}, columns: {age: {max: 10}}}
  query:
    kind: data.schema
    data: {path: app.duckdb, query: SELECT age FROM scores WHERE age < 5}
    columns: {age: {max: 4}}
  thief: {kind: data.schema, data: {path: app.duckdb, query: SELECT * FROM read_csv('/etc/passwd')}, columns: {age: {}}}
  called: {kind: data.schema, data: {python: "warehouse:rows", where: age < 100}, columns: {age: {max: 99}}}
  sampled: {kind: data.schema, data: {path: lake, sample: {rows: 100, by: id}}, columns: {age: {max: 99}}}
"""


def test_every_source_is_measured_and_named(lake):
    """Verdicts follow the rows that were selected; a sample is stated beside a green gate too."""
    lake.gates(GATES)
    result, found = lake.run_json("-p", "no:cacheprovider")
    gates = {one["id"]: one for one in found["gates"]}
    verdicts = {name: one["verdict"] for name, one in gates.items()}
    assert verdicts == dict.fromkeys(gates, "PASS") | {"table": "FAIL", "thief": "NOT_MEASURED"}
    rows = {name: one["inputs"][0]["rows"] for name, one in gates.items() if one["inputs"]}
    assert rows == {"folder": 2000, "pattern": 490, "table": 500, "query": 25, "called": 2, "sampled": 100}
    assert gates["pattern"]["inputs"][0]["name"] == "lake/*/*.parquet where year = 2024 AND age > 50"
    assert len(gates["folder"]["inputs"][0]["files"]) == 2
    assert "reaches outside" in gates["thief"]["reason"]
    note = "a sample of 100 of 2,000 rows, chosen by hash by id, seed 0"
    assert gates["sampled"]["inputs"][0]["note"] == note
    assert gates["sampled"]["notes"] == [f"data lake is {note}"]
    result.stdout.fnmatch_lines(["*app.duckdb [[]scores] (500 rows)*", f"*{note}*"])
    assert "root:" not in result.stdout.str()


def test_a_parallel_run_measures_the_same(lake):
    """Databases and samples are opened by each worker, with the same answer."""
    lake.gates(GATES)
    found = [lake.run_json(*more)[1]["gates"] for more in ((), ("-n", "2"))]
    one, other = ({gate["id"]: (gate["verdict"], gate["checks"]) for gate in gates} for gates in found)
    assert one == other
