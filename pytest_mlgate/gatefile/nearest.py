"""Guess what a misspelt name was meant to be."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 8


def did_you_mean(name: object, known: Iterable[str], noun: str = "known") -> str:
    """Phrase a suggestion: the nearest known name, else the first few of them.

    >>> did_you_mean("drift.feature", ["drift.features", "model.metrics"])
    "did you mean 'drift.features'?"
    >>> did_you_mean("zzz", ["a", "b"], "declared")
    'declared: a, b'
    """
    names = list(known)
    close = get_close_matches(str(name), names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    if not names:
        return f"none are {noun}"
    more = f", … ({len(names)} in all)" if len(names) > _SHOWN else ""
    return f"{noun}: {', '.join(sorted(names)[:_SHOWN])}{more}"
