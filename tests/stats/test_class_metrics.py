"""Metrics of counts for several classes, weighted rows and clusters: values, bounds, and what is refused."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as sk

from pytest_mlgate.stats.count_tables import count_metric
from pytest_mlgate.stats.counts import SHARES, Confusion
from pytest_mlgate.stats.drawn import drawn
from pytest_mlgate.stats.edges import edge_bounds
from pytest_mlgate.stats.metrics import METRICS, Outputs
from pytest_mlgate.stats.names import OF_ONE_CLASS
from pytest_mlgate.stats.proportions import clopper_pearson, wilson
from pytest_mlgate.stats.table_metrics import SHARES as SHARES_OF_TABLES
from pytest_mlgate.stats.table_metrics import margins, metric_of

CLASSES = ("a", "b", "c", "d")
AVERAGES = ("macro", "micro", "weighted")
BY_SCIKIT_LEARN = {
    **{(name, each): None for name in ("precision", "recall", "f1") for each in AVERAGES},
    ("accuracy", None): sk.accuracy_score,
    ("balanced_accuracy", None): sk.balanced_accuracy_score,
    ("mcc", None): sk.matthews_corrcoef,
    ("kappa", None): sk.cohen_kappa_score,
}


def reference(name, average):
    if average is None:
        return BY_SCIKIT_LEARN[name, None]
    return lambda *columns, **more: getattr(sk, f"{name}_score")(*columns, average=average, **more)


def drawn_rows(classes, n=500, seed=1):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    predictions = np.where(rng.random(n) < 0.7, labels, rng.integers(0, classes, n))
    scores = rng.dirichlet(np.ones(classes), n) + 0.7 * np.eye(classes)[predictions]
    return labels, predictions, scores / scores.sum(axis=1, keepdims=True), rng.exponential(size=n)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("name", "average"), BY_SCIKIT_LEARN, ids=str)
def test_values_of_several_classes_are_those_of_scikit_learn(name, average, weighted):
    """Every average, with and without weights."""
    labels, predictions, _, weights = drawn_rows(4)
    weights = weights if weighted else None
    found = METRICS[name].compute(Outputs(labels, predictions, classes=CLASSES, weights=weights), 0.95, average)
    assert found.value == pytest.approx(reference(name, average)(labels, predictions, sample_weight=weights))
    assert found.low < found.value < found.high


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("average", [None, *AVERAGES])
@pytest.mark.parametrize("name", sorted(OF_ONE_CLASS))
def test_values_of_two_classes_are_those_of_scikit_learn(name, average, weighted):
    """Without an average the positive class is meant, whatever its label; specificity is recall of the others."""
    labels, predictions, _, weights = drawn_rows(2)
    weights = weights if weighted else None
    words = np.array(["no", "yes"])
    outputs = Outputs(words[labels], words[predictions], positive="yes", weights=weights)
    found = METRICS[name].compute(outputs, 0.95, average)
    stated = {"specificity": "recall", "npv": "precision"}.get(name, name)
    flipped = 1 if stated == name else 0
    options = {"average": "binary", "pos_label": flipped} if average is None else {"average": average}
    if average == "weighted" and stated != name:  # weighted by how often the class itself occurs
        each = getattr(sk, f"{stated}_score")(labels, predictions, average=None, sample_weight=weights)[::-1]
        share = np.bincount(labels, weights=weights) / (weights.sum() if weighted else labels.size)
        expected = np.dot(each, share)
    else:
        expected = getattr(sk, f"{stated}_score")(labels, predictions, sample_weight=weights, **options)
    assert found.value == pytest.approx(expected)
    assert found.low < found.value < found.high


@pytest.mark.parametrize("weighted", [False, True])
def test_losses_of_several_classes_are_those_of_scikit_learn(weighted):
    """Log loss, the Brier score (a sum over classes) and how often the label is among the likeliest."""
    labels, _, scores, weights = drawn_rows(4)
    weights = weights if weighted else None
    outputs = Outputs(labels, scores=scores, classes=CLASSES, weights=weights)
    for name, expected in (
        ("log_loss", sk.log_loss(labels, scores, sample_weight=weights)),
        ("brier", sk.brier_score_loss(labels, scores, sample_weight=weights)),
        ("top_2_accuracy", sk.top_k_accuracy_score(labels, scores, k=2, sample_weight=weights)),
        ("top_3_accuracy", sk.top_k_accuracy_score(labels, scores, k=3, sample_weight=weights)),
    ):
        found = METRICS[name].compute(outputs, 0.95)
        assert found.value == pytest.approx(expected)
        assert found.low < found.value < found.high


def test_classes_that_a_model_scores_alike_are_not_among_the_likeliest():
    """Two zeros beside one certainty name one class, not three."""
    outputs = Outputs(np.array([0, 1]), scores=np.array([[1.0, 0.0, 0.0]] * 2), classes=("a", "b", "c"))
    assert METRICS["top_2_accuracy"].compute(outputs).value == 0.5


def test_the_tables_of_names_agree():
    """What needs an average is what is a share of one class."""
    assert set(SHARES_OF_TABLES) == OF_ONE_CLASS


@pytest.mark.parametrize("hits", [0, 3, 50, 97, 100])
def test_a_plain_share_has_the_bounds_of_a_share(hits):
    """Wilson's, widened to Clopper and Pearson's where few rows went one way."""
    low, high = edge_bounds(hits / 100, hits * (100 - hits) / 100**3, 0.01, 0.95)
    candidates = [wilson(hits, 100, 0.95)] + ([clopper_pearson(hits, 100, 0.95)] if hits != 50 else [])
    assert (low, high) == pytest.approx((min(low for low, _ in candidates), max(high for _, high in candidates)))


def test_metrics_of_tables_agree_with_closed_forms_where_there_are_some():
    """Precision, recall and specificity of equal rows are bounded alike by both ways to compute them."""
    labels, predictions = (np.repeat(each, [60, 30, 45, 400]) for each in ([1, 0, 1, 0], [1, 1, 0, 0]))
    for name, among in (("precision", 90), ("recall", 105), ("specificity", 430)):
        found = count_metric(name, (labels, predictions), ("negative", "positive"), drawn(labels.size))
        if name in SHARES:
            part = SHARES[name](Confusion(60, 30, 45, 400), 0.95)
            assert (found.value, *found.bounds(0.95)) == pytest.approx((part.value, part.low, part.high))
        hits = 60 if name != "specificity" else 400
        interval = binomtest(hits, among).proportion_ci(0.90, method="wilson")
        assert found.bounds(0.95) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize(("name", "average"), [("f1", "macro"), ("f1", "weighted"), ("mcc", None), ("kappa", None)])
def test_the_variance_is_what_resampling_the_cells_shows(name, average):
    """The linearised variance agrees with a multinomial bootstrap of the table, which is one of the rows."""
    labels, predictions, _, _ = drawn_rows(4, 2000)
    found = count_metric(name, (labels, predictions), CLASSES, drawn(2000), average)
    table = np.bincount(found.cells, minlength=16) / 2000
    again = np.random.default_rng(2).multinomial(2000, table, 4000).reshape(-1, 4, 4)
    assert np.std(metric_of(name, average, 3)(margins(again.astype(float)))) == pytest.approx(
        found.variance**0.5, rel=0.05
    )


def table_of(shares, recalls):
    """Label by prediction, mistakes spread evenly over the other classes."""
    k = len(shares)
    table = np.repeat((1 - np.array(recalls))[:, None] / (k - 1), k, axis=1)
    np.fill_diagonal(table, recalls)
    return table * np.array(shares)[:, None]


SIMULATED = [  # rows, shares of the classes, recalls
    (100, (0.7, 0.3), (0.98, 0.97)),
    (500, (0.98, 0.02), (0.99, 0.7)),
    (300, (0.8, 0.15, 0.05), (0.95, 0.8, 0.6)),
    (500, (0.9, 0.08, 0.02), (0.98, 0.95, 0.9)),
    (400, (0.1,) * 10, (0.97,) * 10),
]


def errors(table, n, name, average, *, draws=400, weights=None, cluster=1):
    """Tell how often the bounds at 0.95 miss the truth; seven in ten rows of a cluster are as its first."""
    rng = np.random.default_rng(3)
    k = len(table)
    true = float(metric_of(name, average, k - 1)(margins(table)))
    missed = np.zeros(2)
    clusters = np.repeat(np.arange(n // cluster), cluster) if cluster > 1 else None
    for _ in range(draws):
        cells = rng.choice(k * k, size=n, p=table.ravel())
        if np.unique(cells // k).size < k or np.unique(cells % k).size < k:
            continue  # undefined, and never judged
        if clusters is not None:
            cells = np.where(rng.random(n) < 0.7, cells[clusters * cluster], cells)
        how = drawn(n, None if weights is None else weights(rng, n), clusters)
        low, high = count_metric(name, (cells // k, cells % k), tuple(map(str, range(k))), how, average).bounds(0.95)
        missed += low > true + 1e-12, high < true - 1e-12
    return missed / draws


def allowed(draws=400):
    """Nominal and one point, and what so many draws cannot tell from it."""
    return 0.06 + 2 * np.sqrt(0.06 * 0.94 / draws)


@pytest.mark.parametrize("case", SIMULATED, ids=str)
def test_bounds_err_at_most_as_often_as_they_say(case):
    """For even and uneven classes, near the edge and away from it."""
    n, shares, recalls = case
    for name, average in (("f1", "macro"), ("mcc", None), ("balanced_accuracy", None)):
        assert max(errors(table_of(shares, recalls), n, name, average)) <= allowed()


@pytest.mark.parametrize(
    "weights", [lambda rng, n: rng.exponential(size=n), lambda rng, n: np.exp(rng.normal(size=n))], ids=["exp", "logn"]
)
@pytest.mark.parametrize("case", SIMULATED[:3], ids=str)
def test_bounds_of_weighted_rows_err_at_most_as_often_as_they_say(case, weights):
    """Weights that vary as much as their mean, and more."""
    n, shares, recalls = case
    for name, average in (("accuracy", None), ("f1", "macro")):
        assert max(errors(table_of(shares, recalls), n, name, average, weights=weights)) <= allowed()


@pytest.mark.parametrize("case", SIMULATED[1:4], ids=str)
def test_bounds_of_clusters_err_at_most_as_often_as_they_say(case):
    """Half of two rows of a cluster err together; taking rows for independent misses more often than it says."""
    n, shares, recalls = case
    table = table_of(shares, recalls)
    for name, average in (("accuracy", None), ("f1", "macro")):
        assert max(errors(table, n, name, average, cluster=5)) <= allowed()


def test_few_clusters_have_a_value_and_no_bounds():
    """Thirty-nine clusters leave the interval out, with the reason; forty do not."""
    labels, predictions, _, _ = drawn_rows(3, 390)
    for clusters, bounded in ((39, False), (40, True)):
        outputs = Outputs(labels, predictions, classes=("a", "b", "c"), clusters=np.arange(390) % clusters)
        found = METRICS["f1"].compute(outputs, 0.95, "macro")
        assert (found.low is not None) is bounded
        assert bounded or "39 clusters are too few" in found.unbounded


def test_equal_weights_are_no_weights_and_zero_weights_are_no_rows():
    """Rows of one weight count as they are; rows of weight zero are as if they were not there."""
    labels, predictions, scores, _ = drawn_rows(2)
    for name in ("accuracy", "f1", "mcc", "log_loss"):
        column = {"scores": scores[:, 1]} if name == "log_loss" else {"predictions": predictions}
        plain = METRICS[name].compute(Outputs(labels, positive=1, **column), 0.95)
        equal = METRICS[name].compute(Outputs(labels, positive=1, weights=np.full(500, 3.0), **column), 0.95)
        assert (plain.value, plain.low, plain.high) == (equal.value, equal.low, equal.high)
        first = {key: each[:300] for key, each in column.items()}
        fewer = METRICS[name].compute(Outputs(labels[:300], positive=1, **first), 0.95)
        zeros = METRICS[name].compute(Outputs(labels, positive=1, weights=np.arange(500) < 300, **column), 0.95)
        assert (fewer.value, fewer.low, fewer.high) == (zeros.value, zeros.low, zeros.high)


@pytest.mark.parametrize("name", ["accuracy", "f1", "mcc", "kappa", "balanced_accuracy"])
def test_a_perfect_model_of_several_classes_leaves_doubt(name):
    """No metric has zero width because nothing went wrong yet, and more rows leave less doubt."""
    lows = []
    for n in (30, 3000):
        labels = np.arange(n) % 3
        found = METRICS[name].compute(Outputs(labels, labels, classes=("a", "b", "c")), 0.95, "macro")
        assert found.value == pytest.approx(found.high) == pytest.approx(1.0)
        lows.append(found.low)
    assert lows[0] < lows[1] < 1.0


@pytest.mark.parametrize(("name", "label"), [("npv", True), ("precision", False), ("f1", False)])
@pytest.mark.parametrize("weights", [None, [1.0, 2.0] * 30])
@pytest.mark.parametrize("paired", [False, True])
def test_a_metric_of_a_class_that_no_row_has_leaves_doubt(name, label, weights, paired):
    """None of sixty rows predicted so is of the class: none has zero width, and plain rows are bounded exactly."""
    labels, predictions = np.full(60, label), np.full(60, name != "npv")
    clusters = np.arange(120) // 2 if paired else None
    if paired:
        labels, predictions = np.repeat(labels, 2), np.repeat(predictions, 2)
        weights = None if weights is None else np.repeat(weights, 2)
    found = METRICS[name].compute(Outputs(labels, predictions, weights=weights, clusters=clusters), 0.95)
    assert (found.value, found.low) == (0.0, 0.0)
    if weights is None and name != "f1":
        assert found.high == pytest.approx(clopper_pearson(0, 60, 0.95)[1], rel=0.03)
    assert 0.048 < found.high < 0.12


@pytest.mark.parametrize(
    ("name", "average", "labels", "predictions", "message"),
    [
        ("f1", None, [0, 1, 2], [0, 1, 2], r"of one class, and there are 3: choose an average"),
        ("recall", "macro", [0, 1, 1], [0, 1, 2], "recall is undefined: no row is 'c'"),
        ("precision", "macro", [0, 1, 2], [0, 1, 1], "precision is undefined: no row is predicted 'c'"),
        ("precision", "weighted", [0, 1, 2], [0, 1, 1], "no row is predicted 'c'"),
        ("balanced_accuracy", None, [0, 1, 1], [0, 1, 2], "no row is 'c'"),
        ("mcc", None, [1, 1, 1], [0, 1, 2], "mcc is undefined: all rows are 'b'"),
        ("mcc", None, [0, 1, 2], [0, 0, 0], "mcc is undefined: all rows are predicted 'a'"),
        ("kappa", None, [1, 1, 1], [1, 1, 1], "kappa is undefined: all rows are 'b'"),
    ],
)
def test_a_metric_that_is_undefined_says_why(name, average, labels, predictions, message):
    """A share of nothing is refused by the name of the class, not counted as zero."""
    with pytest.raises(ValueError, match=message):
        METRICS[name].compute(Outputs(labels, predictions, classes=("a", "b", "c")), 0.95, average)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"labels": [0, 3]}, "labels must lie between 0 and 2, not 0 and 3"),
        ({"labels": [0, 1], "predictions": [0, -1]}, "predictions must lie between 0 and 2, not -1 and 0"),
        ({"labels": [0.0, 1.0]}, "labels must be positions in the 3 classes"),
        ({"labels": [0, 1], "scores": [0.1, 0.2]}, "a column for each class, not the shape"),
        ({"labels": [0, 1], "scores": [[0.5, 0.5]] * 2}, "3 classes and 2 columns"),
        ({"labels": [0, 1], "weights": [1.0, -1.0]}, "1 of 2 weights are negative, missing or infinite; .* row 1"),
        ({"labels": [0, 1], "weights": [0.0, 0.0]}, "all 2 weights are zero"),
        ({"labels": [0, 1], "weights": [1.0]}, "2 labels and 1 weights"),
        ({"labels": [0, 1], "clusters": [1]}, "2 labels and 1 clusters"),
    ],
)
def test_refuses_outputs_that_do_not_fit_together(columns, message):
    """Codes of no class, missing columns of scores and impossible weights are refused by name."""
    with pytest.raises(ValueError, match=message):
        Outputs(**columns, classes=("a", "b", "c"))


def test_too_many_classes_are_refused():
    """A table of a million cells is not made by accident."""
    names, codes = tuple(map(str, range(2001))), np.arange(2001)
    with pytest.raises(ValueError, match="there are 2001 classes, and mcc is counted for at most 2000"):
        METRICS["mcc"].compute(Outputs(codes, codes, classes=names))
    assert METRICS["accuracy"].compute(Outputs(codes, codes, classes=names)).value == 1.0


def test_probabilities_of_several_classes_add_up():
    """Rows of logits, or of independent scores, are refused and located."""
    outputs = Outputs([0, 1], scores=[[0.2, 0.3, 0.5], [0.9, 0.9, 0.1]], classes=("a", "b", "c"))
    with pytest.raises(ValueError, match=r"of 1 of 2 rows do not add up to 1; those of row 1 add up to 1\.9"):
        METRICS["log_loss"].compute(outputs)
    with pytest.raises(ValueError, match="1 of 3 scores are no probabilities; the first is 3 in row 0"):
        METRICS["brier"].compute(Outputs([0], scores=[[-0.0, 3.0, 0.1]], classes=("a", "b", "c")))
    with pytest.raises(ValueError, match="there are 2 classes: the true one is always among 2"):
        METRICS["top_2_accuracy"].compute(Outputs([True, False], scores=[0.2, 0.1]))
