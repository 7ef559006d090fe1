"""`data.quality`: counts, freshness, keys, comparisons, sentinels, against tables small enough to count by hand."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pytest_mlgate.inputs.database import Database

NAN = float("nan")
ORDERS = pa.table(
    {
        "id": [1, 2, 3, 4, 4, 6],
        "customer": ["a", "a", "b", None, None, "b"],
        "month": [1, 1, 1, 2, 2, None],
        "start": pa.array([1.0, 2.0, NAN, 4.0, 4.0, 9.0]),
        "the end": [2, 1, 3, 4, 4, None],
        "state": ["MA", "NY", "XX", "N/A", "N/A", ""],
        "amount": [10, -999, 30, 40, 40, -999],
    }
)


def times(*moments, zone=None):
    return pa.table(
        {"at": pa.array([one and dt.datetime.fromisoformat(one) for one in moments], pa.timestamp("us", zone))}
    )


@pytest.mark.parametrize(
    ("parameters", "check", "value", "n"),
    [
        ("row_count: {min: 7}", ("*", "row_count"), 6, None),
        ("row_count: {max: 5}", ("*", "row_count"), 6, None),
        ("unique_together: [[customer, month]]", ("customer+month", "duplicates"), 1, 3),
        ("unique_together: [[id]]", ("id", "duplicates"), 1, 6),
        ("duplicates: {max: 0}", ("*", "duplicate_rows"), 1, 6),
        ("duplicates: {columns: [customer, month]}", ("*", "duplicate_rows"), 2, 6),
        ("duplicates: {exclude: [id, month, start, the end, amount]}", ("*", "duplicate_rows"), 1, 6),
        ("compare: ['start <= \"the end\"']", ("start <= the end", "violations"), 1, 4),
        ("compare: ['start < `the end`']", ("start < the end", "violations"), 3, 4),
        ("compare: ['start = \"the end\"']", ("start == the end", "violations"), 2, 4),
        ("compare: ['start <> \"the end\"']", ("start != the end", "violations"), 2, 4),
        ("sentinels: {columns: [amount]}", ("amount", "sentinels"), 2, 6),
        ("sentinels: {columns: [state]}", ("state", "sentinels"), 3, 6),
        ("sentinels: {columns: [state], values: [XX]}", ("state", "sentinels"), 1, 6),
        ("sentinels: {columns: [state], values: [XX, 5, -999], max: 0}", ("state", "sentinels"), 1, 6),
        ("sentinels: {columns: [amount], values: [30, 40, x]}", ("amount", "sentinels"), 3, 6),
    ],
)
def test_each_check_counts_the_rows_that_break_it(quality, parameters, check, value, n):
    """The value is what a person counts, `n` the rows that could be judged; NaN and null are missing."""
    result, checks = quality(ORDERS, parameters)
    found = checks[check]
    assert (found.value, found.n, found.verdict) == (value, n, "FAIL")
    assert result.outcome == "failed"
    if check[1] != "row_count":
        assert found.detail["share"] == value / n
        assert 0 < len(found.detail["examples"]) <= 5
        assert found.detail["query"].startswith("SELECT")


def test_a_sound_table_passes(quality):
    """Everything at once, all satisfied."""
    table = pa.table(
        {
            "id": [1, 2, 3, 4],
            "low": [1, 2, 3, 4],
            "high": [1.5, 2.0, 3.0, NAN],
            "seen": pa.array([dt.datetime.fromisoformat("2026-01-30T12:00")] * 4),
            "label": ["x", "y", "x", "y"],
            "state": ["MA", "NY", "MA", None],
        }
    )
    parameters = """
