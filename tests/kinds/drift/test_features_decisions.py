"""`drift.features`: how several metrics, columns and windows come to one verdict."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlgate.errors import GateFileError
from pytest_mlgate.verdict import to_json

DATA = Path(__file__).parents[3] / "example_project"
GATE = """
gates:
  g:
    kind: drift.features
    data: {{fixture: new}}
{more}
"""


@pytest.fixture
def drift(judged):
    """Compare a table with another, or with itself."""

    def judge(new, more, old=None):
        more = more if old is None else f"reference: {{fixture: old}}\n{more}"
        lines = "".join(f"    {line}\n" for line in more.splitlines())
        return judged(GATE.format(more=lines), new=as_table(new), old=as_table(old or {"x": [1]}))

    return judge


def as_table(columns):
    return columns if isinstance(columns, pa.Table) else pa.table(columns)


def normal(n, seed, mean=0.0, spread=1.0):
    return np.random.default_rng(seed).normal(mean, spread, n)


def test_the_index_is_judged_by_the_usual_limits_unless_told_otherwise(drift):
    """Look at 0.1, act at 0.2."""
    result, checks = drift({"x": normal(4000, 1, mean=0.38)}, "", {"x": normal(4000, 2)})
    assert (result.outcome, checks["x", "psi"].warned) == ("warned", True)
    assert checks["x", "psi"].limit.max == 0.2


def test_any_metric_fails_a_column_or_only_all_together(drift):
    """A spread that doubles moves no mean: `any` fails, `all` warns; a mean that moves as well fails either way."""
    old, wider = {"x": normal(5000, 1)}, {"x": normal(4000, 2, spread=2.0)}
    limits = "metrics: {std_shift: {max: 0.2}, mean_shift: {max: 0.2}}"
    assert drift(wider, limits, old)[0].verdict == "FAIL"
    result, checks = drift(wider, f"{limits}\nfail_if: all", old)
    assert (result.verdict, result.outcome) == ("PASS", "warned")
    assert checks["x", "std_shift"].warned
    moved = {"x": normal(4000, 2, mean=1.0, spread=2.0)}
    assert drift(moved, f"{limits}\nfail_if: all", old)[0].verdict == "FAIL"


def test_columns_have_limits_of_their_own(drift):
    """`per_column` adds a metric to one column and loosens another's limit."""
    old = {"x": normal(5000, 1), "y": normal(5000, 2)}
    new = {"x": normal(4000, 3, mean=0.6), "y": normal(4000, 4)}
    more = "metrics: {psi: {max: 0.2}}\nper_column: {x: {psi: {max: 2}}, y: {wasserstein: {max: 0.2}}}"
    result, checks = drift(new, more, old)
    assert result.verdict == "PASS"
    assert set(checks) == {("x", "psi"), ("y", "psi"), ("y", "wasserstein")}
    assert checks["x", "psi"].limit.max == 2


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [
        ("max_drifted_share: 0.5", "PASS"),
        ("max_drifted_share: 0.2", "FAIL"),
        ("max_drifted_columns: 1", "PASS"),
        ("max_drifted_columns: 0", "FAIL"),
    ],
)
def test_so_many_columns_may_drift(drift, limit, verdict):
    """One of three moved: it warns, and its share of the columns is what is judged."""
    old = {name: normal(5000, i) for i, name in enumerate("abc")}
    new = {name: normal(4000, 10 + i, mean=float(name == "b")) for i, name in enumerate("abc")}
    result, checks = drift(new, f"metrics: {{psi: {{max: 0.2}}}}\n{limit}", old)
    assert result.verdict == verdict
    metric = "drifted_share" if "share" in limit else "drifted_columns"
    assert checks["*", metric].detail["drifted"] == ["b"]
    assert (checks["b", "psi"].verdict, checks["b", "psi"].warned) == ("PASS", True)


