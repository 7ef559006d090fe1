"""`mlgate plan`: what it says, what it assumes, and whether the gates then do as it said."""

from __future__ import annotations

import re
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pytest
from click.testing import CliRunner
from scipy.stats import binom

from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.cli import main
from pytest_mlgate.cli.plan import plans_of
from pytest_mlgate.cli.planned import Assumed
from pytest_mlgate.cli.planning_sizes import rows_of
from pytest_mlgate.gatefile import load
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.kind import Beside, Predictions
from pytest_mlgate.reference import TableRef
from pytest_mlgate.run import Site, run
from pytest_mlgate.stats.proportions import wilson
from pytest_mlgate.table import Coded
from pytest_mlgate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = "version: 1\ndata: {rows: {fixture: drawn}}\ndefaults: {confidence: 0.95}\ngates:\n"
METRICS = HEAD + (
    "  quality: {kind: model.metrics, data: rows, label: y, prediction: p, score: s,"
    " metrics: {accuracy: {min: 0.75}, roc_auc: {min: 0.85}}}\n"
)
REGRESSION = HEAD + (
    "  same: {kind: model.regression, data: rows, label: y, prediction: p, baseline: {prediction: q},"
    " metrics: {accuracy: {max_drop: 0.03}}}\n"
)
FAIR = HEAD + (
    "  fair: {kind: fairness.groups, data: rows, label: y, prediction: p, sensitive: [g],"
    " metrics: {equal_opportunity_difference: {max: 0.1}}}\n"
)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a gate file into a folder of its own, and go there."""
    monkeypatch.chdir(tmp_path)

    def written(text, name="p.gate.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def plan():
    """Run the command and give what it prints."""

    def said(*arguments, code=0):
        result = CliRunner().invoke(main, ["plan", *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result.output

    return said


def scored(n, area):
    """Draw labels, and scores of two classes whose area under the curve is so large."""
    from scipy.special import expit, ndtri

    def draw(rng):
        labels = rng.random(n) < 0.4
        scores = rng.normal(size=n) + np.sqrt(2.0) * ndtri(area) * (labels - 0.5)
        return {"y": labels, "p": scores > 0.0, "s": expit(scores)}

    return draw


def compared(n, new, old, correlation):
    """Draw two models that are right together as often as correlated."""
    both = new * old + correlation * np.sqrt(new * (1 - new) * old * (1 - old))

    def draw(rng):
        kind = rng.choice(4, n, p=[both, new - both, old - both, 1 - new - old + both])
        labels = rng.random(n) < 0.5
        return {"y": labels, "p": labels ^ (kind >= 2), "q": labels ^ (kind % 2 == 1)}

    return draw


def grouped(apart):
    """Draw three groups of which the two largest are so far apart in their true positive rate."""

    def draw(rng):
        groups = np.repeat([1, 2, 3], [900, 700, 300])
        labels = np.arange(1900) % 2 == 0
        rates = 0.8 + apart * np.repeat([0.5, -0.5, 0.0], [900, 700, 300])
        return {"y": labels, "g": groups, "p": rng.random(1900) < np.where(labels, rates, 0.1)}

    return draw


class Drawn:
    """Inputs that were drawn: what a gate would have read, were it in a file."""

    records: tuple[()] = ()
    seed = 1
    labels: Mapping[str, Mapping[str, str]] = MappingProxyType({})

    def __init__(self, columns):
        self.columns = dict.fromkeys(columns, "integer")
        self._of = columns

    def table(self, _ref):
        return self

    def predictions(self, spec):
        return self._said(spec.prediction, "s" if "s" in self._of else None)

    def beside(self, spec, coded, _numeric=(), **_):
        found, columns = self.predictions_with(spec, coded)
        return Beside(found, columns, ())

    def paired_predictions(self, spec, baseline):
        return self._said(spec.prediction), self._said(baseline.prediction)

    def predictions_with(self, spec, columns):
        coded = [np.unique(self._of[name], return_inverse=True) for name in columns]
        return self.predictions(spec), tuple(Coded(codes, tuple(levels.tolist())) for levels, codes in coded)

    def _said(self, prediction, score=None):
        return Predictions(self._of["y"], self._of[prediction], None if score is None else self._of[score])


def outcomes(path, draw, times, seed):
    """Run the gate on so many draws and count how often it blocks."""
    (gate,) = load(path, Catalogue()).gates
    rng = np.random.default_rng(seed)
    found = [run(gate, Drawn(draw(rng)), Site(node_id="p", file="p", name="p")) for _ in range(times)]
    assert not [one.reason or one.checks for one in found if one.outcome is Outcome.errored]
    return np.mean([one.outcome is Outcome.failed for one in found])


@pytest.mark.parametrize(
    ("text", "assumed", "good", "bad"),
    [
        (
            METRICS,
            Assumed(rows={"*": 500}, positives={"*": 0.4}, good={"accuracy": 0.792, "roc_auc": 0.874}),
            scored(500, 0.874),
            scored(500, 0.82),
        ),
        (
            REGRESSION,
            Assumed(rows={"*": 500}, positives={"*": 0.5}, correlation=0.6, baseline={"accuracy": 0.9}),
            compared(500, 0.9, 0.9, 0.6),
            compared(500, 0.84, 0.9, 0.6),
        ),
    ],
    ids=["metrics", "regression"],
)
def test_gates_do_as_planned(write, text, assumed, good, bad):
    """The real gate, run on data that are good and on data that are bad, blocks as often as was said."""
    path = write(text)
    (planned,) = plans_of(path, assumed)
    least = max(planned.blocked(one.if_good) for one in planned.stakes)
    most = 1.0 - np.prod([1.0 - planned.blocked(one.if_good) for one in planned.stakes])
    blocked = outcomes(path, good, 300, 1)
    assert 0.1 < least < 0.9
    assert least - 0.08 <= blocked <= most + 0.08
    passing = min(1.0 - planned.blocked(one.if_bad) for one in planned.stakes)
    assert 1.0 - outcomes(path, bad, 60, 2) <= passing + 0.05


@pytest.mark.parametrize("policy", ["", "inconclusive: fail, "])
@pytest.mark.parametrize("apart", [0.0, 0.2])
def test_fairness_gates_do_as_planned(write, apart, policy):
    """By default INCONCLUSIVE warns, so that a gate blocks only what it proves; `inconclusive: fail` blocks more."""
    text = FAIR.replace("label: y", f"{policy}label: y")
    drawn = grouped(apart)(np.random.default_rng(0))
    pc.write_csv(pa.table(drawn | {"y": drawn["y"] * 1, "p": drawn["p"] * 1}), "rows.csv")
    (planned,) = plans_of(write(text.replace("{fixture: drawn}", "rows.csv"), "q.gate.yaml"), Assumed())
    (stake,) = planned.stakes
    assert (stake.good, stake.bad) == (0.0, 0.2)
    expected = planned.blocked(stake.if_bad if apart else stake.if_good)
    assert outcomes(write(text), grouped(apart), 150, 3) == pytest.approx(expected, abs=0.12)


SLICES = HEAD + (
    "  parts: {kind: model.slices, data: rows, label: y, prediction: p, slices: [g], min_rows: 200,"
    " metrics: {accuracy: {min: 0.8}}}\n"
)


def sliced(right, smallest):
    """Draw four slices of which the last is too small; so many rows are right, in the smallest judged so many."""

    def draw(rng):
        groups = np.repeat([1, 2, 3, 4], [900, 700, 300, 50])
        labels = rng.random(1950) < 0.5
        hit = rng.random(1950) < np.where(groups == 3, smallest, right)
        return {"y": labels, "g": groups, "p": labels ^ ~hit}

    return draw


@pytest.mark.parametrize("policy", ["", "inconclusive: fail, "])
def test_slices_do_as_planned(write, plan, policy):
    """Good is said of all slices, bad of the smallest that is judged; one too small is named and keeps from passing."""
    text = SLICES.replace("label: y", f"{policy}label: y")
    drawn = sliced(0.85, 0.85)(np.random.default_rng(0))
    pc.write_csv(pa.table(drawn | {"y": drawn["y"] * 1, "p": drawn["p"] * 1}), "rows.csv")
    path = write(text.replace("{fixture: drawn}", "rows.csv"), "q.gate.yaml")
    assert "g: 1 of 4 slices have fewer than 200 rows" in plan(path)
    (planned,) = plans_of(path, Assumed())
    (stake,) = planned.stakes
    four = write(text)
    good, bad = sliced(0.85, 0.85), sliced(0.95, 0.75)
    assert outcomes(four, good, 200, 4) == pytest.approx(planned.blocked(stake.if_good), abs=0.1)
    assert outcomes(four, bad, 200, 5) == pytest.approx(planned.blocked(stake.if_bad), abs=0.1)
    three = lambda draw: lambda rng: {name: values[:1900] for name, values in draw(rng).items()}  # noqa: E731 - short
    drawn = three(sliced(0.85, 0.85))(np.random.default_rng(0))
    pc.write_csv(pa.table(drawn | {"y": drawn["y"] * 1, "p": drawn["p"] * 1}), "rows.csv")
    (planned,) = plans_of(path, Assumed())
    (stake,) = planned.stakes
    assert outcomes(four, three(good), 200, 4) == pytest.approx(planned.blocked(stake.if_good), abs=0.1)
    assert outcomes(four, three(bad), 200, 5) == pytest.approx(planned.blocked(stake.if_bad), abs=0.1)


@pytest.mark.parametrize("missing", ["value", "combination"])
def test_groups_that_are_expected_and_missing_keep_a_plan_from_passing(write, missing):
    """A value that only the labels know, or two values that never meet: the gate is undecided, and so is its plan."""
    labels = "{path: rows.csv, labels: {g: {a: A, b: B, c: C}}}" if missing == "value" else "{path: rows.csv}"
    g, h = np.arange(4000) % 2, np.arange(4000) // 2000
    both = {"g": np.where(g == 0, "a", "b"), "h": np.where((g == 0) | (h == 0), "x", "y")}
    labelled = np.arange(4000) % 3 == 0
    pc.write_csv(pa.table({"y": labelled * 1, "p": labelled * 1} | both), "rows.csv")
    text = FAIR.replace("label: y", "inconclusive: fail, label: y").replace("{fixture: drawn}", labels)
    if missing == "combination":
        text = text.replace("[g]", "[g, h], intersections: true")
    (planned,) = plans_of(write(text), Assumed())
    chances = {one.check: planned.blocked(one.if_good) for one in planned.stakes}
    assert chances == pytest.approx({"g": 1.0} if missing == "value" else {"g": 0.0, "h": 0.0, "g×h": 1.0}, abs=0.05)


EVAL = """
version: 1
gates:
  answers:
    kind: prompt.eval
    prompt: p.yaml
    cases: cases.jsonl
    provider: {kind: replay, path: r.jsonl}
    assert: [{type: contains, value: a, name: correct}]
    confidence: 0.95
    metrics: {pass_rate: {min: 0.8}, correct: {min: 0.9}}
