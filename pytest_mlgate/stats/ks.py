"""The Kolmogorov-Smirnov distance of two samples: the largest gap between their distribution functions.

It needs no bins and sees any change of a numeric column. Missing values count as one value below all others, so that a
rising share of them is a change like any other; where nothing is missing this is the textbook distance.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import kolmogi, kolmogorov, ndtri

from pytest_mlgate.stats.detectable import rows_to_decide
from pytest_mlgate.stats.door import at_least, normal_quantile
from pytest_mlgate.stats.sides import Side, alike, sorted_side

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    _Floats = NDArray[np.float64]

_EXACT_AT_MOST = 1_000  # rows of both sides together, up to which paths are counted
_BLOCKS = 4_096
_FINER = 16
_SAME = 1e-12


@dataclass(frozen=True, slots=True)
class Ks:
    """The distance of two samples and what its bounds need.

    Attributes:
        value: largest gap between the two distribution functions, in [0, 1].
        at: the value at which it is reached; None where that is "missing".
        reference_share: share of the reference at or below `at`, missing ones included.
        current_share: the same of the current sample.
        n: reference rows.
        m: current rows.
    """

    value: float
    at: float | None
    reference_share: float
    current_share: float
    n: int
    m: int

    @property
    def missing_only(self) -> bool:
        """Whether there is not one value on either side."""
        return self.at is None and self.reference_share == self.current_share == 1.0

    @property
    def p_value(self) -> float:
        """Chance of a distance at least as large between two samples of one continuous distribution.

        Exact up to 1,000 rows, by counting paths; beyond, Kolmogorov's distribution with Stephens' correction. With
        ties it is larger than it need be.

        Source:
            Hodges (1958), The significance probability of the Smirnov two-sample test. Arkiv för Matematik 3,
            469-486; Stephens (1970), Use of the Kolmogorov-Smirnov statistics without extensive tables. JRSS B 32,
            115-122.
        """
        if self.n + self.m <= _EXACT_AT_MOST:
            return _exact_p(self.value, self.n, self.m)
        return min(1.0, float(kolmogorov(_stretch(self.n, self.m) * self.value)))

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the distance of the distributions, each bound at its own one-sided confidence.

        The lower bound is what is left after the critical value of the test, since the largest gap was looked for
        everywhere. The upper bound needs none of that: wherever the true gap lies, the samples show one no smaller
        than theirs at that place, which scatters as a difference of two proportions.

        Args:
            confidence: of each bound on its own, in [0.5, 1).

        Raises:
            ValueError: a confidence outside [0.5, 1).
        """
        z = normal_quantile(confidence)
        high = self.value + z * sqrt(1.0 / self.n + 1.0 / self.m) / 2.0
        return max(0.0, self.value - _critical(self.n, self.m, 1.0 - confidence)), min(1.0, high)


def ks(reference: ArrayLike, current: ArrayLike) -> Ks:
    """Measure the Kolmogorov-Smirnov distance of two samples, exactly.

    Args:
        reference: float64[n]; NaN is missing, infinities are ordinary extremes.
        current: float64[m], likewise.

    Raises:
        ValueError: a side without rows, or values that are no vector of numbers.

    Example:
        >>> found = ks([1, 2, 3, 4, 5], [3, 4, 5, 6, 7])
        >>> round(found.value, 6), round(found.p_value, 6)
        (0.4, 0.873016)
    """
    return sorted_ks(sorted_side("reference", reference), sorted_side("current", current))


def sorted_ks(reference: Side, current: Side) -> Ks:
    """Measure the distance of two samples that are sorted already, exactly.

    Raises:
        ValueError: a side without rows.
    """
    old, new = alike(reference, current)
    for name, side in (("reference", old), ("current", new)):
        if not side.rows:
            raise ValueError(f"the {name} side has no rows")
    at = _widest(old, new)
    before, after = ((side.missing + (0 if at is None else int(side.upto(at)))) / side.rows for side in (old, new))
    return Ks(abs(before - after), None if at is None else float(at), before, after, old.rows, new.rows)


def ks_detectable(n: int, m: int, alpha: float, power: float = 0.8) -> float:
    """Give the smallest distance that a test at level `alpha` would have seen with the given power.

    Args:
        n: reference rows.
        m: current rows.
        alpha: level of the single test; the gate's level over the number of claims when many are judged.
        power: chance of seeing a change of that size, at least.

    Returns:
        The critical value of the test, and as much above it as one place of the two samples scatters. Above 1 where
        no change could be seen.

    Raises:
        ValueError: no rows, or a level and power for which 0 < alpha < power < 1 fails.
    """
    n, m = at_least("n", n, 1), at_least("m", m, 1)
    if not 0.0 < alpha < power < 1.0:
        raise ValueError(f"alpha and power must satisfy 0 < alpha < power < 1, not alpha {alpha} and power {power}")
    return _critical(n, m, alpha) + float(ndtri(power)) * sqrt(1.0 / n + 1.0 / m) / 2.0


