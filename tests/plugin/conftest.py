"""A throw-away project that offers the toy kind from its `conftest.py`."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import pytest

# `pytester` forgets every module that a test imports, and torch does not survive being imported twice.
for _name in ("pyarrow.parquet", "torch", "safetensors.torch"):
    with suppress(ModuleNotFoundError):
        importlib.import_module(_name)

CONFTEST = """
import pytest
import toy

def pytest_mlgate_kinds():
    return [toy.KIND]
"""


class Project:
    """Writes files, runs pytest in a process of its own, reads what came out."""

    def __init__(self, pytester):
        self.pytester = pytester
        self.path = pytester.path
        shutil.copy(Path(__file__).parent.parent / "toy.py", self.path / "toy.py")
        self.write("conftest.py", CONFTEST)
        self.write("pytest.ini", "[pytest]\naddopts = --strict-markers -p no:cacheprovider\n")

    def write(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def more_conftest(self, text):
        self.write("conftest.py", CONFTEST + text)

    def gates(self, text, name="a.gate.yaml"):
        return self.write(name, "version: 1\n" + text)

    def run(self, *arguments, mlgate=True):
        return self.pytester.runpytest_subprocess(*(["--mlgate"] if mlgate else []), *arguments)

    def mlgate(self, *arguments):
        """Run the `mlgate` command of this very environment, whether or not it is on the PATH."""
        return self.pytester.run(sys.executable, "-c", "from pytest_mlgate.cli import main; main()", *arguments)

    def run_json(self, *arguments):
        """Run, and give pytest's result and the JSON document."""
        result = self.run("--mlgate-json", "out.json", *arguments)
        return result, json.loads((self.path / "out.json").read_text(encoding="utf-8"))


@pytest.fixture
def project(pytester, monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return Project(pytester)
