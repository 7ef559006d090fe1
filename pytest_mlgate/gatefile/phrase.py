"""Say in plain words what a JSON Schema validator found.

A validator reports against the schema ("is not valid under any of the given schemas"); a person needs to know which
key, what was expected and what to write. This module turns one into the other and knows nothing of files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgate.gatefile.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema.exceptions import ValidationError

_NAMES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A mistake at a path; `at_key` points at the key rather than at what stands behind it."""

    path: tuple[str | int, ...]
    what: str
    mend: str = ""
    at_key: bool = False


def phrases(value: Any, schema: Mapping[str, Any]) -> Iterator[Phrase]:
    """Validate a plain value and phrase every mistake in it."""
    for error in _validator(schema).iter_errors(value):
        yield from _phrase(error, schema)


def _validator(schema: Mapping[str, Any]) -> Any:
    """Make a validator that, unlike JSON Schema, does not take 2.0 for a whole number: the structs do not either."""
    import jsonschema

    def whole(_checker: object, instance: object) -> bool:
        return isinstance(instance, int) and not isinstance(instance, bool)

    base = jsonschema.Draft202012Validator
    extend: Any = jsonschema.validators.extend
    strict = extend(base, type_checker=base.TYPE_CHECKER.redefine("integer", whole))
    return strict(schema, format_checker=jsonschema.FormatChecker())


def _phrase(error: ValidationError, root: Mapping[str, Any]) -> Iterator[Phrase]:  # noqa: C901 - one case a keyword
    path = tuple(error.absolute_path)
    asked: Any = error.validator_value
    found: Any = error.instance
    schema: Any = error.schema
    match error.validator:
        case "additionalProperties":
            known = schema.get("properties", {})
            for key in sorted(set(found) - set(known)):
                yield Phrase((*path, key), f"unknown key {key!r}", did_you_mean(key, known, "known keys"), at_key=True)
        case "required":
            key = next(name for name in asked if name not in found and f"{name!r} " in error.message)
            expected = _expected(schema.get("properties", {}).get(key, {}), root)
            yield Phrase(path, f"{key!r} is missing", f"expected {expected}", at_key=True)
        case "anyOf" | "oneOf":
            yield from _alternatives(error, root)
        case "type":
            yield Phrase(path, f"expected {_expected(schema, root)}, found {_shown(found)}")
        case "enum" if "propertyNames" in error.absolute_schema_path:
            mend = did_you_mean(found, map(str, asked), "known names")
            yield Phrase((*path, found), f"unknown name {found!r}", mend, at_key=True)
        case "enum":
            yield Phrase(path, f"{_shown(found)} is not allowed here", did_you_mean(found, map(str, asked), "allowed"))
        case "pattern":
            yield Phrase(path, f"not of the form expected here: {schema.get('description', asked)}")
        case "format":
            yield Phrase(path, f"expected {_expected(schema, root)}, found {_shown(found)}")
        case "minLength" | "minItems" | "minProperties":
            yield Phrase(path, "must not be empty")
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            yield Phrase(path, f"must be {_BOUNDS[str(error.validator)]} {asked:g}, found {_shown(found)}")
        case _:
            yield Phrase(path, error.message)


def _alternatives(error: ValidationError, root: Mapping[str, Any]) -> Iterator[Phrase]:
    """Phrase the alternative that was probably meant: the one whose type fits; else name them all."""
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context or []:
        branches.setdefault(int(inner.schema_path[0]), []).append(inner)
    fitting = [
        errors for errors in branches.values() if not any(e.validator == "type" and not e.relative_path for e in errors)
    ]
    if len(fitting) == 1:
        for inner in fitting[0]:
            yield from _phrase(inner, root)
        return
    schema: Any = error.schema
    expected = _expected(schema, root)
    yield Phrase(tuple(error.absolute_path), f"expected {expected}, found {_shown(error.instance)}")


def _expected(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """Describe what a schema wants in a few words."""
    if "$ref" in schema:
        return _expected(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "anyOf" in schema:
        options = [_expected(one, root) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(options))
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if schema.get("format") == "date":
        return "a date, as 2027-01-31"
    kind = schema.get("type")
    name = _NAMES.get(kind, str(kind)) if isinstance(kind, str) else "a value"
    if kind == "object" and schema.get("properties"):
        return f"a mapping with {', '.join(list(schema['properties'])[:6])}"
    note = schema.get("description")
    return f"{name} ({note})" if note and kind not in ("object", "array") else name


def _shown(value: Any) -> str:
    """Show a value briefly, by type where it has no short form. Never shows text: it may hold a secret's value."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:g}"
        case str():
            return "text"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return "a mapping" if value else "an empty mapping"
