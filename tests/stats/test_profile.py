"""Profiles: parts add up to the whole, the file gives back what was written, drift sees what the rows would show."""

from __future__ import annotations

import doctest
import json
import math
import statistics
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.stats import profile_make, profile_merge
from pytest_mlgate.stats.binning import category_bins, numeric_bins
from pytest_mlgate.stats.ks import ks
from pytest_mlgate.stats.profile import ColumnProfile, Profile, Source, contradictions
from pytest_mlgate.stats.profile_drift import bins_for_drift, category_counts, ks_bracket, numeric_counts, resolution
from pytest_mlgate.stats.profile_file import load_profile, save_profile
from pytest_mlgate.stats.profile_make import categories_of, moments_of, numbers_of
from pytest_mlgate.stats.profile_merge import merge

MANY = arrays(np.float64, st.integers(0, 400), elements=st.floats(width=32, allow_nan=True, allow_infinity=True))
FEW = arrays(
    np.float64, st.integers(0, 200), elements=st.sampled_from([0.0, -0.0, 1.0, 2.5, 7.0, math.nan, math.inf, -math.inf])
)
SKEWED = arrays(np.float64, st.integers(0, 400), elements=st.integers(0, 40).map(lambda i: float(i * i // 60)))
VALUES = MANY | FEW | SKEWED
WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "ü", "NO", ""]), max_size=60)


def column(values, like=None):
    values = np.asarray(values, dtype=np.float64)
    return ColumnProfile("number", int(np.isnan(values).sum()), numbers=numbers_of(values, like and like.numbers))


def words(found, like=None):
    counts = {word: found.count(word) for word in set(found)}
    return ColumnProfile("string", 0, categories=categories_of(counts, 0, like and like.categories))


def profile(values, found, base=None):
    columns = {
        "x": column(values, base and base.columns["x"]),
        "word": words(found, base and base.columns["word"]),
    }
    return Profile(len(values), (), columns | {"word": _padded(columns["word"], len(values) - len(found))})


def _padded(part, missing):
    return ColumnProfile("string", missing, categories=part.categories)


def exact(values):
    """Give mean and M2 of finite values without rounding."""
    numbers = [Fraction(value) for value in values if math.isfinite(value)]
    mean = sum(numbers) / len(numbers)
    return mean, sum((number - mean) ** 2 for number in numbers)


def bin_by_bin(numbers, values):
    """Count values in the bins that the docstring of `Numbers` describes, one comparison after the other."""
    counts = []
    low, open_low = -math.inf, False
    finite = [value for value in values if math.isfinite(value)]

    def above(value):
        return value > low if open_low else value >= low

    for edge in numbers.edges:
        counts.append(sum(above(value) and value < edge for value in finite))
        low, open_low = edge, False
        if edge in numbers.points:
            counts.append(finite.count(edge))
            open_low = True
    return (*counts, sum(map(above, finite)))


@settings(deadline=None)
@given(VALUES, st.data())
def test_every_value_falls_into_the_bin_that_its_description_says(values, data):
    """Counted value by value, at edges of its own and at those of another column."""
    other = data.draw(VALUES)
    for numbers in (numbers_of(values), numbers_of(values, numbers_of(other))):
        assert numbers.counts == bin_by_bin(numbers, values.tolist())
        assert numbers.minus_infinity == np.isneginf(values).sum()
        assert numbers.plus_infinity == np.isposinf(values).sum()


@settings(deadline=None)
@given(VALUES)
def test_counting_at_its_own_edges_again_changes_nothing(values):
    """The sorted and the unsorted way to count agree."""
    first = numbers_of(values)
    again = numbers_of(values[::-1], first)
    assert again.counts == first.counts
    assert (again.edges, again.points) == (first.edges, first.points)


