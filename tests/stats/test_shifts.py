"""Every drift metric: against scipy and closed forms, without bias when nothing changed, with honest p-values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from pytest_mlgate.stats.binning import BinCounts, category_bins, sorted_bins
from pytest_mlgate.stats.drift_names import DRIFT_NEEDS
from pytest_mlgate.stats.drift_pair import Comparison
from pytest_mlgate.stats.shifts import SHIFTS, effect
from pytest_mlgate.stats.sides import alike, sorted_side

BINNED = [name for name, needs in DRIFT_NEEDS.items() if needs == "bins" and name not in ("chi2", "null_rate_change")]
ORDERED = [name for name, needs in DRIFT_NEEDS.items() if needs == "order"]


def numbers(reference, current, seed=0, **more):
    sides = alike(sorted_side("reference", reference), sorted_side("current", current))
    return Comparison(sorted_bins(*sides), sides, seed, **more)


def shares(old, new, rows=10**9):
    labels = tuple(f"bin {i}" for i in range(len(old)))
    return Comparison(BinCounts(labels, np.round(np.array(old) * rows), np.round(np.array(new) * rows), "category"))


def test_the_table_and_the_names_agree():
    """Every name that a gate may write is measured, and nothing else."""
    assert set(SHIFTS) == set(DRIFT_NEEDS)


@pytest.mark.parametrize(
    ("metric", "old", "new", "expected"),
    [
        ("psi", [0.5, 0.5], [0.6, 0.4], 0.0405465),
        ("js", [1.0, 0.0], [0.5, 0.5], 0.5579230),
        ("js", [1.0, 0.0], [0.0, 1.0], 1.0),
        ("kl", [0.5, 0.5], [0.9, 0.1], 0.510826),
        ("hellinger", [1.0, 0.0], [0.0, 1.0], 1.0),
        ("tvd", [0.5, 0.3, 0.2], [0.2, 0.7, 0.1], 0.4),
        ("linf", [0.5, 0.3, 0.2], [0.2, 0.7, 0.1], 0.4),
        ("cramers_v", [1.0, 0.0], [0.0, 1.0], 1.0),
    ],
)
def test_closed_forms(metric, old, new, expected):
    """With very many rows every metric of bins is the textbook value."""
    assert effect(shares(old, new), metric).value == pytest.approx(expected, abs=1e-4)


def test_bins_agree_with_scipy():
    """Jensen-Shannon, Kullback-Leibler, Cramér's V and the chi-square statistic of a table of counts."""
    old, new = np.array([4000, 3000, 2000, 1000]) * 1000, np.array([3000, 3000, 2500, 1500]) * 1000
    pair = Comparison(BinCounts(tuple("abcd"), old, new, "category"))
    p, q = old / old.sum(), new / new.sum()
    assert effect(pair, "js").value == pytest.approx(jensenshannon(p, q, 2), rel=1e-3)
    assert effect(pair, "kl").value == pytest.approx(stats.entropy(p, q), rel=1e-3)
    assert effect(pair, "hellinger").value == pytest.approx(np.sqrt(1 - np.sqrt(p * q).sum()), rel=1e-3)
    assert effect(pair, "cramers_v").value == pytest.approx(
        stats.contingency.association(np.array([old, new])), rel=1e-3
    )
    small = Comparison(BinCounts(tuple("abc"), [10, 10, 20], [20, 20, 20], "category"))
    wanted = stats.chi2_contingency([[10, 10, 20], [20, 20, 20]], correction=False)
    found = effect(small, "chi2")
    assert (found.value, found.test()) == pytest.approx((wanted.statistic, wanted.pvalue))
    assert found.value == pytest.approx(2.7778, abs=1e-4)


def test_cramers_v_does_not_shrink_as_the_reference_grows():
    """The textbook's V of one and the same change at 1 : 100 is a fifth of that at 1 : 1; this one stays."""
    values = [
        effect(Comparison(BinCounts(tuple("ab"), [n, n], [6000, 4000], "category")), "cramers_v").value
        for n in (5000, 500_000)
    ]
    assert values[1] == pytest.approx(values[0], rel=0.02)


