"""A process that dies before any single file operation, and the order in which things reach the disk.

Each scenario runs in forked processes, the first killed before its first operation on files, the second before its
second, and so on until one gets through. `torn` also cuts the file about to be flushed in half, as a power cut may.
"""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys

import pytest

from pytest_mlgate.errors import RegistryError
from pytest_mlgate.registries.local import LocalRegistry

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks processes and kills them")

_SCRIPT = """
import hashlib, itertools, os, pathlib, shutil, signal, stat, sys
import filelock
from pytest_mlgate.registries.local import LocalRegistry

folder, torn, act = pathlib.Path(sys.argv[1]), sys.argv[2] == "torn", sys.argv[3]
fsync, steps = os.fsync, itertools.count(1)

def arm(last):
    def step(cut=None):
        if next(steps) == last:
            if torn and cut is not None and stat.S_ISREG(os.fstat(cut).st_mode):
                os.ftruncate(cut, os.fstat(cut).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event, args):
        writes = event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes or event in {"os.mkdir", "os.rename", "os.remove", "os.rmdir"}:
            step()

    def stepping_fsync(handle):
        step(cut=handle)
        fsync(handle)

    sys.addaudithook(hook)
    os.fsync = stepping_fsync

def run(root):
    registry = LocalRegistry(root, "credit")
    if act == "rollback":
        registry.rollback("champion")
        return
    content, current = act.encode(), registry.current("champion")
    registry.promote(folder / "model.bin", sha256=hashlib.sha256(content).hexdigest(), alias="champion",
                     expected=current and current.version, evidence={"by": "crash"})

(folder / "model.bin").write_bytes(act.encode())
for last in itertools.count(1):
    root = folder / f"crash-{last}"
    if (folder / "registry").exists():
        shutil.copytree(folder / "registry", root)
    child = os.fork()
    if child == 0:
        arm(last)
        run(root)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        sys.exit(os.WEXITSTATUS(status))
"""


def _state(root):
    registry = LocalRegistry(root, "credit", lock_timeout_s=1)
    current = registry.current("champion")
    return current and (current.version, current.path.read_bytes()), [
        (version.version, hashlib.sha256(version.path.read_bytes()).hexdigest() == version.sha256)
        for version in registry.versions()
    ]


@pytest.mark.parametrize("torn", ["whole", "torn"])
@pytest.mark.parametrize(
    ("before", "act", "after", "least"),
    [
        pytest.param([], "one", ((1, b"one"), [1]), 25, id="first"),
        pytest.param([b"one"], "two", ((2, b"two"), [1, 2]), 17, id="new"),
        pytest.param([b"one", b"two"], "one", ((1, b"one"), [1, 2]), 10, id="reuse"),
        pytest.param([b"one", b"two"], "rollback", ((1, b"one"), [1, 2]), 7, id="rollback"),
    ],
)
def test_no_single_crash_shows_a_half_state(promote, tmp_path, root, torn, before, act, after, least):
    """After a crash at any step the registry is as it was or as it was to become, and the next promotion works."""
    for number, content in enumerate(before):
        promote(content, expected=number or None)
    was, becomes = _state(root), (after[0], [(number, True) for number in after[1]])
    subprocess.run([sys.executable, "-c", _SCRIPT, str(tmp_path), torn, act], check=True)

    crashed = sorted(tmp_path.glob("crash-*"), key=lambda path: int(path.name.removeprefix("crash-")))
    states = [_state(path) for path in crashed]
    assert len(states) >= least
    assert states[0] == was
    assert states[-1] == becomes
    moved = states.index(becomes)
    assert states == [was] * moved + [becomes] * (len(states) - moved)

    for path, state in zip(crashed, states, strict=True):
        registry = LocalRegistry(path, "credit", lock_timeout_s=1)
        (tmp_path / "next.bin").write_bytes(b"next")
        promoted = registry.promote(
            tmp_path / "next.bin",
            sha256=hashlib.sha256(b"next").hexdigest(),
            alias="champion",
            expected=state[0] and state[0][0],
            evidence={},
        )
        assert promoted.version.version == len(state[1]) + 1
        assert registry.current("champion") == promoted.version
        versions = [version.path.parent for version in registry.versions()]
        assert sorted((path / "credit/versions").iterdir()) == sorted(versions)
        assert {item.name for item in (path / "credit").iterdir()} == {".lock", "aliases.json", "versions"}
        reused = act == "one" and before != [] and state == becomes
        assert [folder.name for folder in versions if (folder / "evidence-2.json").exists()] == ["1"] * reused