@settings(deadline=None)
@given(VALUES)
def test_moments_are_those_of_the_finite_values(values):
    """Against fractions."""
    finite = values[np.isfinite(values)]
    found = moments_of(finite)
    assert found.count == finite.size
    if finite.size:
        mean, m2 = exact(finite.tolist())
        assert (found.min, found.max) == (finite.min(), finite.max())
        assert found.mean == pytest.approx(float(mean), rel=1e-12, abs=1e-13 * float(np.abs(finite).max()))
        scale = float(np.abs(finite).max()) ** 2 * finite.size
        assert found.m2 == pytest.approx(float(m2), rel=1e-9, abs=1e-12 * scale + 1e-300)
    if finite.size > 1:
        assert found.std == pytest.approx(statistics.stdev(finite.tolist()), rel=1e-6, abs=1e-6 * np.abs(finite).max())


@settings(deadline=None)
@given(VALUES, VALUES, st.lists(st.integers(0, 400), max_size=3), WORDS, WORDS)
def test_parts_merge_to_the_whole(base_values, values, places, base_words, found):
    """Split anywhere, empty parts too, at the edges of one first profile: counts exactly, moments to rounding."""
    base_words, found = base_words[: len(base_values)], found[: len(values)]
    base = profile(base_values, base_words)
    whole = profile(values, found, base)
    at = [0, *sorted(min(place, len(values)) for place in places), len(values)]
    parts = [profile(values[i:j], found[i:j], base) for i, j in pairwise(at)]
    merged = merge(parts)
    same(merged, whole)
    same(merge(parts[::-1]), whole)
    same(merge([parts[0], merge(parts[1:])]) if len(parts) > 1 else merged, whole)
    assert list(contradictions(merged)) == []


def same(one, other):
    """Demand equality, of moments up to rounding."""
    assert one.rows == other.rows
    for name, left in one.columns.items():
        right = other.columns[name]
        assert (left.type, left.missing, left.categories) == (right.type, right.missing, right.categories)
        if left.numbers is None:
            assert right.numbers is None
            continue
        assert (left.numbers.edges, left.numbers.points) == (right.numbers.edges, right.numbers.points)
        assert left.numbers.counts == right.numbers.counts
        assert left.numbers.plus_infinity == right.numbers.plus_infinity
        assert left.numbers.minus_infinity == right.numbers.minus_infinity
        a, b = left.numbers.moments, right.numbers.moments
        assert (a.count, a.min, a.max) == (b.count, b.min, b.max)
        largest = max(abs(b.min), abs(b.max)) if b.count else 0.0
        assert (a.mean is None) == (b.mean is None)
        if a.mean is not None:
            assert a.mean == pytest.approx(b.mean, rel=1e-9, abs=1e-12 * largest)
            assert a.m2 == pytest.approx(b.m2, rel=1e-6, abs=1e-10 * b.count * largest**2 + 1e-300)


@settings(deadline=None)
@given(VALUES, VALUES)
def test_drift_against_a_profile_sees_the_bins_of_the_rows(reference, current):
    """Labels, counts on both sides, scheme: all as `numeric_bins` has them."""
    assume(reference.size)
    assume(current.size)
    by_rows = numeric_bins(reference, current)
    by_profile = numeric_counts(column(reference), current)
    assert by_profile.scheme == by_rows.scheme
    assert by_profile.labels == by_rows.labels
    assert by_profile.reference.tolist() == by_rows.reference.tolist()
    assert by_profile.current.tolist() == by_rows.current.tolist()
    assert sorted(by_profile.unseen.tolist()) == sorted(by_rows.unseen.tolist())


@pytest.mark.parametrize("rows", [150, 1_999, 20_000])
def test_drift_against_a_profile_sees_the_bins_of_many_rows(rows):
    """A continuous column, one with mass at zero, whole numbers."""
    rng = np.random.default_rng(rows)
    for values in (rng.normal(size=rows), np.maximum(0, rng.normal(size=rows)), rng.poisson(40, rows).astype(float)):
        current = rng.choice(values, 500) * 1.1
        by_rows, by_profile = numeric_bins(values, current), numeric_counts(column(values), current)
        assert by_profile.labels == by_rows.labels
        assert by_profile.reference.tolist() == by_rows.reference.tolist()
        assert by_profile.current.tolist() == by_rows.current.tolist()