@pytest.mark.parametrize("sizes", [(5000, 5000), (4000, 700)])
def test_wasserstein_is_that_of_scipy(sizes):
    """In interquartile ranges of the reference, on values winsorised there."""
    rng = np.random.default_rng(1)
    old, new = rng.normal(10, 3, sizes[0]), rng.normal(12, 3, sizes[1])
    low, high = np.sort(old)[[int(0.001 * old.size), int(np.ceil(0.999 * old.size)) - 1]]
    wanted = stats.wasserstein_distance(old.clip(low, high), new.clip(low, high))
    quartiles = np.quantile(old, [0.25, 0.75], method="inverted_cdf")
    assert effect(numbers(old, new), "wasserstein").value == pytest.approx(wanted / np.diff(quartiles)[0], rel=0.02)


def test_shifts_of_mean_and_spread_are_the_planted_ones():
    """Half a standard deviation up, and a spread half as large again; relative to the mean where that is asked for."""
    rng = np.random.default_rng(2)
    old, new = rng.normal(10, 2, 200_000), rng.normal(11, 3, 200_000)
    pair = numbers(old, new)
    assert effect(pair, "mean_shift").value == pytest.approx(0.5, abs=0.03)
    assert effect(numbers(old, rng.normal(10, 2.4, 200_000)), "std_shift").value == pytest.approx(0.2, abs=0.015)
    assert effect(numbers(old, new, relative=True), "mean_shift").value == pytest.approx(0.1, abs=0.005)
    assert effect(pair, "mean_shift").test() < 1e-12


@pytest.mark.parametrize("m", [30, 100, 500])
def test_nothing_changed_is_near_nothing(m):
    """The signed sums average to 0, and what is reported lies far below what the textbook formula would."""
    from pytest_mlgate.stats.divergences import FORMS, divergence

    rng = np.random.default_rng(m)
    tables = [
        BinCounts(tuple("abcdefghij"), rng.multinomial(5000, [0.1] * 10), rng.multinomial(m, [0.1] * 10), "quantile")
        for _ in range(400)
    ]
    for name in FORMS:
        found = [divergence(name, table) for table in tables]
        naive = np.mean([one.naive for one in found])
        assert abs(np.mean([one.corrected for one in found])) < (0.2 if m == 30 else 0.1) * naive
        assert np.mean([one.value for one in found]) < 0.6 * np.mean([one.form.shown(one.naive) for one in found])
    for name in ("tvd", "linf"):
        plain = [np.abs(one.current / one.m - one.reference / one.n) for one in tables]
        naive = np.mean([each.sum() / 2 if name == "tvd" else each.max() for each in plain])
        assert np.mean([effect(Comparison(one), name).value for one in tables]) < 0.6 * naive


@pytest.mark.parametrize("metric", BINNED)
def test_bounds_of_bins_hold(metric):
    """Each bound of a real change errs at most .05, a point, and the simulation's own error, at confidence 0.95."""
    rng = np.random.default_rng(3)
    old, new = np.array([0.3, 0.3, 0.2, 0.1, 0.1]), np.array([0.2, 0.3, 0.2, 0.15, 0.15])
    n, m, draws = 4000, 1500, 400
    truth = effect(shares(old, new), metric).value
    errors = [0, 0]
    for _ in range(draws):
        pair = Comparison(BinCounts(tuple("abcde"), rng.multinomial(n, old), rng.multinomial(m, new), "category"))
        low, high = effect(pair, metric).interval(0.95)
        errors[0] += low > truth
        errors[1] += high < truth
    assert max(errors) / draws <= 0.08


@pytest.mark.parametrize("metric", ["wasserstein", "mean_shift", "std_shift"])
def test_bounds_of_ordered_metrics_hold(metric):
    """Likewise, against the value at very many rows."""
    rng = np.random.default_rng(4)
    truth = effect(numbers(rng.normal(size=400_000), rng.normal(0.3, 1.2, 400_000)), metric).value
    errors, draws = [0, 0], 200
    for _ in range(draws):
        pair = numbers(rng.normal(size=3000), rng.normal(0.3, 1.2, 800))
        low, high = effect(pair, metric).interval(0.95)
        errors[0] += low > truth
        errors[1] += high < truth
    assert max(errors) / draws <= 0.08


