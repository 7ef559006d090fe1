"""Holding a pin against the bytes that are there, and finding out what a person wants to know when they differ.

What is pinned but not there (a missing file, an empty folder, a git-lfs pointer that was never fetched) was not
measured: nobody knows what the data would have been. Other bytes than the pinned ones are a difference.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs import dvc, lfs
from pytest_mlgate.inputs.hashing import Content, content
from pytest_mlgate.inputs.stamps import stamp
from pytest_mlgate.pinning import Held, Pin
from pytest_mlgate.verdict import InputRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_mlgate.verdict import FileStamp

_LARGEST_TEXT = 64 << 20
_LOOKED_AT = 8000
_SHOWN = 3


def hold(pin: Pin, name_of: Callable[[Path], str]) -> tuple[Held, list[InputRecord]]:
    """Hold a pin against the bytes at its path.

    Args:
        pin: as the gate says it.
        name_of: names a path as reports do.

    Returns:
        What was found, and what was read for it: every file of the data with its SHA-256, and the file of the pin.

    Raises:
        NotMeasuredError: the pin cannot be read, or the data are not there whole.
    """
    path = Path(pin.path)
    what = name_of(path)
    if pin.dvc is not None:
        file = Path(pin.dvc)
        source = stamp(file, hashed=True)
        held, found = _held_by_dvc(dvc.output_of(file, path, name_of(file)), file, what, name_of(file))
    elif isinstance(pin.lfs, str):
        source = stamp(Path(pin.lfs), hashed=True)
        held, found = _held_by_lfs(lfs.pointer_file(Path(pin.lfs), name_of(Path(pin.lfs))), path, what)
    else:
        source = None
        held, found = _held_by_lfs(lfs.committed_pointer(path, what), path, what) if pin.lfs else _held(pin, what)
    return held, list(_records(what, found, source, name_of))


def sha256_pin(path: Path, what: str) -> str:
    """Give the value that pins what is at a path: the SHA-256 of a file, or of a folder's manifest.

    Raises:
        NotMeasuredError: it is not there whole.
    """
    return content(path, what).digest


def _held(pin: Pin, what: str) -> tuple[Held, Content]:
    path, expected = Path(pin.path), str(pin.sha256)
    found = content(path, what)
    accept = f"write sha256: {found.digest}"
    held = _compared(found, what, expected, found.digest, accept)
    return (held if held.matches else replace(held, remarks=tuple(_remarks(held, found, path)))), found


def _held_by_lfs(pointer: lfs.Pointer, path: Path, what: str) -> tuple[Held, Content]:
    if path.is_dir():
        raise NotMeasuredError(f"{what} is a folder, and git-lfs speaks of single files", "pin it by `sha256:`")
    found = content(path, what)
    held = _compared(found, what, pointer.oid, found.digest, "commit them, which moves the pointer")
    same = held.matches and found.size == pointer.size
    held = replace(held, matches=same, pinned_size=pointer.size)
    return (held if same else replace(held, remarks=tuple(_remarks(held, found, path)))), found


def _held_by_dvc(output: dvc.Output, file: Path, what: str, pinned_in: str) -> tuple[Held, Content]:
    """Hold the data against what DVC wrote of them."""
    path = output.path
    if not path.exists():
        raise NotMeasuredError(f"{what} does not exist", f"dvc pull {what}")
    left_out = dvc.LEFT_OUT if output.is_folder else ()
    found = content(path, what, output.hasher, left_out)
    names = [one.name for one in found.items]
    pairs = list(zip(names, found.other, strict=True))
    md5 = dvc.folder_md5(pairs) if found.is_folder else found.other[0]
    accept = f"dvc repro, or dvc commit {pinned_in}" if file.name == "dvc.lock" else f"dvc add {what}"
    held = _compared(found, what, output.md5, md5, f"{accept}, and commit {pinned_in}")
    held = replace(held, pinned_size=output.size, pinned_files=output.files)
    if held.matches:
        return held, found
    if found.is_folder and output.is_folder:
        ignored = dvc.ignore_file(path)
        if ignored is not None and (output.files is None or len(names) > output.files):
            reason = (
                f"{what} differs from its pin, but {ignored} may leave some of its {len(names):,} files out of DVC's"
            )
            raise NotMeasuredError(reason, "pin the folder by `sha256:`, or keep what DVC ignores out of it")
        held = replace(held, changes=dvc.changes_from(file, output, pairs))
    return replace(held, remarks=tuple(_remarks(held, found, path))), found


def _compared(found: Content, what: str, expected: str, digest: str, accept: str) -> Held:
    newest = max(one.mtime_ns for one in found.items)
    return Held(
        what=what,
        algorithm="sha256" if len(digest.removesuffix(".dir")) == hashlib.sha256().digest_size * 2 else "md5",
        expected=expected,
        found=digest,
        matches=digest == expected,
        files=len(found.items),
        size=found.size,
        modified=dt.datetime.fromtimestamp(newest // 1_000_000_000, dt.UTC),
        accept=accept,
    )


def _remarks(held: Held, found: Content, path: Path) -> Iterator[str]:
    """Say what else can be found out about a difference."""
    if held.algorithm == "md5" and found.is_folder is not held.expected.endswith(".dir"):
        pinned, there = ("a file", "a folder") if found.is_folder else ("a folder", "a file")
        yield f"{pinned} was pinned, and {there} is there"
    elif found.is_folder:
        if held.changes is None:
            newest = sorted(found.items, key=lambda one: (-one.mtime_ns, one.name))[:_SHOWN]
            yield f"written last: {', '.join(one.name for one in newest)}"
        elif _composed(held.changes.added) & _composed(held.changes.removed):
            yield "some names differ only in their Unicode form: they passed through a system that changes it"
        hidden = [one.name for one in found.items if one.name.startswith(".") or "/." in one.name]
        if hidden:
            more = ", …" if len(hidden) > _SHOWN else ""
            yield f"hidden files count too: {', '.join(hidden[:_SHOWN])}{more}"
    else:
        yield from _line_endings(held, path, found.size)


def _composed(names: Iterable[str]) -> set[str]:
    return {unicodedata.normalize("NFC", name) for name in names}


def _line_endings(held: Held, path: Path, size: int) -> Iterator[str]:
    """Say so where other line endings are all that differs: git made them, and can be told not to."""
    if size > _LARGEST_TEXT:
        return
    data = path.read_bytes()
    if b"\0" in data[:_LOOKED_AT]:
        return
    unix = data.replace(b"\r\n", b"\n")
    forms = {"Unix": unix, "Windows": unix.replace(b"\n", b"\r\n")}
    for kind, form in forms.items():
        if _hash(held.algorithm, form) == held.expected:
            mend = f"if git changed them, write `{path.name} -text` in .gitattributes"
            yield f"with {kind} line endings it would be the pinned file; {mend}"


def _hash(algorithm: str, data: bytes) -> str:
    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()


def _records(
    what: str, found: Content, source: FileStamp | None, name_of: Callable[[Path], str]
) -> Iterator[InputRecord]:
    yield InputRecord(role="data", name=what, sha256=found.digest, files=found.stamps)
    if source is not None:
        yield InputRecord(role="pin", name=name_of(Path(source.path)), sha256=source.sha256, files=(source,))
