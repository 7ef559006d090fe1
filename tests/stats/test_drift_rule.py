"""What bins, index, test and correction come to together: the drift decision, simulated.

FAIL when the corrected index exceeds .2 and the Holm-adjusted p-value is at most .01; otherwise INCONCLUSIVE when the
smallest index these data would have shown exceeds .2; otherwise PASS.
"""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from pytest_mlgate.stats.binning import BinCounts, category_bins, numeric_bins
from pytest_mlgate.stats.multiple import adjust
from pytest_mlgate.stats.psi import homogeneity_p, psi, psi_detectable

LIMIT, ALPHA = 0.2, 0.01
RARE_CATEGORIES = 1.0 / np.arange(1, 1_001) ** 1.1


def decide(columns, seed=0):
    """Give the verdict of each column and the index measured in it."""
    measured = [psi(counts) for counts in columns]
    adjusted = adjust([homogeneity_p(counts, seed + i) for i, counts in enumerate(columns)], "holm")
    verdicts = []
    for counts, one, p in zip(columns, measured, adjusted, strict=True):
        if one.value > LIMIT and p <= ALPHA:
            verdicts.append("FAIL")
        elif psi_detectable(counts.n, counts.m, one.df, ALPHA / len(columns)) > LIMIT:
            verdicts.append("INCONCLUSIVE")
        else:
            verdicts.append("PASS")
    return verdicts, [one.value for one in measured]


def verdict_of(counts):
    return decide([counts])[0][0]


def categories(rng, rows, shares):
    return {str(i): count for i, count in enumerate(rng.multinomial(rows, shares / shares.sum()).tolist()) if count}


def unchanged_columns(rng, n, m):
    """Make twenty columns of every sort, both samples of each from one distribution."""
    sorts = [
        lambda rows: rng.normal(size=rows),
        lambda rows: rng.lognormal(sigma=2, size=rows),
        lambda rows: np.where(rng.random(rows) < 0.6, 0.0, rng.exponential(size=rows)),
        lambda rows: rng.poisson(3, size=rows).astype(float),
        lambda rows: rng.poisson(40, size=rows).astype(float),
        lambda rows: np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
        lambda rows: (rng.random(rows) < 0.02).astype(float),
        lambda rows: rng.standard_cauchy(size=rows) * 1e-6,
    ]
    numeric = [numeric_bins(make(n), make(m)) for make in sorts * 2]
    shares = [np.arange(1.0, 9.0), RARE_CATEGORIES, np.ones(30), 0.5 ** np.arange(10)]
    return numeric + [category_bins(categories(rng, n, each), categories(rng, m, each)) for each in shares]


@pytest.mark.parametrize("m", [30, 50, 100, 500])
def test_unchanged_data_sets_seldom_fail(m):
    """Of 100 pairs of unchanged data sets with 20 columns at most 3 % have a column that fails."""
    rng = np.random.default_rng(m)
    failed = sum("FAIL" in decide(unchanged_columns(rng, 5_000, m))[0] for _ in range(100))
    assert failed / 100 <= 0.03


def normal_columns(rng, n, m, distance):
    columns = [numeric_bins(rng.normal(size=n), rng.normal(size=m)) for _ in range(19)]
    return [*columns, numeric_bins(rng.normal(size=n), rng.normal(distance, size=m))]


def distance_with_index(target):
    """Find by bisection how far a normal column must move for its deciles to have this index."""
    near, far = 0.0, 3.0
    for _ in range(50):
        middle = (near + far) / 2
        q = np.diff(np.concatenate([[0.0], ndtr(ndtri(np.arange(1, 10) / 10) - middle), [1.0]]))
        near, far = (middle, far) if ((q - 0.1) * np.log(q / 0.1)).sum() < target else (near, middle)
    return near


@pytest.mark.parametrize(("m", "least"), [(500, 0.80), (2_000, 0.95)])
def test_a_column_at_three_tenths_is_found(m, least):
    """One column of twenty with a true index of .3 fails nearly always at 2,000 rows."""
    rng = np.random.default_rng(12)
    distance = distance_with_index(0.3)
    verdicts = [decide(normal_columns(rng, 5_000, m, distance))[0] for _ in range(60)]
    assert np.mean([each[-1] == "FAIL" for each in verdicts]) >= least
    assert np.mean(["FAIL" in each[:-1] for each in verdicts]) <= 0.03


