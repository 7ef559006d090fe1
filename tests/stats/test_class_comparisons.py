"""Two models on the same rows of several classes, weighted or in clusters: values, bounds and what is refused."""

import numpy as np
import pytest
from scipy.stats import gamma
from sklearn.metrics import f1_score, matthews_corrcoef

from pytest_mlgate.stats.comparisons import changed, compare, flips, lost_rows
from pytest_mlgate.stats.metrics import METRICS, Outputs
from pytest_mlgate.stats.moves import effective, unseen_moves
from pytest_mlgate.stats.proportions import wilson

CLASSES = ("a", "b", "c")
SHARES, RIGHT = np.array([0.6, 0.3, 0.1]), np.array([0.9, 0.8, 0.7])


def judged(rng, n, change, cluster=1):
    """Labels, an old model, and a new one that answers some rows anew; half the rows of a cluster do as its first."""
    labels = rng.choice(3, n, p=SHARES)
    luck, moved = rng.random(n), rng.random(n) < change
    if cluster > 1:
        first, alike = np.arange(n) // cluster * cluster, rng.random(n) < 0.5
        luck, moved = np.where(alike, luck[first], luck), np.where(alike, moved[first], moved)
    other = (labels + rng.integers(1, 3, n)) % 3
    old = np.where(luck < RIGHT[labels], labels, other)
    new = np.where(moved, np.where(rng.random(n) < 0.6, labels, other), old)
    return labels, new, old


def outputs(labels, predictions, **more):
    return Outputs(labels, predictions, classes=CLASSES, **more)


@pytest.mark.parametrize("weighted", [False, True])
def test_values_of_both_models_are_those_of_scikit_learn(weighted):
    """Each model has its own metric, and the difference lies within its bounds."""
    rng = np.random.default_rng(1)
    labels, new, old = judged(rng, 500, 0.2)
    weights = rng.exponential(size=500) if weighted else None
    pair = [outputs(labels, each, weights=weights) for each in (new, old)]
    for name, average, reference in (
        ("f1", "macro", lambda *each: f1_score(*each, average="macro", sample_weight=weights)),
        ("mcc", None, lambda *each: matthews_corrcoef(*each, sample_weight=weights)),
    ):
        found = compare(name, *pair, average)
        assert (found.new, found.old) == pytest.approx((reference(labels, new), reference(labels, old)))
        low, high = found.bounds(0.95, 1.0)
        assert low < found.new - found.old < high


@pytest.mark.parametrize(
    ("n", "change", "weighted", "cluster"),
    [(400, 0.2, False, 1), (400, 0.02, False, 1), (400, 0.2, True, 1), (500, 0.2, False, 5), (500, 0.03, True, 5)],
)
def test_bounds_err_at_most_as_often_as_they_say(n, change, weighted, cluster):
    """Many changed rows and few, weights and clusters: each bound at 0.95 misses at most 6 % of the time."""
    rng, draws = np.random.default_rng(2), 250
    metrics = (("accuracy", None), ("f1", "macro"), ("mcc", None))
    labels, new, old = judged(rng, 400_000, change)
    true = {
        name: compare(name, outputs(labels, new), outputs(labels, old), average).new
        - METRICS[name].compute(outputs(labels, old), None, average).value
        for name, average in metrics
    }
    missed = {name: np.zeros(2) for name, _ in metrics}
    clusters = np.arange(n) // cluster if cluster > 1 else None
    for _ in range(draws):
        labels, new, old = judged(rng, n, change, cluster)
        weights = rng.exponential(size=n) if weighted else None
        pair = [outputs(labels, each, weights=weights, clusters=clusters) for each in (new, old)]
        for name, average in metrics:
            low, high = compare(name, *pair, average).bounds(0.95, 1.0)
            missed[name] += low > true[name], high < true[name]
    for errors in missed.values():
        assert errors.max() / draws <= 0.06 + 2 * np.sqrt(0.06 * 0.94 / draws)


@pytest.mark.parametrize("more", [{}, {"weights": True}, {"clusters": True}], ids=str)
@pytest.mark.parametrize(("name", "average"), [("accuracy", None), ("f1", "macro"), ("kappa", None)])
def test_no_changed_row_leaves_doubt(name, average, more):
    """Models that predict alike may differ on the next row, however rows are drawn."""
    rng = np.random.default_rng(3)
    labels, _, old = judged(rng, 600, 0.0)
    columns = {"weights": rng.uniform(1, 2, 600), "clusters": np.arange(600) // 4}
    same = outputs(labels, old, **{key: columns[key] for key in more})
    low, high = compare(name, same, same, average).bounds(0.95, 1.0)
    assert -0.2 < low < 0.0 < high < 0.2


def test_a_share_of_the_old_value_is_compared():
    """For 95 % of the old value the bounds move up by about a twentieth of it."""
    labels, new, old = judged(np.random.default_rng(4), 2000, 0.3)
    found = compare("f1", outputs(labels, new), outputs(labels, old), "macro")
    plain, share = (np.array(found.bounds(0.95, each)) for each in (1.0, 0.95))
    assert share - plain == pytest.approx([0.05 * found.old] * 2, abs=0.004)


def test_equal_rows_are_counted_and_tested():
    """Gained and lost rows, and negative flips with their share's bounds, for any number of classes."""
    labels, new, old = judged(np.random.default_rng(5), 500, 0.3)
    pair = outputs(labels, new), outputs(labels, old)
    lost = (old == labels) & (new != labels)
    found = flips(*pair)
    assert found.value == lost.mean()
    assert found.bounds(0.95) == pytest.approx(wilson(int(lost.sum()), 500, 0.95))
    assert changed(*pair).lost == compare("accuracy", *pair).detail["lost"] == lost.sum()
    assert lost_rows(*pair, 3) == np.flatnonzero(lost)[:3].tolist()
    weights = np.random.default_rng(6).exponential(size=500)
    weighted = flips(*(outputs(labels, each, weights=weights) for each in (new, old)))
    assert weighted.value == pytest.approx(np.average(lost, weights=weights))


def test_moves_that_are_alike_have_the_bounds_of_poisson_counts():
    """Five moves up and none down: the exact bounds of five, and the rule of three for none."""
    below, above = unseen_moves(np.repeat([0.0, 0.01], [95, 5]), 0.01, 0.95)
    low, high, none = gamma.ppf(0.05, 5), gamma.ppf(0.95, 6), gamma.ppf(0.95, 1)
    assert (below, above) == pytest.approx((0.01 * np.hypot(5 - low, none), 0.01 * (high - 5)))
    assert effective(np.repeat([0.0, -0.01, 0.01], [90, 5, 5])) == pytest.approx(10)
    assert effective(np.zeros(3)) == 0.0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"weights": np.array([1.0, 2.0, 4.0])}, "their weights differ"),
        ({"clusters": np.array([0, 0, 1])}, "their clusters differ"),
        ({"classes": ("a", "b", "d")}, "do not speak of the same classes"),
    ],
)
def test_models_must_be_judged_alike(more, message):
    """Other weights, clusters or classes are refused."""
    labels = np.array([0, 1, 2])
    first = {"weights": np.array([1.0, 2.0, 3.0]), "clusters": np.array([0, 1, 2]), "classes": CLASSES}
    with pytest.raises(ValueError, match=message):
        compare("mcc", Outputs(labels, labels, **first), Outputs(labels, labels, **(first | more)))
