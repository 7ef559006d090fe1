"""What every model registry can do, whatever stands behind it.

Gates read the champion through this port, and promotion moves it. The port is as small as those two jobs, so that a
registry is a few functions over somebody's storage, and everything that crosses it is a frozen value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of a model, as a registry holds it.

    Args:
        registry: the kind of registry, as `local`.
        model: the name it is registered under.
        version: counts from one, is never given twice and always means the same bytes.
        sha256: of those bytes, 64 lower-case hexadecimal digits.
        path: where the artifact can be read.
        created: when the version was registered, in UTC (ISO 8601, `2026-01-31T12:00:00Z`).
    """

    registry: str
    model: str
    version: int
    sha256: str
    path: Path
    created: str


@dataclass(frozen=True, slots=True)
class Promoted:
    """What a promotion or a rollback came to.

    Args:
        version: what the alias points to now.
        previous: the version number it pointed to before; `None` when there was no such alias.
        changed: false when the alias already pointed to these bytes, so that nothing was written.
    """

    version: ModelVersion
    previous: int | None
    changed: bool


class Registry(Protocol):
    """A store of one model's versions and of the aliases that point to them."""

    def current(self, alias: str) -> ModelVersion | None:
        """Return the version that `alias` points to, its bytes checked; `None` when there is no such alias yet.

        Raises:
            RegistryError: the registry, or the artifact in it, is damaged.
        """
        ...

    def versions(self) -> list[ModelVersion]:
        """Return every version, oldest first; empty when there is no registry yet.

        Raises:
            RegistryError: the registry is damaged. The bytes of the artifacts are not read.
        """
        ...

    def promote(
        self, artifact: Path, *, sha256: str, alias: str, expected: int | None, evidence: Mapping[str, object]
    ) -> Promoted:
        """Point `alias` to the bytes of `artifact`, if nobody moved it since the gates were measured.

        Args:
            artifact: the file that was measured.
            sha256: of its bytes when it was measured.
            alias: the name to move; it is created when `expected` is `None`.
            expected: the version number that the gates measured against; `None`: there was no such alias.
            evidence: why the bytes may go out; anything JSON can say. It is kept beside the version.

        Returns:
            What the alias points to now. Bytes that it already points to are no move: nothing is compared with
            `expected` and nothing is written, so that a promotion can safely be tried again.

        Raises:
            RegistryError: the alias was moved meanwhile, the artifact is not what was measured, or the registry is
                damaged or cannot be written. The alias is where it was (unless the disk failed while it was moved).
        """
        ...

    def rollback(self, alias: str) -> Promoted:
        """Point `alias` back to the version it pointed to before the latest promotion that still stands.

        Raises:
            RegistryError: there is no earlier version, or it is damaged. The alias is where it was.
        """
        ...
