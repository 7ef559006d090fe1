"""A profile as a file: JSON that reads as a small diff when the reference changes, and says when it was tampered with.

Lists stand on one line and everything else on lines of its own, names in ascending order, numbers in the shortest form
that gives them back. The hash is that of the content and not of the layout: reformatting the file does no harm.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.stats.profile import VERSION, Profile, contradictions

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHOLE = 1e15
_AGAIN = "make it again with `mlgate profile`"


def save_profile(profile: Profile) -> str:
    """Write a profile as the text of a file."""
    content = {"version": VERSION, **_content(profile)}
    return "\n".join(_lines({"version": VERSION, "sha256": _hash(content), **content}, "")) + "\n"


def load_profile(data: bytes, what: str) -> Profile:
    """Read a profile from the bytes of a file.

    Args:
        data: what the file holds.
        what: how messages call it.

    Raises:
        NotMeasuredError: it is no profile, of another version, damaged, or not as this package wrote it.
    """
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise NotMeasuredError(f"{what} cannot be read as JSON, and may have been cut short: {error}", _AGAIN) from None
    if not isinstance(found, dict) or not {"version", "sha256"} <= found.keys():
        raise NotMeasuredError(f"{what} is no profile", "name a file that `mlgate profile` wrote")
    if found["version"] != VERSION:
        reason = f"{what} is of version {found['version']!r}, and this version of pytest-mlgate reads {VERSION}"
        raise NotMeasuredError(reason, f"upgrade pytest-mlgate, or {_AGAIN}")
    stated = found.pop("sha256")
    try:
        profile = msgspec.convert({key: found[key] for key in found if key != "version"}, Profile)
    except msgspec.ValidationError as error:
        raise NotMeasuredError(f"{what} is damaged: {error}", _AGAIN) from None
    if _hash({"version": VERSION, **_content(profile)}) != stated:
        reason = f"{what} is not as it was written: its content does not have the sha256 that it states"
        raise NotMeasuredError(reason, f"do not edit it; {_AGAIN}")
    for wrong in contradictions(profile):
        raise NotMeasuredError(f"{what} cannot be the profile of a table: {wrong}", _AGAIN)
    return profile


def _content(profile: Profile) -> dict[str, Any]:
    """Give a profile as plain values, without what says nothing."""
    content: dict[str, Any] = _short(msgspec.to_builtins(profile))
    content["columns"] = {
        name: {key: value for key, value in column.items() if value is not None and value is not False}
        for name, column in sorted(content["columns"].items())
    }
    return content


def _short(value: Any) -> Any:
    """Write whole numbers without a fraction."""
    match value:
        case dict():
            return {key: _short(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_short(inner) for inner in value]
        case float() if value.is_integer() and abs(value) < _WHOLE:
            return int(value)
    return value


def _hash(content: dict[str, Any]) -> str:
    """Hash the content as JSON with sorted keys and without spaces."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _lines(value: Any, indent: str, head: str = "", tail: str = "") -> Iterator[str]:
    """Lay a value out: mappings on lines of their own, lists of plain values on one."""
    deeper = f"{indent} "
    if isinstance(value, dict) and value:
        yield f"{indent}{head}{{"
        last = len(value) - 1
        for i, (key, inner) in enumerate(value.items()):
            yield from _lines(inner, deeper, f"{json.dumps(key, ensure_ascii=False)}: ", "" if i == last else ",")
        yield f"{indent}}}{tail}"
    elif isinstance(value, list | tuple) and any(isinstance(one, dict) for one in value):
        yield f"{indent}{head}["
        last = len(value) - 1
        for i, inner in enumerate(value):
            text = json.dumps(inner, ensure_ascii=False, allow_nan=False)
            yield f"{deeper}{text}{'' if i == last else ','}"
        yield f"{indent}]{tail}"
    else:
        yield f"{indent}{head}{json.dumps(value, ensure_ascii=False, allow_nan=False)}{tail}"
