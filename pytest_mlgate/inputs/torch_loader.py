"""Networks from a factory and a file of weights, without running anything that the file might hold.

Safetensors hold numbers and nothing else. A pickled state dict is read with `weights_only=True`, which refuses a pickle
that would call code.
"""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import MissingExtraError, NotMeasuredError
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.references import resolve, user_code
from pytest_mlgate.inputs.seeding import seeded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

_SHOWN = 5
_FEATURE = "a torch model"


def require_torch() -> None:
    """Make sure that torch and safetensors are installed.

    Raises:
        MissingExtraError: one of them is not.
    """
    for module in ("torch", "safetensors"):
        try:
            __import__(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            raise MissingExtraError(_FEATURE, module, "torch") from error


def load(factory: str, arguments: Mapping[str, Any], weights: Path) -> nn.Module:
    """Build a network and give it its weights.

    Args:
        factory: `package.module:attribute`, called with `arguments`.
        arguments: for the factory.
        weights: a `.safetensors` file or a state dict saved by `torch.save`.

    Raises:
        NotMeasuredError: the factory raised, the file is damaged or refused, or the two do not fit.
    """
    require_torch()
    module = build(factory, arguments)
    fit(module, read_state(weights), f"{weights.name} does not fit {factory}")
    return module


def build(factory: str, arguments: Mapping[str, Any]) -> nn.Module:
    """Call a factory, with the same random numbers each time and without disturbing anybody else's."""
    from torch import nn

    make = resolve(factory)
    with user_code(f"calling {factory}"), seeded(0):
        module = make(**arguments)
    if not isinstance(module, nn.Module):
        reason = f"{factory} returned {type(module).__qualname__}, which is no torch.nn.Module"
        raise NotMeasuredError(reason, "return the network without its weights")
    return module


def read_state(path: Path) -> dict[str, Tensor]:
    """Read a state dict.

    Raises:
        NotMeasuredError: the file is damaged, holds something else, or would run code.
    """
    state = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    import torch

    if not isinstance(state, dict) or not all(isinstance(one, torch.Tensor) for one in state.values()):
        inner = (
            next((key for key in ("state_dict", "model_state_dict", "model") if key in state), None)
            if isinstance(state, dict)
            else None
        )
        hint = f"it looks like a checkpoint: save its {inner!r} alone" if inner else "save `module.state_dict()`"
        raise NotMeasuredError(f"{path} holds no state dict (names and tensors)", hint)
    return state


def _read_safetensors(path: Path) -> Any:
    import safetensors
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except safetensors.SafetensorError as error:
        reason = f"{path} cannot be read as safetensors: {error}"
        raise NotMeasuredError(reason, "write it again; its writer may have been killed") from error


def _read_pickle(path: Path) -> Any:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle protocols, of files that are refused or read all the same
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise NotMeasuredError(
            f"{path} was refused: unpickling it would run code, or it is no state dict",
            "where you trust it, load it once and write safetensors.torch.save_file(module.state_dict(), "
            '"model.safetensors")',
        ) from error
    except TimeoutError:
        raise
    except Exception as error:  # a damaged pickle can end in almost any exception
        reason = f"{path} cannot be read by torch.load: {first_line(error)}"
        raise NotMeasuredError(reason, "write it again; its writer may have been killed") from error


def fit(module: nn.Module, state: Mapping[str, Tensor], misfit: str) -> None:
    """Load a state dict that must fit exactly.

    Raises:
        NotMeasuredError: it does not; `misfit` says what does not fit what.
    """
    own = module.state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in own.items() if hasattr(tensor, "shape")}
    reshaped = [
        f"{name} {tuple(tensor.shape)} instead of {shapes[name]}"
        for name, tensor in state.items()
        if name in shapes and tuple(tensor.shape) != shapes[name]
    ]
    complaints = [
        _listed("missing", [name for name in own if name not in state]),
        _listed("unexpected", [name for name in state if name not in own]),
        _listed("of another shape:", reshaped),
    ]
    if any(complaints):
        reason = f"{misfit}: {'; '.join(filter(None, complaints))}"
        raise NotMeasuredError(reason, "use the factory and arguments that the weights were trained with")
    with user_code("loading the state dict"):
        module.load_state_dict(dict(state))


def _listed(word: str, names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{word} {', '.join(names[:_SHOWN])}{more}" if names else ""
