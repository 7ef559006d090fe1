"""Replies compared with a text: `equals`, `contains`, `icontains`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from pytest_mlgate.assertions.base import Assertion, shown
from pytest_mlgate.dialogue import filled, placeholders

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Text(Assertion, frozen=True, kw_only=True):
    """An assertion about a text, which may name fields of the case."""

    value: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields of a case that it names."""
        return placeholders(self.value)

    def holds(self, reply: str, fields: Mapping[str, Any]) -> bool:
        """Tell whether it holds."""
        return self.compare(reply, filled(self.value, fields))

    def compare(self, reply: str, value: str) -> bool:
        """Compare the reply with the text."""
        raise NotImplementedError


class Equals(_Text, frozen=True, kw_only=True, tag="equals"):
    """The reply is exactly this text.

    Args:
        value: the text; `{field}` stands for a field of the case.
    """

    def compare(self, reply: str, value: str) -> bool:
        """Compare character by character."""
        return reply == value

    def wants(self, reply: str, fields: Mapping[str, Any]) -> str:  # noqa: ARG002 - the reply says the rest
        """Name the text."""
        return f"equal {shown(filled(self.value, fields))}"


class Contains(_Text, frozen=True, kw_only=True, tag="contains"):
    """The reply contains this text.

    Args:
        value: the text; `{field}` stands for a field of the case.
    """

    value: Annotated[str, Meta(min_length=1)]

    def obstacle(self, fields: Mapping[str, Any]) -> str | None:
        """Refuse to look for nothing, which every reply contains."""
        found = super().obstacle(fields)
        if found is None and not filled(self.value, fields):
            return (
                f"the text that {self.__struct_config__.tag} looks for ({self.value}) is empty, and any reply has that"
            )
        return found

    def compare(self, reply: str, value: str) -> bool:
        """Look for the text, case and all."""
        return value in reply

    def wants(self, reply: str, fields: Mapping[str, Any]) -> str:  # noqa: ARG002 - the reply says the rest
        """Name the text."""
        return f"contain {shown(filled(self.value, fields))}"


class IContains(Contains, frozen=True, kw_only=True, tag="icontains"):
    """The reply contains this text, whatever the case of its letters.

    Args:
        value: the text; `{field}` stands for a field of the case.
    """

    def compare(self, reply: str, value: str) -> bool:
        """Look for the text as Unicode folds case: ß and SS are the same."""
        return value.casefold() in reply.casefold()

    def wants(self, reply: str, fields: Mapping[str, Any]) -> str:
        """Name the text."""
        return f"{super().wants(reply, fields)} in any case"
