"""`fairness.groups`: values against fairlearn, verdicts against the bounds, and groups that are never dropped."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from pytest_mlgate.errors import GateFileError
from pytest_mlgate.report.failure import explain

GATE = """
gates:
  g:
    kind: fairness.groups
    data: {{fixture: t, labels: {{SEX: {{1: male, 2: female}}}}}}
    label: y
    prediction: p
    sensitive: {sensitive}
    metrics: {metrics}
{more}
"""
OPPORTUNITY = "{equal_opportunity_difference: {max: 0.1}}"


@pytest.fixture
def fair(judged):
    """Judge the groups of a table."""

    def judge(table, metrics=OPPORTUNITY, sensitive="[SEX]", more=""):
        lines = "".join(f"    {line}\n" for line in more.splitlines())
        t = pa.table(table) if isinstance(table, dict) else table
        return judged(GATE.format(sensitive=sensitive, metrics=metrics, more=lines), t=t)

    return judge


def people(n=8000, gap=0.0, seed=1):
    """Make labels, predictions and two attributes; women's true positive rate is lower by `gap`."""
    rng = np.random.default_rng(seed)
    sex, race, labels = rng.integers(1, 3, n), rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]), rng.integers(0, 2, n)
    predicted = rng.random(n) < np.where(labels == 1, 0.8 - gap * (sex == 2), 0.2)
    return {"y": labels, "p": predicted.astype(int), "SEX": sex, "RACE": race}


def with_group(table, value, labels, predictions):
    """Append rows of one more group."""
    new = {"y": labels, "p": predictions, "SEX": [value] * len(labels), "RACE": ["a"] * len(labels)}
    columns = {name: pa.array([*table[name].tolist(), *new[name]]) for name in table}
    return pa.table(columns)


def test_the_documentation_example_of_fairlearn(fair):
    """Its values come out of a gate; with six rows a group nothing is claimed."""
    table = {
        "y": [int(c) for c in "011110101000111111"],
        "p": [int(c) for c in "001011100111100110"],
        "group": list("bbabbcccaacabccbcc"),
    }
    metrics = "{demographic_parity_difference: {max: 0.1}, demographic_parity_ratio: {}, equalized_odds_difference: {}}"
    result, checks = fair(table, metrics, "[group]")
    found = {metric: check.value for (_, metric), check in checks.items()}
    assert found == pytest.approx(
        {"demographic_parity_difference": 0.25, "demographic_parity_ratio": 2 / 3, "equalized_odds_difference": 1.0}
    )
    assert (result.verdict, result.outcome) == ("INCONCLUSIVE", "warned")


def test_intersections_are_those_of_fairlearn(fair):
    """One check for each attribute and for the two together, each with fairlearn's value."""
    fairlearn = pytest.importorskip("fairlearn.metrics")
    table = people(gap=0.05)
    metrics = "{equalized_odds_difference: {}, equalized_odds_ratio: {}}"
    _, checks = fair(table, metrics, "[SEX, RACE]", "intersections: true")
    together = np.array([f"{sex}{race}" for sex, race in zip(table["SEX"], table["RACE"], strict=True)])
    for name, groups in {"SEX": table["SEX"], "RACE": table["RACE"], "SEX×RACE": together}.items():
        for metric in ("equalized_odds_difference", "equalized_odds_ratio"):
            wanted = getattr(fairlearn, metric)(table["y"], table["p"], sensitive_features=groups)
            assert checks[name, metric].value == pytest.approx(wanted, abs=1e-12)
    assert len(checks) == 6


@pytest.mark.parametrize(("gap", "verdict"), [(0.0, "PASS"), (0.1, "INCONCLUSIVE"), (0.2, "FAIL")])
def test_the_bounds_decide(fair, gap, verdict):
    """Well within the limit passes, on it is undecided and only warns, well beyond fails."""
    result, checks = fair(people(gap=gap))
    check = checks["SEX", "equal_opportunity_difference"]
    assert check.verdict == verdict
    assert result.outcome == {"PASS": "passed", "INCONCLUSIVE": "warned", "FAIL": "failed"}[verdict]
    assert check.low <= check.value <= check.high
    assert (check.rows_to_decide is not None) == (verdict == "INCONCLUSIVE")
    assert check.rows_to_decide is None or check.rows_to_decide > 8000


@pytest.mark.parametrize(("gap", "verdict"), [(0.0, "PASS"), (0.16, "INCONCLUSIVE"), (0.35, "FAIL")])
def test_a_ratio_has_a_lower_limit(fair, gap, verdict):
    """The same with the smallest rate over the largest."""
    _, checks = fair(people(gap=gap), "{equal_opportunity_ratio: {min: 0.8}}")
    check = checks["SEX", "equal_opportunity_ratio"]
    assert check.verdict == verdict
    assert check.low <= check.value <= check.high


