"""The same checks from Python, and the other fixtures that the plugin offers."""

from __future__ import annotations

import pytest

CHECKS = """
import pandas as pd
import pytest

FRAME = pd.DataFrame({"x": [1, 2, 3, None], "y": [1, 0, 1, 0], "p": [1, 0, 1, 1]})

def test_holds(mlgate):
    result = mlgate.check("data.schema", data=FRAME, columns={"x": {"nullable": True, "min": 1}})
    assert result.verdict == "PASS"

def test_fails(mlgate):
    mlgate.check("data.schema", data=FRAME, columns={"y": {}})
    mlgate.check("data.schema", data=FRAME, columns={"x": {"min": 2}})

def test_lost(mlgate):
    mlgate.check("model.metrics", data=FRAME, label="nope", prediction="p", metrics={"accuracy": {"min": 0.1}})

def test_waived(mlgate):
    waiver = {"until": "2999-01-01", "reason": "known"}
    assert mlgate.check("data.schema", data=FRAME, columns={"x": {}}, waive=waiver).outcome == "waived"

def test_path(mlgate):
    FRAME.to_csv("f.csv", index=False)
    mlgate.check("drift.features", reference="f.csv", data={"path": "f.csv"}, metrics={"psi": {}})

def test_mistakes(mlgate):
    mlgate.check("data.schema", data=FRAME, columns={"x": {"mn": 2}}, extra=1)

def test_no_kind(mlgate):
    mlgate.check("data.shema", data=FRAME)
"""
OUTCOMES = {"passed": 3, "failed": 4}


def test_checks_hold_in_a_plain_run(project):
    """Without --mlgate: the same verdicts and the same text."""
    project.write("test_c.py", CHECKS)
    result = project.run(mlgate=False)
    result.assert_outcomes(**OUTCOMES)
    result.stdout.fnmatch_lines(
        [
            "*FAIL: x nulls is 1, limit max 0",
            "*rerun     pytest test_c.py::test_fails",
            "*NOT MEASURED:*no column 'nope'",
            "*data.schema: extra: unknown key 'extra'",
            "*data.schema: columns.x.mn: unknown key 'mn'",
            "*there is no gate kind 'data.shema'; did you mean 'data.schema'?",
        ]
    )
    assert "checker.py" not in result.stdout.str()


@pytest.mark.parametrize("extra", [(), ("-n", "2")], ids=["serial", "xdist"])
@pytest.mark.parametrize("mlgate", [True, False])
def test_checks_enter_the_document(project, extra, mlgate):
    """Under the test's node id and a counter, with or without collected gates, in parallel too."""
    project.write("test_c.py", CHECKS)
    import json

    project.run("--mlgate-json", "out.json", *extra, mlgate=mlgate).assert_outcomes(**OUTCOMES)
    found = json.loads((project.path / "out.json").read_text(encoding="utf-8"))
    assert {one["node_id"]: one["outcome"] for one in found["gates"]} == {
        "test_c.py::test_holds#1": "passed",
        "test_c.py::test_fails#1": "passed",
        "test_c.py::test_fails#2": "failed",
        "test_c.py::test_lost#1": "errored",
        "test_c.py::test_waived#1": "waived",
        "test_c.py::test_path#1": "passed",
    }
    assert found["promotions"] == []
    assert [one["line"] for one in found["gates"] if one["node_id"].endswith("fails#2")] == [13]


def test_a_torch_model_can_be_handed_over(project):
    """The object stands where a gate file names a fixture."""
    pytest.importorskip("torch")
    project.write(
        "test_m.py",
        "import pandas as pd, torch\n"
        "def test_m(mlgate):\n"
        "    frame = pd.DataFrame({'x': [-2.0, -1.0, 1.0, 2.0], 'y': [0, 0, 1, 1]})\n"
        "    model = {'fixture': torch.nn.Identity(), 'features': ['x'], 'output': 'logits'}\n"
        "    result = mlgate.check('model.metrics', data=frame, label='y', model=model,\n"
        "                          metrics={'accuracy': {'min': 1.0}})\n"
        "    assert result.checks[0].value == 1.0\n",
    )
    project.run(mlgate=False).assert_outcomes(passed=1)


