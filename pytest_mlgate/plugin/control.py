"""What happens once per run, in the process a person looks at: gather results, report, decide on promotion.

Under xdist this is the controller, which runs no gates itself: it knows only what came back on reports and what workers
handed over at their end. A serial run goes through the same code with the same kind of facts. Everything that acts does
so at the very end, after every other plugin has had its say on the exit status.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from msgspec.structs import replace

from pytest_mlgate.errors import MlgateError
from pytest_mlgate.plugin.promotion import Settled, settle_promotions
from pytest_mlgate.plugin.session import FACTS_KEY, SHARED_KEY, collection_text, failure_text
from pytest_mlgate.promote.facts import FileFacts, SessionFacts
from pytest_mlgate.report import document
from pytest_mlgate.run import unreported
from pytest_mlgate.verdict import GateResult, Outcome, result_from_json

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from pytest_mlgate.plugin.session import GateSession

_SETTLED = ("setup", "call")
_WRITTEN = ("mlgate_json", "mlgate_junit", "mlgate_history")


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
        self._selected: set[str] = set()
        self._deselected: set[str] = set()
        self._rerun: set[str] = set()
        self._overruled: set[str] = set()
        self._crashed: set[str] = set()
        self._silent: list[str] = []
        self._disagreements: list[str] = []
        self._shared: TemporaryDirectory[str] | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember gate files that could not be read; what is wrong with them is shown once, in summaries too."""
        if report.failed and any(Path(report.nodeid).match(pattern) for pattern in self.session.patterns):
            self._broken.add(report.nodeid)
            report.longrepr = collection_text(str(report.longrepr), report.nodeid)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember what was going to run."""
        self._selected |= {item.nodeid for item in session.items}

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give xdist's workers a folder in which they share what models answer, for as long as this run lasts."""
        if self._shared is None:
            self._shared = TemporaryDirectory(prefix="mlgate-", ignore_cleanup_errors=True)
        node.workerinput[SHARED_KEY] = self._shared.name

    def pytest_unconfigure(self) -> None:
        """Let go of that folder."""
        if self._shared is not None:
            self._shared.cleanup()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Remember what a worker was going to run."""
        self._selected |= set(ids)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Remember what was left out."""
        self._deselected |= {item.nodeid for item in items}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take results off a report; notice reruns, crashed workers, and what overrules a gate."""
        if report.outcome == "rerun":  # type: ignore[comparison-overlap] # pytest-rerunfailures' own outcome
            self._rerun.add(report.nodeid)
        if report.when not in (*_SETTLED, "teardown"):
            self._crashed.add(report.nodeid)
        for checked in getattr(report, "mlgate_checks", ()):
            self._hear(result_from_json(checked))
        text = getattr(report, "mlgate", None)
        if text is None:
            return
        result = result_from_json(text)
        if not report.passed and result.outcome in (Outcome.passed, Outcome.warned):
            self._overruled.add(report.nodeid)
        if report.failed and isinstance(report.longrepr, str):
            report.longrepr = failure_text(report.longrepr, result)
        self._hear(result)

    def _hear(self, result: GateResult) -> None:
        if result.node_id in self.results:
            self._rerun.add(result.node_id)
        self.results[result.node_id] = result
        try:
            self.config.hook.pytest_mlgate_verdict(result=result)
        except Exception as error:  # noqa: BLE001 - other people's code must not cost the gates that are still to run
            raised = f"{type(error).__name__}: {error}"
            self.settled.troubles.append(f"a hook raised when it heard of {result.node_id}: {raised}")

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

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """Decide on promotion once every plugin is done with the exit status, then write the reports."""
        self._add_unreported(session)
        yield
        if self.config.getoption("collectonly", default=False):
            return
        self._act(session)
        self._say()

    def _add_unreported(self, session: pytest.Session) -> None:
        """Give a result to gates that were to run and said nothing; a session that was stopped says that itself."""
        stopped = bool(session.shouldstop or session.shouldfail)
        if self.config.getoption("setuponly", default=False) or self.config.getoption("collectonly", default=False):
            return
        for facts in self.session.files.values():
            for gate_id, nodes in facts.expected.items():
                for node in nodes:
                    crashed = node in self._crashed
                    if node in self.results or not (crashed or (node in self._selected and not stopped)):
                        continue
                    reason = "its worker died while it ran" if crashed else "it was to run and did not report"
                    self.results[node] = unreported(
                        node, facts.node_id, facts.name, gate_id, facts.kinds[gate_id], reason
                    )

    def _act(self, session: pytest.Session) -> None:
        """Promote or say what would happen, and write down everything."""
        asked = any(self.config.getoption(name) for name in _WRITTEN) or self.config.getoption("mlgate_promote")
        elapsed = time.perf_counter() - self._clock
        run = document.describe_run(self.config.rootpath, self.started, elapsed, git=bool(asked))
        self.settled.troubles += self._unwritable()
        status = self._exit_status(int(session.exitstatus))
        facts = SessionFacts(
            exit_status=status,
            stopped=str(session.shouldstop or session.shouldfail or "") or None,
            results=self.results,
            deselected=frozenset(self._deselected),
            rerun=frozenset(self._rerun),
            overruled=frozenset(self._overruled),
            crashed=frozenset(self._crashed),
            silent_workers=tuple(self._silent),
            disagreements=tuple(dict.fromkeys(self._disagreements)),
            updating=bool(self.config.getoption("mlgate_update")),
        )
        found = settle_promotions(self.config, list(self.session.files.values()), facts, run)
        self.settled.promotions += found.promotions
        self.settled.remarks += found.remarks
        self.settled.troubles += found.troubles
        self._update(facts)
        self._remember(run)
        session.exitstatus = self._exit_status(status)
        self._write(run, session)

    def _unwritable(self) -> list[str]:
        """Find reports that could not be written, before anything is done that they should tell of."""
        found = []
        for name in _WRITTEN:
            target = self.config.getoption(name)
            problem = document.why_unwritable(self.config.invocation_params.dir / target) if target else None
            if problem:
                found.append(f"--{name.replace('_', '-')} {target} cannot be written: {problem}")
        return found

    def _update(self, facts: SessionFacts) -> None:
        """Rewrite committed baselines, if that was asked for."""
        if facts.updating:
            from pytest_mlgate.plugin.updating import update

            remarks, troubles = update(list(self.session.files.values()), facts, self.config.rootpath)
            self.settled.remarks += remarks
            self.settled.troubles += troubles
            # Reports have the numbers already; what goes into a baseline was never blotted.
            self.results = {node: replace(one, proposal=None) for node, one in self.results.items()}

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
        """Turn a refusal, trouble, or a gate that never reported into a red exit code; a rollback is no empty run.

        xdist runs what other workers could collect and ends with 1; a broken gate file is 2 there too, as serially.
        """
        if self._broken and not self.config.getoption("continue_on_collection_errors"):
            return int(pytest.ExitCode.INTERRUPTED)
        nothing_ran = status == pytest.ExitCode.NO_TESTS_COLLECTED and self.config.getoption("mlgate_rollback")
        if status != pytest.ExitCode.OK and not nothing_ran:
            return status
        refused = any(one.outcome == "refused" for one in self.settled.promotions)
        red = any(one.outcome in (Outcome.failed, Outcome.errored) for one in self.results.values())
        return int(pytest.ExitCode.TESTS_FAILED if refused or red or self.settled.troubles else pytest.ExitCode.OK)

    def _ordered(self) -> tuple[GateResult, ...]:
        """Give the results in the order in which their gates were collected."""
        files = self.session.files.values()
        expected = [node for facts in files for nodes in facts.expected.values() for node in nodes]
        return document.scoreboard(list(self.results.values()), {node: i for i, node in enumerate(expected)})

    def _write(self, run: document.Run, session: pytest.Session) -> None:
        """Write the files that were asked for; a report that cannot be written fails the run."""
        gates = self._ordered()
        written = document.Document(run=run, gates=gates, promotions=tuple(self.settled.promotions))
        folder = self.config.invocation_params.dir
        try:
            if self.config.getoption("mlgate_json"):
                document.write(written, folder / self.config.getoption("mlgate_json"))
            if self.config.getoption("mlgate_junit"):
                from pytest_mlgate.report.junit import render

                document.write_text(folder / self.config.getoption("mlgate_junit"), render(gates))
            if os.environ.get("GITHUB_STEP_SUMMARY"):
                from pytest_mlgate.report.markdown import summary

                with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
                    file.write(summary(gates, self.settled.promotions, exit_status=int(session.exitstatus)))
        except OSError as error:
            told = f"a report could not be written: {error}"
            self.settled.troubles.append(told)
            session.exitstatus = max(int(session.exitstatus), int(pytest.ExitCode.TESTS_FAILED))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table of gates."""
        if not self.results:
            return
        from pytest_mlgate.report.terminal import table

        writer = self.config.get_terminal_writer()
        terminalreporter.write_sep("=", "gates")
        for line in table(self._ordered(), width=writer.fullwidth, color=writer.hasmarkup).splitlines():
            terminalreporter.write_line(line)

    def _say(self) -> None:
        """Print what became of promotions, after everything else: only now is it known."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None:
            return
        from pytest_mlgate.report.terminal import promotion_line

        for one in self.settled.promotions:
            good = one.outcome != "refused"
            reporter.write_line(promotion_line(one), green=good, red=not good)
        for remark in self.settled.remarks:
            reporter.write_line(remark, yellow=True)
        for trouble in dict.fromkeys(self.settled.troubles):
            reporter.write_line(trouble, red=True)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Show a gate that passes with a warning as such."""
        text = getattr(report, "mlgate", None)
        if text is None or report.when != "call" or not report.passed:
            return None
        result = self.results.get(report.nodeid)
        return ("passed", "w", "WARNED") if result is not None and result.outcome is Outcome.warned else None
