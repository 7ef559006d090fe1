"""`mlgate …`: what is not a test run."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from pytest_mlgate.cli import main


@pytest.fixture
def mlgate(tmp_path, monkeypatch):
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_kinds_lists_what_is_installed(mlgate):
    """A line each, with what it measures."""
    result = mlgate("kinds")
    assert result.exit_code == 0
    assert "data.schema" in result.output
    assert "The column contract of a table" in result.output


@pytest.mark.parametrize("kind", ["data.schema", "drift.features", "model.metrics"])
def test_explain_tells_all_about_a_kind(mlgate, kind):
    """What it does, why, an example that runs, and every parameter."""
    result = mlgate("explain", kind)
    assert result.exit_code == 0
    for said in ("What it does", "Why", "References", "Example", "version: 1", "Parameters of this kind", "waive"):
        assert said in result.output
    assert "None" not in result.output


def test_explaining_what_is_no_kind_suggests_one(mlgate):
    """A typing mistake is answered with the nearest name."""
    result = mlgate("explain", "drift.feature")
    assert result.exit_code == 1
    assert "did you mean 'drift.features'?" in result.output


def test_init_writes_gates_that_hold_and_says_what_to_do_next(mlgate, tmp_path):
    """The largest table is described as it is; the gate file is valid and passes."""
    (tmp_path / "data").mkdir()
    rows = "".join(f"{i},{'' if i % 10 == 0 else i / 2},x{i}\n" for i in range(200))
    (tmp_path / "data" / "big.csv").write_text(f"id,some value,yes\n{rows}", encoding="utf-8")
    (tmp_path / "data" / "small.csv").write_text("a\n1\n", encoding="utf-8")
    result = mlgate("init")
    assert result.exit_code == 0, result.output
    assert "next: pytest --mlgate gates/big.gate.yaml" in result.output
    text = (tmp_path / "gates" / "big.gate.yaml").read_text(encoding="utf-8")
    assert '"some value": {type: number, max_null_fraction: 0.16, min: 0, max: 110' in text
    assert (tmp_path / ".github" / "workflows" / "gates.yml").exists()
    import subprocess
    import sys

    command = [sys.executable, "-m", "pytest", "--mlgate", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_init_overwrites_nothing(mlgate, tmp_path):
    """A second call leaves what is there."""
    (tmp_path / "t.csv").write_text("a\n1\n", encoding="utf-8")
    assert mlgate("init").exit_code == 0
    before = (tmp_path / "gates" / "t.gate.yaml").read_bytes()
    again = mlgate("init")
    assert again.exit_code == 1
    assert "nothing was written" in again.output
    assert (tmp_path / "gates" / "t.gate.yaml").read_bytes() == before


@pytest.mark.parametrize("content", [None, "", "a,b\n"])
def test_init_without_usable_data_says_so(mlgate, tmp_path, content):
    """No table, an empty file, a header alone: an error, and nothing written."""
    if content is not None:
        (tmp_path / "t.csv").write_text(content, encoding="utf-8")
    result = mlgate("init")
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert not (tmp_path / "gates").exists()


def test_schema_prints_the_published_schema(mlgate):
    """For editors."""
    assert json.loads(mlgate("schema").output)["title"] == "pytest-mlgate gate file, version 1"
