"""Bad data, bad models, missing libraries: NOT_MEASURED with a reason and a remedy, the other gates unaffected."""

from __future__ import annotations

import pytest

pa = pytest.importorskip("pyarrow")


@pytest.fixture
def tables(project):
    """Write one sound table and several that are not."""
    import pyarrow.parquet as pq

    rows = pa.table({"x": [1.0, 2.0, 3.0, 4.0], "y": [0, 1, 0, 1], "p": [0, 1, 1, 1], "s": [0.1, 0.8, 0.6, 0.9]})
    pq.write_table(rows, project.path / "good.parquet")
    pq.write_table(rows.slice(0, 0), project.path / "empty.parquet")
    pq.write_table(pa.table({"x": pa.array([None] * 4, pa.float64())}), project.path / "nulls.parquet")
    whole = (project.path / "good.parquet").read_bytes()
    (project.path / "truncated.parquet").write_bytes(whole[: len(whole) // 2])
    (project.path / "zero.parquet").write_bytes(b"")
    project.write("ragged.csv", "a,b\n1,2\n3,4,5\n")
    return project


def test_bad_tables_are_not_measured_one_by_one(tables):
    """Each gate says what is wrong with its own table and what to do; the sound one passes."""
    tables.gates(
        """
gates:
  good: {kind: data.schema, data: {path: good.parquet}, columns: {x: {type: number, min: 0}}}
  gone: {kind: data.schema, data: {path: goood.parquet}, columns: {x: {}}}
  truncated: {kind: data.schema, data: {path: truncated.parquet}, columns: {x: {}}}
  zero: {kind: data.schema, data: {path: zero.parquet}, columns: {x: {}}}
  folder: {kind: data.schema, data: {path: .}, columns: {x: {}}}
  ragged: {kind: data.schema, data: {path: ragged.csv}, columns: {a: {}}}
  empty: {kind: data.schema, data: {path: empty.parquet}, columns: {x: {type: number}}}
  nulls: {kind: data.schema, data: {path: nulls.parquet}, columns: {x: {nullable: true, min: 0}}}
  no-column: {kind: model.metrics, data: {path: good.parquet}, label: yy, prediction: p, metrics: {accuracy: {min: 0}}}
  no-rows: {kind: model.metrics, data: {path: empty.parquet}, label: y, prediction: p, metrics: {accuracy: {min: 0}}}
  drift: {kind: drift.features, reference: {path: good.parquet}, data: {path: empty.parquet}, metrics: {psi: {max: 9}}}
"""
    )
    result, found = tables.run_json()
    gates = {one["id"]: one for one in found["gates"]}
    assert gates.pop("good")["outcome"] == "passed"
    assert {one["verdict"] for one in gates.values()} == {"NOT_MEASURED"}
    assert {one["outcome"] for one in gates.values()} == {"errored"}
    assert "good.parquet" in gates["gone"]["remedy"]
    assert "'y'" in gates["no-column"]["remedy"]
    for one in gates.values():
        reason = one["reason"] or one["checks"][-1]["reason"]
        assert reason, one["id"]
        assert "Traceback" not in reason
    assert result.ret == 1
    assert "site-packages" not in result.stdout.str()


def test_bad_models_are_not_measured_one_by_one(tables):
    """Missing, damaged and ill-fitting weights, a pickle, a factory that raises, one that hangs, undeclared outputs."""
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    save_file({"weight": torch.ones(1, 1), "bias": torch.zeros(1)}, tables.path / "good.safetensors")
    save_file({"weight": torch.ones(3, 3)}, tables.path / "other.safetensors")
    (tables.path / "bad.safetensors").write_bytes(b"not safetensors")
    tables.write(
        "nets.py",
        "import time, torch\n"
        "def good(): return torch.nn.Linear(1, 1)\n"
        "def raises(): raise ValueError('no such architecture')\n"
        "def hangs(): time.sleep(60)\n"
        "def odd(): return 'a string'\n",
    )
    import pickle

    class Evil:
        def __reduce__(self):
            import os

            return os.mkdir, (str(tables.path / "owned"),)

    with (tables.path / "evil.pt").open("wb") as file:
        pickle.dump(Evil(), file)
    gate = "{kind: model.metrics, data: {path: good.parquet}, label: y, metrics: {roc_auc: {min: 0}}, model: MODEL}"
    model = '{loader: torch, factory: "nets:F", weights: W, features: [x], output: logits}'

    def line(name, factory="good", weights="good.safetensors", more=""):
        written = gate.replace("MODEL", model.replace("F", factory).replace("W", weights))
        return f"  {name}: {written[:-1]}{more}}}\n"

    tables.write("pytest.ini", "[pytest]\npythonpath = .\n")
    tables.gates(
        "gates:\n"
        + line("good")
        + line("gone", weights="goood.safetensors")
        + line("damaged", weights="bad.safetensors")
        + line("ill-fitting", weights="other.safetensors")
        + line("pickle", weights="evil.pt")
        + line("raises", factory="raises")
        + line("hangs", factory="hangs", more=", timeout: 500ms")
        + line("odd", factory="odd")
        + line("nowhere", factory="nothing")
    )
    _, found = tables.run_json()
    gates = {one["id"]: one for one in found["gates"]}
    assert gates.pop("good")["outcome"] == "passed", gates
    assert {one["verdict"] for one in gates.values()} == {"NOT_MEASURED"}
    assert "weight" in gates["ill-fitting"]["reason"]
    assert "no such architecture" in gates["raises"]["reason"]
    assert "nets.py:3" in gates["raises"]["reason"]
    assert "timeout of 0.5 s" in gates["hangs"]["reason"]
    assert not (tables.path / "owned").exists()
    assert all(one["remedy"] for name, one in gates.items() if name != "raises"), gates


def test_a_missing_extra_names_the_command(tables):
    """Without torch, the gate that needs it says what to install, and the others run."""
    tables.more_conftest("import sys\nsys.modules['torch'] = None\n")
    (tables.path / "w.safetensors").write_bytes(b"never read")
    tables.gates(
        """
models: {m: {loader: torch, factory: "nets:good", weights: w.safetensors, features: [x], output: logits}}
gates:
  needs: {kind: model.metrics, data: {path: good.parquet}, label: y, model: m, metrics: {accuracy: {min: 0}}}
  not: {kind: data.schema, data: {path: good.parquet}, columns: {x: {}}}
"""
    )
    _, found = tables.run_json()
    needs, other = found["gates"]
    assert (needs["verdict"], other["verdict"]) == ("NOT_MEASURED", "PASS")
    assert needs["remedy"] == 'pip install "pytest-mlgate[torch]"'
