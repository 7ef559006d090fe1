"""What is opened is opened once, recorded, and can be stopped."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlgate.aggregate import Above, Missing
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs import files
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.stamps import stamp
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.reference import TableRef
from pytest_mlgate.verdict import FileStamp, InputRecord

# Joins forty thousand rows with each other and cannot be cut short by the optimiser: minutes, unless it is stopped.
ENDLESS = "SELECT count(DISTINCT a.range * b.range) FROM range(400000) a, range(40000) b"


@pytest.fixture
def rows(tmp_path):
    """A Parquet file of three rows."""
    path = tmp_path / "data" / "rows.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"a": [1, 2, None]}), path)
    return path


def test_importing_the_store_loads_nothing_heavy():
    """Collection names the store; only a gate that runs may pay for the libraries."""
    code = (
        "import sys, pkgutil, pytest_mlgate.inputs as p\n"
        "for m in pkgutil.iter_modules(p.__path__): __import__(f'pytest_mlgate.inputs.{m.name}')\n"
        "heavy = {'numpy', 'scipy', 'torch', 'duckdb', 'narwhals', 'pyarrow', 'pandas', 'polars', 'pytest'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_gates_share_one_opened_file(rows, store, monkeypatch):
    """However many gates name a file, it is opened once."""
    opened = []
    monkeypatch.setattr(files, "open_files", lambda *args, real=files.open_files: opened.append(args) or real(*args))
    for labels in ({}, {"a": {"1": "one"}}, {}):
        table = GateInputs(store, seed=1, fixtures={}).table(TableRef(path=str(rows), labels=labels))
        assert table.labels == labels
        assert table.count([Missing("a")]) == [1]
    assert len(opened) == 1


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_file_that_was_rewritten_is_opened_anew(suffix, store, tmp_path):
    """A gate never sees rows that are no longer in the file."""
    path, gate = tmp_path / f"a.{suffix}", GateInputs(store, seed=1, fixtures={})
    for values in ([1, 2, 3], [4, 5]):
        frame = pl.DataFrame({"a": values})
        frame.write_parquet(path) if suffix == "parquet" else frame.write_csv(path)
        assert gate.table(TableRef(path=str(path))).numbers("a").tolist() == values


def test_records_tell_what_was_opened_in_order(rows, tmp_path):
    """Files are named and stamped relative to the root, fixtures by their name."""
    store = InputStore(tmp_path)
    gate = GateInputs(store, seed=1, fixtures={"frame": pd.DataFrame({"a": [1, 2]})})
    assert gate.records == ()
    for _ in range(2):
        gate.table(TableRef(path=str(rows)))
        gate.table(TableRef(fixture="frame"), role="reference")
    found = rows.stat()
    seen = FileStamp(path="data/rows.parquet", size=found.st_size, mtime_ns=found.st_mtime_ns)
    assert gate.records == (
        InputRecord(role="data", name="data/rows.parquet", rows=3, files=(seen,)),
        InputRecord(role="reference", name="fixture frame", rows=2),
    )
    store.close()


def test_data_are_hashed_only_when_asked(rows, tmp_path):
    """The hash is that of the file's bytes."""
    store = InputStore(tmp_path, hash_data=True)
    gate = GateInputs(store, seed=1, fixtures={})
    gate.table(TableRef(path=str(rows)))
    expected = hashlib.sha256(rows.read_bytes()).hexdigest()
    assert [record.sha256 for record in gate.records] == [expected]
    assert gate.records[0].files[0].sha256 == expected
    store.close()


def test_a_table_that_cannot_be_opened_leaves_no_record(inputs, tmp_path):
    """What was not opened was not measured on."""
    gate = inputs()
    with pytest.raises(NotMeasuredError):
        gate.table(TableRef(path=str(tmp_path / "none.parquet")))
    assert gate.records == ()


def test_hashes_follow_the_bytes_even_within_one_tick_of_the_clock(tmp_path):
    """A file rewritten at once, of the same size and time, is hashed again; a settled one is not read twice."""
    path = tmp_path / "weights"
    path.write_bytes(b"first.")
    first = stamp(path, hashed=True)
    at = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    path.write_bytes(b"second")
    os.utime(path, ns=at)
    assert stamp(path, hashed=True).sha256 == hashlib.sha256(b"second").hexdigest() != first.sha256
    settled = (at[0], at[1] - 10**10)
    os.utime(path, ns=settled)
    before = stamp(path, hashed=True)
    path.write_bytes(b"third.")
    os.utime(path, ns=settled)
    assert stamp(path, hashed=True) == before


