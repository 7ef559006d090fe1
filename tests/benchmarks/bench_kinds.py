"""Whole-process times of the kinds that have a target: 2,000 prompt cases, 2 million rows of groups, the catalogue."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from measure import ROOT, once, paired, pytest, report

PROMPT = """version: 1
name: bench
model: m
messages: [{role: user, content: "Answer: {question}"}]
"""
PROMPT_GATE = """version: 1
gates:
  answers:
    kind: prompt.eval
    prompt: prompt.yaml
    cases: cases.jsonl
    provider: {kind: replay, path: replies.jsonl}
    assert:
      - {type: contains, value: "{expected}", name: correct}
      - {type: is_json, not: true}
      - {type: regex, value: "^the answer"}
    metrics: {pass_rate: {min: 0.9}}
"""
FAIR_GATE = """version: 1
data: {rows: rows.parquet}
gates:
  fair:
    kind: fairness.groups
    data: rows
    label: y
    prediction: p
    sensitive: [a, b]
    intersections: true
    metrics: {demographic_parity_difference: {max: 0.2}, equal_opportunity_difference: {max: 0.2}}
"""
BINCOUNT = """
import numpy as np, pyarrow.parquet as pq
t = pq.read_table("rows.parquet")
y, p, a, b = (t[name].to_numpy() for name in "ypab")
np.bincount(((a * 5 + b) * 2 + y) * 2 + p)
"""


def prompts(folder: Path) -> None:
    """Record 2,000 replies, keyed as the cassette keys them, and time the gate."""
    from pytest_mlgate.dialogue import Message, request_key

    cases = [{"id": str(i), "question": f"what is {i}?", "expected": str(i)} for i in range(2000)]
    (folder / "cases.jsonl").write_text("".join(json.dumps(one) + "\n" for one in cases), encoding="utf-8")
    (folder / "prompt.yaml").write_text(PROMPT, encoding="utf-8")
    (folder / "p.gate.yaml").write_text(PROMPT_GATE, encoding="utf-8")
    lines = []
    for i in range(2000):
        asked = (Message(role="user", content=f"Answer: what is {i}?"),)
        lines.append(json.dumps({"key": request_key("bench@1", asked, "m", {}, 0), "reply": f"the answer is {i}"}))
    (folder / "replies.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    runs = paired(pytest("--mlgate", "p.gate.yaml"), pytest("test_one.py"), folder, 5)
    report("2,000 recorded cases, three assertions each", *runs, "one trivial test")


def groups(folder: Path) -> None:
    """Time fairness on 2 million rows against a bare count."""
    rng = np.random.default_rng(1)
    columns = {"y": 2, "p": 2, "a": 2, "b": 5}
    table = pa.table({name: rng.integers(0, levels, 2_000_000) for name, levels in columns.items()})
    pq.write_table(table, folder / "rows.parquet")
    (folder / "f.gate.yaml").write_text(FAIR_GATE, encoding="utf-8")
    runs = paired(pytest("--mlgate", "f.gate.yaml"), [sys.executable, "-c", BINCOUNT], folder, 5)
    report("fairness on 2 million rows, two attributes and their intersection", *runs, "reading and numpy.bincount")


def main() -> None:
    """Print one line a comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_one.py").write_text("def test_one(): pass\n", encoding="utf-8")
        prompts(folder)
        groups(folder)
    print(f"the whole catalogue: {once(pytest('--mlgate', 'gates'), ROOT):.1f} s")


if __name__ == "__main__":
    main()