"""


def test_cases_are_counted_and_no_reply_is_read(write, plan, tmp_path):
    """A hundred cases: the share that passes is binomial; neither prompt nor replies need to exist."""
    (tmp_path / "cases.jsonl").write_text("".join(f'{{"id": "{i}"}}\n' for i in range(100)), encoding="utf-8")
    said = plan(write(EVAL))
    assert "answers (prompt.eval): 100 cases, confidence 0.95" in said
    # Wilson's lower bound reaches 0.8 from 87 of 100 on.
    assert f"pass_rate min 0.8  P(block | 0.85) {binom.cdf(86, 100, 0.85):.1%}" in said
    assert f"P(pass | 0.75) {binom.sf(86, 100, 0.75):.1%}" in said
    declared = plan(write(EVAL), "--rows", "3000", "--good", "pass_rate=0.83", "--power", "0.9")
    assert "answers (prompt.eval): 3,000 cases" in declared
    assert re.search(r"P\(block \| 0\.83\) [\d.]+%, .*; [\d,]+ cases for 90% power", declared)


def test_the_file_blocks_no_less_than_its_likeliest_gate(write, plan):
    """Together: between the likeliest alone and all as if they were independent; bad passes at most where weakest."""
    text = METRICS + METRICS.split("gates:\n")[1].replace("quality", "again").replace("0.75", "0.74")
    path = write(text)
    plans = plans_of(path, Assumed(rows={"*": 400}, positives={"*": 0.4}))
    each = [one.blocked(stake.if_good) for one in plans for stake in one.stakes]
    high = 1.0 - np.prod([1.0 - one for one in each])
    said = plan(path, "--rows", "400", "--positives", "0.4")
    assert f"P(block | all is good): {max(each):.1%} to {high:.1%}" in said
    weakest = max(1.0 - one.blocked(stake.if_bad) for one in plans for stake in one.stakes)
    assert 0.0 < weakest < 0.001
    assert "P(pass | one thing is bad): at most <0.1%, the weakest being" in said


TABLE = """
version: 1
data: {{rows: rows.csv}}
gates:
  quality: {{kind: model.metrics, data: rows, label: y, prediction: p, score: s, {more} metrics: {metrics}}}
  whole: {{kind: data.quality, data: rows, row_count: {{min: 10}}}}
