"""Whole-process time and memory of drift on 1 million rows by 50 columns a side.

Against numpy, a loop of scipy's tests, for counted columns a scan by DuckDB, and evidently where it is installed: in
the environment whose python `MLGATE_PEERS` names (`pip install evidently "pandas<3" pyarrow`), or in this one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import ENVIRON, once, paired, pytest, report

ROWS, NUMBERS, CODES = 1_000_000, 40, 10
GATES = f"""version: 1
data: {{reference: reference.parquet, current: current.parquet}}
gates:
  numbers:
    kind: drift.features
    reference: reference
    data: current
    columns: [{", ".join(f"x{i}" for i in range(NUMBERS))}]
    metrics: {{psi: {{max: 0.2}}, ks: {{max: 0.1}}}}
  codes:
    kind: drift.features
    reference: reference
    data: current
    columns: [{", ".join(f"c{i}" for i in range(CODES))}]
    metrics: {{psi: {{max: 0.2}}, chi2: {{}}, cramers_v: {{max: 0.1}}}}
    fail_if: all
"""
SORT = f"""
import numpy as np, pyarrow.parquet as pq
names = [f"x{{i}}" for i in range({NUMBERS})]
for side in ("reference", "current"):
    table = pq.read_table(f"{{side}}.parquet", columns=names)
    for name in names:
        np.sort(table[name].to_numpy())
"""
LOOP = f"""
import pyarrow.parquet as pq
from scipy.stats import chi2_contingency, ks_2samp
import numpy as np
old, new = (pq.read_table(f"{{side}}.parquet") for side in ("reference", "current"))
for i in range({NUMBERS}):
    a, b = old[f"x{{i}}"].to_numpy(), new[f"x{{i}}"].to_numpy()
    ks_2samp(a, b, method="asymp")
    edges = np.quantile(a, np.arange(1, 10) / 10)
    [np.bincount(np.searchsorted(edges, side)) for side in (a, b)]
for i in range({CODES}):
    found = [t[f"c{{i}}"].value_counts().to_pylist() for t in (old, new)]
    counts = [{{one["values"]: one["counts"] for one in side}} for side in found]
    chi2_contingency([[c.get(k, 0) for k in counts[0]] for c in counts])
"""


SCAN = """
import duckdb
names = [f"x{i}" for i in range(NUMBERS)] + [f"c{i}" for i in range(CODES)]
asked = ", ".join(f"min({x}), max({x}), " + (f"sum({x})" if x[0] == "x" else f"count({x})") for x in names)
for side in ("reference", "current"):
    duckdb.sql(f"SELECT {asked} FROM '{side}.parquet'").fetchall()
""".replace("NUMBERS", str(NUMBERS)).replace("CODES", str(CODES))
PEER = """
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
old, new = (pd.read_parquet(f"{side}.parquet") for side in ("reference", "current"))
Report([DataDriftPreset(num_method="psi", cat_method="psi")]).run(new, old).dict()
Report([DataDriftPreset(num_method="ks", cat_method="chisquare")]).run(new, old).dict()
"""
PEERS = os.environ.get("MLGATE_PEERS", sys.executable)


def table(seed: int) -> pa.Table:
    """Make one side: unchanged columns of several shapes, whole numbers and text among them."""
    rng = np.random.default_rng(seed)
    shapes = [
        lambda: rng.normal(size=ROWS),
        lambda: rng.lognormal(size=ROWS),
        lambda: rng.integers(0, 1000, ROWS),
        lambda: rng.exponential(size=ROWS).astype(np.float32),
        lambda: np.where(rng.random(ROWS) < 0.5, 0.0, rng.normal(size=ROWS)),
    ]
    columns = {f"x{i}": shapes[i % len(shapes)]() for i in range(NUMBERS)}
    for i in range(CODES):
        levels = pa.array([f"level {k}" for k in range(5 * (i + 1))])
        codes = pa.array(rng.integers(0, len(levels), ROWS).astype(np.int32))
        columns[f"c{i}"] = pa.DictionaryArray.from_arrays(codes, levels).cast(pa.string())
    return pa.table(columns)


def peak(command: list[str], folder: Path) -> float:
    """Run a command and give its peak memory in GiB."""
    child = subprocess.Popen(command, cwd=folder, env=ENVIRON, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / 2**20


def main() -> None:
    """Print one line a comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for seed, side in enumerate(("reference", "current")):
            pq.write_table(table(seed), folder / f"{side}.parquet")
        (folder / "d.gate.yaml").write_text(GATES, encoding="utf-8")
        ours, what = pytest("--mlgate", "d.gate.yaml"), "drift, 2 × 1 million rows × 50 columns"
        report(what, *paired(ours, [sys.executable, "-c", SORT], folder, 5), "reading and sorting 40 of them")
        report(what, *paired(ours, [sys.executable, "-c", LOOP], folder, 2), "a loop of scipy's tests")
        print(f"peak memory: {peak(ours, folder):.2f} GiB; {once(ours, folder):.1f} s")
        counted = GATES.replace("    data: current\n", "    data: current\n    exact: false\n")
        (folder / "counted.gate.yaml").write_text(counted, encoding="utf-8")
        apart = pytest("--mlgate", "counted.gate.yaml")
        report(f"{what}, counted", *paired(apart, [sys.executable, "-c", SCAN], folder, 3), "a scan by DuckDB")
        print(f"peak memory, counted: {peak(apart, folder):.2f} GiB")
        if subprocess.run([PEERS, "-c", "import evidently"], env=ENVIRON, capture_output=True, check=False).returncode:
            print("evidently is not installed: not compared")
        else:
            theirs, mine = once([PEERS, "-c", PEER], folder), once(ours, folder)
            print(f"{what}: {mine:.1f} s against {theirs:.1f} s (evidently)")


if __name__ == "__main__":
    main()
