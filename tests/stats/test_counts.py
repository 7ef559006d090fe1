"""Shares of some of the rows: bounds that hold with few rows, near 0 and 1, and for every metric made of them."""

import numpy as np
import pytest
from scipy.stats import binomtest

from pytest_mlgate.stats.counts import SHARES, Confusion, specificity
from pytest_mlgate.stats.mover import Part, difference_of, sum_of
from pytest_mlgate.stats.proportions import clopper_pearson, wilson_of_rate


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 20), (20, 20), (97, 100)])
def test_exact_bounds_are_scipys(hits, n):
    """Clopper-Pearson, each bound at its own one-sided confidence."""
    interval = binomtest(hits, n).proportion_ci(0.90, method="exact")
    assert clopper_pearson(hits, n, 0.95) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_a_mean_between_zero_and_one_is_bounded_as_a_share():
    """Whole numbers of hits give Wilson's bounds, and means in between lie in between."""
    interval = binomtest(30, 50).proportion_ci(0.90, method="wilson")
    assert wilson_of_rate(0.6, 50, 0.95) == pytest.approx((interval.low, interval.high))
    assert wilson_of_rate(0.6, 50, 0.95)[0] < wilson_of_rate(0.61, 50, 0.95)[0] < wilson_of_rate(0.62, 50, 0.95)[0]


def test_precision_and_recall_stand_on_their_own_rows():
    """With enough rows each way the bounds are Wilson's, of the rows predicted positive or being so."""
    counts = Confusion(60, 30, 25, 400)
    for name, among in (("precision", 90), ("recall", 85)):
        interval = binomtest(60, among).proportion_ci(0.90, method="wilson")
        part = SHARES[name](counts, 0.95)
        assert (part.value, part.low, part.high) == pytest.approx((60 / among, interval.low, interval.high))
    assert specificity(counts, 0.95).value == pytest.approx(400 / 430)


def test_f1_is_a_function_of_the_jaccard_index():
    """Its bounds are those of the share of hits among rows positive or predicted so, carried over."""
    part = SHARES["f1"](Confusion(60, 30, 25, 10_000), 0.95)
    interval = binomtest(60, 115).proportion_ci(0.90, method="wilson")
    assert (part.low, part.high) == pytest.approx(
        (2 * interval.low / (1 + interval.low), 2 * interval.high / (1 + interval.high))
    )
    assert part.value == pytest.approx(2 * 60 / (2 * 60 + 30 + 25))


def test_a_perfect_model_leaves_doubt():
    """No metric has zero width because nothing went wrong yet, and more rows leave less doubt."""
    for share in SHARES.values():
        few, many = share(Confusion(10, 0, 0, 10), 0.95), share(Confusion(1000, 0, 0, 1000), 0.95)
        assert few.value == few.high == 1.0
        assert few.low < many.low < 1.0


def test_a_sum_of_independent_parts_adds_their_squares():
    """For symmetric bounds MOVER is Pythagoras; with full correlation lengths add or cancel."""
    first, second = Part(0.5, 0.2, 0.8), Part(0.1, -0.3, 0.5)
    assert sum_of(first, second) == Part(0.6, pytest.approx(0.1), pytest.approx(1.1))
    assert sum_of(first, second, 1.0).high == pytest.approx(1.3)
    assert difference_of(first, first, 1.0).low == pytest.approx(0.0)
    assert difference_of(first, second, 0.0, share=0.5).high == pytest.approx(0.45 + np.hypot(0.3, 0.2))


RATES = [  # rows, share positive, recall, false-positive rate
    (100, 0.5, 0.90, 0.10),
    (100, 0.3, 0.97, 0.02),
    (200, 0.1, 0.80, 0.05),
    (500, 0.02, 0.70, 0.01),
    (2000, 0.05, 0.60, 0.03),
]


@pytest.mark.parametrize("rates", RATES, ids=str)
def test_bounds_err_at_most_as_often_as_they_say(rates):
    """Each bound of each metric at 0.95 misses the truth at most 6 % of the time, near the edges too."""
    n, prevalence, tpr, fpr = rates
    cells = np.array([prevalence * tpr, (1 - prevalence) * fpr, prevalence * (1 - tpr), (1 - prevalence) * (1 - fpr)])
    draws = [Confusion(*row) for row in np.random.default_rng(1).multinomial(n, cells, 3000).tolist()]
    truth = {
        "precision": cells[0] / (cells[0] + cells[1]),
        "recall": tpr,
        "f1": 2 * cells[0] / (2 * cells[0] + cells[1] + cells[2]),
        "balanced_accuracy": (tpr + 1 - fpr) / 2,
    }
    for name, true in truth.items():
        parts = []
        for counts in draws:
            predicted = counts.true_positives + counts.false_positives
            if predicted and counts.true_positives + counts.false_negatives:
                parts.append(SHARES[name](counts, 0.95))
        assert np.mean([part.low > true for part in parts]) <= 0.06
        assert np.mean([part.high < true for part in parts]) <= 0.06


def test_resampling_the_counts_would_err_more():
    """The percentile bootstrap of the four counts, which these bounds replace, misses more often near the edge."""
    rng = np.random.default_rng(2)
    cells, true = np.array([0.09, 0.004, 0.01, 0.896]), 0.09 / 0.094
    missed = {"resampled": 0, "ours": 0}
    for row in rng.multinomial(300, cells, 400):
        again = rng.multinomial(300, row / 300, 400)
        missed["resampled"] += np.quantile(again[:, 0] / again[:, :2].sum(axis=1), 0.05) > true
        missed["resampled"] += np.quantile(again[:, 0] / again[:, :2].sum(axis=1), 0.95) < true
        part = SHARES["precision"](Confusion(*row.tolist()), 0.95)
        missed["ours"] += (part.low > true) + (part.high < true)
    assert missed["ours"] <= 0.12 * 400 < missed["resampled"]
