"""Answers shared on disk: the model runs once, and nothing is trusted that was not made for these very bytes."""

from __future__ import annotations

import threading
import time

import numpy as np
import polars as pl
import pytest

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.kind import PredictionSpec
from pytest_mlgate.reference import ModelRef, TableRef

torch = pytest.importorskip("torch", reason="needs the extra torch")
safetensors = pytest.importorskip("safetensors.torch", reason="needs the extra torch")

from pytest_mlgate.inputs.digests import module_digest  # noqa: E402 - needs torch

NETS = """
import time
import torch
from torch import nn

class Net(nn.Module):
    runs = []
    pause = 0.0

    def __init__(self, width=1, act=torch.tanh, note="a"):
        super().__init__()
        self.linear = nn.Linear(2, width)
        self.act, self.note = act, note
        self.register_buffer("shift", torch.zeros(1), persistent=False)

    def forward(self, x):
        Net.runs.append(len(x))
        time.sleep(Net.pause)
        return self.act(self.linear(x)) + self.shift

class Failing(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def forward(self, x):
        raise RuntimeError("no such thing")
"""
FRAME = pl.DataFrame({"a": [1.0, -2.0, 0.5, 4.0], "b": [0, 1, 2, 3], "y": [1, 0, 0, 1]})


@pytest.fixture
def nets(user_module):
    """The module of networks, none of which has run."""
    user_module("shared_nets", NETS)
    import shared_nets

    return shared_nets


@pytest.fixture
def weights(nets, tmp_path):
    """The weights of one, on disk."""
    path = tmp_path / "net.safetensors"
    torch.manual_seed(3)
    safetensors.save_file(nets.Net().state_dict(), path)
    return path


@pytest.fixture
def process(tmp_path):
    """Make what one process of a session has open; all share a folder."""
    (tmp_path / "shared").mkdir()
    stores = []

    def start():
        stores.append(InputStore(tmp_path, shared=tmp_path / "shared"))
        return stores[-1]

    yield start
    for store in stores:
        store.close()


def ask(store, ref, rows=FRAME, **fixtures):
    """Get a model's scores."""
    gate = GateInputs(store, seed=1, fixtures={"rows": rows, **fixtures})
    return gate.predictions(PredictionSpec(kind="x", data=TableRef(fixture="rows"), model=ref, label="y")).scores


def loaded(weights, factory="shared_nets:Net", **more):
    """Name a model that is loaded from its weights."""
    return ModelRef(factory=factory, weights=str(weights), features=("a", "b"), output="logits", **more)


def test_processes_run_a_model_once_over_the_same_rows(nets, weights, process):
    """Whoever comes later reads the very same numbers; other rows, features or weights are run."""
    first = ask(process(), loaded(weights))
    second = ask(process(), loaded(weights))
    np.testing.assert_array_equal(first, second)
    assert nets.Net.runs == [4]
    ask(process(), loaded(weights), rows=FRAME.with_columns(a=pl.col("a") + 1e-9))
    assert nets.Net.runs == [4] * 2
    ask(process(), loaded(weights), rows=FRAME.with_columns(unread=pl.lit(1)))
    assert nets.Net.runs == [4] * 2, "a column that the model does not read changes nothing"
    ask(process(), loaded(weights, arguments={"note": "b"}))
    assert nets.Net.runs == [4] * 3, "another setting may be another model"
    state = safetensors.load_file(weights)
    safetensors.save_file({name: tensor + 1 for name, tensor in state.items()}, weights)
    assert (ask(process(), loaded(weights)) != first).any()
    assert nets.Net.runs == [4] * 4


