"""`mlgate profile`: a file of counts, its parts that add up, and what it refuses."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pytest_mlgate.cli import main
from pytest_mlgate.stats.binning import numeric_bins
from pytest_mlgate.stats.profile_drift import numeric_counts
from pytest_mlgate.stats.profile_file import load_profile

DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def rows(n, seed=0, shift=0.0):
    """Make a table with a column of every type."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=n) + shift
    noise[rng.random(n) < 0.1] = math.nan
    noise[rng.random(n) < 0.02] = math.inf
    return pa.table(
        {
            "amount": noise,
            "count": rng.poisson(3, n),
            "price": pa.array([Decimal(int(value)) / 4 for value in rng.integers(0, 900, n)], pa.decimal128(9, 2)),
            "seen at": pa.array([DAY + dt.timedelta(hours=int(h)) for h in rng.integers(0, 900, n)]),
            "day": pa.array([(DAY + dt.timedelta(days=int(d))).date() for d in rng.integers(0, 90, n)]),
            "ok": pa.array([None if value < 0.1 else value < 0.5 for value in rng.random(n)]),
            "town": pa.array(rng.choice(["Ürik", "NO", "null", "1e3"], n).tolist()),
            "email": pa.array([f"person{i}@example.org" for i in rng.integers(0, 10**9, n)]),
            "code": rng.integers(100, 900, n),
            "nothing": pa.nulls(n),
            "nested": pa.array([[1]] * n),
        }
    )


