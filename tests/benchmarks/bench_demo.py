"""What `make demo` takes with the environment in place: with training, and with the training cached."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from measure import once, pytest

EXAMPLE = Path(__file__).parent.parent.parent / "example_project"


def main() -> None:
    """Print both times; a copy of the example keeps the real cache out of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "example_project"
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".pytest_cache", "registry", "__pycache__"))
        command = [part for part in pytest("--mlgate") if part not in ("-p", "no:cacheprovider")]
        floor = once([sys.executable, "-c", "import torch, duckdb, scipy.special"], folder)
        first, second = once(command, folder), once(command, folder)
        print(f"demo, first run with training: {first:.1f} s; {first / floor:.1f} times importing its libraries")
        print(f"demo, second run, cached: {second:.1f} s; {second / floor:.1f} times importing its libraries")


if __name__ == "__main__":
    main()
