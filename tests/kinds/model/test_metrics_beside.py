"""`model.metrics` beside others: gain over a simple baseline, and the gap to the rows a model was trained on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pytest_mlgate.errors import GateFileError
from pytest_mlgate.stats.metrics import METRICS, Outputs
from pytest_mlgate.stats.names import LESS_IS_BETTER, TOP, WITHOUT_INTERVAL

GATE = "gates:\n  g: {{kind: model.metrics, data: {{fixture: t}}, label: y, {more}}}\n"
GAIN = "prediction: p, score: s, gain: {{{more}}}"


def classified(n=1500, share=0.3, strength=1.5, seed=4):
    """Make a classifier's answers."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < share).astype(int)
    scores = 1 / (1 + np.exp(-(strength * (2 * labels - 1) + rng.normal(0, 1, n) - 0.8)))
    return pa.table({"y": labels, "s": scores, "p": (scores > 0.5).astype(int)})


def test_a_gain_is_over_what_a_dummy_says(judged):
    """The values of scikit-learn's dummy classifier, whichever way the metric runs."""
    dummy = pytest.importorskip("sklearn.dummy")
    metrics = pytest.importorskip("sklearn.metrics")
    table = classified()
    labels, scores, predicted = (table[name].to_numpy() for name in "ysp")
    prior = dummy.DummyClassifier(strategy="prior").fit(labels.reshape(-1, 1), labels)
    share = prior.predict_proba(labels.reshape(-1, 1))[:, 1]
    expected = {
        "accuracy": metrics.accuracy_score(labels, predicted)
        - metrics.accuracy_score(labels, prior.predict(labels.reshape(-1, 1))),
        "log_loss": metrics.log_loss(labels, share) - metrics.log_loss(labels, scores),
        "brier": metrics.brier_score_loss(labels, share) - metrics.brier_score_loss(labels, scores),
        "roc_auc": metrics.roc_auc_score(labels, scores) - 0.5,
    }
    names = ", ".join(f"{name}: {{}}" for name in expected)
    _, checks = judged(GATE.format(more=GAIN.format(more=f"metrics: {{{names}}}")), t=table)
    for name, value in expected.items():
        check = checks["*", f"{name}_gain"]
        assert check.value == pytest.approx(value, abs=1e-9), name
        assert check.low < check.value < check.high, name
        assert check.detail["over"] == "prior"


def test_a_gain_of_several_weighted_classes(judged):
    """The most frequent class is the one that most weight is on."""
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(6)
    labels = rng.choice(["a", "b", "c"], 900, p=[0.5, 0.3, 0.2])
    predicted = np.where(rng.random(900) < 0.7, labels, rng.choice(["a", "b", "c"], 900))
    weights = np.where(labels == "c", 5.0, 1.0)
    table = pa.table({"y": labels, "p": predicted, "w": weights})
    more = "prediction: p, weight: w, average: macro, gain: {over: majority, metrics: {accuracy: {}}}"
    _, checks = judged(GATE.format(more=more), t=table)
    found = checks["*", "accuracy_gain"]
    always_c = metrics.accuracy_score(labels, np.full(900, "c"), sample_weight=weights)
    assert found.detail["simple"] == pytest.approx(always_c)
    assert found.value == pytest.approx(metrics.accuracy_score(labels, predicted, sample_weight=weights) - always_c)


def test_a_gain_of_numbers_is_over_the_mean_or_the_value_before(judged):
    """The mean's error is the standard deviation; the last value's that of the steps, each series apart."""
    rng = np.random.default_rng(5)
    steps = rng.normal(0, 1, (3, 200))
    target = steps.cumsum(axis=1)
    predicted = target + rng.normal(0, 0.5, target.shape)
    days = np.tile(np.arange(200.0) / 3, 3)  # no whole numbers: the order is that of the numbers, not of their text
    columns = {"y": target.ravel(), "p": predicted.ravel(), "day": days, "shop": np.repeat(["u", "v", "w"], 200)}
    mixed = rng.permutation(600)
    table = pa.table({name: column[mixed] for name, column in columns.items()})
    _, mean = judged(GATE.format(more="prediction: p, gain: {metrics: {rmse: {min: 0}, mae: {}}}"), t=table)
    own = float(np.sqrt(np.mean((predicted - target) ** 2)))
    assert mean["*", "rmse_gain"].value == pytest.approx(float(np.std(target)) - own)
    assert mean["*", "rmse_gain"].detail["over"] == "mean"
    last = "gain: {over: last_value, order: day, by: shop, metrics: {rmse: {min: 0}}}"
    _, before = judged(GATE.format(more=f"prediction: p, {last}"), t=table)
    found = before["*", "rmse_gain"]
    own = float(np.sqrt(np.mean((predicted - target)[:, 1:] ** 2)))
    assert found.value == pytest.approx(float(np.sqrt(np.mean(steps[:, 1:] ** 2))) - own)
    assert found.n == 597, "the first of each series has none before it"


