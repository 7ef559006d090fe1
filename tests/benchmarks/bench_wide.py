"""A contract of a thousand columns, five checks each, on 100,000 rows, against one hand-written query of the same."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import once, paired, pytest, report

COLUMNS, ROWS = 1000, 100_000
CONTRACTS = (
    "{type: integer, min: 0, max: 99, forbidden: [100], max_null_fraction: 0.1}",
    "{type: number, min: 0, max: 1, finite: true, max_null_fraction: 0.1}",
    "{type: string, allowed: [MA, NY, RI], pattern: '^[A-Z]{2}$', max_length: 2}",
    "{type: integer, min: 0, max: 999, forbidden: [1000]}",
)
HAND_WRITTEN = """
import sys, duckdb
rules = (
    ("{c} < 0", "{c} > 99", "{c} IN (100)"),
    ("{c} < 0", "{c} > 1", "isinf({c})"),
    ("{c} NOT IN ('MA', 'NY', 'RI')", "NOT regexp_matches({c}, '^[A-Z]{{2}}$')", "length({c}) > 2"),
    ("{c} < 0", "{c} > 999", "{c} IN (1000)"),
)
sums = ["count(*)"]
for i in range(%d):
    sums.append(f"sum((c{i} IS NULL)::INT)")
    sums += [f"sum(({rule.format(c=f'c{i}')})::INT)" for rule in rules[i %% 4]]
connection = duckdb.connect()
connection.execute("SET disabled_optimizers = 'statistics_propagation'")  # as gates have it, for the sake of NaN
connection.execute(f"SELECT {', '.join(sums)} FROM 'rows.parquet'").fetchall()
"""


def write(folder: Path) -> None:
    """Write the table and its contract."""
    rng = np.random.default_rng(0)
    makers = (
        lambda: rng.integers(0, 100, ROWS),
        lambda: rng.random(ROWS),
        lambda: pa.DictionaryArray.from_arrays(rng.integers(0, 3, ROWS, np.int32), ["MA", "NY", "RI"]).cast(
            pa.string()
        ),
        lambda: rng.integers(0, 1000, ROWS).astype(np.int32),
    )
    names = [f"c{i}" for i in range(COLUMNS)]
    pq.write_table(pa.table({name: makers[i % 4]() for i, name in enumerate(names)}), folder / "rows.parquet")
    lines = [f"      {name}: {CONTRACTS[i % 4]}" for i, name in enumerate(names)]
    head = (
        "version: 1\ndata: {rows: rows.parquet}\ngates:\n  wide:\n    kind: data.schema\n    data: rows\n    columns:\n"
    )
    (folder / "w.gate.yaml").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Print the comparison, and what collecting alone takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        theirs = [sys.executable, "-c", HAND_WRITTEN % COLUMNS]
        runs = paired(pytest("--mlgate", "w.gate.yaml"), theirs, folder, 5)
        report(f"{COLUMNS:,} columns × 5 checks on {ROWS:,} rows", *runs, "one hand-written DuckDB query")
        collecting = min(once(pytest("--mlgate", "--collect-only", "w.gate.yaml"), folder) for _ in range(3))
        print(f"of which start-up and collection: {collecting:.3f} s")


if __name__ == "__main__":
    main()
