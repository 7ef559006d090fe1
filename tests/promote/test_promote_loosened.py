"""Gates made looser than on a base revision are found, and only those."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlgate.gatefile import load
from pytest_mlgate.kind import GateSpec, Kind
from pytest_mlgate.promote.loosened import looser
from pytest_mlgate.reference import ModelRef, TableRef
from pytest_mlgate.verdict import Limit


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule that is no `Limit`."""

    min: float | None = None
    allowed: tuple[str, ...] | None = None


class Spec(GateSpec, frozen=True, kw_only=True):
    """A kind with one parameter of every sort."""

    data: TableRef | None = None
    model: ModelRef | None = None
    metrics: dict[str, Limit] = msgspec.field(default_factory=dict)
    overall: Limit | None = None
    columns: dict[str, Column] = msgspec.field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    alpha: Annotated[float, msgspec.Meta(gt=0)] = 0.01
    strict: bool | int = True
    confidence: float | None = None


class _Kinds(dict):
    """Offers kinds as the catalogue does."""

    names = dict.keys
    get = dict.__getitem__


KINDS = _Kinds(
    {
        "t.claim": Kind("t.claim", Spec, lambda _spec, _inputs: ()),
        "t.family": Kind("t.family", Spec, lambda _spec, _inputs: (), inconclusive="warning"),
    }
)


HEAD = """\
version: 1
data: {holdout: ../data/holdout.parquet}
models:
  candidate: {factory: "m:Net", weights: ../artifacts/m.safetensors}
  champion: {registry: local, path: ../registry, name: m, alias: champion}
gates:
"""


def _loaded(folder, text, environ=None):
    path = Path(folder) / "gates" / "a.gate.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + text)
    return load(path, KINDS, environ=environ or {})


@pytest.fixture
def compare(tmp_path):
    """Compare two versions of the gates of a file, read from two folders of different depth."""

    def compare(old, new, environ=None):
        files = [_loaded(tmp_path / folder, text, environ) for folder, text in (("base/of/it", old), ("here", new))]
        return list(looser(*files))

    return compare


def _gate(body, kind="t.claim"):
    return f"  q: {{kind: {kind}, {body}}}\n"


