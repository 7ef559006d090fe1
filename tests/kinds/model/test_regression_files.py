"""`model.regression` against metrics files that other tools wrote, in the tree and at a revision of git."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

GIT = shutil.which("git") or "git"


@pytest.fixture
def quiet_git(tmp_path, monkeypatch):
    """Give a function that runs git in the test's folder, whatever the machine's own configuration says."""
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    def run(*arguments):
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
        done = subprocess.run([GIT, "-C", tmp_path, *identity, *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return run


@pytest.fixture
def against(judged, tmp_path):
    """Judge a table of perfect classes against a metrics file with the content given, both written here."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 400)
    pyarrow.csv.write_csv(pa.table({"y": labels, "p": labels}), tmp_path / "rows.csv")

    def judge(content=None, more="", name="metrics.json", data="{path: rows.csv}", gate=""):
        if content is not None:
            text = content if isinstance(content, str | bytes) else json.dumps(content)
            (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        spec = f"kind: model.regression, data: {data}, label: y, prediction: p{gate}"
        limits = "metrics: {accuracy: {max_drop: 0.01, max_rise: 0.5}}"
        result, checks = judged(f"gates:\n  g: {{{spec}, baseline: {{file: {name}{more}}}, {limits}}}\n")
        return result, checks.get(("*", "accuracy"))

    judge.sha256 = hashlib.sha256((tmp_path / "rows.csv").read_bytes()).hexdigest()
    return judge


def why(result):
    return result.reason or result.checks[0].reason


@pytest.mark.parametrize(
    ("name", "content", "more"),
    [
        ("m.json", '{"accuracy": 0.75}', ""),
        ("m.json", '{"metrics": {"accuracy": 0.75}}', ""),
        ("m.json", b"\xef\xbb\xbf" + b'{"accuracy": 0.75}', ""),
        ("m.yaml", "accuracy: 0.75\nnote: [1, 2]\n", ""),
        ("m.yml", "train: {accuracy: 0.99}\ntest: {accuracy: 0.75}\n", ", key: test"),
        ("m.toml", "[eval.test]\naccuracy = 0.75\n", ", key: eval.test"),
        ("m.json", '{"eval": {"acc": 0.75}, "step": 7}', ", key: {accuracy: eval.acc}"),
        ("m.json", '{"eval.test": {"accuracy": 0.75}}', ", key: eval.test"),
        ("m.json", '{"eval": {"test.v1": {"acc": 0.75}}}', ", key: {accuracy: eval.test.v1.acc}"),
    ],
)
def test_numbers_are_found_where_they_are_said_to_be(against, name, content, more):
    """JSON, YAML and TOML; flat, under `metrics`, in a section, or each in a place of its own."""
    result, check = against(content, more, name)
    assert (result.verdict, check.baseline, check.value) == ("PASS", 0.75, 1.0)


@pytest.mark.parametrize(
    ("name", "content", "more", "said"),
    [
        ("m.json", '{"eval": {"accuracy": 0.7}, "train": {"accuracy": 0.9}}', "", "under eval, train, which `key:`"),
        ("m.json", '{"accuracy": 0.7}', ", key: eval", "has no section 'eval'"),
        ("m.json", '{"eval": 0.7}', ", key: eval", "a single value under 'eval'"),
        ("m.json", '{"eval": {"acc": 0.7}}', ", key: {accuracy: eval.accuracy}", "nothing at 'eval.accuracy'"),
        ("m.json", '{"eval": {"accuracy": "0.7"}}', ", key: {accuracy: eval.accuracy}", "no number, but '0.7'"),
        ("m.json", '{"accuracy": 0.2, "accuracy": 0.7}', "", "'accuracy' stands twice"),
        ("m.json", '{"accuracy": NaN}', "", "an undefined accuracy"),
        ("m.json", '{"accuracy": 75}', "", "which no accuracy can be"),
        ("m.json", '{"accuracy": 1e999}', "", "which no accuracy can be"),
        ("m.json", f'{{"accuracy": 0.7, "steps": {10**400}}}', "", "no number"),
        ("m.json", '{"accuracy": 0.7}'.encode("utf-16"), "", "not UTF-8"),
        ("m.json", '{\n<<<<<<< HEAD\n"accuracy": 0.7\n', "", "unfinished merge"),
        ("m.json", "[" * 100_000, "", "is no JSON"),
        ("m.yaml", "accuracy: 0.2\naccuracy: 0.7\n", "", "twice"),
        ("m.yaml", "accuracy: !!python/object/apply:os.system [id]\n", "", "m.yaml"),
        ("m.toml", "accuracy = ", "", "is no TOML"),
        ("dvc.yaml", "stages: {e: {cmd: x, metrics: [eval/m.json: {cache: false}]}}", "", "DVC's pipeline"),
        ("dvc.yaml", "metrics: [a.json, b.json]\n", "", "DVC's pipeline"),
    ],
)
def test_what_is_not_said_is_not_guessed(against, name, content, more, said):
    """Ambiguous, damaged or impossible: not measured, with what is there instead."""
    result, _ = against(content, more, name)
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert said in why(result)


def test_a_pipeline_names_the_files_to_look_into(against):
    """Who names dvc.yaml is told which metrics files it lists."""
    result, _ = against("stages: {e: {metrics: [eval/m.json: {cache: false}, n.json]}}", name="dvc.yaml")
    assert "eval/m.json, n.json" in result.remedy


@pytest.mark.parametrize(
    ("settings", "gate", "said"),
    [
        ({"positive": 1, "label": "y", "average": None}, "", None),
        ({"positive": 0}, "", "positive was 0 and is 1"),
        ({"positive": True}, "", "positive was True and is 1"),
        ({"threshold": 0.4}, "", "threshold was 0.4 and is not set"),
        ({"average": "macro"}, "", "average was 'macro' and is not set"),
        ({"seed": 3}, "", "seed, of which this gate knows nothing"),
        ([1], "", "no mapping"),
    ],
)
def test_settings_that_a_file_states_must_be_those_of_today(against, settings, gate, said):
    """Otherwise two ways of measuring would be compared, and not two models."""
    result, _ = against({"accuracy": 0.75, "settings": settings}, gate=gate)
    assert (result.verdict == "PASS") == (said is None)
    assert said is None or said in why(result)


def test_what_a_section_states_counts_as_well(against):
    """Rows and hash may stand beside the numbers of a section."""
    result, _ = against({"eval": {"accuracy": 0.75, "rows": 399}}, ", key: eval")
    assert "on other rows: 399" in why(result)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"rows": 399}, "on other rows: 399"),
        ({"settings": {"positive": 0}}, "positive was 0 and is 1"),
        ({"sha256": "00"}, "on other data, of SHA-256 00"),
    ],
)
@pytest.mark.parametrize("key", ["{accuracy: eval.test.accuracy}", "eval.test"])
@pytest.mark.parametrize("deep", [False, True])
def test_what_stands_anywhere_above_a_number_counts_as_well(against, about, said, key, deep):
    """However the number is named: a section on the way to it speaks of it."""
    content = {"eval": {"test": {"accuracy": 0.75} | (about if deep else {})} | ({} if deep else about)}
    result, _ = against(content, f", key: {key}")
    assert result.verdict == "NOT_MEASURED"
    assert said in why(result)
    beside = {"train": about, "eval": {"test": {"accuracy": 0.75}}}
    assert against(beside, f", key: {key}")[0].verdict == "PASS"