def test_columns_that_cannot_be_told_may_tip_the_number(drift):
    """Thirty rows say nothing: neither is the share within its limit nor beyond it."""
    old, new = {"a": normal(5000, 1)}, {"a": normal(30, 2)}
    result, checks = drift(new, "max_drifted_share: 0.1", old)
    assert (result.verdict, checks["*", "drifted_share"].verdict) == ("INCONCLUSIVE", "INCONCLUSIVE")
    assert checks["a", "psi"].verdict == "INFO"


def test_chi_square_alone_is_a_test(drift):
    """Without a `max` it fails on what is significant and passes on what is not; with one it is held against that."""
    old = {"c": np.repeat(["a", "b"], [50_000, 50_000])}
    changed, same = {"c": np.repeat(["a", "b"], [51_500, 48_500])}, {"c": np.repeat(["a", "b"], [50_100, 49_900])}
    assert drift(changed, "metrics: {chi2: {}}", old)[0].verdict == "FAIL"
    assert drift(same, "metrics: {chi2: {}}", old)[0].verdict == "PASS"
    assert drift(changed, "metrics: {chi2: {max: 1000}}", old)[0].verdict == "PASS"
    both = "metrics: {chi2: {}, cramers_v: {max: 0.1}}\nfail_if: all"
    assert drift(changed, both, old)[0].verdict == "PASS"


def test_texts_are_compared_by_length_where_asked(drift):
    """Names that nobody repeats, twice as long: as categories all are new, as lengths they have moved."""
    rng = np.random.default_rng(5)
    old = {"t": ["x" * k for k in rng.integers(3, 40, 3000)]}
    new = {"t": ["y" * (2 * k) for k in rng.integers(3, 40, 2000)]}
    same = {"t": ["y" * k for k in rng.integers(3, 40, 2000)]}
    more = "text_length: [t]\nmetrics: {psi: {max: 0.2}, ks: {max: 0.1}}"
    result, checks = drift(new, more, old)
    assert (result.verdict, set(checks)) == ("FAIL", {("t", "psi"), ("t", "ks")})
    assert drift(same, more, old)[0].verdict == "PASS"


def stream(levels, rows=2000):
    return {"x": np.concatenate([normal(rows, i, mean=level) for i, level in enumerate(levels)])}


def test_a_stream_is_a_check_for_each_window(drift):
    """Compared with its own beginning; each window under its rows."""
    result, checks = drift(stream([0, 0, 0, 2]), "window: {rows: 2000}")
    assert result.verdict == "FAIL"
    assert {name: check.verdict for (name, _), check in checks.items()} == {
        "x[rows 2000-3999]": "PASS",
        "x[rows 4000-5999]": "PASS",
        "x[rows 6000-7999]": "FAIL",
    }


@pytest.mark.parametrize(("levels", "verdict"), [([0, 2, 0, 2, 0], "PASS"), ([0, 0, 2, 2, 0], "FAIL")])
def test_only_what_is_sustained_fails(drift, levels, verdict):
    """Two bad windows apart pass, two in a row fail; the first window has none before it and is only reported."""
    result, checks = drift(stream(levels), "window: {rows: 2000, sustained: 2}")
    assert result.verdict == verdict
    first = checks["x[rows 2000-3999]", "psi"]
    assert first.verdict == "INFO"
    last = checks["x[rows 8000-9999]", "psi"]
    assert last.detail["windows"] == ["x[rows 6000-7999]", "x[rows 8000-9999]"]


def test_windows_of_days(drift):
    """Rows in no order, days at midnight UTC, a row without time said; another table as the reference."""
    start = dt.datetime(2026, 3, 28, tzinfo=dt.UTC)  # the clocks of Europe change on the second of these days
    rng = np.random.default_rng(6)
    hours = rng.permutation(np.arange(0, 72, 72 / 6000))
    seen = [start + dt.timedelta(hours=float(h)) for h in hours]
    values = rng.normal(np.where(hours >= 48, 1.5, 0.0), 1.0)
    new = {"x": [*values, 0.0], "seen_at": [*seen, None]}
    more = "columns: [x]\nwindow: {time: 1d, column: seen_at}"
    _, checks = drift(new, more, {"x": normal(4000, 7)})
    assert {name: check.verdict for (name, metric), check in checks.items() if metric == "psi"} == {
        "x[2026-03-28]": "PASS",
        "x[2026-03-29]": "PASS",
        "x[2026-03-30]": "FAIL",
    }
    assert checks["*", "rows_without_time"].value == 1
    _, checks = drift(new, f"{more[:-1]}, first: 2d}}")
    assert [name for name, metric in checks if metric == "psi"] == ["x[2026-03-30]"]