# What was changed: before, after, and the words that tell of it.
LOOSER = {
    "min lowered": ("overall: {min: 0.75}", "overall: {min: 0.7}", "overall.min was lowered from 0.75 to 0.7"),
    "min removed": ("overall: {min: 0.75, max: 1}", "overall: {max: 1}", "overall.min was removed (it was 0.75)"),
    "max raised": (
        "metrics: {ece: {max: 1}}",
        "metrics: {ece: {max: 2}}",
        "metrics.ece.max was raised from 1.0 to 2.0",
    ),
    "max removed": ("overall: {min: 0, max: 1}", "overall: {min: 0}", "overall.max was removed (it was 1.0)"),
    "warn_min lowered": (
        "overall: {warn_min: 0.5}",
        "overall: {warn_min: 0.4}",
        "warn_min was lowered from 0.5 to 0.4",
    ),
    "warn_max raised": ("overall: {warn_max: 0.5}", "overall: {warn_max: 0.6}", "warn_max was raised from 0.5 to 0.6"),
    "max_drop raised": (
        "overall: {max_drop: 0.01}",
        "overall: {max_drop: 0.02}",
        "max_drop was raised from 0.01 to 0.02",
    ),
    "max_drop removed": ("overall: {max_drop: 0.01, min: 0}", "overall: {min: 0}", "overall.max_drop was removed"),
    "a share raised": ("overall: {max_drop: 2%}", "overall: {max_drop: 10%}", 'was raised from "2%" to "10%"'),
    "max_rise raised": ("overall: {max_rise: 1}", "overall: {max_rise: 2}", "max_rise was raised"),
    "max_rise removed": ("overall: {max_rise: 1, min: 0}", "overall: {min: 0}", "max_rise was removed"),
    "max_ratio raised": ("overall: {max_ratio: 1}", "overall: {max_ratio: 2}", "max_ratio was raised"),
    "max_ratio removed": ("overall: {max_ratio: 1, min: 0}", "overall: {min: 0}", "max_ratio was removed"),
    "min_ratio lowered": (
        "overall: {min_ratio: 1}",
        "overall: {min_ratio: 0.9}",
        "min_ratio was lowered from 1.0 to 0.9",
    ),
    "min_ratio removed": ("overall: {min_ratio: 1, min: 0}", "overall: {min: 0}", "min_ratio was removed"),
    "confidence lowered": (
        "overall: {min: 0, confidence: 0.95}",
        "overall: {min: 0, confidence: 0.9}",
        "overall.confidence was lowered from 0.95 to 0.9",
    ),
    "confidence removed": (
        "overall: {min: 0, confidence: 0.95}",
        "overall: {min: 0}",
        "overall.confidence was removed",
    ),
    "confidence undercut": (
        "confidence: 0.95, overall: {min: 0}",
        "confidence: 0.95, overall: {min: 0, confidence: 0.8}",
        "overall.confidence was lowered from 0.95 to 0.8",
    ),
    "unit changed": ("overall: {max_drop: 2%}", "overall: {max_drop: 0.001}", "max_drop was changed from"),
    "a metric removed": (
        "metrics: {auc: {min: 0.7}, f1: {min: 0.5}}",
        "metrics: {auc: {min: 0.7}}",
        'metrics.f1 was removed (it was {"min":0.5})',
    ),
    "a limit removed": ("overall: {min: 0.7}", "alpha: 0.01", 'overall was removed (it was {"min":0.7})'),
    "a limit in a list": ("limits: [{min: 1}, {max: 1}]", "limits: [{min: 1}, {max: 2}]", "limits[1].max was raised"),
    "a list shortened": ("limits: [{min: 1}, {max: 1}]", "limits: [{min: 1}]", "limits was changed from"),
    "severity": ("severity: error", "severity: warning", "severity was loosened from error to warning"),
    "inconclusive": ("inconclusive: fail", "inconclusive: pass", "inconclusive was loosened from fail to pass"),
    "inconclusive, by default": (
        "alpha: 0.01",
        "inconclusive: warning",
        "inconclusive was loosened from fail to warning",
    ),
    "waiver added": (
        "alpha: 0.01",
        "waive: {until: 2027-01-31, reason: feed}",
        "a waiver until 2027-01-31 was added (feed)",
    ),
    "waiver extended": (
        "waive: {until: 2027-01-31, reason: feed}",
        "waive: {until: 2027-02-01, reason: feed}",
        "the waiver was extended from 2027-01-31 to 2027-02-01",
    ),
    "waiver widened": (
        "waive: {until: 2027-01-31, reason: feed, checks: [a]}",
        "waive: {until: 2027-01-31, reason: feed, checks: [a, b]}",
        "the waiver was widened from a to a, b",
    ),
    "waiver for everything": (
        "waive: {until: 2027-01-31, reason: feed, checks: [a]}",
        "waive: {until: 2027-01-31, reason: feed}",
        "the waiver was widened from a to every check",
    ),
    "a parameter": ("alpha: 0.01", "alpha: 0.001", "alpha was changed from 0.01 to 0.001, so it may be looser"),
    "a parameter set": ("alpha: 0.01", "confidence: 0.95", "confidence was changed from nothing to 0.95"),
    "a type": ("strict: true", "strict: 1", "strict was changed from true to 1, so it may be looser"),
    "the gate's confidence": ("confidence: 0.9", "confidence: 0.95", "confidence was changed from 0.9 to 0.95"),
    "a rule that is no limit": (
        "columns: {a: {min: 1}}",
        "columns: {a: {min: 2}}",
        "columns.a.min was changed from 1.0",
    ),
    "a rule added": ("columns: {a: {min: 1}}", "columns: {a: {min: 1}, b: {}}", "columns.b was added as"),
    "a rule removed": ("columns: {a: {min: 1}, b: {}}", "columns: {a: {min: 1}}", "columns.b was removed"),
    "the data": ("data: holdout", "data: {path: other.parquet}", 'from "../data/holdout.parquet" to "other.parquet"'),
    "tags": ("tags: [pre-merge]", "tags: [nightly]", 'tags was changed from ["pre-merge"] to ["nightly"]'),
    "timeout raised": ("timeout: 30s", "timeout: 5m", 'timeout was changed from "30s" to "5m"'),
    "timeout removed": ("timeout: 30s", "alpha: 0.01", 'timeout was changed from "30s" to nothing'),
}
TIGHTER = {
    "nothing": ("overall: {min: 0.7}, data: holdout, model: candidate",) * 2,
    "min raised": ("overall: {min: 0.7}", "overall: {min: 0.75}"),
    "min added": ("overall: {max: 1}", "overall: {max: 1, min: 0.5}"),
    "max lowered": ("overall: {max: 1}", "overall: {max: 0.5}"),
    "max_drop lowered": ("overall: {max_drop: 10%}", "overall: {max_drop: 2%}"),
    "max_ratio lowered": ("overall: {max_ratio: 2}", "overall: {max_ratio: 1}"),
    "min_ratio raised": ("overall: {min_ratio: 0.9}", "overall: {min_ratio: 1}"),
    "confidence raised": ("overall: {min: 0, confidence: 0.9}", "overall: {min: 0, confidence: 0.95}"),
    "confidence added": ("overall: {min: 0}", "overall: {min: 0, confidence: 0.95}"),
    "a limit added": ("alpha: 0.01", "overall: {min: 0.7}"),
    "a metric added": ("metrics: {auc: {min: 0.7}}", "metrics: {auc: {min: 0.7}, f1: {min: 0.5}}"),
    "severity": ("severity: warning", "severity: error"),
    "inconclusive": ("inconclusive: pass", "inconclusive: warning"),
    "waiver removed": ("waive: {until: 2027-01-31, reason: feed}", "alpha: 0.01"),
    "waiver shortened and narrowed": (
        "waive: {until: 2027-01-31, reason: feed}",
        "waive: {until: 2026-01-31, reason: other words, checks: [a]}",
    ),
    "description": ("description: one", "description: other words"),
    "timeout lowered": ("timeout: 5m", "timeout: 30s"),
    "timeout rewritten": ("timeout: 5m", "timeout: 300"),
}


