"""`model.regression`: a candidate against a model, columns or a file, always on the same rows."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit, logit
from sklearn.metrics import accuracy_score, roc_auc_score

from pytest_mlgate.errors import GateFileError

GATE = "gates:\n  g: {{kind: model.regression, data: {{fixture: t}}, label: y, {more}}}\n"
COLUMNS = "prediction: p, score: s, baseline: {prediction: op, score: os}"
NET = "{fixture: m, features: [x], output: label}"
LIMITS = "metrics: {{roc_auc: {{max_drop: {drop}}}}}, confidence: 0.95"


def scored(n=2000, new=1.0, old=1.0, seed=1):
    """Two models that share most of their errors."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    shared = rng.normal(0, 1, n)
    scores = [expit(own * (2 * labels - 1) + shared + rng.normal(0, 0.3, n)) for own in (new, old)]
    columns = {"y": labels, "s": scores[0], "os": scores[1]}
    return pa.table({**columns, "p": (scores[0] > 0.5).astype(int), "op": (scores[1] > 0.5).astype(int)})


def arrays(table):
    return {name: table[name].to_numpy() for name in table.column_names}


def test_both_values_are_those_of_scikit_learn(judged):
    """The candidate's is the value, the old one the baseline, and the difference is said."""
    table = scored(new=0.9)
    a = arrays(table)
    _, checks = judged(
        GATE.format(more=f"{COLUMNS}, metrics: {{accuracy: {{}}, roc_auc: {{}}, flip_rate: {{}}}}"), t=table
    )
    area, share, flips = checks["*", "roc_auc"], checks["*", "accuracy"], checks["*", "flip_rate"]
    assert (area.value, area.baseline) == pytest.approx((roc_auc_score(a["y"], a["s"]), roc_auc_score(a["y"], a["os"])))
    assert (share.value, share.baseline) == pytest.approx(
        (accuracy_score(a["y"], a["p"]), accuracy_score(a["y"], a["op"]))
    )
    assert area.detail["difference"] == pytest.approx(area.value - area.baseline)
    assert flips.value == np.mean((a["op"] == a["y"]) & (a["p"] != a["y"])) > 0
    assert share.detail["lost"] == round(flips.value * 2000)
    assert {check.verdict for check in checks.values()} == {"INFO"}
    assert area.low < area.value < area.high


@pytest.mark.parametrize(("drop", "verdict"), [(0.02, "PASS"), (0.0002, "INCONCLUSIVE")])
def test_an_equally_good_model_is_no_regression_within_a_margin(judged, drop, verdict):
    """A margin beyond the bounds passes; one that lies within them is undecided and says how many rows would do."""
    _, checks = judged(GATE.format(more=f"{COLUMNS}, {LIMITS.format(drop=drop)}"), t=scored(seed=3))
    check = checks["*", "roc_auc"]
    assert check.verdict == verdict
    assert (check.rows_to_decide is not None) == (verdict == "INCONCLUSIVE")


def test_a_worse_model_fails_and_says_what_changed(judged):
    """The bounds lie below the limit, and the text has both values and the test."""
    _, checks = judged(GATE.format(more=f"{COLUMNS}, {LIMITS.format(drop=0.01)}"), t=scored(new=0.6))
    check = checks["*", "roc_auc"]
    assert check.verdict == "FAIL"
    assert check.high < check.baseline - 0.01
    assert check.detail["delong_p"] < 1e-6
    assert "before" in check.detail["look_at"][0]


def test_a_relative_drop_is_tested_as_such(judged):
    """`max_drop: "2%"` holds `new - 0.98 old` against zero: its bounds are not those of the plain difference."""
    table = scored(seed=3)
    found = {}
    for drop in ('"2%"', "0.02"):
        _, checks = judged(GATE.format(more=f"{COLUMNS}, {LIMITS.format(drop=drop)}"), t=table)
        found[drop] = checks["*", "roc_auc"]
    from pytest_mlgate.stats.roc_paired import roc_difference

    a = arrays(table)
    difference = roc_difference(a["y"] == 1, a["s"], a["os"])
    old = difference.old.value
    for drop, share in (('"2%"', 0.98), ("0.02", 1.0)):
        low, high = difference.bounds(0.95, share)
        assert (found[drop].low, found[drop].high) == pytest.approx((share * old + low, share * old + high))
    assert found['"2%"'].low != found["0.02"].low


