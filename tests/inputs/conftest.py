"""Opening the same rows in every form that a gate can be given them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from pytest_mlgate.inputs.store import GateInputs, InputStore
from pytest_mlgate.kind import TableRef

FORMS = ("parquet", "csv", "pandas", "pandas-arrow", "polars", "polars-lazy", "pyarrow", "duckdb")


@pytest.fixture
def store(tmp_path):
    """A session's store, rooted in the test's own folder."""
    opened = InputStore(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def inputs(store):
    """Make one gate's inputs, given what its fixtures returned."""
    return lambda **fixtures: GateInputs(store, seed=7, fixtures=fixtures)


@pytest.fixture
def opened(inputs, tmp_path):
    """Open a path or any object that a fixture could return."""

    def open_(value: Any):
        if isinstance(value, str | Path):
            return inputs().table(TableRef(path=str(tmp_path / value)))
        return inputs(rows=value).table(TableRef(fixture="rows"))

    return open_


def in_form(table: pa.Table, form: str, folder: Path) -> Any:
    """Bring an Arrow table to one of `FORMS`; files are written to `folder` and their path returned."""
    path = folder / f"rows.{form}"
    if form == "parquet":
        pq.write_table(table, path)
    elif form == "csv":
        pyarrow.csv.write_csv(table, path, pyarrow.csv.WriteOptions(quoting_style="needed"))
    else:
        frames = {
            "pandas": table.to_pandas,
            "pandas-arrow": lambda: table.to_pandas(types_mapper=pd.ArrowDtype),
            "polars": lambda: pl.from_arrow(table),
            "polars-lazy": lambda: pl.from_arrow(table).lazy(),
            "pyarrow": lambda: table,
            "duckdb": lambda: duckdb.connect().from_arrow(table),
        }
        return frames[form]()
    return path


@pytest.fixture
def user_module(tmp_path, monkeypatch):
    """Write a module as a user would, importable for the length of the test."""
    folder = tmp_path / "user_code"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)

    def write(name: str, code: str) -> Path:
        path = folder / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        return path

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
