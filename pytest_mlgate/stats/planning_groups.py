"""What a limit on the gap among groups will do, found by drawing counts for groups that are as far apart as assumed.

A largest gap among many groups has no simple distribution, but counts are drawn in no time, and the bounds they get are
the very ones that the gate takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.fairness_names import NAMES
from pytest_mlgate.stats.gaps import gap
from pytest_mlgate.stats.group_counts import GroupCounts, Least
from pytest_mlgate.stats.group_measures import RateOf
from pytest_mlgate.stats.planning import Chances, Side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_mlgate.stats.fairness_names import Agg, Method

    _Floats = NDArray[np.float64]

# Rates of a model that is fairly good; a selection rate is taken from the labels.
TYPICAL: Mapping[str, float] = {"tpr": 0.8, "fpr": 0.1, "ppv": 0.8, "npv": 0.9, "accuracy": 0.9}
# Rates that are what another leaves.
_RESTS: Mapping[str, str] = {"fnr": "tpr", "tnr": "fpr", "fdr": "ppv", "for": "npv", "error_rate": "accuracy"}


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
        if rate in _RESTS:
            return 1.0 - TYPICAL[_RESTS[rate]]
        return TYPICAL[rate] if rate in TYPICAL else float(self.positives.sum() / max(1, self.rows.sum()))


@dataclass(frozen=True, slots=True)
class How:
    """How groups are held against each other."""

    method: Method = "between_groups"
    agg: Agg = "worst_case"


_USUAL = How()


def gap_chances(
    groups: Groups, metric: str, side: Side, truth: float, *, draws: int, seed: int, how: How = _USUAL
) -> Chances:
    """Say how likely each answer about a gap is.

    Args:
        groups: their sizes.
        metric: as `fairness_names.NAMES` has it.
        side: the limit.
        truth: how far the two largest groups are apart, in each rate that the metric compares; the others lie between.
        draws: how many samples to draw.
        seed: of the draws.
        how: groups against each other or against all rows, and what becomes of several rates' gaps.

    Raises:
        ValueError: a metric that is no gap of rates, or fewer than two groups with rows.
    """
    claim = NAMES.get(metric)
    known = {"selection_rate", *TYPICAL, *_RESTS}
    if claim is None or claim.form not in ("difference", "ratio") or not known.issuperset(claim.measures):
        raise ValueError(f"nothing is planned for {metric}")
    if np.count_nonzero(groups.rows) < 2:  # noqa: PLR2004 - a gap is between two
        raise ValueError("fewer than two groups have rows")
    rates, form = claim.measures, claim.form
    rng = np.random.default_rng(seed)
    tables = _drawn(groups, {rate: _apart(groups, rate, form, truth) for rate in rates}, rng, draws)
    passes = fails = 0
    for cells in tables:
        try:
            measures = [RateOf(GroupCounts(cells), rate) for rate in rates]
            found = gap(measures, claim.form, groups.least, how.method, how.agg)
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
    for name, shares in rates.items():
        rate, each = (_RESTS[name], 1.0 - shares) if name in _RESTS else (name, shares)
        match rate:
            case "tpr":
                caught = hits(positives, each)
            case "fpr":
                alarms = hits(negatives, each)
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
