"""Where models live: a small port, and one module for each kind of store behind it.

`open_registry` is the door. A store's own libraries are imported when it is opened, or later, never by naming it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.errors import RegistryError
from pytest_mlgate.registries.port import ModelVersion, Promoted, Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["ModelVersion", "Promoted", "Registry", "open_registry"]


def _local(path: Path, model: str) -> Registry:
    from pytest_mlgate.registries.local import LocalRegistry

    return LocalRegistry(path, model)


_OPENERS: dict[str, Callable[[Path, str], Registry]] = {"local": _local}


def open_registry(kind: str, *, path: Path, model: str) -> Registry:
    """Open the registry of one model; nothing is created before something is promoted.

    Args:
        kind: what stands behind it, as `local`.
        path: where it is; for `local` the folder that holds one folder per model.
        model: the name the model is registered under.

    Raises:
        RegistryError: the kind is unknown, or the model's name cannot be used.
    """
    if kind not in _OPENERS:
        from difflib import get_close_matches

        near = get_close_matches(kind, _OPENERS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known kinds: {', '.join(sorted(_OPENERS))}"
        raise RegistryError(f"there is no registry of kind {kind!r}; {hint}")
    return _OPENERS[kind](path, model)
