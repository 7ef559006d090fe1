"""The form of a reply: `format` counts its bullets, words, sentences and lines.

Every pattern here reads a text once from left to right, so that a hostile reply costs no more than a long one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct

from pytest_mlgate.assertions.base import Assertion
from pytest_mlgate.kind import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_Count = Annotated[int, Meta(ge=0)]
_BULLET = re.compile(r"[-*+•‣◦][ \t]")
_END = re.compile(r"[.!?…]['\"”’)\]*_]*(?=\s+[^a-zß-öø-ÿ\s])|[。！？]")  # noqa: RUF001 - full-width stops end sentences


class Range(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A count that may vary.

    Args:
        min: the fewest allowed.
        max: the most allowed.
    """

    min: _Count | None = None
    max: _Count | None = None

    def __contains__(self, count: int) -> bool:
        return (self.min is None or count >= self.min) and (self.max is None or count <= self.max)

    def __str__(self) -> str:
        if self.min == self.max:
            return str(self.min)
        if self.max is None:
            return f"at least {self.min}"
        return f"at most {self.max}" if self.min is None else f"{self.min} to {self.max}"


class Format(Assertion, frozen=True, kw_only=True, tag="format"):
    """The reply has so many bullets, words, sentences or lines: a number, or `{min: 2, max: 5}`.

    Args:
        bullets: lines that begin with -, *, + or •.
        words: runs between blanks that hold a letter or digit (text without blanks between words counts as one).
        sentences: ends of sentences (. ! ? …), as well as paragraphs and bullets; an abbreviation before a capital
            counts as an end.
        lines: lines that are not blank.
    """

    bullets: _Count | Range | None = None
    words: _Count | Range | None = None
    sentences: _Count | Range | None = None
    lines: _Count | Range | None = None

    def mistakes(self) -> Iterable[Mistake]:
        """Find ranges that allow everything or nothing."""
        if not list(self._asked()):
            yield Mistake((), "a format says what to count", f"give one of {', '.join(COUNTS)}")
        for what, wanted in self._asked():
            if wanted.min is None and wanted.max is None:
                yield Mistake((what,), "a range needs min or max")
            elif wanted.min is not None and wanted.max is not None and wanted.min > wanted.max:
                yield Mistake((what,), f"min {wanted.min} is above max {wanted.max}: nothing can hold")

    def holds(self, reply: str, fields: Mapping[str, Any]) -> bool:  # noqa: ARG002 - needs no fields
        """Count."""
        return all(COUNTS[what](reply) in wanted for what, wanted in self._asked())

    def wants(self, reply: str, fields: Mapping[str, Any]) -> str:  # noqa: ARG002 - needs no fields
        """Name the counts, and what was counted."""
        return "have " + " and ".join(
            f"{wanted} {what} (it has {COUNTS[what](reply)})" for what, wanted in self._asked()
        )

    def _asked(self) -> Iterator[tuple[str, Range]]:
        for what in COUNTS:
            wanted = getattr(self, what)
            if wanted is not None:
                yield what, wanted if isinstance(wanted, Range) else Range(min=wanted, max=wanted)


def lines(text: str) -> int:
    r"""Count the lines that are not blank.

    >>> lines("a\n\n  \nb\n")
    2
    """
    return sum(1 for line in text.splitlines() if line.strip())


def bullets(text: str) -> int:
    r"""Count the lines that begin with a bullet.

    >>> bullets("So:\n- one\n  * two\n**no**\n3. no\n---")
    2
    """
    return sum(1 for line in text.splitlines() if _BULLET.match(line.lstrip()))


def words(text: str) -> int:
    """Count the runs between blanks that hold a letter or digit.

    >>> words("- It's 3 o'clock -- really")
    4
    """
    return sum(1 for word in text.split() if any(map(str.isalnum, word)))


def sentences(text: str) -> int:
    r"""Count sentences: what ends in . ! ? or …, and what stands alone as a paragraph or bullet.

    >>> sentences("It costs 3.50, e.g. in May. Really? Yes!"), sentences("Two things:\n- one\n- two."), sentences(" ")
    (3, 3, 0)
    """
    return sum(1 for block in _blocks(text) for part in _END.split(block) if any(map(str.isalnum, part)))


def _blocks(text: str) -> Iterator[str]:
    """Divide a text at blank lines and before bullets; a line that merely wraps goes on."""
    block: list[str] = []
    for line in text.splitlines():
        if not line.strip() or _BULLET.match(line.lstrip()):
            yield " ".join(block)
            block = []
        block.append(line)
    yield " ".join(block)


COUNTS = {"bullets": bullets, "words": words, "sentences": sentences, "lines": lines}
