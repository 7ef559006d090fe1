"""`--mlgate-update`: write what the gates of a whole run measured into their committed baselines, and say what changed.

Only the process that a person looks at writes, at the very end, each file in one step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.plain import redactor
from pytest_mlgate.promote.rewriting import rewritings
from pytest_mlgate.report.document import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_mlgate.promote.facts import FileFacts, SessionFacts

_REVIEW = "review what changed, and commit it"


def update(files: Sequence[FileFacts], facts: SessionFacts, root: Path) -> tuple[list[str], list[str]]:
    """Rewrite committed baselines.

    Args:
        files: the gate files as collected.
        facts: what happened.
        root: pytest's root directory.

    Returns:
        What to say, and what makes the run red.
    """
    remarks, troubles = [], []
    found = rewritings(files, facts, root=root)
    for one in found:
        try:
            if one.text is not None:
                write_text(one.path, one.text)
        except OSError as error:
            troubles.append(f"baseline {one.shown} could not be written: {error}")
            continue
        remarks += [f"baseline {one.shown}: {line}" for line in one.told]
        remarks += [f"baseline {one.shown} was written: {_REVIEW}"] if one.text is not None else []
        troubles += [f"baseline {one.shown} NOT rewritten: {line}" for line in one.refused]
    if not found:
        remarks.append("--mlgate-update: no gate that ran has a committed baseline and could be measured")
    blot = redactor(secret for file in files for secret in file.secrets)
    return list(map(blot, remarks)), list(map(blot, troubles))
