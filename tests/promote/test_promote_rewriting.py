"""What `--mlgate-update` may write, decided on facts made by hand."""

from __future__ import annotations

import hashlib

import pytest
from msgspec.structs import replace
from promote_making import check, facts, node, passing, result

from pytest_mlgate.baselines import Entry, Proposal, Rows, parse, written
from pytest_mlgate.promote.rewriting import rewritings
from pytest_mlgate.verdict import Outcome, Verdict


def entry(accuracy=0.8, rows=10, **more):
    fields = {"data": Rows(rows=rows, sha256="ab" * 32), "metrics": {"accuracy": accuracy}, "settings": {"label": "y"}}
    return Entry(**fields | more).sealed()


@pytest.fixture
def place(tmp_path):
    """A project with a baseline of 0.8 for one gate and of another gate that does not run."""
    path = tmp_path / "q.baseline.json"
    path.write_text(written({"quality": entry(), "other": entry(0.5)}), encoding="utf-8")
    return path


def proposal(path, accuracy=0.85, key="quality", **more):
    seen = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
    return Proposal(path=str(path), key=key, entry=entry(accuracy, **more), seen=seen)


def decided(place, *checks, session=None, file=None, offered=None, **more):
    """Decide on one gate's proposal."""
    one = result("quality", *checks, proposal=offered or proposal(place), **more)
    whole = session or passing()
    whole = replace(whole, results={**whole.results, one.node_id: one})
    (found,) = rewritings([file or facts()], whole, root=place.parent)
    return found


def test_a_better_model_replaces_its_own_entry_and_no_other(place):
    """And it is said what changed, and which way."""
    found = decided(place)
    assert (found.shown, found.refused) == ("q.baseline.json", ())
    assert found.told == ("quality: accuracy 0.8 → 0.85 (better by 0.05)",)
    assert parse(found.text.encode(), "f") == {"quality": entry(0.85), "other": entry(0.5)}


def test_a_worse_model_within_its_limits_is_said_to_be_worse(place):
    """Whoever reviews sees which way each number went, losses the other way round."""
    before = entry(metrics={"accuracy": 0.8, "log_loss": 0.3, "gone": 0.1})
    place.write_text(written({"quality": before}), encoding="utf-8")
    after = entry(metrics={"accuracy": 0.79, "log_loss": 0.2, "new": 1.0})
    found = decided(place, offered=replace(proposal(place), entry=after))
    told = "quality: accuracy 0.8 → 0.79 (WORSE by 0.01), gone is gone (it was 0.1), log_loss 0.3 → 0.2 (better by 0.1)"
    assert found.told == (f"{told}, new 1.0",)


def test_other_data_and_settings_are_said(place):
    """Numbers of another table are no progress."""
    found = decided(place, offered=proposal(place, rows=12, settings={"label": "z"}))
    assert found.told[0].endswith("other data (10 rows → 12 rows), label 'y' → 'z'")


def test_rounding_and_another_model_of_the_same_numbers_change_nothing(place):
    """A file that changes by itself is not reviewed any more."""
    found = decided(place, offered=proposal(place, 0.8 + 1e-15, model="cd" * 32))
    assert (found.text, found.told) == (None, ("quality: nothing changes",))


def test_the_same_rows_in_another_file_are_no_other_data(place):
    """Where their values are known, the file they came in does not matter."""
    known = Rows(rows=10, sha256="ab" * 32, rows_sha256="cd" * 32, columns=("y",))
    place.write_text(written({"quality": entry(data=known)}), encoding="utf-8")
    found = decided(place, offered=replace(proposal(place), entry=entry(data=replace(known, sha256="ef" * 32))))
    assert (found.text, found.told) == (None, ("quality: nothing changes",))
    found = decided(place, offered=replace(proposal(place), entry=entry(data=replace(known, columns=("y", "z")))))
    assert "other data" in found.told[0]


def test_an_entry_that_was_edited_is_written_anew(place):
    """The same numbers, with a seal that belongs to them."""
    place.write_text(written({"quality": replace(entry(), seal="0")}), encoding="utf-8")
    found = decided(place, offered=proposal(place, 0.8))
    assert parse(found.text.encode(), "f")["quality"].is_whole


def test_a_first_baseline_makes_the_file(tmp_path):
    """Each number is said."""
    found = decided(tmp_path / "new.baseline.json")
    assert found.told == ("quality: first written: accuracy 0.85",)
    assert parse(found.text.encode(), "f") == {"quality": entry(0.85)}


