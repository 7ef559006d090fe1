"""The area under the ROC curve: its value, its variance, and bounds that hold with few positives and near 1."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit, ndtri
from sklearn.metrics import roc_auc_score

from pytest_mlgate.stats.roc import RocAuc, roc_auc, rows_to_decide_auc


@st.composite
def labelled_scores(draw):
    """Scores with many ties, and both classes."""
    n = draw(st.integers(2, 60))
    labels = draw(st.lists(st.booleans(), min_size=n, max_size=n).filter(lambda each: len(set(each)) == 2))
    scores = draw(st.lists(st.integers(-8, 8), min_size=n, max_size=n))
    return np.array(labels), np.array(scores, dtype=float)


def pairwise_delong(labels, scores):
    """DeLong's variance as it is defined, over all pairs."""
    wins = (scores[labels][:, None] > scores[~labels]) + 0.5 * (scores[labels][:, None] == scores[~labels])
    return sum(np.var(wins.mean(axis=axis), ddof=1) / wins.shape[1 - axis] for axis in (0, 1))


def draw_scores(rng, area, positives, negatives, spread):
    """Normal scores of the area asked for; positives are `spread` times as wide as negatives."""
    shift = np.sqrt(1 + spread**2) * ndtri(area)
    return np.concatenate([rng.normal(shift, spread, positives), rng.normal(0, 1, negatives)])


def labels_of(positives, negatives):
    return np.repeat([True, False], [positives, negatives])


@given(data=labelled_scores())
def test_value_agrees_with_scikit_learn(data):
    """The area is scikit-learn's, ties and all."""
    labels, scores = data
    assert roc_auc(labels, scores).value == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@given(data=labelled_scores())
def test_variance_is_delongs(data):
    """The variance from sorted placements is that of all pairs."""
    labels, scores = data
    if 1 in (labels.sum(), (~labels).sum()):
        return
    assert roc_auc(labels, scores).variance == pytest.approx(pairwise_delong(labels, scores), abs=1e-12)


@given(data=labelled_scores(), seed=st.integers(0, 99))
def test_order_and_scale_do_not_matter(data, seed):
    """Shuffled rows and scores through any rising function give the same area and bounds."""
    labels, scores = data
    order = np.random.default_rng(seed).permutation(labels.size)
    assert roc_auc(labels[order], np.exp(scores[order]) * 1e-6) == roc_auc(labels, scores)


@given(data=labelled_scores())
def test_swapped_classes_mirror_the_bounds(data):
    """Calling the other class positive turns area and bounds into one minus themselves."""
    labels, scores = data
    low, high = roc_auc(labels, scores).bounds(0.9)
    assert roc_auc(~labels, scores).bounds(0.9) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(data=labelled_scores(), confidence=st.floats(0.55, 0.999))
def test_bounds_are_honest_about_any_sample(data, confidence):
    """Bounds lie in [0, 1] about the value and never coincide: not for ties, separation or a single positive."""
    auc = roc_auc(*data)
    low, high = auc.bounds(confidence)
    assert 0.0 <= low <= auc.value <= high <= 1.0
    assert high - low > 1e-6


def test_perfect_separation_leaves_doubt():
    """Separated classes have an area of 1 and a lower bound below it that rises with the rows."""
    separated = [labels_of(*sizes) for sizes in [(1, 1), (2, 10), (30, 30), (30, 300), (400, 600), (5_000, 5_000)]]
    aucs = [roc_auc(labels, labels.astype(float)) for labels in separated]
    assert [auc.value for auc in aucs] == [1.0] * len(aucs)
    bounds = [auc.bounds(0.95) for auc in aucs]
    assert [high for _, high in bounds] == [1.0] * len(aucs)
    lows = [low for low, _ in bounds]
    assert lows == sorted(lows)
    assert lows[0] < 0.5
    assert 0.99 < lows[-1] < 1.0


@pytest.mark.parametrize(
    ("area", "positives", "negatives"),
    [(0.6, 20, 300), (0.95, 20, 300), (1.0, 20, 300), (0.7, 99, 300), (0.97, 500, 500)],
)
def test_few_positives_get_the_hanley_mcneil_score_interval(area, positives, negatives):
    """Where it is the wider one, each bound is where the score test with the published variance turns.

    Few are less than a hundred of the rarer class, or less than twenty of it misranked.
    """
    auc = RocAuc(value=area, variance=1e-9, positives=positives, negatives=negatives)
    for bound in auc.bounds(0.95):
        if bound in (0.0, 1.0):
            continue
        q1, q2 = bound / (2 - bound), 2 * bound**2 / (1 + bound)
        variance = bound * (1 - bound) + (positives - 1) * (q1 - bound**2) + (negatives - 1) * (q2 - bound**2)
        variance /= positives * negatives
        assert abs(area - bound) == pytest.approx(1.6448536 * np.sqrt(variance), rel=1e-6)


