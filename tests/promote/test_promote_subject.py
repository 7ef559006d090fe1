"""The bytes that are promoted are the bytes that were measured."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace
from promote_making import model_record, promote_block, result, stamp

from pytest_mlgate.promote.subject import Subject, subject_of
from pytest_mlgate.reference import ModelRef
from pytest_mlgate.verdict import FileStamp, InputRecord

FIXTURE = promote_block(model=ModelRef(fixture="trained"))


def _bytes(sha256, path="cache/model.safetensors"):
    return FileStamp(path=path, size=3, mtime_ns=0, sha256=sha256)


def _fixture(name, *stamps):
    return result(name, inputs=(model_record(*stamps, name="fixture trained"),))


@pytest.fixture
def block(place):
    return promote_block(model=ModelRef(factory="credit.model:Net", weights=str(place.weights)))


@pytest.mark.parametrize("relative", [True, False])
def test_weights_are_found_by_their_path(place, block, relative):
    """The artifact is the file that a required gate loaded, whether its stamp is relative or not."""
    taken = stamp(place.weights, place.root if relative else None)
    found = subject_of(block, [result("quality", inputs=(model_record(taken),))], root=place.root)
    assert found == (Subject(place.weights, taken.sha256), ())


@pytest.mark.skipif(os.name == "nt", reason="links need privileges on Windows")
def test_weights_are_found_through_links(place, block):
    """A link and what it points to are one file."""
    link = place.root / "latest.safetensors"
    link.symlink_to(place.weights)
    taken = stamp(link, place.root)
    subject, reasons = subject_of(block, [result("quality", inputs=(model_record(taken),))], root=place.root)
    assert (subject.sha256, reasons) == (taken.sha256, ())


def test_a_model_that_no_required_gate_measured_is_refused(place, block):
    """Gates that passed on another model, or on data alone, say nothing of this one."""
    taken = stamp(place.weights, place.root)
    other = stamp(place.data, place.root)
    baseline = InputRecord(role="baseline", name="candidate", files=(taken,))
    for inputs in ((), (model_record(other),), (baseline,)):
        subject, (reason,) = subject_of(block, [result("quality", inputs=inputs)], root=place.root)
        assert subject is None
        assert reason == f"no required gate measured the model to promote ({place.weights}); require one that does"


def test_gates_that_saw_different_bytes_are_refused(place, block):
    """A model that was overwritten between two gates is no one model."""
    first = stamp(place.weights, place.root)
    second = replace(first, sha256="ab" * 32)
    results = [result("contract", inputs=(model_record(first),)), result("quality", inputs=(model_record(second),))]
    subject, (reason,) = subject_of(block, results, root=place.root)
    assert subject is None
    assert first.sha256[:12] in reason
    assert "abababababab by gates/credit.gate.yaml::quality" in reason


def test_bytes_without_a_hash_are_refused(place, block):
    """A model that was measured and not hashed cannot be recognised again."""
    hashed = stamp(place.weights, place.root)
    unhashed = result("quality", inputs=(model_record(replace(hashed, sha256=None)),))
    for others in ([], [result("contract", inputs=(model_record(hashed),))]):
        subject, (reason,) = subject_of(block, [*others, unhashed], root=place.root)
        assert subject is None
        assert "::quality measured artifacts/candidate.safetensors without taking its hash" in reason


def test_a_fixture_is_promoted_through_its_artifact():
    """What mlgate_train wrote is the subject."""
    found = subject_of(FIXTURE, [_fixture("quality", _bytes("ab" * 32))], root=Path("/project"))
    assert found == (Subject(Path("/project/cache/model.safetensors"), "ab" * 32), ())


def test_a_fixture_without_an_artifact_is_refused():
    """A model that only ever was in memory cannot be promoted, even if another gate saw one with an artifact."""
    for others in ([], [_fixture("contract", _bytes("ab" * 32))]):
        subject, (reason,) = subject_of(FIXTURE, [*others, _fixture("quality")], root=Path("/project"))
        assert subject is None
        assert reason.startswith(
            "a model made by a fixture can be promoted only through the artifact that mlgate_train wrote"
        )


def test_a_parametrised_fixture_that_made_different_models_is_refused():
    """Two parameter sets that trained two models leave open which one to promote."""
    results = [_fixture("quality[a]", _bytes("ab" * 32)), _fixture("quality[b]", _bytes("cd" * 32))]
    subject, (reason,) = subject_of(FIXTURE, results, root=Path("/project"))
    assert subject is None
    assert "quality[a] and cdcdcdcdcdcd by" in reason


def test_a_parametrised_fixture_that_made_the_same_bytes_is_promoted():
    """Parameter sets that do not change the model do not stand in the way."""
    results = [_fixture("quality[a]", _bytes("ab" * 32)), _fixture("quality[b]", _bytes("ab" * 32, "other/model"))]
    subject, reasons = subject_of(FIXTURE, results, root=Path("/project"))
    assert (subject.sha256, reasons) == ("ab" * 32, ())


def test_a_model_of_several_files_is_refused():
    """A registry holds models that are one file each."""
    results = [_fixture("quality", _bytes("ab" * 32), _bytes("ab" * 32, "other"))]
    subject, (reason,) = subject_of(FIXTURE, results, root=Path("/project"))
    assert subject is None
    assert "a model of 2 files" in reason


def test_another_fixture_is_another_model():
    """A fixture is told from others by its name."""
    results = [result("quality", inputs=(model_record(_bytes("ab" * 32), name="fixture trained_before"),))]
    subject, (reason,) = subject_of(FIXTURE, results, root=Path("/project"))
    assert subject is None
    assert "(fixture trained)" in reason