def test_guardrails_and_providers_can_be_handed_over(project):
    """A function stands where a gate file names one; numpy numbers are numbers."""
    project.write("cases.jsonl", '{"text": "bad", "label": "attack"}\n{"text": "fine", "label": "harmless"}\n')
    project.write("prompt.yaml", "version: 1\nname: p\nmessages: [{role: user, content: 'say {text}'}]\n")
    project.write(
        "test_g.py",
        """
import numpy as np

def test_guardrail(mlgate):
    label = {"field": "label", "positive": "attack"}
    metrics = {"recall": {"min": np.float64(1)}}
    guardrail = lambda text: text == "bad"
    result = mlgate.check(
        "guardrail.cases", guardrail=guardrail, cases="cases.jsonl", text="text", label=label, metrics=metrics
    )
    assert result.verdict == "PASS"

def test_provider(mlgate):
    wanted = {"assert": [{"type": "equals", "value": "ok"}], "metrics": {"pass_rate": {"min": 1}}}
    provider = lambda messages: "ok"
    result = mlgate.check("prompt.eval", prompt="prompt.yaml", cases="cases.jsonl", provider=provider, **wanted)
    assert result.verdict == "PASS"
""",
    )
    project.run(mlgate=False).assert_outcomes(passed=2)


def test_the_other_fixtures_do_what_they_say(project):
    """Tables, registries, seeds and devices."""
    project.write(
        "test_f.py",
        """
import random
import numpy as np

def test_table(mlgate_table):
    open("t.csv", "w").write("a,b\\n1,2\\n")
    assert mlgate_table("t.csv").to_pylist() == [{"a": 1, "b": 2}]

def test_registry(mlgate_registry, tmp_path):
    registry = mlgate_registry("m")
    assert registry.current("champion") is None

DRAWN = []

def test_seed(mlgate_seed):
    DRAWN.append((random.random(), np.random.random()))
    random.seed(mlgate_seed)
    np.random.seed(mlgate_seed)
    assert DRAWN[0] == (random.random(), np.random.random())

def test_device(mlgate_device):
    assert mlgate_device == "cpu"
""",
    )
    project.run(mlgate=False).assert_outcomes(passed=4)


def test_a_model_is_loaded_through_a_fixture(project):
    """`mlgate_load` takes a factory and safetensors."""
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    save_file({"weight": torch.tensor([[3.0]]), "bias": torch.tensor([1.0])}, project.path / "w.safetensors")
    project.write("nets.py", "import torch\ndef make(): return torch.nn.Linear(1, 1)\n")
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    project.write(
        "test_l.py",
        "import torch\n"
        "def test_l(mlgate_load):\n"
        "    net = mlgate_load(factory='nets:make', weights='w.safetensors')\n"
        "    assert net(torch.tensor([[2.0]])).item() == 7.0\n",
    )
    project.run(mlgate=False).assert_outcomes(passed=1)


@pytest.mark.gpu
def test_training_and_judging_on_cuda(project):
    """A gate tagged `gpu` trains its model on the device and judges it there."""
    project.write(
        "nets.py",
        "import torch\n"
        "def make(): return torch.nn.Linear(1, 1)\n"
        "def train(*, data, seed, device):\n"
        "    net = make().to(device)\n"
        "    with torch.no_grad():\n"
        "        net.weight.fill_(4.0); net.bias.zero_()\n"
        "    assert net.weight.is_cuda\n"
        "    return net\n",
    )
    project.write("pytest.ini", "[pytest]\npythonpath = .\n")
    project.write("rows.csv", "x,y\n" + "".join(f"{i},{int(i > 0)}\n" for i in range(-50, 51) if i))
    project.more_conftest(
        """
@pytest.fixture(scope="session")
def trained(mlgate_train):
    return mlgate_train("nets:train", factory="nets:make", device="cuda")
"""
    )
    project.gates(
        """
models: {m: {fixture: trained, features: [x], output: logits}}
gates:
  q: {kind: model.metrics, data: {path: rows.csv}, label: y, model: m, metrics: {accuracy: {min: 1}}, tags: [gpu]}
"""
    )
    project.run().assert_outcomes(passed=1)


def test_a_mistake_shows_no_rows_of_the_data(project):
    """What a report must not show is not in the frames of a traceback either."""
    project.write(
        "test_c.py",
        """
import pandas as pd
import pytest

@pytest.mark.parametrize("more", [{"freshness": {"column": "mail", "max_age": "1d"}}, {"rows": 1}])
def test_mistaken(mlgate, more):
    mlgate.check("data.quality", data=pd.DataFrame({"mail": ["ann@" + "example.org"]}), sensitive=["mail"], **more)
""",
    )
    result = project.run("--junitxml=j.xml", mlgate=False)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*the age of a sensitive column's newest value would show that value"])
    for text in (result.stdout.str(), (project.path / "j.xml").read_text()):
        assert "ann@example" not in text
        assert "build.py" not in text
