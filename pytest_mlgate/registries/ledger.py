"""The ledger of one model: every move of every alias, in order.

`aliases.json` is this ledger and nothing else, and replacing that file is the only thing that commits. A version exists
because a move names it; an alias points where its last move went; what a rollback returns to is found by walking the
moves. Nothing is ever taken out, so the file also answers what was champion on a given day, and why.

    {"layout": 1, "model": "credit-default", "aliases": {"champion": [
        {"version": 1, "at": "2026-01-31T12:00:00Z", "evidence": "evidence.json"},
        {"version": 2, "at": "2026-02-28T12:00:00Z", "evidence": "evidence.json"},
        {"version": 1, "at": "2026-03-01T08:30:00Z", "evidence": null}]}}

A move without evidence is a rollback. Everything here is pure; local.py reads and writes the file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pytest_mlgate.errors import RegistryError
from pytest_mlgate.registries.layout import EVIDENCE, checked_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LAYOUT = 1


@dataclass(frozen=True, slots=True)
class Move:
    """An alias was pointed to `version`; `evidence` is the file that says why, `None` for a rollback."""

    version: int
    at: str
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """All moves of all aliases of one model."""

    model: str
    aliases: Mapping[str, tuple[Move, ...]] = field(default_factory=dict)

    def current(self, alias: str) -> int | None:
        """Return the version that an alias points to; `None` when there is no such alias."""
        moves = self.aliases.get(alias)
        return moves[-1].version if moves else None

    def standing(self, alias: str) -> list[int]:
        """Return the versions whose promotion was not rolled back, the current one last."""
        return _standing(self.aliases.get(alias, ()))

    @property
    def latest(self) -> int:
        """The highest version number, 0 when there is none: all from 1 to it exist."""
        return max((move.version for moves in self.aliases.values() for move in moves), default=0)

    def evidence(self, version: int) -> set[str]:
        """Return the names of the evidence files that belong to a version."""
        moves = (move for moves in self.aliases.values() for move in moves if move.version == version)
        return {move.evidence for move in moves if move.evidence is not None}

    def moved(self, alias: str, move: Move) -> Ledger:
        """Return the ledger with one more move."""
        return Ledger(self.model, {**self.aliases, alias: (*self.aliases.get(alias, ()), move)})

    def dump(self) -> bytes:
        """Return the content of `aliases.json`."""
        aliases = {alias: [asdict(move) for move in moves] for alias, moves in self.aliases.items()}
        return json_bytes({"layout": LAYOUT, "model": self.model, "aliases": aliases})


def parse(data: bytes, *, path: Path, model: str) -> Ledger:
    """Read the content of `aliases.json`.

    Raises:
        RegistryError: it is damaged, of another model, or in a layout of a later release.
    """
    try:
        content = json_object(data)
        layout = content.get("layout")
        if not isinstance(layout, int) or layout <= LAYOUT:
            return _ledger(content, model)
    except (ValueError, RegistryError) as error:
        raise damaged(path, str(error)) from error
    raise RegistryError(f"{path} has layout {layout}, this release knows {LAYOUT}; upgrade pytest-mlgate")


def json_object(data: bytes) -> dict[str, Any]:
    """Decode a JSON object.

    Raises:
        ValueError: it is none.
    """
    try:
        content = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    _require(isinstance(content, dict), "no JSON object")
    return cast("dict[str, Any]", content)


def json_bytes(content: Mapping[str, Any]) -> bytes:
    """Encode what the registry stores: strict JSON, readable, in the order given."""
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def damaged(
    path: Path, why: str, mend: str = "restore it from a backup, or move the registry away to start anew"
) -> RegistryError:
    """Phrase what is wrong with a file of the registry, and what can be done."""
    return RegistryError(f"{path} is damaged ({why}); {mend}")


def _ledger(content: dict[str, Any], model: str) -> Ledger:
    _require(
        set(content) == {"layout", "model", "aliases"} and content["layout"] == LAYOUT, "it is no registry's ledger"
    )
    _require(content["model"] == model, f"it belongs to the model {content['model']!r}, not {model!r}")
    _require(isinstance(content["aliases"], dict), "'aliases' is no object")
    aliases = {checked_name("an alias", name): _moves(name, raw) for name, raw in content["aliases"].items()}
    ledger = Ledger(model, aliases)
    named = {move.version for moves in aliases.values() for move in moves}
    _require(len(named) == ledger.latest, f"no move names some of the versions 1 to {ledger.latest}")
    return ledger


def _moves(alias: str, raw: Any) -> tuple[Move, ...]:
    _require(isinstance(raw, list) and raw, f"{alias!r} has no list of moves")
    for entry in raw:
        _require(
            isinstance(entry, dict) and set(entry) == {"version", "at", "evidence"}, f"a move of {alias!r}: {entry!r}"
        )
        version, at, evidence = entry["version"], entry["at"], entry["evidence"]
        _require(type(version) is int and version > 0, f"a version of {alias!r}: {version!r}")
        _require(isinstance(at, str), f"a time of {alias!r}: {at!r}")
        named = isinstance(evidence, str) and EVIDENCE.fullmatch(evidence)
        _require(evidence is None or named, f"an evidence file of {alias!r}: {evidence!r}")
    moves = tuple(Move(**entry) for entry in raw)
    _standing(moves)
    return moves


def _standing(moves: tuple[Move, ...]) -> list[int]:
    standing: list[int] = []
    for move in moves:
        if move.evidence is not None:
            standing.append(move.version)
            continue
        standing = standing[:-1]
        _require(standing[-1:] == [move.version], f"a rollback to version {move.version} that no promotion went before")
    return standing


def _require(condition: object, why: str) -> None:
    if not condition:
        raise ValueError(why)
