"""P-values by inverting bounds: where they agree with tests, and how often they err over a family of slices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pytest_mlgate.stats.inversion import p_value
from pytest_mlgate.stats.metrics import Outputs
from pytest_mlgate.stats.multiple import adjust
from pytest_mlgate.stats.slice_metrics import SliceMetric, slice_metric


def outputs(n=400, seed=0, rate=0.8):
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.5
    predicted = np.where(rng.random(n) < rate, labels, ~labels)
    return Outputs(labels, predicted, np.clip(0.5 + 0.15 * (2 * labels - 1) + rng.normal(0, 0.2, n), 0.01, 0.99))


def right(hits, n):
    """Give the accuracy of so many hits."""
    return slice_metric("accuracy", Outputs(np.ones(n, bool), np.arange(n) < hits))


@pytest.mark.parametrize(("hits", "limit"), [(150, 0.8), (155, 0.8), (160, 0.8), (170, 0.8), (172, 0.8)])
def test_of_a_proportion_it_is_that_of_the_exact_test_or_of_the_score_test(hits, limit):
    """The larger of the two: Wilson's interval inverts the one, Clopper and Pearson's the other."""
    z = (hits / 200 - limit) / np.sqrt(limit * (1 - limit) / 200)
    below = max(stats.norm.cdf(z), stats.binomtest(hits, 200, limit, alternative="less").pvalue)
    above = max(stats.norm.sf(z), stats.binomtest(hits, 200, limit, alternative="greater").pvalue)
    if hits < 160:
        assert p_value(right(hits, 200), lower=limit) == pytest.approx(below, abs=1e-6)
    if hits > 160:
        assert p_value(right(hits, 200), upper=limit) == pytest.approx(above, abs=1e-6)
    assert (p_value(right(hits, 200), lower=limit) < 0.5) == (hits < 160)


@pytest.mark.parametrize("name", ["accuracy", "f1", "recall", "balanced_accuracy", "roc_auc", "log_loss", "brier"])
def test_a_claim_is_significant_where_its_bound_excludes_the_limit(name):
    """For every metric: at the confidence of the p-value the strict bound touches the limit."""
    found = slice_metric(name, outputs())
    for limit in (found.value - 0.03, found.value - 0.01, found.value + 0.01, found.value + 0.03):
        p = p_value(found, lower=limit)
        if p == 0.5:
            continue
        low, high = found.strict(max(p, 1 - p))
        assert (high if limit > found.value else low) == pytest.approx(limit, abs=1e-5)
        assert (p < 0.05) == (found.strict(0.95)[1] < limit)


def test_of_two_limits_the_one_that_is_broken_counts():
    """An estimate above the upper limit is as significant as against that limit alone."""
    found = right(170, 200)
    assert p_value(found, 0.1, 0.8) == p_value(found, None, 0.8) < 0.05


def test_without_limits_there_is_none():
    """Nothing is claimed."""
    assert p_value(right(150, 200)) is None


def test_far_from_the_limit_it_stays_above_zero():
    """Seven standard errors are enough: the p-value is then that of seven."""
    assert p_value(right(10, 1000), lower=0.9) == pytest.approx(stats.norm.sf(7.0))
    assert p_value(right(999, 1000), lower=0.1) == pytest.approx(stats.norm.cdf(7.0))


def test_bounds_that_fail_at_high_confidence_are_no_evidence():
    """Where a bound cannot be had, the claim is taken not to hold there; with none at all, p is one half."""

    def bounds(confidence):
        if confidence > 0.99:
            raise ValueError("too few rows")
        z = stats.norm.ppf(confidence)
        return 0.5 - 0.01 * z, 0.5 + 0.01 * z

    assert p_value(SliceMetric(0.5, 100, bounds), lower=0.9) == pytest.approx(0.01, abs=1e-5)
    largest = slice_metric("max_error", Outputs(np.zeros(9), values=np.ones(9)))
    assert p_value(largest, upper=0.5) == 0.5


@pytest.mark.parametrize("name", ["accuracy", "precision", "recall", "f1", "balanced_accuracy"])
def test_strict_bounds_are_never_inside_the_usual_ones(name):
    """They are the wider of two, and the exact ones of a share."""
    found = slice_metric(name, outputs(120, rate=0.9))
    for confidence in (0.9, 0.999):
        usual, strict = found.bounds(confidence), found.strict(confidence)
        assert strict[0] <= usual[0] < found.value < usual[1] <= strict[1]
    assert slice_metric("roc_auc", outputs()).strict(0.99) == slice_metric("roc_auc", outputs()).bounds(0.99)


def test_strict_bounds_of_shares_are_those_of_statsmodels():
    """Clopper and Pearson's, of precision; of F1 by way of the Jaccard index."""
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    sklearn = pytest.importorskip("sklearn.metrics")
    o = outputs(150, rate=0.85)
    hits, called, either = (
        int(np.sum(one)) for one in (o.labels & o.predictions, o.predictions, o.labels | o.predictions)
    )
    exact = proportion.proportion_confint(hits, called, alpha=0.02, method="beta")
    assert slice_metric("precision", o).strict(0.99) == pytest.approx(exact, abs=1e-9)
    exact = np.array(proportion.proportion_confint(hits, either, alpha=0.02, method="beta"))
    assert slice_metric("f1", o).strict(0.99) == pytest.approx(2 * exact / (1 + exact), abs=1e-9)
    assert slice_metric("f1", o).value == pytest.approx(sklearn.f1_score(o.labels, o.predictions))


