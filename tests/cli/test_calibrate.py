"""`mlgate calibrate`: a drift gate on random splits of its own reference."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pytest
from click.testing import CliRunner

from pytest_mlgate.cli import main

GATES = """
version: 1
data: {{old: old.csv, new: new.csv, made: {{fixture: frame}}}}
gates:
  numbers:
    kind: drift.features
    reference: old
    data: new
    metrics: {metrics}
  made:
    kind: drift.features
    reference: made
    data: new
"""


@pytest.fixture
def calibrate(tmp_path, monkeypatch):
    """Replay a gate on tables of so many rows and give what is printed; the splits hang on the path as it is given."""
    monkeypatch.chdir(tmp_path)

    def replay(rows, metrics="{psi: {max: 0.2}}"):
        rng = np.random.default_rng(1)
        for name, n in (("old", 4000), ("new", rows)):
            table = pa.table({"x": rng.normal(5, 2, n), "k": rng.poisson(3, n), "c": rng.choice(["a", "b"], n)})
            pc.write_csv(table, tmp_path / f"{name}.csv")
        path = tmp_path / "d.gate.yaml"
        path.write_text(GATES.format(metrics=metrics), encoding="utf-8")
        result = CliRunner().invoke(main, ["calibrate", path.name, "--rounds", "15"])
        assert result.exit_code == 0, result.output
        return result.output

    return replay


def test_enough_rows_raise_no_false_alarm_and_see_a_shift(calibrate):
    """The rate, the shift that is seen, that the limit can stay; what comes from a fixture is left out, and said."""
    said = calibrate(1500)
    failed = int(re.search(r"(\d+) of 15 unchanged splits fail", said)[1])
    assert failed <= 1
    assert "random splits of its reference, 1,500 rows against 2,500" in said
    shift = float(re.search(r"x moved by ([\d.]+) standard deviations fails", said)[1])
    assert 0.3 <= shift <= 0.75  # an index of 0.2 is a shift of 0.45
    assert "the limit can stay" in said
    assert "not replayed: the table comes from the fixture 'frame'" in said


def test_too_few_rows_are_told_what_would_do(calibrate):
    """Forty rows see no index of 0.1: a limit that they see, and the rows that would see this one."""
    said = calibrate(40, "{psi: {max: 0.1}}")
    assert int(re.search(r"(\d+) of 15 are INCONCLUSIVE", said)[1]) >= 12
    limit, rows = re.search(r"suggested limit ([\d.]+), or about ([\d,]+) rows", said).groups()
    assert float(limit) > 0.1
    assert int(rows.replace(",", "")) > 40


def test_replays_repeat(calibrate):
    """The same file, the same splits."""
    assert calibrate(300) == calibrate(300)


def test_a_warning_is_no_shift_seen(calibrate):
    """Where columns are counted, one drifted if it is among those counted, not if it left a warning band."""
    said = calibrate(1500, "{psi: {warn_max: 0.02, max: 0.2}}\n    max_drifted_columns: 0")
    assert float(re.search(r"x moved by ([\d.]+) standard deviations fails", said)[1]) >= 0.3


def test_whole_numbers_are_shifted_by_whole_numbers(calibrate):
    """Codes that all gain a fraction would be seen at once; on average they gain what is said."""
    said = calibrate(1500, "{psi: {max: 0.2}}\n    columns: [k]")
    assert float(re.search(r"k moved by ([\d.]+) standard deviations fails", said)[1]) >= 0.3
