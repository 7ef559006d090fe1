"""What one gate measures on: its own view of a store that all gates share.

It adds what belongs to the gate alone: its seed, what its fixtures returned, and the record of what it opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.models import LoadedModel, fixture_value
from pytest_mlgate.inputs.opening import open_value, selection_of
from pytest_mlgate.inputs.tables import OpenTable
from pytest_mlgate.reference import ELSEWHERE
from pytest_mlgate.verdict import FileStamp, InputRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.baselines import Proposal, Recorded, Setting
    from pytest_mlgate.dialogue import Case, Prompt, Request
    from pytest_mlgate.inputs.dialects import RemoteEngine
    from pytest_mlgate.inputs.guards import Guard
    from pytest_mlgate.inputs.opening import Opened
    from pytest_mlgate.inputs.recorded import Records
    from pytest_mlgate.inputs.store import InputStore
    from pytest_mlgate.kind import Beside, ModelSpec, Predictions, PredictionSpec, Values
    from pytest_mlgate.pinning import Fingerprint, Held, Pin
    from pytest_mlgate.reference import BaselineRef, GuardrailRef, ModelRef, ProviderRef, TableRef
    from pytest_mlgate.stats.profile import Profile
    from pytest_mlgate.table import Coded

_Place = tuple[str, str, str | None]
_ByRole = dict[str, "PredictionSpec"]
_Found = TypeVar("_Found")


class GateInputs:
    """What one gate measures on; implements `pytest_mlgate.kind.Inputs`.

    Args:
        store: shared with the other gates.
        seed: depends on the gate's identity alone.
        fixtures: name → what pytest's fixture returned.
        name: the gate's own, in its file.
        file: that file, where it stands in one.
    """

    def __init__(
        self,
        store: InputStore,
        *,
        seed: int,
        fixtures: Mapping[str, object],
        name: str = "gate",
        file: Path | None = None,
    ) -> None:
        self.proposal: Proposal | None = None
        self._store = store
        self._name = name
        self._file = file
        self._seed = seed
        self._fixtures = fixtures
        self._from_fixtures: dict[bytes, Opened] = {}
        self._records: dict[_Place, InputRecord] = {}
        self._remote: dict[_Place, tuple[RemoteEngine, int]] = {}

    @property
    def seed(self) -> int:
        """A seed that depends on the gate's identity alone, so that reruns repeat."""
        return self._seed

    @property
    def records(self) -> tuple[InputRecord, ...]:
        """Everything that the gate opened, in order."""
        return tuple(self._told(place, record) for place, record in self._records.items())

    def table(self, ref: TableRef, role: str = "data") -> OpenTable:
        """Open a table.

        Args:
            ref: which.
            role: what the gate uses it for, as reports say it.

        Raises:
            NotMeasuredError: it cannot be opened.
        """
        if ref.engine in ELSEWHERE:
            opened = self._store.elsewhere(ref)
        elif ref.path is not None:
            opened = self._store.table(ref)
        elif ref.python is not None:
            opened = self._store.returned(ref)
        else:
            opened = self._from_fixture(ref)
        listed, frame = opened.listed, opened.frame
        before = 0 if frame.engine is None else frame.engine.queries
        record = InputRecord(role=role, name=opened.name, rows=frame.rows, note=opened.note)
        key = None
        if listed is not None:
            record = msgspec.structs.replace(record, sha256=listed.sha256, files=listed.stamps, pattern=listed.pattern)
            if frame.stable:
                key = msgspec.json.encode([selection_of(ref).decode(), listed.stamps]).decode()
        place = self._record(record)
        if frame.engine is not None:
            self._remote.setdefault(place, (frame.engine, before))
        return OpenTable(frame, self._store.database, ref.labels, key)

    def profile(self, path: str, role: str = "reference") -> Profile:
        """Read a profile, whose hash is always taken: it stands for data.

        Raises:
            NotMeasuredError: it cannot be read, or is not as it was written.
        """
        from pytest_mlgate.inputs.profiling import read_profile

        found, profile = self._store.document(Path(path), read_profile, hashed=True)
        self._record_file(role, found, profile.rows)
        return profile

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
        from pytest_mlgate.inputs.predictions import classes

        return self._answered(classes, {"model": spec})[0]

    def predictions_with(self, spec: PredictionSpec, columns: Sequence[str]) -> tuple[Predictions, tuple[Coded, ...]]:
        """Get predictions and, for the same rows, columns as codes.

        Args:
            spec: where the predictions come from.
            columns: names, each of a simple type.

        Raises:
            NotMeasuredError: as `predictions`, or a column cannot be had.
            NotApplicableError: the model is optional and does not exist yet.
        """
        from pytest_mlgate.inputs.predictions import classes

        def with_codes(rows: OpenTable, of: PredictionSpec, raw: Any) -> tuple[Predictions, tuple[Coded, ...]]:
            return classes(rows, of, raw), tuple(rows.coded(name) for name in columns)

        return self._answered(with_codes, {"model": spec}, columns)[0]

    def beside(
        self,
        spec: PredictionSpec,
        coded: Sequence[str],
        numeric: Sequence[str] = (),
        *,
        values: bool = False,
        role: str = "data",
    ) -> Beside:
        """Get predictions and, for the same rows, columns as codes and columns as numbers.

        Args:
            spec: where the predictions come from.
            coded: names of columns of simple types.
            numeric: names of columns of numbers or times.
            values: whether numbers are predicted, rather than classes.
            role: what the rows are used for, as reports say it.

        Raises:
            NotMeasuredError: as `predictions`, or a column cannot be had.
            NotApplicableError: the model is optional and does not exist yet.
        """
        from pytest_mlgate.inputs.predictions import classes
        from pytest_mlgate.inputs.values import numbers
        from pytest_mlgate.kind import Beside

        def decode(rows: OpenTable, of: PredictionSpec, raw: Any) -> Beside:
            found: Predictions | Values = numbers(rows, of, raw) if values else classes(rows, of, raw)
            codes = tuple(rows.coded(name) for name in coded)
            return Beside(found, codes, tuple(rows.numbers_of(numeric) if numeric else ()))

        return self._answered(decode, {"model": spec}, [*coded, *numeric], of_numbers=values, rows_as=role)[0]

    def answers(self, model: ModelRef, data: TableRef, role: str = "data") -> NDArray[Any]:
        """Run a model over rows that need no label, once per session for the same rows.

        Raises:
            NotMeasuredError: the model or the rows cannot be had, or the answers cannot be trusted.
            NotApplicableError: the model is optional and does not exist yet.
        """
        from pytest_mlgate.inputs.inference import inputs_of
        from pytest_mlgate.inputs.predictions import check_model, shown

        check_model(model)
        loaded, rows = self.model(model), self.table(data, role)
        if rows.rows == 0:
            raise NotMeasuredError(f"{rows.frame.what} has no rows", "give it some")
        return shown(self._store.answers(loaded, model, rows.frozen(inputs_of(model))), model)

    def prompt(self, path: str) -> Prompt:
        """Read a prompt file.

        Raises:
            NotMeasuredError: it cannot be read.
        """
        from pytest_mlgate.inputs.prompts import read_prompt

        found, prompt = self._store.document(Path(path), read_prompt, hashed=True)
        self._record_file("prompt", found)
        return prompt

    def cases(self, path: str) -> tuple[Case, ...]:
        """Read the cases of an eval set, in file order.

        Raises:
            NotMeasuredError: it cannot be read, or has none.
        """
        from pytest_mlgate.inputs.cases import read_cases

        found, cases = self._store.document(Path(path), read_cases)
        self._record_file("cases", found, len(cases))
        return cases

    def replies(self, provider: ProviderRef, requests: Sequence[Request]) -> list[str]:
        """Get one reply to each request; a provider is asked once per session for the same request.

        Raises:
            NotMeasuredError: a reply was never recorded, the provider raised, or a reply is no text.
        """
        from pytest_mlgate.inputs.cassettes import read_cassette
        from pytest_mlgate.inputs.providers import ask, text_of
        from pytest_mlgate.inputs.references import resolve

        if provider.path is not None:
            found, cassette = self._store.document(Path(provider.path), read_cassette)
            self._record_file("provider", found)
            recorded = zip(cassette.replies(requests), requests, strict=True)
            return [text_of(reply, request) for reply, request in recorded]
        named = provider.callable or f"fixture {provider.fixture}"
        self._record(InputRecord(role="provider", name=named))
        if provider.fixture is not None:
            return ask(fixture_value(provider.fixture, self._fixtures), named, requests, {})
        return ask(resolve(named), named, requests, self._store.replies(named))

    def values(self, spec: PredictionSpec) -> Values:
        """Get predicted numbers beside the true ones, as `predictions` gets classes.

        Raises:
            NotMeasuredError: as for `predictions`.
            NotApplicableError: likewise.
        """
        from pytest_mlgate.inputs.values import numbers

        return self._answered(numbers, {"model": spec}, of_numbers=True)[0]

    def values_with(self, spec: PredictionSpec, columns: Sequence[str]) -> tuple[Values, tuple[Coded, ...]]:
        """Get predicted numbers and, for the same rows, columns as codes; see `predictions_with`.

        Raises:
            NotMeasuredError: as `values`, or a column cannot be had.
            NotApplicableError: the model is optional and does not exist yet.
        """
        from pytest_mlgate.inputs.values import numbers

        def with_codes(rows: OpenTable, of: PredictionSpec, raw: Any) -> tuple[Values, tuple[Coded, ...]]:
            return numbers(rows, of, raw), tuple(rows.coded(name) for name in columns)

        return self._answered(with_codes, {"model": spec}, columns, of_numbers=True)[0]

    def outputs(self, spec: PredictionSpec) -> NDArray[Any]:
        """Get what a model gives or columns hold, as it is: scores where there are any, missing ones as NaN.

        Raises:
            NotMeasuredError: a column or the model cannot be had, or there are no rows.
            NotApplicableError: the model is optional and does not exist yet.
        """
        from pytest_mlgate.inputs.outputs import outputs

        return self._answered(outputs, {"model": spec}, of_numbers=True)[0]

    def paired_predictions(self, spec: PredictionSpec, baseline: BaselineRef) -> tuple[Predictions, Predictions]:
        """Get a candidate's predictions and a baseline's, for the same rows in the same order.

        Raises:
            NotMeasuredError: either cannot be had, or cannot be trusted.
            NotApplicableError: the baseline is optional and does not exist yet.
        """
        from pytest_mlgate.inputs.predictions import classes

        new, old = self._answered(classes, {"model": spec, "baseline": _of_baseline(spec, baseline)})
        return new, old

    def paired_values(self, spec: PredictionSpec, baseline: BaselineRef) -> tuple[Values, Values]:
        """Get a candidate's predicted numbers and a baseline's, as `paired_predictions` gets classes.

        Raises:
            NotMeasuredError: as for `paired_predictions`.
            NotApplicableError: likewise.
        """
        from pytest_mlgate.inputs.values import numbers

        new, old = self._answered(numbers, {"model": spec, "baseline": _of_baseline(spec, baseline)}, of_numbers=True)
        return new, old

    def recorded(self, spec: ModelSpec, baseline: BaselineRef, settings: Mapping[str, Setting]) -> Recorded:
        """Read metric values from a file.

        Raises:
            NotMeasuredError: it cannot be read, or speaks of other data or settings.
            NotApplicableError: it does not exist yet at the revision named, and need not.
        """
        return self._baselines().read(spec, baseline, settings)

    def propose(
        self, spec: ModelSpec, baseline: BaselineRef, settings: Mapping[str, Setting], values: Mapping[str, float]
    ) -> None:
        """Offer all values of this gate for a committed baseline.

        Raises:
            NotMeasuredError: nothing could tell later that the data are still the same.
        """
        if self._store.updating:
            self.proposal = self._baselines().proposed(spec, baseline, settings, values)

    def _baselines(self) -> Records:
        from pytest_mlgate.inputs.recorded import Records

        updating = self._store.updating
        return Records(
            self, self._name, file=self._file, called=self._store.name, record=self._record, updating=updating
        )

    def _answered(
        self,
        decode: Callable[[OpenTable, PredictionSpec, Any], _Found],
        by_role: _ByRole,
        beside: Sequence[str] = (),
        *,
        of_numbers: bool = False,
        rows_as: str = "data",
    ) -> list[_Found]:
        """Get the answers of one model or of several, all for one reading of the rows.

        Args:
            decode: takes the rows, a spec and its model's answers.
            by_role: the specs, all of the same rows.
            beside: more columns that `decode` reads.
            of_numbers: whether predictions are numbers rather than classes.
            rows_as: what the rows are used for, as reports say it.
        """
        from pytest_mlgate.inputs import predictions

        specs = list(by_role.values())
        read: list[str] | None = list(beside)
        for spec in specs:
            predictions.check_spec(spec, numbers=of_numbers)
            own = predictions.columns_of(spec)
            read = None if own is None or read is None else [*read, *own]
        rows: OpenTable | None = None
        found = []
        for role, spec in by_role.items():
            model = self.model(spec.model, role) if spec.model is not None else None
            if rows is None:
                rows = self.table(spec.data, rows_as).frozen([spec.label, *read] if read is not None else None)
            answers = None
            if model is not None and spec.model is not None:
                answers = self._store.answers(model, spec.model, rows)
            found.append(decode(rows, spec, answers))
        return found

    def guardrail(self, ref: GuardrailRef | str) -> Guard:
        """Find a guardrail.

        Raises:
            NotMeasuredError: it cannot be had, or cannot be called.
        """
        from pytest_mlgate.inputs.guards import open_guard

        guard = open_guard(ref, self._fixtures)
        self._record(InputRecord(role="guardrail", name=guard.name))
        return guard

    def pinned(self, pin: Pin) -> Held:
        """Hold a pin against the bytes at its path.

        Raises:
            NotMeasuredError: the pin cannot be read, or the data are not there whole.
        """
        from pytest_mlgate.inputs.pins import hold

        held, records = hold(pin, self._store.name)
        for record in records:
            self._record(record)
        return held

    def fingerprint(
        self, data: TableRef, columns: Sequence[str] | None = None, *, rows: bool, ordered: bool = False
    ) -> Fingerprint:
        """Hash a table's columns and, if asked, its rows.

        Raises:
            NotMeasuredError: it cannot be opened, has no rows, or holds values of no canonical form.
        """
        from pytest_mlgate.inputs.fingerprints import fingerprint
        from pytest_mlgate.inputs.remote import RemoteFrame

        frame = self.table(data).frame
        if rows and isinstance(frame, RemoteFrame):  # values are spelled here, whatever engine holds them
            frame = frame.near([frame.column(name) for name in (frame.columns if columns is None else columns)])
        return fingerprint(frame, self._store.database, columns, rows=rows, ordered=ordered)

    def interrupt(self) -> None:
        """Stop the query that is running, if one is; called from another thread."""
        self._store.interrupt()

    def _from_fixture(self, ref: TableRef) -> Opened:
        """Open what a fixture returned, once for this gate."""
        selection, fixture = selection_of(ref), ref.fixture or ""
        if selection not in self._from_fixtures:
            value = fixture_value(fixture, self._fixtures)
            self._from_fixtures[selection] = open_value(value, ref, f"fixture {fixture}", self._store.database)
        return self._from_fixtures[selection]

    def _record_file(self, role: str, found: FileStamp, rows: int | None = None) -> None:
        name = self._store.name(Path(found.path))
        self._record(InputRecord(role=role, name=name, rows=rows, sha256=found.sha256, files=(found,)))

    def _told(self, place: _Place, record: InputRecord) -> InputRecord:
        """Say of a table that stayed on its own engine how many queries the gate took there."""
        if place not in self._remote:
            return record
        engine, before = self._remote[place]
        queries = engine.queries - before
        stayed = f"on {engine.dialect.name}, which answered in {queries} quer{'y' if queries == 1 else 'ies'}"
        return msgspec.structs.replace(record, note=f"{record.note}, {stayed}" if record.note else stayed)

    def _record(self, record: InputRecord) -> _Place:
        """Remember what was opened, its files named as reports name them."""
        named = tuple(msgspec.structs.replace(one, path=self._store.name(Path(one.path))) for one in record.files)
        pattern = self._store.name(Path(record.pattern)) if record.pattern is not None else None
        known = msgspec.structs.replace(record, files=named, pattern=pattern)
        place = record.role, record.name, record.note
        self._records[place] = known
        return place


def _of_baseline(spec: PredictionSpec, baseline: BaselineRef) -> PredictionSpec:
    """Give the spec of a baseline's predictions: the same rows and labels, another source."""
    model = baseline if baseline.is_model else None
    return msgspec.structs.replace(spec, model=model, prediction=baseline.prediction, score=baseline.score)
