"""`model.regression` against a committed baseline: what it is bound to, and what does not count as one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from msgspec.structs import replace

from pytest_mlgate.baselines import Entry, Rows, differences, parse, written
from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.errors import GateFileError
from pytest_mlgate.gatefile import load
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.run import Site, run

GIT = shutil.which("git") or "git"
FILE = "a.baseline.json"
METRICS = "metrics: {accuracy: {max_drop: 0.02}, roc_auc: {max_drop: 0.02}}"


def rows(n=600, strength=1.0, seed=1):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    scores = 1 / (1 + np.exp(-(strength * (2 * labels - 1) + np.random.default_rng(9).normal(0, 1, n))))
    return pa.table({"id": np.arange(n), "y": labels, "p": (scores > 0.5).astype(int), "s": scores})


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """Give a function that runs a gate on a table in a file, and writes what it proposes when it is updating."""
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    def judge(
        table=None, *, update=False, spec="prediction: p, score: s", data="{path: rows.csv}", more="", metrics=METRICS
    ):
        if table is not None and "rows.csv" in data:
            pyarrow.csv.write_csv(table, tmp_path / "rows.csv")
        text = f"kind: model.regression, data: {data}, label: y, {spec}, baseline: {{committed: {FILE}{more}}}"
        (tmp_path / "t.gate.yaml").write_text(f"version: 1\ngates: {{g: {{{text}, {metrics}}}}}\n", encoding="utf-8")
        (loaded,) = load(tmp_path / "t.gate.yaml", Catalogue()).gates
        store = InputStore(tmp_path, updating=update)
        inputs = GateInputs(store, seed=1, fixtures={"t": table}, name="g")
        result = run(loaded, inputs, Site(node_id="t::g", file="t", name="t"))
        store.close()
        if update and result.proposal is not None:
            (tmp_path / FILE).write_text(written({"g": result.proposal.entry}), encoding="utf-8")
        return result

    return judge


@pytest.fixture
def measured(gate):
    """Write the baseline of a first model."""
    first = gate(rows(), update=True)
    assert (first.verdict, first.proposal.key, first.proposal.seen) == ("NOT_APPLICABLE", "g", None)
    return gate


def test_without_a_baseline_nothing_passes(gate):
    """A gate that has nothing to compare with says how to make it."""
    result = gate(rows())
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert "there is no baseline a.baseline.json yet" in result.reason
    assert "--mlgate-update" in result.remedy
    assert result.proposal is None


def test_the_same_model_passes_and_a_worse_one_fails(measured):
    """Values are held against those that were written."""
    result = measured()
    assert (result.verdict, result.proposal) == ("PASS", None)
    assert all(check.value == check.baseline for check in result.checks)
    worse = rows(strength=0.3)
    assert measured(worse).verdict == "FAIL"


def test_an_entry_holds_the_numbers_and_what_they_depend_on(measured, tmp_path):
    """A hash of the rows, the columns behind it, and the settings; no names of files or machines."""
    entry = parse((tmp_path / FILE).read_bytes(), FILE)["g"]
    assert entry.metrics.keys() == {"accuracy", "roc_auc"}
    assert (entry.data.rows, entry.data.columns, entry.data.sha256) == (600, ("id", "y"), None)
    unset = dict.fromkeys(("average", "classes", "weight", "threshold"))
    assert entry.settings == {"label": "y", "positive": 1, **unset}
    assert str(tmp_path) not in (tmp_path / FILE).read_text(encoding="utf-8")
    assert entry.is_whole


def test_the_next_candidate_s_own_columns_are_no_other_data(measured):
    """A scored file has new predictions in it each time; rows and labels are still the same, in any order."""
    table = rows(strength=1.2)
    assert measured(table).verdict == "PASS"
    shuffled = table.take(np.random.default_rng(2).permutation(600))
    assert measured(shuffled.select(["s", "p", "y", "id"])).verdict == "PASS"
    assert measured(table.append_column("note", pa.array(["x"] * 600))).verdict == "PASS"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.slice(0, 599), "on 600 rows, and there are 599"),
        (lambda one: one.set_column(1, "y", pa.array(1 - one["y"].to_numpy())), "other data: rows of SHA-256"),
        (lambda one: one.set_column(0, "id", pa.array(np.arange(1, 601))), "other data: rows of SHA-256"),
        (lambda one: one.drop_columns(["id"]), "they had a column 'id'"),
    ],
    ids=["a row less", "labels turned round", "other rows", "a column less"],
)
def test_other_data_are_refused(measured, change, said):
    """Whatever was changed to make the candidate look better."""
    result = measured(change(rows(strength=1.5)))
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert "a.baseline.json was measured on other data" in result.reason
    assert said in result.reason


def test_the_same_rows_from_elsewhere_are_the_same_data(measured, tmp_path):
    """Another format and a frame of a fixture's hold the rows that a CSV file held."""
    pyarrow.parquet.write_table(rows(), tmp_path / "rows.parquet")
    assert measured(data="{path: rows.parquet}").verdict == "PASS"
    assert measured(rows(), data="{fixture: t}").verdict == "PASS"
    assert "other data" in measured(rows(seed=2), data="{fixture: t}").reason


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # Ibis 12 on DuckDB 2
def test_rows_on_another_engine_are_the_same_data(measured, tmp_path):
    """A table of Ibis's has the hash that its rows have anywhere."""
    ibis = pytest.importorskip("ibis")
    pyarrow.parquet.write_table(rows(), tmp_path / "rows.parquet")
    connection = ibis.duckdb.connect()
    table = connection.read_parquet(tmp_path / "rows.parquet", table_name="t")
    assert measured(table, data="{fixture: t}").verdict == "PASS"
    connection.disconnect()


