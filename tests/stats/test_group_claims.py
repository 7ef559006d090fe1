"""Claims about groups beyond pairs of rates: fairlearn's every name, all rows, extremes, means, a reference group."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_mlgate.stats.disparities import PredictedPositives, disparity
from pytest_mlgate.stats.fairness_names import DISPARITIES, NAMES
from pytest_mlgate.stats.gaps import gap
from pytest_mlgate.stats.group_claims import rows_to_decide
from pytest_mlgate.stats.group_counts import GroupCounts, Least, count_crossed, count_groups
from pytest_mlgate.stats.group_extremes import extreme
from pytest_mlgate.stats.group_measures import Grouped, RateOf
from pytest_mlgate.stats.metrics import Outputs

fairlearn = pytest.importorskip("fairlearn.metrics")
ENDINGS = ("_difference", "_ratio", "_group_min", "_group_max")
EXPORTED = [name for name in fairlearn.__all__ if name.endswith(ENDINGS)]
ANY = Least(1, 1, 1)
K = 5


def classified(n=4000, seed=1):
    """Make groups, labels, classes and probabilities; the more a group's number, the better it is predicted."""
    rng = np.random.default_rng(seed)
    codes, labels = rng.integers(0, K, n), rng.random(n) < 0.4
    scores = np.clip(0.25 + 0.4 * labels + 0.02 * codes * labels + rng.normal(0, 0.2, n), 0.001, 0.999)
    return codes, labels, scores > 0.5, scores


def grouped(codes, labels, predicted, scores):
    sizes = np.bincount(codes, minlength=K).astype(float)
    counts = count_groups(codes, labels, predicted, K)
    return Grouped(sizes, Outputs(labels, predicted, scores), lambda: codes, counts)


def numbers(n=3000, seed=1):
    """Make groups, true numbers and predicted ones, whose error grows with the group's number."""
    rng = np.random.default_rng(seed)
    codes, targets = rng.integers(0, K, n), rng.normal(5, 1, n)
    return codes, targets, targets + 0.1 * codes + rng.normal(0, 1 + 0.1 * codes)


def of_numbers(codes, targets, values):
    return Grouped(np.bincount(codes).astype(float), Outputs(targets, values=values), lambda: codes)


def claim_of(table, name, **how):
    claim = NAMES[name]
    measures = [table.measure(measure) for measure in claim.measures]
    if claim.form in {"difference", "ratio"}:
        return gap(measures, claim.form, ANY, **how)
    return extreme(measures[0], claim.form, ANY)


@pytest.fixture(scope="module")
def tables():
    """One table of classes and one of numbers, with what fairlearn takes for each need."""
    codes, labels, predicted, scores = classified()
    of, targets, values = numbers()
    return {
        "prediction": (grouped(codes, labels, predicted, scores), codes, labels, predicted),
        "score": (grouped(codes, labels, predicted, scores), codes, labels, scores),
        "value": (of_numbers(of, targets, values), of, targets, values),
    }


@pytest.mark.parametrize("name", EXPORTED)
def test_every_name_that_fairlearn_exports_has_its_value(tables, name):
    """Between groups and against all rows, with the value inside the bounds."""
    table, codes, truth, predicted = tables[NAMES[name].needs]
    methods = ["between_groups", "to_overall"] if NAMES[name].form in {"difference", "ratio"} else [None]
    for method in methods:
        how = {"method": method} if method else {}
        found = claim_of(table, name, **how)
        wanted = getattr(fairlearn, name)(truth, predicted, sensitive_features=codes, **how)
        assert found.value == pytest.approx(wanted, abs=1e-12)
        low, high = found.bounds(0.95)
        assert low <= found.value <= high
        assert low < high


@pytest.mark.parametrize("form", ["difference", "ratio"])
@pytest.mark.parametrize("method", ["between_groups", "to_overall"])
def test_the_mean_of_equalized_odds_is_that_of_fairlearn(tables, form, method):
    """With `agg="mean"`."""
    table, codes, truth, predicted = tables["prediction"]
    name = f"equalized_odds_{form}"
    found = claim_of(table, name, method=method, agg="mean")
    wanted = getattr(fairlearn, name)(truth, predicted, sensitive_features=codes, method=method, agg="mean")
    assert found.value == pytest.approx(wanted, abs=1e-12)
    low, high = found.bounds(0.95)
    assert low <= found.value <= high