def test_a_model_that_adds_nothing_does_not_pass(judged):
    """0.9 accuracy where nine of ten rows are negative: the metric passes, the gain does not."""
    rng = np.random.default_rng(8)
    labels = (rng.random(2000) < 0.1).astype(int)
    predicted = (rng.random(2000) < 0.003).astype(int)
    table = pa.table({"y": labels, "p": predicted})
    more = "prediction: p, metrics: {accuracy: {min: 0.85}}, confidence: 0.95, "
    more += "gain: {over: majority, metrics: {accuracy: {min: 0.02}}}"
    result, checks = judged(GATE.format(more=more), t=table)
    assert checks["*", "accuracy"].verdict == "PASS"
    assert checks["*", "accuracy_gain"].verdict == "FAIL"
    assert result.verdict == "FAIL"


@pytest.mark.parametrize(
    ("columns", "gain", "said"),
    [
        ({"day": [1, 2, 2, 3]}, "order: day", "at the same place in the order as another, such as rows 1 and 2"),
        ({"day": [1, None, 2, 3]}, "order: day", "1 of 4 rows have no place in the order; the first is row 1"),
        ({"day": [1, 1, 1, 1], "who": list("abcd")}, "order: day, by: who", "no row has one before it"),
        (
            {"day": [1, 2, 3, 4], "who": ["a", "a", None, "a"]},
            "order: day, by: who",
            "is missing, first in row 2",
        ),
        ({"day": list("abcd")}, "order: day", "holds no numbers"),
        ({}, "order: day", "no column 'day'"),
    ],
)
def test_an_order_that_is_none_says_so(judged, columns, gain, said):
    """Never a pass: what comes before what must be known."""
    table = pa.table({"y": [1.0, 2.0, 3.0, 4.0], "p": [1.0, 2.0, 3.0, 5.0], **columns})
    more = f"prediction: p, gain: {{over: last_value, {gain}, metrics: {{mae: {{min: -9}}}}}}"
    result, checks = judged(GATE.format(more=more), t=table)
    assert result.verdict == "NOT_MEASURED"
    assert said in (result.reason or next(iter(checks.values())).reason)


def test_precision_of_who_never_says_yes_is_undefined(judged):
    """A baseline for which the metric means nothing is no baseline, and says so."""
    _, checks = judged(
        GATE.format(more=GAIN.format(more="over: majority, metrics: {precision: {min: 0}}")), t=classified()
    )
    check = checks["*", "precision_gain"]
    assert check.verdict == "NOT_MEASURED"
    assert "no row is predicted positive" in check.reason


def test_an_overfit_gap_is_newcombes(judged):
    """Two independent proportions: the bounds are those of statsmodels, the value the plain difference."""
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    train, other = classified(n=4000, strength=2.0, seed=1), classified(n=600, strength=1.0, seed=2)
    more = "prediction: p, confidence: 0.95, overfit: {train: {fixture: train}, metrics: {accuracy: {max: 0.05}}}"
    result, checks = judged(GATE.format(more=more), t=other, train=train)
    found = checks["*", "accuracy_overfit"]
    right = [int(np.sum(one["y"].to_numpy() == one["p"].to_numpy())) for one in (train, other)]
    expected = proportion.confint_proportions_2indep(right[0], 4000, right[1], 600, method="newcomb", alpha=0.1)
    assert found.value == pytest.approx(right[0] / 4000 - right[1] / 600)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)
    assert (found.n, found.n_reference, found.verdict) == (600, 4000, "FAIL")
    assert {record.role for record in result.inputs} == {"data", "train"}


def test_a_gap_of_a_loss_runs_the_same_way(judged):
    """Positive where the model is better on its training rows, also where less is better."""
    train, other = classified(n=3000, strength=2.0, seed=1), classified(n=3000, strength=1.0, seed=2)
    gap = "overfit: {train: {fixture: train}, metrics: {log_loss: {max: 1}, roc_auc: {max: 1}}}"
    _, checks = judged(GATE.format(more=f"score: s, {gap}"), t=other, train=train)
    assert all(checks["*", f"{name}_overfit"].low > 0 for name in ("log_loss", "roc_auc"))
    _, turned = judged(GATE.format(more=f"score: s, {gap}"), t=train, train=other)
    for name in ("log_loss", "roc_auc"):
        assert turned["*", f"{name}_overfit"].value == pytest.approx(-checks["*", f"{name}_overfit"].value)


