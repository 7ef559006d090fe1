"""`data.quality`: every check of each segment, against the same check of the rows filtered by hand."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

CHECKS = """
row_count: {min: 100}
row_count_change: {reference: {fixture: before}, max_drop: "10%"}
freshness: {column: at, max_age: 30d, now: 2026-01-31T00:00:00Z}
unique_together: [[a, b]]
duplicates: {max: 3}
stats: {x: {mean: {max: 0.1}, std: {max: 1}, q90: {max: 1.2}, distinct: {min: 2}, null_fraction: {max: 0.1}}}
compare: [a <= b]
foreign_key: [{column: a, references: {fixture: keys}, key: k, mostly: 0.9}]
labels: {column: y, min_share: 0.3, max_share: 0.6, min_classes: 3, conflicting: {keys: [a, b], max: 5}}
sentinels: {max: 1}
"""


def made(n=900):
    rng = np.random.default_rng(11)
    first = dt.datetime.fromisoformat("2025-12-01")
    return pa.table(
        {
            "region": pa.array(rng.choice(["north", "south", "east", None], n, p=[0.5, 0.3, 0.15, 0.05])),
            "tier": pa.array(rng.integers(1, 3, n)),
            "a": pa.array(rng.integers(0, 20, n), mask=rng.random(n) < 0.1),
            "b": pa.array(rng.choice([5, 15, 25, -999], n, p=[0.3, 0.3, 0.39, 0.01])),
            "x": pa.array(rng.normal(0, 1, n), mask=rng.random(n) < 0.08),
            "y": pa.array(rng.choice(["p", "q", "r"], n, p=[0.5, 0.3, 0.2])),
            "at": pa.array([first + dt.timedelta(hours=int(h)) for h in rng.integers(0, 1000, n)]),
        }
    )


def only(table, **values):
    """Filter by hand."""
    for name, value in values.items():
        column = table.column(name)
        table = table.filter(pc.is_null(column) if value is None else pc.equal(column, value).fill_null(False))
    return table


@pytest.mark.parametrize(
    ("by", "segments"),
    [
        (["region"], [{"region": one} for one in ("east", "north", "south", None)]),
        (["tier", "region"], [{"tier": t, "region": r} for t in (1, 2) for r in ("east", "north", "south", None)]),
    ],
)
def test_each_segment_is_measured_as_if_it_were_the_table(quality, by, segments):
    """Value, rows judged, limit and verdict are those of the rows filtered by hand; missing values are a segment."""
    table, before = made(), made().slice(0, 850)
    keys = pa.table({"k": list(range(18))})
    result, checks = quality(table, f"{CHECKS}segment_by: [{', '.join(by)}]", before=before, keys=keys)
    assert result.verdict == "FAIL"
    assert checks["*", "segments"].value == len(segments)
    compared = 0
    for values in segments:
        name = ",".join(f"{column}={'null' if value is None else value}" for column, value in values.items())
        _, alone = quality(only(table, **values), CHECKS, before=only(before, **values), keys=keys)
        for (what, metric), one in alone.items():
            found = checks[name if what == "*" else f"{what}[{name}]", metric]
            assert (found.n, found.verdict, found.limit) == (one.n, one.verdict, one.limit), (what, metric, name)
            assert found.value == pytest.approx(one.value, rel=1e-12), (what, metric, name)
            assert found.baseline == one.baseline
            compared += 1
    assert len(checks) == compared + 1
    assert compared == 24 * len(segments)


def test_examples_come_from_the_segment_with_the_rows_of_the_table(quality):
    """Row numbers are those of the file, and the query looks at the segment alone."""
    table = pa.table({"g": ["u", "v", "u", "v"], "a": [9, 9, 1, 9], "b": [5, 5, 5, 5]})
    _, checks = quality(table, "segment_by: [g]\ncompare: [a <= b]")
    assert [one["row"] for one in checks["a <= b[g=v]", "violations"].detail["examples"]] == [1, 3]
    assert """"g" = 'v'""" in checks["a <= b[g=v]", "violations"].detail["query"]
    assert checks["a <= b[g=u]", "violations"].detail["segment"] == {"g": "u"}


def test_a_segment_that_the_reference_lost_or_never_had_is_said(quality):
    """All rows of `west` are gone, which is a drop of 100 %; of `new` there is nothing to compare with."""
    table = pa.table({"g": ["east"] * 9 + ["new"]})
    before = pa.table({"g": ["east"] * 10 + ["west"] * 3})
    parameters = 'segment_by: [g]\nrow_count_change: {reference: {fixture: before}, max_drop: "20%"}'
    result, checks = quality(table, parameters, before=before)
    verdicts = {name: one.verdict for (name, metric), one in checks.items() if metric == "row_count_change"}
    assert verdicts == {"g=east": "PASS", "g=west": "FAIL", "g=new": "NOT_MEASURED"}
    assert (checks["g=west", "row_count_change"].value, checks["g=west", "row_count_change"].baseline) == (0, 3)
    assert result.outcome == "failed"


def test_segments_that_must_exist_are_named_when_they_do_not(quality):
    """Whatever the type of the column."""
    table = pa.table({"g": ["north", "south"], "k": [1, 2]})
    parameters = "segment_by: [g, k]\nsegments: {g: [north, west, east], k: [1, 2]}\nrow_count: {min: 1}"
    result, checks = quality(table, parameters)
    found = checks["g", "missing_segments"]
    assert (found.value, found.n, result.verdict) == (2, 3, "FAIL")
    assert found.detail["look_at"] == ["no row has g west, east"]
    assert checks["k", "missing_segments"].verdict == "PASS"


def test_small_segments_are_said(quality):
    """A segment of one row has no spread, and one whose values are all missing has no mean."""
    table = pa.table({"g": ["a", "a", "b", "c"], "x": [1.0, 2.0, 3.0, None]})
    result, checks = quality(table, "segment_by: [g]\nstats: {x: {std: {max: 9}, mean: {max: 9}}}")
    assert checks["x[g=a]", "std"].verdict == "PASS"
    assert checks["x[g=b]", "std"].reason == "a single value has none"
    assert checks["x[g=b]", "mean"].verdict == "PASS"
    assert checks["x[g=c]", "mean"].reason == "every value is missing"
    assert result.outcome == "errored"


def test_a_class_that_a_segment_has_lost_is_its_rarest(quality):
    """A class of the table is a class of each of its parts."""
    table = pa.table({"g": ["u"] * 10 + ["v"] * 10, "y": ["p", "q"] * 5 + ["p"] * 10})
    _, checks = quality(table, "segment_by: [g]\nlabels: {column: y, min_share: 0.2}")
    assert (checks["y[g=v]", "rarest_share"].value, checks["y[g=v]", "rarest_share"].verdict) == (0.0, "FAIL")
    assert checks["y[g=v]", "rarest_share"].detail["look_at"] == [
        "y[g=v]: the rarest class is q, in 0 of 10 rows",
    ]
    assert checks["y[g=u]", "rarest_share"].verdict == "PASS"


def test_too_many_segments_are_refused(quality):
    """An identifier makes no segments."""
    table = pa.table({"g": list(range(1001))})
    result, _ = quality(table, "segment_by: [g]\nrow_count: {min: 1}")
    assert result.verdict == "NOT_MEASURED"
    assert "more than 1,000 segments" in result.reason
    assert quality(table, "segment_by: [g]\nrow_count: {min: 1}\nmax_segments: 1001")[0].verdict == "PASS"


def test_a_text_null_is_another_segment_than_missing_ones(quality):
    """Rows whose region is the text "null" are not those that have none: the loss of the one does not hide."""
    before = pa.table({"r": ["null"] * 1000 + [None] * 5})
    now = pa.table({"r": ["null"] + [None] * 5})
    parameters = (
        'row_count_change: {reference: {fixture: before}, max_drop: "50%"}\nsegment_by: [r]\nsegments: {r: ["null"]}'
    )
    _, checks = quality(now, parameters, before=before)
    lost, kept = checks['r="null"', "row_count_change"], checks["r=null", "row_count_change"]
    assert (lost.value, lost.baseline, lost.verdict) == (1, 1000, "FAIL")
    assert (kept.value, kept.baseline, kept.verdict) == (5, 5, "PASS")
    _, checks = quality(now.filter(pc.is_null(now["r"])), parameters, before=before)
    assert checks["r", "missing_segments"].verdict == "FAIL"


def test_texts_that_hold_separators_make_no_segments_one(quality):
    """Two segments whose names would read alike are judged apart: each has one class only."""
    table = pa.table({"p": ["x", "x,q=y"] * 50, "q": ["y,q=z", "z"] * 50, "y": [0, 1] * 50})
    result, checks = quality(table, "labels: {column: y}\nsegment_by: [p, q]")
    assert result.verdict == "FAIL"
    found = {name: check.value for (name, metric), check in checks.items() if metric == "classes"}
    assert found == {'y[p=x,q="y,q=z"]': 1, 'y[p="x,q=y",q=z]': 1}
