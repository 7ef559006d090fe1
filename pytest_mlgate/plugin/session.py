"""Running gates inside pytest: measure in the setup phase, judge in the call phase, results on the report.

The phases carry meaning. What could not be measured raises while the gate is set up, so pytest and JUnit call it an
error; a limit that does not hold raises in the call, so they call it a failure. Results travel as JSON on the test
report, which is how they reach the controller unchanged from an xdist worker.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from pytest_mlgate.errors import RegistryError
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.kind import Duration, seconds
from pytest_mlgate.plain import redactor
from pytest_mlgate.plugin.collect import GateModule, gate_of
from pytest_mlgate.promote.facts import FileFacts
from pytest_mlgate.report.failure import explain, waiver_text
from pytest_mlgate.report.summary import headline
from pytest_mlgate.run import Site, run, seed_of, skipped, unmeasured
from pytest_mlgate.verdict import GateResult, Outcome, to_json

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from pytest_mlgate.gatefile import Gate, GateFile
    from pytest_mlgate.inputs.store import InputStore

PLUGIN_NAME = "mlgate-session"
FACTS_KEY = "mlgate_files"
SHARED_KEY = "mlgate_shared"
CHECKS = pytest.StashKey[list[GateResult]]()
_AVAILABLE = re.compile(r"available fixtures: (.*)")
_RESULT = pytest.StashKey[GateResult]()


class GateFailedError(Exception):
    """A gate that does not hold; the message is the whole text that a person sees."""


def default_timeout(config: pytest.Config) -> float:
    """Read the ini option `mlgate_timeout`."""
    written = str(config.getini("mlgate_timeout")).strip()
    try:
        return seconds(msgspec.convert(written if written[-1:].isalpha() else float(written), Duration))
    except (ValueError, msgspec.ValidationError):
        raise pytest.UsageError(f'mlgate_timeout = {written}: write seconds, or "30s", "5m"') from None


def install(config: pytest.Config, *, collects: bool) -> None:
    """Register what runs gates and, in the process that a person looks at, what reports and promotes.

    Args:
        config: pytest's.
        collects: whether gate files are collected; without, only checks made from Python are reported.
    """
    session = GateSession(config, collects=collects)
    config.pluginmanager.register(session, PLUGIN_NAME)
    if not hasattr(config, "workerinput"):
        from pytest_mlgate.plugin import progress
        from pytest_mlgate.plugin.control import Controller

        progress.install(config)
        config.pluginmanager.register(Controller(config, session), "mlgate-controller")


class GateSession:
    """Collects gate files and runs their gates, in every process that runs tests."""

    def __init__(self, config: pytest.Config, *, collects: bool) -> None:
        self.config = config
        self.patterns: list[str] = config.getini("mlgate_files") if collects else []
        self.timeout = default_timeout(config)
        self.tags: set[str] = set()
        self.files: dict[str, FileFacts] = {}
        self._store: InputStore | None = None

    @property
    def store(self) -> InputStore:
        """What has been opened in this process; nothing is imported before the first gate runs."""
        if self._store is None:
            from pytest_mlgate.inputs.store import InputStore

            wants_hashes = bool(self.config.getoption("mlgate_promote") or self.config.getoption("mlgate_history"))
            shared = getattr(self.config, "workerinput", {}).get(SHARED_KEY)
            folder = Path(shared) if shared is not None else None
            updating = bool(self.config.getoption("mlgate_update"))
            self._store = InputStore(self.config.rootpath, hash_data=wants_hashes, shared=folder, updating=updating)
        return self._store

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> GateModule | None:
        """Collect gate files."""
        if not any(file_path.match(pattern) for pattern in self.patterns):
            return None
        module = GateModule.from_parent(parent, path=file_path)
        module.gate_session = self
        return module

    def expect(self, node_id: str, gatefile: GateFile, items: Sequence[pytest.Item]) -> None:
        """Record what a file holds before anything is deselected: promotion is decided against this."""
        expected: dict[str, list[str]] = {gate.id: [] for gate in gatefile.gates}
        for item in items:
            assert isinstance(item, pytest.Function)  # noqa: S101 - what _genfunctions yields
            expected[item.originalname].append(item.nodeid)
        self.files[node_id] = FileFacts(
            node_id=node_id,
            path=str(gatefile.path),
            name=gatefile.name,
            sha256=gatefile.sha256,
            resolved_sha256=gatefile.resolved_sha256 if gatefile.promote else "",
            expected={gate_id: tuple(node_ids) for gate_id, node_ids in expected.items()},
            promote=gatefile.promote,
            kinds={gate.id: gate.spec.kind for gate in gatefile.gates},
            champion=_champion(gatefile),
            secrets=tuple(sorted(gatefile.secrets)),
        )

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Run nothing in a session that only rolls an alias back."""
        if self.config.getoption("mlgate_rollback"):
            items.clear()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Measure, once the gate's fixtures stand; not measured is an error of the setup."""
        gate = gate_of(item)
        if gate is None or self.config.getoption("setuponly", default=False):
            return
        assert isinstance(item, pytest.Function)  # noqa: S101 - gate_of has seen it
        from pytest_mlgate.inputs.gate import GateInputs

        fixtures = {name: item.funcargs[name] for name in gate.fixtures}
        inputs = GateInputs(self.store, seed=seed_of(item.nodeid), fixtures=fixtures, name=item.name, file=item.path)
        try:
            result = run(gate, inputs, _site(item), timeout=self.timeout)
        except (pytest.skip.Exception, pytest.fail.Exception, pytest.xfail.Exception) as error:
            result = unmeasured(gate, _site(item), ended_by(error))
        item.stash[_RESULT] = result
        for check in result.checks:
            item.user_properties.append((f"{check.name} {check.metric}", to_json(check)))
        if result.outcome is Outcome.errored:
            raise GateFailedError(explain(result))

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Let the outcome speak: a gate that fails fails its test."""
        result = pyfuncitem.stash.get(_RESULT, None)
        if result is None or gate_of(pyfuncitem) is None:
            return None
        if result.outcome is Outcome.failed:
            raise GateFailedError(explain(result))
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the result on the report that settles it, and our text in place of a traceback."""
        report = yield
        gate = gate_of(item)
        if gate is None:
            return _with_checks(item, report)
        result = item.stash.get(_RESULT, None)
        if call.when == "setup" and call.excinfo is not None and result is None:
            result = _never_began(gate, item, call.excinfo, report)
            if not report.skipped:
                report.longrepr = redactor(_site(item).secrets)(_told(result, call.excinfo, report))
        settled = call.when == "call" or (call.when == "setup" and not report.passed)
        if result is None or not settled:
            return report
        report.mlgate = to_json(result)  # type: ignore[attr-defined] # reports carry extra attributes over xdist
        if call.excinfo is not None and isinstance(call.excinfo.value, GateFailedError):
            report.longrepr = str(call.excinfo.value)
            report.outcome = "failed"  # an xfail mark is no waiver: that is written in the gate file
            vars(report).pop("wasxfail", None)
        if result.outcome is Outcome.waived and call.when == "call" and report.passed:
            report.outcome, report.wasxfail = "skipped", waiver_text(result)
        return report

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Hand the controller what was collected here, and let go of what was opened."""
        if hasattr(self.config, "workeroutput"):
            facts = msgspec.json.encode(list(self.files.values())).decode()
            self.config.workeroutput[FACTS_KEY] = facts
        if self._store is not None:
            self._store.close()


def ended_by(error: Any) -> str:
    """Say that what measures tried to decide: only a fixture may skip a gate."""
    return f"pytest.{type(error).__name__.lower()} was called while the gate was measured: {error.msg}"


def _champion(gatefile: GateFile) -> int | None:
    """Read what the alias points to before anything is measured; promotion compares and swaps against it."""
    if gatefile.promote is None:
        return None
    from pytest_mlgate.promote.champion import champion_of

    try:
        return champion_of(gatefile.promote)
    except RegistryError:  # promotion reads it again, and refuses with this very reason
        return None


def _with_checks(item: pytest.Item, report: pytest.TestReport) -> pytest.TestReport:
    """Put what an ordinary test checked through the `mlgate` fixture on its report."""
    checked = item.stash.get(CHECKS, [])
    if report.when == "call" and checked:
        report.mlgate_checks = [to_json(one) for one in checked]  # type: ignore[attr-defined] # as above
    return report


class Crash:
    """Where something failed, in the shape in which pytest asks for it; `message` is what short summaries show."""

    def __init__(self, path: str, lineno: int, message: str) -> None:
        self.path, self.lineno, self.message = path, lineno, message

    def __str__(self) -> str:
        return f"{self.path}:{self.lineno}: {self.message}"


class FailureText:
    """A text as pytest wants a failure: printable, with the one line that summaries show."""

    def __init__(self, text: str, crash: Crash) -> None:
        self._text = text
        self.reprcrash = crash

    def __str__(self) -> str:
        return self._text

    def toterminal(self, out: Any) -> None:
        """Print the headline in red and the rest as it is."""
        head, _, rest = self._text.partition("\n")
        out.line(head, red=True, bold=True)
        out.line(rest)


def failure_text(text: str, result: GateResult) -> Any:
    """Wrap a gate's text for pytest, whose own failure types are private."""
    return FailureText(text, Crash(result.file, result.line, headline(result)))


