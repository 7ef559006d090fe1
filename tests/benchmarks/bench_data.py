"""Whole-process times of data gates on 10 million rows of 12 columns, against one hand-written query and two peers.

Peers run where they are installed: `pip install pandera[polars] pointblank polars` into the environment that
`MLGATE_PEERS` names (its python), or into this one. `python bench_data.py ROWS` takes another number of rows. Other
plugins of pytest's in this environment cost a quarter of a second; `PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
PYTEST_PLUGINS=pytest_mlgate.plugin` in the calling shell leaves them out.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
from measure import ENVIRON, paired, pytest, report

ROWS = 10_000_000
PEERS = os.environ.get("MLGATE_PEERS", sys.executable)
MAKE = """
COPY (SELECT i AS id, (hash(i) % 80 + 18)::INT AS age, random() * 1000 AS amount,
             ['MA', 'NY', 'RI', 'CT', 'VT'][1 + (hash(i * 3) % 5)::INT] AS state,
             'user' || i || '@example' || (i % 97) || '.org' AS email,
             TIMESTAMP '2026-01-01' + INTERVAL (i % 2592000) SECOND AS created,
             random() AS score, i % 3 = 0 AS active, (hash(i * 7) % 1000)::INT AS city,
             random() AS x1, random() * 10 - 5 AS x2, sqrt(random()) AS x3
      FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)
"""
GATES = """version: 1
data: {rows: rows.parquet}
gates:
  contract:
    kind: data.schema
    data: rows
    columns:
      id: {type: integer, unique: true}
      age: {type: integer, min: 18, max: 110}
      state: {type: string, allowed: [MA, NY, RI, CT, VT]}
      email: {type: string, format: email}
      amount: {type: number}
  table:
    kind: data.quality
    data: rows
    row_count: {min: 1000}
    freshness: {column: created, max_age: 30d, now: 2026-02-01T00:00:00Z}
    stats: {amount: {q99: {max: 1000}}}
"""
BY_HAND = r"""
import duckdb
print(duckdb.sql('''
SELECT count(*), count_if(id IS NULL), count(id) - count(DISTINCT id), count_if(age IS NULL), count_if(age < 18),
       count_if(age > 110), count_if(state IS NULL), count_if(state NOT IN ('MA', 'NY', 'RI', 'CT', 'VT')),
       count_if(email IS NULL), count_if(NOT regexp_full_match(email, '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]+')),
       count_if(amount IS NULL OR isnan(amount)), max(created), quantile_cont(amount, 0.99)
FROM 'rows.parquet' ''').fetchall())
"""
PANDERA = r"""
import polars as pl, pandera.polars as pa
schema = pa.DataFrameSchema({
    "id": pa.Column(int, unique=True),
    "age": pa.Column(pl.Int32, pa.Check.in_range(18, 110)),
    "state": pa.Column(str, pa.Check.isin(["MA", "NY", "RI", "CT", "VT"])),
    "email": pa.Column(str, pa.Check.str_matches(r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]+$")),
    "amount": pa.Column(float),
})
frame = pl.read_parquet("rows.parquet", columns=["id", "age", "state", "email", "amount", "created"])
schema.validate(frame, lazy=True)
assert frame.height >= 1000 and frame["created"].max().year == 2026
assert frame["amount"].quantile(0.99, "linear") < 1000
"""
POINTBLANK = r"""
import polars as pl, pointblank as pb
found = (
    pb.Validate(pl.read_parquet("rows.parquet", columns=["id", "age", "state", "email", "amount", "created"]))
    .col_vals_not_null(columns=["id", "age", "state", "email", "amount"])
    .rows_distinct(columns_subset=["id"])
    .col_vals_between(columns="age", left=18, right=110)
    .col_vals_in_set(columns="state", set=["MA", "NY", "RI", "CT", "VT"])
    .col_vals_regex(columns="email", pattern=r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]+$")
    .interrogate(collect_extracts=False)
)
assert found.all_passed()
"""


def has(module: str) -> bool:
    """Tell whether the peers' environment has a package."""
    done = subprocess.run([PEERS, "-c", f"import {module}"], env=ENVIRON, capture_output=True, check=False)
    return done.returncode == 0


def main() -> None:
    """Print one line a comparison, and the peak memory of the gates' process."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        duckdb.execute(MAKE.format(rows=rows, path=folder / "rows.parquet"))
        (folder / "d.gate.yaml").write_text(GATES, encoding="utf-8")
        ours = pytest("--mlgate", "d.gate.yaml")
        runs = paired(ours, [sys.executable, "-c", BY_HAND], folder, 5)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        report(f"12 checks on {rows:,} rows", *runs, "one hand-written DuckDB query")
        print(f"peak memory of the larger of the two: {peak:.2f} GiB")
        for peer, module, code in (("pandera", "pandera.polars", PANDERA), ("pointblank", "pointblank", POINTBLANK)):
            if has(module):
                report(f"the same against {peer} on polars", *paired(ours, [PEERS, "-c", code], folder, 3), peer)
            else:
                print(f"{peer} is not installed: not compared")


if __name__ == "__main__":
    main()
