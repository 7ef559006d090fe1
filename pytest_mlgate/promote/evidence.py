"""What a promotion leaves behind: an in-toto Statement that says which bytes passed which gates, and how.

The form is the in-toto Attestation Framework's Statement, version 1: a subject named by its digest, and a predicate
whose type is this project's own. It is plain JSON with a fixed key order, so that equal facts give equal bytes, which
is what a signature needs; it is not signed here.
"""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate import __version__
from pytest_mlgate.errors import MlgateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_mlgate.promote.facts import FileFacts
    from pytest_mlgate.promote.subject import Subject
    from pytest_mlgate.verdict import GateResult

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://pytest-mlgate.dev/gate-results/v1"
_PACKAGES = ("duckdb", "numpy", "scipy", "torch")


def describe_environment() -> dict[str, Any]:
    """Describe what the gates ran on, from package metadata alone: nothing is imported to ask for its version."""
    packages = {"pytest-mlgate": __version__}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"python": platform.python_version(), "platform": platform.platform(), "packages": packages}


def statement(
    file: FileFacts,
    results: Iterable[GateResult],
    subject: Subject,
    *,
    run_info: Mapping[str, object],
    environment: Mapping[str, object],
    decisions: Sequence[str] = (),
) -> dict[str, Any]:
    """Write down why bytes may go out.

    Args:
        file: the gate file, with its `promote:` block.
        results: of every gate of the file that reported, required or not, in file order.
        subject: the bytes.
        run_info: when the run started, the commit and whether the tree was dirty, the CI run; kept as given.
        environment: what `describe_environment()` gave.
        decisions: what policy let through although it is not a plain PASS.

    Returns:
        A JSON object: keys in alphabetical order, NaN and infinities as null.

    Raises:
        MlgateError: something in it cannot be said in JSON.
    """
    gates = tuple(results)
    promote = file.promote
    content = {
        "_type": STATEMENT,
        "subject": [{"name": subject.path.name, "digest": {"sha256": subject.sha256}}],
        "predicateType": PREDICATE,
        "predicate": {
            "run": run_info,
            "environment": environment,
            "gate_file": {
                "path": file.node_id,
                "name": file.name,
                "digest": {"sha256": file.sha256},
                "resolved_digest": {"sha256": file.resolved_sha256},
            },
            "inputs": _inputs(gates),
            "policy": {
                "requires": promote.requires if promote else (),
                "allow_waived": bool(promote and promote.allow_waived),
                "decisions": decisions,
            },
            "target": {
                "registry": promote.to.registry if promote else None,
                "model": promote.to.name if promote else None,
                "alias": promote.to.alias if promote else None,
                "previous": file.champion,
            },
            "gates": gates,
        },
    }
    try:
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(content, order="sorted"))
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise MlgateError(f"the evidence cannot be written as JSON: {error}") from error
    return plain


def _inputs(results: Iterable[GateResult]) -> list[dict[str, Any]]:
    """List once what all gates together measured on, with its hashes where they were taken."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for record in (record for result in results for record in result.inputs):
        files = [{"path": one.path, "size": one.size, "digest": _digest(one.sha256)} for one in record.files]
        entry = {
            "role": record.role,
            "name": record.name,
            "rows": record.rows,
            "digest": _digest(record.sha256),
            "files": files,
            **({"note": record.note} if record.note else {}),
        }
        found[record.role, record.name, repr(entry)] = entry
    return [found[key] for key in sorted(found)]


def _digest(sha256: str | None) -> dict[str, str] | None:
    return None if sha256 is None else {"sha256": sha256}
