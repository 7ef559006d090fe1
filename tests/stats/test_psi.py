"""The population stability index: closed forms, the bias that is taken out, bounds, and what could have been seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from scipy.stats import chi2, ncx2

from pytest_mlgate.stats.binning import BinCounts, category_bins, numeric_bins
from pytest_mlgate.stats.psi import psi, psi_detectable, psi_rows_to_decide

TENTHS = np.full(10, 0.1)
DECILES = ndtri(np.arange(1, 10) / 10)
COUNTS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=2, max_size=12).filter(
    lambda rows: sum(old for old, _ in rows) and sum(new for _, new in rows)
)


def binned(reference, current, scheme="quantile"):
    return BinCounts(tuple(f"bin {i}" for i in range(len(reference))), reference, current, scheme)


def shifted(distance):
    """Shares of a normal column's deciles after it moved by so many standard deviations."""
    return np.diff(np.concatenate([[0.0], ndtr(DECILES - distance), [1.0]]))


def plain_psi(p, q):
    return float(((q - p) * np.log(q / p)).sum())


def draws(old, new, n, m, repeats=800):
    rng = np.random.default_rng(4)
    return [psi(binned(rng.multinomial(n, old), rng.multinomial(m, new))) for _ in range(repeats)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([0.5, 0.5], [0.6, 0.4], 0.0405465),
        (TENTHS, [0.08, 0.09, *[0.1] * 6, 0.11, 0.12], 0.0101160),
        (TENTHS, TENTHS, 0.0),
    ],
)
def test_closed_forms(old, new, expected):
    """With very many rows both the plain and the corrected index are the textbook value."""
    rows = 10**10
    measured = psi(binned((np.array(old) * rows).astype(int), (np.array(new) * rows).astype(int)))
    assert measured.naive == pytest.approx(expected, abs=1e-7)
    assert measured.value == pytest.approx(expected, abs=1e-7)
    assert measured.contributions.sum() == pytest.approx(expected, abs=1e-7)


@given(rows=COUNTS)
def test_order_and_direction_do_not_matter(rows):
    """Shuffling bins or swapping the samples leaves the index and its bounds as they are."""
    old, new = np.array(rows).T
    there = psi(binned(old, new))
    for other in (psi(binned(new, old)), psi(binned(old[::-1], new[::-1]))):
        assert other.corrected == pytest.approx(there.corrected, abs=1e-9)
        assert other.bounds(0.95) == pytest.approx(there.bounds(0.95), abs=1e-9)


@pytest.mark.parametrize("scheme", ["quantile", "category"])
@given(rows=COUNTS, confidence=st.floats(0.55, 0.999))
def test_always_a_finite_number_with_doubt_about_it(scheme, rows, confidence):
    """Empty and rare bins give finite numbers, contributions that add up, and bounds that never coincide."""
    old, new = np.array(rows).T
    measured = psi(binned(old, new, scheme))
    low, high = measured.bounds(confidence)
    assert 0.0 <= low <= measured.value < high < np.inf
    assert (measured.contributions >= 0.0).all()
    assert measured.contributions.sum() == pytest.approx(measured.naive)
    assert (measured.reference_shares.sum(), measured.current_shares.sum()) == pytest.approx((1.0, 1.0))


def test_integer_columns_have_a_finite_index():
    """Lengths in months, one of which goes out of use, make a finite index, where deciles make an infinite one."""
    months = np.repeat([12.0, 24.0, 36.0, 48.0], [100, 400, 300, 200])
    gone = np.repeat([12.0, 24.0, 36.0], [100, 600, 300])
    assert 0.5 < psi(numeric_bins(months, gone)).value < 3.0


@pytest.mark.parametrize(("n", "m"), [(5_000, 100), (5_000, 500), (5_000, 2_000), (300, 300), (100, 5_000)])
@pytest.mark.parametrize("distance", [0.0, 0.15, 0.3, 0.5])
def test_the_correction_takes_the_bias_out(distance, n, m):
    """On average the corrected index is the true one, whether nothing, little or much has changed."""
    true = plain_psi(TENTHS, shifted(distance))
    corrected = np.array([one.corrected for one in draws(TENTHS, shifted(distance), n, m)])
    assert corrected.mean() == pytest.approx(true, abs=3 * corrected.std() / np.sqrt(corrected.size) + 0.002)


def test_without_the_correction_small_samples_look_drifted():
    """Why it is needed: the plain index of a hundred unchanged rows averages near .09, of thirty above .2."""
    assert np.mean([one.naive for one in draws(TENTHS, TENTHS, 5_000, 100)]) == pytest.approx(
        9 * (0.01 + 0.0002), abs=0.01
    )
    assert np.mean([one.naive for one in draws(TENTHS, TENTHS, 5_000, 30)]) > 0.2


