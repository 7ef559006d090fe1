"""Personal identifiers that can be checked: payment cards (Luhn), IBANs (mod 97 and the country's form), addresses.

A run of digits is not a card. What has the form of one is read in the groups it was written in, and only what carries a
valid check digit, or check digits, is reported.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_mlgate.errors import MissingExtraError
from pytest_mlgate.guardrails.decision import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

# Hints, in RE2 syntax, for folded lower-case text; without a match there is nothing to look for.
CARD_HINT = r"(?:[0-9][ .\-]?){12}[0-9]"
IBAN_HINT = r"\b[a-z]{2}[0-9]{2}[ \-]?[a-z0-9]"
EMAIL_HINT = r"[a-z0-9_%+\-]@[a-z0-9]"

_DIGIT_RUN = re.compile(r"(?<![0-9a-z])[0-9]+(?:[ .-][0-9]+)*(?![0-9a-z])")
_DIGITS = re.compile(r"[0-9]+")
_CARD_GROUPS = range(3, 7)  # 4-4-4-4, 4-6-5, 4-6-4, 4-4-4-4-3; nobody writes other groups, and serial numbers do
_CARD_LENGTHS = range(13, 20)
_ISSUERS = "23456"  # payment networks; 1 and 7 to 9 belong to airlines, petrol, telecommunications and states
_IBAN_START = re.compile(r"(?<![0-9a-z])[a-z]{2}[0-9]{2}(?=[ -]?[0-9a-z])")
_IBAN_REST = re.compile(r"(?:[ -]?[0-9a-z]){1,30}")
_IBAN_HEAD = 4
_IBAN_SHORTEST = 15
_MOD = 97
_EMAIL_AT = re.compile(
    r"(?<![a-z0-9._%+-])[a-z0-9_%+-](?:[a-z0-9._%+-]{0,62}[a-z0-9_%+-])?@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?![a-z0-9-])"
)


def require_stdnum() -> None:
    """Make sure that check digits can be checked.

    Raises:
        MissingExtraError: python-stdnum is not installed.
    """
    try:
        import stdnum  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise MissingExtraError("the built-in guardrail", "python-stdnum", "guardrails") from error


def cards(text: str) -> Iterator[Finding]:
    """Find payment card numbers in folded lower-case text."""
    from stdnum import luhn

    for run in _DIGIT_RUN.finditer(text):
        groups = [group.span() for group in _DIGITS.finditer(text, run.start(), run.end())]
        first = 0
        while first < len(groups):
            last = next(
                (last for last in _card_ends(groups, first) if _is_card(text, groups[first : last + 1], luhn)), None
            )
            if last is not None:
                yield Finding("payment_card", "payment_card", groups[first][0], groups[last][1])
                first = last
            first += 1


def _card_ends(groups: list[tuple[int, int]], first: int) -> Iterator[int]:
    """Give the groups with which a card that begins at one could end, the farthest first."""
    total = 0
    ends: list[int] = []
    for last in range(first, min(first + 5, len(groups))):
        size = groups[last][1] - groups[last][0]
        total += size
        if last > first and (size not in _CARD_GROUPS or groups[first][1] - groups[first][0] not in _CARD_GROUPS):
            break
        if total in _CARD_LENGTHS:
            ends.append(last)
    yield from reversed(ends)


def _is_card(text: str, groups: list[tuple[int, int]], luhn: object) -> bool:
    digits = "".join(text[start:end] for start, end in groups)
    return digits[0] in _ISSUERS and len(set(digits)) > 1 and bool(luhn.is_valid(digits))  # type: ignore[attr-defined]


def ibans(text: str) -> Iterator[Finding]:
    """Find IBANs in folded lower-case text, with or without the blanks they are printed with."""
    behind = 0
    for start in _IBAN_START.finditer(text):
        if start.start() < behind:
            continue
        rest = _IBAN_REST.match(text, start.end())
        end = _iban_end(text, start.start(), rest.end()) if rest else None
        if end is not None:
            behind = end
            yield Finding("iban", "iban", start.start(), end)


def _iban_end(text: str, start: int, end: int) -> int | None:
    """Say where the IBAN ends that begins at `start`, or None when none does.

    The remainder is carried along, so that only an end at which the check digits hold is looked at more closely.
    """
    from stdnum import iban

    head = text[start : start + _IBAN_HEAD]
    check = int("".join(str(int(char, 36)) for char in head))
    shift = 10 ** len(str(check))
    remainder = 0
    plain = head
    for at in range(start + _IBAN_HEAD, end):
        char = text[at]
        if char in " -":
            continue
        value = int(char, 36)
        remainder = (remainder * (100 if value > 9 else 10) + value) % _MOD  # noqa: PLR2004 - letters are two digits
        plain += char
        if len(plain) < _IBAN_SHORTEST or (remainder * shift + check) % _MOD != 1:
            continue
        if iban.is_valid(plain, check_country=False):
            return at + 1
    return None


def emails(text: str) -> Iterator[Finding]:
    """Find e-mail addresses in folded lower-case text."""
    for match in _EMAIL_AT.finditer(text):
        yield Finding("email", "email", *match.span())
