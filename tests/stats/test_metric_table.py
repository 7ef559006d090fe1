"""The table of metrics: what each entry computes, needs and refuses."""

from functools import partial
from typing import get_args

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binomtest
from sklearn import metrics as sklearn_metrics
from sklearn.metrics import accuracy_score, roc_auc_score

from pytest_mlgate.stats.metrics import METRICS, Outputs
from pytest_mlgate.stats.names import NEEDS, TOP, MetricName
from pytest_mlgate.stats.roc import roc_auc


@pytest.fixture
def outputs():
    rng = np.random.default_rng(1)
    labels = rng.choice([-1, 1], 400)  # no zero, of which no error is a percentage
    expected = labels + rng.normal(size=400)
    return Outputs(labels, np.where(expected > 0.0, 1, -1), expit(2 * expected), positive=1, values=expected)


def of_several_classes():
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 12, 600)
    scores = rng.dirichlet(np.ones(12) * 0.3, 600)
    scores[np.arange(600), labels] += 0.001
    scores /= scores.sum(axis=1, keepdims=True)
    return Outputs(labels, scores.argmax(axis=1), scores, classes=tuple("abcdefghijkl"))


def fitting(metric, outputs):
    """Give outputs that a metric can be computed of."""
    return of_several_classes() if metric.name in TOP else outputs


def test_accuracy_is_the_share_of_right_predictions(outputs):
    """Accuracy is scikit-learn's, with Wilson bounds on its rows."""
    estimate = METRICS["accuracy"].compute(outputs, 0.95)
    hits = int((outputs.labels == outputs.predictions).sum())
    interval = binomtest(hits, 400).proportion_ci(0.90, method="wilson")
    assert estimate.value == pytest.approx(accuracy_score(outputs.labels, outputs.predictions))
    assert (estimate.low, estimate.high) == pytest.approx((interval.low, interval.high))
    assert (estimate.n, estimate.confidence) == (400, 0.95)


def test_roc_auc_is_the_area_under_the_curve(outputs):
    """ROC AUC is scikit-learn's, with the bounds of its own module."""
    estimate = METRICS["roc_auc"].compute(outputs, 0.95)
    assert estimate.value == pytest.approx(roc_auc_score(outputs.labels, outputs.scores))
    assert (estimate.low, estimate.high) == roc_auc(outputs.labels == 1, outputs.scores).bounds(0.95)
    assert estimate.n == 400


@pytest.mark.parametrize(
    ("name", "column", "reference"),
    [
        ("balanced_accuracy", "predictions", sklearn_metrics.balanced_accuracy_score),
        ("precision", "predictions", sklearn_metrics.precision_score),
        ("recall", "predictions", sklearn_metrics.recall_score),
        ("f1", "predictions", sklearn_metrics.f1_score),
        ("log_loss", "scores", sklearn_metrics.log_loss),
        ("brier", "scores", sklearn_metrics.brier_score_loss),
        ("rmse", "values", sklearn_metrics.root_mean_squared_error),
        ("mae", "values", sklearn_metrics.mean_absolute_error),
        ("mape", "values", sklearn_metrics.mean_absolute_percentage_error),
        ("medae", "values", sklearn_metrics.median_absolute_error),
        ("max_error", "values", sklearn_metrics.max_error),
        ("r2", "values", sklearn_metrics.r2_score),
        ("pinball", "values", sklearn_metrics.mean_pinball_loss),
        ("pinball_q90", "values", partial(sklearn_metrics.mean_pinball_loss, alpha=0.9)),
    ],
)
def test_values_are_those_of_scikit_learn(name, column, reference, outputs):
    """Every other metric is scikit-learn's of the same name, to the last digits that matter."""
    found = METRICS[name].compute(outputs).value
    assert found == pytest.approx(reference(outputs.labels, getattr(outputs, column)), abs=1e-12)


def test_a_certain_error_costs_what_it_costs_in_scikit_learn():
    """Probabilities of exactly 0 and 1 are clipped alike."""
    labels, scores = np.array([1, 0, 1, 0]), np.array([0.0, 0.2, 1.0, 0.1])
    found = METRICS["log_loss"].compute(Outputs(labels, scores=scores, positive=1)).value
    assert found == pytest.approx(sklearn_metrics.log_loss(labels, scores), rel=1e-9)


def test_the_names_are_kept_in_one_place():
    """What a gate file may write, what each metric reads and what is computed are the same names."""
    assert set(METRICS) == set(NEEDS) == set(get_args(MetricName))


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_entry_keeps_what_it_declares(metric, outputs):
    """Each metric has the name it is filed under, needs what it says, and has bounds exactly where it says so."""
    assert METRICS[metric.name] is metric
    outputs = fitting(metric, outputs)
    bare = metric.compute(outputs)
    assert (bare.low, bare.high, bare.confidence, bare.rows_to_decide(0.5)) == (None, None, None, None)
    bounded = metric.compute(outputs, 0.9)
    assert bounded.value == bare.value
    assert (bounded.low is not None) is metric.has_interval
    with pytest.raises(ValueError, match=f"{metric.name} needs {metric.needs}s"):
        metric.compute(Outputs(np.array([1, 0]), positive=1))


