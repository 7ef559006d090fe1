"""Finding a model: loaded from weights, taken from a registry, or made by a pytest fixture.

Whatever its source, the bytes that were measured are known by their SHA-256 where there are such bytes, because
promotion must move those and no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.errors import NotApplicableError, NotMeasuredError, RegistryError
from pytest_mlgate.inputs.digests import state_digest
from pytest_mlgate.inputs.frames import suggest
from pytest_mlgate.inputs.stamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping

    from torch import nn

    from pytest_mlgate.reference import ModelRef
    from pytest_mlgate.verdict import FileStamp


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that can be run.

    Args:
        module: the `torch.nn.Module`.
        name: how reports call it.
        state: identifies its weights; two models of the same class and state answer the same.
        sha256: of the artifact it was loaded from or saved as; `None` for a bare module, which cannot be promoted.
        files: that artifact.
    """

    module: nn.Module
    name: str
    state: str
    sha256: str | None = None
    files: tuple[FileStamp, ...] = ()


def open_model(
    ref: ModelRef,
    fixtures: Mapping[str, object],
    loaded: MutableMapping[bytes, nn.Module],
    named: Callable[[Path], str],
) -> LoadedModel:
    """Find a model and load it.

    Args:
        ref: where it comes from.
        fixtures: fixture name → what it returned.
        loaded: modules that were loaded before in this session; the new one joins them.
        named: how reports call a file.

    Raises:
        NotMeasuredError: it cannot be had.
        NotApplicableError: it is optional and does not exist yet.
    """
    if ref.fixture is not None:
        return _from_fixture(ref.fixture, fixtures)
    path = Path(ref.weights) if ref.weights is not None else _registered(ref)
    found = stamp(path, hashed=True)
    if ref.factory is None:
        raise NotMeasuredError(f"the model {named(path)} has no factory", "write `factory: package.module:callable`")
    from pytest_mlgate.inputs.torch_loader import load

    key = msgspec.json.encode([ref.factory, ref.arguments, found.path, found.sha256])
    if key not in loaded:
        loaded[key] = load(ref.factory, ref.arguments, path)
        if stamp(path, hashed=False) != msgspec.structs.replace(found, sha256=None):
            del loaded[key]
            raise NotMeasuredError(f"{path} changed while it was loaded", "wait until it is written")
    return LoadedModel(loaded[key], named(path), found.sha256 or "", found.sha256, (found,))


def _registered(ref: ModelRef) -> Path:
    """Find the artifact that an alias points to."""
    from pytest_mlgate.registries import open_registry

    if ref.registry is None or ref.path is None or ref.name is None or ref.alias is None:
        raise NotMeasuredError("the model names no source", "write `weights:`, `registry:` or `fixture:`")
    try:
        version = open_registry(ref.registry, path=Path(ref.path), model=ref.name).current(ref.alias)
    except RegistryError as error:
        raise NotMeasuredError(f"the registry {ref.path} cannot be read: {error}", "mend the registry") from error
    if version is None:
        reason = f"the registry {ref.path} has no {ref.alias!r} of {ref.name!r} yet"
        if ref.optional:
            raise NotApplicableError(reason)
        raise NotMeasuredError(reason, "promote a first one, or write `optional: true`")
    return version.path


def _from_fixture(fixture: str, fixtures: Mapping[str, object]) -> LoadedModel:
    """Take a model that a fixture returned, with or without the artifact it was saved as."""
    from pytest_mlgate.inputs.torch_loader import require_torch

    require_torch()
    from torch import nn

    from pytest_mlgate.inputs.training import TrainedModel

    value: Any = fixture_value(fixture, fixtures)
    name = f"fixture {fixture}"
    if isinstance(value, nn.Module):
        return LoadedModel(value, name, state_digest(value.state_dict()))
    if not isinstance(value, TrainedModel):
        reason = f"{name} returned {type(value).__qualname__}, which is no model"
        raise NotMeasuredError(reason, "return a torch.nn.Module, or what `mlgate_train` returns")
    return _bound(value, name)


def _bound(model: Any, name: str) -> LoadedModel:
    """Make sure that a module and the artifact it claims to be saved as still hold the same weights."""
    from pytest_mlgate.inputs.torch_loader import read_state

    found = stamp(Path(model.artifact), hashed=True)
    state = state_digest(model.module.state_dict())
    if found.sha256 != model.sha256:
        raise NotMeasuredError(f"{name}: {found.path} is not the file that was trained", "train it again")
    if state != state_digest(read_state(Path(model.artifact))):
        reason = f"{name}: the module's weights were changed since they were saved as {found.path}"
        raise NotMeasuredError(reason, "let no test change what a session-scoped fixture returns")
    return LoadedModel(model.module, name, state, found.sha256, (found,))


def fixture_value(fixture: str, fixtures: Mapping[str, object]) -> object:
    """Find what a fixture returned.

    Raises:
        NotMeasuredError: the gate did not ask pytest for it.
    """
    if fixture not in fixtures:
        remedy = suggest(fixture, fixtures, "fixture")
        raise NotMeasuredError(f"the fixture {fixture!r} was not handed to this gate", remedy)
    return fixtures[fixture]
