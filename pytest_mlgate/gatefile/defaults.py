"""Filling gates from the `defaults:` section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.gatefile.schema import gate_schema

if TYPE_CHECKING:
    from pytest_mlgate.kind import GateSpec


def with_defaults(raw: dict[str, Any], defaults: dict[str, Any], spec: type[GateSpec]) -> dict[str, Any]:
    """Fill a gate from the defaults that its kind knows; `none` (or null) in the gate opts out of one."""
    fields = spec.__struct_encode_fields__
    merged = {key: value for key, value in defaults.items() if key in fields and key != "kind" and value is not None}
    for key, value in raw.items():
        opts_out = key in merged and (value is None or (value == "none" and not _allows_none_word(spec, key)))
        if opts_out:
            del merged[key]
        else:
            merged[key] = value
    return merged


def _allows_none_word(spec: type[GateSpec], key: str) -> bool:
    """Whether "none" is a choice that this parameter offers, as in `correction: none`."""
    return "none" in gate_schema(spec).get("properties", {}).get(key, {}).get("enum", ())
