"""`data.version`: the data are the bytes that were pinned, or the rows.

A result belongs to the data it was measured on. A pin in the gate file (or in DVC's or git-lfs's own files) says which
those are; a check's value is 0 where they are still the same and 1 where they are not.
"""

from __future__ import annotations

import re
from string import hexdigits
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from pytest_mlgate.kind import GateSpec, Inputs, Kind, Mistake
from pytest_mlgate.pinning import Held, Pin
from pytest_mlgate.reference import FilePath, TableRef
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_mlgate.pinning import Changes, Fingerprint

# The pattern is for editors; here `mistakes` checks it, so that a damaged pin does not also count as a missing one.
Sha256 = Annotated[
    str,
    Meta(
        description="64 hexadecimal digits, as `mlgate pin` prints them",
        extra_json_schema={"pattern": "^[0-9A-Fa-f]{64}$"},
    ),
]
_OF_BYTES = ("sha256", "dvc", "lfs")
_OF_ROWS = ("schema_sha256", "rows_sha256")
_SAME = Limit(max=0)
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
_DIGITS = 16
_SHOWN = 3
_SHOWN_COLUMNS = 8


class DataVersion(GateSpec, frozen=True, kw_only=True):
    """Whether data are still the bytes, or the rows, that were pinned.

    Args:
        path: a file or a folder, pinned by exactly one of the next three.
        sha256: of a file's bytes, or of a folder's manifest.
        dvc: the `.dvc` file or `dvc.lock` that speaks of the path.
        lfs: true for the git-lfs pointer committed at the path, or a pointer file.
        data: instead, a table, wherever its rows are, pinned by one of the next two or both.
        schema_sha256: of its column names and types.
        rows_sha256: of its column names and values.
        columns: the columns that the table's pins speak of, in their order; all unless given.
        ordered: whether the order of the rows matters.
    """

    path: FilePath | None = None
    sha256: Sha256 | None = None
    dvc: FilePath | None = None
    lfs: bool | FilePath | None = None
    data: TableRef | None = None
    schema_sha256: Sha256 | None = None
    rows_sha256: Sha256 | None = None
    columns: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    ordered: bool = False


def measure(spec: DataVersion, inputs: Inputs) -> Iterator[Measurement]:
    """Hold each pin against what is there."""
    if spec.path is not None:
        sha256 = spec.sha256.lower() if spec.sha256 is not None else None
        yield _of_bytes(inputs.pinned(Pin(spec.path, sha256, spec.dvc, spec.lfs)))
    elif spec.data is not None:
        ordered = spec.ordered
        found = inputs.fingerprint(spec.data, spec.columns, rows=spec.rows_sha256 is not None, ordered=ordered)
        if spec.schema_sha256 is not None:
            yield _of_table("schema_sha256", spec.schema_sha256, found.schema_sha256, found)
        if spec.rows_sha256 is not None and found.rows_sha256 is not None:
            yield _of_table("rows_sha256", spec.rows_sha256, found.rows_sha256, found)


def _of_bytes(held: Held) -> Measurement:
    detail: dict[str, Any] = {
        "unit": "file" if held.files == 1 else "files",
        "expected": held.expected,
        "found": held.found,
        "size": held.size,
        "expected_size": held.pinned_size,
        "expected_files": held.pinned_files,
        "modified": f"{held.modified:%Y-%m-%dT%H:%M:%SZ}",
    }
    if held.changes is not None:
        changes = held.changes
        detail |= {"added": changes.added, "removed": changes.removed, "changed": changes.changed}
    if not held.matches:
        detail["look_at"] = [
            f"{held.what}: expected {_short(held.expected)}, found {_short(held.found)}",
            _facts(held),
            *([_told(held.changes)] if held.changes is not None else []),
            *held.remarks,
            f"to accept these bytes: {held.accept}",
        ]
    return Measurement(
        name="*",
        metric=f"{held.algorithm}_mismatch",
        value=int(not held.matches),
        n=held.files,
        limit=_SAME,
        detail=detail,
    )


def _facts(held: Held) -> str:
    """Say how much is there, against how much was pinned, and since when."""
    parts = [_compared(held.size, held.pinned_size, "byte")]
    if held.files != 1 or held.pinned_files is not None:
        parts.insert(0, _compared(held.files, held.pinned_files, "file"))
    newest = "the newest " if held.files != 1 else ""
    return f"{', '.join(parts)}; {newest}last modified {held.modified:%Y-%m-%d %H:%M:%S} UTC"


def _compared(found: int, pinned: int | None, unit: str) -> str:
    """Say a number, and how far it is from the pinned one.

    >>> _compared(1244, 1234, "byte"), _compared(1, None, "file"), _compared(2, 2, "byte")
    ('1,244 bytes, 10 more than pinned', '1 file', '2 bytes, as many as pinned')
    """
    said = f"{found:,} {unit}{'' if found == 1 else 's'}"
    if pinned is None:
        return said
    if found == pinned:
        return f"{said}, as many as pinned"
    return f"{said}, {abs(found - pinned):,} {'more' if found > pinned else 'fewer'} than pinned"


