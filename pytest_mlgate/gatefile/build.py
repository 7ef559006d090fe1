"""The same gates from Python: keyword arguments in, a gate out, with the same checks as a file goes through."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.errors import GateFileError, Problem
from pytest_mlgate.gatefile.document import Gate
from pytest_mlgate.gatefile.phrase import phrases
from pytest_mlgate.gatefile.schema import gate_schema
from pytest_mlgate.gatefile.targets import REFERENCES, Reference, find, replaced, targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_mlgate.kind import GateSpec, Kind


def build(kind: Kind[Any], gate_id: str, line: int, parameters: Mapping[str, Any]) -> tuple[Gate, dict[str, object]]:
    """Make a gate from parameters as a gate file would write them.

    Where a table or model is wanted, the object itself may stand (a dataframe, a `torch.nn.Module`), a mapping as in a
    gate file, or one whose `fixture` is the object: `{"fixture": network, "features": [...], "output": "logits"}`.
    A string is the path of a table.

    Args:
        kind: of the gate.
        gate_id: for reports.
        line: where it was asked for.
        parameters: as in a gate file.

    Returns:
        The gate, and the objects it is fed by under the names of the fixtures they stand in for.

    Raises:
        GateFileError: with every mistake in the parameters.
    """
    struct: type[GateSpec] = kind.spec
    plain = {"kind": kind.name, **{key: _plain(value) for key, value in parameters.items() if value is not None}}
    given: dict[str, object] = {}
    resolved, shown = plain, plain
    for pattern, role in targets(struct):
        for path, value in list(find(plain, pattern)) if role in REFERENCES else ():
            written = _written(value, role, f"argument_{len(given)}_{path[-1]}", given)
            shown = replaced(shown, path, written)
            resolved = replaced(resolved, path, _reference(written, REFERENCES[role]))
    try:
        spec = msgspec.convert(resolved, struct)
    except msgspec.ValidationError as error:
        raise GateFileError(_problems(shown, struct, error)) from None
    found = [Problem(f"{_at(kind.name, one.path)}{one.what}", mend=one.mend) for one in kind.mistakes(spec)]
    if found:
        raise GateFileError(found)
    return Gate(gate_id, spec, kind, line, 1, tuple(given)), given


def _plain(value: Any) -> Any:
    """Turn tuples into lists, so that one walk serves what Python and YAML write."""
    match value:
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case Integral() if not isinstance(value, bool):
            return int(value)
        case Real() if not isinstance(value, bool):
            return float(value)
        case _:
            return value


def _written(value: Any, role: str, name: str, given: dict[str, object]) -> Any:
    """Write an input as a gate file would; an object stands behind a fixture's name."""
    if isinstance(value, str):
        return {"path": value} if role in ("table", "history") else value
    if isinstance(value, dict):
        if "fixture" in value and not isinstance(value["fixture"], str):
            given[name] = value["fixture"]
            return {**value, "fixture": name}
        return value
    given[name] = value
    return {"fixture": name}


def _reference(written: Any, struct: type[Reference]) -> Any:
    """Read a written reference if it can be read; what cannot is left for the schema to explain."""
    try:
        reference: Reference = msgspec.convert(written, struct)
    except msgspec.ValidationError:
        return written
    found = [Problem(one) for one in reference.mistakes()]
    if found:
        raise GateFileError(found)
    return reference


def _problems(shown: Any, struct: type[GateSpec], error: msgspec.ValidationError) -> Iterable[Problem]:
    found = [
        Problem(f"{_at(str(shown['kind']), one.path)}{one.what}", mend=one.mend)
        for one in phrases(shown, gate_schema(struct))
    ]
    return found or [Problem(str(error))]


def _at(kind: str, path: tuple[str | int, ...]) -> str:
    where = ".".join(map(str, path))
    return f"{kind}: {where}: " if where else f"{kind}: "
