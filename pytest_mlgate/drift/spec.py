"""What every drift gate may write about limits and tests, and which of it cannot mean anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, field

from pytest_mlgate.kind import GateSpec, Mistake, keys_among, limit_mistakes
from pytest_mlgate.stats.drift_names import DRIFT_NEEDS, DriftMetric
from pytest_mlgate.verdict import Confidence, Limit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Limits = Annotated[dict[DriftMetric, Limit], Meta(min_length=1, extra_json_schema=keys_among(DriftMetric))]
Correction = Literal["holm", "bh", "none"]


def usual() -> dict[DriftMetric, Limit]:
    """Give the limits in common use: look at an index of 0.1, act at 0.2."""
    return {"psi": Limit(warn_max=0.1, max=0.2)}


class DriftSpec(GateSpec, frozen=True, kw_only=True):
    """How far something may have moved, and when that counts as shown.

    Args:
        metrics: limits by metric; `psi: {warn_max: 0.1, max: 0.2}` unless given. Of any column: psi, js, kl, hellinger,
            tvd, linf, cramers_v, chi2, null_rate_change. Of numbers: ks, wasserstein, mean_shift, std_shift. Of
            categories: unseen_share. `chi2` without a `max` is a test alone: it fails on whatever is significant.
        fail_if: whether `any` metric beyond its limit fails a column, or only `all` of them together.
        unit: a shift of the mean in standard deviations of the reference (`sd`) or `relative` to its mean.
        alpha: the level of the gate's significance tests, over all columns, metrics and windows together.
        correction: how p-values are adjusted over them.
        confidence: when given, a pass needs the upper bound within the limit, and a fail the lower bound beyond it.
    """

    metrics: Limits = field(default_factory=usual)
    fail_if: Literal["any", "all"] = "any"
    unit: Literal["sd", "relative"] = "sd"
    alpha: Annotated[float, Meta(gt=0, lt=0.5)] = 0.01
    correction: Correction = "holm"
    confidence: Confidence | None = None


def metric_mistakes(metrics: Mapping[DriftMetric, Limit], where: tuple[str | int, ...]) -> Iterable[Mistake]:
    """Find limits that cannot mean anything."""
    for name, limit in metrics.items():
        yield from limit_mistakes((*where, name), limit, interval=True)
        for key in ("min", "warn_min"):
            if getattr(limit, key) is not None:
                yield Mistake((*where, name, key), "drift has no lower limit: 0 is no drift at all", "use max")


def applies(metric: DriftMetric, *, numeric: bool) -> bool:
    """Tell whether a metric says anything of a column."""
    return DRIFT_NEEDS[metric] in (("bins", "order") if numeric else ("bins", "categories"))


def applies_to_categories(metrics: Iterable[DriftMetric]) -> bool:
    """Tell whether any of these metrics says anything of a column of categories."""
    return any(applies(metric, numeric=False) for metric in metrics)
