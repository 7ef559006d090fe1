"""Predictions beside the truth, from columns or from a model, checked before anything is computed from them.

A wrong positive label, a text "1" held against a number 1, logits taken for probabilities: each would give a number,
and a wrong one. So labels must be those of a binary problem, of one type, and agree with what is predicted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import NUMERIC
from pytest_mlgate.inputs.text import spelled
from pytest_mlgate.kind import Predictions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pytest_mlgate.aggregate import Scalar
    from pytest_mlgate.inputs.tables import OpenTable
    from pytest_mlgate.kind import PredictionSpec
    from pytest_mlgate.reference import ModelRef

_Label = tuple[str, object]
_BINARY = 2
_SHOWN = 5
_ROUNDING = 1e-6


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
    if _label(spec.model.positive) != _label(spec.positive):
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
        return _from_logits(raw) if ref.output == "logits" else _from_probabilities(raw)
    return raw.reshape(-1) if raw.ndim == _BINARY and raw.shape[1] == 1 else raw


def classes(table: OpenTable, spec: PredictionSpec, raw: NDArray[Any] | None) -> Predictions:
    """Take predictions from what a model answered, or from columns where there is no model."""
    if spec.model is None or raw is None:
        return from_columns(table, spec)
    return from_model(table, spec, spec.model, raw)


def from_columns(table: OpenTable, spec: PredictionSpec) -> Predictions:
    """Take predictions from columns.

    Raises:
        NotMeasuredError: a column is missing or has missing values, labels are not binary or of different types, the
            positive label does not occur, or a score is no probability.
    """
    labels = _labels(table, spec.label, spec.positive)
    predicted = scores = None
    if spec.prediction is not None:
        found = _values(table, spec.prediction, "predictions")
        _agree(
            labels, found, f"the predictions in column {spec.prediction!r}", _located(table, spec.prediction, labels)
        )
        predicted = table.equals(spec.prediction, spec.positive)
    if spec.score is not None:
        column = table.frame.column(spec.score)
        if column.type not in NUMERIC:
            raise NotMeasuredError(f"{column} holds no scores", "name a numeric column")
        what = f"the score column {spec.score!r}"
        scores = _checked(table.numbers(spec.score), what, "give probabilities of the positive label")
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
    labels = _labels(table, spec.label, spec.positive)
    truth = table.equals(spec.label, spec.positive)
    if ref.output == "label":
        return Predictions(truth, _predicted(raw, labels, spec.positive), None)
    scores = _from_logits(raw) if ref.output == "logits" else _from_probabilities(raw)
    return Predictions(truth, scores >= ref.threshold, scores)


def _predicted(raw: NDArray[Any], labels: set[_Label], positive: Scalar) -> NDArray[Any]:
    """Tell which of a model's labels are the positive one."""
    import numpy as np

    values = _single_column(raw, "labels")
    found, counts = np.unique(values, return_counts=True)
    if not np.isfinite(found).all():
        raise NotMeasuredError("the model answered with labels that are no numbers", "look at its outputs")
    _agree(labels, list(zip(found.tolist(), counts.tolist(), strict=True)), "the labels that the model gives")
    predicted: NDArray[Any] = values == float(positive)
    return predicted


def _from_logits(raw: NDArray[Any]) -> NDArray[Any]:
    """Turn logits into probabilities: one is the positive label's, of two the second is."""
    import numpy as np

    if not np.isfinite(raw).all():
        raise NotMeasuredError("the model answered with NaN or infinite logits", "look at its weights and inputs")
    margin = raw[:, 1] - raw[:, 0] if _has_two(raw) else _single_column(raw, "logits")
    # The two branches of the logistic function that cannot overflow; softmax over two logits is its value there.
    small = np.exp(-np.abs(margin))
    scores: NDArray[Any] = np.where(margin >= 0, 1.0, small) / (1.0 + small)
    return scores


def _from_probabilities(raw: NDArray[Any]) -> NDArray[Any]:
    """Take the positive label's probability: the only one there is, or the second of two."""
    checked = _checked(raw, "the model's output", "if these are logits, write `output: logits`")
    return checked[:, 1] if _has_two(raw) else _single_column(checked, "probabilities")


def _has_two(raw: NDArray[Any]) -> bool:
    return raw.ndim == _BINARY and raw.shape[1] == _BINARY