def test_fixtures_are_known_by_name(inputs):
    """A fixture that the gate did not request is not looked up elsewhere."""
    with pytest.raises(NotMeasuredError, match="fixture 'frame' was not handed") as caught:
        inputs(frames=1).table(TableRef(fixture="frame"))
    assert "'frames'" in caught.value.remedy


def test_the_seed_is_the_gates_own(inputs):
    """What it was made with is what it gives."""
    assert inputs().seed == 7


def test_a_query_can_be_interrupted_from_another_thread(store):
    """The interrupted gate is not measured; the next query runs."""
    threading.Timer(0.2, store.interrupt).start()
    started = time.monotonic()
    with pytest.raises(NotMeasuredError, match="interrupted"):
        store.database.run(lambda: store.database.connection.execute(ENDLESS).fetchall())
    assert time.monotonic() - started < 60  # it would take minutes
    assert store.database.sql("SELECT 1").fetchall() == [(1,)]


def test_work_that_had_not_begun_when_it_was_told_to_stop_is_told_again(store):
    """An interrupt that comes while a query is still being prepared is not lost."""

    def late():
        time.sleep(0.5)
        return store.database.connection.execute(ENDLESS).fetchall()

    store.database.connection.execute("SELECT 1")
    threading.Timer(0.1, store.interrupt).start()
    started = time.monotonic()
    with pytest.raises(NotMeasuredError, match="interrupted"):
        store.database.run(late)
    assert time.monotonic() - started < 60  # it would take minutes
    assert store.database.sql("SELECT 1").fetchall() == [(1,)]


class OvertimeError(TimeoutError):
    """What a runner raises from an alarm."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX signals")
@pytest.mark.parametrize("error", [OvertimeError, KeyboardInterrupt])
def test_what_a_signal_handler_raises_reaches_the_caller(error, store):
    """DuckDB would turn it into an error of its own; the query is stopped and the connection stays usable."""

    def ring(_signal, _frame):
        raise error("now")

    previous = signal.signal(signal.SIGALRM, ring)
    started = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(error, match="now"):
            store.database.run(lambda: store.database.connection.execute(ENDLESS).fetchall())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert time.monotonic() - started < 60  # it would take minutes
    assert store.database.sql("SELECT 1").fetchall() == [(1,)]


def test_interrupting_or_closing_an_idle_store_does_nothing(store, rows):
    """Both may come at any time, also before anything was opened; a closed store opens things anew."""
    store.interrupt()
    store.close()
    gate = GateInputs(store, seed=1, fixtures={})
    gate.interrupt()
    assert gate.table(TableRef(path=str(rows))).count([Above("a", 1)]) == [1]
    store.interrupt()
    store.close()
    assert gate.table(TableRef(path=str(rows))).count([Above("a", 1)]) == [1]


def test_the_database_downloads_nothing(store):
    """No extension is fetched from the network, whatever a query asks for."""
    for setting in ("autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions"):
        assert store.database.sql(f"SELECT current_setting('{setting}')").fetchall() == [(False,)]


def test_a_lazy_frame_is_frozen_before_it_is_read_twice(opened):
    """Rows of a lazy frame may come in another order each time; a frozen copy keeps one."""
    draws = iter(range(100))
    frame = pl.LazyFrame({"a": [0, 0, 0]}).map_batches(lambda df: df.with_columns(a=pl.lit(next(draws), pl.Int64)))
    frozen = opened(frame).frozen(["a"])
    np.testing.assert_array_equal(frozen.numbers("a"), frozen.numbers("a"))
    stable = opened(pl.DataFrame({"a": [1]}))
    assert stable.frozen() is stable


def test_a_duckdb_relation_is_left_as_it_was(opened):
    """Querying a relation leaves no view or table in the user's database."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("CREATE TABLE mine AS SELECT range AS a FROM range(5)")
    assert opened(connection.table("mine")).count([Above("a", 2)]) == [2]
    assert connection.execute("SELECT table_name FROM information_schema.tables").fetchall() == [("mine",)]
    connection.close()


def test_names_outside_the_root_stay_absolute(tmp_path, inputs):
    """A file elsewhere cannot be named relative to the root."""
    outside = Path(tmp_path).parent / f"{tmp_path.name}-outside.parquet"
    pq.write_table(pa.table({"a": [1]}), outside)
    gate = inputs()
    gate.table(TableRef(path=str(outside)))
    assert gate.records[0].name == gate.records[0].files[0].path == str(outside)
