"""Code of the user's: imported by dotted reference, and explained when it raises.

Whatever the user's code does wrong is told with their own file and line. What is no mistake of theirs passes through:
Ctrl-C, a timeout that the runner raises from a signal, and our own errors.
"""

from __future__ import annotations

import sysconfig
import traceback
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import MlgateError, NotMeasuredError
from pytest_mlgate.inputs.frames import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = str(Path(__file__).parent.parent)
_LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def resolve(reference: str) -> Any:
    """Import what `package.module:attribute` names.

    Raises:
        NotMeasuredError: there is no such module or attribute, or importing it raised.
    """
    module_name, _, attributes = reference.partition(":")
    with user_code(f"importing {module_name}"):
        try:
            found: Any = import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
                raise
            reason = f"{reference!r} names the module {error.name!r}, which is not found"
            raise NotMeasuredError(reason, "install it, or add its folder to pytest's ini option pythonpath") from error
    for attribute in attributes.split("."):
        if not hasattr(found, attribute):
            raise NotMeasuredError(f"{module_name!r} has no {attributes!r}", suggest(attribute, dir(found), "name"))
        found = getattr(found, attribute)
    return found


@contextmanager
def user_code(doing: str) -> Iterator[None]:
    """Turn what the user's code raises into `NotMeasuredError`.

    Args:
        doing: what was being done, as `calling credit.model:CreditNet`.
    """
    try:
        yield
    except (MlgateError, TimeoutError):
        raise
    except (Exception, SystemExit) as error:
        message = str(error).strip().splitlines()
        said = f": {message[0]}" if message else ""
        raise NotMeasuredError(
            f"{doing} raised {type(error).__name__}{said}{_place(error)}", "mend the code"
        ) from error


def _place(error: BaseException) -> str:
    """Name the innermost line of the traceback that the user wrote."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({error.filename}:{error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    written = [one for one in frames if not one.filename.startswith((_OURS, "<", *_LIBRARIES))]
    return f" ({written[-1].filename}:{written[-1].lineno})" if written else ""