row_count: {min: 4, max: 4}
row_count_change: {reference: {fixture: before}, max_drop: "20%", max_ratio: 1.5}
freshness: {column: seen, max_age: 1d, now: 2026-01-31T00:00:00Z}
unique_together: [[id], [label, low]]
duplicates: {max: 0}
stats: {low: {mean: {min: 2, max: 3}, distinct: {min: 4}}, state: {null_fraction: {max: 0.25}, distinct: {max: 2}}}
compare: [low <= high]
foreign_key: [{column: state, references: {fixture: states}, key: code}]
labels: {column: label, min_share: 0.5, max_share: 0.5, classes: [x, y], conflicting: {keys: [id]}}
sentinels: {max: 0}
"""
    states = pa.table({"code": ["MA", "NY", "RI"]})
    result, checks = quality(table, parameters, before=table.slice(1), states=states)
    assert result.verdict == "PASS", [(key, one.value, one.reason) for key, one in checks.items()]
    assert {key for key, one in checks.items() if one.detail.get("own_pass")} == {
        ("id", "duplicates"),
        ("label+low", "duplicates"),
        ("*", "duplicate_rows"),
        ("state", "foreign_key"),
        ("label", "conflicting_labels"),
        ("label", "unexpected_classes"),
        ("label", "missing_classes"),
        ("label", "rarest_share"),
        ("label", "commonest_share"),
    }


def test_all_aggregates_are_one_query(quality, monkeypatch):
    """However much is asked of single rows, the rows are read once; what compares rows takes one query more each."""
    parameters = """
row_count: {min: 1}
freshness: {column: at, max_age: 2d, now: 2026-01-02T00:00:00Z}
stats: {x: {mean: {min: 0}, std: {min: 0}, q50: {min: 0}, q99: {min: 0}, distinct: {min: 1}, null_fraction: {max: 1}}}
compare: [x <= y, y >= x]
sentinels: {max: 0}
"""
    apart = "unique_together: [[x], [y]]\nduplicates: {max: 9}\nlabels: {column: x, conflicting: {keys: [y]}}\n"
    table = pa.table({"x": [1.0, 2.0], "y": [3, 4], "at": pa.array([dt.datetime.fromisoformat("2026-01-01")] * 2)})
    queries = []
    fetch = Database.fetch
    monkeypatch.setattr(Database, "fetch", lambda self, *rest: queries.append(rest) or fetch(self, *rest))
    assert quality(table, parameters)[0].verdict == "PASS"
    assert len(queries) == 1
    queries.clear()
    assert quality(table, parameters + apart)[0].verdict == "PASS"
    assert len(queries) == 7  # two for the classes: are there too many of them, and how many rows has each


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [
        ('max_drop: "20%"', "FAIL"),
        ('max_drop: "40%"', "PASS"),
        ("max_drop: 4", "PASS"),
        ("max_drop: 3", "FAIL"),
        ("max_rise: 0", "PASS"),
        ("min_ratio: 0.6", "PASS"),
        ("min_ratio: 0.61", "FAIL"),
        ("max_ratio: 0.5", "FAIL"),
    ],
)
def test_a_row_count_is_held_against_a_reference(quality, limits, verdict):
    """Six rows where there were ten."""
    before = pa.table({"x": range(10)})
    parameters = f"row_count_change: {{reference: {{fixture: before}}, {limits}}}"
    result, checks = quality(ORDERS, parameters, before=before)
    found = checks["*", "row_count_change"]
    assert (found.value, found.baseline, found.n_reference, result.verdict) == (6, 10, 10, verdict)


def test_an_empty_reference_says_nothing(quality):
    """Any number of rows is a rise from none."""
    parameters = 'row_count_change: {reference: {fixture: before}, max_drop: "20%"}'
    result, _ = quality(ORDERS, parameters, before=pa.table({"x": pa.array([], pa.int64())}))
    assert result.verdict == "NOT_MEASURED"


@pytest.mark.parametrize(
    ("parameters", "verdict"),
    [
        ("row_count: {min: 1}", "FAIL"),
        ("row_count: {min: 0}", "NOT_MEASURED"),
        ("row_count: {max: 10}", "NOT_MEASURED"),
        ('row_count_change: {reference: {fixture: other}, max_drop: "50%"}', "FAIL"),
        ('row_count_change: {reference: {fixture: other}, max_drop: "100%"}', "NOT_MEASURED"),
        ("unique_together: [[id]]", "NOT_MEASURED"),
        ("duplicates: {max: 0}", "NOT_MEASURED"),
        ("stats: {amount: {mean: {max: 5}, distinct: {max: 5}, null_fraction: {max: 1}}}", "NOT_MEASURED"),
        ("compare: [id <= amount]", "NOT_MEASURED"),
        ("sentinels: {max: 0}", "NOT_MEASURED"),
        ("labels: {column: state, conflicting: {keys: [id]}}", "NOT_MEASURED"),
        ("foreign_key: [{column: id, references: {fixture: other}}]", "NOT_MEASURED"),
        ("segment_by: [state]\nduplicates: {max: 0}", "NOT_MEASURED"),
        ("segment_by: [state]\nrow_count: {min: 1}", "FAIL"),
        ("segment_by: [state]\nsegments: {state: [MA]}\nrow_count: {max: 9}", "FAIL"),
    ],
)
def test_an_empty_table_never_passes(quality, parameters, verdict):
    """Nothing can be told of no rows, except that they are too few."""
    result, _ = quality(ORDERS.slice(0, 0), parameters, other=ORDERS)
    assert result.verdict == verdict
    assert result.outcome in {"failed", "errored"}


@pytest.mark.parametrize(
    ("newest", "zone", "now", "age"),
    [
        ("2026-01-28T12:00:00", None, "2026-01-31T00:00:00Z", 2.5),
        ("2026-01-28T12:00:00", None, "2026-01-31", 2.5),
        ("2026-01-28T12:00:00", "America/New_York", "2026-01-31T01:00:00+01:00", 2.5),
        ("2026-03-29T00:30:00", "Europe/Berlin", "2026-03-29T02:30:00+02:00", 0.0),
    ],
)
def test_an_age_is_the_same_in_every_zone(quality, newest, zone, now, age):
    """Instants are compared, not clock faces; what has no zone is UTC, as Arrow stores those that have one."""
    table = times("2026-01-01T00:00:00", None, newest, zone=zone)
    _, checks = quality(table, f"freshness: {{column: at, max_age: 2d, now: {now}}}")
    found = checks["at", "age_days"]
    assert (found.value, found.n, found.limit.max) == (age, 2, 2.0)
    assert found.verdict == ("FAIL" if age > 2 else "PASS")


def test_an_age_spans_the_hour_that_a_clock_change_takes(quality):
    """From noon to noon over the night in which Berlin's clocks go forward are 23 hours."""
    berlin = ZoneInfo("Europe/Berlin")
    newest = dt.datetime(2026, 3, 28, 12, tzinfo=berlin)
    now = dt.datetime(2026, 3, 29, 12, tzinfo=berlin)
    for table in (pd.DataFrame({"at": [newest]}), pl.DataFrame({"at": [newest]})):
        _, checks = quality(table, f"freshness: {{column: at, max_age: 23h, now: {now.isoformat()}}}")
        assert (checks["at", "age_hours"].value, checks["at", "age_hours"].verdict) == (23.0, "PASS")