@pytest.fixture
def mlgate(tmp_path, monkeypatch):
    """Run a command in an empty folder; gives what it printed, and demands an exit code."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments, code=0):
        result = CliRunner().invoke(main, [str(one) for one in arguments])
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result.output

    return invoke


def read(path):
    return load_profile(path.read_bytes(), str(path))


def test_a_profile_counts_every_column(mlgate, tmp_path):
    """Types, missing values, infinities, moments, bins, categories, lengths: against numpy and plain counting."""
    table = rows(3_000)
    pq.write_table(table, tmp_path / "t.parquet")
    assert "written: t.profile.json" in mlgate(
        "profile", "t.parquet", "-o", "t.profile.json", "--categorical", "code", "--sensitive", "email"
    )
    found = read(tmp_path / "t.profile.json")
    (source,) = found.sources
    assert (found.rows, source.name, source.rows, len(source.sha256)) == (3_000, "t.parquet", 3_000, 64)
    types = {name: one.type for name, one in found.columns.items()}
    assert types == {
        "amount": "number",
        "count": "integer",
        "price": "number",
        "seen at": "timestamp",
        "day": "date",
        "ok": "boolean",
        "town": "string",
        "email": "string",
        "code": "integer",
        "nothing": "other",
        "nested": "other",
    }
    amount = table["amount"].to_numpy()
    part = found.columns["amount"]
    finite = amount[np.isfinite(amount)]
    assert part.missing == np.isnan(amount).sum()
    assert part.numbers.plus_infinity == np.isposinf(amount).sum() > 0
    assert part.numbers.moments.mean == pytest.approx(finite.mean())
    assert part.numbers.moments.std == pytest.approx(finite.std(ddof=1))
    assert numeric_counts(part, amount).reference.tolist() == numeric_bins(amount, amount).reference.tolist()
    assert found.columns["count"].numbers.points == tuple(sorted(set(table["count"].to_pylist())))
    hours = found.columns["seen at"].numbers.moments
    assert hours.max == max(table["seen at"].to_pylist()).timestamp()
    towns = table["town"].to_pylist()
    assert found.columns["town"].categories.counts == {town: towns.count(town) for town in sorted(set(towns))}
    assert found.columns["town"].lengths.moments.max == 4
    truth = table["ok"].to_pylist()
    assert found.columns["ok"].missing == truth.count(None)
    assert found.columns["ok"].categories.counts == {"false": truth.count(False), "true": truth.count(True)}
    codes = found.columns["code"].categories
    assert codes.counts["500"] == table["code"].to_pylist().count(500)
    assert sum(codes.counts.values()) == 3_000
    assert found.columns["nothing"].missing == 3_000
    assert found.columns["nested"].numbers is found.columns["nested"].categories is None


def test_nothing_of_a_sensitive_column_is_written(mlgate, tmp_path):
    """Only how many of its values are missing; nor are identifiers listed that nobody called sensitive."""
    pq.write_table(rows(500), tmp_path / "t.parquet")
    text = mlgate("profile", "t.parquet", "--sensitive", "amount", "--exclude", "nested")
    found = json.loads(text)["columns"]
    assert "example.org" not in text
    assert found["amount"] == {"type": "number", "missing": found["amount"]["missing"], "sensitive": True}
    assert "nested" not in found


def test_parts_follow_a_profile_and_merge_to_the_whole(mlgate, tmp_path):
    """Three parts, one of them empty and one with categories never seen, of Parquet and CSV."""
    whole = rows(2_000, seed=1).drop_columns(["nested", "nothing"])
    pq.write_table(rows(2_000).drop_columns(["nested", "nothing"]), tmp_path / "base.parquet")
    mlgate("profile", "base.parquet", "-o", "base.json")
    pq.write_table(whole, tmp_path / "whole.parquet")
    pq.write_table(whole.slice(0, 700), tmp_path / "a.parquet")
    pc.write_csv(whole.slice(700), tmp_path / "b.csv")
    pq.write_table(whole.slice(0, 0), tmp_path / "c.parquet")
    for name in ("whole.parquet", "a.parquet", "b.csv", "c.parquet"):
        mlgate("profile", name, "--like", "base.json", "-o", f"{name[0]}.json")
    mlgate("profile", "--merge", "a.json", "b.json", "c.json", "-o", "all.json")
    mlgate("profile", "--merge", "c.json", "b.json", "a.json", "-o", "again.json")
    merged, expected = read(tmp_path / "all.json"), read(tmp_path / "w.json")
    assert [source.rows for source in merged.sources] == [700, 1_300, 0]
    assert merged.rows == expected.rows
    for name, left in merged.columns.items():
        right = expected.columns[name]
        assert (left.type, left.missing, left.categories) == (right.type, right.missing, right.categories)
        for ours, theirs in ((left.numbers, right.numbers), (left.lengths, right.lengths)):
            assert (ours is None) == (theirs is None)
            if ours is not None:
                assert (ours.edges, ours.points, ours.counts) == (theirs.edges, theirs.points, theirs.counts)
                assert ours.moments.m2 == pytest.approx(theirs.moments.m2)
    again = read(tmp_path / "again.json")
    assert {name: one.categories for name, one in again.columns.items()} == {
        name: one.categories for name, one in merged.columns.items()
    }


def test_a_profile_that_follows_itself_is_itself(mlgate, tmp_path):
    """Reading again at the frozen edges gives the very same bytes."""
    pq.write_table(rows(1_500), tmp_path / "t.parquet")
    mlgate("profile", "t.parquet", "-o", "one.json")
    mlgate("profile", "t.parquet", "--like", "one.json", "-o", "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_categories_never_seen_are_counted_together(mlgate, tmp_path):
    """A part with a new town."""
    pq.write_table(pa.table({"town": ["a", "b"] * 50}), tmp_path / "base.parquet")
    pq.write_table(pa.table({"town": ["a", "x", "y", None]}), tmp_path / "part.parquet")
    mlgate("profile", "base.parquet", "-o", "base.json")
    mlgate("profile", "part.parquet", "--like", "base.json", "-o", "part.json")
    found = read(tmp_path / "part.json").columns["town"]
    assert (found.categories.counts, found.categories.other, found.missing) == ({"a": 1, "b": 0}, 2, 1)


def test_a_part_without_values_follows_whatever_type_it_seems_to_have(mlgate, tmp_path):
    """A CSV column of blanks has no type; a column of whole numbers may follow one of decimals."""
    (tmp_path / "base.csv").write_text("x,y\n" + "1.5,a\n2.5,b\n" * 20, encoding="utf-8")
    (tmp_path / "part.csv").write_text("x,y\n,\n,\n", encoding="utf-8")
    (tmp_path / "whole.csv").write_text("x,y\n1,a\n3,b\n", encoding="utf-8")
    mlgate("profile", "base.csv", "-o", "base.json")
    for name in ("part", "whole"):
        mlgate("profile", f"{name}.csv", "--like", "base.json", "-o", f"{name}.json")
    mlgate("profile", "--merge", "base.json", "part.json", "whole.json", "-o", "all.json")
    merged = read(tmp_path / "all.json").columns
    assert (merged["x"].type, merged["x"].missing, merged["x"].numbers.moments.count) == ("number", 2, 42)
    assert (merged["y"].missing, merged["y"].categories.counts) == (2, {"a": 21, "b": 21})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a\n1\n", "no column 'b'"),
        ("a,b,c\n1,x,2\n", "--exclude c"),
        ("a,b\nx,x\n", "profile of a column of type integer"),
    ],
)
def test_a_table_that_cannot_follow_is_refused(mlgate, tmp_path, content, said):
    """A column is missing, or more, or of another type: nothing is written."""
    (tmp_path / "base.csv").write_text("a,b\n1,x\n2,y\n", encoding="utf-8")
    (tmp_path / "part.csv").write_text(content, encoding="utf-8")
    mlgate("profile", "base.csv", "-o", "base.json")
    assert said in mlgate("profile", "part.csv", "--like", "base.json", "-o", "part.json", code=1)
    assert not (tmp_path / "part.json").exists()


@pytest.mark.parametrize("content", ["", "a,b\n", "a,b\n1\n", None])
def test_what_cannot_be_profiled_leaves_nothing_behind(mlgate, tmp_path, content):
    """No bytes, no rows, a ragged row, no file."""
    if content is not None:
        (tmp_path / "t.csv").write_text(content, encoding="utf-8")
    assert "Error" in mlgate("profile", "t.csv", "-o", "t.json", code=1)
    assert not (tmp_path / "t.json").exists()


def test_an_existing_file_stays_unless_forced(mlgate, tmp_path):
    """And an edited profile is not followed."""
    (tmp_path / "t.csv").write_text("a\n1\n2\n", encoding="utf-8")
    mlgate("profile", "t.csv", "-o", "t.json")
    before = (tmp_path / "t.json").read_text(encoding="utf-8")
    assert "--force" in mlgate("profile", "t.csv", "-o", "t.json", code=1)
    assert (tmp_path / "t.json").read_text(encoding="utf-8") == before
    (tmp_path / "t.json").write_text(before.replace('"rows": 2', '"rows": 3'), encoding="utf-8")
    assert "do not edit it" in mlgate("profile", "t.csv", "--like", "t.json", code=1)
    mlgate("profile", "t.csv", "-o", "t.json", "--force")
    assert (tmp_path / "t.json").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("a.csv", "b.csv"),
        ("--merge", "a.json", "--exclude", "x"),
        ("a.csv", "--like", "a.json", "--sensitive", "x"),
        (),
    ],
)
def test_options_that_contradict_each_other_are_a_usage_error(mlgate, tmp_path, arguments):
    """Before anything is read."""
    (tmp_path / "a.json").write_text("{}", encoding="utf-8")
    mlgate("profile", *arguments, code=2)


def test_profiles_of_different_edges_do_not_merge(mlgate, tmp_path):
    """The error says to use --like."""
    for name, low in (("a", 0), ("b", 5)):
        pq.write_table(pa.table({"x": list(range(low, low + 9)) * 3}), tmp_path / f"{name}.parquet")
        mlgate("profile", f"{name}.parquet", "-o", f"{name}.json")
    assert "--like" in mlgate("profile", "--merge", "a.json", "b.json", "-o", "all.json", code=1)
    assert not (tmp_path / "all.json").exists()
