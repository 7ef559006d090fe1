"""Several processes at once, and processes that are killed while they write."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import time

import pytest

from pytest_mlgate.registries.local import LocalRegistry

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and its lock release are POSIX")

_START = """
import hashlib, pathlib, sys
import filelock
from pytest_mlgate.errors import RegistryError
from pytest_mlgate.registries.local import LocalRegistry
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
registry = LocalRegistry(folder / "registry", "credit")
def promote(content, expected):
    artifact = folder / f"{name}.bin"
    artifact.write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    return registry.promote(artifact, sha256=sha256, alias="champion", expected=expected, evidence={"by": name})
print("ready", flush=True)
sys.stdin.readline()
"""

_ONE = """
try:
    print(promote((name * 100_000).encode(), None).version.version)
except RegistryError as error:
    print(error)
"""

_LOOP = """
import itertools
for count in itertools.count():
    current = registry.current("champion")
    number = current and current.version
    if count % 5 == 4 and number > 1:
        try:
            registry.rollback("champion")
        except RegistryError as error:
            assert "no earlier" in str(error), error
    else:
        # now and then bytes that an older version holds
        promote(f"{count % 3}".encode() * 300_000 if count % 2 else f"{name} {count}".encode() * 30_000, number)
    print(count, flush=True)
"""


def _start(tmp_path, name, script):
    process = subprocess.Popen(
        [sys.executable, "-c", _START + script, str(tmp_path), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n", process.communicate()[1]
    return process


def _go(process):
    process.stdin.write("\n")
    process.stdin.flush()


def test_of_eight_promotions_at_once_one_wins(tmp_path, registry):
    """Processes that measured against the same champion cannot all replace it: one does, the others hear who did."""
    processes = [_start(tmp_path, name, _ONE) for name in "abcdefgh"]
    for process in processes:
        _go(process)
    outputs = [process.communicate(timeout=30) for process in processes]

    assert [error for _, error in outputs] == [""] * 8
    answers = sorted((answer.strip() for answer, _ in outputs), key=len)
    assert answers[0] == "1"
    assert all("points to version 1, but the gates measured against no version" in answer for answer in answers[1:])
    (version,) = registry.versions()
    assert registry.current("champion") == version
    winner = next(name for name, (answer, _) in zip("abcdefgh", outputs, strict=True) if answer.strip() == "1")
    assert version.path.name == f"{winner}.bin"
    assert json.loads((version.path.parent / "evidence.json").read_bytes()) == {"by": winner}


def test_a_reader_never_sees_a_half_state(tmp_path, registry):
    """While another process promotes and rolls back, every read without a lock gives a complete, verified version."""
    writer = _start(tmp_path, "writer", _LOOP)
    _go(writer)
    seen, end = set(), time.monotonic() + 1.5
    while time.monotonic() < end:
        current = registry.current("champion")
        seen.add(current and current.version)
        versions = registry.versions()
        assert [version.version for version in versions] == list(range(1, len(versions) + 1))
    writer.kill()
    output, errors = writer.communicate()
    assert (errors, output != "") == ("", True)
    assert len(seen) > 3


def test_kill_9_at_any_moment_leaves_a_registry_that_works(tmp_path, root):
    """Whatever a killed process was doing, the registry reads cleanly, and the next promotion works and tidies up."""
    moments = random.Random(20260131)  # noqa: S311 - a repeatable choice, nothing secret
    (tmp_path / "next.bin").write_bytes(b"")
    for count in range(25):
        writer = _start(tmp_path, f"writer-{count}", _LOOP)
        _go(writer)
        time.sleep(moments.uniform(0.0, 0.04))
        writer.kill()
        _, errors = writer.communicate()
        assert errors == ""

        registry = LocalRegistry(root, "credit", lock_timeout_s=5)
        current, versions = registry.current("champion"), registry.versions()
        assert (current is None) == (versions == [])
        assert current is None or current in versions
        assert all(hashlib.sha256(item.path.read_bytes()).hexdigest() == item.sha256 for item in versions)
        if count % 4 == 3:
            content = f"after kill {count}".encode()
            (tmp_path / "next.bin").write_bytes(content)
            promoted = registry.promote(
                tmp_path / "next.bin",
                sha256=hashlib.sha256(content).hexdigest(),
                alias="champion",
                expected=current and current.version,
                evidence={},
            )
            assert promoted.version.version == len(versions) + 1
            assert registry.current("champion") == promoted.version
            numbers = sorted(int(path.name) for path in (root / "credit/versions").iterdir())
            assert numbers == list(range(1, len(versions) + 2))
            assert list((root / "credit").glob(".tmp-*")) == []
    assert len(registry.versions()) > 6
