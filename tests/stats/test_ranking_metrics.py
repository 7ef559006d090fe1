"""ROC areas of several classes, weighted rows and clusters, and average precision: values, bounds and differences."""

import numpy as np
import pytest
from scipy.special import ndtri
from sklearn.metrics import average_precision_score, roc_auc_score

from pytest_mlgate.stats.areas import area, precision_on_average
from pytest_mlgate.stats.comparisons import compare
from pytest_mlgate.stats.drawn import drawn
from pytest_mlgate.stats.metrics import METRICS, Outputs
from pytest_mlgate.stats.roc import roc_auc
from pytest_mlgate.stats.roc_paired import roc_difference

NAMES = ("roc_auc", "average_precision")


def scored(n=400, seed=1):
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.3
    return labels, np.round(labels + rng.normal(size=n), 1), rng.exponential(size=n)


@pytest.mark.parametrize("weighted", [False, True])
def test_values_are_those_of_scikit_learn(weighted):
    """Ties and weights included."""
    labels, scores, weights = scored()
    weights = weights if weighted else None
    outputs = Outputs(labels, scores=scores, weights=weights)
    for name, reference in zip(NAMES, (roc_auc_score, average_precision_score), strict=True):
        found = METRICS[name].compute(outputs, 0.95)
        assert found.value == pytest.approx(reference(labels, scores, sample_weight=weights))
        assert found.low < found.value < found.high


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_values_of_several_classes_are_those_of_scikit_learn(average, weighted):
    """Each class against the others, on average; macro unless the average says otherwise."""
    rng = np.random.default_rng(2)
    labels, weights = rng.choice(3, 500, p=[0.6, 0.3, 0.1]), rng.exponential(size=500) if weighted else None
    scores = rng.dirichlet(np.ones(3), 500) + 0.3 * np.eye(3)[labels]
    scores /= scores.sum(axis=1, keepdims=True)
    outputs = Outputs(labels, scores=scores, classes=("a", "b", "c"), weights=weights)
    options = {"average": average, "sample_weight": weights}
    expected = (
        roc_auc_score(labels, scores, multi_class="ovr", **options),
        average_precision_score(np.eye(3)[labels], scores, **options),
    )
    for name, value in zip(NAMES, expected, strict=True):
        found = METRICS[name].compute(outputs, 0.95, average)
        assert found.value == pytest.approx(value)
        assert found.low < found.value < found.high
    assert METRICS["roc_auc"].compute(outputs, None, "macro") == METRICS["roc_auc"].compute(outputs)


def test_rows_that_stand_for_themselves_have_delongs_variance():
    """What rows contribute gives the area's bounds of `roc`, and those of a difference, but for a hair."""
    labels, scores, _ = scored(2000)
    other = scores + np.random.default_rng(3).normal(size=2000)
    plain, ours = roc_auc(labels, scores), area(labels, scores, drawn(2000))
    assert ours.bounds(0.95) == pytest.approx(plain.bounds(0.95), rel=1e-3)
    assert ours.less(area(labels, other, drawn(2000)), 0.95) == pytest.approx(
        roc_difference(labels, scores, other).bounds(0.95), abs=1e-4
    )


def test_clusters_have_obuchowskis_variance():
    """Placements are added up by cluster: her formula, written out over clusters."""
    labels, scores, _ = scored(600)
    clusters = np.random.default_rng(4).integers(0, 60, 600)
    found = area(labels, scores, drawn(600, clusters=clusters))
    wins = (scores[labels][:, None] > scores[~labels]) + 0.5 * (scores[labels][:, None] == scores[~labels])
    value, m, n = wins.mean(), labels.sum(), (~labels).sum()
    inside = np.bincount(clusters[labels], wins.mean(axis=1) - value, 60) / m
    outside = np.bincount(clusters[~labels], wins.mean(axis=0) - value, 60) / n
    units = found.drawn.by_unit(found.influence)
    assert np.dot(units, units) / 60**2 == pytest.approx(np.sum((inside + outside) ** 2))


def test_the_influence_on_average_precision_is_what_leaving_a_row_out_shows():
    """Rows move it as much as the jackknife says."""
    labels, scores, _ = scored()
    found = precision_on_average(labels, scores, drawn(400))
    left_out = np.array([average_precision_score(np.delete(labels, row), np.delete(scores, row)) for row in range(400)])
    pseudo = 399 * (left_out.mean() - left_out)
    assert np.corrcoef(pseudo, found.influence)[0, 1] > 0.999
    assert pseudo.std() == pytest.approx(found.influence.std(), rel=0.03)


