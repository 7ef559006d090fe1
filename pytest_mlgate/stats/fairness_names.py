"""What a fairness metric's name stands for: which number of each group, and how groups are held against each other.

Names are those of fairlearn (`equalized_odds_ratio`, `accuracy_score_group_min`), those of aequitas where groups are
held against a reference group (`fpr_disparity`), and the same endings on every metric that this package computes. Gate
files are checked against this table before anything is measured, so this module must cost nothing to import.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from pytest_mlgate.stats.names import NEEDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgate.stats.names import Needs

Form = Literal["difference", "ratio", "group_min", "group_max", "disparity"]
Method = Literal["between_groups", "to_overall"]
Agg = Literal["worst_case", "mean"]

FOUR_FIFTHS = "four_fifths"
FOUR_FIFTHS_LIMIT = 0.8


@dataclass(frozen=True, slots=True)
class Claim:
    """What a name stands for.

    Attributes:
        measures: the numbers of each group: rates, or metrics.
        form: how groups are held against each other.
        needs: what of a model's output the numbers are made of.
    """

    measures: tuple[str, ...]
    form: Form
    needs: Needs = "prediction"


_TWO_SIDED: tuple[Form, ...] = ("difference", "ratio")
_EXTREMES: tuple[Form, ...] = ("group_min", "group_max")
_CRITERIA = {
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("tpr",),
    "equalized_odds": ("tpr", "fpr"),
}
# What people call a rate → its name in `group_counts.RATES`.
_RATES = {
    "selection_rate": "selection_rate",
    "base_rate": "base_rate",
    "true_positive_rate": "tpr",
    "tpr": "tpr",
    "recall": "tpr",
    "recall_score": "tpr",
    "false_positive_rate": "fpr",
    "fpr": "fpr",
    "false_negative_rate": "fnr",
    "fnr": "fnr",
    "true_negative_rate": "tnr",
    "tnr": "tnr",
    "specificity": "tnr",
    "precision": "ppv",
    "precision_score": "ppv",
    "ppv": "ppv",
    "npv": "npv",
    "accuracy": "accuracy",
    "accuracy_score": "accuracy",
    "zero_one_loss": "error_rate",
}
# Numbers of predicted numbers that are metrics of groups alone.
MEANS = ("mean_error", "mean_prediction", "mse")
_ALIASES = {
    "balanced_accuracy_score": "balanced_accuracy",
    "f1_score": "f1",
    "roc_auc_score": "roc_auc",
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "r2_score": "r2",
}
_INFINITE = float("inf")
_SPANS = {
    **dict.fromkeys(("log_loss", "mse", "count"), (0.0, _INFINITE)),
    **dict.fromkeys(("mean_error", "mean_prediction"), (-_INFINITE, _INFINITE)),
    **dict.fromkeys(("mcc", "kappa"), (-1.0, 1.0)),
    "r2": (-_INFINITE, 1.0),
}
# A ratio of numbers that may be negative says nothing.
_NO_RATIO = ("mean_error", "mean_prediction", "r2", "mcc", "kappa")
# aequitas's names → rates; `ppr` is a group's share of all that are predicted positive.
PREDICTED_POSITIVES = "predicted_positive_share"
DISPARITIES = {
    "ppr": PREDICTED_POSITIVES,
    "pprev": "selection_rate",
    "precision": "ppv",
    "tpr": "tpr",
    "tnr": "tnr",
    "fpr": "fpr",
    "fnr": "fnr",
    "fdr": "fdr",
    "for": "for",
    "npv": "npv",
}


def span_of(measure: str) -> tuple[float, float]:
    """Give the smallest and the largest that a number of a group can be: unless listed an error, or else a share."""
    return _SPANS.get(measure, (0.0, _INFINITE if NEEDS.get(measure) == "value" else 1.0))


def _names() -> Iterator[tuple[str, Claim]]:
    for form in _TWO_SIDED:
        for name, rates in _CRITERIA.items():
            yield f"{name}_{form}", Claim(rates, form)
    for form in (*_TWO_SIDED, *_EXTREMES):
        for name, rate in _RATES.items():
            yield f"{name}_{form}", Claim((rate,), form)
        yield f"count_{form}", Claim(("count",), form)
    needs: dict[str, Needs] = {**NEEDS, **dict.fromkeys(MEANS, "value")}
    several = [name for name in needs if name.startswith("top_")]  # of two classes, they say nothing
    metrics = {name: name for name in needs if name not in _RATES and name not in several} | _ALIASES
    for name, metric in metrics.items():
        for form in (*_TWO_SIDED, *_EXTREMES):
            if form != "ratio" or metric not in _NO_RATIO:
                yield f"{name}_{form}", Claim((metric,), form, needs[metric])
    for name, rate in DISPARITIES.items():
        yield f"{name}_disparity", Claim((rate,), "disparity")
    yield FOUR_FIFTHS, Claim(("selection_rate",), "ratio")


NAMES: Mapping[str, Claim] = MappingProxyType(dict(_names()))
