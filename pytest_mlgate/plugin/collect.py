"""Gate files as pytest modules: one function per gate.

pytest knows how to give a function the fixtures its signature names, with scopes, parametrisation, autouse and errors.
So a gate file becomes a module object that holds one function per gate, located in the YAML at the gate's own line,
whose signature names the fixtures the gate is fed by. `_genfunctions` is the one private name used, here only.
"""

from __future__ import annotations

from inspect import Parameter, Signature
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.errors import GateFileError, KindError
from pytest_mlgate.gatefile import Gate, GateFile, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_mlgate.plugin.session import GateSession


class GateModule(pytest.Module):
    """One gate file."""

    gates: dict[str, Gate]
    gatefile: GateFile
    gate_session: GateSession

    def _getobj(self) -> ModuleType:
        """Stand in for the Python module that pytest would import."""
        module = ModuleType(self.path.name)
        module.__file__ = str(self.path)
        return module

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Read the file and make one test per gate, and per parameter set where a fixture has parameters."""
        try:
            self.gatefile = load(self.path, self._kinds(), shown=_shown(self.path, self.config))
        except (GateFileError, KindError) as error:
            raise self.CollectError(str(error)) from None
        self.gates = {gate.id: gate for gate in self.gatefile.gates}
        items: list[pytest.Item] = []
        for gate in self.gatefile.gates:
            function = _function(gate, self.path, self._marks(gate.tags))
            setattr(self.obj, gate.id, function)
            items += self._genfunctions(gate.id, function)
        self.gate_session.expect(self.nodeid, self.gatefile, items)
        yield from items

    def _kinds(self) -> Catalogue:
        """Gather the installed kinds and those that conftests offer for this folder."""
        return offered_kinds(self.ihook)

    def _marks(self, tags: Iterable[str]) -> list[pytest.MarkDecorator]:
        """Turn tags into marks, registering each before its first use, as strict markers demand."""
        for tag in tags:
            if tag not in self.gate_session.tags:
                self.gate_session.tags.add(tag)
                self.config.addinivalue_line("markers", f"{tag}: a tag in gate files")
        return [pytest.mark.mlgate, *(getattr(pytest.mark, tag) for tag in tags)]


def offered_kinds(hook: Any) -> Catalogue:
    """Gather kinds through a hook.

    Raises:
        KindError: an implementation raised, or offers something that is no kind.
    """
    try:
        offered = [kind for kinds in hook.pytest_mlgate_kinds() for kind in kinds]
    except Exception as error:  # other people's code
        raise KindError(f"the hook pytest_mlgate_kinds must return a list of kinds: {error!r}") from error
    return Catalogue(("a conftest.py or plugin", kind) for kind in offered)


def _shown(path: Path, config: pytest.Config) -> Path:
    """Show a path as people type it: relative to where pytest was started, if it lies below."""
    start = config.invocation_params.dir
    return path.relative_to(start) if path.is_relative_to(start) else path


def _gate() -> None:
    """Stand for a gate; the plugin's own `pytest_pyfunc_call` runs it."""


def _function(gate: Gate, path: Path, marks: list[pytest.MarkDecorator]) -> FunctionType:
    """Make the function that pytest sees: at the gate's line in the YAML, asking for the gate's fixtures."""
    code = _gate.__code__.replace(co_filename=str(path), co_firstlineno=gate.line, co_name=gate.id)
    function = FunctionType(code, {"__name__": path.name}, gate.id)
    parameters = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in gate.fixtures]
    function.__signature__ = Signature(parameters)  # type: ignore[attr-defined] # how inspect and pytest read it
    function.pytestmark = [decorator.mark for decorator in marks]  # type: ignore[attr-defined] # as pytest stores marks
    return function


def gate_of(item: pytest.Item) -> Gate | None:
    """Give the gate behind an item, or None for an ordinary test."""
    parent = item.parent
    if not isinstance(parent, GateModule) or not isinstance(item, pytest.Function):
        return None
    return parent.gates.get(item.originalname)
