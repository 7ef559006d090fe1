"""Predictions beside the truth, from columns or from a model, checked before anything is computed from them.

A wrong positive label, a text "1" held against a number 1, logits taken for probabilities: each would give a number,
and a wrong one. So labels must be those of a binary problem, of one type, and agree with what is predicted; where a
gate speaks of several classes, `pytest_mlgate.inputs.several` holds them to the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.beside import beside
from pytest_mlgate.inputs.frames import NUMERIC
from pytest_mlgate.inputs.labels import agree, label_of, listed, located, values_of, written
from pytest_mlgate.inputs.probabilities import checked, from_logits, from_probabilities, second_of_two, single_column
from pytest_mlgate.inputs.several import is_several, score_columns, several
from pytest_mlgate.kind import ModelSpec, Predictions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.inputs.labels import Label
    from pytest_mlgate.inputs.tables import OpenTable
    from pytest_mlgate.kind import PredictionSpec
    from pytest_mlgate.reference import ModelRef

_BINARY = 2
_FEW = 20


def columns_of(spec: PredictionSpec) -> list[str] | None:
    """Name the columns that a gate's predictions are made from; `None` means all of them."""
    from pytest_mlgate.inputs.inference import inputs_of

    more = [spec.weight, spec.groups] if isinstance(spec, ModelSpec) else []
    scores = [spec.score] if isinstance(spec.score, str) else spec.score or ()
    own = inputs_of(spec.model) if spec.model is not None else [spec.prediction, *scores]
    return [name for name in (*own, *more) if name is not None] if own is not None else None


def check_spec(spec: PredictionSpec, *, numbers: bool = False) -> None:
    """Make sure, before anything is opened, that predictions come from one place and that it says what it gives.

    Args:
        spec: where they come from.
        numbers: whether predicted numbers are wanted, rather than classes.

    Raises:
        NotMeasuredError: they do not, or it does not.
    """
    columns = spec.prediction is not None or spec.score is not None
    if columns == (spec.model is not None):
        found = "both a model and columns" if columns else "neither a model nor columns"
        raise NotMeasuredError(f"{found} to take predictions from", "give `model`, or `prediction` and/or `score`")
    if spec.model is None:
        return
    check_model(spec.model)
    if numbers:
        return
    if spec.model.output == "value":
        raise NotMeasuredError("the model gives values (`output: value`), not classes", "declare what it gives")
    if label_of(spec.model.positive) != label_of(spec.positive):
        raise NotMeasuredError(
            f"the gate's positive label is {spec.positive!r}, but the model speaks of {spec.model.positive!r}",
            "write the same `positive` on the model and on the gate",
        )


def check_model(ref: ModelRef) -> None:
    """Make sure that a model says how rows reach it and what it gives.

    Raises:
        NotMeasuredError: it does not.
    """
    if ref.features is None and ref.preprocess is None:
        raise NotMeasuredError("nothing says how rows reach the model", "write `features:` or `preprocess:`")
    if ref.output is None:
        raise NotMeasuredError("nothing says what the model gives", "write `output: logits`, `probability` or `label`")


def shown(raw: NDArray[Any], ref: ModelRef) -> NDArray[Any]:
    """Give what a model answered, logits of two classes as the probability of the positive one.

    Raises:
        NotMeasuredError: the answers are not numbers.
    """
    import numpy as np

    if np.isnan(raw).any():
        raise NotMeasuredError("the model answered with NaN", "look at its weights and inputs")
    if ref.output in ("logits", "probability") and (raw.ndim == 1 or raw.shape[1] <= _BINARY):
        return from_logits(raw) if ref.output == "logits" else from_probabilities(raw)
    return raw.reshape(-1) if raw.ndim == _BINARY and raw.shape[1] == 1 else raw


def classes(table: OpenTable, spec: PredictionSpec, raw: NDArray[Any] | None) -> Predictions:
    """Take predictions from what a model answered, or from columns where there is no model.

    Args:
        table: the rows.
        spec: where truth and predictions are.
        raw: float64 (n,) or (n, k): a model's answers.

    Raises:
        NotMeasuredError: they cannot be had, or cannot be trusted.
    """
    if isinstance(spec, ModelSpec) and is_several(spec, raw):
        found = several(table, spec, raw)
    elif spec.model is None or raw is None:
        found = from_columns(table, spec)
    else:
        found = from_model(table, spec, spec.model, raw)
    weights, clusters = beside(table, spec)
    return replace(found, weights=weights, clusters=clusters)


def from_columns(table: OpenTable, spec: PredictionSpec) -> Predictions:
    """Take predictions from columns.

    Raises:
        NotMeasuredError: a column is missing or has missing values, labels are not binary or of different types, the
            positive label does not occur, or a score is no probability.
    """
    labels = _labels(table, spec)
    predicted = scores = None
    if spec.prediction is not None:
        found = values_of(table, spec.prediction, "predictions")
        where = located(table, spec.prediction, labels)
        agree(labels, found, f"the predictions in column {spec.prediction!r}", where)
        predicted = table.equals(spec.prediction, spec.positive)
    if spec.score is not None:
        scores = _scores(table, spec, spec.score, labels)
    return Predictions(table.equals(spec.label, spec.positive), predicted, scores)


