"""A sign of life while a long gate runs, on a terminal that a person watches.

pytest prints nothing between a test's start and its end. After a few seconds a thread writes which gate is running and
for how long, on one line that it rubs out again; a gate that is quicker than that is never mentioned. Fixtures count:
training a model is what takes long.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pytest

from pytest_mlgate.plugin.collect import gate_of

if TYPE_CHECKING:
    from collections.abc import Generator

PATIENCE_S = 2.0
_EVERY_S = 1.0
_TERMINAL = "CONOUT$" if sys.platform == "win32" else "/dev/tty"  # past pytest's capturing, which holds stdout


def install(config: pytest.Config) -> None:
    """Watch over gates if anybody could see it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not reporter.isatty or config.get_verbosity() < 0:
        return
    try:
        terminal = Path(_TERMINAL).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the session lasts
    except OSError:  # no controlling terminal
        return
    config.pluginmanager.register(Progress(terminal), "mlgate-progress")
    config.add_cleanup(terminal.close)


class Progress:
    """Writes and rubs out the line."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        """Tell while the gate's fixtures are made and its measuring goes on."""
        if gate_of(item) is None:
            return (yield)
        done = threading.Event()
        thread = threading.Thread(target=self._tell, args=(item.name, done), daemon=True)
        thread.start()
        try:
            return (yield)
        finally:
            done.set()
            thread.join()

    def _tell(self, gate: str, done: threading.Event) -> None:
        started, wait, line = time.monotonic(), PATIENCE_S, ""
        while not done.wait(wait):
            wait = _EVERY_S
            line = f"  … {gate}, {time.monotonic() - started:.0f} s"
            self._write(f"\r{line}")
        if line:
            self._write(f"\r{' ' * len(line)}\r")

    def _write(self, text: str) -> None:
        self._terminal.write(text)
        self._terminal.flush()
