"""What a gate file may say about groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from pytest_mlgate.kind import PredictionSpec, keys_among
from pytest_mlgate.stats.fairness_names import NAMES, Agg, Method
from pytest_mlgate.verdict import Confidence, Limit

Size = Annotated[int, Meta(ge=1)]
MAJORITY = "majority"
if TYPE_CHECKING:
    Metric = str
else:
    Metric = Literal[tuple(NAMES)]  # made from a table, which a type checker cannot read


class FairnessGroups(PredictionSpec, frozen=True, kw_only=True):
    """How far apart the groups of sensitive attributes may be.

    Args:
        sensitive: columns that say which group a row belongs to; a missing value is a group of its own.
        intersections: whether to judge every two attributes together as well.
        min_group_size: rows below which nothing is claimed of a group.
        min_positives: the same for rows labelled positive (predicted positive, for precision).
        min_negatives: the same for rows labelled negative (predicted negative, for npv).
        metrics: limits by metric. Names end in what is limited: `_difference` (largest less smallest, `max`), `_ratio`
            (smallest over largest, `min`), `_group_min` (`min`), `_group_max` (`max`), or `_disparity` (each group over
            `reference_group`, `min` and `max`). They begin with what is compared: demographic_parity (selection rates),
            equal_opportunity (true positive rates), equalized_odds (true and false positive rates), a rate such as
            false_positive_rate, selection_rate, precision or accuracy, or any metric of `model.metrics`; of predicted
            numbers also mean_error, mse and mean_prediction. `four_fifths` is demographic_parity_ratio with min 0.8.
        method: whether `_difference` and `_ratio` hold groups against each other, or each against all rows.
        agg: whether equalized_odds is the worse of its two gaps, or their mean.
        reference_group: the group that `_disparity` holds the others against, as a value for each attribute; or the
            largest one.
        confidence: one-sided confidence of the bounds that limits are held against.
    """

    sensitive: Annotated[tuple[str, ...], Meta(min_length=1)]
    intersections: bool = False
    min_group_size: Size = 100
    min_positives: Size = 30
    min_negatives: Size = 30
    metrics: Annotated[dict[Metric, Limit], Meta(min_length=1, extra_json_schema=keys_among(Metric))]
    method: Method = "between_groups"
    agg: Agg = "worst_case"
    reference_group: Literal["majority"] | dict[str, bool | int | float | str] | None = None
    confidence: Confidence = 0.95