@pytest.mark.parametrize("case", LOOSER)
def test_loosening_is_named_with_gate_line_and_values(compare, case):
    """Each way to demand less is one sentence that names the gate, its line, and both values."""
    old, new, words = LOOSER[case]
    (found,) = compare(_gate(old), "  # a comment\n" + _gate(new))
    assert found.startswith("gate 'q' (line 8): ")
    assert words in found


@pytest.mark.parametrize("case", TIGHTER)
def test_tightening_is_not_mentioned(compare, case):
    """Demanding more, or the same in other words, is nobody's business here."""
    old, new = TIGHTER[case]
    assert compare(_gate(old), _gate(new)) == []


def test_a_removed_gate_is_named_with_its_old_line(compare):
    """A gate that is gone demands nothing; where it stood is said. A gate that is new is no loosening."""
    both = _gate("alpha: 0.01") + "  fair: {kind: t.claim, alpha: 0.01}\n"
    assert compare(both, _gate("alpha: 0.01")) == ["gate 'fair' (line 8 of the base) was removed"]
    assert compare(_gate("alpha: 0.01"), both) == []


def test_another_kind_is_another_gate(compare):
    """A gate that changed its kind cannot be compared, so it may be looser."""
    (found,) = compare(_gate("alpha: 0.01"), _gate("alpha: 0.02", kind="t.family"))
    assert found == 'gate \'q\' (line 7): kind was changed from "t.claim" to "t.family", so it may be looser'


def test_the_default_of_a_family_counts_as_what_it_is(compare):
    """Writing down the kind's own default for `inconclusive` changes nothing."""
    family = "t.family"
    assert compare(_gate("alpha: 0.01", family), _gate("alpha: 0.01, inconclusive: warning", family)) == []
    assert compare(_gate("inconclusive: fail", family), _gate("alpha: 0.01", family)) == [
        "gate 'q' (line 7): inconclusive was loosened from fail to warning"
    ]


