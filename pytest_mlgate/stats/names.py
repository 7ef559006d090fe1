"""The names of metrics and what each reads, kept apart from their computation.

Gate files are checked for metrics that a gate's predictions cannot feed before anything is measured, so this module
must cost nothing to import.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Needs = Literal["prediction", "score", "value"]
MetricName = Literal[
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "f1",
    "roc_auc",
    "log_loss",
    "brier",
    "rmse",
    "mae",
    "r2",
]

NEEDS: Mapping[str, Needs] = MappingProxyType(
    {
        "accuracy": "prediction",
        "balanced_accuracy": "prediction",
        "precision": "prediction",
        "recall": "prediction",
        "f1": "prediction",
        "roc_auc": "score",
        "log_loss": "score",
        "brier": "score",
        "rmse": "value",
        "mae": "value",
        "r2": "value",
    }
)