def test_the_worst_pair_is_named_with_its_counts_and_labels(fair):
    """Codes are shown with the names that the table gives them."""
    table = people(gap=0.2)
    _, checks = fair(table)
    check = checks["SEX", "equal_opportunity_difference"]
    women = (table["SEX"] == 2) & (table["y"] == 1)
    hits = int((women & (table["p"] == 1)).sum())
    (line,) = check.detail["look_at"]
    assert f"SEX=2 female {hits / women.sum():.1%} ({hits:,} of {women.sum():,}) against SEX=1 male" in line
    assert check.detail["worst"] == {"rate": "tpr", "high": "SEX=1 male", "low": "SEX=2 female"}


def test_every_group_is_listed_with_its_rates_between_bounds(fair):
    """In detail.groups, with the value as it stands in the data."""
    table = people()
    _, checks = fair(table)
    groups = checks["SEX", "equal_opportunity_difference"].detail["groups"]
    assert [one["group"] for one in groups] == [{"SEX": 1}, {"SEX": 2}]
    assert [one["labels"] for one in groups] == [{"SEX": "male"}, {"SEX": "female"}]
    for one in groups:
        mine = table["SEX"] == one["group"]["SEX"]
        assert one["n"] == mine.sum()
        assert one["positives"] == table["y"][mine].sum()
        assert one["selection_rate"] == pytest.approx(table["p"][mine].mean())
        for rate in ("selection_rate", "tpr", "fpr", "ppv", "accuracy"):
            low, high = one["bounds"][rate]
            assert low < one[rate] < high


def test_a_small_group_is_named_and_keeps_the_attribute_from_passing(fair):
    """Forty rows that look fair: INCONCLUSIVE, with the smallest gap that they could prove."""
    table = with_group(people(), 3, [1] * 20 + [0] * 20, [1] * 16 + [0] * 4 + [1] * 4 + [0] * 16)
    result, checks = fair(table)
    check = checks["SEX", "equal_opportunity_difference"]
    assert (check.verdict, result.outcome) == ("INCONCLUSIVE", "warned")
    (said,) = check.detail["small"]
    assert said.startswith("SEX=3 has 40 rows (min_group_size 100), 20 positives (min_positives 30), the smallest gap")
    assert said in check.detail["look_at"][-1]
    assert len(check.detail["groups"]) == 3
    assert check.reason == said
    assert f"limit max 0.1 at 95%: {said}" in explain(result)


def test_what_a_small_group_cannot_change_is_not_undecided_for_it(fair):
    """A limit that no gap exceeds passes, and one that large groups break fails, whatever the small group is."""
    table = with_group(people(gap=0.2), 3, [1] * 20 + [0] * 20, [0] * 40)
    metrics = "{equal_opportunity_difference: {max: 0.1}, demographic_parity_difference: {max: 1}}"
    _, checks = fair(table, metrics)
    assert checks["SEX", "equal_opportunity_difference"].verdict == "FAIL"
    assert checks["SEX", "demographic_parity_difference"].verdict == "PASS"
    assert {one.undecided for one in checks.values()} == {None}


def test_no_fail_rests_on_a_small_group(fair):
    """Forty rows that are never selected prove nothing; a breach between large groups is proven all the same."""
    never = [1] * 20 + [0] * 20, [0] * 40
    _, checks = fair(with_group(people(), 3, *never))
    check = checks["SEX", "equal_opportunity_difference"]
    assert (check.verdict, check.value > 0.7) == ("INCONCLUSIVE", True)
    _, checks = fair(with_group(people(gap=0.2), 3, *never))
    check = checks["SEX", "equal_opportunity_difference"]
    assert check.verdict == "FAIL"
    assert "the widest between groups of sufficient size" in check.detail["look_at"][1]


def test_too_few_positives_are_a_small_group_for_rates_of_positives_only(fair):
    """Two hundred rows with ten positives: selection rates are compared, true positive rates are not claimed."""
    table = with_group(people(), 3, [1] * 10 + [0] * 190, [1] * 8 + [0] * 2 + [1] * 92 + [0] * 98)
    _, checks = fair(table, "{demographic_parity_difference: {max: 0.3}, equal_opportunity_difference: {max: 0.9}}")
    assert checks["SEX", "demographic_parity_difference"].verdict == "PASS"
    opportunity = checks["SEX", "equal_opportunity_difference"]
    assert opportunity.verdict == "INCONCLUSIVE"
    assert "10 positives (min_positives 30)" in opportunity.detail["small"][0]


