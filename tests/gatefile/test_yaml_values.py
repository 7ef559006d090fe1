"""YAML text to plain values: YAML 1.2 core types, bounded and without surprises."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_mlgate.errors import GateFileError
from pytest_mlgate.gatefile.nodes import MAX_BYTES, read

HERE = Path("x.gate.yaml")


def value(text, **environ):
    source = read(text.encode(), HERE, environ)
    assert not source.problems, [str(one) for one in source.problems]
    return source.value


def trouble(data, **environ):
    """The problems of a text, whether or not they stop the reading."""
    try:
        problems = read(data if isinstance(data, bytes) else data.encode(), HERE, environ).problems
    except GateFileError as error:
        problems = error.problems
    return [str(one) for one in problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("12:30", "12:30"), ("2027-01-31", "2027-01-31"),
        ("1e-3", 0.001), ("1E5", 1e5), (".5", 0.5), ("5.", 5.0), ("-3", -3), ("+3", 3), ("010", 10), ("0o10", 8),
        ("0x1F", 31), ("true", True), ("False", False), ("~", None), ("null", None), ("", None), ("1_000", "1_000"),
        ("'1'", "1"), ('"true"', "true"), ("=", "="), ("<<", "<<"), ("0b1", "0b1"), ("é", "é"), ("-", [None]),
    ],
)  # fmt: skip
def test_plain_scalars_follow_yaml_1_2_core(text, expected):
    """`NO` and `12:30` are text, `1e-3` is a number, `010` is ten, dates stay text."""
    found = value(f"a: {text}" if text != "-" else "a:\n  -")["a"]
    assert found == expected
    assert type(found) is type(expected)


def test_keys_are_always_text():
    """A coded value as a key keeps the form it was written in."""
    assert value("{1: male, true: x, 2.50: y}") == {"1": "male", "true": "x", "2.50": "y"}


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("${X}", {"X": "abc"}, "abc"),
        ("${X:-7}", {}, 7),
        ('"${X:-7}"', {}, "7"),
        ("${X}", {"X": "0.25"}, 0.25),
        ("a-${X}-${Y:-z}", {"X": "1"}, "a-1-z"),
        ("${X:-}", {}, None),
        ("$${X}", {}, "${X}"),
        ("${X:-d}", {"X": ""}, "d"),
        ("price is 5$", {}, "price is 5$"),
    ],
)
def test_variables_are_substituted_in_scalars(text, environ, expected):
    """Unquoted, the result is read like any scalar; quoted, it stays text; `$$` is a dollar sign."""
    assert value(f"a: {text}", **environ)["a"] == expected


def test_a_variable_cannot_smuggle_structure_in():
    """What stands in the environment is one scalar, whatever it looks like."""
    assert value("a: ${X}", X="{b: [1, 2]}\nc: 3") == {"a": "{b: [1, 2]}\nc: 3"}


def test_values_of_secret_variables_are_remembered_for_blotting_out():
    """Names that speak of secrets mark their values; others do not."""
    source = read(b"a: ${API_TOKEN}\nb: ${PLACE}", HERE, {"API_TOKEN": "s3cret-value", "PLACE": "somewhere"})
    assert source.secrets == {"s3cret-value"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x.gate.yaml:1:1: the file is empty"),
        ("# nothing here\n", "the file is empty"),
        ("a: [1, 2\nb: 3", "not valid YAML"),
        ("a: 'x", "x.gate.yaml:1:6: not valid YAML"),
        ("a: b: c", "x.gate.yaml:1:5: not valid YAML"),
        ("a: 1\n---\nb: 2\n", "x.gate.yaml:2:1: not valid YAML"),
        (b"a: \xff\xfe", "x.gate.yaml:1:1: the file is not UTF-8 text"),
        (b"a: 1\nb: \x01", "x.gate.yaml:2:1: not valid YAML: the character U+0001"),
        (b"a: \x00", "not valid YAML"),
        ("a: 1\nb: 2\na: 3", "x.gate.yaml:3:1: the key 'a' is written twice"),
        ("? [1, 2]\n: 3", "a key must be plain text"),
        ("a: .nan", "x.gate.yaml:1:4: numbers must be finite"),
        ("a: -.inf", "numbers must be finite"),
        ("a: 1e999", "numbers must be finite"),
        ("a: !!python/object/apply:os.system ['true']", "is not allowed"),
        ("a: !!python/name:os.system", "is not allowed"),
        ("a: !include x", "is not allowed"),
        ("a: *b", "x.gate.yaml:1:4: not valid YAML"),
        ("a: ${NOT_SET}", "x.gate.yaml:1:4: the environment variable NOT_SET is not set"),
        ("a: " + "9" * 5000, "no number that can be read"),
        ("[" * 100_000, "nested deeper"),
        ("- " * 100_000, "nested deeper"),
        ("{a: " * 60 + "1" + "}" * 60, "nested deeper"),
        ("a: &a [*a]", "nested deeper"),
    ],
)
def test_what_cannot_be_read_is_located(text, said):
    """Each kind of broken text is one clear problem with its place; nothing is executed, nothing crashes."""
    assert any(said in one for one in trouble(text)), trouble(text)


def test_every_problem_is_reported_not_just_the_first():
    """Duplicate keys, an unset variable and a tag in one file are three problems."""
    assert len(trouble("a: 1\na: 2\nb: ${NOPE}\nc: !x y\n")) == 3


def test_aliases_that_expand_without_end_are_refused():
    """The billion laughs attack stops after a bounded number of values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    assert any("aliases expand" in one for one in trouble("\n".join(lines)))


def test_modest_aliases_work():
    """An anchor used a few times is ordinary YAML."""
    assert value("a: &l {max: 1}\nb: *l\nc: *l") == {"a": {"max": 1}, "b": {"max": 1}, "c": {"max": 1}}


def test_a_huge_file_is_refused_before_it_is_parsed():
    """Size is checked first."""
    assert "larger than" in trouble(b" " * (MAX_BYTES + 1))[0]


def test_a_byte_order_mark_is_no_mistake():
    """Editors on Windows write one."""
    assert read(b"\xef\xbb\xbfa: 1", HERE, {}).value == {"a": 1}
