"""A baseline that was lowered since the base revision loosens its gate."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from pytest_mlgate.baselines import Entry, Rows, written
from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.gatefile import load
from pytest_mlgate.promote.lowered import lowered

GIT = shutil.which("git") or "git"
GATE = "kind: model.regression, data: {path: r.csv}, label: y, prediction: p, score: s"
LIMITS = "metrics: {accuracy: {max_drop: 0.01}, log_loss: {max_rise: 0.1}, roc_auc: {}}"
VALUES = {"accuracy": 0.8, "log_loss": 0.5, "roc_auc": 0.9}


@pytest.fixture
def loosened(tmp_path, monkeypatch):
    """Give a function that commits one baseline, puts another in its place, and says what got looser."""
    for name in os.environ:
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    def git(*arguments):
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run([GIT, "-C", tmp_path, *identity, *arguments], check=True, capture_output=True)

    def compare(before, after, baseline="{file: m.json}", name="m.json"):
        path = tmp_path / "t.gate.yaml"
        path.write_text(f"version: 1\ngates: {{g: {{{GATE}, baseline: {baseline}, {LIMITS}}}}}\n", encoding="utf-8")
        git("init", "-q")
        for text in (before, after):
            if text is not None:
                (tmp_path / name).write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
            else:
                (tmp_path / name).unlink(missing_ok=True)
            if text is before:
                git("add", "-A")
                git("commit", "-q", "--allow-empty", "-m", "base")
        found = load(path, Catalogue())
        return lowered(found, found, "HEAD")

    return compare


def entries(key="g", rows=10, **values):
    one = Entry(data=Rows(rows=rows, sha256="ab"), metrics={**VALUES, **values}, settings={"label": "y"})
    return written({key: one.sealed()})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"accuracy": 0.9}, None),
        ({"log_loss": 0.4}, None),
        ({"roc_auc": 0.1}, None),
        ({"accuracy": 0.8 - 1e-15}, None),
        ({"accuracy": 0.7}, "accuracy was lowered from 0.8 to 0.7"),
        ({"log_loss": 0.6}, "log_loss was raised from 0.5 to 0.6"),
    ],
)
def test_a_number_that_moved_to_where_more_passes_is_named(loosened, change, said):
    """With its gate and line; one that moved the other way, or has no limit, is not."""
    for before, after, baseline, name in (
        (VALUES, {**VALUES, **change}, "{file: m.json}", "m.json"),
        ({"t": VALUES}, {"t": {**VALUES, **change}}, "{file: m.json, key: t}", "m.json"),
        (entries(), entries(**change), "{committed: m.baseline.json}", "m.baseline.json"),
    ):
        found = loosened(before, after, baseline, name)
        if said is None:
            assert found == ()
        else:
            assert found == (f"gate 'g' (line 2): baseline {name}: {said}",)


def test_other_data_cannot_be_told_from_looser_ones(loosened):
    """A table that is easier raises every number."""
    (found,) = loosened(entries(), entries(rows=9, accuracy=0.9), "{committed: m.baseline.json}", "m.baseline.json")
    assert "measured on other data or with other settings than before" in found


@pytest.mark.parametrize(("before", "after"), [(None, VALUES), (VALUES, None), (VALUES, VALUES)])
def test_where_nothing_passed_then_or_now_nothing_is_looser(loosened, before, after):
    """A file that is new, or gone."""
    assert loosened(before, after) == ()


def test_what_cannot_be_compared_counts_as_looser(loosened):
    """A file that was damaged then."""
    (found,) = loosened("{", VALUES)
    assert "cannot be compared with HEAD" in found


def test_a_file_read_at_a_revision_of_its_own_is_out_of_reach(loosened):
    """The change cannot touch what main holds."""
    assert loosened(VALUES, {**VALUES, "accuracy": 0.1}, "{file: m.json, rev: HEAD}") == ()


def test_a_gate_that_is_new_demands_more(loosened, tmp_path):
    """Whatever its baseline was before."""
    loosened(VALUES, {**VALUES, "accuracy": 0.1})
    path = tmp_path / "t.gate.yaml"
    new = load(path, Catalogue())
    path.write_text(path.read_text(encoding="utf-8").replace("{g:", "{h:"), encoding="utf-8")
    assert lowered(load(path, Catalogue()), new, "HEAD") == ()
