"""Prompt files, eval sets, recorded replies and the user's own functions: what is read, and what is refused where."""

from __future__ import annotations

import json

import pytest

from pytest_mlgate.dialogue import Message, Request
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.reference import ProviderRef

HELLO = (Message(role="user", content="Hello?"),)


def request(case="case a (c.jsonl:1)", **changes):
    return Request(
        **{"case": case, "prompt": "p@1", "messages": HELLO, "model": None, "settings": {"temperature": 0}, **changes}
    )


def line(reply="Hi!", **changes):
    recorded = {"prompt": "p@1", "messages": [{"role": "user", "content": "Hello?"}], "settings": {"temperature": 0}}
    return json.dumps({**recorded, **changes, "reply": reply})


@pytest.fixture
def written(tmp_path, inputs):
    """Write a file, and give inputs with its path."""

    def write(name, text, **fixtures):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return inputs(**fixtures), str(path)

    return write


def refusal(call, *arguments):
    with pytest.raises(NotMeasuredError) as caught:
        call(*arguments)
    return str(caught.value)


@pytest.fixture
def cassette(written):
    """Ask recorded replies for some."""

    def ask(text, *requests):
        opened, path = written("r.jsonl", text)
        return opened.replies(ProviderRef(kind="replay", path=path), requests)

    return ask


def test_a_template_is_one_message_of_the_user(written):
    """Nothing in a prompt file is expanded; its folder names it unless it says a name."""
    opened, path = written("v.yaml", "version: 1.5\ntemplate: 'Pay ${HOME} to {name}'\nsettings: {temperature: 0.5}\n")
    prompt = opened.prompt(path)
    assert prompt.messages == (Message(role="user", content="Pay ${HOME} to {name}"),)
    assert (prompt.version, prompt.settings, prompt.model) == ("1.5", {"temperature": 0.5}, None)
    assert str(prompt).endswith("@1.5")
    (record,) = opened.records
    assert (record.role, record.name, len(record.sha256)) == ("prompt", "v.yaml", 64)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\n", "either a template or messages"),
        ("version: 1\ntemplate: a\nmessages: [{role: user, content: a}]\n", "either a template or messages"),
        ("template: a\n", "v.yaml:1:1: 'version' is missing"),
        ("version: 1\nmessages:\n  - {role: robot, content: a}\n", "v.yaml:3:12: text is not allowed here"),
        ("version: 1\nmessages:\n  - {role: user, content: 3}\n", "v.yaml:3:27: expected text"),
        ("version: 1\ntemplat: a\n", "v.yaml:2:1: unknown key 'templat' (did you mean 'template'?)"),
        ("version: 1\ntemplate: [a\n", "not valid YAML"),
        ("version: 1\nversion: 2\ntemplate: a\n", "v.yaml:2:1: the key 'version' is written twice"),
        ("version: 1\ntemplate: !!python/name:os.system a\n", "is not allowed"),
        ("- a\n", "expected a mapping"),
        ("# nothing\n", "the file is empty"),
        (b"version: 1\ntemplate: \xff\n", "not UTF-8"),
    ],
)
def test_a_faulty_prompt_file_is_refused_with_its_line(written, text, said):
    """All that is wrong with it, as gate files tell it."""
    opened, path = written("v.yaml", text)
    assert said in refusal(opened.prompt, path)


@pytest.mark.parametrize(
    ("name", "text", "places"),
    [
        ("c.jsonl", '{"id": "a", "q": "Hi, \\u2028 you"}\n\n{"id": "b", "q": ""}\n', [1, 3]),
        ("c.csv", 'id,q\na,"Hi, \u2028 you"\n\nb,\n', [2, 4]),
        ("c.yaml", '- {id: a, q: "Hi, \\u2028 you"}\n\n- {id: b, q: }\n', [1, 3]),
        ("c.yml", 'cases:\n  - {id: a, q: "Hi, \\u2028 you"}\n  - {id: b}\n', [2, 3]),
    ],
)
def test_cases_are_read_from_json_lines_csv_and_yaml(written, name, text, places):
    """With their ids, and the line each begins on."""
    opened, path = written(name, text)
    cases = opened.cases(path)
    assert [(case.id, case.place) for case in cases] == [("a", f"{name}:{places[0]}"), ("b", f"{name}:{places[1]}")]
    assert cases[0].fields["q"] == "Hi, \u2028 you"
    assert not cases[1].fields.get("q")
    assert opened.records[0].rows == 2


