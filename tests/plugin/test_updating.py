"""`--mlgate-update` through pytest: what it writes, what it says, and when it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest

GATES = """
defaults: {label: y}
gates:
  new: {kind: model.regression, data: {path: rows.csv}, prediction: p, baseline: BASELINE, metrics: LIMITS}
  old: {kind: model.regression, data: {path: fixed.csv}, prediction: q, baseline: BASELINE, metrics: LIMITS}
  toy: {kind: toy.constant, value: 0.5}
"""
FILE = "m.baseline.json"


def table(project, right=0.8):
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 300)
    answers = {"rows.csv": np.where(rng.random(300) < right, labels, 1 - labels)}
    answers["fixed.csv"] = np.where(np.arange(300) % 4, labels, 1 - labels)
    for name, predicted in answers.items():
        lines = (f"{number},{label},{one}\n" for number, (label, one) in enumerate(zip(labels, predicted, strict=True)))
        project.write(name, f"id,y,{'p' if name == 'rows.csv' else 'q'}\n" + "".join(lines))


@pytest.fixture
def judged(project):
    """Two gates with entries in one baseline, and one without any."""
    table(project)
    limits = GATES.replace("LIMITS", "{accuracy: {max_drop: 0.02}}")
    project.gates(limits.replace("BASELINE", f"{{committed: {FILE}}}"))
    return project


def read(project):
    path = project.path / FILE
    return path.read_text(encoding="utf-8") if path.exists() else None


def accuracy(project, gate):
    return json.loads(read(project))["gates"][gate]["metrics"]["accuracy"]


def test_a_baseline_is_written_once_and_then_held_against(judged):
    """Red without one; written by the option alone; green against it; the same in parallel."""
    assert judged.run().ret == 1
    assert read(judged) is None
    first = judged.run("--mlgate-update")
    assert first.ret == 0
    first.stdout.fnmatch_lines(
        [
            f"baseline {FILE}: new: first written: accuracy 0.*",
            f"baseline {FILE}: old: first written: accuracy 0.75",
            f"baseline {FILE} was written: review what changed, and commit it",
        ]
    )
    text = read(judged)
    assert judged.run().ret == 0
    again = judged.run("--mlgate-update", "-n", "2")
    again.stdout.fnmatch_lines([f"baseline {FILE}: new: nothing changes", f"baseline {FILE}: old: nothing changes"])
    assert read(judged) == text
    (judged.path / FILE).unlink()
    assert judged.run("--mlgate-update", "-n", "2").ret == 0
    assert read(judged) == text


def test_a_better_model_is_written_and_a_worse_one_is_not(judged):
    """What fails against the baseline replaces it only once its entry is gone."""
    judged.run("--mlgate-update")
    before = accuracy(judged, "new")
    table(judged, 0.9)
    better = judged.run("--mlgate-update")
    assert better.ret == 0
    better.stdout.fnmatch_lines([f"baseline {FILE}: new: accuracy * → * (better by *)"])
    assert accuracy(judged, "new") > before
    text = read(judged)
    table(judged, 0.6)
    worse = judged.run("--mlgate-update")
    assert worse.ret == 1
    refused = f"baseline {FILE} NOT rewritten: new: it fails against the present baseline; to accept that, remove *"
    worse.stdout.fnmatch_lines([refused, f"baseline {FILE}: old: nothing changes"][::-1])
    assert read(judged) == text
    document = json.loads(text)
    del document["gates"]["new"]
    judged.write(FILE, json.dumps(document))
    assert judged.run("--mlgate-update").ret == 0
    assert accuracy(judged, "new") < before


def test_what_did_not_run_keeps_its_entry(judged):
    """A part of a run writes that part."""
    judged.run("--mlgate-update")
    text = read(judged)
    table(judged, 0.95)
    result = judged.run("--mlgate-update", "-k", "old")
    result.stdout.fnmatch_lines([f"baseline {FILE}: old: nothing changes"])
    assert read(judged) == text


def test_a_run_that_ends_early_writes_nothing(judged):
    """With -x, nobody knows what the rest would have said."""
    judged.gates("gates: {bad: {kind: toy.constant, value: 9}}", "b.gate.yaml")
    result = judged.run("--mlgate-update", "-x", "a.gate.yaml", "b.gate.yaml")
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"baseline {FILE} NOT rewritten: the session ended early: *"])
    assert read(judged) is None


def test_a_lost_worker_writes_nothing(judged):
    """What it had measured may be all there was."""
    judged.gates("gates: {dies: {kind: toy.constant, crash: exit}}", "b.gate.yaml")
    result = judged.run("--mlgate-update", "-n", "2", "--max-worker-restart=1")
    assert result.ret == 1
    assert read(judged) is None


def test_collecting_writes_nothing(judged):
    """Nor does a dry look."""
    assert judged.run("--mlgate-update", "--collect-only").ret == 0
    assert read(judged) is None


def test_a_run_without_baselines_says_so(project):
    """Somebody expected one."""
    project.gates("gates: {ok: {kind: toy.constant}}")
    result = project.run("--mlgate-update")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["--mlgate-update: no gate that ran has a committed baseline*"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--mlgate", "--mlgate-update", "--mlgate-promote"],
            "--mlgate-update and --mlgate-promote do not go together",
        ),
        (["--mlgate", "--mlgate-update", "--mlgate-rollback"], "--mlgate-update and --mlgate-rollback do not go"),
        (["--mlgate-update"], "--mlgate-update needs --mlgate as well"),
    ],
)
def test_updating_goes_with_no_other_action(judged, arguments, said):
    """Who rewrites what candidates are held against promotes none of them."""
    result = judged.run(*arguments, mlgate=False)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*{said}*"])
    assert read(judged) is None


@pytest.mark.parametrize("place", ["ini", "environment"])
def test_the_option_counts_on_the_command_line_alone(judged, monkeypatch, place):
    """A pull request that puts it into `addopts` must not replace what its own model is held against."""
    if place == "ini":
        judged.write("pytest.ini", "[pytest]\naddopts = --mlgate-update -p no:cacheprovider\n")
    else:
        monkeypatch.setenv("PYTEST_ADDOPTS", "--mlgate-update")
    result = judged.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--mlgate-update is for the command line*"])
    assert read(judged) is None


def test_a_baseline_outside_the_project_is_not_written(judged):
    """The path is the gate file's."""
    outside = judged.path.parent / "outside.baseline.json"
    text = (judged.path / "a.gate.yaml").read_text(encoding="utf-8")
    judged.write("a.gate.yaml", text.replace(FILE, f"../{outside.name}"))
    result = judged.run("--mlgate-update", "--rootdir", ".")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["baseline *outside.baseline.json NOT rewritten: it lies outside *"])
    assert not outside.exists()


