"""Promotion against a real registry: it happens when nothing speaks against it, and says what it did."""

from __future__ import annotations

import hashlib
import json

import pytest
from msgspec.structs import replace
from promote_making import check, facts, promote_block, result

from pytest_mlgate.errors import RegistryError
from pytest_mlgate.promote.actions import carry_out, roll_back
from pytest_mlgate.promote.champion import champion_of
from pytest_mlgate.reference import ModelRef
from pytest_mlgate.registries import open_registry
from pytest_mlgate.verdict import Outcome, Verdict


@pytest.fixture
def registry(place):
    return open_registry("local", path=place.registry, model="credit")


@pytest.fixture
def go(place):
    """Carry out what was measured just now; every argument can be given, too."""

    def go(measured=None, *, act=True, **more):
        file, session = measured or place.measured()
        arguments = {"root": place.root, "run_info": {"git": {"commit": "abc"}}, "veto": lambda _: (), "act": act}
        return carry_out(file, session, **arguments | more)

    return go


def _stored(place, content, registry, expected=None):
    """Promote other bytes behind the back of the session."""
    path = place.root / "artifacts/other.safetensors"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return registry.promote(path, sha256=digest, alias="champion", expected=expected, evidence={})


def test_the_first_promotion_creates_the_champion(place, registry, go):
    """The measured bytes become version 1, with their evidence beside them."""
    done = go()
    assert (done.outcome, done.version, done.previous, done.reason) == ("promoted", 1, None, None)
    assert (done.registry, done.model, done.alias) == ("local", "credit", "champion")
    assert registry.current("champion").path.read_bytes() == b"weights one"
    assert done.evidence == "registry/credit/versions/1"
    statement = json.loads((place.root / done.evidence / "evidence.json").read_bytes())
    assert statement["subject"][0]["digest"]["sha256"] == hashlib.sha256(b"weights one").hexdigest()
    assert statement["predicate"]["run"] == {"git": {"commit": "abc"}}
    assert [gate["id"] for gate in statement["predicate"]["gates"]] == ["contract", "quality"]


def test_the_next_promotion_replaces_the_champion_that_was_measured(place, registry, go):
    """Compare and swap: the alias moves from the version that was read at collection."""
    go()
    place.weights.write_bytes(b"weights two")
    done = go(place.measured(champion=champion_of(promote_block(place.registry))))
    assert (done.outcome, done.version, done.previous) == ("promoted", 2, 1)
    assert registry.current("champion").version == 2


def test_an_alias_that_moved_meanwhile_refuses_naming_both(place, registry, go):
    """Gates that compared with version 1 say nothing against version 2."""
    _stored(place, b"one", registry)
    measured = place.measured(champion=1)
    _stored(place, b"two", registry, expected=1)
    done = go(measured)
    assert (done.outcome, done.version, done.previous) == ("refused", None, 2)
    assert "'champion' of 'credit' pointed to version 1 when the gates were collected" in done.reason
    assert "points to version 2 now" in done.reason
    assert registry.current("champion").version == 2


def test_an_alias_that_appeared_meanwhile_refuses(place, registry, go):
    """A first release is first only if nobody was faster."""
    measured = place.measured()
    _stored(place, b"one", registry)
    assert "pointed to no version when the gates were collected, and points to version 1 now" in go(measured).reason


def test_an_alias_that_moves_at_the_last_moment_is_left_alone(place, registry, go):
    """Whoever promotes between our look and our swap wins; the registry compares again, under its lock."""
    _stored(place, b"one", registry)

    def slow(_promotion):
        _stored(place, b"two", registry, expected=1)
        return ()

    done = go(place.measured(champion=1), veto=slow)
    assert done.outcome == "refused"
    assert "points to version 2, but the gates measured against version 1" in done.reason
    assert registry.current("champion").path.read_bytes() == b"two"


def test_bytes_that_are_champion_already_are_promoted_by_doing_nothing(place, registry, go):
    """A promotion can be tried again: the second time says that there was nothing to do."""
    go()
    done = go()  # with champion=None, as a parallel job would have read it
    assert (done.outcome, done.version, done.previous, done.evidence) == ("promoted", 1, 1, None)
    assert done.reason == "the alias already points to these bytes, version 1"
    assert len(registry.versions()) == 1


