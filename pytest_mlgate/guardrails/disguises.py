"""Other ways to read a text: what is left when an encoding, a spacing or a spelling trick is undone.

Each trick is recognised by a cheap pattern first, and undone once; what comes out is never longer than what went in, so
reading a text in every way stays linear in its length.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from pytest_mlgate.guardrails.folding import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_READABLE = 0.85
_SHORTEST = 8
_TELLTALE = ("instructions", "previous", "prompt", "ignore", "restrictions", "disregard", "password", "anweisungen")


@dataclass(frozen=True, slots=True)
class View:
    """A text read in one way.

    Args:
        text: what is read, folded to ASCII, in its own case.
        via: the trick that was undone; empty for the text as it stands.
        index: for each character, the character of the text as it stands that it came from.
        region: instead of an index, the stretch that was decoded.
    """

    text: str
    via: str = ""
    index: Sequence[int] | None = None
    region: tuple[int, int] | None = None

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Say where a stretch of this view stands in the text as it stands."""
        if self.region is not None:
            return self.region
        if self.index is None or start >= end:
            return start, end
        first, last = self.index[start], self.index[end - 1]
        return min(first, last), max(first, last) + 1


@dataclass(frozen=True, slots=True)
class Disguise:
    """A trick.

    Args:
        name: as findings say it.
        hint: a pattern in RE2 syntax that any folded lower-case text in this disguise matches.
        undo: gives the ways to read a folded text (in its own case) without the trick.
    """

    name: str
    hint: str
    undo: Callable[[str], Iterator[View]]


def _tokens(name: str, pattern: str, decode: Callable[[str], bytes]) -> Callable[[str], Iterator[View]]:
    """Decode each stretch of a text that has the form of an encoding, and keep what is readable."""
    form = re.compile(pattern)

    def undo(text: str) -> Iterator[View]:
        for match in form.finditer(text):
            try:
                decoded = decode(match[0])
            except (ValueError, binascii.Error):
                continue  # it only looked encoded
            shown = _readable(decoded)
            if shown is not None:
                yield View(shown, name, region=match.span())

    return undo


def _readable(decoded: bytes) -> str | None:
    """Give decoded bytes as folded text, or None where they are no text."""
    if len(decoded) < _SHORTEST:
        return None
    text = decoded.decode("utf-8", errors="replace")
    good = sum(char.isprintable() or char in "\n\r\t" for char in text) - text.count("\ufffd")
    return fold(text).cased if good >= _READABLE * len(text) else None


def _leet(text: str) -> Iterator[View]:
    for digits in _LEET if "1" in text else _LEET[:1]:
        yield View(text.translate(digits), "leet")


def _reversed(text: str) -> Iterator[View]:
    yield View(text[::-1], "reversed", index=range(len(text) - 1, -1, -1))


def _rot13(text: str) -> Iterator[View]:
    yield View(codecs.encode(text, "rot13"), "rot13")


def _spaced(text: str) -> Iterator[View]:
    """Close up runs of single characters, "i g n o r e" to "ignore"."""
    kept: list[int] = []
    at = 0
    for run in _SPACED_RUN.finditer(text):
        kept.extend(range(at, run.start()))
        kept.extend(range(run.start(), run.end(), 2))
        at = run.end()
    kept.extend(range(at, len(text)))
    yield View("".join(text[i] for i in kept), "spaced", index=kept)


def _base64(token: str) -> bytes:
    plain = token.rstrip("=").replace("-", "+").replace("_", "/")
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]  # a letter of the next word, or a cut: three quarters are left
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _base32(token: str) -> bytes:
    plain = token.rstrip("=")
    return base64.b32decode(plain + "=" * (-len(plain) % 8))


def _hexadecimal(token: str) -> bytes:
    digits = re.sub("[^0-9a-fA-F]", "", token)
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _binary(token: str) -> bytes:
    return bytes(int(group, 2) for group in re.findall("[01]{8}", token))


