"""One table of counts, group by label by prediction, from which every fairness metric follows.

Two million rows become a few dozen numbers in one pass; rates, gaps and bounds then cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from pytest_mlgate.stats.door import at_least

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    _Floats = NDArray[np.float64]

Of = Literal["rows", "positives", "negatives"]
_CELLS = 4


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as a share of cells, each written label then prediction: `10` is a positive that was missed.

    Attributes:
        hits: the cells counted.
        among: the cells they are a share of.
        of: which of a group's minimum sizes speaks of `among`.
        words: how reports call it.
    """

    hits: tuple[str, ...]
    among: tuple[str, ...]
    of: Of
    words: str


_ALL = ("00", "01", "10", "11")
PREDICTED = ("ppv", "npv", "fdr", "for")  # shares of the rows predicted positive or negative, not labelled so
RATES: Mapping[str, Rate] = MappingProxyType(
    {
        "base_rate": Rate(("10", "11"), _ALL, "rows", "base rate"),
        "selection_rate": Rate(("01", "11"), _ALL, "rows", "selection rate"),
        "tpr": Rate(("11",), ("10", "11"), "positives", "true positive rate"),
        "fpr": Rate(("01",), ("00", "01"), "negatives", "false positive rate"),
        "fnr": Rate(("10",), ("10", "11"), "positives", "false negative rate"),
        "tnr": Rate(("00",), ("00", "01"), "negatives", "true negative rate"),
        "ppv": Rate(("11",), ("01", "11"), "positives", "precision"),
        "npv": Rate(("00",), ("00", "10"), "negatives", "negative predictive value"),
        "fdr": Rate(("01",), ("01", "11"), "positives", "false discovery rate"),
        "for": Rate(("10",), ("00", "10"), "negatives", "false omission rate"),
        "accuracy": Rate(("00", "11"), _ALL, "rows", "accuracy"),
        "error_rate": Rate(("01", "10"), _ALL, "rows", "error rate"),
    }
)


@dataclass(frozen=True, slots=True)
class Least:
    """The sizes below which nothing is claimed of a group, each at least 1.

    Raises:
        ValueError: one is smaller.
    """

    rows: int = 100
    positives: int = 30
    negatives: int = 30

    def __post_init__(self) -> None:
        for name in ("rows", "positives", "negatives"):
            at_least(name, getattr(self, name), 1)


@dataclass(frozen=True, slots=True, eq=False)
class GroupCounts:
    """How many rows of each group have each label and prediction.

    Attributes:
        cells: float64[K, 4], rows labelled and predicted negative-negative, negative-positive, positive-negative and
            positive-positive. Whole numbers, unless scaled for planning.

    Raises:
        ValueError: another shape, or counts below zero.
    """

    cells: _Floats
    _sums: dict[tuple[str, ...], _Floats] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        cells = np.array(self.cells, dtype=np.float64)
        if cells.ndim != 2 or cells.shape[1] != _CELLS or not (cells >= 0.0).all():  # noqa: PLR2004 - two dimensions
            raise ValueError(f"cells must be four counts a group, none below zero, not of shape {cells.shape}")
        cells.flags.writeable = False
        object.__setattr__(self, "cells", cells)

    @property
    def rows(self) -> _Floats:
        """Rows of each group, float64[K]."""
        return self._sum(_ALL)

    @property
    def positives(self) -> _Floats:
        """Rows of each group whose label is positive, float64[K]."""
        return self._sum(("10", "11"))

    @property
    def negatives(self) -> _Floats:
        """Rows of each group whose label is negative, float64[K]."""
        return self._sum(("00", "01"))

    def hits(self, rate: str) -> _Floats:
        """Count the rows that a rate counts, float64[K]."""
        return self._sum(RATES[rate].hits)

    def among(self, rate: str) -> _Floats:
        """Count the rows that a rate is a share of, float64[K]."""
        return self._sum(RATES[rate].among)

    def rates(self, rate: str) -> _Floats:
        """Give a rate of each group, float64[K]; NaN where it is a share of nothing."""
        hits, among = self.hits(rate), self.among(rate)
        return np.where(among > 0.0, hits / np.where(among > 0.0, among, 1.0), np.nan)

    def small(self, rate: str, least: Least) -> NDArray[np.bool_]:
        """Tell which groups are too small for a claim about a rate, bool[K]."""
        return np.asarray((self.rows < least.rows) | (self.among(rate) < getattr(least, RATES[rate].of)))

    def scaled(self, factor: float) -> GroupCounts:
        """Give the table that so many times the rows would show if all shares held."""
        return GroupCounts(self.cells * factor)

    def chosen(self, groups: Sequence[int], empty: int = 0) -> GroupCounts:
        """Give the table of some groups, in this order, followed by so many without any rows."""
        return GroupCounts(np.concatenate([self.cells[list(groups)], np.zeros((empty, _CELLS))]))

    def _sum(self, cells: tuple[str, ...]) -> _Floats:
        """Add up some cells, once: every metric asks for the same few sums."""
        if cells not in self._sums:
            found = np.asarray(self.cells[:, [_ALL.index(cell) for cell in cells]].sum(axis=1), dtype=np.float64)
            found.flags.writeable = False
            self._sums[cells] = found
        return self._sums[cells]