def test_a_case_without_an_id_is_called_by_its_number(written):
    """A cell that runs over several lines counts as one row, at its first line."""
    opened, path = written("c.csv", 'q\n"one\ntwo"\nthree\n')
    assert [str(case) for case in opened.cases(path)] == ["case 1 (c.csv:2)", "case 2 (c.csv:4)"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("c.jsonl", '{"q": 1}\n{"q": \n[1]\n', "c.jsonl:2:1: not JSON"),
        ("c.jsonl", '"text"\n', "c.jsonl:1:1: a case is a mapping"),
        ("c.jsonl", '{"q": 1}\n[1]\n', "c.jsonl:2:1: a case is a mapping"),
        ("c.jsonl", '{"id": 1}\n{"id": "1"}\n', "c.jsonl:2:1: the id '1' stands first at c.jsonl:1"),
        ("c.jsonl", "\n\n", "has no cases"),
        ("c.jsonl", b'{"q": 1}\n{"q": "\xff"}\n', "c.jsonl:2 is not UTF-8"),
        ("c.jsonl", '{"q": "\\ud800"}\n', "not JSON"),
        ("c.jsonl", "[" * 100_000 + "\n", "c.jsonl:1:1: not JSON"),
        ("c.csv", "q,q\na,b\n", "c.csv:1:1: the header names a column twice"),
        ("c.csv", "q,r\na\n", "c.csv:2:1: 1 cells under a header of 2"),
        ("c.csv", 'q\n"a\n', "not CSV"),
        ("c.csv", "q\n", "has no cases"),
        ("c.yaml", "- a\n", "c.yaml:1:1: a case is a mapping"),
        ("c.yaml", "questions: []\n", "c.yaml:1:1: an eval set is a list"),
        ("c.yaml", "[]\n", "has no cases"),
        ("c.txt", "a\n", "use one of .jsonl"),
        ("c.jsonl", "", "empty file"),
    ],
)
def test_a_faulty_eval_set_is_refused_with_its_line(written, name, text, said):
    """No case is left out: the others would be another eval set."""
    opened, path = written(name, text)
    assert said in refusal(opened.cases, path)


def test_replies_are_found_by_what_was_asked_and_not_by_order(cassette):
    """Whatever decides about the answer tells requests apart; the same setting may be written 0 or 0.0."""
    text = "\n".join(
        [line("second", repeat=1), line("warm", settings={"temperature": 0.5}), line("first"), line("m", model="m")]
    )
    asked = [request(), request(repeat=1), request(model="m"), request(settings={"temperature": 0.5})]
    assert cassette(text, *asked) == ["first", "second", "m", "warm"]
    assert cassette(line(settings={"temperature": 0.0}), request()) == ["Hi!"]


def test_a_miss_says_which_case_and_how_to_record_it(cassette, written):
    """The line that it prints is one that works."""
    other = request("case b (c.jsonl:2)", messages=(Message(role="user", content="Bye?"),))
    said = refusal(cassette, line(), request(), other)
    assert "has no reply for case b (c.jsonl:2): these messages were never recorded" in said
    told = said[said.index('{"key"') : said.index("}, or use") + 1]
    assert json.loads(told) == {"key": other.key, "case": "b", "reply": "…"}
    assert cassette(f"{line()}\n{told}\n", request(), other) == ["Hi!", "…"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": "p@2"}, "prompt 'p@1', not 'p@2'"),
        ({"model": "m"}, "model None, not 'm'"),
        ({"settings": {"temperature": 1}}, "settings {'temperature': 0}, not {'temperature': 1}"),
        ({"repeat": 2}, "repeat 0, not 2"),
    ],
)
def test_a_near_miss_says_what_differs(cassette, changes, said):
    """The messages were recorded, but not like this."""
    assert f"line 1 answers the same messages with {said}" in refusal(cassette, line(), request(**changes))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "r.jsonl:1:1: no recorded reply"),
        ('{"key": "a"}', "missing required field `reply`"),
        ('{"reply": "a", "prompt": "p@1"}', "neither key nor prompt and messages"),
        ('{"key": "a", "reply": "a", "setings": {}}', "unknown field `setings`"),
        (f"{line('a')}\n{line('b')}", "r.jsonl:2:1: line 1 gives another reply to the same request"),
    ],
)
def test_faulty_recordings_are_refused_with_their_line(cassette, text, said):
    """Whether or not they are asked for."""
    assert said in refusal(cassette, text, request())


