"""git-lfs pointers: the few lines that git keeps in the place of a large file, which say what its bytes are.

The format is that of the git-lfs specification, version 1: `version`, `oid sha256:…` and `size`, a line each. Where
extensions changed the bytes on their way into git, the oid speaks of the changed ones, and such a pointer is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_mlgate.errors import MlgateError, NotMeasuredError
from pytest_mlgate.inputs.git import entry

if TYPE_CHECKING:
    from pathlib import Path

POINTER = b"version https://git-lfs.github.com/spec/v1"
_LARGEST = 1024
_LINES = re.compile(r"oid sha256:(?P<oid>[0-9a-f]{64})\r?\nsize (?P<size>[0-9]{1,18})\r?\n?")


class Pointer(Struct, frozen=True):
    """What a pointer says of a file: the SHA-256 and the number of its bytes."""

    oid: str
    size: int


def is_pointer(head: bytes, size: int) -> bool:
    """Whether a file of some size that begins like this is a pointer."""
    return size < _LARGEST and head.startswith(POINTER)


def committed_pointer(path: Path, what: str) -> Pointer:
    """Read the pointer that is committed at a path, at HEAD.

    Raises:
        NotMeasuredError: there is none, or no repository.
    """
    found = _committed(path)
    if found is None:
        remedy = "commit it through git-lfs, or name a pointer file: `lfs: path`"
        raise NotMeasuredError(f"{what} is not committed at HEAD, so git has no pointer to it", remedy)
    is_file, data = found
    if not is_file:
        raise NotMeasuredError(f"{what} is committed as a link or a folder", "git-lfs speaks of single files")
    if not data.startswith(POINTER):
        remedy = "track it (git lfs track, git add --renormalize), or pin it by `sha256:`"
        raise NotMeasuredError(f"{what} is committed as it is, not through git-lfs", remedy)
    return _parsed(data, f"the pointer committed at {what}")


def _committed(path: Path) -> tuple[bool, bytes] | None:
    """Read what is committed at a path, unless it is too large for a pointer: whether it is a file, and its bytes."""
    try:
        found = entry(path, "HEAD")
        if found is None:
            return None
        return found.is_file, found.content() if found.is_file and found.size() < _LARGEST else b""
    except MlgateError as error:
        raise NotMeasuredError(str(error), "check out the repository that the file is in") from error


def pointer_file(path: Path, what: str) -> Pointer:
    """Read a pointer file.

    Raises:
        NotMeasuredError: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)
    except OSError as error:
        raise NotMeasuredError(f"{what} cannot be read: {error.strerror}", "name a git-lfs pointer file") from error
    if not is_pointer(data, len(data)):
        raise NotMeasuredError(f"{what} is no git-lfs pointer", "write `lfs: true` for the one that is committed")
    return _parsed(data, what)


def _parsed(data: bytes, what: str) -> Pointer:
    text = data.removeprefix(POINTER).decode("utf-8", "replace").lstrip("\r\n")
    if text.startswith("ext-"):
        raise NotMeasuredError(
            f"{what} went through a git-lfs extension, so its oid is not of the file", "use `sha256:`"
        )
    found = _LINES.fullmatch(text)
    if found is None:
        raise NotMeasuredError(
            f"{what} is a damaged git-lfs pointer", "it has the lines version, oid sha256:… and size"
        )
    return Pointer(found["oid"], int(found["size"]))
