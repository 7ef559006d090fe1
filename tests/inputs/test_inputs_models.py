"""Loading and running torch models: what comes out, what is refused, and that nothing is left changed."""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from contextlib import suppress

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pytest_mlgate.errors import MissingExtraError, NotApplicableError, NotMeasuredError
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.inference import feature_matrix
from pytest_mlgate.inputs.training import TrainedModel
from pytest_mlgate.kind import PredictionSpec
from pytest_mlgate.reference import ModelRef, TableRef
from pytest_mlgate.registries import open_registry

torch = pytest.importorskip("torch", reason="needs the extra torch")
safetensors = pytest.importorskip("safetensors.torch", reason="needs the extra torch")

NETS = """
import torch
from torch import nn

class Net(nn.Module):
    runs = []

    def __init__(self, outputs=1, fail=None):
        super().__init__()
        if fail:
            raise ValueError(fail)
        self.linear = nn.Linear(2, outputs)
        self.drop = nn.Dropout(0.9)

    def forward(self, x):
        Net.runs.append(len(x))
        return self.drop(self.linear(x))

class Answer(nn.Module):
    def __init__(self, values=(), kind="tensor"):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(()))
        self.values, self.kind, self.at = values, kind, 0

    def forward(self, x):
        if self.kind == "raise":
            raise RuntimeError("no such thing")
        values = torch.tensor(self.values)[self.at : self.at + len(x)]
        self.at = (self.at + len(x)) % len(self.values)
        cube = values[..., None, None]
        return {"tensor": values, "dict": {"logits": values}, "scalar": values.sum(), "cube": cube}[self.kind]

def make_seven():
    return 7

def late():
    raise TimeoutError("too late")

def interrupted():
    raise KeyboardInterrupt

def prepare(table):
    import numpy as np
    both = np.column_stack([table.column(name).to_numpy().astype("float32") for name in ("a", "b")])
    return torch.from_numpy(both)

def prepare_named(table):
    return {"x": prepare(table)}

def prepare_tuple(table):
    return (prepare(table),)

def prepare_badly(table):
    return table["nothing"]
"""
FRAME = pl.DataFrame({"a": [1.0, -2.0, 0.5, 4.0], "b": [0, 1, 2, 3], "y": [1, 0, 0, 1], "s": list("wxyz")})


@pytest.fixture
def net(user_module, tmp_path):
    """The module of networks, and the weights of one, on disk and as arrays."""
    user_module("nets", NETS)
    import nets

    torch.manual_seed(5)
    module = nets.Net()
    path = tmp_path / "net.safetensors"
    safetensors.save_file(module.state_dict(), path)
    state = {name: tensor.numpy().astype(float) for name, tensor in module.state_dict().items()}
    return path, state


def spec(ref, data=None, **more):
    """Write a gate that measures a model."""
    return PredictionSpec(kind="x", data=data or TableRef(fixture="rows"), model=ref, label="y", **more)


def expected_logits(state):
    """Compute the network's answers without torch."""
    return (FRAME.select("a", "b").to_numpy() @ state["linear.weight"].T + state["linear.bias"])[:, 0]


@pytest.mark.parametrize("batch_size", [1, 3, 8192])
def test_weights_from_safetensors_answer_as_numpy_does(batch_size, net, inputs):
    """Dropout is off, batches do not matter, sigmoid and threshold are the textbook's."""
    path, state = net
    ref = ModelRef(factory="nets:Net", weights=str(path), features=("a", "b"), output="logits", batch_size=batch_size)
    gate = inputs(rows=FRAME)
    found = gate.predictions(spec(ref))
    probability = 1 / (1 + np.exp(-expected_logits(state)))
    np.testing.assert_allclose(found.scores, probability, rtol=1e-6)
    assert found.predicted.tolist() == (probability >= 0.5).tolist()
    assert found.labels.tolist() == [True, False, False, True]
    record = next(one for one in gate.records if one.role == "model")
    assert (record.name, record.sha256) == ("net.safetensors", hashlib.sha256(path.read_bytes()).hexdigest())
    assert record.files[0].sha256 == record.sha256


