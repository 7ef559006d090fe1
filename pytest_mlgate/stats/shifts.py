"""Every way of saying how far a column has moved: a table from the names of metrics to how each is measured."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from pytest_mlgate.stats import bin_effects, order_effects
from pytest_mlgate.stats.binning import MISSING
from pytest_mlgate.stats.divergences import FORMS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlgate.stats.drift_pair import Comparison, Effect

SHIFTS: Mapping[str, Callable[[Comparison], Effect]] = MappingProxyType(
    {name: bin_effects.divergence_effect(name) for name in FORMS}
    | {
        "tvd": bin_effects.total_variation,
        "linf": bin_effects.largest_difference,
        "chi2": bin_effects.statistic,
        "ks": order_effects.kolmogorov,
        "wasserstein": order_effects.wasserstein,
        "mean_shift": order_effects.mean_shift,
        "std_shift": order_effects.std_shift,
        "null_rate_change": bin_effects.rate(MISSING),
        "unseen_share": bin_effects.unseen,
    }
)
"""How each metric is measured, by name; `drift_names.DRIFT_NEEDS` says on which columns."""


def effect(pair: Comparison, metric: str) -> Effect:
    """Measure one column by one metric.

    Args:
        pair: the column on both sides.
        metric: a key of `SHIFTS`.

    Raises:
        ValueError: it cannot be measured on this column; the message says why.
    """
    return SHIFTS[metric](pair)
