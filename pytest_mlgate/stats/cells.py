"""Which bins of a table of counts can be told apart, given how few rows some of them hold.

A column with a long tail of categories always shows some that the reference never had. Pooled into one bin "unseen"
they look like drift in every new sample, and left apart they drown whatever did change. So values never seen are taken
apart again, and then all that are rare, seen or not, are compared as one. Rarity is judged on both sides together: that
total says nothing about which side a row came from, so a permutation test stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.binning import OTHER_VALUES, UNSEEN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.stats.binning import BinCounts

RARE = 5  # rows on both sides together, below which values are compared as one


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The table that is compared.

    Attributes:
        reference: int64[c], reference rows of each cell.
        current: int64[c], current rows; no cell is empty on both sides.
        parts: who shares a cell, as three parallel arrays: the cell, one of the k bins, its part of the cell's rows.
    """

    reference: NDArray[np.int64]
    current: NDArray[np.int64]
    parts: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]

    @property
    def df(self) -> int:
        """Degrees of freedom: cells less one, and one for a constant column, which can gain a cell."""
        return max(1, self.reference.size - 1)

    def per_bin(self, amounts: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
        """Divide an amount per cell (float64[c]) among the bins by their rows; gives float64[bins]."""
        cell, owner, part = self.parts
        return np.bincount(owner, weights=amounts[cell] * part, minlength=bins).astype(np.float64, copy=False)


def comparable(counts: BinCounts) -> Cells:
    """Turn bins into the cells that are compared.

    Bins cut at quantiles are compared as they are: how many reference rows each holds was decided by cutting them.
    """
    labels = np.array(counts.labels)
    pooled = np.isin(labels, (UNSEEN, OTHER_VALUES)) if counts.unseen.size else np.zeros(labels.size, dtype=np.bool_)
    owner = np.append(np.flatnonzero(~pooled), np.repeat(np.flatnonzero(pooled), counts.unseen.size))
    reference = np.append(counts.reference[~pooled], np.zeros_like(counts.unseen))
    current = np.append(counts.current[~pooled], counts.unseen)
    totals = reference + current
    used = totals > 0
    owner, reference, current, totals = owner[used], reference[used], current[used], totals[used]
    apart = totals >= (RARE if counts.scheme != "quantile" else 0)
    cell = np.where(apart, np.cumsum(apart) - 1, np.count_nonzero(apart))
    sizes = np.bincount(cell, weights=totals)
    return Cells(
        reference=np.bincount(cell, weights=reference).astype(np.int64),
        current=np.bincount(cell, weights=current).astype(np.int64),
        parts=(cell, owner, totals / sizes[cell]),
    )
