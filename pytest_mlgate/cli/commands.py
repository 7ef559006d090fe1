"""The commands. Each is thin: gate files are read, and aliases moved back, by the same code that test runs use.

`check` and `rollback` go through pytest's own collection, so that kinds and hooks offered by a `conftest.py` count and
the messages are the very same.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_mlgate import __version__
from pytest_mlgate.cli.infer import infer
from pytest_mlgate.cli.plan import plan
from pytest_mlgate.cli.profile import profile

if TYPE_CHECKING:
    import pytest

_GATE_FILES_ONLY = (
    *("--mlgate", "-o", "addopts=", "-o", "python_files=", "-p", "no:cacheprovider"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # this package is imported already, and has no tests in it
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="pytest-mlgate")
def main() -> None:
    """Quality gates for models, data and prompts. Run the gates themselves with `pytest --mlgate`."""


main.add_command(infer)
main.add_command(plan)
main.add_command(profile)


class _Checked:
    """A pytest plugin that counts gates and prints what is wrong with gate files, and nothing else."""

    def __init__(self) -> None:
        self.gates = 0
        self.broken = 0

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken += 1
            click.echo(str(report.longrepr))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.gates = len(session.items)


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True))
def check(paths: tuple[str, ...]) -> None:
    """Check gate files without running them. PATHS are files or folders; the current folder unless given."""
    import pytest

    checked = _Checked()
    arguments = [*_GATE_FILES_ONLY, "--collect-only", "--continue-on-collection-errors", "-p", "no:terminal"]
    status = pytest.main([*arguments, *(paths or (".",))], plugins=[checked])
    if status in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
        raise SystemExit(int(status))
    if checked.broken:
        raise SystemExit(2)
    if not checked.gates:
        click.echo("no gate files found (*.gate.yaml)")
        raise SystemExit(5)
    click.echo(f"{checked.gates:,} gate{'s' if checked.gates != 1 else ''}, no problems")


@main.command()
def schema() -> None:
    """Print the JSON Schema of gate files, for editors."""
    from importlib.resources import files

    click.echo(files("pytest_mlgate.gatefile").joinpath("gate-v1.schema.json").read_text(encoding="utf-8"), nl=False)


@main.command()
@click.argument("gatefile", type=click.Path(exists=True, dir_okay=False))
def rollback(gatefile: str) -> None:
    """Move the alias that GATEFILE promotes to back to its previous version."""
    import pytest

    raise SystemExit(int(pytest.main([*_GATE_FILES_ONLY, "--mlgate-rollback", "-q", gatefile])))


@main.command()
def kinds() -> None:
    """List the installed gate kinds."""
    from pytest_mlgate.catalogue import Catalogue
    from pytest_mlgate.cli.explain import summary
    from pytest_mlgate.errors import KindError

    catalogue = Catalogue()
    for name in sorted(catalogue.names()):
        try:
            click.echo(f"{name:<22}{summary(catalogue.get(name))}")
        except KindError as error:
            click.echo(f"{name:<22}cannot be used: {error}")


@main.command()
@click.argument("kind")
def explain(kind: str) -> None:
    """Explain a gate KIND: what it does, why, its parameters, an example."""
    from pytest_mlgate.catalogue import Catalogue
    from pytest_mlgate.cli.explain import explanation
    from pytest_mlgate.errors import KindError

    try:
        click.echo(explanation(Catalogue().get(kind)), nl=False)
    except KindError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.argument("gatefile", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rounds", default=200, show_default=True, help="unchanged splits to judge at most")
@click.option("--seconds", default=60.0, show_default=True, help="time for each gate")
def calibrate(gatefile: Path, rounds: int, seconds: float) -> None:
    """Replay the drift gates of GATEFILE on random splits of their own reference: false alarms, and what is seen."""
    from pytest_mlgate.cli.calibrate import Effort, calibrated
    from pytest_mlgate.errors import GateFileError

    try:
        for line in calibrated(gatefile.resolve(), Effort(rounds=rounds, seconds=seconds)):
            click.echo(line)
    except GateFileError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--rows", is_flag=True, help="pin a table's columns and rows, whatever file holds them")
def pin(path: Path, *, rows: bool) -> None:
    """Print what pins PATH, a file or folder, as it is now, for a gate of kind data.version."""
    from pytest_mlgate.cli.pin import pin_lines
    from pytest_mlgate.errors import NotMeasuredError

    try:
        for line in pin_lines(path, rows=rows):
            click.echo(line)
    except NotMeasuredError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.option("--data", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="the table to start from")
def init(data: Path | None) -> None:
    """Write a first gate file, and a workflow that runs it, for the tree in the current folder."""
    from pytest_mlgate.cli.infer import inferred
    from pytest_mlgate.cli.init import WORKFLOW, candidates
    from pytest_mlgate.errors import NotMeasuredError

    root = Path.cwd()
    table = data.resolve() if data else next(iter(candidates(root)), None)
    if table is None or not table.is_relative_to(root):
        raise click.ClickException("there is no Parquet or CSV file below this folder; name one with --data")
    gatefile, workflow = root / "gates" / f"{table.stem}.gate.yaml", root / ".github" / "workflows" / "gates.yml"
    if gatefile.exists():
        raise click.ClickException(f"{gatefile.relative_to(root)} is there already; nothing was written")
    try:
        text = inferred(table, gatefile.parent)
    except NotMeasuredError as error:
        raise click.ClickException(str(error)) from None
    for path, content in ((gatefile, text), (workflow, WORKFLOW)):
        if path.exists():
            click.echo(f"left as it is: {path.relative_to(root)}")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        click.echo(f"written: {path.relative_to(root)}")
    click.echo(f"next: pytest --mlgate {gatefile.relative_to(root).as_posix()}")
