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
    assert {name: check.verdict for (name, metric), check in checks.items() if metric == "psi"} == {
        "x": "FAIL",
        "c": "FAIL",
    }
    assert checks["x", "null_rate_change"].verdict == "INFO"
    assert checks["x", "null_rate_change"].value == pytest.approx(0.6, abs=0.03)


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
    left_out = checks["*", "columns_gone"]
    assert (left_out.warned, left_out.value) == (True, 1)
    assert (left_out.detail["only_in_reference"], left_out.detail["only_in_data"]) == (["gone"], ["new"])


@pytest.mark.parametrize("metrics", ["{max: 0.1}", "{max: 0.1}, ks: {max: 0.1}"])
def test_numbers_that_arrive_as_text_are_not_measured(drift, metrics):
    """A column that changed its type was read wrongly; no metric may pass it or leave it out."""
    old = normal(900, 1)
    result, checks = drift({"a": old}, {"a": [str(one) for one in old]}, limit=metrics)
    assert result.verdict == "NOT_MEASURED"
    assert "is of type number in the reference and string in the data" in next(iter(checks.values())).reason


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
        ("{max: 0.1}, kss: {max: 0.1}", "", "unknown name 'kss'"),
        ("{max: 0.1}, ks: {min: 0.1}", "", "no lower limit"),
    ],
)
def test_mistakes_are_found_while_reading(drift, limit, more, said):
    """What cannot mean anything is a collection error."""
    with pytest.raises(GateFileError, match=said):
        drift({"x": [1]}, {"x": [1]}, limit=limit, more=more)


@pytest.fixture
def by_ks(judged):
    """Compare two tables by `ks`, alone or with other metrics."""

    def judge(old, new, metrics="ks: {max: 0.1}", more=""):
        lines = "".join(f"    {line}\n" for line in more.splitlines())
        text = GATE.format(limit="", more=lines).replace("{psi: }", f"{{{metrics}}}")
        return judged(text, old=pa.table(old), new=pa.table(new))

    return judge


def test_ks_is_that_of_scipy(by_ks):
    """Distance and p-value, next to the index and in the same family."""
    from scipy.stats import ks_2samp

    old, new = normal(3000, 1), normal(2000, 2, mean=0.1)
    _, checks = by_ks({"x": old}, {"x": new}, "psi: {max: 0.2}, ks: {max: 0.1}")
    wanted = ks_2samp(old, new, method="asymp")
    check = checks["x", "ks"]
    assert check.value == pytest.approx(wanted.statistic, abs=1e-12)
    assert check.p_value == pytest.approx(wanted.pvalue, rel=0.05)
    assert (check.n, check.n_reference) == (2000, 3000)


def test_ks_fails_beyond_its_limit_and_says_where(by_ks):
    """Half a standard deviation is a distance of 0.197, reached between the two means."""
    result, checks = by_ks({"x": normal(5000, 1)}, {"x": normal(5000, 2, mean=0.5)})
    check = checks["x", "ks"]
    assert (check.verdict, result.outcome) == ("FAIL", "failed")
    assert check.value == pytest.approx(0.1974, abs=0.02)
    assert -0.5 < check.detail["at"] < 1.0
    assert check.detail["look_at"][0].startswith("x: at or below ")


def test_all_metrics_are_one_family(by_ks):
    """Two columns by two metrics are four claims: the smallest p-value is multiplied by four."""
    old, new = {"x": normal(900, 1), "y": normal(900, 2)}, {"x": normal(900, 3, mean=0.2), "y": normal(900, 4)}
    _, checks = by_ks(old, new, "psi: {max: 0.2}, ks: {max: 0.1}")
    smallest = min(checks.values(), key=lambda check: check.p_value)
    assert len(checks) == 4
    assert smallest.p_adjusted == pytest.approx(4 * smallest.p_value)
    _, alone = by_ks(old, new)
    assert alone["x", "ks"].detectable < checks["x", "ks"].detectable


def test_ks_with_too_few_rows_is_inconclusive(by_ks):
    """Forty rows cannot show a distance of 0.1; the text says how many could."""
    result, checks = by_ks({"x": normal(5000, 1)}, {"x": normal(40, 2)})
    check = checks["x", "ks"]
    assert (check.verdict, result.outcome) == ("INCONCLUSIVE", "warned")
    assert check.detectable > 0.1
    assert 40 < check.rows_to_decide < 2000


def test_ks_sees_missing_values(by_ks):
    """Nulls from none to 60 % fail, and are what is pointed at."""
    gone = np.arange(4000) % 10 < 6
    _, checks = by_ks({"x": normal(4000, 1)}, {"x": pa.array(normal(4000, 2), mask=gone)})
    assert checks["x", "ks"].verdict == "FAIL"
    assert checks["x", "ks"].value == pytest.approx(0.6, abs=0.02)
    nothing = {"x": pa.array([None] * 50, pa.float64())}
    assert by_ks(nothing, nothing)[0].verdict == "NOT_MEASURED"


def test_columns_that_are_no_numbers_are_named_and_left_to_other_metrics(by_ks):
    """INFO: the index judges them, ks does not."""
    old = {"x": normal(2000, 1), "c": ["a", "b"] * 1000, "code": [1, 2] * 1000}
    result, checks = by_ks(old, old, "psi: {max: 0.2}, ks: {max: 0.1}", "categorical: [code]")
    without = checks["*", "columns_without_ks"]
    assert (without.verdict, without.detail["columns"]) == ("INFO", ["c", "code"])
    assert set(checks) == {("x", "psi"), ("x", "ks"), ("c", "psi"), ("code", "psi"), ("*", "columns_without_ks")}
    assert result.verdict == "PASS"


def test_ks_alone_never_passes_what_it_cannot_judge(by_ks):
    """Text asked for by name, or nothing but text, is not measured."""
    old = {"x": normal(2000, 1), "c": ["a", "b"] * 1000}
    result, checks = by_ks(old, old, more="columns: [x, c]")
    assert (checks["c", "ks"].verdict, checks["x", "ks"].verdict) == ("NOT_MEASURED", "PASS")
    assert "no column of numbers" in checks["c", "ks"].reason
    assert result.outcome == "errored"
    result, _ = by_ks({"c": old["c"]}, {"c": old["c"]})
    assert result.verdict == "NOT_MEASURED"
    assert "none of the columns holds numbers" in result.reason


def test_a_categorical_column_that_only_ks_would_judge_is_a_mistake(by_ks):
    """Said while the gate is read; a column that is not compared is none."""
    table = {"x": normal(2000, 1), "c": ["a", "b"] * 1000}
    with pytest.raises(GateFileError, match="'c' is categorical, and ks compares only numbers"):
        by_ks(table, table, more="categorical: [c]")
    assert by_ks(table, table, more="categorical: [c]\nexclude: [c]")[0].verdict == "PASS"


def test_unchanged_tables_seldom_fail_by_either_metric(by_ks):
    """Thirty pairs of small unchanged tables with five columns: none fails."""
    rng = np.random.default_rng(9)

    def table(n):
        return {f"x{i}": rng.normal(size=n) for i in range(4)} | {"k": rng.poisson(3, size=n)}

    for m in (30, 100, 400):
        for _ in range(10):
            assert by_ks(table(2000), table(m), "psi: {max: 0.2}, ks: {max: 0.1}")[0].verdict != "FAIL"