def test_a_promotion_can_be_tried_again_after_any_crash(promote, tmp_path):
    """Who does not know whether a killed promotion went through just repeats it, and ends up where it should be."""
    promote(b"one")
    subprocess.run([sys.executable, "-c", _SCRIPT, str(tmp_path), "torn", "two"], check=True)
    (tmp_path / "model.bin").write_bytes(b"two")
    for path in tmp_path.glob("crash-*"):
        registry = LocalRegistry(path, "credit")
        registry.promote(
            tmp_path / "model.bin",
            sha256=hashlib.sha256(b"two").hexdigest(),
            alias="champion",
            expected=1,
            evidence={},
        )
        assert _state(path) == ((2, b"two"), [(1, True), (2, True)])


@pytest.mark.parametrize("operation", ["mkdir", "replace", "fsync", "rmdir"])
@pytest.mark.parametrize("act", ["promote", "rollback"])
def test_no_failing_operation_shows_a_half_state(registry, promote, root, monkeypatch, operation, act):
    """When the n-th call of an operation fails, for any n, the registry is as it was or as it was to become."""
    promote(b"one")
    promote(b"two", expected=1)
    was = _state(root)
    for calls in range(30):
        real, left = getattr(os, operation), iter(range(calls))

        def failing(*args, real=real, left=left, **options):
            if next(left, None) is None:
                raise OSError(5, "Input/output error")
            return real(*args, **options)

        failed = False
        with monkeypatch.context() as patch:
            patch.setattr(os, operation, failing)
            try:
                registry.rollback("champion") if act == "rollback" else promote(b"three", expected=2)
            except RegistryError as error:
                assert "Input/output error" in str(error)  # noqa: PT017 - that it fails at all depends on the operation
                failed = True
        if _state(root) != was:
            break
        assert failed
    assert _state(root)[0] == ((1, b"one") if act == "rollback" else (3, b"three"))
    assert promote(b"four", expected=_state(root)[0][0]).changed


def test_everything_is_flushed_before_it_is_published_and_the_renames_after(registry, promote, monkeypatch):
    """No rename shows bytes or names that a power cut could take back, and every rename is flushed in the end."""
    flushed, unflushed, renames = set(), set(), []
    fsync, replace = os.fsync, os.replace

    def flush(handle):
        fsync(handle)
        state = os.fstat(handle)
        flushed.add((state.st_ino, state.st_mtime_ns))
        if stat.S_ISDIR(state.st_mode):
            unflushed.discard(state.st_ino)

    def rename(source, target):
        for path in (source, *source.rglob("*")):
            state = path.stat()
            assert (state.st_ino, state.st_mtime_ns) in flushed, path
        assert not unflushed, "an earlier rename could be lost while this one is kept"
        replace(source, target)
        unflushed.add(target.parent.stat().st_ino)
        renames.append(target.name)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "replace", rename)
    promote(b"one")
    promote(b"two", expected=1)
    promote(b"one", expected=2)
    registry.rollback("champion")
    assert not unflushed
    assert renames == [
        *("aliases.json", "1", "aliases.json"),
        *("2", "aliases.json"),
        *("evidence-2.json", "aliases.json"),
        "aliases.json",
    ]
