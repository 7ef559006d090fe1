"""Simple baselines and the sanity of outputs: what they give, and that a gain over nothing is rarely claimed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from pytest_mlgate.stats.comparisons import compare
from pytest_mlgate.stats.metrics import METRICS, Outputs
from pytest_mlgate.stats.mover import Part, difference_of
from pytest_mlgate.stats.sanity import invalid, is_constant, most_common
from pytest_mlgate.stats.simple import last_value, mean_value, most_frequent


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [2, 4])
def test_the_most_frequent_class_is_scikit_learns(k, weighted):
    """Predictions and probabilities of its dummy, of two classes and of several."""
    dummy = pytest.importorskip("sklearn.dummy")
    rng = np.random.default_rng(k)
    labels, weights = rng.integers(0, k, 200), rng.exponential(1.0, 200) if weighted else None
    outputs = Outputs(labels == 1 if k == 2 else labels, weights=weights, classes=() if k == 2 else tuple(range(k)))
    found = most_frequent(outputs)
    fitted = dummy.DummyClassifier(strategy="prior").fit(np.zeros((200, 1)), labels, sample_weight=weights)
    expected = fitted.predict_proba(np.zeros((200, 1)))
    np.testing.assert_array_equal(found.predictions.astype(int), fitted.predict(np.zeros((200, 1))))
    np.testing.assert_allclose(found.scores, expected[:, 1] if k == 2 else expected, rtol=1e-12)


def test_the_mean_counts_weights():
    """As numpy's weighted average."""
    outputs = Outputs(np.array([1.0, 2.0, 6.0]), values=np.zeros(3), weights=np.array([1.0, 0.0, 3.0]))
    assert mean_value(outputs).values.tolist() == [4.75] * 3


def test_the_value_before_is_that_of_the_same_series():
    """Rows come in any order; the first of a series has none before it and is left out of both."""
    labels = np.array([30.0, 10.0, 20.0, 7.0, 8.0])
    outputs = Outputs(labels, values=labels + 0.5, weights=np.arange(1.0, 6.0))
    kept, old = last_value(outputs, np.array([3.0, 1.0, 2.5, -1.0, 0.0]), np.array([0, 0, 0, 1, 1]))
    pairs = sorted(zip(kept.labels, old.values, kept.values, kept.weights, strict=True))
    assert pairs == [(8.0, 7.0, 8.5, 5.0), (20.0, 10.0, 20.5, 3.0), (30.0, 20.0, 30.5, 1.0)]
    classes = Outputs(np.array([True, False, True]), np.array([True, True, True]))
    kept, old = last_value(classes, np.array([1.0, 2.0, 3.0]))
    assert (old.predictions.tolist(), kept.labels.tolist()) == ([True, False], [False, True])


def test_a_gain_is_rarely_claimed_where_there_is_none():
    """A model exactly as right as the majority class: at 95 %, its lower bound exceeds 0 in at most 6 % of samples."""
    rng = np.random.default_rng(11)
    samples, n, claims = 600, 300, 0
    for _ in range(samples):
        labels = rng.random(n) < 0.3
        outputs = Outputs(labels, rng.random(n) < np.where(labels, 0.5, 0.3 * 0.5 / 0.7))
        claims += compare("accuracy", outputs, most_frequent(outputs)).bounds(0.95, 1.0)[0] > 0.0
    assert claims / samples <= 0.06 + 2 * np.sqrt(0.05 * 0.95 / samples)


def test_an_overfit_gap_at_its_limit_rarely_passes_or_fails():
    """A true gap of 0.05 in accuracy: each bound is beyond it in at most 6 % of samples, and in some."""
    rng = np.random.default_rng(12)
    metric, samples = METRICS["accuracy"], 600
    beyond = np.zeros(2)
    for _ in range(samples):
        parts = []
        for n, share in ((400, 0.95), (200, 0.90)):
            found = metric.compute(Outputs(np.ones(n, dtype=bool), rng.random(n) < share), 0.95)
            parts.append(Part(found.value, found.low, found.high))
        gap = difference_of(*parts, 0.0)
        beyond += (gap.high < 0.05, gap.low > 0.05)
    assert (beyond / samples <= 0.06 + 2 * np.sqrt(0.05 * 0.95 / samples)).all()
    assert (beyond > 0).all()


def test_invalid_outputs_are_counted_once_each():
    """A row that is wrong in two ways counts once among all, and once in each way."""
    nan, inf = float("nan"), float("inf")
    found = invalid(np.array([[0.5, 0.5], [nan, inf], [2.0, -1.0], [nan, 0.1], [1.0 + 1e-9, 0.0]]), 0.0, 1.0)
    assert (found.n, found.rows, found.missing, found.infinite, found.outside, found.first) == (5, 3, 2, 1, 1, 1)
    assert invalid(np.array([[-900.0], [900.0]])).first is None


@pytest.mark.parametrize("width", [1, 2, 3])
def test_the_most_common_output_is_that_of_a_counter(width):
    """Of rows with any number of columns, NaN among them."""
    rng = np.random.default_rng(width)
    outputs = rng.integers(0, 4, (500, width)).astype(float)
    outputs[outputs == 3] = np.nan
    value, rows = most_common(outputs)
    counts = Counter(tuple(None if np.isnan(one) else one for one in row) for row in outputs)
    assert rows == max(counts.values())
    assert counts[tuple(None if np.isnan(one) else one for one in value)] == rows


def test_constant_outputs_are_alike_in_every_column():
    """One row alone says nothing."""
    assert is_constant(np.full((3, 2), 0.5))
    assert is_constant(np.array([True, True]))
    assert not is_constant(np.array([[0.5, 0.5], [0.5, 0.4]]))
    assert not is_constant(np.array([0.5]))
    assert not is_constant(None)
