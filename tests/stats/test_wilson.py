"""Proportions: bounds that hold near 0 and 1, and the number of rows that would decide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, norm

from pytest_mlgate.stats.proportions import rows_to_decide_proportion, wilson

CONFIDENCES = st.floats(0.5, 0.999)


@st.composite
def successes_of(draw):
    n = draw(st.integers(1, 5_000))
    return draw(st.integers(0, n)), n


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (1, 10), (50, 100), (97, 100), (999, 1_000), (30, 30)])
def test_agrees_with_scipy(successes, n):
    """One-sided bounds at 0.95 are the two-sided Wilson interval at 0.90."""
    expected = binomtest(successes, n).proportion_ci(0.90, method="wilson")
    assert wilson(successes, n, 0.95) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_half_of_very_few():
    """The closed form at one success in two and z = 1 is (1 -+ 1/sqrt(3))/2."""
    one_sigma = 0.8413447460685429
    assert wilson(1, 2, one_sigma) == pytest.approx((0.5 - 0.5 / 3**0.5, 0.5 + 0.5 / 3**0.5))


@given(counts=successes_of(), confidence=CONFIDENCES)
def test_holds_the_rate_inside_the_unit_interval(counts, confidence):
    """The bounds lie in [0, 1] on either side of the observed rate."""
    successes, n = counts
    low, high = wilson(successes, n, confidence)
    assert 0.0 <= low <= successes / n + 1e-12
    assert successes / n - 1e-12 <= high <= 1.0


@given(counts=successes_of(), confidence=CONFIDENCES)
def test_successes_and_failures_mirror_each_other(counts, confidence):
    """Counting failures instead of successes mirrors the bounds about one half."""
    successes, n = counts
    low, high = wilson(successes, n, confidence)
    assert wilson(n - successes, n, confidence) == pytest.approx((1.0 - high, 1.0 - low), abs=1e-12)


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 40), (40, 40)])
def test_width_is_never_zero(successes, n):
    """No failures (or no successes) still leave doubt."""
    low, high = wilson(successes, n, 0.95)
    assert low < high


def test_ends_are_exact():
    """No successes bound from below by exactly 0, no failures from above by exactly 1: no rounding leaks out."""
    assert {wilson(0, n, 0.95)[0] for n in range(1, 400)} == {0.0}
    assert {wilson(n, n, 0.95)[1] for n in range(1, 400)} == {1.0}


@pytest.mark.parametrize(("n", "worst"), [(100, 0.08), (500, 0.0605), (2_000, 0.056)])
def test_each_bound_errs_as_often_as_it_says(n, worst):
    """Between .1 and .9 either bound at 0.95 errs .05 on average over rates, and little more at the worst of them."""
    low, high = np.array([wilson(k, n, 0.95) for k in range(n + 1)]).T
    chances = [(rate, binom.pmf(np.arange(n + 1), n, rate)) for rate in np.linspace(0.1, 0.9, 161)]
    too_high = [chance[low > rate].sum() for rate, chance in chances]
    too_low = [chance[high < rate].sum() for rate, chance in chances]
    for errors in (too_high, too_low):
        assert np.mean(errors) == pytest.approx(0.05, abs=0.002)
        assert max(errors) <= worst


def test_the_lower_bound_near_one_errs_less_than_eight_percent():
    """Where Wilson is known to be weakest on the safe side, its lower bound errs at most .08 at n = 100."""
    low = np.array([wilson(k, 100, 0.95)[0] for k in range(101)])
    rates = np.linspace(0.9, 0.999, 200)
    assert max(binom.pmf(np.arange(101), 100, rate)[low > rate].sum() for rate in rates) <= 0.08


@pytest.mark.parametrize(
    ("successes", "n", "confidence"),
    [(0, 0, 0.95), (3, 2, 0.95), (-1, 2, 0.95), (1, 2, 0.4), (1, 2, 1.0), (1.5, 2, 0.9)],
)
def test_refuses_what_is_no_proportion(successes, n, confidence):
    """No rows, more successes than rows, fractions of rows and impossible confidences are refused."""
    with pytest.raises(ValueError, match=r"n must be|cannot be|successes must be|confidence must be"):
        wilson(successes, n, confidence)


@given(counts=successes_of(), limit=st.floats(0.02, 0.98), confidence=st.floats(0.6, 0.99))
def test_rows_to_decide_is_the_first_n_that_does(counts, limit, confidence):
    """At the number of rows given the limit leaves the bounds around the same rate; one row less is not enough."""
    successes, n = counts
    rows = rows_to_decide_proportion(successes, n, limit, confidence)
    if rows is None:
        assert successes / n == limit
        return
    z = norm.ppf(confidence)
    assert straddles(successes / n, rows * (1.0 + 1e-9), limit, z) is False
    assert rows == 1 or straddles(successes / n, (rows - 1) * (1.0 - 1e-9), limit, z)


def straddles(rate, n, limit, z):
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return bool(centre - half < limit < centre + half)


def test_rows_to_decide_is_none_on_the_limit():
    """A rate equal to its limit is decided by no number of rows."""
    assert rows_to_decide_proportion(80, 100, 0.8, 0.95) is None


def test_rows_to_decide_refuses_a_limit_that_is_no_proportion():
    """A limit of 80 where .80 was meant is refused."""
    with pytest.raises(ValueError, match="limit must lie between 0 and 1"):
        rows_to_decide_proportion(80, 100, 80, 0.95)
