"""Where commands write what they made: the terminal, or a file that is not there yet, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pytest_mlgate.report.document import why_unwritable, write_text

if TYPE_CHECKING:
    from pathlib import Path


def refuse_existing(path: Path | None, *, force: bool) -> None:
    """Refuse to write where something is, or where nothing can be, before any work is done.

    Raises:
        ClickException: with what to do.
    """
    if path is None:
        return
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already; nothing was written (--force replaces it)")
    reason = why_unwritable(path)
    if reason is not None:
        raise click.ClickException(f"{path} cannot be written: {reason}")


def emit(text: str, path: Path | None) -> None:
    """Write to a file, atomically, or print."""
    if path is None:
        click.echo(text, nl=False)
        return
    write_text(path, text)
    click.echo(f"written: {path}")