@pytest.mark.parametrize(
    "name", ["f1", "roc_auc", "log_loss", "brier", "balanced_accuracy", "mean_error", "mae", "rmse"]
)
def test_any_metric_is_compared_by_group(tables, name):
    """The largest less the smallest of what scikit-learn says of each group, against each other and all rows."""
    metrics = pytest.importorskip("sklearn.metrics")
    functions = {
        "f1": metrics.f1_score,
        "roc_auc": metrics.roc_auc_score,
        "log_loss": metrics.log_loss,
        "brier": metrics.brier_score_loss,
        "balanced_accuracy": metrics.balanced_accuracy_score,
        "mae": metrics.mean_absolute_error,
        "rmse": metrics.root_mean_squared_error,
        "mean_error": lambda truth, predicted: np.mean(predicted - truth),
    }
    table, codes, truth, predicted = tables[NAMES[f"{name}_difference"].needs]
    each = np.array([functions[name](truth[codes == one], predicted[codes == one]) for one in range(K)])
    assert claim_of(table, f"{name}_difference").value == pytest.approx(np.ptp(each), abs=1e-12)
    assert claim_of(table, f"{name}_group_max").value == pytest.approx(each.max(), abs=1e-12)
    overall = functions[name](truth, predicted)
    against = claim_of(table, f"{name}_difference", method="to_overall")
    assert against.value == pytest.approx(np.abs(each - overall).max(), abs=1e-12)


def test_one_pass_over_several_attributes_gives_each_of_them_and_each_two():
    """The same counts as counting each way of dividing the rows by itself."""
    rng = np.random.default_rng(3)
    levels = [2, 3, 4]
    codes = [rng.integers(0, number, 5000) for number in levels]
    labels, predicted = rng.random(5000) < 0.4, rng.random(5000) < 0.5
    crossed = count_crossed(codes, levels, labels, predicted)
    for i in range(3):
        assert (crossed.of([i]).cells == count_groups(codes[i], labels, predicted, levels[i]).cells).all()
    for i, j in ((0, 1), (0, 2), (1, 2)):
        own = count_groups(codes[i] * levels[j] + codes[j], labels, predicted, levels[i] * levels[j])
        assert (crossed.of([i, j]).cells == own.cells).all()


def aequitas(codes, labels, predicted, reference):
    """Compute what aequitas calls its disparities, by their definitions, row by row."""
    found = {}
    for group in range(K):
        y, p = labels[codes == group], predicted[codes == group]
        found[group] = {
            "ppr": p.sum() / predicted.sum(),
            "pprev": p.mean(),
            "precision": (y & p).sum() / p.sum(),
            "fdr": (~y & p).sum() / p.sum(),
            "for": (y & ~p).sum() / (~p).sum(),
            "npv": (~y & ~p).sum() / (~p).sum(),
            "tpr": (y & p).sum() / y.sum(),
            "fnr": (y & ~p).sum() / y.sum(),
            "fpr": (~y & p).sum() / (~y).sum(),
            "tnr": (~y & ~p).sum() / (~y).sum(),
        }
    return {name: [found[group][name] / found[reference][name] for group in range(K)] for name in DISPARITIES}


def test_disparities_are_those_of_aequitas_by_definition():
    """Each group's number over the reference group's, all ten of them, each inside its bounds."""
    codes, labels, predicted, _ = classified()
    counts = count_groups(codes, labels, predicted, K)
    for name, wanted in aequitas(codes, labels, predicted, 2).items():
        measure = PredictedPositives(counts) if name == "ppr" else RateOf(counts, DISPARITIES[name])
        found = disparity(measure, 2, ANY)
        assert found.ratios == pytest.approx(wanted, abs=1e-12)
        low, high = found.each(0.95)
        others = np.arange(K) != 2
        assert (low < found.ratios)[others].all()
        assert (found.ratios < high)[others].all()


def test_the_disparity_shown_is_the_one_that_is_wrong():
    """0.5 is wrong where 0.8 to 1.25 is allowed; where only more than 1.25 is wrong, 1.2 comes nearest."""
    hits = np.array([200.0, 100.0, 240.0])
    counts = GroupCounts(np.stack([400 - hits, hits, 400 - hits, hits], axis=1))
    rate = RateOf(counts, "selection_rate")
    assert disparity(rate, 0, Least(), 0.8, 1.25).value == pytest.approx(0.5)
    assert disparity(rate, 0, Least(), None, 1.25).value == pytest.approx(1.2)
    assert disparity(rate, 0, Least()).worst == 1


