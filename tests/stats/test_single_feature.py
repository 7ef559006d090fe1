"""How well one feature alone tells the classes of a label apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from pytest_mlgate.stats.roc import roc_auc
from pytest_mlgate.stats.single_feature import left_out, ranked, single_feature

NAN = float("nan")


def alone(values, labels, *, ordered=True):
    """One count for each row."""
    labels = np.asarray(labels, dtype=np.int64)
    return single_feature(np.asarray(values, dtype=float), labels, np.ones(labels.size, np.int64), ordered=ordered)


def leave_pair_out(categories, labels):
    """Learn from all other rows, for each pair of a positive and a negative row: the definition, written out."""
    wins = []
    for i in np.flatnonzero(labels):
        for j in np.flatnonzero(~labels):
            rest = np.ones(labels.size, dtype=bool)
            rest[[i, j]] = False
            whole = labels[rest].mean() if rest.any() else 0.0
            scores = []
            for row in (i, j):
                own = rest & (categories == categories[row])
                scores.append(labels[own].mean() if own.any() else whole)
            tie = categories[i] == categories[j]
            wins.append(0.5 if tie else float(scores[0] > scores[1]) + 0.5 * float(scores[0] == scores[1]))
    return float(np.mean(wins))


ROWS = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=14).filter(
    lambda rows: len({label for _, label in rows}) == 2
)


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_categories_are_judged_on_rows_they_were_not_learned_from(rows):
    """The closed form is what leaving out each pair of rows gives."""
    categories, labels = (np.array(one) for one in zip(*rows, strict=True))
    counted = [np.bincount(categories[which], minlength=5).astype(float) for which in (labels, ~labels)]
    assert left_out(*counted).value == pytest.approx(leave_pair_out(categories, labels), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_counts_give_the_area_and_variance_that_rows_do(rows):
    """As `roc_auc` computes them row by row, ties and classes of one row included."""
    scores, labels = (np.array(one) for one in zip(*rows, strict=True))
    counted = [np.bincount(scores[which], minlength=5).astype(float) for which in (labels, ~labels)]
    found, expected = ranked(*counted), roc_auc(labels, scores.astype(float))
    assert (found.positives, found.negatives) == (expected.positives, expected.negatives)
    assert found.value == pytest.approx(expected.value, abs=1e-12)
    assert found.variance == pytest.approx(expected.variance, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_number_is_worth_what_scikit_learn_says_of_its_present_rows(seed):
    """In either direction, with ties, infinities and missing rows."""
    rng = np.random.default_rng(seed)
    labels = rng.random(3000) < 0.2
    values = (rng.normal(size=3000) + (-1) ** seed * labels).round(2)
    values[rng.random(3000) < 0.1] = NAN
    values[:3] = [np.inf, -np.inf, np.inf]
    here = ~np.isnan(values)
    ranks = np.searchsorted(np.unique(values[here]), values[here])
    expected = roc_auc_score(labels[here], ranks)
    found = alone(values, labels)
    assert (found.look, found.positive) == ("values", 1)
    assert found.auc.value == pytest.approx(max(expected, 1 - expected), abs=1e-12)
    assert found.auc.positives + found.auc.negatives == here.sum()


def test_the_class_that_is_told_best_is_found():
    """One against the rest, for each of several classes, as scikit-learn computes it."""
    rng = np.random.default_rng(8)
    labels = rng.integers(0, 5, 4000)
    values = rng.normal(size=4000) - 2.0 * (labels == 3) + 1.0 * (labels == 1)
    found = alone(values, labels)
    each = [roc_auc_score(labels == one, values) for one in range(5)]
    expected = [max(one, 1 - one) for one in each]
    assert found.positive == int(np.argmax(expected)) == 3
    assert found.auc.value == pytest.approx(max(expected), abs=1e-12)


def test_pairs_may_be_counted_together():
    """Repeated rows and their counts are the same thing."""
    rng = np.random.default_rng(9)
    values, labels = rng.integers(0, 300, 5000).astype(float), rng.integers(0, 3, 5000)
    pairs, counts = np.unique(np.stack([values, labels]), axis=1, return_counts=True)
    for ordered in (True, False):
        together = single_feature(pairs[0], pairs[1].astype(np.int64), counts.astype(np.int64), ordered=ordered)
        apart = alone(values, labels, ordered=ordered)
        assert (together.look, together.positive) == (apart.look, apart.positive)
        assert together.auc.value == pytest.approx(apart.auc.value, abs=1e-12)
        assert together.p_value == pytest.approx(apart.p_value)


def test_being_missing_can_be_all_that_a_feature_says():
    """Present values are noise, and only negatives have any."""
    rng = np.random.default_rng(10)
    labels = rng.random(2000) < 0.3
    found = alone(np.where(labels, NAN, rng.normal(size=2000)), labels)
    assert (found.look, found.auc.value) == ("missingness", 1.0)


def test_codes_are_looked_at_as_categories_too():
    """Odd codes are one class, even ones the other: their order says nothing, they themselves everything."""
    rng = np.random.default_rng(11)
    codes = rng.integers(0, 40, 2000)
    found = alone(codes, codes % 2)
    assert (found.look, found.auc.value) == ("categories", 1.0)
    assert roc_auc_score(codes % 2, codes) < 0.6


@pytest.mark.parametrize("per_category", [1, 2, 3, 10, 1000])
def test_categories_that_say_nothing_are_worth_one_half(per_category):
    """On average over many draws, however few rows a category has: learning and judging are kept apart."""
    rng = np.random.default_rng(per_category)
    areas = []
    for _ in range(300):
        labels = rng.random(400) < 0.3
        categories = np.arange(400) // per_category
        counted = [
            np.bincount(categories[which], minlength=categories.max() + 1).astype(float) for which in (labels, ~labels)
        ]
        areas.append(left_out(*counted).value)
    assert np.mean(areas) == pytest.approx(0.5, abs=4 * np.std(areas) / np.sqrt(len(areas)) + 1e-12)
    if per_category == 1:
        assert set(areas) == {0.5}


def test_chance_is_not_understated():
    """Where a feature says nothing, a p-value of at most 0.05 is no more frequent than that, by any look."""
    rng = np.random.default_rng(12)
    makes = {
        "numbers": lambda: rng.normal(size=60),
        "codes": lambda: rng.integers(0, 8, 60),
        "pairs": lambda: np.arange(60) // 2,
        "gaps": lambda: np.where(rng.random(60) < 0.4, NAN, rng.normal(size=60)),
    }
    for name, make in makes.items():
        p_values = [
            alone(rng.permutation(make()), np.arange(60) < 20, ordered=name != "pairs").p_value for _ in range(600)
        ]
        assert np.mean(np.array(p_values) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600), name


def test_perfect_separation_of_a_few_rows_may_be_chance():
    """Five against five happens once in a hundred and twenty-six; fifty against fifty does not."""
    few, many = alone(np.arange(10), np.arange(10) >= 5), alone(np.arange(100), np.arange(100) >= 50)
    assert few.auc.value == many.auc.value == 1.0
    assert 0.005 < few.p_value < 0.05
    assert many.p_value < 1e-12


def test_a_class_of_three_rows_does_not_outshine_one_of_hundreds():
    """The rare class is ranked perfectly by luck; what is reported is the class that there is evidence for."""
    rng = np.random.default_rng(13)
    labels = rng.integers(0, 2, 1000)
    values = rng.normal(size=1000) + 0.5 * labels
    labels[:3], values[:3] = 2, 99.0
    found = alone(values, labels)
    assert found.positive in (0, 1)
    assert found.auc.positives >= 10


@pytest.mark.parametrize(
    ("values", "labels", "why"),
    [
        ([1.0, 2.0], [1, 1], "fewer than two classes"),
        ([NAN, NAN], [0, 1], "every value is missing"),
        ([1.0, 2.0], [1], "one length"),
    ],
)
def test_what_says_nothing_is_refused(values, labels, why):
    """At the door."""
    with pytest.raises(ValueError, match=why):
        alone(values, labels)
