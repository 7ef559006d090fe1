"""`model.metrics`: values against scikit-learn, verdicts against the bounds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pytest_mlgate.errors import GateFileError

GATE = "gates:\n  g: {{kind: model.metrics, data: {{fixture: t}}, label: y, {more}}}\n"
COLUMNS = "prediction: p, score: s"


def scored(n=2000, strength=1.0, seed=1):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    scores = 1 / (1 + np.exp(-(strength * (2 * labels - 1) + rng.normal(0, 1, n))))
    return pa.table({"y": labels, "s": scores, "p": (scores > 0.5).astype(int)})


def test_values_are_those_of_scikit_learn(judged):
    """Accuracy and ROC AUC to the last digits that matter."""
    metrics = pytest.importorskip("sklearn.metrics")
    table = scored()
    labels, scores, predicted = (table[name].to_numpy() for name in "ysp")
    _, checks = judged(GATE.format(more=f"{COLUMNS}, metrics: {{accuracy: {{}}, roc_auc: {{}}}}"), t=table)
    assert checks["*", "accuracy"].value == pytest.approx(metrics.accuracy_score(labels, predicted), abs=1e-12)
    assert checks["*", "roc_auc"].value == pytest.approx(metrics.roc_auc_score(labels, scores), abs=1e-12)
    assert {check.verdict for check in checks.values()} == {"INFO"}


ALL_OF_CLASSES = ("balanced_accuracy", "precision", "recall", "f1", "log_loss", "brier")


def test_every_metric_of_classes_reaches_the_report(judged):
    """Each with a value, bounds around it and, with a limit that they straddle, the rows that would decide."""
    table = scored()
    _, plain = judged(GATE.format(more=f"{COLUMNS}, metrics: {{{': {}, '.join(ALL_OF_CLASSES)}: {{}}}}"), t=table)
    for name in ALL_OF_CLASSES:
        check = plain["*", name]
        assert (check.verdict, check.confidence, check.n) == ("INFO", 0.95, 2000)
        assert check.low < check.value < check.high
        limits = {"PASS": check.low - 0.001, "INCONCLUSIVE": check.value + 0.0005, "FAIL": check.high + 0.001}
        for verdict, limit in limits.items():
            more = f"{COLUMNS}, metrics: {{{name}: {{min: {limit:.9f}}}}}, confidence: 0.95"
            _, checks = judged(GATE.format(more=more), t=table)
            assert checks["*", name].verdict == verdict
            assert (checks["*", name].rows_to_decide is not None) == (verdict == "INCONCLUSIVE")


def test_numbers_are_judged_by_their_errors(judged):
    """Rmse, mae and r2 of a column of predicted numbers, and of a model with `output: value`."""
    metrics = pytest.importorskip("sklearn.metrics")
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    target = rng.normal(10, 3, 800)
    predicted = (target + rng.normal(0, 1, 800)).astype(np.float32)
    table = pa.table({"y": target, "p": predicted})
    limits = "metrics: {rmse: {max: 1.2}, mae: {max: 0.9}, r2: {min: 0.8}}, confidence: 0.95"
    result, columns = judged(GATE.format(more=f"prediction: p, {limits}"), t=table)
    assert result.verdict == "PASS"
    assert columns["*", "rmse"].value == pytest.approx(metrics.root_mean_squared_error(target, predicted))
    assert columns["*", "r2"].value == pytest.approx(metrics.r2_score(target, predicted))
    model = "model: {fixture: m, features: [p], output: value}"
    _, live = judged(GATE.format(more=f"{model}, {limits}"), t=table, m=torch.nn.Identity())
    assert {key: check.value for key, check in live.items()} == {
        key: pytest.approx(check.value) for key, check in columns.items()
    }


@pytest.mark.parametrize(
    ("metric", "columns", "said"),
    [
        ("precision", {"y": [1, 0, 1], "p": [0, 0, 0]}, "no row is predicted positive"),
        ("balanced_accuracy", {"y": [1, 1, 1], "p": [1, 0, 1]}, "one class: all 3 rows are positive"),
        ("r2", {"y": [2.0, 2.0, 2.0], "p": [1.0, 2.0, 3.0]}, "the target is constant"),
        (
            "rmse",
            {"y": [2.0, None, 1.0], "p": [1.0, 2.0, 3.0]},
            "1 of 3 labels in column 'y' are missing or not finite",
        ),
        ("mae", {"y": [2.0, 1.0, 1.0], "p": [1.0, 2.0, float("inf")]}, "the first is row 2"),
        ("mae", {"y": ["a", "b", "c"], "p": [1.0, 2.0, 3.0]}, "holds no numbers"),
        ("mae", {"y": pa.array([], pa.float64()), "p": pa.array([], pa.float64())}, "no rows"),
        ("accuracy", {"y": [1, 0, 1, 0, 7], "p": [1, 0, 1, 0, 1]}, "the first other than the usual is row 4: 7"),
        ("recall", {"y": [1, 0, 1], "p": [1, 5, 1]}, "the first other than the usual is row 1: 5"),
    ],
)
def test_an_undefined_metric_says_why(judged, metric, columns, said):
    """Never a pass: the reason, and the row where one is at fault."""
    result, checks = judged(GATE.format(more=f"prediction: p, metrics: {{{metric}: {{min: 0}}}}"), t=pa.table(columns))
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert said in (result.reason or next(iter(checks.values())).reason)


def test_a_defined_metric_without_bounds_is_judged_by_its_value_alone(judged):
    """Errors that are all alike bound nothing: with `confidence` that is NOT_MEASURED, without it the value decides."""
    table = pa.table({"y": [1.0, 2.0, 3.0], "p": [2.0, 3.0, 4.0]})
    result, _ = judged(GATE.format(more="prediction: p, metrics: {mae: {max: 1.5}}"), t=table)
    assert result.verdict == "PASS"
    _, checks = judged(GATE.format(more="prediction: p, metrics: {mae: {max: 1.5}}, confidence: 0.95"), t=table)
    assert checks["*", "mae"].verdict == "NOT_MEASURED"
    assert "without any spread" in checks["*", "mae"].reason


@pytest.mark.parametrize(("offset", "verdict"), [(-0.05, "PASS"), (0.0, "INCONCLUSIVE"), (0.05, "FAIL")])
def test_with_confidence_the_bounds_decide(judged, offset, verdict):
    """A limit well below passes, at the value is undecided and says how many rows would decide, well above fails."""
    table = scored()
    accuracy = float(np.mean(table["y"].to_numpy() == table["p"].to_numpy()))
    limit = f"metrics: {{accuracy: {{min: {accuracy + offset + 0.001:.6f}}}}}, confidence: 0.95"
    _, checks = judged(GATE.format(more=f"{COLUMNS}, {limit}"), t=table)
    check = checks["*", "accuracy"]
    assert check.verdict == verdict
    assert (check.rows_to_decide is not None) == (verdict == "INCONCLUSIVE")
    assert check.rows_to_decide is None or check.rows_to_decide > 2000


def test_without_confidence_the_value_decides(judged):
    """Inclusive: exactly on the limit passes."""
    table = pa.table({"y": [1, 0, 1, 0], "p": [1, 0, 1, 1]})
    result, _ = judged(GATE.format(more="prediction: p, metrics: {accuracy: {min: 0.75}}"), t=table)
    assert result.verdict == "PASS"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"y": [1, 1, 1], "s": [0.1, 0.2, 0.3]}, "class"),
        ({"y": [1, 0, None], "s": [0.1, 0.2, 0.3]}, "missing"),
        ({"y": [1, 0, 1], "s": [0.1, 0.2, None]}, "missing"),
        ({"y": [1, 0, 1], "s": [0.1, 0.2, 7.5]}, "probabilit"),
        ({"y": [1, 0, 2], "s": [0.1, 0.2, 0.3]}, "label"),
        ({"y": ["yes", "no", "no"], "s": [0.1, 0.2, 0.3]}, "positive"),
        ({"y": [1, 0, 1]}, "no column 's'"),
        ({"y": pa.array([], pa.int64()), "s": pa.array([], pa.float64())}, "no rows"),
    ],
    ids=[
        "one class",
        "missing label",
        "missing score",
        "no probability",
        "three labels",
        "text labels",
        "no column",
        "empty",
    ],
)
def test_what_cannot_be_measured_says_why(judged, columns, said):
    """Never a pass, always a reason."""
    result, checks = judged(GATE.format(more="score: s, metrics: {roc_auc: {min: 0.1}}"), t=pa.table(columns))
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert said in (result.reason or next(iter(checks.values())).reason)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("metrics: {accuracy: {min: 0.5}}", "either from a model or from columns"),
        ("prediction: p, model: {fixture: m}, metrics: {accuracy: {min: 0.5}}", "either from a model or from columns"),
        ("prediction: p, metrics: {roc_auc: {min: 0.5}}", "roc_auc needs `score:`"),
        ("score: s, metrics: {accuracy: {min: 0.5}}", "accuracy needs `prediction:`"),
        ("score: s, metrics: {}", "must not be empty"),
        ("prediction: p, metrics: {log_loss: {max: 1}}", "log_loss needs `score:`"),
        ("score: s, metrics: {rmse: {max: 1}}", "rmse needs `prediction:`"),
        ("prediction: p, metrics: {rmse: {max: 1}, f1: {min: 0}}", "rmse is of predicted numbers and f1 of .* classes"),
        ("model: {fixture: m, features: [x]}, metrics: {f1: {min: 0}}", "nothing says what comes out of the model"),
        ("model: {fixture: m, output: logits}, metrics: {f1: {min: 0}}", "nothing says how rows reach the model"),
        (
            "model: {fixture: m, features: [x], output: label}, metrics: {roc_auc: {min: 0}}",
            "roc_auc cannot be computed from a model with `output: label`",
        ),
        (
            "model: {fixture: m, features: [x], output: logits}, metrics: {rmse: {max: 1}}",
            "it needs one with `output:` `value`",
        ),
        ("score: s, metrics: {auc: {min: 0.5}}", "unknown name 'auc'"),
        ("score: s, metrics: {roc_auc: {max_drop: 0.1}}", "no baseline"),
        ("score: s, metrics: {roc_auc: {min: 0.9, max: 0.1}}", "nothing can pass"),
        ("score: s, metrics: {ece: {max: 5}}", "ece lies between 0 and 1: nothing is beyond 5"),
        ("prediction: p, metrics: {mcc: {warn_min: -2}}", "mcc lies between -1 and 1: nothing is beyond -2"),
        ("prediction: p, metrics: {rmse: {min: -1}}", "rmse lies between 0 and inf: nothing is beyond -1"),
        ("prediction: y, metrics: {accuracy: {min: 0.5}}", "'y' is the label: held against itself"),
        ("score: [a, y], metrics: {roc_auc: {min: 0.5}}", "'y' is the label: held against itself"),
        ("model: {fixture: m, features: [x, y], output: label}, metrics: {f1: {}}", "the label that it is to predict"),
    ],
)
def test_mistakes_are_found_while_reading(judged, more, said):
    """What the YAML itself can say is a collection error."""
    with pytest.raises(GateFileError, match=said):
        judged(GATE.format(more=more), t=scored())


def test_a_torch_model_gives_what_its_columns_would(judged):
    """A model that is the identity on the logit reproduces the scores, so the metrics are the same numbers."""
    torch = pytest.importorskip("torch")
    table = scored()
    logits = np.log(table["s"].to_numpy() / (1 - table["s"].to_numpy()))
    table = table.append_column("logit", pa.array(logits))
    limits = "metrics: {accuracy: {}, roc_auc: {}}"
    _, columns = judged(GATE.format(more=f"{COLUMNS}, {limits}"), t=table)
    model = "model: {fixture: m, features: [logit], output: logits}"
    _, live = judged(GATE.format(more=f"{model}, {limits}"), t=table, m=torch.nn.Identity())
    for key, check in columns.items():
        assert live[key].value == pytest.approx(check.value, abs=1e-6)