@pytest.mark.parametrize("share", ["0.9", "1.05"])
def test_ratios_are_tested_as_such(judged, share):
    """`min_ratio` holds the new value against that share of the old one."""
    more = f"{COLUMNS}, metrics: {{accuracy: {{min_ratio: {share}}}}}, confidence: 0.95"
    _, checks = judged(GATE.format(more=more), t=scored())
    assert checks["*", "accuracy"].verdict == ("PASS" if share == "0.9" else "FAIL")


def test_a_suspicious_improvement_is_capped(judged):
    """`max_rise` fails a model that is too good to be true."""
    more = f"{COLUMNS}, metrics: {{roc_auc: {{max_rise: 0.02}}, log_loss: {{max_rise: 0}}}}, confidence: 0.95"
    _, checks = judged(GATE.format(more=more), t=scored(new=3.0))
    assert checks["*", "roc_auc"].verdict == "FAIL"
    assert checks["*", "log_loss"].verdict == "PASS"


@pytest.mark.parametrize(("limit", "verdict"), [(0.2, "PASS"), (0.001, "FAIL")])
def test_negative_flips_have_a_limit_of_their_own(judged, limit, verdict):
    """An equally good model may still break answers that were right; the rows to look at are named."""
    table = scored(seed=4)
    more = f"{COLUMNS}, metrics: {{flip_rate: {{max: {limit}}}}}, confidence: 0.95"
    _, checks = judged(GATE.format(more=more), t=table)
    check = checks["*", "flip_rate"]
    assert check.verdict == verdict
    a = arrays(table)
    first = np.flatnonzero((a["op"] == a["y"]) & (a["p"] != a["y"]))[0]
    assert f"row {first}, " in check.detail["look_at"][0]


def test_few_rows_are_inconclusive_even_when_nothing_changed(judged):
    """Forty rows on which both models say the same do not prove a margin of one point."""
    table = scored(n=40)
    table = table.set_column(table.column_names.index("os"), "os", table["s"])
    _, checks = judged(GATE.format(more=f"{COLUMNS}, {LIMITS.format(drop=0.01)}"), t=table)
    check = checks["*", "roc_auc"]
    assert check.verdict == "INCONCLUSIVE"
    assert check.rows_to_decide > 40


def test_numbers_are_compared_too(judged):
    """Rmse, mae and r2 of two predictions of a number."""
    rng = np.random.default_rng(5)
    target = rng.normal(10, 3, 1500)
    table = pa.table({"y": target, "p": target + rng.normal(0, 1.0, 1500), "op": target + rng.normal(0, 1.5, 1500)})
    limits = "metrics: {rmse: {max_rise: 0.0}, mae: {max_rise: 0.0}, r2: {max_drop: 0.0}}, confidence: 0.95"
    result, checks = judged(GATE.format(more=f"prediction: p, baseline: {{prediction: op}}, {limits}"), t=table)
    assert result.verdict == "PASS"
    assert checks["*", "rmse"].baseline == pytest.approx(1.5, abs=0.1)
    result, _ = judged(GATE.format(more=f"prediction: op, baseline: {{prediction: p}}, {limits}"), t=table)
    assert [check.verdict for check in result.checks] == ["FAIL"] * 3


