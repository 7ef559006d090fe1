"""How rows were drawn: how much each counts, and which came together.

The mean of weighted or clustered rows is the mean of fewer independent units, each the sum of what its rows contribute.
Once contributions are summed by unit, whatever bounds a mean of independent rows bounds this one too; so weights and
clusters are dealt with here, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlgate.stats.door import vector
from pytest_mlgate.stats.means import mean_bounds

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    _Floats = NDArray[np.float64]

# With fewer clusters than this, a variance between them is not trusted and nothing is bounded.
ENOUGH_CLUSTERS = 40
# Rows or clusters that are worth fewer equal ones do not tell what those would have shown that hardly count.
ENOUGH_WORTH = 5


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """How n rows were drawn.

    Attributes:
        n: how many rows.
        weights: float64[n], above zero, one on average; None where all are equal.
        clusters: int64[n], from 0 to `units` - 1, every one in use; None where each row stands for itself.
        units: how many independent units there are: clusters, or rows.
    """

    n: int
    weights: _Floats | None
    clusters: NDArray[np.int64] | None
    units: int

    @property
    def plain(self) -> bool:
        """Whether every row stands for itself and counts the same."""
        return self.weights is None and self.clusters is None

    @property
    def effective(self) -> float:
        """How many equally weighted independent units these are worth, by Kish's rule; at least one."""
        if self.plain:
            return float(self.n)
        sizes = self.sizes()
        return max(1.0, float(sizes.sum() ** 2 / np.square(sizes).sum()))

    def sizes(self) -> _Floats:
        """Say how much each unit counts, one on average: float64[units]."""
        return self.by_unit(np.ones(self.n))

    def mean(self, rows: _Floats) -> float:
        """Average over rows, float64[n], as much as each counts."""
        return float(rows.mean() if self.weights is None else np.dot(rows, self.weights) / self.n)

    def by_unit(self, rows: _Floats) -> _Floats:
        """Sum what rows contribute, float64[n], so that the plain mean over units is `mean` over rows."""
        weighted = rows if self.weights is None else rows * self.weights
        if self.clusters is None:
            return weighted
        summed = np.bincount(self.clusters, weights=weighted, minlength=self.units)
        return np.asarray(summed * (self.units / self.n), dtype=np.float64)

    def bounds(self, rows: _Floats, confidence: float) -> tuple[float, float]:
        """Bound the mean over all rows there could be, from both sides.

        Args:
            rows: float64[n].
            confidence: of each bound on its own, in [0.5, 1).

        Returns:
            The bounds of `mean_bounds` on what each unit adds to the mean. A mean over weighted rows or whole clusters
            is a ratio of two sums, both of which vary; and a unit that counts for much pulls the mean towards itself,
            so that its distance is taken from the mean of the others (the jackknife).

        Raises:
            ValueError: as `mean_bounds`, too few clusters, or too few rows that count.

        Source:
            Binder (1983), On the variances of asymptotically normal estimators from complex surveys. International
            Statistical Review 51, 279-292; MacKinnon & White (1985), Some heteroskedasticity-consistent covariance
            matrix estimators with improved finite sample properties. Journal of Econometrics 29, 305-325 (HC3).
        """
        if self.plain:
            return mean_bounds(rows, confidence)
        self.enough()
        mean = self.mean(rows)
        return mean_bounds(self.added(rows - mean) + mean, confidence, worth=self.effective)

    def added(self, deviations: _Floats) -> _Floats:
        """Say what each unit adds to a mean, given how far rows lie from it: float64[units], zero on average."""
        others = 1.0 - self.sizes() / self.units
        units = self.by_unit(deviations) * ((1.0 - 1.0 / self.units) / others)
        return np.asarray(units - units.mean(), dtype=np.float64)

    def enough(self) -> None:
        """Refuse too few clusters, and a few rows or clusters that count for nearly everything.

        Raises:
            ValueError: fewer than `ENOUGH_CLUSTERS`, or units worth less than `ENOUGH_WORTH` equal ones.
        """
        if not self.plain and self.effective < min(ENOUGH_WORTH, self.units):
            what = "weighted rows" if self.clusters is None else "clusters"
            raise ValueError(
                f"{self.units} {what} are worth {self.effective:.1f} that count the same: too few count for anything"
            )
        if self.clusters is not None and self.units < ENOUGH_CLUSTERS:
            raise ValueError(
                f"{self.units} clusters are too few to tell how much they vary: bounds need {ENOUGH_CLUSTERS}"
            )


def drawn(n: int, weights: ArrayLike | None = None, clusters: ArrayLike | None = None) -> Drawn:
    """Say how rows were drawn.

    Args:
        n: how many rows there are.
        weights: float[n], above zero: see `counted_rows` for those that are not. None when all count the same.
        clusters: int[n], any codes; None when each row stands for itself.

    Raises:
        ValueError: weights or clusters of another length.
    """
    checked = codes = None
    units = n
    if weights is not None:
        checked = _fitting("weights", vector("weights", weights), n)
        checked = checked / float(checked.mean())
        checked = None if (checked == 1.0).all() else checked
    if clusters is not None:
        levels, found = np.unique(_fitting("clusters", np.asarray(clusters), n), return_inverse=True)
        codes, units = found.reshape(-1).astype(np.int64, copy=False), int(levels.size)
    return Drawn(n, checked, codes, units)


def counted_rows(weights: ArrayLike) -> NDArray[np.intp] | None:
    """Number the rows that count at all; None when all do.

    Raises:
        ValueError: weights that are no numbers, negative, missing, infinite, or all zero.
    """
    found = vector("weights", weights)
    wrong = np.flatnonzero(~(np.isfinite(found) & (found >= 0.0)))
    if wrong.size:
        raise ValueError(
            f"{wrong.size} of {found.size} weights are negative, missing or infinite; the first is {found[wrong[0]]:g} "
            f"in row {wrong[0]}"
        )
    rows = np.flatnonzero(found)
    if not rows.size:
        raise ValueError(f"all {found.size} weights are zero: no row counts")
    return None if rows.size == found.size else rows


def _fitting(name: str, values: NDArray[Any], n: int) -> NDArray[Any]:
    if values.shape != (n,):
        raise ValueError(f"{n} rows and {values.size} {name} do not go together")
    return values
