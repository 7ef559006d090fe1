"""What to write in a gate file to pin data as they are now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.pins import sha256_pin
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.reference import TableRef

if TYPE_CHECKING:
    from collections.abc import Iterator


def pin_lines(path: Path, *, rows: bool) -> Iterator[str]:
    """Give the lines of YAML that pin a file or folder by its bytes or, with `rows`, a table by what it holds.

    Raises:
        NotMeasuredError: it cannot be read, or holds nothing.
    """
    if not rows:
        yield f"sha256: {sha256_pin(path, str(path))}"
        return
    if path.is_dir():
        raise NotMeasuredError(f"{path} is a folder", "name a file that holds a table, or pin the folder by its bytes")
    store = InputStore(Path.cwd())
    try:
        table = TableRef(path=str(path.absolute()))
        found = GateInputs(store, seed=0, fixtures={}).fingerprint(table, rows=True)
    finally:
        store.close()
    yield f"schema_sha256: {found.schema_sha256}"
    yield f"rows_sha256: {found.rows_sha256}"
