"""Time whole processes in pairs, so that a comparison holds while the machine's speed drifts."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent.parent

# Bytecode is cached as it is for users, whatever the calling shell says.
ENVIRON = {key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "PYTEST_ADDOPTS")}


def pytest(*arguments: str) -> list[str]:
    """Spell a pytest command of this environment."""
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]


def once(command: Sequence[str], folder: Path) -> float:
    """Run a command and give its wall-clock seconds; a failing one is an error, since its time means nothing."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=ENVIRON, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - started


def paired(ours: Sequence[str], theirs: Sequence[str], folder: Path, runs: int) -> tuple[list[float], list[float]]:
    """Run two commands in turn, after one uncounted round; returns the seconds of each."""
    once(ours, folder), once(theirs, folder)
    pairs = [(once(ours, folder), once(theirs, folder)) for _ in range(runs)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def report(what: str, ours: list[float], theirs: list[float], floor: str) -> None:
    """Print the medians, their difference and the median of the pairwise ratios."""
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    difference = statistics.median(a - b for a, b in zip(ours, theirs, strict=True))
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"{what}: {a:.3f} s against {b:.3f} s ({floor}); ratio {ratio:.2f}, difference {difference * 1000:+.0f} ms")
