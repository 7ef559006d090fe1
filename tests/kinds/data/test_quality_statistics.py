"""`data.quality`: statistics against numpy, and what has none."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

NAN, INF = float("nan"), math.inf
INDEPENDENT = {
    "mean": np.mean,
    "std": lambda x: np.std(x, ddof=1),
    "sum": np.sum,
    "min": np.min,
    "max": np.max,
    "median": np.median,
    "distinct": lambda x: np.unique(x).size,
    "q01": lambda x: np.quantile(x, 0.01),
    "q25": lambda x: np.quantile(x, 0.25),
    "q99": lambda x: np.quantile(x, 0.99),
    "q99.5": lambda x: np.quantile(x, 0.995),
    "q00.1": lambda x: np.quantile(x, 0.001),
}


def made(seed, n=3000):
    """Skewed numbers on no round scale, a tenth of them missing as null or NaN, and whole numbers with ties."""
    rng = np.random.default_rng(seed)
    amounts = rng.lognormal(3, 1.2, n)
    amounts[rng.random(n) < 0.05] = NAN
    absent = rng.random(n) < 0.05
    return pa.table({"amount": pa.array(amounts, mask=absent), "age": pa.array(rng.integers(0, 90, n), mask=absent)})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("column", ["amount", "age"])
def test_statistics_are_those_of_numpy(quality, seed, column):
    """Over the present values: sample standard deviation, quantiles interpolated linearly (numpy's default)."""
    table = made(seed)
    values = np.array(table.column(column).to_pylist(), dtype=float)
    values = values[~np.isnan(values)]
    limits = ", ".join(f"{name}: {{min: -1}}" for name in INDEPENDENT)
    result, checks = quality(table, f"stats: {{{column}: {{{limits}, null_fraction: {{max: 0.5}}}}}}")
    for name, independent in INDEPENDENT.items():
        found = checks[column, name]
        assert found.value == pytest.approx(independent(values), rel=1e-9), name
        assert found.n == values.size
    assert checks[column, "null_fraction"].value == pytest.approx(1 - values.size / 3000, abs=1e-12)
    assert checks[column, "null_fraction"].n == 3000
    assert result.verdict == "PASS"


@pytest.mark.parametrize("form", [pd.DataFrame, pl.DataFrame, lambda data: pl.DataFrame(data).lazy(), pa.table])
def test_statistics_do_not_depend_on_what_holds_the_table(quality, form):
    """Known by hand, for numbers, whole numbers, truth values and text."""
    table = form(
        {"x": [1.5, 2.5, 4.0, 8.0], "i": [1, 1, 2, 4], "b": [True, False, True, True], "s": ["a", "b", "a", "c"]}
    )
    parameters = """
stats:
  x: {mean: {max: 9}, median: {max: 9}, q75: {max: 9}}
  i: {sum: {max: 9}, std: {max: 9}}
  b: {mean: {max: 9}, sum: {max: 9}}
  s: {distinct: {max: 9}, null_fraction: {max: 0}}
"""
    _, checks = quality(table, parameters)
    assert {key: one.value for key, one in checks.items()} == {
        ("x", "mean"): 4.0,
        ("x", "median"): 3.25,
        ("x", "q75"): 5.0,
        ("i", "sum"): 8.0,
        ("i", "std"): pytest.approx(math.sqrt(2)),
        ("b", "mean"): 0.75,
        ("b", "sum"): 3.0,
        ("s", "distinct"): 3,
        ("s", "null_fraction"): 0.0,
    }


@pytest.mark.parametrize(
    ("limit", "verdict"),
    [
        ("{min: 2.5, max: 2.5}", "PASS"),
        ("{min: 2.6}", "FAIL"),
        ("{max: 2.4}", "FAIL"),
        ("{warn_max: 2, max: 3}", "PASS"),
    ],
)
def test_a_statistic_is_held_against_its_limit(quality, limit, verdict):
    """Both ends count as within; beyond the warning band is a warning."""
    result, checks = quality(pa.table({"x": [1, 2, 3, 4]}), f"stats: {{x: {{mean: {limit}}}}}")
    assert (result.verdict, checks["x", "mean"].value) == (verdict, 2.5)
    assert checks["x", "mean"].warned == ("warn" in limit)


@pytest.mark.parametrize(
    ("values", "name", "said"),
    [
        ([1.0, INF, 2.0], "mean", "1 of 3 values are infinite"),
        ([1.0, INF, -INF], "mean", "2 of 3 values are infinite"),
        ([1.0, INF, 2.0], "std", "infinite"),
        ([1.0, -INF, None], "sum", "1 of 2 values are infinite"),
        ([1.0, INF, 2.0], "max", "infinite"),
        ([1.0, INF, INF], "q99", "infinite"),
        ([5.0, None, NAN], "std", "a single value has none"),
        ([None, NAN, None], "mean", "every value is missing"),
        ([None, NAN, None], "distinct", "every value is missing"),
        ([1e308, 1e308, -1e308], "std", "too large"),
        ([1e308, 1e308], "mean", "inf"),
        (["a", "b"], "mean", "holds no numbers"),
        (["1", "2"], "median", "holds no numbers"),
        ([dt.date(2026, 1, 1)], "max", "of type date; use `freshness`"),
        ([[1], [2]], "sum", "holds no numbers"),
        ([None, None], "mean", "every value is missing"),
    ],
)
def test_what_has_no_such_statistic_is_not_measured(quality, values, name, said):
    """Infinity has no mean, one value no spread; none of it passes, whatever the limit."""
    result, checks = quality(pa.table({"x": values}), f"stats: {{x: {{{name}: {{max: 1.0e+300}}}}}}")
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert said in checks["x", name].reason


def test_what_infinity_does_not_touch_is_measured(quality):
    """The median and the smallest of numbers with one infinite are numbers, and so are counts."""
    parameters = "stats: {x: {median: {max: 2}, min: {min: 1}, distinct: {max: 3}, null_fraction: {max: 0}}}"
    result, checks = quality(pa.table({"x": [1.0, 2.0, INF]}), parameters)
    assert (result.verdict, checks["x", "median"].value, checks["x", "min"].value) == ("PASS", 2.0, 1.0)