CHAMPION = "{{registry: local, path: registry, name: m, alias: champion, optional: {optional}{more}}}"


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Write two linear models on one feature, and put the second into a registry when asked to."""
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    from pytest_mlgate.registries import open_registry

    paths = []
    for name, weight in (("new", 1.0), ("old", 2.0)):
        paths.append(tmp_path / f"{name}.safetensors")
        save_file({"weight": torch.tensor([[weight, 0.0]]), "bias": torch.tensor([0.0])}, paths[-1])

    def promote():
        sha256 = hashlib.sha256(paths[1].read_bytes()).hexdigest()
        registry = open_registry("local", path=tmp_path / "registry", model="m")
        registry.promote(paths[1], sha256=sha256, alias="champion", expected=None, evidence={})

    return promote


OWN = ", factory: 'torch.nn:Linear', arguments: {in_features: 2, out_features: 1}, features: [x, z], output: logits"


def against_champion(limits, *, optional="true", more=OWN):
    candidate = (
        "{loader: torch, factory: torch.nn:Linear, arguments: {in_features: 2, out_features: 1}, "
        "weights: new.safetensors, features: [x, z], output: logits}"
    )
    gate = f"kind: model.regression, data: {{fixture: t}}, label: y, model: candidate, baseline: champion, {limits}"
    champion = CHAMPION.format(optional=optional, more=more)
    return f"models:\n  candidate: {candidate}\n  champion: {champion}\ngates:\n  g: {{{gate}}}\n"


def featured(table):
    """The scores as logits, and a second feature."""
    logits = logit(table["s"].to_numpy())
    return table.append_column("x", pa.array(logits)).append_column("z", pa.array(np.zeros(len(logits))))


def test_without_a_champion_there_is_nothing_to_compare_with(judged, weights):
    """`optional: true` makes the first release NOT_APPLICABLE; without it the gate is not measured."""
    table, limits = featured(scored()), "metrics: {roc_auc: {max_drop: 0.01}}"
    result, _ = judged(against_champion(limits), t=table)
    assert (result.verdict, result.outcome) == ("NOT_APPLICABLE", "passed")
    assert "no 'champion'" in result.reason
    assert [record.role for record in result.inputs] == ["model", "data"]
    result, _ = judged(against_champion(limits, optional="false"), t=table)
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")


def test_a_candidate_that_cannot_be_run_is_not_excused_by_a_missing_champion(judged, weights):
    """The first release is measured as far as it can be."""
    result, _ = judged(against_champion("metrics: {roc_auc: {max_drop: 0.01}}"), t=scored())
    assert result.verdict == "NOT_MEASURED"
    assert "no column 'x'" in result.reason


def test_the_champion_is_run_as_its_own_entry_says(judged, weights):
    """A registry holds bytes; factory, features and output are those of the champion's entry."""
    weights()
    limits = "metrics: {roc_auc: {max_drop: 0.01}, log_loss: {}}, confidence: 0.95"
    result, checks = judged(against_champion(limits), t=featured(scored()))
    assert result.verdict == "PASS"
    assert checks["*", "roc_auc"].value == checks["*", "roc_auc"].baseline
    assert checks["*", "log_loss"].value != checks["*", "log_loss"].baseline
    assert {record.role for record in result.inputs} == {"model", "baseline", "data"}
    assert {record.sha256 is None for record in result.inputs if record.role != "data"} == {False}


@pytest.mark.parametrize("more", ["", ", threshold: 0.3"])
def test_a_champion_that_does_not_say_how_it_is_run_is_a_mistake(judged, weights, more):
    """Run with the candidate's settings, it would be another model than the one that was promoted."""
    with pytest.raises(GateFileError) as caught:
        judged(against_champion("metrics: {roc_auc: {max_drop: 0.01}}", more=more), t=scored())
    text = str(caught.value)
    assert "the model's weights alone" in text
    assert "how rows reach the model" in text
    assert "what comes out of the model" in text


