"""`drift.features` on tables of another engine: it counts, and the verdicts are those of the same rows in memory."""

from __future__ import annotations

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlgate.verdict import Verdict

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # pyspark leaves them to the collector
    pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning"),  # Ibis 12 on DuckDB 2
]
GATE = """
gates:
  g:
    kind: drift.features
    data: {fixture: new}
    reference: {fixture: old}
    metrics: {psi: {max: 0.1}, js: {max: 0.1}, cramers_v: {max: 0.1}, ks: {max: 0.1}}
"""


def table(rng, rows, moved):
    x = rng.normal(size=rows) + moved
    return pa.table(
        {
            "normal": x,
            "tiny": np.exp(x) * 1e-9,
            "codes": np.floor(x * 2).astype(np.int32),
            "single": x.astype(np.float32),
            "zeros": np.where(rng.random(rows) < 0.5, 0.0, x),
            "gaps": pa.array(x, mask=rng.random(rows) < 0.1 + moved / 5),
            "nans": np.where(rng.random(rows) < 0.1, np.nan, x),
            "constant": np.full(rows, 5.0 + (moved > 0) / 100),
            "infinite": np.where(rng.random(rows) < 0.05, np.inf, np.where(rng.random(rows) < 0.02, -np.inf, x)),
            "when": pa.array((x * 1e9).astype(np.int64), pa.timestamp("us")),
            "word": np.array([f"w{int(v)}" for v in np.abs(x) * 3]),
        }
    )


def held_against(expected, found):
    """Compare checks: values within what cuts a row apart can do, verdicts wherever no limit is that near."""
    for key, one in expected.items():
        other = found[key]
        if key[1] == "ks":
            low, high = other.detail.get("between", (other.value, other.value))
            assert low - 1e-9 <= one.value <= high + 1e-9, key
            assert high - low <= 0.022, key
            assert other.verdict is (Verdict.INCONCLUSIVE if low <= 0.1 < high else one.verdict), key
        elif one.limit is not None:
            assert other.value == pytest.approx(one.value, rel=0.02, abs=0.002 if key[1] == "psi" else 0.02), key
            assert other.verdict is one.verdict, key


@pytest.mark.parametrize("shift", [0.0, 0.6])
@pytest.mark.parametrize("where", [("old", "new"), ("old",), ("new",)])
def test_a_warehouse_gives_the_verdicts_of_memory(judged, shift, where, tmp_path):
    """Eleven shapes of columns; either table or both stay in the database."""
    rng = np.random.default_rng(int(shift * 100))
    tables = {"old": table(rng, 8_000, 0.0), "new": table(rng, 5_000, shift)}
    _, expected = judged(GATE, **tables)
    backend = ibis.duckdb.connect()
    there = {}
    for name in where:
        pq.write_table(tables[name], tmp_path / f"{name}.parquet")
        there[name] = backend.read_parquet(str(tmp_path / f"{name}.parquet"))
    result, found = judged(GATE, **(tables | there))
    assert result.verdict is not Verdict.NOT_MEASURED
    held_against(expected, found)


@pytest.mark.parametrize("beside", [{}, {"x": np.arange(3_000.0)}])
def test_lengths_of_texts_in_a_warehouse(judged, beside, tmp_path):
    """Twice as long is drift, whether there is another column to read or none."""
    gate = GATE.replace("metrics: {", "text_length: [t]\n    metrics: {")
    tables = {
        name: pa.table({"t": ["x" * (k * (i % 30)) for i in range(3_000)]} | beside)
        for name, k in (("old", 1), ("new", 2))
    }
    _, expected = judged(gate, **tables)
    backend = ibis.duckdb.connect()
    for name, one in tables.items():
        pq.write_table(one, tmp_path / f"{name}.parquet")
    _, found = judged(gate, **{name: backend.read_parquet(str(tmp_path / f"{name}.parquet")) for name in tables})
    assert expected["t", "psi"].verdict is Verdict.FAIL
    held_against(expected, found)


def test_spark_gives_the_verdicts_of_memory(judged, spark, tmp_path):
    """The same columns, counted on Spark."""
    rng = np.random.default_rng(3)
    tables = {"old": table(rng, 4_000, 0.0), "new": table(rng, 3_000, 0.3)}
    names = ["zeros", "word"]
    tables = {name: one.select(names) for name, one in tables.items()}
    _, expected = judged(GATE, **tables)
    there = {}
    for name, one in tables.items():
        pq.write_table(one, tmp_path / f"{name}.parquet")
        there[name] = spark.read.parquet(str(tmp_path / f"{name}.parquet"))
    _, found = judged(GATE, **there)
    held_against(expected, found)
