"""Samples: which rows are taken is decided by what is in them, and by nothing else."""

from __future__ import annotations

import hashlib
import math

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlgate.aggregate import Above
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.reference import Sample, TableRef

N = 20_000


@pytest.fixture(scope="module")
def rows():
    """Rows of every simple type, some values missing."""
    rng = np.random.default_rng(5)
    return pl.DataFrame(
        {
            "id": rng.permutation(N),
            "x": [None if i % 7 == 0 else float("nan") if i % 7 == 1 else i / 8 for i in range(N)],
            "s": [None if i % 5 == 0 else f"é{i % 90}" for i in range(N)],
            "n": [None if i % 11 == 0 else i for i in range(N)],
            "b": [i % 3 == 0 for i in range(N)],
            "d": pl.select(pl.date_range(pl.date(2000, 1, 1), pl.date(2054, 10, 3))).to_series().head(N),
            "t": pl.Series(range(N)).cast(pl.Datetime("us")),
        }
    )


@pytest.fixture
def drawn(inputs):
    """Give the sorted ids of a sample of any object."""

    def ids(value, sample, **said):
        table = inputs(rows=value).table(TableRef(fixture="rows", sample=sample, **said))
        return sorted(table.numbers("id").astype(int).tolist())

    return ids


SAMPLES = [Sample(share=0.1), Sample(rows=500), Sample(share=0.1, by="id"), Sample(rows=500, by=("id", "s"))]


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_the_same_rows_are_taken_of_every_form(sample, drawn, inputs, rows, tmp_path):
    """Order of rows and columns, format, library and number of threads make no difference."""
    expected = drawn(rows, sample)
    shuffled = rows.sample(fraction=1, shuffle=True, seed=1).select(sorted(rows.columns, reverse=True))
    assert drawn(shuffled, sample) == expected
    assert drawn(rows.lazy(), sample) == expected
    assert drawn(rows.to_arrow(), sample) == expected
    assert drawn(rows.to_pandas(), sample) == expected
    assert drawn(rows, sample, where="true") == expected
    assert drawn(duckdb.from_arrow(shuffled.to_arrow()), sample) == expected
    for part in range(4):
        pq.write_table(
            shuffled.slice(part * N // 4, N // 4).to_arrow(), tmp_path / f"{part}.parquet", row_group_size=700
        )
    gate = inputs()
    gate._store.database.connection.execute("SET threads = 1")
    table = gate.table(TableRef(path=str(tmp_path / "*.parquet"), sample=sample))
    assert sorted(table.numbers("id").astype(int).tolist()) == expected


def test_rows_are_chosen_as_documented(drawn, rows):
    """The hash is MD5 of the seed and of each value, as anybody can compute it."""

    def digest(row, names, seed):
        texts = []
        for name in sorted(names):
            value = row[name]
            text = str(value).lower() if isinstance(value, bool) else f"{value}{' 00:00:00' * (name == 'd')}"
            texts.append("-" if value is None else text)
        return hashlib.md5("|".join([str(seed), *texts]).encode(), usedforsecurity=False).hexdigest()

    names = ["id", "s", "b", "d"]
    hashes = {row["id"]: digest(row, names, 3) for row in rows.to_dicts()}
    bound = f"{2**128 // 5:032x}"
    expected = sorted(key for key, one in hashes.items() if one < bound)
    assert drawn(rows, Sample(share=0.2, seed=3, by=tuple(names))) == expected
    smallest = sorted(sorted(hashes, key=hashes.__getitem__)[:250])
    assert drawn(rows, Sample(rows=250, seed=3, by=tuple(names))) == smallest


@pytest.mark.parametrize("share", [0.003, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_share_is_close_to_nominal(share, seed, drawn, rows):
    """Within five standard deviations of a binomial count, and other seeds take other rows."""
    taken = drawn(rows, Sample(share=share, seed=seed))
    assert abs(len(taken) - N * share) < 5 * math.sqrt(N * share * (1 - share))
    other = set(drawn(rows, Sample(share=share, seed=seed + 100)))
    common = len(other & set(taken))
    assert abs(common - N * share**2) < 6 * math.sqrt(N * share**2)


def test_a_sample_does_not_shift_what_is_measured(drawn, rows):
    """The mean of a column in a sample is that of the whole, as far as chance allows."""
    taken = np.array(drawn(rows, Sample(rows=4000)))
    assert len(taken) == 4000
    error = N / math.sqrt(12) / math.sqrt(4000)
    assert abs(taken.mean() - (N - 1) / 2) < 4 * error


def test_all_rows_are_taken_where_there_are_no_more(drawn, rows):
    """A whole share, or more rows than there are, is everything."""
    assert drawn(rows, Sample(share=1.0)) == list(range(N))
    assert drawn(rows, Sample(rows=10 * N)) == list(range(N))


def test_equal_rows_are_taken_together(inputs):
    """A share takes all rows of an identifier or none; a number of rows cuts the last one."""
    frame = pl.DataFrame({"user": [i // 10 for i in range(5000)], "id": range(5000)})
    gate = inputs(rows=frame)
    shared = gate.table(TableRef(fixture="rows", sample=Sample(share=0.2, by="user")))
    assert set(shared.levels("user").counts.values()) == {10}
    counted = gate.table(TableRef(fixture="rows", sample=Sample(rows=105, by="user")))
    assert counted.rows == 105
    assert sorted(counted.levels("user").counts.values()) == [5, *[10] * 10]


def test_rows_keep_their_numbers_and_reports_say_it_is_a_sample(inputs, tmp_path):
    """An example names the row of the whole file; the record says how many were taken of how many."""
    pq.write_table(pa.table({"id": range(1000), "x": range(1000)}), tmp_path / "a.parquet")
    gate = inputs()
    ref = TableRef(path=str(tmp_path / "a.parquet"), where="x >= 200", sample=Sample(rows=50, by="id"))
    table = gate.table(ref)
    for example in table.examples(Above("x", 0), 5):
        assert str(example.row) == example.value
    (record,) = gate.records
    assert record.rows == 50
    assert record.note == "a sample of 50 of 800 rows, chosen by hash by id, seed 0"
    assert record.name == "a.parquet where x >= 200"


def test_a_sample_by_a_column_that_is_not_there(drawn, rows):
    """A misspelt column is answered with the nearest."""
    with pytest.raises(NotMeasuredError, match="no column 'idd'") as caught:
        drawn(rows, Sample(rows=5, by="idd"))
    assert "'id'" in caught.value.remedy


def test_nested_and_odd_types_can_be_sampled(inputs):
    """Rows of any type hash; a column that only tells what is missing hashes by that."""
    frame = pa.table({"l": [[1, 2], None, []], "m": [{"a": 1}, None, {"a": None}], "d": [b"\x00", b"\xff", None]})
    table = inputs(rows=frame).table(TableRef(fixture="rows", sample=Sample(rows=2)))
    assert table.rows == 2
    assert list(table.columns) == ["l", "m", "d"]
