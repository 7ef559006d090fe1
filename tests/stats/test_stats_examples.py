"""The examples in the docstrings of `pytest_mlgate.stats`, and what importing it costs."""

import doctest
import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

import pytest_mlgate.stats

MODULES = [f"pytest_mlgate.stats.{module.name}" for module in pkgutil.iter_modules(pytest_mlgate.stats.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name):
    """Every example in a docstring gives what it shows."""
    assert doctest.testmod(import_module(name)).failed == 0


def test_nothing_heavy_is_imported():
    """Statistics come without scipy.stats, pandas, scikit-learn and torch, which take up to seconds to import."""
    heavy = {"scipy.stats", "pandas", "sklearn", "torch", "statsmodels"}
    script = f"import sys, {', '.join(MODULES)}; print(sorted({heavy!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
