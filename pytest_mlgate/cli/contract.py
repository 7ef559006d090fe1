"""A `data.schema` gate as text: one line a column, and what each rests on as a comment.

The writer quotes whatever YAML, in this version or an older one, or the loader's own `${VAR}` would read as something
else.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgate.inputs.inferring import Inferred

_PLAIN = re.compile(r"(?:\.\./)*[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_LONGEST_KEY = 500
_MERGE = "<<"  # which the loader refuses as a key, however it is written


def contract(columns: Mapping[str, Inferred], path: str, name: str, source: str) -> str:
    """Write a gate file with one gate, `contract`.

    Args:
        columns: what holds, by column.
        path: of the data, from the folder of the gate file; `${VAR}` in it is for the loader to replace.
        name: of the gate file.
        source: what was learned from, in words.

    Raises:
        NotMeasuredError: there is no column that a gate file can name.
    """
    lines = [line for column, one in columns.items() for line in _column(column, one)]
    if not any(column != _MERGE for column in columns):
        raise NotMeasuredError("no column has a name that a gate file can hold", "rename the column")
    return "\n".join(
        [
            f"# What holds for {_printable(source)[1:-1]} as it is, with room to grow.",
            "# Tighten what you know, and remove what you do not care for. No value may be missing where a column does",
            "# not say `nullable` or `max_null_fraction`. Comments say what was found, so that a limit can be judged.",
            "version: 1",
            f"name: {scalar(name)}",
            "data:",
            f"  current: {scalar(path, substituted=False)}",
            "",
            "gates:",
            "  contract:",
            "    kind: data.schema",
            "    data: current",
            "    columns:",
            *lines,
            "",
        ]
    )


def _column(name: str, one: Inferred) -> Iterator[str]:
    rules = ", ".join(f"{key}: {_value(value)}" for key, value in one.rules.items())
    comment = f"  # {'; '.join(one.notes)}" if one.notes else ""
    if name == _MERGE:
        yield f"      # a column is called {_MERGE}, which a gate file cannot say"
    elif len(name) > _LONGEST_KEY:  # YAML wants longer keys announced
        yield f"      ? {scalar(name, substituted=False)}"
        yield f"      : {{{rules}}}{comment}"
    else:
        yield f"      {scalar(name, substituted=False)}: {{{rules}}}{comment}"


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case str():
            return scalar(value)
    return repr(value)


def scalar(text: str, *, substituted: bool = True) -> str:
    r"""Write text so that the loader reads it back.

    Args:
        text: any.
        substituted: whether the loader looks for `${VAR}` in it, as it does everywhere but in keys.

    >>> print(scalar("state"), scalar("NO"), scalar("1e3"), scalar("cost $$"), scalar("a: b"))
    state "NO" "1e3" "cost $$$$" "a: b"
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _printable(text.replace("$", "$$") if substituted else text)


def _printable(text: str) -> str:
    """Quote text, and spell out what YAML forbids."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", json.dumps(text, ensure_ascii=False))
