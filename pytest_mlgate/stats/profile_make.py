"""Making the parts of a profile: from a column's values, or from the counts of its categories.

Without a first profile to follow, edges are cut at quantiles. Among them are those at which `binning.numeric_bins`
would cut, so that drift against the profile sees the very bins that drift against the rows would.
"""

from __future__ import annotations

from math import inf, nextafter
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.binning import MOST_ONCE
from pytest_mlgate.stats.door import vector
from pytest_mlgate.stats.profile import Categories, Moments, Numbers
from pytest_mlgate.stats.sides import run_starts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    _Floats = NDArray[np.float64]

MOST_POINTS = 200
MOST_CATEGORIES = 1_000
_DRIFT_BINS = 10
_ROWS_A_BIN = 10  # so that the edges of a small table are not its rows
_FEWEST = 5  # rows of a category that is listed although its column looks like identifiers
_LARGE = 1e290


def numbers_of(values: ArrayLike, like: Numbers | None = None) -> Numbers:
    """Count values between edges.

    A column with at most 200 values, nine tenths of its rows sharing theirs with another, gets a bin for each. Any
    other is cut at its quantiles, at most 200 and ten rows apart; a value so common that it fills a whole bin becomes
    a point.

    Args:
        values: float64[n]; NaN is missing and ignored, infinities are counted apart, -0.0 equals 0.0.
        like: what to take the edges from; chosen by the values themselves unless given.

    Raises:
        ValueError: values that are no vector of numbers.
    """
    given = vector("values", values)
    finite = given[np.isfinite(given)]
    if like is None:
        ordered = np.sort(given)
        ordered += 0.0
        present = ordered[: np.searchsorted(ordered, np.nan)]
        edges, points = _chosen(present)
        low, high = np.searchsorted(present, -np.inf, "right"), np.searchsorted(present, np.inf)
        counts = np.diff(np.searchsorted(present, cuts(edges, points)), prepend=low, append=high)
    else:
        edges, points = like.edges, like.points
        inside = np.searchsorted(cuts(edges, points), finite, "right")
        counts = np.bincount(inside, minlength=len(edges) + len(points) + 1)
    return Numbers(
        moments=moments_of(finite),
        minus_infinity=int(np.count_nonzero(given == -np.inf)),
        plus_infinity=int(np.count_nonzero(given == np.inf)),
        edges=edges,
        points=points,
        counts=tuple(counts.tolist()),
    )


def moments_of(finite: _Floats) -> Moments:
    """Sum up finite values.

    >>> moments_of(np.array([1.0, 2.0, 6.0]))
    Moments(count=3, mean=3.0, m2=14.0, min=1.0, max=6.0)
    """
    if not finite.size:
        return Moments()
    low, high = float(finite.min()) + 0.0, float(finite.max()) + 0.0
    if max(-low, high) > _LARGE:  # whose sum may be beyond double precision
        return Moments(finite.size, None, None, low, high)
    mean = min(max(float(np.mean(finite)), low), high)
    with np.errstate(over="ignore", under="ignore"):
        m2 = float(np.square(finite - mean).sum())
    return Moments(finite.size, mean, m2 if np.isfinite(m2) else None, low, high)


def cuts(edges: Sequence[float], points: Sequence[float]) -> _Floats:
    """Give the lower ends of all bins but the first, ascending: each edge, and what comes just after a point."""
    return np.array(sorted([*edges, *(nextafter(point, inf) for point in points)]), dtype=np.float64)


def categories_of(counts: Mapping[str, int], rest: int = 0, like: Categories | None = None) -> Categories:
    """Count categories.

    All are listed while they are few. Where there are more, or more than a tenth of the rows have a category that no
    other row has (identifiers, free text), only those of at least five rows are.

    Args:
        counts: rows of each category, of the most frequent at least.
        rest: rows of categories that are not in `counts`.
        like: whose categories to count; chosen by the counts themselves unless given.
    """
    total = sum(counts.values()) + rest
    if like is not None:
        found = {name: counts.get(name, 0) for name in like.counts}
        return Categories(found, total - sum(found.values()), like.truncated)
    once = sum(rows == 1 for rows in counts.values())
    few = rest == 0 and len(counts) <= MOST_CATEGORIES and once <= MOST_ONCE * total
    order = sorted(counts, key=lambda name: (-counts[name], name))[:MOST_CATEGORIES]
    kept = {name: counts[name] for name in sorted(order) if few or counts[name] >= _FEWEST}
    return Categories(kept, total - sum(kept.values()), truncated=not few)


def _chosen(present: _Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Choose edges and points for values in ascending order, infinities among them."""
    starts = run_starts(present)
    once = np.count_nonzero(np.diff(starts, append=present.size) == 1)
    if starts.size <= MOST_POINTS and once <= MOST_ONCE * present.size:
        values = present[starts]
        repeats = np.full(values.size, 2)
    else:
        parts = _DRIFT_BINS * min(MOST_POINTS // _DRIFT_BINS, max(1, present.size // (_ROWS_A_BIN * _DRIFT_BINS)))
        positions = np.unique(np.arange(1, parts) * present.size // parts)
        values, repeats = np.unique(present[positions[positions > 0]], return_counts=True)
    finite = np.isfinite(values)
    return tuple(values[finite].tolist()), tuple(values[finite & (repeats > 1)].tolist())
