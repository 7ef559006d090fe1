"""Asking the user's own code for replies, and refusing whatever is no text.

A provider that fails says nothing about the prompt: its error is told with the case it was asked for, and the gate is
not measured.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.references import user_code

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from pytest_mlgate.dialogue import Request


def ask(function: Any, what: str, requests: Sequence[Request], answered: MutableMapping[str, str]) -> list[str]:
    """Call a function for each request that it has not answered before.

    Args:
        function: takes the messages as a list of `{role, content}`; and `model` and `settings` if it has parameters
            of these names.
        what: as messages name it.
        requests: what to ask.
        answered: replies by request; new ones join them.

    Raises:
        NotMeasuredError: it raised, or answered with something that is no text; nothing more is asked then.
    """
    if not callable(function):
        raise NotMeasuredError(f"{what} is a {type(function).__name__}, which cannot be called", "name a function")
    takes = _takes(function)
    for request in requests:
        if request.key not in answered:
            said = {"model": request.model, "settings": dict(request.settings)}
            messages = msgspec.to_builtins(request.messages, builtin_types=())
            wanted = {name: value for name, value in said.items() if name in takes}
            doing = f"calling {what} for {request.case}"
            try:
                with user_code(doing):
                    reply = function(list(messages), **wanted)
            except TimeoutError as error:
                raise NotMeasuredError(f"{doing} timed out: {error}", "try again") from error
            answered[request.key] = text_of(reply, request)
    return [answered[request.key] for request in requests]


def text_of(reply: Any, request: Request) -> str:
    """Give a reply back if it is text that can be written down.

    Raises:
        NotMeasuredError: it is anything else.
    """
    if inspect.iscoroutine(reply):
        reply.close()
        raise NotMeasuredError(f"the provider is async: no reply for {request.case}", "wrap it in asyncio.run")
    if not isinstance(reply, str):
        reason = f"the reply for {request.case} is no text but a {type(reply).__name__}"
        raise NotMeasuredError(reason, "give the text of the reply")
    try:
        reply.encode()
    except UnicodeEncodeError as error:
        reason = f"the reply for {request.case} is no text: half a surrogate pair at character {error.start}"
        raise NotMeasuredError(reason, "decode the reply as UTF-8") from None
    return str.__str__(reply)  # what derives from str may behave otherwise


def _takes(function: Any) -> frozenset[str]:
    """Tell which of the optional arguments a function takes."""
    optional = frozenset({"model", "settings"})
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a builtin that does not say
        return frozenset()
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return optional
    return optional & parameters.keys()
