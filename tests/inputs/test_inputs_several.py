"""Predictions among several classes: what is taken, and what is refused rather than misread."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.kind import ModelSpec
from pytest_mlgate.reference import ModelRef, TableRef

ROWS = {
    "y": ["cat", "dog", "eel", "cat"],
    "p": ["cat", "dog", "dog", "eel"],
    "cat": [0.7, 0.2, 0.1, 0.3],
    "dog": [0.2, 0.5, 0.5, 0.3],
    "eel": [0.1, 0.3, 0.4, 0.4],
}
SCORES = ("cat", "dog", "eel")


@pytest.fixture
def predict(inputs):
    """Get predictions from the columns of a frame, or from a model that is handed over as `net`."""

    def get(rows, net=None, **spec):
        frame = rows if isinstance(rows, pl.DataFrame | pl.LazyFrame) else pl.DataFrame(rows)
        named = {"label": "y", **spec}
        gate = inputs(rows=frame, net=net)
        return gate.predictions(ModelSpec(kind="x", data=TableRef(fixture="rows"), **named))

    return get


def test_labels_become_positions_among_the_classes(predict):
    """Ascending; scores are a column for each, in the same order."""
    found = predict(ROWS, prediction="p", score=SCORES)
    assert found.classes == ("cat", "dog", "eel")
    assert (found.labels.tolist(), found.predicted.tolist()) == ([0, 1, 2, 0], [0, 1, 1, 2])
    assert (found.labels.dtype, found.predicted.dtype, found.scores.dtype) == (np.int64, np.int64, np.float64)
    np.testing.assert_array_equal(found.scores, np.column_stack([ROWS[name] for name in SCORES]))
    assert found.weights is found.clusters is None


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([3, 1, 2], (1, 2, 3)),
        ([3.0, 1.0, 2.0], (1, 2, 3)),
        ([-1, 0, 10], (-1, 0, 10)),
        ([2**53 + 1, 2**53, 2**53 + 2], (2**53, 2**53 + 1, 2**53 + 2)),
        (["10", "9", "b"], ("10", "9", "b")),
        ([True, False, True], (False, True)),
        (pl.Series(["b", "a", "c"], dtype=pl.Categorical), ("a", "b", "c")),
    ],
)
def test_whole_numbers_text_and_truth_values_are_classes(labels, classes, predict):
    """In the order of their kind: numbers by value, text letter by letter."""
    found = predict({"y": labels, "p": labels}, prediction="p", average="macro")
    assert found.classes == classes
    assert found.labels.tolist() == found.predicted.tolist()
    assert [found.classes[code] for code in found.labels] == list(pl.Series(labels))


def test_columns_of_different_types_agree_by_value(predict):
    """Truth values, whole floats and integers are the same labels."""
    found = predict({"y": [True, False, True], "p": [1.0, 0.0, 0.0]}, prediction="p", average="micro")
    assert (found.labels.tolist(), found.predicted.tolist()) == ([1, 0, 1], [1, 0, 0])


def test_declared_classes_order_the_scores_and_need_not_occur(predict):
    """A class that no row has keeps its place; columns stand in the order declared, arrays in ascending order."""
    rows = {"y": ["dog", "cat"], "e": [0.1, 0.2], "d": [0.6, 0.1], "c": [0.3, 0.7]}
    found = predict(rows, score=("e", "d", "c"), classes=("eel", "dog", "cat"))
    assert found.classes == ("cat", "dog", "eel")
    assert found.labels.tolist() == [1, 0]
    np.testing.assert_array_equal(found.scores, [[0.3, 0.6, 0.1], [0.7, 0.1, 0.2]])


@pytest.mark.parametrize("positive", [1, 0])
def test_two_classes_stay_binary_unless_an_average_is_asked_for(positive, predict):
    """The score of the positive one is then completed by the rest; of two columns its own is taken."""
    rows = {"y": [1, 0], "s": [0.9, 0.2], "r": [0.1, 0.8]}
    binary = predict(rows, score="s", positive=positive)
    assert (binary.classes, binary.scores.tolist()) == ((), [0.9, 0.2])
    pair = predict(rows, score=("r", "s"), positive=positive)
    assert (pair.classes, pair.scores.tolist()) == ((), [0.9, 0.2] if positive else [0.1, 0.8])
    both = predict(rows, score="s", positive=positive, average="macro")
    assert both.classes == (0, 1)
    np.testing.assert_allclose(both.scores[:, positive], [0.9, 0.2])
    np.testing.assert_allclose(both.scores.sum(axis=1), 1.0)


def test_two_classes_without_a_positive_one_are_classes(predict):
    """Declared, and none of them is `positive`: there is nothing binary about them."""
    found = predict({"y": ["a", "b"], "p": ["a", "a"]}, prediction="p", classes=("a", "b"))
    assert (found.classes, found.predicted.tolist()) == (("a", "b"), [0, 0])


REFUSED = [
    (
        {**ROWS, "y": ["cat", None, "eel", "cat"]},
        {"prediction": "p"},
        "labels in column 'y' are missing; the first is row 1",
    ),
    ({**ROWS, "p": ["cat", "cat", "eel", None]}, {"prediction": "p"}, "'p' are missing; the first is row 3"),
    ({"y": [1.0, 2.0, float("nan")], "p": [1, 2, 3]}, {"prediction": "p"}, "1 of 3 labels in column 'y' are missing"),
    ({"y": [1.5, 2.0, 3.0], "p": [1, 2, 3]}, {"prediction": "p"}, "1.5 is no whole number"),
    (
        {**ROWS, "p": ["cat", "dog", "fox", "fox"]},
        {"prediction": "p"},
        "which the classes ('cat', 'dog', 'eel') do not, in 2 of 4 rows; the first is row 2",
    ),
    (
        {"y": [1, 2, 3], "p": ["1", "2", "3"]},
        {"prediction": "p"},
        "hold '1', '2', '3', which the classes (1, 2, 3) do not",
    ),
    (ROWS, {"prediction": "p", "classes": ("cat", "dog", "fox")}, "the labels in column 'y' hold 'eel'"),
    (ROWS, {"prediction": "p", "classes": ("cat", "dog", "cat")}, "one twice"),
    (ROWS, {"prediction": "p", "classes": ("cat", "dog", 3)}, "text beside numbers"),
    ({"y": ["a"] * 3, "p": ["a"] * 3}, {"prediction": "p"}, "column 'y' holds one class: all 3 rows are 'a'"),
    ({"y": list(range(1500)), "p": list(range(1500))}, {"prediction": "p"}, "1,500 distinct labels, more than classes"),
    (ROWS, {"score": ("cat", "dog")}, "`score:` names 2 columns, and there are 3 classes"),
    (ROWS, {"score": "cat"}, "`score:` names 1 column, and there are 3 classes"),
    (
        {**ROWS, "eel": [0.1, 0.3, 0.9, 0.4]},
        {"score": SCORES},
        "do not add up to 1 in 1 of 4 rows; the first is row 2, which adds up to 1.5",
    ),
    (
        {**ROWS, "eel": [0.1, None, 0.4, 0.4]},
        {"score": SCORES},
        "'cat', 'dog', 'eel' are missing or NaN; the first is in row 1",
    ),
    (
        {**ROWS, "eel": [0.1, 0.3, 0.4, -2.5]},
        {"score": SCORES},
        "ranges from -2.5 to 0.7, which are no probabilities; 1 of 4 rows hold others, the first is row 3",
    ),
    ({**ROWS, "eel": [0.1, float("inf"), 0.4, 0.4]}, {"score": SCORES}, "to inf, which are no probabilities"),
    ({**ROWS, "eel": list("wxyz")}, {"score": SCORES}, "'eel', of type string (varchar), holds no scores"),
    (ROWS, {"score": ("cat", "dog", "fox")}, "no column 'fox'"),
    ({name: pl.Series([], dtype=pl.String) for name in "yp"}, {"prediction": "p"}, "no rows"),
]


@pytest.mark.parametrize(("rows", "spec", "says"), REFUSED, ids=[says[:40] for _, _, says in REFUSED])
def test_what_cannot_be_trusted_is_refused(rows, spec, says, predict):
    """Each of these would otherwise give a number, and a wrong one."""
    with pytest.raises(NotMeasuredError) as caught:
        predict(rows, average="macro", **spec)
    assert says in caught.value.reason
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("rows", "spec", "says", "mend"),
    [
        (
            {"y": [0, 1, 0, 7], "p": [0, 1, 0, 1]},
            {},
            "3 distinct labels (0, 1, 7); the first other than the usual is row 3: 7",
            "`classes: [0, 1, 7]`",
        ),
        ({"y": [1, 1], "p": [1, 0]}, {}, "column 'y' holds one class: all 2 rows are positive (1)", "`classes:`"),
        (
            {"y": [0, 1, 2], "p": [0, 1, 1]},
            {"classes": (0, 1)},
            "the first other than the usual is row 2: 2",
            "`classes:`",
        ),
        ({"y": [1, 0], "p": [1, 2]}, {}, "the predictions in column 'p' are 1, 2", "same two values"),
    ],
    ids=["stray label", "one class", "not declared", "stray prediction"],
)
def test_a_binary_gate_does_not_become_one_of_several_by_itself(rows, spec, says, mend, predict):
    """A stray label is a mistake in the data until somebody says that it is a class."""
    with pytest.raises(NotMeasuredError) as caught:
        predict(rows, prediction="p", **spec)
    assert says in caught.value.reason
    assert mend in caught.value.remedy


def test_one_class_can_be_meant(predict):
    """Who lists both says that only one occurs on purpose: recall is then measured on positives alone."""
    found = predict({"y": [1, 1], "p": [1, 0]}, prediction="p", classes=(0, 1))
    assert (found.classes, found.labels.tolist(), found.predicted.tolist()) == ((), [True, True], [True, False])


def test_weights_and_clusters_come_with_the_rows(predict):
    """Weights as they are, clusters as codes that are equal where the key is; also from a frame that is lazy."""
    rows = {**ROWS, "w": [1.0, 0.0, 2.5, 1.0], "who": ["u", "v", "u", "w"]}
    for frame in (pl.DataFrame(rows), pl.LazyFrame(rows)):
        found = predict(frame, prediction="p", score=SCORES, weight="w", groups="who")
        assert found.weights.tolist() == [1.0, 0.0, 2.5, 1.0]
        assert found.clusters[0] == found.clusters[2]
        assert len(set(found.clusters.tolist())) == 3
        assert found.clusters.dtype == np.int64


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("weight", [1, -1, -2, 1], "2 of 4 weights in column 'z' are negative; the first is row 1: -1"),
        (
            "weight",
            [1.0, 2.0, float("nan"), 1.0],
            "1 of 4 weights in column 'z' are missing, NaN or infinite; the first is row 2",
        ),
        ("weight", [1.0, None, 1.0, 1.0], "the first is row 1"),
        ("weight", [1.0, 1.0, 1.0, float("inf")], "the first is row 3: inf"),
        ("weight", [0, 0, 0, 0], "all 4 weights in column 'z' are 0"),
        ("weight", list("abcd"), "holds no weights"),
        ("groups", ["a", None, "b", "b"], "1 of 4 values of the cluster key 'z' are missing; the first is row 1"),
        ("groups", [1.0, 2.0, 3.0, float("nan")], "the first is row 3"),
        ("groups", [[1], [2], [3], [4]], "no values that can be told apart"),
    ],
)
def test_weights_and_clusters_that_mean_nothing_are_refused(column, values, says, predict):
    """Negative, missing, all zero, or a row that belongs to nobody: each is located."""
    with pytest.raises(NotMeasuredError) as caught:
        predict({**ROWS, "z": values}, prediction="p", average="macro", **{column: "z"})
    assert says in caught.value.reason
    assert caught.value.remedy


@pytest.fixture
def answering(user_module):
    """Make a model that gives fixed answers."""
    torch = pytest.importorskip("torch")

    class Fixed(torch.nn.Module):
        def __init__(self, answers):
            super().__init__()
            self.answers = torch.tensor(answers)

        def forward(self, x):
            return self.answers[: len(x)]

    return Fixed


LOGITS = [[2.0, 0.5, -1.0], [0.0, 3.0, 0.0], [-1.0, -1.0, 900.0], [-900.0, 0.0, 0.0]]


def test_a_models_logits_become_probabilities_of_each_class(answering, predict):
    """By softmax, without overflow; the most probable class is predicted."""
    special = pytest.importorskip("scipy.special")
    rows = {"y": [10, 20, 30, 20], "a": [0.0] * 4}
    ref = ModelRef(fixture="net", features=("a",), output="logits")
    found = predict(rows, net=answering(LOGITS), model=ref)
    np.testing.assert_allclose(found.scores, special.softmax(np.array(LOGITS), axis=1), rtol=1e-6, atol=1e-300)
    assert found.predicted.tolist() == [0, 1, 2, 1]
    turned = predict(rows, net=answering(LOGITS), model=ref, classes=(30, 20, 10))
    assert turned.classes == (10, 20, 30)
    np.testing.assert_array_equal(turned.scores, found.scores[:, ::-1])


def test_a_models_labels_are_classes(answering, predict):
    """As numbers, which is all that a tensor can hold."""
    ref = ModelRef(fixture="net", features=("a",), output="label")
    rows = {"y": [10, 20, 30, 20], "a": [0.0] * 4}
    found = predict(rows, net=answering([10.0, 20.0, 20.0, 30.0]), model=ref, average="macro")
    assert (found.predicted.tolist(), found.scores) == ([0, 1, 1, 2], None)


@pytest.mark.parametrize("width", [1, 2])
def test_two_classes_of_a_model_keep_its_threshold(width, answering, predict):
    """With an average as without: the same rows are predicted positive."""
    positive = np.array([0.9, 0.6, 0.4, 0.8])
    answers = (np.column_stack([1 - positive, positive]) if width == 2 else positive).tolist()
    ref = ModelRef(fixture="net", features=("a",), output="probability", threshold=0.7)
    rows = {"y": [0, 1, 0, 1], "a": [0.0] * 4}
    binary, both = (predict(rows, net=answering(answers), model=ref, average=one) for one in (None, "macro"))
    assert binary.predicted.tolist() == (both.predicted == 1).tolist() == [True, False, False, True]
    np.testing.assert_allclose(both.scores[:, 1], binary.scores)


@pytest.mark.parametrize("output", ["probability", "logits"])
@pytest.mark.parametrize("more", [{"classes": (1, 2)}, {"classes": (2, 1)}, {"average": "macro"}])
def test_two_outputs_of_a_model_stand_as_two_columns_do(more, output, answering, predict):
    """In the order of `classes`, or ascending, whichever of the two is the positive one."""
    first = np.array([0.9, 0.6, 0.2, 0.1])
    pair = np.column_stack([first, 1 - first])
    answers = pair if output == "probability" else np.log(pair)
    rows = {"y": [1, 1, 2, 2], "a": [0.0] * 4, "p0": pair[:, 0], "p1": pair[:, 1]}
    ref = ModelRef(fixture="net", features=("a",), output=output)
    live = predict(rows, net=answering(answers.tolist()), model=ref, **more)
    columns = predict(rows, score=("p0", "p1"), **more)
    np.testing.assert_allclose(live.scores, columns.scores)
    right = more.get("classes") != (2, 1)
    assert (live.predicted == live.labels).tolist() == [right] * 4


@pytest.mark.parametrize(
    ("answers", "ref", "says"),
    [
        (LOGITS, {"output": "probability"}, "which are no probabilities; 4 of 4 rows hold others, the first is row 0"),
        (
            [[0.2, 0.2, 0.2]] * 4,
            {"output": "probability"},
            "do not add up to 1 in 4 of 4 rows; the first is row 0, which adds up to 0.6",
        ),
        ([[float("nan")] * 3] * 4, {"output": "logits"}, "NaN or infinite logits in 4 of 4 rows; the first is row 0"),
        (
            [[0.25] * 4] * 4,
            {"output": "probability"},
            "gives 4 probabilities a row, and there are 3 classes (10, 20, 30)",
        ),
        ([0.1, 0.2, 0.3, 0.4], {"output": "logits"}, "the model gives 1 logits a row, and there are 3 classes"),
        (LOGITS, {"output": "logits", "threshold": 0.7}, "threshold 0.7 means nothing among 3 classes"),
        (
            [10.0, 20.0, 40.0, 40.0],
            {"output": "label"},
            "model gives hold 40, which the classes (10, 20, 30) do not, in 2 of 4 rows; the first is row 2",
        ),
        ([10.0, 20.0, 20.5, 10.0], {"output": "label"}, "hold 20.5"),
        ([float("nan")] * 4, {"output": "label"}, "labels that are no numbers"),
    ],
    ids=["logits", "sigmoids", "nan", "too wide", "too narrow", "threshold", "unseen", "no class", "nan label"],
)
def test_answers_of_a_model_that_cannot_be_classes_are_refused(answers, ref, says, answering, predict):
    """Wrong in width, kind or range: located where there is a row to blame."""
    rows = {"y": [10, 20, 30, 20], "a": [0.0] * 4}
    with pytest.raises(NotMeasuredError) as caught:
        predict(rows, net=answering(answers), model=ModelRef(fixture="net", features=("a",), **ref), average="macro")
    assert says in caught.value.reason
    assert caught.value.remedy


def test_two_probabilities_that_do_not_add_up_are_refused(answering, predict):
    """Of a binary model too: two sigmoids are no distribution."""
    ref = ModelRef(fixture="net", features=("a",), output="probability")
    with pytest.raises(NotMeasuredError, match=r"the first is row 0, which adds up to 1\.5"):
        predict({"y": [0, 1], "a": [0.0, 0.0]}, net=answering([[0.7, 0.8], [0.5, 0.5]]), model=ref)
