"""The history counts how often each data set was judged."""

from __future__ import annotations

import json

import pytest

from pytest_mlgate.errors import MlgateError
from pytest_mlgate.report.document import Git, Run
from pytest_mlgate.report.history import record
from pytest_mlgate.verdict import FileStamp, GateResult, InputRecord

RUN = Run(started="2026-01-31T12:00:00Z", duration_s=1.0, python="3.11", git=Git("abc", dirty=False))


def result(sha256="aa", role="data"):
    stamp = FileStamp(path="h.csv", size=1, mtime_ns=1, sha256=sha256)
    inputs = (InputRecord(role=role, name="h.csv", rows=3, files=(stamp,)),)
    return GateResult(
        node_id="f::g", file="f", line=1, name="f", id="g", kind="k", verdict="PASS", outcome="passed", inputs=inputs
    )


def test_runs_are_counted_by_the_hash_of_the_data(tmp_path):
    """The third run on the same bytes says three; other bytes start at one."""
    path = tmp_path / "sub" / "history.jsonl"
    for expected in (1, 2, 3):
        assert record(path, RUN, [result()]) == [f"h.csv has been judged {expected} times"]
    assert record(path, RUN, [result("bb")]) == ["h.csv has been judged 1 times"]
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[0])["gates"] == {"f::g": "PASS"}


def test_several_gates_on_one_table_are_one_judging(tmp_path):
    """A run counts once."""
    path = tmp_path / "h.jsonl"
    record(path, RUN, [result(), result()])
    assert record(path, RUN, [result()]) == ["h.csv has been judged 2 times"]


@pytest.mark.parametrize("one", [result(None), result(role="reference")])
def test_what_has_no_hash_or_is_no_judged_data_is_not_counted(tmp_path, one):
    """Nothing is written for it."""
    path = tmp_path / "h.jsonl"
    assert record(path, RUN, [one]) == []
    assert not path.exists()


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"version": 9, "data": {}}', "[]"])
def test_a_foreign_file_is_left_alone(tmp_path, line):
    """An error that names the line, and not a byte written."""
    path = tmp_path / "h.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(MlgateError, match=r"h\.jsonl:1"):
        record(path, RUN, [result()])
    assert path.read_text(encoding="utf-8") == line + "\n"
