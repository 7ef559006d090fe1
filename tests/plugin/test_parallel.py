"""A parallel run says exactly what a serial one says."""

from __future__ import annotations

import pytest
from toy import MIXED


def without_times(document):
    """Strip what may differ between two runs of the same gates."""
    document["run"] = {key: value for key, value in document["run"].items() if key not in ("started", "duration_s")}
    for gate in document["gates"]:
        gate.pop("duration_s")
    return document


@pytest.mark.parametrize("dist", ["load", "loadfile", "worksteal"])
def test_two_workers_give_the_same_document_and_exit_code(project, dist):
    """Order, numbers, reasons, outcomes and exit code are equal; only times may differ."""
    project.gates(MIXED)
    project.gates(
        "gates:\n" + "".join(f"  g{i}: {{kind: toy.constant, value: 0.{i}}}\n" for i in range(9)), "b.gate.yaml"
    )
    serial, one = project.run_json()
    parallel, two = project.run_json("-n", "2", "--dist", dist)
    assert without_times(one) == without_times(two)
    assert serial.ret == parallel.ret == 1


def test_two_workers_give_the_same_junit_cases(project):
    """The same cases with the same properties and the same failures."""
    import xml.etree.ElementTree as ET

    def cases(path):
        found = {}
        for case in ET.parse(path).iter("testcase"):  # noqa: S314
            children = [(child.tag, child.get("message")) for child in case if child.tag != "properties"]
            found[case.get("name")] = (children, [(p.get("name"), p.get("value")) for p in case.iter("property")])
        return found

    project.gates(MIXED)
    project.run("--junitxml=one.xml")
    project.run("--junitxml=two.xml", "-n", "2")
    assert cases(project.path / "one.xml") == cases(project.path / "two.xml")


def test_a_crashed_worker_is_not_a_green_gate(project):
    """A gate whose process dies is reported as not measured, and the run is red."""
    project.gates("gates: {ok: {kind: toy.constant}, dies: {kind: toy.constant, crash: exit}}")
    result, found = project.run_json("-n", "2", "--max-worker-restart=1")
    assert result.ret == 1
    outcomes = {one["id"]: (one["outcome"], one["reason"]) for one in found["gates"]}
    assert outcomes == {"ok": ("passed", None), "dies": ("errored", "its worker died while it ran")}
