"""A mistake in one parameter is not told again as something that the gate lacks."""

from __future__ import annotations

import pytest

from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.errors import GateFileError
from pytest_mlgate.gatefile import load


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("{kind: model.metrics, data: t, label: y, score: s, metrics: {roc_auc: {minimum: 0.8}}}", "'min'"),
        ("{kind: drift.features, data: t, reference: {paht: y.csv}, metrics: {psi: {}}}", "'path'"),
        ("{kind: drift.predictions, data: t, reference: t, score: {a: b}, metrics: {psi: {}}}", "text"),
        ("{kind: drift.predictions, data: t, reference: t, score: [], metrics: {psi: {}}}", "must not be empty"),
        ("{kind: data.quality, data: t, row_count: {mim: 1}}", "'min'"),
    ],
)
def test_what_is_faulty_is_not_missing_as_well(tmp_path, gate, said):
    """The kinds say of the whole gate what it needs; that a part of it is mistyped is one problem, not two."""
    path = tmp_path / "t.gate.yaml"
    path.write_text(f"version: 1\ndata: {{t: x.csv}}\ngates:\n  a: {gate}\n", encoding="utf-8")
    with pytest.raises(GateFileError) as found:
        load(path, Catalogue())
    (problem,) = found.value.problems
    assert said in str(problem)


def test_what_is_missing_is_said_where_nothing_is_faulty(tmp_path):
    """A gate without anything to measure, beside one that is mistyped."""
    path = tmp_path / "t.gate.yaml"
    path.write_text(
        "version: 1\ngates:\n"
        "  a: {kind: data.quality, data: {path: x.csv}}\n"
        "  b: {kind: data.quality, data: {path: x.csv}, row_count: {mim: 1}}\n",
        encoding="utf-8",
    )
    with pytest.raises(GateFileError) as found:
        load(path, Catalogue())
    assert ["checks nothing" in str(one) for one in found.value.problems] == [True, False]
