"""Plans: how likely each answer is, against enumeration, closed forms, statsmodels and what METRICS make of draws."""

from math import sqrt

import numpy as np
import pytest
from scipy.special import expit, ndtr, ndtri
from scipy.stats import binom
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.power import normal_power_het, normal_sample_size_one_tail

from pytest_mlgate.stats.binning import BinCounts, numeric_bins
from pytest_mlgate.stats.comparisons import compare
from pytest_mlgate.stats.divergences import divergence, divergence_detectable
from pytest_mlgate.stats.fairness_names import NAMES
from pytest_mlgate.stats.gaps import gap
from pytest_mlgate.stats.group_counts import Least, count_groups
from pytest_mlgate.stats.group_measures import RateOf
from pytest_mlgate.stats.homogeneity import homogeneity_p
from pytest_mlgate.stats.metrics import METRICS, Outputs
from pytest_mlgate.stats.planning import Shares, Side, rows_needed
from pytest_mlgate.stats.planning_drift import Divergences
from pytest_mlgate.stats.planning_groups import Groups, gap_chances
from pytest_mlgate.stats.planning_metrics import PLANNED, planned
from pytest_mlgate.stats.planning_spread import Normal, Rows, difference
from pytest_mlgate.stats.proportions import clopper_pearson, wilson
from pytest_mlgate.verdict import Limit, Measurement, Verdict, judge


def verdict(side, value, low, high, baseline=None, relative=None):
    """Let the one place that decides decide."""
    limit = relative or Limit(**{"max" if side.upper else "min": side.limit}, confidence=side.confidence)
    return judge(
        Measurement(
            name="*", metric="m", value=value, low=low, high=high, confidence=0.95, n=1, limit=limit, baseline=baseline
        )
    ).verdict


def near(chances, verdicts, within=0.045):
    """Hold chances against the verdicts that came out, up to the error of so many draws."""
    seen = [np.mean([one is which for one in verdicts]) for which in (Verdict.PASS, Verdict.FAIL)]
    return abs(chances.passes - seen[0]) <= within and abs(chances.fails - seen[1]) <= within


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("bounds", [wilson, clopper_pearson])
@pytest.mark.parametrize("confidence", [0.95, None])
@pytest.mark.parametrize("truth", [0.05, 0.25, 0.31, 0.9])
def test_chances_of_a_share_are_those_of_every_outcome_added_up(upper, bounds, confidence, truth):
    """Forty rows have forty-one outcomes; each is judged, and its probability counted."""
    side, n = Side(0.3, upper, confidence), 40
    found = Shares(n, bounds).chances(side, truth)
    by_verdict = dict.fromkeys(Verdict, 0.0)
    for hits in range(n + 1):
        low, high = bounds(hits, n, 0.95)
        by_verdict[verdict(side, hits / n, low, high)] += binom.pmf(hits, n, truth)
    assert found.passes == pytest.approx(by_verdict[Verdict.PASS], abs=1e-12)
    assert found.fails == pytest.approx(by_verdict[Verdict.FAIL], abs=1e-12)
    assert found.passes + found.undecided + found.fails == pytest.approx(1.0)


@pytest.mark.parametrize(("good", "limit"), [(0.85, 0.8), (0.92, 0.9), (0.55, 0.5)])
def test_power_and_rows_are_about_those_of_the_normal_approximation(good, limit):
    """Wilson's bound decides as the score test does, whose power statsmodels knows; the binomial is exact here."""
    spreads = {"std_null": sqrt(limit * (1 - limit)), "std_alternative": sqrt(good * (1 - good))}
    for n in (1000, 5000, 20_000):
        expected = normal_power_het(good - limit, n, 0.05, alternative="larger", **spreads)
        found = Shares(n, wilson).chances(Side(limit, upper=False, confidence=0.95), good).passes
        assert found == pytest.approx(expected, abs=0.04)
    expected = normal_sample_size_one_tail(good - limit, 0.8, 0.05, **spreads)
    found = rows_needed(lambda n: Shares(n, wilson).chances(Side(limit, upper=False, confidence=0.95), good), 0.8)
    assert found == pytest.approx(expected, rel=0.06)