def test_a_dry_run_says_what_would_happen_and_touches_nothing(place, registry, go):
    """Without --mlgate-promote nothing moves and no hook is asked."""

    def asked(_promotion):
        raise AssertionError("a dry run asks for no veto")

    done = go(act=False, veto=asked)
    assert (done.outcome, done.version, done.reason) == ("dry_run", None, "would be promoted as version 1")
    assert not place.registry.exists()
    go()
    assert go(act=False).reason == "nothing would move: the alias already points to these bytes, version 1"
    place.weights.write_bytes(b"weights two")
    assert go(place.measured(champion=1), act=False).reason == "would be promoted as version 2"
    go(place.measured(champion=1))
    place.weights.write_bytes(b"weights one")
    done = go(place.measured(champion=2), act=False)
    assert done.reason == "would be promoted as version 1, which holds these bytes already"
    assert registry.current("champion").version == 2


def test_the_forecast_of_a_dry_run_comes_true(place, go):
    """Promoting bytes that an older version holds gives the version that was foretold."""
    for content, champion in ((b"weights one", None), (b"weights two", 1)):
        place.weights.write_bytes(content)
        go(place.measured(champion=champion))
    place.weights.write_bytes(b"weights one")
    assert go(place.measured(champion=2)).version == 1


def test_a_dry_run_gives_the_reasons_that_would_refuse(place, go):
    """What would refuse is said in full, numbered when it is more than one thing."""
    file, session = place.measured()
    failed = replace(session.results[f"{file.node_id}::quality"], outcome=Outcome.failed)
    session = replace(session, exit_status=1, results={**session.results, failed.node_id: failed})
    done = go((file, session), act=False)
    assert done.outcome == "dry_run"
    assert done.reason == (
        "would be refused because (1) the test session ended with exit status 1: tests failed (2) gate 'quality' failed"
    )


def test_every_layer_adds_its_reasons_and_no_hook_is_asked(place, registry, go):
    """Policy, changed files, the missing subject and the moved champion are all told at once."""
    file, session = place.measured(champion=7)
    place.gatefile.write_bytes(b"version: 2\n")
    unmodelled = result("quality", inputs=())
    session = replace(session, exit_status=5, results={**session.results, unmodelled.node_id: unmodelled})
    asked = []
    done = go((file, session), veto=asked.append)
    assert done.outcome == "refused"
    for words in ("exit status 5", "the gate file", "no required gate measured", "pointed to version 7"):
        assert words in done.reason
    assert (asked, registry.versions()) == ([], [])


def test_loosened_gates_refuse_unless_allowed_and_stay_in_the_evidence(place, go):
    """What was loosened on purpose is promoted, and nobody can say later that it was not known."""
    loosened = ["gate 'quality' (line 7): min was lowered from 0.8 to 0.7"]
    assert go(loosened=loosened).outcome == "refused"
    done = go(loosened=loosened, allow_loosened=True)
    assert done.outcome == "promoted"
    assert loosened[0] in done.reason
    statement = json.loads((place.root / done.evidence / "evidence.json").read_bytes())
    assert loosened[0] in statement["predicate"]["policy"]["decisions"][0]


def test_a_warning_that_failed_is_told_in_reason_and_evidence(place, go):
    """A FAIL at severity warning does not block, and is not swept under the carpet."""
    file, session = place.measured()
    lax = replace(
        session.results[f"{file.node_id}::quality"],
        checks=(check(Verdict.FAIL),),
        verdict=Verdict.FAIL,
        outcome=Outcome.warned,
        severity="warning",
    )
    done = go((file, replace(session, results={**session.results, lax.node_id: lax})))
    assert done.outcome == "promoted"
    assert "gate 'quality' failed (roc_auc) and does not block" in done.reason


def _raises(_promotion):
    raise ValueError("no answer")


@pytest.mark.parametrize(
    ("veto", "words"),
    [
        (lambda _: ["office hours", "a freeze"], "vetoed: office hours; a freeze"),
        (lambda _: "office hours", "vetoed: office hours"),
        (lambda _: [""], "vetoed: "),
        (_raises, "vetoed: a hook raised ValueError: no answer"),
    ],
)
def test_a_veto_refuses(registry, go, veto, words):
    """Whoever has a reason, or breaks while being asked, stops the promotion."""
    done = go(veto=veto)
    assert (done.outcome, done.reason) == ("refused", words)
    assert registry.current("champion") is None