def test_a_condition_makes_other_data_of_the_same_file(measured):
    """The file's hash says which rows are meant only where all of them are."""
    result = measured(data="{path: rows.csv, where: 'id < 300'}")
    assert "on 600 rows, and there are 300" in result.reason
    measured(update=True, data="{path: rows.csv, where: 'id < 300'}")
    assert "on 300 rows, and there are 600" in measured().reason
    assert "other data: rows" in measured(data="{path: rows.csv, where: 'id >= 300'}").reason


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("prediction: p, score: s, positive: 0", "positive was 1 and is 0"),
        ("prediction: p, score: s, weight: id", "weight was not set and is 'id'"),
        ("prediction: p, score: s, average: macro", "average was not set and is 'macro'"),
        ("prediction: p, score: s, classes: [0, 1]", "classes was not set and is '0, 1'"),
    ],
)
def test_other_settings_are_refused(measured, spec, said):
    """The number would be another one for the same model."""
    result = measured(spec=spec)
    assert result.verdict == "NOT_MEASURED"
    assert f"was measured with other settings: {said}" in result.reason


def test_another_threshold_is_another_setting_where_it_matters(tmp_path, gate):
    """Accuracy depends on it, and ROC AUC does not."""
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    save_file({"weight": torch.tensor([[8.0, 0.0]]), "bias": torch.tensor([-4.0])}, tmp_path / "w.safetensors")
    table = rows().append_column("z", pa.array(np.zeros(600)))
    model = (
        "{{loader: torch, factory: 'torch.nn:Linear', arguments: {{in_features: 2, out_features: 1}}, "
        "weights: w.safetensors, features: [s, z], output: logits, threshold: {}}}"
    )
    both, area = METRICS, "metrics: {roc_auc: {max_drop: 0.02}}"
    for metrics, verdict in ((both, "NOT_MEASURED"), (area, "PASS")):
        first = gate(table, update=True, spec=f"model: {model.format(0.5)}", metrics=metrics)
        assert [len(one) for one in (first.proposal.entry.model, first.proposal.entry.data.sha256)] == [64, 64]
        assert gate(spec=f"model: {model.format(0.5)}", metrics=metrics).verdict == "PASS"
        other = gate(spec=f"model: {model.format(0.4)}", metrics=metrics)
        assert other.verdict == verdict
        assert (verdict == "PASS") or "threshold was 0.5 and is 0.4" in other.reason


