"""`drift.predictions`: a model's answers, or columns that hold them, against those on a reference."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pytest_mlgate.errors import GateFileError

GATE = """
gates:
  g:
    kind: drift.predictions
    reference: {{fixture: old}}
    data: {{fixture: new}}
    {source}
    metrics: {metrics}
"""


@pytest.fixture
def answers(judged):
    """Compare the answers on two tables."""

    def judge(old, new, source, metrics="{psi: {max: 0.2}}", **fixtures):
        text = GATE.format(source=source, metrics=metrics)
        return judged(text, old=pa.table(old), new=pa.table(new), **fixtures)

    return judge


def scored(n, seed, mean=0.0):
    scores = 1 / (1 + np.exp(-np.random.default_rng(seed).normal(mean, 1.0, n)))
    return {"p": scores, "c": np.where(scores > 0.5, "yes", "no")}


def test_columns_that_stay_pass_and_columns_that_move_fail(answers):
    """Scores as numbers, classes as categories, each under a name of its own."""
    source = "score: p\n    prediction: c"
    result, checks = answers(scored(4000, 1), scored(3000, 2), source)
    assert (result.verdict, set(checks)) == ("PASS", {("score", "psi"), ("prediction", "psi")})
    result, checks = answers(scored(4000, 1), scored(3000, 2, mean=1.0), source)
    assert {check.verdict for check in checks.values()} == {"FAIL"}
    assert "of psi" in checks["score", "psi"].detail["look_at"][0]


def test_too_few_answers_are_inconclusive(answers):
    """Twenty rows cannot show an index of 0.2."""
    result, _ = answers(scored(4000, 1), scored(20, 2), "score: p")
    assert (result.verdict, result.outcome) == ("INCONCLUSIVE", "warned")


@pytest.mark.parametrize(
    ("output", "name"), [("logits", "score"), ("probability", "score"), ("value", "value"), ("label", "prediction")]
)
def test_a_model_is_run_on_both_tables(answers, output, name):
    """Without any label; what comes out is compared as what the model says it is."""
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def forward(self, x):
            found = x[:, :1]
            return {"probability": torch.sigmoid(found), "label": (found > 0).float()}.get(output, found)

    rng = np.random.default_rng(3)
    old, same, moved = rng.normal(size=3000), rng.normal(size=2000), rng.normal(1.0, 1.0, 2000)
    source = f"model: {{fixture: net, features: [x], output: {output}}}"
    result, checks = answers({"x": old}, {"x": same}, source, net=Net())
    assert (result.verdict, set(checks)) == ("PASS", {(name, "psi")})
    result, _ = answers({"x": old}, {"x": moved}, source, net=Net())
    assert result.verdict == "FAIL"


def test_several_classes_are_compared_by_the_likeliest(answers):
    """A model of three classes that changed its favourite."""
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def forward(self, x):
            return torch.softmax(torch.cat([x, torch.zeros_like(x), -x], 1), 1)

    rng = np.random.default_rng(4)
    source = "model: {fixture: net, features: [x], output: probability}"
    _, checks = answers({"x": rng.normal(size=3000)}, {"x": rng.normal(2.0, 1.0, 2000)}, source, net=Net())
    assert checks["prediction", "psi"].verdict == "FAIL"
    assert ("score", "psi") in checks


def test_what_cannot_be_compared_is_not_measured(answers):
    """An empty table, a column that is missing, a metric that says nothing of classes, answers of two sorts."""
    old = scored(900, 1)
    assert answers(old, scored(0, 2), "score: p")[0].verdict == "NOT_MEASURED"
    assert "no column 'q'" in answers(old, scored(900, 2), "score: q")[0].reason
    found = answers(old, scored(900, 2), "prediction: c", "{ks: {max: 0.1}}")[0]
    assert "ks says nothing of answers that are categories" in found.reason
    found = answers({"v": [0.5] * 900}, {"v": ["a"] * 900}, "prediction: v")[0]
    assert "one and the same sort" in (found.remedy or "")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("severity: error", "either from a model or from columns"),
        ("score: p\n    model: {fixture: net, features: [x], output: logits}", "either from a model or from columns"),
    ],
)
def test_mistakes_are_found_while_reading(answers, source, said):
    """Answers come from one place."""
    with pytest.raises(GateFileError, match=said):
        answers({"x": [1.0]}, {"x": [1.0]}, source)
