"""`pytest --mlgate`: what is collected, what the outcomes are, and what a person reads."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import pytest
from toy import MIXED


def test_gates_are_not_collected_without_the_flag(project):
    """A plain run ignores gate files."""
    project.gates(MIXED)
    project.write("test_x.py", "def test_x(): pass")
    project.run(mlgate=False).assert_outcomes(passed=1)


def test_naming_a_gate_file_without_the_flag_says_what_is_missing(project):
    """Nobody is left wondering why nothing ran."""
    project.gates(MIXED)
    result = project.run("a.gate.yaml::ok", mlgate=False)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*a.gate.yaml::ok is a gate file: add --mlgate to run it*"])


@pytest.mark.parametrize("option", ["--mlgate-history=x", "--mlgate-promote", "--mlgate-base=HEAD"])
def test_options_that_need_gates_say_so(project, option):
    """An option that would silently do nothing is an error."""
    result = project.run(option, mlgate=False)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*needs --mlgate as well*"])


def test_the_ini_switch_stands_for_the_flag(project):
    """`mlgate = true` makes gates part of every run."""
    project.write("pytest.ini", "[pytest]\nmlgate = true\n")
    project.gates("gates: {ok: {kind: toy.constant}}")
    project.run(mlgate=False).assert_outcomes(passed=1)


def test_the_ini_can_name_other_files(project):
    """`mlgate_files` replaces the pattern."""
    project.write("pytest.ini", "[pytest]\nmlgate_files = gate_*.yml\n")
    project.gates("gates: {ok: {kind: toy.constant}}", "gate_one.yml")
    project.gates("gates: {no: {kind: toy.constant}}", "other.gate.yaml")
    result, found = project.run_json()
    assert [one["id"] for one in found["gates"]] == ["ok"]
    assert result.ret == 0


def test_outcomes_map_to_pytest(project):
    """Passed and warned pass, failed fails, not measured is an error, waived is an expected failure."""
    project.gates(MIXED)
    result, found = project.run_json()
    result.assert_outcomes(passed=3, failed=1, errors=2, xfailed=1)
    assert result.ret == 1
    outcomes = {one["id"]: (one["verdict"], one["outcome"]) for one in found["gates"]}
    assert outcomes == {
        "ok": ("PASS", "passed"),
        "red": ("FAIL", "failed"),
        "warm": ("PASS", "warned"),
        "lost": ("NOT_MEASURED", "errored"),
        "empty": ("NOT_MEASURED", "errored"),
        "mild": ("FAIL", "warned"),
        "known": ("FAIL", "waived"),
    }


def test_a_failure_is_a_dozen_lines_without_pytest_internals(project):
    """Which gate, what, how much data, which limit, how far off, where, how to rerun; no traceback."""
    project.gates("gates:\n  red: {kind: toy.constant, value: 3, description: must stay small}\n")
    text = project.run().stdout.str()
    section = text.split("= FAILURES =")[1].split("= gates =")[0]
    for said in ("FAIL: value is 3, limit max 1", "a.gate.yaml::red (toy.constant): must stay small",
                 "value = 3 on 10 rows; limit max 1: 2 above the limit", "where     a.gate.yaml:3",
                 "rerun     pytest --mlgate a.gate.yaml::red"):  # fmt: skip
        assert said in section
    assert len(section.strip().splitlines()) < 14
    for internal in ("Traceback", "site-packages", "pytest_mlgate/", "raise ", "def ", ">  "):
        assert internal not in section


def test_an_unmeasured_gate_says_why_and_leaves_the_others_alone(project):
    """An exception in a kind is one gate's error, with its message and place."""
    project.gates(MIXED)
    result, found = project.run_json()
    (lost,) = [one for one in found["gates"] if one["id"] == "lost"]
    assert lost["reason"].startswith("RuntimeError: toy trouble (")
    assert re.search(r"toy\.py:\d+\)$", lost["reason"])
    result.stdout.fnmatch_lines(["*NOT MEASURED: RuntimeError: toy trouble*"])


def test_what_was_measured_before_an_exception_is_kept(project):
    """A kind that raises half way still shows its first half; the gate is not measured all the same."""
    project.gates("gates: {late: {kind: toy.constant, crash: late}}")
    _, found = project.run_json()
    (late,) = found["gates"]
    assert [check["verdict"] for check in late["checks"]] == ["PASS", "NOT_MEASURED"]
    assert late["verdict"] == "NOT_MEASURED"


