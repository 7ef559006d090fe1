"""What is known of a question before any row is read, and what a crowd of segments does."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from inputs_forms import FORMS, in_form

from pytest_mlgate.aggregate import (
    Above,
    Among,
    Conflicting,
    Duplicated,
    Incomplete,
    Missing,
    NotCompared,
    NotMatching,
    Quantile,
    Statistic,
)
from pytest_mlgate.errors import NotMeasuredError

ROWS = pa.table(
    {
        "id": pa.array([1, 2, None, 4]),
        "price": pa.array([1.5, float("nan"), 2.0, None]),
        "state": ["MA", "NY", None, "NY"],
        "many": [[1], [2], [3], [3]],
    }
)


@pytest.mark.parametrize("form", FORMS)
def test_incomplete_rows_miss_at_least_one_value(form, opened, tmp_path):
    """Null and NaN alike, in any of the columns."""
    table = opened(in_form(ROWS.drop_columns("many"), form, tmp_path))
    rules = [Incomplete(("id",)), Incomplete(("id", "price")), Incomplete(("id", "price", "state"))]
    assert table.count(rules) == [1, 3, 3]
    assert [one.row for one in table.examples(rules[1], 9)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (Missing("nothing"), "no column 'nothing'"),
        (Statistic("state", "mean"), "holds no numbers"),
        (Quantile("many", 0.5), "holds no numbers"),
        (NotCompared("price", "<", "state"), "cannot be compared"),
        (Above("price", "2026-01-01"), "cannot be compared"),
        (NotMatching("state", "("), "is not valid"),
        (Among("id", ("x",)), "cannot be compared"),
        (Duplicated(("id", "idd")), "no column 'idd'"),
        (Conflicting("state", ("idd",)), "no column 'idd'"),
    ],
)
def test_what_cannot_be_asked_is_known_before_rows_are_read(opened, tmp_path, monkeypatch, question, said):
    """Each question gets its own objection; the others get none."""
    pq.write_table(ROWS, tmp_path / "t.parquet")
    table = opened("t.parquet")
    monkeypatch.setattr(table._database, "fetch", pytest.fail)
    fine, objection, too = table.refusals([Missing("id"), question, Statistic("price", "std")])
    assert (fine, too) == (None, None)
    assert said in str(objection)


def test_more_segments_than_allowed_are_refused(opened, tmp_path):
    """As many as allowed are answered."""
    pq.write_table(pa.table({"g": list(range(7))}), tmp_path / "t.parquet")
    table = opened("t.parquet")
    assert len(table.ask([Missing("g")], ["g"], most=7)) == 7
    with pytest.raises(NotMeasuredError, match="more than 6 segments"):
        table.ask([Missing("g")], ["g"], most=6)
