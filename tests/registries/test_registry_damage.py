"""Damage is noticed, named and never taken for an empty registry."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import stat
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from pytest_mlgate.errors import RegistryError
from pytest_mlgate.registries import durable
from pytest_mlgate.registries.local import LocalRegistry


@pytest.fixture
def folder(promote, root):
    """Return the folder of a registry that holds two versions, the second of them champion."""
    promote(b"one")
    promote(b"two", expected=1)
    return root / "credit"


def _refuses_everything(registry, promote, match):
    acts = (
        lambda: registry.current("champion"),
        registry.versions,
        lambda: registry.rollback("champion"),
        lambda: promote(b"three", expected=2),
    )
    for act in acts:
        with pytest.raises(RegistryError, match=match):
            act()


def test_a_flipped_byte_is_noticed(registry, folder):
    """The champion is never returned with bytes other than those registered; the message names both checksums."""
    (folder / "versions/2/model.safetensors").write_bytes(b"twO")
    with pytest.raises(RegistryError, match=r"versions.2.model\.safetensors is damaged .*SHA-256 .* registered with"):
        registry.current("champion")


def test_a_damaged_champion_can_be_rolled_back(registry, folder):
    """Damage to the current version does not stand in the way of going back to a good one."""
    (folder / "versions/2/model.safetensors").write_bytes(b"twO")
    assert registry.rollback("champion").version.version == 1
    assert registry.current("champion").path.read_bytes() == b"one"


def test_a_damaged_champion_is_mended_by_promoting_the_good_bytes(registry, promote, folder):
    """Damaged bytes are not what the alias was given, so promoting the good ones again is a move."""
    (folder / "versions/2/model.safetensors").write_bytes(b"twO")
    promoted = promote(b"two", expected=2)
    assert (promoted.version.version, promoted.changed) == (3, True)
    assert registry.current("champion").path.read_bytes() == b"two"


def test_damaged_bytes_are_never_reused(registry, promote, folder):
    """An older version that lost its bytes cannot lend them; they are stored anew."""
    (folder / "versions/1/model.safetensors").write_bytes(b"oNe")
    assert promote(b"one", expected=2).version.version == 3
    assert registry.current("champion").path.read_bytes() == b"one"


def test_rollback_to_a_damaged_version_refuses(registry, folder):
    """A rollback never makes damaged bytes the champion."""
    (folder / "versions/1/model.safetensors").write_bytes(b"oNe")
    with pytest.raises(RegistryError, match="is damaged"):
        registry.rollback("champion")
    assert registry.current("champion").version == 2


@pytest.mark.parametrize("missing", ["versions/2", "versions/2/metadata.json", "versions/2/model.safetensors"])
def test_a_missing_part_of_a_version_is_noticed(registry, promote, folder, missing):
    """A version that the ledger names must be complete; what is missing is named."""
    durable.discard(folder / missing)
    for act in (lambda: registry.current("champion"), registry.versions):
        with pytest.raises(
            RegistryError, match=r"versions.2.(metadata\.json|model\.safetensors) is damaged .it is miss"
        ):
            act()
    assert promote(b"three", expected=2).version.version == 3
    assert registry.current("champion").path.read_bytes() == b"three"


def test_a_truncated_artifact_is_noticed_without_reading_it(registry, folder):
    """Listing versions compares sizes."""
    (folder / "versions/2/model.safetensors").write_bytes(b"t")
    with pytest.raises(RegistryError, match="1 bytes instead of 3"):
        registry.versions()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"version": 1}, "not about version 2", id="other-version"),
        pytest.param({"model": "fraud"}, "not about version 2 of 'credit'", id="other-model"),
        pytest.param({"name": "../../../secret"}, "make no sense", id="traversal"),
        pytest.param({"name": ".."}, "make no sense", id="parent"),
        pytest.param({"name": "metadata.json"}, "make no sense", id="own-name"),
        pytest.param({"sha256": None}, "make no sense", id="no-checksum"),
        pytest.param({"created": 3}, "make no sense", id="no-time"),
        pytest.param({"size": 99}, "3 bytes instead of 99", id="other-size"),
    ],
)
def test_foreign_metadata_is_refused(registry, folder, change, said):
    """Metadata that is not about this version, or points elsewhere, is damage."""
    path = folder / "versions/2/metadata.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | change))
    with pytest.raises(RegistryError, match=said):
        registry.current("champion")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null"], ids=repr)
def test_unreadable_metadata_is_refused(registry, folder, content):
    """Metadata that is no JSON object is named, with what can be done."""
    (folder / "versions/2/metadata.json").write_bytes(content)
    with pytest.raises(RegistryError, match=r"metadata\.json is damaged .*roll the alias back"):
        registry.current("champion")


def _ledger(**changes):
    move = {"version": 1, "at": "2026-01-31T12:00:00Z", "evidence": "evidence.json"}
    return {"layout": 1, "model": "credit", "aliases": {"champion": [move]}} | changes


_MOVE = _ledger()["aliases"]["champion"][0]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param('{"layout": 1, "mod', id="truncated"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param('{"layout": ' + "9" * 5000 + "}", id="huge-number"),
        pytest.param([], id="list"),
        pytest.param({}, id="no-keys"),
        pytest.param(_ledger(layout="1"), id="layout-text"),
        pytest.param(_ledger(layout=0), id="layout-zero"),
        pytest.param(_ledger(model="fraud"), id="other-model"),
        pytest.param(_ledger(extra=1), id="extra-key"),
        pytest.param(_ledger(aliases=[]), id="aliases-list"),
        pytest.param(_ledger(aliases={"../x": [_MOVE]}), id="alias-name"),
        pytest.param(_ledger(aliases={"champion": []}), id="no-moves"),
        pytest.param(_ledger(aliases={"champion": [3]}), id="move-number"),
        pytest.param(_ledger(aliases={"champion": [_MOVE | {"version": True}]}), id="version-true"),
        pytest.param(_ledger(aliases={"champion": [_MOVE | {"version": 0}]}), id="version-zero"),
        pytest.param(_ledger(aliases={"champion": [_MOVE | {"version": 2}]}), id="gap"),
        pytest.param(_ledger(aliases={"champion": [_MOVE | {"at": None}]}), id="no-time"),
        pytest.param(_ledger(aliases={"champion": [_MOVE | {"evidence": "../x.json"}]}), id="evidence-elsewhere"),
        pytest.param(_ledger(aliases={"champion": [_MOVE | {"evidence": None}]}), id="rollback-first"),
        pytest.param(
            _ledger(aliases={"champion": [_MOVE, _MOVE | {"version": 2}, _MOVE | {"version": 2, "evidence": None}]}),
            id="rollback-to-itself",
        ),
    ],
)
def test_a_damaged_ledger_refuses_everything(registry, promote, folder, content):
    """Nothing is read or written past an `aliases.json` that makes no sense; it is named, with what can be done."""
    (folder / "aliases.json").write_text(content if isinstance(content, str) else json.dumps(content))
    _refuses_everything(registry, promote, r"aliases\.json is damaged \(.*\); restore it from a backup")
    assert sorted(path.name for path in (folder / "versions").iterdir()) == ["1", "2"]


def test_a_ledger_of_a_later_release_refuses_everything(registry, promote, folder):
    """An unknown layout is not guessed at, whatever else the file holds."""
    (folder / "aliases.json").write_text(json.dumps({"layout": 2, "new": "shape"}))
    _refuses_everything(registry, promote, r"has layout 2, this release knows 1; upgrade pytest-mlgate")


def test_a_lost_ledger_is_not_an_empty_registry(registry, promote, folder):
    """Versions without `aliases.json` are damage: neither a first release nor leftovers to clear."""
    (folder / "aliases.json").unlink()
    _refuses_everything(registry, promote, r"aliases\.json is damaged .it is missing, though there are versions")
    assert sorted(path.name for path in (folder / "versions").iterdir()) == ["1", "2"]


def test_a_first_promotion_between_two_looks_is_no_damage(registry, folder, monkeypatch):
    """A reader that finds no ledger and then finds versions looks again before it speaks of damage."""
    read, looks = durable.read, iter([True])

    def too_early_at_first(path):
        if next(looks, False):
            raise FileNotFoundError(path)
        return read(path)

    monkeypatch.setattr(durable, "read", too_early_at_first)
    assert registry.current("champion").version == 2
    assert folder.is_dir()


def test_an_old_copy_of_the_ledger_does_not_clear_versions(registry, promote, folder):
    """A ledger that lags more than one killed promotion can explain refuses to write."""
    (folder / "aliases.json").write_text(json.dumps(_ledger(aliases={})))
    with pytest.raises(RegistryError, match=r"it knows 0 versions, .* has up to 2"):
        promote(b"three", expected=None)
    assert sorted(path.name for path in (folder / "versions").iterdir()) == ["1", "2"]
    assert registry.versions() == []


def test_leftovers_are_cleared_by_the_next_write_and_nothing_else(registry, promote, folder, listing):
    """Abandoned work goes; a reader's notes, whatever they are, stay."""
    before = listing()
    (folder / ".tmp-dead/version").mkdir(parents=True)
    (folder / ".tmp-dead/version/model.bin").write_bytes(b"half")
    (folder / ".tmp-file").write_bytes(b"half")
    (folder / ".tmp-link").symlink_to(folder / "versions")
    (folder / "versions/3").mkdir()
    (folder / "versions/3/model.bin").write_bytes(b"never committed")
    (folder / "versions/1/evidence-2.json").write_bytes(b"{}")
    (folder / "versions/NOTES").mkdir()
    (folder / "versions/1/README").write_bytes(b"hello")
    assert registry.versions()[-1].version == 2
    assert promote(b"two", expected=2).changed is False
    assert listing() == sorted([*before, "credit/versions/NOTES", "credit/versions/1/README"])


