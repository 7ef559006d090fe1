"""What can be asserted of a reply: each assertion, turned round and grouped, and what a hostile reply can do to it."""

from __future__ import annotations

import json
import random
import sys

import pytest

from pytest_mlgate.assertions import TYPES, every_rule, parse, shown
from pytest_mlgate.assertions.shape import sentences
from pytest_mlgate.dialogue import filled
from pytest_mlgate.errors import MissingExtraError, NotMeasuredError

SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "id": {"pattern": "^[a-z]+$"}}}


def rule(**raw):
    """Read an assertion that has no mistakes."""
    found, mistakes = parse(raw, ())
    assert not mistakes
    return found


def holds(reply, fields=None, **raw):
    if {"regex": "re2", "levenshtein": "rapidfuzz"}.get(raw.get("type")):
        pytest.importorskip({"regex": "re2", "levenshtein": "rapidfuzz"}[raw["type"]])
    return rule(**raw).judge(reply, fields or {}).held


@pytest.mark.parametrize(
    ("raw", "good", "bad"),
    [
        ({"type": "equals", "value": "Paris"}, "Paris", "Paris "),
        ({"type": "contains", "value": "Paris"}, "It is Paris.", "It is paris."),
        ({"type": "icontains", "value": "STRASSE"}, "Hauptstraße 1", "Hauptplatz 1"),
        ({"type": "regex", "value": r"^\d{3}$"}, "123", "1234"),
        ({"type": "regex", "value": r"(?i)\p{Greek}+ refund"}, "αβ REFUND", "ab refund"),
        ({"type": "is_json"}, ' {"a": [1, null]} ', "{'a': 1}"),
        ({"type": "is_json"}, "3", "NaN"),
        ({"type": "json_schema", "schema": SCHEMA}, '{"n": 3, "id": "ab"}', '{"n": "3"}'),
        ({"type": "json_schema", "schema": SCHEMA}, '{"n": 3}', '{"n": 3, "id": "A1"}'),
        ({"type": "json_schema", "schema": {"format": "ipv4"}}, '"10.0.0.1"', '"10.0.0.256"'),
        ({"type": "json_schema", "schema": SCHEMA}, '{"n": 3}', "no JSON at all"),
        ({"type": "levenshtein", "value": "kitten", "max": 3}, "sitting", "sittings"),
        ({"type": "format", "bullets": 2}, "Two:\n- a\n  • b", "- a\n- b\n* c"),
        ({"type": "format", "words": {"min": 2, "max": 3}}, "one, two - three", "one"),
        ({"type": "format", "sentences": 2}, "One e.g. this. Two!", "One."),
        ({"type": "format", "lines": {"max": 2}}, "a\n\n\nb\n", "a\nb\nc"),
        ({"type": "format", "lines": 1, "words": 1}, "a", "a b"),
    ],
)
def test_each_assertion_holds_for_what_it_should_and_only_that(raw, good, bad):
    """And `not` turns both round."""
    assert holds(good, **raw)
    assert not holds(bad, **raw)
    assert not holds(good, **raw, **{"not": True})
    assert holds(bad, **raw, **{"not": True})


def test_every_type_is_shown_above():
    """A new assertion comes with a reply it holds for and one it does not."""
    marks = test_each_assertion_holds_for_what_it_should_and_only_that.pytestmark
    assert {raw["type"] for raw, _, _ in marks[0].args[1]} == set(TYPES)


def test_levenshtein_is_the_textbook_distance():
    """Against the recurrence itself, on random words over a small alphabet."""
    pytest.importorskip("rapidfuzz")

    def distance(a, b):
        row = list(range(len(b) + 1))
        for i, x in enumerate(a, 1):
            previous, row = row, [i]
            for j, y in enumerate(b, 1):
                row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (x != y)))
        return row[-1]

    random_words = random.Random(4)  # noqa: S311 - no secrets here
    for _ in range(200):
        a, b = ("".join(random_words.choices("abé", k=random_words.randrange(9))) for _ in "ab")
        true = distance(a, b)
        assert holds(a, type="levenshtein", value=b, max=true)
        assert not true or not holds(a, type="levenshtein", value=b, max=true - 1)


