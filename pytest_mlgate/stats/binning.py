"""Sorting a reference and a current sample into the same bins, so that drift becomes a table of counts.

The bins are frozen by the reference alone and have open tails. Three things that quantile bins hide get bins of their
own: missing values, values the reference never had, and each value of a column that has only a few.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import inf, nextafter
from typing import TYPE_CHECKING, Literal

import numpy as np

from pytest_mlgate.stats.door import at_least, vector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

Scheme = Literal["quantile", "exact", "category"]

MISSING = "missing"
UNSEEN = "unseen"
OTHER_VALUES = "other values"

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

    Raises:
        ValueError: unequal lengths, negative counts, or a side without rows.
    """

    labels: tuple[str, ...]
    reference: NDArray[np.int64]
    current: NDArray[np.int64]
    scheme: Scheme
    unseen: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

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
    bins, exact_at_most = at_least("bins", bins, 2), at_least("exact_at_most", exact_at_most, 0)
    old, old_missing = sorted_present("reference", reference)
    new, new_missing = sorted_present("current", current)
    starts = run_starts(old)
    once = np.count_nonzero(np.diff(starts, append=old.size) == 1)
    # Values that hardly repeat are a small continuous sample, not the few values of a discrete column.
    if starts.size <= exact_at_most and once <= MOST_ONCE * old.size:
        return counted_at(old[starts], np.diff(starts, append=old.size), new, (old_missing, new_missing))
    cuts = _quantile_cuts(old, bins)
    return counted_between(cuts, _between(old, edges_of(cuts)), new, (old_missing, new_missing))


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
        the current sample has, pooled. A category that is itself called `unseen` or `missing` is shown in quotes.

    Raises:
        ValueError: a side without rows, or a count below zero.
    """
    if any(count < 0 for count in (*reference.values(), *current.values(), reference_missing, current_missing)):
        raise ValueError("counts of categories must not be below zero")
    known = sorted((name for name, count in reference.items() if count), key=lambda name: (-reference[name], name))
    table = [(_category_label(name), reference[name], current.get(name, 0)) for name in known]
    unseen = [count for name, count in current.items() if count and not reference.get(name)]
    return _bin_counts(table, (reference_missing, current_missing), "category", (UNSEEN, unseen))


Cut = tuple[float, bool]  # a value, and whether the cut comes just after it rather than just before


def sorted_present(name: str, values: ArrayLike) -> tuple[NDArray[np.float64], int]:
    """Sort the values that are there (NaN sorts last) and count those that are not."""
    ordered = np.sort(vector(name, values))
    present = ordered.size - int(np.isnan(ordered).sum())
    return ordered[:present], ordered.size - present


def run_starts(ordered: NDArray[np.float64]) -> NDArray[np.intp]:
    """Give the position at which each distinct value begins."""
    return np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: ordered.size])


def counted_at(
    known: NDArray[np.float64], old: NDArray[np.int64], new: NDArray[np.float64], missing: tuple[int, int]
) -> BinCounts:
    """Count each known value in a current sample, and what else it holds, beside the reference's counts.

    Args:
        known: the reference's values, ascending.
        old: how often it has each.
        new: the current values that are there, ascending.
        missing: rows of the reference and of the current sample that are missing.
    """
    starts = run_starts(new)
    lengths = np.diff(starts, append=new.size)
    unseen = lengths[~np.isin(new[starts], known)]
    found = np.searchsorted(new, known, "right") - np.searchsorted(new, known, "left")
    table = list(zip(_texts(known.tolist()), old, found, strict=True))
    return _bin_counts(table, missing, "exact", (OTHER_VALUES, unseen))


def counted_between(
    cuts: Sequence[Cut], old: Sequence[int], new: NDArray[np.float64], missing: tuple[int, int]
) -> BinCounts:
    """Count the values of a current sample between cuts, beside the reference's counts.

    Args:
        cuts: ascending.
        old: rows of the reference in each of the intervals, which are one more.
        new: the current values that are there, ascending.
        missing: rows of the reference and of the current sample that are missing.
    """
    table = zip(_interval_labels(cuts), old, _between(new, edges_of(cuts)), strict=True)
    return _bin_counts([row for row in table if row[1] or row[2]], missing, "quantile")


def edges_of(cuts: Sequence[Cut]) -> list[float]:
    """Give the smallest value above each cut."""
    return [nextafter(value, inf) if after else value for value, after in cuts]


def _quantile_cuts(ordered: NDArray[np.float64], bins: int) -> list[Cut]:
    """Cut before each quantile, and also after those on which several quantiles fall."""
    positions = np.unique(np.arange(1, bins) * ordered.size // bins)
    values, repeats = np.unique(ordered[positions[positions > 0]], return_counts=True)
    before = [(float(value), False) for value in values]
    after = [(float(value), True) for value in values[(repeats > 1) & (values < np.inf)]]
    return sorted(before + after)


def _between(ordered: NDArray[np.float64], edges: Sequence[float]) -> list[int]:
    """Count the values in each interval [edge, next edge) of the line, its two tails included."""
    inside = np.searchsorted(ordered, np.asarray(edges, dtype=np.float64))
    return np.diff(inside, prepend=0, append=ordered.size).tolist()  # type: ignore[no-any-return]


def _bin_counts(
    table: Sequence[tuple[str, int, int]],
    missing: tuple[int, int],
    scheme: Scheme,
    unseen: tuple[str, Sequence[int] | NDArray[np.int64]] = (UNSEEN, ()),
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
    return abs(value) < 1e15 and value.is_integer()  # noqa: PLR2004 - longer ones read better with an exponent


def _category_label(name: str) -> str:
    return repr(name) if name in (MISSING, UNSEEN) else name
