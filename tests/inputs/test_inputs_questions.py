"""Every question that a gate can ask of a table, against plain Python on any rows, whole and by segment."""

from __future__ import annotations

import datetime as dt
import math
import os
import tempfile
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from inputs_oracle import answer, comparable, spoken_of

from pytest_mlgate.aggregate import (
    Above,
    Among,
    Below,
    Conflicting,
    Disordered,
    Duplicated,
    Infinite,
    Longer,
    Missing,
    NotAmong,
    NotCompared,
    NotMatching,
    Quantile,
    Segment,
    Shorter,
    Statistic,
    Varying,
    columns_of,
)
from pytest_mlgate.inputs import rules as engine
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.reference import TableRef

INT, DBL, SGL, DEC = "c1", 'price "net".usd', "simple", "per cent %"
TXT, DAY, UTC, SEEN, YES, SEG = "größe; --", "d'ay", "by_c0", "row_number", "select", "ROW_NUMBER"
EXTREMES = [-(2**63), -(2**63) + 1, 2**63 - 2, 2**63 - 1]
FIRST, LAST = dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30, 23, 59, 59, 999999)  # noqa: DTZ001 - Arrow adds the zone
INSTANTS = [dt.datetime(2026, 1, day, hour, 30) for day in (1, 2) for hour in (0, 23)]  # noqa: DTZ001 - same
KINDS = {
    INT: (st.one_of(st.integers(-3, 3), st.sampled_from(EXTREMES)), pa.int64()),
    DBL: (
        st.one_of(
            st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 0.0, 0.1, 5e-324, -2.5, 1e300]),
            st.floats(-3, 3, width=16),
        ),
        pa.float64(),
    ),
    SGL: (
        st.sampled_from([math.nan, math.inf, 0.0, *(float(np.float32(one)) for one in (0.1, 2.7, -1e30))]),
        pa.float32(),
    ),
    DEC: (
        st.one_of(st.decimals("-3", "3", places=3), st.sampled_from([Decimal("0.1"), Decimal("99999999.999")])),
        pa.decimal128(12, 3),
    ),
    TXT: (
        st.one_of(
            st.sampled_from(
                ["", "a", "A", "ab", "é", "e\u0301", "🤦🏼", "ß", "a\nb", "it's", '"', "NaN", "null", "10"]
            ),
            st.text("abÄ1 \n'\"\\%_\U0001d518", max_size=4),
        ),
        pa.string(),
    ),
    DAY: (st.one_of(st.dates(dt.date(2026, 1, 1), dt.date(2026, 1, 4)), st.just(FIRST.date())), pa.date32()),
    UTC: (st.one_of(st.sampled_from(INSTANTS), st.datetimes(FIRST, LAST)), pa.timestamp("us", "Europe/Paris")),
    SEEN: (st.one_of(st.sampled_from(INSTANTS), st.datetimes(FIRST, LAST)), pa.timestamp("us")),
    YES: (st.booleans(), pa.bool_()),
    SEG: (st.sampled_from([math.nan, 1.5, -0.0, 0.0]), pa.float64()),
}
NUMERIC = (INT, DBL, SGL, DEC)
PATTERNS = st.sampled_from([r"^a", r"b$", r"\d", r"^.{2}$", "é|ß", r"'|\"", r"^$", r"[^a-z]", r"\w\W"])
WHOLE = st.one_of(st.integers(-3, 3), st.sampled_from([*EXTREMES, 2**63, -(2**70)]))
NUMBER = st.one_of(WHOLE, st.floats(-3, 3), st.sampled_from([0.1, 2.7, -2.5, 1e300, -1e30]))
MOMENT = st.sampled_from(
    ["2026-01-01", "2026-01-02T00:30:00", "2026-01-01T23:30:00Z", "2026-01-02T01:30:00+02:00", "1900-01-01"]
)
WORD = st.sampled_from(["", "a", "é", "it's", '"', "ß", "null"])
BOUNDS = {**dict.fromkeys(NUMERIC, NUMBER), **dict.fromkeys((DAY, UTC, SEEN), MOMENT), TXT: WORD, YES: st.booleans()}
COMPARED = st.one_of(
    st.permutations(NUMERIC), st.permutations((DAY, UTC, SEEN)), st.sampled_from([(TXT, TXT), (YES, YES), (DBL, SEG)])
)


