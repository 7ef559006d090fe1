"""The expected calibration error: its value, bounds that hold, and what a perfect model on few rows looks like."""

import numpy as np
import pytest
from scipy.special import expit, logit

from pytest_mlgate.stats.calibration import BINS, calibration
from pytest_mlgate.stats.comparisons import compare
from pytest_mlgate.stats.drawn import drawn
from pytest_mlgate.stats.metrics import METRICS, Outputs


def said(rng, n, truth, shape=(0.5, 2.0)):
    """Probabilities, and outcomes that come true as `truth` says."""
    probabilities = np.clip(rng.beta(*shape, n), 1e-6, 1 - 1e-6)
    return rng.random(n) < truth(probabilities), probabilities


def perfect(probabilities):
    return probabilities


def bold(probabilities):
    """What comes true when probabilities are twice too sure."""
    return expit(0.5 * logit(probabilities))


def test_the_value_is_a_sum_over_bins_of_equal_mass():
    """Written out bin by bin, each bin's own variance taken off."""
    came_true, probabilities = said(np.random.default_rng(1), 900, bold)
    order, expected = np.argsort(probabilities), 0.0
    for rows in np.array_split(order, BINS):
        missed = came_true[rows] - probabilities[rows]
        chance = max(np.mean(probabilities[rows] * (1 - probabilities[rows])), np.var(missed)) / rows.size
        expected += rows.size / 900 * np.sqrt(max(0.0, missed.mean() ** 2 - chance))
    assert calibration(came_true, probabilities, drawn(900)).value == pytest.approx(expected)


def test_a_perfect_model_on_few_rows_is_not_held_for_a_bad_one():
    """At 500 rows the plain error of perfect probabilities is about .05; the corrected one is a third of it."""
    rng = np.random.default_rng(2)
    found = [calibration(*said(rng, 500, perfect, (1.0, 1.0)), drawn(500)) for _ in range(200)]
    plain = np.mean([np.abs(each.gaps).sum() for each in found])
    assert plain == pytest.approx(0.056, abs=0.006)
    assert np.mean([each.value for each in found]) < 0.5 * plain


CASES = [
    (perfect, 300, (1.0, 1.0)),
    (perfect, 600, (0.3, 12.0)),
    (bold, 300, (0.5, 2.0)),
    (bold, 2000, (1.0, 1.0)),
    (lambda p: np.clip(p + 0.05, 0, 1), 600, (0.5, 2.0)),
    (lambda p: np.where(p > 0.9, p - 0.3, p), 600, (1.0, 1.0)),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES, ids=["perfect", "rare", "bold", "bold many", "shifted", "one bin"])
def test_bounds_err_at_most_as_often_as_they_say(case, weighted):
    """For models that are right, too sure, off by a constant, and wrong in one corner only."""
    truth, n, shape = case
    rng, draws = np.random.default_rng(3), 40 if n > 1000 else 120
    population = np.sort(np.clip(rng.beta(*shape, 300_000), 1e-6, 1 - 1e-6))
    missed = np.zeros(2)
    for _ in range(draws):
        weights = rng.uniform(0.5, 1.5, n) if weighted else None
        how = drawn(n, weights)
        bins = np.array_split(population, max(1, min(BINS, int(how.effective) // 20)))
        true = np.mean([abs(np.mean(truth(each) - each)) for each in bins])
        low, high = calibration(*said(rng, n, truth, shape), how).bounds(0.95)
        missed += low > true, high < true
    assert missed.max() / draws <= 0.06 + 2 * np.sqrt(0.06 * 0.94 / draws)


def test_too_sure_a_model_is_found_out():
    """On 2,000 rows the lower bound comes near the truth, and the upper one is not far above it."""
    rng = np.random.default_rng(4)
    bounds = np.array([calibration(*said(rng, 2000, bold), drawn(2000)).bounds(0.95) for _ in range(10)])
    assert bounds[:, 0].min() > 0.06
    assert bounds[:, 1].max() < 0.15


def test_clusters_that_err_together_leave_more_doubt():
    """Outcomes copied over five rows are worth a fifth of them; taken for rows, they fail perfect models."""
    rng = np.random.default_rng(5)
    wrong = np.zeros(2)
    for _ in range(60):
        came_true, probabilities = (np.repeat(each, 5) for each in said(rng, 200, perfect, (1.0, 1.0)))
        clusters = np.repeat(np.arange(200), 5)
        clustered = calibration(came_true, probabilities, drawn(1000, clusters=clusters)).bounds(0.95)
        wrong += clustered[0] > 0.0, calibration(came_true, probabilities, drawn(1000)).bounds(0.95)[0] > 0.0
    assert wrong[0] <= 8 < wrong[1]


def test_of_several_classes_the_likeliest_is_meant():
    """The error is that of how sure the model is of the class it names."""
    rng = np.random.default_rng(6)
    scores = rng.dirichlet(np.ones(3), 600)
    labels = rng.integers(0, 3, 600)
    found = METRICS["ece"].compute(Outputs(labels, scores=scores, classes=("a", "b", "c")), 0.95)
    expected = calibration(scores.argmax(axis=1) == labels, scores.max(axis=1), drawn(600))
    assert (found.value, found.low, found.high) == (expected.value, *expected.bounds(0.95))


def test_certain_and_right_leaves_doubt():
    """Probabilities of 0 and 1 that all came true: no error, and an upper bound above it."""
    labels = np.arange(100) % 2 == 0
    outputs = Outputs(labels, scores=labels.astype(float))
    found = METRICS["ece"].compute(outputs, 0.95)
    assert found.value == found.low == 0.0
    assert 0.0 < found.high < 0.05
    low, high = compare("ece", outputs, outputs).bounds(0.95, 1.0)
    assert low <= 0.0 < high


def test_runs_repeat():
    """Resampling is seeded: the same rows give the same bounds."""
    rows = said(np.random.default_rng(7), 400, bold)
    assert calibration(*rows, drawn(400)).bounds(0.95) == calibration(*rows, drawn(400)).bounds(0.95)


@pytest.mark.parametrize(
    ("n", "how", "said"),
    [
        (39, {}, "39 rows are too few"),
        (400, {"clusters": np.arange(400) // 40}, "400 rows are worth 10, and are too few"),
        (400, {"weights": np.where(np.arange(400) < 30, 1.0, 0.0)}, "400 rows are worth 30, and are too few"),
    ],
)
def test_too_few_rows_for_two_bins_have_no_error(n, how, said):
    """In one bin, probabilities that are all turned round would make up for each other, to an error of zero."""
    came_true = np.arange(n) % 2 == 0
    turned_round = np.where(came_true, 0.1, 0.9)
    with pytest.raises(ValueError, match=said):
        calibration(came_true, turned_round, drawn(n, **how))
    assert calibration(came_true[:1].repeat(40), np.full(40, 0.1), drawn(40)).value == pytest.approx(0.9, abs=0.01)
