"""How often each data set has been judged.

Judging candidate after candidate on one holdout finds a lucky one: the best of twenty passes wrongly one time in five.
A file that every run appends to, by the hash of the data, makes the number visible.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import MlgateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_mlgate.report.document import Run
    from pytest_mlgate.verdict import GateResult

VERSION = 1
_PATIENCE_S = 30


def record(path: Path, run: Run, results: Iterable[GateResult]) -> list[str]:
    """Append this run and say how often each of its data sets has been judged by now.

    Args:
        path: the history, a file of JSON lines; made when missing.
        run: when and on which commit.
        results: with hashed inputs.

    Raises:
        MlgateError: the file holds something else; nothing is written then.
        OSError: it cannot be written.
    """
    from filelock import FileLock, Timeout

    results = list(results)
    judged = dict(sorted(_data_of(results)))
    if not judged:
        return []
    line = {
        "version": VERSION,
        "started": run.started,
        "commit": run.git.commit if run.git else None,
        "data": judged,
        "gates": {one.node_id: str(one.verdict) for one in results},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{path}.lock", timeout=_PATIENCE_S):
            counted = Counter(sha256 for before in _read(path) for sha256 in before["data"])
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, sort_keys=True) + "\n")
                file.flush()
                os.fsync(file.fileno())
    except Timeout:
        raise MlgateError(f"{path} is locked by another run") from None
    return [f"{name} has been judged {counted[sha256] + 1:,} times" for sha256, name in judged.items()]


def _data_of(results: Iterable[GateResult]) -> Iterator[tuple[str, str]]:
    """Give hash and name of the data that were judged; references, and what has no hash, do not count."""
    for result in results:
        for one in result.inputs:
            hashes = [stamp.sha256 for stamp in one.files]
            sha256 = hashes[0] if len(hashes) == 1 else one.sha256
            if one.role == "data" and one.files and sha256 is not None:
                yield sha256, one.name


def _read(path: Path) -> Iterator[dict[str, Any]]:
    """Read what is there, refusing what this version did not write."""
    if not path.exists():
        return
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            line = json.loads(text)
            sound = line["version"] == VERSION and isinstance(line["data"], dict)
        except (ValueError, KeyError, TypeError):
            sound = False
        if not sound:
            raise MlgateError(f"{path}:{number} is no line of a history; move the file away, or repair it")
        yield line
