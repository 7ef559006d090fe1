"""Gate files as they were on a base revision come from git, and from nowhere else."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from pytest_mlgate.errors import MlgateError
from pytest_mlgate.promote.loosened import base_version

GIT = shutil.which("git") or "git"
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with two commits of a gate file in a folder."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "repo"
    (folder / "gates").mkdir(parents=True)

    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
        return subprocess.run([GIT, "-C", str(folder), *identity, *arguments], check=True, capture_output=True)

    git("init", "--quiet", "--initial-branch=main")
    git("config", "core.autocrlf", "false")
    for content in (b"one\r\n", b"two \xff\n"):
        (folder / "gates/a.gate.yaml").write_bytes(content)
        git("add", ".")
        git("commit", "--quiet", "--message", "gates")
    git("tag", "release")
    return folder


def test_earlier_bytes_come_back_unchanged(repository):
    """Any name of a commit will do, and bytes are not decoded on the way."""
    path = repository / "gates/a.gate.yaml"
    path.write_bytes(b"three\n")
    assert base_version(path, "HEAD~1") == b"one\r\n"
    assert base_version(path, "release") == b"two \xff\n"
    path.unlink()
    assert base_version(path, "main") == b"two \xff\n"


def test_a_file_that_was_not_there_is_none(repository):
    """A gate file that is new, in a folder old or new, has no base."""
    (repository / "more").mkdir()
    assert base_version(repository / "gates/b.gate.yaml", "HEAD") is None
    assert base_version(repository / "more/a.gate.yaml", "HEAD") is None


@pytest.mark.parametrize("rev", ["", "-h", "--output=/tmp/x", "HEAD\n", "HEAD\0"])
def test_what_cannot_be_a_revision_never_reaches_git(repository, rev):
    """Nothing that git would read as an option is passed on."""
    with pytest.raises(MlgateError, match="is no revision"):
        base_version(repository / "gates/a.gate.yaml", rev)


@pytest.mark.parametrize("rev", ["nowhere", "HEAD:gates", "main..release", "^main", "main release"])
def test_an_unknown_revision_says_what_may_be_missing(repository, rev):
    """A revision that does not resolve to one commit is an error with a hint at shallow clones."""
    with pytest.raises(MlgateError, match="fetch-depth: 0"):
        base_version(repository / "gates/a.gate.yaml", rev)


def test_outside_of_a_repository_there_is_no_base(tmp_path, repository, monkeypatch):
    """A folder that git does not know, or that does not exist, is an error that says so."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    outside = tmp_path / "outside"
    outside.mkdir()
    with pytest.raises(MlgateError, match="not a git repository"):
        base_version(outside / "a.gate.yaml", "HEAD")
    with pytest.raises(MlgateError, match="cannot be compared"):
        base_version(tmp_path / "nowhere/a.gate.yaml", "HEAD")
    with pytest.raises(MlgateError, match="cannot be compared"):
        base_version(repository / ".git/a.gate.yaml", "HEAD")


def test_a_hook_of_git_does_not_lead_astray(repository, monkeypatch):
    """Inside a git hook the environment speaks of the hook's repository; the gate file's own is asked."""
    monkeypatch.setenv("GIT_DIR", str(repository / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", "nothing")
    assert base_version(repository / "gates/a.gate.yaml", "HEAD~1") == b"one\r\n"


@pytest.mark.skipif(os.name == "nt", reason="links need privileges on Windows")
def test_a_link_is_no_gate_file(repository):
    """What was a link then has no bytes to compare with."""
    (repository / "gates/link.gate.yaml").symlink_to("a.gate.yaml")
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
    for arguments in (["add", "."], [*identity, "commit", "--quiet", "--message", "link"]):
        subprocess.run([GIT, "-C", str(repository), *arguments], check=True)
    with pytest.raises(MlgateError, match="was a link or a folder"):
        base_version(repository / "gates/link.gate.yaml", "HEAD")


def test_without_git_the_reason_is_told(repository, monkeypatch):
    """A machine without git cannot compare, and says why."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MlgateError, match="git could not be run"):
        base_version(repository / "gates/a.gate.yaml", "HEAD")
