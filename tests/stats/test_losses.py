"""Losses and errors: bounds that hold although they are skewed, alone and for two models on the same rows."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import ttest_1samp, ttest_rel

from pytest_mlgate.stats.losses import bounded_losses, brier, error_losses, log_loss, mae, r2, rmse
from pytest_mlgate.stats.means import mean_bounds


def missed(bounds, draw, true, times=3000, seed=1):
    """How often the lower and the upper bound miss the truth."""
    rng = np.random.default_rng(seed)
    found = np.array([bounds(*draw(rng)) for _ in range(times)])
    return np.mean(found[:, 0] > true), np.mean(found[:, 1] < true)


def test_a_symmetric_sample_gets_students_bounds():
    """Without skewness there is nothing to correct."""
    values = np.array([-3.0, -1.0, 0.0, 1.0, 3.0])
    interval = ttest_1samp(values, 0.0).confidence_interval(0.90)
    assert mean_bounds(values, 0.95) == pytest.approx((interval.low, interval.high))


def test_a_skewed_sample_gets_a_farther_bound_on_its_long_side():
    """The side of the tail is widened by Hall's correction, the other keeps Student's."""
    values = np.random.default_rng(1).exponential(size=60)
    interval = ttest_1samp(values, 0.0).confidence_interval(0.90)
    low, high = mean_bounds(values, 0.95)
    assert low == pytest.approx(interval.low)
    assert high > interval.high
    assert mean_bounds(-values, 0.95) == pytest.approx((-high, -low))
    skewness = np.mean((values - values.mean()) ** 3) / np.std(values) ** 3
    hall = (values.mean() - high) / (np.std(values, ddof=1) / np.sqrt(60))  # where Hall's g must give Student's back
    slope = skewness / np.sqrt(60)
    transformed = hall + slope * hall**2 / 3 + slope**2 * hall**3 / 27 + slope / 6
    assert transformed == pytest.approx((values.mean() - interval.high) / (np.std(values, ddof=1) / np.sqrt(60)))


def test_no_spread_has_no_bounds():
    """One row, or rows all alike, estimate nothing."""
    for values in ([1.0], [2.0, 2.0, 2.0], [0.1] * 7):
        with pytest.raises(ValueError, match="without any spread"):
            mean_bounds(np.array(values), 0.95)


def test_losses_all_alike_are_bounded_by_what_they_could_have_been():
    """A constant probability of one half loses 0.25 everywhere, and a row not seen cannot lose more."""
    found = brier(np.array([True, False] * 20), np.full(40, 0.5))
    assert found.value == 0.25
    low, high = found.bounds(0.95)
    assert 0.0 <= low < 0.25
    assert high == 0.25


def test_few_large_losses_widen_the_bounds():
    """Where hardly a row lost much, the tail was not seen: the bounds are those of losses that are all or nothing."""
    losses = np.random.default_rng(1).uniform(0, 0.1, 200)
    seen, unseen = (bounded_losses(losses, 1.0, np.arange(200) < large).bounds(0.95) for large in (20, 19))
    assert unseen[0] < seen[0] < losses.mean() < seen[1] < unseen[1] < 1.0


def test_bounds_of_errors_leave_room_above():
    """The upper bound is taken on the logarithmic scale, so it is farther off than Student's."""
    errors = np.random.default_rng(1).exponential(size=50)
    plain, found = mean_bounds(errors, 0.95), error_losses(errors).bounds(0.95)
    assert found[0] == plain[0]
    assert found[1] == pytest.approx(errors.mean() * np.exp(plain[1] / errors.mean() - 1))


def calibrated(spread, n):
    """Labels drawn from the very probabilities that are scored."""

    def draw(rng):
        scores = expit(rng.normal(0, spread, n))
        return rng.random(n) < scores, scores

    return draw


