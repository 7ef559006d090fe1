"""Sorting a reference and a current sample into the same bins, so that drift becomes a table of counts.

The bins are frozen by the reference alone and have open tails. Three things that quantile bins hide get bins of their
own: missing values, values the reference never had, and each value of a column that has only a few.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import nsmallest
from itertools import pairwise
from math import inf, nextafter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pytest_mlgate.stats.door import at_least
from pytest_mlgate.stats.sides import Side, alike, sorted_side

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from pytest_mlgate.stats.sides import Numbers

Scheme = Literal["quantile", "exact", "category"]

MISSING = "missing"
UNSEEN = "unseen"
OTHER_VALUES = "other values"
NEWCOMERS = 10  # categories never seen before that are called by name

_LOOKED_AT = 256  # rows spread over the column, which show that it has many values
MOST_ONCE = 0.1  # of the reference rows may hold a value that no other row holds, for bins per value


@dataclass(frozen=True, slots=True, eq=False)
class BinCounts:
    """How many rows of each side fell into each bin.

    Attributes:
        labels: k names for readers; values the reference never had are pooled under `unseen` (categories) or
            `other values` (numbers), and `missing` comes last. These two bins exist only where a row fell into them.
        reference: int64[k], reference rows.
        current: int64[k], current rows.
        scheme: how the bins came about: cut at reference quantiles, one per reference number, one per reference
            category.
        unseen: int64[u], current rows of each value that was pooled as never seen, in no particular order.
        edges: the numbers that bins were cut at, ascending, or the values that have bins of their own; none for
            categories.
        newcomers: the most frequent of the categories that were pooled as never seen, and their current rows.

    Raises:
        ValueError: unequal lengths, negative counts, or a side without rows.
    """

    labels: tuple[str, ...]
    reference: NDArray[np.int64]
    current: NDArray[np.int64]
    scheme: Scheme
    unseen: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    edges: tuple[float, ...] = ()
    newcomers: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        for name in ("reference", "current", "unseen"):
            counts = np.array(getattr(self, name), dtype=np.int64)
            if counts.ndim != 1 or (counts < 0).any():
                raise ValueError(f"{name} must be a vector of counts, none below zero")
            counts.flags.writeable = False
            object.__setattr__(self, name, counts)
        if not len(self.labels) == self.reference.size == self.current.size:
            sizes = f"{len(self.labels)} labels, {self.reference.size} reference and {self.current.size} current counts"
            raise ValueError(f"{sizes} do not go together")
        for name in ("reference", "current"):
            if not getattr(self, name).sum():
                raise ValueError(f"the {name} side has no rows")

    @property
    def n(self) -> int:
        """Rows of the reference."""
        return int(self.reference.sum())

    @property
    def m(self) -> int:
        """Rows of the current sample."""
        return int(self.current.sum())


def numeric_bins(reference: ArrayLike, current: ArrayLike, bins: int = 10, exact_at_most: int = 20) -> BinCounts:
    """Bin two samples of a numeric column by the values of the first.

    A reference with few distinct values, nine tenths of its rows sharing theirs with another, gets one bin per value;
    so does a constant, and 5 turning into 5.01 is seen. Any other gets bins cut at its quantiles; a value so common
    that it fills a whole bin becomes a bin of its own. Only the order of the values matters, never their scale.

    Args:
        reference: float64[n]; NaN is missing, infinities are ordinary extremes, -0.0 equals 0.0.
        current: float64[m], likewise.
        bins: how many bins to cut at quantiles, at least 2.
        exact_at_most: distinct reference values up to which each gets its own bin.

    Returns:
        Counts of scheme `exact` or `quantile`, bins in ascending order.

    Raises:
        ValueError: a side without rows, values that are no vector of numbers, fewer than 2 bins.
    """
    return sorted_bins(sorted_side("reference", reference), sorted_side("current", current), bins, exact_at_most)


def sorted_bins(reference: Side, current: Side, bins: int = 10, exact_at_most: int = 20) -> BinCounts:
    """Bin two samples that are sorted already, as `numeric_bins` does.

    Raises:
        ValueError: a side without rows, or fewer than 2 bins.
    """
    bins, exact_at_most = at_least("bins", bins, 2), at_least("exact_at_most", exact_at_most, 0)
    old, new = alike(reference, current)
    missing = (old.missing, new.missing)
    # Values that hardly repeat are a small continuous sample, not the few values of a discrete column.
    if _few_values(old, exact_at_most):
        counts = np.diff(old.starts, append=old.values.size)
        return counted_at(old.values[old.starts], counts, new.values, missing)
    cuts = _quantile_cuts(old.values, bins)
    return counted_between(cuts, _between(old, cuts), new.values, missing)


def equal_widths(sides: Sequence[Side], bars: int) -> tuple[list[float], list[list[int]]]:
    """Count samples in bars of equal width, for a picture of them.

    Args:
        sides: sorted samples; the first says where the bars are: between its 1 % and 99 %, the tails in the outer ones.
        bars: how many.

    Returns:
        The bars - 1 edges between them and, for each side, the counts; both empty where the first side has no width.
    """
    values = sides[0].values
    if not values.size:
        return [], [[] for _ in sides]
    low, high = float(values[int(0.01 * values.size)]), float(values[min(values.size - 1, int(0.99 * values.size))])
    if not np.isfinite(bars * (high - low)) or low == high:  # the width of huge numbers is none
        return [], [[] for _ in sides]
    edges = low + (high - low) * np.arange(1, bars) / bars
    # Edges of another type would have the whole column converted to it.
    edges = (np.ceil(edges) if values.dtype.kind in "iu" else edges).astype(values.dtype)
    return edges.tolist(), [np.diff(side.below(edges), prepend=0, append=side.values.size).tolist() for side in sides]


def category_bins(
    reference: Mapping[str, int], current: Mapping[str, int], reference_missing: int = 0, current_missing: int = 0
) -> BinCounts:
    """Bin two samples of a categorical column by the categories of the first.

    Args:
        reference: rows of each category; one without rows counts as absent.
        current: likewise.
        reference_missing: reference rows without a category.
        current_missing: current rows without a category.

    Returns:
        Counts of scheme `category`: a bin per reference category, the most frequent first, then categories that only
        the current sample has, pooled. A category that is itself called as one of the bins is shown in quotes.

    Raises:
        ValueError: a side without rows, or a count below zero.
    """
    if any(count < 0 for count in (*reference.values(), *current.values(), reference_missing, current_missing)):
        raise ValueError("counts of categories must not be below zero")
    known = sorted((name for name, count in reference.items() if count), key=lambda name: (-reference[name], name))
    table = [(_category_label(name), reference[name], current.get(name, 0)) for name in known]
    unseen = [(name, count) for name, count in current.items() if count and not reference.get(name)]
    missing, each = (reference_missing, current_missing), [count for _, count in unseen]
    newest = tuple(nsmallest(NEWCOMERS, unseen, key=lambda one: (-one[1], one[0])))
    return replace(_bin_counts(table, missing, "category", (UNSEEN, each)), newcomers=newest)


Cut = tuple[Any, bool]  # a value, and whether the cut comes just after it rather than just before


def _few_values(side: Side, at_most: int) -> bool:
    """Tell whether a column has few distinct values that repeat; most columns are settled by a look at a few rows."""
    values = side.values
    if values.size > _LOOKED_AT and np.unique(values[:: values.size // _LOOKED_AT]).size > at_most:
        return False
    once = np.count_nonzero(np.diff(side.starts, append=values.size) == 1)
    return side.starts.size <= at_most and bool(once <= MOST_ONCE * values.size)


def counted_at(known: Numbers, old: NDArray[np.int64], new: Numbers, missing: tuple[int, int]) -> BinCounts:
    """Count each known value in a current sample, and what else it holds, beside the reference's counts.

    Args:
        known: the reference's values, ascending.
        old: how often it has each.
        new: the current values that are there, ascending.
        missing: rows of the reference and of the current sample that are missing.
    """
    side = Side(new)
    below, upto = side.around(known)
    unseen = np.empty(0, dtype=np.int64)
    if (upto - below).sum() < new.size:
        lengths = np.diff(side.starts, append=new.size)
        unseen = lengths[~np.isin(new[side.starts], known)]
    return value_table(known.tolist(), (old, upto - below), unseen, missing)


def value_table(
    known: Sequence[float],
    counts: tuple[NDArray[np.int64], NDArray[np.int64]],
    unseen: NDArray[np.int64],
    missing: tuple[int, int],
) -> BinCounts:
    """Name the counts of known values.

    Args:
        known: the reference's values, ascending.
        counts: how often either side has each.
        unseen: how often the current sample has each of its other values, in no particular order.
        missing: rows of the reference and of the current sample that are missing.
    """
    table = list(zip(_texts(known), *counts, strict=True))
    return _bin_counts(table, missing, "exact", (OTHER_VALUES, unseen), tuple(map(float, known)))


def counted_between(cuts: Sequence[Cut], old: Sequence[int], new: Numbers, missing: tuple[int, int]) -> BinCounts:
    """Count the values of a current sample between cuts, beside the reference's counts.

    Args:
        cuts: ascending.
        old: rows of the reference in each of the intervals, which are one more.
        new: the current values that are there, ascending.
        missing: rows of the reference and of the current sample that are missing.
    """
    return interval_table(cuts, (old, _between(Side(new), cuts)), missing)


def interval_table(
    cuts: Sequence[Cut], counts: tuple[Sequence[int], Sequence[int]], missing: tuple[int, int]
) -> BinCounts:
    """Name the counts of the intervals between cuts, and leave out those that neither side has.

    Args:
        cuts: ascending.
        counts: rows of either side in each of the intervals, which are one more.
        missing: rows of the reference and of the current sample that are missing.
    """
    labels = _interval_labels([(value.item() if hasattr(value, "item") else value, after) for value, after in cuts])
    table = zip(labels, *counts, strict=True)
    edges = tuple(float(value) for value, _ in cuts)
    return _bin_counts([row for row in table if row[1] or row[2]], missing, "quantile", edges=edges)


def edges_of(cuts: Sequence[Cut]) -> list[float]:
    """Give the smallest value above each cut."""
    return [nextafter(value, inf) if after else value for value, after in cuts]


def _quantile_cuts(ordered: Numbers, bins: int) -> list[Cut]:
    """Cut before each quantile, and also after those on which several quantiles fall."""
    positions = np.unique(np.arange(1, bins) * ordered.size // bins)
    values, repeats = np.unique(ordered[positions[positions > 0]], return_counts=True)
    before = [(value, False) for value in values]
    after = [(value, True) for value in values[(repeats > 1) & (values < np.inf)]]
    return sorted(before + after)


def _between(side: Side, cuts: Sequence[Cut]) -> list[int]:
    """Count the values in each interval between cuts, the two tails included."""
    if not cuts:
        return [int(side.values.size)]
    values = np.array([value for value, _ in cuts], dtype=side.values.dtype)
    after = np.array([after for _, after in cuts])
    inside = np.where(after, side.upto(values), side.below(values))
    return np.diff(inside, prepend=0, append=side.values.size).tolist()  # type: ignore[no-any-return]


def _bin_counts(
    table: Sequence[tuple[str, int, int]],
    missing: tuple[int, int],
    scheme: Scheme,
    unseen: tuple[str, Sequence[int] | NDArray[np.int64]] = (UNSEEN, ()),
    edges: tuple[float, ...] = (),
) -> BinCounts:
    """Append the bins of unseen and missing values where there are any."""
    rows = list(table)
    label, each = unseen
    if len(each):
        rows.append((label, 0, int(np.sum(each))))
    if any(missing):
        rows.append((MISSING, *missing))
    return BinCounts(
        labels=tuple(label for label, _, _ in rows),
        reference=np.array([old for _, old, _ in rows], dtype=np.int64),
        current=np.array([new for _, _, new in rows], dtype=np.int64),
        scheme=scheme,
        unseen=np.asarray(each, dtype=np.int64),
        edges=edges,
    )


def _interval_labels(cuts: Sequence[Cut]) -> list[str]:
    """Name the intervals between cuts as a reader writes them: `< 24`, `[24, 31)`, `>= 61`; `0` for a single value."""
    if not cuts:
        return ["any value"]
    distinct = list(dict.fromkeys(value for value, _ in cuts))
    text = dict(zip(distinct, _texts(distinct), strict=True))
    labels = [f"< {text[cuts[0][0]]}"]
    for (low, after_low), (high, after_high) in pairwise(cuts):
        whole = f"{'(' if after_low else '['}{text[low]}, {text[high]}{']' if after_high else ')'}"
        labels.append(text[low] if low == high else whole)
    last, after_last = cuts[-1]
    return [*labels, f"{'>' if after_last else '>='} {text[last]}"]


def _texts(values: Sequence[float]) -> list[str]:
    """Write numbers with as few digits as keep them apart."""
    for digits in (4, 6, 9, 12, 17):
        texts = [f"{value + 0.0:.0f}" if _short_integer(value) else f"{value:.{digits}g}" for value in values]
        if len(set(texts)) == len(values):
            break
    return texts


def _short_integer(value: float) -> bool:
    return abs(value) < 1e15 and float(value).is_integer()  # noqa: PLR2004 - longer ones read better with an exponent


def _category_label(name: str) -> str:
    return repr(name) if name in (MISSING, UNSEEN, OTHER_VALUES) else name