def test_a_metric_that_was_not_written_is_not_measured(measured):
    """A new limit needs a new number."""
    result = measured(metrics="metrics: {accuracy: {max_drop: 0.02}, log_loss: {max_rise: 1}}")
    assert result.verdict == "NOT_MEASURED"
    assert "holds no value of log_loss; it holds accuracy, roc_auc" in result.checks[1].reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('"accuracy": 0.', '"accuracy": 0.1'), "edited by hand or put together by a merge"),
        (lambda text: text.replace('"g"', '"h"'), "holds nothing of 'g', but of h"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "is of version 2"),
        (lambda text: text.replace('"rows": 600', '"rows": "600"'), "is damaged"),
        (lambda text: text[: len(text) // 2], "is no JSON"),
        (lambda text: f"<<<<<<< HEAD\n{text}=======\n>>>>>>> main\n", "unfinished merge"),
        (lambda text: text.replace('"gates": {', '"gates": {}, "gates": {'), "stands twice"),
        (lambda _: '{"roc_auc": 0.1}', "is no baseline file"),
        (lambda _: "", "is an empty file"),
    ],
)
def test_a_file_that_was_tampered_with_is_no_baseline(measured, tmp_path, change, said):
    """Edited numbers, halves of two branches, another gate's entry: never a pass."""
    path = tmp_path / FILE
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    result = measured()
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert said in result.reason


def test_a_link_is_no_baseline(measured, tmp_path):
    """What git shows a reviewer is the link, while the numbers behind it change."""
    (tmp_path / FILE).rename(tmp_path / "real.baseline.json")
    (tmp_path / FILE).symlink_to("real.baseline.json")
    assert "is a link" in measured().reason
    assert measured(update=True).proposal is None


def test_what_cannot_be_measured_whole_proposes_nothing(gate):
    """One metric that is undefined keeps all of them from being written."""
    table = rows().set_column(3, "s", pa.array(np.linspace(-1, 2, 600)))
    result = gate(table, update=True, metrics="metrics: {accuracy: {max_drop: 0.1}}", spec="prediction: p")
    assert result.proposal is not None
    both = "metrics: {accuracy: {max_drop: 0.1}, precision: {max_drop: 0.1}}"
    none = rows().set_column(2, "p", pa.array(np.zeros(600, dtype=int)))
    result = gate(none, update=True, metrics=both, spec="prediction: p")
    assert (result.verdict, result.proposal) == ("NOT_MEASURED", None)


def test_data_that_nobody_could_recognise_are_not_written_about(gate, tmp_path):
    """Rows of nested values have no spelling to hash: their file's own hash must do, and a fixture has none."""
    nested = rows().append_column("n", pa.array([[1]] * 600))
    result = gate(nested, update=True, data="{fixture: t}")
    assert (result.verdict, result.proposal) == ("NOT_MEASURED", None)
    assert "nothing could tell later that the data are still these" in result.reason
    pyarrow.parquet.write_table(nested, tmp_path / "nested.parquet")
    result = gate(update=True, data="{path: nested.parquet}")
    assert (result.proposal.entry.data.rows_sha256, len(result.proposal.entry.data.sha256)) == (None, 64)
    assert gate(data="{path: nested.parquet}").verdict == "PASS"
    pyarrow.parquet.write_table(nested, tmp_path / "nested.parquet", compression="none")
    assert "other data: on the file of SHA-256" in gate(data="{path: nested.parquet}").reason


@pytest.fixture
def repository(measured, tmp_path):
    """Commit the baseline."""

    def run_git(*arguments):
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
        subprocess.run([GIT, "-C", tmp_path, *identity, *arguments], check=True, capture_output=True)

    run_git("init", "-q")
    run_git("add", FILE)
    run_git("commit", "-qm", "baseline")
    return run_git


def told(result):
    (record,) = [one for one in result.inputs if one.role == "baseline"]
    return record.unsettled


