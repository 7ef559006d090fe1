"""`fairness.groups` beyond gaps in rates: every name, all rows, reference groups, scores, numbers, and what is said."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pytest_mlgate.errors import GateFileError
from pytest_mlgate.report.failure import explain
from pytest_mlgate.stats.fairness_names import NAMES

GATE = """
gates:
  g:
    kind: fairness.groups
    data: {{fixture: t, labels: {{SEX: {{1: male, 2: female}}}}}}
    label: {label}
    {source}
    sensitive: {sensitive}
    metrics: {metrics}
{more}
"""


@pytest.fixture
def fair(judged):
    """Judge the groups of a table."""

    def judge(table, metrics, sensitive="[SEX]", more="", source="prediction: p", label="y", **fixtures):
        lines = "".join(f"    {line}\n" for line in more.splitlines())
        text = GATE.format(label=label, source=source, sensitive=sensitive, metrics=metrics, more=lines)
        return judged(text, t=pa.table(table), **fixtures)

    return judge


def people(n=6000, seed=1):
    """Make labels, classes, scores and numbers of two attributes; the second sex is predicted worse."""
    rng = np.random.default_rng(seed)
    sex, race, labels = rng.integers(1, 3, n), rng.choice(["a", "b", "c"], n), rng.integers(0, 2, n)
    scores = np.clip(0.3 + 0.4 * labels - 0.05 * (sex == 2) + rng.normal(0, 0.2 + 0.05 * (sex == 2), n), 0, 1)
    income = rng.normal(50, 10, n)
    return {
        "y": labels,
        "p": (scores > 0.5).astype(int),
        "s": scores,
        "income": income,
        "guess": income + rng.normal(2.0 * (sex == 2), 5 + (sex == 2), n),
        "SEX": sex,
        "RACE": race,
    }


def named(names):
    return "{" + ", ".join(f"{name}: {{}}" for name in names) + "}"


def test_every_metric_of_classes_and_scores_that_a_gate_can_name_is_measured(fair):
    """All of them have a value, between their bounds."""
    names = [name for name, claim in NAMES.items() if claim.needs != "value"]
    more = "reference_group: majority\nscore: s"
    _, checks = fair(people(), named(names), "[SEX, RACE]", more)
    assert_measured(checks, names)


def test_every_metric_of_numbers_that_a_gate_can_name_is_measured(fair):
    """The same where label and prediction are numbers."""
    names = [name for name, claim in NAMES.items() if claim.needs == "value"]
    _, checks = fair(people(), named(names), "[SEX, RACE]", source="prediction: guess", label="income")
    assert_measured(checks, names)


def assert_measured(checks, names):
    assert set(checks) == {(attribute, name) for attribute in ("SEX", "RACE") for name in names}
    for (_, metric), check in checks.items():
        assert check.reason is None, f"{metric}: {check.reason}"
        if not metric.startswith("count"):
            assert check.low - 1e-12 <= check.value <= check.high + 1e-12, metric
            assert check.low < check.high, metric


def test_gaps_to_all_rows_are_those_of_fairlearn(fair):
    """With `method: to_overall` and `agg: mean`, by attribute and intersection."""
    fairlearn = pytest.importorskip("fairlearn.metrics")
    table = people()
    metrics = ["demographic_parity_difference", "equalized_odds_difference", "equalized_odds_ratio"]
    more = "intersections: true\nmethod: to_overall\nagg: mean"
    _, checks = fair(table, named(metrics), "[SEX, RACE]", more)
    both = np.array([f"{sex}{race}" for sex, race in zip(table["SEX"], table["RACE"], strict=True)])
    for name, groups in {"SEX": table["SEX"], "RACE": table["RACE"], "SEX×RACE": both}.items():
        for metric in metrics:
            agg = {"agg": "mean"} if metric.startswith("equalized") else {}
            wanted = getattr(fairlearn, metric)(
                table["y"], table["p"], sensitive_features=groups, method="to_overall", **agg
            )
            assert checks[name, metric].value == pytest.approx(wanted, abs=1e-12)
    worst = checks["SEX", "demographic_parity_difference"].detail["worst"]
    assert "all rows" in (worst["high"], worst["low"])


def test_metrics_of_scores_are_those_of_scikit_learn_by_group(fair):
    """ROC AUC and Brier score; scores alone are enough."""
    metrics = pytest.importorskip("sklearn.metrics")
    table = people()
    _, checks = fair(table, named(["roc_auc_group_min", "brier_difference"]), source="score: s")
    masks = [table["SEX"] == sex for sex in (1, 2)]
    aucs = [metrics.roc_auc_score(table["y"][mask], table["s"][mask]) for mask in masks]
    briers = [metrics.brier_score_loss(table["y"][mask], table["s"][mask]) for mask in masks]
    found = checks["SEX", "roc_auc_group_min"]
    assert found.value == pytest.approx(min(aucs), abs=1e-12)
    assert [one["roc_auc"] for one in found.detail["groups"]] == pytest.approx(aucs, abs=1e-12)
    assert [set(one) & {"base_rate", "tpr"} for one in found.detail["groups"]] == [{"base_rate"}] * 2
    assert checks["SEX", "brier_difference"].value == pytest.approx(abs(briers[0] - briers[1]), abs=1e-12)


def test_predicted_numbers_are_judged_by_the_mean_error_of_groups(fair):
    """Women's incomes are guessed two too high: the gap in mean error is proven, as is the larger absolute error."""
    table = people()
    metrics = "{mean_error_difference: {max: 1}, mean_absolute_error_group_max: {max: 4.2}, mae_ratio: {min: 0.5}}"
    result, checks = fair(table, metrics, source="prediction: guess", label="income")
    errors = [(table["guess"] - table["income"])[table["SEX"] == sex] for sex in (1, 2)]
    gap = checks["SEX", "mean_error_difference"]
    assert gap.value == pytest.approx(errors[1].mean() - errors[0].mean())
    assert gap.verdict == "FAIL"
    largest = checks["SEX", "mean_absolute_error_group_max"]
    assert largest.value == pytest.approx(np.abs(errors[1]).mean())
    assert largest.verdict == "FAIL"
    assert checks["SEX", "mae_ratio"].verdict == "PASS"
    assert "SEX=2 female: n " in explain(result)
    assert "mean error" in explain(result)


