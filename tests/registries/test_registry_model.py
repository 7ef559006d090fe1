"""Any sequence of promotions and rollbacks does what a few lines of plain Python say it should."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pytest_mlgate.errors import RegistryError
from pytest_mlgate.registries.local import LocalRegistry

ALIASES = st.sampled_from(["champion", "staging"])
CONTENTS = st.sampled_from([b"", b"one", b"two", b"three", b"four"])


class Model(RuleBasedStateMachine):
    """Runs the registry beside a list of contents and, per alias, a stack of version numbers."""

    @initialize()
    def begin(self):
        """Start with a registry that does not exist yet."""
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.registry = LocalRegistry(self.path / "registry", "credit")
        self.contents, self.stacks, self.evidence = [], {}, {}
        self.flushing = mock.patch.object(os, "fsync")  # the order of flushes is tested elsewhere; here it costs time
        self.flushing.start()

    def teardown(self):
        """Leave nothing behind."""
        self.flushing.stop()
        self.folder.cleanup()

    @rule(alias=ALIASES, content=CONTENTS, off=st.sampled_from([0, 0, 0, 1, None]))
    def promote(self, alias, content, off):
        """Promoting moves, refuses or finds nothing to do, by where the alias points and what was expected."""
        stack = self.stacks.setdefault(alias, [])
        current = stack[-1] if stack else None
        expected = None if off is None else (current + off if current else off or None)
        artifact = self.path / "model.bin"
        artifact.write_bytes(content)
        known = self.contents.index(content) + 1 if content in self.contents else None

        def act():
            return self.registry.promote(
                artifact, sha256=hashlib.sha256(content).hexdigest(), alias=alias, expected=expected, evidence={}
            )

        if known is not None and known == current:
            promoted = act()
            assert (promoted.version.version, promoted.previous, promoted.changed) == (current, current, False)
        elif expected != current:
            with pytest.raises(RegistryError, match="the gates measured against"):
                act()
        else:
            if known is None:
                self.contents.append(content)
                known = len(self.contents)
            promoted = act()
            assert (promoted.version.version, promoted.previous, promoted.changed) == (known, current, True)
            stack.append(known)
            self.evidence[known] = self.evidence.get(known, 0) + 1

    @rule(alias=ALIASES)
    def rollback(self, alias):
        """A rollback takes the top off the stack, as long as something is under it."""
        stack = self.stacks.get(alias, [])
        if len(stack) < 2:
            with pytest.raises(RegistryError, match="no earlier one"):
                self.registry.rollback(alias)
            return
        taken = stack.pop()
        promoted = self.registry.rollback(alias)
        assert (promoted.version.version, promoted.previous, promoted.changed) == (stack[-1], taken, True)

    @rule()
    def reopen(self):
        """Nothing is kept in memory only."""
        self.registry = LocalRegistry(self.path / "registry", "credit")

    @invariant()
    def agrees(self):
        """Versions, evidence files and aliases are those of the model."""
        if not hasattr(self, "registry"):
            return
        versions = self.registry.versions()
        assert [version.path.read_bytes() for version in versions] == self.contents
        for version in versions:
            assert len(list(version.path.parent.glob("evidence*"))) == self.evidence[version.version]
        for alias, stack in self.stacks.items():
            assert self.registry.current(alias) == (versions[stack[-1] - 1] if stack else None)


class TestModel(Model.TestCase):
    """Hypothesis looks for a sequence after which registry and model disagree."""

    settings = settings(max_examples=60, stateful_step_count=25, deadline=None, database=None)
