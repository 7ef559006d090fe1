"""The evidence is an in-toto Statement that says everything a later reader needs."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from msgspec.structs import replace
from promote_making import WAIVER, check, promote_block, result

from pytest_mlgate.errors import MlgateError
from pytest_mlgate.promote.evidence import PREDICATE, describe_environment, statement
from pytest_mlgate.promote.subject import Subject
from pytest_mlgate.verdict import Outcome, Verdict

RUN = {
    "started": "2026-01-31T12:00:00Z",
    "git": {"commit": "abc123", "dirty": True},
    "ci": {"provider": "github", "run": "7"},
}
SUBJECT = Subject(Path("/project/artifacts/candidate.safetensors"), "ef" * 32)
MACHINE = {"python": "3.11.7", "platform": "any", "packages": {"pytest-mlgate": "0.1.0"}}


def _written(file, results, run_info=RUN, **more):
    return statement(file, results, SUBJECT, run_info=run_info, environment=MACHINE, **more)


def test_the_statement_has_the_form_of_in_toto(place):
    """Version 1 of the Statement: a subject by digest, and a predicate of this project's type."""
    file, session = place.measured()
    written = _written(file, session.results.values())
    assert written["_type"] == "https://in-toto.io/Statement/v1"
    assert written["predicateType"] == PREDICATE
    assert written["subject"] == [{"name": "candidate.safetensors", "digest": {"sha256": "ef" * 32}}]
    assert list(written) == ["_type", "predicate", "predicateType", "subject"]


def test_the_predicate_says_what_was_run_on_what(place):
    """Commit, dirty flag, CI run, gate file, inputs with their hashes, target and environment are all there."""
    file, session = place.measured(champion=2)
    predicate = _written(file, session.results.values())["predicate"]
    assert predicate["run"] == RUN
    assert predicate["policy"]["allow_waived"] is False
    assert predicate["environment"] == MACHINE
    assert predicate["gate_file"] == {
        "path": "gates/credit.gate.yaml",
        "name": "credit",
        "digest": {"sha256": file.sha256},
        "resolved_digest": {"sha256": file.resolved_sha256},
    }
    assert predicate["target"] == {"registry": "local", "model": "credit", "alias": "champion", "previous": 2}
    stamps = [one.files[0] for one in session.results["gates/credit.gate.yaml::quality"].inputs]
    assert [(one["role"], one["name"], one["files"][0]["digest"]["sha256"]) for one in predicate["inputs"]] == [
        ("data", "holdout", stamps[0].sha256),
        ("model", "candidate", stamps[1].sha256),
    ]


def test_every_measurement_is_kept_with_its_limit_verdict_and_waiver(place):
    """Checks, limits, waivers and policy decisions can be read back."""
    file, _ = place.measured()
    file = replace(file, promote=promote_block(allow_waived=True))
    waived = result("quality", check(Verdict.FAIL, value=0.7), outcome=Outcome.waived, waiver=WAIVER)
    predicate = _written(file, [waived], decisions=["quality counts as passed"])["predicate"]
    (gate,) = predicate["gates"]
    assert (gate["id"], gate["outcome"], gate["waiver"]["until"]) == ("quality", "waived", "2027-01-31")
    (kept,) = gate["checks"]
    assert (kept["metric"], kept["value"], kept["limit"], kept["verdict"]) == ("roc_auc", 0.7, {"min": 0.75}, "FAIL")
    expected = {"requires": ["contract", "quality"], "allow_waived": True, "decisions": ["quality counts as passed"]}
    assert predicate["policy"] == expected


def test_it_is_strict_json_whatever_was_measured(place):
    """NaN and infinities become null, wherever they stand."""
    file, _ = place.measured()
    odd = result("quality", check(value=math.nan, high=math.inf, detail={"b": -math.inf, "a": [math.nan]}))
    written = _written(file, [odd], run_info={"duration_s": math.nan})
    (kept,) = written["predicate"]["gates"][0]["checks"]
    assert (kept["value"], kept["high"], kept["detail"]) == (None, None, {"b": None, "a": [None]})
    assert written["predicate"]["run"] == {"duration_s": None}
    json.dumps(written, allow_nan=False)


def test_equal_facts_give_equal_bytes(place):
    """The order in which mappings were filled leaves no trace, so that a signature can be checked."""
    file, session = place.measured()
    one, two = ({"detail": {"x": 1, "y": 2}}, {"detail": {"y": 2, "x": 1}})
    results = [
        [result("quality", check(**detail)), session.results["gates/credit.gate.yaml::contract"]]
        for detail in (one, two)
    ]
    run = dict(reversed(RUN.items()))
    assert json.dumps(_written(file, results[0])) == json.dumps(_written(file, results[1], run_info=run))


def test_what_cannot_be_json_is_refused(place):
    """An object that JSON cannot hold is an error that says so, and not half a statement."""
    file, _ = place.measured()
    with pytest.raises(MlgateError, match="cannot be written as JSON"):
        _written(file, [], run_info={"git": object()})


def test_no_machine_paths_of_the_gate_file_get_in(place):
    """The statement speaks of paths as the project does, not of the folder it happened to be checked out in."""
    file, session = place.measured()
    assert str(place.root) not in json.dumps(_written(file, session.results.values()))


def test_the_environment_is_asked_without_importing_anything_heavy():
    """Versions come from package metadata; numpy, torch, duckdb and pytest stay out of the process."""
    code = (
        "import sys, json\n"
        "from pytest_mlgate.promote import actions, loosened\n"
        "from pytest_mlgate.promote.evidence import describe_environment\n"
        "found = describe_environment()\n"
        "heavy = {'numpy', 'scipy', 'torch', 'duckdb', 'pytest'} & set(sys.modules)\n"
        "print(json.dumps([found, sorted(heavy)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found, heavy = json.loads(done.stdout)
    assert heavy == []
    assert found == describe_environment()
    assert found["packages"]["numpy"] == version("numpy")
    assert {"python", "platform"} < set(found)
