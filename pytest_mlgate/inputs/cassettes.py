"""Recorded replies, found again by everything the answer depends on; never by their order in the file.

One JSON object a line. It names the request in full, so that a review shows what was asked:

    {"prompt": "support@2", "messages": [{"role": "user", "content": "…"}], "model": "…", "settings": {}, "reply": "…"}

or by the key that the message about a miss prints: `{"key": "5d41…", "reply": "…"}`. `repeat` (from zero) tells several
answers to one request apart; `case` and `meta` are for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from pytest_mlgate.dialogue import Message, Request, request_key
from pytest_mlgate.errors import NotMeasuredError, Place, Problem
from pytest_mlgate.inputs.cases import text_lines
from pytest_mlgate.inputs.prompts import unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_COMPARED = ("prompt", "model", "settings", "repeat")


class Recorded(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a cassette.

    Args:
        reply: what the model said; anything but text is refused when it is asked for.
        key: stands for the five that follow, or
        prompt: name and version.
        messages: what was sent.
        model: which model was asked.
        settings: how.
        repeat: which of several answers.
        case: the case it was recorded for, for people.
        meta: anything else, for people.
    """

    reply: Any
    key: str | None = None
    prompt: str | None = None
    messages: tuple[Message, ...] | None = None
    model: str | None = None
    settings: dict[str, Any] = {}
    repeat: int = 0
    case: str | None = None
    meta: dict[str, Any] = {}

    @property
    def found_by(self) -> str | None:
        """The key of the request it answers; None when it names none."""
        if self.key is not None or self.prompt is None or self.messages is None:
            return self.key
        return request_key(self.prompt, self.messages, self.model, self.settings, self.repeat)


class Cassette:
    """Recorded replies by the key of their request.

    Args:
        shown: as messages name the file.
        lines: key → line number and what stands there.
    """

    def __init__(self, shown: Path, lines: Mapping[str, tuple[int, Recorded]]) -> None:
        self._shown = shown
        self._lines = lines

    def replies(self, requests: Sequence[Request]) -> list[Any]:
        """Give the reply to each request.

        Raises:
            NotMeasuredError: some were never recorded; it names the first and says how to record it.
        """
        missed = [request for request in requests if request.key not in self._lines]
        if missed:
            first = missed[0]
            more = f" (and {len(missed) - 1} more of {len(requests)})" if len(missed) > 1 else ""
            reason = f"{self._shown} has no reply for {first.case}{more}: {self._nearest(first)}"
            case = msgspec.json.encode(first.case.split(" (")[0].removeprefix("case ")).decode()
            line = f'{{"key": "{first.key}", "case": {case}, "reply": "…"}}'
            remedy = f"ask the model and add the line {line}, or use a provider {{kind: python, callable: …}}"
            raise NotMeasuredError(reason, remedy)
        return [self._lines[request.key][1].reply for request in requests]

    def _nearest(self, request: Request) -> str:
        """Say what a recording of the same messages differs in."""
        for number, recorded in self._lines.values():
            if recorded.messages == request.messages:
                differ = [name for name in _COMPARED if getattr(recorded, name) != getattr(request, name)]
                told = [f"{name} {getattr(recorded, name)!r}, not {getattr(request, name)!r}" for name in differ]
                return f"line {number} answers the same messages with {', '.join(told)}"
        return "these messages were never recorded"


def read_cassette(data: bytes, _path: Path, shown: Path) -> Cassette:
    """Read recorded replies.

    Raises:
        NotMeasuredError: with the line of every mistake, up to a few.
    """
    lines: dict[str, tuple[int, Recorded]] = {}
    problems = []
    decoder = msgspec.json.Decoder(Recorded)
    for number, line in text_lines(data, shown):
        place = Place(shown, number, 1)
        try:
            recorded = decoder.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            problems.append(Problem(f"no recorded reply: {error}", place))
            continue
        key = recorded.found_by
        if key is None:
            problems.append(Problem("it says neither key nor prompt and messages", place))
        elif key in lines and lines[key][1].reply != recorded.reply:
            problems.append(Problem(f"line {lines[key][0]} gives another reply to the same request", place))
        else:
            lines.setdefault(key, (number, recorded))
    if problems:
        raise unreadable(problems)
    return Cassette(shown, lines)
