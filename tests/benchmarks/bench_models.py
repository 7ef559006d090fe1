"""Whole-process times of model and fairness gates on large tables, against what one would write by hand in numpy."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import paired, pytest, report

from pytest_mlgate.stats.fairness_names import FOUR_FIFTHS, NAMES

ROWS = 2_000_000
LEVELS = {"a": 2, "b": 4, "c": 5}
# Reading, one count for each attribute and each two, and the rates of every group: no bounds, no report.
BINCOUNT = f"""
from itertools import combinations
import numpy as np, pyarrow.parquet as pq
levels = {LEVELS}
table = pq.read_table("rows.parquet")
columns = {{name: table[name].to_numpy() for name in ("y", "p", *levels)}}
sets = [(one,) for one in levels] + list(combinations(levels, 2))
for names in sets:
    code = columns[names[0]]
    for name in names[1:]:
        code = code * levels[name] + columns[name]
    cells = np.bincount((code * 2 + columns["y"]) * 2 + columns["p"]).reshape(-1, 4)
    negative, false, missed, hits = cells.T
    rates = [(false + hits) / cells.sum(1), hits / (hits + missed), false / (false + negative), hits / (hits + false)]
    print(names, [rate.max() - rate.min() for rate in rates])
"""


def gate(metrics: list[str]) -> str:
    """Write a gate that judges three attributes and all pairs of them."""
    return f"""version: 1
data: {{rows: rows.parquet}}
gates:
  fair:
    kind: fairness.groups
    data: rows
    label: y
    prediction: p
    sensitive: [{", ".join(LEVELS)}]
    intersections: true
    {"reference_group: majority" if any(one.endswith("_disparity") for one in metrics) else ""}
    metrics: {{{", ".join(f"{name}: {{}}" for name in metrics)}}}
"""


def groups(folder: Path) -> None:
    """Time fairness on 2 million rows, three attributes and all pairs of them, against bare counts (PEERS W3)."""
    rng = np.random.default_rng(1)
    columns = {name: rng.integers(0, levels, ROWS) for name, levels in LEVELS.items()}
    labels = rng.random(ROWS) < 0.3 + 0.05 * columns["b"]
    predicted = rng.random(ROWS) < np.where(labels, 0.7 + 0.02 * columns["c"], 0.2)
    table = pa.table({"y": labels.astype(int), "p": predicted.astype(int), **columns})
    pq.write_table(table, folder / "rows.parquet")
    of_classes = [name for name, claim in NAMES.items() if claim.needs == "prediction" and name != FOUR_FIFTHS]
    usual = [f"{one}_{form}" for one in ("demographic_parity", "equalized_odds") for form in ("difference", "ratio")]
    for what, metrics in (("the usual four metrics", usual), (f"all {len(of_classes)} metrics of classes", of_classes)):
        (folder / "f.gate.yaml").write_text(gate(metrics), encoding="utf-8")
        runs = paired(pytest("--mlgate", "f.gate.yaml"), [sys.executable, "-c", BINCOUNT], folder, 5)
        report(f"fairness, 2 million rows, 3 attributes and all pairs, {what}", *runs, "reading and numpy.bincount")


def main() -> None:
    """Print one line a comparison."""
    with tempfile.TemporaryDirectory() as name:
        groups(Path(name))


if __name__ == "__main__":
    main()
