"""Replies matched by a regular expression: `regex`.

RE2 takes time in proportion to the reply, whatever the pattern and whatever the reply; Python's own engine can be made
to take for ever by either. Fields of a case are put into a pattern as the literal text they are.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from pytest_mlgate.assertions.base import Assertion, shown
from pytest_mlgate.dialogue import PATTERN, as_text, filled, placeholders
from pytest_mlgate.errors import MissingExtraError
from pytest_mlgate.kind import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Regex(Assertion, frozen=True, kw_only=True, tag="regex"):
    r"""Some part of the reply matches a pattern in RE2 syntax.

    Args:
        value: the pattern; (?i) ignores case, (?s) lets . match a line's end, \A and \z anchor it; `{field}` stands for
            the literal text of a field of the case.
    """

    value: Annotated[str, Meta(min_length=1)]

    @property
    def needs(self) -> tuple[str, ...]:
        """The fields of a case that it names."""
        return placeholders(self.value, PATTERN)

    def mistakes(self) -> Iterable[Mistake]:
        """Compile the pattern, where the library that can is there."""
        try:
            why = refused(filled(self.value, dict.fromkeys(self.needs, "x"), PATTERN))
        except MissingExtraError:  # said when the gate runs
            return
        if why is not None:
            mend = "look-around and back-references are not in it; a literal { before a name is written {{name}}"
            yield Mistake(("value",), f"not a pattern in RE2 syntax: {why}", mend)

    def obstacle(self, fields: Mapping[str, Any]) -> str | None:
        """Refuse a pattern that a field made too large, or that matches nothing at all and so everything."""
        found = super().obstacle(fields)
        if found is not None:
            return found
        pattern = self._pattern(fields)
        if not pattern:
            return f"the pattern {self.value} is empty, and matches any reply"
        why = refused(pattern)
        return f"the pattern {self.value} cannot be used with its fields: {why}" if why is not None else None

    def holds(self, reply: str, fields: Mapping[str, Any]) -> bool:
        """Search the reply for the pattern."""
        return searches(self._pattern(fields), reply)

    def wants(self, reply: str, fields: Mapping[str, Any]) -> str:  # noqa: ARG002 - the reply says the rest
        """Name the pattern."""
        return f"match {shown(self._pattern(fields))}"

    def _pattern(self, fields: Mapping[str, Any]) -> str:
        return filled(self.value, fields, PATTERN, _literally) if self.needs else filled(self.value, {}, PATTERN)


def searches(pattern: str, text: str) -> bool:
    """Tell whether some part of a text matches a pattern.

    Raises:
        MissingExtraError: google-re2 is not installed.
    """
    return _compiled(pattern).search(text) is not None


def refused(pattern: str) -> str | None:
    """Say why RE2 does not take a pattern; None when it does.

    Raises:
        MissingExtraError: google-re2 is not installed.
    """
    re2 = _re2()
    try:
        _compiled(pattern)
    except re2.error as error:
        why = error.args[0] if error.args else error
        return why.decode(errors="replace") if isinstance(why, bytes) else str(why)
    return None


def _literally(value: Any) -> str:
    return str(_re2().escape(as_text(value)))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Any:
    re2 = _re2()
    options = re2.Options()
    options.log_errors = False  # an error is raised; it need not be printed too
    return re2.compile(pattern, options)


def _re2() -> Any:
    try:
        import re2
    except ImportError as error:
        raise MissingExtraError("matching a regular expression", "google-re2", "llm") from error
    return re2
