r"""The files at a path and their hashes; what is moving, half present or out of sight is refused.

A folder is its files: names relative to it, with `/` between folders, and bytes. Hidden files count. Folders without
files do not, and neither do permissions and times, since neither git nor DVC keeps them. A link to a file counts as the
file, because that is what a reader gets (DVC may link a whole folder into its cache); a link to a folder, a link to
nothing and a device are refused. Names are compared byte by byte, so two Unicode forms of one name are two names.

The manifest of a folder is for each file, in the order of their names' UTF-8 bytes, the SHA-256 as hexadecimal digits,
two spaces, the name and a zero byte. So anybody can check its hash without this package:

    find . -xtype f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum -z -- | sha256sum
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.lfs import POINTER, is_pointer
from pytest_mlgate.inputs.stamps import stamp
from pytest_mlgate.verdict import FileStamp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

CHUNK = 1 << 20
_SHOWN = 3


class Hasher(Protocol):
    """What takes bytes and gives a hash; it is fed `CHUNK` bytes at a time."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""

    def hexdigest(self) -> str:
        """Give the hash of all bytes so far."""


class Item(NamedTuple):
    """One file: its name in the folder, where it is, and its state. There may be a great many."""

    name: str
    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Content:
    """The files at a path.

    Args:
        is_folder: whether the path is a folder; else there is one file, whose name is its own.
        items: in the order of their names.
        sha256: of each file.
        other: the hashes that another hasher gave, if one was asked for.
    """

    is_folder: bool
    items: tuple[Item, ...]
    sha256: tuple[str, ...]
    other: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes in all files."""
        return sum(one.size for one in self.items)

    @property
    def digest(self) -> str:
        """The SHA-256 of the file, or of the folder's manifest."""
        return manifest_digest(zip((one.name for one in self.items), self.sha256, strict=True), folder=self.is_folder)

    @property
    def stamps(self) -> tuple[FileStamp, ...]:
        """Each file as it was read."""
        pairs = zip(self.items, self.sha256, strict=True)
        return tuple(FileStamp(path=one.path, size=one.size, mtime_ns=one.mtime_ns, sha256=sha) for one, sha in pairs)


def manifest_digest(hashes: Iterable[tuple[str, str]], *, folder: bool) -> str:
    """Hash a folder's manifest, given name and SHA-256 of each file in order; of a single file give the hash itself."""
    pairs = list(hashes)
    if not folder:
        return pairs[0][1]
    manifest = b"".join(f"{sha}  {name}\0".encode() for name, sha in pairs)
    return hashlib.sha256(manifest).hexdigest()


def content(
    path: Path, what: str, other: Callable[[], Hasher] | None = None, left_out: Collection[str] = ()
) -> Content:
    """Hash what is at a path.

    Args:
        path: a file or a folder.
        what: how messages call it.
        other: makes another hasher for each file, beside SHA-256.
        left_out: names of folders to pass over wherever they are.

    Raises:
        NotMeasuredError: it is missing, empty, not all of it can be read, part of it is a git-lfs pointer, or it
            changes while it is read.
    """
    is_folder = path.is_dir()
    hashes, pointers = [], []
    try:
        items = _items(path, what, left_out) if is_folder else _item(path)
        for one in items:
            with open(one.path, "rb") as file:  # noqa: PTH123 - a folder may hold 100,000, and each Path would cost
                head, *found = _hashes(file, one.size, [hashlib.sha256(), *([other()] if other else [])])
            hashes.append(found)
            if is_pointer(head, one.size):
                pointers.append(one.name)
        if items != (_items(path, what, left_out) if is_folder else _item(path)):
            raise NotMeasuredError(f"{what} changed while it was read", "wait until it is written")
    except OSError as error:
        named = os.path.relpath(error.filename, path.parent) if isinstance(error.filename, str) else what
        raise NotMeasuredError(
            f"{named} cannot be read: {error.strerror}", "check that it is there, and its permissions"
        ) from error
    _expect_bytes(items, pointers, what, is_folder=is_folder)
    return Content(is_folder, tuple(items), tuple(one[0] for one in hashes), tuple(one[1] for one in hashes if other))


def _hashes(file: Any, size: int, hashers: list[Hasher]) -> list[Any]:
    """Read a file once; give its beginning and what each hasher makes of it."""
    chunk = head = file.read(min(CHUNK, size + 1))
    while chunk:
        for one in hashers:
            one.update(chunk)
        chunk = file.read(CHUNK)
    return [head[: len(POINTER)], *(one.hexdigest() for one in hashers)]


def _expect_bytes(items: list[Item], pointers: list[str], what: str, *, is_folder: bool) -> None:
    if not any(one.size for one in items):
        holds = "holds only empty files" if items else "holds no files"
        raise NotMeasuredError(
            f"{what} {holds}", "fetch the data (dvc pull, git lfs pull), or name the folder they are in"
        )
    if pointers:
        listed = ", ".join(pointers[:_SHOWN]) + (", …" if len(pointers) > _SHOWN else "")
        some = (
            f"{len(pointers):,} of {len(items):,} files in {what} ({listed}) are git-lfs pointers"
            if is_folder
            else f"{what} is a git-lfs pointer"
        )
        raise NotMeasuredError(f"{some}, not the data", "run git lfs pull")


def _item(path: Path) -> list[Item]:
    found = stamp(path, hashed=False)
    return [Item(path.name, str(path), found.size, found.mtime_ns)]


def _items(folder: Path, what: str, left_out: Collection[str]) -> list[Item]:
    """List the files of a folder and of the folders in it, in the order of their names' bytes."""
    found: list[Item] = []
    waiting = [(str(folder), "")]
    while waiting:
        here, above = waiting.pop()
        with os.scandir(here) as entries:
            for one in entries:
                name = above + one.name
                if one.is_dir(follow_symlinks=False):
                    if one.name not in left_out:
                        waiting.append((one.path, f"{name}/"))
                    continue
                status = one.stat()
                if not S_ISREG(status.st_mode):
                    kind = "a link to a folder" if one.is_dir() else "neither a file nor a folder"
                    raise NotMeasuredError(
                        f"{what}/{name} is {kind}", "put the files there, or keep it out of the folder"
                    )
                found.append(Item(name, one.path, status.st_size, status.st_mtime_ns))
    _expect_text((one.name for one in found), what)
    return sorted(found)


def _expect_text(names: Iterable[str], what: str) -> None:
    for name in names:
        if not name.isascii():
            try:
                name.encode()
            except UnicodeEncodeError:
                shown = name.encode("utf-8", "backslashreplace").decode()
                reason = f"a file in {what} has a name that is not UTF-8: {shown}"
                raise NotMeasuredError(reason, "rename it") from None