def test_several_changes_of_one_gate_are_all_named(compare):
    """Nothing hides behind the first finding."""
    old = _gate("severity: error, overall: {min: 0.8, max: 1}, metrics: {f1: {min: 0.5}}")
    new = _gate("severity: warning, overall: {min: 0.7, max: 2}, metrics: {f1: {min: 0.6}}")
    assert [found.partition(": ")[2] for found in compare(old, new)] == [
        "severity was loosened from error to warning",
        "overall.min was lowered from 0.8 to 0.7",
        "overall.max was raised from 1.0 to 2.0",
    ]


PROMOTE = "promote: {{model: candidate, to: champion{}}}\n"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("", ", requires: [q]", "gate 'fair' is no longer required"),
        (", requires: [q]", "", None),
        ("", ", allow_waived: true", "allow_waived was switched on"),
        (", allow_waived: true", "", None),
    ],
)
def test_what_promotion_requires_is_compared(compare, old, new, words):
    """Requiring fewer gates, or accepting waived ones, is looser; the other way round is not."""
    gates = _gate("alpha: 0.01") + "  fair: {kind: t.claim}\n"
    found = compare(gates + PROMOTE.format(old), gates + PROMOTE.format(new))
    assert found == ([f"promote: {words}"] if words else [])


def test_a_removed_gate_is_not_named_twice(compare):
    """With `requires: all`, a gate that is removed is also required no longer; once is enough."""
    gates = _gate("alpha: 0.01") + "  fair: {kind: t.claim}\n"
    (found,) = compare(gates + PROMOTE.format(""), _gate("alpha: 0.01") + PROMOTE.format(""))
    assert found.startswith("gate 'fair'")


def test_promoting_something_else_is_named(tmp_path):
    """Another model to promote, or another alias to move, may be looser."""
    text = _gate("alpha: 0.01") + PROMOTE.format("")
    old = _loaded(tmp_path / "old", text)
    new = _loaded(tmp_path / "new", text)
    moved = msgspec.structs.replace(new.promote.to, alias="trial")
    other = msgspec.structs.replace(new.promote.model, weights="/elsewhere/m.safetensors")
    new = dataclasses.replace(new, promote=msgspec.structs.replace(new.promote, to=moved, model=other))
    model, to = looser(old, new)
    assert model.startswith('promote: model.weights was changed from "../artifacts/m.safetensors" to "')
    assert to == 'promote: to.alias was changed from "champion" to "trial", so it may be looser'


def test_a_promote_block_that_is_new_or_gone_is_no_loosening(compare):
    """There was, or is, nothing to compare it with."""
    gates = _gate("alpha: 0.01")
    assert compare(gates, gates + PROMOTE.format("")) == []
    assert compare(gates + PROMOTE.format(""), gates) == []


def test_secrets_are_not_shown(compare):
    """A value that came from a variable whose name speaks of a secret is blotted out."""
    old, new = _gate("columns: {a: {allowed: ['x']}}"), _gate("columns: {a: {allowed: ['${API_TOKEN}']}}")
    (found,) = compare(old, new, {"API_TOKEN": "hunter22"})
    assert "hunter22" not in found
    assert "***" in found


def test_every_part_of_a_limit_has_a_direction():
    """A new part of `Limit` must be given a direction, or any change of it counts as loosening."""
    from pytest_mlgate.promote.loosened import _DIRECTIONS

    assert set(_DIRECTIONS) == set(Limit.__struct_fields__)


_NUMBERS = st.none() | st.floats(-10, 10)
_LIMITS = st.builds(Limit, **dict.fromkeys(("min", "max", "max_drop", "max_rise"), _NUMBERS))


@given(_LIMITS, _LIMITS, st.floats(-20, 20), st.floats(-10, 10))
def test_what_is_not_called_looser_lets_no_value_in(old, new, value, baseline):
    """Where nothing is called looser, no value passes the new limit that the old one stops (held against `judge`)."""
    from pytest_mlgate.promote.loosened import _limit
    from pytest_mlgate.verdict import Measurement, Verdict, judge

    measured = Measurement(name="*", metric="m", value=value, n=1, baseline=baseline)
    verdicts = [judge(msgspec.structs.replace(measured, limit=limit)).verdict for limit in (old, new)]
    if verdicts == [Verdict.FAIL, Verdict.PASS]:
        assert list(_limit("limit", old, new, None))
