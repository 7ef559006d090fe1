"""Spark sessions for tables that a gate file names: one that is already running, or one that is started for the run.

A running session belongs to whoever started it and is neither changed nor stopped.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import MissingExtraError, NotMeasuredError
from pytest_mlgate.inputs.spark import said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgate.engine_settings import Setting

_QUIET = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.app.name": "pytest-mlgate"}
_LOOPBACK = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}


class SparkSessions:
    """The session that a run uses, if it uses one."""

    def __init__(self) -> None:
        self._started: Any = None

    def session(self, settings: Mapping[str, Setting]) -> Any:
        """Find the session that is running, or start one.

        Args:
            settings: what the session must have.

        Raises:
            NotMeasuredError: Spark or Java is not installed, does not start, or runs with other settings.
        """
        try:
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise MissingExtraError("engine: spark", "pyspark", "spark") from error
        wanted = {name: _text(value) for name, value in settings.items()}
        running = _running(SparkSession)
        if running is None:
            self._started = running = _start(SparkSession, wanted)
        _compare(running, wanted, ours=running is self._started)
        return running

    def close(self) -> None:
        """Stop the session that was started here, if one was."""
        if self._started is not None:
            started, self._started = self._started, None
            started.stop()


def _text(value: Setting) -> str:
    """Write a setting as Spark does."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _running(session: Any) -> Any:
    """Give the session of this process, if it has one that runs."""
    from pyspark.errors import PySparkRuntimeError

    try:
        return session.getActiveSession() or session.active()
    except PySparkRuntimeError:  # there is none
        return None


def _start(session: Any, settings: Mapping[str, str]) -> Any:
    from pyspark.errors import PySparkRuntimeError

    local = settings.get("spark.master", "").startswith("local")
    builder = session.builder
    for name, value in {**_QUIET, **(_LOOPBACK if local else {}), **settings}.items():
        builder = builder.config(name, value)
    try:
        with _handlers_kept():
            return builder.getOrCreate()
    except (PySparkRuntimeError, OSError) as error:
        if isinstance(error, OSError) or error.getCondition() == "JAVA_GATEWAY_EXITED":
            remedy = "install Java 17 or newer, or set JAVA_HOME"
            raise NotMeasuredError("Spark could not start Java", remedy) from error
        raise NotMeasuredError(f"Spark could not be started: {said(error)}", "look at its settings") from error
    except Exception as error:
        raise NotMeasuredError(f"Spark could not be started: {said(error)}", "look at its settings") from error


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Keep what Ctrl-C does: Spark's handler would outlive the session, and gates cancel their own queries."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _compare(session: Any, wanted: Mapping[str, str], *, ours: bool) -> None:
    """Refuse a session that runs with other settings than the gate file says."""
    try:
        found = {name: session.conf.get(name, None) for name in wanted}
    except Exception as error:
        raise NotMeasuredError(f"the Spark session cannot be asked: {said(error)}", "start another") from error
    for name, value in wanted.items():
        if found[name] is None or found[name].lower() != value.lower():
            whose = "another gate's table started it" if ours else "it was running before"
            reason = f"the Spark session has {name} = {found[name]}, and the gate file says {value}: {whose}"
            raise NotMeasuredError(reason, "give all tables the same settings, or leave that one out")