"""


@pytest.fixture
def rows(tmp_path):
    """Write a table of which 300 of 1,000 rows are positive."""
    rng = np.random.default_rng(1)
    columns = {"y": np.arange(1000) % 10 < 3, "p": rng.random(1000) < 0.5, "s": rng.random(1000)}
    table = pa.table({name: values * 1 for name, values in columns.items()})
    table = table.append_column("w", pa.array(np.where(np.arange(1000) < 500, 1.0, 3.0)))
    pc.write_csv(table.append_column("c", pa.array(np.arange(1000) // 4)), tmp_path / "rows.csv")


@pytest.mark.usefixtures("rows")
def test_only_sizes_are_read_from_data(write, plan):
    """Rows and classes are counted; predictions are worthless here, and the plan is that of good ones."""
    said = plan(write(TABLE.format(metrics="{recall: {min: 0.8}, brier: {max: 0.2}}", more="confidence: 0.9,")))
    assert "quality (model.metrics): 1,000 rows, 300 positive (30.0%), confidence 0.9" in said
    assert "assumed of recall: rows are independent" in said
    assert "assumed of brier: losses spread as much as their mean" in said
    assert "counts what is there: luck has no part in it" in said


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("column", "n", "said"),
    [
        ({"weight": "w"}, 800, "800 rows, 240 positive (30.0%) (what 1,000 weighted rows are worth)"),
        ({"groups": "c"}, 250, "250 rows, 75 positive (30.0%) (clusters of 1,000 rows, each counted once)"),
    ],
)
def test_weights_and_clusters_leave_fewer_rows(tmp_path, column, n, said):
    """Weights of one and three are worth four fifths of the rows; four rows of a cluster count once."""
    data = TableRef(path=str(tmp_path / "rows.csv"))
    spec = SimpleNamespace(data=data, label="y", positive=1, metrics={"accuracy": None}, **column)
    store = InputStore(tmp_path)
    try:
        inputs = GateInputs(store, seed=0, fixtures={})
        rows, size = rows_of(SimpleNamespace(id="g", spec=spec), inputs, Assumed())
    finally:
        store.close()
    assert (rows.n, rows.positives, size) == (n, round(0.3 * n), said)


@pytest.mark.usefixtures("rows")
def test_what_cannot_be_planned_is_said_and_left_out(write, plan):
    """A limit that nothing is better than, and what lies on the wrong side of a limit."""
    metrics = "{accuracy: {min: 1.0}, recall: {min: 0.8}, roc_auc: {min: 0.8}}"
    said = plan(write(TABLE.format(metrics=metrics, more="")), "--good", "recall=0.7", "--bad", "quality.roc_auc=0.9")
    assert "accuracy min 1 is not planned: nothing lies between the limit and the best there is" in said
    assert "recall min 0.8 is not planned: good is 0.7, which lies beyond the limit" in said
    assert "roc_auc min 0.8 is not planned: bad is 0.9, which lies within the limit" in said
    assert "the file, without what is not planned of quality" in said
    assert "values decide where there is none" in said


@pytest.mark.usefixtures("rows")
def test_a_gate_that_warns_blocks_nothing(write, plan):
    """Its chances are shown, and the file's are without them."""
    said = plan(write(TABLE.format(metrics="{accuracy: {min: 0.8}}", more="severity: warning,")))
    assert "severity is warning: it says so and blocks nothing" in said
    assert "P(block | all is good): 0.0%" in said
    assert "P(pass |" not in said.partition("the file")[2]


