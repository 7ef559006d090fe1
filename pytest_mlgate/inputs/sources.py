"""The source code behind dotted references, as one hash, so that a cached training dies with the code that made it."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def source_digest(tops: Iterable[str]) -> str:
    """Hash every Python file of some top-level modules or packages: names inside them, and bytes.

    Args:
        tops: names without dots. They are found, not imported.

    Raises:
        NotMeasuredError: one is not found.
    """
    total = hashlib.sha256()
    for top in sorted(tops):
        for name, path in _sources(top):
            code = path.read_bytes()
            total.update(f"{top}\0{name}\0{len(code)}\0".encode())
            total.update(code)
    return total.hexdigest()


def _sources(top: str) -> Iterator[tuple[str, Path]]:
    try:
        spec = find_spec(top)
    except ValueError:  # what `find_spec` makes of a module that was not imported from anywhere
        spec = None
    if spec is None:
        remedy = "install it, or add its folder to pytest's ini option pythonpath"
        raise NotMeasuredError(f"the module {top!r} is not found", remedy)
    for folder in sorted(spec.submodule_search_locations or ()):
        for path in sorted(Path(folder).rglob("*.py")):
            yield path.relative_to(folder).as_posix(), path
    if spec.submodule_search_locations is None and spec.origin is not None and Path(spec.origin).is_file():
        yield Path(spec.origin).name, Path(spec.origin)
