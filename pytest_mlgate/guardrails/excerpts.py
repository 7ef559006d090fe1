"""Texts as reports may show them: short, on one line, with nothing invisible in them and nobody's identity."""

from __future__ import annotations

import unicodedata

from pytest_mlgate.errors import MissingExtraError
from pytest_mlgate.guardrails.decision import PERSONAL
from pytest_mlgate.guardrails.runtime import builtin

_SHOWN = 60
_READ = 2_000  # an identifier that ends beyond this is cut off anyway
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def excerpt(text: str) -> str | None:
    """Shorten a text for a report; identifiers that the detectors find become `[email]`, `[iban]`, `[payment_card]`.

    Returns:
        None where the detectors are not installed: what cannot be checked is not shown.
    """
    try:
        guard = builtin(max_length=_READ)
    except MissingExtraError:
        return None
    read = text[:_READ]
    shown: list[str] = []
    at = 0
    for finding in guard(read).findings:
        if finding.category in PERSONAL and finding.end > at:
            shown += [read[at : max(at, finding.start)], f"[{finding.category}]"]
            at = finding.end
    whole = _visible("".join(shown) + read[at:])
    return whole if len(whole) <= _SHOWN and len(text) <= _READ else f"{whole[:_SHOWN]}…"


def _visible(text: str) -> str:
    r"""Write what would not be seen as escapes.

    >>> print(_visible("a\u200bb\n"))
    a\u200bb\n
    """
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _HIDDEN else char for char in text
    )
