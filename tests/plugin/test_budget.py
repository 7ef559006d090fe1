"""What a run may load: nothing without gates, nothing heavy before the first gate runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = [
    "numpy",
    "scipy",
    "torch",
    "duckdb",
    "pyarrow",
    "narwhals",
    "pandas",
    "polars",
    "jsonschema",
    "rich",
    "filelock",
]
PROBE = """
import json, sys
def pytest_unconfigure(config):
    with open("modules.json", "w") as file:
        json.dump(sorted(sys.modules), file)
"""


@pytest.fixture
def modules(tmp_path):
    """Run pytest in a bare folder and give the modules that were loaded at its end."""

    def run(*arguments):
        (tmp_path / "conftest.py").write_text(PROBE, encoding="utf-8")
        (tmp_path / "test_x.py").write_text("def test_x(): pass\n", encoding="utf-8")
        gate = "{kind: model.metrics, data: d, label: y, prediction: p, metrics: {accuracy: {min: 0.5}}}"
        gates = "".join(f"  g{i}: {gate}\n" for i in range(20))
        (tmp_path / "x.gate.yaml").write_text(f"version: 1\ndata: {{d: d.csv}}\ngates:\n{gates}", encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:hypothesispytest",
            "--rootdir",
            str(tmp_path),
        ]
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("COV", "PYTEST"))}
        done = subprocess.run(
            [*command, *arguments], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return set(json.loads((tmp_path / "modules.json").read_text(encoding="utf-8")))

    return run


def test_a_plain_run_loads_the_thin_plugin_and_the_hookspecs_alone(modules):
    """Teams without gates in a run pay nothing."""
    assert {name for name in modules() if name.startswith("pytest_mlgate")} == {
        "pytest_mlgate",
        "pytest_mlgate.plugin",
        "pytest_mlgate.hookspecs",
    }


def test_collecting_gates_loads_no_heavy_library(modules):
    """Collection reads YAML and metadata; statistics and engines come with the first gate that runs."""
    loaded = modules("--mlgate", "--collect-only")
    assert "pytest_mlgate.kinds.model.metrics" in loaded
    assert not [name for name in HEAVY if name in loaded]