def test_a_champion_of_another_shape_says_so(judged, weights, tmp_path):
    """Weights that do not fit the candidate's factory are not measured."""
    from safetensors.torch import save_file
    from torch import ones

    from pytest_mlgate.registries import open_registry

    path = tmp_path / "odd.safetensors"
    save_file({"weight": ones(1, 3), "bias": ones(1)}, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    registry = open_registry("local", path=tmp_path / "registry", model="m")
    registry.promote(path, sha256=sha256, alias="champion", expected=None, evidence={})
    result, _ = judged(against_champion("metrics: {roc_auc: {max_drop: 0.01}}"), t=featured(scored()))
    assert result.verdict == "NOT_MEASURED"
    assert "of another shape" in result.reason


def test_a_fixture_can_be_the_baseline(judged):
    """Written in place, with the candidate in columns."""
    torch = pytest.importorskip("torch")
    more = "prediction: p, score: s, baseline: {fixture: m, features: [x], output: logits}, metrics: {roc_auc: {}}"
    _, checks = judged(GATE.format(more=more), t=featured(scored()), m=torch.nn.Identity())
    check = checks["*", "roc_auc"]
    assert check.value == pytest.approx(check.baseline, abs=1e-6)


def test_a_lazy_frame_gives_both_models_the_same_rows(judged):
    """A frame that comes in another order each time it is computed is computed once."""
    polars = pytest.importorskip("polars")
    runs = []

    def shuffled(frame):
        runs.append(1)
        return frame.sample(fraction=1.0, shuffle=True, seed=len(runs))

    rows = polars.from_arrow(scored(n=300)).with_columns(op="p", os="s")
    table = rows.lazy().map_batches(shuffled)
    more = f"{COLUMNS}, metrics: {{flip_rate: {{max: 0}}, accuracy: {{}}}}"
    result, checks = judged(GATE.format(more=more), t=table)
    assert result.verdict == "PASS"
    assert checks["*", "flip_rate"].value == 0


@pytest.fixture
def filed(judged, tmp_path):
    """Judge a CSV file of scores against a metrics file with the content given."""
    import pyarrow.csv

    pyarrow.csv.write_csv(scored(), tmp_path / "rows.csv")

    def judge(content, limits="metrics: {roc_auc: {max_drop: 0.01}}, confidence: 0.95"):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "metrics.json").write_text(text, encoding="utf-8")
        gate = "kind: model.regression, data: {path: rows.csv}, label: y, prediction: p, score: s"
        return judged(f"gates:\n  g: {{{gate}, baseline: {{file: metrics.json}}, {limits}}}\n")

    judge.sha256 = hashlib.sha256((tmp_path / "rows.csv").read_bytes()).hexdigest()
    return judge


@pytest.mark.parametrize("content", [{"roc_auc": 1.5}, {"roc_auc": 0.9, "brier": 15.0}, {"roc_auc": 0.9, "rmse": -1}])
def test_numbers_that_no_metric_can_be_are_refused(filed, content):
    """A baseline that cannot have been measured passes nothing."""
    result, _ = filed(content)
    assert result.verdict == "NOT_MEASURED"
    assert "can be" in result.reason


def test_a_metrics_file_counts_as_exact_and_says_so(filed):
    """All doubt is the candidate's own; `rows` and `sha256` that agree are fine."""
    a = arrays(scored())
    area = roc_auc_score(a["y"], a["s"])
    for content in (
        {"roc_auc": area},
        {"metrics": {"roc_auc": area}, "rows": 2000, "sha256": filed.sha256, "by": "me"},
    ):
        result, checks = filed(content, "metrics: {roc_auc: {max_drop: 0.05}}, confidence: 0.95")
        check = checks["*", "roc_auc"]
        assert check.verdict == "PASS"
        assert check.baseline == area
        assert check.detail["baseline"] == "constant"
        assert "counts as exact" in check.detail["look_at"][0]
        assert [record.name for record in result.inputs if record.role == "baseline"] == ["metrics.json"]
    _, checks = filed({"roc_auc": (area + 1) / 2})
    assert checks["*", "roc_auc"].verdict == "FAIL"
    _, checks = filed({"roc_auc": area})
    assert checks["*", "roc_auc"].verdict == "INCONCLUSIVE"
    assert checks["*", "roc_auc"].rows_to_decide > 2000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"roc_auc": 0.8, "rows": 1999}, "other rows: 1,999 of them, and the data have 2,000"),
        ({"roc_auc": 0.8, "sha256": "0" * 64}, "measured on other data, of SHA-256 000000000000…"),
        ({"roc_auc": 0.8, "rows": "many"}, "no number of rows"),
        ({"roc_auc": 0.8, "sha256": 7}, "is no text"),
        ({"accuracy": 0.8}, "no value of roc_auc; it holds accuracy"),
        ({"roc_auc": None}, "an undefined roc_auc"),
        ({"roc_auc": "0.8"}, "no value of roc_auc"),
        ({"roc_auc": True}, "no value of roc_auc"),
        ({"metrics": [1]}, "is no mapping"),
        ([0.8], "no metrics by name"),
        ("{roc_auc: 0.8", "is no JSON"),
    ],
    ids=str,
)
def test_a_metrics_file_of_other_data_or_without_the_metric_is_refused(filed, content, said):
    """A baseline measured on other rows is no baseline."""
    result, checks = filed(content)
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert said in (result.reason or next(iter(checks.values())).reason)


