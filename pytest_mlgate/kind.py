"""The contract of a gate kind, for ours and for third parties alike.

A kind is one module that exports `KIND`: its name, a frozen documented `GateSpec` that says what a gate file may write,
and `measure(spec, inputs)`, which yields measurements. It never judges, prints, waives or reports: that is shared. What
it measures on comes through `Inputs`, so a kind also knows nothing of files, engines or pytest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, Protocol, TypeVar, get_args

from msgspec import Meta, Struct

from pytest_mlgate.outcome import InconclusivePolicy
from pytest_mlgate.reference import ModelRef, ScoreColumns, TableRef
from pytest_mlgate.verdict import Severity, Waiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.aggregate import Scalar
    from pytest_mlgate.baselines import Recorded, Setting
    from pytest_mlgate.dialogue import Case, Prompt, Request
    from pytest_mlgate.pinning import Fingerprint, Held, Pin
    from pytest_mlgate.reference import BaselineRef, GuardrailRef, ProviderRef
    from pytest_mlgate.stats.profile import Profile
    from pytest_mlgate.table import Coded, Table
    from pytest_mlgate.verdict import Limit, Measurement

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
    """A classifier's answers beside the truth, row by row.

    Args:
        labels: bool (n,), true where the row is positive; with `classes`, int64 (n,), positions in them.
        predicted: likewise, or None when only scores are known.
        scores: float64 (n,), probability of the positive label; with `classes`, float64 (n, k), a column for each; None
            when only classes are known.
        classes: the k labels in ascending order where none is the positive one; empty where one is.
        weights: float64 (n,), how much each row counts; None when all count the same.
        clusters: int64 (n,), which rows belong together; None when each stands for itself.
    """

    labels: NDArray[Any]
    predicted: NDArray[Any] | None
    scores: NDArray[Any] | None
    classes: tuple[Scalar, ...] = ()
    weights: NDArray[Any] | None = None
    clusters: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class Values:
    """A regression model's answers beside the truth, row by row.

    Args:
        targets: float64 (n,), finite.
        predicted: float64 (n,), finite.
        weights: float64 (n,), how much each row counts; None when all count the same.
        clusters: int64 (n,), which rows belong together; None when each stands for itself.
    """

    targets: NDArray[Any]
    predicted: NDArray[Any]
    weights: NDArray[Any] | None = None
    clusters: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """Predictions and columns of the same rows.

    Args:
        found: the predictions, or the predicted numbers.
        coded: columns as codes of their distinct values.
        numbers: columns as float64 (n,), missing as NaN.
    """

    found: Predictions | Values
    coded: tuple[Coded, ...]
    numbers: tuple[NDArray[Any], ...]


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

    def profile(self, path: str, role: str = "reference") -> Profile:
        """Read a profile; `role` as for tables."""

    def predictions(self, spec: PredictionSpec) -> Predictions:
        """Get predictions for labelled rows, from columns or by running the model once per session."""

    def predictions_with(self, spec: PredictionSpec, columns: Sequence[str]) -> tuple[Predictions, tuple[Coded, ...]]:
        """Get predictions and, for the same rows, columns that say which group each row belongs to."""

    def beside(
        self,
        spec: PredictionSpec,
        coded: Sequence[str],
        numeric: Sequence[str] = (),
        *,
        values: bool = False,
        role: str = "data",
    ) -> Beside:
        """Get predictions (or predicted numbers) and, for the same rows, columns as codes and columns as numbers."""

    def values_with(self, spec: PredictionSpec, columns: Sequence[str]) -> tuple[Values, tuple[Coded, ...]]:
        """Get predicted numbers and, for the same rows, columns that say which group each row belongs to."""

    def outputs(self, spec: PredictionSpec) -> NDArray[Any]:
        """Get what a model gives or columns hold, scores where there are any: float64 (n, k), missing as NaN."""

    def answers(self, model: ModelRef, data: TableRef, role: str = "data") -> NDArray[Any]:
        """Run a model over rows that need no label: float64 (n,) or (n, k), logits as probabilities."""

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

    def recorded(self, spec: ModelSpec, baseline: BaselineRef, settings: Mapping[str, Setting]) -> Recorded:
        """Read metric values from a file, which must not say that they were measured on other data or otherwise."""

    def propose(
        self, spec: ModelSpec, baseline: BaselineRef, settings: Mapping[str, Setting], values: Mapping[str, float]
    ) -> None:
        """Offer all values of a gate for a committed baseline; nothing is written unless the run rewrites it."""

    def guardrail(self, ref: GuardrailRef | str) -> Guard:
        """Find a guardrail; `builtin` is the one that comes with this package."""

    def pinned(self, pin: Pin) -> Held:
        """Hold a pin against the bytes of a file or folder."""

    def fingerprint(
        self, data: TableRef, columns: Sequence[str] | None = None, *, rows: bool, ordered: bool = False
    ) -> Fingerprint:
        """Hash a table's columns and, if asked, its rows, the same whichever library holds them."""


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


class ModelSpec(PredictionSpec, frozen=True, kw_only=True):
    """What kinds that judge a model by its metrics share.

    Args:
        score: the column holding the probability of the positive class; of several classes, a column for each, in the
            order of `classes`.
        classes: the labels there are, whether or not each occurs, in the order of `score` and of what a model gives;
            unless given, those that occur, in ascending order.
        average: how metrics of one class become one of several: the mean over classes (`macro`), over rows (`micro`),
            or over classes by how often they occur (`weighted`); without it, the positive class is meant.
        weight: the column holding how much each row counts.
        groups: the column holding which rows belong together, such as those of one customer, and so are drawn together.
    """

    score: ScoreColumns | None = None  # type: ignore[assignment] # wider than where one class is meant
    classes: Annotated[tuple[bool | int | str, ...], Meta(min_length=2)] | None = None
    average: Literal["macro", "micro", "weighted"] | None = None
    weight: str | None = None
    groups: str | None = None


SpecT = TypeVar("SpecT", bound=GateSpec)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a spec that its types cannot see: where in it (`()`: as a whole), what, what would mend it."""

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
