"""Promoting, moving back, and refusing."""

from __future__ import annotations

import hashlib
import json
import math
import re
import subprocess
import sys
from types import MappingProxyType

import pytest

from pytest_mlgate.errors import RegistryError
from pytest_mlgate.registries import Promoted, open_registry
from pytest_mlgate.registries.local import LocalRegistry


def _evidence(version):
    return {path.name: json.loads(path.read_bytes()) for path in version.path.parent.glob("evidence*.json")}


def test_a_missing_registry_reads_as_empty_and_is_not_created(registry, root):
    """Reading a registry that does not exist gives no version, and leaves no folder behind."""
    assert registry.current("champion") is None
    assert registry.versions() == []
    with pytest.raises(RegistryError, match="no version; there is no earlier one"):
        registry.rollback("champion")
    assert not root.exists()


def test_the_first_promotion_creates_the_registry(registry, promote, root, listing):
    """A promotion stores the bytes, their metadata and the evidence, and creates the alias."""
    promoted = promote(b"one", evidence={"commit": "abc", "score": 0.9})

    version = promoted.version
    assert (promoted.previous, promoted.changed) == (None, True)
    assert (version.registry, version.model, version.version) == ("local", "credit", 1)
    assert version.path.read_bytes() == b"one"
    assert version.sha256 == hashlib.sha256(b"one").hexdigest()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", version.created)
    assert registry.current("champion") == version
    assert registry.versions() == [version]
    assert _evidence(version) == {"evidence.json": {"commit": "abc", "score": 0.9}}
    assert listing() == [
        "credit",
        "credit/.lock",
        "credit/aliases.json",
        "credit/versions",
        "credit/versions/1",
        "credit/versions/1/evidence.json",
        "credit/versions/1/metadata.json",
        "credit/versions/1/model.safetensors",
    ]
    metadata = json.loads((root / "credit/versions/1/metadata.json").read_bytes())
    assert metadata == {
        "model": "credit",
        "version": 1,
        "name": "model.safetensors",
        "sha256": version.sha256,
        "size": 3,
        "created": version.created,
    }


def test_the_alias_follows_each_promotion(registry, promote):
    """New bytes become a new version, and the alias moves to it."""
    first = promote(b"one").version
    promoted = promote(b"two", expected=1)
    assert (promoted.version.version, promoted.previous, promoted.changed) == (2, 1, True)
    assert registry.current("champion") == promoted.version
    assert registry.versions() == [first, promoted.version]


def test_another_process_sees_the_same(registry, promote, root):
    """A registry opened anew, by a relative path or not, reads what was written."""
    promote(b"one")
    promote(b"two", expected=1)
    assert LocalRegistry(root, "credit").versions() == registry.versions()
    assert LocalRegistry(root, "credit").current("champion") == registry.current("champion")


def test_models_in_one_root_do_not_meet(promote, root):
    """Two models have their own versions and aliases."""
    promote(b"one")
    other = LocalRegistry(root, "fraud")
    assert other.current("champion") is None
    assert other.versions() == []


def test_aliases_of_one_model_share_versions(registry, promote):
    """The same bytes under a second alias are the same version, with one more evidence file."""
    version = promote(b"one", alias="staging", evidence={"stage": "staging"}).version
    assert promote(b"one", evidence={"stage": "production"}) == Promoted(version, None, changed=True)
    assert registry.current("staging") == registry.current("champion") == version
    assert _evidence(version) == {"evidence.json": {"stage": "staging"}, "evidence-2.json": {"stage": "production"}}


def test_an_artifact_of_the_registry_can_be_promoted_on(registry, promote):
    """What `current` returned can itself be promoted to another alias."""
    version = promote(b"one", alias="staging").version
    promoted = registry.promote(
        version.path, sha256=version.sha256.upper(), alias="champion", expected=None, evidence=MappingProxyType({})
    )
    assert promoted == Promoted(version, None, changed=True)


