"""Find, by type alone, where a spec names tables, models and files.

A kind declares `data: TableRef`, and that is enough: the name a gate file writes there is resolved, relative paths are
made absolute, and the fixtures behind it are asked for, without the kind or the loader listing its fields by hand.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import inspect as types

from pytest_mlgate.reference import FILE, BaselineRef, GuardrailRef, HistoryRef, ModelRef, ProviderRef, TableRef

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Role = Literal["table", "history", "model", "baseline", "provider", "guardrail", "file"]
Reference = TableRef | ModelRef | ProviderRef | GuardrailRef
Target = tuple[tuple[str, ...], Role]
REFERENCES: dict[Role, type[Reference]] = {
    "table": TableRef,
    "history": HistoryRef,
    "model": ModelRef,
    "baseline": BaselineRef,
    "provider": ProviderRef,
    "guardrail": GuardrailRef,
}
_ROLES: dict[type, Role] = {struct: role for role, struct in REFERENCES.items()}
EVERY = "*"


@cache
def targets(struct: type[msgspec.Struct]) -> tuple[Target, ...]:
    """List the places in a struct that refer to something outside it; `*` stands for every item or key."""
    info = types.type_info(struct)
    assert isinstance(info, types.StructType)  # noqa: S101 - for the type checker
    return tuple(_in_fields(info, (struct,)))


def _in_fields(info: types.StructType, above: tuple[type, ...]) -> Iterator[Target]:
    for field in info.fields:
        for path, role in _in_type(field.type, above):
            yield (field.encode_name, *path), role


def _in_type(info: types.Type, above: tuple[type, ...]) -> Iterator[Target]:  # noqa: C901 - one case a type
    match info:
        case types.Metadata():
            if (info.extra or {}).get(FILE):
                yield (), "file"
            yield from _in_type(info.type, above)
        case types.UnionType():
            for one in info.types:
                yield from _in_type(one, above)
        case types.StructType(cls=cls) if cls in _ROLES:
            yield (), _ROLES[cls]
        case types.StructType(cls=cls) if cls not in above:
            yield from _in_fields(info, (*above, cls))
        case types.ListType() | types.VarTupleType():
            for path, role in _in_type(info.item_type, above):
                yield (EVERY, *path), role
        case types.DictType():
            for path, role in _in_type(info.value_type, above):
                yield (EVERY, *path), role


def find(value: Any, pattern: tuple[str, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Walk a plain value along a pattern and yield each concrete path with what stands there."""
    if not pattern:
        yield (), value
        return
    head, rest = pattern[0], pattern[1:]
    if head == EVERY:
        items: Any = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    else:
        items = [(head, value[head])] if isinstance(value, dict) and head in value else ()
    for key, inner in items:
        for path, found in find(inner, rest):
            yield (key, *path), found


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """Copy a plain value with one place changed; what is shared (defaults, aliases) stays untouched."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def fixtures_of(spec: msgspec.Struct) -> tuple[str, ...]:
    """List the pytest fixtures that the inputs named in a spec come from."""
    plain = {name: getattr(spec, name) for name in spec.__struct_fields__}
    names = []
    for pattern, role in targets(type(spec)):
        if role != "file":
            names += [found.fixture for found in _walk(plain, pattern) if getattr(found, "fixture", None)]
    return tuple(dict.fromkeys(names))


def _walk(value: Any, pattern: tuple[str, ...]) -> Iterator[Any]:
    """Follow a pattern through structs, tuples and mappings."""
    if not pattern:
        yield value
    elif pattern[0] == "*":
        for one in value.values() if isinstance(value, dict) else value or ():
            yield from _walk(one, pattern[1:])
    else:
        inner = value.get(pattern[0]) if isinstance(value, dict) else getattr(value, pattern[0], None)
        if inner is not None:
            yield from _walk(inner, pattern[1:])


def with_relative_files(spec: msgspec.Struct, folder: Path) -> Any:
    """Give a spec as plain values whose file paths are relative to a folder."""
    plain = msgspec.json.decode(msgspec.json.encode(spec))
    places = list(targets(type(spec)))
    for pattern, role in targets(type(spec)):
        inside = REFERENCES.get(role)
        places += [((*pattern, *inner), nested) for inner, nested in (targets(inside) if inside else ())]
    for pattern, role in places:
        for path, value in list(find(plain, pattern)) if role == "file" else ():
            if isinstance(value, str):
                plain = replaced(plain, path, os.path.relpath(value, folder).replace(os.sep, "/"))
    return plain
