"""Metrics of predicted numbers, with weights and clusters: values, bounds and paired differences."""

from functools import partial

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.stats import binomtest, norm, quantile_test
from sklearn import metrics as sklearn_metrics

from pytest_mlgate.stats.comparisons import compare
from pytest_mlgate.stats.drawn import drawn
from pytest_mlgate.stats.means import mean_bounds
from pytest_mlgate.stats.metrics import METRICS, Outputs
from pytest_mlgate.stats.names import PINBALLS, WITHOUT_INTERVAL
from pytest_mlgate.stats.of_values import OF_VALUES, of_values

REFERENCE = {
    "rmse": sklearn_metrics.root_mean_squared_error,
    "mae": sklearn_metrics.mean_absolute_error,
    "mape": sklearn_metrics.mean_absolute_percentage_error,
    "medae": sklearn_metrics.median_absolute_error,
    "r2": sklearn_metrics.r2_score,
    **{name: partial(sklearn_metrics.mean_pinball_loss, alpha=quantile) for name, quantile in PINBALLS.items()},
}
BOUNDED = [name for name in OF_VALUES if name not in WITHOUT_INTERVAL]


def rows(n=300, seed=1):
    """True numbers, and numbers predicted for them."""
    rng = np.random.default_rng(seed)
    targets = rng.normal(10, 2, n)
    return targets, targets + rng.laplace(size=n)


@pytest.mark.parametrize("name", OF_VALUES)
def test_weighted_values_are_those_of_scikit_learn(name):
    """Every metric takes weights as `sample_weight` of scikit-learn; they do not change the largest error."""
    targets, values = rows()
    weights = np.random.default_rng(2).exponential(size=300)
    found = of_values(name, targets, values, weights).value
    if name == "max_error":
        assert found == sklearn_metrics.max_error(targets, values)
    else:
        assert found == pytest.approx(REFERENCE[name](targets, values, sample_weight=weights), rel=1e-12)


@pytest.mark.parametrize("name", BOUNDED)
def test_weights_that_are_all_equal_change_nothing(name):
    """Twos or none: the same value and the same bounds."""
    targets, values = rows()
    plain, weighted = of_values(name, targets, values), of_values(name, targets, values, np.full(300, 2.0))
    assert weighted.value == plain.value
    assert weighted.bounds(0.9) == plain.bounds(0.9)


@pytest.mark.parametrize("name", BOUNDED)
def test_a_row_of_weight_zero_is_not_there(name):
    """Neither the value nor the bounds nor the clusters know of it."""
    targets, values = rows()
    weights, clusters = np.random.default_rng(2).exponential(size=300), np.arange(300) % 60
    weights[clusters == 7] = 0.0
    there = weights > 0.0
    found = of_values(name, targets, values, weights, clusters)
    left_out = of_values(name, targets[there], values[there], weights[there], clusters[there])
    assert (found.value, found.bounds(0.95)) == (left_out.value, left_out.bounds(0.95))


def test_the_standard_error_of_a_weighted_mean_is_the_jackknife():
    """As a regression on a constant with weights and robust errors (HC3) has it, before skewness is corrected."""
    rng = np.random.default_rng(3)
    numbers, weights = rng.normal(size=200), rng.uniform(0.2, 3.0, 200)
    weights[7] = 60.0
    fitted = sm.WLS(numbers, np.ones(200), weights=weights).fit(cov_type="HC3")
    how = drawn(200, weights)
    units = how.added(numbers - how.mean(numbers))
    assert how.mean(numbers) == pytest.approx(fitted.params[0])
    assert units.std(ddof=1) / np.sqrt(200) == pytest.approx(fitted.bse[0], rel=0.005)
    assert how.effective == pytest.approx(weights.sum() ** 2 / np.square(weights).sum())


@pytest.mark.parametrize("name", BOUNDED)
def test_weights_that_leave_a_handful_of_rows_bound_nothing(name):
    """Four rows that count for nearly everything among three hundred; and six do bound it."""
    targets, values = rows()
    weights = np.full(300, 1e-6)
    weights[:4] = 1.0
    with pytest.raises(ValueError, match=r"300 weighted rows are worth 4\.0 that count the same"):
        of_values(name, targets, values, weights).bounds(0.95)
    weights[4:6] = 1.0
    low, high = of_values(name, targets, values, weights).bounds(0.95)
    assert low < of_values(name, targets, values, weights).value < high


