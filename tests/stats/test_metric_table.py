"""The table of metrics: what each entry computes, needs and refuses."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, roc_auc_score

from pytest_mlgate.stats.metrics import METRICS, Outputs
from pytest_mlgate.stats.roc import roc_auc


@pytest.fixture
def outputs():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 400)
    scores = expected = labels + rng.normal(size=400)
    return Outputs(labels, (expected > 0.5).astype(int), scores, positive=1)


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


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_every_entry_keeps_what_it_declares(metric, outputs):
    """Each metric has the name it is filed under, needs what it says, and has bounds exactly where it says so."""
    assert METRICS[metric.name] is metric
    bare = metric.compute(outputs)
    assert (bare.low, bare.high, bare.confidence, bare.rows_to_decide(0.5)) == (None, None, None, None)
    bounded = metric.compute(outputs, 0.9)
    assert bounded.value == bare.value
    assert (bounded.low is not None) is metric.has_interval
    with pytest.raises(ValueError, match=f"{metric.name} needs {metric.needs}s"):
        metric.compute(Outputs(outputs.labels, positive=1))


@pytest.mark.parametrize(
    "metric", [each for each in METRICS.values() if each.has_interval], ids=lambda metric: metric.name
)
def test_bounds_hold_the_value_and_rows_to_decide_grow_near_it(metric, outputs):
    """The value lies within its bounds, and a limit nearer to it needs more rows."""
    estimate = metric.compute(outputs, 0.95)
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
    ("columns", "message"),
    [
        ({"labels": []}, "there are no rows"),
        ({"labels": [0, 1], "predictions": [0]}, "2 labels and 1 predictions"),
        ({"labels": [0, 1], "scores": [0.1, np.nan]}, "1 of 2 scores are missing"),
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