def test_a_small_group_far_off_does_not_hide_a_large_one_that_is_proven_wrong():
    """Ten rows with none selected say nothing; a large group above the upper limit fails all the same."""
    counts = GroupCounts([[300, 200, 300, 200], [5, 0, 5, 0], [100, 400, 100, 400]])
    found = disparity(RateOf(counts, "selection_rate"), 0, Least(), 0.8, 1.25)
    assert found.worst == 2
    assert found.bounds(0.95)[0] > 1.25


def test_a_reference_too_small_supports_no_claim():
    """Whatever the others are."""
    counts = GroupCounts([[10, 10, 10, 10], [300, 10, 300, 10], [300, 10, 300, 10]])
    low, high = disparity(RateOf(counts, "selection_rate"), 0, Least(), 0.8, 1.25).bounds(0.95)
    assert low < 0.8
    assert high > 1e300


def test_a_reference_without_a_rate_is_refused():
    """There is nothing to divide by."""
    counts = GroupCounts([[100, 0, 100, 100], [100, 50, 100, 100]])
    with pytest.raises(ValueError, match="false positive rate of the reference group is 0"):
        disparity(RateOf(counts, "fpr"), 0, Least())


def cells_of(n, positive, tpr, fpr, rng):
    """Draw the cells of groups with random sizes and labels: float64[K, 4]."""
    positives = rng.binomial(n, positive)
    hits, false = rng.binomial(positives, tpr), rng.binomial(n - positives, fpr)
    return np.stack([n - positives - false, false, positives - hits, hits], axis=-1)


def missed(claims, true, confidence=0.95):
    """Say how often each bound misses: the lower lies above the truth, the upper below it."""
    bounds = np.array([claim.bounds(confidence) for claim in claims])
    return np.mean(bounds[:, 0] > true + 1e-12), np.mean(bounds[:, 1] < true - 1e-12)


@pytest.mark.parametrize("form", ["difference", "ratio"])
@pytest.mark.parametrize("rates", [[0.3, 0.3, 0.3, 0.3], [0.1, 0.3, 0.3, 0.5], [0.05, 0.45]])
def test_against_all_rows_neither_bound_errs_more_than_it_may(form, rates):
    """Group sizes are random too; at most 5 % and a point."""
    rng = np.random.default_rng(11)
    rates = np.array(rates)
    share = np.full(rates.size, 1 / rates.size)
    overall = float(share @ rates)
    apart = (
        np.abs(rates - overall).max() if form == "difference" else np.minimum(rates / overall, overall / rates).min()
    )
    claims = []
    for sizes in rng.multinomial(300 * rates.size, share, size=1000):
        hits = rng.binomial(sizes, rates)
        counts = GroupCounts(np.stack([sizes - hits, hits, 0 * hits, 0 * hits], axis=1))
        claims.append(gap([RateOf(counts, "selection_rate")], form, ANY, "to_overall"))
    assert max(missed(claims, apart)) <= 0.06


@pytest.mark.parametrize("form", ["difference", "ratio"])
@pytest.mark.parametrize("rate", [0.03, 0.97])
def test_many_small_groups_with_a_rare_rate_seldom_fail_against_all_rows(form, rate):
    """Twelve groups of 100 beside a large one, all alike: Wilson's bounds alone failed some group .10 of the time."""
    rng = np.random.default_rng(12)
    sizes, claims = np.array([100] * 12 + [50_000]), []
    for hits in rng.binomial(sizes, rate, size=(1000, 13)):
        counts = GroupCounts(np.stack([sizes - hits, hits, 0 * hits, 0 * hits], axis=1))
        claims.append(gap([RateOf(counts, "selection_rate")], form, ANY, "to_overall"))
    assert max(missed(claims, 0.0 if form == "difference" else 1.0)) <= 0.06


def test_a_group_with_none_is_held_against_all_rows_without_a_warning():
    """Its ratio is 0, which has no logarithm; numpy's warnings are errors here."""
    claim = gap([RateOf(GroupCounts([[100, 0, 0, 0], [50, 50, 0, 0]]), "selection_rate")], "ratio", ANY, "to_overall")
    assert claim.value == 0.0
    assert claim.bounds(0.95)[1] < 0.3


