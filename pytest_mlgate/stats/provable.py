"""How far off a group of some size must be for that to be told from luck: what a small group can show at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.group_claims import TWO
from pytest_mlgate.stats.group_measures import RateOf
from pytest_mlgate.stats.rate_pairs import difference_upper, range_critical, ratio_upper

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlgate.stats.gaps import Form, Gap
    from pytest_mlgate.stats.group_measures import GroupMeasure

_HALVINGS = 40


def smallest_provable(found: Gap, group: int, confidence: float) -> float | None:
    """Give the smallest gap between a group of this size and the surest other that could be told from none.

    Args:
        found: the gap, between groups.
        group: position in the table.
        confidence: as in `Gap.bounds`, for all pairs at once.

    Returns:
        A difference, or a ratio below 1; None when even the widest gap could not be, or there is no other group.
    """
    groups = max(TWO, found.measures[0].values.size)
    critical = range_critical(groups, confidence ** (1.0 / len(found.measures)))
    told = [_provable(measure, found.form, critical, group) for measure in found.measures]
    gaps = [gap for gap in told if gap is not None]
    return None if not gaps else min(gaps) if found.form == "difference" else max(gaps)


def _provable(measure: GroupMeasure, form: Form, critical: float, group: int) -> float | None:
    rows, values = measure.rows, measure.values
    others = np.flatnonzero((rows > 0.0) & ~np.isnan(values) & (np.arange(rows.size) != group))
    if rows[group] == 0.0 or not others.size:
        return None
    surest = int(others[np.argmax(rows[others])])
    if isinstance(measure, RateOf):
        return _of_rates(float(values[surest]), np.array([rows[group], rows[surest]]), form, critical)
    return _of_widths(measure, form, critical, group, surest)


def _of_rates(known: float, rows: NDArray[np.float64], form: Form, z: float) -> float | None:
    """Look for the rates on either side of the surest group's that just differ from it."""
    upper, none = (difference_upper, 0.0) if form == "difference" else (ratio_upper, 1.0)

    def told(own: float) -> bool:
        bounds = upper(np.array([own, known]), rows, z)
        return bool(bounds[0, 1] < none or bounds[1, 0] < none)

    gaps = []
    for end in (0.0, 1.0):
        if not told(end):
            continue
        near, far = known, end
        for _ in range(_HALVINGS):
            middle = (near + far) / 2.0
            near, far = (near, middle) if told(middle) else (middle, far)
        lower, higher = sorted((far, known))
        gaps.append(higher - lower if form == "difference" else lower / higher)
    return None if not gaps else min(gaps) if form == "difference" else max(gaps)


def _of_widths(measure: GroupMeasure, form: Form, z: float, group: int, surest: int) -> float | None:
    """Take the bounds to be as wide at another value as they are at the observed one."""
    values, (low, high) = measure.values, measure.bounds(z)
    pair = [group, surest]
    if np.isnan([low[pair], high[pair]]).any():
        return None
    if form == "difference":
        down, up = (values - low)[pair], (high - values)[pair]
        return float(min(np.hypot(up[0], down[1]), np.hypot(down[0], up[1])))
    if low[pair].min() <= 0.0:
        return None
    down, up = np.log(values[pair] / low[pair]), np.log(high[pair] / values[pair])
    return float(np.exp(-min(np.hypot(up[0], down[1]), np.hypot(down[0], up[1]))))
