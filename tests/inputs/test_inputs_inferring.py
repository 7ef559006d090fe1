"""Learning a contract: what is proposed, what is not, and why."""

from __future__ import annotations

import datetime as dt
import doctest
import math
import random
import uuid

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs import headroom, personal_columns
from pytest_mlgate.inputs.headroom import longest, missing_share, range_around, years_around
from pytest_mlgate.inputs.inferring import infer_columns

EVERY = (
    *("type", "required", "nullable", "max_null_fraction", "min", "max", "allowed", "forbidden", "pattern", "format"),
    *("min_length", "max_length", "unique", "finite", "monotonic", "mostly", "sensitive"),
)
DAY = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - a column of naive times
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture
def learnt(opened, store):
    """Learn what holds for one column."""

    def learn(values, name="x", parameters=EVERY):
        table = pa.table({name: values})
        return infer_columns(opened(table), store.database, parameters)[name].rules

    return learn


def cycle(values, n):
    return [values[i % len(values)] for i in range(n)]


@pytest.mark.parametrize(
    ("values", "rules"),
    [
        (list(range(17, 95)) * 3, {"type": "integer", "min": 5, "max": 105}),
        (cycle([1, 2, 3, 7], 100), {"type": "integer", "allowed": [1, 2, 3, 7]}),
        (cycle([36, 48, 60], 60), {"type": "integer", "allowed": [36, 48, 60]}),
        (cycle([36, 48, 60], 59), {"type": "integer", "min": 32, "max": 64}),
        ([0] * 500 + [1] * 300 + [2] * 3, {"type": "integer", "min": 0, "max": 3}),
        ([0] * 500 + [1] * 300 + [9] * 3, {"type": "integer", "allowed": [0, 1, 9]}),
        ([0] * 500 + [1] * 300 + [9], {"type": "integer", "min": 0, "max": 10}),
        (cycle([-0.5, 2.5, 8.0], 90), {"type": "number", "min": -1.5, "max": 9.0, "finite": True}),
        ([0.1, 0.2, 0.9] * 30, {"type": "number", "min": 0, "max": 1, "finite": True}),
        ([1.0, math.inf] * 30, {"type": "number", "min": 0}),
        (
            [1.0, math.nan, None, 3.0] * 25,
            {"type": "number", "max_null_fraction": 0.76, "min": 0.8, "max": 3.2, "finite": True},
        ),
        ([True, False] * 50, {"type": "boolean"}),
        (cycle(["a", "b"], 100), {"type": "string", "allowed": ["a", "b"]}),
        (["a"] * 99 + ["b"], {"type": "string", "min_length": 1, "max_length": 1}),
        (["", "abc"] * 9, {"type": "string", "max_length": 10}),
        ([None] * 5, {"max_null_fraction": 1.0}),
        (pa.nulls(5, pa.float64()), {"type": "number", "nullable": True}),
        ([[1]] * 5, {}),
        ([DAY.date()] * 9, {"type": "date", "min": "2026-01-01", "max": "2037-01-01"}),
        ([f"{i}@example.org" for i in range(9)], {"type": "string", "format": "email", "sensitive": True}),
        ([f"10.0.0.{i}" for i in range(9)], {"type": "string", "format": "ipv4"}),
        ([f"https://example.org/{i}" for i in range(9)], {"type": "string", "format": "url"}),
        ([f"2026-01-0{i}" for i in range(1, 9)], {"type": "string", "format": "date"}),
        ([f"2026-01-01T00:00:0{i}Z" for i in range(9)], {"type": "string", "format": "datetime"}),
        (['{"a": 1}', "[2]"] * 5, {"type": "string", "format": "json"}),
        (["17", "4"] * 5, {"type": "string", "min_length": 1, "max_length": 5}),
        (["+49 30 123456"] * 9, {"type": "string", "min_length": 1, "max_length": 50, "sensitive": True}),
    ],
)
def test_rules_suit_the_values(learnt, values, rules):
    """Ranges for quantities, lists for codes that repeat, formats where all values have one, nothing for the rest."""
    assert learnt(values) == rules


