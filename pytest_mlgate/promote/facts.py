"""What promotion is decided on: plain facts about a gate file and about the session that ran it.

They cross from xdist workers to the controller as JSON, so that a parallel run decides on exactly what a serial one
does.
"""

from __future__ import annotations

from msgspec import Struct

from pytest_mlgate.gatefile import Promote
from pytest_mlgate.verdict import GateResult


class FileFacts(Struct, frozen=True, kw_only=True):
    """A gate file as it was collected, before anything was deselected.

    Args:
        node_id: the file as pytest names it, relative to the root directory.
        path: absolute.
        name: for reports.
        sha256: of the file's bytes.
        resolved_sha256: of what its gates mean once defaults, names and variables are resolved.
        expected: gate id → node ids of all its items (several when a parametrised fixture feeds it), in file order.
        promote: its `promote:` block, if it has one.
        kinds: gate id → kind; a result of another kind is not the result that was expected.
        secrets: values that no report may show.
        champion: the version that the alias of `promote.to` pointed to when the file was collected; None when there was
            no such alias. Promotion is a compare-and-swap against it.
    """

    node_id: str
    path: str
    name: str
    sha256: str
    resolved_sha256: str
    expected: dict[str, tuple[str, ...]]
    promote: Promote | None = None
    kinds: dict[str, str] = {}
    champion: int | None = None
    secrets: tuple[str, ...] = ()


class SessionFacts(Struct, frozen=True, kw_only=True):
    """What happened in the session, whoever ran the gates.

    Args:
        exit_status: pytest's own, before promotion.
        stopped: why the session ended early (`-x`, an interrupt), if it did.
        results: node id → result, of every gate that reported.
        deselected: node ids that were deselected.
        rerun: node ids that reported more than once or asked to be rerun.
        overruled: node ids that pytest skipped or expected to fail, whatever their gate found.
        crashed: node ids whose worker died while running them.
        silent_workers: workers that ended without handing over what they had collected.
        disagreements: gate files on whose gates the workers do not agree.
        updating: whether this run rewrites committed baselines.
    """

    exit_status: int
    stopped: str | None = None
    results: dict[str, GateResult] = {}
    deselected: frozenset[str] = frozenset()
    rerun: frozenset[str] = frozenset()
    overruled: frozenset[str] = frozenset()
    crashed: frozenset[str] = frozenset()
    silent_workers: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()
    updating: bool = False
