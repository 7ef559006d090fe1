"""A gate file with mistakes is one collection error that lists them all; the exit code is 2, in parallel too."""

from __future__ import annotations

import pytest

BROKEN = """
gates:
  one: {kind: toy.constnt}
  two: {kind: toy.constant, metrics: {value: {mx: 1}}}
promote: {model: nobody, to: nowhere}
"""


@pytest.mark.parametrize("extra", [(), ("-n", "2")], ids=["serial", "xdist"])
def test_all_mistakes_are_one_collection_error(project, extra):
    """Four mistakes, one error, once, exit code 2, nothing run."""
    project.gates(BROKEN)
    project.gates("gates: {fine: {kind: toy.constant}}", "fine.gate.yaml")
    result = project.run(*extra)
    text = result.stdout.str()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "4 problems in the gate file" in text
    for said in (
        "a.gate.yaml:4:15: there is no gate kind 'toy.constnt'",
        "a.gate.yaml:5:47: unknown key 'mx'",
        "there is no model 'nobody'",
        "there is no model 'nowhere'",
    ):
        assert text.count(said) == 1, text
    for internal in ("Traceback", "site-packages", "pytest_mlgate/"):
        assert internal not in text


def test_a_broken_file_refuses_promotion_even_when_collection_goes_on(project):
    """`--continue-on-collection-errors` runs the rest; the run stays red."""
    project.gates(BROKEN)
    project.gates("gates: {fine: {kind: toy.constant}}", "fine.gate.yaml")
    result = project.run("--continue-on-collection-errors")
    assert result.ret == 1
    result.assert_outcomes(passed=1, errors=1)


def test_a_kind_of_two_owners_is_an_error_naming_both(project):
    """Nobody can quietly replace a kind."""
    project.more_conftest(
        """
from pytest_mlgate.kind import Kind
def pytest_mlgate_kinds():
    return [toy.KIND, Kind("data.schema", toy.Toy, toy.measure)]
"""
    )
    project.gates("gates: {a: {kind: data.schema}}")
    result = project.run()
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*'data.schema' has two owners: pytest-mlgate (*) and a conftest.py or plugin*"])


def test_something_that_is_no_kind_is_refused(project):
    """A hook that returns rubbish is told so."""
    project.more_conftest("def pytest_mlgate_kinds():\n    return ['nonsense']\n")
    project.gates("gates: {a: {kind: toy.constant}}")
    result = project.run()
    assert result.ret == 2
    result.stdout.fnmatch_lines(["*'nonsense' as a gate kind, which is no pytest_mlgate.Kind*"])


def test_check_prints_the_same_messages_without_running(project):
    """`mlgate check` is collection alone: kinds from conftest.py count, exit code 2 on mistakes."""
    project.gates(BROKEN)
    result = project.mlgate("check", "a.gate.yaml")
    assert result.ret == 2
    result.stdout.fnmatch_lines(
        ["*a.gate.yaml:4:15: there is no gate kind 'toy.constnt'*", "*did you mean 'toy.constant'?*"]
    )


def test_check_counts_what_is_sound(project):
    """Exit code 0 and a count; a folder works; ordinary tests are not even imported."""
    project.gates("gates: {a: {kind: toy.constant, crash: exit}, b: {kind: toy.constant}}")
    project.write("test_x.py", "raise SystemExit('imported')")
    result = project.mlgate("check")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["2 gates, no problems"])


def test_check_without_gate_files_says_so(project):
    """An empty folder is not a success."""
    result = project.mlgate("check")
    assert result.ret == 5
    result.stdout.fnmatch_lines(["no gate files found*"])