def test_weights_from_torch_save_answer_the_same(net, inputs, tmp_path):
    """A pickled state dict is as good as safetensors."""
    path, _ = net
    torch.save(safetensors.load_file(path), tmp_path / "net.pt")
    refs = [
        ModelRef(factory="nets:Net", weights=str(one), features=("a", "b"), output="logits")
        for one in (path, tmp_path / "net.pt")
    ]
    first, second = (inputs(rows=FRAME).predictions(spec(ref)).scores for ref in refs)
    np.testing.assert_array_equal(first, second)


class Malice:
    """Unpickling this would create a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("how", ["torch.save", "pickle", "inside a state dict"])
def test_a_pickle_that_would_run_code_is_refused(how, net, inputs, tmp_path):
    """The file is not created, and the reason tells how to convert what is trusted."""
    planted, weights = tmp_path / "planted", tmp_path / "net.pt"
    if how == "torch.save":
        torch.save(Malice(planted), weights)
    elif how == "pickle":
        weights.write_bytes(pickle.dumps(Malice(planted)))
    else:
        torch.save({"linear.weight": Malice(planted)}, weights)
    with pytest.raises(NotMeasuredError, match="refused") as caught:
        inputs(rows=FRAME).predictions(
            spec(ModelRef(factory="nets:Net", weights=str(weights), features=("a", "b"), output="logits"))
        )
    assert "safetensors.torch.save_file" in caught.value.remedy
    assert not planted.exists()


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("net.pt", b"not a checkpoint at all", "net.pt"),
        ("net.pt", "truncated", "cannot be read by torch.load"),
        ("net.pt", "checkpoint", "holds no state dict"),
        ("net.pt", "list", "holds no state dict"),
        ("net.safetensors", b"\x08" + bytes(40), "cannot be read as safetensors"),
        ("net.safetensors", "truncated", "cannot be read as safetensors"),
        ("net.safetensors", b"", "0 bytes"),
    ],
)
def test_damaged_weights_are_not_measured(name, body, says, net, inputs, tmp_path):
    """Cut short, overwritten or holding something else: each says so."""
    path, weights = net[0], tmp_path / "bad" / name
    weights.parent.mkdir()
    if isinstance(body, bytes):
        weights.write_bytes(body)
    elif body == "truncated" and name == "net.safetensors":
        weights.write_bytes(path.read_bytes()[:-4])
    elif body == "truncated":
        torch.save(safetensors.load_file(path), weights)
        weights.write_bytes(weights.read_bytes()[:-100])
    else:
        torch.save({"checkpoint": {"epoch": 3, "state_dict": {}}, "list": [torch.zeros(1)]}[body], weights)
    with pytest.raises(NotMeasuredError) as caught:
        inputs(rows=FRAME).predictions(
            spec(ModelRef(factory="nets:Net", weights=str(weights), features=("a", "b"), output="logits"))
        )
    assert says in caught.value.reason
    assert caught.value.remedy
    if body == "checkpoint":
        assert "'state_dict'" in caught.value.remedy


def test_weights_that_do_not_fit_name_what_differs(net, inputs, tmp_path):
    """Missing, unexpected and mis-shaped tensors are listed, five of each at most."""
    state = {f"extra{i}": torch.zeros(1) for i in range(7)} | {"linear.weight": torch.zeros(3, 2)}
    safetensors.save_file(state, tmp_path / "bad.safetensors")
    ref = ModelRef(factory="nets:Net", weights=str(tmp_path / "bad.safetensors"), features=("a", "b"), output="logits")
    with pytest.raises(NotMeasuredError) as caught:
        inputs(rows=FRAME).predictions(spec(ref))
    reason = caught.value.reason
    assert "missing linear.bias" in reason
    assert "linear.weight (3, 2) instead of (1, 2)" in reason
    assert "extra4 and 2 more" in reason


@pytest.mark.parametrize(
    ("factory", "arguments", "says"),
    [
        ("nets:Nett", {}, "'nets' has no 'Nett'"),
        ("nuts:Net", {}, "names the module 'nuts', which is not found"),
        ("nets.inner:Net", {}, "'nets.inner'"),
        ("broken:Net", {}, "importing broken raised ZeroDivisionError: division by zero"),
        ("unparsable:Net", {}, "importing unparsable raised SyntaxError"),
        ("needy:Net", {}, "importing needy raised ModuleNotFoundError: No module named 'surely_not_installed'"),
        ("nets:Net", {"fail": "wrong size"}, "calling nets:Net raised ValueError: wrong size"),
        ("nets:Net", {"nope": 1}, "calling nets:Net raised TypeError"),
        ("nets:make_seven", {}, "nets:make_seven returned int"),
    ],
)
def test_a_factory_that_fails_is_told_with_the_users_line(factory, arguments, says, net, user_module, inputs):
    """Type, message and place of the user's own code, never a line of ours or of a library."""
    user_module("broken", "x = 1\ny = x / 0\n")
    user_module("unparsable", "def f(:\n")
    user_module("needy", "import surely_not_installed\n")
    ref = ModelRef(factory=factory, arguments=arguments, weights=str(net[0]), features=("a", "b"), output="logits")
    with pytest.raises(NotMeasuredError) as caught:
        inputs(rows=FRAME).predictions(spec(ref))
    assert says in caught.value.reason
    if "broken" in factory:
        assert "broken.py:2)" in caught.value.reason
    if "fail" in arguments:
        assert f"nets.py:{NETS.splitlines().index('            raise ValueError(fail)') + 1})" in caught.value.reason


