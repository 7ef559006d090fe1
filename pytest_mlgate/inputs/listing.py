"""Which files a path stands for: itself, those that a pattern matches, or the part files in a folder.

Nothing is left out in silence. A folder that cannot be read, a link that leads nowhere or a second format among the
files is an error, since rows would otherwise be missing from what is measured. Promotion asks again, so that a file
that appeared since is noticed.
"""

from __future__ import annotations

import fnmatch
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import suggest
from pytest_mlgate.reference import ARROW, CSV, DATABASES, JSON, PARQUET

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = {
    **dict.fromkeys(PARQUET, "Parquet"),
    **dict.fromkeys(CSV, "CSV"),
    **dict.fromkeys(JSON, "JSON"),
    **dict.fromkeys(ARROW, "Arrow"),
}
_MAGIC = re.compile(r"[*?\[]")
_DEEPEST = 64
# Folders whose Parquet files are not their rows: some were deleted or replaced, which only the log says.
_LAKES = {"_delta_log": "a Delta Lake table", ".hoodie": "a Hudi table", "metadata": "an Iceberg table"}


def stands_for_many(path: Path) -> bool:
    """Tell whether a path is a pattern or a folder; a file whose name looks like a pattern is a file."""
    folder = os.path.isdir(path)  # noqa: PTH112 - the method raises where a folder above may not be entered
    return folder or (not os.path.lexists(path) and _MAGIC.search(str(path)) is not None)


def files_of(path: Path) -> list[Path]:
    """List the files that a path stands for, in the order in which they are read.

    Args:
        path: absolute.

    Raises:
        NotMeasuredError: there is none, they are of several formats, or a folder cannot be read.
    """
    if not stands_for_many(path):
        return [path, *_log_of(path)]
    try:
        if path.is_dir():
            _refuse_lake(path)
            found = [one for one in _below(path, path, ()) if one.suffix.lower() in FORMATS]
        else:
            base, parts = _split(path)
            found = list(dict.fromkeys(_matching(base, parts, ())))
    except OSError as error:
        raise NotMeasuredError(
            f"{error.filename or path} cannot be read: {error.strerror}", "check its permissions"
        ) from error
    if not found:
        raise _nothing(path)
    formats = sorted({FORMATS.get(one.suffix.lower(), one.suffix or "no suffix") for one in found})
    if len(formats) > 1:
        reason = f"{path} stands for files of several kinds: {', '.join(formats)}"
        raise NotMeasuredError(reason, "name those of one kind with a pattern, as `part-*.parquet`")
    return sorted(found)


def may_grow(path: Path) -> bool:
    """Tell whether a path may stand for other files later: a pattern, a folder, or a database that keeps a log."""
    return stands_for_many(path) or path.suffix.lower() in DATABASES


def _log_of(path: Path) -> list[Path]:
    """Find the file that holds what a database has yet to write into its own."""
    log = path.with_name(f"{path.name}.wal")
    found = path.suffix.lower() in DATABASES and os.path.isfile(log)  # noqa: PTH113 - as above
    return [log] if found and log.stat().st_size else []


def base_of(path: Path) -> Path:
    """Give the folder below which folders called `key=value` may be columns."""
    if path.is_dir():
        return path
    return _split(path)[0] if stands_for_many(path) else path.parent


def _split(pattern: Path) -> tuple[Path, tuple[str, ...]]:
    """Split a pattern into the folder to start from and the parts to match below it."""
    first = next(i for i, part in enumerate(pattern.parts) if _MAGIC.search(part))
    return Path(*pattern.parts[:first]), pattern.parts[first:]


def _matching(folder: Path, parts: tuple[str, ...], above: tuple[str, ...]) -> Iterator[Path]:
    """Match one part after the other; `**` also matches no folder at all."""
    head, rest = parts[0], parts[1:]
    if head == "**":
        for inner in _folders(folder, above):
            yield from _matching(inner, rest or ("*",), above)
        return
    if not folder.is_dir():
        return
    matches = re.compile(fnmatch.translate(head)).match
    for path in sorted(folder.iterdir()):
        if matches(path.name) is None or (path.name.startswith(".") and not head.startswith(".")):
            continue
        if not rest and not path.is_dir():
            yield path
        elif rest and path.is_dir():
            yield from _matching(path, rest, above)


def _folders(folder: Path, above: tuple[str, ...]) -> Iterator[Path]:
    """Give a folder and all below it; one that is a link to a folder above it is not entered again."""
    real = os.path.realpath(folder)
    if real in above or len(above) > _DEEPEST or not folder.is_dir():
        return
    yield folder
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and path.is_dir():
            yield from _folders(path, (*above, real))


def _below(folder: Path, top: Path, above: tuple[str, ...]) -> Iterator[Path]:
    """Give the files below a folder, without those that writers leave beside the data (`_SUCCESS`, `.crc`)."""
    for inner in _folders(folder, above):
        if any(part.startswith("_") for part in inner.relative_to(top).parts):
            continue
        for path in sorted(inner.iterdir()):
            if not path.name.startswith((".", "_")) and not path.is_dir():
                yield path


def _refuse_lake(folder: Path) -> None:
    for name, what in _LAKES.items():
        if (folder / name).is_dir() and (name != "metadata" or any((folder / name).glob("*.metadata.json"))):
            reason = f"{folder} is {what}, whose files hold rows that are no longer part of it"
            raise NotMeasuredError(reason, "read it with its own library in a fixture or `python:`")


def _nothing(path: Path) -> NotMeasuredError:
    """Say that nothing was found, and what was perhaps meant."""
    if path.is_dir():
        known = ", ".join(FORMATS)
        return NotMeasuredError(
            f"the folder {path} holds no data files", f"known are {known}; {', '.join(DATABASES)} need `table:`"
        )
    base, parts = _split(path)
    while not base.is_dir():
        base, parts = base.parent, (base.name, *parts)
    remedy = suggest(parts[0], sorted(one.name for one in base.iterdir()), "entry")
    return NotMeasuredError(f"no file matches {path}", f"in {base}: {remedy}")
