"""Predictions among several classes, none of which is the positive one: labels and predictions as positions in a list.

Which classes there are is said by the gate (`classes:`), or by the labels that occur. A prediction that is none of
them, or a model with more outputs than there are classes, is refused: nobody could say what it stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import NUMERIC
from pytest_mlgate.inputs.labels import label_of, listed, written
from pytest_mlgate.inputs.probabilities import (
    adding_up,
    checked,
    from_distributions,
    from_logits,
    from_probabilities,
    second_of_two,
    softmax,
)
from pytest_mlgate.kind import ModelSpec, Predictions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.aggregate import Scalar
    from pytest_mlgate.inputs.labels import Label
    from pytest_mlgate.inputs.tables import OpenTable
    from pytest_mlgate.kind import PredictionSpec
    from pytest_mlgate.reference import ModelRef

_BINARY = 2
_MOST = 1000
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class _Classes:
    """The classes in ascending order.

    Args:
        values: as reports write them.
        order: where each class of `values` stands among scores.
    """

    values: tuple[Scalar, ...]
    order: tuple[int, ...]

    @property
    def positions(self) -> dict[Label, int]:
        """Each label's position."""
        return {label_of(value): i for i, value in enumerate(self.values)}


def is_several(spec: PredictionSpec, raw: NDArray[Any] | None) -> bool:
    """Tell whether a gate speaks of several classes rather than of one positive one.

    Args:
        spec: the gate.
        raw: what its model gave.
    """
    if not isinstance(spec, ModelSpec):
        return False
    if spec.average is not None:
        return True
    if spec.classes is not None:
        return len(spec.classes) > _BINARY or label_of(spec.positive) not in map(label_of, spec.classes)
    if isinstance(spec.score, tuple) and len(spec.score) > _BINARY:
        return True
    wide = raw is not None and raw.ndim == _BINARY and raw.shape[1] > _BINARY
    return wide and spec.model is not None and spec.model.output in {"logits", "probability"}


def several(table: OpenTable, spec: ModelSpec, raw: NDArray[Any] | None) -> Predictions:
    """Take predictions from what a model answered, or from columns where there is no model.

    Args:
        table: the rows.
        spec: where truth and predictions are.
        raw: float64 (n,) or (n, k): a model's answers.

    Raises:
        NotMeasuredError: a column is missing or has missing values, labels are of two types or not among the classes
            declared, predictions are not among the classes, or scores are no probabilities of them.
    """
    if table.rows == 0:
        raise NotMeasuredError(f"{table.frame.what} has no rows", "give it some")
    codes, levels = _read(table, spec.label, "labels")
    classes = _declared(spec.classes) if spec.classes is not None else _occurring(levels, spec.label, table.rows)
    labels = _positions(codes, levels, classes, f"the labels in column {spec.label!r}")
    predicted: NDArray[Any] | None
    scores: NDArray[Any] | None
    if spec.model is not None and raw is not None:
        predicted, scores = _answered(raw, spec, spec.model, classes)
    else:
        predicted, scores = None, None
        if spec.prediction is not None:
            found = _read(table, spec.prediction, "predictions")
            predicted = _positions(*found, classes, f"the predictions in column {spec.prediction!r}")
        if spec.score is not None:
            scores = _scores(table, spec, classes)
    return Predictions(labels, predicted, scores, classes.values)


def score_columns(table: OpenTable, names: Sequence[str]) -> NDArray[Any]:
    """Read columns that hold a probability for each class: float64 (n, k).

    Raises:
        NotMeasuredError: one is missing, or holds no probabilities, or a row does not add up to 1.
    """
    import numpy as np

    for name in names:
        column = table.frame.column(name)
        if column.type not in NUMERIC:
            raise NotMeasuredError(f"{column} holds no scores", "name numeric columns")
    what = f"the score columns {', '.join(map(repr, names))}"
    remedy = "give probabilities; logits become some through softmax"
    return adding_up(np.column_stack(table.numbers_of(names)), what, remedy)


def _read(table: OpenTable, name: str, noun: str) -> tuple[NDArray[Any], tuple[Scalar, ...]]:
    """Read a column of labels as codes of its distinct values, none of which may be missing."""
    coded = table.coded(name)
    if None in coded.levels:
        rows = (coded.codes == coded.levels.index(None)).nonzero()[0]
        reason = f"{rows.size} of {table.rows} {noun} in column {name!r} are missing; the first is row {rows[0]}"
        raise NotMeasuredError(reason, "leave these rows out")
    levels = tuple(level for level in coded.levels if level is not None)
    if table.columns[name] == "number" and any(isinstance(level, str) for level in levels):
        first = next(level for level in levels if isinstance(level, str))
        reason = f"the {noun} in column {name!r} are no classes: {first} is no whole number"
        raise NotMeasuredError(reason, "metrics of predicted numbers are rmse, mae, r2, …")
    return coded.codes, levels


def _declared(values: Sequence[Scalar]) -> _Classes:
    """Order the classes that a gate lists."""
    labels = [label_of(value) for value in values]
    if len(set(labels)) < len(labels) or len({kind for kind, _ in labels}) > 1:
        reason = f"`classes:` lists {listed(values)}: one twice, or text beside numbers"
        raise NotMeasuredError(reason, "list each once, all of one type")
    order = sorted(range(len(values)), key=lambda i: labels[i])
    return _Classes(tuple(values[i] for i in order), tuple(order))


