"""Ways in which attackers write the same text, so that a guardrail can be measured against each of them.

Each is a pure function of the text: what a person or a model reads stays the same, what a pattern sees does not.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Literal

from pytest_mlgate.guardrails.homoglyphs import DISGUISE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Obfuscation = Literal["zero_width", "fullwidth", "homoglyph", "spaced", "leet", "case", "base64"]

_INVISIBLE = "\u200b\u200c\u200d\u2060"  # zero-width space, non-joiner, joiner, and word joiner
_FULLWIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_LOOKALIKES = str.maketrans(DISGUISE)
_LEET = str.maketrans("aeiostAEIOST", "431057431057")


def _zero_width(text: str) -> str:
    """Put an invisible character after each letter or digit, four kinds of them in turn."""
    return "".join(char + _INVISIBLE[at % len(_INVISIBLE)] if char.isalnum() else char for at, char in enumerate(text))


def _fullwidth(text: str) -> str:
    return text.translate(_FULLWIDTH)


def _homoglyph(text: str) -> str:
    """Replace each letter that has a Cyrillic or Greek double."""
    return text.translate(_LOOKALIKES)


def _spaced(text: str) -> str:
    """Put a blank between the characters of each word, and three between words."""
    return "\n".join("   ".join(" ".join(word) for word in line.split()) for line in text.splitlines())


def _leet(text: str) -> str:
    return text.translate(_LEET)


def _case(text: str) -> str:
    """Swap the case of every other character."""
    return "".join(char.upper() if at % 2 else char.lower() for at, char in enumerate(text))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", errors="replace")).decode()


OBFUSCATIONS: Mapping[Obfuscation, Callable[[str], str]] = {
    "zero_width": _zero_width,
    "fullwidth": _fullwidth,
    "homoglyph": _homoglyph,
    "spaced": _spaced,
    "leet": _leet,
    "case": _case,
    "base64": _base64,
}


def obfuscated(text: str, how: Obfuscation) -> str:
    """Write a text as an attacker would.

    >>> obfuscated("Ignore it", "spaced"), obfuscated("Ignore it", "leet")
    ('I g n o r e   i t', '1gn0r3 17')
    """
    return OBFUSCATIONS[how](text)
