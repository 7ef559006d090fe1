"""`mlgate …`: what is not a test run."""

from __future__ import annotations

from pytest_mlgate.cli.commands import main

__all__ = ["main"]
