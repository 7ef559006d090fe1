"""What has been opened: one `InputStore` for each process that runs gates, one `GateInputs` for each gate.

The store opens every file once, loads every model once and runs it once over the same rows, however many gates ask. A
gate's own inputs add what belongs to it alone: its seed, what its fixtures returned, and the record of what it opened.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from pytest_mlgate.inputs.database import Database
from pytest_mlgate.inputs.digests import arrow_digest
from pytest_mlgate.inputs.models import LoadedModel, fixture_value, open_model
from pytest_mlgate.inputs.stamps import stamp
from pytest_mlgate.inputs.tables import OpenTable
from pytest_mlgate.verdict import FileStamp, InputRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray
    from torch import nn

    from pytest_mlgate.dialogue import Case
    from pytest_mlgate.inputs.frames import Frame
    from pytest_mlgate.inputs.guards import Guard
    from pytest_mlgate.kind import GuardrailRef, ModelRef, Predictions, PredictionSpec, TableRef

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
        self.database.close()
        _forget_namespaces()


def _forget_namespaces() -> None:
    """Empty the cache in which narwhals keeps DuckDB's type objects to the very end of the process.

    In a process that also loaded torch, the library behind DuckDB's types then reports them on stderr as leaked.
    """
    cached: Any = getattr(sys.modules.get("narwhals._namespace"), "_builtin_namespace", None)
    if hasattr(cached, "cache_clear"):
        cached.cache_clear()


class GateInputs:
    """What one gate measures on; implements `pytest_mlgate.kind.Inputs`.

    Args:
        store: shared with the other gates.
        seed: depends on the gate's identity alone.
        fixtures: name → what pytest's fixture returned.
    """

    def __init__(self, store: InputStore, *, seed: int, fixtures: Mapping[str, object]) -> None:
        self._store = store
        self._seed = seed
        self._fixtures = fixtures
        self._fixture_tables: dict[str, OpenTable] = {}
        self._records: dict[tuple[str, str], InputRecord] = {}

    @property
    def seed(self) -> int:
        """A seed that depends on the gate's identity alone, so that reruns repeat."""
        return self._seed

    @property
    def records(self) -> tuple[InputRecord, ...]:
        """Everything that the gate opened, in order."""
        return tuple(self._records.values())

    def table(self, ref: TableRef, role: str = "data") -> OpenTable:
        """Open a table.

        Args:
            ref: which.
            role: what the gate uses it for, as reports say it.

        Raises:
            NotMeasuredError: it cannot be opened.
        """
        files: tuple[FileStamp, ...] = ()
        if ref.path is not None:
            found, frame = self._store.file(Path(ref.path))
            name, files = self._store.name(Path(ref.path)), (found,)
            table = OpenTable(frame, self._store.database, ref.labels, key=msgspec.json.encode(found).decode())
        else:
            name, table = f"fixture {ref.fixture}", self._from_fixture(ref)
        self._record(InputRecord(role=role, name=name, rows=table.rows, sha256=_sha256(files), files=files))
        return table

    def model(self, ref: ModelRef, role: str = "model") -> LoadedModel:
        """Load a model.

        Raises:
            NotMeasuredError: it cannot be had.
            NotApplicableError: it is optional and does not exist yet.
        """
        model = self._store.model(ref, self._fixtures)
        self._record(InputRecord(role=role, name=model.name, sha256=model.sha256, files=model.files))
        return model

    def predictions(self, spec: PredictionSpec) -> Predictions:
        """Get predictions for labelled rows, from columns or by running a model, once per session for the same rows.

        Raises:
            NotMeasuredError: they cannot be had, or cannot be trusted.
            NotApplicableError: the model is optional and does not exist yet.
        """
        from pytest_mlgate.inputs import inference, predictions

        predictions.check_sources(spec)
        model = self.model(spec.model) if spec.model is not None else None
        table = self.table(spec.data)
        if model is None or spec.model is None:
            named = [name for name in (spec.label, spec.prediction, spec.score) if name is not None]
            return predictions.from_columns(table.frozen(named), spec)
        read = inference.inputs_of(spec.model)
        rows = table.frozen([spec.label, *read] if read is not None else None)
        return predictions.from_model(rows, spec, spec.model, self._store.answers(model, spec.model, rows))

    def cases(self, path: str) -> tuple[Case, ...]:
        """Read the cases of an eval set, in file order.

        Raises:
            NotMeasuredError: it cannot be read, or has none.
        """
        from pytest_mlgate.inputs.cases import read_cases

        found, cases = self._store.document(Path(path), read_cases)
        self._record_file("cases", found, len(cases))
        return cases

    def guardrail(self, ref: GuardrailRef | str) -> Guard:
        """Find a guardrail.

        Raises:
            NotMeasuredError: it cannot be had, or cannot be called.
        """
        from pytest_mlgate.inputs.guards import open_guard

        guard = open_guard(ref, self._fixtures)
        self._record(InputRecord(role="guardrail", name=guard.name))
        return guard

    def interrupt(self) -> None:
        """Stop the query that is running, if one is; called from another thread."""
        self._store.interrupt()

    def _from_fixture(self, ref: TableRef) -> OpenTable:
        from pytest_mlgate.inputs.objects import open_object

        name = ref.fixture or ""
        if name not in self._fixture_tables:
            value = fixture_value(name, self._fixtures)
            frame = open_object(value, f"fixture {name}", self._store.database)
            self._fixture_tables[name] = OpenTable(frame, self._store.database, ref.labels)
        return OpenTable(self._fixture_tables[name].frame, self._store.database, ref.labels)

    def _record_file(self, role: str, found: FileStamp, rows: int | None = None) -> None:
        name = self._store.name(Path(found.path))
        self._record(InputRecord(role=role, name=name, rows=rows, sha256=found.sha256, files=(found,)))

    def _record(self, record: InputRecord) -> None:
        """Remember what was opened, its files named as reports name them."""
        named = tuple(msgspec.structs.replace(one, path=self._store.name(Path(one.path))) for one in record.files)
        self._records[record.role, record.name] = msgspec.structs.replace(record, files=named)


def _sha256(files: tuple[FileStamp, ...]) -> str | None:
    return files[0].sha256 if len(files) == 1 else None