SORTS = {
    "normal": lambda rng, rows: rng.normal(size=rows),
    "long tail": lambda rng, rows: rng.lognormal(sigma=2, size=rows),
    "few values": lambda rng, rows: rng.poisson(3, size=rows).astype(float),
    "rare event": lambda rng, rows: (rng.random(rows) < 0.02).astype(float),
}


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(("n", "m"), [(3000, 30), (1000, 400)])
def test_unchanged_columns_are_seldom_significant(sort, n, m):
    """Nominal 5 %: at most that and a point, with three standard errors of the simulation; and 1 % likewise."""
    rng, draws = np.random.default_rng(5), 200
    p_values = {metric: [] for metric in [*ORDERED, "psi"]}
    for i in range(draws):
        pair = numbers(SORTS[sort](rng, n), SORTS[sort](rng, m), i)
        for metric, found in p_values.items():
            found.append(effect(pair, metric).test())
    for metric, found in p_values.items():
        for level in (0.05, 0.01):
            slack = 3 * np.sqrt((level + 0.01) * (1 - level) / draws)
            assert np.mean(np.array(found) <= level) <= level + 0.01 + slack, metric


@pytest.mark.parametrize("metric", [*BINNED, *ORDERED])
def test_what_is_detectable_is_detected(metric):
    """A change of the size named is significant in about eight of ten samples, or in more."""
    rng, n, m, alpha = np.random.default_rng(6), 5000, 400, 0.01
    wanted = effect(numbers(rng.normal(size=n), rng.normal(size=m)), metric).detectable(alpha)

    def size(shift):
        spread = 1 + shift if metric == "std_shift" else 1.0
        mean = 0.0 if metric == "std_shift" else shift
        return effect(numbers(big, mean + spread * big), metric).value

    big = rng.normal(size=40_000)
    near, far = 0.0, 1.0
    for _ in range(12):
        middle = (near + far) / 2
        near, far = (middle, far) if size(middle) < wanted else (near, middle)
    spread, mean = (1 + far, 0.0) if metric == "std_shift" else (1.0, far)
    seen = [
        effect(numbers(rng.normal(size=n), rng.normal(mean, spread, m), i), metric).test() <= alpha for i in range(60)
    ]
    assert np.mean(seen) >= 0.65


@pytest.mark.parametrize("metric", ["tvd", "linf"])
def test_a_lower_bound_errs_no_more_often_than_stated_where_few_cells_moved(metric):
    """Two of twenty cells moved by 4 %, the others are noise: at 95 % at most one bound in twenty lies above."""
    rng = np.random.default_rng(11)
    old = np.full(20, 0.05)
    new = old + np.array([0.04, -0.04] + [0.0] * 18)
    labels = tuple(map(str, range(20)))
    tables = [BinCounts(labels, rng.multinomial(2000, old), rng.multinomial(2000, new), "category") for _ in range(400)]
    lows = np.array([effect(Comparison(table), metric).interval(0.95)[0] for table in tables])
    assert np.mean(lows > 0.04) <= 0.06
    assert np.mean(lows) > 0.005


def test_rows_that_decide_bring_the_limit_into_sight():
    """One row fewer does not."""
    pair = numbers(np.random.default_rng(7).normal(size=5000), np.random.default_rng(8).normal(size=50))
    for metric in ("psi", "js", "tvd", "wasserstein", "mean_shift"):
        found = effect(pair, metric)
        rows = found.rows_to_decide(0.001, 0.2)
        assert found.seen(rows, 0.001) <= 0.2 < found.seen(rows - 1, 0.001)


@pytest.mark.parametrize("metric", [*ORDERED, "psi"])
@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_the_unit_does_not_matter(metric, factor):
    """A column at 1e-6 is measured as the same column at 1."""
    rng = np.random.default_rng(9)
    old, new = rng.normal(size=3000), rng.normal(0.4, size=900)
    plain, scaled = effect(numbers(old, new), metric), effect(numbers(old * factor, new * factor), metric)
    assert scaled.value == pytest.approx(plain.value, rel=1e-9)
    assert scaled.test() == pytest.approx(plain.test(), rel=1e-6)


