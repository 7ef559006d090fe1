"""What a bound written in YAML means against a column, and which bounds are refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from pytest_mlgate.aggregate import Above, Below, Duplicated, Missing, NotAmong, NotMatching
from pytest_mlgate.errors import NotMeasuredError

MIXED = pl.DataFrame(
    {
        "i": [1, 2, None],
        "f": [1.0, 2.5, None],
        "s": ["a", "b", None],
        "b": [True, False, None],
        "d": [dt.date(2024, 1, 1), dt.date(2024, 1, 2), None],
        "t": [dt.datetime.fromisoformat(day) for day in ("2024-01-01T12:00", "2024-01-02")] + [None],
        "l": [[1], [2], None],
    }
)
INCOMPARABLE = [
    ("i", "2", "integer"),
    ("i", True, "integer"),
    ("f", "2.5", "number"),
    ("f", float("nan"), "number"),
    ("s", 1, "string"),
    ("b", 1, "boolean"),
    ("b", True, "boolean"),
    ("d", 20240101, "date"),
    ("d", "first of May", "date"),
    ("t", "12 o'clock", "timestamp"),
    ("l", 1, "other"),
]


@pytest.mark.parametrize(("column", "bound", "type_"), INCOMPARABLE)
@pytest.mark.parametrize("rule", [Below, Above])
def test_a_bound_of_another_type_is_refused(rule, column, bound, type_, opened):
    """The refusal names the column, its type and the bound; it never counts zero rows."""
    with pytest.raises(NotMeasuredError) as caught:
        opened(MIXED).count([rule(column, bound)])
    for part in (repr(column), type_, repr(bound)):
        assert part in caught.value.reason
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("column", "allowed"), [("i", (1, "2")), ("s", ("a", 1)), ("b", (1,)), ("d", ("x",)), ("l", (1,)), ("f", (True,))]
)
def test_one_allowed_value_of_another_type_is_refused(column, allowed, opened):
    """A list of allowed values must be comparable as a whole."""
    with pytest.raises(NotMeasuredError, match="cannot be compared"):
        opened(MIXED).count([NotAmong(column, allowed)])


def test_a_pattern_for_something_else_than_text_is_refused(opened):
    """Numbers are not turned into text to be matched."""
    with pytest.raises(NotMeasuredError, match=r"'i', of type integer \(bigint\), holds no text"):
        opened(MIXED).count([NotMatching("i", "1")])


@pytest.mark.parametrize("pattern", ["(", "(?=x)", r"(a)\1", "[z-a]"])
def test_a_pattern_that_is_not_re2_is_refused(pattern, opened):
    """Look-around and back-references are no RE2; the reason holds the engine's own words."""
    for ask in (
        lambda: opened(MIXED).count([NotMatching("s", pattern)]),
        lambda: opened(MIXED).examples(NotMatching("s", pattern), 1),
    ):
        with pytest.raises(NotMeasuredError, match="not valid") as caught:
            ask()
        assert "RE2" in caught.value.remedy


def test_patterns_use_ascii_classes(opened):
    """In RE2, which has its say on every engine, é is no word character and ٣ no digit."""
    table = opened(pl.DataFrame({"s": ["é", "٣", "e", "3"]}))
    assert table.count([NotMatching("s", r"\w"), NotMatching("s", r"\d")]) == [2, 3]


def test_whole_numbers_compare_exactly(opened):
    """Neighbours beyond 2**53, unsigned and 128-bit numbers are not blurred into doubles."""
    big = 2**63
    table = opened(
        pa.table({"u": pa.array([big - 1, big, big + 1], pa.uint64()), "i": pa.array([-(2**62), 2**62, None])})
    )
    assert table.count([Below("u", big), Above("u", big), Above("u", -1), Below("u", 10**60)]) == [1, 1, 3, 3]
    assert table.count([Above("i", 2**62 - 1), Below("i", -(10**60)), Above("i", 2.5), Below("i", float("inf"))]) == [
        1,
        0,
        1,
        2,
    ]
    assert table.count([NotAmong("u", (big, 1.5)), NotAmong("u", (0.5,)), NotAmong("i", (10**60,))]) == [2, 3, 2]
    assert table.levels("u").counts == {str(big - 1): 1, str(big): 1, str(big + 1): 1}


