"""Opening tables, and writing modules as a user would."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.reference import TableRef


@pytest.fixture
def store(tmp_path):
    """A session's store, rooted in the test's own folder."""
    opened = InputStore(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def inputs(store):
    """Make one gate's inputs, given what its fixtures returned."""
    return lambda **fixtures: GateInputs(store, seed=7, fixtures=fixtures)


@pytest.fixture
def opened(inputs, tmp_path):
    """Open a path or any object that a fixture could return."""

    def open_(value: Any):
        if isinstance(value, str | Path):
            return inputs().table(TableRef(path=str(tmp_path / value)))
        return inputs(rows=value).table(TableRef(fixture="rows"))

    return open_


@pytest.fixture
def interrupted(store):
    """Interrupt whatever the store runs, again and again while a block lasts, as a gate that is over its time does."""

    @contextmanager
    def interrupting():
        over = threading.Event()

        def interrupt():
            while not over.wait(0.2):
                store.interrupt()

        helper = threading.Thread(target=interrupt)
        helper.start()
        started = time.monotonic()
        try:
            yield
        finally:
            over.set()
            helper.join()
        assert time.monotonic() - started < 60  # what is interrupted would take minutes

    return interrupting


@pytest.fixture
def user_module(tmp_path, monkeypatch):
    """Write a module as a user would, importable for the length of the test."""
    folder = tmp_path / "user_code"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)

    def write(name: str, code: str) -> Path:
        path = folder / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        importlib.invalidate_caches()
        return path

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