def test_training_rows_of_other_classes_are_refused(judged):
    """A class that one of the two lacks changes what every average means."""
    one = pa.table({"y": ["a", "b", "c"] * 20, "p": ["a", "b", "c"] * 20})
    other = pa.table({"y": ["a", "b"] * 30, "p": ["a", "b"] * 30})
    more = "prediction: p, average: macro, overfit: {train: {fixture: train}, metrics: {f1: {max: 1}}}"
    result, _ = judged(GATE.format(more=more), t=one, train=other)
    assert result.verdict == "NOT_MEASURED"
    assert "the training rows hold the classes ('a', 'b'), those judged ('a', 'b', 'c')" in result.reason


def test_the_better_model_is_the_one_that_is_right():
    """The table that says of which metrics less is better: good answers against poor ones, for every metric."""
    rng = np.random.default_rng(3)
    target = rng.normal(10, 3, 600)

    def numbers(error):
        return Outputs(target, values=target + error)

    def classes(share, k):
        labels = rng.integers(0, k, 600)
        predicted = np.where(rng.random(600) < share, labels, rng.integers(0, k, 600))
        scores = np.full((600, k), 0.05 / (k - 1))
        scores[np.arange(600), predicted] = 0.95
        if k == 2:
            return Outputs(labels == 1, predicted == 1, scores[:, 1])
        return Outputs(labels, predicted, scores, classes=tuple(range(k)))

    of_two, of_many = ([classes(share, k) for share in (0.95, 0.5)] for k in (2, 12))
    of_numbers = [numbers(rng.normal(0, 0.1, 600)), numbers(np.where(rng.random(600) < 0.5, 3.0, -3.0))]
    for name, metric in METRICS.items():
        pair = of_numbers if metric.needs == "value" else of_many if name in TOP else of_two
        better, worse = (metric.compute(one).value for one in pair)
        assert (better < worse) == (name in LESS_IS_BETTER), name


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("score: s", "nothing is to be measured"),
        ("prediction: p, gain: {over: mean, metrics: {accuracy: {min: 0}}}", "classes have no mean"),
        ("prediction: p, gain: {over: prior, metrics: {rmse: {min: 0}}}", "prior is of classes"),
        ("score: s, gain: {over: majority, metrics: {roc_auc: {min: 0}}}", "roc_auc needs probabilities, and majority"),
        ("prediction: p, gain: {over: last_value, metrics: {mae: {min: 0}}}", "which row comes before which"),
        ("prediction: p, gain: {order: day, metrics: {mae: {min: 0}}}", "order is for `over: last_value`"),
        ("prediction: p, gain: {metrics: {roc_auc: {min: 0}}}", "roc_auc needs `score:`"),
        ("prediction: p, gain: {metrics: {}}", "must not be empty"),
        ("prediction: p, gain: {metrics: {accuracy: {max_drop: 0.1}}}", "no baseline to compare with"),
        (
            "prediction: p, metrics: {accuracy: {}}, gain: {metrics: {rmse: {}}}",
            "some metrics are of predicted numbers",
        ),
        ("prediction: p, overfit: {metrics: {accuracy: {}}}", "train"),
        ("prediction: p, overfit: {train: {fixture: t}, metrics: {accuracy: {}}}", "no gap can show"),
        ("prediction: p, overfit: {train: nowhere, metrics: {accuracy: {}}}", "nowhere"),
        ("prediction: p, metrics: {rmse: {}}, average: macro", "rmse is of predicted numbers, which have no classes"),
        ("prediction: p, classes: [a, b, a], metrics: {accuracy: {}}", "a class is listed twice"),
        ("prediction: p, classes: [1, a], metrics: {accuracy: {}}", "some classes are text and some numbers"),
        ("score: [s, s], metrics: {roc_auc: {}}", "a score column is named twice"),
        ("score: [s, r, q], classes: [1, 2], metrics: {roc_auc: {}}", "3 score columns do not go with 2 classes"),
        ("prediction: p, classes: [1, 2, 3], metrics: {f1: {}}", "f1 is of one class, and there are several"),
        ("prediction: p, metrics: {invalid_outputs: {confidence: 0.9}}", "no confidence interval"),
        ("prediction: p, metrics: {rmse: {}}, range: {min: 0}", "the range is for invalid_outputs"),
        ("prediction: p, metrics: {rmse: {}, invalid_outputs: {}}, range: {min: 2, max: 0}", "nothing lies between"),
        ("score: s, metrics: {roc_auc: {}, invalid_outputs: {}}, range: {min: 0}", "the range is of predicted numbers"),
        ("prediction: p, gain: {metrics: {max_error: {min: 0}}}", "max_error has no interval"),
    ],
)
def test_mistakes_beside_metrics_are_found_while_reading(judged, more, said):
    """What the YAML itself can say is a collection error."""
    assert "max_error" in WITHOUT_INTERVAL
    with pytest.raises(GateFileError, match=said):
        judged(GATE.format(more=more), t=classified())