def test_a_metric_without_what_it_reads_is_refused():
    """It says what is missing."""
    with pytest.raises(ValueError, match="roc_auc needs scores"):
        slice_metric("roc_auc", Outputs(np.array([True, False]), np.array([True, True])))


@pytest.mark.parametrize("slices", [1, 10, 40])
@pytest.mark.parametrize("rate", [0.75, 0.95])
def test_slices_that_are_on_the_limit_seldom_fail(slices, rate):
    """With every slice on the limit, some slice fails at most 5 % of the time, and a point; uncorrected, up to 87 %."""
    sizes = [110, 160, 230, 340, 490]
    known = [np.array([p_value(right(k, n), lower=rate) for k in range(n + 1)]) for n in sizes]
    rng = np.random.default_rng(2)
    drawn = [i % len(sizes) for i in range(slices)]
    p_values = np.stack([known[i][rng.binomial(sizes[i], rate, 4000)] for i in drawn], axis=1)
    smallest = p_values.min(axis=1)
    assert np.mean(smallest * slices <= 0.05) <= 0.06
    assert min(adjust(list(p_values[0]), "holm")) == pytest.approx(min(1.0, smallest[0] * slices))
    if slices == 40:
        assert np.mean(smallest <= 0.05) > 0.7


@pytest.mark.parametrize("name", ["balanced_accuracy", "roc_auc", "brier", "rmse"])
def test_bounds_of_a_claim_among_ten_err_as_seldom_as_they_say(name):
    """At .995 the bound that a fail needs errs at most .005 of the time, and a tenth of a point (200 rows)."""
    rng = np.random.default_rng(5)
    n, misses = 200, 0
    reps = 1500
    for _ in range(reps):
        labels = rng.random(n) < 0.4
        if name == "rmse":
            o, true = Outputs(rng.normal(0, 1, n), values=np.zeros(n)), 1.0
        elif name == "brier":
            scores = rng.random(n)
            o, true = Outputs(rng.random(n) < scores, None, scores), 1 / 6
        elif name == "roc_auc":
            o, true = (
                Outputs(labels, None, np.where(labels, 1.5, 0) + rng.normal(0, 1, n)),
                stats.norm.cdf(1.5 / 2**0.5),
            )
        else:
            o, true = Outputs(labels, np.where(rng.random(n) < 0.93, labels, ~labels)), 0.93
        low, high = slice_metric(name, o).strict(0.995)
        misses += low > true if name in ("rmse", "brier") else high < true
    assert misses / reps <= 0.006
