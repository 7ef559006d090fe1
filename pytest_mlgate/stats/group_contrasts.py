"""Groups held against each other, or each against all rows: every contrast with its upper bound.

Contrasts come in both directions, so the lower bound of one is the upper bound of its reverse, and the bounds of the
largest follow from this one kind of table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtri

from pytest_mlgate.stats.group_measures import RateOf
from pytest_mlgate.stats.rate_pairs import difference_bounded, range_critical, ratio_bounded, wilson_each

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.stats.fairness_names import Method
    from pytest_mlgate.stats.group_measures import GroupMeasure

    _Floats = NDArray[np.float64]
    _Ints = NDArray[np.int64]

OVERALL = -1  # stands for all rows where a group's position is expected


@dataclass(frozen=True, slots=True, eq=False)
class Contrasts:
    """How far one group lies above another, for each two; or above all rows, and these above it.

    Attributes:
        values: float64[C], differences or ratios, as observed.
        upper: float64[C], their upper bounds.
        high: int64[C], the group that is held against another, `OVERALL` for all rows.
        low: int64[C], the other.
    """

    values: _Floats
    upper: _Floats
    high: _Ints
    low: _Ints


def contrasts(
    measure: GroupMeasure, groups: _Ints, form: Literal["difference", "ratio"], method: Method, z: float | None
) -> Contrasts:
    """Hold groups against each other, or against all rows.

    Args:
        measure: one number of each group.
        groups: int64[k], those to hold against each other; all have the number.
        form: by what.
        method: whether two groups are compared, or each with all rows, itself among them.
        z: normal quantile of each bound; None where only the values are wanted, which then stand for the bounds.

    Returns:
        Two contrasts for each two groups, or for each group.
    """
    if method == "to_overall":
        values, upper = _to_overall(measure, groups, form, z)
        overall = np.full(groups.size, OVERALL)
        return Contrasts(values, upper, np.concatenate([groups, overall]), np.concatenate([overall, groups]))
    own = measure.values[groups]
    low, high = (own, own) if z is None else (bound[groups] for bound in measure.bounds(z))
    bounded = difference_bounded if form == "difference" else ratio_bounded
    apart = ~np.eye(groups.size, dtype=np.bool_)
    first, second = np.nonzero(apart)
    return Contrasts(bounded(own, own, own)[apart], bounded(own, low, high)[apart], groups[first], groups[second])


def critical_of_all(groups: int, method: Method, confidence: float) -> float:
    """Give the normal quantile at which all contrasts are bounded at once.

    Source:
        Between groups, that of the range (see `rate_pairs.range_critical`). Against all rows: Šidák (1967),
        Rectangular confidence regions for the means of multivariate normal distributions. JASA 62, 626-633, which
        holds however the groups' distances from all rows depend on each other.
    """
    if method == "between_groups":
        return range_critical(groups, confidence)
    return float(ndtri((1.0 + confidence ** (1.0 / groups)) / 2.0))


def _to_overall(measure: GroupMeasure, groups: _Ints, form: str, z: float | None) -> tuple[_Floats, _Floats]:
    """Hold each group against all rows, and all rows against each group."""
    if isinstance(measure, RateOf):
        return _rate_to_overall(measure, groups, form, 0.0 if z is None else z)
    # Other metrics are no mean of a group's and the others'. A group is part of all rows, so the two err together, and
    # bounds that take them for independent are too wide rather than too narrow.
    own = measure.values[groups]
    value, below, above = measure.overall(z)
    low, high = (own, own) if z is None else (bound[groups] for bound in measure.bounds(z))
    bounded = difference_bounded if form == "difference" else ratio_bounded

    def both(least: tuple[_Floats, float], most: tuple[_Floats, float]) -> _Floats:
        beside = [np.stack([mine, np.full(own.shape, all_rows)]) for mine, all_rows in ((own, value), least, most)]
        tables = [bounded(*(part[:, i] for part in beside)) for i in range(own.size)]
        return np.array([[one[0, 1] for one in tables], [one[1, 0] for one in tables]]).reshape(-1)

    return both((own, value), (own, value)), both((low, below), (high, above))


def _rate_to_overall(measure: RateOf, groups: _Ints, form: str, z: float) -> tuple[_Floats, _Floats]:
    """Hold each group's rate against that of all rows by way of the rows that are not in the group.

    A rate less that of all rows is its difference from the other rows' rate, times their share of the rows; and the
    share is itself observed, which adds to the bounds. A fail is claimed of one group among many, at a confidence where
    Wilson's bounds of a rare rate err several times as often as they say, and no second small group makes up for it as
    between groups: of twelve groups of 100 and a large one, all at .03, some group failed .10 of the time for .05. So
    the exact bounds are taken where they are wider.
    """
    hits, rows = measure.hits, measure.rows
    all_hits, all_rows = float(hits.sum()), float(rows.sum())
    hits, rows = hits[groups], rows[groups]
    own, other = hits / rows, (all_hits - hits) / (all_rows - rows)
    low, high = wilson_each(own, rows, z)
    exactly = measure.exact(z)
    low, high = np.minimum(low, exactly[0][groups]), np.maximum(high, exactly[1][groups])
    below, above = wilson_each(other, all_rows - rows, z)
    share = rows / all_rows
    least, most = wilson_each(share, np.full(share.shape, all_rows), z)
    slack = np.maximum(share - least, most - share)
    if form == "difference":
        apart = own - other
        wobble = np.abs(apart) * slack
        up = np.hypot((1.0 - share) * np.hypot(high - own, other - below), wobble)
        down = np.hypot((1.0 - share) * np.hypot(own - low, above - other), wobble)
        values = (1.0 - share) * apart
        return np.concatenate([values, -values]), np.concatenate([values + up, -values + down])
    pairs = np.stack([own, other]), np.stack([low, below]), np.stack([high, above])
    columns = [ratio_bounded(*(part[:, i] for part in pairs)) for i in range(own.size)]
    over, under = np.array([one[0, 1] for one in columns]), np.array([one[1, 0] for one in columns])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = own / (share * own + (1.0 - share) * other)  # the group's rate over that of all rows
        # The ratio to all rows rises with the ratio to the other rows.
        highest, lowest = 1.0 / (share + (1.0 - share) / over), 1.0 / (share + (1.0 - share) * under)
        wobble = slack * np.abs(ratio - other / (share * own + (1.0 - share) * other))
        up = np.exp(np.hypot(np.log(highest / ratio), wobble))
        down = np.exp(np.hypot(np.log(ratio / lowest), wobble))
        none = ratio <= 0.0
        upper = np.where(none, highest, ratio * up)
    inverse = np.where(none, np.inf, 1.0 / np.where(none, 1.0, ratio))
    inverse_upper = np.where(none, np.inf, inverse * down)
    return np.concatenate([ratio, inverse]), np.concatenate([upper, inverse_upper])
