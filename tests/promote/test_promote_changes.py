"""Files that changed between measuring and promoting are noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace
from promote_making import model_record, result, stamp

from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.promote.changes import changed_since
from pytest_mlgate.reference import TableRef
from pytest_mlgate.verdict import InputRecord


@pytest.fixture
def changes(place):
    """List the changes since the project was measured."""
    file, session = place.measured()
    return lambda: changed_since(file, session.results.values(), root=place.root)


def test_untouched_files_give_no_reason(changes):
    """Nothing is said when everything is as it was."""
    assert changes() == ()


def test_a_changed_gate_file_is_named(place, changes):
    """The gate file that was collected must be the one on disk, byte by byte."""
    place.gatefile.write_bytes(b"version: 1 \n")
    assert changes() == ("the gate file gates/credit.gate.yaml changed since it was collected; run it again",)


def test_a_gate_file_that_is_gone_is_named(place, changes):
    """A gate file that cannot be read any more refuses like a changed one."""
    place.gatefile.unlink()
    (reason,) = changes()
    assert reason.startswith("the gate file gates/credit.gate.yaml cannot be read any more")


def test_changed_data_is_named_once(place, changes):
    """A table that two gates share is one reason, with what changed about it."""
    place.data.write_bytes(b"more rows")
    expected = "data/holdout.parquet changed since it was measured (4 bytes then, 9 now); run the gates again"
    assert changes() == (expected,)


def test_same_size_and_time_do_not_hide_other_bytes(place, changes):
    """Where a hash was taken, the hash decides."""
    before = place.weights.stat()
    place.weights.write_bytes(b"weights two")
    os.utime(place.weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    (reason,) = changes()
    assert "artifacts/candidate.safetensors changed since it was measured (same size, other bytes)" in reason


def test_a_new_time_alone_is_no_change_of_hashed_bytes(place, changes):
    """A file that was copied or touched, and holds the same bytes, is the same file."""
    os.utime(place.weights, ns=(0, 0))
    assert changes() == ()


def test_without_a_hash_size_and_time_decide(place):
    """Data that were not hashed are the same only while nobody has written to them."""
    file, _ = place.measured()
    unhashed = replace(stamp(place.data), sha256=None)
    results = [result("quality", inputs=(model_record(unhashed),))]
    assert changed_since(file, results, root=place.root) == ()
    os.utime(place.data, ns=(0, 0))
    (reason,) = changed_since(file, results, root=place.root)
    assert "it was written to" in reason


def test_files_that_are_gone_or_no_files_are_named(place, changes):
    """A file that was removed, or replaced by a folder, changed."""
    place.data.unlink()
    place.weights.unlink()
    place.weights.mkdir()
    gone, replaced = changes()
    assert gone.startswith("data/holdout.parquet cannot be read any more: No such file")
    assert replaced == "artifacts/candidate.safetensors was measured as a file, and is none any more"


def test_absolute_paths_do_not_depend_on_the_root(place):
    """A stamp with an absolute path is looked up where it says."""
    file, _ = place.measured()
    results = [result("quality", inputs=(model_record(stamp(place.weights)),))]
    assert changed_since(file, results, root=Path("/nowhere")) == ()


def test_rows_in_the_log_of_a_database_are_a_change(place):
    """A writer that was killed leaves rows beside a database whose own bytes are what they were."""
    path = place.root / "a.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
    file, session = place.measured()
    store = InputStore(place.root, hash_data=True)
    inputs = GateInputs(store, seed=1, fixtures={})
    assert inputs.table(TableRef(path=str(path), table="t")).rows == 1
    store.close()
    results = [replace(one, inputs=inputs.records) for one in session.results.values()]
    assert changed_since(file, results, root=place.root) == ()
    killed = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('INSERT INTO t VALUES (2)'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", killed, str(path)], check=False)
    (reason,) = changed_since(file, results, root=place.root)
    assert reason == "a.duckdb changed since it was measured (a.duckdb.wal was added); run the gates again"


def test_a_file_added_to_a_pattern_is_named(place, tmp_path):
    """Rows that came since were not measured; a pattern that stands for the same files is no change."""
    folder = place.root / "parts"
    folder.mkdir()
    for number in range(2):
        (folder / f"{number}.csv").write_text("a\n1\n", encoding="utf-8")
    file, session = place.measured()
    stamps = tuple(stamp(folder / f"{number}.csv", place.root) for number in range(2))
    for pattern in ("parts", "parts/*.csv"):
        record = InputRecord(role="data", name=pattern, files=stamps, pattern=pattern)
        results = [replace(one, inputs=(record,)) for one in session.results.values()]
        assert changed_since(file, results, root=place.root) == ()
    (folder / "2.csv").write_text("a\n1\n", encoding="utf-8")
    (reason,) = changed_since(file, results, root=place.root)
    assert reason == "parts/*.csv changed since it was measured (parts/2.csv was added); run the gates again"
    for number in range(3):
        (folder / f"{number}.csv").unlink()
    assert any("no file matches" in one for one in changed_since(file, results, root=place.root))
