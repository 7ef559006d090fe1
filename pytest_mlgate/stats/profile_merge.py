"""Adding up profiles of parts: counts exactly, moments to rounding, in any order.

Source:
    Chan, Golub, LeVeque (1983), Algorithms for computing the sample variance. The American Statistician 37, 242-247.
"""

from __future__ import annotations

from functools import reduce
from math import isfinite
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_mlgate.stats.profile import Categories, ColumnProfile, Moments, Numbers, Profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgate.aggregate import ColumnType

_LIKE = "make the profiles of the parts with `--like` of one and the same profile"


def merge(profiles: Sequence[Profile]) -> Profile:
    """Add up the profiles of parts that share no row.

    Args:
        profiles: at least one; all counted at the edges and categories of one first profile.

    Raises:
        ValueError: there is none, they were not counted alike, or a part occurs twice.
    """
    if not profiles:
        raise ValueError("there are no profiles to merge")
    return reduce(_two, profiles)


def _two(one: Profile, other: Profile) -> Profile:
    twice = {source.sha256 for source in one.sources if source.rows} & {source.sha256 for source in other.sources}
    for source in one.sources:
        if source.sha256 is not None and source.sha256 in twice:
            raise ValueError(f"{source.name} is part of more than one of the profiles and would be counted twice")
    if one.columns.keys() != other.columns.keys():
        apart = ", ".join(map(repr, sorted(one.columns.keys() ^ other.columns.keys())))
        raise ValueError(f"the profiles do not have the same columns: {apart} is not in all of them; {_LIKE}")
    columns = {name: _column(name, column, other.columns[name]) for name, column in one.columns.items()}
    return Profile(one.rows + other.rows, tuple(sorted((*one.sources, *other.sources), key=str)), columns)


def _column(name: str, one: ColumnProfile, other: ColumnProfile) -> ColumnProfile:
    return ColumnProfile(
        type=_type(name, one, other),
        missing=one.missing + other.missing,
        sensitive=one.sensitive or other.sensitive,
        numbers=_numbers(name, one.numbers, other.numbers),
        categories=_categories(name, one.categories, other.categories),
        lengths=_numbers(name, one.lengths, other.lengths),
    )


def _type(name: str, one: ColumnProfile, other: ColumnProfile) -> ColumnType:
    """Give the type that fits both: whole numbers are numbers."""
    if one.type == other.type:
        return one.type
    if {one.type, other.type} == {"integer", "number"}:
        return "number"
    raise ValueError(f"column {name!r} is of type {one.type} in one profile and {other.type} in another; {_LIKE}")


def _numbers(name: str, one: Numbers | None, other: Numbers | None) -> Numbers | None:
    if one is None and other is None:
        return None
    if one is None or other is None or (one.edges, one.points) != (other.edges, other.points):
        raise ValueError(f"column {name!r} was not counted at the same edges in all profiles; {_LIKE}")
    return replace(
        one,
        moments=moments(one.moments, other.moments),
        minus_infinity=one.minus_infinity + other.minus_infinity,
        plus_infinity=one.plus_infinity + other.plus_infinity,
        counts=tuple(a + b for a, b in zip(one.counts, other.counts, strict=True)),
    )


def _categories(name: str, one: Categories | None, other: Categories | None) -> Categories | None:
    if one is None and other is None:
        return None
    if one is None or other is None or one.counts.keys() != other.counts.keys() or one.truncated != other.truncated:
        raise ValueError(f"the profiles do not list the same categories of column {name!r}; {_LIKE}")
    counts = {key: one.counts[key] + other.counts[key] for key in sorted(one.counts)}
    return Categories(counts, one.other + other.other, one.truncated)


def moments(one: Moments, other: Moments) -> Moments:
    """Combine the moments of two samples.

    >>> moments(Moments(2, 1.5, 0.5, 1.0, 2.0), Moments(1, 6.0, 0.0, 6.0, 6.0))
    Moments(count=3, mean=3.0, m2=14.0, min=1.0, max=6.0)
    """
    if not one.count or not other.count:
        return one if one.count else other
    count = one.count + other.count
    low, high = min(_present(one.min, other.min)), max(_present(one.max, other.max))
    if one.mean is None or other.mean is None:
        return Moments(count, None, None, low, high)
    share = other.count / count
    apart = other.mean - one.mean
    mean = min(max(one.mean + apart * share, low), high)
    m2 = None
    if one.m2 is not None and other.m2 is not None:
        total = one.m2 + other.m2 + apart * (apart * (one.count * share))
        m2 = total if isfinite(total) else None
    return Moments(count, mean, m2, low, high)


def _present(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]
