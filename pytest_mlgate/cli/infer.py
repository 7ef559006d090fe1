"""`mlgate infer`: a first contract, learned from data."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pytest_mlgate.cli.output import emit, refuse_existing
from pytest_mlgate.errors import NotMeasuredError


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="the gate file to write")
@click.option("--name", help="the gate file's name; the data's unless given")
@click.option("--data-path", help="the path to write into the gate file, instead of that of DATA")
@click.option("--force", is_flag=True, help="replace the output file")
def infer(data: Path, output: Path | None, name: str | None, data_path: str | None, force: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Write a data.schema gate that holds for DATA, with room to grow and a comment on each line."""
    refuse_existing(output, force=force)
    folder = Path.cwd() if output is None else output.absolute().parent
    try:
        text = inferred(data.absolute(), folder, name=name, path=data_path)
    except NotMeasuredError as error:
        raise click.ClickException(str(error)) from None
    emit(text, output)


def inferred(data: Path, folder: Path, *, name: str | None = None, path: str | None = None) -> str:
    """Write a gate file that holds on a table as it is.

    Args:
        data: the table, by its absolute path.
        folder: where the gate file will stand; its path to the data starts there.
        name: of the gate file.
        path: what to write as the path of the data; `${VAR}` in it is for the loader to replace.

    Raises:
        NotMeasuredError: the table cannot be read, or has no rows.
    """
    from pytest_mlgate.cli.contract import contract
    from pytest_mlgate.contract.column import Column
    from pytest_mlgate.inputs.gate import GateInputs
    from pytest_mlgate.inputs.inferring import infer_columns
    from pytest_mlgate.inputs.store import InputStore
    from pytest_mlgate.reference import TableRef

    store = InputStore(Path.cwd())
    try:
        table = GateInputs(store, seed=0, fixtures={}).table(TableRef(path=str(data)))
        columns = infer_columns(table, store.database, Column.__struct_fields__)
        source = f"{data.name} ({table.rows:,} row{'' if table.rows == 1 else 's'})"
    finally:
        store.close()
    if path is None:
        path = Path(os.path.relpath(data, folder)).as_posix().replace("$", "$$")
    return contract(columns, path, name or data.stem, source)
