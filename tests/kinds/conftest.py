"""Run a gate written as YAML on data made in the test."""

from __future__ import annotations

import pytest

from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.gatefile import load
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.run import Site, run, seed_of


@pytest.fixture
def judged(tmp_path):
    """Give a function that runs the one gate of a gate file and returns its result and its checks by name."""
    store = InputStore(tmp_path)

    def judge(text, **fixtures):
        path = tmp_path / "t.gate.yaml"
        path.write_text(f"version: 1\n{text}", encoding="utf-8")
        (gate,) = load(path, Catalogue()).gates
        node_id = f"t.gate.yaml::{gate.id}"
        inputs = GateInputs(store, seed=seed_of(node_id), fixtures=fixtures)
        result = run(gate, inputs, Site(node_id=node_id, file="t.gate.yaml", name="t"))
        return result, {(check.name, check.metric): check for check in result.checks}

    yield judge
    store.close()


@pytest.fixture
def quality(judged):
    """Judge a table by `data.quality` with parameters written as YAML; other tables are fixtures `{fixture: name}`."""

    def judge(table, parameters, **others):
        indented = "\n".join(f"    {line}" for line in parameters.strip("\n").splitlines())
        text = f"gates:\n  g:\n    kind: data.quality\n    data: {{fixture: t}}\n{indented}\n"
        return judged(text, t=table, **others)

    return judge