@pytest.mark.parametrize(
    ("before", "expected", "said"),
    [
        pytest.param([], 1, "points to no version, but the gates measured against version 1", id="no-alias"),
        pytest.param([b"one"], None, "points to version 1, but the gates measured against no version", id="unexpected"),
        pytest.param([b"one", b"two"], 1, "points to version 2, but the gates measured against version 1", id="moved"),
    ],
)
def test_a_moved_alias_refuses(registry, promote, before, expected, said):
    """An alias that is not where the gates saw it refuses, naming both versions, and nothing changes."""
    for number, content in enumerate(before):
        promote(content, expected=number or None)
    known = registry.versions(), registry.current("champion")
    with pytest.raises(RegistryError, match=said):
        promote(b"new", expected=expected)
    assert (registry.versions(), registry.current("champion")) == known


def test_promoting_what_is_there_is_no_move(registry, promote, root, listing):
    """The same bytes again change nothing, whatever was expected, so that a promotion can be tried again."""
    version = promote(b"one", evidence={"run": 1}).version
    before, ledger = listing(), (root / "credit/aliases.json").read_bytes()
    for expected in (None, 1, 7):
        assert promote(b"one", expected=expected, evidence={"run": 2}) == Promoted(version, 1, changed=False)
    assert (listing(), (root / "credit/aliases.json").read_bytes()) == (before, ledger)
    assert _evidence(version) == {"evidence.json": {"run": 1}}
    assert registry.current("champion") == version


def test_bytes_of_an_older_version_are_reused(registry, promote):
    """Promoting known bytes moves the alias to the version that has them, and keeps old and new evidence."""
    first = promote(b"one", evidence={"run": 1}).version
    promote(b"two", expected=1)
    assert promote(b"one", "renamed.bin", expected=2, evidence={"run": 3}) == Promoted(first, 2, changed=True)
    promote(b"two", expected=1)
    promote(b"one", expected=2, evidence={"run": 5})
    assert registry.current("champion") == first
    assert len(registry.versions()) == 2
    assert _evidence(first) == {
        "evidence.json": {"run": 1},
        "evidence-2.json": {"run": 3},
        "evidence-3.json": {"run": 5},
    }


def test_rollback_walks_back_one_promotion_at_a_time(registry, promote):
    """Each rollback restores the champion before, and the first champion has none before it."""
    for number, content in enumerate((b"one", b"two", b"three")):
        promote(content, expected=number or None)
    second, first = registry.versions()[1::-1]
    assert registry.rollback("champion") == Promoted(second, 3, changed=True)
    assert registry.rollback("champion") == Promoted(first, 2, changed=True)
    with pytest.raises(RegistryError, match="points to version 1; there is no earlier one"):
        registry.rollback("champion")
    assert registry.current("champion") == first
    assert len(registry.versions()) == 3


def test_rollback_after_a_rollback_skips_what_was_taken_back(registry, promote):
    """What was rolled back is no champion to return to: one, two, back, three, back is one again."""
    first = promote(b"one").version
    promote(b"two", expected=1)
    registry.rollback("champion")
    promote(b"three", expected=1)
    assert registry.rollback("champion") == Promoted(first, 3, changed=True)


def test_rollback_of_an_unknown_alias_refuses(registry, promote):
    """An alias that does not exist has nothing to go back to."""
    promote(b"one")
    with pytest.raises(RegistryError, match="'challenger' of 'credit' points to no version"):
        registry.rollback("challenger")
    assert registry.current("challenger") is None


def test_the_ledger_keeps_every_move(registry, promote, root):
    """`aliases.json` tells where an alias was when and why; a rollback adds to it and takes nothing away."""
    promote(b"one")
    promote(b"two", expected=1)
    registry.rollback("champion")
    content = json.loads((root / "credit/aliases.json").read_bytes())
    moves = content.pop("aliases")["champion"]
    assert content == {"layout": 1, "model": "credit"}
    assert [(move["version"], move["evidence"]) for move in moves] == [
        (1, "evidence.json"),
        (2, "evidence.json"),
        (1, None),
    ]


@pytest.mark.parametrize("before", [[], [b"one"], [b"one", b"two"]], ids=["new", "current", "older"])
def test_bytes_that_changed_since_measuring_are_refused(registry, promote, before):
    """An artifact that is not what was measured is never promoted, even when what was measured is known already."""
    for number, content in enumerate(before):
        promote(content, expected=number or None)
    known = registry.versions(), registry.current("champion")
    with pytest.raises(RegistryError, match="changed since it was measured"):
        promote(b"changed", expected=len(before) or None, sha256=hashlib.sha256(b"one").hexdigest())
    assert (registry.versions(), registry.current("champion")) == known