def test_huge_integers_from_duckdb_are_integers(opened):
    """DuckDB's 128-bit integers compare as such."""
    import duckdb

    table = opened(duckdb.sql("SELECT unnest([170141183460469231731687303715884105727::HUGEINT, 1, NULL]) AS h"))
    assert table.columns == {"h": "integer"}
    assert table.count([Above("h", 10**20), Missing("h"), Duplicated(("h",))]) == [1, 1, 0]


def test_a_fraction_held_against_whole_numbers_keeps_its_meaning(opened):
    """Less than 2.5 means at most 2; greater than 2.5 means at least 3; no whole number equals 2.5."""
    table = opened(pl.DataFrame({"i": [1, 2, 3, -3]}))
    assert table.count([Below("i", 2.5), Above("i", 2.5), Below("i", -2.5), NotAmong("i", (2.5, 2.0))]) == [3, 1, 1, 3]


def test_a_bound_means_what_a_single_precision_column_stores(opened):
    """A float32 that was written as 0.1 is neither above nor below 0.1, and 0.1 is among the allowed."""
    table = opened(pa.table({"x": pa.array([0.1, 0.2, float("nan")], pa.float32())}))
    assert table.count([Above("x", 0.1), Below("x", 0.1), NotAmong("x", (0.1,)), Above("x", 1e39)]) == [1, 0, 1, 0]
    assert table.levels("x").counts == {"0.1": 1, "0.2": 1}


def test_bounds_beyond_every_number_are_infinite(opened):
    """A whole number that no double can hold lies beyond all values but the infinities."""
    table = opened(pa.table({"x": [1.0, float("inf")], "y": pa.array([1.0, 2.0], pa.float32())}))
    assert table.count([Below("x", 10**400), Above("x", 10**400), Above("y", -(10**400)), Above("y", 1e300)]) == [
        1,
        0,
        2,
        0,
    ]


def test_decimals_are_numbers(opened):
    """Decimals compare with plain numbers and are spelled without trailing zeros."""
    table = opened(pa.table({"x": pa.array([Decimal("1.10"), Decimal("36.00"), None], pa.decimal128(10, 2))}))
    assert table.columns == {"x": "number"}
    assert table.count([Above("x", 1.1), Below("x", 1.1), NotAmong("x", (1.1, 36))]) == [1, 0, 0]
    assert table.levels("x").counts == {"1.1": 1, "36": 1}
    np.testing.assert_array_equal(table.numbers("x"), [1.1, 36.0, np.nan])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Rome", "+05:30"])
def test_timestamps_compare_as_instants(unit, zone, opened):
    """Whatever unit and zone a column has, it is compared in UTC; without a zone it is UTC."""
    instants = [dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)]
    values = instants if zone else [one.replace(tzinfo=None) for one in instants]
    table = opened(pa.table({"t": pa.array([*values, None], pa.timestamp(unit, zone))}))
    rules = [
        Below("t", "2024-06-01T13:00:00+02:00"),
        Above("t", "2024-06-01T13:59:59+02:00"),
        NotAmong("t", ("2024-01-01",)),
    ]
    assert table.count(rules) == [1, 1, 1]
    assert list(table.levels("t").counts) == ["2024-01-01T00:00:00Z", "2024-06-01T12:00:00Z"]
    np.testing.assert_array_equal(table.numbers("t"), [*(one.timestamp() for one in instants), np.nan])


def test_a_column_without_any_value_breaks_no_value_rule(opened):
    """All rows are missing, and no rule but Missing speaks of missing rows."""
    table = opened(pa.table({"x": pa.nulls(3), "y": pa.array([None] * 3, pa.float64())}))
    rules = [
        Below("x", 1),
        NotAmong("x", ("a",)),
        NotMatching("x", "a"),
        Duplicated(("x",)),
        Below("y", 1),
        Duplicated(("y",)),
    ]
    assert table.count(rules) == [0] * 6
    assert table.count([Missing("x"), Missing("y")]) == [3, 3]
    assert np.isnan(table.numbers("x")).all()
    assert table.levels("x").missing == 3