@st.composite
def tables(draw):
    """A few rows in a few distinct values, with gaps."""
    rows = draw(st.integers(1, 9))
    columns = {}
    for name, (values, type_) in KINDS.items():
        few = draw(st.lists(st.one_of(st.none(), values), min_size=1, max_size=5))
        drawn = draw(st.lists(st.sampled_from(few), min_size=rows, max_size=rows))
        columns[name] = pa.array(drawn, type_)
    return pa.table(columns)


@st.composite
def rules(draw):
    """One rule of each sort, about a column that it makes sense for."""
    name = draw(st.sampled_from(sorted(BOUNDS)))
    ordered = draw(st.sampled_from([one for one in sorted(BOUNDS) if one != YES]))
    few = tuple(draw(st.lists(BOUNDS[name], max_size=4)))
    many = (*few, *draw(st.lists(BOUNDS[name], min_size=65, max_size=65)))
    left, right, *_ = draw(COMPARED)
    operators = ["==", "!="] if left == YES else ["==", "!=", "<", "<=", ">", ">="]
    keys = draw(st.permutations(sorted(KINDS)))
    orders = st.sampled_from(["increasing", "decreasing", "strictly_increasing", "strictly_decreasing"])
    return [
        Missing(keys[0]),
        Infinite(draw(st.sampled_from(NUMERIC))),
        Below(ordered, draw(BOUNDS[ordered])),
        Above(ordered, draw(BOUNDS[ordered])),
        Among(name, few),
        NotAmong(name, few),
        Among(name, many),
        NotAmong(name, many),
        NotMatching(TXT, draw(PATTERNS)),
        Shorter(TXT, draw(st.integers(0, 4))),
        Longer(TXT, draw(st.integers(0, 4))),
        NotCompared(left, draw(st.sampled_from(operators)), right),
        Duplicated((keys[0],)),
        Duplicated(tuple(keys[:2]), missing=draw(st.booleans())),
        Disordered(keys[1], draw(orders)),
        Varying(keys[2]),
        Conflicting(keys[3], (keys[4],)),
        Conflicting(keys[5], (keys[6], keys[7])),
    ]


@st.composite
def statistics(draw):
    """Statistics of columns that have them."""
    names = st.sampled_from(["mean", "std", "sum", "min", "max", "distinct"])
    at = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1))
    return [
        *(Statistic(name, draw(names)) for name in (*NUMERIC, YES)),
        *(Statistic(name, draw(st.sampled_from(["min", "max", "distinct"]))) for name in (DAY, UTC, SEEN)),
        Statistic(TXT, "distinct"),
        *(Quantile(name, draw(at)) for name in NUMERIC),
    ]


@contextmanager
def parquet(table, *, described=True):
    """Write a table to a file in the working folder, open it, and give both its rows and what was opened."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        store = InputStore(Path(name))
        try:
            pq.write_table(table, "ro'ws.parquet", row_group_size=4, write_statistics=described)
            yield GateInputs(store, seed=0, fixtures={}).table(TableRef(path=str(Path(name) / "ro'ws.parquet")))
        finally:
            store.close()
            os.chdir(before)


def some(cases):
    """Settings for a number of cases, each of which is dozens of queries."""
    return settings(max_examples=cases, deadline=None, phases=set(Phase) - {Phase.explain})


@some(12)
@given(tables(), rules())
def test_rules_speak_of_the_rows_that_plain_python_finds(table, asked):
    """How many, and which: on NaN, infinities, ties, unicode, the ends of int64, decimals, dates, zones, booleans."""
    rows = table.to_pydict()
    expected = {rule: spoken_of(rule, rows, singles=(SGL,)) for rule in asked}
    with parquet(table) as opened:
        counted = dict(zip(asked, opened.count(asked), strict=True))
        assert counted == {rule: len(found) for rule, found in expected.items()}
        for rule, found in expected.items():
            assert [one.row for one in opened.examples(rule, 99)] == found, rule


@some(20)
@given(tables(), rules())
def test_the_query_shown_finds_the_rows_that_were_counted(table, asked):
    """Run by a person in a DuckDB of their own, on a file whose statistics do not mislead it about NaN."""
    rows = table.to_pydict()
    with parquet(table, described=False) as opened, duckdb.connect() as theirs:
        for rule in asked:
            count = len(spoken_of(rule, rows, singles=(SGL,)))
            found = theirs.sql(opened.query(rule)).to_arrow_table()
            if isinstance(rule, Duplicated):
                assert sum(found.column(-1).to_pylist()) - len(found) == count, opened.query(rule)
            elif isinstance(rule, Conflicting):
                assert sum(found.column(-1).to_pylist()) == count, opened.query(rule)
            elif "more */" not in opened.query(rule):
                assert len(found) == count, opened.query(rule)


def test_the_query_shown_finds_nan_whatever_a_files_statistics_say():
    """DuckDB 2.0 takes it from a file's statistics, which leave NaN out, that there is none (duckdb/duckdb#25521)."""
    values = [math.nan, 1.5, 2.5, math.nan, 3.0, None, 0.0, math.nan]
    with parquet(pa.table({"x": values})) as opened, duckdb.connect() as theirs:
        for rule in (Missing("x"), Above("x", 1), NotAmong("x", (2.5,)), Varying("x"), Disordered("x", "increasing")):
            assert len(theirs.sql(opened.query(rule)).fetchall()) == opened.count([rule])[0], opened.query(rule)


