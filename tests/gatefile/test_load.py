"""Gate files: frozen specs, or every mistake at once with its place."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import Toy, ToyKinds

from pytest_mlgate.errors import GateFileError
from pytest_mlgate.gatefile import load
from pytest_mlgate.gatefile.phrase import phrases
from pytest_mlgate.gatefile.schema import gate_schema
from pytest_mlgate.verdict import Limit

SMALL = "version: 1\nmodels: {m: {fixture: f}}\ngates: {a: {kind: toy.constant}}\n"


@pytest.fixture
def gates(tmp_path):
    """Write a gate file and load it."""

    def write_and_load(text, **environ):
        path = tmp_path / "sub" / "my.gate.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return load(path, ToyKinds(), shown=Path("my.gate.yaml"), environ=environ)

    return write_and_load


@pytest.fixture
def problems(gates):
    """Load a faulty gate file and give its problems as text."""

    def find(text, **environ):
        with pytest.raises(GateFileError) as caught:
            gates(text, **environ)
        return [str(one) for one in caught.value.problems]

    return find


def test_a_small_file_becomes_frozen_specs(gates, tmp_path):
    """The shortest useful file: a version and a gate."""
    found = gates("version: 1\ngates:\n  one:\n    kind: toy.constant\n    metrics: {value: {max: 2}}\n")
    (gate,) = found.gates
    assert (found.name, gate.id, gate.line, gate.column) == ("my", "one", 3, 3)
    assert gate.spec.metrics == {"value": Limit(max=2.0)}
    with pytest.raises(AttributeError):
        gate.spec.value = 3


def test_strings_name_tables_and_paths_start_at_the_file(gates, tmp_path):
    """`data: current` is looked up; relative paths are relative to the gate file, wherever they stand."""
    found = gates(
        """
version: 1
data: {current: ../data/c.parquet, absolute: /x/y.csv}
gates:
  g:
    kind: toy.constant
    data: current
    others: [absolute, {path: z.csv}]
    by_name: {a: current}
    notes: n.txt
"""
    )
    spec = found.gates[0].spec
    assert spec.data.path == str(tmp_path / "data" / "c.parquet")
    assert [one.path for one in spec.others] == ["/x/y.csv", str(tmp_path / "sub" / "z.csv")]
    assert spec.by_name["a"] is spec.data
    assert spec.notes == str(tmp_path / "sub" / "n.txt")


def test_fixtures_are_found_wherever_an_input_is_named(gates):
    """In declared tables, inline ones, lists, mappings and models."""
    found = gates(
        """
version: 1
data: {frame: {fixture: my_frame}}
models: {m: {fixture: my_model}}
gates:
  g: {kind: toy.constant, data: frame, others: [{fixture: more}], by_name: {x: {fixture: most}}, model: m}
"""
    )
    assert found.gates[0].fixtures == ("my_frame", "more", "most", "my_model")


def test_defaults_apply_where_a_kind_knows_them_and_can_be_overridden_or_left(gates):
    """A gate overrides a default; `none` or null opts out; a parameter that offers "none" keeps it."""
    found = gates(
        """
version: 1
defaults: {confidence: 0.9, data: {path: d.csv}, correction: holm, severity: warning}
gates:
  plain: {kind: toy.constant}
  other: {kind: toy.constant, confidence: 0.8, severity: error, correction: none}
  without: {kind: toy.constant, confidence: none, data: null}
"""
    )
    plain, other, without = (gate.spec for gate in found.gates)
    assert (plain.confidence, plain.severity, plain.correction) == (0.9, "warning", "holm")
    assert (other.confidence, other.severity, other.correction) == (0.8, "error", "none")
    assert (without.confidence, without.data) == (None, None)


def test_tags_of_file_and_gate_are_joined(gates):
    """A gate carries the file's tags and its own, each once."""
    found = gates("version: 1\ntags: [nightly, slow]\ngates:\n  g: {kind: toy.constant, tags: [slow, pre-merge]}\n")
    assert found.gates[0].tags == ("nightly", "slow", "pre-merge")


def test_waivers_are_read_with_their_date(gates):
    """A waiver's `until` is a date although YAML 1.2 core reads it as text."""
    found = gates("version: 1\ngates:\n  g: {kind: toy.constant, waive: {until: 2027-01-31, reason: r, checks: [a]}}\n")
    assert found.gates[0].spec.waive.until == dt.date(2027, 1, 31)