def test_a_veto_is_shown_what_is_about_to_happen(go):
    """The promotion that hooks see names file, registry, model and alias."""
    seen = []
    go(veto=lambda promotion: seen.append(promotion) or ())
    (promotion,) = seen
    assert (promotion.file, promotion.model, promotion.alias) == ("gates/credit.gate.yaml", "credit", "champion")
    assert (promotion.registry, promotion.outcome) == ("local", "dry_run")


def test_a_model_swapped_while_hooks_are_asked_is_not_promoted(place, registry, go):
    """The registry takes the bytes that were measured or none."""

    def swap(_promotion):
        place.weights.write_bytes(b"weights evil")
        return ()

    done = go(veto=swap)
    assert done.outcome == "refused"
    assert "changed since it was measured" in done.reason
    assert registry.current("champion") is None


def test_evidence_that_cannot_be_written_refuses(registry, go):
    """No bytes go out without their evidence."""
    done = go(run_info={"git": object()})
    assert done.outcome == "refused"
    assert "the evidence cannot be written as JSON" in done.reason
    assert registry.current("champion") is None


@pytest.mark.parametrize("act", [True, False])
def test_a_damaged_registry_refuses(place, go, act):
    """Trouble in the registry is a reason, beside the others, and no exception."""
    go()
    (place.registry / "credit/aliases.json").write_bytes(b"{")
    done = go(act=act)
    assert done.outcome == ("refused" if act else "dry_run")
    assert "aliases.json is damaged" in done.reason


def test_a_damaged_old_version_spoils_only_the_forecast(place, go):
    """An old version that nobody needs does not stop a promotion; a dry run says why it cannot count."""
    for content, champion in ((b"weights one", None), (b"weights two", 1)):
        place.weights.write_bytes(content)
        go(place.measured(champion=champion))
    (place.registry / "credit/versions/1/metadata.json").unlink()
    place.weights.write_bytes(b"weights three")
    assert go(place.measured(champion=2), act=False).reason.startswith("would be promoted as a new version (")
    assert go(place.measured(champion=2)).version == 3


def test_a_registry_that_cannot_be_read_or_written_refuses(place, go):
    """What the operating system will not do is a reason, too."""
    (place.registry / "credit/.lock").mkdir(parents=True)  # a folder cannot be locked
    done = go()
    assert done.outcome == "refused"
    assert "cannot be written" in done.reason
    (place.registry / "credit/.lock").rmdir()
    (place.registry / "credit").rmdir()
    (place.registry / "credit").write_bytes(b"")  # and a file holds no registry
    done = go()
    assert done.outcome == "refused"
    assert "cannot be read" in done.reason


def test_an_entry_that_is_no_registry_refuses(place, go):
    """`promote.to` must say where to promote to."""
    file, session = place.measured()
    block = replace(file.promote, to=ModelRef(registry="local", path=str(place.registry)))
    done = go((replace(file, promote=block), session))
    assert (done.outcome, done.reason) == (
        "refused",
        "`promote.to` is no registry entry; it needs registry, path, name and alias",
    )
    with pytest.raises(RegistryError, match="no registry entry"):
        champion_of(block)


@pytest.mark.parametrize(("act", "outcome"), [(True, "refused"), (False, "dry_run")])
def test_a_file_without_a_promote_block_promotes_nothing(place, go, act, outcome):
    """There is nothing to do, and that is said."""
    _, session = place.measured()
    done = go((facts(promote=None), session), act=act)
    assert done.outcome == outcome
    assert "the gate file has no `promote:` block" in done.reason
    assert roll_back(facts(promote=None)).outcome == "refused"


def test_the_champion_is_read_before_anything_is_measured(place, registry):
    """No registry is no champion; afterwards it is the version that the alias points to."""
    block = promote_block(place.registry)
    assert champion_of(block) is None
    _stored(place, b"one", registry)
    assert champion_of(block) == 1


def test_rolling_back_restores_the_previous_champion(place, registry, go):
    """The alias points again to what it pointed to before the latest promotion."""
    for content, champion in ((b"weights one", None), (b"weights two", 1)):
        place.weights.write_bytes(content)
        go(place.measured(champion=champion))
    file, _ = place.measured()
    done = roll_back(file)
    assert (done.outcome, done.version, done.previous) == ("rolled_back", 1, 2)
    assert done.reason == "rolled back from version 2 to version 1"
    assert registry.current("champion").version == 1
    again = roll_back(file)
    assert again.outcome == "refused"
    assert "there is no earlier one to go back to" in again.reason
