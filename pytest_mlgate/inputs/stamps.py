"""Files: whether one can be used at all, and what state it was in.

A stamp says which bytes were measured, so that promotion can tell later whether they are still the same.
"""

from __future__ import annotations

import hashlib
import os
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import suggest
from pytest_mlgate.registries.durable import sha256_of
from pytest_mlgate.verdict import FileStamp

if TYPE_CHECKING:
    from collections.abc import Sequence

_SETTLED_NS = 2_000_000_000


def stamp(path: Path, *, hashed: bool) -> FileStamp:
    """Take down a file's size and time and, if asked, the SHA-256 of its bytes.

    Raises:
        NotMeasuredError: it does not exist, is no file, is empty, cannot be read, or changes while it is read.
    """
    try:
        found = _stat(path)
        if not hashed:
            return FileStamp(path=str(path), size=found[0], mtime_ns=found[1])
        # A file written just now could change again within one tick of the clock that stamps it: no cache for that.
        settled = time.time_ns() - found[1] > _SETTLED_NS
        sha256 = _sha256(path, *found) if settled else sha256_of(path)
        if _stat(path) != found:
            raise NotMeasuredError(f"{path} changed while it was read", "wait until it is written")
    except OSError as error:
        raise NotMeasuredError(f"{path} cannot be read: {error.strerror}", "check its permissions") from error
    return FileStamp(path=str(path), size=found[0], mtime_ns=found[1], sha256=sha256)


def still(stamps: Sequence[FileStamp]) -> None:
    """Make sure that files are what they were when they were opened.

    Raises:
        NotMeasuredError: one has vanished or was written to.
    """
    for one in stamps:
        try:
            now = Path(one.path).stat()
        except OSError as error:
            reason = f"{one.path} cannot be read any more: {error.strerror}"
            raise NotMeasuredError(reason, "run the gates when nothing moves the data") from error
        if (now.st_size, now.st_mtime_ns) != (one.size, one.mtime_ns):
            raise NotMeasuredError(f"{one.path} changed while it was measured", "wait until it is written")


def together(stamps: Sequence[FileStamp], base: Path) -> str | None:
    """Give one SHA-256 for files that are one table: of the file itself, or of all names and hashes."""
    if len(stamps) == 1 or any(one.sha256 is None for one in stamps):
        return stamps[0].sha256 if len(stamps) == 1 else None
    listed = (f"{os.path.relpath(one.path, base).replace(os.sep, '/')}\0{one.sha256}\n" for one in stamps)
    return hashlib.sha256("".join(listed).encode()).hexdigest()


def _stat(path: Path) -> tuple[int, int]:
    """Give size and time of modification of a file that can be used."""
    if not path.exists():
        raise NotMeasuredError(f"{path} does not exist", _nearest_file(path))
    if not path.is_file():
        raise NotMeasuredError(f"{path} is {'a directory' if path.is_dir() else 'no regular file'}", "name one file")
    found = path.stat()
    if found.st_size == 0:
        raise NotMeasuredError(f"{path} is an empty file (0 bytes)", "write it again; its writer may have been killed")
    return found.st_size, found.st_mtime_ns


def _nearest_file(path: Path) -> str:
    if not path.parent.is_dir():
        return f"the folder {path.parent} does not exist either"
    return suggest(path.name, (one.name for one in path.parent.iterdir()), "entry")


@lru_cache(maxsize=4096)
def _sha256(path: Path, _size: int, _mtime_ns: int) -> str:
    return sha256_of(path)
