"""Binning two samples by the first: what the bins show and what they must not hide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pytest_mlgate.stats.binning import BinCounts, category_bins, equal_widths, numeric_bins
from pytest_mlgate.stats.cells import comparable
from pytest_mlgate.stats.sides import sorted_side

VALUES = arrays(np.float64, st.integers(1, 80), elements=st.floats(allow_nan=True, allow_infinity=True, width=32))
FEW_VALUES = arrays(np.float64, st.integers(1, 80), elements=st.sampled_from([0.0, -0.0, 1.0, 2.5, 7.0, np.nan]))
SAMPLES = VALUES | FEW_VALUES
CATEGORIES = st.dictionaries(st.sampled_from(["a", "b", "c", "d", "missing", "unseen"]), st.integers(0, 50), min_size=1)


def table(counts):
    return dict(zip(counts.labels, zip(counts.reference.tolist(), counts.current.tolist(), strict=True), strict=True))


def same(one, other):
    return (one.labels, one.scheme, one.reference.tolist(), one.current.tolist()) == (
        other.labels,
        other.scheme,
        other.reference.tolist(),
        other.current.tolist(),
    )


@given(reference=SAMPLES, current=SAMPLES)
def test_every_row_is_counted_once(reference, current):
    """Both sides add up to their rows, every bin holds a row, and every label is different."""
    counts = numeric_bins(reference, current)
    assert (counts.n, counts.m) == (reference.size, current.size)
    assert (counts.reference + counts.current > 0).all()
    assert len(set(counts.labels)) == len(counts.labels)


@given(reference=SAMPLES, current=SAMPLES, seed=st.integers(0, 99))
def test_order_does_not_matter(reference, current, seed):
    """Shuffled rows fall into the same bins."""
    rng = np.random.default_rng(seed)
    assert same(numeric_bins(rng.permutation(reference), rng.permutation(current)), numeric_bins(reference, current))


@given(reference=SAMPLES, current=SAMPLES, exponent=st.integers(-40, 40))
def test_scale_does_not_matter(reference, current, exponent):
    """A column at 1e-12 is binned as one at 1: only the labels tell the unit."""
    factor = 2.0**exponent
    scaled, plain = numeric_bins(reference * factor, current * factor), numeric_bins(reference, current)
    assert scaled.scheme == plain.scheme
    assert scaled.reference.tolist() == plain.reference.tolist()
    assert scaled.current.tolist() == plain.current.tolist()


def test_bins_are_reference_deciles_with_open_tails():
    """A hundred different ages make ten bins of ten, and values beyond them fall into the outermost."""
    counts = numeric_bins(np.arange(100), [-1_000.0, 5.0, 10.0, 95.0, 1e9])
    assert counts.scheme == "quantile"
    assert table(counts) == {
        "< 10": (10, 2),
        "[10, 20)": (10, 1),
        "[20, 30)": (10, 0),
        "[30, 40)": (10, 0),
        "[40, 50)": (10, 0),
        "[50, 60)": (10, 0),
        "[60, 70)": (10, 0),
        "[70, 80)": (10, 0),
        "[80, 90)": (10, 0),
        ">= 90": (10, 2),
    }


def test_quantile_counts_agree_with_numpy():
    """Counting by sorting gives what numpy's histogram gives over the same edges."""
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=3_000), rng.normal(0.5, 2.0, size=1_700)
    counts = numeric_bins(reference, current)
    edges = [-np.inf, *np.sort(reference)[300::300], np.inf]
    assert counts.reference.tolist() == np.histogram(reference, edges)[0].tolist() == [300] * 10
    assert counts.current.tolist() == np.histogram(current, edges)[0].tolist()


def test_the_number_of_bins_can_be_chosen():
    """Four bins are cut at quartiles."""
    assert numeric_bins(np.arange(100), [0.0], bins=4).labels == ("< 25", "[25, 50)", "[50, 75)", ">= 75")