@pytest.mark.parametrize(("factory", "error"), [("nets:late", TimeoutError), ("nets:interrupted", KeyboardInterrupt)])
def test_timeouts_and_interrupts_pass_through_user_code(factory, error, net, inputs):
    """Neither is a mistake of the user's."""
    with pytest.raises(error):
        inputs(rows=FRAME).predictions(
            spec(ModelRef(factory=factory, weights=str(net[0]), features=("a", "b"), output="logits"))
        )


@pytest.mark.parametrize("module", ["torch", "safetensors"])
def test_a_missing_library_names_the_extra(module, net, inputs, monkeypatch):
    """The remedy is the pip command."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError) as caught:
        inputs(rows=FRAME).predictions(
            spec(ModelRef(factory="nets:Net", weights=str(net[0]), features=("a", "b"), output="logits"))
        )
    assert module in caught.value.reason
    assert caught.value.remedy == 'pip install "pytest-mlgate[torch]"'


def test_a_factory_draws_no_random_numbers_of_others(net, inputs):
    """Building a network initialises weights at random; the tests around it must not notice."""
    before = torch.get_rng_state()
    inputs(rows=FRAME).predictions(
        spec(ModelRef(factory="nets:Net", weights=str(net[0]), features=("a", "b"), output="logits"))
    )
    assert torch.equal(torch.get_rng_state(), before)


def answering(values, kind="tensor", **ref):
    """Make a fixture model that gives fixed answers, and its reference."""
    import nets

    return nets.Answer(values, kind), ModelRef(fixture="net", features=("a", "b"), **ref)


@pytest.mark.parametrize(
    ("values", "output", "scores"),
    [
        ([0.0, 2.0, -2.0, 800.0], "logits", [0.5, 1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(2.0)), 1.0]),
        ([[0.0], [2.0], [-2.0], [-800.0]], "logits", [0.5, 1 / (1 + np.exp(-2.0)), 1 / (1 + np.exp(2.0)), 0.0]),
        (
            [[1.0, 1.0], [0.0, 2.0], [2.0, 0.0], [900.0, -900.0]],
            "logits",
            [0.5, np.exp(2) / (1 + np.exp(2)), 1 / (1 + np.exp(2)), 0],
        ),
        ([0.0, 1.0, 0.25, 0.5], "probability", [0.0, 1.0, 0.25, 0.5]),
        ([[0.0], [1.0], [0.25], [0.5]], "probability", [0.0, 1.0, 0.25, 0.5]),
        ([[1.0, 0.0], [0.0, 1.0], [0.75, 0.25], [0.5, 0.5]], "probability", [0.0, 1.0, 0.25, 0.5]),
    ],
)
def test_outputs_are_decoded_to_the_probability_of_the_positive_label(values, output, scores, net, inputs):
    """One column is the positive label's; of two the second is."""
    model, ref = answering(values, output=output, threshold=0.5)
    found = inputs(rows=FRAME, net=model).predictions(spec(ref))
    np.testing.assert_allclose(found.scores, scores, rtol=1e-6, atol=1e-300)
    assert found.predicted.tolist() == [score >= 0.5 for score in scores]


@pytest.mark.parametrize(
    "values", [[1, 0, 1, 0], [[1], [0], [1], [0]], [1.0, 0.0, 1.0, 0.0], [True, False, True, False]]
)
def test_labels_from_a_model_are_predictions_without_scores(values, net, inputs):
    """A model that decides itself gives no probability."""
    model, ref = answering(values, output="label")
    found = inputs(rows=FRAME, net=model).predictions(spec(ref))
    assert (found.predicted.tolist(), found.scores) == ([True, False, True, False], None)