def ks_rows_to_decide(n: int, alpha: float, limit: float, power: float = 0.8) -> int | None:
    """Say how many current rows bring the smallest detectable distance down to a limit.

    Args:
        n: reference rows, taken as given.
        alpha: level of the single test.
        limit: distance to be seen, above 0.
        power: chance of seeing it.

    Returns:
        The smallest number of current rows (in all, not on top); None when the reference is too small for any number.

    Raises:
        ValueError: as `ks_detectable`, or a limit that is not above 0.
    """
    return rows_to_decide(lambda m: ks_detectable(n, m, alpha, power), limit)


def _widest(old: Side, new: Side) -> Any:
    """Find the value at which the gap is widest; None where that is "missing".

    Between two values of one side its distribution function stands still, so the gap is widest at one of them, or just
    before. A coarse grid of them gives a first gap, and in each block between its points the gap cannot exceed what the
    shares at the two ends allow. Only blocks that could hold a wider one are looked into, on a finer grid each time.
    """
    base, other = (old, new) if 0 < old.values.size <= new.values.size or not new.values.size else (new, old)
    values, size = base.values, base.values.size
    best, place = abs(old.missing / old.rows - new.missing / new.rows), None
    step, looked_at = max(1, size // _BLOCKS), [values[:: max(1, size // _BLOCKS)], values[-1:]]
    starts, ends = values[:1], values[-1:]
    while size:
        points = np.unique(np.concatenate(looked_at))
        below, upto = zip(base.around(points), other.around(points), strict=True)
        at, before = ([_share(base, one[0]), _share(other, one[1])] for one in (upto, below))
        for gaps, counts in ((np.abs(at[0] - at[1]), upto), (np.abs(before[0] - before[1]), below)):
            widest = int(np.argmax(gaps))
            if gaps[widest] > best:
                best, place = float(gaps[widest]), _last_of(base, other, counts[0][widest], counts[1][widest])
        if step == 1:
            break
        allowed = np.maximum(before[0][1:] - at[1][:-1], before[1][1:] - at[0][:-1])
        inside = ends[np.searchsorted(starts, points[:-1], "right") - 1] >= points[1:]  # else it was ruled out before
        blocks = np.flatnonzero((allowed > best) & (below[0][1:] > upto[0][:-1]) & inside)
        if not blocks.size:
            break
        step = max(1, step // _FINER)
        looked_at = [values[a:b:step] for a, b in zip(upto[0][blocks], below[0][blocks + 1], strict=True)]
        starts, ends = points[blocks], points[blocks + 1]
        looked_at += [starts, ends]
    return place


def _share(side: Side, counts: NDArray[np.intp]) -> _Floats:
    """Give the share of rows that are missing or among the first so many values."""
    return np.asarray((counts + side.missing) / side.rows, dtype=np.float64)


def _last_of(base: Side, other: Side, first: int, second: int) -> Any:
    """Give the largest among the first so many values of each side."""
    ends = [side.values[count - 1] for side, count in ((base, first), (other, second)) if count]
    return max(ends) if ends else None


def _stretch(n: int, m: int) -> float:
    """Give what turns a distance into Kolmogorov's variable, corrected for finite samples."""
    root = sqrt(n * m / (n + m))
    return root + 0.12 + 0.11 / root


def _critical(n: int, m: int, alpha: float) -> float:
    """Give the distance that two samples of one distribution exceed with probability `alpha`."""
    return float(kolmogi(alpha)) / _stretch(n, m)


def _exact_p(distance: float, n: int, m: int) -> float:
    """Count the orders of n + m values in which the two distribution functions come as far apart.

    A path of n steps up and m to the right is an order of the values. Among the paths to a point, the share that has
    strayed is the mean of that of the two points before it, weighted by how many paths come from each; it is 1 where
    the point itself lies astray. All points after so many steps are taken at once.
    """
    up = np.arange(n + 1)
    strayed = np.zeros(n + 1)
    for step in range(1, n + m + 1):
        right = step - up
        from_below = np.concatenate([[0.0], strayed[:-1]])
        strayed = (up * from_below + right * strayed) / step
        astray = np.abs(up / n - right / m) >= distance - _SAME
        strayed = np.where((right < 0) | (right > m), 0.0, np.where(astray, 1.0, strayed))
    return float(strayed[n])