def test_missing_values_are_a_group_of_their_own(fair):
    """Named, and judged like any other."""
    table = people()
    unknown = np.random.default_rng(3).random(8000) < 0.2
    table["SEX"] = pa.array(table["SEX"], mask=unknown)
    table["p"] = np.where(unknown & (table["y"] == 1), 0, table["p"])
    _, checks = fair(table)
    check = checks["SEX", "equal_opportunity_difference"]
    assert check.verdict == "FAIL"
    assert [one["group"]["SEX"] for one in check.detail["groups"]] == [1, 2, None]
    assert check.detail["worst"]["low"] == "SEX=missing"


def test_a_group_that_the_labels_name_and_the_data_lack_is_named(fair):
    """Nobody is told that a group is treated alike when it is not there."""
    table = {name: values[people()["SEX"] == 1] for name, values in people().items()}
    table["SEX"] = np.random.default_rng(2).choice([1, 3], table["SEX"].size)
    result, checks = fair(table)
    check = checks["SEX", "equal_opportunity_difference"]
    assert (check.verdict, result.outcome) == ("INCONCLUSIVE", "warned")
    assert check.detail["missing"] == ["SEX=2 female"]
    assert "SEX=2 female does not occur" in check.detail["look_at"][-1]
    assert check.rows_to_decide is None


def test_an_empty_intersection_is_named(fair):
    """Both values occur, but never together."""
    table = people()
    keep = ~((table["SEX"] == 2) & (table["RACE"] == "c"))
    table = {name: values[keep] for name, values in table.items()}
    _, checks = fair(table, sensitive="[SEX, RACE]", more="intersections: true")
    assert checks["SEX", "equal_opportunity_difference"].verdict == "PASS"
    both = checks["SEX×RACE", "equal_opportunity_difference"]
    assert both.verdict == "INCONCLUSIVE"
    assert both.detail["missing"] == ["SEX=2 female, RACE=c"]


def test_an_undefined_rate_is_not_measured(fair):
    """A large group without positives has no true positive rate: that is not fair, it is unknown."""
    table = with_group(people(), 3, [0] * 200, [0] * 160 + [1] * 40)
    result, checks = fair(
        table, "{equal_opportunity_difference: {max: 0.5}, demographic_parity_difference: {max: 0.5}}"
    )
    check = checks["SEX", "equal_opportunity_difference"]
    assert (check.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert "SEX=3 has no true positive rate" in check.reason
    assert checks["SEX", "demographic_parity_difference"].verdict == "PASS"


def test_a_ratio_of_zeros_is_not_measured(fair):
    """Where no group has any false positives."""
    table = people()
    table["p"] = table["p"] * table["y"]
    _, checks = fair(table, "{equalized_odds_ratio: {min: 0.8}, false_positive_rate_difference: {max: 0.1}}")
    assert checks["SEX", "equalized_odds_ratio"].verdict == "NOT_MEASURED"
    assert "0 in every group" in checks["SEX", "equalized_odds_ratio"].reason
    assert checks["SEX", "false_positive_rate_difference"].verdict == "PASS"


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("SEX", np.ones(8000, dtype=int), "all rows of 'SEX' are one group, 1"),
        ("SEX", pa.array([None] * 8000, pa.int64()), "one group, missing"),
        ("SEX", np.arange(8000), "8,000 distinct values"),
        ("SEX", pa.array([[1]] * 8000), "no simple values"),
        ("GENDER", np.ones(8000), "no column 'SEX'"),
    ],
    ids=["one group", "all missing", "an identifier", "lists", "no such column"],
)
def test_an_attribute_that_divides_nothing_is_not_measured_and_hides_no_other(fair, column, values, said):
    """With the reason, and its intersections with it."""
    table = people()
    del table["SEX"]
    table[column] = values
    result, checks = fair(table, sensitive="[SEX, RACE]", more="intersections: true")
    for name in ("SEX", "SEX×RACE"):
        check = checks[name, "equal_opportunity_difference"]
        assert check.verdict == "NOT_MEASURED"
        assert said in check.reason
    assert checks["RACE", "equal_opportunity_difference"].verdict in {"PASS", "INCONCLUSIVE"}
    assert result.outcome == "errored"


def test_too_many_groups_together_are_not_measured(fair):
    """Twenty values by twenty are four hundred groups."""
    rng = np.random.default_rng(1)
    table = people() | {"A": rng.integers(0, 20, 8000), "B": rng.integers(0, 20, 8000)}
    _, checks = fair(table, sensitive="[A, B]", more="intersections: true")
    assert "more than 200 groups" in checks["A×B", "equal_opportunity_difference"].reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"p": [0, 1, 2, 1] * 2000}, "predictions"),
        ({"y": [0, 1, 2, 1] * 2000}, "3 distinct labels"),
        ({"y": [None, 1, 0, 1] * 2000}, "missing"),
        ({"p": [None, 1, 0, 1] * 2000}, "missing"),
        ({"y": ["no", "yes"] * 4000}, "positive"),
        ({name: pa.array([], pa.int64()) for name in people()}, "no rows"),
    ],
    ids=["a class of its own", "three labels", "missing labels", "missing predictions", "text", "empty"],
)
def test_labels_that_do_not_fit_are_not_measured(fair, change, said):
    """Labels outside the two classes, on either side, and tables without rows."""
    result, _ = fair(people() | change)
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert said in result.reason