def test_many_of_both_get_delong_on_the_logit_scale():
    """With enough misranked rows of both classes the bounds are symmetric in log-odds."""
    auc = RocAuc(value=0.9, variance=0.0001, positives=400, negatives=900)
    half = 1.6448536 * 0.01 / (0.9 * 0.1)
    assert auc.bounds(0.95) == pytest.approx((expit(logit(0.9) - half), expit(logit(0.9) + half)), rel=1e-7)


@pytest.mark.parametrize("spread", [1.0, 2.0])
@pytest.mark.parametrize(
    ("area", "positives", "negatives"),
    [
        (0.7, 30, 300),
        (0.9, 30, 300),
        (0.99, 30, 300),
        (0.99, 30, 3_000),
        (0.7, 100, 900),
        (0.9, 100, 900),
        (0.99, 100, 900),
        (0.999, 100, 900),
        (0.95, 300, 300),
        (0.99, 300, 300),
        (0.99, 1_000, 1_000),
    ],
)
def test_each_bound_errs_as_seldom_as_it_says(area, positives, negatives, spread):
    """At 0.95 either bound errs at most .06, for thirty positives, near 1, and for classes of unequal spread."""
    rng = np.random.default_rng(20)
    repeats = 1_500
    labels = labels_of(positives, negatives)
    bounds = np.array(
        [roc_auc(labels, draw_scores(rng, area, positives, negatives, spread)).bounds(0.95) for _ in range(repeats)]
    )
    allowed = 0.06 + 2 * np.sqrt(0.06 * 0.94 / repeats)
    assert np.mean(bounds[:, 0] > area) <= allowed
    assert np.mean(bounds[:, 1] < area) <= allowed


def test_delong_alone_would_err_near_one_even_with_a_hundred_positives():
    """Why bounds are widened when few rows are misranked: the logit interval alone errs more than twice too often."""
    rng = np.random.default_rng(21)
    labels, wrong = labels_of(100, 900), 0
    for _ in range(1_000):
        auc = roc_auc(labels, draw_scores(rng, 0.99, 100, 900, 2.0))
        if auc.estimable:
            wrong += expit(logit(auc.value) - 1.645 * auc.logit_error()) > 0.99
        else:
            wrong += auc.value > 0.99
    assert wrong / 1_000 > 0.10


@pytest.mark.parametrize(
    ("value", "variance", "positives", "negatives", "limit"),
    [
        (0.92, 0.0004, 150, 850, 0.90),
        (0.85, 0.003, 40, 60, 0.88),
        (0.99, 0.0001, 150, 850, 0.985),
        (0.9, 0.0002, 50, 500, 0.85),
        (0.97, 0.00002, 150, 850, 0.96),
        (1.0, 0.0, 30, 30, 0.95),
        (0.5, 0.0, 50, 50, 0.55),
    ],
)
def test_rows_to_decide_do_decide(value, variance, positives, negatives, limit):
    """At the number of rows given, the same area and class shares put the limit outside the bounds; well below, not."""
    seen = RocAuc(value, variance, positives, negatives)
    rows = rows_to_decide_auc(seen, limit, 0.95)

    def straddles(n):
        factor = n / (positives + negatives)
        low, high = RocAuc(value, variance / factor, positives * factor, negatives * factor).bounds(0.95)
        return low < limit < high

    assert not straddles(rows * 1.03)
    assert straddles(rows * 0.9)


def test_rows_to_decide_is_none_on_the_limit():
    """An area equal to its limit is decided by no number of rows."""
    assert rows_to_decide_auc(RocAuc(0.9, 0.001, 50, 50), 0.9, 0.95) is None


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([True, True], [0.1, 0.2], "one class: all 2 labels are positive"),
        ([False, False], [0.1, 0.2], "one class: all 2 labels are negative"),
        ([True, False], [0.1, np.nan], "1 of 2 scores are NaN"),
        ([True, False], [0.1], "2 labels and 1 scores do not go together"),
        ([1, 0], [0.1, 0.2], "labels must be a vector of booleans"),
        ([True, False], ["a", "b"], "scores must be numbers"),
        ([True, False], [[0.1], [0.2]], "scores must have one dimension"),
    ],
)
def test_refuses_what_has_no_area(labels, scores, message):
    """One class, missing scores and mismatched input are refused with what was found."""
    with pytest.raises(ValueError, match=message):
        roc_auc(np.array(labels), scores)


def test_infinite_scores_are_extremes():
    """A score of infinity ranks above every other."""
    assert roc_auc(np.array([True, False, True]), [np.inf, 0.0, -np.inf]).value == 0.5
