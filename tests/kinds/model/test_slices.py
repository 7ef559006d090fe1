"""`model.slices`: values against scikit-learn, verdicts against bounds and Holm, and slices that are never dropped."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from pytest_mlgate.errors import GateFileError
from pytest_mlgate.report.failure import explain

GATE = """
gates:
  g:
    kind: model.slices
    data: {{fixture: t, labels: {{SEX: {{1: male, 2: female}}}}}}
    label: y
    {columns}
    metrics: {metrics}
{more}
"""
ACCURACY = "{accuracy: {min: 0.8}}"


@pytest.fixture
def sliced(judged):
    """Judge the slices of a table."""

    def judge(table, more="slices: [SEX]", metrics=ACCURACY, columns="prediction: p"):
        lines = "".join(f"    {line}\n" for line in more.splitlines())
        t = pa.table(table) if isinstance(table, dict) else table
        return judged(GATE.format(metrics=metrics, columns=columns, more=lines), t=t)

    return judge


def people(n=8000, gap=0.0, seed=1, region=None, weak=0.0):
    """Make labels and predictions that are right on 90 % of men and less of women; the old of one region go wrong."""
    rng = np.random.default_rng(seed)
    sex, age, labels = rng.integers(1, 3, n), rng.integers(18, 90, n), rng.integers(0, 2, n)
    regions = rng.choice(["n", "e", "s"], n)
    old = (age >= 66) & (regions == (region or "s"))
    right = rng.random(n) < 0.9 - gap * (sex == 2) - weak * old
    predicted = np.where(right, labels, 1 - labels)
    scores = np.clip(np.where(predicted == 1, 0.8, 0.2) + rng.normal(0, 0.15, n), 0.01, 0.99)
    return {"y": labels, "p": predicted, "s": scores, "SEX": sex, "region": regions, "age": age}


@pytest.mark.parametrize(("gap", "verdict"), [(0.0, "PASS"), (0.105, "INCONCLUSIVE"), (0.2, "FAIL")])
def test_the_bounds_decide(sliced, gap, verdict):
    """Well within the limit passes, on it is undecided and only warns, well beyond fails; men pass beside."""
    result, checks = sliced(people(gap=gap))
    check = checks["SEX=2", "accuracy"]
    assert check.verdict == verdict
    assert checks["SEX=1", "accuracy"].verdict == "PASS"
    assert result.outcome == {"PASS": "passed", "INCONCLUSIVE": "warned", "FAIL": "failed"}[verdict]
    assert check.low < check.value < check.high
    assert (check.rows_to_decide is not None) == (verdict == "INCONCLUSIVE")


def test_values_are_those_of_scikit_learn(sliced):
    """Of every slice and pair of slices, by metrics of classes and of probabilities."""
    metrics = pytest.importorskip("sklearn.metrics")
    table = people(3000)
    named = "{accuracy: {min: 0.1}, f1: {min: 0.1}, roc_auc: {min: 0.1}, log_loss: {max: 9}, brier: {max: 1}}"
    _, checks = sliced(table, "slices: [SEX, [SEX, region]]", named, "prediction: p\n    score: s")
    slices = {f"SEX={sex}": table["SEX"] == sex for sex in (1, 2)}
    slices |= {
        f"SEX={sex},region={one}": (table["SEX"] == sex) & (table["region"] == one) for sex in (1, 2) for one in "nes"
    }
    for name, rows in slices.items():
        y, p, s = (table[column][rows] for column in "yps")
        wanted = {
            "accuracy": metrics.accuracy_score(y, p),
            "f1": metrics.f1_score(y, p),
            "roc_auc": metrics.roc_auc_score(y, s),
            "log_loss": metrics.log_loss(y, s),
            "brier": metrics.brier_score_loss(y, s),
        }
        for metric, value in wanted.items():
            assert checks[name, metric].value == pytest.approx(value, abs=1e-9)
            assert checks[name, metric].n == rows.sum()
    assert len(checks) == 5 * (1 + 2 + 6)


def test_the_whole_is_reported_with_every_slice_beside_it(sliced):
    """Without a limit: the metric over all rows, a list of the slices, and the worst of them with its rows."""
    table = people(gap=0.1)
    _, checks = sliced(table, "slices: [SEX, region]")
    whole = checks["*", "accuracy"]
    assert (whole.verdict, whole.limit) == ("INFO", None)
    assert whole.value == pytest.approx(np.mean(table["y"] == table["p"]))
    assert [one["group"] for one in whole.detail["groups"]] == [
        {"SEX": 1},
        {"SEX": 2},
        {"region": "e"},
        {"region": "n"},
        {"region": "s"},
    ]
    women = table["SEX"] == 2
    assert whole.detail["worst"] == {
        "slice": "SEX=2",
        "value": pytest.approx(np.mean((table["y"] == table["p"])[women])),
        "n": int(women.sum()),
    }
    _, checks = sliced(table, "slices: [SEX]", "{brier: {}, roc_auc: {}}", "score: s")
    assert [checks["*", metric].detail["worst"]["slice"] for metric in ("brier", "roc_auc")] == ["SEX=2", "SEX=2"]
    assert checks["SEX=2", "brier"].verdict == "INFO"


def test_a_slice_is_named_with_its_label_and_its_counts(sliced):
    """What to look at: value, rows, how many right and positive, and the value over all."""
    table = people(gap=0.2)
    _, checks = sliced(table)
    check = checks["SEX=2", "accuracy"]
    women = table["SEX"] == 2
    right = int((table["y"] == table["p"])[women].sum())
    (line,) = check.detail["look_at"]
    assert line.startswith(
        f"SEX=2 female: accuracy {check.value:.4g} on {women.sum():,} rows ({right:,} predicted right"
    )
    assert line.endswith(f"{np.mean(table['y'] == table['p']):.4g} over all")
    assert check.detail["group"] == {"SEX": 2}
    assert check.detail["labels"] == {"SEX": "female"}
    assert check.detail["counts"] == {"positives": int(table["y"][women].sum()), "right": right}


def test_fails_are_corrected_as_one_family(sliced):
    """Adjusted p-values are statsmodels' of all slices and metrics; corrected bounds agree with them."""
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    metrics = "{accuracy: {min: 0.89}, recall: {min: 0.89}}"
    _, checks = sliced(people(gap=0.03), "slices: [SEX, region, [SEX, region]]", metrics)
    made = [one for one in checks.values() if one.p_value is not None]
    assert len(made) == 2 * (2 + 3 + 6)
    adjusted = multitest.multipletests([one.p_value for one in made], method="holm")[1]
    assert [one.p_adjusted for one in made] == pytest.approx(adjusted.tolist())
    for one in made:
        if one.value < 0.89:
            significant = one.detail["corrected"]["high"] < 0.89
            assert (one.verdict == "FAIL") == significant == (one.p_adjusted <= 0.05)
        assert one.detail["corrected"]["low"] <= one.low < one.high <= one.detail["corrected"]["high"]
    undecided = [one for one in made if one.value < 0.89 and one.p_value < 0.05 < one.p_adjusted]
    assert undecided
    assert all(one.verdict == "INCONCLUSIVE" and one.rows_to_decide > one.n for one in undecided)