def test_a_date_is_its_first_instant(quality):
    """The date of yesterday is 36 hours old at noon."""
    table = pa.table({"day": [dt.date(2026, 1, 30)]})
    _, checks = quality(table, "freshness: {column: day, max_age: 36h, now: 2026-01-31T12:00:00Z}")
    assert (checks["day", "age_hours"].value, checks["day", "age_hours"].verdict) == (36.0, "PASS")


def test_the_clock_is_utc_unless_now_is_given(quality):
    """A row of a minute ago is fresh; one of three days ago is not."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    for age, verdict in ((dt.timedelta(minutes=1), "PASS"), (dt.timedelta(days=3), "FAIL")):
        table = pa.table({"at": pa.array([now - age])})
        result, checks = quality(table, "freshness: {column: at, max_age: 2d}")
        assert result.verdict == verdict
        assert checks["at", "age_days"].value == pytest.approx(age / dt.timedelta(days=1), abs=0.01)


def test_a_value_from_the_future_is_not_fresh(quality):
    """It is a breach by itself, and no age is told; `max_ahead` allows for clocks that differ."""
    table = times("2026-01-30T00:00:00", "2026-01-31T00:04:00")
    wanted = "freshness: {{column: at, max_age: 2d, now: 2026-01-31T00:00:00Z{}}}"
    result, checks = quality(table, wanted.format(""))
    assert result.outcome == "failed"
    assert (checks["at", "in_future"].value, checks["at", "in_future"].n) == (1, 2)
    assert "row 1: 2026-01-31T00:04:00Z" in checks["at", "in_future"].detail["look_at"][0]
    assert checks["at", "age_days"].verdict == "NOT_MEASURED"
    result, checks = quality(table, wanted.format(", max_ahead: 5m"))
    assert (result.verdict, checks["at", "age_days"].value) == ("PASS", 0.0)


def test_units_of_an_age_are_those_of_its_limit(quality):
    """The report speaks as the gate file does."""
    table = times("2026-01-30T23:00:00")
    for limit, metric, value in (("90m", "age_minutes", 60), ("2h", "age_hours", 1), ("7200", "age_seconds", 3600)):
        _, checks = quality(table, f"freshness: {{column: at, max_age: {limit}, now: 2026-01-31T00:00:00Z}}")
        assert (checks["at", metric].value, checks["at", metric].verdict) == (value, "PASS")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("freshness: {column: state, max_age: 2d}", "of type string, and only times have an age"),
        ("freshness: {column: amount, max_age: 2d}", "of type integer"),
        ("freshness: {column: att, max_age: 2d}", "no column 'att'"),
        ("unique_together: [[id, nothing]]", "no column 'nothing'"),
        ("duplicates: {exclude: [stat]}", "did you mean 'state'"),
        ("duplicates: {columns: [id], exclude: [id]}", "no column left"),
        ("compare: [id < nothing]", "no column 'nothing'"),
        ("compare: [id < state]", "cannot be compared"),
        ("sentinels: {columns: [amount], values: [x]}", "can hold none of the values"),
        ("sentinels: {values: ['2026-01-01'], columns: [id]}", "can hold none"),
        ("sentinels: {exclude: [ammount]}", "did you mean 'amount'"),
        ("sentinels: {columns: [nothing]}", "no column 'nothing'"),
        ("labels: {column: nothing}", "no column 'nothing'"),
        ("labels: {column: state, conflicting: {keys: [nothing]}}", "no column 'nothing'"),
        ("foreign_key: [{column: state, references: {fixture: other}, key: nothing}]", "no column 'nothing'"),
        ("foreign_key: [{column: state, references: {fixture: other}, key: amount}]", "cannot be matched"),
        ("row_count_change: {reference: {path: none.parquet}, max_drop: 1}", "none.parquet"),
    ],
)
def test_what_cannot_be_measured_says_why_and_hides_nothing(quality, parameters, said):
    """A misspelt column in one check leaves the others measured."""
    result, checks = quality(ORDERS, f"{parameters}\nrow_count: {{min: 100}}", other=ORDERS)
    assert checks["*", "row_count"].verdict == "FAIL"
    reasons = [one.reason for one in checks.values() if one.verdict == "NOT_MEASURED"]
    assert any(said in reason for reason in reasons), reasons
    assert result.outcome == "failed"
    assert quality(ORDERS, parameters, other=ORDERS)[0].outcome == "errored"


@pytest.mark.parametrize("parameter", ["key", "sensitive", "segment_by"])
def test_a_misspelt_name_is_never_passed_over(quality, parameter):
    """A misspelt `sensitive` would show what must not be shown."""
    result, _ = quality(ORDERS, f"{parameter}: [custommer]\nduplicates: {{max: 0}}")
    assert (result.verdict, result.remedy) == ("NOT_MEASURED", "did you mean 'customer'?")


def test_rows_without_the_values_are_not_judged(quality):
    """Where no row has both, nothing was checked."""
    table = pa.table({"a": [1, None], "b": [None, 1], "c": pa.array([None, None], pa.string())})
    for parameters in (
        "compare: [a < b]",
        "unique_together: [[a, b]]",
        "labels: {column: a, conflicting: {keys: [b]}}",
        "foreign_key: [{columns: [a, b], references: {fixture: other}}]",
        "labels: {column: c}",
        "stats: {c: {distinct: {max: 3}}}",
    ):
        result, checks = quality(table, parameters, other=table)
        assert result.verdict != "PASS"
        assert [one for one in checks.values() if one.verdict == "NOT_MEASURED"], parameters


@pytest.mark.parametrize(("mostly", "verdict"), [(0.75, "PASS"), (0.76, "FAIL"), (1, "FAIL")])
def test_mostly_softens_comparisons_and_foreign_keys(quality, mostly, verdict):
    """One of four comparable rows, and one of four keys, may be wrong at 0.75."""
    compared = "compare: ['start <= \"the end\"']"
    assert quality(ORDERS, f"{compared}\nmostly: {mostly}")[0].verdict == verdict
    own = f"compare: [{{rule: 'start <= \"the end\"', mostly: {mostly}}}]"
    assert quality(ORDERS, own)[0].verdict == verdict
    keys = pa.table({"k": [1, 2, 3, 9, None]})
    key = "foreign_key: [{column: k, references: {fixture: other}, key: month2}]"
    other = pa.table({"month2": [1, 2, 3]})
    assert quality(keys, f"{key}\nmostly: {mostly}", other=other)[0].verdict == verdict


def test_foreign_keys_are_found_by_what_they_mean(quality):
    """Several columns make one key; 4 is 4.0; a missing part is not judged; the value is shown unless sensitive."""
    other = pa.table({"who": ["a", "b", "c"], "when": [1.0, 1.0, 2.0]})
    parameters = "foreign_key: [{columns: [customer, month], references: {fixture: other}, keys: [who, when]}]\n"
    table = ORDERS.slice(0, 4).append_column("note", pa.array(["x"] * 4))
    assert quality(table, parameters, other=other)[0].verdict == "PASS"
    broken = pa.table({"id": [7, 8], "customer": ["a", "c"], "month": [2, 2]})
    result, checks = quality(broken, f"{parameters}key: [id]", other=other)
    found = checks["customer+month", "foreign_key"]
    assert (found.value, found.n, found.n_reference, result.verdict) == (1, 2, 3, "FAIL")
    assert "row 0 (id 7): customer=a, month=2" in found.detail["look_at"][0]
    _, checks = quality(broken, f"{parameters}key: [id]\nsensitive: [customer]", other=other)
    shown = checks["customer+month", "foreign_key"].detail["look_at"][0]
    assert "row 0 (id 7): customer=(sensitive), month=2" in shown


def test_examples_carry_the_key_and_never_what_is_sensitive(quality):
    """Five rows at most, with what identifies them."""
    table = pa.table({"id": range(20), "mail": [f"m{i}@x" for i in range(20)], "a": [5] * 20, "b": [1] * 20})
    parameters = "compare: [a <= b]\nsentinels: {columns: [mail], values: [m3@x]}\nkey: [id, mail]\nsensitive: [mail]"
    _, checks = quality(table, parameters)
    found = checks["a <= b", "violations"]
    assert [one["row"] for one in found.detail["examples"]] == [0, 1, 2, 3, 4]
    assert found.detail["examples"][1] == {"row": 1, "key": {"id": "1", "mail": "(sensitive)"}, "value": "a=5, b=1"}
    assert checks["mail", "sentinels"].detail["examples"] == [
        {"row": 3, "key": {"id": "3", "mail": "(sensitive)"}, "value": "(sensitive)"}
    ]
    assert not any("m1@x" in str(one.detail) for one in checks.values())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([-999.0, 1.0, NAN, -9999.0]), 2),
        (pa.array([99, 1, None, 2], pa.int8()), 0),
        (pa.array(["NA", "n/a", "Namibia", None]), 2),
        (pa.array([dt.date(1900, 1, 1), dt.date(1900, 1, 2), None, dt.date(9999, 12, 31)]), 2),
        (pa.array([dt.datetime(1970, 1, 1), dt.datetime(1970, 1, 1, 1), None, dt.datetime(2020, 1, 1)]), 1),  # noqa: DTZ001 - naive
        (pa.array([dt.datetime(1970, 1, 1), None, None, None], pa.timestamp("ns")), 1),  # noqa: DTZ001 - naive
        (pa.array([dt.datetime(1900, 1, 1), None, None, None], pa.timestamp("ns", "UTC")), 1),  # noqa: DTZ001 - naive
        (pa.array([True, False, None, None]), None),
        (pa.array([None, None, None, None], pa.string()), 0),
    ],
    ids=str,
)
def test_common_sentinels_are_known_for_each_type(quality, values, expected):
    """Text, numbers and times have their own; a column of another type is passed over unless it is named."""
    table = pa.table({"x": values, "y": range(4)})
    _, checks = quality(table, "sentinels: {max: 0}")
    found = checks.get(("x", "sentinels"))
    assert (found and found.value) == expected
    assert checks["y", "sentinels"].value == 0


def test_only_so_many_failing_checks_look_for_examples(quality):
    """Each costs a query, and nobody reads thousands; the others still count and say how to find the rows."""
    table = pa.table({f"c{i}": [-999] for i in range(60)})
    _, checks = quality(table, "sentinels: {max: 0}")
    found = [one for one in checks.values() if one.metric == "sentinels"]
    assert [one.value for one in found] == [1] * 60
    assert sum(bool(one.detail["examples"]) for one in found) == 50
    assert all(one.detail["query"] for one in found)