@pytest.mark.parametrize("place", ["", "versions", "versions/2", "versions/2/model.safetensors", "aliases.json"])
def test_links_out_of_the_root_are_refused(registry, folder, tmp_path, place):
    """A link inside the registry cannot make it read elsewhere, not even the right bytes."""
    outside = tmp_path / "outside"
    shutil.move(folder / place, outside)
    (folder / place).symlink_to(outside)
    with pytest.raises(RegistryError, match="leads out of the registry"):
        registry.current("champion")


@pytest.mark.parametrize("place", ["", "versions", ".lock", "aliases.json"])
def test_links_out_of_the_root_are_not_written_through(registry, promote, root, tmp_path, place):
    """A link that waits for a first promotion catches nothing."""
    outside = tmp_path / "outside"
    (outside if place in {"", "versions"} else tmp_path).mkdir(exist_ok=True)
    (root / "credit" / place).parent.mkdir(parents=True, exist_ok=True)
    (root / "credit" / place).symlink_to(outside)
    with pytest.raises(RegistryError, match="leads out of the registry"):
        promote(b"one")
    assert not outside.is_dir() or list(outside.iterdir()) == []
    assert outside.is_dir() or not outside.exists()
    assert registry is not None


def test_links_in_a_circle_are_refused(registry, folder):
    """A link to itself is reported like any other damage."""
    (folder / "aliases.json").unlink()
    (folder / "aliases.json").symlink_to(folder / "aliases.json")
    with pytest.raises(RegistryError, match=r"aliases\.json"):
        registry.current("champion")