def _single_column(raw: NDArray[Any], noun: str) -> NDArray[Any]:
    if raw.ndim == 1 or raw.shape[1] == 1:
        return raw.reshape(-1)
    reason = f"the model gives {raw.shape[1]} {noun} a row, which is no binary classification"
    raise NotMeasuredError(reason, "give one a row, or two of which the second is the positive label's")


def _checked(scores: NDArray[Any], what: str, remedy: str) -> NDArray[Any]:
    """Give probabilities back, without the rounding error by which sums of floats leave [0, 1]."""
    import numpy as np

    if missing := int(np.isnan(scores).sum()):
        raise NotMeasuredError(f"{missing} of {scores.size} values of {what} are missing or NaN", "fill them in")
    low, high = float(scores.min()), float(scores.max())
    if low < -_ROUNDING or high > 1.0 + _ROUNDING:
        outside = (scores < -_ROUNDING) | (scores > 1.0 + _ROUNDING)
        rows = np.flatnonzero(outside.reshape(len(scores), -1).any(axis=1))
        where = f"; {rows.size:,} of {len(scores):,} rows hold others, the first is row {rows[0]}"
        raise NotMeasuredError(f"{what} ranges from {low:g} to {high:g}, which are no probabilities{where}", remedy)
    clipped: NDArray[Any] = np.clip(scores, 0.0, 1.0)
    return clipped


def _labels(table: OpenTable, column: str, positive: Scalar) -> set[_Label]:
    """Find out which labels occur; exactly two of one type may, and the positive one must."""
    if table.rows == 0:
        raise NotMeasuredError(f"{table.frame.what} has no rows", "give it some")
    values = _values(table, column, "labels")
    labels = {_label(value) for value, _ in values}
    if len(labels) > _BINARY:
        usual = {_label(value) for value, _ in values[:_BINARY]}
        where = _located(table, column, usual)
        reason = f"column {column!r} holds {len(labels)} distinct labels ({_listed(values)}){where}"
        raise NotMeasuredError(reason, "this is measured for two; keep or merge two of them")
    if _label(positive) not in labels:
        quoted = any(str(value) == str(positive) for value, _ in values)
        remedy = "one is text and the other a number: mind the quotes" if quoted else "set `positive` to one of them"
        reason = f"no row of column {column!r} has the positive label {positive!r}; it holds {_listed(values)}"
        raise NotMeasuredError(reason, remedy)
    return labels


def _values(table: OpenTable, column: str, noun: str) -> list[tuple[Any, int]]:
    values, missing = table.distinct(column)
    if missing:
        raise NotMeasuredError(
            f"{missing} of {table.rows} {noun} in column {column!r} are missing", "leave these rows out"
        )
    return values


def _located(table: OpenTable, column: str, known: set[_Label]) -> str:
    """Say which row is the first that holds something other than the labels known."""
    from pytest_mlgate.aggregate import NotAmong

    wanted = tuple(value for _, value in known if isinstance(value, str | float))
    kinds = {"string": str, "integer": float, "number": float}
    if len(wanted) != len(known) or not all(isinstance(one, kinds.get(table.columns[column], ())) for one in wanted):
        return ""
    rule = NotAmong(column, wanted)
    examples = table.examples(rule, 1)
    return f"; the first other than the usual is row {examples[0].row}: {examples[0].value}" if examples else ""


def _agree(labels: set[_Label], found: list[tuple[Any, int]], what: str, where: str = "") -> None:
    """Make sure that predictions speak of the labels that occur; `where` locates one that does not."""
    together = labels | {_label(value) for value, _ in found}
    if len(together) > _BINARY or len({kind for kind, _ in together}) > 1:
        known = ", ".join(sorted(_shown(value) for _, value in labels))
        reason = f"{what} are {_listed(found)}, but the labels are {known}{where}"
        raise NotMeasuredError(reason, "use the same two values for both")


def _label(value: object) -> _Label:
    """Give a label in the form in which labels are compared: 1, 1.0 and true are one, "1" is another."""
    if isinstance(value, bool | int | float | Decimal):
        return "number", float(value)
    return ("text", value) if isinstance(value, str) else ("other", spelled(value))


def _listed(values: Iterable[tuple[Any, int]]) -> str:
    shown = [_shown(value) for value, _ in values]
    return ", ".join(shown[:_SHOWN]) + (f", … ({len(shown)} in all)" if len(shown) > _SHOWN else "")


def _shown(value: object) -> str:
    """Write a label so that text and numbers are told apart, and a single-precision 0.2 is 0.2."""
    if isinstance(value, str):
        return repr(value)
    return f"{value:g}" if isinstance(value, float) else spelled(value)
