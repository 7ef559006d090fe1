"""What a model said about labelled rows, checked once for all metrics."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgate.kind import Values as PredictedNumbers
from pytest_mlgate.stats.door import vector
from pytest_mlgate.stats.drawn import Drawn, counted_rows, drawn

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from pytest_mlgate.kind import Predictions

_ROUNDING = 1e-6  # by which probabilities of one row may miss a sum of 1


@dataclass(frozen=True, slots=True, eq=False)
class Outputs:
    """What a model said about labelled rows.

    Args:
        labels: array[n], the true class of each row: numbers, strings or booleans; for metrics that need `value`, the
            true number.
        predictions: array[n], the predicted class, of the same type; only for metrics that need `prediction`.
        scores: float[n], higher for rows more likely positive; only for metrics that need `score`.
        positive: the label of the positive class; `True` by itself when labels are boolean.
        values: float[n], the predicted number; only for metrics that need `value`.
        classes: the k classes in ascending order where none is the positive one; labels and predictions are then
            int64[n] positions in them, scores float[n, k].
        weights: float[n], how much each row counts; None when all count the same.
        clusters: int64[n], which rows belong together; None when each stands for itself.

    Raises:
        ValueError: no rows, unequal lengths, missing values, predictions that no label could ever equal, codes of no
            class, or weights that are negative, infinite or all zero.
    """

    labels: NDArray[Any]
    predictions: NDArray[Any] | None = None
    scores: NDArray[Any] | None = None
    positive: Any = None
    values: NDArray[Any] | None = None
    classes: tuple[Any, ...] = ()
    weights: NDArray[Any] | None = None
    clusters: NDArray[Any] | None = None
    _how: list[Drawn] = field(default_factory=list, init=False, repr=False)

    @classmethod
    def of(cls, found: Predictions | PredictedNumbers) -> Outputs:
        """Take what a gate's inputs found."""
        if isinstance(found, PredictedNumbers):
            return cls(found.targets, values=found.predicted, weights=found.weights, clusters=found.clusters)
        return cls(
            found.labels,
            found.predicted,
            found.scores,
            classes=found.classes,
            weights=found.weights,
            clusters=found.clusters,
        )

    def __post_init__(self) -> None:
        for name in ("labels", "predictions", "scores", "values", "weights", "clusters"):
            values = getattr(self, name)
            column = None if values is None else _column(name, values, 2 if name == "scores" and self.classes else 1)
            object.__setattr__(self, name, column)
        if not self.labels.size:
            raise ValueError("there are no rows to measure")
        for name in ("predictions", "scores", "values", "weights", "clusters"):
            column = getattr(self, name)
            if column is not None and len(column) != self.labels.size:
                raise ValueError(f"{self.labels.size} labels and {len(column)} {name} do not go together")
        if self.predictions is not None and _is_text(self.predictions) is not _is_text(self.labels):
            texts, numbers = ("predictions", "labels") if _is_text(self.predictions) else ("labels", "predictions")
            raise ValueError(f"{texts} are text and {numbers} are numbers: no prediction could ever be right")
        if self.classes:
            self._check_codes()
        if self.weights is not None:
            counted_rows(self.weights)

    @property
    def drawn(self) -> Drawn:
        """How the rows were drawn."""
        if not self._how:
            self._how.append(drawn(self.labels.size, self.weights, self.clusters))
        return self._how[0]

    def counting(self) -> Outputs:
        """Leave out the rows of weight zero."""
        rows = None if self.weights is None else counted_rows(self.weights)
        return self if rows is None else self.at(rows)

    def at(self, rows: NDArray[Any]) -> Outputs:
        """Keep some of the rows, by number or by truth, at least one."""
        kept = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        return Outputs(**{name: one[rows] if isinstance(one, np.ndarray) else one for name, one in kept.items()})

    def are_positive(self) -> NDArray[np.bool_]:
        """Tell which rows are of the positive class.

        Raises:
            ValueError: no row has the label given, or none is given and labels are not boolean, or there are several
                classes.
        """
        if self.classes:
            raise ValueError(f"there are {len(self.classes)} classes, and none of them is the positive one")
        if self.positive is None and self.labels.dtype != np.bool_:
            raise ValueError("name the label of the positive class: `positive` is not given")
        positive = True if self.positive is None else self.positive
        matches = np.asarray(self.labels == positive, dtype=np.bool_)
        if self.positive is not None and not matches.any():  # booleans name it themselves
            raise ValueError(
                f"none of {matches.size} labels is the positive class {positive!r}; the first is {self.labels[0]!r}"
            )
        return matches

    def are_predicted(self) -> NDArray[np.bool_]:
        """Tell which rows are predicted to be of the positive class."""
        positive = True if self.positive is None else self.positive
        return np.asarray(self.predictions == positive, dtype=np.bool_)

    def are_right(self) -> NDArray[np.bool_]:
        """Tell which rows are predicted to be of the class they are of."""
        return np.asarray(self.labels == self.predictions, dtype=np.bool_)

    def codes(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Give labels and predictions as whole numbers below the number of classes, the positive one last of two.

        Raises:
            ValueError: as `are_positive`, where there are no `classes`.
        """
        if self.classes:
            return self.labels, np.asarray(self.predictions)
        return self.are_positive().view(np.int8), self.are_predicted().view(np.int8)

    def names(self) -> tuple[str, ...]:
        """Say how the classes that `codes` speaks of are called."""
        return tuple(map(repr, self.classes)) or ("negative", "positive")

    def probabilities(self) -> NDArray[np.float64]:
        """Give the scores, which must be probabilities: of the positive class, or of each, adding up to 1.

        Raises:
            ValueError: one lies outside 0 and 1, or a row's do not add up.
        """
        scores = np.asarray(self.scores, dtype=np.float64) if self.classes else vector("scores", self.scores)  # type: ignore[arg-type] # there are scores, or compute would have refused
        outside = np.argwhere((scores < 0.0) | (scores > 1.0))
        if outside.size:
            first = tuple(outside[0])
            raise ValueError(
                f"{len(outside)} of {scores.size} scores are no probabilities; the first is {scores[first]:g} in "
                f"row {first[0]}"
            )
        if self.classes:
            sums = scores.sum(axis=1)
            wrong = np.flatnonzero(np.abs(sums - 1.0) > _ROUNDING)
            if wrong.size:
                raise ValueError(
                    f"the probabilities of {wrong.size} of {sums.size} rows do not add up to 1; those of row "
                    f"{wrong[0]} add up to {sums[wrong[0]]:g}"
                )
        return scores

    def _check_codes(self) -> None:
        k = len(self.classes)
        for name in ("labels", "predictions"):
            codes = getattr(self, name)
            if codes is None:
                continue
            if codes.dtype.kind not in "iu":
                raise ValueError(f"{name} must be positions in the {k} classes, not {codes.dtype}")
            if not 0 <= int(codes.min()) <= int(codes.max()) < k:
                raise ValueError(
                    f"{name} must lie between 0 and {k - 1}, not {int(codes.min())} and {int(codes.max())}"
                )
        if self.scores is not None and self.scores.shape[1] != k:
            raise ValueError(f"{k} classes and {self.scores.shape[1]} columns of scores do not go together")


def _column(name: str, values: ArrayLike, dimensions: int) -> NDArray[Any]:
    """Give values as an array without holes."""
    column = np.asarray(values)
    if column.ndim != dimensions:
        expected = "one dimension" if dimensions == 1 else "a row for each row and a column for each class"
        raise ValueError(f"{name} must have {expected}, not the shape {column.shape}")
    holes = np.asarray(column != column, dtype=np.bool_)  # noqa: PLR0124 - only NaN differs from itself, in any dtype
    if column.dtype == np.object_:
        holes |= np.asarray(column == None, dtype=np.bool_)  # noqa: E711 - element by element
    if holes.any():
        raise ValueError(f"{int(holes.sum())} of {column.size} {name} are missing")
    return column


def _is_text(column: NDArray[Any]) -> bool:
    return column.dtype.kind in "UT" or (column.dtype == np.object_ and isinstance(column[0], str))
