"""A profile: what a table looks like, as counts that can be committed, compared and added up.

Drift needs no reference rows once their counts are known. The edges of a column's bins are frozen when its first
profile is made; profiles of other parts counted at the same edges merge exactly, and a change of the reference can be
read as a difference of two files. There is no row in it: values appear only as edges, extremes and frequent categories.

Making is in `profile_make`, adding up in `profile_merge`, the file in `profile_file`, drift against it in
`profile_drift`.
"""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_mlgate.aggregate import ColumnType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VERSION = 1


class Moments(Struct, frozen=True, forbid_unknown_fields=True):
    """Sums over finite values.

    Args:
        count: how many there are.
        mean: their mean; None where there are none, or where it is beyond double precision.
        m2: the sum of squared distances from the mean; None likewise.
        min: the smallest.
        max: the largest.
    """

    count: int = 0
    mean: float | None = None
    m2: float | None = None
    min: float | None = None
    max: float | None = None

    @property
    def std(self) -> float | None:
        """Standard deviation of a sample (n - 1); None where it is undefined."""
        return None if self.m2 is None or self.count <= 1 else float((self.m2 / (self.count - 1)) ** 0.5)


class Numbers(Struct, frozen=True, forbid_unknown_fields=True):
    """How many values lie between edges; times are seconds since 1970 in UTC.

    Finite values fall into the intervals `below e1`, `[e1, e2)`, …, `e_k and above`. An edge that is also a point is a
    bin of its own, and the interval after it begins just above: `below e1`, `e1 itself`, `(e1, e2)`, ….

    Args:
        moments: of the finite values.
        minus_infinity: values that are -inf, in no bin.
        plus_infinity: values that are +inf, in no bin.
        edges: ascending.
        points: those edges that are a bin of their own, ascending; all of them where a column has few values.
        counts: one for each bin, in ascending order: as many as edges and points, and one.
    """

    moments: Moments
    minus_infinity: int
    plus_infinity: int
    edges: tuple[float, ...]
    points: tuple[float, ...]
    counts: tuple[int, ...]

    @property
    def present(self) -> int:
        """How many values there are, infinite ones included."""
        return self.moments.count + self.minus_infinity + self.plus_infinity


class Categories(Struct, frozen=True, forbid_unknown_fields=True):
    """How many rows each category has.

    Args:
        counts: the categories that the first profile listed, and their rows.
        other: rows of any other category.
        truncated: whether the first profile left categories out: there were too many, or they looked like identifiers.
    """

    counts: dict[str, int]
    other: int
    truncated: bool

    @property
    def present(self) -> int:
        """How many rows have a category."""
        return sum(self.counts.values()) + self.other


class ColumnProfile(Struct, frozen=True, forbid_unknown_fields=True):
    """One column.

    Args:
        type: the logical type.
        missing: rows that are null or NaN.
        sensitive: whether nothing but the missing rows was to be counted.
        numbers: of a column of numbers, dates or times.
        categories: of a column of text or truth values, or of numbers that are codes.
        lengths: of a column of text: how many characters (Unicode code points) its values have.
    """

    type: ColumnType
    missing: int
    sensitive: bool = False
    numbers: Numbers | None = None
    categories: Categories | None = None
    lengths: Numbers | None = None


class Source(Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """Where rows came from.

    Args:
        name: of the file.
        sha256: of its bytes.
        rows: how many it has.
        tool: which version of this package counted them.
    """

    name: str
    sha256: str | None
    rows: int
    tool: str


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """A table.

    Args:
        rows: how many there are.
        sources: where they came from, in ascending order.
        columns: by name.
    """

    rows: int
    sources: tuple[Source, ...]
    columns: dict[str, ColumnProfile]


def contradictions(profile: Profile) -> Iterator[str]:
    """Find what no table can look like: counts that do not add up, bins that overlap."""
    if profile.rows < 0:
        yield "it has fewer than no rows"
    for name, column in profile.columns.items():
        present = profile.rows - column.missing
        if not 0 <= column.missing <= profile.rows:
            yield f"column {name!r} misses {column.missing} of {profile.rows} values"
        for part in (column.numbers, column.categories, column.lengths):
            if part is not None and part.present != present:
                yield f"the counts of column {name!r} do not add up to its rows"
        for numbers in (column.numbers, column.lengths):
            if numbers is not None and not _sound(numbers):
                yield f"the bins of column {name!r} are not in order"
        if column.categories is not None and min([column.categories.other, *column.categories.counts.values()]) < 0:
            yield f"a category of column {name!r} has fewer than no rows"


def _sound(numbers: Numbers) -> bool:
    counts = (*numbers.counts, numbers.minus_infinity, numbers.plus_infinity)
    return (
        _ascends(numbers.edges)
        and _ascends(numbers.points)
        and set(numbers.points) <= set(numbers.edges)
        and len(numbers.counts) == len(numbers.edges) + len(numbers.points) + 1
        and sum(numbers.counts) == numbers.moments.count
        and min(counts) >= 0
    )


def _ascends(values: Sequence[float]) -> bool:
    return all(map(isfinite, values)) and all(low < high for low, high in pairwise(values))