def test_the_table_at_the_end_names_every_gate(project):
    """Gate, outcome, worst check, value, limit and n, worst first; then the counts."""
    project.gates(MIXED)
    lines = project.run().stdout.str().split("= gates =")[1].splitlines()
    assert lines[2] == "a.gate.yaml"
    rows = [line.split() for line in lines if line.startswith("  ")]
    assert [row[:2] for row in rows] == [
        ["red", "failed"],
        ["lost", "errored"],
        ["empty", "errored"],
        ["known", "waived"],
        ["warm", "warned"],
        ["mild", "warned"],
        ["ok", "passed"],
    ]
    assert rows[0] == ["red", "failed", "value", "3", "max", "1", "10"]
    assert any("1 failed, 2 errored, 1 waived, 2 warned, 1 passed" in line for line in lines)


def test_waived_gates_stay_expected_failures_under_runxfail(project):
    """`--runxfail` speaks of pytest's marks, not of our waivers."""
    project.gates(MIXED)
    project.run("--runxfail").assert_outcomes(passed=3, failed=1, errors=2, xfailed=1)


def test_gates_are_selected_by_id_keyword_and_tag(project):
    """`::id`, `-k` and `-m` work; tags are registered marks, so strict markers are content."""
    project.gates("tags: [file-wide]\ngates: {one: {kind: toy.constant, tags: [pre-merge]}, two: {kind: toy.constant}}")
    project.run("a.gate.yaml::two").assert_outcomes(passed=1)
    project.run("-k", "one").assert_outcomes(passed=1, deselected=1)
    project.run("-m", "pre-merge").assert_outcomes(passed=1, deselected=1)
    project.run("-m", "file-wide").assert_outcomes(passed=2)
    project.run("-m", "not mlgate").assert_outcomes(deselected=2)


def test_a_gate_is_located_in_its_yaml(project):
    """Reports point at the gate's own line."""
    project.gates("gates:\n  one:\n    kind: toy.constant\n  two:\n    kind: toy.constant\n    value: 2\n")
    _, found = project.run_json("--junitxml=j.xml")
    assert [one["line"] for one in found["gates"]] == [3, 5]


def test_a_fixture_feeds_a_gate(project):
    """Session scope runs once, parameters make one test each, and an unknown fixture is an error that names it."""
    project.more_conftest(
        """
calls = []
@pytest.fixture(scope="session")
def frame():
    import pyarrow as pa
    calls.append(1)
    assert len(calls) == 1
    return pa.table({"x": [1, 2, 3]})

@pytest.fixture(params=[2, 0], ids=["two", "none"])
def sized(request):
    import pyarrow as pa
    return pa.table({"x": list(range(request.param))})
"""
    )
    project.gates(
        """
data: {f: {fixture: frame}}
gates:
  a: {kind: toy.constant, data: f}
  b: {kind: toy.constant, data: f}
  c: {kind: toy.constant, data: {fixture: sized}}
  d: {kind: toy.constant, data: {fixture: fram}}
"""
    )
    result, found = project.run_json()
    by_node = {one["node_id"]: one for one in found["gates"]}
    assert by_node["a.gate.yaml::a"]["checks"][0]["n"] == 3
    assert by_node["a.gate.yaml::b"]["outcome"] == "passed"
    assert by_node["a.gate.yaml::c[two]"]["checks"][0]["n"] == 2
    assert by_node["a.gate.yaml::c[two]"]["params"] == "two"
    assert by_node["a.gate.yaml::c[none]"]["verdict"] == "NOT_MEASURED"
    assert by_node["a.gate.yaml::d"]["reason"] == "there is no fixture 'fram'"
    assert by_node["a.gate.yaml::d"]["remedy"] == "did you mean 'frame'?"
    assert result.ret == 1


