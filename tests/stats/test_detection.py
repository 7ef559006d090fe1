"""Recall, false positives, precision and F1: values against scikit-learn, bounds by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlgate.stats.detection import DETECTION, Detection, detection_rate

COUNT = st.integers(1, 40)


@given(COUNT, COUNT, COUNT, COUNT)
def test_values_are_those_of_scikit_learn(caught, missed, alarms, passed):
    """From the same counts, written out as labels and predictions."""
    metrics = pytest.importorskip("sklearn.metrics")
    truth = [1] * (caught + missed) + [0] * (alarms + passed)
    said = [1] * caught + [0] * missed + [1] * alarms + [0] * passed
    counts = Detection(caught, missed, alarms, passed)
    found = {name: detection_rate(name, counts, 0.95).value for name in DETECTION}
    assert found == {
        "recall": pytest.approx(metrics.recall_score(truth, said)),
        "false_positive_rate": pytest.approx(alarms / (alarms + passed)),
        "precision": pytest.approx(metrics.precision_score(truth, said)),
        "f1": pytest.approx(metrics.f1_score(truth, said)),
    }


@pytest.mark.parametrize(
    ("positives", "negatives", "recall", "alarms"),
    [(60, 30, 0.95, 0.02), (60, 30, 0.7, 0.1), (30, 300, 0.99, 0.01), (200, 50, 0.5, 0.3)],
)
@pytest.mark.parametrize("drawn", ["rows", "classes"])
def test_neither_bound_errs_more_often_than_it_says(positives, negatives, recall, alarms, drawn):
    """Whether rows are drawn at random or so many of each class: at most .05 and a point, at confidence 0.95."""
    rng = np.random.default_rng(20261121)
    n, share = positives + negatives, positives / (positives + negatives)
    truth = {
        "recall": recall,
        "false_positive_rate": alarms,
        "precision": share * recall / (share * recall + (1 - share) * alarms),
    }
    truth["f1"] = 2 * truth["precision"] * recall / (truth["precision"] + recall)
    errors = {(name, side): 0 for name in truth for side in ("low", "high")}
    draws = 1500
    for _ in range(draws):
        p = int(rng.binomial(n, share)) if drawn == "rows" else positives
        caught, wrong = int(rng.binomial(p, recall)), int(rng.binomial(n - p, alarms))
        counts = Detection(caught, p - caught, wrong, n - p - wrong)
        for name, value in truth.items():
            rate = detection_rate(name, counts, 0.95)
            errors[name, "low"] += rate.low > value + 1e-12
            errors[name, "high"] += rate.high < value - 1e-12
    assert max(errors.values()) / draws <= 0.06


@pytest.mark.parametrize(
    ("counts", "undefined"),
    [
        (Detection(0, 0, 1, 2), {"recall", "precision", "f1"}),
        (Detection(1, 2, 0, 0), {"false_positive_rate", "precision", "f1"}),
        (Detection(0, 3, 0, 3), {"precision"}),
        (Detection(0, 0, 0, 0), {"recall", "false_positive_rate", "precision", "f1"}),
    ],
)
def test_a_metric_without_its_cases_is_undefined(counts, undefined):
    """No positives, no negatives, nothing stopped: refused with the reason, never zero or one."""
    for name in undefined:
        with pytest.raises(ValueError, match=f"so {name} is undefined"):
            detection_rate(name, counts, 0.95)
    for name in DETECTION.keys() - undefined:
        assert 0 <= detection_rate(name, counts, 0.95).value <= 1


def test_f1_plans_on_its_own_scale():
    """The rows named are those at which F1's own bound reaches the limit."""
    rate = detection_rate("f1", Detection(90, 5, 5, 100), 0.95)
    rows = rate.rows_to_decide(0.93)
    assert rows is not None
    assert rows > rate.n
    times = -(-rows // rate.n)
    assert detection_rate("f1", Detection(90 * times, 5 * times, 5 * times, 100), 0.95).low >= 0.93


def test_counts_are_whole_and_not_negative():
    """Anything else is refused by name."""
    with pytest.raises(ValueError, match="missed must be a whole number"):
        Detection(1, -1, 0, 0)
