"""Quality gates for models, data sets and prompts, written as YAML and collected by pytest.

This is the public door. Names are resolved on first use, so that importing the package costs nothing: pytest loads the
plugin on every run, with or without gates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_mlgate.errors import GateFileError, KindError, MlgateError, NotMeasuredError, RegistryError
    from pytest_mlgate.kind import GateSpec, Inputs, Kind
    from pytest_mlgate.reference import ModelRef, TableRef
    from pytest_mlgate.verdict import Check, GateResult, Limit, Measurement, Outcome, Promotion, Verdict, judge

__version__ = "0.1.0"

_HOMES = {
    "errors": ("GateFileError", "KindError", "MlgateError", "NotMeasuredError", "RegistryError"),
    "kind": ("GateSpec", "Inputs", "Kind"),
    "reference": ("ModelRef", "TableRef"),
    "verdict": ("Check", "GateResult", "Limit", "Measurement", "Outcome", "Promotion", "Verdict", "judge"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: PLE0604 RUF100 - spelled out for readers and type checkers
    "Check",
    "GateFileError",
    "GateResult",
    "GateSpec",
    "Inputs",
    "Kind",
    "KindError",
    "Limit",
    "Measurement",
    "MlgateError",
    "ModelRef",
    "NotMeasuredError",
    "Outcome",
    "Promotion",
    "RegistryError",
    "TableRef",
    "Verdict",
    "__version__",
    "judge",
]


def __getattr__(name: str) -> Any:
    """Import the module that owns `name` when it is first asked for (PEP 562)."""
    from importlib import import_module

    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
