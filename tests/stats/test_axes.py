"""Columns cut into cells, rows taken apart: against numpy and pandas, and by what must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlgate.stats.axes import category_axis, numeric_axis
from pytest_mlgate.stats.metrics import Outputs
from pytest_mlgate.stats.slices import combined, counted, halves, members


def said(span, values):
    """Tell which numbers a condition says it holds for."""
    if span.missing:
        return np.isnan(values)
    low = -np.inf if span.low is None else span.low
    high = np.inf if span.high is None else span.high
    return (values >= low) & ((values <= high) if span.closed or span.high is None else (values < high))


@given(
    st.lists(st.one_of(st.floats(-1e9, 1e9), st.sampled_from([0.0, 1.0, np.nan, np.inf])), min_size=1, max_size=60),
    st.integers(2, 6),
)
def test_conditions_hold_for_the_rows_they_say(values, bins):
    """Whatever the numbers: what a condition is called and the rows it takes are the same."""
    column = np.array(values)
    axis, spans = numeric_axis(column, bins)
    assert len(spans) == len(axis.conditions)
    for span, condition in zip(spans, axis.conditions, strict=True):
        assert (condition[axis.codes] == said(span, column)).all()


def test_numbers_are_cut_at_their_quantiles():
    """Ten bins of equal size, 45 runs of them less the one that is everything, and no edge longer than needed."""
    axis, spans = numeric_axis(np.random.default_rng(0).normal(50, 10, 20_000), 10)
    assert np.bincount(axis.codes, minlength=axis.cells)[:-1] == pytest.approx(np.full(10, 2000), abs=10)
    assert len(spans) == 54
    assert all(len(f"{end:g}") <= 5 for span in spans for end in (span.low, span.high) if end is not None)


def test_few_distinct_numbers_are_taken_as_they_are():
    """Three values make five conditions, missing ones a sixth."""
    _, spans = numeric_axis(np.array([1, 2, 3, 3, np.nan]), 10)
    assert [(one.low, one.high) for one in spans] == [(1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (None, None)]
    assert spans[-1].missing


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], [7.0, 7.0]])
def test_a_column_that_says_nothing_has_no_conditions(values):
    """Empty, missing throughout, constant."""
    axis, spans = numeric_axis(np.array(values, dtype=float), 5)
    assert len(spans) == len(axis.conditions) == 0


def test_rare_values_are_no_slices():
    """Two values of five are frequent enough; the others share a cell that no condition holds for."""
    codes = np.repeat(np.arange(5), [50, 3, 30, 9, 8])
    axis, kept = category_axis(codes, 5, 10, 100)
    assert kept == [0, 2]
    assert axis.conditions[:, axis.codes].sum(axis=1).tolist() == [50, 30]
    assert category_axis(codes, 5, 1, 3)[1] == [0, 2, 3]
    assert category_axis(np.zeros(9, dtype=np.int64), 1, 1, 9)[1] == []


@pytest.mark.parametrize("slices", [3, 70_000])
def test_members_are_the_rows_of_each_slice(slices):
    """In their order, empty slices included, with short and long codes."""
    codes = np.random.default_rng(0).integers(0, slices, 500)
    found = members(codes, slices)
    assert len(found) == slices
    for code in {*codes[:20].tolist(), 0, slices - 1}:
        assert found[code].tolist() == np.flatnonzero(codes == code).tolist()


def test_halves_are_halves_that_repeat():
    """Half of the rows, the same for the same seed, others for another."""
    one, again, other = halves(101, 1), halves(101, 1), halves(101, 2)
    assert one.sum() == 50
    assert (one == again).all()
    assert (one != other).any()


def test_rows_that_belong_together_stay_together():
    """Half of the clusters, each whole."""
    clusters = np.random.default_rng(0).integers(100, 140, 1000)
    half = halves(1000, 3, clusters)
    looked, judged = set(clusters[half].tolist()), set(clusters[~half].tolist())
    assert not looked & judged
    assert (len(looked), len(judged)) == (20, 20)


def test_combinations_that_occur_are_listed_with_their_rows():
    """Of three times two values, the four that some row has."""
    first, second = np.array([0, 2, 0, 2, 1]), np.array([0, 1, 0, 0, 1])
    found = combined([first, second], [3, 2])
    assert [(places, rows.tolist()) for places, rows in found] == [
        ((0, 0), [0, 2]),
        ((1, 1), [4]),
        ((2, 0), [3]),
        ((2, 1), [1]),
    ]


def test_what_a_reader_wants_to_know_is_counted():
    """Right and positive rows of a classifier; of predicted numbers nothing, of several classes only the right ones."""
    assert counted(Outputs(np.array([True, False, True]), np.array([True, True, True]))) == {"positives": 2, "right": 2}
    assert counted(Outputs(np.array([1.0, 2.0]), values=np.array([1.0, 2.0]))) == {}
    assert counted(Outputs(np.array([0, 2]), np.array([0, 1]), classes=("a", "b", "c"))) == {"right": 1}
