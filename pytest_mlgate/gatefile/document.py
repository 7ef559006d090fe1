"""What a gate file becomes: frozen values with their places."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from pytest_mlgate.gatefile.targets import with_relative_files
from pytest_mlgate.reference import ModelRef

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlgate.kind import GateSpec, Kind


class PromoteSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do once everything required has passed.

    Args:
        model: the model to promote, by its name under `models:`.
        to: the registry entry whose alias moves, by its name under `models:`.
        requires: `all`, or the ids of the gates that must pass.
        allow_waived: let a waived gate count as passed.
    """

    model: str
    to: str
    requires: Literal["all"] | tuple[str, ...] = "all"
    allow_waived: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate, ready to run."""

    id: str
    spec: GateSpec
    kind: Kind[GateSpec]
    line: int
    column: int
    fixtures: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Promote(Struct, frozen=True, kw_only=True):
    """A resolved `promote:` block: paths absolute, names looked up, `all` spelled out."""

    model: ModelRef
    to: ModelRef
    requires: tuple[str, ...]
    allow_waived: bool = False


@dataclass(frozen=True, slots=True)
class GateFile:
    """A gate file without mistakes.

    Args:
        path: absolute.
        name: for reports.
        sha256: of the file's bytes.
        gates: in file order.
        promote: what follows, if anything.
        secrets: values that came from variables whose name speaks of a secret; reports must not show them.
    """

    path: Path
    name: str
    sha256: str
    gates: tuple[Gate, ...]
    promote: Promote | None = None
    secrets: frozenset[str] = frozenset()

    @property
    def resolved_sha256(self) -> str:
        """A hash of what the gates mean after defaults, names and variables are resolved.

        File paths count relative to the gate file, so that the same commit has the same hash on every machine.
        """
        meant = [(gate.id, with_relative_files(gate.spec, self.path.parent)) for gate in self.gates]
        return hashlib.sha256(msgspec.json.encode(meant, order="sorted")).hexdigest()
