"""Where things are in a local registry, and which names may become paths.

    <root>/<model>/
        aliases.json            every move of every alias: the only commit point (see ledger.py)
        .lock                   held by whoever writes; stays, and means nothing while nobody holds it
        versions/<n>/           complete from the start; only evidence is ever added
            <artifact>          under the name it was promoted with
            metadata.json       its sha256, size, creation time and name
            evidence.json       why it was promoted; evidence-2.json and so on when it was promoted again
        .tmp-*/                 work in progress, or abandoned by a killed process

A name that comes from a gate file becomes a path only after `checked_name`, and no path is used before `inside` has
followed its links: a registry can neither be led out of its root by a name nor by a link that somebody put there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgate.errors import RegistryError

if TYPE_CHECKING:
    from pathlib import Path

METADATA = "metadata.json"
EVIDENCE = re.compile(r"evidence(?:-[1-9][0-9]*)?\.json")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one model's registry."""

    root: Path
    model: str

    @property
    def folder(self) -> Path:
        """What belongs to this model."""
        return self.root / self.model

    @property
    def aliases(self) -> Path:
        """The ledger."""
        return self.folder / "aliases.json"

    @property
    def lock(self) -> Path:
        """The file that writers lock."""
        return self.folder / ".lock"

    @property
    def versions(self) -> Path:
        """The folder of all versions."""
        return self.folder / "versions"

    def version(self, number: int) -> Path:
        """Return the folder of one version."""
        return self.versions / str(number)

    def inside(self, path: Path) -> Path:
        """Return `path`, if it leads nowhere outside the root (which may itself be a link).

        Raises:
            RegistryError: a link on the way leads out of the root, or in a circle.
        """
        try:
            real, root = path.resolve(), self.root.resolve()
        except RuntimeError as error:  # how Python before 3.13 speaks of links in a circle
            raise RegistryError(f"{path}: {error}; remove the link") from error
        if not real.is_relative_to(root):
            raise RegistryError(
                f"{path} leads out of the registry {root}, to {real}; replace the link by what it names"
            )
        return path

    def numbers(self) -> list[int]:
        """Return the numbers of all version folders on disk, whether committed or not."""
        if not self.inside(self.versions).is_dir():
            return []
        return sorted(int(path.name) for path in self.versions.iterdir() if _NUMBER.fullmatch(path.name))


def checked_name(what: str, name: str) -> str:
    """Return the name of a model or an alias, if it can stand in a path on every platform.

    Raises:
        RegistryError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise RegistryError(
            f"{name!r} cannot name {what}: use letters, digits, '_', '.' and '-', starting with a letter or a digit"
        )
    return name


def checked_sha256(sha256: str) -> str:
    """Return a SHA-256 in lower case.

    Raises:
        RegistryError: it is none.
    """
    if not _SHA256.fullmatch(sha256.lower()):
        raise RegistryError(f"{sha256!r} is no SHA-256; it has 64 hexadecimal digits")
    return sha256.lower()


def is_artifact_name(name: str) -> bool:
    """Whether an artifact may have this name: one printable path component that the registry does not need itself."""
    plain = name.isprintable() and name not in {"", ".", ".."} and not set(name) & {"/", "\\"}
    return plain and name.casefold() != METADATA and not EVIDENCE.fullmatch(name.casefold())