@pytest.mark.parametrize("form", ["difference", "ratio"])
@pytest.mark.parametrize(("tpr", "fpr"), [([0.8, 0.8, 0.8], [0.3, 0.3, 0.3]), ([0.7, 0.8, 0.9], [0.35, 0.3, 0.2])])
def test_the_mean_of_two_gaps_errs_no_more_than_it_may(form, tpr, fpr):
    """At no gap and at some, at most 5 % and a point."""
    rng = np.random.default_rng(12)
    tpr, fpr = np.array(tpr), np.array(fpr)
    gaps = [np.ptp(one) if form == "difference" else one.min() / one.max() for one in (tpr, fpr)]
    claims = []
    for _ in range(700):
        counts = GroupCounts(cells_of(np.full(3, 400), 0.5, tpr, fpr, rng))
        claims.append(gap([RateOf(counts, "tpr"), RateOf(counts, "fpr")], form, ANY, agg="mean"))
    assert max(missed(claims, float(np.mean(gaps)))) <= 0.06


@pytest.mark.parametrize("form", ["group_min", "group_max"])
@pytest.mark.parametrize("rates", [[0.8] * 2, [0.8] * 9, [0.7, 0.8, 0.9]])
def test_extremes_err_no_more_than_they_may(form, rates):
    """Of groups that are alike and of groups that are not, at most 5 % and a point."""
    rng = np.random.default_rng(13)
    rates = np.array(rates)
    claims = []
    for hits in rng.binomial(200, rates, size=(1200, rates.size)):
        counts = GroupCounts(np.stack([0 * hits, 200 - hits, 0 * hits, hits], axis=1))
        claims.append(extreme(RateOf(counts, "accuracy"), form, ANY))
    assert max(missed(claims, rates.min() if form == "group_min" else rates.max())) <= 0.06


@pytest.mark.parametrize("name", ["pprev", "ppr"])
@pytest.mark.parametrize("groups", [2, 6])
def test_disparities_at_a_limit_are_seldom_passed_or_failed(name, groups):
    """With all but the reference on the limit of 0.8, a pass and a fail are each wrong at most 5 % and a point."""
    rng = np.random.default_rng(14)
    passed = failed = 0
    for _ in range(700):
        sizes = np.full(groups, 600)
        hits = rng.binomial(sizes, np.where(np.arange(groups) == 0, 0.5, 0.4))
        counts = GroupCounts(np.stack([sizes - hits, hits, 0 * hits, 0 * hits], axis=1))
        measure = PredictedPositives(counts) if name == "ppr" else RateOf(counts, "selection_rate")
        found = disparity(measure, 0, ANY, 0.8, 1.25)
        low, high = found.bounds(0.95)
        passed += low >= 0.8 and high <= 1.25
        failed += high < 0.8 or low > 1.25
    assert max(passed, failed) / 700 <= 0.06


@pytest.mark.parametrize("name", ["mean_error", "mae"])
def test_gaps_in_the_mean_error_of_groups_err_no_more_than_they_may(name):
    """Five groups alike are seldom proven apart, and a gap that is there is bounded from above."""
    rng = np.random.default_rng(15)
    codes = np.repeat(np.arange(K), 150)
    for shift in (0.0, 0.5):
        claims = []
        for _ in range(200):
            targets = rng.normal(size=codes.size)
            errors = rng.normal(shift * (codes == 0), 1) if name == "mean_error" else None
            if errors is None:
                errors = rng.normal(0, 1 + shift * (codes == 0), codes.size)
            table = of_numbers(codes, targets, targets + errors)
            claims.append(gap([table.measure(name)], "difference", ANY))
        true = shift if name == "mean_error" else shift * np.sqrt(2 / np.pi)
        assert max(missed(claims, true)) <= 0.06 + 0.015  # 200 draws tell .06 from .05 no better


@pytest.mark.parametrize("tpr", [[0.8] * 5, [0.6, 0.7, 0.8, 0.9, 0.9]])
def test_gaps_in_f1_err_no_more_than_they_may(tpr):
    """A metric that is no rate, of groups alike and unlike: gap, gap to all rows, and the smallest of any group."""
    rng = np.random.default_rng(16)
    tpr = np.array(tpr)
    each = 2 * tpr / (1 + tpr + 0.3)  # half of the rows positive, 30 % of the others called so
    overall = 2 * tpr.mean() / (1 + tpr.mean() + 0.3)
    none = Outputs(np.array([True, False]), np.array([True, False]))
    gaps, against, least = [], [], []
    for _ in range(600):
        counts = GroupCounts(cells_of(np.full(5, 200), 0.5, tpr, 0.3, rng))
        measure = Grouped(counts.rows, none, lambda: np.zeros(0), counts).measure("f1")
        gaps.append(gap([measure], "difference", ANY))
        against.append(gap([measure], "difference", ANY, "to_overall"))
        least.append(extreme(measure, "group_min", ANY))
    assert max(missed(gaps, np.ptp(each))) <= 0.06
    assert max(missed(against, np.abs(each - overall).max())) <= 0.06
    assert max(missed(least, each.min())) <= 0.06 + 0.009  # seen in 4,000 draws: .060; these are 600


