"""What a plan says: what was assumed, what follows for each limit and each gate, and for a whole file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgate.stats.planning import Chances


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What the plan is to take for granted. Keys are metrics, or gate and metric as `gate.metric`; `*` is any gate.

    Args:
        rows: by gate, instead of those of the data.
        positives: by gate, the share of the positive class, instead of the data's.
        good: the value of what must not be blocked.
        bad: the value of what must not pass.
        baseline: the baseline's value.
        correlation: between what a row contributes to a model's metric and to its baseline's.
        power: the chance of passing what is good that rows are planned for.
    """

    rows: dict[str, int] = field(default_factory=dict)
    positives: dict[str, float] = field(default_factory=dict)
    good: dict[str, float] = field(default_factory=dict)
    bad: dict[str, float] = field(default_factory=dict)
    baseline: dict[str, float] = field(default_factory=dict)
    correlation: float = 0.8
    power: float = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """One side of one limit.

    Args:
        check: what it speaks of.
        metric: what is limited.
        limit: as written.
        good: the value that must not be blocked.
        bad: the value that must not pass.
        if_good: how likely each answer is where the truth is good.
        if_bad: the same where it is bad.
        rows: how many let what is good pass with the power asked for; None where no number does or none was sought.
        assumed: what had to be.
        resolution: the smallest chance that can be told from none, where chances were counted over draws.
    """

    check: str
    metric: str
    limit: str
    good: float
    bad: float
    if_good: Chances
    if_bad: Chances
    rows: int | None = None
    assumed: str = ""
    resolution: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePlan:
    """What is planned of a gate.

    Args:
        id: of the gate.
        kind: of the gate.
        size: what it will be judged on, in words.
        stakes: its limits; none where nothing could be planned.
        notes: what could not be planned, and why; or why there is nothing to plan.
        bound: of the chance of blocking what is good, where the method itself gives one.
        blocks: whether the gate can block at all.
        undecided_blocks: whether INCONCLUSIVE counts as FAIL does.
        unit: what is counted.
    """

    id: str
    kind: str
    size: str = ""
    stakes: tuple[Stake, ...] = ()
    notes: tuple[str, ...] = ()
    bound: float | None = None
    blocks: bool = True
    undecided_blocks: bool = True
    unit: str = "rows"

    @property
    def lacking(self) -> bool:
        """Whether something that may block is not in the figures."""
        return self.blocks and (any("not planned" in note for note in self.notes) or not (self.stakes or self.certain))

    @property
    def certain(self) -> bool:
        """Whether the method itself says how often it blocks what is good."""
        return self.bound is not None

    def blocked(self, chances: Chances) -> float:
        """Say how likely an answer is that blocks, or would if the gate's severity were not `warning`."""
        return chances.fails + (chances.undecided if self.undecided_blocks else 0.0)


def slips(plans: Sequence[GatePlan]) -> list[tuple[float, GatePlan, Stake]]:
    """List what may block, each with the chance that what is bad in it alone passes, the likeliest first."""
    found = [(1.0 - plan.blocked(one.if_bad), plan, one) for plan in plans if plan.blocks for one in plan.stakes]
    return sorted(found, key=lambda one: -one[0])


def blocked(plans: Sequence[GatePlan]) -> tuple[float, float]:
    """Bound the chance that something blocks although all is good.

    Returns:
        The least it can be, that of the likeliest alone; and that of all of them if they were independent, which it
        does not exceed where they rise and fall together, as checks on the same rows mostly do.
    """
    each: list[float] = []
    for plan in plans:
        if not plan.blocks:
            continue
        if plan.bound is not None and (plan.lacking or not plan.stakes):
            each.append(plan.bound)
        else:
            each += [plan.blocked(one.if_good) for one in plan.stakes]
    passes = 1.0
    for one in each:
        passes *= 1.0 - one
    return max(each, default=0.0), 1.0 - passes