def test_a_promotion_is_resolved(gates, tmp_path):
    """Names are looked up, `all` is spelled out."""
    found = gates(
        """
version: 1
models:
  candidate: {loader: torch, factory: "a.b:C", weights: w.safetensors, features: [x], output: logits}
  champion: {registry: local, path: ../registry, name: credit, alias: champion, optional: true}
gates: {a: {kind: toy.constant}, b: {kind: toy.constant}}
promote: {model: candidate, to: champion}
"""
    )
    assert found.promote.requires == ("a", "b")
    assert found.promote.model.weights == str(tmp_path / "sub" / "w.safetensors")
    assert found.promote.to.path == str(tmp_path / "registry")


def test_many_mistakes_are_one_error_in_file_order(problems):
    """Every mistake of every section is reported together, sorted by place, each with the line as written."""
    found = problems(
        """version: 1
nmae: x
tags: [skip]
defaults: {confidense: 0.95}
data:
  two: {path: a, fixture: b}
  three: {pth: a}
gates:
  a: {kind: toy.constnt}
  b: {kind: toy.constant, metrics: {value: {max: abc, mni: 3}}, data: twoo}
  c: {kind: toy.constant, metrics: {value: {min: 2, max: 1, confidence: 0.9, max_drop: 0.1}}, severity: eror}
  d@: {kind: toy.constant, waive: {until: soon}}
  e: 5
promote: {model: m, to: champ, requires: [zz]}
"""
    )
    text = "\n".join(found)
    for said in (
        "my.gate.yaml:2:1: unknown key 'nmae'", "did you mean 'name'?",
        "my.gate.yaml:3:7: 'skip' is one of pytest's own marks",
        "my.gate.yaml:4:12: no gate here has a parameter 'confidense'", "did you mean 'confidence'?",
        "my.gate.yaml:6:3: a table has one source",
        "my.gate.yaml:7:11: unknown key 'pth'",
        "my.gate.yaml:9:13: there is no gate kind 'toy.constnt'", "did you mean 'toy.constant'?",
        "my.gate.yaml:10:50: expected a number, found text",
        "my.gate.yaml:10:55: unknown key 'mni'", "did you mean 'min'?",
        "my.gate.yaml:10:71: there is no table 'twoo'", "did you mean 'two'?",
        "my.gate.yaml:11:44: min 2 is above max 1",
        "my.gate.yaml:11:73: this metric has no confidence interval",
        "my.gate.yaml:11:88: this gate has no baseline",
        "my.gate.yaml:11:105: text is not allowed here", "did you mean 'error'?",
        "my.gate.yaml:12:3: 'd@' cannot be a gate id",
        "my.gate.yaml:12:43: expected a date",
        "'reason' is missing",
        "my.gate.yaml:13:3: a gate is a mapping",
        "my.gate.yaml:14:18: there is no model 'm'",
        "there is no gate 'zz'",
    ):  # fmt: skip
        assert said in text, f"{said!r} not in\n{text}"
    places = [tuple(map(int, re.match(r"my.gate.yaml:(\d+):(\d+)", one).groups())) for one in found]
    assert places == sorted(places)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- 1\n- 2", "a gate file is a mapping"),
        ("gates: {a: {kind: toy.constant}}", "'version' is missing"),
        ("version: 2\ngates: {a: {kind: toy.constant}}", "upgrade pytest-mlgate"),
        ("version: true\ngates: {a: {kind: toy.constant}}", "write `version: 1`"),
        ('version: "1"\ngates: {a: {kind: toy.constant}}', "write `version: 1`"),
        ("version: 1", "there are no gates"),
        ("version: 1\ngates: {}", "there are no gates"),
        ("version: 1\ngates: [a]", "expected a mapping under 'gates'"),
        ("version: 1\ngates: {a: }", "a gate is a mapping"),
        ("version: 1\ngates: {a: {}}", "'kind' is missing"),
        ("version: 1\ngates: {a: {kind: [x]}}", "there is no gate kind"),
        ("version: 1\ngates: {a: {kind: toy.constant, data: 5}}", "expected text"),
        ("version: 1\ngates: {a: {kind: toy.constant, data: x.csv}}", "declare the file under `data:`"),
        ("version: 1\ngates: {a: {kind: toy.constant, others: [{path: ''}]}}", "must not be empty"),
        ("version: 1\ngates: {a: {kind: toy.constant, timeout: 5x}}", 'expected here: seconds, or "20ms"'),
        ("version: 1\ngates: {a: {kind: toy.constant, timeout: -1}}", "must be more than 0"),
        ("version: 1\ngates: {a: {kind: toy.constant, tags: [9a]}}", "not of the form expected here: a mark"),
        ("version: 1\ntags: x\ngates: {a: {kind: toy.constant}}", "expected a list of tags"),
        ("version: 1\nname: [x]\ngates: {a: {kind: toy.constant}}", "expected text"),
        ("version: 1\ndata: {a b: x}\ngates: {a: {kind: toy.constant}}", "no usable name"),
        ("version: 1\ndata: {a: 5}\ngates: {a: {kind: toy.constant}}", "expected a mapping"),
        ("version: 1\nmodels: {a: {weights: w}}\ngates: {a: {kind: toy.constant}}", "also needs factory"),
        ("version: 1\nmodels: {a: {factory: x}}\ngates: {a: {kind: toy.constant}}", "package.module:attr"),
        ("version: 1\ndefaults: [1]\ngates: {a: {kind: toy.constant}}", "expected a mapping under 'defaults'"),
        ("version: 1\ndefaults: {confidence: 2}\ngates: {a: {kind: toy.constant}}", ":2:24: must be less than 1"),
        ("version: 1\ngates: {a: {kind: toy.constant}}\npromote: {model: x}", "'to' is missing"),
        (SMALL + "promote: {model: m, to: m}", "no registry entry"),
        (SMALL + "promote: {model: m, to: m, requires: []}", "at least one gate"),
    ],
)  # fmt: skip
def test_each_mistake_says_what_and_where(problems, text, said):
    """One mistake, one located sentence."""
    found = problems(text)
    assert any(said in one for one in found), found
    assert all(one.startswith("my.gate.yaml:") for one in found)