def test_categories_in_windows(drift):
    """Codes are counted window by window, against another table's levels."""
    new = {"c": ["a", "b"] * 2000 + ["b"] * 2000}
    _, checks = drift(new, "window: {rows: 2000}", {"c": ["a", "b"] * 2000})
    verdicts = [check.verdict for (_, metric), check in checks.items() if metric == "psi"]
    assert verdicts == ["PASS", "PASS", "FAIL"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "nothing to compare with"),
        ("window: {rows: 10, time: 1d, column: t}", "so many rows or so much time"),
        ("window: {time: 1d}", "need the column"),
        ("window: {rows: 10, first: 2d}", "whole number"),
        ("window: {rows: 10}\nexact: false", "windows are cut of whole columns"),
        ("window: {rows: 10}\nmetrics: {psi: {warn_max: 0.1}}\nmax_drifted_columns: 0", "no metric has a `max`"),
        ("window: {rows: 10}\nmetrics: {psi: {}}\nmax_drifted_share: 0.1", "no metric has a `max`"),
        ("window: {rows: 10}\nper_column: {x: {psi: {min: 1}}}", "no lower limit"),
        ("window: {rows: 10}\nexclude: [x]\nper_column: {x: {psi: {max: 1}}}", "is not compared"),
        ("window: {rows: 10}\ncategorical: [x]\ntext_length: [x]", "also under categorical"),
    ],
)
def test_mistakes_are_found_while_reading(drift, more, said):
    """What cannot mean anything is a collection error."""
    with pytest.raises(GateFileError, match=said):
        drift({"x": [1]}, more)


def test_what_moved_is_shown(drift):
    """Bins with their share of the change, histograms of both sides, nulls, quantiles, new categories; never a row."""
    old = {"x": normal(4000, 1), "c": ["a", "b"] * 2000}
    values = pa.array(normal(4000, 2, mean=1.5), mask=np.arange(4000) % 5 == 0)
    _, checks = drift({"x": values, "c": ["a", "b", "b", "crypto"] * 1000}, "metrics: {psi: {max: 0.1}}", old)
    detail = checks["x", "psi"].detail
    assert detail["null_rate"] == {"reference": 0.0, "current": 0.2}
    assert sum(detail["histogram"]["reference"]) == 4000
    assert len(detail["edges"]) == 9
    assert detail["quantiles"]["current"][2] == pytest.approx(1.5, abs=0.1)
    assert "missing 0.0% → 20.0%" in detail["look_at"][1]
    assert "median" in detail["look_at"][1]
    told = checks["c", "psi"].detail
    assert "'crypto' 0.0% → 25.0%" in told["look_at"][0]
    assert "never seen before 25.0% ('crypto' 25.0%)" in told["look_at"][1]
    assert told["new_categories"] == {"crypto": 1000}
    assert told["unseen_share"] == 0.25
    assert checks["c", "unseen_share"].verdict == "INFO"


def test_values_of_a_handful_of_rows_are_not_in_the_report(drift):
    """Addresses that identify a person, on either side, known or new, beside some that many share."""
    old = {"c": [f"old{i}@x.org" for i in range(3000)] + ["shared@x.org"] * 40}
    new = {"c": [f"new{i}@x.org" for i in range(2000)] + ["shared@x.org"] * 20 + ["office@x.org"] * 900}
    result, _ = drift(new, "", old)
    assert result.verdict == "FAIL"
    told = to_json(result)
    assert "shared@x.org" in told
    assert "office@x.org" in told
    assert "old1" not in told
    assert "new1" not in told