@pytest.mark.parametrize(
    ("values", "kind", "ref", "says", "remedy"),
    [
        ([3.0, -2.0, 0.5, 0.1], "tensor", {"output": "probability"}, "ranges from -2 to 3", "output: logits"),
        ([[3.0, 0.5]] * 4, "tensor", {"output": "probability"}, "ranges from 0.5 to 3", "output: logits"),
        ([0.5, float("nan"), 0.5, 0.5], "tensor", {"output": "probability"}, "1 of 4 values of the model's output", ""),
        ([0.5, float("nan"), 0.5, 0.5], "tensor", {"output": "logits"}, "NaN or infinite logits", ""),
        ([[0.1, 0.2, 0.7]] * 4, "tensor", {"output": "probability"}, "3 probabilities a row", ""),
        ([[0.1, 0.2, 0.7]] * 4, "tensor", {"output": "logits"}, "3 logits a row", ""),
        ([0.1] * 4, "tensor", {}, "nothing says what the model gives", "output: logits"),
        ([0.1] * 4, "tensor", {"output": "value"}, "gives values", ""),
        ([0.2, 0.8, 0.2, 0.8], "tensor", {"output": "label"}, "the labels that the model gives are 0.2, 0.8", ""),
        ([0.0, 1.0, float("nan"), 1.0], "tensor", {"output": "label"}, "labels that are no numbers", ""),
        ([0.1] * 4, "dict", {"output": "logits"}, "returned dict, not a tensor", "wrap it"),
        ([0.1] * 4, "scalar", {"output": "logits"}, "answered 4 rows with a tensor of shape ()", ""),
        ([0.1] * 4, "cube", {"output": "logits"}, "shape (4, 1, 1)", ""),
        (
            [0.1] * 4,
            "raise",
            {"output": "logits"},
            "running the model fixture net raised RuntimeError: no such thing",
            "",
        ),
        ([0.1] * 4, "tensor", {"output": "logits", "positive": "yes"}, "the model speaks of 'yes'", "same `positive`"),
    ],
)
def test_answers_that_are_not_what_was_declared_are_refused(values, kind, ref, says, remedy, net, inputs):
    """Nothing is clipped, squashed or guessed."""
    model, ref = answering(values, kind, **ref)
    with pytest.raises(NotMeasuredError) as caught:
        inputs(rows=FRAME, net=model).predictions(spec(ref))
    assert says in caught.value.reason
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ({"s": ["x", "y"], "y": [0, 1]}, "the feature column 's', of type string (varchar), is not numeric"),
        ({"s": [1.0, None], "y": [0, 1]}, "1 of 2 values of the feature 's' are missing"),
        ({"s": [1.0, float("nan")], "y": [0, 1]}, "1 of 2 values"),
        ({"s": [np.datetime64("2024-01-01")] * 2, "y": [0, 1]}, "is not numeric"),
        ({"t": [1, 2], "y": [0, 1]}, "no column 's'"),
    ],
)
def test_features_must_be_numbers_without_gaps(frame, says, net, inputs):
    """A column that cannot be a number is named, not dropped or filled."""
    model, _ = answering([0.1, 0.2])
    with pytest.raises(NotMeasuredError) as caught:
        inputs(rows=pd.DataFrame(frame), net=model).predictions(
            spec(ModelRef(fixture="net", features=("s",), output="logits"))
        )
    assert says in caught.value.reason


def test_features_become_one_float32_matrix_in_their_order(opened):
    """Integers, booleans and decimals too; a column may be named twice."""
    frame = pl.DataFrame({"i": [1, 2], "b": [True, False], "d": pl.Series(["1.5", "2.5"]).str.to_decimal(scale=1)})
    matrix = feature_matrix(opened(frame), ("b", "i", "d", "i"))
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[1, 1, 1.5, 1], [0, 2, 2.5, 2]]


def test_neither_features_nor_preprocess_is_refused(net, inputs):
    """There is no default way from rows to a network."""
    model, _ = answering([0.1] * 4)
    with pytest.raises(NotMeasuredError, match="how rows reach the model"):
        inputs(rows=FRAME, net=model).predictions(spec(ModelRef(fixture="net", output="logits")))


