"""Adjusting p-values for a family of claims."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from pytest_mlgate.stats.multiple import adjust

P_VALUES = st.lists(st.floats(0.0, 1.0), max_size=30)


@settings(max_examples=8)  # statsmodels takes its time
@given(p_values=P_VALUES)
def test_holm_agrees_with_statsmodels(p_values):
    """Holm's adjustment is the one statsmodels makes."""
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    expected = multitest.multipletests(p_values, method="holm")[1] if p_values else []
    assert adjust(p_values, "holm") == pytest.approx(list(expected), abs=1e-12)


@given(p_values=P_VALUES)
def test_holm_is_the_worst_of_the_bonferroni_steps(p_values):
    """The adjusted value of a claim is the largest, over claims at least as strong, of p times those not yet made."""
    ranked = sorted(p_values)
    steps = [min(1.0, p * (len(ranked) - rank)) for rank, p in enumerate(ranked)]
    expected = [max(step for step, q in zip(steps, ranked, strict=True) if q <= p) for p in p_values]
    assert adjust(p_values, "holm") == pytest.approx(expected, abs=1e-12)


@given(p_values=P_VALUES)
def test_bh_agrees_with_scipy(p_values):
    """Benjamini and Hochberg's adjustment is the one scipy makes."""
    expected = false_discovery_control(p_values) if p_values else []
    assert adjust(p_values, "bh") == pytest.approx(list(expected), abs=1e-12)


@given(p_values=P_VALUES)
def test_none_leaves_them(p_values):
    """Without a correction the values come back as they are."""
    assert adjust(p_values, "none") == p_values


@pytest.mark.parametrize("method", ["holm", "bh", "none"])
@given(p_values=P_VALUES, seed=st.integers(0, 99))
def test_order_does_not_matter(method, p_values, seed):
    """Shuffled claims get the same adjusted values, shuffled."""
    order = np.random.default_rng(seed).permutation(len(p_values))
    adjusted = adjust(p_values, method)
    assert adjust([p_values[i] for i in order], method) == [adjusted[i] for i in order]


def test_holm_keeps_false_claims_of_a_family_rare():
    """Of 2,000 families of 20 true nulls at most one in twenty makes any claim at .05; unadjusted, most do."""
    families = np.random.default_rng(7).random((2_000, 20))
    assert np.mean([min(adjust(family, "holm")) <= 0.05 for family in families]) <= 0.05 + 0.01
    assert np.mean([min(adjust(family, "none")) <= 0.05 for family in families]) > 0.6


@pytest.mark.parametrize("p_values", [[0.1, 1.1], [-0.1], [float("nan")]])
def test_refuses_what_is_no_p_value(p_values):
    """Values outside [0, 1] and NaN are refused."""
    with pytest.raises(ValueError, match="p-values must lie between 0 and 1"):
        adjust(p_values, "holm")


def test_refuses_an_unknown_correction():
    """An unknown correction is named, with those there are."""
    with pytest.raises(ValueError, match="'sidak': choose holm, bh or none"):
        adjust([0.1], "sidak")
