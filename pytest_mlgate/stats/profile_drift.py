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
    interval_table,
    value_table,
)
from pytest_mlgate.stats.door import at_least, vector
from pytest_mlgate.stats.sides import Side, sorted_side

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from pytest_mlgate.stats.profile import ColumnProfile, Numbers

OTHER_CATEGORIES = "other categories"
_SHORT = 12  # characters; a number that single precision made of a short one is longer in double


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
    """What is known of the Kolmogorov-Smirnov distance of samples whose values are known only between edges.

    Attributes:
        low: the largest gap seen at an edge; the distance is no smaller.
        high: it is no larger; at most `resolution` above `low`.
        at: the gap is `low` among the values below this edge; None where that is "missing".
        reference_share: share of the reference below it, missing ones included.
        current_share: the same of the current sample.
        n: reference rows.
        m: current rows.
    """

    low: float
    high: float
    at: float | None
    reference_share: float
    current_share: float
    n: int
    m: int


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
    return side_counts(column, sorted_side("current", vector("current", current)))


def side_counts(column: ColumnProfile, current: Side) -> BinCounts:
    """Bin a current sample that is sorted already.

    Raises:
        ValueError: as `numeric_counts`.
    """
    numbers = _numbers(column)
    new = alike(column, current)
    bins, missing = bins_for_drift(numbers), (column.missing, new.missing)
    if bins.scheme == "exact":
        known = np.array(bins.values, dtype=new.values.dtype)
        return counted_at(known, np.array(bins.counts, dtype=np.int64), new.values, missing)
    return counted_between(bins.cuts, bins.counts, new.values, missing)


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
    return side_bracket(column, sorted_side("current", vector("current", current)))


def side_bracket(column: ColumnProfile, current: Side) -> KsBracket:
    """Bracket the distance to a current sample that is sorted already.

    Raises:
        ValueError: as `ks_bracket`.
    """
    numbers = _numbers(column)
    fine, new = _fine(numbers), alike(column, current)
    below = [0, *below_cuts(new, fine.ends[1:]), new.values.size]
    return bracketed(
        fine.ends[1:], np.append(0, np.cumsum(fine.counts)), np.array(below), (column.missing, new.missing)
    )


def below_cuts(side: Side, cuts: Sequence[Cut]) -> list[int]:
    """Count the values of a sorted sample below each cut."""
    if not cuts:
        return []
    values = np.array([value for value, _ in cuts], dtype=side.values.dtype)
    after = np.array([after for _, after in cuts])
    return np.where(after, side.upto(values), side.below(values)).tolist()  # type: ignore[no-any-return] # integers


def bracketed(
    cuts: Sequence[Cut], old: NDArray[np.int64], new: NDArray[np.int64], missing: tuple[int, int]
) -> KsBracket:
    """Bracket the distance of two sides of which only counts between cuts are known.

    Args:
        cuts: ascending.
        old: rows of the reference that have a value below each cut; 0 comes first and the number of values last.
        new: likewise of the current sample.
        missing: rows of either that have none.

    Raises:
        ValueError: a side without rows.
    """
    n, m = int(old[-1]) + missing[0], int(new[-1]) + missing[1]
    if not n or not m:
        raise ValueError(f"the {'current' if n else 'reference'} side has no rows")
    old_shares, new_shares = (old + missing[0]) / n, (new + missing[1]) / m
    gaps = np.abs(old_shares - new_shares)
    widest = int(np.argmax(gaps))
    # Within a bin the shares of one side may have risen at once while those of the other wait for its end.
    edges = np.array([-np.inf, *edges_of(cuts), np.inf])
    single = np.nextafter(edges[:-1], np.inf) >= edges[1:]
    inside = np.maximum(new_shares[1:] - old_shares[:-1], old_shares[1:] - new_shares[:-1])[~single]
    low = float(gaps[widest])
    high = min(1.0, max(low, float(inside.max(initial=0.0))))
    at = None if widest == 0 else float(edges[widest])
    return KsBracket(low, high, at, float(old_shares[widest]), float(new_shares[widest]), n, m)


def alike(column: ColumnProfile, current: Side) -> Side:
    """Bring a current sample to the precision in which the reference was stored, as `sides.alike` would.

    A profile does not say in which, but it shows: numbers such as 0.10000000149011612 come of single precision alone.
    """
    numbers = _numbers(column)
    values, edges = current.values, np.array(numbers.edges, dtype=np.float64)
    with np.errstate(over="ignore"):
        rounded = edges.astype(np.float32)
        single = bool((rounded == edges).all()) and any(len(repr(edge)) > _SHORT for edge in numbers.edges)
        if (single or values.dtype == np.float32) and np.unique(rounded).size == edges.size:
            return Side(values.astype(np.float32, copy=False), current.missing)
    return Side(values.astype(np.float64, copy=False), current.missing)


def cells_of(column: ColumnProfile) -> tuple[list[Cut], tuple[float, ...] | None]:
    """Give the cuts between all cells of a reference and, where each of its few values has a bin, these values."""
    numbers = _numbers(column)
    bins = bins_for_drift(numbers)
    return _fine(numbers).ends[1:], bins.values if bins.scheme == "exact" else None


def cell_counts(
    column: ColumnProfile, below: NDArray[np.int64], unseen: NDArray[np.int64], missing: int
) -> tuple[BinCounts, KsBracket]:
    """Bin a current sample that was counted at the cuts of `cells_of`, and bracket its distance.

    Args:
        column: the reference.
        below: current values below each cut; 0 comes first and the number of values last.
        unseen: how often each value occurs that the reference never had, where each of its few has a bin.
        missing: current rows without a value.

    Raises:
        ValueError: a side without rows.
    """
    numbers = _numbers(column)
    fine, bins, inside = _fine(numbers), bins_for_drift(numbers), np.diff(below)
    both = column.missing, missing
    if bins.scheme == "exact":
        counts = np.array(bins.counts, dtype=np.int64), inside[fine.counts > 0]
        table = value_table(bins.values, counts, unseen, both)
    else:
        coarse = np.searchsorted(edges_of(bins.cuts), edges_of(fine.ends), "right")
        sums = np.bincount(coarse, weights=inside, minlength=len(bins.cuts) + 1).astype(np.int64)
        table = interval_table(bins.cuts, (bins.counts, sums.tolist()), both)
    return table, bracketed(fine.ends[1:], np.append(0, np.cumsum(fine.counts)), below, both)


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
