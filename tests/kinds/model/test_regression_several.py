"""`model.regression` with several classes, weights and clusters: passed on to what compares, and never ignored."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss

from pytest_mlgate.errors import GateFileError

GATE = "gates:\n  g: {{kind: model.regression, data: {{fixture: t}}, label: y, {more}}}\n"
COLUMNS = "prediction: p, score: [sa, sb, sc], baseline: {prediction: q, score: [ra, rb, rc]}"
NAMES = np.array(["a", "b", "c"])


def three(n=1500, seed=4):
    """Three classes, an old model and a slightly worse new one; weights, and a shared difficulty of five rows each."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    shared = np.repeat(rng.normal(0, 1, (n // 5, 3)), 5, axis=0)
    found = {"y": NAMES[labels], "w": rng.gamma(2.0, 1.0, n), "g": np.arange(n) // 5}
    for prediction, letter, strength in (("p", "s", 1.2), ("q", "r", 1.5)):
        logits = strength * np.eye(3)[labels] + shared + rng.normal(0, 0.4, (n, 3))
        scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        found[prediction] = NAMES[scores.argmax(axis=1)]
        found |= {f"{letter}{name}": scores[:, i] for i, name in enumerate(NAMES)}
    return pa.table(found)


def column(table, name):
    return np.asarray(table[name].to_pylist())


def test_several_classes_are_compared_by_the_average_that_was_chosen(judged):
    """Both values are those of scikit-learn, bounds are of the paired difference, flips count every class."""
    table = three()
    metrics = "average: macro, metrics: {f1: {max_drop: 0.2}, log_loss: {max_rise: 0.5}, flip_rate: {max: 0.5}}"
    result, checks = judged(GATE.format(more=f"{COLUMNS}, {metrics}, confidence: 0.95"), t=table)
    y, p, q = (column(table, name) for name in "ypq")
    f1, loss, flips = (checks["*", name] for name in ("f1", "log_loss", "flip_rate"))
    assert result.verdict == "PASS"
    assert f1.value == pytest.approx(f1_score(y, p, average="macro"))
    assert f1.baseline == pytest.approx(f1_score(y, q, average="macro"))
    old = np.column_stack([column(table, f"r{name}") for name in NAMES])
    assert loss.baseline == pytest.approx(log_loss(y, old))
    assert flips.value == pytest.approx(np.mean((q == y) & (p != y)))
    assert f1.low < f1.value < f1.high
    assert f1.high - f1.low < 0.08


def test_a_metric_of_one_class_needs_an_average(judged):
    """A collection error, whichever parameter says that there are several."""
    with pytest.raises(GateFileError, match="f1 is of one class, and there are several"):
        judged(GATE.format(more=f"{COLUMNS}, metrics: {{f1: {{max_drop: 0.2}}}}"), t=three())
    more = "prediction: p, classes: [a, b, c], baseline: {prediction: q}, metrics: {f1: {max_drop: 0.2}}"
    with pytest.raises(GateFileError, match="f1 is of one class, and there are several"):
        judged(GATE.format(more=more), t=three())


def test_weights_are_those_of_both_models(judged):
    """A weighted accuracy of each, and a weighted share of flips."""
    table = three()
    y, p, q, w = (column(table, name) for name in "ypqw")
    metrics = (
        "classes: [a, b, c], weight: w, metrics: {accuracy: {max_drop: 0.2}, flip_rate: {max: 0.5}}, confidence: 0.95"
    )
    _, checks = judged(GATE.format(more=f"prediction: p, baseline: {{prediction: q}}, {metrics}"), t=table)
    found, flips = checks["*", "accuracy"], checks["*", "flip_rate"]
    assert found.value == pytest.approx(accuracy_score(y, p, sample_weight=w))
    assert found.baseline == pytest.approx(accuracy_score(y, q, sample_weight=w))
    assert flips.value == pytest.approx(np.average((q == y) & (p != y), weights=w))
    assert flips.detail["mcnemar_p"] is None


def test_rows_that_belong_together_are_worth_less(judged):
    """Five copies of each row are worth one; too few groups give no bounds, and so no verdict at a confidence."""
    table = three(n=300).take(np.repeat(np.arange(300), 5))
    table = table.set_column(table.column_names.index("g"), "g", pa.array(np.arange(1500) // 5))
    limits = "classes: [a, b, c], metrics: {accuracy: {max_drop: 0.2}, flip_rate: {max: 0.5}}, confidence: 0.95"
    found = {}
    for groups in ("", "groups: g, "):
        more = f"prediction: p, baseline: {{prediction: q}}, {groups}{limits}"
        _, found[groups] = judged(GATE.format(more=more), t=table)
    plain, grouped = found.values()
    for metric in ("accuracy", "flip_rate"):
        alone, together = plain["*", metric], grouped["*", metric]
        assert alone.value == together.value
        assert (together.high - together.low) / (alone.high - alone.low) == pytest.approx(np.sqrt(5), rel=0.1)
    few = table.set_column(table.column_names.index("g"), "g", pa.array(np.arange(1500) % 30))
    more = f"prediction: p, baseline: {{prediction: q}}, groups: g, {limits}"
    result, checks = judged(GATE.format(more=more), t=few)
    assert result.verdict == "NOT_MEASURED"
    assert all("30 clusters are too few" in check.reason for check in checks.values())


def test_a_file_is_compared_in_the_same_way(judged, tmp_path):
    """Averages and weights are the candidate's, and are what the file must not contradict."""
    table = three()
    y, p, w = (column(table, name) for name in "ypw")
    value = f1_score(y, p, average="macro", sample_weight=w)
    (tmp_path / "m.json").write_text(
        json.dumps({"f1": value, "settings": {"average": "macro", "weight": "w"}}), encoding="utf-8"
    )
    more = "prediction: p, baseline: {file: m.json}, weight: w, metrics: {f1: {max_drop: 0.001}}, average: "
    result, checks = judged(GATE.format(more=f"{more}macro"), t=table)
    assert (result.verdict, checks["*", "f1"].value) == ("PASS", pytest.approx(value))
    result, _ = judged(GATE.format(more=f"{more}weighted"), t=table)
    assert "average was 'macro' and is 'weighted'" in result.reason


def test_a_metric_without_an_interval_is_decided_by_its_value(judged):
    """The largest error has none, and the gate's confidence is for the others."""
    rng = np.random.default_rng(5)
    target = rng.normal(10, 3, 500)
    table = pa.table({"y": target, "p": target + rng.normal(0, 1, 500), "q": target + rng.normal(0, 1, 500)})
    limits = "metrics: {max_error: {max_rise: 5}, medae: {max_rise: 0.5}}, confidence: 0.95"
    result, checks = judged(GATE.format(more=f"prediction: p, baseline: {{prediction: q}}, {limits}"), t=table)
    errors = np.abs(np.asarray(table["p"]) - target)
    assert result.verdict == "PASS"
    assert checks["*", "max_error"].value == pytest.approx(errors.max())
    own = limits.replace("max_rise: 5", "max_rise: 5, confidence: 0.9")
    with pytest.raises(GateFileError, match="no confidence interval"):
        judged(GATE.format(more=f"prediction: p, baseline: {{prediction: q}}, {own}"), t=table)
