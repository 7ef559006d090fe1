"""What passes between a prompt, its cases and whoever answers: plain values, and the one way text is filled in.

Placeholders are substituted and nothing more. `{question}` stands for a field of the case; there is no attribute
access, no format specification and no second pass, so that neither a case nor a reply can reach beyond its own text.
`{{question}}` stands for the literal `{question}`, and every other brace stands for itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_NAMED = r"\{\{([A-Za-z_][A-Za-z0-9_]*)\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}"
TEXT = re.compile(_NAMED)
PATTERN = re.compile(rf"(?<!\\[pPx])(?:{_NAMED})")  # in a regular expression \p{Greek} and \x{AB} are characters


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message of a conversation.

    Args:
        role: who speaks.
        content: what is said; in a prompt it may hold `{field}` placeholders.
    """

    role: Literal["system", "user", "assistant"]
    content: Annotated[str, Meta(min_length=1)]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One version of a prompt.

    Args:
        name: what the prompt is called.
        version: names this version; replies are recorded for it.
        messages: what is sent, with `{field}` placeholders.
        model: the model it is meant for, if it says so.
        settings: whatever the provider understands, such as `temperature`.
    """

    name: str
    version: str
    messages: tuple[Message, ...]
    model: str | None
    settings: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Case:
    """One case of an eval set.

    Args:
        id: its `id` field, else its number in the file, from one.
        place: the file and line it stands on.
        fields: what templates and assertions may name.
    """

    id: str
    place: str
    fields: Mapping[str, Any]

    def __str__(self) -> str:
        return f"case {self.id} ({self.place})"


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a provider: everything that decides about the answer.

    Args:
        case: which case asks, as messages name it.
        prompt: name and version of the prompt.
        messages: filled in.
        model: which model is meant, if the prompt says so.
        settings: as the prompt says them.
        repeat: which of several answers to the same question, from zero.
    """

    case: str
    prompt: str
    messages: tuple[Message, ...]
    model: str | None
    settings: Mapping[str, Any]
    repeat: int = 0

    @property
    def key(self) -> str:
        """A hash of all that the answer depends on; the case's name is no part of it."""
        return request_key(self.prompt, self.messages, self.model, self.settings, self.repeat)


def request_key(
    prompt: str, messages: tuple[Message, ...], model: str | None, settings: Mapping[str, Any], repeat: int
) -> str:
    """Identify a request; `0` and `0.0` are the same setting."""
    meant = [prompt, messages, model, _canonical(settings), repeat]
    return hashlib.sha256(msgspec.json.encode(meant, order="sorted")).hexdigest()


def _canonical(value: Any) -> Any:
    match value:
        case dict():
            return {key: _canonical(one) for key, one in value.items()}
        case list() | tuple():
            return [_canonical(one) for one in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def placeholders(template: str, syntax: re.Pattern[str] = TEXT) -> tuple[str, ...]:
    r"""List the fields that a template names, each once, in order.

    Args:
        template: as written.
        syntax: `TEXT`, or `PATTERN` where the template is a regular expression.

    >>> placeholders("{question} in {language}? {{literal}} {not this}")
    ('question', 'language')
    >>> placeholders(r"\p{L}+ {expected} a{2,3}", PATTERN)
    ('expected',)
    """
    return tuple(dict.fromkeys(name for _, name in syntax.findall(template) if name))


def as_text(value: Any) -> str:
    """Spell a field: text as it is, anything else as JSON.

    >>> as_text("a"), as_text(3), as_text(True), as_text(["a", None])
    ('a', '3', 'true', '["a", null]')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def filled(
    template: str,
    fields: Mapping[str, Any],
    syntax: re.Pattern[str] = TEXT,
    spell: Callable[[Any], str] = as_text,
) -> str:
    """Put the fields in the place of their names.

    Args:
        template: as written.
        fields: of one case.
        syntax: `TEXT`, or `PATTERN` where the template is a regular expression.
        spell: turns a field into the text that is put in.

    Raises:
        KeyError: a field that the template names is missing.

    >>> filled("{q} {{q}} {q.__class__} {", {"q": "{x}"})
    '{x} {q} {q.__class__} {'
    """
    return syntax.sub(lambda found: spell(fields[found[2]]) if found[2] else f"{{{found[1]}}}", template)


def missing(names: Iterable[str], fields: Mapping[str, Any]) -> list[str]:
    """Say which of the names a case lacks; null is as good as nothing."""
    return [name for name in names if fields.get(name) is None]
