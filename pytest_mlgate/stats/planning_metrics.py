"""How estimates of each metric spread, by what can be known or assumed before any data are judged.

Of a share everything is known. Of other metrics something must be assumed, and each entry says what: that is printed
beside the plan, for whoever knows better.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import pi, sqrt
from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_mlgate.stats.counts import share_of as bounded_share
from pytest_mlgate.stats.names import PINBALLS
from pytest_mlgate.stats.planning import Sampling, Shares
from pytest_mlgate.stats.planning_spread import LARGEST, NEAR, Area, Explained, Mean, Normal, Rows, table_error
from pytest_mlgate.stats.proportions import clopper_pearson, wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ALIKE = "as many rows are predicted positive as are"
EXACT = "rows are independent"


def _mcc(tp: float, fp: float, fn: float, tn: float) -> float:
    return (tp * tn - fp * fn) / sqrt(max(NEAR**2, (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


def _kappa(tp: float, fp: float, fn: float, tn: float) -> float:
    n = tp + fp + fn + tn
    agree, chance = (tp + tn) / n, ((tp + fp) * (tp + fn) + (tn + fp) * (tn + fn)) / (n * n)
    return (agree - chance) / max(NEAR, 1.0 - chance)


def _balanced(tp: float, fp: float, fn: float, tn: float) -> float:
    return (tp / max(NEAR, tp + fn) + tn / max(NEAR, tn + fp)) / 2.0


def _careful(hits: int, n: int, confidence: float) -> tuple[float, float]:
    part = bounded_share(hits, n, confidence)
    return part.low, part.high


def _union(rows: Rows, limit: float) -> int:
    """Count rows that are positive or predicted so, when F1 is at its limit."""
    return max(1, round(rows.positives * (2.0 - limit)))


def _f1(rows: Rows, limit: float, bounds: Callable[[int, int, float], tuple[float, float]]) -> Sampling:
    return Shares(_union(rows, limit), bounds, lambda j: 2.0 * j / (1.0 + j), lambda f: f / (2.0 - f))


@dataclass(frozen=True, slots=True)
class Planned:
    """How a metric is planned for.

    Attributes:
        sampling: rows and limit → how estimates spread.
        classes: whether it must be known how many rows are positive.
        perfect: the best that the metric can be.
        rising: whether more is better.
        assumed: what is.
    """

    sampling: Callable[[Rows, float], Sampling]
    classes: bool
    perfect: float
    rising: bool
    assumed: str


def _share(rows: Callable[[Rows], int], assumed: str = EXACT, *, classes: bool = True, careful: bool = True) -> Planned:
    return Planned(lambda known, _: Shares(rows(known), _careful if careful else wilson), classes, 1.0, True, assumed)


def _table(metric: Callable[[float, float, float, float], float]) -> Planned:
    said = "misses and false alarms are equally many"
    return Planned(lambda rows, _: Normal(table_error(metric, rows)), True, 1.0, True, said)


def _mean(variation: float, skewness: float, assumed: str, *, root: bool = False, open_ended: bool = True) -> Planned:
    return Planned(lambda rows, _: Mean(rows.n, variation, skewness, open_ended, root), False, 0.0, False, assumed)


_NORMAL_ERRORS = "errors are normal"
_ABSOLUTE = (sqrt(pi / 2.0 - 1.0), 0.9953)  # of a half-normal error: variation and skewness
_SQUARED = (sqrt(2.0), sqrt(8.0))  # of a squared normal one
_LIKE_EXPONENTIAL = "losses spread as much as their mean"
_MEDIAN = 1.1664  # standard error of the median of |normal|, over the median, times √n: 1 / (4 φ(q) q), q = Φ⁻¹(3/4)

PLANNED: Mapping[str, Planned] = MappingProxyType(
    {
        "accuracy": _share(lambda rows: rows.n, classes=False, careful=False),
        "recall": _share(lambda rows: rows.positives),
        "specificity": _share(lambda rows: rows.negatives),
        "precision": _share(lambda rows: rows.positives, ALIKE),
        "npv": _share(lambda rows: rows.negatives, ALIKE),
        "f1": Planned(lambda rows, limit: _f1(rows, limit, _careful), True, 1.0, True, ALIKE),
        "balanced_accuracy": _table(_balanced),
        "mcc": _table(_mcc),
        "kappa": _table(_kappa),
        "roc_auc": Planned(
            lambda rows, _: Area(rows), True, 1.0, True, "scores of both classes are normal and equally spread"
        ),
        "log_loss": _mean(1.0, 2.0, _LIKE_EXPONENTIAL, open_ended=False),
        "brier": _mean(1.0, 2.0, _LIKE_EXPONENTIAL, open_ended=False),
        "rmse": _mean(*_SQUARED, _NORMAL_ERRORS, root=True),
        "mae": _mean(*_ABSOLUTE, _NORMAL_ERRORS),
        "mape": _mean(*_ABSOLUTE, _NORMAL_ERRORS),
        **{name: _mean(1.0, 2.0, _LIKE_EXPONENTIAL) for name in PINBALLS},
        "medae": Planned(
            lambda rows, _: Normal(lambda value: _MEDIAN * value / sqrt(rows.n), (NEAR, LARGEST)),
            False,
            0.0,
            False,
            _NORMAL_ERRORS,
        ),
        "r2": Planned(lambda rows, _: Explained(rows.n), False, 1.0, True, "targets and errors are normal"),
    }
)
# Of a guardrail, the same shares by exact bounds; of a false-positive rate and of flips, less is better.
_EXACTLY: Mapping[str, Planned] = MappingProxyType(
    {
        "recall": Planned(lambda rows, _: Shares(rows.positives, clopper_pearson), True, 1.0, True, EXACT),
        "false_positive_rate": Planned(
            lambda rows, _: Shares(rows.negatives, clopper_pearson), True, 0.0, False, EXACT
        ),
        "precision": Planned(lambda rows, _: Shares(rows.positives, clopper_pearson), True, 1.0, True, ALIKE),
        "f1": Planned(lambda rows, limit: _f1(rows, limit, clopper_pearson), True, 1.0, True, ALIKE),
    }
)
PASS_RATE = Planned(lambda rows, _: Shares(rows.n, wilson), False, 1.0, True, EXACT)
FLIP_RATE = Planned(lambda rows, _: Shares(rows.n, wilson), False, 0.0, False, EXACT)


def planned(metric: str, *, exactly: bool = False) -> Planned | None:
    """Find how a metric is planned for; None where nothing is known of how it spreads.

    Args:
        metric: as gate files write it.
        exactly: whether shares have Clopper and Pearson's bounds, as those of guardrails have.
    """
    if exactly:
        return _EXACTLY.get(metric)
    return PASS_RATE if re.fullmatch(r"top_\d+_accuracy", metric) else PLANNED.get(metric)