def test_a_regression_model_gives_what_its_column_would(judged):
    """A model that gives numbers, against the same numbers in a column."""
    torch = pytest.importorskip("torch")
    table = {name: values.astype(np.float32) if name == "guess" else values for name, values in people().items()}
    text = GATE.format(
        label="income", source="prediction: guess", sensitive="[SEX]", metrics="{mae_difference: {}}", more=""
    )
    _, columns = judged(text, t=pa.table(table))
    live = text.replace("prediction: guess", "model: {fixture: m, features: [guess], output: value}")
    _, model = judged(live, t=pa.table(table), m=torch.nn.Identity())
    found = model["SEX", "mae_difference"]
    assert found.reason is None
    assert found.value == columns["SEX", "mae_difference"].value


@pytest.mark.parametrize("reference", ["{SEX: 1, RACE: a}", "majority"])
def test_disparities_are_each_group_over_the_reference_group(fair, reference):
    """With every group's disparity and bounds in the detail; intersections are held against that of the reference."""
    table = people()
    more = f"reference_group: {reference}\nintersections: true"
    _, checks = fair(table, "{fpr_disparity: {min: 0.8, max: 1.25}}", "[SEX, RACE]", more)
    fpr = [table["p"][(table["SEX"] == sex) & (table["y"] == 0)].mean() for sex in (1, 2)]
    found = checks["SEX", "fpr_disparity"]
    disparities = [one["disparity"] for one in found.detail["groups"]]
    own = disparities.index(1.0)
    assert disparities == pytest.approx([fpr[0] / fpr[own], fpr[1] / fpr[own]])
    low, high = found.detail["groups"][1 - own]["bounds"]["disparity"]
    assert low < disparities[1 - own] < high
    assert len(checks["SEX×RACE", "fpr_disparity"].detail["groups"]) == 6
    if reference != "majority":
        assert checks["SEX×RACE", "fpr_disparity"].detail["worst"]["reference"] == "SEX=1 male, RACE=a"