@pytest.mark.parametrize("prepare", ["prepare", "prepare_named", "prepare_tuple"])
@pytest.mark.parametrize("batch_size", [3, 100])
def test_preprocess_gets_arrow_and_gives_the_models_input(prepare, batch_size, net, inputs):
    """A tensor, a tuple or a dict of them; the result is that of the same columns as features."""
    common = {"factory": "nets:Net", "weights": str(net[0]), "output": "logits"}
    direct = inputs(rows=FRAME).predictions(spec(ModelRef(**common, features=("a", "b"))))
    through = inputs(rows=FRAME).predictions(
        spec(ModelRef(**common, preprocess=f"nets:{prepare}", batch_size=batch_size))
    )
    np.testing.assert_allclose(through.scores, direct.scores, rtol=1e-6)


def test_preprocess_that_fails_is_told(net, inputs):
    """As any other code of the user's."""
    ref = ModelRef(factory="nets:Net", weights=str(net[0]), preprocess="nets:prepare_badly", output="logits")
    with pytest.raises(NotMeasuredError, match="calling nets:prepare_badly raised KeyError"):
        inputs(rows=FRAME).predictions(spec(ref))


def test_every_part_of_a_model_keeps_its_mode(net, inputs):
    """A module in training whose dropout was frozen is the same afterwards, also after an error."""
    import nets

    for model in (nets.Net(), nets.Answer([0.1], "raise")):
        parts = list(model.modules())
        model.train()
        parts[-1].eval()
        modes = [part.training for part in parts]
        ref = ModelRef(fixture="net", features=("a", "b"), output="logits")
        with suppress(NotMeasuredError):
            inputs(rows=FRAME, net=model).predictions(spec(ref))
        assert [part.training for part in parts] == modes


def test_a_model_runs_once_over_the_same_rows(net, store, tmp_path):
    """Gates share what a model answered; other rows, other features or another file run it again."""
    import nets

    FRAME.write_parquet(tmp_path / "rows.parquet")
    data = TableRef(path=str(tmp_path / "rows.parquet"))

    def ask(ref, rows=FRAME, where=data, **more):
        return GateInputs(store, seed=1, fixtures={"rows": rows}).predictions(spec(ref, where, **more))

    ref = ModelRef(factory="nets:Net", weights=str(net[0]), features=("a", "b"), output="logits")
    nets.Net.runs.clear()
    first = ask(ref)
    assert ask(ref, positive=1).scores is not None
    ask(ModelRef(factory="nets:Net", weights=str(net[0]), features=("a", "b"), output="logits", threshold=0.9))
    assert nets.Net.runs == [4]
    ask(ref, where=TableRef(fixture="rows"))
    ask(ref, rows=FRAME.to_pandas(), where=TableRef(fixture="rows"))
    assert nets.Net.runs == [4, 4], "two fixtures with the same content are the same rows"
    ask(ref, rows=FRAME.with_columns(a=pl.col("a") + 1), where=TableRef(fixture="rows"))
    ask(ModelRef(factory="nets:Net", weights=str(net[0]), features=("b", "a"), output="logits"))
    assert nets.Net.runs == [4] * 4
    state = safetensors.load_file(net[0])
    safetensors.save_file({name: tensor + 1 for name, tensor in state.items()}, net[0])
    second = ask(ref)
    assert nets.Net.runs == [4] * 5
    assert (second.scores != first.scores).any()
    FRAME.with_columns(a=pl.col("a") * 2, z=pl.lit(1)).write_parquet(tmp_path / "rows.parquet")
    ask(ref)
    assert nets.Net.runs == [4] * 6


def test_shared_answers_cannot_be_changed_by_a_gate(net, store):
    """Each gate gets arrays of its own."""
    import nets

    given = {"rows": FRAME, "net": nets.Answer([0.125, 0.25, 0.5, 1.0])}
    for _ in range(2):
        gate = GateInputs(store, seed=1, fixtures=given)
        found = gate.predictions(spec(ModelRef(fixture="net", features=("a", "b"), output="probability")))
        assert found.scores.tolist() == [0.125, 0.25, 0.5, 1.0]
        found.scores[:] = 0.0


