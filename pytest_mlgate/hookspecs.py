"""The hooks that pytest-mlgate calls. Implement them in a `conftest.py` or a plugin, as any pytest hook.

```python
# conftest.py
def pytest_mlgate_before_promote(promotion):
    if office_is_closed():
        return "promotions wait for office hours"
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_mlgate.kind import Kind
    from pytest_mlgate.verdict import GateResult, Promotion

hookspec = pluggy.HookspecMarker("pytest")


@hookspec
def pytest_mlgate_kinds() -> Iterable[Kind]:  # type: ignore[type-arg,empty-body] # any spec will do
    """Offer gate kinds to the gate files below this conftest's folder."""


@hookspec
def pytest_mlgate_verdict(result: GateResult) -> None:
    """Hear of one gate's result; called once per gate, in the controlling process."""


@hookspec
def pytest_mlgate_before_promote(promotion: Promotion) -> str | None:
    """Return a reason to veto a promotion that policy allows. Raising refuses it too."""


@hookspec
def pytest_mlgate_promoted(promotion: Promotion) -> None:
    """Hear of a promotion that was carried out."""


@hookspec
def pytest_mlgate_refused(promotion: Promotion) -> None:
    """Hear of a promotion that was asked for and refused."""


@hookspec
def pytest_mlgate_rolled_back(promotion: Promotion) -> None:
    """Hear of an alias that was moved back to its previous version."""