@settings(deadline=None)
@given(VALUES, VALUES, VALUES)
def test_the_distance_lies_in_its_bracket(base, reference, current):
    """For a profile of the rows and for one at foreign edges; the bracket is no wider than one bin."""
    assume(reference.size)
    assume(current.size)
    true = ks(reference, current).value
    for found in (column(reference), column(reference, column(base))):
        bracket = ks_bracket(found, current)
        assert bracket.low <= true + 1e-12
        assert true <= bracket.high + 1e-12
        assert bracket.high - bracket.low <= resolution(found.numbers) + 1e-12


def test_a_large_profile_tells_the_distance_to_half_a_hundredth():
    """Two hundred bins of a continuous column hold a two-hundredth of the rows each."""
    values = np.random.default_rng(1).lognormal(size=100_000)
    assert resolution(numbers_of(values)) <= 0.0051


@settings(deadline=None)
@given(VALUES, VALUES, VALUES)
def test_bins_for_drift_account_for_every_reference_row(base, first, second):
    """Also where a profile was merged at the edges of another."""
    like = column(base)
    merged = merge([Profile(len(part), (), {"x": column(part, like)}) for part in (first, second)])
    numbers = merged.columns["x"].numbers
    bins = bins_for_drift(numbers)
    assert sum(bins.counts) == numbers.present
    assert len(bins.counts) == (len(bins.values) if bins.scheme == "exact" else len(bins.cuts) + 1)
    assert list(bins.cuts) == sorted(set(bins.cuts))


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=3), st.integers(2, 9), max_size=9), st.integers(0, 3), WORDS)
def test_categories_against_a_profile_are_those_of_the_rows(known, missing, found):
    """While all are listed."""
    assume(known)
    assume(found)
    current = {word: found.count(word) for word in set(found)}
    reference = ColumnProfile("string", missing, categories=categories_of(known))
    by_rows, by_profile = category_bins(known, current, missing, 1), category_counts(reference, current, 1)
    assert by_profile.labels == by_rows.labels
    assert by_profile.reference.tolist() == by_rows.reference.tolist()
    assert by_profile.current.tolist() == by_rows.current.tolist()


def test_what_a_profile_does_not_list_is_pooled_on_both_sides():
    """A category that fell to truncation is not taken for one never seen."""
    reference = ColumnProfile("string", 0, categories=categories_of({"a": 50, "b": 30, "x": 1, "y": 1}, rest=18))
    assert reference.categories.counts == {"a": 50, "b": 30}
    counts = category_counts(reference, {"a": 5, "x": 2, "z": 1})
    found = dict(zip(counts.labels, zip(counts.reference, counts.current, strict=True), strict=True))
    assert found == {"a": (50, 5), "b": (30, 0), "other categories": (20, 3)}


def test_identifiers_are_not_listed():
    """A hundred addresses, two of them often: only those are categories."""
    found = categories_of({f"user{i}@example.org": 1 for i in range(100)} | {"root": 6, "admin": 4})
    assert found.counts == {"root": 6}
    assert (found.other, found.truncated) == (104, True)


def test_edges_of_a_small_table_are_not_its_rows():
    """A hundred salaries leave nine edges behind."""
    assert len(numbers_of(np.random.default_rng(0).normal(size=100)).edges) == 9


def test_a_column_without_values_has_one_empty_bin():
    """All missing, or no rows at all."""
    for values in ([], [math.nan, math.nan]):
        numbers = numbers_of(values)
        assert (numbers.edges, numbers.counts, numbers.moments.count) == ((), (0,), 0)


def test_extremes_of_double_precision_are_counted():
    """Sums that would overflow are left out; denormals and the largest double are binned."""
    values = np.array([1.7e308, -1.7e308, 5e-324, 0.0, np.finfo(float).max] * 40)
    numbers = numbers_of(values)
    assert numbers.moments.mean is None
    assert numbers.moments.max == np.finfo(float).max
    assert numbers.counts == bin_by_bin(numbers, values.tolist())
    load_profile(save_profile(Profile(200, (), {"x": ColumnProfile("number", 0, numbers=numbers)})).encode(), "it")


