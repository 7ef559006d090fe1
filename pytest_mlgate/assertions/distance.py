"""Replies close to a text: `levenshtein`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from pytest_mlgate.assertions.base import Assertion, shown
from pytest_mlgate.dialogue import filled, placeholders
from pytest_mlgate.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Levenshtein(Assertion, frozen=True, kw_only=True, tag="levenshtein"):
    """The reply is at most so many edits away from a text: characters put in, taken out or replaced.

    Args:
        value: the text; `{field}` stands for a field of the case.
        max: the most edits allowed.
    """

    value: str
    max: Annotated[int, Meta(ge=0)]

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields of a case that it names."""
        return placeholders(self.value)

    def holds(self, reply: str, fields: Mapping[str, Any]) -> bool:
        """Count the edits, and stop counting beyond the limit."""
        return edits(reply, filled(self.value, fields), self.max) <= self.max

    def wants(self, reply: str, fields: Mapping[str, Any]) -> str:  # noqa: ARG002 - the reply says the rest
        """Name the text and the limit."""
        return f"be within {self.max} edits of {shown(filled(self.value, fields))}"


def edits(one: str, other: str, enough: int) -> int:
    """Count the edits between two texts, as far as is worth knowing.

    Args:
        one: a text.
        other: another.
        enough: beyond this many, any number above it may be returned.

    Raises:
        MissingExtraError: rapidfuzz is not installed.

    Source:
        Levenshtein (1966), Binary codes capable of correcting deletions, insertions, and reversals.
    """
    try:
        from rapidfuzz.distance import Levenshtein as Distance
    except ImportError as error:
        raise MissingExtraError("levenshtein", "rapidfuzz", "llm") from error
    return int(Distance.distance(one, other, score_cutoff=enough))