def test_data_that_are_not_there_yet_are_declared(write, plan):
    """A fixture's rows are not known before tests run: the plan asks for them, and then needs no data."""
    path = write(METRICS)
    said = plan(path)
    assert "not planned" in said
    assert "--rows 5000 --positives 0.3" in said
    assert "5,000 rows, 1,500 positive (30.0%)" in plan(path, "--rows", "quality=5000", "--positives", "0.3")
    only_rows = plan(path, "--rows", "5000")
    assert "roc_auc min 0.85 is not planned: it is not known how many rows are positive: --positives 0.3" in only_rows
    assert "accuracy min 0.75  P(block" in only_rows


def test_of_several_classes_what_all_rows_share_is_planned(write, plan, tmp_path):
    """Accuracy, and what a micro average makes of it; a macro average is left out, and said to be."""
    (tmp_path / "rows.csv").write_text("y,p\n" + "cat,cat\ndog,cow\ncow,cow\n" * 100, encoding="utf-8")
    gate = (
        "version: 1\ndata: {{rows: rows.csv}}\ngates:\n  q: {{kind: model.metrics, data: rows, label: y, prediction: p,"
        " average: {average}, confidence: 0.95, metrics: {metrics}}}\n"
    )
    micro = plan(write(gate.format(average="micro", metrics="{accuracy: {min: 0.8}, f1: {min: 0.8}}")))
    lines = [re.sub(r"^ +\w+ ", "", line).strip() for line in micro.splitlines() if " min 0.8" in line][:2]
    assert "q (model.metrics): 300 rows, confidence 0.95" in micro
    assert lines[0].split() == lines[1].split()
    macro = plan(write(gate.format(average="macro", metrics="{f1: {min: 0.8}}")))
    assert "f1 is not planned" in macro
    assert "nothing in it could be planned" in macro


