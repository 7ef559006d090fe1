"""Two models on the same rows: shares, areas, and what few or no changed rows allow to be said."""

import time

import numpy as np
import pytest
from scipy.special import expit, ndtri
from scipy.stats import norm
from sklearn.metrics import f1_score, precision_score, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar

from pytest_mlgate.stats.comparisons import compare, lost_rows
from pytest_mlgate.stats.discordant import PairedShares, mcnemar, unseen_changes
from pytest_mlgate.stats.metrics import Outputs
from pytest_mlgate.stats.paired_counts import PairedCounts, paired_counts
from pytest_mlgate.stats.roc_paired import roc_difference


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (5, 0), (2, 12), (12, 12), (12, 13), (40, 20), (300, 310)])
def test_mcnemar_is_that_of_statsmodels(gained, lost):
    """Exact below 25 changed rows, with continuity correction from there on."""
    expected = reference_mcnemar([[50, gained], [lost, 9]], exact=gained + lost < 25, correction=True).pvalue
    assert mcnemar(gained, lost) == pytest.approx(min(1.0, expected), rel=1e-9)


def test_newcombes_published_example():
    """36, 12, 2 and 0 of 50 rows: 0.2 with the interval 0.0569 to 0.3404 (Newcombe 1998, method 10)."""
    part = PairedShares(36, 12, 2, 0).difference(0.975)
    assert (part.value, part.low, part.high) == (
        pytest.approx(0.2),
        pytest.approx(0.0569, abs=5e-5),
        pytest.approx(0.3404, abs=5e-5),
    )


CELLS = [  # positive: both right, new only, old only, neither; negative likewise predicted positive
    (200, (0.10, 0.02, 0.02, 0.06), (0.03, 0.01, 0.02, 0.74)),
    (500, (0.03, 0.005, 0.01, 0.055), (0.01, 0.01, 0.005, 0.875)),
    (1000, (0.05, 0.001, 0.001, 0.048), (0.02, 0.001, 0.001, 0.878)),
    (1000, (0.05, 0.0, 0.003, 0.048), (0.02, 0.0, 0.0, 0.929 - 0.05)),
]


@pytest.mark.parametrize("share", [1.0, 0.95])
@pytest.mark.parametrize("cells", CELLS, ids=lambda cells: f"{cells[0]} rows {cells[1][1]}")
def test_bounds_of_counts_err_at_most_as_often_as_they_say(cells, share):
    """Accuracy, balanced accuracy, precision, recall and F1, from many changed rows to one or two in a thousand."""
    n, positive, negative = cells
    rates = np.zeros((2, 2, 2))
    for label, row in ((1, positive), (0, negative)):
        rates[label, 1, 1], rates[label, 1, 0], rates[label, 0, 1], rates[label, 0, 0] = row
    rates /= rates.sum()
    whole = PairedCounts(np.rint(rates * 10**9).astype(np.int64))
    draws = [
        PairedCounts(draw.reshape(2, 2, 2)) for draw in np.random.default_rng(1).multinomial(n, rates.ravel(), 2000)
    ]
    for metric in ("accuracy", "balanced_accuracy", "precision", "recall", "f1"):
        true = whole.difference(metric, 0.5, share).value
        parts = [draw.difference(metric, 0.95, share) for draw in draws]
        assert np.mean([part.low > true + 1e-8 for part in parts]) <= 0.06
        assert np.mean([part.high < true - 1e-8 for part in parts]) <= 0.06


def test_values_of_both_models_are_those_of_scikit_learn():
    """The eight counts give each model its own metric."""
    rng = np.random.default_rng(2)
    labels, new, old = rng.random((3, 500)) < 0.4
    for name, reference in (("precision", precision_score), ("f1", f1_score)):
        found = compare(name, Outputs(labels, new), Outputs(labels, old))
        assert (found.new, found.old) == pytest.approx((reference(labels, new), reference(labels, old)))
        low, high = found.bounds(0.95, 1.0)
        assert low < found.new - found.old < high
    assert paired_counts(labels, new, old).n == 500


def test_no_changed_row_leaves_doubt():
    """Models that predict alike on every row may differ on the next; not more than the rule of three allows."""
    below, above = unseen_changes(0, 0, 1000, 0.95)
    assert below == above == pytest.approx(0.0029912, abs=1e-6)
    labels = np.random.default_rng(3).random(1000) < 0.5
    same = Outputs(labels, labels, labels * 0.6 + 0.2)
    for metric in ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "brier"):
        low, high = compare(metric, same, same).bounds(0.95, 1.0)
        assert -0.03 < low < 0.0 < high < 0.03


def pairwise_delong(labels, new, old):
    """DeLong's variance of a difference as it is defined, over all pairs."""
    wins = [(s[labels][:, None] > s[~labels]) + 0.5 * (s[labels][:, None] == s[~labels]) for s in (new, old)]
    return sum(np.var((wins[0] - wins[1]).mean(axis=axis), ddof=1) / wins[0].shape[1 - axis] for axis in (0, 1))


def test_the_variance_of_two_areas_is_delongs():
    """Sorted placements give what all pairs give, ties and all, and the areas are scikit-learn's."""
    rng = np.random.default_rng(4)
    labels = rng.random(200) < 0.3
    new, old = (np.round(labels + rng.normal(size=200), 1) for _ in range(2))
    found = roc_difference(labels, new, old)
    assert (found.new.value, found.old.value) == pytest.approx((roc_auc_score(labels, new), roc_auc_score(labels, old)))
    assert found.variance() == pytest.approx(pairwise_delong(labels, new, old))
    half = norm.ppf(0.95) * np.sqrt(found.variance())
    assert found.bounds(0.95) == pytest.approx(
        (found.new.value - found.old.value - half, found.new.value - found.old.value + half)
    )
    assert found.p_value() == pytest.approx(
        2 * norm.sf(abs(found.new.value - found.old.value) / np.sqrt(found.variance()))
    )


