"""From what a gate file says of a table to one that can be queried: its files or object, its filter, its sample.

Opened once per session for all gates that say the same. What SQL the gate file brings along runs in a sandbox of the
table's own; without any, the session's database reads the files itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pytest_mlgate.inputs.listing import base_of, files_of, may_grow
from pytest_mlgate.inputs.stamps import stamp, together

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Frame
    from pytest_mlgate.inputs.sandbox import Sandbox
    from pytest_mlgate.reference import TableRef
    from pytest_mlgate.verdict import FileStamp

_LONGEST_QUERY = 60


@dataclass(frozen=True)
class Listed:
    """The files behind a table as they are now.

    Args:
        stamps: one for each.
        base: the folder below which they lie.
        pattern: what was asked for where that may stand for other files later.
    """

    stamps: tuple[FileStamp, ...]
    base: Path
    pattern: str | None

    @property
    def sha256(self) -> str | None:
        """One hash for all, where hashes were taken."""
        return together(self.stamps, self.base)


@dataclass(frozen=True)
class Opened:
    """A table that was opened.

    Args:
        frame: to query.
        name: as reports call it.
        listed: its files, if it has any.
        note: what reports must say of it.
        sandbox: where the gate file's SQL runs, if there is any.
    """

    frame: Frame
    name: str
    listed: Listed | None = None
    note: str | None = None
    sandbox: Sandbox | None = None


def selection_of(ref: TableRef) -> bytes:
    """Encode all that decides which rows a reference means."""
    return msgspec.json.encode(msgspec.structs.replace(ref, labels={}), order="deterministic")


def list_files(path: Path, *, hashed: bool) -> Listed:
    """Find the files that a path stands for and take down their state.

    Raises:
        NotMeasuredError: there is none, or one cannot be used.
    """
    stamps = tuple(stamp(one, hashed=hashed) for one in files_of(path))
    return Listed(stamps, base_of(path), str(path) if may_grow(path) else None)


def open_path(ref: TableRef, listed: Listed, database: Database, called: Callable[[Path], str]) -> Opened:
    """Open a table in files or in a database file.

    Args:
        ref: the table; it has a path.
        listed: its files.
        database: of the session.
        called: how reports call a file.

    Raises:
        NotMeasuredError: it cannot be opened.
    """
    from pytest_mlgate.inputs.databases import open_database, open_selected
    from pytest_mlgate.inputs.files import open_files, parts_of
    from pytest_mlgate.inputs.sandbox import Sandbox

    path = Path(ref.path or "")
    name = called(path)
    if ref.is_database:
        sandbox = Sandbox()
        what = f"{name} [{_shortened(ref.table or ref.query or '')}]"
        open_database(path, name, sandbox)
        found = Opened(open_selected(ref, what, name, sandbox), what, listed, sandbox=sandbox)
    else:
        parts = parts_of(ref, listed.stamps, listed.base, name, called)
        inside = Sandbox() if ref.where is not None else None
        found = Opened(open_files(parts, inside or database), name, listed, sandbox=inside)
        if inside is not None:
            inside.seal()
    return _selected(found, ref, database)


def open_value(value: object, ref: TableRef, what: str, database: Database) -> Opened:
    """Open a table that a fixture or a callable returned.

    Raises:
        NotMeasuredError: it is no table, or what the gate file says of it does not suit it.
    """
    from pytest_mlgate.inputs.objects import open_object, open_remote, stays
    from pytest_mlgate.inputs.sandbox import Sandbox

    if stays(value):
        from pytest_mlgate.inputs.elsewhere import selected_elsewhere

        remote = open_remote(value, what, database)
        return selected_elsewhere(remote, Opened(remote, what), ref, database)
    sandbox = Sandbox() if ref.where is not None else None
    found = Opened(open_object(value, what, sandbox or database), what, sandbox=sandbox)
    if sandbox is not None:
        sandbox.seal()
    return _selected(found, ref, database)


def _selected(found: Opened, ref: TableRef, database: Database) -> Opened:
    """Keep the rows that the gate file speaks of, in a form that the session's database can query."""
    from pytest_mlgate.inputs.sampling import drawn
    from pytest_mlgate.inputs.sandbox import handed

    if found.sandbox is not None and ref.where is not None:
        name = f"{found.name} where {' '.join(ref.where.split())}"
        found = replace(found, name=name, frame=found.sandbox.filtered(found.frame, ref.where, database, name))
    elif found.sandbox is not None:
        found = replace(found, frame=handed(found.frame, database))
    if ref.sample is not None:
        frame, note = drawn(found.frame, ref.sample, database)
        found = replace(found, frame=frame, note=note)
    return found


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST_QUERY else f"{flat[: _LONGEST_QUERY - 1]}…"
