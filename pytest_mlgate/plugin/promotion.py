"""Promotion at the end of a session: options in, hooks called, `promote/` decides and acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from pytest_mlgate.errors import GateFileError, KindError, MlgateError
from pytest_mlgate.gatefile import load
from pytest_mlgate.plain import redactor
from pytest_mlgate.plugin.collect import offered_kinds
from pytest_mlgate.promote.actions import carry_out, roll_back
from pytest_mlgate.promote.base import base_version
from pytest_mlgate.promote.loosened import looser
from pytest_mlgate.promote.lowered import lowered

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from pytest_mlgate.promote.facts import FileFacts, SessionFacts
    from pytest_mlgate.report.document import Run
    from pytest_mlgate.verdict import Promotion


_NOTHING_RAN = 5


@dataclass
class Settled:
    """What became of each `promote:` block, what to show beside, and what makes the run red although gates passed."""

    promotions: list[Promotion] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def settle_promotions(config: pytest.Config, files: Sequence[FileFacts], facts: SessionFacts, run: Run) -> Settled:
    """Promote, or say what would happen, for every collected file that asks for it."""
    settled = Settled()
    wanted = [file for file in files if file.promote is not None]
    if config.getoption("mlgate_rollback"):
        if facts.exit_status not in (0, _NOTHING_RAN):
            settled.troubles.append("nothing was rolled back: the session did not end well")
        else:
            _roll_back(config, wanted, settled)
        return settled
    loosened = _loosened(config, files, settled)
    for file in wanted:
        promotion = carry_out(
            file,
            facts,
            root=config.rootpath,
            run_info=msgspec.to_builtins(run),
            veto=lambda proposed: config.hook.pytest_mlgate_before_promote(promotion=proposed),
            act=bool(config.getoption("mlgate_promote")),
            loosened=loosened.get(file.node_id, ()),
            allow_loosened=bool(config.getoption("mlgate_allow_loosened")),
        )
        promotion = _redacted(promotion, file)
        settled.promotions.append(promotion)
        if promotion.outcome == "promoted":
            _tell(config.hook.pytest_mlgate_promoted, promotion, settled)
        elif promotion.outcome == "refused":
            _tell(config.hook.pytest_mlgate_refused, promotion, settled)
    return settled


def _roll_back(config: pytest.Config, files: Sequence[FileFacts], settled: Settled) -> None:
    """Move each file's alias back by one version."""
    if not files:
        settled.troubles.append("nothing to roll back: no collected gate file has a `promote:` block")
    for file in files:
        promotion = _redacted(roll_back(file), file)
        settled.promotions.append(promotion)
        if promotion.outcome == "rolled_back":
            _tell(config.hook.pytest_mlgate_rolled_back, promotion, settled)


def _redacted(promotion: Promotion, file: FileFacts) -> Promotion:
    """Blot secrets out of what a promotion says."""
    blot = redactor(file.secrets)
    words = {name: getattr(promotion, name) for name in ("reason", "model", "evidence")}
    return replace(promotion, **{name: blot(word) for name, word in words.items() if word is not None})


def _tell(hook: Any, promotion: Promotion, settled: Settled) -> None:
    """Call a hook that only listens; what it raises makes the run red, and changes nothing that was done."""
    try:
        hook(promotion=promotion)
    except Exception as error:  # noqa: BLE001 - other people's code, after the fact
        raised = f"{type(error).__name__}: {error}"
        settled.troubles.append(f"a hook raised after the promotion was {promotion.outcome}: {raised}")


def _loosened(config: pytest.Config, files: Sequence[FileFacts], settled: Settled) -> dict[str, tuple[str, ...]]:
    """Compare each file with the base revision, if one was named; what cannot be compared counts as looser."""
    revision = config.getoption("mlgate_base")
    if not revision:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for file in files:
        path = Path(file.path)
        try:
            kinds = offered_kinds(config.hook)
            before = base_version(path, revision)
            if before is None:
                continue
            old = load(path, kinds, shown=Path(f"{revision}:{file.node_id}"), data=before)
            now = load(path, kinds)
            found[file.node_id] = (*looser(old, now), *map(redactor(file.secrets), lowered(old, now, revision)))
        except (GateFileError, KindError, MlgateError) as error:
            found[file.node_id] = (f"it cannot be compared with {revision}: {error}",)
        settled.remarks += [f"looser than {revision}: {file.node_id}: {one}" for one in found[file.node_id]]
    return found