@settings(deadline=None)
@given(VALUES, WORDS)
def test_a_file_gives_back_what_was_written(values, found):
    """To the last bit, names and categories of any script too."""
    one = profile(values, found[: len(values)])
    one = Profile(one.rows, (Source("a.csv", "0" * 64, one.rows, "1"),), {"NO": one.columns["x"], **one.columns})
    text = save_profile(one)
    read = load_profile(text.encode(), "it")
    assert read == one
    assert save_profile(read) == text
    json.loads(text)


def test_a_file_reads_as_a_small_difference():
    """One row more changes the lines of its column, and those that count rows."""
    base = profile(np.arange(300) % 7, ["a", "b"] * 100)
    more = Profile(base.rows, (), base.columns | {"x": column(np.append(np.arange(299) % 7, 0), base.columns["x"])})
    before, after = save_profile(base).splitlines(), save_profile(more).splitlines()
    changed = [line.split(":")[0].strip(' "') for line in after if line not in before]
    assert changed == ["sha256", "mean", "m2", "counts"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-40], "cut short"),
        (lambda _: "", "cut short"),
        (lambda text: text.replace('"missing": 0', '"missing": 1', 1), "sha256"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "upgrade"),
        (lambda text: text.replace('"version": 1,', ""), "no profile"),
        (lambda text: text.replace('"rows": 10', '"rows": "ten"'), "damaged"),
        (lambda text: text.replace('"rows": 10', '"rows": 10, "more": 1'), "damaged"),
        (lambda _: "[1, 2]", "no profile"),
    ],
)
def test_a_damaged_file_is_refused(change, said):
    """Cut short, edited, of another version, no profile at all: each says what is wrong."""
    text = save_profile(profile(np.arange(10), []))
    assert change(text) != text
    with pytest.raises(NotMeasuredError, match=said) as caught:
        load_profile(change(text).encode(), "train.profile.json")
    assert "train.profile.json" in str(caught.value)
    assert "mlgate profile" in str(caught.value)


def test_the_layout_of_a_file_does_not_matter():
    """A formatter may reflow it."""
    one = profile(np.arange(10), ["a"] * 10)
    assert load_profile(json.dumps(json.loads(save_profile(one)), indent=4).encode(), "it") == one


def test_counts_that_do_not_add_up_are_refused_whatever_the_hash_says():
    """A made-up file with a correct hash is still no table."""
    one = profile(np.arange(10), ["a"] * 10)
    with pytest.raises(NotMeasuredError, match="do not add up"):
        load_profile(save_profile(Profile(11, (), one.columns)).encode(), "it")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda one: Profile(10, (), {"x": column(np.arange(5, 15))} | {"word": one.columns["word"]}), "same edges"),
        (lambda one: Profile(10, (), {"x": one.columns["x"], "word": words(["z", "z"] * 5)}), "same categories"),
        (lambda one: Profile(10, (), {"x": one.columns["x"]}), "same columns"),
        (lambda one: Profile(10, (), {"x": one.columns["x"], "word": one.columns["x"]}), "of type string"),
    ],
)
def test_profiles_that_were_not_counted_alike_do_not_merge(other, said):
    """The error says which column it is and what to do."""
    one = profile(np.arange(10), ["a", "b"] * 5)
    with pytest.raises(ValueError, match=said) as caught:
        merge([one, other(one)])
    assert "--like" in str(caught.value)


def test_a_part_is_not_counted_twice():
    """The same file under two names."""
    source = Source("a.parquet", "f" * 64, 3, "1")
    one = Profile(3, (source,), {"x": column([1, 2, 3])})
    with pytest.raises(ValueError, match=r"a\.parquet is part of more than one"):
        merge([one, one])


def test_examples_of_profiles_hold():
    """Each module with examples has some, and all of them are true."""
    for module in (profile_make, profile_merge):
        found = doctest.testmod(module)
        assert found.attempted
        assert not found.failed
