"""Per-check JUnit: one case per check, typed by what was found, stable from run to run."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from pytest_mlgate.report.junit import render
from pytest_mlgate.verdict import Check, GateResult, Limit, Outcome, Verdict


def check(name, verdict, outcome, **more):
    judged = {"verdict": Verdict(verdict), "outcome": Outcome(outcome)}
    return Check(name=name, metric="psi", value=0.3, n=9, limit=Limit(max=0.2), **judged, **more)


def result(gate, outcome, *checks, file="f.gate.yaml", **more):
    told = {"verdict": Verdict.FAIL, "outcome": Outcome(outcome), "checks": checks}
    return GateResult(node_id=f"{file}::{gate}", file=file, line=3, name="f", id=gate, kind="k", **told, **more)


def cases(results):
    root = ET.fromstring(render(results))  # noqa: S314 - our own
    found = {}
    for case in root.iter("testcase"):
        found[case.get("name")] = [(child.tag, child.get("type")) for child in case]
    return found


def test_each_check_is_a_case_typed_by_its_verdict():
    """Failures carry FAIL or INCONCLUSIVE, what was not measured is an error, waived and skipped are skipped."""
    found = cases(
        [
            result(
                "drift", "failed", check("a", "FAIL", "failed"), check("b", "INCONCLUSIVE", "failed"),
                check("c", "PASS", "passed"), check("d", "FAIL", "warned"),
                check("e", "NOT_MEASURED", "errored", reason="r"),
                check("g", "FAIL", "waived"),
            ),
            result("gone", "skipped", reason="no GPU"),
        ]
    )  # fmt: skip
    assert found == {
        "drift › a psi": [("failure", "FAIL")],
        "drift › b psi": [("failure", "INCONCLUSIVE")],
        "drift › c psi": [],
        "drift › d psi": [],
        "drift › e psi": [("error", "error")],
        "drift › g psi": [("skipped", "skipped")],
        "gone": [("skipped", "skipped")],
    }


def test_what_must_be_said_of_a_gate_is_said_once_of_one_that_passed_too():
    """That rows were sampled, above all."""
    text = render([result("drift", "passed", check("a", "PASS", "passed"), check("b", "PASS", "passed"), notes=("n",))])
    told = [case.findtext("system-out") for case in ET.fromstring(text).iter("testcase")]  # noqa: S314 - our own
    assert told == [None, "n"]


def test_names_hold_no_numbers_and_properties_hold_them_all():
    """A moving value does not make a new case; the JSON property has the value at full precision."""
    root = ET.fromstring(render([result("drift", "failed", check("a", "FAIL", "failed"))]))  # noqa: S314 - our own
    (suite,) = root.iter("testsuite")
    (prop,) = suite.iter("property")
    assert prop.get("name") == "drift › a psi"
    assert json.loads(prop.get("value"))["value"] == 0.3
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("f.gate.yaml", "1", "1")


def test_files_are_suites_and_the_order_is_kept():
    """As collected."""
    found = [result("b", "passed", check("x", "PASS", "passed")), result("a", "passed", check("x", "PASS", "passed"))]
    other = result("z", "passed", check("x", "PASS", "passed"), file="g.gate.yaml")
    root = ET.fromstring(render([*found, other]))  # noqa: S314 - our own
    assert [suite.get("name") for suite in root.iter("testsuite")] == ["f.gate.yaml", "g.gate.yaml"]
    assert [case.get("name") for case in root.iter("testcase")] == ["b › x psi", "a › x psi", "z › x psi"]


@pytest.mark.parametrize("name", ["<b>&\"'", "\x00\x1f", "]]>", "naïve › ✓"])
def test_hostile_names_stay_text(name):
    """What no XML may hold is dropped, the rest escaped."""
    found = cases([result("drift", "failed", check(name, "FAIL", "failed"))])
    assert len(found) == 1


def test_two_checks_of_one_name_are_two_cases():
    """Nothing is lost to a collision."""
    found = cases([result("d", "failed", check("a", "FAIL", "failed"), check("a", "PASS", "passed"))])
    assert set(found) == {"d › a psi", "d › a psi (2)"}


# What the schema of Jenkins' xUnit plugin (junit-10.xsd) allows, element by element.
ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "disabled", "errors"},
    "testsuite": {
        "name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package",
        "file", "log", "url", "version", "disabled",
    },
    "testcase": {
        "name", "assertions", "time", "timestamp", "classname", "status", "class", "file", "line", "log", "group",
        "url",
    },
    "properties": set(),
    "property": {"name", "value"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
}  # fmt: skip
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "testcase": {"failure", "error", "skipped"},
    "properties": {"property"},
}


def test_the_document_has_the_shape_that_jenkins_reads():
    """Known elements and attributes, properties before cases, numbers where numbers belong."""
    found = [
        result("a", "failed", check("x", "FAIL", "failed"), check("y", "NOT_MEASURED", "errored", reason="r")),
        result("b", "waived", check("x", "FAIL", "waived")),
        result("c", "skipped", reason="no GPU"),
    ]
    root = ET.fromstring(render(found))  # noqa: S314 - our own
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) <= ATTRIBUTES[element.tag], element.attrib
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        for name in ("tests", "failures", "errors", "skipped", "disabled"):
            assert int(element.get(name, 0)) >= 0
        assert float(element.get("time", 0)) >= 0
    for suite in root.iter("testsuite"):
        assert [child.tag for child in suite][:1] == ["properties"]
        assert int(suite.get("tests")) == len(list(suite.iter("testcase")))


def test_rendering_twice_gives_the_same_bytes():
    """Stable order, nothing random."""
    found = [result("a", "failed", *(check(name, "FAIL", "failed") for name in "dcab"))]
    assert render(found) == render(found)
