"""Gaps among groups: values against fairlearn and by hand, bounds against closed forms and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_mlgate.stats.fairness_names import NAMES
from pytest_mlgate.stats.gaps import gap as gap_of
from pytest_mlgate.stats.group_claims import rows_to_decide, undefined
from pytest_mlgate.stats.group_counts import RATES, GroupCounts, Least, count_groups
from pytest_mlgate.stats.group_measures import RateOf
from pytest_mlgate.stats.provable import smallest_provable
from pytest_mlgate.stats.rate_pairs import difference_upper, range_critical, ratio_upper, wilson_each

ANY = Least(1, 1, 1)
PARITY = "demographic_parity_difference"
TRUTH = np.array([int(c) for c in "011110101000111111"], dtype=bool)
PREDICTED = np.array([int(c) for c in "001011100111100110"], dtype=bool)
GROUPS = np.array(["abc".index(c) for c in "bbabbcccaacabccbcc"])


def gap(counts, metric, least, **how):
    """Measure a gap in rates by the name that a gate file gives it."""
    claim = NAMES[metric]
    return gap_of([RateOf(counts, rate) for rate in claim.measures], claim.form, least, **how)


def drawn(seed=1, groups=5, n=4000):
    rng = np.random.default_rng(seed)
    codes, labels = rng.integers(0, groups, n), rng.random(n) < 0.4
    return codes, labels, rng.random(n) < 0.2 + 0.5 * labels + 0.05 * codes / groups


def selected(rates, n, reps, seed):
    """Draw tables in which half of each group's rows are positive and all are selected at the group's rate."""
    rng = np.random.default_rng(seed)
    positives = rng.binomial(n, 0.5, size=(reps, len(rates)))
    hits, false = rng.binomial(positives, rates), rng.binomial(n - positives, rates)
    return np.stack([n - positives - false, false, positives - hits, hits], axis=-1)


def errors(metric, rates, n, reps, *, seed=0):
    """Say how often each bound at 0.95 misses the true gap: the lower lies above it, the upper below it."""
    worst, best = min(rates), max(rates)
    true = best - worst if metric.endswith("difference") else worst / best
    bounds = np.array([gap(GroupCounts(cells), metric, ANY).bounds(0.95) for cells in selected(rates, n, reps, seed)])
    return np.mean(bounds[:, 0] > true + 1e-12), np.mean(bounds[:, 1] < true - 1e-12)


def test_the_documentation_example_of_fairlearn():
    """Demographic parity difference 0.25, ratio 2/3; equalized odds difference 1, ratio 0."""
    counts = count_groups(GROUPS, TRUTH, PREDICTED, 3)
    wanted = {
        "demographic_parity_difference": 0.25,
        "demographic_parity_ratio": 2 / 3,
        "equalized_odds_difference": 1.0,
        "equalized_odds_ratio": 0.0,
    }
    found = {metric: gap(counts, metric, ANY).value for metric in wanted}
    assert found == pytest.approx(wanted, abs=1e-12)


def test_rates_are_those_of_scikit_learn():
    """Each rate of each group, precision and accuracy included."""
    metrics = pytest.importorskip("sklearn.metrics")
    codes, labels, predicted = drawn()
    counts = count_groups(codes, labels, predicted, 5)
    wanted = {
        "tpr": metrics.recall_score,
        "tnr": lambda y, p: metrics.recall_score(y, p, pos_label=False),
        "fpr": lambda y, p: 1 - metrics.recall_score(y, p, pos_label=False),
        "fnr": lambda y, p: 1 - metrics.recall_score(y, p),
        "ppv": metrics.precision_score,
        "npv": lambda y, p: metrics.precision_score(y, p, pos_label=False),
        "fdr": lambda y, p: 1 - metrics.precision_score(y, p),
        "for": lambda y, p: 1 - metrics.precision_score(y, p, pos_label=False),
        "accuracy": metrics.accuracy_score,
        "error_rate": metrics.zero_one_loss,
        "base_rate": lambda y, _: np.mean(y),
        "selection_rate": lambda _, p: np.mean(p),
    }
    assert set(wanted) == set(RATES)
    for rate, function in wanted.items():
        expected = [function(labels[codes == group], predicted[codes == group]) for group in range(5)]
        assert counts.rates(rate) == pytest.approx(expected, abs=1e-12)


def test_the_difference_is_bounded_as_in_newcombes_paper():
    """56 of 70 against 48 of 80: 0.0524 to 0.3339 (Newcombe 1998, table II, method 10)."""
    upper = difference_upper(np.array([56 / 70, 48 / 80]), np.array([70.0, 80.0]), 1.959964)
    assert [-upper[1, 0], upper[0, 1]] == pytest.approx([0.0524, 0.3339], abs=5e-5)


def test_the_single_bounds_are_those_of_statsmodels():
    """Wilson for rates inside and at both ends."""
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    hits, n = np.array([0.0, 3.0, 50.0, 40.0]), np.array([20.0, 20.0, 100.0, 40.0])
    wanted = proportion.proportion_confint(hits, n, alpha=0.05, method="wilson")
    assert np.array(wilson_each(hits / n, n, 1.959963984540054)) == pytest.approx(np.array(wanted), abs=1e-12)


def test_the_critical_value_is_that_of_the_studentised_range():
    """As scipy has it, with infinitely many degrees of freedom."""
    from scipy.stats import studentized_range

    for groups in (2, 9, 40):
        for confidence in (0.9, 0.95, 0.99):
            wanted = studentized_range.ppf(confidence, groups, np.inf) / np.sqrt(2)
            assert range_critical(groups, confidence) == pytest.approx(wanted, abs=1e-8)


def test_a_ratio_with_nothing_above_has_finite_bounds():
    """0 of 100 over 50 of 100 lies between 0 and a few hundredths; over 0 of 100 it may be anything."""
    upper = ratio_upper(np.array([0.0, 0.5, 0.0]), np.array([100.0, 100.0, 100.0]), 1.645)
    assert 0.0 < upper[0, 1] < 0.1
    assert upper[0, 2] == np.inf


@pytest.mark.parametrize("groups", [2, 9, 40])
@pytest.mark.parametrize(
    "metric", ["demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_ratio"]
)
def test_groups_that_are_alike_are_seldom_proven_apart(metric, groups):
    """At no gap at all, the bound that a fail needs errs at most 5 % of the time, and a point."""
    low, high = errors(metric, [0.3] * groups, 200, 600)
    assert (low if metric.endswith("difference") else high) <= 0.06


@pytest.mark.parametrize("shape", ["half", "one pair"])
@pytest.mark.parametrize("groups", [2, 9, 40])
@pytest.mark.parametrize(
    ("metric", "limit"), [("demographic_parity_difference", 0.1), ("demographic_parity_ratio", 0.8)]
)
def test_at_the_limit_neither_bound_errs_more_than_it_may(metric, limit, groups, shape):
    """With the true gap on the limit, a pass and a fail are each wrong at most 5 % of the time, and a point."""
    best = 0.5
    worst = best - limit if metric.endswith("difference") else best * limit
    rates = [worst] * (groups // 2) + [best] * (groups - groups // 2)
    if shape == "one pair":
        rates = [worst, *[(best + worst) / 2] * (groups - 2), best]
    assert max(errors(metric, rates, 150, 2000 if groups == 2 else 500, seed=7)) <= 0.06


def test_unequal_groups_keep_the_level():
    """Groups of 100 to 5,000 rows that are alike."""
    rng = np.random.default_rng(3)
    sizes = np.array([100, 150, 300, 1000, 5000])
    hits = rng.binomial(sizes, 0.25, size=(1500, sizes.size))
    cells = np.stack([sizes - hits, hits, 0 * hits, 0 * hits], axis=-1)
    lows = [gap(GroupCounts(one), "demographic_parity_difference", ANY).bounds(0.95)[0] for one in cells]
    assert np.mean(np.array(lows) > 0) <= 0.06


def test_a_gap_that_is_there_is_proven():
    """Two groups of 2,000 rows, 10 points apart: nearly always told from none."""
    lows = [
        gap(GroupCounts(cells), "demographic_parity_difference", ANY).bounds(0.95)[0]
        for cells in selected([0.3, 0.4], 2000, 200, 1)
    ]
    assert np.mean(np.array(lows) > 0) > 0.95


def test_the_bootstrap_would_always_see_a_gap():
    """Why there are pairwise bounds: the percentile bootstrap of the gap of nine groups alike never reaches 0."""
    rng = np.random.default_rng(5)
    hits = rng.binomial(200, 0.3, size=9)
    resampled = rng.binomial(200, hits / 200, size=(2000, 9)) / 200
    assert np.quantile(np.ptp(resampled, axis=1), 0.05) > 0.05


def test_a_small_group_supports_no_claim():
    """However far off it lies, it proves nothing, and the bound that a pass needs says nothing."""
    cells = [[250, 250, 250, 250], [250, 250, 250, 250], [40, 0, 40, 0]]
    found = gap(GroupCounts(cells), "demographic_parity_difference", Least())
    assert found.value == 0.5
    assert found.bounds(0.95) == (0.0, 1.0)
    assert found.small.tolist() == [False, False, True]
    assert gap(GroupCounts(cells), "demographic_parity_ratio", Least()).bounds(0.95) == (0.0, 1.0)


def test_the_smallest_provable_gap_is_on_the_edge_of_proof():
    """A group with that gap is just told from the other; with a little less it is not."""
    counts = GroupCounts([[250, 250, 250, 250], [40, 0, 40, 0]])
    smallest = smallest_provable(gap(counts, "demographic_parity_difference", Least()), 1, 0.95)
    critical = range_critical(2, 0.95)
    for shift, proven in ((0.001, True), (-0.001, False)):
        upper = difference_upper(np.array([0.5 - smallest - shift, 0.5]), np.array([80.0, 1000.0]), critical)
        assert bool(upper[0, 1] < 0.0) is proven


def test_nothing_can_be_proven_of_one_row():
    """Not even the widest gap."""
    counts = GroupCounts([[250, 250, 250, 250], [0, 0, 0, 1]])
    assert smallest_provable(gap(counts, "demographic_parity_difference", Least()), 1, 0.95) is None


@pytest.mark.parametrize(("form", "limit"), [("difference", 0.1), ("ratio", 0.85)])
def test_the_rows_to_decide_decide(form, limit):
    """That many rows with the same shares decide; a twentieth fewer do not."""
    metric = f"equal_opportunity_{form}"
    found = gap(GroupCounts([[60, 40, 20, 80], [60, 40, 25, 75]]), metric, Least())
    lower, upper = (None, limit) if form == "difference" else (limit, None)
    rows = rows_to_decide(found, lower, upper, 0.95, 400)
    for factor, decides in ((1.0, True), (0.95, False)):
        low, high = found.scaled(factor * rows / 400).bounds(0.95)
        assert (high <= limit or low > limit or (metric.endswith("ratio") and low >= limit)) is decides


def test_no_number_of_rows_decides_about_a_group_without_any():
    """Nor about a value that is the limit."""
    counts = GroupCounts([[250, 250, 250, 250], [250, 250, 250, 250], [0, 0, 0, 0]])
    found = gap(counts, "demographic_parity_difference", Least())
    assert rows_to_decide(found, None, 0.1, 0.95, 2000) is None
    at_limit = gap(GroupCounts([[50, 50, 50, 50], [60, 40, 60, 40]]), "demographic_parity_difference", Least())
    assert rows_to_decide(at_limit, None, at_limit.value, 0.95, 400) is None


def test_an_undefined_rate_is_refused_and_named():
    """A group of sufficient size without positives has no true positive rate; the other metrics stand."""
    counts = GroupCounts([[100, 100, 100, 100], [200, 50, 0, 0]])
    with pytest.raises(ValueError, match="true positive rate of 1 of 2 groups is undefined"):
        gap(counts, "equalized_odds_difference", Least())
    (without,) = undefined([RateOf(counts, "tpr"), RateOf(counts, "fpr")], Least())
    assert (without[0], without[1].name) == (1, "tpr")
    assert gap(counts, "demographic_parity_difference", Least()).value == pytest.approx(0.3)


def test_a_ratio_of_zeros_is_undefined():
    """No false positives anywhere: the difference is 0, the ratio nothing."""
    counts = GroupCounts([[100, 0, 50, 50], [100, 0, 50, 50]])
    assert gap(counts, "false_positive_rate_difference", Least()).value == 0.0
    with pytest.raises(ValueError, match="0 in every group"):
        gap(counts, "false_positive_rate_ratio", Least())


@pytest.mark.parametrize(
    ("codes", "labels", "predicted", "said"),
    [
        ([0, 1], [1, 0], [True, False], "labels must be booleans"),
        ([0, 1], [True, False], [1, 0], "predicted must be booleans"),
        ([0, 1, 1], [True, False], [True, False], "do not go together"),
        ([0, 2], [True, False], [True, False], "between 0 and 1"),
        ([0.0, 1.0], [True, False], [True, False], "whole numbers"),
    ],
)
def test_what_cannot_be_counted_is_refused(codes, labels, predicted, said):
    """At the door, naming the argument."""
    with pytest.raises(ValueError, match=said):
        count_groups(codes, labels, predicted, 2)


def test_other_arguments_are_checked_too():
    """Shapes, sizes, names and confidences."""
    with pytest.raises(ValueError, match="four counts a group"):
        GroupCounts([1, 2, 3, 4])
    with pytest.raises(ValueError, match="positives must be"):
        Least(positives=0)
    with pytest.raises(ValueError, match="fewer than two groups"):
        gap(GroupCounts([[1, 1, 1, 1]]), "accuracy_ratio", Least())
    with pytest.raises(ValueError, match="confidence"):
        range_critical(3, 0.3)
