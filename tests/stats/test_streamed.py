"""Passes over pieces of a column: the counts of the whole column, whatever the pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlgate.stats.binning import numeric_bins
from pytest_mlgate.stats.ks import ks
from pytest_mlgate.stats.profile_drift import cell_counts
from pytest_mlgate.stats.streamed import Counted, Outline, Reference, sorted_piece

KINDS = ("normal", "few", "constant", "mixed", "whole", "infinite", "single", "big", "sorted", "missing", "skewed")


def column(rng, kind, rows, moved):
    x = rng.normal(size=rows) + moved
    return {
        "normal": x,
        "few": np.round(x),
        "constant": np.full(rows, 5.0 + moved),
        "mixed": np.where(rng.random(rows) < 0.6, 0.0, x),
        "whole": (x * 300).astype(np.int64),
        "infinite": np.where(rng.random(rows) < 0.15, np.inf, np.where(rng.random(rows) < 0.2, -np.inf, x)),
        "single": x.astype(np.float32),
        "big": x * 1e300,
        "sorted": np.sort(x),
        "missing": np.where(rng.random(rows) < 0.3, np.nan, x),
        "skewed": np.exp(4 * x),
    }[kind]


def passed(one, values, size):
    for start in range(0, len(values), size):
        one.add(sorted_piece("x", values[start : start + size], 0))
    return one


def counted(old, new, size):
    outline = passed(Outline(), old, size)
    reference = passed(Reference(outline), old, size).profile()
    current = passed(Counted(reference), new, size)
    return cell_counts(reference, current.below, current.unseen, current.missing)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.integers(1, 30_000),
    st.integers(1, 9_000),
    st.sampled_from([37, 1_000, 5_000, 2_500, 100_000]),
    st.sampled_from([0.0, 0.01, 0.5]),
    st.integers(0, 1000),
)
def test_bins_and_counts_are_those_of_the_whole_columns(kind, n, m, size, moved, seed):
    """Labels, counts of both sides, scheme, edges and unseen values; the distance lies in a narrow bracket."""
    rng = np.random.default_rng(seed)
    old, new = column(rng, kind, n, 0.0), column(rng, kind, m, moved)
    whole = numeric_bins(old, new)
    found, bracket = counted(old, new, size)
    assert found.scheme == whole.scheme
    assert found.labels == whole.labels
    assert found.reference.tolist() == whole.reference.tolist()
    assert found.current.tolist() == whole.current.tolist()
    assert sorted(found.unseen.tolist()) == sorted(whole.unseen.tolist())
    assert found.edges == whole.edges
    true = ks(old, new).value
    assert bracket.low - 1e-12 <= true <= bracket.high + 1e-12
    assert bracket.high - bracket.low <= 0.003 + 2 / n


@pytest.mark.parametrize("size", [1_000, 7_777])
def test_the_second_pass_keeps_few_values(size):
    """A hundredth or so of a column is held, not the column."""
    values = np.random.default_rng(1).normal(size=200_000)
    reference = passed(Reference(passed(Outline(), values, size)), values, size)
    held = sum(part.size for inside in reference._inside for part in inside)
    assert held <= values.size * 9 * 2.5 * max(1, size // 1_000 - 1) / size + 100
