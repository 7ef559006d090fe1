"""Replies that should be JSON: `is_json`, `json_schema`."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from pytest_mlgate.assertions.base import Assertion
from pytest_mlgate.assertions.pattern import refused, searches
from pytest_mlgate.errors import MissingExtraError, NotMeasuredError
from pytest_mlgate.kind import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_LONGEST = 160
_UNREAD = object()


class IsJson(Assertion, frozen=True, kw_only=True, tag="is_json"):
    """The whole reply is one JSON value; NaN and Infinity are not JSON."""

    def holds(self, reply: str, fields: Mapping[str, Any]) -> bool:  # noqa: ARG002 - needs no fields
        """Parse the reply."""
        return _parsed(reply) is not _UNREAD

    def wants(self, reply: str, fields: Mapping[str, Any]) -> str:  # noqa: ARG002 - nothing varies
        """Say it."""
        return "be JSON"


class JsonSchema(Assertion, frozen=True, kw_only=True, tag="json_schema"):
    """The whole reply is JSON that a JSON Schema accepts.

    Args:
        schema: the schema, written in place; draft 2020-12 unless its `$schema` says otherwise. Nothing is fetched:
            references start with #.
    """

    schema: Annotated[dict[str, Any], Meta(min_length=1)]

    def mistakes(self) -> Iterable[Mistake]:
        """Check the schema itself."""
        from jsonschema import FormatChecker
        from jsonschema.exceptions import SchemaError

        try:  # what a pattern may say is RE2's affair, not that of the format "regex"
            _validator(_encoded(self.schema)).check_schema(self.schema, format_checker=FormatChecker(()))
        except SchemaError as error:
            yield Mistake(("schema", *error.absolute_path), f"not a JSON Schema: {error.message[:_LONGEST]}")
            return
        yield from _unchecked(self.schema, ("schema",))

    def holds(self, reply: str, fields: Mapping[str, Any]) -> bool:  # noqa: ARG002 - needs no fields
        """Parse the reply and validate it."""
        value = _parsed(reply)
        return value is not _UNREAD and next(self._errors(value), None) is None

    def wants(self, reply: str, fields: Mapping[str, Any]) -> str:  # noqa: ARG002 - needs no fields
        """Say what the schema objects to."""
        wanted = "be JSON that the schema accepts"
        value = _parsed(reply)
        if value is _UNREAD:
            return f"{wanted}, and it is no JSON"
        first = next(self._errors(value), None)
        return wanted if first is None else f"{wanted}, and {first.json_path}: {first.message[:_LONGEST]}"

    def _errors(self, value: Any) -> Iterator[Any]:
        try:
            yield from _validator(_encoded(self.schema)).iter_errors(value)
        except RecursionError as error:
            raise NotMeasuredError("the reply is nested too deep to be checked against the schema") from error


def _parsed(reply: str) -> Any:
    """Parse a reply; `_UNREAD` when it is no JSON."""
    try:
        return msgspec.json.decode(reply)
    except msgspec.DecodeError:
        return _UNREAD
    except RecursionError as error:
        raise NotMeasuredError("the reply is nested too deep to be read as JSON") from error


def _encoded(schema: dict[str, Any]) -> str:
    return json.dumps(schema, sort_keys=True)


@lru_cache(maxsize=256)
def _validator(encoded: str) -> Any:
    """Make a validator whose patterns are matched in linear time."""
    import jsonschema

    schema = json.loads(encoded)
    base = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    extend: Any = jsonschema.validators.extend
    return extend(base, {"pattern": _pattern})(schema, format_checker=base.FORMAT_CHECKER)


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not searches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _unchecked(schema: Any, path: tuple[str | int, ...]) -> Iterator[Mistake]:
    """Find what a schema asks for and would not get: a silent omission would be a pass."""
    if isinstance(schema, list):
        for index, one in enumerate(schema):
            yield from _unchecked(one, (*path, index))
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        match key, value:
            case ("$ref" | "$dynamicRef", str()) if not value.startswith("#"):
                yield Mistake((*path, key), "a schema refers to its own parts only", "write the part in, under $defs")
            case ("format", str()) if value not in _formats():
                mend = f"formats that are: {', '.join(sorted(_formats()))}; or write a pattern"
                yield Mistake((*path, key), f"the format {value!r} is not checked here", mend)
            case ("patternProperties", dict()):
                mend = "use properties, propertyNames and additionalProperties"
                yield Mistake((*path, key), "patternProperties is not offered, its patterns can take for ever", mend)
            case ("pattern", str()):
                yield from _pattern_mistakes(value, (*path, key))
            case ("const" | "enum" | "default" | "examples", _):
                continue
        yield from _unchecked(value, (*path, key))


def _pattern_mistakes(pattern: str, path: tuple[str | int, ...]) -> Iterator[Mistake]:
    try:
        why = refused(pattern)
    except MissingExtraError:  # said when the gate runs
        return
    if why is not None:
        yield Mistake(path, f"not a pattern in RE2 syntax: {why}")


def _formats() -> list[str]:
    import jsonschema

    return [name for name in jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers if name != "regex"]
