"""`prompt.eval`: pass rates against counts made by hand, bounds against statsmodels, and what is no case at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.errors import GateFileError
from pytest_mlgate.gatefile import load
from pytest_mlgate.gatefile.targets import with_relative_files

LIMITS = "metrics: {pass_rate: {min: 0.5}}"
GATE = """gates:
  g:
    kind: prompt.eval
    prompt: p.yaml
    cases: c.jsonl
    provider: {provider}
    assert: {asserted}
    {more}
"""
CORRECT = "[{type: contains, value: '{expected}', name: correct}]"
PROMPT = "version: 1\nname: p\ntemplate: 'What is {q}?'\n"


@pytest.fixture
def evaluated(tmp_path, judged):
    """Write a prompt and cases, and judge them with a function that answers."""

    def evaluate(
        answer=None, *, cases=(), prompt=PROMPT, asserted=CORRECT, more=LIMITS, provider="{fixture: f}", cases_text=None
    ):
        lines = cases_text or "".join(json.dumps(case) + "\n" for case in cases)
        (tmp_path / "p.yaml").write_text(prompt, encoding="utf-8")
        (tmp_path / "c.jsonl").write_text(lines, encoding="utf-8")
        text = GATE
        for name, value in {"provider": provider, "asserted": asserted, "more": more}.items():
            text = text.replace(f"{{{name}}}", value)
        return judged(text, **({"f": answer} if answer is not None else {}))

    return evaluate


def sums(n=20):
    return [{"id": f"sum-{i}", "q": f"{i} + 1", "expected": f"is {i + 1}."} for i in range(n)]


def adds(messages, wrong=()):
    """Answer a sum, some of them wrongly."""
    first = int(messages[-1]["content"].split()[2])
    return f"It is {first + (2 if first in wrong else 1)}."


def test_shares_are_counts_and_bounds_are_those_of_statsmodels(evaluated):
    """A case passes when all assertions hold; each named one is counted on its own, those in groups too."""
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    asserted = """
      - {type: contains, value: '{expected}', name: correct}
      - name: tidy
        all: [{type: contains, value: 'It is', name: polite}, {type: equals, value: It is 5., not: true, name: no-five}]