def test_the_hash_of_a_file_says_nothing_of_a_part_of_it(against):
    """Where a condition chooses rows, the file states how many there were."""
    data = "{path: rows.csv, where: 'y >= 0'}"
    result, _ = against({"accuracy": 0.75, "sha256": against.sha256}, data=data)
    assert "some of its rows are judged" in why(result)
    result, _ = against({"accuracy": 0.75, "sha256": against.sha256, "rows": 400}, data=data)
    assert result.verdict == "PASS"


def test_a_suspicious_improvement_says_where_to_look(judged, tmp_path):
    """Beyond `max_rise` the candidate fails, and the text speaks of leakage."""
    labels = np.arange(400) % 2
    pyarrow.csv.write_csv(pa.table({"y": labels, "p": labels}), tmp_path / "rows.csv")
    (tmp_path / "m.json").write_text('{"accuracy": 0.75}', encoding="utf-8")
    gate = "kind: model.regression, data: {path: rows.csv}, label: y, prediction: p, baseline: {file: m.json}"
    result, checks = judged(f"gates:\n  g: {{{gate}, metrics: {{accuracy: {{max_rise: 0.1}}}}}}\n")
    assert result.verdict == "FAIL"
    assert any("leakage" in line for line in checks["*", "accuracy"].detail["look_at"])


@pytest.fixture
def history(against, quiet_git, tmp_path):
    """Commit a metrics file of 0.75 as `main`, and lower it in the tree."""
    quiet_git("init", "-q")
    against({"accuracy": 0.75})
    quiet_git("add", "metrics.json")
    quiet_git("commit", "-qm", "measured")
    quiet_git("branch", "-f", "release")
    return quiet_git


