"""The names of metrics and what each reads, kept apart from their computation.

Gate files are checked for metrics that a gate's predictions cannot feed before anything is measured, so this module
must cost nothing to import.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Needs = Literal["prediction", "score", "value"]
Average = Literal["macro", "micro", "weighted"]
MetricName = Literal[
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "f1",
    "specificity",
    "npv",
    "mcc",
    "kappa",
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier",
    "ece",
    "top_2_accuracy",
    "top_3_accuracy",
    "top_5_accuracy",
    "top_10_accuracy",
    "rmse",
    "mae",
    "mape",
    "medae",
    "max_error",
    "r2",
    "pinball",
    "pinball_q01",
    "pinball_q05",
    "pinball_q10",
    "pinball_q25",
    "pinball_q75",
    "pinball_q90",
    "pinball_q95",
    "pinball_q99",
]

# Which quantile was predicted is part of the name, as a limit on one is none on another.
PINBALLS: Mapping[str, float] = MappingProxyType(
    {"pinball": 0.5, **{f"pinball_q{percent:02}": percent / 100 for percent in (1, 5, 10, 25, 75, 90, 95, 99)}}
)
# Metrics without an interval: the value decides, and a limit of theirs cannot name a confidence.
WITHOUT_INTERVAL = frozenset({"max_error"})
# Of one class: with several they need an average.
OF_ONE_CLASS = frozenset({"precision", "recall", "f1", "specificity", "npv"})
# How many of the likeliest classes may hold the true one; with two classes there is nothing to measure.
TOP: Mapping[str, int] = MappingProxyType({f"top_{k}_accuracy": k for k in (2, 3, 5, 10)})

NEEDS: Mapping[str, Needs] = MappingProxyType(
    {
        "accuracy": "prediction",
        "balanced_accuracy": "prediction",
        "precision": "prediction",
        "recall": "prediction",
        "f1": "prediction",
        "specificity": "prediction",
        "npv": "prediction",
        "mcc": "prediction",
        "kappa": "prediction",
        "roc_auc": "score",
        "average_precision": "score",
        "log_loss": "score",
        "brier": "score",
        "ece": "score",
        **dict.fromkeys(TOP, "score"),
        "rmse": "value",
        "mae": "value",
        "mape": "value",
        "medae": "value",
        "max_error": "value",
        "r2": "value",
        **dict.fromkeys(PINBALLS, "value"),
    }
)

# The better the model, the less of these; of all others, the more.
LESS_IS_BETTER = frozenset({"log_loss", "brier", "ece", "rmse", "mae", "mape", "medae", "max_error", *PINBALLS})
_CORRELATIONS = frozenset({"mcc", "kappa"})
_SHARES = frozenset({"flip_rate", "invalid_outputs", "top_output_share"})  # of rows


def range_of(metric: str) -> tuple[float, float]:
    """Say between which numbers a metric lies; of names that are none of these nothing is known."""
    if metric == "r2":
        return -math.inf, 1.0
    if metric in _CORRELATIONS:
        return -1.0, 1.0
    if metric in _SHARES:
        return 0.0, 1.0
    if metric == "brier":  # of several classes it is the sum of theirs
        return 0.0, 2.0
    need = NEEDS.get(metric)
    if need is None:
        return -math.inf, math.inf
    return (0.0, math.inf) if need == "value" or metric == "log_loss" else (0.0, 1.0)
