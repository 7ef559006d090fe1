"""`drift.features` where nothing changed: a gate over twenty columns hardly ever fails, however few rows there are."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_mlgate.aggregate import Levels
from pytest_mlgate.drift.claims import Family, claims, decided
from pytest_mlgate.drift.samples import levels_pair, numbers_pair, sorted_numbers
from pytest_mlgate.drift.spec import DriftSpec
from pytest_mlgate.verdict import Verdict, judge

PAIRS, REFERENCE, NUMERIC, CODED = 100, 5_000, 15, 5


def numbers(rng, kind, rows):
    return (rng.normal(size=rows), rng.lognormal(size=rows), np.floor(rng.exponential(5, rows)))[kind % 3]


def words(rng, kind, rows):
    found, counts = np.unique(rng.geometric(1 / (kind + 2), rows), return_counts=True)
    return Levels(counts={str(one): int(count) for one, count in zip(found, counts, strict=True)}, missing=0)


def verdict(rng, n):
    """Judge twenty unchanged columns at the usual limit, as one gate does."""
    spec = DriftSpec(kind="drift.features")
    family = Family(spec=spec, size=NUMERIC + CODED, seed=int(rng.integers(2**31)))
    measured = []
    for i in range(NUMERIC):
        old, new = (sorted_numbers("x", numbers(rng, i, rows)) for rows in (REFERENCE, n))
        measured += claims(f"x{i}", numbers_pair("x", old, new, family.drawn, relative=False), spec.metrics, family, {})
    for i in range(CODED):
        old, new = (words(rng, i, rows) for rows in (REFERENCE, n))
        measured += claims(f"c{i}", levels_pair("c", old, new, family.drawn), spec.metrics, family, {})
    verdicts = {judge(one).verdict for one in decided(measured, spec)}
    return Verdict.FAIL if Verdict.FAIL in verdicts else max(verdicts, key=lambda one: one is Verdict.INCONCLUSIVE)


@pytest.mark.parametrize("n", [30, 50, 100, 500])
def test_unchanged_columns_fail_at_most_three_gates_in_a_hundred(n):
    """A hundred pairs of samples; what is undecided is told beside it."""
    rng = np.random.default_rng(n)
    found = [verdict(rng, n) for _ in range(PAIRS)]
    failed, undecided = (sum(one is which for one in found) for which in (Verdict.FAIL, Verdict.INCONCLUSIVE))
    assert failed <= 3, f"at {n} rows {failed} of {PAIRS} gates fail and {undecided} are INCONCLUSIVE"
    assert (undecided == PAIRS - failed) == (n <= 100), f"{undecided} of {PAIRS} are INCONCLUSIVE at {n} rows"
