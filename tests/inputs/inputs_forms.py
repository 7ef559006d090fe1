"""The same rows in every form that a gate can be given them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

DATABASE = duckdb.connect()
FORMS = ("parquet", "csv", "pandas", "pandas-arrow", "polars", "polars-lazy", "pyarrow", "duckdb")


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
            "duckdb": lambda: DATABASE.from_arrow(table),
        }
        return frames[form]()
    return path
