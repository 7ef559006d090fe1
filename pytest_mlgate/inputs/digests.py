"""Hashes that identify content, whatever object, device or file happens to hold it."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa


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
