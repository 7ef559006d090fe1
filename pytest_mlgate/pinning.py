"""What a pin says of data, and what was found when it was held against them: plain values, from inputs to a kind.

A pin is a promise about bytes, or about the rows of a table that is in no file. Holding it never decides: whether a
difference is a failure, and how a person reads of it, is the kind's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from pytest_mlgate.aggregate import ColumnType


@dataclass(frozen=True, slots=True)
class Pin:
    """What a gate says the bytes at a path are; exactly one of the last three is given.

    Args:
        path: a file or a folder.
        sha256: of the file's bytes, or of the folder's manifest, as lower-case hexadecimal digits.
        dvc: the `.dvc` file or `dvc.lock` that speaks of the path.
        lfs: true for the git-lfs pointer that is committed at the path, or the path of a pointer file.
    """

    path: str
    sha256: str | None = None
    dvc: str | None = None
    lfs: str | bool | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """How the files of a folder differ from those that were pinned, by name."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A pin held against the bytes that are there.

    Args:
        what: the path as reports name it.
        algorithm: of both hashes.
        expected: what the pin says.
        found: what the bytes are.
        matches: whether they are the bytes that were pinned.
        files: how many there are.
        size: of all of them, in bytes.
        modified: when the newest was written.
        pinned_files: how many were pinned, where the pin says so.
        pinned_size: their bytes, likewise.
        changes: which files of a folder differ, where that can be known.
        remarks: what else is known about a difference.
        accept: what to do for the bytes that are there to become the pinned ones.
    """

    what: str
    algorithm: Literal["sha256", "md5"]
    expected: str
    found: str
    matches: bool
    files: int
    size: int
    modified: dt.datetime
    pinned_files: int | None = None
    pinned_size: int | None = None
    changes: Changes | None = None
    remarks: tuple[str, ...] = ()
    accept: str = ""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a table is, wherever its rows are held.

    Args:
        what: the table as reports name it.
        rows: how many there are.
        columns: names and logical types, in order.
        schema_sha256: of the names and types.
        rows_sha256: of the names and values, if asked for.
    """

    what: str
    rows: int
    columns: Mapping[str, ColumnType]
    schema_sha256: str
    rows_sha256: str | None = None