def _occurring(levels: Sequence[Scalar], name: str, rows: int) -> _Classes:
    """Take the labels that occur for the classes there are."""
    if len(levels) == 1:
        reason = f"column {name!r} holds one class: all {rows:,} rows are {written(levels[0])}"
        raise NotMeasuredError(reason, "judge on rows of several, or list all there are in `classes:`")
    if len(levels) > _MOST:
        reason = f"column {name!r} holds {len(levels):,} distinct labels, more than classes"
        raise NotMeasuredError(reason, "name the column of classes; metrics of predicted numbers are rmse, mae, r2, …")
    return _Classes(tuple(levels), tuple(range(len(levels))))


def _positions(codes: NDArray[Any], levels: Sequence[Scalar], classes: _Classes, what: str) -> NDArray[Any]:
    """Turn codes of a column's values into positions among the classes."""
    import numpy as np

    known = classes.positions
    unknown = [code for code, level in enumerate(levels) if label_of(level) not in known]
    if unknown:
        rows = np.flatnonzero(np.isin(codes, unknown))
        shown = listed(levels[code] for code in unknown)
        where = f"in {rows.size:,} of {codes.size:,} rows; the first is row {rows[0]}"
        reason = f"{what} hold {shown}, which the classes ({listed(classes.values)}) do not, {where}"
        quoted = {str(levels[code]) for code in unknown} & set(map(str, classes.values))
        remedy = "list all there are in `classes:`, or mend these rows"
        raise NotMeasuredError(reason, "one is text and the other a number: mind the quotes" if quoted else remedy)
    lookup = np.array([known[label_of(level)] for level in levels], dtype=np.int64)
    found: NDArray[Any] = lookup[codes]
    return found


def _scores(table: OpenTable, spec: ModelSpec, classes: _Classes) -> NDArray[Any]:
    """Read the probabilities of all classes, in ascending order of these."""
    names = (spec.score,) if isinstance(spec.score, str) else spec.score or ()
    if len(names) == 1 and len(classes.values) == _BINARY and label_of(spec.positive) in classes.positions:
        # Its own column of probabilities is enough where the other class has the rest.
        remedy = "give probabilities of the positive label"
        own = checked(table.numbers(names[0]), f"the score column {names[0]!r}", remedy)
        return _of_two(own, spec, classes)
    if len(names) != len(classes.values):
        has = f"`score:` names {len(names)} column{'s' * (len(names) > 1)}"
        reason = f"{has}, and there are {len(classes.values)} classes ({listed(classes.values)})"
        raise NotMeasuredError(reason, "name a column for each, in the order of `classes:`, or ascending")
    return score_columns(table, names)[:, list(classes.order)]


def _of_two(positive: NDArray[Any], spec: ModelSpec, classes: _Classes) -> NDArray[Any]:
    """Complete the positive class's probabilities by the other's."""
    import numpy as np

    pair = [1.0 - positive, positive]
    return np.column_stack(pair if classes.positions[label_of(spec.positive)] else pair[::-1])


def _answered(
    raw: NDArray[Any], spec: ModelSpec, ref: ModelRef, classes: _Classes
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Decode what a model answered: predicted classes, and scores where it gives some."""
    import numpy as np

    k = len(classes.values)
    if ref.output == "label":
        return _labels(raw, classes), None
    if k == _BINARY and label_of(spec.positive) in classes.positions:
        place = classes.positions[label_of(spec.positive)]
        pair = second_of_two(raw, classes.order[place])
        scores = from_logits(pair) if ref.output == "logits" else from_probabilities(pair)
        return np.where(scores >= ref.threshold, place, 1 - place).astype(np.int64), _of_two(scores, spec, classes)
    width = raw.shape[1] if raw.ndim == _BINARY else 1
    if width != k:
        noun = "probabilities" if ref.output == "probability" else ref.output
        reason = f"the model gives {width} {noun} a row, and there are {k} classes ({listed(classes.values)})"
        raise NotMeasuredError(reason, "list all that it knows in `classes:`, in the order of its outputs")
    if ref.threshold != _HALF:
        reason = f"the model's threshold {ref.threshold:g} means nothing among {k} classes"
        raise NotMeasuredError(reason, "leave it out: the most probable class is predicted")
    scores = (softmax(raw) if ref.output == "logits" else from_distributions(raw))[:, list(classes.order)]
    return scores.argmax(axis=1).astype(np.int64), scores


def _labels(raw: NDArray[Any], classes: _Classes) -> NDArray[Any]:
    """Find the classes that a model names."""
    import numpy as np

    if raw.ndim > 1 and raw.shape[1] != 1:
        raise NotMeasuredError(f"the model gives {raw.shape[1]} labels a row", "give one")
    if not np.isfinite(raw).all():
        raise NotMeasuredError("the model answered with labels that are no numbers", "look at its outputs")
    found, codes = np.unique(raw.reshape(-1), return_inverse=True)
    levels = [int(value) if value.is_integer() else value for value in found.tolist()]
    return _positions(codes.reshape(-1), levels, classes, "the labels that the model gives")
