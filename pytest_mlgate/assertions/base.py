"""The contract of an assertion: does it hold for a reply, and in what words is it told when it does not?

An assertion names fields of the case in its text (`{expected}`). Whether a case can be judged at all is asked before
anybody is asked for a reply, so that a missing field is neither a failed case nor a paid one.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from msgspec import Meta, Struct, field

from pytest_mlgate.dialogue import missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_mlgate.kind import Mistake

_LONGEST = 80
Name = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$", description="a metric's name: letters, digits, _ . -, no digit first"),
]


class Rule(Protocol):
    """One assertion, or a group of them."""

    @property
    def name(self) -> str | None:
        """The metric that counts the replies for which it holds."""

    @property
    def parts(self) -> tuple[Rule, ...]:
        """What a group is made of."""

    def obstacle(self, fields: Mapping[str, Any]) -> str | None:
        """Say why a case with these fields cannot be judged; None when it can."""

    def judge(self, reply: str, fields: Mapping[str, Any]) -> Finding:
        """Hold a reply against it; raises `NotMeasuredError` where that cannot be done."""

    def say(self, reply: str, fields: Mapping[str, Any]) -> str:
        """Say what was expected of the reply, and what it is instead: `to contain 'refund'`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a rule held for one reply, and each of its parts."""

    rule: Rule
    held: bool
    parts: tuple[Finding, ...] = ()

    def walk(self) -> Iterator[Finding]:
        """Give this finding and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def every_rule(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Give rules and all that groups among them are made of."""
    for rule in rules:
        yield rule
        yield from every_rule(rule.parts)


class Assertion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """What every single assertion may say.

    Args:
        name: makes it a metric: the share of cases for which it holds.
        not: turns it round: it must not hold.
    """

    name: Name | None = None
    negated: bool = field(default=False, name="not")

    @property
    def parts(self) -> tuple[Rule, ...]:
        """Nothing: it is no group."""
        return ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields of a case that it names."""
        return ()

    def mistakes(self) -> Iterable[Mistake]:
        """Find what its types cannot, with paths that start at the assertion."""
        return ()

    def obstacle(self, fields: Mapping[str, Any]) -> str | None:
        """Say why a case with these fields cannot be judged; None when it can."""
        absent = missing(self.needs, fields)
        return (
            f"it has no field {absent[0]!r}, which the assertion {self.__struct_config__.tag} needs" if absent else None
        )

    def judge(self, reply: str, fields: Mapping[str, Any]) -> Finding:
        """Hold a reply against it.

        Raises:
            NotMeasuredError: that cannot be done.
        """
        return Finding(self, self.holds(reply, fields) is not self.negated)

    def say(self, reply: str, fields: Mapping[str, Any]) -> str:
        """Say what was expected of the reply, and what it is instead."""
        return f"{'not ' if self.negated else ''}to {self.wants(reply, fields)}"

    @abstractmethod
    def holds(self, reply: str, fields: Mapping[str, Any]) -> bool:
        """Tell whether it holds, `not` aside."""
        raise NotImplementedError

    @abstractmethod
    def wants(self, reply: str, fields: Mapping[str, Any]) -> str:
        """Say what it wants, after "to", and what it found where that says more than the reply itself."""
        raise NotImplementedError


def shown(text: str, longest: int = _LONGEST) -> str:
    r"""Quote the beginning of untrusted text on one line, with everything invisible spelled out.

    >>> shown("a\nb"), shown("abcdef", 3)
    ("'a\\nb'", "'abc…'")
    """
    return repr(text if len(text) <= longest else f"{text[:longest]}…")
