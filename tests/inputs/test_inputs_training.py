"""Training fixtures: deterministic, cached by everything that decides the result, once for all processes."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.seeding import seeded
from pytest_mlgate.inputs.sources import source_digest

torch = pytest.importorskip("torch", reason="needs the extra torch")
safetensors = pytest.importorskip("safetensors.torch", reason="needs the extra torch")

from pytest_mlgate.inputs.training import train  # noqa: E402 - after the skip

FIT = """
import random, time
from pathlib import Path

import numpy as np
import torch
from torch import nn

log = Path(__file__).parent / "log.txt"

class Counting(nn.Identity):
    def get_extra_state(self):
        return {"step": 3}

def make(width=2):
    return nn.Sequential(nn.Linear(width, 3), nn.ReLU(), nn.Linear(3, 1))

def fit(data, seed, device, width=2, steps=3, sleep=0.0, how="good"):
    with log.open("a") as file:
        file.write("trained\\n")
    if how == "raise":
        raise ArithmeticError("the loss is NaN")
    time.sleep(sleep)
    net = make(width).to(device)
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    shift = sum(len(path.read_bytes()) for path in data) + random.random() + np.random.normal()
    for _ in range(steps):
        optimiser.zero_grad()
        (net(torch.randn(8, width, device=device)) - shift).square().mean().backward()
        optimiser.step()
    if how == "no module":
        return net.state_dict()
    if how == "tied":
        net[2].weight = net[0].bias = nn.Parameter(torch.zeros(3))
    if how == "double":
        net.double()
    if how == "strided":
        net[0].weight = nn.Parameter(torch.randn(width, 3).T)
    if how == "grow":
        net.append(nn.Linear(1, 1))
    if how == "state":
        net.append(Counting())
    if how == "write":
        data[0].write_text("changed by the training itself")
    return net
"""


@pytest.fixture
def fit(user_module, tmp_path):
    """Train through a user's module; returns the trainer, its data file, its cache and its log."""
    source = user_module("fitting", FIT)
    data = tmp_path / "data.csv"
    data.write_text("a,b\n1,2\n")
    cache = tmp_path / "cache"

    def run(**more):
        given = {"factory": "fitting:make", "data": [data], "cache": cache, **more}
        return train("fitting:fit", **given)

    def runs():
        log = source.parent / "log.txt"
        return len(log.read_text().splitlines()) if log.exists() else 0

    run.data, run.cache, run.runs, run.source = data, cache, runs, source
    return run


def bytes_of(module):
    """Serialise a module's state as safetensors do."""
    return safetensors.save({name: tensor.detach().contiguous() for name, tensor in module.state_dict().items()})


def test_a_second_training_is_read_from_the_cache(fit):
    """The module equals the artifact's bytes whether it was trained now or before."""
    first, second = fit(), fit()
    assert (first.cached, second.cached, fit.runs()) == (False, True, 1)
    assert first.artifact == second.artifact
    assert first.artifact.name == "model.safetensors"
    for trained in (first, second):
        assert trained.sha256 == hashlib.sha256(trained.artifact.read_bytes()).hexdigest()
        assert bytes_of(trained.module) == trained.artifact.read_bytes()
    record = json.loads((first.artifact.parent / "training.json").read_text())
    assert record["recipe"]["train"] == "fitting:fit"
    assert record["sha256"] == first.sha256


def test_the_same_recipe_gives_the_same_bytes(fit, tmp_path):
    """Two trainings from scratch, with random numbers from python, numpy and torch, do not differ in a bit."""
    first = fit(cache=tmp_path / "one")
    random.random()  # noqa: S311 - disturb the state between the two
    torch.randn(3)
    second = fit(cache=tmp_path / "two")
    assert fit.runs() == 2
    assert first.sha256 == second.sha256


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"parameters": {"steps": 4}},
        {"arguments": {"width": 5}, "parameters": {"width": 5}},
        {"data": []},
    ],
)
def test_whatever_decides_the_result_is_in_the_key(change, fit):
    """Another seed, parameter, argument or data file trains again."""
    first, second = fit(), fit(**change)
    assert (second.cached, fit.runs()) == (False, 2)
    assert first.artifact != second.artifact


def test_changed_data_train_again(fit):
    """The key holds the bytes of the data files."""
    fit()
    fit.data.write_text("a,b\n1,3\n")
    assert fit().cached is False


def test_changed_code_trains_again(fit, user_module):
    """Any Python file of the package counts, whether or not it was imported."""
    fit()
    fit.source.write_text(FIT + "\n# another line\n")
    assert fit().cached is False
    user_module("pack.__init__", "")
    user_module("pack.deep.part", "x = 1")
    before = source_digest(["pack"])
    user_module("pack.deep.part", "x = 2")
    assert source_digest(["pack"]) != before


def test_code_that_is_not_found_cannot_be_hashed():
    """A reference to nothing is told before anything is trained."""
    with pytest.raises(NotMeasuredError, match="'surely_not_here' is not found"):
        source_digest(["surely_not_here"])


