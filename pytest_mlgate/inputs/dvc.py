"""What DVC's own files say of data, read and recomputed without the dvc package, its cache or its remotes.

A `.dvc` file and `dvc.lock` name outputs by path, each with an MD5. That of a folder is of a JSON list of the MD5 and
name of each file, and ends in `.dir`. An output without `hash: md5` was written by DVC 2, which read text files with
Windows line endings as if they had Unix ones; such a pin is held in the same way, and so cannot tell the two apart.

MD5 tells an accident, and no longer an attack: who writes the data can make two files of one MD5. Where that matters,
pin by `sha256:`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.gatefile.nodes import MAX_BYTES
from pytest_mlgate.inputs.prompts import unreadable, yaml_source
from pytest_mlgate.pinning import Changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_mlgate.inputs.hashing import Hasher

# Folders that DVC passes over wherever they are.
LEFT_OUT = frozenset({".git", ".hg", ".dvc"})
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")
_CR_LF, _LF = b"\r\n", b"\n"
_TEXT = bytes(range(32, 127)) + b"\n\r\t\f\b"
_LOOKED_AT = 512
_MOST_BINARY = 0.30
_LARGEST_LISTING = 256 << 20


class Output(Struct, frozen=True, kw_only=True):
    """What DVC says of one path.

    Args:
        path: absolute.
        md5: hexadecimal digits, with `.dir` after them for a folder.
        legacy: whether line endings of text files were made Unix's before hashing.
        size: bytes in all.
        files: how many there are in a folder.
    """

    path: Path
    md5: str
    legacy: bool
    size: int | None
    files: int | None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.md5.endswith(".dir")

    @property
    def hasher(self) -> Callable[[], Hasher]:
        """Makes what hashes one file."""
        return _LegacyHasher if self.legacy else _md5


class _Listed(Struct, frozen=True):
    """A file in the listing of a folder."""

    relpath: str
    md5: str


class _LegacyHasher:
    """MD5 as DVC 2 took it: a chunk that looks like text is hashed with Unix line endings."""

    def __init__(self) -> None:
        self._total = _md5()

    def update(self, data: bytes) -> None:
        """Take the next `hashing.CHUNK` bytes, or what is left of them: DVC looks at each anew."""
        block = data[:_LOOKED_AT]
        binary = len(block.translate(None, _TEXT))
        is_text = b"\0" not in block and binary <= _MOST_BINARY * len(block)
        self._total.update(data.replace(_CR_LF, _LF) if is_text else data)

    def hexdigest(self) -> str:
        """Give the hash of all bytes so far."""
        return str(self._total.hexdigest())


def _md5() -> Any:
    return hashlib.md5(usedforsecurity=False)


def folder_md5(pairs: Iterable[tuple[str, str]]) -> str:
    """Hash a folder as DVC does.

    Args:
        pairs: name and MD5 of each file, in the order of the names.
    """
    listing = [{"md5": md5, "relpath": name} for name, md5 in pairs]
    total = _md5()
    total.update(json.dumps(listing).encode())
    return f"{total.hexdigest()}.dir"


def output_of(file: Path, path: Path, what: str) -> Output:
    """Find what a `.dvc` file or `dvc.lock` says of a path.

    Args:
        file: which exists.
        path: of the data.
        what: how messages call the file.

    Raises:
        NotMeasuredError: it is neither, says nothing of the path, or gives no MD5 of it.
    """
    outputs = dict(_outputs(file, what))
    wanted = os.path.normpath(path.absolute())
    found = [(where, one) for where, one in outputs.items() if where[0] == wanted]
    if not found:
        raise _not_there(wanted, [where for where, _stage in outputs], what)
    if len({json.dumps(one, sort_keys=True, default=str) for _, one in found}) > 1:
        stages = " and ".join(sorted(where[1] for where, _ in found))
        raise NotMeasuredError(f"{what} says different things of {path.name}, in {stages}", "run dvc repro")
    (_, stated), *_ = found
    md5 = stated.get("md5")
    if not isinstance(md5, str) or not _MD5.fullmatch(md5) or stated.get("hash", "md5") != "md5":
        reason = f"{what} gives no MD5 of {path.name}"
        raise NotMeasuredError(reason, "run dvc add or dvc repro, so that DVC hashes the data itself; or use `sha256:`")
    return Output(
        path=path, md5=md5, legacy="hash" not in stated, size=_count(stated, "size"), files=_count(stated, "nfiles")
    )


def _not_there(wanted: str, places: Sequence[str], what: str) -> NotMeasuredError:
    """Say what a file speaks of instead of the path that was wanted."""
    above = next((one for one in places if wanted.startswith(one + os.sep)), None)
    if not places:
        return NotMeasuredError(f"{what} has no outs", "name the .dvc file or dvc.lock that pins the data")
    folder = os.path.dirname(wanted)  # noqa: PTH120 - both are text, compared as text
    names = [os.path.relpath(one, folder).replace(os.sep, "/") for one in places]
    if above is not None:
        whole = names[places.index(above)]
        reason = f"{what} pins the whole folder {whole}, and says nothing of a file in it"
        return NotMeasuredError(reason, "name the folder as `path:`, or pin the file by `sha256:`")
    name = os.path.basename(wanted)  # noqa: PTH119 - the same
    return NotMeasuredError(f"{what} does not pin {name}", did_you_mean(name, names, "what it pins"))


def _count(stated: dict[str, Any], name: str) -> int | None:
    value = stated.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _outputs(file: Path, what: str) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """Give what a file says of each path: (absolute path, stage) and the entry."""
    document = _document(file, what)
    stages = document.get("stages")
    if isinstance(stages, dict):  # dvc.lock
        folders = _working_folders(file.parent / "dvc.yaml")
        for stage, entry in stages.items():
            yield from _of_stage(entry, file.parent / folders.get(stage.partition("@")[0], ""), stage)
        return
    folder = document.get("wdir")
    yield from _of_stage(document, file.parent / (folder if isinstance(folder, str) else ""), file.name)


def _of_stage(entry: Any, folder: Path, stage: str) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for one in _list(entry, "outs"):
        if isinstance(one, dict) and isinstance(one.get("path"), str):
            yield (os.path.normpath(folder.absolute() / one["path"]), stage), one


def _working_folders(file: Path) -> dict[str, str]:
    """Read where each stage of a dvc.yaml runs, since the paths in dvc.lock start there; `${…}` cannot be followed."""
    if not file.is_file():
        return {}
    stages = _document(file, file.name).get("stages")
    found = {}
    for stage, entry in stages.items() if isinstance(stages, dict) else ():
        inner = entry.get("do", entry) if isinstance(entry, dict) else {}
        folder = inner.get("wdir") if isinstance(inner, dict) else None
        if isinstance(folder, str):
            found[stage] = folder
    return found


def _list(entry: Any, name: str) -> list[Any]:
    found = entry.get(name) if isinstance(entry, dict) else None
    return found if isinstance(found, list) else []


def _document(file: Path, what: str) -> dict[str, Any]:
    """Read a file as YAML: never with code in it, and of bounded size."""
    try:
        with file.open("rb") as reader:
            data = reader.read(MAX_BYTES + 1)
    except OSError as error:
        raise NotMeasuredError(f"{what} cannot be read: {error.strerror}", "check its permissions") from error
    source = yaml_source(data, Path(what))
    if source.problems:
        raise unreadable(source.problems)
    if not isinstance(source.value, dict):
        raise NotMeasuredError(f"{what} is no .dvc file and no dvc.lock", "name the one that dvc wrote for the data")
    return source.value


def changes_from(file: Path, output: Output, pairs: Iterable[tuple[str, str]]) -> Changes | None:
    """Tell which files of a folder differ, where DVC's cache beside the file holds the pinned listing.

    The listing is believed because its own MD5 is the pinned one.
    """
    home = next((one for one in file.absolute().parents if (one / ".dvc").is_dir()), None)
    if home is None:
        return None
    name = output.md5
    places = [Path(*middle, name[:2], name[2:]) for middle in (("files", "md5"), ())]
    listed = next((read for place in places if (read := _listing(home / ".dvc" / "cache" / place, name))), None)
    if listed is None:
        return None
    now = dict(pairs)
    return Changes(
        added=tuple(sorted(now.keys() - listed.keys())),
        removed=tuple(sorted(listed.keys() - now.keys())),
        changed=tuple(sorted(name for name in now.keys() & listed.keys() if now[name] != listed[name])),
    )


def _listing(path: Path, name: str) -> dict[str, str] | None:
    """Read the listing of a folder from the cache; None where it is not there or not itself."""
    try:
        data = path.read_bytes() if path.stat().st_size <= _LARGEST_LISTING else b""
    except OSError:  # nothing is lost but a hint
        return None
    total = _md5()
    total.update(data)
    if f"{total.hexdigest()}.dir" != name:
        return None
    try:
        return {one.relpath: one.md5 for one in msgspec.json.decode(data, type=list[_Listed])}
    except msgspec.DecodeError:  # of the right MD5 and no listing: somebody made it so
        return None


def ignore_file(folder: Path) -> Path | None:
    """Find a `.dvcignore` that may leave files of a folder out of DVC's sight: one above it with patterns in it."""
    for one in folder.absolute().parents:
        file = one / ".dvcignore"
        try:
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if file.is_file() else []
        except OSError:  # then DVC cannot read it either
            lines = []
        if any(line.strip() and not line.lstrip().startswith("#") for line in lines):
            return file
        if (one / ".dvc").is_dir():
            return None
    return None
