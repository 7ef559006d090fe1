"""The one machine-readable document that every other report is rendered from."""

from __future__ import annotations

import os
import platform
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from pytest_mlgate import __version__
from pytest_mlgate.verdict import GateResult, Promotion

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

_GIT_PATIENCE_S = 10


class Tool(Struct, frozen=True):
    """Who wrote the document."""

    name: str = "pytest-mlgate"
    version: str = __version__


class Git(Struct, frozen=True):
    """The state of the working tree."""

    commit: str
    dirty: bool


class Ci(Struct, frozen=True):
    """The CI run, as far as it tells."""

    provider: str
    run: str | None = None
    url: str | None = None


class Run(Struct, frozen=True):
    """When, where and on what the gates ran."""

    started: str
    duration_s: float
    python: str
    git: Git | None = None
    ci: Ci | None = None


class Document(Struct, frozen=True, kw_only=True):
    """All results of one session."""

    version: Literal[1] = 1
    tool: Tool = Tool()
    run: Run
    gates: tuple[GateResult, ...] = ()
    promotions: tuple[Promotion, ...] = ()


def describe_run(
    root: Path, started: dt.datetime, duration_s: float, environ: Mapping[str, str] = os.environ, *, git: bool = True
) -> Run:
    """Gather what is known of the run itself; `git` says whether git is asked, which takes a moment."""
    return Run(
        started=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        duration_s=round(duration_s, 3),
        python=platform.python_version(),
        git=_git(root) if git else None,
        ci=_ci(environ),
    )


def _git(root: Path) -> Git | None:
    """Ask git for the commit and whether the tree differs from it; None outside a repository or without git."""

    def ask(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        done = subprocess.run(  # noqa: S603 - no shell, and no argument comes from outside
            command, capture_output=True, text=True, check=True, timeout=_GIT_PATIENCE_S
        )
        return done.stdout.strip()

    try:
        return Git(ask("rev-parse", "HEAD"), bool(ask("status", "--porcelain", "--untracked-files=no")))
    except (OSError, subprocess.SubprocessError):
        return None


def _ci(environ: Mapping[str, str]) -> Ci | None:
    if environ.get("GITHUB_ACTIONS") == "true":
        server, repository, run = (environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
        return Ci("github", run, f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None)
    if environ.get("GITLAB_CI") == "true":
        return Ci("gitlab", environ.get("CI_PIPELINE_ID"), environ.get("CI_PIPELINE_URL"))
    return Ci("unknown") if environ.get("CI", "").lower() in ("1", "true") else None


def write(document: Document, path: Path) -> None:
    """Write the document atomically.

    Raises:
        OSError: the folder cannot be written to.
    """
    write_text(path, msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a report atomically: readers see the old file or the whole new one.

    Raises:
        OSError: the folder cannot be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def why_unwritable(path: Path) -> str | None:
    """Say why a report could not be written; None when it could."""
    if path.is_dir():
        return "it is a folder"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, probe = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        Path(probe).unlink()
    except OSError as error:
        return error.strerror or str(error)
    return None


def scoreboard(gates: Sequence[GateResult], order: Mapping[str, int]) -> tuple[GateResult, ...]:
    """Order results as their gates were collected, so that a parallel run reads like a serial one."""
    return tuple(sorted(gates, key=lambda one: (order.get(one.node_id, len(order)), one.node_id)))
