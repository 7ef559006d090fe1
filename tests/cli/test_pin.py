"""`mlgate pin`: what it prints is what a gate then passes on."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest
from click.testing import CliRunner

from pytest_mlgate.cli import main


@pytest.fixture
def mlgate(tmp_path, monkeypatch):
    """Run a command in a folder with a table, a folder of files and an empty folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("id,age\n1,30\n2,41\n", encoding="utf-8")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a").write_text("1", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    return lambda *arguments: CliRunner().invoke(main, ["pin", *arguments])


@pytest.mark.parametrize(
    ("named", "arguments"),
    [("path: t.csv", ["t.csv"]), ("path: parts", ["parts"]), ("data: {path: t.csv}", ["--rows", "t.csv"])],
)
def test_what_it_prints_makes_a_gate_that_passes(mlgate, tmp_path, named, arguments):
    """For a file, a folder and a table's rows."""
    printed = mlgate(*arguments)
    assert printed.exit_code == 0, printed.output
    lines = "".join(f"    {line}\n" for line in [named, *printed.output.splitlines()])
    gate = tmp_path / "t.gate.yaml"
    gate.write_text(f"version: 1\ngates:\n  g:\n    kind: data.version\n{lines}", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--mlgate", "-q", "-p", "no:cacheprovider", str(gate)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_the_hash_of_a_file_is_everybodys(mlgate, tmp_path):
    """As `sha256sum` gives it."""
    assert mlgate("t.csv").output == f"sha256: {hashlib.sha256((tmp_path / 't.csv').read_bytes()).hexdigest()}\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["empty"], "empty holds no files"),
        (["--rows", "parts"], "parts is a folder"),
        (["--rows", "parts/a"], "no table that can be read"),
        (["nothing"], "does not exist"),
    ],
)
def test_what_cannot_be_pinned_is_told(mlgate, arguments, reason):
    """With an exit status that scripts see."""
    result = mlgate(*arguments)
    assert result.exit_code != 0
    assert reason in result.output
    assert "sha256" not in result.stdout