def collection_text(text: str, node_id: str) -> Any:
    """Wrap what is wrong with a gate file; its first line is enough for a summary."""
    return FailureText(text, Crash(node_id, 1, text.partition("\n")[0]))


def _site(item: pytest.Item) -> Site:
    """Say where an item's gate stands."""
    module = item.getparent(GateModule)
    assert module is not None  # noqa: S101 - gate_of has seen it
    callspec = getattr(item, "callspec", None)
    return Site(
        node_id=item.nodeid,
        file=module.nodeid,
        name=module.gatefile.name,
        params=callspec.id if callspec is not None else None,
        secrets=module.gatefile.secrets,
    )


def _never_began(
    gate: Gate, item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException], report: pytest.TestReport
) -> GateResult:
    """Give a result to a gate whose fixture, or whose mark, ended it before it could measure."""
    if report.skipped:
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(excinfo.value)
        return skipped(gate, _site(item), reason.removeprefix("Skipped: "))
    if isinstance(excinfo.value, pytest.FixtureLookupError):
        name = str(excinfo.value.argname)
        available = _AVAILABLE.search(str(report.longrepr))
        known = available.group(1).split(", ") if available else []
        remedy = did_you_mean(name, known, "fixtures here")
        return unmeasured(gate, _site(item), f"there is no fixture {name!r}", remedy)
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    place = f" ({os.path.relpath(crash.path, item.config.rootpath)}:{crash.lineno})" if crash is not None else ""
    named = f"{type(excinfo.value).__name__}: {excinfo.value}".strip().splitlines()[0]
    ours = (
        entry for entry in excinfo.traceback if "_pytest" not in str(entry.path) and "pluggy" not in str(entry.path)
    )
    fixture = next((entry.frame.code.name for entry in ours), "")
    return unmeasured(gate, _site(item), f"the fixture {fixture} raised {named}{place}")


def _told(result: GateResult, excinfo: pytest.ExceptionInfo[BaseException], report: pytest.TestReport) -> str:
    """Explain a gate that never began; what a fixture of the user's raised is shown as pytest shows it."""
    text = explain(result)
    return text if isinstance(excinfo.value, pytest.FixtureLookupError) else f"{text}\n\n{report.longrepr}"
