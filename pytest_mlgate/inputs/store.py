"""What has been opened: one `InputStore` for each process that runs gates.

The store opens every file once, loads every model once and runs it once over the same rows, however many gates ask.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from pytest_mlgate.inputs.database import Database
from pytest_mlgate.inputs.digests import arrow_digest
from pytest_mlgate.inputs.models import LoadedModel, open_model
from pytest_mlgate.inputs.references import resolve, user_code
from pytest_mlgate.inputs.sharing import SharedAnswers
from pytest_mlgate.inputs.spark_sessions import SparkSessions
from pytest_mlgate.inputs.stamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from torch import nn

    from pytest_mlgate.inputs.opening import Opened
    from pytest_mlgate.inputs.tables import OpenTable
    from pytest_mlgate.reference import ModelRef, TableRef
    from pytest_mlgate.verdict import FileStamp

DocumentT = TypeVar("DocumentT")
_Answers = dict[bytes, "NDArray[Any]"]


class InputStore:
    """Everything that gates of one process share.

    Args:
        root: files are named relative to it.
        hash_data: whether to take the SHA-256 of data files; that of model files is always taken.
        shared: a folder in which the processes of this session share what models answer.
        updating: whether this run rewrites committed baselines.
    """

    def __init__(
        self, root: Path, *, hash_data: bool = False, shared: Path | None = None, updating: bool = False
    ) -> None:
        self.database = Database()
        self._spark = SparkSessions()
        self._root = root
        self._hash_data = hash_data
        self._shared = SharedAnswers(shared) if shared is not None else None
        self.updating = updating
        self._tables: dict[bytes, Opened] = {}
        self._returned: dict[str, object] = {}
        self._modules: dict[bytes, nn.Module] = {}
        self._answers: WeakKeyDictionary[nn.Module, _Answers] = WeakKeyDictionary()
        self._documents: dict[tuple[Path, object], tuple[FileStamp, Any]] = {}
        self._replies: dict[str, dict[str, str]] = {}

    def table(self, ref: TableRef) -> Opened:
        """Open a table in files, or find it open; one whose files have changed since is opened anew."""
        from pytest_mlgate.inputs.opening import list_files, open_path, selection_of

        listed = list_files(Path(ref.path or ""), hashed=self._hash_data)
        selection = selection_of(ref)
        if selection not in self._tables or self._tables[selection].listed != listed:
            self._tables[selection] = open_path(ref, listed, self.database, self.name)
        return self._tables[selection]

    def elsewhere(self, ref: TableRef) -> Opened:
        """Open a table on Spark or in a warehouse, or find it open."""
        from pytest_mlgate.inputs.elsewhere import open_elsewhere
        from pytest_mlgate.inputs.opening import list_files, selection_of

        listed = list_files(Path(ref.path), hashed=self._hash_data) if ref.path is not None else None
        selection = selection_of(ref)
        if selection not in self._tables or self._tables[selection].listed != listed:
            self._tables[selection] = open_elsewhere(ref, listed, self.database, self._spark, self.name)
        return self._tables[selection]

    def returned(self, ref: TableRef) -> Opened:
        """Open the table that a callable of the user's returns, or find it open; it is called once per session."""
        from pytest_mlgate.inputs.opening import open_value, selection_of

        selection, reference = selection_of(ref), ref.python or ""
        if reference not in self._returned:
            called = resolve(reference)
            with user_code(f"calling {reference}"):
                self._returned[reference] = called()
        if selection not in self._tables:
            self._tables[selection] = open_value(self._returned[reference], ref, reference, self.database)
        return self._tables[selection]

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
            run = partial(infer, model, ref, table)
            answers[key] = run() if self._shared is None else self._shared.find(model, ref, table, run)
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
        for opened in tuple(self._tables.values()):
            if opened.sandbox is not None:
                opened.sandbox.interrupt()

    def close(self) -> None:
        """Let go of everything; the store can be used again and opens things anew."""
        self._tables.clear()
        self._returned.clear()
        self._modules.clear()
        self._answers.clear()
        self._documents.clear()
        self._replies.clear()
        self.database.close()
        self._spark.close()
        _forget_namespaces()


def _forget_namespaces() -> None:
    """Empty the cache in which narwhals keeps DuckDB's type objects to the very end of the process.

    In a process that also loaded torch, the library behind DuckDB's types then reports them on stderr as leaked.
    """
    cached: Any = getattr(sys.modules.get("narwhals._namespace"), "_builtin_namespace", None)
    if hasattr(cached, "cache_clear"):
        cached.cache_clear()
