"""`data.schema`: counts of rows that break the contract, against counts made by hand."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from pytest_mlgate.errors import GateFileError

GATE = "gates:\n  g:\n    kind: data.schema\n    data: {{fixture: t}}\n    columns: {columns}\n"


@pytest.fixture
def schema(judged):
    """Judge a table against columns written as YAML."""

    def judge(table, columns, more=""):
        return judged(GATE.format(columns=columns) + more, t=table)

    return judge


PEOPLE = pa.table(
    {
        "id": [1, 2, 3, 4, 4, 4],
        "age": pa.array([30, None, -1, 200, 41, 17], pa.int64()),
        "score": [0.5, float("nan"), None, 2.0, float("inf"), 0.1],
        "state": ["MA", "NY", "XX", None, "MA", "ma"],
        "day": [dt.date(2026, 1, d) for d in (1, 2, 3, 4, 5, 31)],
    }
)


@pytest.mark.parametrize(
    ("columns", "metric", "value", "n"),
    [
        ("{age: {nullable: true, min: 0}}", "below_min", 1, 5),
        ("{age: {nullable: true, max: 100}}", "above_max", 1, 5),
        ("{age: {max_null_fraction: 0.1}}", "nulls", 1, 6),
        ("{score: {nullable: true, max: 1}}", "above_max", 2, 4),
        ("{score: {}}", "nulls", 2, 6),
        ("{state: {nullable: true, allowed: [MA, NY]}}", "not_allowed", 2, 5),
        ("{state: {nullable: true, pattern: '^[A-Z]+$'}}", "pattern_mismatch", 1, 5),
        ("{id: {unique: true}}", "duplicates", 2, 6),
        ("{day: {max: 2026-01-05}}", "above_max", 1, 6),
        ("{age: {type: string, nullable: true}}", "wrong_type", 6, 6),
        ("{none: {}}", "missing_column", 1, None),
    ],
)
def test_each_rule_counts_the_rows_that_break_it(schema, columns, metric, value, n):
    """The value is the number of violating rows, n the rows judged; missing values break only nullability."""
    result, checks = schema(PEOPLE, columns)
    (check,) = [one for (_, name), one in checks.items() if name == metric]
    assert (check.value, check.n, check.verdict) == (value, n, "FAIL")
    assert result.outcome == "failed"


def test_a_sound_table_passes(schema):
    """Every kind of rule at once, all satisfied."""
    columns = """
      id: {type: integer, min: 1, max: 4}
      age: {type: number, nullable: true, max_null_fraction: 0.2}
      score: {type: number, nullable: true}
      state: {type: string, nullable: true, pattern: '^\\w\\w$', allowed: [MA, NY, XX, ma]}
      day: {type: date, min: 2026-01-01}
      extra: {required: false}
"""
    result, checks = schema(PEOPLE, columns)
    assert result.verdict == "PASS", [(key, one.value) for key, one in checks.items() if one.verdict != "PASS"]


@pytest.mark.parametrize(("mostly", "verdict"), [(0.8, "PASS"), (0.81, "FAIL"), (1.0, "FAIL")])
def test_mostly_softens_value_rules(schema, mostly, verdict):
    """One of five present ages may break the rule at 0.8."""
    result, _ = schema(PEOPLE, f"{{age: {{nullable: true, min: 0, mostly: {mostly}}}}}")
    assert result.verdict == verdict


def test_extra_columns_are_a_breach_where_forbidden(schema):
    """They are counted and named."""
    result, checks = schema(PEOPLE, "{id: {}}", "    extra_columns: forbid\n")
    assert checks["*", "extra_columns"].value == 4
    assert "age, score, state, day" in checks["*", "extra_columns"].detail["look_at"][0]
    assert result.verdict == "FAIL"


def test_examples_show_rows_but_never_sensitive_values(schema):
    """Row numbers and values, unless the column is marked sensitive."""
    _, plain = schema(PEOPLE, "{state: {nullable: true, allowed: [MA, NY]}}")
    _, hidden = schema(PEOPLE, "{state: {nullable: true, allowed: [MA, NY], sensitive: true}}")
    assert "row 2: XX" in plain["state", "not_allowed"].detail["look_at"][0]
    shown = hidden["state", "not_allowed"].detail["look_at"][0]
    assert "XX" not in shown
    assert "2, 5" in shown


def test_an_empty_table_is_not_measured(schema):
    """No rows, no pass."""
    result, _ = schema(PEOPLE.slice(0, 0), "{id: {unique: true}}")
    assert (result.verdict, result.outcome) == ("NOT_MEASURED", "errored")


def test_an_all_null_column_with_value_rules_is_not_measured(schema):
    """A range over nothing was not checked."""
    table = pa.table({"x": pa.array([None, None], pa.float64())})
    result, checks = schema(table, "{x: {nullable: true, min: 0}}")
    assert checks["x", "below_min"].reason == "every value is missing"
    assert result.verdict == "NOT_MEASURED"
    assert schema(table, "{x: {nullable: true}}")[0].verdict != "PASS"


def test_value_rules_on_a_column_of_the_wrong_type_are_not_measured(schema):
    """The type fails, and the range is not silently skipped."""
    result, checks = schema(PEOPLE, "{state: {type: integer, nullable: true, min: 0}}")
    assert checks["state", "wrong_type"].verdict == "FAIL"
    assert checks["state", "below_min"].verdict == "NOT_MEASURED"
    assert result.verdict == "FAIL"


def test_a_date_bound_says_nothing_of_text(schema):
    """Text would compare letter by letter, and 31/12/2019 would be later than 2020."""
    result, checks = schema(pa.table({"d": ["31/12/2019", "31/01/1999"]}), '{d: {min: "2020-06-01"}}')
    assert result.verdict == "NOT_MEASURED"
    assert "date or timestamp" in checks["d", "below_min"].reason


def test_a_pattern_that_is_none_is_not_measured(schema):
    """An invalid pattern says so."""
    result, _ = schema(PEOPLE, "{state: {nullable: true, pattern: '('}}")
    assert result.verdict == "NOT_MEASURED"
    assert "(" in result.reason


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("{}", "must not be empty"),
        ("{a: {min: 3, max: 2}}", "min 3.0 is above max 2.0"),
        ("{a: {type: string, min: 3}}", "have no order"),
        ("{a: {type: integer, min: abc}}", "expected a number"),
        ("{a: {type: date, min: 5}}", "expected a date"),
        ("{a: {min: soon}}", "expected a number or a date"),
        ("{a: {type: integer, pattern: x}}", "a pattern is for text"),
        ("{a: {mostly: 0.9}}", "no rule for it to soften"),
        ("{a: {max_null_fraction: 2}}", "at most 1"),
        ("{a: {allowed: []}}", "must not be empty"),
    ],
)
def test_contradictions_are_found_while_reading(schema, columns, said):
    """What the YAML itself can say is a collection error."""
    with pytest.raises(GateFileError, match=said):
        schema(PEOPLE, columns)
