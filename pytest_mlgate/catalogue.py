"""Which gate kinds there are, without importing any of them.

Kinds are entry points of the group `pytest_mlgate.kinds` whose *name is the kind's name*: ours are declared exactly as
a third party declares its own, and listing them reads metadata only. A `conftest.py` may add more through a hook.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import KindError
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

GROUP = "pytest_mlgate.kinds"


@cache
def _installed() -> dict[str, tuple[EntryPoint, ...]]:
    """Index the installed entry points by name; the same package found twice on the path counts once."""
    found: dict[str, dict[tuple[str, str], EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        owner = point.dist.name if point.dist else ""
        found.setdefault(point.name, {})[owner, point.value] = point
    return {name: tuple(points.values()) for name, points in found.items()}


class Catalogue:
    """The kinds that gate files may name.

    Args:
        added: kinds that do not come from an entry point, each with the place that offers it.
    """

    def __init__(self, added: Iterable[tuple[str, Kind[Any]]] = ()) -> None:
        self._added: dict[str, list[tuple[str, Kind[Any]]]] = {}
        for owner, kind in added:
            if not isinstance(kind, Kind):
                raise KindError(f"{owner} offers {kind!r} as a gate kind, which is no pytest_mlgate.Kind")
            self._added.setdefault(kind.name, []).append((owner, kind))

    def names(self) -> Iterable[str]:
        """List all kinds by name; imports nothing."""
        return _installed().keys() | self._added.keys()

    def get(self, name: str) -> Kind[Any]:
        """Import one kind.

        Raises:
            KindError: there is none of that name, two packages claim it, or it cannot be imported.
        """
        points, added = _installed().get(name, ()), self._added.get(name, [])
        owners = [f"{point.dist.name if point.dist else 'unknown'} ({point.value})" for point in points]
        owners += [owner for owner, _ in added]
        if not owners:
            raise KindError(f"there is no gate kind {name!r}; {did_you_mean(name, self.names(), 'known kinds')}")
        if len(owners) > 1:
            raise KindError(f"the gate kind {name!r} has two owners: {' and '.join(owners)}; uninstall or rename one")
        return added[0][1] if added else _load(points[0])


@cache
def _load(point: EntryPoint) -> Kind[Any]:
    """Import a kind and check that it is what its entry point says."""
    try:
        kind = point.load()
    except Exception as error:  # whatever a third party's import raises, one gate must not take the rest down
        raise KindError(f"the gate kind {point.name!r} ({point.value}) cannot be imported: {error!r}") from error
    if not isinstance(kind, Kind):
        raise KindError(f"{point.value} is registered as the gate kind {point.name!r}, but it is no pytest_mlgate.Kind")
    if kind.name != point.name:
        raise KindError(f"{point.value} is registered as {point.name!r}, but calls itself {kind.name!r}")
    return kind
