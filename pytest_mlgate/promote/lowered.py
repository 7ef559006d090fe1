"""What a baseline file demands less of than it did at a base revision.

A gate that keeps its limits is still loosened when the numbers that they start from are lowered in the same change.
Files read at a revision of their own (`rev:`) are out of reach of that change, and so of this.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgate.baselines import parse, same
from pytest_mlgate.errors import MlgateError
from pytest_mlgate.inputs.git import entry
from pytest_mlgate.inputs.records import values_in
from pytest_mlgate.reference import BaselineRef
from pytest_mlgate.verdict import Limit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgate.baselines import Entry
    from pytest_mlgate.gatefile import Gate, GateFile


def lowered(old: GateFile, new: GateFile, rev: str) -> tuple[str, ...]:
    """Name every number that gates of both versions start from and that moved to where more passes.

    Args:
        old: the gate file at the base revision; gates that are new since demand more than none did.
        new: the gate file as it is.
        rev: the base revision.
    """
    known = {gate.id for gate in old.gates}
    found = []
    for gate in new.gates:
        baseline = getattr(gate.spec, "baseline", None)
        if gate.id in known and isinstance(baseline, BaselineRef) and baseline.is_record and baseline.rev is None:
            found += [f"gate {gate.id!r} (line {gate.line}): {change}" for change in _gate(gate, baseline, rev)]
    return tuple(found)


def _gate(gate: Gate, baseline: BaselineRef, rev: str) -> Iterator[str]:
    path = Path(baseline.committed or baseline.file or "")
    try:
        before, now = entry(path, rev), path.read_bytes() if path.is_file() else None
        if before is None or now is None:
            return  # nothing to start from: not then, or not now, and neither passes
        then = before.content() if before.is_file else None
    except (MlgateError, OSError) as error:
        yield f"baseline {path.name} cannot be compared with {rev}: {error}"
        return
    if then == now:
        return
    limits = {name: one for name, one in getattr(gate.spec, "metrics", {}).items() if isinstance(one, Limit)}
    try:
        if then is None:
            yield f"baseline {path.name} was a link or a folder at {rev}, so it cannot be compared"
        elif baseline.committed is not None:
            yield from _entries(gate.id, parse(then, path.name), parse(now, path.name), limits, path.name)
        else:
            known, found = (values_in(data, path.name, baseline.key) for data in (then, now))
            yield from _values(known, found, limits, path.name)
    except MlgateError as error:
        yield f"baseline {path.name} cannot be compared with {rev}: {error}"


def _entries(
    gate: str, then: Mapping[str, Entry], now: Mapping[str, Entry], limits: Mapping[str, Limit], name: str
) -> Iterator[str]:
    for key in sorted(then.keys() & now.keys()):
        if key.partition("[")[0] != gate:
            continue
        if not then[key].data.are(now[key].data) or then[key].settings != now[key].settings:
            yield f"baseline {name} was measured on other data or with other settings than before: no telling"
        yield from _values(then[key].metrics, now[key].metrics, limits, name)


def _values(
    then: Mapping[str, float], now: Mapping[str, float], limits: Mapping[str, Limit], name: str
) -> Iterator[str]:
    for metric, limit in limits.items():
        before, after = then.get(metric), now.get(metric)
        if before is None or after is None or same(before, after):
            continue
        down = limit.max_drop is not None or limit.min_ratio is not None
        up = limit.max_rise is not None or limit.max_ratio is not None
        if (down and not after >= before) or (up and not after <= before):
            word = "lowered" if after < before else "raised"
            yield f"baseline {name}: {metric} was {word} from {before!r} to {after!r}"