def from_model(table: OpenTable, spec: PredictionSpec, ref: ModelRef, raw: NDArray[Any]) -> Predictions:
    """Decode what a model answered.

    Args:
        table: the rows it answered for.
        spec: where the truth is.
        ref: what the model says comes out of it.
        raw: float64 (n,) or (n, k).

    Raises:
        NotMeasuredError: as for columns, or the model's answers are not what it declares.
    """
    labels = _labels(table, spec)
    truth = table.equals(spec.label, spec.positive)
    if ref.output == "label":
        return Predictions(truth, _predicted(raw, labels, spec), None)
    if isinstance(spec, ModelSpec) and spec.classes is not None:
        raw = second_of_two(raw, [label_of(one) for one in spec.classes].index(label_of(spec.positive)))
    scores = from_logits(raw) if ref.output == "logits" else from_probabilities(raw)
    return Predictions(truth, scores >= ref.threshold, scores)


def _scores(table: OpenTable, spec: PredictionSpec, named: str | tuple[str, ...], labels: set[Label]) -> NDArray[Any]:
    """Read the positive label's probability: from its own column, or from one of two."""
    names = (named,) if isinstance(named, str) else named
    if len(names) > 1:
        known = sorted(labels)
        if isinstance(spec, ModelSpec) and spec.classes is not None:
            known = [label_of(value) for value in spec.classes]
        return score_columns(table, names)[:, known.index(label_of(spec.positive))]
    column = table.frame.column(names[0])
    if column.type not in NUMERIC:
        raise NotMeasuredError(f"{column} holds no scores", "name a numeric column")
    remedy = "give probabilities of the positive label; logits become some through the logistic function"
    return checked(table.numbers(names[0]), f"the score column {names[0]!r}", remedy)


def _predicted(raw: NDArray[Any], labels: set[Label], spec: PredictionSpec) -> NDArray[Any]:
    """Tell which of a model's labels are the positive one."""
    import numpy as np

    values = single_column(raw, "labels")
    found, counts = np.unique(values, return_counts=True)
    if not np.isfinite(found).all():
        raise NotMeasuredError("the model answered with labels that are no numbers", "look at its outputs")
    agree(labels, list(zip(found.tolist(), counts.tolist(), strict=True)), "the labels that the model gives")
    predicted: NDArray[Any] = values == float(spec.positive)
    return predicted


def _labels(table: OpenTable, spec: PredictionSpec) -> set[Label]:
    """Find out which labels there are; exactly two of one type may be, and the positive one must occur."""
    if table.rows == 0:
        raise NotMeasuredError(f"{table.frame.what} has no rows", "give it some")
    column, positive = spec.label, spec.positive
    values = values_of(table, column, "labels")
    labels = {label_of(value) for value, _ in values}
    shown = listed(value for value, _ in values)
    declared = spec.classes if isinstance(spec, ModelSpec) else None
    known = set(map(label_of, declared)) if declared is not None else labels
    if len(labels) > _BINARY or not labels <= known:
        usual = known if declared is not None else {label_of(value) for value, _ in values[:_BINARY]}
        where = located(table, column, usual)
        reason = f"column {column!r} holds {len(labels)} distinct labels ({shown}){where}"
        raise NotMeasuredError(reason, _several_classes(values, spec))
    if label_of(positive) not in labels:
        quoted = any(str(value) == str(positive) for value, _ in values)
        remedy = "one is text and the other a number: mind the quotes" if quoted else "set `positive` to one of them"
        reason = f"no row of column {column!r} has the positive label {positive!r}; it holds {shown}"
        raise NotMeasuredError(reason, remedy)
    if isinstance(spec, ModelSpec) and len(known) < _BINARY:
        reason = f"column {column!r} holds one class: all {table.rows:,} rows are positive ({written(values[0][0])})"
        raise NotMeasuredError(reason, "judge on rows of both, or list both in `classes:` if these are all there are")
    return known


def _several_classes(values: list[tuple[Any, int]], spec: PredictionSpec) -> str:
    """Say what to do about more labels than two."""
    if not isinstance(spec, ModelSpec):
        return "this is measured for two; keep or merge two of them"
    if spec.classes is not None:
        return "list all there are in `classes:`, or mend these rows"
    found = [value for value, _ in values]
    if len(found) > _FEW:
        return "if these are the classes, list them in `classes:` or choose an `average:`"
    line = ", ".join(written(value) for value in sorted(found, key=label_of))
    return f"if these are the classes, write `classes: [{line}]` or choose an `average:`"
