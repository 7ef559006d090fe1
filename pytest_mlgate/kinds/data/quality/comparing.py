"""Reading comparisons of two columns, as gate files write them: `start <= end`, `"unit price" <= "list price"`.

The language is deliberately this small: column, operator, column. Whatever else somebody may want to say of rows is
SQL, and belongs under `rows_where`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from pytest_mlgate.aggregate import NotCompared

if TYPE_CHECKING:
    from pytest_mlgate.aggregate import Operator

_BARE = re.compile(r"[^\W\d]\w*")
_QUOTED = {'"': re.compile(r'"((?:[^"]|"")*)"'), "`": re.compile(r"`((?:[^`]|``)*)`")}
_OPERATOR = re.compile(r"[=!<>]+")
_SPELLINGS = {"=": "==", "<>": "!=", **{one: one for one in ("==", "!=", "<", "<=", ">", ">=")}}
_KNOWN = "==, !=, <, <=, >, >="
_ELSEWHERE = (
    "a comparison is of two columns; to hold one against a value, use `rows_where`, or data.schema's min and max"
)


class ComparisonError(ValueError):
    """A comparison that cannot be read; `what` says where in its text, `mend` what to write."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(what, mend)


def comparison(text: str) -> NotCompared:
    """Read a comparison as the rule that finds the rows in which it does not hold.

    Raises:
        ComparisonError: it is none.

    >>> comparison('start <= "the end"')
    NotCompared(column='start', operator='<=', other='the end')
    """
    left, at = _name(text, _past_blanks(text, 0))
    operator, at = _operator(text, _past_blanks(text, at))
    right, at = _name(text, _past_blanks(text, at))
    at = _past_blanks(text, at)
    if at < len(text):
        raise ComparisonError(f"character {at + 1}: nothing was expected after the second column", _ELSEWHERE)
    if left == right:
        raise ComparisonError(f"{left!r} is compared with itself", "name two columns")
    return NotCompared(left, operator, right)


def _past_blanks(text: str, at: int) -> int:
    return at + len(text[at:]) - len(text[at:].lstrip())


def _name(text: str, at: int) -> tuple[str, int]:
    """Read a column's name, and where the text goes on."""
    if at >= len(text):
        raise ComparisonError(f"character {at + 1}: a column was expected, and the text ends", "as start <= end")
    quote = text[at]
    if quote in _QUOTED:
        quoted = _QUOTED[quote].match(text, at)
        if quoted is None:
            raise ComparisonError(f"character {at + 1}: this {quote} is never closed", f"close it with {quote}")
        name = quoted[1].replace(quote * 2, quote)
        if not name:
            raise ComparisonError(f"character {at + 1}: the name between the quotes is empty", "name a column")
        return name, quoted.end()
    bare = _BARE.match(text, at)
    if bare is None:
        mend = 'quote names that have other characters than letters, digits and _, as "unit price"'
        mend = _ELSEWHERE if quote.isdigit() or quote in "'-+." else mend
        raise ComparisonError(f"character {at + 1}: a column was expected, found {text[at]!r}", mend)
    return bare[0], bare.end()


def _operator(text: str, at: int) -> tuple[Operator, int]:
    """Read an operator, and where the text goes on."""
    found = _OPERATOR.match(text, at)
    if found is None:
        what = f"found {text[at:].split(maxsplit=1)[0]!r}" if at < len(text) else "and the text ends"
        mend = 'put names with spaces into quotes, as "unit price"' if at < len(text) else "as start <= end"
        raise ComparisonError(f"character {at + 1}: one of {_KNOWN} was expected, {what}", mend)
    if found[0] not in _SPELLINGS:
        raise ComparisonError(f"character {at + 1}: there is no operator {found[0]!r}", f"use one of {_KNOWN}")
    return cast("Operator", _SPELLINGS[found[0]]), found.end()
