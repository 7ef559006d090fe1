"""Files: whether one can be used at all, and what state it was in.

A stamp says which bytes were measured, so that promotion can tell later whether they are still the same.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import suggest
from pytest_mlgate.registries.durable import sha256_of
from pytest_mlgate.verdict import FileStamp

if TYPE_CHECKING:
    from pathlib import Path

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
