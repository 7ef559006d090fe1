"""Drift against a profile: the same tables of counts, and the same distances, that the reference's rows would give.

Of the profile that was made of the reference itself, the bins are those of `binning.numeric_bins`, to the row. Of one
that was counted at another's edges they are as near to its quantiles as the edges allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.binning import (
    MOST_ONCE,
    BinCounts,
    Cut,
    Scheme,
    category_bins,
    counted_at,
    counted_between,
    edges_of,
    sorted_present,
)
from pytest_mlgate.stats.door import at_least

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from pytest_mlgate.stats.profile import ColumnProfile, Numbers

OTHER_CATEGORIES = "other categories"


@dataclass(frozen=True, slots=True)
class DriftBins:
    """The bins of a reference that is known by its profile.

    Attributes:
        scheme: `exact`, a bin for each value, or `quantile`.
        values: the values that have a bin each, ascending; of scheme `exact` alone.
        cuts: where the line is cut, ascending; of scheme `quantile` alone.
        counts: rows of the reference in each bin.
    """

    scheme: Scheme
    values: tuple[float, ...]
    cuts: tuple[Cut, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KsBracket:
    """What is known of the Kolmogorov-Smirnov distance to a reference whose values are known only between edges.

    Attributes:
        low: the largest gap seen at an edge; the distance is no smaller.
        high: it is no larger; at most `resolution` above `low`.
        at: the gap is `low` among the values below this edge; None where that is "missing".
    """

    low: float
    high: float
    at: float | None


def bins_for_drift(numbers: Numbers, bins: int = 10, exact_at_most: int = 20) -> DriftBins:
    """Choose the bins that `numeric_bins` would have chosen for the reference.

    Args:
        numbers: the reference's profile.
        bins: how many bins to cut at quantiles, at least 2; those of the default are met exactly.
        exact_at_most: distinct reference values up to which each gets its own bin.

    Raises:
        ValueError: fewer than 2 bins.
    """
    bins, exact_at_most = at_least("bins", bins, 2), at_least("exact_at_most", exact_at_most, 0)
    fine = _fine(numbers)
    there = fine.counts > 0
    few = there.sum() <= exact_at_most and not (there & ~fine.points).any()
    if few and np.count_nonzero(fine.counts == 1) <= MOST_ONCE * fine.counts.sum():
        values = tuple(value for (value, _), has in zip(fine.ends, there, strict=True) if has)
        return DriftBins("exact", values, (), tuple(fine.counts[there].tolist()))
    positions = np.unique(np.arange(1, bins) * int(fine.counts.sum()) // bins)
    holding = np.searchsorted(np.cumsum(fine.counts), positions[positions > 0], "right")
    chosen: set[Cut] = set()
    for index, quantiles in zip(*np.unique(holding, return_counts=True), strict=True):
        value, after = fine.ends[index]
        if index == 0 and not fine.points[0]:  # the open tail, which has no lower end to cut at
            continue
        chosen.add((value, after))
        if quantiles > 1 and fine.points[index] and value < np.inf:
            chosen.add((value, True))
    cuts = tuple(sorted(chosen))
    coarse = np.searchsorted(edges_of(cuts), edges_of(fine.ends), "right")
    sums = np.bincount(coarse, weights=fine.counts, minlength=len(cuts) + 1).astype(np.int64)
    return DriftBins("quantile", (), cuts, tuple(sums.tolist()))


def numeric_counts(column: ColumnProfile, current: ArrayLike) -> BinCounts:
    """Bin a current sample by the profile of a numeric reference, as `numeric_bins` does by its rows.

    Args:
        column: the reference.
        current: float64[m]; NaN is missing.

    Raises:
        ValueError: a side without rows, or the column was profiled without numbers.
    """
    numbers = _numbers(column)
    new, new_missing = sorted_present("current", current)
    bins, missing = bins_for_drift(numbers), (column.missing, new_missing)
    if bins.scheme == "exact":
        return counted_at(np.array(bins.values), np.array(bins.counts, dtype=np.int64), new, missing)
    return counted_between(bins.cuts, bins.counts, new, missing)


def category_counts(column: ColumnProfile, current: Mapping[str, int], current_missing: int = 0) -> BinCounts:
    """Bin a current sample by the profile of a categorical reference, as `category_bins` does by its rows.

    Where the profile leaves categories out, those that it does not list are pooled on both sides.

    Args:
        column: the reference.
        current: rows of each category.
        current_missing: rows without one.

    Raises:
        ValueError: a side without rows, or the column was profiled without categories.
    """
    if column.categories is None:
        raise ValueError("the profile does not list the categories of this column")
    known, other = dict(column.categories.counts), column.categories.other
    if other:
        pooled = sum(rows for name, rows in current.items() if name not in known)
        current = {name: rows for name, rows in current.items() if name in known} | {OTHER_CATEGORIES: pooled}
        known[OTHER_CATEGORIES] = other
    return category_bins(known, current, column.missing, current_missing)


def ks_bracket(column: ColumnProfile, current: ArrayLike) -> KsBracket:
    """Bracket the Kolmogorov-Smirnov distance between a profiled reference and a current sample, as `ks.ks` defines it.

    Args:
        column: the reference.
        current: float64[m]; NaN is missing, a value below all others.

    Raises:
        ValueError: a side without rows, or the column was profiled without numbers.
    """
    numbers = _numbers(column)
    new, new_missing = sorted_present("current", current)
    fine = _fine(numbers)
    n, m = int(fine.counts.sum()) + column.missing, new.size + new_missing
    if not n or not m:
        raise ValueError(f"the {'current' if n else 'reference'} side has no rows")
    edges = np.array(edges_of(fine.ends[1:]))
    old_shares = (column.missing + np.concatenate([[0], np.cumsum(fine.counts)])) / n
    new_shares = (new_missing + np.concatenate([[0], np.searchsorted(new, edges), [new.size]])) / m
    gaps = np.abs(old_shares - new_shares)
    widest = int(np.argmax(gaps))
    # Within a bin the shares of one side may have risen at once while those of the other wait for its end.
    inside = np.maximum(new_shares[1:] - old_shares[:-1], old_shares[1:] - new_shares[:-1])[~fine.points]
    low = float(gaps[widest])
    high = min(1.0, max(low, float(inside.max(initial=0.0))))
    return KsBracket(low, high, None if widest == 0 else float([*edges, np.inf][widest - 1]))


def resolution(numbers: Numbers) -> float:
    """Say how large a share of the values lies in one bin without being one value: what no quantile tells apart."""
    fine = _fine(numbers)
    return float(fine.counts[~fine.points].max(initial=0) / max(1, fine.counts.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class _Fine:
    """All bins of a profile, infinite values included: where each begins, its rows, whether it is one value."""

    ends: list[Cut]
    counts: NDArray[np.int64]
    points: NDArray[np.bool_]


def _fine(numbers: Numbers) -> _Fine:
    own = set(numbers.points)
    bins: list[tuple[Cut, bool]] = [((-np.inf, bool(numbers.minus_infinity)), False)]
    for edge in numbers.edges:
        bins += [((edge, False), True), ((edge, True), False)] if edge in own else [((edge, False), False)]
    counts = list(numbers.counts)
    if numbers.minus_infinity:
        bins, counts = [((-np.inf, False), True), *bins], [numbers.minus_infinity, *counts]
    if numbers.plus_infinity:
        bins, counts = [*bins, ((np.inf, False), True)], [*counts, numbers.plus_infinity]
    ends, points = zip(*bins, strict=True)
    return _Fine(list(ends), np.array(counts, dtype=np.int64), np.array(points, dtype=bool))


def _numbers(column: ColumnProfile) -> Numbers:
    if column.numbers is None:
        raise ValueError(f"the profile has no numbers of this column, which is of type {column.type}")
    return column.numbers
