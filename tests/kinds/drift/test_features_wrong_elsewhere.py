"""`drift.features` on what other tools get wrong: small samples, outliers, scales, nulls, rare categories, times."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

GATE = """
gates:
  g:
    kind: drift.features
    reference: {{fixture: old}}
    data: {{fixture: new}}
    metrics: {metrics}
{more}
"""
ALL = "{psi: {max: 0.2}, ks: {max: 0.1}, wasserstein: {max: 0.2}, js: {max: 0.1}, mean_shift: {max: 0.2}}"


@pytest.fixture
def verdict(judged):
    """Give the verdict on two tables, by index and distance unless told otherwise."""

    def judge(old, new, metrics="{psi: {max: 0.2}, ks: {max: 0.1}}", more=""):
        more = "".join(f"    {line}\n" for line in more.splitlines())
        return judged(GATE.format(metrics=metrics, more=more), old=pa.table(old), new=pa.table(new))[0].verdict

    return judge


def unchanged(rng, rows):
    """Make twenty columns of every sort."""
    table = {f"n{i}": rng.normal(size=rows) for i in range(6)}
    table |= {f"l{i}": rng.lognormal(sigma=1.5, size=rows) for i in range(4)}
    table |= {f"p{i}": rng.poisson(3, rows) for i in range(3)}
    table |= {f"z{i}": np.where(rng.random(rows) < 0.6, 0.0, rng.exponential(size=rows)) for i in range(2)}
    table |= {"rare": (rng.random(rows) < 0.02).astype(int), "holes": np.where(rng.random(rows) < 0.1, np.nan, 1.0)}
    tail = rng.zipf(1.5, rows).clip(max=2000)
    return table | {"c": rng.choice(["a", "b", "c"], rows), "tail": tail.astype(str), "b": rng.random(rows) < 0.3}


@pytest.mark.parametrize("rows", [30, 50, 100, 500])
def test_unchanged_tables_seldom_fail_by_any_of_five_metrics(verdict, rows, record_property):
    """Of 20 pairs with 20 columns each none fails but by rare chance; how many cannot be told is on record."""
    rng = np.random.default_rng(rows)
    found = [verdict(unchanged(rng, 5000), unchanged(rng, rows), ALL) for _ in range(20)]
    record_property("share_inconclusive", found.count("INCONCLUSIVE") / 20)
    assert found.count("FAIL") <= 1
    assert set(found) <= {"PASS", "INCONCLUSIVE", "FAIL"}


@pytest.mark.parametrize("metrics", ["{psi: {max: 0.2}}", "{ks: {max: 0.1}}", "{wasserstein: {max: 0.2}}"])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_an_outlier_neither_alarms_nor_masks_at_any_scale(verdict, metrics, scale):
    """One value a million times too large among 3,000."""
    rng = np.random.default_rng(1)
    old, same, moved = (rng.normal(mean, 1.0, 3000) * scale for mean in (0, 0, 1))
    far = [1e6 * scale]
    assert verdict({"x": old}, {"x": np.append(same, far)}, metrics) == "PASS"
    assert verdict({"x": old}, {"x": np.append(moved, far)}, metrics) == "FAIL"


def test_a_shift_that_is_certain_and_small_passes(verdict):
    """A fiftieth of a standard deviation at 400,000 rows is significant, and no drift by any metric."""
    rng = np.random.default_rng(2)
    old, new = rng.normal(size=400_000), rng.normal(0.02, 1.0, 400_000)
    assert verdict({"x": old}, {"x": new}, ALL) == "PASS"


def test_one_new_category_row_in_a_thousand_is_no_drift(verdict):
    """And names that all changed are."""
    old = {"c": ["a", "b"] * 2500}
    assert verdict(old, {"c": ["a", "b"] * 499 + ["a", "z"]}, "{psi: {max: 0.2}}") == "PASS"
    assert verdict(old, {"c": ["b", "a"] * 500}, "{psi: {max: 0.2}}") == "PASS"
    assert verdict(old, {"c": ["A", "B"] * 500}, "{psi: {max: 0.2}}") == "FAIL"


def test_a_column_of_a_million_names_is_compared(verdict):
    """Identifiers that hardly repeat, from one and the same million: no drift, in seconds."""
    rng = np.random.default_rng(3)
    old, same = (pa.array(rng.integers(0, 1_000_000, 300_000)).cast(pa.string()) for _ in range(2))
    assert verdict({"id": old}, {"id": same}, "{psi: {max: 0.2}}") == "PASS"


def test_times_are_compared_as_moments_whatever_the_zone(verdict):
    """The night in which the clocks change, in local time and in UTC: the same moments, no drift."""
    start = dt.datetime(2026, 3, 28, 22, tzinfo=dt.UTC)
    moments = [start + dt.timedelta(seconds=7 * i) for i in range(3000)]
    local = pa.array(
        [one.astimezone(ZoneInfo("Europe/Berlin")) for one in moments], pa.timestamp("us", "Europe/Berlin")
    )
    utc = pa.array([one.replace(tzinfo=None) for one in moments], pa.timestamp("us"))
    assert verdict({"t": local}, {"t": utc}) == "PASS"
    later = pa.array([one + dt.timedelta(hours=3) for one in moments], pa.timestamp("us", "UTC"))
    assert verdict({"t": local}, {"t": later}) == "FAIL"


def test_minus_zero_infinities_and_denormals_are_values(verdict):
    """The same strange values on both sides are no drift; zeros that become infinite are."""
    strange = [0.0, np.inf, -np.inf, 5e-324, 1.5] * 400
    mirrored = [-0.0, np.inf, -np.inf, 5e-324, 1.5] * 300
    assert verdict({"x": strange}, {"x": mirrored}) == "PASS"
    assert verdict({"x": strange}, {"x": [np.inf, np.inf, -np.inf, 5e-324, 1.5] * 300}) == "FAIL"


def test_a_column_without_any_value_left_is_drift(verdict):
    """All null, typed or not, where there were numbers."""
    old = {"x": np.random.default_rng(4).normal(size=2000)}
    for gone in (pa.nulls(1500), pa.nulls(1500, pa.float64())):
        assert verdict(old, {"x": gone}) == "FAIL"