def drawn(rng, positives, negatives, area, correlation):
    labels = np.repeat([True, False], [positives, negatives])
    shared, own = rng.normal(size=(2, labels.size))
    moved = labels * np.sqrt(2) * ndtri(area)
    return labels, shared + moved, correlation * shared + np.sqrt(1 - correlation**2) * own + moved


@pytest.mark.parametrize(
    ("positives", "negatives", "area", "correlation"),
    [(15, 15, 0.9, 0.0), (30, 300, 0.9, 0.9), (40, 40, 0.97, 0.3), (100, 100, 0.99, 0.9), (200, 1000, 0.95, 0.95)],
)
def test_bounds_of_areas_err_at_most_as_often_as_they_say(positives, negatives, area, correlation):
    """Two equally good models, from a handful of rows to many, hardly related to almost the same."""
    rng = np.random.default_rng(5)
    found = np.array(
        [roc_difference(*drawn(rng, positives, negatives, area, correlation)).bounds(0.95) for _ in range(2000)]
    )
    assert np.mean(found[:, 0] > 0) <= 0.06
    assert np.mean(found[:, 1] < 0) <= 0.06


def test_a_model_that_separates_the_classes_is_compared_with_doubt():
    """Perfect against nearly perfect: bounds on both sides, never of zero width."""
    labels = np.repeat([True, False], [50, 50])
    perfect = labels.astype(float)
    low, high = roc_difference(labels, perfect, perfect).bounds(0.95)
    assert low < 0 < high
    low, high = roc_difference(labels, perfect, np.random.default_rng(6).normal(size=100)).bounds(0.95)
    assert 0 < low < high <= 1


def test_few_rescored_rows_are_not_taken_for_all():
    """A change that touches two rows in a thousand is missed by most samples; the bounds allow for it."""
    rng = np.random.default_rng(7)

    def rescored(positives, negatives):
        labels, scores, _ = drawn(rng, positives, negatives, 0.9, 1.0)
        touched = labels & (rng.random(labels.size) < 0.002)
        return labels, scores - 3 * touched, scores

    large = roc_difference(*rescored(200_000, 200_000))
    true = large.new.value - large.old.value
    plain = ours = 0
    for _ in range(300):
        found = roc_difference(*rescored(200, 1000))
        half = norm.ppf(0.95) * np.sqrt(found.variance())
        plain += found.new.value - found.old.value - half > true
        ours += found.bounds(0.95)[0] > true
    assert ours <= 0.06 * 300 < plain


def test_models_must_be_judged_on_the_same_rows():
    """Other labels, or outputs that the metric cannot use, are refused."""
    new, old = Outputs([True, False], [True, False]), Outputs([False, True], [True, False])
    with pytest.raises(ValueError, match="not judged on the same rows"):
        compare("accuracy", new, old)
    with pytest.raises(ValueError, match="the old model has none"):
        compare("roc_auc", Outputs([True, False], scores=[0.1, 0.2]), new)
    assert lost_rows(new, Outputs([True, False], [True, True]), 5) == []
    assert lost_rows(Outputs([True, False], [False, True]), new, 1) == [0]


def plain_numpy_delong(labels, new, old):
    """A plain paired DeLong: pooled midranks by sorting, then covariances."""

    def midranks(values):
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        ends = np.r_[starts[1:], ordered.size]
        ranks = np.empty(values.size)
        ranks[order] = np.repeat((starts + ends + 1) / 2, ends - starts)
        return ranks

    above, below = [], []
    for scores in (new, old):
        high, low = scores[labels], scores[~labels]
        pooled = midranks(np.r_[high, low])
        above.append((pooled[: high.size] - midranks(high)) / low.size)
        below.append(1 - (pooled[high.size :] - midranks(low)) / high.size)
    covariance = np.cov(above) / above[0].size + np.cov(below) / below[0].size
    difference = above[0].mean() - above[1].mean()
    half = norm.ppf(0.95) * np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    return difference - half, difference + half


def test_a_difference_of_counts_costs_next_to_nothing():
    """F1 of two models on a million rows with bounds: less than a tenth of a second, counting included."""
    rng = np.random.default_rng(9)
    labels, new, old = rng.random((3, 1_000_000), dtype=np.float32) < 0.4
    times = []
    for _ in range(3):
        started = time.perf_counter()
        compare("f1", Outputs(labels, new), Outputs(labels, old)).bounds(0.95, 1.0)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.1


def test_many_rows_are_compared_as_fast_as_plain_numpy_would():
    """Within twice a plain paired DeLong on 300,000 rows, with the same bounds."""
    rng = np.random.default_rng(8)
    logits = rng.normal(size=300_000)
    labels = rng.random(logits.size) < expit(logits)
    new, old = (expit(logits + 0.3 * rng.normal(size=logits.size)) for _ in range(2))
    best = {}
    for name, run in (
        ("ours", lambda: roc_difference(labels, new, old).bounds(0.95)),
        ("plain", lambda: plain_numpy_delong(labels, new, old)),
    ):
        times = []
        for _ in range(3):
            started = time.perf_counter()
            bounds = run()
            times.append(time.perf_counter() - started)
        best[name] = min(times), bounds
    assert best["ours"][1] == pytest.approx(best["plain"][1], abs=1e-9)
    assert best["ours"][0] < 2 * best["plain"][0]
