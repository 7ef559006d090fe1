"""The registry entry that a promotion moves, and what it points to before anything was measured.

Promotion is a compare-and-swap: the alias moves only if it still points to the version that the gates were measured
against. That version has to be read before the first gate runs; afterwards it is too late to know.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgate.errors import RegistryError
from pytest_mlgate.registries import open_registry

if TYPE_CHECKING:
    from pytest_mlgate.gatefile import Promote
    from pytest_mlgate.reference import ModelRef
    from pytest_mlgate.registries import Registry


def champion_of(promote: Promote) -> int | None:
    """Return the version that the alias points to now; None when there is no such alias yet.

    Raises:
        RegistryError: the registry, or the champion in it, is damaged.
    """
    registry, alias = opened(promote.to)
    version = registry.current(alias)
    return None if version is None else version.version


def opened(entry: ModelRef) -> tuple[Registry, str]:
    """Open the registry behind an entry; returns it with the alias that the entry speaks of.

    Raises:
        RegistryError: the entry does not say all that is needed, or the registry cannot be opened.
    """
    if entry.registry is None or entry.path is None or entry.name is None or entry.alias is None:
        raise RegistryError("`promote.to` is no registry entry; it needs registry, path, name and alias")
    return open_registry(entry.registry, path=Path(entry.path), model=entry.name), entry.alias
