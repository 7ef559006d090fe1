"""Promotion through pytest: it happens when everything required passed in a whole run, and otherwise says why not."""

from __future__ import annotations

import json
import subprocess

import pytest

torch = pytest.importorskip("torch", reason="promotes a torch model")
safetensors_torch = pytest.importorskip("safetensors.torch", reason="promotes a torch model")

GATES = """
data: {rows: rows.csv}
models:
  candidate: {loader: torch, factory: "tiny:make", weights: w.safetensors, features: [x], output: logits}
  champion: {registry: local, path: registry, name: tiny, alias: champion, optional: true}
gates:
  quality: {kind: model.metrics, data: rows, label: y, model: candidate, metrics: {accuracy: {min: 0.9}}}
  other: {kind: toy.constant, value: 0.5}
promote: {model: candidate, to: champion}
"""


def weights(path, slope=4.0):
    safetensors_torch.save_file({"weight": torch.tensor([[slope]]), "bias": torch.tensor([0.0])}, path)


@pytest.fixture
def release(project):
    """A project whose gates pass and whose model may go out."""
    project.write("tiny.py", "import torch\n\ndef make():\n    return torch.nn.Linear(1, 1)\n")
    project.write("rows.csv", "x,y\n" + "".join(f"{i},{int(i > 0)}\n" for i in range(-50, 51) if i))
    weights(project.path / "w.safetensors")
    project.write("pytest.ini", "[pytest]\npythonpath = .\naddopts = -p no:cacheprovider\n")
    project.gates(GATES)
    return project


def promotion(project, *arguments):
    """Run with `--mlgate-promote` and give the exit code and what became of the promotion."""
    result, found = project.run_json("--mlgate-promote", *arguments)
    return result, found["promotions"][0]


def champion(project):
    """Read what the alias points to, from the registry's own files."""
    path = project.path / "registry" / "tiny" / "aliases.json"
    if not path.exists():
        return None
    moves = json.loads(path.read_text(encoding="utf-8"))["aliases"].get("champion") or [{"version": None}]
    return moves[-1]["version"]


def test_nothing_is_printed_after_pytest_is_done(release):
    """Libraries that clean up at the end of the process have nothing to complain about."""
    result = release.run()
    assert result.stderr.str() == ""
    assert result.outlines[-1].startswith("promotion dry run")


def test_without_the_option_it_only_says_what_would_happen(release):
    """A dry run is the default: nothing is written."""
    result, found = release.run_json()
    (dry,) = found["promotions"]
    assert (result.ret, dry["outcome"]) == (0, "dry_run")
    assert "would be promoted as version 1" in dry["reason"]
    assert not (release.path / "registry").exists()
    result.stdout.fnmatch_lines(["promotion dry run: tiny → champion (local)*would be promoted as version 1*"])


def test_a_whole_green_run_promotes_and_leaves_evidence(release):
    """Version, alias, checksum, and an in-toto statement that holds every measurement."""
    result, done = promotion(release)
    assert (result.ret, done["outcome"], done["version"], done["previous"]) == (0, "promoted", 1, None)
    assert champion(release) == 1
    version = release.path / "registry" / "tiny" / "versions" / "1"
    statement = json.loads((version / "evidence.json").read_text(encoding="utf-8"))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    measured = (release.path / "w.safetensors").read_bytes()
    assert (version / "w.safetensors").read_bytes() == measured
    assert "accuracy" in json.dumps(statement["predicate"])
    assert str(release.path) not in json.dumps(statement)


def test_promoting_the_same_bytes_again_changes_nothing(release):
    """A second run says that it is already there."""
    promotion(release)
    result, again = promotion(release)
    assert (result.ret, again["outcome"], again["version"]) == (0, "promoted", 1)
    assert "already" in again["reason"]


def test_two_workers_promote_once(release):
    """Under xdist the controller acts, once, on what the workers measured."""
    result, done = promotion(release, "-n", "2")
    assert (result.ret, done["outcome"]) == (0, "promoted")
    assert champion(release) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-k", "quality"], "other"),
        (["a.gate.yaml::quality"], "other"),
        (["--deselect", "a.gate.yaml::other"], "other"),
        (["-m", "not mlgate or quality", "-k", "quality"], "other"),
    ],
    ids=["-k", "::id", "--deselect", "-m"],
)
def test_a_partial_run_never_promotes(release, arguments, said):
    """Whatever leaves a required gate out refuses, names it, and turns the exit code red."""
    result, refused = promotion(release, *arguments)
    assert result.ret != 0
    assert refused["outcome"] == "refused"
    assert said in refused["reason"]
    assert champion(release) is None


def test_last_failed_never_promotes(release):
    """`--lf` runs what failed before: a partial run."""
    release.write("pytest.ini", "[pytest]\npythonpath = .\n")
    release.gates(GATES.replace("value: 0.5", "value: 9"))
    release.run()
    release.gates(GATES)
    result, refused = promotion(release, "--lf")
    assert (result.ret, refused["outcome"]) == (1, "refused")
    assert "quality" in refused["reason"]


