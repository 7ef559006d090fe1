"""The Kolmogorov-Smirnov distance: against scipy, closed forms and simulations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import ks_2samp

from pytest_mlgate.stats.ks import ks, ks_detectable, ks_rows_to_decide


def test_the_closed_form():
    """[1..5] against [3..7]: distance 0.4, p 0.873016."""
    found = ks([1, 2, 3, 4, 5], [3, 4, 5, 6, 7])
    assert (found.value, found.p_value) == pytest.approx((0.4, 0.873016), abs=1e-6)


@pytest.mark.parametrize(("n", "m"), [(5, 5), (7, 12), (50, 31), (100, 100), (400, 600)])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_small_samples_have_the_exact_p_value(n, m, shift):
    """As scipy counts it, without importing scipy.stats to do so."""
    rng = np.random.default_rng(n + m)
    old, new = rng.normal(size=n), rng.normal(shift, size=m)
    found, wanted = ks(old, new), ks_2samp(old, new, method="exact")
    assert found.value == pytest.approx(wanted.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(wanted.pvalue, rel=1e-9)


@pytest.mark.parametrize(("n", "m"), [(5000, 30), (1100, 1100), (20_000, 3000)])
def test_larger_samples_come_near_the_exact_p_value(n, m):
    """Within 8 % of it where decisions fall, between 0.001 and 0.1."""
    rng = np.random.default_rng(2)
    compared = 0
    for shift in np.linspace(1.5, 3.5, 8) * np.sqrt(1 / n + 1 / m):
        old, new = rng.normal(size=n), rng.normal(shift, size=m)
        wanted = ks_2samp(old, new, method="exact" if n * m < 2_000_000 else "asymp").pvalue
        if 0.001 < wanted < 0.1:
            compared += 1
            assert ks(old, new).p_value == pytest.approx(wanted, rel=0.08)
    assert compared


@pytest.mark.parametrize("decimals", [0, 2, 9])
@pytest.mark.parametrize("sizes", [(30_000, 20_000), (9000, 50), (40, 12_000)])
def test_the_distance_is_exact_however_many_values_are_tied(sizes, decimals):
    """Blocks that are passed over never hold the widest gap."""
    rng = np.random.default_rng(3)
    for shift in (0.0, 0.02, 0.6):
        old, new = rng.normal(size=sizes[0]).round(decimals), rng.normal(shift, 1.1, size=sizes[1]).round(decimals)
        assert ks(old, new).value == pytest.approx(ks_2samp(old, new, method="asymp").statistic, abs=1e-12)


def test_extremes_are_ordinary_values():
    """Infinities and samples that do not overlap."""
    assert ks([-np.inf, 0, 1], [0, 1, np.inf]).value == pytest.approx(1 / 3)
    assert ks(np.arange(20_000.0), np.arange(20_000.0) + 1e6).value == 1.0
    assert ks([5.0] * 50, [5.0] * 50).value == 0.0


def test_missing_values_are_one_value_below_all_others():
    """60 % newly missing is a distance of 0.6, and said to be; a share that stays is none."""
    rng = np.random.default_rng(4)
    values = rng.normal(size=10_000)
    holed = np.where(np.arange(10_000) % 10 < 6, np.nan, rng.normal(size=10_000))
    found = ks(values, holed)
    assert found.value == pytest.approx(0.6, abs=0.01)
    assert found.reference_share == 0.0 or found.at is not None
    assert ks(holed, holed).value == 0.0
    assert ks([np.nan] * 9, [np.nan] * 9).missing_only
    assert ks([1.0] * 9, [np.nan] * 9).at is None


def test_unchanged_columns_are_seldom_significant():
    """Twenty samples sizes and shapes, nominal 5 %: at most that and a point, ties included."""
    rng = np.random.default_rng(5)
    sorts = [
        lambda rows: rng.normal(size=rows),
        lambda rows: rng.lognormal(sigma=2, size=rows),
        lambda rows: rng.poisson(3, size=rows).astype(float),
        lambda rows: np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
    ]
    for n, m in ((5000, 30), (5000, 400), (120, 80), (1500, 1500)):
        hits = [ks(make(n), make(m)).p_value <= 0.05 for make in sorts for _ in range(250)]
        assert np.mean(hits) <= 0.06


@pytest.mark.parametrize(("n", "m"), [(5000, 300), (800, 800)])
def test_the_detectable_distance_is_detected(n, m):
    """A shift of that distance is significant at least 80 % of the time."""
    alpha = 0.01
    distance = ks_detectable(n, m, alpha)
    shift = next(s for s in np.linspace(0, 3, 3001) if 2 * ndtr(s / 2) - 1 >= distance)
    rng = np.random.default_rng(6)
    hits = [ks(rng.normal(size=n), rng.normal(shift, size=m)).p_value <= alpha for _ in range(300)]
    assert np.mean(hits) >= 0.78


def test_rows_to_decide_is_where_the_detectable_distance_meets_the_limit():
    """One row fewer would not do; a reference too small for any number is said so."""
    rows = ks_rows_to_decide(5000, 0.0005, 0.1)
    assert ks_detectable(5000, rows, 0.0005) <= 0.1 < ks_detectable(5000, rows - 1, 0.0005)
    assert ks_rows_to_decide(100, 0.0005, 0.1) is None


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.5])
def test_bounds_err_at_most_as_often_as_they_may(shift):
    """Each at 0.95: the true distance lies beyond one at most 5 % of the time, and a point."""
    rng = np.random.default_rng(7)
    true = 2 * ndtr(shift / 2) - 1
    bounds = [ks(rng.normal(size=700), rng.normal(shift, size=400)).bounds(0.95) for _ in range(1500)]
    low, high = np.array(bounds).T
    assert np.mean(low > true + 1e-12) <= 0.06
    assert np.mean(high < true - 1e-12) <= 0.06


def test_what_cannot_be_compared_is_refused():
    """Empty sides and numbers that are none."""
    with pytest.raises(ValueError, match="the current side has no rows"):
        ks([1.0], [])
    with pytest.raises(ValueError, match="alpha and power"):
        ks_detectable(10, 10, 0.9)
    with pytest.raises(ValueError, match="limit must be above 0"):
        ks_rows_to_decide(10, 0.01, 0.0)
