"""Gate files as they were on a base revision, asked of git.

A gate file that was weakened in the same change that it should have stopped is no gate. To compare, its earlier bytes
are needed: from git, read-only, without a checkout, and without letting the name of a revision become an option.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from pytest_mlgate.errors import MlgateError

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE_S = 60
_FILES = ("100644", "100755")
# Set while git runs a hook; they would send git to another repository or folder than the gate file's own.
_MISLEADING = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})


def base_version(path: Path, rev: str) -> bytes | None:
    """Return the bytes that a file had at a revision; None when it was not there.

    Args:
        path: the file, whether it still exists or not; its folder must.
        rev: anything git can resolve to one commit, as `origin/main` or `HEAD~1`.

    Raises:
        MlgateError: the revision is unknown, or the folder is in no repository.
    """
    if not rev or rev.startswith("-") or not rev.isprintable():
        raise MlgateError(f"{rev!r} is no revision; name a commit, a branch or a tag")
    folder = path.parent.resolve()
    inside = _git(folder, "rev-parse", "--is-inside-work-tree")
    if inside.returncode != 0 or inside.stdout.strip() != b"true":
        raise MlgateError(f"{path} cannot be compared with {rev!r}: {_said(inside) or 'it is in no work tree of git'}")
    found = _git(folder, "rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
    commit = found.stdout.decode(errors="replace").strip()
    if found.returncode != 0 or not commit.isalnum():  # `^main` resolves to something that is no commit
        raise MlgateError(
            f"git knows no revision {rev!r}; is it spelt right, and was it fetched? "
            "(a shallow clone lacks it: actions/checkout wants `fetch-depth: 0`)"
        )
    listed = _git(folder, "ls-tree", "-z", commit, "--", path.name)
    if listed.returncode != 0:
        raise MlgateError(f"git cannot list {path} at {rev!r}: {_said(listed)}")
    if not listed.stdout:
        return None
    mode, _type, blob = listed.stdout.decode(errors="replace").partition("\t")[0].split()
    if mode not in _FILES:
        raise MlgateError(f"{path} was a link or a folder at {rev!r}, so there is no gate file to compare with")
    shown = _git(folder, "show", blob)
    if shown.returncode != 0:
        raise MlgateError(f"git cannot show {path} at {rev!r}: {_said(shown)}")
    return shown.stdout


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder, whatever repository the environment speaks of."""
    environ = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    try:
        return subprocess.run(  # noqa: S603 - no shell, and no argument of ours can become an option
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - git is found as the person's own shell finds it
            capture_output=True,
            check=False,
            env=environ,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise MlgateError(f"git could not be run: {error}") from error


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