def test_an_unreadable_file_is_a_gate_file_error(tmp_path):
    """A missing file or a folder is said so."""
    with pytest.raises(GateFileError, match="cannot be read"):
        load(tmp_path / "none.gate.yaml", ToyKinds())


def test_problems_never_show_the_value_of_a_variable(problems):
    """A secret in the wrong place is pointed at, not printed."""
    found = problems(
        "version: 1\ngates:\n  a:\n    kind: toy.constant\n    value: ${MY_SECRET}\n", MY_SECRET="hunter22"
    )
    assert found
    assert not any("hunter22" in one for one in found)


def test_the_meaning_hash_ignores_layout_but_not_meaning(gates):
    """Comments and key order do not change what the gates mean; a limit does."""
    one = gates("version: 1\ngates: {a: {kind: toy.constant, value: 1, rows: 3}}")
    same = gates("version: 1 # hi\ngates:\n  a:\n    rows: 3\n    value: 1.0\n    kind: toy.constant\n")
    other = gates("version: 1\ngates: {a: {kind: toy.constant, value: 2, rows: 3}}")
    assert one.resolved_sha256 == same.resolved_sha256 != other.resolved_sha256
    assert one.sha256 != same.sha256


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(-2, 2), st.sampled_from(["x", "2%", "5s", "error"])
)
limits = st.dictionaries(
    st.sampled_from(["min", "max", "warn_max", "max_drop", "min_ratio", "confidence", "mx"]), scalars, max_size=3
)
gates_of_any_shape = st.fixed_dictionaries(
    {"kind": st.just("toy.constant")},
    optional={
        "metrics": st.one_of(scalars, st.dictionaries(st.sampled_from(["value", "other"]), st.one_of(scalars, limits))),
        "value": scalars,
        "rows": scalars,
        "severity": scalars,
        "timeout": scalars,
        "correction": scalars,
        "names": st.one_of(scalars, st.lists(scalars, max_size=2)),
        "unknown": scalars,
        "data": st.one_of(st.none(), st.dictionaries(st.sampled_from(["path", "fixture", "pth"]), scalars, max_size=2)),
    },
)


@given(gates_of_any_shape)
def test_the_fast_reader_and_the_schema_agree(gate):
    """What msgspec accepts is valid by the published schema, and the other way round."""
    by_schema = not list(phrases(gate, gate_schema(Toy)))
    try:
        msgspec.convert(gate, Toy)
        by_msgspec = True
    except msgspec.ValidationError:
        by_msgspec = False
    assert by_msgspec == by_schema, json.dumps(gate)


def test_the_meaning_hash_is_the_same_in_every_checkout(tmp_path):
    """Paths inside specs are absolute, but the hash sees them relative to the file."""
    gate = "{kind: toy.constant, data: d, others: [{path: x/y.csv}], notes: n}"
    text = f"version: 1\ndata: {{d: ../d.csv}}\ngates: {{a: {gate}}}\n"
    found = []
    for folder in ("one/gates", "two/deeper/gates"):
        path = tmp_path / folder / "a.gate.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        found.append(load(path, ToyKinds()).resolved_sha256)
    assert found[0] == found[1]
