"""`mlgate profile`: what a table looks like, as a file to commit beside the gates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_mlgate import __version__
from pytest_mlgate.cli.output import emit, refuse_existing
from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from pytest_mlgate.inputs.profiling import Choices
    from pytest_mlgate.stats.profile import Profile

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="the file to write")
@click.option("--like", type=_FILE, help="count at the edges and categories of this profile, so that the two can merge")
@click.option("--merge", "merging", is_flag=True, help="DATA are profiles of parts: add them up")
@click.option("--categorical", multiple=True, metavar="COLUMN", help="numbers that are codes: count each")
@click.option("--sensitive", multiple=True, metavar="COLUMN", help="count only how many values are missing")
@click.option("--exclude", multiple=True, metavar="COLUMN", help="leave the column out")
@click.option("--force", is_flag=True, help="replace the output file")
def profile(
    data: tuple[Path, ...],
    output: Path | None,
    like: Path | None,
    merging: bool,  # noqa: FBT001 - click passes options by name
    categorical: tuple[str, ...],
    sensitive: tuple[str, ...],
    exclude: tuple[str, ...],
    force: bool,  # noqa: FBT001 - same
) -> None:
    """Write the profile of DATA: counts by which drift can be measured without the rows.

    There is no row in it, but edges and extremes are values: name columns that nobody may see as --sensitive.
    """
    from pytest_mlgate.inputs.profiling import Choices
    from pytest_mlgate.stats.profile_file import save_profile

    if merging and (like or categorical or sensitive or exclude):
        raise click.UsageError("--merge only adds up; say the rest when the profiles are made")
    if not merging and len(data) > 1:
        raise click.UsageError("profile one table at a time, all but the first with --like, and then --merge")
    if like and (categorical or sensitive):
        raise click.UsageError("--like follows a profile, which says what is categorical and sensitive")
    refuse_existing(output, force=force)
    try:
        choices = Choices(categorical, sensitive, exclude)
        made = _merged(data) if merging else _profiled(data[0], choices, like)
    except (NotMeasuredError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    emit(save_profile(made), output)


def _profiled(data: Path, choices: Choices, like: Path | None) -> Profile:
    from pytest_mlgate.inputs.gate import GateInputs
    from pytest_mlgate.inputs.profiling import profile_of
    from pytest_mlgate.inputs.store import InputStore
    from pytest_mlgate.reference import TableRef
    from pytest_mlgate.stats.profile import Source

    followed = None if like is None else _read(like)
    store = InputStore(Path.cwd(), hash_data=True)
    try:
        inputs = GateInputs(store, seed=0, fixtures={})
        table = inputs.table(TableRef(path=str(data.absolute())))
        (record,) = inputs.records
        name = data.name if Path(record.name).is_absolute() else record.name
        source = Source(name=name, sha256=record.sha256, rows=table.rows, tool=__version__)
        return profile_of(table, store.database, source, choices, followed)
    finally:
        store.close()


def _merged(files: tuple[Path, ...]) -> Profile:
    from pytest_mlgate.stats.profile_merge import merge

    return merge([_read(path) for path in files])


def _read(path: Path) -> Profile:
    from pytest_mlgate.stats.profile_file import load_profile

    try:
        return load_profile(path.read_bytes(), str(path))
    except OSError as error:
        raise NotMeasuredError(f"{path} cannot be read: {error.strerror}", "name a profile") from None