def test_two_that_ask_at_once_wait_for_one_run(nets, weights, process):
    """The second waits for the first's lock, and reads."""
    nets.Net.pause = 0.3
    ask(process(), loaded(weights), rows=FRAME.head(2))  # imports and loads, so that both below start together
    nets.Net.runs.clear()
    stores, found = [process(), process()], []
    for store in stores:
        store.model(loaded(weights), {})
    threads = [
        threading.Thread(target=lambda store=store: found.append(ask(store, loaded(weights)))) for store in stores
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert nets.Net.runs == [4]
    np.testing.assert_array_equal(*found)
    assert time.perf_counter() - started >= 0.3


@pytest.mark.parametrize("damage", ["cut short", "changed", "empty", "no digest", "a pickle"])
def test_a_damaged_entry_counts_for_nothing(damage, nets, weights, process, tmp_path):
    """It is worked out again and mended; a pickle is never loaded, whatever it claims to be."""
    import hashlib
    import io

    first = ask(process(), loaded(weights))
    (entry,) = (tmp_path / "shared").glob("*.answers")
    whole = entry.read_bytes()
    file = io.BytesIO()
    np.save(file, np.array([object()]), allow_pickle=True)
    pickled = hashlib.sha256(file.getvalue()).hexdigest().encode() + b"\n" + file.getvalue()
    changed = {
        "cut short": whole[:-8],
        "changed": whole[:-1] + bytes([whole[-1] ^ 1]),
        "empty": b"",
        "no digest": b"nothing",
        "a pickle": pickled,
    }
    entry.write_bytes(changed[damage])
    np.testing.assert_array_equal(ask(process(), loaded(weights)), first)
    assert nets.Net.runs == [4] * 2
    assert entry.read_bytes() == whole
    ask(process(), loaded(weights))
    assert nets.Net.runs == [4] * 2


def test_an_error_is_not_shared(nets, weights, process, tmp_path):
    """Each process meets it for itself, and nobody waits for a lock that was left behind."""
    ref = loaded(weights, factory="shared_nets:Failing")
    safetensors.save_file(nets.Failing().state_dict(), weights)
    for _ in range(2):
        with pytest.raises(NotMeasuredError, match="no such thing"):
            ask(process(), ref)
    assert not list((tmp_path / "shared").glob("*.answers"))


def test_a_folder_that_is_gone_or_full_costs_nothing_but_time(nets, weights, process, tmp_path):
    """As on a worker on another machine: it works for itself."""
    store = process()
    (tmp_path / "shared").rmdir()
    ask(store, loaded(weights))
    (tmp_path / "shared").mkdir(mode=0o500)
    ask(process(), loaded(weights))
    assert nets.Net.runs == [4] * 2


def test_fixtures_share_networks_that_are_alike(nets, process):
    """Two processes make the same network; one with another buffer, function or hook is another."""

    def made(**more):
        torch.manual_seed(3)
        return nets.Net(**more)

    ref = ModelRef(fixture="net", features=("a", "b"), output="logits")
    first = ask(process(), ref, net=made())
    np.testing.assert_array_equal(ask(process(), ref, net=made()), first)
    assert nets.Net.runs == [4]
    shifted = made()
    shifted.shift += 1  # no part of its state dict
    others = [shifted, made(act=torch.sigmoid), made(note="b"), made(act=lambda x: x * 2)]
    answers = [ask(process(), ref, net=one) for one in others]
    assert nets.Net.runs == [4] * 5
    assert all((one != first).any() for i, one in enumerate(answers) if i != 2)


def test_what_a_network_is_shows_in_its_digest(nets):
    """Equal for equal ones; none where something cannot be described, which is then never shared."""
    assert module_digest(nets.Net()) == module_digest(nets.Net())
    plain = {
        module_digest(nets.Net(**one)) for one in ({}, {"note": "b"}, {"act": torch.relu}, {"note": [1, {"k": 2.0}]})
    }
    assert len(plain) == 4
    assert None not in plain
    assert module_digest(torch.nn.ReLU()) != module_digest(torch.nn.GELU())
    hooked = nets.Net()
    hooked.register_forward_hook(lambda *_: None)

    class Local(torch.nn.Module):
        pass

    opaque = [hooked, Local(), nets.Net(act=lambda x: x), nets.Net(note=object()), nets.Net(act=[].append)]
    assert [module_digest(one) for one in opaque] == [None] * 5
