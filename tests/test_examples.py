"""The examples in docstrings hold."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "assertions.base",
        "assertions.shape",
        "contract.column",
        "dialogue",
        "findings",
        "gatefile.nearest",
        "kind",
        "report.summary",
    ],
)
def test_docstring_examples_hold(name):
    """Each module with examples has some, and all of them are true."""
    found = doctest.testmod(importlib.import_module(f"pytest_mlgate.{name}"))
    assert found.attempted
    assert not found.failed
