"""A registry in a temporary folder, and a short way to promote bytes into it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pytest_mlgate.registries.local import LocalRegistry


@pytest.fixture
def root(tmp_path):
    return tmp_path / "registry"


@pytest.fixture
def registry(root):
    return LocalRegistry(root, "credit")


@pytest.fixture
def promote(registry, tmp_path):
    """Promote bytes as a file called `name`; every other argument can be given, too."""

    def promote(content, name="model.safetensors", *, alias="champion", expected=None, evidence=None, sha256=None):
        artifact = tmp_path / "artifacts" / name
        artifact.parent.mkdir(exist_ok=True)
        artifact.write_bytes(content)
        return registry.promote(
            artifact,
            sha256=sha256 or hashlib.sha256(content).hexdigest(),
            alias=alias,
            expected=expected,
            evidence=evidence or {"content": content.decode()},
        )

    return promote


@pytest.fixture
def listing(root):
    """List every file and folder of the registry, relative to its root."""

    def listing():
        return sorted(path.relative_to(root).as_posix() for path in Path(root).rglob("*"))

    return listing