def test_a_model_gives_what_its_columns_would(judged):
    """A model that is the identity on a logit, against the same predictions in a column."""
    torch = pytest.importorskip("torch")
    table = people(gap=0.1)
    table["logit"] = np.where(table["p"] == 1, 2.0, -2.0)
    text = GATE.format(sensitive="[SEX, RACE]", metrics="{equalized_odds_difference: {}}", more="")
    _, columns = judged(text, t=pa.table(table))
    live = text.replace("prediction: p", "model: {fixture: m, features: [logit], output: logits}")
    _, model = judged(live, t=pa.table(table), m=torch.nn.Identity())
    assert {key: check.value for key, check in model.items()} == {key: check.value for key, check in columns.items()}


def test_a_lazy_frame_is_seen_once(fair):
    """A frame whose rows come in another order each time still gives labels and groups of the same rows."""
    table = people(gap=0.2)
    expected = fair(table)[1]["SEX", "equal_opportunity_difference"]
    rows = pl.LazyFrame({name: values.tolist() for name, values in table.items()}).with_columns(
        order=pl.int_range(pl.len()).shuffle()
    )
    found = fair(rows.sort("order").drop("order"))[1]["SEX", "equal_opportunity_difference"]
    assert found.value == expected.value


def test_without_a_limit_it_only_reports(fair):
    """INFO, with everything measured."""
    result, checks = fair(people(), "{accuracy_difference: {}, precision_ratio: {}}")
    assert {check.verdict for check in checks.values()} == {"INFO"}
    assert result.outcome == "passed"


def test_the_confidence_of_a_gate_and_of_a_limit(fair):
    """A stricter one widens the bounds; a limit's own comes first."""
    plain = fair(people())[1]["SEX", "equal_opportunity_difference"]
    strict = fair(people(), more="confidence: 0.999")[1]["SEX", "equal_opportunity_difference"]
    own = fair(people(), "{equal_opportunity_difference: {max: 0.1, confidence: 0.999}}")[1]
    assert plain.confidence == 0.95
    assert strict.high > plain.high
    assert own["SEX", "equal_opportunity_difference"].high == strict.high


@pytest.mark.parametrize(
    ("metrics", "sensitive", "more", "said"),
    [
        ("{equal_opportunity_difference: {min: 0.1}}", "[SEX]", "", "0 is no difference at all"),
        ("{equal_opportunity_ratio: {max: 0.8}}", "[SEX]", "", "1 is no difference at all"),
        ("{equal_opportunity_difference: {max: 10}}", "[SEX]", "", "lies between 0 and 1"),
        ("{equal_opportunity_ratio: {warn_min: 80}}", "[SEX]", "", "lies between 0 and 1"),
        ("{equal_opportunity_difference: {max_rise: 0.1}}", "[SEX]", "", "no baseline"),
        ("{equal_oportunity_difference: {max: 0.1}}", "[SEX]", "", "unknown name 'equal_oportunity_difference'"),
        ("{}", "[SEX]", "", "must not be empty"),
        (OPPORTUNITY, "[]", "", "must not be empty"),
        (OPPORTUNITY, "[SEX, SEX]", "", "listed twice"),
        (OPPORTUNITY, "[y]", "", "is the label"),
        (OPPORTUNITY, "[SEX, p]", "", "is the prediction"),
        (OPPORTUNITY, "[SEX]", "intersections: true", "one attribute has no intersections"),
        (OPPORTUNITY, "[SEX]", "min_group_size: 0", "min_group_size"),
        (OPPORTUNITY, "[SEX]", "model: {fixture: m}", "either from a model or from columns"),
    ],
)
def test_mistakes_are_found_while_reading(fair, metrics, sensitive, more, said):
    """What the YAML itself can say is a collection error."""
    with pytest.raises(GateFileError, match=said):
        fair(people(n=10), metrics, sensitive, more)


def test_scores_alone_are_a_mistake(judged):
    """Groups are compared by classes, and the gate says so while it is read."""
    text = GATE.format(sensitive="[SEX]", metrics=OPPORTUNITY, more="").replace("prediction: p", "score: p")
    with pytest.raises(GateFileError, match="needs `prediction:`"):
        judged(text, t=pa.table(people(n=10)))
