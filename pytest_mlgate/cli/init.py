"""A first gate file for a tree that has none: for which data, and the workflow that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.reference import ARROW, CSV, PARQUET

if TYPE_CHECKING:
    from pathlib import Path

DATA = (*PARQUET, *CSV, ".jsonl", ".ndjson", *ARROW)
_SKIPPED = frozenset({"node_modules", "__pycache__", "build", "dist", "venv", "site-packages"})

WORKFLOW = """name: gates
on:
  pull_request:
permissions: {contents: read}
jobs:
  gates:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "3.12", cache: pip}
      - run: python -m pip install pytest-mlgate
      - run: python -m pytest --mlgate --mlgate-junit=results/junit.xml --mlgate-json=results/gates.json
      - if: always()
        uses: actions/upload-artifact@v4
        with: {name: gates, path: results}
"""


def candidates(root: Path) -> list[Path]:
    """Find the tables of a tree, largest first; folders that hold no sources are left out."""
    found = []
    for path in root.rglob("*"):
        inside = path.relative_to(root).parts[:-1]
        hidden = any(part.startswith(".") or part in _SKIPPED for part in inside)
        if path.suffix in DATA and path.is_file() and not hidden:
            found.append(path)
    return sorted(found, key=lambda one: (-one.stat().st_size, str(one)))