def test_rows_that_are_needed_are_the_fewest():
    """With them the power is there, and well below them it is not."""
    spread = lambda n: Normal(lambda _: 1.0 / sqrt(n), (-10.0, 10.0))  # noqa: E731 - shorter than a function
    side = Side(0.0, upper=True, confidence=0.95)
    found = rows_needed(lambda n: spread(n).chances(side, -0.1), 0.9)
    assert found == pytest.approx(((ndtri(0.95) + ndtri(0.9)) / 0.1) ** 2, rel=0.002)
    assert rows_needed(lambda n: spread(n).chances(side, 0.0), 0.9) is None
    with pytest.raises(ValueError, match="power must lie"):
        rows_needed(lambda n: spread(n).chances(side, -0.1), 1.0)


def test_errors_of_tables_are_the_closed_forms():
    """Kappa's is that of statsmodels; balanced accuracy's is that of two independent shares."""
    rows = Rows(500, 150)
    tp, fp, fn, tn = 120, 30, 30, 320
    kappa = cohens_kappa(np.array([[tn, fp], [fn, tp]]))
    assert PLANNED["kappa"].sampling(rows, 0.5).deviation(kappa.kappa) == pytest.approx(kappa.std_kappa, rel=1e-3)
    recall, specificity = tp / 150, tn / 350
    expected = sqrt(recall * (1 - recall) / 150 + specificity * (1 - specificity) / 350) / 2
    found = PLANNED["balanced_accuracy"].sampling(rows, 0.5).deviation((recall + specificity) / 2)
    assert found == pytest.approx(expected, rel=1e-3)


def classes(n, positives, rng, separation):
    """Normal scores of two classes, so far apart."""
    labels = np.arange(n) < positives
    return labels, rng.normal(size=n) + separation * labels


def scored(n, positives, area):
    """Draw predictions whose area under the curve is so large."""

    def draw(rng):
        labels, scores = classes(n, positives, rng, sqrt(2.0) * ndtri(area))
        return Outputs(labels, scores=expit(scores))

    return draw


def decided(n, positives, hit, alarm):
    """Draw predictions that have so many of the positive rows right, and of the others wrong."""

    def draw(rng):
        labels = rng.random(n) < positives / n
        return Outputs(labels, rng.random(n) < np.where(labels, hit, alarm))

    return draw


def erring(n, scale):
    """Draw normal errors of such a scale."""

    def draw(rng):
        targets = rng.normal(50, 3, n)
        return Outputs(targets, values=targets + scale * rng.normal(size=n))

    return draw


def told(n, mean):
    """Draw probabilities of which the losses are exponential with such a mean."""

    def draw(rng):
        positive, right = rng.random(n) < 0.5, rng.random(n) ** mean
        return Outputs(positive, scores=np.where(positive, right, 1.0 - right))

    return draw


HALF_NORMAL, MEDIAN = sqrt(2 / np.pi), ndtri(0.75)
DRAWN = [  # metric, rows, limit, truth, draw: about as often passed as not, undecided, failed
    ("accuracy", Rows(400, 120), 0.8, 0.84, decided(400, 120, 0.84, 0.16)),
    ("recall", Rows(400, 120), 0.7, 0.8, decided(400, 120, 0.8, 0.1)),
    ("recall", Rows(400, 120), 0.7, 0.62, decided(400, 120, 0.62, 0.1)),
    ("precision", Rows(400, 120), 0.7, 0.8, decided(400, 120, 0.8, 0.2 * 120 / 280)),
    ("f1", Rows(400, 120), 0.72, 0.8, decided(400, 120, 0.8, 0.2 * 120 / 280)),
    ("balanced_accuracy", Rows(400, 120), 0.75, 0.8, decided(400, 120, 0.8, 0.2)),
    ("roc_auc", Rows(400, 120), 0.85, 0.88, scored(400, 120, 0.88)),
    ("roc_auc", Rows(400, 120), 0.85, 0.81, scored(400, 120, 0.81)),
    ("roc_auc", Rows(300, 30), 0.9, 0.96, scored(300, 30, 0.96)),
    ("rmse", Rows(300), 2.0, 1.85, erring(300, 1.85)),
    ("rmse", Rows(300), 2.0, 2.2, erring(300, 2.2)),
    ("mae", Rows(300), 2.0, 1.85, erring(300, 1.85 / HALF_NORMAL)),
    ("medae", Rows(300), 2.0, 1.8, erring(300, 1.8 / MEDIAN)),
    ("medae", Rows(300), 2.0, 2.25, erring(300, 2.25 / MEDIAN)),
    ("r2", Rows(800), 0.8, 0.82, erring(800, 3 * sqrt(0.18 / 0.82))),
    ("log_loss", Rows(400), 0.8, 0.7, told(400, 0.7)),
    ("log_loss", Rows(400), 0.8, 0.92, told(400, 0.92)),
]