def test_nan_is_a_bin_of_its_own():
    """Missing values are counted apart, last, and only where there are any."""
    counts = numeric_bins(np.arange(100), [1.0, np.nan, np.nan])
    assert table(counts)["missing"] == (0, 2)
    assert counts.labels[-1] == "missing"
    assert "missing" not in numeric_bins(np.arange(100), [1.0]).labels


def test_infinities_fall_into_the_tails():
    """Infinite values are extremes of the column, not errors and not missing."""
    counts = numeric_bins(np.arange(100), [-np.inf, np.inf, np.inf])
    assert (table(counts)["< 10"], table(counts)[">= 90"]) == ((10, 1), (10, 2))


def test_infinities_may_fill_bins():
    """A reference that is infinite in three rows of ten has them in its last bin."""
    counts = numeric_bins(np.concatenate([np.arange(70), np.full(30, np.inf)]), [3.0, 1e300, np.inf])
    assert table(counts)[">= inf"] == (30, 1)
    assert counts.current.tolist() == [1, 0, 0, 0, 0, 0, 1, 1]


def test_few_values_get_a_bin_each_and_the_rest_are_other_values():
    """A column of codes is compared code by code; codes and fractions that are new are pooled and kept apart inside."""
    counts = numeric_bins([1, 1, 2, 2, 2, 3, 3], [1, 3, 3, 4, 4, 2.5])
    assert counts.scheme == "exact"
    assert table(counts) == {"1": (2, 1), "2": (3, 0), "3": (2, 2), "other values": (0, 3)}
    assert sorted(counts.unseen.tolist()) == [1, 2]


def test_a_constant_that_moves_a_little_is_seen():
    """5 turning into 5.01 leaves the constant's bin empty."""
    assert table(numeric_bins([5.0] * 50, [5.01] * 40)) == {"5": (50, 0), "other values": (0, 40)}


def test_negative_zero_is_zero():
    """-0.0 and 0.0 are one value, written 0."""
    assert table(numeric_bins([-0.0, 0.0, 0.0, -0.0], [0.0, -0.0])) == {"0": (4, 2)}


def test_few_rows_of_a_continuous_column_are_not_taken_for_codes():
    """Fifteen different numbers are fifteen rows, not fifteen codes, so that a new sample is not all 'other values'."""
    rng = np.random.default_rng(1)
    counts = numeric_bins(rng.normal(size=15), rng.normal(size=5_000))
    assert counts.scheme == "quantile"
    assert "other values" not in counts.labels


def test_a_value_that_fills_several_bins_becomes_one_of_its_own():
    """Where most rows are 0, the zeros are told from what lies just above and just below them."""
    reference = np.concatenate([np.zeros(600), np.linspace(1, 40, 400)])
    counts = numeric_bins(reference, [-1.0, 0.0, 0.0, 1e-9, 100.0])
    assert table(counts)["0"] == (600, 2)
    assert table(counts)["< 0"] == (0, 1)
    first_above = next(label for label in counts.labels if label.startswith("(0, "))
    assert table(counts)[first_above][1] == 1


def test_labels_keep_close_edges_apart():
    """Edges that differ in the eighth digit are written with as many."""
    labels = numeric_bins(1.0 + np.arange(100) * 1e-8, [1.0]).labels
    assert labels[0] == "< 1.0000001"
    assert len(set(labels)) == 10


def test_categories_are_listed_by_frequency_and_new_ones_pooled():
    """Categories the reference lacks share the bin `unseen`, and missing comes last."""
    counts = category_bins({"MA": 5, "NY": 9, "RI": 0}, {"NY": 3, "RI": 2, "CT": 1, "VT": 0}, 0, 4)
    assert counts.scheme == "category"
    assert table(counts) == {"NY": (9, 3), "MA": (5, 0), "unseen": (0, 3), "missing": (0, 4)}
    assert sorted(counts.unseen.tolist()) == [1, 2]


