"""What a limit on the gap among groups will do, found by drawing counts for groups that are as far apart as assumed.

A largest gap among many groups has no simple distribution, but counts are drawn in no time, and the bounds they get are
the very ones that the gate takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.gaps import METRICS, gap
from pytest_mlgate.stats.group_counts import GroupCounts, Least
from pytest_mlgate.stats.planning import Chances, Side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    _Floats = NDArray[np.float64]

# Rates of a model that is fairly good; a selection rate is taken from the labels.
TYPICAL: Mapping[str, float] = {"tpr": 0.8, "fpr": 0.1, "fnr": 0.2, "tnr": 0.9, "ppv": 0.8, "npv": 0.9, "accuracy": 0.9}


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups to be compared.

    Attributes:
        rows: int64[K], how many rows each has.
        positives: int64[K], how many of them are labelled positive.
        least: sizes below which nothing is claimed.
    """

    rows: NDArray[np.int64]
    positives: NDArray[np.int64]
    least: Least

    def scaled(self, factor: float) -> Groups:
        """Give groups of so many times the rows."""
        rows, positives = (np.rint(one * factor).astype(np.int64) for one in (self.rows, self.positives))
        return Groups(rows, positives, self.least)

    def typical(self, rate: str) -> float:
        """Give the rate that is assumed on average."""
        return TYPICAL[rate] if rate in TYPICAL else float(self.positives.sum() / max(1, self.rows.sum()))


def gap_chances(groups: Groups, metric: str, side: Side, truth: float, *, draws: int, seed: int) -> Chances:
    """Say how likely each answer about a gap is.

    Args:
        groups: their sizes.
        metric: as `gaps.METRICS` names it.
        side: the limit.
        truth: how far the two largest groups are apart, in each rate that the metric compares; the others lie between.
        draws: how many samples to draw.
        seed: of the draws.

    Raises:
        ValueError: an unknown metric, or fewer than two groups with rows.
    """
    if metric not in METRICS:
        raise ValueError(f"nothing is planned for {metric}")
    if np.count_nonzero(groups.rows) < 2:  # noqa: PLR2004 - a gap is between two
        raise ValueError("fewer than two groups have rows")
    rates, form = METRICS[metric]
    rng = np.random.default_rng(seed)
    tables = _drawn(groups, {rate: _apart(groups, rate, form, truth) for rate in rates}, rng, draws)
    passes = fails = 0
    for cells in tables:
        try:
            found = gap(GroupCounts(cells), metric, groups.least)
        except ValueError:  # an undefined rate is neither a pass nor a fail
            continue
        bounds = (found.value, found.value) if side.confidence is None else found.bounds(side.confidence)
        passes += side.within(found.value, bounds)
        fails += side.beyond(found.value, bounds)
    return Chances(passes / draws, 1.0 - (passes + fails) / draws, fails / draws)


def _apart(groups: Groups, rate: str, form: str, truth: float) -> _Floats:
    """Give each group's rate: the two largest groups as far apart as they are said to be."""
    middle = groups.typical(rate)
    rates = np.full(groups.rows.size, middle)
    high, low = np.argsort(-groups.rows, kind="stable")[:2]
    if form == "difference":
        middle = min(max(middle, truth / 2.0), 1.0 - truth / 2.0)
        rates[high], rates[low] = middle + truth / 2.0, middle - truth / 2.0
    else:
        top = min(1.0, 2.0 * middle / (1.0 + truth))
        rates[high], rates[low] = top, truth * top
    return rates


def _drawn(groups: Groups, rates: Mapping[str, _Floats], rng: np.random.Generator, draws: int) -> NDArray[np.float64]:
    """Draw tables of label by prediction, float64[draws, K, 4], in which these rates hold."""
    rows, positives = groups.rows, groups.positives
    negatives = rows - positives

    def hits(among: NDArray[np.int64], rate: _Floats) -> NDArray[np.int64]:
        return rng.binomial(among, rate, size=(draws, rows.size))

    caught = hits(positives, np.full(rows.size, TYPICAL["tpr"]))
    alarms = hits(negatives, np.full(rows.size, TYPICAL["fpr"]))
    for rate, each in rates.items():
        match rate:
            case "tpr" | "fnr":
                caught = hits(positives, each if rate == "tpr" else 1.0 - each)
            case "fpr" | "tnr":
                alarms = hits(negatives, each if rate == "fpr" else 1.0 - each)
            case "selection_rate":
                chosen = hits(rows, each)
                caught = np.minimum(chosen, positives)
                alarms = chosen - caught
            case "accuracy":
                right = hits(rows, each)
                caught = np.minimum(right, positives)
                alarms = negatives - (right - caught)
            case "ppv":  # as many are predicted positive as are
                caught = hits(positives, each)
                alarms = np.minimum(positives - caught, negatives)
            case _:  # npv, likewise
                rejected = hits(negatives, each)
                alarms = negatives - rejected
                caught = positives - np.minimum(negatives - rejected, positives)
    cells = (negatives - alarms, alarms, positives - caught, caught)
    return np.stack(cells, axis=2).astype(np.float64)
