"""A model registry in a folder: no server, safe under concurrent processes and under kill -9.

The scheme has three rules. Writers take a lock, which the operating system gives back when they die. Everything is
prepared out of sight, flushed and renamed into place before the ledger is replaced, and only replacing the ledger
commits. Readers follow the ledger to what was complete before it was written, so they need no lock and can see no half
state.
"""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_mlgate.errors import RegistryError
from pytest_mlgate.registries import durable
from pytest_mlgate.registries.layout import Layout, checked_name, checked_sha256, is_artifact_name
from pytest_mlgate.registries.ledger import Ledger, Move, damaged, json_bytes, parse
from pytest_mlgate.registries.port import Promoted
from pytest_mlgate.registries.shelf import clear, find, lay_down, read_version, require_measured, verified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytest_mlgate.registries.port import ModelVersion


class LocalRegistry:
    """The `Registry` of one model, in the folder `root/model`, which the first promotion creates.

    Bytes are stored once: promoting what an older version already holds moves the alias to that version, under the name
    it was first promoted with, and adds the new evidence beside the old. A version whose stored bytes were damaged is
    never reused, so promoting the good bytes again mends the alias.

    Args:
        root: the folder of all models.
        model: the name of this one.
        lock_timeout_s: how long to wait for another process that is promoting.

    Raises:
        RegistryError: the model's name cannot be a folder's.
    """

    def __init__(self, root: Path, model: str, *, lock_timeout_s: float = 600.0) -> None:
        self._layout = Layout(root.absolute(), checked_name("a model", model))
        self._lock_timeout_s = lock_timeout_s

    def current(self, alias: str) -> ModelVersion | None:
        """Return the version that `alias` points to, its bytes checked; see `Registry.current`."""
        checked_name("an alias", alias)
        with self._explained("read"):
            number = self._ledger().current(alias)
            return None if number is None else verified(read_version(self._layout, number))

    def versions(self) -> list[ModelVersion]:
        """Return every version, oldest first; see `Registry.versions`."""
        with self._explained("read"):
            return [read_version(self._layout, number) for number in range(1, self._ledger().latest + 1)]

    def promote(
        self, artifact: Path, *, sha256: str, alias: str, expected: int | None, evidence: Mapping[str, object]
    ) -> Promoted:
        """Point `alias` to the bytes of `artifact`, if nobody moved it meanwhile; see `Registry.promote`.

        Evidence belongs to a move. Promoting what the alias already points to moves nothing, so its evidence is not
        kept; otherwise a nightly job that promotes an unchanged model would fill the registry.
        """
        checked_name("an alias", alias)
        sha256 = checked_sha256(sha256)
        statement = _encoded(evidence)
        with self._explained("written"):
            _check_artifact(artifact)
            durable.make_folder(self._layout.inside(self._layout.folder))
            with self._locked() as ledger, durable.desk(self._layout.folder) as desk:
                previous = ledger.current(alias)
                if previous is not None and (same := find(self._layout, [previous], sha256)):
                    require_measured(artifact, durable.sha256_of(artifact), sha256)
                    return Promoted(same, previous, changed=False)
                if previous != expected:
                    raise RegistryError(
                        f"{alias!r} of {self._layout.model!r} points to {_told(previous)}, but the gates measured "
                        f"against {_told(expected)}; run them again against what it points to now"
                    )
                version, name = self._stored(desk, ledger, artifact, sha256, statement)
                return self._commit(desk, ledger, alias, version, name)

    def rollback(self, alias: str) -> Promoted:
        """Point `alias` back to the version before the latest promotion that still stands; see `Registry.rollback`."""
        checked_name("an alias", alias)
        with self._explained("written"):
            if not self._layout.folder.is_dir():  # taking the lock would create it
                raise self._nothing_before(alias, None)
            with self._locked() as ledger, durable.desk(self._layout.folder) as desk:
                *_, earlier, now = (None, None, *ledger.standing(alias))
                if earlier is None:
                    raise self._nothing_before(alias, now)
                return self._commit(desk, ledger, alias, verified(read_version(self._layout, earlier)), evidence=None)

    def _stored(
        self, desk: Path, ledger: Ledger, artifact: Path, sha256: str, statement: bytes
    ) -> tuple[ModelVersion, str]:
        """Put the bytes and the evidence in place; nobody sees them before a move that names them is committed."""
        layout = self._layout
        if (version := find(layout, range(ledger.latest, 0, -1), sha256)) is not None:
            require_measured(artifact, durable.sha256_of(artifact), sha256)
            name = f"evidence-{len(ledger.evidence(version.version)) + 1}.json"
            durable.write(desk / name, statement)
            durable.publish(desk / name, layout.version(version.version) / name)
            return version, name
        number, folder, name = ledger.latest + 1, desk / "version", "evidence.json"
        lay_down(layout, number, folder, artifact, sha256=sha256, created=_now())
        durable.write(folder / name, statement)
        durable.flush_folder(folder)
        durable.make_folder(layout.inside(layout.versions))
        if not layout.aliases.exists():
            self._write(desk, ledger)  # before the first version, so that versions without a ledger mean a lost ledger
        durable.publish(folder, layout.version(number))
        return read_version(layout, number), name

    def _commit(self, desk: Path, ledger: Ledger, alias: str, version: ModelVersion, evidence: str | None) -> Promoted:
        self._write(desk, ledger.moved(alias, Move(version.version, _now(), evidence)))
        if (now := self._ledger().current(alias)) != version.version:
            raise RegistryError(
                f"{alias!r} of {self._layout.model!r} was set to {_told(version.version)} but points to {_told(now)}; "
                f"something writes to {self._layout.aliases} without taking the lock"
            )
        return Promoted(version, ledger.current(alias), changed=True)

    def _write(self, desk: Path, ledger: Ledger) -> None:
        durable.write(desk / self._layout.aliases.name, ledger.dump())
        durable.publish(desk / self._layout.aliases.name, self._layout.inside(self._layout.aliases))

    def _ledger(self) -> Ledger:
        ledger = self._read()
        if ledger is None and self._layout.numbers():
            ledger = self._read()  # again: the first promotion, which writes the ledger first, may have come between
            if ledger is None:
                raise damaged(self._layout.aliases, "it is missing, though there are versions")
        return ledger or Ledger(self._layout.model)

    def _read(self) -> Ledger | None:
        path = self._layout.inside(self._layout.aliases)
        try:
            return parse(durable.read(path), path=path, model=self._layout.model)
        except FileNotFoundError:
            return None

    @contextmanager
    def _locked(self) -> Iterator[Ledger]:
        """Hold the lock, clear what killed processes left, and yield the ledger, which nobody changes meanwhile."""
        from filelock import FileLock, Timeout

        lock = FileLock(self._layout.inside(self._layout.lock), timeout=self._lock_timeout_s)
        try:
            lock.acquire()
        except Timeout as error:
            raise RegistryError(
                f"another process held {self._layout.lock} for {self._lock_timeout_s:g} s; try again when it is done"
            ) from error
        try:
            ledger = self._ledger()
            clear(self._layout, ledger)
            yield ledger
        finally:
            lock.release()

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RegistryError(
                f"the registry {self._layout.folder} cannot be {done}: {error}; mend that, then it is safe to try again"
            ) from error

    def _nothing_before(self, alias: str, version: int | None) -> RegistryError:
        return RegistryError(
            f"{alias!r} of {self._layout.model!r} points to {_told(version)}; there is no earlier one to go back to"
        )


def _check_artifact(artifact: Path) -> None:
    if not artifact.is_file():
        raise RegistryError(f"{artifact} is no file; a registry holds models that are one file each")
    if not is_artifact_name(artifact.name):
        raise RegistryError(f"{artifact} has a name that the registry needs for itself; rename it")


def _encoded(evidence: Mapping[str, object]) -> bytes:
    try:
        return json_bytes(dict(evidence))
    except (TypeError, ValueError, RecursionError) as error:
        raise RegistryError(f"the evidence cannot be written as JSON: {error}") from error


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _told(version: int | None) -> str:
    return "no version" if version is None else f"version {version}"