def test_the_standard_error_of_clustered_rows_is_the_cluster_robust_one():
    """As statsmodels has it for a regression on a constant, with weights, in clusters of unequal sizes."""
    rng = np.random.default_rng(4)
    clusters = np.sort(rng.integers(0, 50, 600))
    numbers, weights = rng.normal(size=50)[clusters] + rng.normal(size=600), rng.uniform(0.2, 3.0, 600)
    options = {"cov_type": "cluster", "cov_kwds": {"groups": clusters, "use_correction": False}}
    fitted = sm.WLS(numbers, np.ones(600), weights=weights).fit(**options)
    how = drawn(600, weights, clusters + 17)
    units = how.by_unit(numbers - how.mean(numbers))
    assert units.size == 50
    assert np.sqrt(np.square(units).sum()) / 50 == pytest.approx(fitted.bse[0])


def test_clusters_of_one_row_each_are_rows():
    """Rows that each stand for themselves get the bounds of rows."""
    numbers = np.random.default_rng(5).exponential(size=80)
    alone = drawn(80, None, np.random.default_rng(5).permutation(80)).bounds(numbers, 0.95)
    assert alone == pytest.approx(mean_bounds(numbers, 0.95))


@pytest.mark.parametrize("n", [8, 50, 51, 999])
def test_bounds_of_the_median_are_the_exact_ones_by_rank(n):
    """As scipy's test of a quantile has them."""
    targets, values = rows(n)
    found = of_values("medae", targets, values)
    test = quantile_test(np.abs(values - targets), q=0.0, p=0.5, alternative="less")
    high = test.confidence_interval(0.95).high
    other = quantile_test(np.abs(values - targets), q=0.0, p=0.5, alternative="greater")
    assert found.bounds(0.95) == (other.confidence_interval(0.95).low, high)
    below = int(np.sum(np.abs(values - targets) < found.bounds(0.95)[0]))
    assert binomtest(below, n, 0.5, alternative="less").pvalue <= 0.05


def test_too_few_rows_do_not_bound_a_median():
    """Four rows all exceed the median once in sixteen times, five once in thirty-two."""
    targets, values = rows(5)
    assert of_values("medae", targets, values).bounds(0.95)[1] == np.abs(values - targets).max()
    with pytest.raises(ValueError, match="4 independent rows are too few"):
        of_values("medae", targets[:4], values[:4]).bounds(0.95)
    with pytest.raises(ValueError, match="without any spread"):
        of_values("medae", np.zeros(50), np.ones(50)).bounds(0.95)


def test_the_largest_error_has_no_bounds():
    """It says nothing of rows not seen, alone or against another model."""
    targets, values = rows()
    estimate = METRICS["max_error"].compute(Outputs(targets, values=values), 0.95)
    assert (estimate.value, estimate.low, estimate.high) == (np.abs(values - targets).max(), None, None)
    compared = compare("max_error", Outputs(targets, values=values), Outputs(targets, values=values + 1))
    with pytest.raises(ValueError, match="does not bound"):
        compared.bounds(0.95, 1.0)


@pytest.mark.parametrize("name", BOUNDED)
def test_few_clusters_bound_nothing(name):
    """With 39 clusters there are no bounds, of a metric or of a difference, and the reason says so."""
    targets, values = rows(390)
    few, enough = np.arange(390) % 39, np.arange(390) % 40
    with pytest.raises(ValueError, match=r"39 clusters are too few .* need 40"):
        of_values(name, targets, values, clusters=few).bounds(0.95)
    with pytest.raises(ValueError, match="39 clusters"):
        of_values(name, targets, values, clusters=few).less(of_values(name, targets, values + 1, clusters=few), 0.95)
    low, high = of_values(name, targets, values, clusters=enough).bounds(0.95)
    assert low < high


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"targets": [1.0, 0.0, 2.0]}, "mape is undefined: 1 of 3 targets are zero; the first is in row 1"),
        ({"targets": [1.0, 1e-300, 2.0]}, "mape is undefined: 1 of 3 targets are next to zero; .* row 1"),
        ({"weights": [1.0, -1.0, 1.0]}, "1 of 3 weights are negative, .* the first is -1 in row 1"),
        ({"weights": [1.0, 1.0, np.nan]}, "the first is nan in row 2"),
        ({"weights": [0.0, 0.0, 0.0]}, "all 3 weights are zero"),
        ({"weights": [1.0, 1.0]}, "3 rows and 2 weights"),
        ({"clusters": [1, 1]}, "3 rows and 2 clusters"),
        ({"values": [1.0, 2.0]}, "3 labels and 2 values"),
        ({"values": [1.0, np.nan, 2.0]}, "1 of 3 values are missing; the first is in row 1"),
        ({"targets": [], "values": []}, "0 labels"),
        ({"targets": [1.0, 2.0, 1e200]}, "1 of 3 labels are too large to square; the first is in row 2"),
    ],
)
def test_what_cannot_be_measured_is_refused_and_located(columns, message):
    """Targets of zero, weights that are none, columns that do not fit."""
    with pytest.raises(ValueError, match=message):
        of_values("mape", **{"targets": [1.0, 2.0, 3.0], "values": [1.0, 2.0, 4.0]} | columns)


