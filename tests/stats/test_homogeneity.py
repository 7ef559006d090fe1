"""The test behind drift: exact where it can be checked, calibrated where tables are thin."""

import numpy as np
import pytest
from scipy.stats import betabinom, chi2_contingency, hypergeom, kstest

from pytest_mlgate.stats.binning import BinCounts, category_bins, numeric_bins
from pytest_mlgate.stats.cells import comparable
from pytest_mlgate.stats.homogeneity import homogeneity_p


def binned(reference, current, scheme="category"):
    return BinCounts(tuple(f"bin {i}" for i in range(len(reference))), reference, current, scheme)


def statistic(old, new):
    """Chi-square of a 2 by 2 table, by its textbook formula."""
    (a, b), (c, d) = old, new
    denominator = (a + b) * (c + d) * (a + c) * (b + d)
    return (a * d - b * c) ** 2 * (a + b + c + d) / denominator if denominator else 0.0


def long_tailed(rng, rows, categories=3_000):
    shares = 1.0 / np.arange(1, categories + 1) ** 1.1
    counts = rng.multinomial(rows, shares / shares.sum())
    return {str(i): count for i, count in enumerate(counts.tolist()) if count}


@pytest.mark.parametrize(
    "table", [([10, 10, 20], [20, 20, 20]), ([50, 30, 20, 9], [400, 300, 150, 60]), ([9_000, 1_000], [8_800, 1_200])]
)
def test_full_tables_agree_with_scipy(table):
    """With five rows expected everywhere the p-value is scipy's chi-square contingency test."""
    assert homogeneity_p(binned(*table), seed=1) == pytest.approx(chi2_contingency(table, correction=False).pvalue)


def test_a_published_value():
    """10, 10, 20 against 20, 20, 20 has p = .249352."""
    assert homogeneity_p(binned([10, 10, 20], [20, 20, 20]), seed=1) == pytest.approx(0.249352, abs=1e-6)


@pytest.mark.parametrize(("old", "new"), [((95, 5), (22, 6)), ((40, 1), (6, 3)), ((200, 0), (18, 2))])
def test_thin_tables_of_categories_agree_with_enumeration(old, new):
    """Given both margins the drawn p-value is the sum over all tables at least as far out."""
    rows, rare, size = sum(old) + sum(new), old[1] + new[1], sum(new)
    each = range(rare + 1)
    as_extreme = [
        statistic((rows - size - rare + b, rare - b), (size - b, b)) >= statistic(old, new) - 1e-9 for b in each
    ]
    exact = hypergeom.pmf(each, rows, rare, size)[as_extreme].sum()
    assert homogeneity_p(binned(old, new), seed=3) == pytest.approx(exact, rel=0.35)


@pytest.mark.parametrize(("old", "new"), [((50, 50), (1, 7)), ((10, 90), (3, 5))])
def test_thin_tables_of_quantile_bins_agree_with_enumeration(old, new):
    """Given the reference the drawn p-value sums the beta-binomial chances of samples at least as far out."""
    size = sum(new)
    as_extreme = [statistic(old, (size - b, b)) >= statistic(old, new) - 1e-9 for b in range(size + 1)]
    exact = betabinom.pmf(range(size + 1), size, old[1], old[0])[as_extreme].sum()
    assert homogeneity_p(binned(old, new, "quantile"), seed=3) == pytest.approx(exact, rel=0.35)


def test_a_first_missing_value_is_no_wonder():
    """One missing row in a hundred, where five thousand had none, is as likely as it is rare: one in fifty."""
    counts = binned([2_500, 2_500, 0], [50, 49, 1], "quantile")
    assert homogeneity_p(counts, seed=3) == pytest.approx(betabinom.sf(0, 100, 1, 5_000), rel=0.35)


def test_rare_values_are_compared_as_one_and_frequent_new_ones_apart():
    """Categories with less than five rows on both sides together share a cell, in the reference or not."""
    cells = comparable(category_bins({"a": 100, "b": 3, "c": 1}, {"a": 90, "d": 2, "e": 60}, 0, 1))
    assert list(zip(cells.reference.tolist(), cells.current.tolist(), strict=True)) == [(100, 90), (0, 60), (4, 3)]
    assert cells.df == 2
    # Bins are a, b, c, unseen (d and e) and missing; of the shared cell's 7 rows they hold 3, 1, 2 and 1.
    assert cells.per_bin(np.array([10.0, 20.0, 7.0]), 5).tolist() == pytest.approx([10, 3, 1, 22, 1])


def test_many_cells_agree_with_drawn_tables():
    """Beyond 200 cells the p-value follows tables drawn here with numpy, from the middle to the far tail."""
    rng = np.random.default_rng(6)
    totals = np.concatenate([rng.integers(5, 12, 250), [500, 40]])
    n, m = totals.sum() - 300, 300
    drawn = rng.multivariate_hypergeometric(totals, m, size=4_000)
    expected = totals * m / (n + m)
    statistics = ((drawn - expected) ** 2 * (1 / expected + 1 / (totals - expected))).sum(axis=1)
    for row in np.argsort(statistics)[[2_000, 3_600, 3_960]]:
        share_beyond = np.mean(statistics >= statistics[row])
        measured = homogeneity_p(binned(totals - drawn[row], drawn[row]), seed=1)
        assert measured == pytest.approx(share_beyond, rel=0.25)


