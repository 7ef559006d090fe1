"""Opening tables that a gate file names on Spark or in a warehouse, and choosing rows of tables that stay there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.opening import Opened
from pytest_mlgate.inputs.predicates import condition
from pytest_mlgate.inputs.spark import SparkEngine, open_spark
from pytest_mlgate.inputs.warehouses import open_url
from pytest_mlgate.reference import PARQUET

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.opening import Listed
    from pytest_mlgate.inputs.remote import RemoteFrame
    from pytest_mlgate.inputs.spark_sessions import SparkSessions
    from pytest_mlgate.reference import TableRef


def open_elsewhere(
    ref: TableRef, listed: Listed | None, database: Database, sessions: SparkSessions, called: Callable[[Path], str]
) -> Opened:
    """Open a table on the engine that a gate file names.

    Args:
        ref: the table; its engine is Spark or Ibis.
        listed: its files, if it has any.
        database: of the session.
        sessions: finds or starts Spark.
        called: how reports call a file.

    Raises:
        NotMeasuredError: it cannot be opened.
    """
    if ref.url is not None:
        frame = open_url(ref.url, ref.table or "", database)
        return selected_elsewhere(frame, Opened(frame, frame.what), ref, database)
    name = f"Spark table {ref.table}" if listed is None else called(Path(ref.path or ""))
    if listed is not None and Path(listed.stamps[0].path).suffix.lower() not in PARQUET:
        reason = f"{name} is no Parquet, and Spark would guess other types than DuckDB does"
        raise NotMeasuredError(reason, "write it as Parquet, or remove `engine: spark`")
    session = sessions.session(ref.settings)
    try:
        data = session.table(ref.table) if listed is None else _parquet(ref, listed, session)
    except Exception as error:
        raise SparkEngine(session, database).trouble(error, name) from error
    frame = open_spark(data, name, database, ref.table if listed is None else f"parquet.`{name}`")
    return selected_elsewhere(frame, Opened(frame, name, listed), ref, database)


def selected_elsewhere(frame: RemoteFrame, found: Opened, ref: TableRef, database: Database) -> Opened:
    """Keep the rows of a remote table that the gate file speaks of.

    Raises:
        NotMeasuredError: the predicate is refused, or a sample is asked for.
    """
    if ref.sample is not None:
        reason = f"{found.name} stays on {frame.dialect.name}, where no sample is taken"
        raise NotMeasuredError(reason, "choose rows with `where:`, or return a sample from a fixture")
    if ref.where is None:
        return found
    name = f"{found.name} where {' '.join(ref.where.split())}"
    return replace(found, name=name, frame=frame.filtered(*condition(ref.where, frame, database), name, ref.where))


def _parquet(ref: TableRef, listed: Listed, session: object) -> object:
    """Let Spark read the files that are there now, and no others."""
    reader = session.read.option("mergeSchema", ref.union_by_name)  # type: ignore[attr-defined] # no types
    if ref.hive or (ref.hive is None and Path(ref.path or "").is_dir()):
        reader = reader.option("basePath", f"file://{listed.base}")
    return reader.parquet(*(_uri(one.path) for one in listed.stamps))


def _uri(path: str) -> str:
    """Name a file of this machine so that Spark takes no character of it for a pattern."""
    return "file://" + re.sub(r"[\\{}\[\]*?]", r"\\\g<0>", path)
