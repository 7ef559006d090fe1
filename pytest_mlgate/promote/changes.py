"""Whether what was measured is still there: promotion must not speak for bytes that nobody measured.

Between the first gate and the promotion anything may have touched the gate file, the data or the model. Each left a
stamp when it was read; here the stamps are held against the disk.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.listing import files_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_mlgate.promote.facts import FileFacts
    from pytest_mlgate.verdict import FileStamp, GateResult, InputRecord


def changed_since(file: FileFacts, results: Iterable[GateResult], *, root: Path) -> tuple[str, ...]:
    """Name every file that is gone or not what it was.

    Args:
        file: the gate file, hashed when it was collected.
        results: of the gates whose inputs matter; each file they share is looked at once.
        root: where the relative paths of stamps start.
    """
    records = [record for result in results for record in result.inputs]
    stamps = dict.fromkeys(stamp for record in records for stamp in record.files)
    listed = (_listing(record, root) for record in records if record.pattern is not None)
    found = [_gate_file(file), *(_input(stamp, root) for stamp in stamps), *listed]
    return tuple(dict.fromkeys(reason for reason in found if reason is not None))


def _gate_file(file: FileFacts) -> str | None:
    try:
        if _sha256(Path(file.path)) == file.sha256:
            return None
    except OSError as error:
        return f"the gate file {file.node_id} cannot be read any more: {error.strerror or error}"
    return f"the gate file {file.node_id} changed since it was collected; run it again"


def _input(stamp: FileStamp, root: Path) -> str | None:
    path = root / stamp.path
    try:
        now = path.stat()
        if not S_ISREG(now.st_mode):
            return f"{stamp.path} was measured as a file, and is none any more"
        if now.st_size != stamp.size:
            how = f"{stamp.size:,} bytes then, {now.st_size:,} now"
        elif stamp.sha256 is None:
            how = "" if now.st_mtime_ns == stamp.mtime_ns else "it was written to"
        else:
            how = "" if _sha256(path) == stamp.sha256 else "same size, other bytes"
    except OSError as error:
        return f"{stamp.path} cannot be read any more: {error.strerror or error}"
    return f"{stamp.path} changed since it was measured ({how}); run the gates again" if how else None


def _listing(record: InputRecord, root: Path) -> str | None:
    """Say whether a pattern or folder stands for other files than those that were measured."""
    try:
        now = {os.path.normpath(path) for path in files_of(root / (record.pattern or ""))}
    except NotMeasuredError as error:
        return str(error)
    measured = {os.path.normpath(root / stamp.path) for stamp in record.files}
    if not now - measured:
        return None  # what has gone is said of each file
    new = os.path.relpath(min(now - measured), root)
    return f"{record.pattern} changed since it was measured ({new} was added); run the gates again"


def _sha256(path: Path) -> str:
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()
