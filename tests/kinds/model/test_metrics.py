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
        ("score: s, metrics: {auc: {min: 0.5}}", "unknown name 'auc'"),
        ("score: s, metrics: {roc_auc: {max_drop: 0.1}}", "no baseline"),
        ("score: s, metrics: {roc_auc: {min: 0.9, max: 0.1}}", "nothing can pass"),
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