@pytest.fixture(scope="module")
def loans():
    """Give the loans before and after, of which car_value, loan_length and salary_range move at row 25,000."""
    folder = DATA / "broken" / "data"
    return pq.read_table(folder / "car_loan_reference.parquet"), pq.read_table(folder / "car_loan_analysis.parquet")


def test_the_loans_that_drifted_fail_and_the_others_pass(drift, loans):
    """On rows from 25,000 the three columns fail and the two controls pass; before, all pass."""
    before, after = loans
    more = "columns: [car_value, loan_length, salary_range, debt_to_income_ratio, driver_tenure]"
    assert drift(after.slice(0, 25_000), more, before)[0].verdict == "PASS"
    _, checks = drift(after.slice(25_000), more, before)
    found = {name: check.verdict for (name, metric), check in checks.items() if metric == "psi"}
    drifted = ("car_value", "loan_length", "salary_range")
    assert found == {**dict.fromkeys(drifted, "FAIL"), "debt_to_income_ratio": "PASS", "driver_tenure": "PASS"}


def test_the_stream_of_loans_turns_where_it_was_planted(drift, loans):
    """In windows of 5,000 rows, of which two must agree: green up to the second window after row 25,000."""
    more = "columns: [car_value, driver_tenure]\nwindow: {rows: 5000, sustained: 2}"
    result, checks = drift(loans[1], more, loans[0])
    red = [name for (name, _), check in checks.items() if check.verdict == "FAIL"]
    assert red == [f"car_value[rows {start}-{start + 4999}]" for start in range(30_000, 50_000, 5000)]
    assert result.verdict == "FAIL"


def test_the_census_three_years_on_is_stable_but_for_what_moved(drift):
    """At an index of 0.1 nothing of 2018 fails against 2015 but the column that says which year it is."""
    old, new = (pq.read_table(DATA / "data" / f"employment_ma_{year}.parquet") for year in (2015, 2018))
    codes = [name for name in old.column_names if name not in ("id", "AGEP", "predicted_probability")]
    more = f"exclude: [id]\ncategorical: [{', '.join(codes)}]\nmetrics: {{psi: {{max: 0.1}}}}"
    _, checks = drift(new, more, old)
    assert [name for (name, _), check in checks.items() if check.verdict == "FAIL"] == ["year"]
    assert max(check.value for (name, _), check in checks.items() if name != "year" and check.limit) < 0.02


@pytest.mark.parametrize("idle", ["{}", "{warn_max: 0.5}"])
def test_a_metric_that_cannot_fail_does_not_clear_a_column(drift, idle):
    """Under `fail_if: all` only metrics with a `max` have a say."""
    more = f"metrics: {{psi: {{max: 0.2}}, ks: {idle}}}\nfail_if: all"
    assert drift({"x": normal(4000, 1, mean=2.0)}, more, {"x": normal(5000, 2)})[0].verdict == "FAIL"


@pytest.mark.parametrize(
    ("more", "name", "said"),
    [
        ("per_column: {incom: {psi: {max: 0.1}}}", "incom", "did you mean 'income'"),
        ("per_column: {gone: {psi: {max: 0.1}}}", "gone", "is not in the data"),
        ("categorical: [kind]", "kind", "no table has it"),
        ("text_length: [kind]", "kind", "no table has it"),
        ("text_length: [income]", "income", "holds numbers"),
    ],
)
def test_a_column_that_the_gate_speaks_of_is_not_passed_over(drift, more, name, said):
    """A name with a slip, or of a column that vanished, is not measured: its limits would hold for nothing."""
    old = {"income": normal(5000, 2), "gone": normal(5000, 3), "c": ["a", "b"] * 2500}
    result, checks = drift({"income": normal(4000, 1), "c": ["a", "b"] * 2000}, more, old)
    assert (result.verdict, checks[name, "psi"].verdict) == ("NOT_MEASURED", "NOT_MEASURED")
    assert said in checks[name, "psi"].reason


