"""Predictions from columns: what is taken, and what is refused rather than misread."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.kind import PredictionSpec
from pytest_mlgate.reference import ModelRef, TableRef


@pytest.fixture
def predict(inputs):
    """Get predictions from the columns of a frame."""

    def get(frame, **spec):
        named = {"label": "y", **spec}
        return inputs(rows=frame).predictions(PredictionSpec(kind="x", data=TableRef(fixture="rows"), **named))

    return get


FRAME = pl.DataFrame({"y": [1, 0, 0, 1], "p": [1, 1, 0, 0], "s": [0.9, 0.5, 0.0, 1.0]})


def test_columns_become_arrays(predict):
    """Labels and predictions are bool, scores float64; what was not named is None."""
    both = predict(FRAME, prediction="p", score="s")
    assert (both.labels.tolist(), both.predicted.tolist()) == ([True, False, False, True], [True, True, False, False])
    assert (both.labels.dtype, both.scores.dtype, both.scores.tolist()) == (bool, np.float64, [0.9, 0.5, 0.0, 1.0])
    assert predict(FRAME, prediction="p").scores is None
    assert predict(FRAME, score="s").predicted is None


@pytest.mark.parametrize(
    ("labels", "positive"),
    [
        ([1, 0], 1),
        ([1.0, 0.0], 1),
        ([True, False], 1),
        ([1, 0], True),
        ([0, 1], 0),
        (["yes", "no"], "yes"),
        (["1", "0"], "1"),
        ([-1, 1], -1),
        ([2**53 + 1, 2**53], 2**53 + 1),
        ([-(2**53), -(2**53) - 1], -(2**53)),
    ],
)
def test_the_positive_label_is_compared_by_value(labels, positive, predict):
    """1, 1.0 and true are one label; text compares with text."""
    found = predict(pl.DataFrame({"y": labels, "p": labels}), prediction="p", positive=positive)
    assert found.labels.tolist() == found.predicted.tolist() == [True, False]


def test_labels_of_all_sorts_of_columns_agree(predict):
    """Categorical text, decimals and booleans are compared by value, across columns of different types."""
    frame = pl.DataFrame(
        {"y": [True, False], "p": [1.0, 0.0], "c": pl.Series(["a", "b"], dtype=pl.Categorical), "t": ["a", "b"]}
    )
    assert predict(frame, prediction="p").predicted.tolist() == [True, False]
    assert predict(frame, label="c", prediction="t", positive="a").labels.tolist() == [True, False]


@pytest.mark.parametrize(
    ("frame", "spec", "says"),
    [
        ({"y": [0, 1, 2], "p": [0, 1, 1]}, {"prediction": "p"}, "3 distinct labels (0, 1, 2)"),
        ({"y": [0, 1, None], "p": [0, 1, 1]}, {"prediction": "p"}, "1 of 3 labels in column 'y' are missing"),
        ({"y": [0.0, 1.0, float("nan")], "p": [0, 1, 1]}, {"prediction": "p"}, "1 of 3 labels"),
        ({"y": [0, 1], "p": [0, None]}, {"prediction": "p"}, "1 of 2 predictions in column 'p' are missing"),
        ({"y": [0, 1], "s": [0.1, None]}, {"score": "s"}, "1 of 2 values of the score column 's' are missing"),
        ({"y": [0, 1], "s": [0.1, float("nan")]}, {"score": "s"}, "1 of 2 values"),
        ({"y": [0, 1], "s": [-0.1, 1.0]}, {"score": "s"}, "ranges from -0.1 to 1, which are no probabilities"),
        ({"y": [0, 1], "s": [3.5, -2.0]}, {"score": "s"}, "ranges from -2 to 3.5"),
        ({"y": [0, 1], "s": [0.5, float("inf")]}, {"score": "s"}, "to inf"),
        ({"y": [0, 1], "s": ["0.1", "0.2"]}, {"score": "s"}, "'s', of type string (varchar), holds no scores"),
        ({"y": [2, 3], "p": [2, 3]}, {"prediction": "p"}, "positive label 1; it holds 2, 3"),
        ({"y": ["1", "0"], "p": ["1", "0"]}, {"prediction": "p"}, "positive label 1; it holds '0', '1'"),
        ({"y": [1, 0], "p": [1, 0]}, {"prediction": "p", "positive": "1"}, "positive label '1'"),
        ({"y": [1, 0], "p": ["yes", "no"]}, {"prediction": "p"}, "'no', 'yes', but the labels are"),
        ({"y": [1, 1], "p": ["1", "1"]}, {"prediction": "p"}, "the predictions in column 'p' are '1'"),
        ({"y": [1, 0], "p": [0.7, 0.2]}, {"prediction": "p"}, "0.2, 0.7, but the labels are"),
        ({"y": [1, 0]}, {"prediction": "p"}, "no column 'p'"),
        ({"y": [1, 0], "s": [0.1, 0.2]}, {"score": "s", "label": "z"}, "no column 'z'"),
        ({"y": [1, 0]}, {}, "neither a model nor columns"),
        ({"y": pl.Series([], dtype=pl.Int64), "s": pl.Series([], dtype=pl.Float64)}, {"score": "s"}, "no rows"),
        ({"y": [[1], [0]], "s": [0.1, 0.2]}, {"score": "s"}, "no values that can be counted"),
    ],
)
def test_what_cannot_be_trusted_is_refused(frame, spec, says, predict):
    """Each of these would otherwise give a number, and a wrong one."""
    with pytest.raises(NotMeasuredError) as caught:
        predict(pl.DataFrame(frame), **spec)
    assert says in caught.value.reason
    assert caught.value.remedy


def test_quotes_are_hinted_at(predict):
    """Text that looks like the positive number is the commonest slip."""
    with pytest.raises(NotMeasuredError) as caught:
        predict(pl.DataFrame({"y": ["1", "0"], "s": [0.1, 0.2]}), score="s")
    assert "quotes" in caught.value.remedy


def test_a_model_and_columns_exclude_each_other(predict):
    """Predictions come from one place."""
    with pytest.raises(NotMeasuredError, match="both a model and columns"):
        predict(FRAME, score="s", model=ModelRef(fixture="net"))


def test_a_lazy_frame_is_read_once(predict):
    """Labels and scores of a lazy frame come from the same computation, so that they belong to the same rows."""
    runs = []

    def shuffled(frame):
        runs.append(1)
        return frame.sample(fraction=1.0, shuffle=True, seed=len(runs))

    rows = pl.LazyFrame({"y": [0, 1] * 50, "s": [0.0, 1.0] * 50}).map_batches(shuffled)
    found = predict(rows, score="s", prediction="y")
    assert found.labels.tolist() == (found.scores == 1.0).tolist() == found.predicted.tolist()