@pytest.mark.parametrize("shift", [0.0, 0.6])
def test_gaps_in_auc_err_no_more_than_they_may(shift):
    """A metric of scores: three groups alike, and one that is ranked worse."""
    from scipy.special import ndtr

    rng = np.random.default_rng(17)
    codes = np.repeat(np.arange(3), 200)
    strengths = np.array([1.5 - shift, 1.5, 1.5])
    labels = np.tile([True, False], 300)
    counts = count_groups(codes, labels, labels, 3)
    gaps = []
    for _ in range(200):
        scores = rng.normal(size=codes.size) + strengths[codes] * labels
        table = Grouped(counts.rows, Outputs(labels, scores=scores), lambda: codes, counts)
        gaps.append(gap([table.measure("roc_auc")], "difference", ANY))
    true = ndtr(1.5 / np.sqrt(2)) - ndtr((1.5 - shift) / np.sqrt(2))
    assert max(missed(gaps, true)) <= 0.06 + 0.015  # 200 draws tell .06 from .05 no better


def test_the_smallest_rate_of_any_group_is_bounded_exactly():
    """By Clopper and Pearson for each group: 0 and all of the rows included."""
    from pytest_mlgate.stats.proportions import clopper_pearson

    hits, n = np.array([0, 3, 40, 50]), 50
    counts = GroupCounts(np.stack([0 * hits, n - hits, 0 * hits, hits], axis=1))
    low, high = RateOf(counts, "accuracy").exact(1.6448536269514722)
    wanted = np.array([clopper_pearson(int(one), n, 0.95) for one in hits])
    assert np.stack([low, high], axis=1) == pytest.approx(wanted, abs=1e-9)
    assert extreme(RateOf(counts, "accuracy"), "group_min", ANY).bounds(0.95)[0] == 0.0


def test_a_gap_in_auc_is_bounded_as_two_independent_ones_are(tables):
    """The upper bound of the difference of the two extreme groups, by hand from their own intervals."""
    from pytest_mlgate.stats.metrics import METRICS

    codes, labels, predicted, scores = classified()
    keep = codes < 2
    codes, labels, predicted, scores = codes[keep], labels[keep], predicted[keep], scores[keep]
    sizes = np.bincount(codes).astype(float)
    counts = count_groups(codes, labels, predicted, 2)
    table = Grouped(sizes, Outputs(labels, predicted, scores), lambda: codes, counts)
    found = gap([table.measure("roc_auc")], "difference", Least())
    one, two = (
        METRICS["roc_auc"].compute(Outputs(labels[codes == g], scores=scores[codes == g]), 0.95) for g in (0, 1)
    )
    if one.value < two.value:
        one, two = two, one
    wanted = one.value - two.value + np.hypot(one.high - one.value, two.value - two.low)
    assert found.bounds(0.95)[1] == pytest.approx(wanted, abs=1e-12)


def test_a_group_whose_metric_has_no_bounds_supports_no_claim():
    """All errors of a group the same: nothing tells how far the next one would be off, so nothing passes."""
    codes = np.repeat([0, 1], 200)
    errors = np.where(codes == 0, 0.5, np.random.default_rng(1).normal(0.5, 1, 400))
    table = of_numbers(codes, np.zeros(400), errors)
    found = gap([table.measure("mean_error")], "difference", Least())
    assert found.small.tolist() == [True, False]
    assert found.bounds(0.95)[1] > 1e300
    assert "without any spread" in found.measures[0].sizes(0, Least())[0]


def test_the_rows_to_decide_of_a_metric_follow_the_root_of_their_number(tables):
    """Where the bound is twice as far from the value as the limit is, four times the rows decide."""
    table = tables["score"][0]
    found = claim_of(table, "roc_auc_group_min")
    low, _ = found.bounds(0.95)
    limit = found.value - (found.value - low) / 2
    assert rows_to_decide(found, limit, None, 0.95, 4000) == pytest.approx(16000, rel=0.01)
