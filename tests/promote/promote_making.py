"""Facts made by hand: a gate file of two gates whose session passed, and the ways to spoil it."""

from __future__ import annotations

import datetime as dt
import hashlib
from types import SimpleNamespace

from msgspec.structs import replace

from pytest_mlgate.gatefile import Promote
from pytest_mlgate.promote.facts import FileFacts, SessionFacts
from pytest_mlgate.reference import ModelRef
from pytest_mlgate.verdict import Check, FileStamp, GateResult, InputRecord, Limit, Outcome, Verdict, Waiver

FILE = "gates/credit.gate.yaml"
WAIVER = Waiver(until=dt.date(2027, 1, 31), reason="new bureau feed", issue="RISK-112")
KINDS = {"contract": "data.schema", "quality": "model.metrics"}


def node(name):
    return f"{FILE}::{name}"


def check(verdict=Verdict.PASS, name="*", metric="roc_auc", **more):
    return Check(
        **{"value": 0.81, "n": 4000, "limit": Limit(min=0.75), "name": name, "metric": metric} | more, verdict=verdict
    )


def result(name="quality", *checks, verdict=None, outcome=Outcome.passed, **more):
    """Make the result of a gate; its verdict is its only check's unless given."""
    checks = checks or (check(),)
    fields = {
        "node_id": node(name),
        "file": FILE,
        "line": 7,
        "name": "credit",
        "id": name.partition("[")[0],
        "kind": KINDS[name.partition("[")[0]],
        "verdict": verdict or checks[0].verdict,
        "outcome": outcome,
        "checks": checks,
    }
    return GateResult(**fields | more)


def stamp(path, root=None):
    """Stamp a file as the input layer does when it reads one."""
    state = path.stat()
    shown = path.relative_to(root) if root else path
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return FileStamp(path=str(shown), size=state.st_size, mtime_ns=state.st_mtime_ns, sha256=sha256)


def model_record(*stamps, name="candidate"):
    return InputRecord(role="model", name=name, files=stamps)


def promote_block(root="/registry", **more):
    to = ModelRef(registry="local", path=str(root), name="credit", alias="champion", optional=True)
    model = ModelRef(loader="torch", factory="credit.model:Net", weights="/artifacts/candidate.safetensors")
    return Promote(**{"model": model, "to": to, "requires": ("contract", "quality")} | more)


def facts(**more):
    """Describe a gate file of two gates, both required."""
    fields = {
        "node_id": FILE,
        "path": f"/{FILE}",
        "name": "credit",
        "sha256": "ab" * 32,
        "resolved_sha256": "cd" * 32,
        "expected": {"contract": (node("contract"),), "quality": (node("quality"),)},
        "kinds": KINDS,
        "promote": promote_block(),
    }
    return FileFacts(**fields | more)


def passing(*results):
    """Describe a session in which everything passed, except for the results given."""
    told = {one.node_id: one for one in (result("contract"), result("quality"), *results)}
    return SessionFacts(exit_status=0, results=told)


def without(session, *nodes):
    return replace(session, results={key: one for key, one in session.results.items() if key not in nodes})


def project(tmp_path):
    """Lay out a gate file, data, an artifact and an empty registry, and the facts of a session that measured them."""
    root = tmp_path / "project"
    for folder in ("gates", "data", "artifacts"):
        (root / folder).mkdir(parents=True)
    gatefile, data = root / FILE, root / "data/holdout.parquet"
    weights = root / "artifacts/candidate.safetensors"
    gatefile.write_bytes(b"version: 1\n")
    data.write_bytes(b"rows")
    weights.write_bytes(b"weights one")
    place = SimpleNamespace(root=root, gatefile=gatefile, data=data, weights=weights, registry=root / "registry")

    def measured(**more):
        model = ModelRef(loader="torch", factory="credit.model:Net", weights=str(weights))
        file = facts(
            path=str(gatefile),
            sha256=hashlib.sha256(gatefile.read_bytes()).hexdigest(),
            promote=promote_block(place.registry, model=model),
            **more,
        )
        rows = InputRecord(role="data", name="holdout", rows=4000, files=(stamp(data, root),))
        inputs = (rows, model_record(stamp(weights, root)))
        return file, passing(result("contract", inputs=(rows,)), result("quality", inputs=inputs))

    place.measured = measured
    return place