def normal_scores(rng, n, share, shift, cluster=1):
    """Normal scores, half of whose variance rows of a cluster share."""
    labels = rng.random(n) < share
    common = np.repeat(rng.normal(size=n // cluster), cluster) if cluster > 1 else rng.normal(size=n)
    return labels, np.sqrt(0.5) * (common + rng.normal(size=n)) + shift * labels


CASES = [(220, 0.1, 0.8, 1, False), (300, 0.3, 0.95, 1, True), (1000, 0.1, 0.9, 1, False), (400, 0.3, 0.8, 5, False)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_bounds_err_at_most_as_often_as_they_say(name, case):
    """Few positives, weights, clusters: each bound at 0.95 misses at most 6 % of the time."""
    n, share, auc, cluster, weighted = case
    rng, shift = np.random.default_rng(5), np.sqrt(2) * ndtri(auc)
    population = normal_scores(rng, 300_000, share, shift)
    true = METRICS[name].compute(Outputs(population[0], scores=population[1])).value
    missed, draws = np.zeros(2), 400
    clusters = np.repeat(np.arange(n // cluster), cluster) if cluster > 1 else None
    for _ in range(draws):
        labels, scores = normal_scores(rng, n, share, shift, cluster)
        weights = rng.exponential(size=n) if weighted else None
        found = METRICS[name].compute(Outputs(labels, scores=scores, weights=weights, clusters=clusters), 0.95)
        missed += found.low > true, found.high < true
    assert missed.max() / draws <= 0.06 + 2 * np.sqrt(0.06 * 0.94 / draws)


@pytest.mark.parametrize("name", NAMES)
def test_bounds_of_several_classes_err_at_most_as_often_as_they_say(name):
    """The mean over three classes, one of them rare."""
    rng, shares = np.random.default_rng(6), (0.6, 0.3, 0.1)

    def outputs(n):
        labels = rng.choice(3, n, p=shares)
        return Outputs(labels, scores=rng.normal(size=(n, 3)) + 1.5 * np.eye(3)[labels], classes=("a", "b", "c"))

    true = METRICS[name].compute(outputs(200_000)).value
    found = [METRICS[name].compute(outputs(300), 0.95) for _ in range(300)]
    assert np.mean([each.low > true for each in found]) <= 0.087
    assert np.mean([each.high < true for each in found]) <= 0.087


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("weighted", "cluster"), [(False, 1), (True, 1), (False, 5)])
def test_bounds_of_differences_err_at_most_as_often_as_they_say(name, weighted, cluster):
    """Two models equally good, mostly alike."""
    rng, n, draws, missed = np.random.default_rng(7), 400, 300, np.zeros(2)
    clusters = np.repeat(np.arange(n // cluster), cluster) if cluster > 1 else None
    for _ in range(draws):
        labels, scores = normal_scores(rng, n, 0.3, 1.2, cluster)
        weights = rng.exponential(size=n) if weighted else None
        new, old = (
            Outputs(labels, scores=scores + 0.4 * rng.normal(size=n), weights=weights, clusters=clusters)
            for _ in range(2)
        )
        low, high = compare(name, new, old).bounds(0.95, 1.0)
        missed += low > 0.0, high < 0.0
    assert missed.max() / draws <= 0.06 + 2 * np.sqrt(0.06 * 0.94 / draws)
    assert missed.sum() > 0 or weighted or cluster > 1


@pytest.mark.parametrize("name", NAMES)
def test_a_model_that_makes_no_mistake_leaves_doubt(name):
    """Alone, and against itself; weights and clusters change nothing in that."""
    labels = np.arange(200) % 4 == 0
    for more in ({}, {"weights": 1.0 + np.arange(200) % 3}, {"clusters": np.arange(200) // 4}):
        outputs = Outputs(labels, scores=labels.astype(float), **more)
        found = METRICS[name].compute(outputs, 0.95)
        assert found.value == pytest.approx(found.high) == pytest.approx(1.0)
        assert found.low < 1.0
        low, high = compare(name, outputs, outputs).bounds(0.95, 1.0)
        assert low < 0.0 < high


@pytest.mark.parametrize(
    ("name", "average", "labels", "message"),
    [
        ("roc_auc", None, [0, 1, 1], "undefined for the class 'c': no row is of it"),
        ("average_precision", None, [1, 1, 1], "undefined for the class 'a': no row is of it"),
        ("roc_auc", "micro", [0, 1, 2], "choose macro or weighted, not micro"),
    ],
)
def test_several_classes_are_refused_where_one_is_undefined(name, average, labels, message):
    """A class without rows has no area; it is not left out of the mean."""
    outputs = Outputs(labels, scores=np.eye(3), classes=("a", "b", "c"))
    with pytest.raises(ValueError, match=message):
        METRICS[name].compute(outputs, 0.95, average)
