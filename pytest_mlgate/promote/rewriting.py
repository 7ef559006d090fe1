"""What `--mlgate-update` may write: decided once the whole run is known, and refused rather than half done.

A baseline is what keeps a worse model out, so rewriting one is held to rules of its own:

- only gates that ran once, whole, and have something to say of every metric are written; nothing is, after a session
  that was interrupted, lost a worker, or whose workers disagree;
- what fails, or may fail, against the present baseline does not replace it, waived or not: whoever accepts a worse
  model removes the entry, which a reviewer sees, and runs again;
- a baseline of other data or other settings is replaced, since nothing can be held against it, and it is said so;
- numbers that differ by rounding alone are left as they are, so that a file changes only when something did;
- nothing is written through a link, outside the project, over a file that is no baseline or that changed since it was
  read, by two gates under one name, or with a secret in it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgate.baselines import SUFFIX, changes, is_same, parse, written
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.plain import redactor
from pytest_mlgate.stats.names import LESS_IS_BETTER
from pytest_mlgate.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_mlgate.baselines import Entry, Proposal
    from pytest_mlgate.promote.facts import FileFacts, SessionFacts
    from pytest_mlgate.verdict import GateResult

_BROKEN_OFF = {2: "it was interrupted", 3: "pytest had an internal error", 4: "pytest was used wrongly"}
_KEEPS = {
    Verdict.FAIL: "it fails against the present baseline",
    Verdict.INCONCLUSIVE: "whether it is worse than the present baseline is inconclusive",
    Verdict.SKIPPED: "it was skipped",
}


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What becomes of one baseline file.

    Args:
        path: of the file.
        shown: how messages call it.
        text: what it should hold; None when it stays as it is.
        told: what changes, or that nothing does.
        refused: why something is not written.
    """

    path: Path
    shown: str
    text: str | None
    told: tuple[str, ...]
    refused: tuple[str, ...]


def rewritings(files: Sequence[FileFacts], session: SessionFacts, *, root: Path) -> list[Rewritten]:
    """Decide what becomes of every baseline that a gate of this session measured anew.

    Args:
        files: the gate files as collected.
        session: what happened.
        root: nothing outside it is written.
    """
    offered: dict[str, list[GateResult]] = defaultdict(list)
    for result in session.results.values():
        if result.proposal is not None:
            offered[result.proposal.path].append(result)
    secrets = {file.node_id: file.secrets for file in files}
    whole = next(_against_all(session), None)
    for results in offered.values():  # workers report in any order
        results.sort(key=lambda one: (one.proposal.key if one.proposal else "", one.node_id))
    return [_file(Path(path), results, session, root, whole, secrets) for path, results in sorted(offered.items())]


def _against_all(session: SessionFacts) -> Iterator[str]:
    """Say why nothing at all is written."""
    if session.exit_status in _BROKEN_OFF:
        yield f"the session did not end well: {_BROKEN_OFF[session.exit_status]}"
    if session.stopped is not None:
        yield f"the session ended early: {session.stopped}"
    if session.silent_workers or session.disagreements:
        yield "workers were lost, or do not agree on what there is to measure"


def _file(
    path: Path,
    results: Sequence[GateResult],
    session: SessionFacts,
    root: Path,
    whole: str | None,
    secrets: Mapping[str, tuple[str, ...]],
) -> Rewritten:
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    try:
        against = whole or _against_path(path, root)
        before = path.read_bytes() if path.is_file() else None
        entries = {} if before is None else parse(before, shown)
    except (OSError, NotMeasuredError) as error:
        against, before, entries = str(error), None, {}
    if against is not None:
        return Rewritten(path, shown, None, (), (against,))
    digest = None if before is None else hashlib.sha256(before).hexdigest()
    now, told, refused = dict(entries), [], []
    for result in results:
        proposal = result.proposal
        assert proposal is not None  # noqa: S101 - only those were offered
        entry = entries.get(proposal.key)
        keep = _against(result, results, session, secrets.get(result.file, ()))
        if keep is None and proposal.seen != digest:
            keep = f"{shown} changed since it was read; run again"
        if keep is None and entry is not None and entry.file not in (None, proposal.entry.file):
            keep = (
                f"a gate in {entry.file} has this name in this file; give each a file of its own, or remove its entry"
            )
        if keep is not None:
            refused.append(f"{proposal.key}: {keep}")
            continue
        told.append(f"{proposal.key}: {_told(entry, proposal.entry)}")
        if entry is None or not is_same(entry, proposal.entry):
            now[proposal.key] = proposal.entry
    text = written(now) if now != entries else None
    return Rewritten(path, shown, text, tuple(told), tuple(refused))


def _told(before: Entry | None, after: Entry) -> str:
    if before is not None and is_same(before, after):
        return "nothing changes"
    return ("first written: " if before is None else "") + ", ".join(changes(before, after, LESS_IS_BETTER))


def _against_path(path: Path, root: Path) -> str | None:
    """Say why nothing may be written there."""
    if path.is_symlink():
        return "it is a link, and nothing is written through one"
    if not path.name.endswith(SUFFIX):
        return f"its name does not end in {SUFFIX}"
    if not path.resolve().is_relative_to(root.resolve()):
        return f"it lies outside {root}, pytest's root directory"
    return None


def _against(
    result: GateResult, others: Sequence[GateResult], session: SessionFacts, secrets: Sequence[str]
) -> str | None:
    """Say why what one gate measured is not written."""
    node, proposal = result.node_id, result.proposal
    if proposal is None or any(one.verdict is Verdict.NOT_MEASURED for one in result.checks):
        return f"it was not measured whole: {result.reason}"
    if node in session.rerun | session.crashed | session.overruled:
        return "it did not run once and whole"
    for verdict, why in _KEEPS.items():
        if result.verdict is verdict or any(one.verdict is verdict for one in result.checks):
            return f"{why}; to accept that, remove its entry from the file, and run again"
    if any(_clash(proposal, one.proposal) for one in others if one.node_id != node):
        return "two gates have this name in this file; give each a file of its own"
    text = written({proposal.key: proposal.entry})
    if redactor(secrets)(text) != text:
        return "the value of a secret variable would be written"
    return None


def _clash(one: Proposal, other: Proposal | None) -> bool:
    return other is not None and one.key == other.key