@pytest.mark.parametrize("name", ["unseen", "missing", "other values"])
def test_a_category_called_as_a_bin_is_shown_in_quotes(name):
    """And compared as itself, beside what was never seen."""
    counts = category_bins({name: 50, "a": 50}, {name: 40, "a": 50, "new": 10})
    assert table(counts) == {repr(name): (50, 40), "a": (50, 50), "unseen": (0, 10)}
    assert comparable(counts).reference.tolist() == [50, 50, 0]


def test_huge_numbers_have_no_bars():
    """A width that no number holds is not divided; there is no picture, and no warning."""
    side = sorted_side("x", [-1.7e308, 0.0, 1.7e308])
    assert equal_widths([side], 4) == ([], [[]])


@given(reference=CATEGORIES, current=CATEGORIES, missing=st.tuples(st.integers(1, 5), st.integers(1, 5)))
def test_every_categorised_row_is_counted_once(reference, current, missing):
    """Both sides add up, and a category that happens to be called `missing` is not taken for missing values."""
    counts = category_bins(reference, current, *missing)
    assert (counts.n, counts.m) == (sum(reference.values()) + missing[0], sum(current.values()) + missing[1])
    assert len(set(counts.labels)) == len(counts.labels)
    assert table(counts)["missing"] == missing


@given(reference=CATEGORIES, current=CATEGORIES, seed=st.integers(0, 99))
def test_order_of_categories_does_not_matter(reference, current, seed):
    """The same counts in another order make the same bins."""
    rng = np.random.default_rng(seed)
    shuffled = [
        dict(rng.permutation(np.array(list(each.items()), dtype=object)).tolist()) for each in (reference, current)
    ]
    assert same(category_bins(*shuffled, 1, 1), category_bins(reference, current, 1, 1))


@pytest.mark.parametrize(
    ("reference", "current", "message"),
    [
        ([], [1.0], "reference side has no rows"),
        ([1.0], [], "current side has no rows"),
        ([[1.0]], [1.0], "reference must have one dimension"),
        ([1.0], ["red"], "current must be numbers"),
    ],
)
def test_refuses_numbers_that_cannot_be_compared(reference, current, message):
    """An empty side and values that are no numbers are refused by name."""
    with pytest.raises(ValueError, match=message):
        numeric_bins(reference, current)


def test_refuses_a_single_bin():
    """One bin compares nothing."""
    with pytest.raises(ValueError, match="bins must be a whole number of at least 2"):
        numeric_bins([1.0], [1.0], bins=1)


@pytest.mark.parametrize(
    ("reference", "current", "message"),
    [
        ({}, {"a": 1}, "reference side has no rows"),
        ({"a": 1}, {"a": 0}, "current side has no rows"),
        ({"a": -1}, {"a": 1}, "below zero"),
    ],
)
def test_refuses_categories_that_cannot_be_compared(reference, current, message):
    """An empty side and negative counts are refused."""
    with pytest.raises(ValueError, match=message):
        category_bins(reference, current)


def test_counts_are_checked_and_frozen():
    """Tables made by hand are checked at the door and cannot be changed afterwards."""
    with pytest.raises(ValueError, match="2 labels, 2 reference and 1 current counts"):
        BinCounts(("a", "b"), [1, 2], [3], "category")
    with pytest.raises(ValueError, match="none below zero"):
        BinCounts(("a",), [-1], [3], "category")
    counts = BinCounts(("a",), [1], [3], "category")
    with pytest.raises(ValueError, match="read-only"):
        counts.reference[0] = 9


def test_a_million_rows_a_side_are_binned():
    """By sorting, without a Python loop over rows; each row falls into one bin."""
    rng = np.random.default_rng(2)
    reference, current = rng.normal(size=1_000_000), rng.normal(size=1_000_000)
    bins = numeric_bins(reference, current)
    assert (int(bins.reference.sum()), int(bins.current.sum())) == (1_000_000, 1_000_000)