def test_a_hash_cannot_be_compared_with_a_fixture(judged, tmp_path):
    """Data from a fixture are in no file, so a file's hash says nothing of them."""
    (tmp_path / "metrics.json").write_text('{"roc_auc": 0.8, "sha256": "00"}', encoding="utf-8")
    result, _ = judged(GATE.format(more="score: s, baseline: {file: metrics.json}, metrics: {roc_auc: {}}"), t=scored())
    assert "come from the fixture 't'" in result.reason


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"os": [0.1, 0.2, 7.5]}, "'os' ranges from 0.1 to 7.5, which are no probabilities; 1 of 3 rows"),
        ({"os": [0.1, None, 0.5]}, "missing"),
        ({"op": [1, 2, 0]}, "the first other than the usual is row 1: 2"),
        ({"y": [1, 1, 1]}, "one class"),
        ({"y": [1, 0, 9]}, "3 distinct labels"),
    ],
    ids=str,
)
def test_what_cannot_be_compared_says_why(judged, columns, said):
    """Never a pass, always a reason, and where."""
    table = {"y": [1, 0, 1], "s": [0.1, 0.2, 0.3], "p": [1, 0, 1], "os": [0.1, 0.2, 0.3], "op": [1, 0, 1], **columns}
    result, checks = judged(GATE.format(more=f"{COLUMNS}, metrics: {{roc_auc: {{max_drop: 1}}}}"), t=pa.table(table))
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert said in (result.reason or next(iter(checks.values())).reason)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (f"{COLUMNS}, metrics: {{roc_auc: {{min: 0.9}}}}", "this gate compares with a baseline"),
        (f"{COLUMNS}, metrics: {{flip_rate: {{max_drop: 0.1}}}}", "flip_rate is itself a comparison"),
        (f"{COLUMNS}, metrics: {{auc: {{}}}}", "unknown name 'auc'"),
        (f"{COLUMNS}, metrics: {{}}", "must not be empty"),
        ("score: s, metrics: {roc_auc: {}}", "'baseline' is missing"),
        ("score: s, baseline: gone, metrics: {roc_auc: {}}", "there is no model 'gone'"),
        ("score: s, baseline: {score: os, file: m.json}, metrics: {roc_auc: {}}", "keep one"),
        ("score: s, baseline: {score: os, fixture: m}, metrics: {roc_auc: {}}", "keep one"),
        ("score: s, baseline: {score: os, rev: main}, metrics: {roc_auc: {}}", "rev is for numbers in a file"),
        ("score: s, baseline: {committed: a.baseline.json, key: eval}, metrics: {roc_auc: {}}", "key is for metrics"),
        ("score: s, baseline: {committed: a.json}, metrics: {roc_auc: {}}", "ends in .baseline.json"),
        ("score: s, baseline: {committed: a.baseline.json, file: m.json}, metrics: {roc_auc: {}}", "keep one"),
        ("score: s, baseline: {committed: a.baseline.json, optional: true}, metrics: {roc_auc: {}}", "whoever deletes"),
        ("score: s, baseline: {file: m.txt}, metrics: {roc_auc: {}}", "one of .json, .yaml, .yml, .toml"),
        ("score: s, baseline: {file: m.json, rev: --upload-pack=x}, metrics: {roc_auc: {}}", "is no revision"),
        ("score: s, baseline: {file: m.json, key: {f1: a.f1}}, metrics: {roc_auc: {}}", "nothing says where roc_auc"),
        ("score: s, baseline: {}, metrics: {roc_auc: {}}", "exactly one of weights, registry or fixture"),
        ("score: s, baseline: {prediction: op}, metrics: {roc_auc: {}}", "roc_auc needs the baseline's `score:`"),
        ("score: s, baseline: {score: os}, metrics: {accuracy: {}}", "accuracy needs `prediction:`"),
        ("baseline: {score: os}, metrics: {roc_auc: {}}", "either from a model or from columns"),
        ("prediction: p, baseline: {file: m.json}, metrics: {flip_rate: {}}", "a file of numbers has no rows"),
        ("prediction: p, baseline: {prediction: op}, metrics: {rmse: {}, accuracy: {}}", "write two gates"),
        ("prediction: p, baseline: {fixture: m}, metrics: {accuracy: {}}", "nothing says how rows reach the model"),
        ("score: s, baseline: {score: s}, metrics: {roc_auc: {}}", "the baseline's score is the candidate's own"),
        ("prediction: p, baseline: {prediction: p}, metrics: {rmse: {}}", "prediction is the candidate's own"),
        (
            f"model: {NET}, baseline: {NET}, metrics: {{accuracy: {{}}}}",
            "the baseline is the candidate itself",
        ),
        ("prediction: y, baseline: {prediction: op}, metrics: {accuracy: {}}", "'y' is the label"),
        ("score: s, baseline: {score: os}, metrics: {log_loss: {max_drop: 0.1}}", "nothing from getting worse"),
        ("prediction: p, baseline: {prediction: op}, metrics: {rmse: {min_ratio: 0.9}}", "nothing from getting worse"),
        ("score: s, baseline: {score: os}, metrics: {roc_auc: {max_drop: 2}}", "it cannot change by 2"),
        ("score: s, baseline: {score: os}, metrics: {roc_auc: {max_drop: 150%}}", "cannot drop by 150% of itself"),
        ("prediction: p, baseline: {prediction: op}, metrics: {flip_rate: {max: 5}}", "nothing is beyond 5"),
        (
            "prediction: p, baseline: {fixture: m, features: [x], output: value}, metrics: {accuracy: {}}",
            "accuracy cannot be computed from a model with `output: value`",
        ),
    ],
)
def test_mistakes_are_found_while_reading(judged, more, said):
    """What the YAML itself can say is a collection error."""
    with pytest.raises(GateFileError, match=said):
        judged(GATE.format(more=more), t=scored())


