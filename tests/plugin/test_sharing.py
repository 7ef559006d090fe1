"""What workers share: a model runs once per session, and no more is left of it afterwards."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")
safetensors = pytest.importorskip("safetensors.torch", reason="needs the extra torch")

NET = """
import os, pathlib
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def forward(self, x):
        with open("runs.txt", "a") as file:
            file.write(f"{os.getpid()} {len(x)}\\n")
        return self.linear(x)
"""
GATES = """
models: {m: {factory: net_of_users:Net, weights: net.safetensors, features: [a, b], output: logits}}
defaults: {data: {path: rows.parquet}, label: y}
gates:
""" + "".join(
    f"  g{i}: {{kind: model.metrics, model: m, metrics: {{accuracy: {{min: 0.{i}}}}}}}\n" for i in range(1, 9)
)


def test_workers_run_a_model_once(project, monkeypatch, tmp_path_factory):
    """Eight gates on two workers: one run over the rows, the serial run's numbers, and no folder left behind."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    project.write("net_of_users.py", NET)
    torch.manual_seed(0)
    state = {"linear.weight": torch.randn(1, 2), "linear.bias": torch.randn(1)}
    safetensors.save_file(state, project.path / "net.safetensors")
    rng = np.random.default_rng(0)
    pl.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300), "y": rng.integers(0, 2, 300)}).write_parquet(
        project.path / "rows.parquet"
    )
    project.gates(GATES)
    _, serial = project.run_json("-p", "no:xdist")
    runs = project.path / "runs.txt"
    assert len(runs.read_text().splitlines()) == 1
    runs.unlink()
    _, parallel = project.run_json("-n", "2", "--dist", "load")
    lines = runs.read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["300"]
    assert [one["checks"] for one in parallel["gates"]] == [one["checks"] for one in serial["gates"]]
    assert len({json.dumps(one["checks"][0]["value"]) for one in parallel["gates"]}) == 1
    assert list(temporary.glob("mlgate-*")) == []