def close(found, expected, scale=1.0):
    """Equal up to what adding floats of some size in another order can do."""
    if found is None or expected is None:
        return found is expected
    return found == expected or math.isclose(found, expected, rel_tol=1e-9, abs_tol=scale * 1e-9)


def size(values):
    """The largest absolute value that is finite."""
    finite = (abs(float(value)) for value in values if isinstance(value, int | float | Decimal))
    return max((value for value in finite if math.isfinite(value)), default=1.0)


@some(40)
@given(tables(), statistics())
def test_statistics_are_those_of_plain_python(table, asked):
    """Computed there from exact fractions; undefined ones are nothing."""
    rows = table.to_pydict()
    with parquet(table) as opened:
        (whole,) = opened.ask(asked)
        for question, found in zip(asked, whole.values, strict=True):
            expected = answer(question, rows)
            assert close(found, expected, size(rows[question.column])), (question, found, expected)


@some(8)
@given(tables(), rules(), statistics(), st.integers(1, 4))
def test_a_wide_table_is_asked_in_parts_that_say_the_same(table, ruled, summed, width):
    """However few columns a part of the query is about."""
    questions = [*ruled, *summed]
    with parquet(table) as opened:
        (whole,) = opened.ask(questions)
    with pytest.MonkeyPatch.context() as patched, parquet(table) as opened:
        patched.setattr(engine, "WIDE", width)
        (parts,) = opened.ask(questions)
    assert parts.rows == whole.rows
    for question, here, there in zip(questions, parts.values, whole.values, strict=True):
        assert here == there or close(here, there, size(table[columns_of(question)[0]].to_pylist())), question


@some(6)
@given(tables(), rules(), statistics(), st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=2, unique=True))
def test_a_segments_answers_are_those_of_its_rows_alone(table, ruled, summed, by):
    """Whatever makes the segments: NaN and null are one, and so are both zeros."""
    questions = [*ruled, *summed]
    rows = table.to_pydict()
    keys = [tuple(comparable(rows[name][i]) for name in by) for i in range(table.num_rows)]
    with parquet(table) as opened:
        answered = opened.ask(questions, by=by)
        assert sorted(one.rows for one in answered) == sorted(keys.count(key) for key in set(keys))
        shown = [rule for rule in ruled if not isinstance(rule, Duplicated | Conflicting)]
        for one in answered:
            found = [opened.examples(rule, 99, segment=one.segment) for rule in shown]
            members = [i for i, key in enumerate(keys) if key == matching(one.segment, by)]
            assert len(members) == one.rows, one.segment
            part = table.take(members)
            with parquet(part) as alone:
                (expected,) = alone.ask(questions)
                assert expected.rows == one.rows
                for question, here, there in zip(questions, one.values, expected.values, strict=True):
                    assert close(here, there, size(rows[columns_of(question)[0]])), (question, one.segment)
                for rule, some in zip(shown, found, strict=True):
                    assert [members[example.row] for example in alone.examples(rule, 99)] == [e.row for e in some], rule


def matching(segment: Segment, by):
    """A segment's values in the form in which Python compares them."""
    return tuple(comparable(segment.values[name]) for name in by)
