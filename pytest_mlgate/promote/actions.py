"""Carrying a promotion out, or saying what would happen: the one place where an alias moves.

Everything that speaks against it is gathered first (policy, changed files, no clear subject, a champion that moved), so
that a person reads all of it at once. Only then is anybody asked for a veto, and only then does the registry compare
and swap. Trouble that can be expected is a refusal with its reason, never an exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_mlgate.errors import MlgateError, RegistryError
from pytest_mlgate.promote import evidence
from pytest_mlgate.promote.champion import opened
from pytest_mlgate.promote.changes import changed_since
from pytest_mlgate.promote.policy import concessions, refusals, required_results
from pytest_mlgate.promote.subject import subject_of
from pytest_mlgate.verdict import Promotion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_mlgate.gatefile import Promote
    from pytest_mlgate.promote.facts import FileFacts, SessionFacts
    from pytest_mlgate.promote.subject import Subject
    from pytest_mlgate.registries import ModelVersion, Promoted, Registry

_NO_BLOCK = "the gate file has no `promote:` block"


def carry_out(
    file: FileFacts,
    session: SessionFacts,
    *,
    root: Path,
    run_info: Mapping[str, object],
    veto: Callable[[Promotion], Sequence[str]],
    act: bool,
    loosened: Sequence[str] = (),
    allow_loosened: bool = False,
) -> Promotion:
    """Promote what the gates of one file measured, if nothing speaks against it.

    Args:
        file: the gate file as collected; `file.champion` is what the alias pointed to then.
        session: what happened.
        root: where the relative paths of stamps start.
        run_info: for the evidence, see `evidence.statement`.
        veto: asked last, with the promotion as it stands (`dry_run`); returns reasons against it.
        act: whether to do it; else only say what would happen.
        loosened: what is looser than on the base revision, in words.
        allow_loosened: whether that is intended.

    Returns:
        What became of it: `promoted` or `refused` when it was to act, `dry_run` otherwise.
    """
    outcome, promote = _blank(file), file.promote
    if promote is None:
        return _refused(outcome, [_NO_BLOCK], act=act)
    results = required_results(file, session)
    subject, unclear = subject_of(promote, results, root=root)
    against = [
        *refusals(file, session, loosened=loosened, allow_loosened=allow_loosened),
        *changed_since(file, results, root=root),
        *unclear,
    ]
    try:
        registry, alias = opened(promote.to)
        current = registry.current(alias)
    except MlgateError as error:
        return _refused(outcome, [*against, str(error)], act=act)
    outcome = replace(outcome, previous=current.version if current else None)
    against += _moved(file.champion, current, subject, promote)
    if against or subject is None:
        return _refused(outcome, against, act=act)
    noted = concessions(file, session, loosened=loosened, allow_loosened=allow_loosened)
    if not act:
        return replace(outcome, reason="; ".join([_forecast(registry, current, subject), *noted]))
    try:
        _ask(veto, replace(outcome, reason="; ".join(noted) or None))
        _refuse_changes(changed_since(file, results, root=root))  # whoever was asked may have taken their time
        why = _evidence(file, session, subject, run_info=run_info, decisions=noted)
        done = registry.promote(subject.path, sha256=subject.sha256, alias=alias, expected=file.champion, evidence=why)
    except MlgateError as error:
        return _refused(outcome, [str(error)], act=True)
    return _promoted(outcome, done, noted, root)


def roll_back(file: FileFacts) -> Promotion:
    """Point the alias of a file's `promote:` block back to the version before the latest promotion that stands.

    Returns:
        `rolled_back`, with the version that is champion again, or `refused` with the reason.
    """
    outcome = _blank(file)
    if file.promote is None:
        return _refused(outcome, [_NO_BLOCK], act=True)
    try:
        registry, alias = opened(file.promote.to)
        done = registry.rollback(alias)
    except MlgateError as error:
        return _refused(outcome, [str(error)], act=True)
    back = done.version.version
    reason = f"rolled back from {_told(done.previous)} to {_told(back)}"
    return replace(outcome, outcome="rolled_back", version=back, previous=done.previous, reason=reason)


def _blank(file: FileFacts) -> Promotion:
    """Start from what is known before anything was decided."""
    if file.promote is None:
        return Promotion(file=file.node_id, outcome="dry_run")
    to = file.promote.to
    return Promotion(file=file.node_id, outcome="dry_run", registry=to.registry, model=to.name, alias=to.alias)


def _refused(outcome: Promotion, reasons: Sequence[str], *, act: bool) -> Promotion:
    """Put all reasons in one line, numbered when they are several: they have commas and semicolons of their own."""
    told = " ".join(f"({number}) {reason}" for number, reason in enumerate(reasons, start=1))
    told = reasons[0] if len(reasons) == 1 else told
    if act:
        return replace(outcome, outcome="refused", reason=told)
    return replace(outcome, outcome="dry_run", reason=f"would be refused because {told}")


def _promoted(outcome: Promotion, done: Promoted, noted: Sequence[str], root: Path) -> Promotion:
    """Say what the registry did. Where nothing moved, no evidence was kept."""
    version, folder = done.version.version, done.version.path.parent
    shown = folder.relative_to(root).as_posix() if folder.is_relative_to(root) else str(folder)
    told = [*noted] if done.changed else [_already(version), *noted]
    return replace(
        outcome,
        outcome="promoted",
        version=version,
        previous=done.previous,
        evidence=shown if done.changed else None,
        reason="; ".join(told) or None,
    )


def _moved(measured: int | None, current: ModelVersion | None, subject: Subject | None, promote: Promote) -> list[str]:
    """Refuse when the alias no longer points to what was measured against, unless it points to the subject itself."""
    now = current.version if current else None
    if now == measured or (current and subject and current.sha256 == subject.sha256):
        return []
    then = f"{promote.to.alias!r} of {promote.to.name!r} pointed to {_told(measured)} when the gates were collected"
    return [f"{then}, and points to {_told(now)} now; run the gates again, against that"]


def _ask(veto: Callable[[Promotion], Sequence[str]], proposed: Promotion) -> None:
    """Ask for vetoes; whoever raises instead of answering has not agreed.

    Raises:
        MlgateError: somebody vetoes.
    """
    try:
        answers = veto(proposed)
    except Exception as error:  # hooks are other people's code, and any trouble there refuses
        raise MlgateError(f"vetoed: a hook raised {type(error).__name__}: {error}") from error
    if answers:
        told = [answers] if isinstance(answers, str) else [str(answer) for answer in answers]
        raise MlgateError(f"vetoed: {'; '.join(told)}")


def _refuse_changes(found: Sequence[str]) -> None:
    """Refuse when files changed while somebody was asked.

    Raises:
        MlgateError: they did.
    """
    if found:
        raise MlgateError("; ".join(found))


def _evidence(
    file: FileFacts,
    session: SessionFacts,
    subject: Subject,
    *,
    run_info: Mapping[str, object],
    decisions: Sequence[str],
) -> dict[str, object]:
    """Write the statement about every gate of the file, required or not."""
    nodes = [node for nodes in file.expected.values() for node in nodes]
    return evidence.statement(
        file,
        [session.results[node] for node in nodes if node in session.results],
        subject,
        run_info=run_info,
        environment=evidence.describe_environment(),
        decisions=decisions,
    )


def _forecast(registry: Registry, current: ModelVersion | None, subject: Subject) -> str:
    """Say what promoting would do; an old version that is damaged spoils the forecast, not the promotion."""
    if current is not None and current.sha256 == subject.sha256:
        return f"nothing would move: {_already(current.version)}"
    try:
        versions = registry.versions()
    except RegistryError as error:
        return f"would be promoted as a new version ({error})"
    for one in reversed(versions):
        if one.sha256 == subject.sha256:
            return f"would be promoted as version {one.version}, which holds these bytes already"
    return f"would be promoted as version {max((one.version for one in versions), default=0) + 1}"


def _already(version: int) -> str:
    return f"the alias already points to these bytes, version {version}"


def _told(version: int | None) -> str:
    return "no version" if version is None else f"version {version}"