def test_columns_with_brackets_in_their_names_are_kept_apart(drift):
    """Of `x[0]` and `x[1]` the first moves for good; their windows are not each other's predecessors."""
    still = stream([0, 0, 0, 0])["x"]
    result, checks = drift({"x[0]": stream([0, 0, 3, 3])["x"], "x[1]": still}, "window: {rows: 2000, sustained: 2}")
    assert result.verdict == "FAIL"
    failed = {name for (name, _), check in checks.items() if check.verdict == "FAIL"}
    assert failed == {"x[0][rows 6000-7999]"}


def test_more_windows_wanted_than_there_are(drift):
    """Nothing is judged before as many have come, so nothing passes."""
    result, _ = drift(stream([0, 3, 3]), "window: {rows: 2000, sustained: 3}")
    assert result.verdict == "NOT_MEASURED"
    assert "2 windows" in result.reason


@pytest.mark.parametrize(("share", "verdict"), [(0.0, "FAIL"), (0.5, "PASS")])
def test_columns_are_counted_in_each_window(drift, share, verdict):
    """Half of them move in the last windows; the first window is too early to be judged and not counted."""
    new = {"a": stream([0, 0, 3, 3])["x"], "b": stream([0, 0, 0, 0])["x"]}
    result, checks = drift(new, f"window: {{rows: 2000, sustained: 2}}\nmax_drifted_share: {share}")
    shares = {name: check.value for (name, metric), check in checks.items() if metric == "drifted_share"}
    assert shares == {"*[rows 4000-5999]": 0.0, "*[rows 6000-7999]": 0.5}
    assert result.verdict == verdict


def test_the_time_that_windows_are_cut_by_is_not_compared(drift):
    """It is later in every later window; named under `columns` it is compared all the same."""
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    new = {"at": [start + dt.timedelta(minutes=i) for i in range(4320)], "x": normal(4320, 1)}
    result, checks = drift(new, "window: {time: 1d, column: at}")
    assert (result.verdict, {name.partition("[")[0] for name, _ in checks}) == ("PASS", {"x"})
    assert drift(new, "columns: [at]\nwindow: {time: 1d, column: at}")[0].verdict == "FAIL"


def test_windows_without_rows_are_told(drift):
    """Three days without a row between two of the windows; nothing is compared in them, and that is reported."""
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    at = [start + dt.timedelta(minutes=i + (3 * 1440 if i >= 2880 else 0)) for i in range(4320)]
    _, checks = drift({"at": at, "x": normal(4320, 1)}, "window: {time: 1d, column: at}")
    told = checks["*", "windows_without_rows"]
    assert (told.value, told.verdict) == (3, "INFO")


def test_a_number_is_no_moment(drift):
    """Seconds since 1970 on one side, timestamps on the other: a type that changed, whatever the numbers say."""
    old, new = {"t": pa.array(range(1000), pa.timestamp("s"))}, {"t": list(range(1000))}
    result, checks = drift(new, "", old)
    assert result.verdict == "NOT_MEASURED"
    assert "of type timestamp in the reference and integer in the data" in checks["t", "psi"].reason


def test_windows_of_a_drifted_family_take_no_hours(drift):
    """240 claims, each clear: none is drawn from the half million tables that a p-value of this family needs.

    Drawing them all would take minutes.
    """
    rng = np.random.default_rng(3)
    new = {f"k{i}": rng.poisson(5, 30_000) for i in range(2)} | {f"x{i}": rng.normal(1, 1, 30_000) for i in range(2)}
    old = {f"k{i}": rng.poisson(3, 5_000) for i in range(2)} | {f"x{i}": rng.normal(0, 1, 5_000) for i in range(2)}
    more = "metrics: {psi: {max: 0.2}, wasserstein: {max: 0.1}}\nwindow: {rows: 500}\nalpha: 0.001"
    result, checks = drift(new, more, old)
    assert result.verdict == "FAIL"
    assert all(check.verdict == "FAIL" for (_, metric), check in checks.items() if metric in ("psi", "wasserstein"))