def test_an_error_against_a_baseline_needs_its_size(write, plan):
    """Half a unit more is much or nothing, depending on what the baseline's is; a share of it says it all."""
    text = HEAD + (
        "  same: {kind: model.regression, data: rows, label: y, prediction: p, baseline: {prediction: q},"
        ' metrics: {mae: {max_rise: 0.5}, rmse: {max_rise: "5%"}, r2: {min_ratio: 0.95}}}\n'
    )
    said = plan(write(text), "--rows", "2000")
    assert "mae max_rise 0.5 is not planned: say what the baseline's is about: --baseline mae=…" in said
    assert re.search(r"rmse max_rise 5%\s+P\(block \| 1\) ", said)
    assert re.search(r"r2 min_ratio 0.95\s+P\(block \| 0.9\) .*P\(pass \| 0.81\)", said)
    assert re.search(
        r"mae max_rise 0.5\s+P\(block \| 10\) .*P\(pass \| 11\)",
        plan(write(text), "--rows", "900", "--baseline", "mae=10"),
    )


def test_a_baseline_in_a_file_is_exact(write, plan):
    """All doubt is the candidate's: a drop of 0.03 from 0.9 is a limit of 0.87."""
    text = REGRESSION.replace("baseline: {prediction: q}", "baseline: {file: old.json}")
    said = plan(write(text), "--rows", "900", "--baseline", "accuracy=0.9")
    assert "assumed of accuracy: the baseline's is 0.9 and exact" in said
    found = re.search(r"accuracy max_drop 0.03  P\(block \| 0.9\) ([\d.]+)%", said)
    least = next(hits for hits in range(900) if wilson(hits, 900, 0.95)[0] >= 0.87)
    assert float(found[1]) == pytest.approx(100 * binom.cdf(least - 1, 900, 0.9), abs=0.06)


DRIFT = HEAD + "  same: {kind: drift.features, reference: rows, data: rows, alpha: 0.02}\n"


