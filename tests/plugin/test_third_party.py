"""A kind from an installed package of its own is found, checked, run and explained like ours."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

pytestmark = pytest.mark.skipif(
    not any(point.name == "sample.row_count" for point in entry_points(group="pytest_mlgate.kinds")),
    reason="needs the sample plugin: pip install -e tests/sample_plugin",
)


def test_a_third_partys_kind_runs(project):
    """Green and red, by its own name."""
    project.write("t.csv", "a\n1\n2\n")
    project.gates(
        "gates:\n  ok: {kind: sample.row_count, data: {path: t.csv}, rows: {min: 2}}\n"
        "  red: {kind: sample.row_count, data: {path: t.csv}, rows: {min: 3}}\n"
    )
    result, found = project.run_json()
    assert [one["outcome"] for one in found["gates"]] == ["passed", "failed"]
    result.stdout.fnmatch_lines(["FAIL: rows is 2, limit min 3"])


def test_its_mistakes_are_found_while_reading(project):
    """The schema comes from its struct."""
    project.gates("gates: {a: {kind: sample.row_count, data: {path: t.csv}, rows: {mn: 2}}}")
    result = project.run()
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*unknown key 'mn'*", "*did you mean 'min'?*"])


def test_it_is_listed_and_explained(project):
    """`mlgate kinds` and `mlgate explain` know it."""
    project.mlgate("kinds").stdout.fnmatch_lines(["sample.row_count*How many rows a table has"])
    project.mlgate("explain", "sample.row_count").stdout.fnmatch_lines(["*rows*the limit*"])