@pytest.mark.parametrize(("rate", "verdict"), [(0.5, "PASS"), (0.62, "INCONCLUSIVE"), (0.75, "FAIL"), (0.3, "FAIL")])
def test_a_disparity_is_wrong_on_either_side(fair, rate, verdict):
    """Selected half the time like the reference, a fourth more often, half more often, or much less often."""
    rng = np.random.default_rng(4)
    sex = rng.integers(1, 3, 6000)
    table = {"y": rng.integers(0, 2, 6000), "p": (rng.random(6000) < np.where(sex == 1, 0.5, rate)) * 1, "SEX": sex}
    _, checks = fair(table, "{pprev_disparity: {min: 0.8, max: 1.25}}", more="reference_group: {SEX: 1}")
    assert checks["SEX", "pprev_disparity"].verdict == verdict


@pytest.mark.parametrize(
    ("reference", "said"),
    [("{SEX: 3}", "no row is of the reference group SEX=3"), ("{SEX: '1'}", "mind the quotes")],
)
def test_a_reference_group_that_does_not_occur_is_not_measured(fair, reference, said):
    """Said with the value, and whether only its quotes are wrong."""
    result, checks = fair(people(), "{fpr_disparity: {max: 1.25}}", more=f"reference_group: {reference}")
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert said in checks["SEX", "fpr_disparity"].reason


def test_the_four_fifths_rule_applies_only_where_it_is_asked_for(fair):
    """Its limit is 0.8 without being written; without it nothing of the kind is judged."""
    rng = np.random.default_rng(4)
    sex = rng.integers(1, 3, 6000)
    table = {"y": rng.integers(0, 2, 6000), "p": (rng.random(6000) < np.where(sex == 1, 0.5, 0.3)) * 1, "SEX": sex}
    result, checks = fair(table, "{four_fifths: {}, demographic_parity_ratio: {}}")
    assert checks["SEX", "four_fifths"].verdict == "FAIL"
    assert checks["SEX", "four_fifths"].limit.min == 0.8
    assert checks["SEX", "demographic_parity_ratio"].verdict == "INFO"
    assert result.verdict == "FAIL"


def test_the_size_of_the_smallest_group_can_be_limited(fair):
    """A fact without an interval; a group that the labels name and nobody belongs to has none."""
    table = people()
    _, checks = fair(table, "{count_group_min: {min: 100}, count_ratio: {min: 0.5}}")
    assert checks["SEX", "count_group_min"].value == min((table["SEX"] == sex).sum() for sex in (1, 2))
    assert checks["SEX", "count_group_min"].verdict == "PASS"
    men = {name: values[table["SEX"] == 1] for name, values in table.items()}
    men["SEX"] = np.random.default_rng(2).choice([1, 3], men["SEX"].size)
    _, checks = fair(men, "{count_group_min: {min: 100}}")
    assert (checks["SEX", "count_group_min"].value, checks["SEX", "count_group_min"].verdict) == (0, "FAIL")
    assert checks["SEX", "count_group_min"].detail["missing"] == ["SEX=2 female"]


def test_a_small_group_keeps_the_worst_group_from_passing(fair):
    """Forty rows, all right: the smallest accuracy of any group is not proven; on numbers there is no upper bound."""
    table = people()
    table["SEX"][:40] = 3
    table["p"][:40] = table["y"][:40]
    _, checks = fair(table, "{accuracy_group_min: {min: 0.5}, accuracy_difference: {max: 0.9}}")
    for metric in ("accuracy_group_min", "accuracy_difference"):
        assert checks["SEX", metric].verdict == "INCONCLUSIVE"
        assert "SEX=3 has 40 rows (min_group_size 100)" in checks["SEX", metric].detail["small"][0]
    result, checks = fair(
        table,
        "{mean_error_difference: {max: 50}}",
        source="prediction: guess",
        label="income",
        more="inconclusive: fail",
    )
    assert checks["SEX", "mean_error_difference"].verdict == "INCONCLUSIVE"
    assert "… ∞]" in explain(result)


