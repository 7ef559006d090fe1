"""Where a column is sensitive, what an engine says of a row must not reach a report: it may quote a value.

An engine that fails on a row quotes what it failed on ("Could not convert string 'ann@example.org' to INT32"). What it
says of SQL, of files and of memory quotes nothing of the data, and a reader needs it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_NO_ROW = frozenset(
    {"ParserException", "BinderException", "CatalogException", "SyntaxException", "PermissionException"}
    | {"IOException", "HTTPException", "OutOfMemoryException", "InterruptException"}
)
_OF_PYTHON = frozenset({"builtins", "json"})
_BEGINNING = 40  # long messages are cut


@contextmanager
def hushed(*, quiet: bool) -> Iterator[None]:
    """Keep back an engine's message that may quote a value.

    Args:
        quiet: whether anything that is read is sensitive.

    Raises:
        NotMeasuredError: in place of another, without its words.
    """
    try:
        yield
    except NotMeasuredError as error:
        cause = error.__cause__
        if not quiet or cause is None or not _may_quote(error.reason, cause):
            raise
        reason = f"the engine fails on a row ({type(cause).__name__}); what it says of it may quote a sensitive value"
        raise NotMeasuredError(
            reason, "run it by hand; where SQL is at fault, let it bear such rows, as TRY_CAST does"
        ) from None


def _may_quote(reason: str, cause: BaseException) -> bool:
    """Tell whether a reason repeats what an engine said of a row."""
    kind = type(cause)
    telling = kind.__module__.partition(".")[0] in _OF_PYTHON or kind.__name__ in _OF_NO_ROW
    return not telling and first_line(cause)[:_BEGINNING] in reason