def test_a_refused_first_promotion_leaves_no_version(promote, listing):
    """After a refusal the registry holds nothing but its lock."""
    with pytest.raises(RegistryError, match="changed since it was measured"):
        promote(b"changed", sha256="0" * 64)
    assert listing() == ["credit", "credit/.lock"]


@pytest.mark.parametrize(
    "evidence", [{"score": math.nan}, {"path": object()}, {"text": "\ud800"}], ids=["nan", "object", "text"]
)
def test_evidence_that_is_no_json_is_refused(registry, promote, root, evidence):
    """Evidence must survive being written: NaN, objects and broken text are refused before anything is written."""
    with pytest.raises(RegistryError, match="evidence cannot be written as JSON"):
        promote(b"one", evidence=evidence)
    assert not root.exists()
    assert registry.current("champion") is None


@pytest.mark.parametrize("name", ["metadata.json", "evidence.json", "Evidence-2.JSON", "line\nbreak"])
def test_an_artifact_cannot_take_the_registrys_own_names(promote, root, name):
    """A file that would overwrite metadata or evidence is refused."""
    with pytest.raises(RegistryError, match="rename it"):
        promote(b"one", name)
    assert not root.exists()


def test_an_artifact_is_one_file(registry, tmp_path, root):
    """A folder or a missing file is refused."""
    for artifact in (tmp_path, tmp_path / "missing.bin"):
        with pytest.raises(RegistryError, match="is no file"):
            registry.promote(artifact, sha256="0" * 64, alias="champion", expected=None, evidence={})
    assert not root.exists()


def test_a_checksum_must_be_one(promote):
    """Something that is no SHA-256 is refused as such."""
    with pytest.raises(RegistryError, match="is no SHA-256"):
        promote(b"one", sha256="sha256:abc")


def test_artifacts_keep_unusual_names(promote):
    """Spaces, accents and leading dots are no obstacle."""
    assert promote(b"one", "modèle final.pt").version.path.name == "modèle final.pt"
    assert promote(b"two", ".hidden", expected=1).version.path.read_bytes() == b"two"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../a", "/a", "a\\b", ".a", "-a", "a b", "a\n", "ä", "a:b", "a@b"]
)
def test_names_that_could_lead_elsewhere_are_refused(registry, promote, root, name):
    """Model and alias names are letters, digits, '_', '.' and '-', starting with a letter or digit."""
    with pytest.raises(RegistryError, match="cannot name a model"):
        LocalRegistry(root, name)
    for act in (registry.current, registry.rollback, lambda alias: promote(b"one", alias=alias)):
        with pytest.raises(RegistryError, match="cannot name an alias"):
            act(name)
    assert not root.exists()


@pytest.mark.parametrize("name", ["a", "7", "credit-default", "credit_v1.2", "a..b"])
def test_ordinary_names_are_accepted(root, name):
    """Names as they occur in practice can be opened."""
    assert open_registry("local", path=root, model=name).current(name) is None


def test_an_unknown_kind_of_registry_names_the_nearest():
    """A misspelled kind is answered with the one meant, an unrelated one with all there are."""
    with pytest.raises(RegistryError, match="kind 'locale'; did you mean 'local'"):
        open_registry("locale", path=None, model="credit")
    with pytest.raises(RegistryError, match=r"kind 'mongodb'; known kinds: .*local"):
        open_registry("mongodb", path=None, model="credit")


def test_opening_a_registry_imports_nothing_heavy():
    """Neither the package nor an opened, read registry loads filelock or a numerical library."""
    script = (
        "import sys, pathlib; from pytest_mlgate.registries import open_registry\n"
        "assert 'pytest_mlgate.registries.local' not in sys.modules\n"
        "open_registry('local', path=pathlib.Path('missing'), model='m').current('champion')\n"
        "print(*sys.modules.keys() & {'filelock', 'numpy', 'scipy', 'torch', 'duckdb', 'msgspec', 'pytest'})"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
