"""`drift.features`: the gate around the index, on data whose drift is known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pytest_mlgate.errors import GateFileError

GATE = """
gates:
  g:
    kind: drift.features
    reference: {{fixture: old}}
    data: {{fixture: new}}
    metrics: {{psi: {limit}}}
{more}
"""


@pytest.fixture
def drift(judged):
    """Compare two tables."""

    def judge(old, new, limit="{max: 0.2}", more=""):
        lines = "".join(f"    {line}\n" for line in more.splitlines())
        return judged(GATE.format(limit=limit, more=lines), old=pa.table(old), new=pa.table(new))

    return judge


def normal(n, seed, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 1.0, n)


def test_the_same_distribution_passes(drift):
    """Thousands of rows, nothing changed."""
    result, checks = drift({"x": normal(5000, 1)}, {"x": normal(5000, 2)})
    assert result.verdict == "PASS"
    assert checks["x", "psi"].value < 0.02


def test_a_shift_fails_and_names_the_column(drift):
    """One of two columns moved by a standard deviation: it alone fails, with the bins that moved."""
    old = {"x": normal(5000, 1), "y": normal(5000, 3)}
    result, checks = drift(old, {"x": normal(5000, 2), "y": normal(5000, 4, mean=1.0)})
    assert result.outcome == "failed"
    assert (checks["x", "psi"].verdict, checks["y", "psi"].verdict) == ("PASS", "FAIL")
    assert "of psi" in checks["y", "psi"].detail["look_at"][0]


def test_two_categories_have_the_index_of_the_closed_form(drift):
    """[.5, .5] to [.6, .4] is 0.0405465; at a million rows the corrections vanish."""
    n = 1_000_000
    _, checks = drift({"c": np.repeat(["a", "b"], n // 2)}, {"c": np.repeat(["a", "b"], [600_000, 400_000])})
    assert checks["c", "psi"].value == pytest.approx(0.0405465, abs=1e-5)


def test_too_few_rows_are_inconclusive_and_only_warn(drift):
    """Twenty rows cannot show an index of 0.2; the text says how many could."""
    result, checks = drift({"x": normal(5000, 1)}, {"x": normal(20, 2)})
    check = checks["x", "psi"]
    assert (check.verdict, result.outcome) == ("INCONCLUSIVE", "warned")
    assert check.detectable > 0.2
    assert 20 < check.rows_to_decide < 1000


def test_a_limit_with_confidence_needs_the_bounds(drift):
    """With the interval around the limit, the answer is undecided rather than lucky."""
    old, new = {"x": normal(5000, 1)}, {"x": normal(3000, 2, mean=0.45)}
    value = drift(old, new)[1]["x", "psi"].value
    _, checks = drift(old, new, limit=f"{{max: {value * 0.99:.6f}}}", more="confidence: 0.95")
    assert checks["x", "psi"].verdict == "INCONCLUSIVE"


def test_missing_values_are_drift(drift):
    """Nulls from none to 60 % fail, in numbers and in text."""
    gone = np.random.default_rng(5).random(4000) < 0.6
    new = {"x": pa.array(normal(4000, 2), mask=gone), "c": pa.array(["a"] * 4000, mask=gone)}
    _, checks = drift({"x": normal(4000, 1), "c": ["a"] * 4000}, new)
    assert [check.verdict for check in checks.values()] == ["FAIL", "FAIL"]


def test_codes_are_categories_where_the_gate_says_so(drift):
    """An integer column with many codes gets a bin per code, named through the table's labels or as it stands."""
    rng = np.random.default_rng(7)
    old, new = rng.integers(0, 30, 20_000), rng.integers(0, 30, 20_000)
    new[new == 29] = 0
    _, checks = drift({"code": old}, {"code": new}, limit="{max: 0.01}", more="categorical: [code]")
    assert checks["code", "psi"].verdict == "FAIL"
    assert "'29' 3" in checks["code", "psi"].detail["look_at"][0]


def test_an_int_column_stored_as_float_is_the_same_category(drift):
    """1 and 1.0 are one code."""
    codes = np.random.default_rng(8).integers(0, 3, 4000)
    _, checks = drift({"c": codes}, {"c": codes.astype(float)}, more="categorical: [c]")
    assert checks["c", "psi"].value == pytest.approx(0.0, abs=1e-3)
    assert checks["c", "psi"].verdict == "PASS"


def test_columns_of_one_table_only_are_reported(drift):
    """Nothing is compared in silence, nothing left out in silence."""
    _, checks = drift({"x": normal(500, 1), "gone": normal(500, 1)}, {"x": normal(500, 2), "new": normal(500, 2)})
    left_out = checks["*", "columns_in_one_table_only"]
    assert (left_out.verdict, left_out.detail["columns"]) == ("INFO", ["gone", "new"])


def test_a_listed_column_that_is_missing_is_not_measured_and_hides_nothing(drift):
    """The other column is judged all the same; the gate does not pass."""
    result, checks = drift({"x": normal(900, 1)}, {"x": normal(900, 2)}, more="columns: [x, nowhere]")
    assert checks["x", "psi"].verdict == "PASS"
    assert "nowhere" in checks["nowhere", "psi"].reason
    assert result.verdict == "NOT_MEASURED"


@pytest.mark.parametrize(("old", "new"), [(0, 900), (900, 0)])
def test_an_empty_table_is_not_measured(drift, old, new):
    """On either side."""
    assert drift({"x": normal(old, 1)}, {"x": normal(new, 2)})[0].verdict == "NOT_MEASURED"


def test_tables_without_a_common_column_are_not_measured(drift):
    """Nothing was compared."""
    result, _ = drift({"x": normal(100, 1)}, {"y": normal(100, 2)})
    assert result.verdict == "NOT_MEASURED"
    assert "no column in common" in result.reason


def test_all_missing_on_both_sides_is_not_measured(drift):
    """There is no distribution to speak of."""
    nothing = {"x": pa.array([None] * 50, pa.float64())}
    assert drift(nothing, nothing)[0].verdict == "NOT_MEASURED"


def test_a_constant_that_stays_is_no_drift_and_one_that_moves_is(drift):
    """5 stays 5; 5 becomes 5.01."""
    assert drift({"x": [5.0] * 2000}, {"x": [5.0] * 2000})[0].verdict == "PASS"
    assert drift({"x": [5.0] * 2000}, {"x": [5.01] * 2000})[0].verdict == "FAIL"


def test_reruns_repeat(drift):
    """Monte Carlo p-values are seeded by the gate's identity."""
    old, new = {"c": ["a"] * 60 + ["b"] * 4}, {"c": ["a"] * 30 + ["b"] * 3}
    first, second = (drift(old, new)[1]["c", "psi"].p_value for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("limit", "more", "said"),
    [
        ("{min: 0.1}", "", "no lower limit"),
        ("{max_drop: 0.1}", "", "no baseline"),
        ("{max: 0.1}", "columns: [a]\nexclude: [a]", "also under columns"),
        ("{max: 0.1}", "alpha: 0.9", "must be less than 0.5"),
        ("{max: 0.1}", "correction: fdr", "not allowed here"),
        ("{max: 0.1}, ks: {max: 0.1}", "", "unknown name 'ks'"),
    ],
)
def test_mistakes_are_found_while_reading(drift, limit, more, said):
    """What cannot mean anything is a collection error."""
    with pytest.raises(GateFileError, match=said):
        drift({"x": [1]}, {"x": [1]}, limit=limit, more=more)