def test_a_fixture_model_is_bound_to_its_artifact(net, inputs):
    """The record carries the artifact's hash; a bare module carries none."""
    import nets

    path, _ = net
    module = nets.Net()
    module.load_state_dict(safetensors.load_file(path))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    ref = ModelRef(fixture="net", features=("a", "b"), output="logits")
    gate = inputs(rows=FRAME, net=TrainedModel(module, path, sha256, cached=True))
    bound = gate.predictions(spec(ref))
    assert [(one.name, one.sha256) for one in gate.records if one.role == "model"] == [("fixture net", sha256)]
    bare_gate = inputs(rows=FRAME, net=module)
    np.testing.assert_array_equal(bare_gate.predictions(spec(ref)).scores, bound.scores)
    assert bare_gate.records[0].sha256 is None


def test_a_fixture_model_that_is_not_its_artifact_is_refused(net, inputs):
    """Promotion would move other bytes than those that were measured."""
    import nets

    path, _ = net
    module = nets.Net()
    module.load_state_dict(safetensors.load_file(path))
    ref = ModelRef(fixture="net", features=("a", "b"), output="logits")
    with pytest.raises(NotMeasuredError, match="is not the file that was trained"):
        inputs(rows=FRAME, net=TrainedModel(module, path, "0" * 64, cached=True)).predictions(spec(ref))
    with torch.no_grad():
        module.linear.bias += 1
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(NotMeasuredError, match="weights were changed since they were saved"):
        inputs(rows=FRAME, net=TrainedModel(module, path, sha256, cached=True)).predictions(spec(ref))


def test_weights_changed_in_place_are_measured_anew(net, inputs):
    """A bare module has no file, so its state is looked at each time."""
    import nets

    module, ref = nets.Net(), ModelRef(fixture="net", features=("a", "b"), output="logits")
    first = inputs(rows=FRAME, net=module).predictions(spec(ref)).scores
    with torch.no_grad():
        module.linear.bias += 1
    assert (inputs(rows=FRAME, net=module).predictions(spec(ref)).scores > first).all()


@pytest.mark.parametrize("value", [7, None, "net", {"module": 1}, lambda: None])
def test_a_fixture_that_returned_no_model_is_named(value, inputs):
    """The type is told, and what to return instead."""
    with pytest.raises(NotMeasuredError, match="which is no model") as caught:
        inputs(rows=FRAME, net=value).predictions(spec(ModelRef(fixture="net", features=("a",), output="logits")))
    assert type(value).__name__ in caught.value.reason


def registered(tmp_path, **more):
    """Name the champion of a registry."""
    where = {"registry": "local", "path": str(tmp_path / "registry"), "name": "credit", "alias": "champion"}
    return ModelRef(**where, factory="nets:Net", features=("a", "b"), output="logits", **more)


def test_a_champion_is_loaded_from_the_registry(net, inputs, tmp_path):
    """Its bytes are those that were promoted."""
    path, state = net
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    registry = open_registry("local", path=tmp_path / "registry", model="credit")
    registry.promote(path, sha256=sha256, alias="champion", expected=None, evidence={})
    gate = inputs(rows=FRAME)
    found = gate.predictions(spec(registered(tmp_path)))
    np.testing.assert_allclose(found.scores, 1 / (1 + np.exp(-expected_logits(state))), rtol=1e-6)
    assert gate.records[0].sha256 == sha256


def test_no_champion_yet_is_not_applicable_only_where_that_is_allowed(net, inputs, tmp_path):
    """The first release has nothing to compare with; a missing champion is no pass otherwise."""
    with pytest.raises(NotApplicableError, match="no 'champion' of 'credit' yet"):
        inputs(rows=FRAME).predictions(spec(registered(tmp_path, optional=True)))
    with pytest.raises(NotMeasuredError, match="no 'champion' of 'credit' yet") as caught:
        inputs(rows=FRAME).predictions(spec(registered(tmp_path)))
    assert "optional: true" in caught.value.remedy


def test_a_damaged_registry_is_not_measured(net, inputs, tmp_path):
    """Also where the champion is optional."""
    path, _ = net
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    registry = open_registry("local", path=tmp_path / "registry", model="credit")
    registry.promote(path, sha256=sha256, alias="champion", expected=None, evidence={})
    registry.current("champion").path.write_bytes(b"other bytes")
    with pytest.raises(NotMeasuredError, match="registry"):
        inputs(rows=FRAME).predictions(spec(registered(tmp_path, optional=True)))
