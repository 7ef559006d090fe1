"""`mlgate.check(...)`: a gate as one line of an ordinary test.

The verdict, the policy and the text are those of a gate file. With `--mlgate` or `--mlgate-json` the result also enters
the reports, under the test's node id and a counter; no promotion ever waits for it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlgate.errors import MlgateError
from pytest_mlgate.gatefile.build import build
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.plugin.collect import offered_kinds
from pytest_mlgate.plugin.session import CHECKS, default_timeout, ended_by
from pytest_mlgate.report.failure import explain
from pytest_mlgate.run import Site, run, seed_of, unmeasured
from pytest_mlgate.verdict import Outcome

if TYPE_CHECKING:
    from pytest_mlgate.inputs.store import InputStore
    from pytest_mlgate.verdict import GateResult


class CheckFailedError(AssertionError):
    """A check that does not hold or could not be measured; the message is the whole text."""


class Checker:
    """What the `mlgate` fixture gives a test.

    Args:
        request: of the test.
        store: what has been opened in this session.
    """

    def __init__(self, request: pytest.FixtureRequest, store: InputStore) -> None:
        self._item = request.node
        self._store = store

    def check(self, kind: str, /, **parameters: Any) -> GateResult:
        """Measure, judge, and fail the test if the outcome is failed or errored.

        Args:
            kind: of the gate, as in a gate file.
            parameters: as in a gate file; tables and models may be the objects themselves.

        Returns:
            The result, for a test that wants to look further.

        Raises:
            CheckFailedError: it does not hold, or could not be measured.
            GateFileError: the parameters have mistakes; all are listed.
            KindError: there is no such kind.
        """
        __tracebackhide__ = True
        item = self._item
        results = item.stash.setdefault(CHECKS, [])
        kinds = offered_kinds(item.ihook)
        number = len(results) + 1
        line = sys._getframe(1).f_lineno  # noqa: SLF001 - where the test asks, as a gate file has its line
        try:
            gate, given = build(kinds.get(kind), f"{kind}#{number}", line, parameters)
        except MlgateError as error:  # the frames below would be shown with their arguments: rows of the data
            raise error.with_traceback(None) from None
        node_id = f"{item.nodeid}#{number}"
        name = node_id.partition("::")[2]
        inputs = GateInputs(self._store, seed=seed_of(node_id), fixtures=given, name=name, file=item.path)
        site = Site(node_id=node_id, file=item.nodeid.split("::")[0], name=item.name)
        try:
            result = run(gate, inputs, site, timeout=default_timeout(item.config))
        except (pytest.skip.Exception, pytest.fail.Exception, pytest.xfail.Exception) as error:
            result = unmeasured(gate, site, ended_by(error))
        results.append(result)
        if result.outcome in (Outcome.failed, Outcome.errored):
            raise CheckFailedError(explain(result))
        return result
