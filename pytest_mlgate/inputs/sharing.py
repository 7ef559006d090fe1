"""Answers of models, shared on disk by the processes of one session.

xdist's workers would each run the same model over the same rows. The first to ask runs it while the others wait, and
they read what it got. An entry is named by everything that decides what comes out (weights, structure, device, the very
values that go in), so that changed bytes are another entry; it carries the hash of what it holds, so that a damaged one
counts for nothing; and the folder ends with the session.
"""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.inputs.digests import arrow_digest, module_digest
from pytest_mlgate.inputs.inference import inputs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from pytest_mlgate.inputs.models import LoadedModel
    from pytest_mlgate.inputs.tables import OpenTable
    from pytest_mlgate.reference import ModelRef


class SharedAnswers:
    """What models answered in a session, in a folder that its processes have in common.

    Args:
        folder: exists, belongs to this session alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(
        self, model: LoadedModel, ref: ModelRef, table: OpenTable, infer: Callable[[], NDArray[Any]]
    ) -> NDArray[Any]:
        """Find what a model answered for rows, or run it and leave the answers to the others.

        Args:
            model: which.
            ref: how rows reach it.
            table: the rows.
            infer: runs it.
        """
        key = _key(model, ref, table)
        if key is None or not self._folder.is_dir():
            return infer()
        entry = self._folder / f"{key}.answers"
        with _locked(self._folder / f"{key}.lock"):
            found = _read(entry, table.rows)
            if found is not None:
                return found
            answers = infer()
            # Sharing saves time and decides nothing: what cannot be written is worked out again by whoever needs it.
            with suppress(OSError):
                _write(entry, answers)
        return answers


def _key(model: LoadedModel, ref: ModelRef, table: OpenTable) -> str | None:
    """Name all that decides what a model answers; `None` where it cannot be told from outside."""
    import torch

    structure = module_digest(model.module)
    if structure is None:
        return None
    rows = arrow_digest(table.arrow(inputs_of(ref)))
    settings = [ref.features, ref.preprocess, ref.batch_size, str(torch.__version__)]
    return hashlib.sha256(msgspec.json.encode([model.state, structure, settings, rows])).hexdigest()


def _read(entry: Path, rows: int) -> NDArray[Any] | None:
    """Read answers that were left whole."""
    import numpy as np

    try:
        digest, body = entry.read_bytes().split(b"\n", 1)
        if hashlib.sha256(body).hexdigest().encode() != digest:
            return None
        answers: NDArray[Any] = np.load(io.BytesIO(body), allow_pickle=False)
    except (OSError, ValueError):  # there is none yet, or it is no array
        return None
    return answers if len(answers) == rows else None


def _write(entry: Path, answers: NDArray[Any]) -> None:
    """Leave answers for others: all of them at once."""
    import numpy as np

    file = io.BytesIO()
    np.save(file, answers, allow_pickle=False)
    body = file.getvalue()
    draft = entry.with_suffix(f".{os.getpid()}")
    draft.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    draft.replace(entry)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time past; where there can be no lock, each works for itself."""
    from filelock import FileLock

    lock = FileLock(path)
    with suppress(OSError, NotImplementedError):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