def _told(changes: Changes) -> str:
    parts = (("added", changes.added), ("removed", changes.removed), ("changed", changes.changed))
    return "; ".join(f"{len(names):,} {how}: {_first(names, _SHOWN)}" for how, names in parts if names)


def _first(names: Iterable[str], most: int) -> str:
    listed = list(names)
    return ", ".join(listed[:most]) + (", …" if len(listed) > most else "")


def _short(digest: str) -> str:
    """Shorten a hash, keeping what says that it is of a folder."""
    return f"{digest[:_DIGITS]}…{'.dir' if digest.endswith('.dir') else ''}"


def _of_table(metric: str, pinned: str, digest: str, found: Fingerprint) -> Measurement:
    expected = pinned.lower()
    of_rows = metric == "rows_sha256"
    detail: dict[str, Any] = {
        "unit": "rows" if of_rows else "columns",
        "expected": expected,
        "found": digest,
        "columns": [[name, kind] for name, kind in found.columns.items()],
    }
    if digest != expected:
        columns = _first((f"{name} {kind}" for name, kind in found.columns.items()), _SHOWN_COLUMNS)
        detail["look_at"] = [
            f"{found.what}: expected {metric} {_short(expected)}, found {_short(digest)}",
            f"now {found.rows:,} rows of {len(found.columns):,} columns: {columns}",
            f"to accept them: write {metric}: {digest}",
        ]
    n = found.rows if of_rows else len(found.columns)
    named = metric.replace("sha256", "mismatch")
    return Measurement(name="*", metric=named, value=int(digest != expected), n=n, limit=_SAME, detail=detail)


def mistakes(spec: DataVersion) -> Iterable[Mistake]:
    """Find pins that are missing, too many, or of another sort than what they pin."""
    of_bytes = [name for name in _OF_BYTES if getattr(spec, name) is not None]
    of_rows = [name for name in _OF_ROWS if getattr(spec, name) is not None]
    if spec.lfs is False:
        yield Mistake(("lfs",), "`lfs: false` pins nothing", "write true, a pointer file, or leave it out")
    for name in of_bytes[1:]:
        yield Mistake((name,), f"the path is pinned by {of_bytes[0]} already", "keep one pin")
    if spec.path is None and of_bytes:
        yield Mistake((of_bytes[0],), f"{of_bytes[0]} pins the bytes at a path, and there is none", "write `path: …`")
    if spec.path is not None and not of_bytes and not of_rows:
        yield Mistake(("path",), "nothing says what the path is pinned to", "write `sha256:`, `dvc:` or `lfs: true`")
    if spec.path is not None and of_rows:
        yield Mistake(
            (of_rows[0],), "it pins the rows of a table, and this gate has a path", "write `data: {path: …}` instead"
        )
    elif of_rows and spec.data is None:
        yield Mistake((of_rows[0],), f"{of_rows[0]} pins a table, and there is none", "write `data: …`")
    if spec.path is None and not of_bytes and not of_rows:
        mend = "write `path:` with `sha256:`, `dvc:` or `lfs:`; or `data:` with `schema_sha256:` or `rows_sha256:`"
        yield Mistake((), "nothing is pinned", mend)
    yield from _unreadable(spec)
    yield from _unused(spec)


def _unreadable(spec: DataVersion) -> Iterator[Mistake]:
    for name in ("sha256", *_OF_ROWS):
        written = getattr(spec, name)
        if written is not None and not _SHA256.fullmatch(written):
            is_hex = bool(written) and all(one in hexdigits for one in written)
            what = f"this has {len(written)} hexadecimal digits" if is_hex else "this is no hexadecimal number"
            mend = "`mlgate pin` prints it" + (" with --rows" if name in _OF_ROWS else "")
            yield Mistake((name,), f"a SHA-256 has 64 hexadecimal digits, and {what}", mend)


def _unused(spec: DataVersion) -> Iterator[Mistake]:
    if spec.columns is not None and spec.schema_sha256 is None and spec.rows_sha256 is None:
        yield Mistake(("columns",), "columns belong to the pins of a table", "remove them")
    if spec.ordered and spec.rows_sha256 is None:
        yield Mistake(("ordered",), "only rows have an order", "remove it, or pin `rows_sha256:`")
    for number, name in enumerate(spec.columns or ()):
        if name in (spec.columns or ())[:number]:
            yield Mistake(("columns", number), f"{name!r} is listed twice", "keep one")


KIND = Kind(name="data.version", spec=DataVersion, measure=measure, mistakes=mistakes)
