"""Negative flips: counted and tested against numpy and statsmodels; bounds err no more often than they say."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from pytest_mlgate.stats.flips import flips
from pytest_mlgate.stats.metrics import Outputs


def pair(n=500, classes=(), seed=1, **more):
    rng = np.random.default_rng(seed)
    k = len(classes) or 2
    labels = rng.integers(0, k, n)
    models = [np.where(rng.random(n) < 0.8, labels, rng.integers(0, k, n)) for _ in range(2)]
    if not classes:
        labels, models = labels == 1, [one == 1 for one in models]
    return [Outputs(labels, one, classes=classes, **more) for one in models]


@pytest.mark.parametrize("classes", [(), ("a", "b", "c")])
def test_rows_that_were_right_and_are_wrong_are_counted(classes):
    """Share, test and bounds are those of statsmodels, for two classes and for several."""
    new, old = pair(classes=classes)
    right, before = new.labels == new.predictions, old.labels == old.predictions
    found = flips(new, old, 3)
    lost = before & ~right
    assert (found.value, found.n, found.lost) == (lost.mean(), 500, lost.sum())
    assert found.gained == (right & ~before).sum()
    assert found.first == tuple(np.flatnonzero(lost)[:3])
    counts = [[(right & before).sum(), found.lost], [found.gained, (~right & ~before).sum()]]
    assert found.p_value() == pytest.approx(mcnemar(counts, exact=found.lost + found.gained < 25).pvalue)
    assert found.bounds(0.95) == pytest.approx(proportion_confint(found.lost, 500, alpha=0.1, method="wilson"))
    assert found.rows_to_decide(found.value + 0.01, 0.95) > 500


def test_weights_count_and_widen():
    """The share is the weighted one; unequal weights are worth fewer rows, equal ones all of them."""
    weights = np.random.default_rng(2).gamma(0.5, 1.0, 500)
    new, old = pair(weights=weights)
    lost = (old.labels == old.predictions) & (new.labels != new.predictions)
    found = flips(new, old, 3)
    assert found.value == pytest.approx(np.average(lost, weights=weights))
    assert found.effective == int(weights.sum() ** 2 / (weights**2).sum()) < 300
    assert (found.p_value(), found.rows_to_decide(0.5, 0.95)) == (None, None)
    assert flips(*pair(weights=np.full(500, 3.0)), 3).effective in (499, 500)


def test_rows_of_a_cluster_that_are_alike_count_once():
    """Ten copies of each row bound no better than the rows themselves; singletons cost nothing."""
    new, old = pair(n=200)
    found = flips(new, old, 3)
    copies = [
        Outputs(np.repeat(one.labels, 10), np.repeat(one.predictions, 10), clusters=np.repeat(np.arange(200), 10))
        for one in (new, old)
    ]
    repeated = flips(*copies, 3)
    assert repeated.value == found.value
    assert repeated.effective == pytest.approx(200, abs=2)
    single = flips(*pair(n=200, clusters=np.arange(200)), 3)
    assert single.effective == pytest.approx(200, abs=2)


def test_few_clusters_bound_nothing():
    """Below forty a variance between them is not trusted."""
    found = flips(*pair(clusters=np.arange(500) % 39), 3)
    with pytest.raises(ValueError, match="39 clusters are too few"):
        found.bounds(0.95)


def test_where_nothing_flipped_the_bounds_are_not_of_zero_width():
    """Neither with clusters nor with weights."""
    labels = np.arange(400) % 2 == 0
    for more in ({}, {"clusters": np.arange(400) % 50}, {"weights": np.linspace(1, 2, 400)}):
        one = Outputs(labels, labels, **more)
        found = flips(one, one, 3)
        low, high = found.bounds(0.95)
        assert (found.value, low) == (0.0, 0.0)
        assert high > 0.005
        assert found.first == ()


@pytest.mark.parametrize(
    ("new", "old", "said"),
    [
        (Outputs(np.array([True, False])), Outputs(np.array([True, False])), "needs predictions"),
        (
            Outputs(np.array([True, False]), np.array([True, True])),
            Outputs(np.array([True, True]), np.array([True, True])),
            "not judged on the same rows",
        ),
        (
            Outputs(np.array([0, 1]), np.array([0, 1]), classes=("a", "b")),
            Outputs(np.array([0, 1]), np.array([0, 1]), classes=("a", "c")),
            "other classes",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(new, old, said):
    """With the reason."""
    with pytest.raises(ValueError, match=said):
        flips(new, old, 3)


def test_the_upper_bound_errs_no_more_often_than_it_says_with_clusters():
    """Clusters of eight that flip together: nominal .05 plus one point, over 2,000 samples of 60 clusters."""
    rng = np.random.default_rng(11)
    runs, clusters, size, truth = 2000, 60, 8, 0.15
    # Beta-distributed rates of the clusters, correlation within of 1/3.
    rates = rng.beta(truth * 2.0, (1 - truth) * 2.0, (runs, clusters, 1))
    lost = (rng.random((runs, clusters, size)) < rates).reshape(runs, -1)
    labels = np.ones(clusters * size, dtype=bool)
    groups = np.repeat(np.arange(clusters), size)
    old = Outputs(labels, labels, clusters=groups)
    high = [flips(Outputs(labels, ~one, clusters=groups), old, 1).bounds(0.95)[1] for one in lost[:600]]
    low = [flips(Outputs(labels, ~one, clusters=groups), old, 1).bounds(0.95)[0] for one in lost[:600]]
    slack = 2.5 * np.sqrt(0.05 * 0.95 / 600)
    assert np.mean(np.array(high) < truth) <= 0.06 + slack
    assert np.mean(np.array(low) > truth) <= 0.06 + slack
    plain = [flips(Outputs(labels, ~one), Outputs(labels, labels), 1).bounds(0.95)[1] < truth for one in lost[:600]]
    assert np.mean(plain) > 0.1  # as if rows were independent: what clusters are there to prevent