DRAWS = 1500


def weighted(rng, n):
    """Rows drawn more often where errors are small, and weighted back: targets, errors, weights, clusters."""
    scale = rng.choice([0.5, 2.0], n, p=[0.8, 0.2])
    return rng.normal(10, 2, n), scale * rng.normal(size=n), np.where(scale < 1.0, 0.625, 2.5), None


def clustered(rng, n):
    """Rows in clusters of five that share half of the variance of their errors."""
    shared = np.repeat(rng.normal(size=n // 5), 5)
    return rng.normal(10, 2, n), np.sqrt(0.5) * (shared + rng.normal(size=n)), None, np.repeat(np.arange(n // 5), 5)


MIXED = brentq(lambda m: norm.cdf(m / 0.5) + norm.cdf(m / 2.0) - 1.5, 0.1, 2.0)
TRUE = {  # by the same draws without end: half of the rows have errors of 0.5 and half of 2; or all are standard normal
    weighted: {"mae": 1.25 * np.sqrt(2 / np.pi), "rmse": np.sqrt(2.125), "medae": MIXED},
    clustered: {"mae": np.sqrt(2 / np.pi), "rmse": 1.0, "medae": norm.ppf(0.75)},
}


@pytest.mark.parametrize("name", ["mae", "rmse", "medae"])
@pytest.mark.parametrize("draw", TRUE)
def test_bounds_of_weighted_and_clustered_rows_err_at_most_as_often_as_they_say(draw, name):
    """At 0.95 each side errs in at most six of a hundred samples; rows taken for plain err in more."""
    rng = np.random.default_rng(6)
    samples = [draw(rng, 400) for _ in range(DRAWS)]
    true = TRUE[draw][name]
    found = np.array([of_values(name, y, y + e, w, c).bounds(0.95) for y, e, w, c in samples])
    errors = np.mean(found[:, 0] > true), np.mean(found[:, 1] < true)
    assert max(errors) <= 0.06
    naive = np.array([of_values(name, y, y + e).bounds(0.95) for y, e, _, _ in samples])
    assert max(np.mean(naive[:, 0] > true), np.mean(naive[:, 1] < true)) > max(errors)


@pytest.mark.parametrize("name", ["mae", "rmse", "medae", "mape", "pinball_q90"])
@pytest.mark.parametrize("draw", TRUE)
def test_paired_bounds_of_weighted_and_clustered_rows_err_at_most_as_often_as_they_say(draw, name):
    """Two models with noise of their own on the same hard rows, equally good."""
    rng = np.random.default_rng(7)
    missed = []
    for _ in range(800):
        y, e, w, c = draw(rng, 400)
        models = [of_values(name, y, y + e + rng.normal(0, 0.3, y.size), w, c) for _ in range(2)]
        low, high = models[0].less(models[1], 0.95)
        missed.append((low > 0.0, high < 0.0))
    assert np.mean(missed, axis=0).max() <= 0.06


@pytest.mark.parametrize("similar", [0.02, 0.3, 2.0])
def test_bounds_of_differences_of_medians_err_at_most_as_often_as_they_say(similar):
    """From models that nearly always answer alike to models that hardly do; narrower than each apart where alike."""
    rng = np.random.default_rng(8)
    found, alone = [], []
    for _ in range(1000):
        shared, own, other = rng.laplace(size=200), rng.normal(size=200), rng.normal(size=200)
        models = [of_values("medae", np.zeros(200), shared + similar * one) for one in (own, other)]
        found.append(models[0].less(models[1], 0.95))
        alone.append(models[0].bounds(0.95))
    missed = np.array(found)
    assert max(np.mean(missed[:, 0] > 0.0), np.mean(missed[:, 1] < 0.0)) <= 0.06
    widths = np.diff(found, axis=1).mean() / np.diff(alone, axis=1).mean()
    assert widths < (0.5 if similar < 0.1 else 1.6)


@pytest.mark.parametrize("name", BOUNDED)
def test_models_that_answer_alike_leave_doubt(name):
    """Not one row differs, and yet the next may: bounds have a width, which closes in as rows grow."""
    widths = []
    for n in (200, 20_000):
        targets, values = rows(n)
        low, high = of_values(name, targets, values).less(of_values(name, targets, values), 0.95)
        assert low < 0.0 < high
        widths.append(high - low)
    assert widths[0] > 5 * widths[1]
