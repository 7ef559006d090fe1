"""Limits, taken apart into what can be planned: one side each, with what is good and what is bad of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgate.stats.planning import Side
    from pytest_mlgate.verdict import Limit


@dataclass(frozen=True, slots=True)
class Limited:
    """One side of a declared limit, absolute or relative to a baseline."""

    side: Side
    written: str
    share: float | None = None  # of the baseline's value; None where the limit is absolute


def sides(limit: Limit, confidence: float | None) -> Iterator[Limited]:
    """Take a limit apart into what can be reached separately."""
    from pytest_mlgate.stats.planning import Side

    level = limit.confidence if limit.confidence is not None else confidence
    for name, upper in (("min", False), ("max", True)):
        bound = getattr(limit, name)
        if bound is not None:
            yield Limited(Side(float(bound), upper, level), f"{name} {bound:g}")
    for name, upper in (("max_drop", False), ("max_rise", True)):
        change, sign = getattr(limit, name), 1.0 if upper else -1.0
        if isinstance(change, str):
            share = 1.0 + sign * float(change.removesuffix("%")) / 100.0
            yield Limited(Side(0.0, upper, level), f"{name} {change}", share)
        elif change is not None:
            yield Limited(Side(sign * float(change), upper, level), f"{name} {change:g}", 1.0)
    for name, upper in (("min_ratio", False), ("max_ratio", True)):
        ratio = getattr(limit, name)
        if ratio is not None:
            yield Limited(Side(0.0, upper, level), f"{name} {ratio:g}", float(ratio))


def refuse_wrong_side(one: Limited, limit: float, good: float, bad: float) -> None:
    """Refuse to call good what lies beyond the limit, and bad what lies within."""
    sign = 1.0 if one.side.upper else -1.0
    if sign * (good - limit) > 0.0:
        raise ValueError(f"good is {good:g}, which lies beyond the limit")
    if sign * (bad - limit) < 0.0:
        raise ValueError(f"bad is {bad:g}, which lies within the limit")


def declared(by_name: Mapping[str, float], gate: str, metric: str) -> float | None:
    """Find what was said of a metric, of this gate rather than of any."""
    return by_name.get(f"{gate}.{metric}", by_name.get(metric))