@pytest.mark.parametrize(
    ("verdict", "outcome", "said"),
    [
        (Verdict.FAIL, Outcome.failed, "it fails against the present baseline; to accept that, remove its entry"),
        (Verdict.FAIL, Outcome.waived, "it fails against the present baseline"),
        (Verdict.FAIL, Outcome.warned, "it fails against the present baseline"),
        (Verdict.INCONCLUSIVE, Outcome.failed, "inconclusive"),
        (Verdict.INCONCLUSIVE, Outcome.passed, "inconclusive"),
        (Verdict.NOT_MEASURED, Outcome.errored, "it was not measured whole"),
        (Verdict.SKIPPED, Outcome.skipped, "it was skipped"),
    ],
)
def test_what_does_not_pass_against_a_baseline_does_not_replace_it(place, verdict, outcome, said):
    """Neither a waiver nor a mild policy makes a worse model the one to compare with."""
    found = decided(place, check(), check(verdict), outcome=outcome, verdict=verdict)
    assert (found.text, found.told) == (None, ())
    assert said in found.refused[0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"exit_status": 2}, "it was interrupted"),
        ({"exit_status": 3}, "internal error"),
        ({"stopped": "stopping after 1 failures"}, "ended early"),
        ({"silent_workers": ("gw1",)}, "workers were lost"),
        ({"disagreements": ("f",)}, "do not agree"),
        ({"rerun": frozenset({node("quality")})}, "did not run once and whole"),
        ({"crashed": frozenset({node("quality")})}, "did not run once and whole"),
        ({"overruled": frozenset({node("quality")})}, "did not run once and whole"),
    ],
)
def test_a_run_that_was_not_whole_writes_nothing(place, more, said):
    """What it measured may be all there is, and nobody knows."""
    found = decided(place, session=replace(passing(), **more))
    assert (found.text, found.told) == (None, ())
    assert said in found.refused[0]


def test_a_run_in_which_another_gate_failed_still_writes(place):
    """Each baseline is a gate's own."""
    assert decided(place, session=replace(passing(), exit_status=1)).text is not None


def test_a_file_that_changed_meanwhile_is_left_alone(place):
    """Somebody else may have written it."""
    offered = proposal(place)
    place.write_text(written({"quality": entry(0.9)}), encoding="utf-8")
    assert "changed since it was read" in decided(place, offered=offered).refused[0]


def test_a_file_that_is_no_baseline_is_never_written_over(place):
    """Whatever a gate file names."""
    place.write_text('{"name": "my package"}', encoding="utf-8")
    found = decided(place)
    assert found.text is None
    assert "is no baseline file" in found.refused[0]


def test_nothing_is_written_through_a_link_or_outside_the_project(place, tmp_path):
    """A gate file of a pull request names the path."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "q.baseline.json").write_bytes(place.read_bytes())
    root = tmp_path / "project"
    root.mkdir()
    (root / "link.baseline.json").symlink_to(outside / "q.baseline.json")
    (root / "folder").symlink_to(outside)
    for path, said in (
        (root / "link.baseline.json", "it is a link"),
        (root / "folder" / "q.baseline.json", "outside"),
        (outside / "q.baseline.json", "outside"),
        (root / "package.json", "does not end in .baseline.json"),
    ):
        one = result("quality", proposal=proposal(path))
        (found,) = rewritings([facts()], replace(passing(), results={one.node_id: one}), root=root)
        assert found.text is None
        assert said in found.refused[0]


def test_two_gates_of_one_name_write_neither(place):
    """Two gate files may name one baseline, but not one entry of it."""
    both = {
        "a": result("quality", proposal=proposal(place, 0.85)),
        "b": replace(result("quality", proposal=proposal(place, 0.9)), node_id="b"),
        "c": result("contract", proposal=proposal(place, 0.6, key="other")),
    }
    (found,) = rewritings([facts()], replace(passing(), results=both), root=place.parent)
    assert all("two gates have this name" in one for one in found.refused)
    assert parse(found.text.encode(), "f") == {"quality": entry(), "other": entry(0.6)}


def test_a_secret_is_not_written_into_the_tree(place):
    """Settings may come from variables."""
    offered = proposal(place, settings={"label": "pa\"ss'word"})
    found = decided(place, offered=offered, file=facts(secrets=("pa\"ss'word",)))
    assert (found.text, found.refused) == (None, ("quality: the value of a secret variable would be written",))
