"""What a gate file demands less of than an earlier version of it did.

Two gate files are walked side by side. A `Limit` carries its direction in the names of its parts, so tightening can be
told from loosening, and a limit or a gate that is new demands more. Of any other parameter nobody knows which way is
looser (a column added to a contract that forbids extra ones allows more), so any change of one counts. Only a gate's
description is free to change.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from pytest_mlgate.kind import seconds
from pytest_mlgate.plain import redactor
from pytest_mlgate.promote.base import base_version
from pytest_mlgate.verdict import Limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.gatefile import Gate, GateFile, Promote
    from pytest_mlgate.verdict import Waiver

__all__ = ["base_version", "looser"]

# Which way each part of a limit is looser: up or down.
_DIRECTIONS = {
    **dict.fromkeys(("max", "warn_max", "max_drop", "max_rise", "max_ratio"), 1),
    **dict.fromkeys(("min", "warn_min", "min_ratio", "confidence"), -1),
}
_STRICTNESS = {"pass": 0, "warning": 1, "fail": 2, "error": 2}
_APART = ("kind", "description", "severity", "inconclusive", "waive", "tags", "timeout")
_LONGEST = 80


def looser(old: GateFile, new: GateFile) -> tuple[str, ...]:
    """Name everything that the new version of a gate file may demand less of, each with its gate, line and values.

    Both must have been read with the same environment. Paths are compared as seen from each file's own folder, so the
    old version may be read from anywhere.
    """
    gates = {gate.id: gate for gate in new.gates}
    pair = _Pair(old.path.parent, new.path.parent)
    found: list[str] = []
    for gate in old.gates:
        if gate.id not in gates:
            found.append(f"gate {gate.id!r} (line {gate.line} of the base) was removed")
        else:
            where = f"gate {gate.id!r} (line {gates[gate.id].line})"
            found += [f"{where}: {change}" for change in _gate(gate, gates[gate.id], pair)]
    if old.promote is not None and new.promote is not None:
        found += [f"promote: {change}" for change in _promote(old.promote, new.promote, pair, set(gates))]
    return tuple(map(redactor(old.secrets | new.secrets), found))


def _gate(old: Gate, new: Gate, pair: _Pair) -> Iterator[str]:
    if old.spec.kind != new.spec.kind or type(old.spec) is not type(new.spec):
        yield f"kind {_changed(old.spec.kind, new.spec.kind)}"
        return
    severities = old.spec.severity, new.spec.severity
    undecided = tuple(one.spec.inconclusive or one.kind.inconclusive for one in (old, new))
    for name, (before, after) in {"severity": severities, "inconclusive": undecided}.items():
        if _STRICTNESS[after] < _STRICTNESS[before]:
            yield f"{name} was loosened from {before} to {after}"
    yield from _waiver(old.spec.waive, new.spec.waive)
    if set(old.tags) != set(new.tags):
        yield f"tags {_changed(sorted(old.tags), sorted(new.tags))}"
    times = old.spec.timeout, new.spec.timeout
    if times[0] != times[1] and (None in times or seconds(times[1] or 0) > seconds(times[0] or 0)):
        yield f"timeout {_changed(*times)}"
    pair = replace(pair, confidence=getattr(old.spec, "confidence", None))
    for name in old.spec.__struct_fields__:
        if name not in _APART:
            yield from pair.changes(name, getattr(old.spec, name), getattr(new.spec, name))


def _waiver(old: Waiver | None, new: Waiver | None) -> Iterator[str]:
    if new is None:
        return
    if old is None:
        yield f"a waiver until {new.until} was added ({new.reason})"
        return
    if new.until > old.until:
        yield f"the waiver was extended from {old.until} to {new.until}"
    if old.checks is not None and (new.checks is None or set(new.checks) - set(old.checks)):
        after = ", ".join(new.checks) if new.checks is not None else "every check"
        yield f"the waiver was widened from {', '.join(old.checks)} to {after}"


def _promote(old: Promote, new: Promote, pair: _Pair, remaining: set[str]) -> Iterator[str]:
    """Compare what promotion asks for; a required gate that was removed has been named already."""
    for gate_id in old.requires:
        if gate_id in remaining and gate_id not in new.requires:
            yield f"gate {gate_id!r} is no longer required"
    if new.allow_waived and not old.allow_waived:
        yield "allow_waived was switched on"
    yield from pair.changes("model", old.model, new.model)
    yield from pair.changes("to", old.to, new.to)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Compares values of two gate files, each of which stands in a folder of its own.

    Args:
        old: the folder of the old file.
        new: the folder of the new one.
        confidence: the old gate's own, which its limits fall back on.
    """

    old: Path
    new: Path
    confidence: float | None = None

    def changes(self, path: str, old: Any, new: Any) -> Iterator[str]:
        """Walk two values side by side and name what may be looser."""
        if isinstance(old, Limit) and isinstance(new, Limit):
            yield from _limit(path, old, new, self.confidence)
        elif isinstance(old, Struct) and type(old) is type(new):
            for name in old.__struct_fields__:
                yield from self.changes(f"{path}.{name}", getattr(old, name), getattr(new, name))
        elif isinstance(old, dict) and isinstance(new, dict):
            yield from self._mapping(path, old, new)
        elif isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
            for index, (before, after) in enumerate(zip(old, new, strict=True)):
                yield from self.changes(f"{path}[{index}]", before, after)
        elif isinstance(old, Limit) and new is None:
            yield f"{path} was removed (it was {_shown(old)})"
        elif not (old is None and isinstance(new, Limit)) and not self._equal(old, new):
            yield f"{path} {_changed(_relative(old, self.old), _relative(new, self.new))}"

    def _mapping(self, path: str, old: dict[Any, Any], new: dict[Any, Any]) -> Iterator[str]:
        for key, before in old.items():
            if key in new:
                yield from self.changes(f"{path}.{key}", before, new[key])
            else:
                yield f"{path}.{key} was removed (it was {_shown(before)})"
        for key, after in new.items():
            if key not in old and not isinstance(after, Limit):
                yield f"{path}.{key} was added as {_shown(after)}, so it may be looser"

    def _equal(self, old: Any, new: Any) -> bool:
        if isinstance(old, bool) != isinstance(new, bool):
            return False  # 1 is not true
        return bool(old == new or _relative(old, self.old) == _relative(new, self.new))