@pytest.mark.parametrize(("needed", "verdicts"), [(1, [0, 1, 1, 1]), (2, [0, 0, 1, 1]), (3, [0, 0, 0, 1])])
def test_groups_count_what_holds(needed, verdicts):
    """`any` is at least one, `all` is at least all, and `not` turns a group round."""
    members = [{"type": "contains", "value": letter} for letter in "abc"]
    spelled = [{"at_least": needed, "of": members}]
    spelled += {1: [{"any": members}], 3: [{"all": members}]}.get(needed, [])
    for raw in spelled:
        assert [holds(reply, **raw) for reply in ("", "a", "ab", "abc")] == verdicts
        assert [holds(reply, **raw, **{"not": True}) for reply in ("", "a", "ab", "abc")] == [not v for v in verdicts]


def test_groups_nest_and_say_which_parts_count():
    """Every part is judged and can be found by its name; the text names those that are at fault."""
    found = rule(
        any=[
            {"all": [{"type": "contains", "value": "a"}, {"type": "is_json", "name": "j"}]},
            {"type": "equals", "value": "z"},
        ]
    )
    assert [one.name for one in every_rule([found]) if one.name] == ["j"]
    assert {one.rule.name: one.held for one in found.judge("a", {}).walk() if one.rule.name} == {"j": False}
    assert found.say("a", {}) == "any of these: all of these: to be JSON; to equal 'z'"
    refused = rule(any=[{"type": "contains", "value": "a"}, {"type": "contains", "value": "b"}], **{"not": True})
    assert refused.say("ab", {}) == "not any of these: to contain 'a'; to contain 'b'"


def test_what_was_found_is_said_where_the_reply_does_not_show_it():
    """Counts, and the place in the JSON that the schema objects to."""
    assert rule(type="format", words={"max": 2}).say("a b c", {}) == "to have at most 2 words (it has 3)"
    assert "$.n: '3' is not of type 'integer'" in rule(type="json_schema", schema=SCHEMA).say('{"n": "3"}', {})


def test_fields_are_put_in_as_the_literal_text_they_are():
    """No second pass, no attribute access, no pattern: a field is data wherever it came from."""
    assert filled("{a} {a.__class__} {a[0]} {{a}} {0} {", {"a": "{b}"}) == "{b} {a.__class__} {a[0]} {a} {0} {"
    assert holds("costs $4.95 (net)", {"e": "$4.95 (net)"}, type="regex", value=r"{e}\z")
    assert not holds("costs $4x95", {"e": "$4.95"}, type="regex", value="{e}")
    assert holds("{e}", {"e": "x"}, type="equals", value="{{e}}")
    assert holds("42 true", {"n": 42, "b": True}, type="equals", value="{n} {b}")


@pytest.mark.parametrize("fields", [{}, {"expected": None}])
def test_a_missing_field_is_an_obstacle_and_no_verdict(fields):
    """Null counts as missing."""
    for raw in ({"type": "contains"}, {"type": "equals"}, {"type": "levenshtein", "max": 1}, {"type": "regex"}):
        found = rule(value="{expected}", **raw)
        assert f"no field 'expected', which the assertion {raw['type']} needs" in found.obstacle(fields)
        assert rule(any=[{"type": "is_json"}, {"value": "{expected}", **raw}]).obstacle(fields) is not None


def test_looking_for_nothing_is_an_obstacle():
    """Every reply contains the empty text, so it would always pass."""
    assert "empty" in rule(type="contains", value="{e}").obstacle({"e": ""})
    assert "empty" in rule(type="icontains", value="{e}").obstacle({"e": ""})
    pytest.importorskip("re2")
    assert "empty" in rule(type="regex", value="{e}").obstacle({"e": ""})
    assert rule(type="equals", value="{e}").obstacle({"e": ""}) is None


def test_no_pattern_and_no_reply_takes_for_ever():
    """Patterns that double Python's time with every character, on long replies made for them, come to an end."""
    pytest.importorskip("re2")
    assert not holds("a" * 50_000 + "!", type="regex", value=r"^(a+)+$")
    assert not holds(json.dumps("a" * 50_000 + "!"), type="json_schema", schema={"pattern": r"^(a|a)*$"})
    for reply in (
        "." * 50_000,
        ". " * 50_000,
        "." + " " * 50_000,
        ".'" * 50_000,
        '."*)' * 20_000 + " a",
        "- " * 50_000,
    ):
        sentences(reply)
    assert not holds("x" * 200_000, {}, type="levenshtein", value="y" * 200_000, max=10)