@pytest.mark.parametrize(
    ("name", "values", "unique"),
    [
        ("customer_id", [f"C{i}" for i in range(100)], True),
        ("customer_id", [f"C{i}" for i in range(99)], False),
        ("customer_id", [f"C{i}" for i in range(100)] + ["C5"], False),
        ("customer_id", [f"C{i}" for i in range(100)] + [None], False),
        ("comment", [f"said {i}" for i in range(100)], False),
        ("number", list(range(5, 200)), True),
        ("amount", [i * i for i in range(200)], False),
        ("x", [str(uuid.UUID(int=i)) for i in range(100)], True),
        ("id", [float(i) for i in range(200)], False),
    ],
)
def test_only_identifiers_are_called_unique(learnt, name, values, unique):
    """By their name, their format or because they count up; and only when there are enough."""
    found = learnt(values, name)
    assert ("unique" in found) == unique
    assert not unique or "max" not in found


def test_what_holds_for_the_first_rows_only_is_not_written(learnt):
    """After twenty thousand rows a format, an order, uniqueness and a list of values end."""
    n = 20_000
    assert learnt([f"{i}@example.org" for i in range(n)] + ["nobody"]) == {
        "type": "string",
        "min_length": 1,
        "max_length": 50,
        "sensitive": True,
    }
    assert learnt([*range(n), 7], "id") == {"type": "integer", "min": 0, "max": 22_000}
    assert learnt(cycle([1, 2], n) + list(range(100, 200))) == {"type": "integer", "min": 0, "max": 220}
    times = [DAY + dt.timedelta(minutes=i) for i in range(n)]
    assert learnt(times)["monotonic"] == "increasing"
    assert "monotonic" not in learnt([*times, DAY])


def test_only_known_parameters_are_used(learnt):
    """An older `data.schema` has no formats."""
    values = [f"{i}@example.org" for i in range(200)]
    assert learnt(values, "id", ("type", "unique")) == {"type": "string", "unique": True}


def test_values_of_columns_that_look_personal_are_not_shown(opened, store):
    """Neither as limits nor as a list, nor in a note."""
    draw = random.Random(3)  # noqa: S311 - no secret
    table = pa.table(
        {
            "salary_last_name": cycle(["Smith", "Jones"], 100),
            "Phone": [draw.randrange(10**9) for _ in range(100)],
            "dateOfBirth": [DAY.date() - dt.timedelta(days=draw.randrange(9_000)) for _ in range(100)],
        }
    )
    for one in infer_columns(opened(table), store.database, EVERY).values():
        assert one.rules.keys() <= {"type", "min_length", "max_length", "sensitive"}
        assert one.rules["sensitive"] is True


def test_a_table_without_rows_teaches_nothing(opened, store):
    """It is refused."""
    with pytest.raises(NotMeasuredError, match="no rows to learn from"):
        infer_columns(opened(pa.table({"a": pa.array([], pa.int64())})), store.database, EVERY)


@settings(deadline=None)
@given(FINITE, FINITE, st.booleans())
def test_a_range_holds_what_it_was_made_from(one, other, whole):
    """And keeps to the side of zero that the values are on."""
    low, high = sorted((float(round(one)), float(round(other))) if whole else (one, other))
    minimum, maximum = range_around(low, high, whole=whole)
    assert minimum is None or minimum <= low
    assert maximum is None or maximum >= high
    assert low < 0 or (minimum is not None and minimum >= 0) or not math.isfinite(high - low) or minimum is None
    if minimum is not None and maximum is not None:
        assert maximum - minimum <= 2 * (high - low) + (4 if whole else 0)


@settings(deadline=None)
@given(st.integers(1, 10**6), st.data())
def test_the_share_of_missing_values_has_room(rows, data):
    """And never exceeds all."""
    missing = data.draw(st.integers(1, rows))
    assert missing / rows <= missing_share(missing, rows) <= 1.0


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_a_limit_for_lengths_is_at_least_twice_the_longest(length):
    """And at most five times."""
    assert 2 * length <= longest(length) <= max(2, 5 * length)


@settings(deadline=None)
@given(st.datetimes(), st.datetimes())
def test_times_lie_between_whole_years(one, other):
    """At any distance from 1970; no limit after the year 9999."""
    low, high = sorted((one.replace(tzinfo=dt.UTC), other.replace(tzinfo=dt.UTC)))
    first, last = years_around(low.timestamp(), high.timestamp())
    assert dt.datetime.fromisoformat(first).replace(tzinfo=dt.UTC) <= low
    assert last is None or dt.datetime.fromisoformat(last).replace(tzinfo=dt.UTC) > high
    assert (last is None) == (high.year > 9_988)


def test_examples_of_inferring_hold():
    """Each module with examples has some, and all of them are true."""
    for module in (headroom, personal_columns):
        found = doctest.testmod(module)
        assert found.attempted
        assert not found.failed