@pytest.mark.parametrize("damage", ["model.safetensors", "training.json", "both gone", "record of another"])
def test_a_damaged_cache_entry_is_trained_again(damage, fit):
    """What is in the cache is checked before it is believed."""
    first = fit()
    entry = first.artifact.parent
    if damage == "both gone":
        first.artifact.unlink()
        (entry / "training.json").unlink()
    elif damage == "record of another":
        record = (entry / "training.json").read_text()
        (entry / "training.json").write_text(record.replace('"seed": 0', '"seed": 9'))
    else:
        (entry / damage).write_bytes(b"\0" * 9)
    second = fit()
    assert (second.cached, second.sha256, fit.runs()) == (False, first.sha256, 2)
    assert fit().cached is True


def test_a_training_that_raises_leaves_nothing_behind(fit):
    """Its exception is the user's own, and the next attempt starts clean."""
    with pytest.raises(ArithmeticError, match="the loss is NaN"):
        fit(parameters={"how": "raise"})
    assert [path.name for path in fit.cache.iterdir() if not path.name.endswith(".lock")] == []
    assert fit().cached is False


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("no module", "returned OrderedDict, which is no torch.nn.Module"),
        ("tied", "share memory"),
        ("state", "'3._extra_state' is no tensor but dict"),
        ("double", "changes the weights"),
        ("grow", "does not fit fitting:make: unexpected 3.bias, 3.weight"),
        ("write", "changed while fitting:fit trained"),
    ],
)
def test_a_result_that_cannot_be_kept_is_refused(how, says, fit):
    """What the factory cannot rebuild, or safetensors cannot hold, is not cached."""
    with pytest.raises(NotMeasuredError) as caught:
        fit(parameters={"how": how})
    assert says in caught.value.reason
    assert caught.value.remedy
    assert [path.name for path in fit.cache.iterdir() if not path.name.endswith(".lock")] == []


def test_tensors_that_are_not_contiguous_are_kept(fit):
    """A transposed weight is stored by value."""
    trained = fit(parameters={"how": "strided"})
    assert bytes_of(trained.module) == trained.artifact.read_bytes()


def test_parameters_must_be_json(fit):
    """What cannot be written down cannot name a cache entry."""
    with pytest.raises(NotMeasuredError, match="JSON-able"):
        fit(parameters={"how": object()})


def test_missing_training_data_are_told(fit, tmp_path):
    """With the nearest name, as anywhere else."""
    with pytest.raises(NotMeasuredError, match="does not exist"):
        fit(data=[tmp_path / "date.csv"])


def test_training_disturbs_no_random_state(fit):
    """python, numpy and torch go on as if nothing had been trained, and torch's switches are back."""
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002 - the global state is the point
    torch.manual_seed(3)
    expected = random.random(), np.random.random(), torch.rand(1).item()  # noqa: S311, NPY002 - same
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002 - same
    torch.manual_seed(3)
    fit()
    assert (random.random(), np.random.random(), torch.rand(1).item()) == expected  # noqa: S311, NPY002 - same
    assert not torch.are_deterministic_algorithms_enabled()


def test_seeding_repeats_and_restores_also_after_an_error():
    """The same seed draws the same numbers; the state outside is untouched, whatever happens inside."""
    import os

    def draw():
        return random.random(), float(np.random.random()), torch.rand(1).item()  # noqa: S311, NPY002 - the global ones

    before = random.getstate(), torch.get_rng_state(), os.environ.get("CUBLAS_WORKSPACE_CONFIG")
    with seeded(2**40 + 5, deterministic=True):
        first = draw()
        assert torch.are_deterministic_algorithms_enabled()
    with suppress(ZeroDivisionError), seeded(2**40 + 5):
        assert draw() == first
        raise ZeroDivisionError
    with seeded(6):
        assert draw() != first
    assert random.getstate() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
    assert os.environ.get("CUBLAS_WORKSPACE_CONFIG") == before[2]
    assert not torch.are_deterministic_algorithms_enabled()


def test_seeding_does_not_import_torch():
    """A test that only wants numpy seeded does not pay for torch."""
    code = "import sys; from pytest_mlgate.inputs.seeding import seeded\nwith seeded(1): print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_two_processes_train_once(fit):
    """The second waits for the first and reads what it wrote."""
    code = (
        "import sys; from pathlib import Path; from pytest_mlgate.inputs.training import train\n"
        "done = train('fitting:fit', factory='fitting:make', data=[Path(sys.argv[1])], parameters={'sleep': 1.0},\n"
        "             cache=Path(sys.argv[2]))\n"
        "print(done.cached, done.sha256)"
    )
    command = [sys.executable, "-c", code, str(fit.data), str(fit.cache)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(fit)) for _ in range(2)]
    answers = [process.communicate()[0].split() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert sorted(cached for cached, _ in answers) == ["False", "True"]
    assert len({sha256 for _, sha256 in answers}) == 1
    assert fit.runs() == 1


def environment(fit):
    """Let a child process import the user's module and this package."""
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(fit.source.parent), *sys.path])}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_training_on_a_gpu_is_cached_apart_and_returns_there(fit):
    """The device is part of the recipe, and two trainings there agree to the bit."""
    first = fit(device="cuda")
    assert next(first.module.parameters()).device.type == "cuda"
    again = fit(device="cuda", cache=fit.cache / "again")
    assert first.sha256 == again.sha256
    assert bytes_of(first.module.cpu()) == first.artifact.read_bytes()
    assert fit().artifact != first.artifact