def _escapes(token: str) -> bytes:
    codes = re.findall(r"\\(?:x|u00)([0-9a-fA-F]{2})|&#x([0-9a-fA-F]{2});|&#([0-9]{2,3});", token)
    return "".join(chr(int(x or y, 16) if x or y else int(z)) for x, y, z in codes).encode()


def _morse(token: str) -> bytes:
    words = re.split(r"\s*/\s*|\s{2,}", token.strip())
    return " ".join("".join(_MORSE.get(code, "") for code in word.split()) for word in words).encode()


def _percent(token: str) -> bytes:
    if "%" not in token:
        raise ValueError("nothing in it is encoded")
    return unquote_to_bytes(token)


def _ascii85(token: str) -> bytes:
    return base64.a85decode(token, adobe=True)


_MORSE_LETTERS = {
    "a": ".-    b -...  c -.-.  d -..   e .     f ..-.  g --.   h ....  i ..    j .---  k -.-   l .-..  m --",
    "n": "-.    o ---   p .--.  q --.-  r .-.   s ...   t -     u ..-   v ...-  w .--   x -..-  y -.--  z --..",
    "0": "----- 1 .---- 2 ..--- 3 ...-- 4 ....- 5 ..... 6 -.... 7 --... 8 ---.. 9 ----.",
}
_MORSE = {
    code: letter
    for first, rest in _MORSE_LETTERS.items()
    for letter, code in re.findall(r"([a-z0-9]) +([.-]+)", f"{first} {rest}")
}
_LEET = [str.maketrans("0134578@$", f"o{one}eastbas") for one in "il"]
_SPACED_RUN = re.compile(
    r"(?<!\S)\S(?: \S)+(?!\S)|(?<![A-Za-z0-9])[A-Za-z0-9](?:[ ._*|~-][A-Za-z0-9]){3,}(?![A-Za-z0-9])"
)

DISGUISES = (
    Disguise(
        "spaced", r"(?:^|[^a-z0-9])(?:[a-z0-9][ ._*|~\-]){3}[a-z0-9](?:[^a-z0-9]|$)|(?:[a-z0-9][ ._*|~\-]){5}", _spaced
    ),
    Disguise("leet", r"[a-z][013457@$]+[a-z]|[0-9][a-z][0-9]|[a-z][0-9@$]{2}", _leet),
    Disguise("base64", r"[a-z0-9+/_\-]{16}", _tokens("base64", r"[A-Za-z0-9+/_-]{16,}={0,2}", _base64)),
    Disguise("base32", r"[a-z2-7]{16}", _tokens("base32", r"\b[A-Z2-7]{16,}={0,6}", _base32)),
    Disguise("hex", r"(?:[0-9a-f]{2}[ :]?){8}", _tokens("hex", r"(?:0x)?(?:[0-9a-fA-F]{2}[ :]?){8,}", _hexadecimal)),
    Disguise("binary", r"[01]{8}[ ,]?[01]{8}", _tokens("binary", r"(?:[01]{8}[ ,]*){4,}", _binary)),
    Disguise(
        "escapes",
        r"(?:\\(?:x|u00)[0-9a-f]{2}){4}|(?:&#x?[0-9a-f]{2,3};){4}",
        _tokens("escapes", r"(?:(?:\\(?:x|u00)[0-9a-fA-F]{2}|&#x[0-9a-fA-F]{2};|&#[0-9]{2,3};) ?){4,}", _escapes),
    ),
    Disguise("morse", r"(?:[.\-]{1,5}[ /]+){5}", _tokens("morse", r"(?:[.-]{1,5}[ /]+){5,}[.-]{0,5}", _morse)),
    Disguise("ascii85", r"<~[!-z]+", _tokens("ascii85", r"<~[!-z\s]{8,}~>", _ascii85)),
    Disguise("percent", r"%[0-9a-f]{2}[^%\s]*%[0-9a-f]{2}", _tokens("percent", r"\S+", _percent)),
    Disguise("rot13", "|".join(codecs.encode(word, "rot13") for word in _TELLTALE), _rot13),
    Disguise("reversed", "|".join(word[::-1] for word in _TELLTALE), _reversed),
)