def test_a_metric_that_a_large_group_lacks_is_not_measured(fair):
    """A group with one class has no ROC AUC, and the reason says whose and why."""
    table = people()
    table["y"] = np.where(table["SEX"] == 2, 0, table["y"])
    _, checks = fair(table, named(["roc_auc_difference", "accuracy_difference"]), source="prediction: p\n    score: s")
    reason = checks["SEX", "roc_auc_difference"].reason
    assert "the roc auc of 1 of 2 groups is undefined" in reason
    assert "SEX=2 female has no roc auc" in reason
    assert checks["SEX", "accuracy_difference"].reason is None


def test_the_failure_lists_the_groups_with_their_rates_between_bounds(fair):
    """Those the value comes from first: n, base rate, selection rate, TPR, FPR and PPV, as they are by hand."""
    table = people()
    table["p"] = np.where((table["SEX"] == 2) & (np.arange(6000) % 2 == 0), 0, table["p"])
    result, _ = fair(table, "{equal_opportunity_difference: {max: 0.1}}", "[SEX, RACE]", "intersections: true")
    text = explain(result)
    women, y, p = table["SEX"] == 2, table["y"] == 1, table["p"] == 1
    lines = [one for one in text.splitlines() if "base rate" in one]
    assert lines[0].lstrip().startswith("groups    SEX=2 female")
    assert 2 <= len(lines) <= 6
    _, checks = fair(table, "{equal_opportunity_difference: {max: 0.1}}")
    first = checks["SEX", "equal_opportunity_difference"].detail["group_lines"][0]
    wanted = {
        "n": f"n {women.sum():,}",
        "base rate": f"base rate {y[women].mean():.1%} [",
        "selected": f"selected {p[women].mean():.1%} [",
        "TPR": f"TPR {p[women & y].mean():.1%} [",
        "FPR": f"FPR {p[women & ~y].mean():.1%} [",
        "PPV": f"PPV {y[women & p].mean():.1%} [",
    }
    assert [name for name, said in wanted.items() if said not in first] == []


@pytest.mark.parametrize(
    ("metrics", "more", "said"),
    [
        ("{fpr_disparity: {max: 1.25}}", "", "needs a group to hold the others against"),
        ("{accuracy_difference: {}}", "reference_group: {SEX: 1}", "no metric is held against a reference group"),
        ("{fpr_disparity: {}}", "reference_group: {RACE: a}", "'RACE' is not under `sensitive`"),
        ("{fpr_disparity: {}}", "reference_group: {RACE: a}", "names no group of 'SEX'"),
        ("{fpr_disparity: {max: 0.9}}", "reference_group: majority", "at or above 1"),
        ("{fpr_disparity: {min: 1.1}}", "reference_group: majority", "between 0 and 1"),
        ("{fpr_disparity: {min: 0}}", "reference_group: majority", "min 0 decides nothing"),
        ("{four_fifths: {min: 0.9}}", "", "the four-fifths rule is min 0.8"),
        ("{accuracy_group_min: {max: 0.9}}", "", "limited from below"),
        ("{fnr_group_max: {min: 0.9}}", "", "limited from above"),
        ("{accuracy_group_min: {min: 80}}", "", "between 0 and 1"),
        ("{count_group_min: {min: 10, confidence: 0.9}}", "", "no confidence interval"),
        ("{accuracy_group_min: {min: 0.8}}", "method: to_overall", "held against all rows"),
        ("{accuracy_difference: {max: 0.1}}", "agg: mean", "only equalized_odds is made of two gaps"),
        ("{roc_auc_difference: {max: 0.1}}", "", "roc_auc_difference needs `score:`"),
        ("{mae_difference: {max: 1}, accuracy_difference: {max: 0.1}}", "", "write two gates"),
        ("{mean_error_ratio: {min: 0.8}}", "", "unknown name 'mean_error_ratio'"),
        ("{accuracy_difference: {}}", "method: to_all", "to_all"),
    ],
)
def test_mistakes_about_metrics_are_found_while_reading(fair, metrics, more, said):
    """What the YAML itself can say is a collection error."""
    with pytest.raises(GateFileError, match=said):
        fair(people(n=10), metrics, more=more)
