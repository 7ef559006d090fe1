"""Assertions taken together: all of them, any of them, at least so many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct, field

from pytest_mlgate.assertions.base import Finding, Name, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

Members = Annotated[tuple[dict[str, Any], ...], Meta(min_length=1)]


class _Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every group may say."""

    name: Name | None = None
    negated: bool = field(default=False, name="not")


class AllOf(_Written, frozen=True, kw_only=True):
    """Every one of these holds."""

    all: Members


class AnyOf(_Written, frozen=True, kw_only=True):
    """One of these holds, or more."""

    any: Members


class AtLeast(_Written, frozen=True, kw_only=True):
    """So many of these hold, or more."""

    at_least: Annotated[int, Meta(ge=1)]
    of: Members


@dataclass(frozen=True, slots=True)
class Group:
    """Assertions of which a number must hold.

    Args:
        name: makes it a metric.
        negated: turns it round.
        needed: how many must hold.
        parts: the assertions.
    """

    name: str | None
    negated: bool
    needed: int
    parts: tuple[Rule, ...]

    def obstacle(self, fields: Mapping[str, Any]) -> str | None:
        """Say why a case with these fields cannot be judged; None when every part can."""
        return next((why for part in self.parts if (why := part.obstacle(fields)) is not None), None)

    def judge(self, reply: str, fields: Mapping[str, Any]) -> Finding:
        """Judge every part, since each may be a metric of its own, and count."""
        parts = tuple(part.judge(reply, fields) for part in self.parts)
        enough = sum(part.held for part in parts) >= self.needed
        return Finding(self, enough is not self.negated, parts)

    def say(self, reply: str, fields: Mapping[str, Any]) -> str:
        """Name the parts that count: those that do not hold, or that do where none should."""
        parts = [part for part in self.judge(reply, fields).parts if part.held is self.negated]
        said = "; ".join(part.rule.say(reply, fields) for part in parts)
        return f"{'not ' if self.negated else ''}{self._how_many()}: {said}"

    def _how_many(self) -> str:
        if self.needed == len(self.parts):
            return "all of these"
        return "any of these" if self.needed == 1 else f"at least {self.needed} of {len(self.parts)}"
