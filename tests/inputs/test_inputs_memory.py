"""Tables larger than memory: what can spill does, and what cannot is said to be too much."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlgate.aggregate import Duplicated, Missing, Quantile
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.reference import TableRef

ROWS = 4_000_000


@pytest.fixture
def large(tmp_path, store, inputs):
    """Four million rows with three repeated identifiers, and a database with little memory."""
    ids = np.arange(ROWS)
    ids[[7, 70, 700]] = 3
    path = tmp_path / "large.parquet"
    pq.write_table(pa.table({"id": ids, "x": np.sqrt(ids.astype(float))}), path, row_group_size=100_000)
    store.database.connection.execute("SET memory_limit = '60MB'")
    return inputs().table(TableRef(path=str(path)))


def test_the_database_takes_a_few_gibibytes_at_most(store):
    """Two workers on one machine do not fight for four fifths of it each."""
    ((limit,),) = store.database.sql("SELECT current_setting('memory_limit')").fetchall()
    amount, unit = limit.split()
    assert unit in {"GiB", "MiB"}
    assert unit == "MiB" or float(amount) <= 4


def test_counting_duplicates_spills_to_disk(large, monkeypatch):
    """Grouping needs more than the limit, and is exact all the same."""
    monkeypatch.setattr("pytest_mlgate.inputs.repeats.MOST_ROWS", 1000)
    assert large.count([Duplicated(("id",)), Missing("id")]) == [3, 0]


def test_what_does_not_fit_is_not_measured(large):
    """An exact quantile holds every value; without the memory for it the gate says so and what to do."""
    with pytest.raises(NotMeasuredError, match="needs more memory than there is") as caught:
        large.ask([Quantile("x", q / 50) for q in range(1, 50)])
    assert "sample" in caught.value.remedy


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.int64, np.uint64])
@pytest.mark.parametrize("most", [0, 2**25])
def test_whole_numbers_are_counted_alike_sorted_or_grouped(dtype, most, opened, monkeypatch):
    """Extremes and missing values included: the count is that of a set."""
    monkeypatch.setattr("pytest_mlgate.inputs.repeats.MOST_ROWS", most)
    info = np.iinfo(dtype)
    values = [info.min, info.max, 0, 0, 1, info.max, None, None, info.min, info.max]
    table = opened(pa.table({"x": pa.array(values, pa.from_numpy_dtype(dtype))}))
    present = [one for one in values if one is not None]
    assert table.count([Duplicated(("x",))]) == [len(present) - len(set(present))]