def test_the_root_itself_may_be_a_link(promote, registry, tmp_path):
    """Where the registry lives is the user's choice."""
    promote(b"one")
    (tmp_path / "link").symlink_to(tmp_path / "registry")
    linked = LocalRegistry(tmp_path / "link", "credit")
    assert linked.current("champion").sha256 == registry.current("champion").sha256


def test_a_root_that_is_a_file_is_explained(tmp_path, promote, root):
    """What the operating system refuses becomes a `RegistryError` that names the registry."""
    root.write_text("not a folder")
    with pytest.raises(RegistryError, match=re.escape(f"{root / 'credit'} cannot be read")):
        LocalRegistry(root, "credit").current("champion")
    with pytest.raises(RegistryError, match=re.escape(f"{root / 'credit'} cannot be written")):
        promote(b"one")


def test_a_full_disk_changes_nothing(registry, promote, folder, listing, monkeypatch):
    """An error while writing is a `RegistryError`; alias, versions and files are as before."""

    def full(_handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = listing()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(RegistryError, match=r"cannot be written: .*No space left"):
            promote(b"three", expected=2)
    assert listing() == before
    assert registry.current("champion").version == 2
    assert (folder / "aliases.json").exists()


def test_a_lock_that_is_held_is_waited_for_only_so_long(root, folder, tmp_path):
    """A writer that never ends is reported with the lock's path instead of being waited for forever."""
    held, done = threading.Event(), threading.Event()

    def hold():
        with FileLock(folder / ".lock"):
            held.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    try:
        with pytest.raises(RegistryError, match=r"another process held .*\.lock for 0\.1 s"):
            LocalRegistry(root, "credit", lock_timeout_s=0.1).rollback("champion")
        assert LocalRegistry(root, "credit").current("champion").version == 2
    finally:
        done.set()
        holder.join()


def test_a_writer_that_ignores_the_lock_is_noticed(registry, promote, folder, monkeypatch):
    """The alias is read again after it was set; if it points elsewhere, the promotion says so."""
    stale = (folder / "aliases.json").read_bytes()
    publish = durable.publish

    def publish_and_be_overwritten(source, target):
        publish(source, target)
        if target.name == "aliases.json":
            target.write_bytes(stale)

    monkeypatch.setattr(durable, "publish", publish_and_be_overwritten)
    with pytest.raises(
        RegistryError, match=r"was set to version 3 but points to version 2; .* without taking the lock"
    ):
        promote(b"three", expected=2)


@pytest.mark.parametrize("where", ["open", "fsync"])
def test_folders_that_cannot_be_flushed_are_tolerated(registry, promote, monkeypatch, where):
    """Windows cannot open a folder, and some file systems cannot flush one; promotion works all the same."""
    real = getattr(os, where)

    def refusing(subject, *args):
        if where == "open" and Path(subject).is_dir():
            raise PermissionError(errno.EACCES, "a folder")
        if where == "fsync" and stat.S_ISDIR(os.fstat(subject).st_mode):
            raise OSError(errno.EINVAL, "a folder")
        return real(subject, *args)

    monkeypatch.setattr(os, where, refusing)
    promote(b"one")
    assert registry.current("champion").path.read_bytes() == b"one"


def test_a_disk_that_fails_to_flush_a_folder_is_no_detail(promote, monkeypatch):
    """Only the absence of the feature is tolerated, not its failure."""
    real = os.fsync

    def failing(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(handle)

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(RegistryError, match=r"Input/output error"):
        promote(b"one")


def test_a_file_that_is_open_elsewhere_is_waited_for_on_windows(registry, promote, monkeypatch):
    """A rename that is refused for a moment is tried again where that happens."""
    replace, refusals = os.replace, iter([True, True, False] * 3)

    def refused_at_first(source, target):
        if next(refusals, False):
            raise PermissionError(errno.EACCES, "open in another process")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refused_at_first)
    with pytest.raises(RegistryError, match="open in another process"):
        promote(b"one")
    monkeypatch.setattr(durable, "_PAUSES", (0.0, 0.0))
    promote(b"one")
    assert registry.current("champion").path.read_bytes() == b"one"
