"""The assertions a gate file can write, by name, and how one is read with every mistake in it.

A new assertion is a struct in a module of its own and a line in `TYPES`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.assertions.distance import Levenshtein
from pytest_mlgate.assertions.groups import AllOf, AnyOf, AtLeast, Group
from pytest_mlgate.assertions.literal import Contains, Equals, IContains
from pytest_mlgate.assertions.pattern import Regex
from pytest_mlgate.assertions.shape import Format
from pytest_mlgate.assertions.structured import IsJson, JsonSchema
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.gatefile.phrase import phrases
from pytest_mlgate.gatefile.schema import struct_schema
from pytest_mlgate.kind import Mistake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgate.assertions.base import Assertion, Rule

    Path = tuple[str | int, ...]

_SINGLE: tuple[type[Assertion], ...] = (
    Equals,
    Contains,
    IContains,
    Regex,
    IsJson,
    JsonSchema,
    Levenshtein,
    Format,
)
TYPES: Mapping[str, type[Assertion]] = MappingProxyType({str(one.__struct_config__.tag): one for one in _SINGLE})
GROUPS: Mapping[str, type[AllOf | AnyOf | AtLeast]] = MappingProxyType(
    {"all": AllOf, "any": AnyOf, "at_least": AtLeast}
)


def parse(raw: Mapping[str, Any], path: Path) -> tuple[Rule | None, list[Mistake]]:
    """Read one assertion, or a group of them.

    Args:
        raw: as written.
        path: where it stands in the gate.

    Returns:
        The rule, or None where it is faulty; and the mistakes in it.
    """
    word = next((word for word in GROUPS if word in raw), None)
    if word is not None and "type" not in raw:
        return _group(word, raw, path)
    if "type" not in raw:
        mend = f"type: {', '.join(TYPES)}; groups: {', '.join(GROUPS)}"
        return None, [Mistake(path, "an assertion has a type, or is a group of others", mend)]
    named = raw["type"]
    struct = TYPES.get(named) if isinstance(named, str) else None
    if struct is None:
        mend = did_you_mean(named, TYPES, "known types")
        return None, [Mistake((*path, "type"), f"there is no assertion {named!r}", mend)]
    rule, mistakes = _read(raw, struct, path)
    if rule is not None:
        mistakes = [Mistake((*path, *one.path), one.what, one.mend) for one in rule.mistakes()]
    return (None if mistakes else rule), mistakes


def _group(word: str, raw: Mapping[str, Any], path: Path) -> tuple[Rule | None, list[Mistake]]:
    written, mistakes = _read(raw, GROUPS[word], path)
    if written is None:
        return None, mistakes
    listed = "of" if isinstance(written, AtLeast) else word
    members = getattr(written, listed)
    read = [parse(member, (*path, listed, index)) for index, member in enumerate(members)]
    mistakes = [mistake for _, found in read for mistake in found]
    needed = {"all": len(members), "any": 1}.get(word) or getattr(written, word)
    if needed > len(members):
        what = f"at least {needed} of {len(members)} can never hold"
        mistakes.append(Mistake((*path, word), what, "list more, or ask for fewer"))
    rules = tuple(rule for rule, _ in read if rule is not None)
    return (None if mistakes else Group(written.name, written.negated, needed, rules)), mistakes


def _read(raw: Mapping[str, Any], struct: type[msgspec.Struct], path: Path) -> tuple[Any, list[Mistake]]:
    """Convert to a struct, or list what is wrong as gate files do."""
    try:
        return msgspec.convert(raw, struct), []
    except msgspec.ValidationError as error:
        found = [Mistake((*path, *one.path), one.what, one.mend) for one in phrases(raw, struct_schema(struct))]
        return None, found or [Mistake(path, str(error))]
