"""`drift.features` on tables that are too large to hold: counted piece by piece, with the verdicts of the whole."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pytest_mlgate.drift import counted
from pytest_mlgate.inputs import columns as columns_module
from pytest_mlgate.verdict import Verdict

GATE = """
gates:
  g:
    kind: drift.features
    data: {{fixture: new}}
    reference: {{fixture: old}}
    exact: {exact}
    metrics: {metrics}
"""
BINNED = (
    "{psi: {warn_max: 0.05, max: 0.1}, js: {max: 0.1}, kl: {max: 0.1}, hellinger: {max: 0.1}, tvd: {max: 0.1}, "
    "linf: {max: 0.05}, chi2: {}, cramers_v: {max: 0.1}, null_rate_change: {max: 0.05}}"
)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Let a table of some thousand rows come in several pieces."""
    monkeypatch.setattr(columns_module, "_PIECE", 4_096)


def sides(seed, n, m, shift):
    rng = np.random.default_rng(seed)

    def table(rows, moved):
        x = rng.normal(size=rows) + moved
        return pa.table(
            {
                "normal": x,
                "tiny": np.exp(x) * 1e-9,
                "codes": np.floor(x * 2).astype(np.int8),
                "many": (x * 1e6).astype(np.int64),
                "single": x.astype(np.float32),
                "zeros": np.where(rng.random(rows) < 0.5, 0.0, x),
                "gaps": pa.array(x, mask=rng.random(rows) < 0.1 + moved / 5),
                "constant": np.full(rows, 5.0 + (moved > 0) / 100),
                "infinite": np.where(rng.random(rows) < 0.05, np.inf, x),
                "when": pa.array((x * 1e9).astype(np.int64), pa.timestamp("us")),
                "word": np.array([f"w{int(v)}" for v in np.abs(x) * 3]),
            }
        )

    return {"old": table(n, 0.0), "new": table(m, shift)}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shift", [0.0, 0.02, 0.15, 0.4])
def test_counted_columns_have_the_values_and_verdicts_of_whole_ones(judged, seed, shift):
    """Eleven shapes of columns, nine metrics of bins, shifts around the limits."""
    tables = sides(seed, 20_000, 3_000 * (seed + 1), shift)
    whole, expected = judged(GATE.format(exact="true", metrics=BINNED), **tables)
    parts, found = judged(GATE.format(exact="false", metrics=BINNED), **tables)
    assert parts.verdict is whole.verdict
    assert {key: (one.value, one.verdict, one.p_adjusted) for key, one in found.items()} == {
        key: (one.value, one.verdict, one.p_adjusted) for key, one in expected.items()
    }


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shift", [0.0, 0.15, 0.25, 0.4])
def test_a_distance_is_bracketed_to_a_thousandth_or_two(judged, seed, shift):
    """And decided as the whole column would decide, unless the limit lies in the bracket."""
    tables = sides(seed, 20_000, 15_000, shift)
    _, expected = judged(GATE.format(exact="true", metrics="{ks: {max: 0.1}}"), **tables)
    _, found = judged(GATE.format(exact="false", metrics="{ks: {max: 0.1}}"), **tables)
    for key, one in expected.items():
        if key[1] == "ks":
            low, high = found[key].detail["between"]
            assert low - 1e-12 <= one.value <= high + 1e-12
            assert high - low <= 0.0025
            undecided = low <= 0.1 < high
            assert found[key].verdict is (Verdict.INCONCLUSIVE if undecided else one.verdict)


def test_lengths_of_texts_are_counted_too(judged):
    """Twice as long is drift, by the value of the whole column."""
    rng = np.random.default_rng(1)
    tables = {
        name: pa.table({"t": ["é" * k for k in rng.poisson(mean, 4_000)]}) for name, mean in (("old", 20), ("new", 40))
    }
    text = "gates: {{g: {{kind: drift.features, data: {{fixture: new}}, reference: {{fixture: old}}, {more}}}}}"
    more = ("text_length: [t], exact: true", "text_length: [t], exact: false")
    values = [judged(text.format(more=one), **tables)[1]["t", "psi"].value for one in more]
    assert values[0] == values[1] > 1.0


def test_large_tables_are_counted_unless_the_gate_says_otherwise(judged, monkeypatch):
    """The threshold decides; what only whole columns give is then not measured, and says what to write."""
    monkeypatch.setattr(counted, "MOST_ROWS", 1_000)
    tables = sides(1, 2_000, 500, 0.0)
    metrics = "{wasserstein: {max: 0.1}}"
    result, found = judged(GATE.format(exact="null", metrics=metrics), **tables)
    assert result.verdict is Verdict.NOT_MEASURED
    assert "exact: true" in found["normal", "wasserstein"].reason
    assert judged(GATE.format(exact="true", metrics=metrics), **tables)[1]["normal", "wasserstein"].value is not None
