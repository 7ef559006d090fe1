"""Hashes that identify content, whatever object, device or file happens to hold it."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from torch import nn

_HELD = frozenset({"_parameters", "_buffers", "_modules", "training"})


class _Hashed(io.RawIOBase):
    """A file that keeps nothing of what is written to it but its hash."""

    def __init__(self) -> None:
        self.total = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.total.update(data)
        return memoryview(data).nbytes


def arrow_digest(table: pa.Table) -> str:
    """Hash a table: its column names, types and values, in order."""
    import pyarrow as pa

    file = _Hashed()
    with pa.PythonFile(file, mode="w") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return file.total.hexdigest()


def state_digest(state: Mapping[str, Any]) -> str:
    """Hash a state dict: names, types, shapes and values, wherever its tensors live."""
    import torch

    total = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        if isinstance(tensor, torch.Tensor):
            flat = tensor.detach().cpu().contiguous()
            total.update(f"{name}\0{flat.dtype}\0{tuple(flat.shape)}\0".encode())
            total.update(flat.reshape(-1).view(torch.uint8).numpy().data)
        else:
            total.update(f"{name}\0{tensor!r}\0".encode())
    return total.hexdigest()


def module_digest(module: nn.Module) -> str | None:
    """Hash what a network is beside its weights: the classes of its parts, their settings, buffers and devices.

    Returns:
        The same for any two networks that answer the same as long as their weights are the same; `None` where a part
        holds what no hash describes, such as a hook, a function made on the spot, or an object of the user's.
    """
    total = hashlib.sha256()
    try:
        for name, part in module.named_modules(remove_duplicate=False):
            total.update(f"{name}\0{_described(type(part))}\0".encode())
            for key, value in sorted(vars(part).items()):
                if key not in _HELD and not ("hooks" in key and not value):
                    total.update(f"{key}\0{_described(value)}\0".encode())
    except _OpaqueError:
        return None
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        total.update(f"{name}\0{tensor.device}\0{tensor.dtype}\0".encode())
    total.update(state_digest(dict(module.named_buffers())).encode())  # a state dict leaves some out
    return total.hexdigest()


class _OpaqueError(Exception):
    """A value that says nothing of what it does."""


def _described(value: Any) -> str:
    """Write a value so that equal texts mean the same."""
    import torch

    match value:
        case None | bool() | int() | float() | complex() | str() | bytes() | torch.dtype() | torch.device():
            return f"{type(value).__name__} {value!r}"
        case list() | tuple():
            return f"{type(value).__name__} [{', '.join(map(_described, value))}]"
        case set() | frozenset():
            return f"set [{', '.join(sorted(map(_described, value)))}]"
        case dict():
            return f"dict [{', '.join(f'{_described(key)}: {_described(one)}' for key, one in value.items())}]"
        case torch.Tensor():
            return f"tensor {state_digest({'': value})}"
    name = getattr(value, "__qualname__", "<")
    bound = getattr(value, "__self__", None)
    # A builtin's `__self__` is the module it comes from; a method's is an object.
    if not callable(value) or "<" in name or not (bound is None or type(bound).__name__ == "module"):
        raise _OpaqueError
    return f"callable {value.__module__}.{name}"