def test_a_check_from_python_has_a_baseline_of_its_own(judged):
    """Under the name of its test and a counter."""
    judged.write(
        "test_model.py",
        "def test_model(mlgate):\n"
        "    mlgate.check('model.regression', data='rows.csv', label='y', prediction='p',\n"
        f"                 baseline={{'committed': '{FILE}'}}, metrics={{'accuracy': {{'max_drop': 0.02}}}})\n",
    )
    assert judged.run("test_model.py").ret == 1
    result = judged.run("--mlgate-update", "test_model.py")
    assert result.ret == 0
    assert list(json.loads(read(judged))["gates"]) == ["test_model#1"]
    assert judged.run("test_model.py").ret == 0


def test_a_gate_of_the_same_name_in_another_file_has_no_use_for_the_entry(judged):
    """It judges another model: neither held against the entry nor written over it, whichever file runs alone."""
    assert judged.run("--mlgate-update").ret == 0
    text = (judged.path / "a.gate.yaml").read_text(encoding="utf-8")
    judged.write(
        "b.gate.yaml", text.replace("path: rows.csv", "path: fixed.csv").replace("prediction: p", "prediction: q")
    )
    before = read(judged)
    said = (
        f"*{FILE} was measured by a gate of that name in another file: in a.gate.yaml, and this one is in b.gate.yaml*"
    )
    result = judged.run("b.gate.yaml")
    assert result.ret == 1
    result.stdout.fnmatch_lines([said])
    result = judged.run("--mlgate-update", "b.gate.yaml")
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"baseline {FILE} NOT rewritten: new: a gate in a.gate.yaml has this name *"])
    assert read(judged) == before
    assert judged.run("a.gate.yaml").ret == 0


def test_every_parameter_set_has_an_entry(judged):
    """A gate that a parametrised fixture feeds is several gates."""
    judged.more_conftest(
        "import pyarrow.csv\n"
        "@pytest.fixture(params=['a', 'b'])\n"
        "def part(request):\n"
        "    rows = pyarrow.csv.read_csv('rows.csv')\n"
        "    return rows.slice(0, 150) if request.param == 'a' else rows.slice(150)\n"
    )
    text = (judged.path / "a.gate.yaml").read_text(encoding="utf-8")
    judged.write("a.gate.yaml", text.replace("{path: rows.csv}", "{fixture: part}"))
    assert judged.run("--mlgate-update").ret == 0
    assert list(json.loads(read(judged))["gates"]) == ["new[a]", "new[b]", "old"]
    assert judged.run("-n", "2").ret == 0


def test_a_baseline_that_was_lowered_since_the_base_is_shown(judged, monkeypatch):
    """With --mlgate-base, in every report; promotion then asks whether it was meant."""
    import os
    import subprocess

    from pytest_mlgate.baselines import Entry, Rows, written

    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    judged.run("--mlgate-update")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "base"]):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", "-C", judged.path, *identity, *command], check=True)  # noqa: S607 - git, as it is found
    entries = json.loads(read(judged))["gates"]
    one = entries["new"]
    rows = Rows(**{**one["data"], "columns": tuple(one["data"]["columns"])})
    lowered = Entry(data=rows, metrics={"accuracy": 0.5}, settings=one["settings"], file="a.gate.yaml").sealed()
    old = Rows(**{**entries["old"]["data"], "columns": tuple(entries["old"]["data"]["columns"])})
    kept = Entry(
        data=old, metrics=entries["old"]["metrics"], settings=entries["old"]["settings"], file="a.gate.yaml"
    ).sealed()
    judged.write(FILE, written({"new": lowered, "old": kept}))
    result = judged.run("--mlgate-base", "HEAD")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            f"note: a.gate.yaml::new: baseline {FILE} is not as it was committed",
            f"looser than HEAD: a.gate.yaml: gate 'new' (line 5): baseline {FILE}: accuracy was lowered from * to 0.5",
        ]
    )