def _limit(path: str, old: Limit, new: Limit, fallback: float | None) -> Iterator[str]:
    for name in old.__struct_fields__:
        before, after = getattr(old, name), getattr(new, name)
        if before is None and name == "confidence" and after is not None:
            before = fallback  # what held before, though it was written elsewhere
        if before is None or before == after:
            continue
        if after is None:
            yield f"{path}.{name} was removed (it was {_shown(before)})"
        elif isinstance(before, str) != isinstance(after, str) or name not in _DIRECTIONS:
            yield f"{path}.{name} {_changed(before, after)}"  # a share of the baseline and an amount: no telling
        elif _number(after) * _DIRECTIONS[name] > _number(before) * _DIRECTIONS[name]:
            word = "raised" if _DIRECTIONS[name] > 0 else "lowered"
            yield f"{path}.{name} was {word} from {_shown(before)} to {_shown(after)}"


def _number(change: float | str) -> float:
    return float(change.removesuffix("%")) if isinstance(change, str) else change


def _relative(value: Any, folder: Path) -> Any:
    """Give an absolute path as seen from a folder; the loader has made every path absolute. Other values stay."""
    if not (isinstance(value, str) and Path(value).is_absolute()):
        return value
    try:
        return os.path.relpath(value, folder)
    except ValueError:  # another drive
        return value


def _changed(old: Any, new: Any) -> str:
    return f"was changed from {_shown(old)} to {_shown(new)}, so it may be looser"


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value, enc_hook=repr).decode() if value is not None else "nothing"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 2] + " …"
