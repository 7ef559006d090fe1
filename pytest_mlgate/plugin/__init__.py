"""The part of pytest-mlgate that every pytest run loads: options, marks, hooks and fixture names.

It must stay weightless. Whatever does the work is imported when `--mlgate` asks for it, or when a test requests one of
the fixtures; a test of the import budget holds this module to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator

    from pytest_mlgate.inputs.store import InputStore
    from pytest_mlgate.plugin.checker import Checker
    from pytest_mlgate.plugin.fixtures import Load, Open, Registries, Train

DEFAULT_TIMEOUT = "600s"
_DEPENDENT = ("promote", "base", "allow_loosened", "history", "rollback", "update")
_ALONE = ("promote", "rollback")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options; those that act on the world have no ini form."""
    group = parser.getgroup("mlgate", "quality gates for models, data and prompts")
    group.addoption("--mlgate", action="store_true", help="collect gate files (*.gate.yaml) as tests")
    group.addoption("--mlgate-json", metavar="PATH", help="write all results to PATH as JSON")
    group.addoption("--mlgate-junit", metavar="PATH", help="write all results to PATH as JUnit, one case per check")
    group.addoption("--mlgate-promote", action="store_true", help="carry out `promote:` blocks (default: a dry run)")
    group.addoption("--mlgate-base", metavar="REV", help="show which gates are looser than at this git revision")
    group.addoption(
        "--mlgate-allow-loosened", action="store_true", help="promote although gates were loosened since --mlgate-base"
    )
    group.addoption("--mlgate-history", metavar="PATH", help="keep count of how often each data set was judged")
    group.addoption(
        "--mlgate-rollback", action="store_true", help="run no gates; move the aliases of `promote:` blocks back by one"
    )
    group.addoption(
        "--mlgate-update",
        action="store_true",
        help="write what is measured into committed baselines (*.baseline.json)",
    )
    parser.addini("mlgate", "collect gate files without --mlgate", type="bool", default=False)
    parser.addini("mlgate_files", "file names that are gate files", type="args", default=["*.gate.yaml"])
    parser.addini("mlgate_timeout", "longest time one gate may take, unless it says its own", default=DEFAULT_TIMEOUT)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Offer our hooks to conftests and plugins."""
    from pytest_mlgate import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(trylast=True)  # after the terminal reporter has registered itself
def pytest_configure(config: pytest.Config) -> None:
    """Register the marks; load the rest only when gates are wanted."""
    config.addinivalue_line("markers", "mlgate: every gate carries this mark")
    config.addinivalue_line("markers", "gpu: needs a CUDA device; skipped where there is none")
    collects = bool(config.getoption("mlgate") or config.getini("mlgate"))
    if not collects:
        _refuse_without_flag(config)
    _check_update(config)
    if collects or config.getoption("mlgate_json") or config.getoption("mlgate_junit"):
        from pytest_mlgate.plugin.session import install

        install(config, collects=collects)


def _refuse_without_flag(config: pytest.Config) -> None:
    """Tell somebody who names a gate file, or an option that needs gates, what is missing."""
    for option in _DEPENDENT:
        if config.getoption(f"mlgate_{option}"):
            raise pytest.UsageError(f"--mlgate-{option.replace('_', '-')} needs --mlgate as well")
    from fnmatch import fnmatch

    for argument in config.args:
        name = str(argument).split("::")[0].replace("\\", "/").rpartition("/")[2]
        if any(fnmatch(name, pattern) for pattern in config.getini("mlgate_files")):
            raise pytest.UsageError(f"{argument} is a gate file: add --mlgate to run it")


def _check_update(config: pytest.Config) -> None:
    """Refuse to rewrite baselines unless a person typed it, and in a run that promotes.

    A pull request could put the option into `addopts`, and so replace what its own model is held against.
    """
    if not config.getoption("mlgate_update") or hasattr(config, "workerinput"):
        return
    if "--mlgate-update" not in map(str, config.invocation_params.args):
        raise pytest.UsageError("--mlgate-update is for the command line: it does not count in addopts")
    for option in _ALONE:
        if config.getoption(f"mlgate_{option}"):
            told = "review and commit the baselines first, then judge against them"
            raise pytest.UsageError(f"--mlgate-update and --mlgate-{option} do not go together: {told}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a GPU where there is none."""
    if item.get_closest_marker("gpu") is not None:
        from pytest_mlgate.plugin.fixtures import require_gpu

        require_gpu()


@pytest.fixture(scope="session")
def _mlgate_store(pytestconfig: pytest.Config) -> Iterator[InputStore]:
    """Share what was opened between gates and checks of this process."""
    from pytest_mlgate.plugin.fixtures import shared_store

    with shared_store(pytestconfig) as store:
        yield store


@pytest.fixture
def mlgate(request: pytest.FixtureRequest, _mlgate_store: InputStore) -> Checker:
    """Check a gate in a line of a test: `mlgate.check("data.schema", data=frame, columns={"age": {"min": 18}})`."""
    from pytest_mlgate.plugin.checker import Checker

    return Checker(request, _mlgate_store)


@pytest.fixture(scope="session")
def mlgate_train(request: pytest.FixtureRequest) -> Train:
    """Train a torch model once and keep it on disk: a function `(train, *, factory, data, …) -> TrainedModel`."""
    from pytest_mlgate.plugin.fixtures import Train

    return Train(request.config)


@pytest.fixture
def mlgate_load(_mlgate_store: InputStore, pytestconfig: pytest.Config) -> Load:
    """Load a torch model as gate files do: a function `(*, factory, weights, …) -> torch.nn.Module`."""
    from pytest_mlgate.plugin.fixtures import Load

    return Load(pytestconfig, _mlgate_store)


@pytest.fixture
def mlgate_table(_mlgate_store: InputStore, pytestconfig: pytest.Config) -> Open:
    """Open a table as gate files do: a function `(path) -> pyarrow.Table`."""
    from pytest_mlgate.plugin.fixtures import Open

    return Open(pytestconfig, _mlgate_store)


@pytest.fixture
def mlgate_device(request: pytest.FixtureRequest) -> str:
    """Name the device to compute on: `cuda` under the `gpu` mark, `cpu` otherwise."""
    return "cuda" if request.node.get_closest_marker("gpu") is not None else "cpu"


@pytest.fixture
def mlgate_seed(request: pytest.FixtureRequest) -> Iterator[int]:
    """Seed python, numpy and torch from the test's identity, and restore their states afterwards; gives the seed."""
    from pytest_mlgate.plugin.fixtures import seeded_by

    with seeded_by(request.node.nodeid) as seed:
        yield seed


@pytest.fixture
def mlgate_registry(tmp_path: pathlib.Path) -> Registries:
    """Give throw-away local registries: a function `(model="model") -> Registry`."""
    from pytest_mlgate.plugin.fixtures import Registries

    return Registries(tmp_path / "mlgate-registry")