@pytest.mark.parametrize("reply", [None, 3, ["Hi!"], {"text": "Hi!"}])
def test_a_reply_that_is_no_text_is_no_reply(cassette, written, reply):
    """Recorded or returned, the case is named."""
    said = f"the reply for case a (c.jsonl:1) is no text but a {type(reply).__name__}"
    assert said in refusal(cassette, line(reply), request())
    opened, _ = written("x", "x", f=lambda _messages: reply)
    assert said in refusal(opened.replies, ProviderRef(fixture="f"), [request()])


def test_half_a_character_is_no_text(written):
    """It could not even be written into a report."""
    opened, _ = written("x", "x", f=lambda _messages: "a\ud800")
    assert "half a surrogate pair at character 1" in refusal(opened.replies, ProviderRef(fixture="f"), [request()])


def test_a_function_gets_the_messages_and_what_it_has_parameters_for(inputs):
    """Plain lists and mappings, and model and settings only where they are wanted."""
    heard = []

    def plain(messages):
        heard.append(messages)
        return "a"

    def full(messages, *, settings, model):
        heard.append((messages, settings, model))
        return "b"

    def greedy(messages, **everything):
        heard.append((messages, everything))
        return "c"

    for function in (plain, full, greedy):
        inputs(f=function).replies(ProviderRef(fixture="f"), [request(model="m")])
    said = [{"role": "user", "content": "Hello?"}]
    assert heard == [said, (said, {"temperature": 0}, "m"), (said, {"model": "m", "settings": {"temperature": 0}})]


def test_a_function_is_asked_once_for_the_same_request(inputs, user_module):
    """However many gates ask it: calls cost money."""
    user_module(
        "bot_once", "calls = []\ndef answer(messages):\n    calls.append(1)\n    return f'reply {len(calls)}'\n"
    )
    provider = ProviderRef(kind="python", callable="bot_once:answer")
    assert inputs().replies(provider, [request(), request("case b (c.jsonl:2)")]) == ["reply 1", "reply 1"]
    assert inputs().replies(provider, [request(), request(repeat=1)]) == ["reply 1", "reply 2"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def answer(messages): raise KeyError('quota')", "for case a (c.jsonl:1) raised KeyError: 'quota'"),
        ("def answer(messages): raise TimeoutError('10 s')", "for case a (c.jsonl:1) timed out: 10 s"),
        ("def answer(messages): raise SystemExit(2)", "for case a (c.jsonl:1) raised SystemExit"),
        ("async def answer(messages): return 'a'", "the provider is async: no reply for case a (c.jsonl:1)"),
        ("answer = 3", "is a int, which cannot be called"),
        ("def anser(messages): return 'a'", "did you mean 'anser'"),
        ("import nothing_here", "names the module"),
    ],
)
def test_a_function_that_fails_is_told_with_its_case(inputs, user_module, code, said):
    """A provider's error is no verdict on the prompt."""
    user_module("bot_bad", f"{code}\n")
    if "nothing_here" in code:
        said = "importing bot_bad raised ModuleNotFoundError"
    provider = ProviderRef(kind="python", callable="bot_bad:answer")
    assert said in refusal(inputs().replies, provider, [request()])


def test_files_are_read_once_and_again_when_they_change(written, tmp_path):
    """A document belongs to its bytes."""
    opened, path = written("v.yaml", "version: 1\ntemplate: a\n")
    assert opened.prompt(path) is opened.prompt(path)
    (tmp_path / "v.yaml").write_text("version: 22\ntemplate: a\n", encoding="utf-8")
    assert opened.prompt(path).version == "22"
