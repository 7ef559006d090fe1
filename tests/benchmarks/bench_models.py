"""Whole-process times of model and fairness gates on large tables, against what one would write by hand in numpy."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import fairlearn.metrics
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

PAIRED_ROWS = 1_000_000
# Reading, the paired DeLong of pooled midranks, and a bound of the difference; F1 of both without any bound.
DELONG = """
import numpy as np, pyarrow.parquet as pq
table = pq.read_table("paired.parquet")
columns = {name: table[name].to_numpy() for name in table.column_names}
labels = columns["y"] == 1
def midranks(values):
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    ends = np.r_[starts[1:], ordered.size]
    ranks = np.empty(values.size)
    ranks[order] = np.repeat((starts + ends + 1) / 2, ends - starts)
    return ranks
above, below = [], []
for scores in (columns["s"], columns["t"]):
    high, low = scores[labels], scores[~labels]
    pooled = midranks(np.r_[high, low])
    above.append((pooled[: high.size] - midranks(high)) / low.size)
    below.append(1 - (pooled[high.size :] - midranks(low)) / high.size)
covariance = np.cov(above) / above[0].size + np.cov(below) / below[0].size
difference = above[0].mean() - above[1].mean()
half = 1.6448536 * np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
print(difference - half, difference + half)
"""
REGRESSION = """version: 1
data: {rows: paired.parquet}
gates:
  paired:
    kind: model.regression
    data: rows
    label: y
    score: s
    prediction: p
    baseline: {score: t, prediction: q}
    confidence: 0.95
    metrics: {METRICS}
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
    same = [name for name in of_classes if hasattr(fairlearn.metrics, name)]
    known = f"the {len(same)} of classes that fairlearn names"
    for what, metrics in (
        ("the usual four metrics", usual),
        (known, same),
        (f"all {len(of_classes)} metrics of classes", of_classes),
    ):
        (folder / "f.gate.yaml").write_text(gate(metrics), encoding="utf-8")
        runs = paired(pytest("--mlgate", "f.gate.yaml"), [sys.executable, "-c", BINCOUNT], folder, 5)
        report(f"fairness, 2 million rows, 3 attributes and all pairs, {what}", *runs, "reading and numpy.bincount")


def differences(folder: Path) -> None:
    """Time the difference of two models on a million rows against a paired DeLong by hand (PEERS W4)."""
    rng = np.random.default_rng(2)
    logits = rng.normal(size=PAIRED_ROWS)
    labels = rng.random(PAIRED_ROWS) < 1 / (1 + np.exp(-logits))
    scores = [1 / (1 + np.exp(-(logits + 0.3 * rng.normal(size=PAIRED_ROWS)))) for _ in range(2)]
    classes = [(one > 0.5).astype(int) for one in scores]
    columns = dict(zip("ystpq", [labels.astype(int), *scores, *classes], strict=True))
    pq.write_table(pa.table(columns), folder / "paired.parquet")
    limits = {"roc_auc": "{max_drop: 0.01}", "f1": "{max_drop: 0.01}"}
    for name, named in {"auc": ["roc_auc"], "both": ["roc_auc", "f1"]}.items():
        metrics = ", ".join(f"{one}: {limits[one]}" for one in named)
        (folder / f"{name}.gate.yaml").write_text(REGRESSION.replace("METRICS", metrics), encoding="utf-8")
    auc, both = pytest("--mlgate", "auc.gate.yaml"), pytest("--mlgate", "both.gate.yaml")
    runs = paired(auc, [sys.executable, "-c", DELONG], folder, 5)
    report("ROC AUC difference with bounds, 1 million rows", *runs, "reading and a paired DeLong in numpy")
    report("and with that of F1", *paired(both, auc, folder, 5), "ROC AUC alone")


def main() -> None:
    """Print one line a comparison."""
    with tempfile.TemporaryDirectory() as name:
        groups(Path(name))
        differences(Path(name))


if __name__ == "__main__":
    main()
