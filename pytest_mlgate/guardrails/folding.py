"""Text as a guardrail reads it: what looks like an ASCII letter becomes that letter, what cannot be seen is dropped.

An attacker writes "ignore" with fullwidth letters, Cyrillic look-alikes, accents, or invisible characters between its
letters, and people and models read it all the same. Each character is therefore taken apart (NFKD, which is NFKC with
the accents apart), freed of marks and of everything invisible, and replaced by the ASCII character that it looks like.
What looks like none becomes one placeholder, so the result is ASCII, and rules work on bytes whose offsets are
characters.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

from pytest_mlgate.guardrails.homoglyphs import LOOKS_LIKE

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACEHOLDER = "\x1a"  # "substitute": neither letter, digit nor space, so that it separates words
_INVISIBLE = ("Cf", "Mn", "Me", "Cc")  # formats (zero-width, directions), marks, and controls but for those kept
_BLANK_LETTERS = frozenset(
    "\u115f\u1160\u3164\uffa0\u2800"
)  # Hangul fillers and the empty braille cell look like nothing
_TAGS = 0xE0000  # an invisible copy of ASCII, with which text is smuggled past human eyes
_TAGS_END = 0xE0080
_ASCII = 0x80


class _Table(dict[int, str]):
    """Code point → ASCII, filled as characters are met; `str.translate` asks it once for each new one."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _folded(chr(code))
        return found


def _folded(char: str) -> str:
    code = ord(char)
    if code < _ASCII:
        return char
    if _TAGS <= code < _TAGS_END:
        return chr(code - _TAGS) if code - _TAGS >= ord(" ") else ""
    if char in _BLANK_LETTERS:
        return ""
    if char in LOOKS_LIKE:
        return LOOKS_LIKE[char]
    parts = [_plain(part) for part in unicodedata.normalize("NFKD", char)]
    ascii_only = "".join(part for part in parts if part != PLACEHOLDER)
    return ascii_only or (PLACEHOLDER if PLACEHOLDER in parts else "")


def _plain(char: str) -> str:
    """Give the ASCII that one character without accents looks like."""
    if char < "\x80":
        return char
    if char in LOOKS_LIKE:
        return LOOKS_LIKE[char]
    category = unicodedata.category(char)
    if category in _INVISIBLE:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category.startswith("Z"):
        return "\n" if category != "Zs" else " "
    return {"Pd": "-", "Pi": '"', "Pf": '"', "Pc": "_"}.get(category, PLACEHOLDER)


_TABLE = _Table()


@dataclass(frozen=True, slots=True)
class Folded:
    """A text with its folded form.

    Args:
        original: as given.
        cased: folded, in the case it was written in; always ASCII.
    """

    original: str
    cased: str

    def index(self) -> Sequence[int]:
        """Give, for each folded character, which character of the original it came from."""
        if self.original is self.cased:
            return range(len(self.cased))
        return [at for at, char in enumerate(self.original) for _ in repeat(None, len(_TABLE[ord(char)]))]


def fold(text: str) -> Folded:
    """Fold a text; ASCII is left as it is."""
    return Folded(text, text if text.isascii() else text.translate(_TABLE))