def test_a_fixture_that_raises_or_skips_is_told_apart(project):
    """Raising is NOT_MEASURED with the place in the user's code; skipping is SKIPPED with the reason."""
    project.more_conftest(
        """
@pytest.fixture
def broken():
    raise ValueError("no connection")

@pytest.fixture
def absent():
    pytest.skip("no GPU here")
"""
    )
    project.gates(
        "gates: {a: {kind: toy.constant, data: {fixture: broken}}, b: {kind: toy.constant, data: {fixture: absent}}}"
    )
    result, found = project.run_json()
    raised, skipped = found["gates"]
    assert (raised["verdict"], raised["outcome"]) == ("NOT_MEASURED", "errored")
    assert re.fullmatch(r"the fixture broken raised ValueError: no connection \(conftest\.py:\d+\)", raised["reason"])
    assert (skipped["verdict"], skipped["outcome"], skipped["reason"]) == ("SKIPPED", "skipped", "no GPU here")
    result.assert_outcomes(errors=1, skipped=1)


def test_a_gate_without_a_gpu_is_skipped_with_the_reason(project):
    """The `gpu` tag is the `gpu` mark."""
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    project.gates("gates: {a: {kind: toy.constant, tags: [gpu]}}")
    _, found = project.run_json()
    assert found["gates"][0]["verdict"] == "SKIPPED"
    assert "CUDA" in found["gates"][0]["reason"]


def test_a_gate_over_its_time_is_not_measured(project):
    """A sleeping kind is interrupted, and the rest goes on."""
    project.gates("gates: {slow: {kind: toy.constant, sleep: 30, timeout: 200ms}, ok: {kind: toy.constant}}")
    result, found = project.run_json()
    slow, ok = found["gates"]
    assert (slow["verdict"], ok["verdict"]) == ("NOT_MEASURED", "PASS")
    assert "longer than its timeout of 0.2 s" in slow["reason"]
    assert slow["duration_s"] < 5
    assert result.ret == 1


def test_a_timeout_holds_for_every_gate_by_ini(project):
    """`mlgate_timeout` is the default."""
    project.write("pytest.ini", "[pytest]\nmlgate_timeout = 100ms\n")
    project.gates("gates: {slow: {kind: toy.constant, sleep: 30}}")
    _, found = project.run_json()
    assert "0.1 s" in found["gates"][0]["reason"]


def test_junit_has_a_case_per_gate_with_its_measurements(project):
    """Failures are failures, unmeasured gates errors, waived ones skipped; each check is a JSON property."""
    project.gates(MIXED)
    project.run("--junitxml=j.xml")
    cases = {case.get("name"): case for case in ET.parse(project.path / "j.xml").iter("testcase")}  # noqa: S314
    assert set(cases) == {"ok", "red", "warm", "lost", "empty", "mild", "known"}
    children = {name: [child.tag for child in case if child.tag != "properties"] for name, case in cases.items()}
    assert children == {
        "ok": [], "red": ["failure"], "warm": [], "lost": ["error"], "empty": ["error"], "mild": [],
        "known": ["skipped"],
    }  # fmt: skip
    (prop,) = cases["red"].iter("property")
    assert prop.get("name") == "* value"
    assert json.loads(prop.get("value"))["value"] == 3
    assert cases["red"].find("failure").get("message") == "FAIL: value is 3, limit max 1"
    assert "new feed" in cases["known"].find("skipped").get("message")


def test_setup_only_measures_nothing(project):
    """`--setup-only` and `--setup-plan` are about fixtures."""
    project.gates("gates: {red: {kind: toy.constant, value: 9}}")
    result = project.run("--setup-only")
    assert result.ret == 0
    assert "failed" not in result.stdout.str()


