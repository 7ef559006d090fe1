"""Guardrails as gates see them: built in, a callable of the user's, or what a fixture returns; each says yes or no.

What a guardrail answers is taken literally: a bool, or something with an action that is `allow` or `block`. Anything
else, None above all, is no answer, and a guardrail that raises has none: neither is ever counted as letting through.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.models import fixture_value
from pytest_mlgate.inputs.references import resolve, user_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgate.reference import GuardrailRef

_ACTIONS = {"block": True, "allow": False}
_BOOLS = ("bool", "bool_")  # numpy's own has the same meaning, and two names


@dataclass(frozen=True, slots=True)
class Guard:
    """A guardrail that can be asked.

    Args:
        name: how reports call it.
        ask: takes a text.
    """

    name: str
    ask: Callable[[str], Any]

    def blocks(self, text: str, where: str) -> bool:
        """Ask about a text.

        Args:
            text: what the guardrail reads.
            where: names the text in messages.

        Raises:
            NotMeasuredError: the guardrail raised, or its answer is none.
        """
        with user_code(f"asking {self.name} about {where}"):
            answer = self.ask(text)
        if type(answer).__name__ in _BOOLS:
            return bool(answer)
        action: Any = answer.get("action") if isinstance(answer, Mapping) else getattr(answer, "action", None)
        if isinstance(action, Enum):
            action = action.value
        if isinstance(action, str) and action in _ACTIONS:
            return _ACTIONS[action]
        if inspect.iscoroutine(answer):
            answer.close()
        said = f"the action {action!r}" if isinstance(action, str) else f"a {type(answer).__qualname__}"
        raise NotMeasuredError(
            f"asked about {where}, {self.name} answered with {said}, which neither allows nor blocks",
            'return True to block, or a mapping or object whose action is "allow" or "block"',
        )


def open_guard(ref: GuardrailRef | str, fixtures: Mapping[str, object]) -> Guard:
    """Find a guardrail.

    Args:
        ref: which; `builtin` is the one that comes with this package.
        fixtures: fixture name → what it returned.

    Raises:
        NotMeasuredError: it cannot be had, or cannot be called.
        MissingExtraError: the built-in one needs a package that is not installed.
    """
    if isinstance(ref, str):
        from pytest_mlgate.guardrails import builtin

        return Guard("the built-in guardrail", builtin())
    if ref.python is not None:
        name, found = ref.python, resolve(ref.python)
    else:
        name, found = f"fixture {ref.fixture}", fixture_value(ref.fixture or "", fixtures)
    if not callable(found):
        reason = f"{name} is a {type(found).__qualname__}, which cannot be called with a text"
        raise NotMeasuredError(reason, "give a callable that takes a text and answers True to block it")
    return Guard(name, found)
