"""A first gate file for a tree that has none: what the data look like is written down, for a person to tighten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.reference import ARROW, CSV, PARQUET, TableRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.kind import Table

DATA = (*PARQUET, *CSV, ".jsonl", ".ndjson", *ARROW)
_SKIPPED = frozenset({"node_modules", "__pycache__", "build", "dist", "venv", "site-packages"})
_SHOWN = 25
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")

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


def first_gate_file(root: Path, table: Path, folder: Path) -> str:
    """Write a gate file that holds on a table as it is.

    Args:
        root: of the project, for names.
        table: the data.
        folder: where the gate file will stand; its path to the data starts there.

    Raises:
        NotMeasuredError: the table cannot be read.
    """
    store = InputStore(root)
    try:
        opened = GateInputs(store, seed=0, fixtures={}).table(TableRef(path=str(table)))
        if opened.rows == 0:
            raise NotMeasuredError(f"{table} has no rows to learn from", "name another table")
        columns = "\n".join(_columns(opened))
    finally:
        store.close()
    up = Path(*[".."] * len(folder.relative_to(root).parts)) / table.relative_to(root)
    return (
        "# What holds for the data as they are today. Tighten what you know, remove what you do not care for.\n"
        "version: 1\n"
        f"data:\n  current: {up.as_posix()}\n\n"
        "gates:\n  contract:\n    kind: data.schema\n    data: current\n    columns:\n"
        f"{columns}\n"
    )


def _columns(table: Table) -> Iterator[str]:
    """Write a line per column: its type, and whether values may be missing."""
    from pytest_mlgate.aggregate import Missing

    shown = [name for name, kind in table.columns.items() if kind != "other"][:_SHOWN]
    missing = table.count([Missing(name) for name in shown])
    for name, absent in zip(shown, missing, strict=True):
        rules = [f"type: {table.columns[name]}"]
        if absent:
            rules.append(f"max_null_fraction: {min(1.0, round(2 * absent / table.rows, 4) + 0.01):g}")
        yield f"      {_key(name)}: {{{', '.join(rules)}}}"


def _key(name: str) -> str:
    """Quote a column's name where YAML would read it as something else."""
    plain = set(name) <= _PLAIN | set("0123456789") and name[0] in _PLAIN
    special = name.lower() in ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
    return name if plain and not special else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