def test_a_step_summary_is_written_and_escaped(project, monkeypatch):
    """In GitHub Actions the result stands on the job's page, and a hostile description stays text."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.path / "summary.md"))
    project.gates(
        'gates: {red: {kind: toy.constant, value: 9, names: ["<script>|x`"], description: "<img src=x> | **b**"}}'
    )
    project.run()
    text = (project.path / "summary.md").read_text(encoding="utf-8")
    assert text.startswith("## ❌ Gates: 1 failed")
    assert "<script>" not in text
    assert "<img" not in text
    assert "a.gate.yaml::red" in text
    row = next(line for line in text.splitlines() if line.startswith("| a.gate"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 8


def test_a_report_that_cannot_be_written_fails_the_run(project):
    """A green exit code must not hide that the evidence is missing."""
    project.gates("gates: {ok: {kind: toy.constant}}")
    project.write("file", "x")
    result = project.run("--mlgate-json", "file/out.json")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*a report could not be written*"])


def test_secrets_do_not_reach_reports(project, monkeypatch):
    """The value of a variable named like a secret is blotted out of reasons and details."""
    monkeypatch.setenv("DB_PASSWORD", "hunter22xyz")
    project.gates("gates:\n  a:\n    kind: toy.constant\n    value: 9\n    description: ${DB_PASSWORD}\n")
    result, found = project.run_json()
    assert "hunter22xyz" not in result.stdout.str()
    assert "hunter22xyz" not in json.dumps(found)
    assert found["gates"][0]["description"] == "***"


def test_ordinary_tests_run_beside_gates(project):
    """Gates and tests share a session."""
    project.gates("gates: {ok: {kind: toy.constant}}")
    project.write("test_x.py", "def test_x(): pass\ndef test_y(): assert False\n")
    project.run().assert_outcomes(passed=2, failed=1)


def test_hooks_hear_of_each_verdict_once(project):
    """`pytest_mlgate_verdict` is called in the controlling process, once per gate."""
    project.more_conftest(
        """
def pytest_mlgate_verdict(result):
    with open("heard.txt", "a") as file:
        file.write(f"{result.id} {result.verdict}\\n")
"""
    )
    project.gates(MIXED)
    for extra in ((), ("-n", "2")):
        project.write("heard.txt", "")
        project.run(*extra)
        heard = sorted((project.path / "heard.txt").read_text(encoding="utf-8").split("\n"))
        assert heard == sorted(
            [
                "",
                "ok PASS",
                "red FAIL",
                "warm PASS",
                "lost NOT_MEASURED",
                "empty NOT_MEASURED",
                "mild FAIL",
                "known FAIL",
            ]
        )


def test_whatever_a_kind_yields_one_gate_is_all_it_costs(project):
    """Foreign numbers are taken, nonsense is not measured, and control characters are spelled out."""
    project.more_conftest(
        """
import numpy as np
from pytest_mlgate import GateSpec, Kind, Limit, Measurement

class Odd(GateSpec, frozen=True, kw_only=True):
    what: str

def measure(spec, inputs):
    common = {"name": "a\\x01b", "metric": "m", "n": np.int64(3), "limit": Limit(max=1.0)}
    if spec.what == "numpy":
        yield Measurement(value=np.float32(0.5), detail={"array": np.arange(2), "set": {1}}, **common)
    if spec.what == "text":
        yield Measurement(value="much", **common)
    if spec.what == "surrogate":
        raise OSError("bad \\udcff \\x1b[31m")
    if spec.what == "exit":
        raise SystemExit(0)
    if spec.what == "late":
        yield Measurement(name="*", metric="m", applicable=False, reason="no baseline yet")
        raise RuntimeError("boom")
    if spec.what == "fail":
        pytest.fail("no")
    if spec.what == "skip":
        pytest.skip("no")

def pytest_mlgate_kinds():
    return [toy.KIND, Kind("odd.kind", Odd, measure)]
"""
    )
    words = ["numpy", "text", "surrogate", "exit", "late", "fail", "skip"]
    project.gates("gates:\n" + "".join(f"  {word}: {{kind: odd.kind, what: {word}}}\n" for word in words))
    for extra in ((), ("-n", "2")):
        result, found = project.run_json("--junitxml=j.xml", *extra)
        verdicts = {one["id"]: one["verdict"] for one in found["gates"]}
        assert verdicts == {"numpy": "PASS", **dict.fromkeys(words[1:], "NOT_MEASURED")}
        assert result.ret == 1
        ET.parse(project.path / "j.xml")  # noqa: S314
        assert "\x1b[31m" not in result.stdout.str()


def test_values_of_the_data_begin_no_line(project):
    """A CI system takes a line that begins with `::` for a command; data that anybody may write can give none."""
    project.more_conftest(
        """
@pytest.fixture
def frame():
    import pyarrow as pa
    return pa.table({"s": ["x\\n::error::pwned"], "t\\n::error::pwned": [1]})
