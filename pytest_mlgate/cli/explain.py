"""What there is to know about a gate kind: from its catalogue file, its docstrings and its schema."""

from __future__ import annotations

import inspect
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgate.gatefile.schema import gate_schema
from pytest_mlgate.kind import GateSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgate.kind import Kind

_COMMON = frozenset(GateSpec.__struct_fields__)


def summary(kind: Kind[Any]) -> str:
    """Say in a line what a kind measures."""
    return inspect.cleandoc(kind.spec.__doc__ or "").partition("\n")[0].rstrip(".")


def explanation(kind: Kind[Any]) -> str:
    """Write everything about a kind: what its catalogue file says and shows, then its parameters one by one."""
    catalogue = _catalogue_file(kind.name)
    parts = [_header(catalogue), _example(catalogue)] if catalogue else [f"{kind.name}: {summary(kind)}"]
    struct: type[GateSpec] = kind.spec
    schema = gate_schema(struct)
    own = [name for name in schema["properties"] if name not in _COMMON]
    parts.append("Parameters of this kind\n" + "\n".join(_parameters(schema, own)))
    common = sorted(_COMMON - {"kind"})
    parts.append("Parameters of every gate\n" + "\n".join(_parameters(schema, common)))
    parts.append(f"INCONCLUSIVE comes to `{kind.inconclusive}` unless the gate says otherwise.")
    return "\n\n".join(parts) + "\n"


def _catalogue_file(name: str) -> str | None:
    """Find the catalogue's file: shipped in the package, or beside it in a checkout."""
    place = f"{name.replace('.', '/')}.gate.yaml"
    shipped = files("pytest_mlgate").joinpath("gates", place)
    if shipped.is_file():
        return shipped.read_text(encoding="utf-8")
    beside = Path(__file__).parent.parent.parent / "gates" / place
    return beside.read_text(encoding="utf-8") if beside.is_file() else None


def _header(text: str) -> str:
    """Give the comment that opens a catalogue file."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    return "\n".join(lines)


def _example(text: str) -> str:
    body = [line for line in text.splitlines() if not line.startswith("#")]
    return "Example\n" + "\n".join(f"  {line}" for line in body)


def _parameters(schema: Mapping[str, Any], names: list[str]) -> Iterator[str]:
    required = schema.get("required", ())
    for name in names:
        found = schema["properties"][name]
        default = found.get("default")
        note = "required" if name in required else f"default {default!r}" if default not in (None, {}, []) else ""
        yield f"  {name:<16}{found.get('description', '')}" + (f" ({note})" if note else "")
