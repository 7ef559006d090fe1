"""What a gate file may ask of one model: the structures that `model.metrics` is read into."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from pytest_mlgate.kind import ModelSpec, keys_among
from pytest_mlgate.reference import TableRef
from pytest_mlgate.stats.names import MetricName
from pytest_mlgate.verdict import Confidence, Limit

Simple = Literal["majority", "prior", "mean", "last_value"]
Measured = Literal[MetricName, "invalid_outputs", "top_output_share"]
INVALID = "invalid_outputs"
TOP_SHARE = "top_output_share"
OF_OUTPUTS = frozenset({INVALID, TOP_SHARE})
Limits = Annotated[dict[MetricName, Limit], Meta(min_length=1, extra_json_schema=keys_among(MetricName))]


class Gain(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much better than no model at all, on the same rows.

    Args:
        over: what anybody could say without a model, learnt from the very rows judged: the most frequent class
            (`majority`); that, and how frequent each is as its probability (`prior`, unless given, of classes); the
            mean (`mean`, unless given, of numbers); the true value of the row before (`last_value`).
        order: for `last_value`, the column of numbers or times that says which row comes before which.
        by: for `last_value`, the column that says which series a row belongs to; each begins anew.
        metrics: limits by metric on how much better: min on what the model adds, whichever way the metric runs.
    """

    over: Simple | None = None
    order: str | None = None
    by: str | None = None
    metrics: Limits


class Overfit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much better the model is on the rows it was trained on.

    Args:
        train: those rows, with the same columns.
        metrics: limits by metric on how much better: max on what is lost beyond them, whichever way the metric runs.
    """

    train: TableRef
    metrics: Limits


class Range(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Between what predicted numbers make sense, inclusive.

    Args:
        min: the least.
        max: the most.
    """

    min: float | None = None
    max: float | None = None


class ModelMetrics(ModelSpec, frozen=True, kw_only=True):
    """Limits on how well a model predicts a label.

    Args:
        metrics: limits by metric. Of predicted classes: accuracy, balanced_accuracy, precision, recall, f1,
            specificity, npv, mcc, kappa. Of probabilities: roc_auc, average_precision, log_loss, brier, ece,
            top_k_accuracy. Of predicted numbers, where `label` and `prediction` are columns of numbers or the model has
            `output: value`: rmse, mae, mape, medae, max_error, r2, pinball. Of outputs as they are: invalid_outputs
            (the share of rows whose output is missing, NaN, infinite or out of range) and top_output_share (of those
            that get the most frequent output, 1 where the model always says the same).
        gain: limits on how much better than no model at all.
        overfit: limits on how much better on the rows it was trained on.
        range: between what predicted numbers make sense, for invalid_outputs; probabilities lie between 0 and 1.
        confidence: one-sided confidence of the bounds that limits are held against; without it, the value decides.
    """

    metrics: Annotated[dict[Measured, Limit], Meta(min_length=1, extra_json_schema=keys_among(Measured))] = field(
        default_factory=dict
    )
    gain: Gain | None = None
    overfit: Overfit | None = None
    range: Range | None = None
    confidence: Confidence | None = None

    @property
    def of_model(self) -> dict[MetricName, Limit]:
        """The limits on metrics that hold predictions against the truth."""
        return {name: limit for name, limit in self.metrics.items() if name not in OF_OUTPUTS}  # type: ignore[misc] # those left

    @property
    def blocks(self) -> dict[tuple[str, ...], dict[MetricName, Limit]]:
        """All limits on such metrics, by where they stand in the gate."""
        blocks: dict[tuple[str, ...], dict[MetricName, Limit]] = {("metrics",): self.of_model}
        for name, part in (("gain", self.gain), ("overfit", self.overfit)):
            if part is not None:
                blocks[name, "metrics"] = part.metrics
        return blocks
