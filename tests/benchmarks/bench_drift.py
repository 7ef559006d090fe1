"""Whole-process time and memory of drift on 1 million rows by 50 columns a side, against numpy and scipy's loop."""

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


if __name__ == "__main__":
    main()