@pytest.mark.parametrize(
    "metric", [each for each in METRICS.values() if each.has_interval], ids=lambda metric: metric.name
)
def test_bounds_hold_the_value_and_rows_to_decide_grow_near_it(metric, outputs):
    """The value lies within its bounds, and a limit nearer to it needs more rows."""
    estimate = metric.compute(fitting(metric, outputs), 0.95)
    assert estimate.low < estimate.value < estimate.high
    assert estimate.rows_to_decide(estimate.value - 0.01) > estimate.rows_to_decide(estimate.value - 0.1) > 0
    assert estimate.rows_to_decide(estimate.value) is None


def test_labels_may_be_words():
    """Classes are compared as they are, and the positive one is named."""
    outputs = Outputs(["spam", "ham", "spam"], ["spam", "spam", "spam"], [0.9, 0.4, 0.8], positive="spam")
    assert METRICS["accuracy"].compute(outputs).value == pytest.approx(2 / 3)
    assert METRICS["roc_auc"].compute(outputs).value == 1.0


def test_boolean_labels_need_no_positive_class():
    """True is the positive class of boolean labels."""
    assert METRICS["roc_auc"].compute(Outputs([True, False], scores=[0.9, 0.1])).value == 1.0


@pytest.mark.parametrize(
    ("labels", "positive", "message"),
    [
        ([1, 1, 1], 1, "one class: all 3 labels are positive"),
        ([0, 0, 0], 1, "none of 3 labels is the positive class 1"),
        ([0, 1, 0], "1", "none of 3 labels is the positive class '1'"),
        ([0, 1, 0], None, "`positive` is not given"),
    ],
)
def test_an_undefined_metric_says_why(labels, positive, message):
    """A metric that these rows do not define is refused with the reason."""
    with pytest.raises(ValueError, match=message):
        METRICS["roc_auc"].compute(Outputs(labels, scores=[0.1, 0.2, 0.3], positive=positive))


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        ("precision", {"labels": [1, 0], "predictions": [0, 0]}, "no row is predicted positive"),
        ("balanced_accuracy", {"labels": [1, 1], "predictions": [0, 1]}, "one class: all 2 rows are positive"),
        ("r2", {"labels": [3.0, 3.0, 3.0], "values": [1.0, 2.0, 3.0]}, "the target is constant over 3 rows"),
        ("r2", {"labels": [3.0], "values": [1.0]}, "the target is constant over 1 rows"),
        ("log_loss", {"labels": [1, 0, 1], "scores": [0.5, 1.5, -1.0]}, "2 of 3 .*; the first is 1.5 in row 1"),
        ("brier", {"labels": [1, 0, 1], "scores": [0.5, 0.5, -1.0]}, "1 of 3 .* is -1 in row 2"),
        ("mae", {"labels": [1.0, 2.0], "values": [1.0, np.inf]}, "1 of 2 values are infinite; .* row 1"),
        ("rmse", {"labels": ["a", "b"], "values": [1.0, 2.0]}, "labels must be numbers"),
    ],
)
def test_each_metric_says_where_it_is_undefined(name, columns, message):
    """No denominator, no variance, no probability: refused, and located where rows are at fault."""
    with pytest.raises(ValueError, match=message):
        METRICS[name].compute(Outputs(**columns, positive=1))


def test_rows_without_any_spread_have_a_value_and_no_bounds():
    """Errors that are all alike say nothing of rows not seen, and the estimate says so instead of a zero width."""
    found = METRICS["mae"].compute(Outputs([1.0, 2.0, 3.0], values=[2.0, 3.0, 4.0]), 0.95)
    assert (found.value, found.low, found.high, found.confidence) == (1.0, None, None, None)
    assert "without any spread" in found.unbounded


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"labels": []}, "there are no rows"),
        ({"labels": [0, 1], "predictions": [0]}, "2 labels and 1 predictions"),
        ({"labels": [0, 1], "scores": [0.1, np.nan]}, "1 of 2 scores are missing"),
        ({"labels": [0, 1], "values": [0.1, np.nan]}, "1 of 2 values are missing"),
        ({"labels": [0.0, np.nan]}, "1 of 2 labels are missing"),
        ({"labels": np.array(["a", None, None], dtype=object)}, "2 of 3 labels are missing"),
        ({"labels": ["0", "1"], "predictions": [0, 1]}, "labels are text and predictions are numbers"),
        ({"labels": [[0], [1]]}, "labels must have one dimension"),
    ],
)
def test_refuses_outputs_that_do_not_fit_together(columns, message):
    """Empty, holed, mismatched and unlike columns are refused by name."""
    with pytest.raises(ValueError, match=message):
        Outputs(**columns)