@pytest.mark.parametrize(("name", "rows", "limit", "truth", "draw"), DRAWN, ids=lambda one: str(one)[:24])
def test_plans_come_true(name, rows, limit, truth, draw):
    """What METRICS estimate from rows that are drawn, held against the limit, passes and fails as often as planned."""
    known = planned(name)
    side = Side(limit, upper=not known.rising, confidence=0.95)
    found = known.sampling(rows, limit).chances(side, truth)
    assert 0.03 < max(found.passes, found.fails) < 0.97  # or there would be nothing to see
    rng = np.random.default_rng(11)
    estimates = [METRICS[name].compute(r2_rows(draw(rng), name, rng), 0.95) for _ in range(800)]
    assert near(found, [verdict(side, one.value, one.low, one.high) for one in estimates])


def r2_rows(outputs, name, rng):
    """Give r2 predictions that vary and targets around them, as its plan takes for granted."""
    if name != "r2":
        return outputs
    noise = outputs.values - outputs.labels
    predicted = rng.normal(0, 3, noise.size)
    return Outputs(predicted + noise, values=predicted)


def rightly(n, new, old, correlation):
    """Draw two models that are right on so many rows, together as often as correlated."""
    both = new * old + correlation * sqrt(new * (1 - new) * old * (1 - old))

    def draw(rng):
        kind = rng.choice(4, n, p=[both, new - both, old - both, 1 - new - old + both])
        labels = rng.random(n) < 0.5
        return Outputs(labels, np.where(kind < 2, labels, ~labels)), Outputs(
            labels, labels ^ ((kind == 1) | (kind == 3))
        )

    return draw


def pinned(n, new, old, correlation):
    """Draw exponential losses of two models, of which so many rows are the same but for their scale."""

    def draw(rng):
        first = rng.exponential(size=n)
        second = np.where(rng.random(n) < correlation, first, rng.exponential(size=n))
        zeros = np.zeros(n)
        return Outputs(zeros, values=2.0 * new * first), Outputs(zeros, values=2.0 * old * second)

    return draw


PAIRED = [
    (
        "accuracy",
        Limit(max_drop=0.03, confidence=0.95),
        Side(-0.03, upper=False, confidence=0.95),
        1.0,
        (0.9, 0.9),
        rightly,
    ),
    (
        "accuracy",
        Limit(max_drop=0.03, confidence=0.95),
        Side(-0.03, upper=False, confidence=0.95),
        1.0,
        (0.85, 0.9),
        rightly,
    ),
    ("pinball", Limit(max_ratio=1.1, confidence=0.95), Side(0.0, upper=True, confidence=0.95), 1.1, (1.0, 1.0), pinned),
    (
        "pinball",
        Limit(max_rise="10%", confidence=0.95),
        Side(0.0, upper=True, confidence=0.95),
        1.1,
        (1.2, 1.0),
        pinned,
    ),
]


@pytest.mark.parametrize(("name", "limit", "side", "times", "truths", "draws"), PAIRED)
def test_paired_plans_come_true(name, limit, side, times, truths, draws):
    """Two models on the same rows, compared as `model.regression` does, fare as planned."""
    n, correlation = 500, 0.7
    known = planned(name)
    spread = difference(known.sampling(Rows(n), 0.9), *truths, correlation, times)
    found = spread.chances(side, truths[0] - times * truths[1])
    assert 0.03 < max(found.passes, found.fails) < 0.97
    rng, draw = np.random.default_rng(12), draws(n, *truths, correlation)
    verdicts = []
    for _ in range(600):
        one = compare(name, *draw(rng))
        low, high = (times * one.old + bound for bound in one.bounds(0.95, times))
        verdicts.append(verdict(side, one.new, low, high, baseline=one.old, relative=limit))
    assert near(found, verdicts)


SIZES = np.array([900, 700, 300]), np.array([450, 300, 150])
GAPS = [
    ("equal_opportunity_difference", Side(0.1, upper=True, confidence=0.95), 0.0),
    ("equal_opportunity_difference", Side(0.1, upper=True, confidence=0.95), 0.18),
    ("demographic_parity_ratio", Side(0.8, upper=False, confidence=0.95), 0.9),
    ("demographic_parity_ratio", Side(0.8, upper=False, confidence=0.95), 0.66),
    ("equalized_odds_difference", Side(0.1, upper=True, confidence=0.95), 0.02),
    ("accuracy_difference", Side(0.06, upper=True, confidence=0.95), 0.02),
]


