"""Which bytes are promoted: those that the required gates measured, and no others.

A gate file names a model; what goes out is a file. The link between the two is the stamp that was taken when a gate
loaded the model: its hash is what the registry will insist on. Where gates saw different bytes, or bytes that were
never in a file, there is nothing that could honestly be called *the* measured model.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_mlgate.gatefile import Promote
    from pytest_mlgate.verdict import FileStamp, GateResult, InputRecord

ROLE = "model"
_SHOWN_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Subject:
    """The artifact to promote, and the SHA-256 that its bytes had when they were measured."""

    path: Path
    sha256: str


def subject_of(
    promote: Promote, results: Iterable[GateResult], *, root: Path
) -> tuple[Subject | None, tuple[str, ...]]:
    """Find the measured artifact of the model to promote.

    Args:
        promote: which model it is.
        results: of the required gates.
        root: where the relative paths of stamps start.

    Returns:
        The artifact and no reason, or nothing and every reason why there is none.
    """
    model = promote.model
    seen: list[tuple[str, FileStamp]] = []
    reasons: list[str] = []
    for result in results:
        for record in result.inputs:
            if record.role != ROLE:
                continue
            if model.weights is not None:
                seen += [(result.node_id, stamp) for stamp in record.files if _same(root / stamp.path, model.weights)]
            elif model.fixture is not None and record.name == f"fixture {model.fixture}":
                seen += [(result.node_id, stamp) for stamp in record.files]
                reasons += _without_artifact(record, result.node_id)
    if not seen and not reasons:
        reasons.append(
            f"no required gate measured the model to promote ({model.weights or f'fixture {model.fixture}'}); "
            "require one that does"
        )
    reasons += _disagreements(seen)
    if reasons:
        return None, tuple(dict.fromkeys(reasons))
    stamp = seen[0][1]
    return Subject(Path(os.path.normpath(root / stamp.path)), stamp.sha256 or ""), ()


def _without_artifact(record: InputRecord, node: str) -> Iterator[str]:
    """Refuse a fixture's model that is not exactly one file."""
    if not record.files:
        yield (
            "a model made by a fixture can be promoted only through the artifact that mlgate_train wrote; "
            f"{node} measured one that {record.name!r} made otherwise"
        )
    if len(record.files) > 1:
        yield f"{node} measured a model of {len(record.files)} files; a registry holds models that are one file each"


def _disagreements(seen: list[tuple[str, FileStamp]]) -> Iterator[str]:
    """Refuse bytes that were not hashed when they were measured, and gates that saw different ones."""
    for node, stamp in seen:
        if not stamp.sha256:
            yield f"{node} measured {stamp.path} without taking its hash, so nobody can tell which bytes it saw"
    nodes: dict[str, list[str]] = {}
    for node, stamp in seen:
        if stamp.sha256:
            nodes.setdefault(stamp.sha256, []).append(node)
    if len(nodes) > 1:
        told = " and ".join(
            f"{sha256[:_SHOWN_DIGITS]} by {', '.join(dict.fromkeys(by))}" for sha256, by in nodes.items()
        )
        yield f"the required gates measured different bytes of the model to promote: {told}"


def _same(path: Path, other: str) -> bool:
    """Whether two paths name one file, whatever links lead there."""
    return os.path.normcase(os.path.realpath(path)) == os.path.normcase(os.path.realpath(other))
