"""Baselines that are numbers in a file: where the bytes come from, and whether they speak of what is judged now.

A file in the tree is whatever the last writer left there, and a pull request may write it. So a file can be read as it
is at a revision instead, and of a committed baseline it is said whether it is what was committed.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_mlgate.baselines import (
    UPDATE,
    Entry,
    Proposal,
    Recorded,
    Rows,
    differences,
    parse,
    shortened,
)
from pytest_mlgate.errors import MlgateError, NotApplicableError, NotMeasuredError
from pytest_mlgate.gatefile.nodes import MAX_BYTES
from pytest_mlgate.inputs import git
from pytest_mlgate.inputs.opening import list_files
from pytest_mlgate.inputs.records import places_of, read_metrics
from pytest_mlgate.inputs.stamps import stamp
from pytest_mlgate.reference import TableRef
from pytest_mlgate.verdict import InputRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_mlgate.baselines import Setting
    from pytest_mlgate.inputs.gate import GateInputs
    from pytest_mlgate.kind import PredictionSpec
    from pytest_mlgate.reference import BaselineRef

_LF, _CR_LF = b"\n", b"\r\n"


@dataclass(frozen=True, slots=True)
class Found:
    """A file's bytes and how reports call it; no bytes where it is missing and that is no fault."""

    name: str
    data: bytes | None


class Records:
    """What one gate reads of baselines in files, and what it would write.

    Args:
        inputs: of the gate.
        key: the gate's name in a committed baseline.
        file: the file that the gate stands in, where it does in one.
        called: says what reports call a file.
        record: remembers that it was read.
        updating: whether this run rewrites committed baselines.
    """

    def __init__(
        self,
        inputs: GateInputs,
        key: str,
        *,
        file: Path | None,
        called: Callable[[Path], str],
        record: Callable[[InputRecord], object],
        updating: bool,
    ) -> None:
        self._inputs = inputs
        self._key = key
        self._file = file
        self._called = called
        self._record = record
        self._updating = updating

    def read(self, spec: PredictionSpec, baseline: BaselineRef, settings: Mapping[str, Setting]) -> Recorded:
        """Read the values that a baseline holds.

        Raises:
            NotMeasuredError: the file cannot be read, or speaks of other data or settings.
            NotApplicableError: it does not exist yet at the revision named, and need not.
        """
        if baseline.committed is not None:
            return self._committed(spec, baseline, Path(baseline.committed), settings)
        found = self._bytes(baseline, Path(baseline.file or ""))
        data = found.data or b""
        values = read_metrics(
            data,
            found.name,
            baseline.key,
            rows=lambda: self._inputs.table(spec.data).rows,
            sha256=lambda: _hash_of(spec.data, found.name),
            settings=settings,
            whole=_is_whole_file(spec.data),
        )
        return Recorded(values=values, name=found.name, places=lambda metric: places_of(data, found.name, metric))

    def proposed(
        self,
        spec: PredictionSpec,
        baseline: BaselineRef,
        settings: Mapping[str, Setting],
        values: Mapping[str, float],
    ) -> Proposal | None:
        """Make of values what later candidates are held against.

        Raises:
            NotMeasuredError: nothing could tell later that the data are still the same.
        """
        if baseline.committed is None:
            return None
        path = Path(baseline.committed)
        seen = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        model = next((one.sha256 for one in self._inputs.records if one.role == "model"), None)
        entry = Entry(
            data=self._rows(spec),
            metrics=dict(values),
            settings=dict(settings),
            model=model,
            file=self._file_from(path),
        )
        return Proposal(path=str(path), key=self._key, entry=entry.sealed(), seen=seen)

    def _committed(
        self, spec: PredictionSpec, baseline: BaselineRef, path: Path, settings: Mapping[str, Setting]
    ) -> Recorded:
        found = self._bytes(baseline, path)
        if found.data is None:
            return Recorded(name=found.name, absent=f"{found.name} does not exist yet, and this run writes it")
        entries = parse(found.data, found.name)
        entry = entries.get(self._key)
        if entry is None:
            wrong = f"holds nothing of {self._key!r}, but of {', '.join(sorted(entries)) or 'no gate'}"
        else:
            wrong = next(self._differences(entry, spec, settings, path), "")
        if entry is not None and not wrong:
            return Recorded(values=entry.metrics, name=found.name)
        if self._updating:
            return Recorded(name=found.name, absent=f"{found.name} {wrong}; this run writes it anew")
        if entry is None and baseline.optional:
            raise NotApplicableError(f"{found.name} {wrong}")
        at_rev = " on a branch of its own, or without `rev`" if baseline.rev is not None else ""
        mend = f"measure it anew with {UPDATE}{at_rev}, review what changes, and commit it"
        raise NotMeasuredError(f"{found.name} {wrong}", mend)

    def _file_from(self, path: Path) -> str | None:
        """Say where the gate's file is, seen from a baseline's folder."""
        if self._file is None:
            return None
        return Path(os.path.relpath(self._file.resolve(), path.parent.resolve())).as_posix()

    def _differences(
        self, entry: Entry, spec: PredictionSpec, settings: Mapping[str, Setting], path: Path
    ) -> Iterator[str]:
        """Say why an entry cannot be compared with: as far as that is known without reading the data, first."""
        table = self._inputs.table(spec.data)
        yield from differences(entry, settings, table.rows, self._file_from(path))
        of_file = entry.data.sha256 is not None and _is_whole_file(spec.data)
        if of_file and entry.data.sha256 == _hash_of(spec.data, ""):
            return
        if entry.data.rows_sha256 is None:
            yield f"was measured on other data: on the file of SHA-256 {shortened(entry.data.sha256 or 'unknown')}"
            return
        gone = [one for one in entry.data.columns if one not in table.columns]
        if gone:
            yield f"was measured on other data: they had a column {gone[0]!r}"
            return
        now = self._inputs.fingerprint(spec.data, entry.data.columns, rows=True).rows_sha256
        if now != entry.data.rows_sha256:
            yield (
                f"was measured on other data: rows of SHA-256 {shortened(entry.data.rows_sha256)}, and those judged "
                f"now have {shortened(now or '')}"
            )

    def _rows(self, spec: PredictionSpec) -> Rows:
        """Say which rows are judged: by their file where that says it all, and by their values.

        What the candidate itself predicted is left out, since the next one predicts something else.
        """
        table = self._inputs.table(spec.data)
        sha256 = _hash_of(spec.data, "") if _is_whole_file(spec.data) else None
        own = {spec.prediction, *([spec.score] if isinstance(spec.score, str) else spec.score or ())}
        columns = sorted(one for one in table.columns if one not in own)
        try:
            values = self._inputs.fingerprint(spec.data, columns, rows=True).rows_sha256
        except NotMeasuredError as error:
            if sha256 is None:
                reason = f"nothing could tell later that the data are still these: {error.reason}"
                raise NotMeasuredError(reason, "keep such columns out of the table") from error
            return Rows(rows=table.rows, sha256=sha256)
        beside = len(columns) < len(table.columns)  # the file has predictions in it, and is another each time
        return Rows(rows=table.rows, sha256=None if beside else sha256, rows_sha256=values, columns=tuple(columns))

    def _bytes(self, baseline: BaselineRef, path: Path) -> Found:
        """Read a file from the tree, or from git."""
        shown = self._called(path)
        if baseline.rev is not None:
            return self._at(baseline.rev, path, shown, baseline)
        if baseline.committed is not None:
            _refuse_links(path, shown)
            if not path.exists():
                if self._updating:
                    return Found(shown, None)
                reason = f"there is no baseline {shown} yet"
                raise NotMeasuredError(reason, f"run once with {UPDATE}, review the numbers, and commit the file")
        found = stamp(path, hashed=True)
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != found.sha256:
            raise NotMeasuredError(f"{shown} changed while it was read", "wait until it is written")
        unsettled = _uncommitted(path, data) if baseline.committed is not None and not self._updating else None
        self._record(
            InputRecord(
                role="baseline", name=shown, sha256=found.sha256, files=(found,), note=unsettled, unsettled=unsettled
            )
        )
        return Found(shown, data)

    def _at(self, rev: str, path: Path, shown: str, baseline: BaselineRef) -> Found:
        """Read a file as it is at a revision."""
        try:
            entry = git.entry(path, rev)
            size = entry.size() if entry is not None and entry.is_file else 0
            data = entry.content() if entry is not None and entry.is_file and size <= MAX_BYTES else b""
        except MlgateError as error:
            reason = f"the baseline {shown} cannot be read: {error}"
            raise NotMeasuredError(reason, "name a revision that git has") from error
        if entry is None:
            return self._missing(rev, shown, baseline)
        name = f"{shown} at {rev} ({entry.commit[:12]})"
        if not entry.is_file:
            raise NotMeasuredError(f"{name} is a link or a folder, and no file", "name the file itself")
        if size > MAX_BYTES:
            raise NotMeasuredError(f"{name} is larger than {MAX_BYTES >> 20} MiB", "name a file of metrics")
        self._record(InputRecord(role="baseline", name=name, sha256=hashlib.sha256(data).hexdigest()))
        return Found(name, data)

    def _missing(self, rev: str, shown: str, baseline: BaselineRef) -> Found:
        reason = f"there is no {shown} at {rev}"
        if self._updating and baseline.committed is not None:
            return Found(f"{shown} at {rev}", None)
        if baseline.optional:
            raise NotApplicableError(f"{reason} yet")
        mend = "commit it there (DVC keeps a metrics file out of git unless `cache: false`), or write `optional: true`"
        raise NotMeasuredError(reason, mend)


