"""A person at a terminal sees that a long gate is alive; nobody else sees anything of it."""

from __future__ import annotations

import os
import sys

import pytest

pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def on_a_terminal(project):
    """Run pytest with a terminal of its own and give its exit code and what it wrote there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(project.path)
        os.execv(sys.executable, [sys.executable, "-m", "pytest", "--mlgate"])  # noqa: S606 - no shell wanted
    written = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not chunk:
            break
        written += chunk
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode(errors="replace")


def test_a_long_gate_is_named_and_rubbed_out(project):
    """The line appears after two seconds and leaves nothing behind."""
    project.gates("gates: {slow: {kind: toy.constant, sleep: 2.6}}")
    code, text = on_a_terminal(project)
    assert code == 0
    assert "… slow, 2 s" in text
    assert text.index("… slow, 2 s") < text.index("1 passed")


def test_a_quick_gate_is_not_mentioned(project):
    """No flicker for what ends at once."""
    project.gates("gates: {quick: {kind: toy.constant}}")
    assert "…" not in on_a_terminal(project)[1]


def test_a_log_file_stays_clean(project):
    """Without a terminal there is no sign of life to clutter the log."""
    project.gates("gates: {slow: {kind: toy.constant, sleep: 2.6}}")
    assert "…" not in project.run().stdout.str()
