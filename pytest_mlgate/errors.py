"""Why something could not be done, phrased for the person who has to mend it.

Every message says *what* is wrong, *where* (``file:line:col`` when there is a gate file to point into) and *what to
do*. Errors are data first: a gate file with nine mistakes is one `GateFileError` holding nine `Problem` values, and
only `str()` turns them into text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


_LONGEST_QUOTE = 160


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a text file; `line` and `column` count from one, as editors do."""

    path: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: what is wrong, where it stands, the line as written, and what would mend it."""

    what: str
    place: Place | None = None
    text: str = ""
    mend: str = ""

    def __str__(self) -> str:
        head = f"{self.place}: {self.what}" if self.place else self.what
        quoted = f"\n    | {_clipped(self.text.strip())}" if self.text.strip() else ""
        return head + quoted + (f"\n    = {self.mend}" if self.mend else "")


def _clipped(line: str) -> str:
    return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + " …"


class MlgateError(Exception):
    """Anything this package raises on purpose."""


class GateFileError(MlgateError):
    """A gate file that cannot be used; holds every problem found in it, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        return "\n".join([f"{count} problem{'s' if count != 1 else ''} in the gate file", *map(str, self.problems)])


class KindError(MlgateError):
    """A gate kind that cannot be used: not importable, not a kind, or claimed by two owners."""


class NotMeasuredError(MlgateError):
    """A measurement that could not be made. `reason` says why, `remedy` what would make it possible."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason, remedy)

    def __str__(self) -> str:
        return f"{self.reason} ({self.remedy})" if self.remedy else self.reason


class NotApplicableError(MlgateError):
    """There is nothing to compare with yet, and the gate file says that this is allowed (`optional: true`)."""


class MissingExtraError(NotMeasuredError):
    """An optional library that a feature needs and that is not installed."""

    def __init__(self, feature: str, module: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the package {module}, which is not installed",
            f'pip install "pytest-mlgate[{extra}]"',
        )


class RegistryError(MlgateError):
    """A model registry that refused, or whose content is damaged; nothing was changed."""
