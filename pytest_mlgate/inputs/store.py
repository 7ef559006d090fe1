"""What has been opened: one `InputStore` for each process that runs gates.

The store opens every file once, loads every model once and runs it once over the same rows, however many gates ask.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from pytest_mlgate.inputs.database import Database
from pytest_mlgate.inputs.digests import arrow_digest
from pytest_mlgate.inputs.models import LoadedModel, open_model
from pytest_mlgate.inputs.stamps import stamp
from pytest_mlgate.verdict import FileStamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from torch import nn

    from pytest_mlgate.inputs.frames import Frame
    from pytest_mlgate.inputs.tables import OpenTable
    from pytest_mlgate.reference import ModelRef

DocumentT = TypeVar("DocumentT")
_Opened = tuple[FileStamp, "Frame"]
_Answers = dict[bytes, "NDArray[Any]"]


class InputStore:
    """Everything that gates of one process share.

    Args:
        root: files are named relative to it.
        hash_data: whether to take the SHA-256 of data files; that of model files is always taken.
    """

    def __init__(self, root: Path, *, hash_data: bool = False) -> None:
        self.database = Database()
        self._root = root
        self._hash_data = hash_data
        self._frames: dict[Path, _Opened] = {}
        self._modules: dict[bytes, nn.Module] = {}
        self._answers: WeakKeyDictionary[nn.Module, _Answers] = WeakKeyDictionary()
        self._documents: dict[tuple[Path, object], tuple[FileStamp, Any]] = {}
        self._replies: dict[str, dict[str, str]] = {}

    def file(self, path: Path) -> _Opened:
        """Open a table in a file, or find it open; a file that has changed since is opened anew."""
        from pytest_mlgate.inputs.files import open_file

        found = stamp(path, hashed=self._hash_data)
        if path not in self._frames or self._frames[path][0] != found:
            self._frames[path] = found, open_file(path, self.name(path), self.database)
        return self._frames[path]

    def model(self, ref: ModelRef, fixtures: Mapping[str, object]) -> LoadedModel:
        """Load a model, or find it loaded."""
        return open_model(ref, fixtures, self._modules, self.name)

    def answers(self, model: LoadedModel, ref: ModelRef, table: OpenTable) -> NDArray[Any]:
        """Run a model over rows, or find what a model in the same state answered for the same rows before."""
        from pytest_mlgate.inputs.inference import infer, inputs_of

        rows = table.key or arrow_digest(table.arrow(inputs_of(ref)))
        key = msgspec.json.encode([model.state, ref.features, ref.preprocess, ref.batch_size, rows])
        answers = self._answers.setdefault(model.module, {})
        if key not in answers:
            answers[key] = infer(model, ref, table)
            answers[key].setflags(write=False)
        return answers[key]

    def document(
        self, path: Path, reader: Callable[[bytes, Path, Path], DocumentT], *, hashed: bool = False
    ) -> tuple[FileStamp, DocumentT]:
        """Read a file that is no table, or find it read.

        Args:
            path: the file.
            reader: takes its bytes, its path, and the path as messages name it.
            hashed: whether to take its SHA-256 even where that of data files is not taken.
        """
        found = stamp(path, hashed=hashed or self._hash_data)
        if self._documents.get((path, reader), (None,))[0] != found:
            self._documents[path, reader] = found, reader(path.read_bytes(), path, Path(self.name(path)))
        return found, self._documents[path, reader][1]

    def replies(self, provider: str) -> dict[str, str]:
        """Give what a provider has said in this session, by request."""
        return self._replies.setdefault(provider, {})

    def name(self, path: Path) -> str:
        """Say a file's name as reports do."""
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else str(path)

    def interrupt(self) -> None:
        """Stop the query that is running, if one is; called from another thread."""
        self.database.interrupt()

    def close(self) -> None:
        """Let go of everything; the store can be used again and opens things anew."""
        self._frames.clear()
        self._modules.clear()
        self._answers.clear()
        self._documents.clear()
        self._replies.clear()
        self.database.close()
        _forget_namespaces()


def _forget_namespaces() -> None:
    """Empty the cache in which narwhals keeps DuckDB's type objects to the very end of the process.

    In a process that also loaded torch, the library behind DuckDB's types then reports them on stderr as leaked.
    """
    cached: Any = getattr(sys.modules.get("narwhals._namespace"), "_builtin_namespace", None)
    if hasattr(cached, "cache_clear"):
        cached.cache_clear()
