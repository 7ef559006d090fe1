"""JSON Schema for gate files, made from the frozen structs that gates are read into.

Two uses: `gate_schema` describes one kind, so that every mistake in a gate can be named at once; `published` describes
whole files for editors and is kept in the package as `gate-v1.schema.json`. Nothing is written twice: fields, types and
constraints come from msgspec, the text beside each property from the struct's docstring.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.reference import BaselineRef, HistoryRef, ModelRef, TableRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_mlgate.kind import GateSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
_NAMED = {
    TableRef.__name__: "the name of a table under `data:`",
    HistoryRef.__name__: "the name of a table under `data:`",
    ModelRef.__name__: "the name of a model under `models:`",
    BaselineRef.__name__: "the name of a model under `models:`",
}
_ARGUMENT = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


@cache
def gate_schema(spec: type[GateSpec]) -> Mapping[str, Any]:
    """Describe a gate of one kind; where a table or model is wanted, the name of a declared one will do."""
    return _schema(spec)


@cache
def struct_schema(struct: type[msgspec.Struct]) -> Mapping[str, Any]:
    """Describe a declared table, model or promotion."""
    return _schema(struct)


def _schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    (root,), definitions = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    own = definitions.pop(struct.__name__)
    described: dict[str, Any] = {name: _described(definition) for name, definition in definitions.items()}
    body = _described({**own, **{key: value for key, value in root.items() if key != "$ref"}}, struct)
    return {key: _allow_names(value) for key, value in {**body, "$defs": described}.items()}


def _described(definition: Mapping[str, Any], struct: type | None = None) -> dict[str, Any]:
    """Move what a docstring says of each argument to that property; keep its first paragraph as the description."""
    text = inspect.cleandoc(definition.get("description", "")) if struct is None else _argument_docs(struct)
    notes = {name: " ".join(note.split()) for name, note in _ARGUMENT.findall(text)}
    summary = inspect.cleandoc(definition.get("description", "")).split("\n\nArgs:")[0]
    properties = {
        name: {"description": notes[name], **schema} if name in notes else schema
        for name, schema in definition.get("properties", {}).items()
    }
    kept = {key: value for key, value in definition.items() if key not in ("description", "properties")}
    described = {**kept, "properties": properties} if properties else kept
    return {"description": " ".join(summary.split()), **described} if summary else described


def _argument_docs(struct: type) -> str:
    """Join the Args sections of a struct and its bases, since fields are inherited and so are their words."""
    docs = [inspect.cleandoc(base.__doc__ or "") for base in struct.__mro__ if issubclass(base, msgspec.Struct)]
    return "\n".join(doc.partition("Args:\n")[2] for doc in docs)


def _allow_names(schema: Any) -> Any:
    """Let a string stand wherever a table or a model may be written out."""
    if isinstance(schema, list):
        return [_allow_names(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    named = _NAMED.get(str(schema.get("$ref", "")).removeprefix("#/$defs/"))
    if named:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return {**beside, "anyOf": [{"type": "string", "description": named}, {"$ref": schema["$ref"]}]}
    return {key: _allow_names(value) for key, value in schema.items()}


def published(kinds: Iterable[tuple[str, type[GateSpec]]], promote: type[msgspec.Struct]) -> dict[str, Any]:
    """Describe whole gate files, for editors and other tools.

    Args:
        kinds: names and specs of the kinds to describe.
        promote: the struct behind the `promote:` block.
    """
    definitions: dict[str, Any] = {}
    branches = []
    for name, spec in sorted(kinds):
        schema = dict(gate_schema(spec))
        definitions |= schema.pop("$defs")
        # What `defaults:` may supply cannot be demanded of each gate here; the loader demands it after merging.
        properties = {**schema["properties"], "kind": {"const": name}}
        definitions[name] = {**schema, "required": ["kind"], "properties": properties}
        branches.append(
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": {"$ref": f"#/$defs/{name}"},
            }
        )
    parts: tuple[type[msgspec.Struct], ...] = (TableRef, ModelRef, promote)
    for struct in parts:
        schema = dict(struct_schema(struct))
        definitions |= schema.pop("$defs")
        definitions[struct.__name__] = schema
    gate = {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}}, "allOf": branches}
    table = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/TableRef"}]}
    named = {"type": "object", "propertyNames": {"pattern": ID_PATTERN}}
    return {
        "$schema": DIALECT,
        "title": "pytest-mlgate gate file, version 1",
        "type": "object",
        "required": ["version", "gates"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": 1},
            "name": {"type": "string", "description": "shown in reports; the file's stem unless given"},
            "description": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}, "description": "pytest marks for every gate"},
            "defaults": {"type": "object", "description": "parameters for every gate whose kind knows them"},
            "data": {**named, "additionalProperties": table, "description": "named tables"},
            "models": {**named, "additionalProperties": {"$ref": "#/$defs/ModelRef"}, "description": "named models"},
            "gates": {**named, "additionalProperties": gate, "minProperties": 1, "description": "what must hold"},
            "promote": {"$ref": f"#/$defs/{promote.__name__}"},
        },
        "$defs": dict(sorted(definitions.items())),
    }
