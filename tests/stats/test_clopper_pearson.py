"""Clopper-Pearson: exact bounds, which never err more often than they say, and the number of rows that would decide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from pytest_mlgate.stats.proportions import clopper_pearson, rows_to_decide_exact


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (1, 10), (50, 100), (97, 100), (999, 1_000), (30, 30)])
def test_agrees_with_scipy(successes, n):
    """One-sided bounds at 0.95 are the two-sided exact interval at 0.90."""
    expected = binomtest(successes, n).proportion_ci(0.90, method="exact")
    assert clopper_pearson(successes, n, 0.95) == pytest.approx((expected.low, expected.high), abs=1e-10)


@pytest.mark.parametrize("n", [1, 14, 59, 299])
def test_no_failures_have_the_closed_form(n):
    """All of n succeeded: the lower bound is the n-th root of one minus the confidence, the upper one exactly 1."""
    assert clopper_pearson(n, n, 0.95) == (pytest.approx(0.05 ** (1 / n)), 1.0)
    assert clopper_pearson(0, n, 0.95) == (0.0, pytest.approx(1 - 0.05 ** (1 / n)))


@pytest.mark.parametrize("n", [20, 60, 100, 500])
def test_neither_bound_errs_more_than_nominal_at_any_rate(n):
    """Summed over the binomial exactly, at rates up to the very edge, where Wilson's lower bound errs up to .08."""
    low, high = np.array([clopper_pearson(k, n, 0.95) for k in range(n + 1)]).T
    rates = np.concatenate([np.linspace(0.001, 0.999, 500), 1 - np.logspace(-5, -1, 200)])
    chances = [(rate, binom.pmf(np.arange(n + 1), n, rate)) for rate in rates]
    assert max(chance[low > rate].sum() for rate, chance in chances) <= 0.05 + 1e-9
    assert max(chance[high < rate].sum() for rate, chance in chances) <= 0.05 + 1e-9


def test_rows_to_decide_have_the_closed_form_at_the_edge():
    """Without a miss, the lower bound reaches 0.95 at 59 rows and 0.99 at 299, as every sampling plan says."""
    assert rows_to_decide_exact(5, 5, 0.95, 0.95) == 59
    assert rows_to_decide_exact(5, 5, 0.99, 0.95) == 299
    assert rows_to_decide_exact(0, 5, 0.01, 0.95) == 299


@given(st.integers(1, 300), st.data(), st.floats(0.02, 0.98), st.sampled_from([0.8, 0.95, 0.99]))
def test_rows_to_decide_is_where_the_bounds_leave_the_limit(n, data, limit, confidence):
    """At a multiple of the rows named that keeps the rate the limit is outside; at fewer rows it is inside."""
    successes = data.draw(st.integers(0, n))
    rows = rows_to_decide_exact(successes, n, limit, confidence)
    if rows is None:
        assert abs(successes / n - limit) < 1e-3
        return
    low, high = clopper_pearson(successes, n, confidence)
    assert (rows > n) == (low < limit < high) or abs(rows - n) <= 1
    times = -(-rows // n)
    low, high = clopper_pearson(successes * times, n * times, confidence)
    assert not low + 1e-9 < limit < high - 1e-9


def test_a_rate_on_the_limit_is_never_decided():
    """No number of rows tells 0.8 from 0.8."""
    assert rows_to_decide_exact(80, 100, 0.8, 0.95) is None


@pytest.mark.parametrize(
    ("successes", "n", "confidence"),
    [(0, 0, 0.95), (3, 2, 0.95), (-1, 2, 0.95), (1, 2, 0.4), (1, 2, 1.0), (1.5, 2, 0.9)],
)
def test_refuses_what_is_no_proportion(successes, n, confidence):
    """No rows, more successes than rows, fractions of rows and impossible confidences are refused."""
    with pytest.raises(ValueError, match=r"n must be|cannot be|successes must be|confidence must be"):
        clopper_pearson(successes, n, confidence)
    with pytest.raises(ValueError, match=r"n must be|cannot be|successes must be|confidence must be"):
        rows_to_decide_exact(successes, n, 0.5 if confidence >= 0.5 else 0.6, confidence)