@dataclass(frozen=True, slots=True, eq=False)
class CrossCounts:
    """Rows by several attributes at once, label and prediction: one pass gives the table of each and of each two.

    Attributes:
        cells: int64[L1, …, Lm, 4], with the cells of `GroupCounts` last.
    """

    cells: NDArray[np.int64]

    def of(self, attributes: Sequence[int]) -> GroupCounts:
        """Give the table of some attributes, in the order of the axes; the last one's levels vary fastest."""
        others = tuple(axis for axis in range(self.cells.ndim - 1) if axis not in attributes)
        return GroupCounts(self.cells.sum(axis=others).reshape(-1, _CELLS).astype(np.float64))


def count_crossed(
    codes: Sequence[NDArray[np.int64]], levels: Sequence[int], labels: ArrayLike, predicted: ArrayLike
) -> CrossCounts:
    """Count rows by every combination of attributes, in one pass.

    Args:
        codes: int[n] for each attribute, positions among its levels.
        levels: how many levels each attribute has.
        labels: bool[n], true where the row is positive.
        predicted: bool[n], true where it is predicted positive.

    Raises:
        ValueError: as `count_groups`.
    """
    joint = joined(codes, levels)
    found = count_groups(joint, labels, predicted, prod(levels))
    return CrossCounts(found.cells.astype(np.int64).reshape(*levels, _CELLS))


def joined(codes: Sequence[NDArray[np.int64]], levels: Sequence[int]) -> NDArray[np.int64]:
    """Give each row's position among all combinations of levels, those of the last attribute varying fastest."""
    joint = codes[0]
    for code, number in zip(codes[1:], levels[1:], strict=True):
        joint = joint * number
        joint += code
    return joint


def count_groups(codes: ArrayLike, labels: ArrayLike, predicted: ArrayLike, groups: int) -> GroupCounts:
    """Count rows by group, label and prediction, in one pass.

    Args:
        codes: int[n], the group of each row, 0 to `groups` - 1.
        labels: bool[n], true where the row is positive.
        predicted: bool[n], true where it is predicted positive.
        groups: how many groups there are; one without rows stays in the table.

    Raises:
        ValueError: labels or predictions that are not boolean, unequal lengths, or a code outside its range.
    """
    groups = at_least("groups", groups, 1)
    code, label, prediction = np.asarray(codes), np.asarray(labels), np.asarray(predicted)
    for name, values in (("labels", label), ("predicted", prediction)):
        if values.dtype != np.bool_:
            raise ValueError(f"{name} must be booleans, not {values.dtype}")
    if not code.shape == label.shape == prediction.shape or code.ndim != 1:
        raise ValueError(f"{code.size} codes, {label.size} labels and {prediction.size} predictions do not go together")
    if code.dtype.kind not in "iu":
        raise ValueError(f"codes must be whole numbers, not {code.dtype}")
    if code.size and not 0 <= int(code.min()) <= int(code.max()) < groups:
        raise ValueError(f"codes must lie between 0 and {groups - 1}, not {int(code.min())} and {int(code.max())}")
    cell = code.astype(np.int64) * _CELLS
    cell += label.view(np.int8) * np.int8(2)
    cell += prediction
    return GroupCounts(np.bincount(cell, minlength=groups * _CELLS).reshape(groups, _CELLS).astype(np.float64))