@pytest.mark.parametrize("metric", ["psi", "ks", "wasserstein", "mean_shift", "std_shift"])
def test_an_outlier_neither_alarms_nor_masks(metric):
    """One value of a million on either side: nothing where nothing moved, and a shift of one sigma stays in sight."""
    rng = np.random.default_rng(10)
    old, same, moved = rng.normal(size=5000), rng.normal(size=2000), rng.normal(1.0, 1.5, 2000)
    far = [1e6]
    for a, b in ((old, np.append(same, far)), (np.append(old, far), same)):
        assert effect(numbers(a, b), metric).value < 0.1
    for a, b in ((old, np.append(moved, far)), (np.append(old, far), moved)):
        found = effect(numbers(a, b), metric)
        assert found.value > 0.3
        assert found.test() < 1e-6


@pytest.mark.parametrize("metric", ["psi", "ks", "wasserstein", "mean_shift"])
def test_a_constant_that_moves_moves_as_far_as_can_be(metric):
    """5 becomes 5.01 in every row; and one row in a thousand is next to nothing."""
    moved = effect(numbers([5.0] * 2000, [5.01] * 2000), metric)
    assert moved.value >= 0.99
    assert moved.test() < 1e-6
    assert effect(numbers([5.0] * 2000, [5.0] * 1999 + [1e6]), metric).value < 0.01
    assert effect(numbers([5.0] * 2000, [5.0] * 2000), metric).value == 0.0


def test_types_meet_where_nothing_is_lost():
    """Whole numbers beyond 2**53 stay apart; a float32 column is not drifted from its float64 self."""
    large = np.arange(2**60, 2**60 + 4000)
    assert effect(numbers(large, large), "ks").value == 0.0
    assert effect(numbers(large, large + 4000), "ks").value == 1.0
    tenths = np.repeat(np.arange(10) / 10, 300)
    assert effect(numbers(tenths.astype(np.float32), tenths), "psi").value == 0.0


def test_strange_numbers_are_ordinary():
    """Infinities, denormals and minus zero: finite effects, none where nothing changed."""
    rng = np.random.default_rng(11)
    strange = np.concatenate([rng.normal(size=3000), [np.inf] * 30, [-np.inf] * 30, [5e-324] * 30, [-0.0] * 30])
    same = np.concatenate([rng.normal(size=3000), [np.inf] * 30, [-np.inf] * 30, [5e-324] * 30, [0.0] * 30])
    for metric in (*BINNED, *ORDERED):
        found = effect(numbers(strange, same), metric)
        assert np.isfinite([found.value, *found.interval(0.95), found.test()]).all()
        assert found.test() > 1e-3
    tiny = rng.normal(size=2000) * 1e-310
    assert effect(numbers(tiny, tiny * 3), "ks").test() < 1e-6


def test_undefined_is_said():
    """Nothing on one side, no finite number, no order: refused with the reason."""
    with pytest.raises(ValueError, match="every value in the data is missing"):
        effect(numbers([1.0, 2.0], [np.nan]), "mean_shift")
    with pytest.raises(ValueError, match="no finite number"):
        effect(numbers([np.inf] * 5, [1.0]), "wasserstein")
    with pytest.raises(ValueError, match="needs numbers in order"):
        effect(Comparison(category_bins({"a": 5}, {"a": 5})), "ks")
    with pytest.raises(ValueError, match="mean of the reference is 0"):
        effect(numbers([-1.0, 1.0] * 50, [0.5] * 50, relative=True), "mean_shift")


def test_counts_alone_suffice_for_metrics_of_bins():
    """A profile has counts and nothing else; metrics of bins give what they give on the rows."""
    pair = numbers(np.random.default_rng(12).normal(size=3000), np.random.default_rng(13).normal(0.3, size=900))
    alone = Comparison(pair.counts)
    for metric in BINNED:
        assert effect(alone, metric).value == effect(pair, metric).value


def test_new_categories_count_beyond_what_rare_ones_bring():
    """A tenth of the rows is new: reported as such; new names among a thousand rare ones are expected."""
    known = {"a": 500, "b": 500}
    found = effect(Comparison(category_bins(known, {"a": 450, "b": 450, "z": 100})), "unseen_share")
    assert found.value == pytest.approx(0.1)
    assert found.test() < 1e-6
    rare = {str(i): 1 for i in range(1000)}
    tail = effect(Comparison(category_bins(rare, {str(i): 1 for i in range(500, 1500)})), "unseen_share")
    assert tail.value == 0.0
