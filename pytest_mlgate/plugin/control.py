"""What happens once per run, in the process a person looks at: gather results, report, decide on promotion.

Under xdist this is the controller, which runs no gates itself: it knows only what came back on reports and what workers
handed over at their end. A serial run goes through the same code with the same kind of facts.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from pytest_mlgate.errors import MlgateError
from pytest_mlgate.plugin.promotion import Settled, settle_promotions
from pytest_mlgate.plugin.session import FACTS_KEY
from pytest_mlgate.promote.facts import FileFacts, SessionFacts
from pytest_mlgate.report import document
from pytest_mlgate.report.summary import headline
from pytest_mlgate.verdict import GateResult, Outcome, result_from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgate.plugin.session import GateSession


class FailureText:
    """A gate's text as pytest wants a failure: printable, with the one line that summaries show."""

    def __init__(self, text: str, result: GateResult) -> None:
        self._text = text
        self.reprcrash = SimpleNamespace(path=result.file, lineno=result.line, message=headline(result))

    def __str__(self) -> str:
        return self._text

    def toterminal(self, out: Any) -> None:
        """Print the headline in red and the rest as it is."""
        head, _, rest = self._text.partition("\n")
        out.line(head, red=True, bold=True)
        out.line(rest)


class Controller:
    """Gathers what happened and acts on it at the end."""

    def __init__(self, config: pytest.Config, session: GateSession) -> None:
        self.config = config
        self.session = session
        self.started = dt.datetime.now(dt.UTC)
        self._clock = time.perf_counter()
        self.results: dict[str, GateResult] = {}
        self.settled = Settled()
        self._broken: set[str] = set()
        self._deselected: set[str] = set()
        self._rerun: set[str] = set()
        self._crashed: set[str] = set()
        self._silent: list[str] = []
        self._disagreements: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember gate files that could not be read."""
        name = report.nodeid.rpartition("/")[2]
        if report.failed and any(fnmatch(name, pattern) for pattern in self.session.patterns):
            self._broken.add(report.nodeid)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Remember what was left out."""
        self._deselected |= {item.nodeid for item in items}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a result off its report; notice reruns and crashed workers."""
        if report.outcome == "rerun":  # type: ignore[comparison-overlap] # pytest-rerunfailures' own outcome
            self._rerun.add(report.nodeid)
        if report.when not in ("setup", "call", "teardown"):
            self._crashed.add(report.nodeid)
        for checked in getattr(report, "mlgate_checks", ()):
            self._hear(result_from_json(checked))
        text = getattr(report, "mlgate", None)
        if text is None:
            return
        result = result_from_json(text)
        if report.failed and isinstance(report.longrepr, str):
            report.longrepr = FailureText(report.longrepr, result)  # type: ignore[assignment] # quacks like pytest's own
        self._hear(result)

    def _hear(self, result: GateResult) -> None:
        if result.node_id in self.results:
            self._rerun.add(result.node_id)
        self.results[result.node_id] = result
        self.config.hook.pytest_mlgate_verdict(result=result)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what an xdist worker collected; one that says nothing makes the run partial."""
        handed_over = getattr(node, "workeroutput", {}).get(FACTS_KEY)
        if handed_over is None:
            self._silent.append(node.gateway.id)
            return
        for facts in msgspec.json.decode(handed_over, type=list[FileFacts]):
            known = self.session.files.setdefault(facts.node_id, facts)
            if known != facts:
                self._disagreements.append(facts.node_id)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Decide on promotion, then write the reports, so that they tell of it."""
        if self.config.getoption("collectonly", default=False):
            return
        facts = SessionFacts(
            exit_status=int(session.exitstatus) or int(exitstatus),
            stopped=str(session.shouldstop or session.shouldfail or "") or None,
            results=self.results,
            deselected=frozenset(self._deselected),
            rerun=frozenset(self._rerun),
            crashed=frozenset(self._crashed),
            silent_workers=tuple(self._silent),
            disagreements=tuple(dict.fromkeys(self._disagreements)),
        )
        run = document.describe_run(self.config.rootpath, self.started, time.perf_counter() - self._clock)
        self.settled = settle_promotions(self.config, list(self.session.files.values()), facts, run)
        self._remember(run)
        session.exitstatus = self._exit_status(int(session.exitstatus))
        self._write(run, session)

    def _remember(self, run: document.Run) -> None:
        """Append to the history, if one is kept."""
        path = self.config.getoption("mlgate_history")
        if not path:
            return
        from pytest_mlgate.report.history import record

        try:
            self.settled.remarks += record(self.config.invocation_params.dir / path, run, self.results.values())
        except (MlgateError, OSError) as error:
            self.settled.troubles.append(f"the history could not be kept: {error}")

    def _exit_status(self, status: int) -> int:
        """Turn a refusal, or a hook that raised, into a red exit code; a rollback is no empty run.

        xdist runs what other workers could collect and ends with 1; a broken gate file is 2 there too, as serially.
        """
        if self._broken and not self.config.getoption("continue_on_collection_errors"):
            return int(pytest.ExitCode.INTERRUPTED)
        refused = any(one.outcome == "refused" for one in self.settled.promotions)
        nothing_ran = status == pytest.ExitCode.NO_TESTS_COLLECTED and self.config.getoption("mlgate_rollback")
        if status != pytest.ExitCode.OK and not nothing_ran:
            return status
        return int(pytest.ExitCode.TESTS_FAILED if refused or self.settled.troubles else pytest.ExitCode.OK)

    def _ordered(self) -> tuple[GateResult, ...]:
        """Give the results in the order in which their gates were collected."""
        files = self.session.files.values()
        expected = [node for facts in files for nodes in facts.expected.values() for node in nodes]
        return document.scoreboard(list(self.results.values()), {node: i for i, node in enumerate(expected)})

    def _write(self, run: document.Run, session: pytest.Session) -> None:
        """Write the files that were asked for; a report that cannot be written fails the run."""
        gates = self._ordered()
        written = document.Document(run=run, gates=gates, promotions=tuple(self.settled.promotions))
        try:
            if self.config.getoption("mlgate_json"):
                document.write(written, self.config.invocation_params.dir / self.config.getoption("mlgate_json"))
            if self.config.getoption("mlgate_junit"):
                from pytest_mlgate.report.junit import render

                path = self.config.invocation_params.dir / self.config.getoption("mlgate_junit")
                document.write_text(path, render(gates))
            if os.environ.get("GITHUB_STEP_SUMMARY"):
                from pytest_mlgate.report.markdown import summary

                with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
                    file.write(summary(gates, self.settled.promotions))
        except OSError as error:
            self.settled.troubles.append(f"a report could not be written: {error}")
            session.exitstatus = max(int(session.exitstatus), int(pytest.ExitCode.TESTS_FAILED))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table of gates, and what became of promotions."""
        settled = self.settled
        if not self.results and not settled.promotions and not settled.remarks and not settled.troubles:
            return
        from pytest_mlgate.report.terminal import promotion_line, table

        terminalreporter.section("gates")
        writer = self.config.get_terminal_writer()
        if self.results:
            terminalreporter.write(table(self._ordered(), width=writer.fullwidth, color=writer.hasmarkup))
        for one in settled.promotions:
            good = one.outcome != "refused"
            terminalreporter.write_line(promotion_line(one), green=good, red=not good)
        for remark in settled.remarks:
            terminalreporter.write_line(remark, yellow=True)
        for trouble in settled.troubles:
            terminalreporter.write_line(trouble, red=True)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show a gate that passes with a warning as such."""
        text = getattr(report, "mlgate", None)
        if text is None or report.when != "call" or not report.passed:
            return None
        return ("passed", "w", "WARNED") if self.results[report.nodeid].outcome is Outcome.warned else None