def test_stopping_at_the_first_failure_never_promotes(release):
    """`-x` leaves gates unreported, and says so beside the failure."""
    release.write("test_first.py", "def test_a(): assert False")
    result, refused = promotion(release, "-x", "test_first.py", "a.gate.yaml")
    assert (result.ret, refused["outcome"]) == (1, "refused")
    assert champion(release) is None


def test_a_failing_ordinary_test_never_promotes(release):
    """The session's own exit status counts."""
    release.write("test_other.py", "def test_a(): assert False")
    result, refused = promotion(release)
    assert (result.ret, refused["outcome"]) == (1, "refused")
    assert "exit" in refused["reason"] or "failed" in refused["reason"]


def test_a_crashed_worker_never_promotes(release):
    """A gate whose process died was not measured."""
    release.gates(GATES.replace("value: 0.5", "crash: exit"))
    result, refused = promotion(release, "-n", "2", "--max-worker-restart=1")
    assert (result.ret, refused["outcome"]) == (1, "refused")
    assert "other" in refused["reason"]
    assert champion(release) is None


def test_a_rerun_never_promotes(release):
    """A gate that had to be run twice is not trusted to move a model."""
    pytest.importorskip("pytest_rerunfailures")
    release.gates(GATES.replace("value: 0.5", "value: 9"))
    result, refused = promotion(release, "--reruns", "1")
    assert (result.ret, refused["outcome"]) == (1, "refused")


def test_data_that_change_while_gates_run_refuse(release):
    """What was measured must still be there when the alias moves."""
    release.more_conftest(
        """
def pytest_mlgate_verdict(result):
    with open("rows.csv", "a") as file:
        file.write("99,1\\n")
"""
    )
    result, refused = promotion(release)
    assert (result.ret, refused["outcome"]) == (1, "refused")
    assert "rows.csv" in refused["reason"]


def test_a_hook_can_veto_and_others_hear_of_it(release):
    """`pytest_mlgate_before_promote` returns a reason; `pytest_mlgate_refused` is told."""
    release.more_conftest(
        """
def pytest_mlgate_before_promote(promotion):
    return "office is closed"

def pytest_mlgate_refused(promotion):
    open("refused.txt", "w").write(promotion.reason)
"""
    )
    result, refused = promotion(release)
    assert (result.ret, refused["outcome"]) == (1, "refused")
    assert "office is closed" in refused["reason"]
    assert "office is closed" in (release.path / "refused.txt").read_text(encoding="utf-8")


def test_a_hook_that_raises_after_the_fact_turns_the_run_red(release):
    """The promotion stands, and nobody overlooks that something behind it failed."""
    release.more_conftest("\ndef pytest_mlgate_promoted(promotion):\n    raise OSError('pager is down')\n")
    result, done = promotion(release)
    assert (result.ret, done["outcome"]) == (1, "promoted")
    result.stdout.fnmatch_lines(["*a hook raised after the promotion was promoted: OSError: pager is down*"])


def test_rollback_restores_the_previous_champion(release):
    """`mlgate rollback FILE` moves the alias back by one and tells the hook."""
    promotion(release)
    weights(release.path / "w.safetensors", slope=5.0)
    promotion(release)
    assert champion(release) == 2
    release.more_conftest("\ndef pytest_mlgate_rolled_back(promotion):\n    print('ROLLED', promotion.version)\n")
    result = release.mlgate("rollback", "a.gate.yaml")
    assert result.ret == 0
    assert champion(release) == 1
    assert release.mlgate("rollback", "a.gate.yaml").ret == 1


def test_rollback_works_where_warnings_are_errors(release):
    """A project's `filterwarnings = error` does not stand in the way."""
    promotion(release)
    weights(release.path / "w.safetensors", slope=5.0)
    promotion(release)
    release.write("pytest.ini", "[pytest]\npythonpath = .\nfilterwarnings = error\n")
    result = release.mlgate("rollback", "a.gate.yaml")
    assert result.ret == 0, result.stdout.str() + result.stderr.str()
    assert champion(release) == 1
    assert "Warning" not in result.stdout.str()


def test_a_worse_candidate_is_refused_although_it_changed_its_own_settings(release):
    """The champion is run as its entry says, whatever the candidate declares of itself."""
    compared = GATES.replace(
        "alias: champion, optional: true}",
        'alias: champion, optional: true, factory: "tiny:make", features: [x], output: logits}',
    ).replace(
        "  other:",
        "  worse: {kind: model.regression, data: rows, label: y, model: candidate, baseline: champion,\n"
        "          metrics: {accuracy: {max_drop: 0.01}}}\n  other:",
    )
    release.gates(compared)
    assert promotion(release)[1]["outcome"] == "promoted"
    rows = "".join(f"{i},{int(i > 0)},{int(i > 0) if i % 9 else int(i <= 0)}\n" for i in range(-50, 51) if i)
    release.write("rows.csv", "x,y,z\n" + rows)
    weights(release.path / "w.safetensors", slope=3.0)
    release.gates(compared.replace("weights: w.safetensors, features: [x]", "weights: w.safetensors, features: [z]"))
    result, refused = promotion(release)
    assert (result.ret, refused["outcome"]) == (1, "refused")
    assert champion(release) == 1


