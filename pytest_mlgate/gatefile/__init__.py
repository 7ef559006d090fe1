"""Gate files: YAML text in, frozen specs or every mistake at once out."""

from __future__ import annotations

from pytest_mlgate.gatefile.document import Gate, GateFile, Promote, PromoteSpec
from pytest_mlgate.gatefile.load import Kinds, load

__all__ = ["Gate", "GateFile", "Kinds", "Promote", "PromoteSpec", "load"]
