"""Asking git, read-only: what a file was at a revision.

No checkout, no shell, and no name that could become an option. Whoever asks says it in terms of a file; which
repository that file lies in is git's to find, whatever repository the environment speaks of.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlgate.errors import MlgateError

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE_S = 60
_FILES = ("100644", "100755")
# Set while git runs a hook; they would send git to another repository or folder than the file's own.
_MISLEADING = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
# A folder that somebody committed may look like a repository, with a configuration that names programs to run.
_CAREFUL = ("-c", "safe.bareRepository=explicit")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a commit has under a file's name.

    Args:
        folder: of the file; where git is asked.
        is_file: false for a link, a folder or a submodule.
        oid: git's name for the content.
        commit: the one that the revision stood for.
    """

    folder: Path
    is_file: bool
    oid: str
    commit: str

    def size(self) -> int:
        """How many bytes the content has.

        Raises:
            MlgateError: git cannot say.
        """
        return int(_said_by(git(self.folder, "cat-file", "-s", self.oid)))

    def content(self) -> bytes:
        """Read the content.

        Raises:
            MlgateError: git cannot show it.
        """
        return _said_by(git(self.folder, "cat-file", "blob", self.oid))


def entry(path: Path, rev: str) -> Entry | None:
    """Find what a file was at a revision; None when it was not there.

    Args:
        path: the file, whether it still exists or not; its folder must.
        rev: anything git can resolve to one commit, as `origin/main` or `HEAD~1`.

    Raises:
        MlgateError: the revision is unknown, or the folder is in no repository.
    """
    if not rev or rev.startswith("-") or not rev.isprintable():
        raise MlgateError(f"{rev!r} is no revision; name a commit, a branch or a tag")
    folder = path.parent.resolve()
    inside = git(folder, "rev-parse", "--is-inside-work-tree")
    if inside.returncode != 0 or inside.stdout.strip() != b"true":
        raise MlgateError(f"{path} cannot be compared with {rev!r}: {_said(inside) or 'it is in no work tree of git'}")
    found = git(folder, "rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
    commit = found.stdout.decode(errors="replace").strip()
    if found.returncode != 0 or not commit.isalnum():  # `^main` resolves to something that is no commit
        raise MlgateError(
            f"git knows no revision {rev!r}; is it spelt right, and was it fetched? "
            "(a shallow clone lacks it: actions/checkout wants `fetch-depth: 0`)"
        )
    listed = git(folder, "ls-tree", "-z", commit, "--", path.name)
    if listed.returncode != 0:
        raise MlgateError(f"git cannot list {path} at {rev!r}: {_said(listed)}")
    if not listed.stdout:
        return None
    mode, _type, oid = listed.stdout.decode(errors="replace").partition("\t")[0].split()
    return Entry(folder, mode in _FILES, oid, commit)


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder, whatever repository the environment speaks of.

    Raises:
        MlgateError: it could not be run at all.
    """
    environ = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    try:
        return subprocess.run(  # noqa: S603 - no shell, and no argument of ours can become an option
            ["git", *_CAREFUL, "-C", str(folder), *arguments],  # noqa: S607 - git is found as the person's own shell finds it
            capture_output=True,
            check=False,
            env=environ,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise MlgateError(f"git could not be run: {error}") from error


def _said_by(done: subprocess.CompletedProcess[bytes]) -> bytes:
    if done.returncode != 0:
        raise MlgateError(f"git cannot show what was committed: {_said(done)}")
    return done.stdout


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
