"""Rows divided by attributes, by one or by two at once, after a single pass over them."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.group_counts import CrossCounts, GroupCounts, count_crossed, joined
from pytest_mlgate.stats.group_measures import Grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.stats.metrics import Outputs

    _Codes = Sequence[NDArray[np.int64]]

_MOST_CROSSED = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Divided:
    """A model's outputs, and which level of each attribute their rows have.

    Attributes:
        outputs: all rows, of classes or of numbers.
        codes: int64[n] for each attribute, positions among its levels.
        levels: how many levels each attribute has.
        crossed: rows by all attributes at once, where their combinations are few; None otherwise, and for numbers.
    """

    outputs: Outputs
    codes: _Codes
    levels: Sequence[int]
    crossed: CrossCounts | None

    def counts(self, attributes: Sequence[int]) -> GroupCounts | None:
        """Count rows by some attributes, label and prediction; None for predicted numbers."""
        if self.crossed is not None:
            return self.crossed.of(attributes)
        if self.outputs.values is not None:
            return None
        return _crossed(self.outputs, *self._chosen(attributes)).of(range(len(attributes)))

    def sizes(self, attributes: Sequence[int], counts: GroupCounts | None) -> NDArray[np.float64]:
        """Count the rows of every combination of levels, the last attribute's varying fastest."""
        if counts is not None:
            return counts.rows
        codes, levels = self._chosen(attributes)
        return np.bincount(joined(codes, levels), minlength=prod(levels)).astype(np.float64)

    def grouped(
        self,
        attributes: Sequence[int],
        sizes: NDArray[np.float64],
        counts: GroupCounts | None,
        kept: Sequence[int],
        empty: int = 0,
    ) -> Grouped:
        """Give the groups of some attributes.

        Args:
            attributes: which, in order.
            sizes: as `sizes` gave them.
            counts: as `counts` gave them.
            kept: the combinations that are groups; the others have no rows.
            empty: how many groups without rows to add.
        """
        codes, levels = self._chosen(attributes)
        position = np.zeros(len(sizes), dtype=np.uint16)
        position[list(kept)] = np.arange(len(kept))
        return Grouped(
            np.concatenate([sizes[list(kept)], np.zeros(empty)]),
            self.outputs,
            lambda: position[joined(codes, levels)],
            counts.chosen(kept, empty) if counts is not None else None,
        )

    def _chosen(self, attributes: Sequence[int]) -> tuple[_Codes, Sequence[int]]:
        return [self.codes[one] for one in attributes], [self.levels[one] for one in attributes]


def divided(outputs: Outputs, codes: _Codes, levels: Sequence[int]) -> Divided:
    """Divide rows by attributes; counting them by all at once is tried first, for then one pass is enough."""
    few = bool(levels) and prod(levels) <= _MOST_CROSSED and outputs.values is None
    return Divided(outputs, codes, levels, _crossed(outputs, codes, levels) if few else None)


def _crossed(outputs: Outputs, codes: _Codes, levels: Sequence[int]) -> CrossCounts:
    # Where only scores are known no row counts as predicted positive, and nothing is said of predictions.
    predicted = outputs.predictions if outputs.predictions is not None else np.zeros_like(outputs.labels)
    return count_crossed(codes, levels, outputs.labels, predicted)