"""
    _, checks = evaluated(
        lambda messages: adds(messages, wrong=(0, 1, 3)),
        cases=sums(),
        asserted=asserted,
        more="metrics: {pass_rate: {}}",
    )
    counted = {metric: (round(check.value * 20), check.n) for (_, metric), check in checks.items()}
    # Wrong on 0, 1 and 3; 3 + 1 comes out as 5, and so does the right answer to 4 + 1.
    expected = {"pass_rate": 16, "correct": 17, "tidy": 18, "polite": 20, "no-five": 18}
    assert counted == {name: (count, 20) for name, count in expected.items()}
    for name, count in expected.items():
        low, high = proportion.proportion_confint(count, 20, alpha=0.1, method="wilson")
        assert (checks["*", name].low, checks["*", name].high) == pytest.approx((low, high), abs=1e-12)
    assert {check.verdict for check in checks.values()} == {"INFO"}


@pytest.mark.parametrize(("wrong", "verdict"), [(range(2), "PASS"), (range(10), "INCONCLUSIVE"), (range(30), "FAIL")])
def test_with_confidence_the_bounds_decide(evaluated, wrong, verdict):
    """Few wrong pass, some are undecided and say how many cases would decide, many fail."""
    more = "metrics: {pass_rate: {min: 0.85}, correct: {min: 0.85}}\n    confidence: 0.95"
    result, checks = evaluated(lambda messages: adds(messages, wrong), cases=sums(60), more=more)
    assert (result.verdict, result.outcome) == (verdict, "passed" if verdict == "PASS" else "failed")
    for check in checks.values():
        assert check.verdict == verdict
        assert (check.rows_to_decide is not None) == (verdict == "INCONCLUSIVE")
        assert check.rows_to_decide is None or check.rows_to_decide > 60


def test_without_confidence_the_share_decides(evaluated):
    """Inclusive: exactly on the limit passes."""
    result, _ = evaluated(lambda messages: adds(messages, range(10)), cases=sums())
    assert result.verdict == "PASS"
    result, _ = evaluated(lambda messages: adds(messages, range(11)), cases=sums())
    assert result.verdict == "FAIL"


def test_a_gate_at_the_limit_passes_no_oftener_than_it_says(evaluated):
    """A prompt right in 85 % of cases passes `min: 0.85` at 95 % in at most 6 % of 400 seeded eval sets."""
    more = "metrics: {pass_rate: {min: 0.85}}\n    confidence: 0.95"
    random = np.random.default_rng(7)
    passed = 0
    for _ in range(400):
        wrong = set(np.flatnonzero(random.random(60) > 0.85).tolist())
        result, _ = evaluated(lambda messages, wrong=wrong: adds(messages, wrong), cases=sums(60), more=more)
        passed += result.verdict == "PASS"
    assert passed / 400 <= 0.06


def test_failing_cases_are_shown_with_what_was_expected_and_the_reply(evaluated):
    """The first few, on one line each, whatever the reply tries to print."""
    answer = lambda messages: adds(messages, range(2, 20)) + "\n::error::\x1b[31m" + "x" * 500  # noqa: E731
    result, checks = evaluated(answer, cases=sums())
    shown = checks["*", "pass_rate"].detail["look_at"]
    assert len(shown) == 3
    start = (
        "case sum-2 (c.jsonl:3): correct, expected to contain 'is 3.'; the reply is 'It is 4.\\n::error::\\x1b[31mxx"
    )
    assert shown[0].startswith(start)
    assert shown[0].endswith("…'")
    assert all(len(line) < 300 and line.isprintable() for line in shown)
    assert checks["*", "correct"].detail["failed"] == [f"sum-{i}" for i in range(2, 20)]
    assert result.verdict == "FAIL"


def test_a_group_that_fails_names_its_parts(evaluated):
    """What would have been enough."""
    pytest.importorskip("re2"), pytest.importorskip("rapidfuzz")
    asserted = "[{any: [{type: regex, value: refund}, {type: levenshtein, value: '{expected}', max: 5}]}]"
    _, checks = evaluated(lambda _messages: "Something else altogether.", cases=sums(1), asserted=asserted)
    (line,) = checks["*", "pass_rate"].detail["look_at"]
    assert "expected any of these: to match 'refund'; to be within 5 edits of 'is 1.'; the reply is" in line


@pytest.mark.parametrize(
    ("case", "asserted", "prompt", "said"),
    [
        ({"q": "a"}, CORRECT, PROMPT, "case 21 (c.jsonl:21): it has no field 'expected', which the assertion contains"),
        ({"q": "a", "expected": None}, CORRECT, PROMPT, "it has no field 'expected'"),
        ({"q": "a", "expected": ""}, CORRECT, PROMPT, "is empty, and any reply has that"),
        (
            {"id": "z", "expected": "a"},
            CORRECT,
            PROMPT,
            "case z (c.jsonl:21): it has no field 'q', which the prompt p@1",
        ),
        ({"q": "a", "expected": "a"}, "[{type: is_json}]", PROMPT + "# {q}\nmodel: m\nsettings: {stop: '{x}'}\n", None),
        (
            {"q": "a", "expected": "a"},
            "[{any: [{type: is_json}, {type: equals, value: '{qq}'}]}]",
            PROMPT,
            "field 'qq'",
        ),
    ],
)
def test_a_case_that_lacks_a_field_is_neither_passed_nor_failed(evaluated, case, asserted, prompt, said):
    """The gate is not measured, the case is named, and nobody was asked for a reply."""
    asked = []
    answer = lambda messages: asked.append(messages) or "{}"  # noqa: E731
    result, checks = evaluated(answer, cases=[*sums(), case], asserted=asserted, prompt=prompt)
    if said is None:  # settings are handed on as they are
        assert result.verdict == "PASS"
        return
    assert (result.verdict, result.outcome, asked) == ("NOT_MEASURED", "errored", [])
    assert said in result.reason
    assert [check.value for check in checks.values()] == [None]


def test_a_provider_that_fails_leaves_the_gate_unmeasured(evaluated):
    """However many cases were right before."""

    def answer(messages):
        if "7 +" in messages[0]["content"]:
            raise ConnectionError("no route")
        return adds(messages)

    result, _ = evaluated(answer, cases=sums())
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")
    assert "calling fixture f for case sum-7 (c.jsonl:8) raised ConnectionError: no route" in result.reason


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (None, "is no text but a NoneType"),
        (b"It", "is no text but a bytes"),
        ("[" * 9**5 + "]" * 9**5, "nested too deep"),
    ],
)
def test_a_reply_that_cannot_be_judged_leaves_the_gate_unmeasured(evaluated, reply, said):
    """It is no failed case either."""
    answer = lambda messages: reply if "7 +" in messages[0]["content"] else adds(messages)  # noqa: E731
    result, _ = evaluated(answer, cases=sums(), asserted="[{type: is_json, not: true}]")
    assert result.verdict == "NOT_MEASURED"
    assert "case sum-7 (c.jsonl:8)" in result.reason
    assert said in result.reason


def test_a_miss_in_the_recording_leaves_the_gate_unmeasured(evaluated, tmp_path):
    """Whatever was recorded for the others."""
    message = {"role": "user", "content": "What is 0 + 1?"}
    recorded = {"prompt": "p@1", "messages": [message], "reply": "It is 1."}
    (tmp_path / "r.jsonl").write_text(json.dumps(recorded) + "\n", encoding="utf-8")
    replay = "{kind: replay, path: r.jsonl}"
    result, _ = evaluated(cases=sums(1), provider=replay)
    assert result.verdict == "PASS"
    assert [(one.role, one.name, one.rows) for one in result.inputs] == [
        ("prompt", "p.yaml", None),
        ("cases", "c.jsonl", 1),
        ("provider", "r.jsonl", None),
    ]
    result, _ = evaluated(cases=sums(2), provider=replay)
    assert result.verdict == "NOT_MEASURED"
    assert "r.jsonl has no reply for case sum-1 (c.jsonl:2)" in result.reason
    assert '"reply": "…"}' in result.remedy


def test_the_version_that_the_gate_means_must_be_that_of_the_file(evaluated):
    """A prompt file that was edited in place is not the prompt that was meant."""
    assert evaluated(adds, cases=sums(), more=f"{LIMITS}\n    version: 1")[0].verdict == "PASS"
    result, _ = evaluated(adds, cases=sums(), more=f"{LIMITS}\n    version: 2")
    assert (result.verdict, result.reason) == ("NOT_MEASURED", "the prompt file is of version 1, and the gate means 2")


def test_no_cases_are_no_pass(evaluated):
    """An empty eval set proves nothing."""
    result, _ = evaluated(adds, cases_text="\n")
    assert (result.verdict, result.reason) == ("NOT_MEASURED", "c.jsonl has no cases")


def test_fixtures_and_files_of_a_provider_are_known_at_collection(tmp_path):
    """pytest is asked for the fixture, and paths start at the gate file."""
    path = tmp_path / "t.gate.yaml"
    path.write_text(
        "version: 1\n"
        "defaults: {prompt: p.yaml, cases: c.jsonl, assert: [{type: is_json}], metrics: {pass_rate: {min: 1}}}\n"
        "gates:\n  a: {kind: prompt.eval, provider: {fixture: bot}}\n"
        "  b: {kind: prompt.eval, provider: {kind: replay, path: ../r.jsonl}}\n",
        encoding="utf-8",
    )
    a, b = load(path, Catalogue()).gates
    assert (a.fixtures, b.fixtures) == (("bot",), ())
    assert (a.spec.prompt, b.spec.provider.path) == (str(tmp_path / "p.yaml"), str(tmp_path.parent / "r.jsonl"))
    assert with_relative_files(b.spec, tmp_path)["provider"]["path"] == "../r.jsonl"


def test_assertions_can_come_from_the_defaults(judged, tmp_path):
    """By the name that gate files use."""
    (tmp_path / "p.yaml").write_text(PROMPT, encoding="utf-8")
    (tmp_path / "c.jsonl").write_text(json.dumps(sums(1)[0]), encoding="utf-8")
    text = "defaults: {assert: [{type: equals, value: It is 1.}], prompt: p.yaml, cases: c.jsonl}\n"
    gate = "gates: {g: {kind: prompt.eval, provider: {fixture: f}, metrics: {pass_rate: {min: 1}}}}\n"
    assert judged(text + gate, f=adds)[0].verdict == "PASS"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"asserted": "[]"}, "must not be empty"),
        ({"asserted": "[{type: contain, value: a}]"}, "did you mean 'contains'"),
        ({"asserted": "[{any: [{type: contains}]}]"}, "'value' is missing"),
        ({"asserted": "[contains]"}, "expected a mapping"),
        ({"asserted": "[{type: is_json, name: pass_rate}]"}, "no assertion can be named pass_rate"),
        ({"asserted": "[{type: is_json, name: a}, {any: [{type: is_json, name: a}]}]"}, "two assertions are named 'a'"),
        ({"more": "metrics: {}"}, "must not be empty"),
        ({"more": "metrics: {corect: {min: 1}}"}, "did you mean 'correct'"),
        ({"more": "metrics: {pass_rate: {min: 90}}"}, "a share of cases, from 0 to 1"),
        ({"more": "metrics: {pass_rate: {min: 0.9, max: 0.1}}"}, "nothing can pass"),
        ({"more": "metrics: {correct: {max_drop: 0.1}}"}, "no baseline"),
        ({"provider": "{kind: replay}"}, "kind replay needs path"),
        ({"provider": "{kind: replay, path: a, callable: 'a:b'}"}, "kind replay needs path, and nothing else"),
        ({"provider": "{kind: python, callable: answer}"}, "user code, as package.module:attribute"),
        ({"provider": "{kind: openai}"}, "is not allowed here"),
        ({"provider": "{path: a}"}, "a provider is {kind: replay"),
        ({"provider": "{}"}, "a provider is {kind: replay"),
        ({"provider": "replies.jsonl"}, "expected a mapping"),
    ],
)
def test_mistakes_are_found_while_reading(evaluated, changes, said):
    """What the YAML itself can say is a collection error, with its place."""
    with pytest.raises(GateFileError) as caught:
        evaluated(adds, cases=sums(1), **changes)
    assert said in str(caught.value)
    assert "t.gate.yaml:" in str(caught.value)


def test_two_thousand_recorded_cases_are_judged_by_a_process_of_their_own(tmp_path):
    """Three assertions on 2,000 cases, from the command line."""
    pytest.importorskip("re2"), pytest.importorskip("rapidfuzz")
    recorded = [
        {
            "prompt": "p@1",
            "messages": [{"role": "user", "content": f"What is {case['q']}?"}],
            "reply": f"It {case['expected']} No refund.",
        }
        for case in sums(2000)
    ]
    (tmp_path / "p.yaml").write_text(PROMPT, encoding="utf-8")
    (tmp_path / "c.jsonl").write_text("\n".join(map(json.dumps, sums(2000))), encoding="utf-8")
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, recorded)), encoding="utf-8")
    group = "{any: [{type: regex, value: '(?i)REFUND'}, {type: levenshtein, value: '{expected}', max: 5}]}"
    asserted = f"[{{type: contains, value: '{{expected}}'}}, {{type: is_json, not: true}}, {group}]"
    text = GATE.replace("{provider}", "{kind: replay, path: r.jsonl}").replace("{asserted}", asserted)
    text = text.replace("{more}", "metrics: {pass_rate: {min: 1}}")
    (tmp_path / "t.gate.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--mlgate", "-q", "-p", "no:cacheprovider", "t.gate.yaml"]
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("COV", "PYTEST"))}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "2,000" in done.stdout