def test_a_file_at_a_revision_is_what_was_committed_there(against, history):
    """What a change does to the file in the tree does not matter; the report names the commit."""
    result, check = against({"accuracy": 0.01}, ", rev: release")
    assert check.baseline == 0.75
    (record,) = [one for one in result.inputs if one.role == "baseline"]
    assert record.name == f"metrics.json at release ({history('rev-parse', 'release')[:12]})"
    assert record.sha256 == hashlib.sha256(b'{"accuracy": 0.75}').hexdigest()
    _, check = against()
    assert check.baseline == 0.01


def test_a_file_need_not_be_in_the_tree(against, history, tmp_path):
    """It is read from git alone."""
    (tmp_path / "metrics.json").unlink()
    _, check = against(more=", rev: HEAD")
    assert check.baseline == 0.75


@pytest.mark.parametrize(
    ("rev", "said"),
    [
        ("nowhere", "no revision 'nowhere'"),
        ("'HEAD:metrics.json'", "no revision"),
        ("'^release'", "no revision"),
        ("'HEAD~9'", "no revision"),
        ('"main\\nx"', "no revision"),
        ('"${MLGATE_TEST_REV}"', "is no revision"),
    ],
)
def test_a_revision_that_git_does_not_know_is_not_measured(against, history, monkeypatch, rev, said):
    """Nor is one that would be an option of git's."""
    from pytest_mlgate.errors import GateFileError

    monkeypatch.setenv("MLGATE_TEST_REV", "--output=owned")
    try:
        result, _ = against({"accuracy": 0.75}, f", rev: {rev}")
    except GateFileError as error:
        assert said in str(error)  # noqa: PT017 - which of the two it is depends on the revision
    else:
        assert result.verdict == "NOT_MEASURED"
        assert said in why(result)


@pytest.mark.parametrize(("optional", "verdict"), [("", "NOT_MEASURED"), (", optional: true", "NOT_APPLICABLE")])
def test_a_file_that_the_revision_does_not_have_yet(against, history, optional, verdict):
    """The change that adds a gate can say that its baseline is not there yet."""
    result, _ = against({"accuracy": 0.75}, f", rev: release{optional}", name="new.json")
    assert result.verdict == verdict
    assert "there is no new.json at release" in result.reason


def test_a_link_at_a_revision_is_no_file(against, history, tmp_path):
    """It could lead anywhere."""
    (tmp_path / "link.json").symlink_to("metrics.json")
    history("add", "link.json")
    history("commit", "-qm", "a link")
    result, _ = against(more=", rev: HEAD", name="link.json")
    assert "is a link or a folder" in result.reason


def test_outside_a_repository_a_revision_means_nothing(against, quiet_git):
    """It says so, and does not fall back on the tree."""
    result, _ = against({"accuracy": 0.75}, ", rev: main")
    assert result.verdict == "NOT_MEASURED"
    assert "not a git repository" in result.reason


def test_without_git_a_revision_means_nothing(against, history, monkeypatch):
    """A container without it is told."""
    monkeypatch.setenv("PATH", "")
    result, _ = against({"accuracy": 0.75}, ", rev: release")
    assert result.verdict == "NOT_MEASURED"
    assert "git could not be run" in result.reason


def test_a_folder_that_pretends_to_be_a_repository_runs_nothing(judged, quiet_git, tmp_path):
    """Somebody may commit one, with a configuration that names programs to run."""
    quiet_git("init", "-q")
    evil = tmp_path / "evil"
    subprocess.run([GIT, "init", "-q", "--bare", str(evil)], check=True)
    owned = tmp_path / "owned"
    config = f"[core]\nbare = false\nworktree = {evil}\nrepositoryformatversion = 1\n[extensions]\npartialClone = o\n"
    remote = f'[remote "o"]\nurl = {evil}\npromisor = true\nuploadpack = touch {owned}; false\n'
    (evil / "config").write_text(config + remote, encoding="utf-8")
    (evil / "refs" / "heads" / "main").write_text(f"{'ab' * 20}\n", encoding="utf-8")
    (evil / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    pyarrow.csv.write_csv(pa.table({"y": [0, 1], "p": [0, 1]}), tmp_path / "rows.csv")
    gate = "kind: model.regression, data: {path: rows.csv}, label: y, prediction: p"
    text = f"gates:\n  g: {{{gate}, baseline: {{file: evil/m.json, rev: main}}, metrics: {{accuracy: {{}}}}}}\n"
    result, _ = judged(text)
    assert result.verdict == "NOT_MEASURED"
    assert not owned.exists()
