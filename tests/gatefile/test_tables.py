"""What a gate file may say of a table is checked while it is read, with the place where it stands."""

from __future__ import annotations

import pytest
from toy import ToyKinds

from pytest_mlgate.errors import GateFileError
from pytest_mlgate.gatefile import load


def read(tmp_path, table):
    """Read a gate file with one table."""
    path = tmp_path / "a.gate.yaml"
    path.write_text(
        f"version: 1\ndata:\n  t: {table}\ngates: {{a: {{kind: toy.constant, data: t}}}}\n", encoding="utf-8"
    )
    return load(path, ToyKinds()).gates[0].spec.data


@pytest.mark.parametrize(
    "table",
    [
        "a.parquet",
        '"parts/**/*.parquet"',
        "{path: parts, hive: true}",
        "{path: parts, union_by_name: true}",
        "{path: a.csv, csv: {delimiter: ';', decimal: ',', encoding: cp1252, nulls: [NA], types: {zip: string}}}",
        "{path: 'a*.csv', csv: {header: false, names: [a, b]}}",
        "{path: a.duckdb, table: scores, engine: duckdb}",
        "{path: a.db, query: SELECT 1 AS a, where: a > 0}",
        "{fixture: frame, where: a > 0, sample: {rows: 10}}",
        "{python: 'package.module:callable', sample: {share: 0.1, seed: 3, by: id}}",
        "{path: a.jsonl, sample: {share: 0.1, by: [id, day]}, labels: {a: {1: one}}}",
    ],
)
def test_what_can_be_said_of_a_table(table, tmp_path):
    """Every source and every selection, and both together."""
    assert read(tmp_path, table) is not None


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("{}", "one source"),
        ("{path: a.csv, fixture: b}", "one source"),
        ("{path: a.csv, python: 'm:f'}", "one source"),
        ("{fixture: a, python: 'm:f'}", "one source"),
        ("{fixture: 'not a name'}", "the name of a pytest fixture"),
        ("{python: nocolon}", "package.module:attribute"),
        ("{path: a.csv, table: t}", "table is for a DuckDB database"),
        ("{path: a.parquet, query: SELECT 1}", "query is for a DuckDB database"),
        ("{path: a.duckdb}", "either table or query"),
        ("{path: a.duckdb, table: t, query: SELECT 1}", "either table or query"),
        ("{fixture: f, table: t}", "table is for tables that have a path"),
        ("{fixture: f, csv: {}}", "csv is for tables that have a path"),
        ("{fixture: f, hive: false}", "hive is for tables that have a path"),
        ("{fixture: f, hive: true}", "hive is for tables that have a path"),
        ("{path: a.parquet, csv: {delimiter: ';'}}", "csv is for .csv, .tsv"),
        ("{path: a.csv, union_by_name: true}", "union_by_name is for .parquet, .pq"),
        ("{path: a.duckdb, table: t, hive: true}", "hive is for files"),
        ("{path: a.csv, csv: {encoding: utf8000}}", "no text encoding"),
        ("{path: a.csv, csv: {encoding: base64}}", "no text encoding"),
        ("{path: a.csv, csv: {delimiter: ';;'}}", "too long"),
        ("{path: a.csv, csv: {delimiter: ',', decimal: ','}}", "means something else"),
        ("{path: a.csv, csv: {names: [a]}}", "header: false"),
        ("{path: a.csv, csv: {types: {a: int}}}", "not allowed"),
        ("{path: a.csv, csv: {delimter: ';'}}", "unknown key 'delimter'"),
        ("{path: a.csv, sample: {}}", "either rows or a share"),
        ("{path: a.csv, sample: {rows: 5, share: 0.5}}", "either rows or a share"),
        ("{path: a.csv, sample: {rows: 0}}", "0"),
        ("{path: a.csv, sample: {share: 1.5}}", "1"),
        ("{path: a.csv, sample: {rows: 5, by: []}}", ""),
        ("{path: a.csv, where: ''}", ""),
        ("{path: a.csv, engine: mysql}", "not allowed"),
    ],
)
def test_mistakes_are_said_with_their_place(table, says, tmp_path):
    """Nothing that the gate file says without effect is let through."""
    with pytest.raises(GateFileError) as caught:
        read(tmp_path, table)
    (problem,) = caught.value.problems
    assert says in f"{problem.what} {problem.mend}"
    assert (problem.place.path.name, problem.place.line) == ("a.gate.yaml", 3)