def test_a_waived_gate_promotes_only_where_the_file_allows_it(release):
    """`allow_waived` is written down, or a waiver blocks promotion."""
    waived = GATES.replace("value: 0.5", "value: 9, waive: {until: 2999-01-01, reason: known}")
    release.gates(waived)
    result, refused = promotion(release)
    assert (result.ret, refused["outcome"]) == (1, "refused")
    release.gates(waived.replace("to: champion}", "to: champion, allow_waived: true}"))
    result, done = promotion(release)
    assert (result.ret, done["outcome"]) == (0, "promoted")


def test_a_gate_made_looser_than_the_base_needs_a_word(release):
    """`--mlgate-base` shows it; promotion then needs `--mlgate-allow-loosened`."""

    def git(*arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=release.path, check=True, capture_output=True)  # noqa: S607

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "base")
    release.gates(GATES.replace("min: 0.9", "min: 0.5"))
    result, refused = promotion(release, "--mlgate-base", "HEAD")
    assert (result.ret, refused["outcome"]) == (1, "refused")
    result.stdout.fnmatch_lines(["looser than HEAD: a.gate.yaml: *quality*0.9*0.5*"])
    result, done = promotion(release, "--mlgate-base", "HEAD", "--mlgate-allow-loosened")
    assert (result.ret, done["outcome"]) == (0, "promoted")


def test_a_missing_artifact_or_damaged_registry_refuses_with_the_reason(release):
    """Trouble in the registry is a refusal, not a traceback."""
    promotion(release)
    (release.path / "registry" / "tiny" / "aliases.json").write_text("{", encoding="utf-8")
    weights(release.path / "w.safetensors", slope=6.0)
    result, refused = promotion(release)
    assert (result.ret, refused["outcome"]) == (1, "refused")
    assert "aliases.json" in refused["reason"]
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    "conftest",
    [
        "@pytest.hookimpl(wrapper=True, tryfirst=True)\ndef pytest_runtest_call():\n    pytest.skip('x')\n    yield\n",
        "@pytest.hookimpl(wrapper=True, tryfirst=True)\ndef pytest_runtest_call():\n    pytest.xfail('x')\n    yield\n",
        "@pytest.hookimpl(wrapper=True)\ndef pytest_sessionfinish(session):\n    yield\n    session.exitstatus = 1\n",
        "def pytest_mlgate_before_promote(promotion):\n    open('rows.csv', 'a').write('99,1\\n')\n",
        "def pytest_mlgate_before_promote(promotion):\n    open('a.gate.yaml', 'a').write('# later\\n')\n",
        "def pytest_runtest_protocol(item):\n    return True if 'other' in item.name else None\n",
        "@pytest.hookimpl(trylast=True)\ndef pytest_collection_modifyitems(items):\n    del items[-1]\n",
    ],
    ids=[
        "skip in call",
        "xfail in call",
        "late status",
        "data in veto",
        "file in veto",
        "swallowed",
        "quietly removed",
    ],
)
def test_nothing_a_conftest_does_promotes_what_did_not_pass(release, conftest):
    """Skips, marks, late exit codes, changes while somebody is asked, swallowed and quietly removed gates refuse."""
    release.more_conftest("\n" + conftest)
    result, refused = promotion(release)
    assert (result.ret, refused["outcome"]) == (1, "refused"), refused
    assert champion(release) is None


def test_a_partial_run_does_not_promote_even_what_was_required(release):
    """`requires` says what must pass; the whole file must have run."""
    release.gates(GATES.replace("to: champion}", "to: champion, requires: [quality]}"))
    _, refused = promotion(release, "-k", "quality")
    assert refused["outcome"] == "refused"


def test_a_report_that_cannot_be_written_is_known_before_anything_moves(release):
    """Evidence first."""
    (release.path / "taken").mkdir()
    result = release.run("--mlgate-promote", "--mlgate-json", "taken")
    assert result.ret == 1
    assert champion(release) is None
    result.stdout.fnmatch_lines(["--mlgate-json taken cannot be written: it is a folder"])


def test_only_what_mlgate_train_made_can_be_promoted_from_a_fixture(release):
    """An object that merely looks like it has no artifact that could be trusted."""
    release.more_conftest(
        """
@pytest.fixture
def fake():
    import types, torch
    return types.SimpleNamespace(module=torch.nn.Identity(), artifact="w.safetensors", sha256="0")
"""
    )
    source = 'loader: torch, factory: "tiny:make", weights: w.safetensors'
    release.gates(GATES.replace(source, "fixture: fake"))
    result, refused = promotion(release)
    assert (result.ret, refused["outcome"]) == (1, "refused")


def test_a_rollback_needs_a_clean_collection(release):
    """A broken gate file beside it stops it."""
    promotion(release)
    weights(release.path / "w.safetensors", slope=5.0)
    promotion(release)
    release.gates("gates: {x: {kind: nonsense}}", "b.gate.yaml")
    assert release.run("--mlgate-rollback").ret == 2
    assert champion(release) == 2