@pytest.mark.parametrize(("n", "m"), [(5_000, 200), (5_000, 500), (5_000, 2_000), (500, 500)])
@pytest.mark.parametrize("distance", [0.0, 0.15, 0.3, 0.5, 0.8])
def test_each_bound_errs_as_seldom_as_it_says(distance, n, m):
    """At 0.95 either bound misses the true index at most .06 of the time, down to no change at all."""
    true = plain_psi(TENTHS, shifted(distance))
    bounds = np.array([one.bounds(0.95) for one in draws(TENTHS, shifted(distance), n, m)])
    allowed = 0.06 + 2 * np.sqrt(0.06 * 0.94 / len(bounds))
    assert np.mean(bounds[:, 0] > true) <= allowed
    assert np.mean(bounds[:, 1] < true) <= allowed


def test_a_long_tail_of_categories_does_not_look_drifted():
    """New rare categories turn up in every sample of a long-tailed column; the index stays near 0 all the same."""
    rng = np.random.default_rng(5)
    shares = 1.0 / np.arange(1, 3_001) ** 1.1
    shares /= shares.sum()

    def sample(rows):
        return {str(i): count for i, count in enumerate(rng.multinomial(rows, shares).tolist()) if count}

    counts = category_bins(sample(5_000), sample(2_000))
    assert counts.unseen.sum() > 100
    assert psi(counts).value < 0.02


def test_a_new_frequent_category_is_drift():
    """A category that takes a fifth of the rows and was never seen before makes a large index, and bears most of it."""
    counts = category_bins({"a": 600, "b": 400}, {"a": 480, "b": 320, "c": 200})
    measured = psi(counts)
    assert measured.value > 0.5
    assert measured.contributions[counts.labels.index("unseen")] > 0.8 * measured.naive


@given(df=st.integers(1, 300), alpha=st.floats(1e-6, 0.1), n=st.integers(10, 10**6), m=st.integers(10, 10**6))
def test_detectable_has_the_power_it_promises(df, alpha, n, m):
    """At the detectable index the noncentral chi-square test has 80 % power."""
    noncentrality = psi_detectable(n, m, df, alpha) * n * m / (n + m)
    assert ncx2.sf(chi2.isf(alpha, df), df, noncentrality) == pytest.approx(0.8, abs=1e-6)


def test_twenty_columns_of_ten_bins_need_about_154_rows():
    """The planning figure: 20 columns at .01 and a limit of .2 need nm/(n + m) of about 154."""
    rows = psi_rows_to_decide(10**9, df=9, alpha=0.01 / 20, limit=0.2)
    assert rows == pytest.approx(154, abs=1)


@given(n=st.integers(1, 10**5), df=st.integers(1, 50), limit=st.floats(0.01, 1.0))
def test_rows_to_decide_is_the_first_m_that_does(n, df, limit):
    """The detectable index is within the limit at the rows given and not at one fewer; None if no number would do."""
    rows = psi_rows_to_decide(n, df, 0.001, limit)
    if rows is None:
        assert psi_detectable(n, 10**15, df, 0.001) >= limit * (1 - 1e-9)
        return
    assert psi_detectable(n, rows, df, 0.001) <= limit * (1 + 1e-9)
    assert rows == 1 or psi_detectable(n, rows - 1, df, 0.001) > limit * (1 - 1e-9)


def test_a_small_reference_can_never_decide():
    """A reference of a hundred rows cannot show .2 in 20 columns, however many current rows there are."""
    assert psi_rows_to_decide(100, df=9, alpha=0.01 / 20, limit=0.2) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be"),
        ({"m": 0}, "m must be"),
        ({"df": 0}, "df must be"),
        ({"alpha": 0.0}, "alpha and power"),
        ({"alpha": 0.9}, "alpha and power"),
        ({"power": 1.0}, "alpha and power"),
    ],
)
def test_refuses_an_impossible_design(arguments, message):
    """No rows, no degree of freedom and impossible levels are refused."""
    with pytest.raises(ValueError, match=message):
        psi_detectable(**{"n": 10, "m": 10, "df": 9, "alpha": 0.01} | arguments)


def test_refuses_a_limit_of_zero():
    """A limit of 0 needs infinitely many rows, which is a mistake in the gate."""
    with pytest.raises(ValueError, match="limit must be above 0"):
        psi_rows_to_decide(100, 9, 0.01, 0.0)
