"""Negative flips: counted and tested against numpy and statsmodels; bounds err no more often than they say."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from pytest_mlgate.stats.flips import flips
from pytest_mlgate.stats.outputs import Outputs


def pair(n=500, classes=(), seed=1, **more):
    rng = np.random.default_rng(seed)
    k = len(classes) or 2
    labels = rng.integers(0, k, n)
    models = [np.where(rng.random(n) < 0.8, labels, rng.integers(0, k, n)) for _ in range(2)]
    if not classes:
        labels, models = labels == 1, [one == 1 for one in models]
    return [Outputs(labels, one, classes=classes, **more) for one in models]


def lost_of(new, old):
    return (old.labels == old.predictions) & (new.labels != new.predictions)


@pytest.mark.parametrize("classes", [(), ("a", "b", "c")])
def test_rows_that_were_right_and_are_wrong_are_counted(classes):
    """Share, test and bounds are those of statsmodels, for two classes and for several."""
    new, old = pair(classes=classes)
    right, before, lost = new.labels == new.predictions, old.labels == old.predictions, lost_of(new, old)
    found = flips(new, old, 0.95, 3)
    assert (found.share.value, found.lost, found.gained) == (lost.mean(), lost.sum(), (right & ~before).sum())
    assert found.first == tuple(np.flatnonzero(lost)[:3])
    counts = [[(right & before).sum(), found.lost], [found.gained, (~right & ~before).sum()]]
    assert found.p_value == pytest.approx(mcnemar(counts, exact=found.lost + found.gained < 25).pvalue)
    wilson = proportion_confint(found.lost, 500, alpha=0.1, method="wilson")
    assert (found.share.low, found.share.high) == pytest.approx(wilson)
    assert found.share.rows_to_decide(found.share.value + 0.01) > 500


def test_weights_count_and_widen():
    """The share is the weighted one, with wider bounds; equal weights change nothing."""
    weights = np.random.default_rng(2).gamma(0.5, 1.0, 500)
    new, old = pair(weights=weights)
    found, plain = flips(new, old, 0.95, 3), flips(*pair(), 0.95, 3)
    assert found.share.value == pytest.approx(np.average(lost_of(new, old), weights=weights))
    assert found.share.high - found.share.low > 1.3 * (plain.share.high - plain.share.low)
    assert (found.p_value, plain.p_value is None) == (None, False)
    equal = flips(*pair(weights=np.full(500, 3.0)), 0.95, 3)
    assert equal.share == plain.share


def test_few_clusters_bound_nothing():
    """Below forty a variance between them is not trusted."""
    found = flips(*pair(clusters=np.arange(500) % 39), 0.95, 3)
    assert (found.share.low, found.share.high, found.p_value) == (None, None, None)
    assert "39 clusters are too few" in found.share.unbounded


@pytest.mark.parametrize("more", [{}, {"clusters": np.arange(400) % 50}, {"weights": np.linspace(1, 2, 400)}])
def test_where_nothing_flipped_the_bounds_are_not_of_zero_width(more):
    """Neither with clusters nor with weights."""
    labels = np.arange(400) % 2 == 0
    one = Outputs(labels, labels, **more)
    found = flips(one, one, 0.95, 3)
    assert (found.share.value, found.first) == (0.0, ())
    assert found.share.high > 0.005


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
        flips(new, old, 0.95, 3)


def test_bounds_err_no_more_often_than_they_say_with_clusters():
    """Sixty clusters of eight rows that flip together, 400 samples: nominal .05 and a point; rows alone err .1."""
    rng = np.random.default_rng(11)
    runs, clusters, size, truth = 400, 60, 8, 0.15
    rates = rng.beta(truth * 2.0, (1 - truth) * 2.0, (runs, clusters, 1))  # correlation of 1/3 within a cluster
    lost = (rng.random((runs, clusters, size)) < rates).reshape(runs, -1)
    labels, groups = np.ones(clusters * size, dtype=bool), np.repeat(np.arange(clusters), size)

    def errors(**more):
        old = Outputs(labels, labels, **more)
        found = [flips(Outputs(labels, ~one, **more), old, 0.95, 1).share for one in lost]
        return np.mean([one.high < truth for one in found]), np.mean([one.low > truth for one in found])

    slack = 2.5 * np.sqrt(0.05 * 0.95 / runs)
    assert max(errors(clusters=groups)) <= 0.06 + slack
    assert errors()[0] > 0.1
