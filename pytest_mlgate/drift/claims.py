"""From columns set against each other to measurements: each metric held against its limit, all as one family."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from pytest_mlgate.drift.explain import contributions, explained, place
from pytest_mlgate.drift.samples import Draws
from pytest_mlgate.drift.spec import DriftSpec
from pytest_mlgate.verdict import Limit, Measurement, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_mlgate.stats.drift_names import DriftMetric
    from pytest_mlgate.stats.drift_pair import Comparison, Effect

BOUNDS = 0.95
_DRAWS = 19_999
_ALWAYS: tuple[DriftMetric, ...] = ("null_rate_change", "unseen_share")


class Family(Struct, frozen=True, kw_only=True):
    """What all claims of a gate share.

    Args:
        spec: what the gate says.
        size: how many claims there are at most: columns times metrics times windows.
        seed: the gate's.
    """

    spec: DriftSpec
    size: int
    seed: int

    @property
    def strictest(self) -> float:
        """The level that the most significant claim has to reach."""
        return self.spec.alpha if self.spec.correction == "none" else self.spec.alpha / max(1, self.size)

    @property
    def drawn(self) -> Draws:
        """How to draw: a p-value is no smaller than one in the draws, and has to survive the correction."""
        return Draws(self.seed, max(_DRAWS, ceil(2 * self.size / self.spec.alpha)))


def claims(
    name: str, pair: Comparison, limits: Mapping[DriftMetric, Limit], family: Family, names: Mapping[str, str]
) -> Iterator[Measurement]:
    """Measure one column by each metric that has a limit; p-values are not adjusted yet.

    Besides, the change of the null rate and the share of unseen categories are reported where there is any.
    """
    from pytest_mlgate.stats.shifts import effect

    about = explained(name, pair, names)
    for metric, limit in limits.items():
        try:
            found = effect(pair, metric)
        except ValueError as error:
            yield Measurement(name=name, metric=metric, reason=f"{name}: {error}")
            continue
        detail = _detail(name, metric, pair, about, names)
        yield _claim(name, metric, found, limit, family, detail)
    for metric, shown in zip(_ALWAYS, (about["null_rate"].values(), [about["unseen_share"]]), strict=True):
        if metric not in limits and any(shown):
            found = effect(pair, metric)
            yield Measurement(name=name, metric=metric, value=found.value, n=found.m, n_reference=found.n)


def _detail(
    name: str, metric: str, pair: Comparison, about: Mapping[str, Any], names: Mapping[str, str]
) -> dict[str, Any]:
    detail = {key: value for key, value in about.items() if key != "moved"}
    detail |= contributions(name, metric, pair, names)
    if metric == "ks":
        found = pair.distance
        detail |= {"at": found.at, "reference_share": found.reference_share, "current_share": found.current_share}
        detail["look_at"] = [place(name, pair), about["moved"]]
        if pair.bracket is not None:
            detail["between"] = [pair.bracket.low, pair.bracket.high]
    else:
        detail["look_at"] = [*detail["look_at"], about["moved"]]
    return detail


def _claim(
    name: str, metric: str, found: Effect, declared: Limit, family: Family, detail: dict[str, Any]
) -> Measurement:
    limit = declared
    if limit.confidence is None and family.spec.confidence is not None:
        limit = replace(limit, confidence=family.spec.confidence)
    level = family.strictest
    if metric == "chi2" and found.critical is not None and not limit.decides:
        limit = replace(limit, max=found.critical(level), confidence=None)
    low, high = found.interval(limit.confidence or BOUNDS)
    detectable = found.detectable(level)
    needed = None
    if limit.max is not None and detectable is not None and detectable > limit.max:
        needed = found.rows_to_decide(level, limit.max)
    return Measurement(
        name=name,
        metric=metric,
        value=found.value,
        low=low,
        high=high,
        confidence=limit.confidence or BOUNDS,
        n=found.m,
        n_reference=found.n,
        limit=limit,
        p_value=found.test(),
        detectable=detectable,
        rows_to_decide=needed if needed is not None and needed > found.m else None,
        detail=detail,
    )


def decided(found: Iterable[Measurement], spec: DriftSpec) -> list[Measurement]:
    """Adjust p-values over all claims of the gate, and let a column fail by any of its metrics or by all only."""
    from pytest_mlgate.stats.multiple import adjust

    measured = list(found)
    places = [i for i, one in enumerate(measured) if one.p_value is not None]
    adjusted = adjust([measured[i].p_value or 0.0 for i in places], spec.correction)
    for i, p_adjusted in zip(places, adjusted, strict=True):
        measured[i] = replace(measured[i], p_adjusted=p_adjusted, alpha=spec.alpha)
    return _only_together(measured) if spec.fail_if == "all" else measured


def _only_together(measured: list[Measurement]) -> list[Measurement]:
    """Let no metric fail a column alone: what is beyond its limit warns unless every metric of the column is.

    A metric that is within its limit clears the column; one that cannot tell leaves it undecided. A metric without a
    `max` cannot fail, so it has no say.
    """
    verdicts: dict[str, set[Verdict]] = {}
    for one in measured:
        if one.p_adjusted is not None and one.limit is not None and one.limit.max is not None:
            verdicts.setdefault(one.name, set()).add(judge(one).verdict)
    eased = []
    for one in measured:
        others = verdicts.get(one.name, set())
        alone = one.p_adjusted is not None and others != {Verdict.FAIL}
        cleared = Verdict.PASS in others
        verdict = judge(one).verdict if alone else None
        ease = verdict is Verdict.FAIL or (cleared and verdict is Verdict.INCONCLUSIVE)
        eased.append(warned_only(one) if ease else one)
    return eased


def warned_only(one: Measurement) -> Measurement:
    """Turn a limit that fails into one that warns."""
    limit = one.limit or Limit()
    ends = [end for end in (limit.max, limit.warn_max) if end is not None]
    return replace(one, limit=Limit(warn_max=min(ends, default=None)), detectable=None, rows_to_decide=None)