@pytest.mark.parametrize(("metric", "side", "truth"), GAPS)
def test_plans_of_gaps_come_true(metric, side, truth):
    """Rows are drawn one by one for groups so far apart, counted and judged as `fairness.groups` does."""
    rows, positives = SIZES
    found = gap_chances(Groups(rows, positives, Least()), metric, side, truth, draws=400, seed=1)
    groups = np.repeat(np.arange(3), rows)
    labels = np.concatenate([np.arange(n) < hits for n, hits in zip(rows, positives, strict=True)])
    apart = np.array([0.5, -0.5, 0.0])[groups] * truth
    base = positives.sum() / rows.sum()
    top = 2 * base / (1 + truth)
    chosen = {
        "equal": np.where(labels, 0.8 + apart, 0.1),
        "equalized": np.where(labels, 0.8 + apart, 0.1 + apart),
        "demographic": np.array([top, truth * top, base])[groups],
        "accuracy": np.where(labels, 0.9 + apart, 1 - (0.9 + apart)),
    }[metric.partition("_")[0]]
    rng, verdicts = np.random.default_rng(2), []
    for _ in range(400):
        counts = count_groups(groups, labels, rng.random(groups.size) < chosen, 3)
        claim = NAMES[metric]
        one = gap([RateOf(counts, rate) for rate in claim.measures], claim.form, Least())
        verdicts.append(verdict(side, one.value, *one.bounds(0.95)))
    assert near(found, verdicts, 0.1)  # twice four hundred draws


def test_an_undefined_or_unknown_gap_is_refused():
    """A metric that nothing is known of, and a single group."""
    groups = Groups(*SIZES, Least())
    side = Side(0.1, upper=True, confidence=0.95)
    with pytest.raises(ValueError, match="nothing is planned for surprise_difference"):
        gap_chances(groups, "surprise_difference", side, 0.0, draws=1, seed=1)
    alone = Groups(np.array([500, 0]), np.array([250, 0]), Least())
    with pytest.raises(ValueError, match="fewer than two groups"):
        gap_chances(alone, "accuracy_difference", side, 0.0, draws=1, seed=1)


@pytest.mark.parametrize(("name", "limit"), [("psi", 0.1), ("js", 0.13)])
@pytest.mark.parametrize(
    ("n", "m", "shift"), [(3000, 1500, 0.0), (3000, 1500, 0.3), (3000, 1500, 0.4), (500, 120, 0.45)]
)
def test_plans_of_drift_come_true(name, limit, n, m, shift):
    """Normal columns that moved by so much, cut at the reference's deciles and tested at the level of one in five."""
    level, rng = 0.01 / 5, np.random.default_rng(3)
    moved = np.diff(ndtr(np.concatenate([[-np.inf], ndtri(np.arange(1, 10) / 10), [np.inf]]) - shift))
    whole = BinCounts(tuple("abcdefghij"), np.full(10, 10**8), np.rint(moved * 10**9).astype(np.int64), "quantile")
    truth, side = divergence(name, whole).value, Side(limit, upper=True)
    found = Divergences(name, n, m, 9, level).chances(side, truth)
    seen = []
    for number in range(300):
        counts = numeric_bins(rng.normal(size=n), rng.normal(shift, 1, m))
        one = divergence(name, counts)
        check = Measurement(
            name="x",
            metric=name,
            value=one.value,
            n=m,
            limit=Limit(max=limit),
            p_adjusted=homogeneity_p(counts, number, 9999) if one.value > limit else 1.0,
            alpha=level,
            detectable=divergence_detectable(name, n, m, one.df, level),
        )
        seen.append(judge(check).verdict)
    assert near(found, seen, 0.12)  # on a hundred rows the test sees moved tails less often than its chi-square says


def test_what_cannot_be_is_refused():
    """No rows, a share above one, an area without negatives; a metric that nobody knows how to plan for."""
    side = Side(0.8, upper=False, confidence=0.95)
    with pytest.raises(ValueError, match="there are no rows"):
        Shares(0, wilson).chances(side, 0.9)
    with pytest.raises(ValueError, match="the true share must lie between 0 and 1"):
        Shares(10, wilson).chances(side, 1.2)
    with pytest.raises(ValueError, match="one of the two classes has no rows"):
        PLANNED["roc_auc"].sampling(Rows(100, 100), 0.8)
    assert planned("ece") is None
    assert planned("top_3_accuracy") is not None