def test_small_and_missing_slices_are_named_and_undecided(sliced):
    """Forty rows, all right, pass nothing; nor do values that only the labels know. Both say what would do."""
    table = people()
    table["SEX"] = np.where(np.arange(8000) < 40, 3, 1)
    table["p"] = table["y"]
    result, checks = sliced(table, "slices: [SEX]\nmin_rows: 200")
    small, nobody = checks["SEX=3", "accuracy"], checks["SEX=2", "accuracy"]
    assert (small.verdict, nobody.verdict) == ("INCONCLUSIVE", "INCONCLUSIVE")
    assert (small.value, small.n, small.rows_to_decide) == (1.0, 40, 200)
    assert (nobody.value, nobody.n) == (None, 0)
    assert small.reason == "SEX=3 has 40 rows (min_rows 200)"
    assert nobody.reason == "SEX=2 female has no row (min_rows 200)"
    assert result.outcome == "warned"
    assert sliced(table, "slices: [SEX]\nmin_rows: 200\ninconclusive: fail")[0].outcome == "failed"


def test_the_text_says_why_a_slice_is_undecided(sliced):
    """Too few rows, none at all, or a breach that is not significant among all that was claimed."""
    table = people(gap=0.03)
    table["SEX"] = np.where(np.arange(8000) < 40, 3, table["SEX"])
    table["region"] = np.where(np.arange(8000) % 4 == 0, 4, 5)
    result, _ = sliced(table, "slices: [SEX, [SEX, region]]", "{accuracy: {min: 0.885}}")
    text = explain(result)
    assert "SEX=3 has 40 rows (min_rows 100); about 100 rows would decide" in text
    assert "not significant among all that was claimed; about " in text
    table["SEX"] = np.ones(8000, dtype=int)
    assert explain(sliced(table)[0]).startswith(
        "INCONCLUSIVE: SEX=2 accuracy: SEX=2 female has no row (min_rows 100)\n"
    )
    table["region"] = np.where(np.arange(8000) < 40, 6, 5)
    text = explain(sliced(table, "slices: [SEX, region]")[0])
    assert "SEX=2 accuracy: cannot tell, SEX=2 female has no row (min_rows 100)\n" in text


