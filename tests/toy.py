"""A gate kind that measures what the gate file tells it to: for tests of everything around kinds."""

from __future__ import annotations

import time
from typing import Any, Literal

import msgspec

from pytest_mlgate.kind import GateSpec, Kind, Mistake, limit_mistakes
from pytest_mlgate.reference import FilePath, ModelRef, TableRef
from pytest_mlgate.verdict import Confidence, Limit, Measurement


class Toy(GateSpec, frozen=True, kw_only=True):
    """Measures nothing but its own parameters.

    Args:
        metrics: limits on the constant.
        value: the constant.
        names: the checks to make.
    """

    metrics: dict[str, Limit] = msgspec.field(default_factory=lambda: {"value": Limit(max=1.0)})
    value: float | None = 0.5
    names: tuple[str, ...] = ("*",)
    rows: int | None = 10
    sleep: float = 0.0
    crash: Literal["raise", "exit", "late"] | None = None
    data: TableRef | None = None
    others: tuple[TableRef, ...] = ()
    by_name: dict[str, TableRef] = msgspec.field(default_factory=dict)
    model: ModelRef | None = None
    notes: FilePath | None = None
    confidence: Confidence | None = None
    correction: Literal["holm", "none"] = "holm"


def measure(spec: Toy, inputs: Any):
    """Yield one measurement per name and metric, after misbehaving as asked."""
    if spec.sleep:
        time.sleep(spec.sleep)
    if spec.crash == "exit":
        import os

        os._exit(13)
    if spec.crash == "raise":
        raise RuntimeError("toy trouble")
    rows = inputs.table(spec.data).rows if spec.data is not None else spec.rows
    for name in spec.names:
        for metric, limit in spec.metrics.items():
            yield Measurement(name=name, metric=metric, value=spec.value, n=rows, limit=limit)
    if spec.crash == "late":
        raise RuntimeError("toy trouble, late")


def mistakes(spec: Toy):
    """Toy metrics have no interval and no baseline."""
    for name, limit in spec.metrics.items():
        yield from limit_mistakes(("metrics", name), limit, interval=False)
    if spec.value is not None and spec.value < -1e6:
        yield Mistake(("value",), "too small")


KIND = Kind(name="toy.constant", spec=Toy, measure=measure, mistakes=mistakes)


class ToyKinds:
    """A catalogue that holds the toy alone."""

    def names(self):
        return ["toy.constant"]

    def get(self, name):
        assert name == "toy.constant"
        return KIND


# One gate of every outcome.
MIXED = """
gates:
  ok: {kind: toy.constant}
  red: {kind: toy.constant, value: 3, description: must stay small}
  warm: {kind: toy.constant, metrics: {value: {warn_max: 0.1, max: 1}}}
  lost: {kind: toy.constant, crash: raise}
  empty: {kind: toy.constant, rows: 0}
  mild: {kind: toy.constant, value: 3, severity: warning}
  known: {kind: toy.constant, value: 3, waive: {until: 2999-12-31, reason: new feed, issue: RISK-1}}
"""
