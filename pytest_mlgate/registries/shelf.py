"""The versions of one model on disk: how one is read, checked, found, laid down and, when never committed, cleared.

A version's folder is renamed into place complete and flushed, and its artifact and metadata never change afterwards.
So whoever holds a number from the ledger can read that version without a lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.errors import RegistryError
from pytest_mlgate.registries import durable
from pytest_mlgate.registries.layout import EVIDENCE, METADATA, is_artifact_name
from pytest_mlgate.registries.ledger import damaged, json_bytes, json_object
from pytest_mlgate.registries.port import ModelVersion

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_mlgate.registries.layout import Layout
    from pytest_mlgate.registries.ledger import Ledger

_TEXTS = ("name", "sha256", "created")
_MEND = "restore it from a backup, roll the alias back, or promote the good bytes again"


def read_version(layout: Layout, number: int) -> ModelVersion:
    """Return a committed version; its artifact has the right size, its bytes are not read.

    Raises:
        RegistryError: the version is missing or damaged.
    """
    path = layout.inside(layout.version(number) / METADATA)
    try:
        metadata = json_object(durable.read(path))
    except FileNotFoundError as error:
        raise damaged(path, "it is missing", _MEND) from error
    except ValueError as error:
        raise damaged(path, str(error), _MEND) from error
    if (metadata.get("model"), metadata.get("version")) != (layout.model, number):
        raise damaged(path, f"it is not about version {number} of {layout.model!r}", _MEND)
    if not all(isinstance(metadata.get(key), str) for key in _TEXTS) or not is_artifact_name(metadata["name"]):
        raise damaged(path, "name, sha256 or created make no sense", _MEND)
    artifact = layout.inside(path.with_name(metadata["name"]))
    if not artifact.is_file():
        raise damaged(artifact, "it is missing", _MEND)
    if (size := artifact.stat().st_size) != metadata.get("size"):
        raise damaged(artifact, f"{size} bytes instead of {metadata.get('size')}", _MEND)
    return ModelVersion("local", layout.model, number, metadata["sha256"], artifact, metadata["created"])


def verified(version: ModelVersion) -> ModelVersion:
    """Return the version, once its bytes have been read and found to be those it was registered with.

    Raises:
        RegistryError: they are not.
    """
    if (found := durable.sha256_of(version.path)) != version.sha256:
        raise damaged(version.path, f"its bytes have SHA-256 {found}, it was registered with {version.sha256}", _MEND)
    return version


def find(layout: Layout, numbers: Iterable[int], sha256: str) -> ModelVersion | None:
    """Return the first of some versions that holds certain bytes and still holds them undamaged."""
    for number in numbers:
        try:
            version = read_version(layout, number)
            if version.sha256 == sha256:
                return verified(version)
        except RegistryError:
            continue  # damaged, so it cannot lend its bytes; whoever needs this very version will hear of it
    return None


def lay_down(layout: Layout, number: int, folder: Path, artifact: Path, *, sha256: str, created: str) -> None:
    """Fill a new `folder` with everything that version `number` consists of, except its evidence.

    Raises:
        RegistryError: the artifact is not what was measured.
    """
    folder.mkdir()
    found, size = durable.copy(artifact, folder / artifact.name)
    require_measured(artifact, found, sha256)
    metadata = {
        "model": layout.model,
        "version": number,
        "name": artifact.name,
        "sha256": sha256,
        "size": size,
        "created": created,
    }
    durable.write(folder / METADATA, json_bytes(metadata))


def require_measured(artifact: Path, found: str, sha256: str) -> None:
    """Refuse bytes that are not those the gates measured.

    Raises:
        RegistryError: they are not.
    """
    if found != sha256:
        raise RegistryError(
            f"{artifact} changed since it was measured, from SHA-256 {sha256} to {found}; run the gates again"
        )


def clear(layout: Layout, ledger: Ledger) -> None:
    """Throw away what killed processes left behind; the caller holds the lock.

    Raises:
        RegistryError: there is more than one killed promotion can leave, so the ledger must be an old copy.
    """
    for path in durable.abandoned_desks(layout.folder):
        durable.discard(path)
    numbers = layout.numbers()
    if any(number > ledger.latest + 1 for number in numbers):
        raise damaged(layout.aliases, f"it knows {ledger.latest} versions, {layout.versions} has up to {numbers[-1]}")
    for number in numbers:
        folder = layout.inside(layout.version(number))
        if number > ledger.latest:
            durable.discard(folder)
            continue
        kept = ledger.evidence(number)
        for path in folder.iterdir():
            if EVIDENCE.fullmatch(path.name) and path.name not in kept:
                durable.discard(path)