"""
    )
    more = "data: {fixture: frame}, segment_by: [s], key: [s]"
    project.gates(
        "gates:\n"
        f"  a: {{kind: data.schema, {more}, extra_columns: forbid, columns: {{s: {{allowed: [q]}}}}}}\n"
        f"  b: {{kind: data.quality, {more}, row_count: {{min: 2}}, rows_where: {{\"s <> 'q'\": {{max: 0}}}}}}\n"
        "  c: {kind: data.quality, data: {fixture: frame}, sql: {x: FROM data}}\n"
    )
    result, found = project.run_json("--mlgate-junit=m.xml", "--junitxml=j.xml")
    texts = [result.stdout.str(), *((project.path / name).read_text() for name in ("m.xml", "j.xml"))]
    assert all("::error::pwned" in text for text in texts)
    assert not [line for text in texts for line in text.splitlines() if line.lstrip().startswith("::")]
    assert not [check["name"] for gate in found["gates"] for check in gate["checks"] if "\n" in check["name"]]


def test_a_failure_beside_something_unmeasured_tells_both(project):
    """The exception is not lost behind the failing check."""
    project.gates("gates: {both: {kind: toy.constant, value: 9, crash: late}}")
    text = project.run().stdout.str()
    assert "toy trouble, late" in text
    assert "value = 9" in text


def test_a_hook_that_raises_costs_no_gate(project):
    """All gates run, and the run is red."""
    project.more_conftest("\ndef pytest_mlgate_verdict(result):\n    raise ValueError('pager')\n")
    project.gates("gates: {a: {kind: toy.constant}, b: {kind: toy.constant}}")
    result, found = project.run_json()
    assert len(found["gates"]) == 2
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*a hook raised when it heard of a.gate.yaml::a: ValueError: pager"])


@pytest.mark.parametrize("written", ["abc", "0", "-1", "5 s", ""])
def test_a_timeout_that_is_none_is_a_usage_error(project, written):
    """Said at once, with what to write."""
    project.write("pytest.ini", f"[pytest]\nmlgate_timeout = {written}\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*mlgate_timeout = *: write seconds, or *"])


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("{kind: toy.constant, data: {fixture: class}}", "'class' cannot be the name of a fixture"),
        ("{kind: toy.constant, tags: [_x]}", "not of the form expected here"),
        ("{kind: toy.constant, tags: [timeout]}", "one of a plugin's marks"),
        ('{kind: toy.constant, value: !!bool ""}', "does not fit the YAML tag"),
        ("{kind: '${API_TOKEN}'}", "there is no gate kind '***'"),
    ],
)
def test_odd_gate_files_are_located_not_tracebacks(project, monkeypatch, gate, said):
    """Names Python cannot hold, marks of plugins, explicit tags, secrets in the wrong place."""
    monkeypatch.setenv("API_TOKEN", "s3cr3tvalue")
    project.gates(f"gates:\n  a: {gate}\n")
    result = project.run()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    text = result.stdout.str()
    assert said in text
    assert "a.gate.yaml:3:" in text
    assert "Traceback" not in text
    assert "s3cr3tvalue" not in text


def test_secrets_that_look_like_words_break_nothing(project, monkeypatch):
    """Blotting out touches prose alone."""
    monkeypatch.setenv("DB_PASSWORD", "kind")
    monkeypatch.setenv("AUTHOR", "passed")
    project.gates("gates:\n  a:\n    kind: toy.constant\n    description: kind of ${DB_PASSWORD} by ${AUTHOR}\n")
    _, found = project.run_json()
    (gate,) = found["gates"]
    assert (gate["kind"], gate["outcome"], gate["description"]) == ("toy.constant", "passed", "*** of *** by passed")


def test_an_xfail_mark_is_no_waiver(project):
    """What a conftest marks as expected to fail still fails: exceptions are written in the gate file."""
    project.more_conftest(
        "\ndef pytest_collection_modifyitems(items):\n"
        "    for item in items:\n        item.add_marker(pytest.mark.xfail(reason='x'))\n"
    )
    project.gates("gates: {red: {kind: toy.constant, value: 9}, lost: {kind: toy.constant, crash: raise}}")
    assert project.run().ret == 1


def test_the_summary_is_never_greener_than_the_run(project, monkeypatch):
    """A failing ordinary test shows in the heading."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(project.path / "summary.md"))
    project.gates("gates: {ok: {kind: toy.constant}}")
    project.write("test_x.py", "def test_x(): assert False")
    project.run()
    assert (project.path / "summary.md").read_text(encoding="utf-8").startswith("## ❌")