def test_drift_gates_are_bounded_by_their_level(write, plan):
    """What they see, another command shows."""
    said = plan(write(DRIFT.replace("defaults: {confidence: 0.95}\n", "")))
    assert "unchanged data fail at most alpha = 0.02 of the time; what it sees: mlgate calibrate" in said
    assert "P(block | all is good): 2.0%" in said


def test_drift_of_columns_is_planned_by_its_test(write, plan, tmp_path):
    """A column that moved by twice what is allowed; and the rows that see it are those that the gate would name."""
    from pytest_mlgate.stats.psi import psi_rows_to_decide

    numbers = np.random.default_rng(1).normal(size=(2, 4000))
    pc.write_csv(pa.table({"a": numbers[0], "b": numbers[1], "id": numbers[0]}), tmp_path / "old.csv")
    pc.write_csv(pa.table({"a": numbers[0][:100], "b": numbers[1][:100], "id": numbers[0][:100]}), tmp_path / "new.csv")
    text = (
        "version: 1\ndata: {old: old.csv, new: new.csv}\ngates:\n  same: {kind: drift.features, reference: old,"
        " data: new, exclude: [id], metrics: {psi: {max: 0.2}}}\n"
    )
    said = plan(write(text))
    assert "same (drift.features): 100 rows against 4,000, 2 columns\n" in said
    found = re.search(
        r"psi max 0.2  P\(block \| 0\) .*P\(pass \| 0.4\) ([\d.]+)% \(.* INCONCLUSIVE.*; (\d+) rows for", said
    )
    assert 1.0 < float(found[1]) < 50.0
    assert int(found[2]) == pytest.approx(psi_rows_to_decide(4000, 9, 0.01 / 2, 0.2), abs=1)
    more = plan(write(text), "--rows", "1000")
    assert re.search(r"psi max 0.2  P\(block \| 0\) 0.0%, P\(pass \| 0.4\) <0.1%; ", more)
    with_ks = plan(write(text.replace("0.2}}", "0.2}, ks: {max: 0.1}}")), "--rows", "1000")
    assert "ks max 0.1 is not planned" in with_ks
    assert "P(block | all is good): 1.0%" in with_ks


CASES = """
version: 1
gates:
  stops:
    kind: guardrail.cases
    guardrail: builtin
    cases: cases.csv
    label: {field: label, positive: bad}
    confidence: 0.95
    metrics: {recall: {min: 0.8}, false_positive_rate: {max: 0.1}}
    obfuscations: [leet]
"""


def test_guardrails_are_planned_by_exact_bounds_and_for_each_disguise(write, plan, tmp_path):
    """Sixty attacks and forty harmless texts, plain and disguised: Clopper and Pearson's bound needs 54 of 60."""
    lines = [f"text {i},{'bad' if i < 60 else 'good'}" for i in range(100)]
    (tmp_path / "cases.csv").write_text("text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    said = plan(write(CASES))
    assert "stops (guardrail.cases): 100 cases, 60 to be stopped" in said
    for name in ("recall min 0.8", "leet recall min 0.8"):
        assert re.search(rf"  {name}\s+P\(block \| 0.85\) {binom.cdf(53, 60, 0.85):.1%}", said)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--good", "acuracy=0.8"], "--good acuracy: the file has accuracy, quality.accuracy"),
        (["--rows", "qualty=10"], "--rows qualty: the file has quality"),
        (["--rows", "many"], "'many' is no number"),
        (["--good", "accuracy=nan"], "'nan' is no number"),
        (["--rows", "1"], "--rows must be at least 2, not 1"),
        (["--positives", "1.5"], "--positives must be between 0 and 1, not 1.5"),
        (["--bad", "0.7"], "--bad 0.7: write METRIC=VALUE"),
    ],
)
def test_options_that_mean_nothing_are_refused(write, plan, arguments, message):
    """A misspelt name would change nothing, unnoticed."""
    assert message in plan(write(METRICS), *arguments, code=2)


def test_a_broken_gate_file_is_refused_with_its_problems(write, plan):
    """As everywhere: located."""
    said = plan(write("version: 1\ngates: {a: {kind: model.metric}}\n"), code=1)
    assert "p.gate.yaml:2" in said
    assert "did you mean 'model.metrics'?" in said
