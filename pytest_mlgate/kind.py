"""The contract of a gate kind, for ours and for third parties alike.

A kind is one module that exports `KIND`: its name, a frozen documented `GateSpec` that says what a gate file may write,
and `measure(spec, inputs)`, which yields measurements. It never judges, prints, waives or reports: that is shared. What
it measures on comes through `Inputs`, so a kind also knows nothing of files, engines or pytest.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, Protocol, TypeVar, get_args

from msgspec import Meta, Struct

from pytest_mlgate.outcome import InconclusivePolicy  # noqa: TC001 - msgspec reads the annotation
from pytest_mlgate.verdict import Severity, Waiver  # noqa: TC001 - same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.aggregate import ColumnType, Example, Levels, Rule, Scalar
    from pytest_mlgate.dialogue import Case, Prompt, Request
    from pytest_mlgate.verdict import Limit, Measurement

FILE = "mlgate-file"
FilePath = Annotated[
    str, Meta(min_length=1, extra={FILE: True}, description="a file; a relative path starts at the gate file's folder")
]
FixtureName = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="the name of a pytest fixture")]
DottedName = Annotated[
    str, Meta(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$", description="user code, as package.module:attribute")
]
TAG_PATTERN = r"^[A-Za-z][A-Za-z0-9_.-]*$"
Tag = Annotated[str, Meta(pattern=TAG_PATTERN, description="a mark: a letter, then letters, digits, _ . -")]
Duration = (
    Annotated[float, Meta(gt=0)]
    | Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$", description='seconds, or "20ms", "30s", "5m"')]
)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def keys_among(names: Any) -> dict[str, Any]:
    """Say in JSON Schema that a mapping's keys are options of a `Literal`; for `Meta(extra_json_schema=…)`."""
    return {"propertyNames": {"enum": list(get_args(names))}}


def seconds(duration: Duration) -> float:
    """Read a duration: a number is seconds, text carries its unit.

    >>> seconds("1.5m"), seconds(3)
    (90.0, 3.0)
    """
    if not isinstance(duration, str):
        return float(duration)
    unit = re.sub(r"[0-9.]", "", duration)
    return float(duration.removesuffix(unit)) * _SECONDS[unit]


def _fixture_mistakes(name: str | None) -> Iterable[str]:
    """Find names that a Python signature cannot hold."""
    if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
        yield f"{name!r} cannot be the name of a fixture"


class TableRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table: a file (Parquet or CSV) or what a pytest fixture returns. In a gate file a string names a declared one.

    `labels` names coded values for reports: `{SEX: {1: male, 2: female}}`.
    """

    path: FilePath | None = None
    fixture: FixtureName | None = None
    labels: dict[str, dict[str, str]] = {}

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: exactly one source."""
        yield from _fixture_mistakes(self.fixture)
        if (self.path is None) == (self.fixture is None):
            yield "a table is either a path or a fixture"


class ModelRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A model: loaded from weights, found in a registry, or made by a pytest fixture; and how data reach it.

    Args:
        loader: which library loads it.
        factory: builds the network without weights, `package.module:attribute`, called with `arguments`.
        weights: a `.safetensors` file, or a state dict that `torch.load(weights_only=True)` accepts.
        registry: which registry holds it; `path`, `name` and `alias` find it there.
        optional: it may not exist yet (the first release has no champion).
        fixture: a pytest fixture that returns the model, usually through `mlgate_train`.
        features: the columns that go in, in order, as one float32 matrix.
        preprocess: instead, a callable that takes an Arrow table and returns the model's input (a tuple is unpacked).
        output: what comes out.
        threshold: from which probability a row is predicted positive.
        positive: the label that `probability` speaks of.
        batch_size: rows per forward pass.
    """

    loader: Literal["torch"] | None = None
    factory: DottedName | None = None
    arguments: dict[str, Any] = {}
    weights: FilePath | None = None
    registry: Literal["local"] | None = None
    path: FilePath | None = None
    name: str | None = None
    alias: str | None = None
    optional: bool = False
    fixture: FixtureName | None = None
    features: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    preprocess: DottedName | None = None
    output: Literal["logits", "probability", "label", "value"] | None = None
    threshold: Annotated[float, Meta(ge=0, le=1)] = 0.5
    positive: bool | int | str = 1
    batch_size: Annotated[int, Meta(gt=0)] = 8192

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: one source, and all that this source needs."""
        sources = {
            "weights": ("factory", "weights"),
            "registry": ("registry", "path", "name", "alias"),
            "fixture": ("fixture",),
        }
        yield from _fixture_mistakes(self.fixture)
        chosen = [source for source in sources if getattr(self, source) is not None]
        if len(chosen) != 1:
            yield "a model comes from exactly one of weights, registry or fixture"
            return
        missing = [field for field in sources[chosen[0]] if getattr(self, field) is None]
        if missing:
            yield f"a model from {chosen[0]} also needs {', '.join(missing)}"
        if self.features is not None and self.preprocess is not None:
            yield "features and preprocess are two ways of saying the same: keep one"
        if self.registry is None and self.optional:
            yield "only a model in a registry can be optional"


class ProviderRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whoever answers prompts: replies that were recorded, a callable of the user's, or one that a fixture returns.

    Args:
        kind: `replay` reads recorded replies from `path`; `python` calls `callable`.
        path: recorded replies, one JSON object a line.
        callable: takes the messages, and `model` and `settings` where it has such parameters; returns the reply.
        fixture: a pytest fixture that returns such a callable.
    """

    kind: Literal["replay", "python"] | None = None
    path: FilePath | None = None
    callable: DottedName | None = None
    fixture: FixtureName | None = None

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: one source, and all that this source needs."""
        given = {field for field in ("path", "callable", "fixture") if getattr(self, field) is not None}
        match self.kind:
            case None if given != {"fixture"}:
                yield "a provider is {kind: replay, path: …}, {kind: python, callable: module:function} or {fixture: …}"
            case "replay" if given != {"path"}:
                yield "a provider of kind replay needs path, and nothing else"
            case "python" if given != {"callable"}:
                yield "a provider of kind python needs callable, and nothing else"


class BaselineRef(ModelRef, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a candidate is compared with: a model, other columns of the same rows, or numbers in a file.

    In a gate file a string names a declared model. A registry's champion is bytes alone: its entry must say how it is
    built and run (factory, features, output), and keep saying so when the candidate's settings change.

    Args:
        score: a column holding the old probability of the positive class, and/or
        prediction: a column holding the old predicted class or number.
        file: a JSON file of metric values, `{roc_auc: 0.91, rows: 1500, sha256: …}`; `rows` and `sha256` say of which
            data.
    """

    score: str | None = None
    prediction: str | None = None
    file: FilePath | None = None

    @property
    def is_model(self) -> bool:
        """Whether there is a model to run."""
        return self.file is None and self.score is None and self.prediction is None

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: exactly one kind of baseline."""
        if self.is_model:
            yield from super().mistakes()
            return
        plain = BaselineRef(score=self.score, prediction=self.prediction, file=self.file)
        if plain != self or (self.file is not None and (self.score is not None or self.prediction is not None)):
            yield "a baseline is either a model, columns (score, prediction) or a file: keep one"


class GuardrailRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A guardrail: a callable of the user's, or one that a pytest fixture returns.

    Args:
        python: called with a text.
        fixture: a pytest fixture that returns such a callable.
    """

    python: DottedName | None = None
    fixture: FixtureName | None = None

    def mistakes(self) -> Iterable[str]:
        """Say what no single field can know: exactly one source."""
        if (self.python is None) == (self.fixture is None):
            yield "a guardrail is builtin, {python: module:callable} or {fixture: name}"


class GateSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every gate may say. A kind adds its own fields.

    Args:
        kind: which kind of gate.
        description: shown in reports.
        severity: a failing gate of severity `warning` is reported and does not block.
        tags: pytest marks to select by (`-m`).
        waive: a written, dated exception.
        inconclusive: what to make of data that cannot tell; the default is the kind's.
        timeout: longest time to measure for; beyond it the gate is NOT_MEASURED.
    """

    kind: str
    description: str | None = None
    severity: Severity = "error"
    tags: tuple[Tag, ...] = ()
    waive: Waiver | None = None
    inconclusive: InconclusivePolicy | None = None
    timeout: Duration | None = None


@dataclass(frozen=True, slots=True)
class Predictions:
    """A binary model's answers beside the truth, row by row.

    Args:
        labels: bool (n,), true where the row is positive.
        predicted: bool (n,) or None when only scores are known.
        scores: float64 (n,), probability of the positive label, or None when only classes are known.
    """

    labels: NDArray[Any]
    predicted: NDArray[Any] | None
    scores: NDArray[Any] | None


@dataclass(frozen=True, slots=True)
class Coded:
    """A column as codes, row by row: which of its distinct values each row has.

    Args:
        codes: int64 (n,), positions in `levels`.
        levels: the distinct values, whole numbers as int; None stands for missing and comes last.
    """

    codes: NDArray[Any]
    levels: tuple[Scalar | None, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """A regression model's answers beside the truth, row by row.

    Args:
        targets: float64 (n,), finite.
        predicted: float64 (n,), finite.
    """

    targets: NDArray[Any]
    predicted: NDArray[Any]


class Table(Protocol):
    """A table that was opened. Every method reads only the columns it names."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    @property
    def columns(self) -> Mapping[str, ColumnType]:
        """Column names and their types, in order."""

    @property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Names of coded values."""

    def count(self, rules: Sequence[Rule]) -> list[int]:
        """Count the rows that each rule speaks of, all in one pass."""

    def examples(self, rule: Rule, limit: int) -> list[Example]:
        """Show the first few rows that a rule speaks of."""

    def numbers(self, column: str) -> NDArray[Any]:
        """Read a numeric column as float64 (n,), missing as NaN."""

    def levels(self, column: str) -> Levels:
        """Count a column's distinct values."""


class Guard(Protocol):
    """A guardrail that can be asked."""

    def blocks(self, text: str, where: str) -> bool:
        """Say whether it stops a text; `where` names the text in messages."""


class Inputs(Protocol):
    """What a gate measures on. Whatever cannot be had raises `NotMeasuredError` with a reason and a remedy."""

    @property
    def seed(self) -> int:
        """A seed that depends on the gate's identity alone, so that reruns repeat."""

    def table(self, ref: TableRef, role: str = "data") -> Table:
        """Open a table; the same one is opened once per session."""

    def predictions(self, spec: PredictionSpec) -> Predictions:
        """Get predictions for labelled rows, from columns or by running the model once per session."""

    def predictions_with(self, spec: PredictionSpec, columns: Sequence[str]) -> tuple[Predictions, tuple[Coded, ...]]:
        """Get predictions and, for the same rows, columns that say which group each row belongs to."""

    def prompt(self, path: str) -> Prompt:
        """Read a prompt file."""

    def cases(self, path: str) -> tuple[Case, ...]:
        """Read the cases of an eval set, in file order."""

    def replies(self, provider: ProviderRef, requests: Sequence[Request]) -> list[str]:
        """Get one reply to each request; a provider is asked once per session for the same request."""

    def values(self, spec: PredictionSpec) -> Values:
        """Get predicted numbers beside the true ones; `label` and `prediction` are then columns of numbers."""

    def paired_predictions(self, spec: PredictionSpec, baseline: BaselineRef) -> tuple[Predictions, Predictions]:
        """Get a candidate's predictions and a baseline's, for the same rows in the same order."""

    def paired_values(self, spec: PredictionSpec, baseline: BaselineRef) -> tuple[Values, Values]:
        """Get a candidate's predicted numbers and a baseline's, for the same rows in the same order."""

    def recorded(self, path: str, data: TableRef) -> Mapping[str, float]:
        """Read metric values from a file, which must not say that they were measured on other data."""

    def guardrail(self, ref: GuardrailRef | str) -> Guard:
        """Find a guardrail; `builtin` is the one that comes with this package."""


class PredictionSpec(GateSpec, frozen=True, kw_only=True):
    """Where predictions come from: a model, or columns of the data.

    Args:
        data: the rows to judge on.
        model: the model to run, or
        prediction: the column holding the predicted class, and/or
        score: the column holding the probability of the positive class.
        label: the column holding the truth.
        positive: which label is the positive one.
    """

    data: TableRef
    label: str
    model: ModelRef | None = None
    prediction: str | None = None
    score: str | None = None
    positive: bool | int | str = 1


SpecT = TypeVar("SpecT", bound=GateSpec)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a spec that its types cannot see: where in it, what, and what would mend it."""

    path: tuple[str | int, ...]
    what: str
    mend: str = ""


def no_mistakes(_spec: GateSpec) -> Iterable[Mistake]:
    """Find nothing: for kinds whose types say it all."""
    return ()


def limit_mistakes(
    path: tuple[str | int, ...], limit: Limit, *, interval: bool, baseline: bool = False
) -> Iterable[Mistake]:
    """Check one limit against what its metric can offer.

    Args:
        path: where the limit stands in the gate.
        limit: as written.
        interval: whether the metric has a confidence interval.
        baseline: whether there is a baseline for relative limits.
    """
    for contradiction in limit.contradictions():
        yield Mistake(path, contradiction)
    if limit.confidence is not None and not interval:
        yield Mistake((*path, "confidence"), "this metric has no confidence interval", "remove confidence here")
    if limit.relative and not baseline:
        named = next(
            part for part in ("max_drop", "max_rise", "min_ratio", "max_ratio") if getattr(limit, part) is not None
        )
        yield Mistake((*path, named), "this gate has no baseline to compare with", "use min or max")


@dataclass(frozen=True, slots=True)
class Kind(Generic[SpecT]):
    """A gate kind.

    Args:
        name: as gate files write it, `family.kind`.
        spec: the frozen structure a gate of this kind is read into.
        measure: yields the measurements, limits attached; it must adjust p-values over its family of claims.
        mistakes: finds what the spec's types cannot, while gate files are read.
        inconclusive: what INCONCLUSIVE comes to unless the gate says otherwise; `warning` suits families of claims.
    """

    name: str
    spec: type[SpecT]
    measure: Callable[[SpecT, Inputs], Iterable[Measurement]]
    mistakes: Callable[[SpecT], Iterable[Mistake]] = no_mistakes
    inconclusive: InconclusivePolicy = "fail"
