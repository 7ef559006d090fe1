"""Training through the user's own function: deterministic, and at most once for the same code, data and parameters.

What is kept is the artifact, and what is returned is always the artifact loaded again, so that the network a gate
measures is the bytes a promotion moves, whether it was trained just now, earlier, or by another process.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.digests import state_digest
from pytest_mlgate.inputs.references import resolve
from pytest_mlgate.inputs.seeding import seeded
from pytest_mlgate.inputs.sources import source_digest
from pytest_mlgate.inputs.stamps import stamp
from pytest_mlgate.registries import durable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import torch
    from torch import Tensor, nn

_ARTIFACT = "model.safetensors"
_RECORD = "training.json"


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A trained network and the file that holds its weights; a gate may take it as a model.

    Args:
        module: the network, holding exactly what the artifact holds.
        artifact: its weights, as safetensors.
        sha256: of the artifact's bytes.
        cached: whether it had been trained before.
    """

    module: nn.Module
    artifact: Path
    sha256: str
    cached: bool


class _Recipe(msgspec.Struct, frozen=True):
    """All that decides what comes out of a training; its hash names the cache entry."""

    train: str
    factory: str
    code: str
    data: list[tuple[str, str]]
    parameters: dict[str, Any]
    arguments: dict[str, Any]
    seed: int
    device: str
    torch: str

    @property
    def key(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:32]


class _Record(msgspec.Struct, frozen=True):
    """What stands beside an artifact."""

    recipe: _Recipe
    sha256: str


def train(
    callable_ref: str,
    *,
    factory: str,
    data: Sequence[Path],
    parameters: Mapping[str, Any] | None = None,
    arguments: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "cpu",
    cache: Path,
) -> TrainedModel:
    """Train a network, or load what was trained before.

    Args:
        callable_ref: `package.module:function`, called as `function(data=[...], seed=…, device=…, **parameters)`;
            returns a `torch.nn.Module`.
        factory: `package.module:callable` that builds the network without weights, called with `arguments`.
        data: files that the training reads.
        parameters: JSON-able keyword arguments for the training.
        arguments: JSON-able keyword arguments for the factory.
        seed: for python, numpy and torch.
        device: where to train and where the network is returned.
        cache: the folder that keeps artifacts; processes that share it train once.

    Raises:
        NotMeasuredError: a reference, a data file or the trained network cannot be used.
        MissingExtraError: torch or safetensors is not installed.
        Exception: whatever the training raises; nothing is kept then.
    """
    from pytest_mlgate.inputs.torch_loader import require_torch

    require_torch()
    import torch
    from filelock import FileLock

    def written() -> _Recipe:
        return _recipe(callable_ref, factory, data, dict(parameters or {}), dict(arguments or {}), seed, device)

    recipe, place = written(), torch.device(device)
    durable.make_folder(cache)
    entry = cache / recipe.key
    with FileLock(cache / f"{recipe.key}.lock"):
        found = _kept(entry, recipe)
        if found is not None:
            return TrainedModel(_loaded(entry, recipe, place), entry / _ARTIFACT, found, cached=True)
        with durable.desk(cache) as desk:
            durable.make_folder(desk / "entry")
            sha256 = _trained(recipe, data, device, desk / "entry")
            module = _loaded(desk / "entry", recipe, place)
            if written() != recipe:
                raise NotMeasuredError(f"code or data changed while {callable_ref} trained", "train it again")
            durable.flush_folder(desk / "entry")
            durable.discard(entry)  # what a damaged entry left
            durable.publish(desk / "entry", entry)
    return TrainedModel(module, entry / _ARTIFACT, sha256, cached=False)


def _recipe(
    train: str,
    factory: str,
    data: Sequence[Path],
    parameters: dict[str, Any],
    arguments: dict[str, Any],
    seed: int,
    device: str,
) -> _Recipe:
    import torch

    for noun, values in (("parameters", parameters), ("arguments", arguments)):
        try:
            msgspec.json.encode(values)
        except TypeError as error:
            raise NotMeasuredError(
                f"the {noun} of a training must be JSON-able: {error}", "pass plain values"
            ) from error
    hashes = [(path.name, stamp(path, hashed=True).sha256 or "") for path in data]
    code = source_digest({reference.partition(":")[0].partition(".")[0] for reference in (train, factory)})
    kind = torch.device(device).type
    return _Recipe(train, factory, code, hashes, parameters, arguments, seed, kind, str(torch.__version__))


def _kept(entry: Path, recipe: _Recipe) -> str | None:
    """Give the SHA-256 of an artifact that was kept whole; `None` when there is none, or it is damaged."""
    try:
        record = msgspec.json.decode((entry / _RECORD).read_bytes(), type=_Record)
        intact = durable.sha256_of(entry / _ARTIFACT) == record.sha256 and record.recipe.key == recipe.key
    except (OSError, msgspec.DecodeError):
        return None
    return record.sha256 if intact else None


def _trained(recipe: _Recipe, data: Sequence[Path], device: str, entry: Path) -> str:
    """Train, and write the artifact and its record into a folder; return the artifact's SHA-256."""
    import torch
    from safetensors.torch import save
    from torch import nn

    function = resolve(recipe.train)
    with seeded(recipe.seed, deterministic=True):
        module = function(data=list(data), seed=recipe.seed, device=device, **recipe.parameters)
    if not isinstance(module, nn.Module):
        reason = f"{recipe.train} returned {type(module).__qualname__}, which is no torch.nn.Module"
        raise NotMeasuredError(reason, "return the trained network")
    with torch.no_grad():
        state = _storable(module.state_dict(), recipe.train)
    artifact = save(state)
    sha256 = hashlib.sha256(artifact).hexdigest()
    durable.write(entry / _ARTIFACT, artifact)
    durable.write(entry / _RECORD, msgspec.json.format(msgspec.json.encode(_Record(recipe, sha256)), indent=2))
    return sha256


def _storable(state: Mapping[str, Any], train: str) -> dict[str, Tensor]:
    """Bring a state dict to what safetensors hold: contiguous tensors on the CPU that share no memory."""
    import torch

    owners: dict[Any, str] = {}
    for name, tensor in state.items():
        if not isinstance(tensor, torch.Tensor):
            reason = f"{train} returned a network whose state {name!r} is no tensor but {type(tensor).__qualname__}"
            raise NotMeasuredError(reason, "keep such state out of the state dict")
        storage = tensor.untyped_storage()
        place = tensor.device, storage.data_ptr()
        if storage.nbytes() and owners.setdefault(place, name) != name:
            reason = f"{train} returned a network in which {owners[place]!r} and {name!r} share memory"
            remedy = "untie them, or leave one out of the state dict; safetensors store each tensor on its own"
            raise NotMeasuredError(reason, remedy)
    return {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}


def _loaded(entry: Path, recipe: _Recipe, place: torch.device) -> nn.Module:
    """Build the network anew and load an artifact into it."""
    from pytest_mlgate.inputs.torch_loader import load, read_state

    artifact = entry / _ARTIFACT
    module = load(recipe.factory, recipe.arguments, artifact).to(place)
    if state_digest(module.state_dict()) != state_digest(read_state(artifact)):
        reason = f"{recipe.factory} builds a network that changes the weights that {recipe.train} trained"
        raise NotMeasuredError(reason, "build it with the same types (float32, float64, …) that were trained")
    return module
