"""Prompt files: one version of a prompt in YAML, read as strictly as a gate file and with nothing expanded in it.

    version: 2
    model: some-model                # optional; part of what recorded replies are found by
    settings: {temperature: 0}       # the same
    messages:
      - {role: system, content: You answer for a shop.}
      - {role: user, content: "{question}"}

`template: …` is short for a single message of the user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from pytest_mlgate.dialogue import Message, Prompt
from pytest_mlgate.errors import GateFileError, NotMeasuredError
from pytest_mlgate.gatefile.nodes import Source, read
from pytest_mlgate.gatefile.phrase import phrases
from pytest_mlgate.gatefile.schema import struct_schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_mlgate.errors import Problem

_SHOWN = 3


class PromptFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a prompt file may say.

    Args:
        version: names this version; replies are recorded for it.
        name: what the prompt is called; the name of its folder unless given.
        description: for people.
        model: the model it is meant for.
        template: the text of one user message, or
        messages: the conversation that is sent.
        settings: whatever the provider understands, such as temperature.
    """

    version: str | int | float
    name: Annotated[str, Meta(min_length=1)] | None = None
    description: str | None = None
    model: str | None = None
    template: Annotated[str, Meta(min_length=1)] | None = None
    messages: Annotated[tuple[Message, ...], Meta(min_length=1)] | None = None
    settings: dict[str, Any] = {}


def read_prompt(data: bytes, path: Path, shown: Path) -> Prompt:
    """Read a prompt file.

    Args:
        data: its bytes.
        path: where it lies.
        shown: as messages name it.

    Raises:
        NotMeasuredError: with the line of every mistake, up to a few.
    """
    source = yaml_source(data, shown)
    try:
        written = msgspec.convert(source.value, PromptFile)
    except msgspec.ValidationError as error:
        for one in phrases(source.value, struct_schema(PromptFile)):
            source.complain(one.path, one.what, one.mend, at_key=one.at_key)
        if not source.problems:
            source.complain((), str(error))
        raise unreadable(source.problems) from None
    if (written.template is None) == (written.messages is None):
        source.complain((), "a prompt has either a template or messages")
    if source.problems:
        raise unreadable(source.problems)
    messages = written.messages or (Message(role="user", content=written.template or ""),)
    name = written.name or path.parent.name
    return Prompt(name, str(written.version), messages, written.model, written.settings)


def yaml_source(data: bytes, shown: Path) -> Source:
    """Read YAML safely, without looking anything up in the environment.

    Raises:
        NotMeasuredError: it is not YAML, too large, too deep, or expands without end.
    """
    try:
        return read(data, shown, None)
    except GateFileError as error:
        raise unreadable(error.problems) from None


def unreadable(problems: Sequence[Problem]) -> NotMeasuredError:
    """Say what is wrong with a file, each with its line."""
    told = [f"{one.place}: {one.what}" if one.place else one.what for one in problems[:_SHOWN]]
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return NotMeasuredError("; ".join(told) + more, next((one.mend for one in problems if one.mend), ""))