def test_it_is_said_whether_the_file_is_what_was_committed(measured, repository, tmp_path):
    """Line endings apart, which git may change on the way; every report has the note."""
    assert told(measured()) is None
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert told(measured()) is None
    measured(rows(strength=0.9), update=True)
    result = measured()
    assert told(result) == "not as it was committed"
    assert "baseline a.baseline.json is not as it was committed" in result.notes
    repository("rm", "-q", "--cached", FILE)
    repository("commit", "-qm", "gone")
    assert told(measured()) == "not committed yet"


def test_outside_git_nobody_knows_whether_it_was_committed(measured):
    """Which is said, and promotion asks for it."""
    assert told(measured()).startswith("not known to be committed")


def test_at_a_revision_a_rewritten_file_does_not_matter(measured, repository):
    """A pull request that lowers the baseline is judged by the one it wants to replace."""
    worse = rows(strength=0.3)
    measured(worse, update=True)
    assert measured().verdict == "PASS"
    result = measured(more=", rev: HEAD")
    assert result.verdict == "FAIL"
    assert told(result) is None


def test_an_entry_may_be_missing_at_a_revision_only_if_the_gate_says_so(measured, repository, tmp_path):
    """The change that adds the gate cannot have it on the other side yet; other data are no such excuse."""
    path = tmp_path / FILE
    saved = path.read_text(encoding="utf-8")
    path.write_text(written({"other": parse(saved.encode(), FILE)["g"]}), encoding="utf-8")
    repository("commit", "-qam", "other")
    repository("tag", "without")
    assert measured(more=", rev: without").verdict == "NOT_MEASURED"
    assert measured(more=", rev: without, optional: true").verdict == "NOT_APPLICABLE"
    path.write_text(saved, encoding="utf-8")
    repository("commit", "-qam", "back")
    repository("tag", "with")
    assert measured(rows(seed=2), more=", rev: with, optional: true").verdict == "NOT_MEASURED"


@pytest.mark.parametrize("rev", ["", ", rev: HEAD", ", rev: 'HEAD~1'", ", rev: '@'", ", rev: '@{1}'", ", rev: 'HEAD^'"])
def test_a_file_is_optional_only_where_the_change_does_not_reach(measured, rev):
    """Deleting the baseline, committed or not, makes no gate green."""
    with pytest.raises(GateFileError, match="can be optional only at a `rev` that the change does not make"):
        measured(more=f"{rev}, optional: true")


def entry(**more):
    fields = {"data": Rows(rows=10, sha256="ab"), "metrics": {"accuracy": 0.8}, "settings": {"label": "y"}}
    return Entry(**fields | more).sealed()


def test_the_text_depends_on_what_is_said_alone():
    """Sorted, a line for each number, and read back as it was."""
    one = entry(metrics={"b": 0.1, "a": 1 / 3})
    other = entry(metrics={"a": 1 / 3, "b": 0.1})
    text = written({"x": one, "a": entry()})
    assert text == written({"a": entry(), "x": other})
    assert parse(text.encode(), "f") == {"x": one, "a": entry()}
    assert json.loads(text)["gates"]["x"]["metrics"] == {"a": 1 / 3, "b": 0.1}
    changed = written({"x": entry(metrics={"a": 1 / 3, "b": 0.2}), "a": entry()})
    pairs = zip(text.splitlines(), changed.splitlines(), strict=True)
    assert len([1 for line, new in pairs if line != new]) == 2  # the number and the seal


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": {"accuracy": 0.81}},
        {"data": Rows(rows=11, sha256="ab")},
        {"data": Rows(rows=10, sha256="ac")},
        {"settings": {"label": "z"}},
        {"settings": {"label": "y", "positive": True}},
        {"model": "cd"},
        {"file": "b.gate.yaml"},
    ],
)
def test_the_seal_covers_everything(change):
    """Any part put in by another hand breaks it."""
    forged = replace(entry(), **change)
    assert not forged.is_whole
    assert next(differences(forged, forged.settings, forged.data.rows)).startswith("is not as it was written")