@pytest.mark.parametrize(
    ("kind", "n", "m", "repeats"),
    [
        ("normal", 5_000, 30, 1_000),
        ("normal", 30, 30, 1_000),
        ("with missing", 5_000, 500, 1_000),
        ("counts", 5_000, 100, 1_000),
        ("long tail", 5_000, 30, 100),
        ("long tail", 5_000, 2_000, 150),
        ("long tail", 100, 100, 1_000),
    ],
)
def test_nothing_changed_is_seldom_called_a_change(kind, n, m, repeats):
    """Two samples of one distribution give p <= .05 at most .06 and p <= .01 at most .02 of the time.

    Three standard errors of the simulation are allowed on top, since there are fourteen such rates here.
    """
    rng = np.random.default_rng(8)
    make = {
        "normal": lambda rows: rng.normal(size=rows),
        "with missing": lambda rows: np.where(rng.random(rows) < 0.001, np.nan, rng.normal(size=rows)),
        "counts": lambda rows: rng.poisson(3, size=rows).astype(float),
        "long tail": lambda rows: long_tailed(rng, rows),
    }[kind]
    bins = category_bins if kind == "long tail" else numeric_bins
    p_values = np.array([homogeneity_p(bins(make(n), make(m)), seed) for seed in range(repeats)])
    for level, allowed in ((0.05, 0.06), (0.01, 0.02)):
        assert np.mean(p_values <= level) <= allowed + 3 * np.sqrt(allowed * (1 - allowed) / repeats)


def test_pooling_what_was_never_seen_would_cry_wolf():
    """Why unseen values are taken apart: one pooled bin is 'significant' in nearly every long-tailed column."""
    rng = np.random.default_rng(9)
    alarms = 0
    for seed in range(6):
        counts = category_bins(long_tailed(rng, 5_000), long_tailed(rng, 2_000))
        pooled = BinCounts(counts.labels, counts.reference, counts.current, "category")
        alarms += homogeneity_p(pooled, seed) <= 0.01
    assert alarms >= 5


def test_p_values_are_uniform_when_nothing_changed():
    """Across 400 unchanged columns of a hundred rows the p-values spread evenly."""
    rng = np.random.default_rng(10)
    p_values = [homogeneity_p(numeric_bins(rng.normal(size=5_000), rng.normal(size=40)), seed) for seed in range(400)]
    assert kstest(p_values, "uniform").pvalue > 0.001


def test_identifiers_are_no_evidence():
    """Two samples of values that never repeat cannot be told apart by counting them."""
    old, new = ({f"{side}{i}": 1 for i in range(1_000)} for side in "ab")
    assert homogeneity_p(category_bins(old, new), seed=1) == 1.0


def test_a_single_row_is_no_evidence():
    """One current row from one of 300 equally frequent categories says nothing."""
    counts = {f"c{i}": 20 for i in range(300)}
    assert homogeneity_p(category_bins(counts | {"c0": 19}, {"c0": 1}), seed=1) == 1.0


def test_values_that_replaced_others_are_evidence():
    """When ten thousand frequent codes give way to ten thousand new ones, no chance would do that."""
    old, new = ({f"{side}{i}": 20 for i in range(10_000)} for side in "ab")
    assert homogeneity_p(category_bins(old, new), seed=1) < 1e-12


def test_numbers_that_became_continuous_are_evidence():
    """A column of codes that turns into measurements has no value in common with itself."""
    rng = np.random.default_rng(11)
    assert homogeneity_p(numeric_bins(rng.integers(0, 5, 2_000), rng.normal(2, 1, 2_000)), seed=1) < 1e-3


def test_the_same_seed_gives_the_same_p_value():
    """Runs repeat; another seed may differ in the digits that drawing leaves open."""
    counts = binned([95, 4], [22, 4])
    assert homogeneity_p(counts, seed=5) == homogeneity_p(counts, seed=5)
    assert homogeneity_p(counts, seed=5) == pytest.approx(homogeneity_p(counts, seed=6), rel=0.6)


def test_a_drawn_p_value_is_never_zero():
    """With B draws and none as far out, p is 1/(B + 1)."""
    counts = binned([2_000, 0], [10, 20])
    assert homogeneity_p(counts, seed=1, draws=999) == 1 / 1_000


@pytest.mark.parametrize("scheme", ["category", "quantile"])
def test_a_clear_change_is_not_drawn(scheme):
    """Beside rare cells, in a family that wants ten million draws: the least p-value they could give, at once."""
    counts = binned([900, 600, 300, 2, 1], [200, 600, 900, 3, 1], scheme)
    assert homogeneity_p(counts, seed=1, draws=10**7) == 1 / (10**7 + 1)
    assert homogeneity_p(counts, seed=1, draws=999) == 1 / 1_000


def test_what_only_rare_cells_show_is_drawn():
    """No pool of cells shows it, and the p-value is that of the draws: here no more than one in a thousand."""
    counts = binned([9_000, 9_000, 0], [500, 495, 5])
    assert 1e-7 < homogeneity_p(counts, seed=1, draws=20_000) < 1e-3


def test_one_bin_cannot_differ():
    """A constant column that stayed as it was has p = 1."""
    assert homogeneity_p(numeric_bins([5.0] * 30, [5.0] * 20), seed=1) == 1.0


@pytest.mark.parametrize("arguments", [{"seed": -1}, {"seed": 1, "draws": 0}])
def test_refuses_impossible_draws(arguments):
    """Negative seeds and no draws are refused."""
    with pytest.raises(ValueError, match="must be a whole number"):
        homogeneity_p(binned([1, 2], [2, 1]), **arguments)