def test_a_reply_nested_without_end_is_not_judged():
    """It is neither JSON nor no JSON: nobody can tell."""
    deep = "[" * 100_000 + "]" * 100_000
    for raw in ({"type": "is_json"}, {"type": "json_schema", "schema": {"type": "array"}}):
        with pytest.raises(NotMeasuredError, match="nested too deep"):
            holds(deep, **raw)


def test_an_excerpt_shows_nothing_that_acts():
    """Escapes of terminals, line ends and characters that reverse the text are spelled out."""
    assert shown("a\x1b[2J\n\u202eb") == r"'a\x1b[2J\n\u202eb'"


@pytest.mark.parametrize(("type_", "package"), [("regex", "re2"), ("levenshtein", "rapidfuzz")])
def test_a_missing_library_names_the_extra(monkeypatch, type_, package):
    """Reading the gate file does without it; judging does not."""
    from pytest_mlgate.assertions import pattern

    for name in list(sys.modules):
        if name.split(".")[0] == package:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    pattern._compiled.cache_clear()
    raw = {"type": type_, "value": "a", **({"max": 1} if type_ == "levenshtein" else {})}
    with pytest.raises(MissingExtraError, match=r'pip install "pytest-mlgate\[llm\]"'):
        rule(**raw).judge("a", {})


@pytest.mark.parametrize(
    ("raw", "path", "said"),
    [
        ({}, (), "has a type"),
        ({"type": "contain", "value": "a"}, ("type",), "did you mean 'contains'"),
        ({"type": ["contains"]}, ("type",), "there is no assertion"),
        ({"type": "contains"}, (), "'value' is missing"),
        ({"type": "contains", "value": ""}, ("value",), "must not be empty"),
        ({"type": "contains", "value": 3}, ("value",), "expected text"),
        ({"type": "contains", "value": "a", "vlaue": "b"}, ("vlaue",), "did you mean 'value'"),
        ({"type": "contains", "value": "a", "name": "a b"}, ("name",), "a metric's name"),
        ({"type": "levenshtein", "value": "a", "max": -1}, ("max",), "at least 0"),
        ({"type": "format"}, (), "says what to count"),
        ({"type": "format", "words": {}}, ("words",), "min or max"),
        ({"type": "format", "words": {"min": 3, "max": 2}}, ("words",), "nothing can hold"),
        ({"type": "json_schema", "schema": {"type": "objekt"}}, ("schema", "type"), "not a JSON Schema"),
        ({"type": "json_schema", "schema": {"$ref": "https://x/y"}}, ("schema", "$ref"), "own parts only"),
        (
            {"type": "json_schema", "schema": {"items": {"format": "iban"}}},
            ("schema", "items", "format"),
            "not checked",
        ),
        (
            {"type": "json_schema", "schema": {"patternProperties": {"a": {}}}},
            ("schema", "patternProperties"),
            "for ever",
        ),
        ({"any": []}, ("any",), "must not be empty"),
        ({"any": [{"type": "is_json"}], "all": []}, (), "unknown key"),
        ({"at_least": 2}, (), "'of' is missing"),
        ({"at_least": 2, "of": [{"type": "is_json"}]}, ("at_least",), "can never hold"),
        ({"any": [{"all": [{"type": "is_jsn"}]}]}, ("any", 0, "all", 0, "type"), "did you mean 'is_json'"),
    ],
)
def test_mistakes_are_located(raw, path, said):
    """Each with the path to what is wrong, and what would mend it."""
    found, mistakes = parse(raw, ("assert", 0))
    assert found is None
    assert any(
        one.path[: 2 + len(path)] == ("assert", 0, *path) and said in f"{one.what}; {one.mend}" for one in mistakes
    )


@pytest.mark.parametrize("pattern", ["(a", "(?=a)", r"(a)\1", "a{2000}"])
def test_patterns_that_are_not_re2_are_mistakes(pattern):
    """In a regex and inside a schema alike."""
    pytest.importorskip("re2")
    (one,) = parse({"type": "regex", "value": pattern}, ())[1]
    assert (one.path, "not a pattern in RE2 syntax" in one.what) == (("value",), True)
    (one,) = parse({"type": "json_schema", "schema": {"properties": {"a": {"pattern": pattern}}}}, ())[1]
    assert one.path == ("schema", "properties", "a", "pattern")