def test_thirty_rows_are_inconclusive_rather_than_alarming():
    """What thirty rows cannot show is said, neither passed nor failed."""
    rng = np.random.default_rng(13)
    verdicts, _ = decide(unchanged_columns(rng, 5_000, 30))
    assert set(verdicts) == {"INCONCLUSIVE"}


def test_a_shift_too_small_to_matter_passes_at_a_million_rows():
    """A fiftieth of a standard deviation is significant at a million rows, and still no drift."""
    rng = np.random.default_rng(14)
    counts = numeric_bins(rng.normal(size=1_000_000), rng.normal(0.02, size=1_000_000))
    assert homogeneity_p(counts, 0) < 1e-6
    assert verdict_of(counts) == "PASS"


def test_an_outlier_raises_no_alarm():
    """One value of a million among unchanged ones moves nothing."""
    rng = np.random.default_rng(15)
    reference, current = rng.normal(size=5_000), rng.normal(size=2_000)
    assert verdict_of(numeric_bins(reference, np.append(current, 1e6))) == "PASS"


@pytest.mark.parametrize("side", ["reference", "current"])
def test_an_outlier_masks_no_shift(side):
    """A shift of one standard deviation is found with one value of a million on either side."""
    rng = np.random.default_rng(16)
    samples = {"reference": rng.normal(size=5_000), "current": rng.normal(1.0, size=2_000)}
    samples[side] = np.append(samples[side], 1e6)
    assert verdict_of(numeric_bins(**samples)) == "FAIL"


def test_missing_values_are_drift():
    """A null rate that goes from none to 60 % fails, for numbers and for categories."""
    rng = np.random.default_rng(17)
    current = np.where(rng.random(1_000) < 0.6, np.nan, rng.normal(size=1_000))
    assert verdict_of(numeric_bins(rng.normal(size=5_000), current)) == "FAIL"
    assert verdict_of(category_bins({"a": 3_000, "b": 2_000}, {"a": 240, "b": 160}, 0, 600)) == "FAIL"


@pytest.mark.parametrize("missing", [0, 1])
def test_one_new_category_in_a_thousand_rows_is_no_drift(missing):
    """A single row of a category never seen, or with none, is not drift."""
    counts = category_bins({"a": 3_000, "b": 2_000}, {"a": 600, "b": 399, "z": 1 - missing}, 0, missing)
    assert verdict_of(counts) == "PASS"


def test_a_constant_that_moves_is_drift():
    """5 turning into 5.01 fails; 5 staying 5 passes."""
    assert verdict_of(numeric_bins([5.0] * 500, [5.01] * 500)) == "FAIL"
    assert verdict_of(numeric_bins([5.0] * 500, [5.0] * 500)) == "PASS"


@pytest.mark.parametrize("factor", [1e-12, 1e-6, 1e9])
def test_the_unit_does_not_matter(factor):
    """A column at 1e-6 is judged as the same column at 1."""
    rng = np.random.default_rng(18)
    reference, current = rng.normal(size=3_000), rng.normal(0.4, size=700)
    plain, scaled = psi(numeric_bins(reference, current)), psi(numeric_bins(reference * factor, current * factor))
    assert scaled.value == plain.value


def test_the_textbook_rule_would_block_by_chance():
    """Why there is a correction and a test: at 50 rows the plain index exceeds .2 in most unchanged data sets."""
    rng = np.random.default_rng(19)
    alarms = 0
    for _ in range(30):
        columns = [numeric_bins(rng.normal(size=5_000), rng.normal(size=50)) for _ in range(20)]
        alarms += any(psi(counts).naive > LIMIT for counts in columns)
    assert alarms / 30 > 0.9


def test_decisions_repeat():
    """The same seed gives the same verdicts and numbers."""
    columns = unchanged_columns(np.random.default_rng(20), 1_000, 50)
    again = [BinCounts(c.labels, c.reference, c.current, c.scheme, c.unseen) for c in columns]
    assert decide(columns, seed=3) == decide(again, seed=3)
