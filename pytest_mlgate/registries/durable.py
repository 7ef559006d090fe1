"""File operations that survive a killed process and a pulled plug.

A rename is atomic, but says nothing about when bytes reach the disk. So whatever is to be published is written under a
temporary name, flushed to the disk with the folder that holds it, renamed, and then the rename itself is flushed. At
every instant the final name shows either all or nothing, and what a function here has returned from stays.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_T = TypeVar("_T")
_TEMPORARY = ".tmp-"
_CHUNK = 1 << 20
_FOLDERS_CANNOT_BE_FLUSHED = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}
# Windows refuses to replace or open a file at the very moment another process has it open; elsewhere no is no.
_PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if os.name == "nt" else ()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with _patiently(lambda: path.open("rb")) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy(source: Path, target: Path) -> tuple[str, int]:
    """Copy `source` to the new file `target`; return the SHA-256 and the size of what was written.

    The digest is taken from the very bytes that are written, so no change of `source` can slip in between.
    """
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as reader, target.open("xb") as writer:
        while chunk := reader.read(_CHUNK):
            digest.update(chunk)
            size += writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest(), size


def read(path: Path) -> bytes:
    """Return the bytes of a file that another process may be replacing."""
    return _patiently(path.read_bytes)


def write(path: Path, data: bytes) -> None:
    """Write the new file `path`."""
    with path.open("xb") as writer:
        writer.write(data)
        writer.flush()
        os.fsync(writer.fileno())


def publish(source: Path, target: Path) -> None:
    """Rename a file or folder that is already flushed, atomically; a file at `target` is replaced."""
    _patiently(lambda: source.replace(target))
    flush_folder(target.parent)


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents; nothing happens when it exists."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)
    flush_folder(path.parent)


def flush_folder(path: Path) -> None:
    """Flush the entries of a folder (the names in it), where the platform can."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:  # what Windows answers to opening any folder
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _FOLDERS_CANNOT_BE_FLUSHED:
            raise
    finally:
        os.close(handle)


@contextmanager
def desk(folder: Path) -> Iterator[Path]:
    """Yield a fresh folder in `folder` to prepare things on; what is left on it afterwards is thrown away."""
    path = folder / f"{_TEMPORARY}{os.urandom(6).hex()}"
    path.mkdir()
    try:
        yield path
    finally:
        discard(path)


def abandoned_desks(folder: Path) -> list[Path]:
    """Return what killed processes left in `folder`; only for who knows that nobody is at work there."""
    return [path for path in folder.iterdir() if path.name.startswith(_TEMPORARY)]


def discard(path: Path) -> None:
    """Remove a file, a link (never what it points to) or a whole folder; what resists is left to the next try."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _patiently(act: Callable[[], _T]) -> _T:
    for pause in _PAUSES:
        try:
            return act()
        except PermissionError:
            time.sleep(pause)
    return act()
