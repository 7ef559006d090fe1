"""Gate files as they were on a base revision, asked of git.

A gate file that was weakened in the same change that it should have stopped is no gate. To compare, its earlier bytes
are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.errors import MlgateError
from pytest_mlgate.inputs.git import entry

if TYPE_CHECKING:
    from pathlib import Path


def base_version(path: Path, rev: str) -> bytes | None:
    """Return the bytes that a file had at a revision; None when it was not there.

    Args:
        path: the file, whether it still exists or not; its folder must.
        rev: anything git can resolve to one commit, as `origin/main` or `HEAD~1`.

    Raises:
        MlgateError: the revision is unknown, or the folder is in no repository.
    """
    found = entry(path, rev)
    if found is None:
        return None
    if not found.is_file:
        raise MlgateError(f"{path} was a link or a folder at {rev!r}, so there is no gate file to compare with")
    return found.content()