def test_a_small_slice_does_not_fail_however_bad(sliced):
    """It takes no part in the family either."""
    table = people()
    table["SEX"] = np.where(np.arange(8000) < 40, 3, 1)
    table["p"] = np.where(table["SEX"] == 3, 1 - table["y"], table["y"])
    _, checks = sliced(table)
    assert checks["SEX=3", "accuracy"].verdict == "INCONCLUSIVE"
    assert checks["SEX=3", "accuracy"].p_value is None
    assert checks["SEX=1", "accuracy"].p_adjusted == checks["SEX=1", "accuracy"].p_value


def test_a_metric_that_a_slice_does_not_define_is_not_measured(sliced):
    """ROC AUC of women who are all positive is no number; of a few such women it is undecided."""
    table = people()
    table["y"] = np.where(table["SEX"] == 2, 1, table["y"])
    result, checks = sliced(table, metrics="{roc_auc: {min: 0.5}}", columns="score: s")
    check = checks["SEX=2", "roc_auc"]
    assert (check.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert check.reason.startswith("SEX=2 female: ROC AUC is undefined with one class")
    _, checks = sliced(table, "slices: [SEX]\nmin_rows: 5000", "{roc_auc: {min: 0.5}}", "score: s")
    assert checks["SEX=2", "roc_auc"].verdict == "INCONCLUSIVE"


def test_a_missing_value_is_a_slice(sliced):
    """Told apart from the word."""
    table = people()
    names = [None if i % 4 == 0 else "missing" for i in range(8000)]
    _, checks = sliced(pa.table({**table, "c": pa.array(names)}), "slices: [c]")
    assert checks["c=missing", "accuracy"].n == 2000
    assert checks["c='missing'", "accuracy"].n == 6000


def test_a_warning_band_warns_by_the_value(sliced):
    """Beyond warn_min and within min: passed with a warning."""
    result, checks = sliced(people(gap=0.05), metrics="{accuracy: {min: 0.6, warn_min: 0.88}}")
    assert (checks["SEX=2", "accuracy"].verdict, checks["SEX=2", "accuracy"].warned) == ("PASS", True)
    assert not checks["SEX=1", "accuracy"].warned
    assert result.outcome == "warned"


def test_numbers_are_judged_by_their_errors(sliced):
    """A regression: values by hand, and the slice with the larger errors fails."""
    rng = np.random.default_rng(0)
    sex, target = rng.integers(1, 3, 4000), rng.normal(0, 1, 4000)
    errors = rng.normal(0, np.where(sex == 2, 1.5, 1.0))
    table = {"y": target, "p": target + errors, "SEX": sex, "x": rng.random(4000)}
    more = "slices: [SEX]\ndiscover: {columns: [SEX, x]}"
    _, checks = sliced(table, more, "{mae: {max: 1.0}, rmse: {max: 1.3}, r2: {min: -9}}")
    assert checks["SEX=2", "mae"].value == pytest.approx(np.abs(errors[sex == 2]).mean())
    assert checks["SEX=2", "rmse"].value == pytest.approx(np.sqrt(np.square(errors[sex == 2]).mean()))
    for metric in ("mae", "rmse"):
        assert (checks["SEX=1", metric].verdict, checks["SEX=2", metric].verdict) == ("PASS", "FAIL")
    assert not [name for name, _ in checks if name.startswith("x")]


def test_several_classes_are_averaged(sliced):
    """Macro F1 of every slice, and accuracy; without an average, F1 of three classes is not measured."""
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    sex, labels = rng.integers(1, 3, 6000), rng.choice(["a", "b", "c"], 6000)
    predicted = np.where(rng.random(6000) < 0.9 - 0.3 * (sex == 2), labels, "a")
    table = {"y": labels, "p": predicted, "SEX": sex, "x": rng.random(6000)}
    named = "{f1: {min: 0.85}, accuracy: {min: 0.85}}"
    _, checks = sliced(table, "slices: [SEX]\naverage: macro\ndiscover: {columns: [x, SEX]}", named)
    for one, verdict in ((1, "PASS"), (2, "FAIL")):
        mine = sex == one
        check = checks[f"SEX={one}", "f1"]
        assert check.value == pytest.approx(metrics.f1_score(labels[mine], predicted[mine], average="macro"))
        assert check.verdict == checks[f"SEX={one}", "accuracy"].verdict == verdict
        assert check.detail["counts"] == {"right": int((labels == predicted)[mine].sum())}
    assert not [name for name, _ in checks if name.startswith("x")]
    result, _ = sliced(table, metrics="{f1: {min: 0.85}}")
    assert result.outcome == "errored"


def test_rows_count_as_much_as_they_weigh(sliced):
    """A weighted share, by hand; rows of weight zero are in no slice, and one of such rows alone is undecided."""
    table = people(gap=0.1)
    weights = np.where(np.arange(8000) % 5 == 0, 0, 1 + np.arange(8000) % 3)
    weights = np.where(table["region"] == "s", 0, weights)
    _, checks = sliced(table | {"w": weights}, "slices: [SEX, region]\nweight: w\ndiscover: {columns: [age]}")
    women = table["SEX"] == 2
    right = (table["y"] == table["p"])[women]
    check = checks["SEX=2", "accuracy"]
    assert check.value == pytest.approx(np.average(right, weights=weights[women]))
    assert check.n == (weights[women] > 0).sum()
    unheard = checks["region=s", "accuracy"]
    assert (unheard.verdict, unheard.n) == ("INCONCLUSIVE", 0)
    assert unheard.reason == "region=s has no row that counts (min_rows 100)"
    pairs = sliced(table | {"w": weights}, "slices: [[SEX, region]]\nweight: w")[1]
    assert pairs["SEX=2,region=s", "accuracy"].verdict == "INCONCLUSIVE"
    plain = sliced(table)[1]["SEX=2", "accuracy"]
    assert check.high - check.low > plain.high - plain.low


def test_rows_that_belong_together_are_drawn_together(sliced):
    """Each row ten times over, and said so, bounds no better than once; with too few clusters nothing is claimed."""
    table = people(3000)
    once = sliced(table)[1]["SEX=2", "accuracy"]
    tenfold = {name: np.repeat(column, 10) for name, column in table.items()} | {"who": np.repeat(np.arange(3000), 10)}
    more = "slices: [SEX]\ngroups: who\ndiscover: {columns: [age, region]}"
    _, checks = sliced(tenfold, more)
    check = checks["SEX=2", "accuracy"]
    assert check.high - check.low == pytest.approx(once.high - once.low, rel=0.05)
    assert checks["discover", "accuracy weak slices"].verdict in ("INFO", "PASS")
    few = table | {"who": np.arange(3000) % 20}
    check = sliced(few, "slices: [SEX]\ngroups: who")[1]["SEX=2", "accuracy"]
    assert check.verdict == "INCONCLUSIVE"
    assert "20 clusters are too few" in check.reason


def test_a_metric_without_an_interval_is_judged_by_its_value(sliced):
    """The largest error of a slice; it takes no part in the family, and none are sought by it."""
    table = {"y": np.zeros(600), "p": np.linspace(0, 1, 600), "SEX": np.arange(600) // 300 + 1}
    metrics = "{max_error: {max: 0.6}, mae: {max: 5}}"
    _, checks = sliced(table, "slices: [SEX]\ndiscover: {columns: [SEX]}", metrics)
    assert [checks[f"SEX={one}", "max_error"].verdict for one in (1, 2)] == ["PASS", "FAIL"]
    assert checks["SEX=2", "max_error"].p_value is None
    assert ("discover", "max_error weak slices") not in checks
    with pytest.raises(GateFileError, match="no confidence interval"):
        sliced(table, metrics="{max_error: {max: 0.6, confidence: 0.9}}")


def test_a_slice_without_positive_rows_has_a_log_loss(sliced):
    """What is defined there is measured: log loss, Brier score, specificity."""
    metrics = pytest.importorskip("sklearn.metrics")
    table = people()
    table["y"] = np.where(table["SEX"] == 2, 0, table["y"])
    named = "{log_loss: {max: 9}, brier: {max: 1}, specificity: {min: 0.1}}"
    _, checks = sliced(table, "slices: [SEX]", named, "prediction: p\n    score: s")
    women = table["SEX"] == 2
    wanted = metrics.log_loss(table["y"][women], table["s"][women], labels=[0, 1])
    assert checks["SEX=2", "log_loss"].value == pytest.approx(wanted)
    assert checks["SEX=2", "brier"].value == pytest.approx(np.square(table["s"][women]).mean())
    assert checks["SEX=2", "specificity"].value == pytest.approx(np.mean(table["p"][women] == 0))


def test_a_weak_slice_is_found_and_judged_on_other_rows(sliced):
    """The old of one region: found on one half, failed on the other, the two adding up to the slice."""
    table = people(16_000, weak=0.3)
    _, checks = sliced(table, "discover: {columns: [age, region], max_depth: 2}")
    (check,) = [one for one in checks.values() if one.verdict == "FAIL"]
    assert check.name.startswith("age>=6")
    assert check.name.endswith(",region=s")
    start = int(check.name.removeprefix("age>=").split(",")[0])
    rows = (table["age"] >= start) & (table["region"] == "s")
    found_on = check.detail["found_on"]
    assert check.n + found_on["n"] == rows.sum()
    right = (table["y"] == table["p"])[rows].sum()
    assert check.n * check.value + found_on["n"] * found_on["value"] == pytest.approx(right)
    report = checks["discover", "accuracy weak slices"]
    assert report.detail["found"][0] == check.name
    assert (report.verdict, report.n) == ("INFO", 8000)


def test_nothing_weak_passes(sliced):
    """Where no slice looks weak, the search itself is what passes, and says how many slices it looked at."""
    result, checks = sliced(people(), "discover: {columns: [age, region, SEX]}")
    report = checks["discover", "accuracy weak slices"]
    assert (report.verdict, report.value, result.outcome) == ("PASS", 0, "passed")
    assert report.detail["slices"] > 300


def test_a_search_that_could_see_nothing_does_not_pass(sliced):
    """Sixty clusters are thirty in each half, too few to bound a ROC AUC in any slice: nothing was looked at."""
    table = people(4000) | {"who": np.arange(4000) % 60}
    table["s"] = np.where(table["age"] > 60, 0.5, table["s"])
    more = "groups: who\ndiscover: {columns: [age], max_depth: 1}"
    result, checks = sliced(table, more, "{roc_auc: {min: 0.9}}", "score: s")
    assert (result.outcome, checks["discover", "roc_auc"].verdict) == ("errored", "NOT_MEASURED")
    assert "none of the 10 slices of age that have 100 rows shows its roc_auc" in checks["discover", "roc_auc"].reason


def test_a_slice_that_is_wrong_all_alike_is_found(sliced):
    """A model that says 0 or 1 and is always wrong in one region loses the same on each of its rows."""
    table = people()
    wrong = (table["region"] == "s") ^ (table["y"] == 1)
    result, checks = sliced(
        table | {"s": wrong.astype(float)}, "discover: {columns: [region]}", "{brier: {max: 0.5}}", "score: s"
    )
    assert (result.outcome, checks["region=s", "brier"].verdict) == ("failed", "FAIL")


def test_the_same_gate_finds_the_same(sliced):
    """The halves depend on the gate alone."""
    first, again = (sliced(people(weak=0.3), "discover: {columns: [age, region]}")[1] for _ in range(2))
    assert {name: one.value for name, one in first.items()} == {name: one.value for name, one in again.items()}


def test_one_column_alone_is_searched_at_depth_one(sliced):
    """With max_depth 1 no slice speaks of two columns; with ROC AUC single bins are looked at."""
    table = people(16_000, weak=0.35)
    _, checks = sliced(table, "discover: {columns: [age, region], max_depth: 1}", "{accuracy: {min: 0.85}}")
    found = [name for name, metric in checks if metric == "accuracy" and name not in ("*", "discover")]
    assert found
    assert not any("," in name for name in found)
    _, checks = sliced(table, "discover: {columns: [age, region]}", "{roc_auc: {min: 0.7}}", "score: s")
    failed = [name for (name, _), one in checks.items() if one.verdict == "FAIL"]
    assert failed
    assert all(name.endswith(",region=s") for name in failed)


def test_dates_flags_and_codes_are_named_as_they_are(sliced):
    """Times are cut at times; flags and columns that are said to be codes are taken value by value."""
    table = people(9000)
    days = np.arange(9000) % 300
    wrong = (days < 60) & (np.arange(9000) % 3 > 0)
    table["p"] = np.where(wrong, 1 - table["y"], table["y"])
    table["day"] = [dt.date(2026, 1, 1) + dt.timedelta(days=int(one)) for one in days]
    _, checks = sliced(table, "discover: {columns: [day]}")
    assert checks["day<2026-03-02", "accuracy"].verdict == "FAIL"
    flags = np.arange(9000) % 7 == 0
    table["p"] = np.where(flags & (np.arange(9000) % 2 == 0), 1 - table["y"], table["y"])
    table["flag"], table["code"] = flags, np.where(flags, 11, np.arange(9000) % 11)
    _, checks = sliced(table, "discover: {columns: [flag, code], categorical: [code], max_depth: 1}")
    assert {name for (name, _), one in checks.items() if one.verdict == "FAIL"} == {"flag=true"}
    _, checks = sliced(table, "discover: {columns: [code], categorical: [code]}")
    assert {name for (name, _), one in checks.items() if one.verdict == "FAIL"} == {"code=11"}


def test_columns_that_cannot_divide_the_rows_are_not_measured(sliced):
    """Each says why: none of that name, values that cannot be told apart, too many, no slice large enough."""
    table = people(3000)
    table |= {"id": np.arange(3000), "tags": [["a"]] * 3000}
    result, checks = sliced(table, "slices: [SEX, gone, tags, id]\ndiscover: {columns: [gone]}")
    reasons = {name: one.reason for (name, _), one in checks.items() if one.verdict == "NOT_MEASURED"}
    assert reasons["gone"] == "there is no column 'gone'"
    assert reasons["tags"] == "column 'tags' has no values that can be told apart"
    assert reasons["id"].startswith("id makes 3,000 slices, more than 1,000: ")
    assert reasons["discover"] == "there is no column 'gone'"
    assert checks["SEX=1", "accuracy"].verdict == "PASS"
    assert result.outcome == "errored"
    _, checks = sliced(table, "discover: {columns: [region, age]}\nmin_rows: 1600")
    assert checks["discover", "accuracy"].reason.startswith("no slice of region, age has 1,600 rows")


def test_what_a_search_leaves_out_is_not_measured(sliced):
    """Three columns of twenty bins make nine million slices: that is said, not passed over."""
    rng = np.random.default_rng(0)
    table = people(3000) | {name: rng.random(3000) for name in "abc"}
    _, checks = sliced(table, "discover: {columns: [a, b, c], max_depth: 3, bins: 20}")
    assert checks["discover", "accuracy"].reason.startswith("a,b,c make too many slices to look at")


@pytest.mark.parametrize(
    ("more", "metrics", "said"),
    [
        ("severity: error", ACCURACY, "there are no slices to judge"),
        ("slices: [y]", ACCURACY, "'y' is the label"),
        ("discover: {columns: [p]}", ACCURACY, "'p' is the prediction"),
        ("slices: [[SEX, SEX]]", ACCURACY, "'SEX' is listed twice"),
        ("slices: [[SEX, region], [region, SEX]]", ACCURACY, "region and SEX makes the same slices as before"),
        ("discover: {columns: [age], categorical: [SEX]}", ACCURACY, "'SEX' is not among the columns"),
        ("discover: {columns: [age]}", "{accuracy: {}}", "no metric with an interval has a limit"),
        ("discover: {columns: [age], max_depth: 4}", ACCURACY, "3"),
        ("slices: [SEX]", "{accuracy: {min: 0.9, max: 0.8}}", "nothing can pass"),
        ("slices: [SEX]", "{accuracy: {max_drop: 0.1}}", "no baseline"),
        ("slices: [SEX]", "{roc_auc: {min: 0.8}}", "roc_auc needs `score:`"),
        ("slices: [SEX]", "{accuracy: {min: 0.8}, mae: {max: 1}}", "write two gates"),
    ],
)
def test_what_the_file_itself_can_say_is_said_at_once(sliced, more, metrics, said):
    """Before anything is measured."""
    with pytest.raises(GateFileError, match=said):
        sliced(people(100), more, metrics)