def _refuse_links(path: Path, shown: str) -> None:
    """Refuse a committed baseline that is a link: git would show an unchanged link while the numbers change."""
    if path.is_symlink():
        raise NotMeasuredError(f"the baseline {shown} is a link", "commit the file itself")


def _uncommitted(path: Path, data: bytes) -> str | None:
    """Say why a file cannot be called committed; None when it is what the last commit holds."""
    try:
        entry = git.entry(path, "HEAD")
    except MlgateError as error:
        return f"not known to be committed: {str(error).replace(str(path), path.name)}"
    if entry is None:
        return "not committed yet"
    if not entry.is_file or entry.content().replace(_CR_LF, _LF) != data.replace(_CR_LF, _LF):
        return "not as it was committed"
    return None


def _is_whole_file(data: TableRef) -> bool:
    """Whether a table is all rows of its files as they come, so that the files' hash says which rows are meant."""
    return data.path is not None and not data.is_database and replace(data, labels={}) == TableRef(path=data.path)


def _hash_of(data: TableRef, name: str) -> str:
    """Hash the file that data are in."""
    if data.path is None:
        source = f"the fixture {data.fixture!r}" if data.fixture else repr(data.python or data.table)
        reason = f"{name} says which file it was measured on, and the data come from {source}"
        raise NotMeasuredError(reason, "judge on that file, or leave `sha256` out")
    return list_files(Path(data.path), hashed=True).sha256 or ""