def test_the_names_are_those_of_the_metric_table():
    """A metric that can be measured can be compared."""
    from typing import get_args

    from pytest_mlgate.kinds.model.regression import FLIPS, Compared
    from pytest_mlgate.stats.metrics import METRICS

    assert set(get_args(Compared)) == {*METRICS, FLIPS}


BASELINES = [
    "old",
    "{fixture: old_model, features: [x], output: logits}",
    "{score: os, prediction: op}",
    "{file: metrics.json}",
    "{file: metrics.json, key: eval.test, rev: origin/main, optional: true}",
    "{file: metrics.json, key: {roc_auc: eval.auc}}",
    "{committed: metrics.baseline.json}",
    "{committed: metrics.baseline.json, rev: origin/main}",
]


@pytest.mark.parametrize("baseline", BASELINES)
def test_every_form_of_baseline_is_read_and_known_to_editors(baseline, tmp_path):
    """Fixtures behind it are asked for, files start at the gate file's folder, and the published schema agrees."""
    import jsonschema
    import yaml

    from pytest_mlgate.catalogue import Catalogue
    from pytest_mlgate.gatefile import PromoteSpec, load
    from pytest_mlgate.gatefile.schema import published
    from pytest_mlgate.kinds.model.regression import ModelRegression

    path = tmp_path / "t.gate.yaml"
    more = f"prediction: p, score: s, baseline: {baseline}, metrics: {{roc_auc: {{max_drop: 0.01}}}}"
    models = "models: {old: {fixture: old_model, features: [x], output: logits}}\n"
    path.write_text(f"version: 1\n{models}{GATE.format(more=more)}", encoding="utf-8")
    loaded = load(path, Catalogue())
    (gate,) = loaded.gates
    assert ("old_model" in gate.fixtures) == (baseline in BASELINES[:2])
    assert gate.spec.baseline.file == (str(tmp_path / "metrics.json") if "file" in baseline else None)
    committed = str(tmp_path / "metrics.baseline.json") if "committed" in baseline else None
    assert gate.spec.baseline.committed == committed
    elsewhere = tmp_path / "elsewhere" / "t.gate.yaml"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(path.read_bytes())
    assert load(elsewhere, Catalogue()).resolved_sha256 == loaded.resolved_sha256
    schema = published([("model.regression", ModelRegression)], PromoteSpec)
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(path.read_text(encoding="utf-8")))