@pytest.mark.parametrize("n", [50, 200])
@pytest.mark.parametrize("spread", [1.0, 2.5, 6.0])
def test_bounds_of_losses_err_at_most_as_often_as_they_say(spread, n):
    """Brier score and log loss of a calibrated model, hardly informative to almost always certain."""
    large = expit(np.random.default_rng(9).normal(0, spread, 1_000_000))
    entropy = -np.mean(large * np.log(large) + (1 - large) * np.log1p(-large))
    for metric, true in ((brier, np.mean(large * (1 - large))), (log_loss, entropy)):
        rates = missed(lambda labels, scores, m=metric: m(labels, scores).bounds(0.95), calibrated(spread, n), true)
        assert max(rates) <= 0.06


NOISE = {"normal": lambda rng, n: rng.normal(size=n), "laplace": lambda rng, n: rng.laplace(size=n)}
VARIANCE = {"normal": 1.0, "laplace": 2.0}
ABSOLUTE = {"normal": np.sqrt(2 / np.pi), "laplace": 1.0}


@pytest.mark.parametrize("n", [100, 400])
@pytest.mark.parametrize("noise", NOISE)
def test_bounds_of_errors_err_at_most_as_often_as_they_say(noise, n):
    """Rmse, mae and r2 with normal and with Laplace errors around predictions of variance four."""

    def draw(rng):
        predicted = rng.normal(0, 2, n)
        return predicted + NOISE[noise](rng, n), predicted

    variance = VARIANCE[noise]
    for metric, true in ((rmse, np.sqrt(variance)), (mae, ABSOLUTE[noise]), (r2, 1 - variance / (4 + variance))):
        rates = missed(lambda targets, values, m=metric: m(targets, values).bounds(0.95), draw, true)
        assert max(rates) <= 0.06


def test_a_difference_of_means_is_the_paired_t_test():
    """On the same rows, and far narrower than the two models apart."""
    rng = np.random.default_rng(3)
    targets, shared = rng.normal(size=(2, 300))
    new, old = (mae(targets, targets + shared + 0.1 * rng.normal(size=300)) for _ in range(2))
    interval = ttest_rel(new.rows, old.rows).confidence_interval(0.90)
    low, high = new.less(old, 0.95)
    assert (low, high) == pytest.approx((interval.low, interval.high), abs=0.002)
    assert high - low < 0.3 * (new.bounds(0.95)[1] - new.bounds(0.95)[0])
    interval = ttest_1samp(new.rows - 0.98 * old.rows, 0).confidence_interval(0.90)
    assert new.less(old, 0.95, 0.98) == pytest.approx((interval.low, interval.high), abs=0.002)


def test_models_that_answer_alike_leave_doubt():
    """The same losses on every row do not prove that the next row has them too; more rows leave less doubt."""
    rng = np.random.default_rng(4)
    widths = []
    for n in (100, 10_000):
        labels, scores = calibrated(2.0, n)(rng)
        low, high = brier(labels, scores).less(brier(labels, scores), 0.95)
        assert low < 0.0 < high
        widths.append(high - low)
    assert widths[0] > 20 * widths[1]
    nothing = mae(np.arange(5.0), np.arange(5.0))
    with pytest.raises(ValueError, match="without any spread"):
        nothing.less(nothing, 0.95)


@pytest.mark.parametrize("n", [50, 200])
def test_bounds_of_differences_err_at_most_as_often_as_they_say(n):
    """Two models with errors of their own on the same hard rows, equally good."""

    def regress(rng):
        predicted = rng.normal(0, 2, n)
        return predicted + rng.laplace(size=n), *(predicted + rng.normal(0, 0.5, n) for _ in range(2))

    def classify(rng):
        logits = rng.normal(0, 2, n)
        return rng.random(n) < expit(logits), *(expit(logits + rng.normal(0, 0.5, n)) for _ in range(2))

    for metrics, draw in (((mae, rmse, r2), regress), ((brier, log_loss), classify)):
        for metric in metrics:
            rates = missed(lambda y, a, b, m=metric: m(y, a).less(m(y, b), 0.95), draw, 0.0)
            assert max(rates) <= 0.06
