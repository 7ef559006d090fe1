"""Making values fit to be printed, written as XML or JSON, and sent between processes.

Kinds and fixtures are other people's code: a numpy number where a float was meant, a lone surrogate in a message, an
escape sequence in a column's name must not end a session or hide in a report. Each value is made plain once, here.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from pytest_mlgate.verdict import GateResult, Measurement

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NUMBERS = ("value", "low", "high", "confidence", "n", "n_reference", "baseline", "p_value", "p_adjusted", "alpha")
_MORE_NUMBERS = ("detectable", "rows_to_decide")
_LONGEST = 600
_LONGEST_QUERY = 100_000
_QUERY = "query"
_SHORTEST = 4


def text(value: object, longest: int = _LONGEST) -> str:
    r"""Make text harmless: control characters and lone surrogates are spelled out, what is endless is cut.

    Args:
        value: to be shown as text.
        longest: how many characters are kept.

    >>> print(text("a\x1b[31mb"), text("\udcff"))
    a\x1b[31mb \udcff
    """
    found = str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    found = _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", found.replace("\r\n", "\n"))
    return found if len(found) <= longest else f"{found[:longest]}…"


def line(value: object) -> str:
    r"""Make text harmless and keep it on one line: what begins a line may be a command to the CI that reads it.

    >>> print(line("x\n::error::y"))
    x\n::error::y
    """
    return text(value).replace("\n", "\\n")


def measurement(found: Measurement) -> Measurement:
    """Turn numbers of any library into Python's, and whatever stands in `detail` into JSON's types."""
    numbers = {name: _number(getattr(found, name)) for name in (*_NUMBERS, *_MORE_NUMBERS)}
    reason = None if found.reason is None else text(found.reason)
    name, metric = line(found.name), line(found.metric)
    return replace(found, **numbers, name=name, metric=metric, reason=reason, detail=_jsonable(found.detail))


def _number(value: Any) -> int | float | None:
    match value:
        case None | int() | float() if type(value) in (int, float, type(None)):
            return value
        case Integral():
            return int(value)
        case Real():
            return float(value)
    raise TypeError(f"a measurement holds {value!r} of type {type(value).__name__} where a number belongs")


def _jsonable(value: Any) -> Any:
    """Give a value in JSON's types; what has no such form is shown as text."""
    match value:
        case None | bool() | int() | float() if type(value) in (type(None), bool, int, float):
            return value
        case str():
            return text(value)
        case dict():
            return {_key(key): _kept(inner) if key == _QUERY else _jsonable(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_jsonable(inner) for inner in value]
        case Integral() | Real():
            return _number(value)
    return _jsonable(value.tolist()) if callable(getattr(value, "tolist", None)) else text(repr(value))


@lru_cache(maxsize=1024, typed=True)  # 1, 1.0 and True are one key to a dictionary and three texts
def _key(key: Hashable) -> str:
    """Give a key as text; the same few come again in every entry of a list."""
    return text(key)


def _kept(query: Any) -> Any:
    """Keep a query whole, since a part of it finds nothing."""
    return text(query, _LONGEST_QUERY) if isinstance(query, str) else _jsonable(query)


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Give a function that blots values of secrets out of text.

    Reports fold white space, quote, escape and cut what they show, so a secret is looked for in every form in which one
    may come out of that, upper and lower case being the same, and its beginning where text was cut.

    >>> blot = redactor(["hunter  2'three"])
    >>> blot("is 'HUNTER 2''THREE'"), blot("is hunter 2…")
    ("is '***'", 'is ***…')
    """
    forms = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
    whole = re.compile("|".join(map(re.escape, forms)), re.IGNORECASE)

    def blot(found: str) -> str:
        if not forms:
            return found
        *cut, last = whole.sub("***", found).split("…")
        return "…".join([*(_without_end(piece, forms) for piece in cut), last])

    return blot


def _forms(secret: str) -> set[str]:
    """Write a secret as messages, SQL, Python and JSON do."""
    plain = {secret, " ".join(secret.split())}
    quoted = plain | {one.replace("'", "''") for one in plain}
    escaped = {text for one in quoted for text in (repr(one), json.dumps(one), json.dumps(one, ensure_ascii=False))}
    return quoted | {one[1:-1] for one in escaped}


def _without_end(found: str, forms: Iterable[str]) -> str:
    """Blot out the beginning of a secret with which text ends where it was cut."""
    kept = found.rstrip()
    folded = kept.lower()
    for form in map(str.lower, forms):
        for length in range(len(form), _SHORTEST - 1, -1):
            if folded.endswith(form[:length]):
                return f"{kept[:-length]}***{found[len(kept) :]}"
    return found


def redacted(result: GateResult, secrets: Iterable[str]) -> GateResult:
    """Blot secrets out of everything in a result that is prose; ids, files and verdicts stay what they are."""
    blot = redactor(secrets)

    def maybe(found: str | None) -> str | None:
        return None if found is None else blot(found)

    checks = tuple(
        replace(one, name=blot(one.name), reason=maybe(one.reason), detail=_mapped(one.detail, blot))
        for one in result.checks
    )
    inputs = tuple(
        replace(
            one,
            name=blot(one.name),
            files=tuple(replace(stamp, path=blot(stamp.path)) for stamp in one.files),
            pattern=maybe(one.pattern),
            note=maybe(one.note),
        )
        for one in result.inputs
    )
    waiver = result.waiver and replace(
        result.waiver, reason=blot(result.waiver.reason), issue=maybe(result.waiver.issue)
    )
    prose = {name: maybe(getattr(result, name)) for name in ("description", "reason", "remedy")}
    notes = tuple(blot(note) for note in result.notes)
    return replace(result, **prose, notes=notes, waiver=waiver, checks=checks, inputs=inputs)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case dict():
            return {change(key): _mapped(inner, change) for key, inner in value.items()}
        case list():
            return [_mapped(inner, change) for inner in value]
    return value
