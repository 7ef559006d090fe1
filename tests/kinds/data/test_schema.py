"""`data.schema`: counts of rows that break the contract, against counts made by hand."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pyarrow as pa
import pytest

from pytest_mlgate.contract import lacking, tolerated
from pytest_mlgate.errors import GateFileError
from pytest_mlgate.inputs.database import Database

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
        "mail": ["a@example.org", "b@example.org", "nobody", None, "é@example.org", "c@d"],
        "step": pa.array([1, None, 3, 3, 2, 9], pa.int64()),
        "unit": ["kg", "kg", "lb", None, "kg", "g"],
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
        ("{state: {nullable: true, forbidden: [XX, ma]}}", "forbidden", 2, 5),
        ("{id: {forbidden: [4]}}", "forbidden", 3, 6),
        ("{mail: {nullable: true, format: email}}", "format_mismatch", 3, 5),
        ("{mail: {nullable: true, min_length: 6}}", "too_short", 1, 5),
        ("{mail: {nullable: true, max_length: 12}}", "too_long", 3, 5),
        ("{score: {nullable: true, finite: true}}", "infinite", 1, 4),
        ("{step: {nullable: true, monotonic: increasing}}", "out_of_order", 1, 5),
        ("{step: {nullable: true, monotonic: strictly_increasing}}", "out_of_order", 2, 5),
        ("{step: {nullable: true, monotonic: decreasing}}", "out_of_order", 2, 5),
        ("{step: {nullable: true, monotonic: strictly_decreasing}}", "out_of_order", 3, 5),
        ("{unit: {nullable: true, constant: true}}", "not_constant", 2, 5),
        ("{id: {constant: true}}", "not_constant", 3, 6),
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
      id: {type: integer, min: 1, max: 4, monotonic: increasing}
      age: {type: number, nullable: true, max_null_fraction: 0.2, finite: true, unique: true}
      score: {type: number, nullable: true}
      state: {type: string, nullable: true, pattern: '^\\w\\w$', allowed: [MA, NY, XX, ma], forbidden: [ny]}
      day: {type: date, min: 2026-01-01, monotonic: strictly_increasing}
      mail: {type: string, nullable: true, min_length: 3, max_length: 13}
      step: {type: integer, nullable: true, mostly: 0.5, max: 3}
      unit: {type: string, nullable: true, mostly: 0.5, allowed: [kg]}
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
    assert checks["*", "extra_columns"].value == 7
    assert "age, score, state, day, mail, … (7 in all)" in checks["*", "extra_columns"].detail["look_at"][0]
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
    assert schema(table, "{x: {nullable: true}}")[0].verdict == "PASS"  # nothing is asked of its values


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
    """It says which and why, and what could be measured beside it was."""
    columns = "{state: {nullable: true, pattern: 'a(?=b)'}, id: {max: 3}}"
    result, checks = schema(PEOPLE, columns)
    assert "'a(?=b)', the pattern for column 'state', is not valid" in checks["state", "pattern_mismatch"].reason
    assert "look-around" in checks["state", "pattern_mismatch"].reason
    assert checks["id", "above_max"].value == 3
    assert result.verdict == "FAIL"


def test_a_rule_that_makes_no_sense_for_a_column_leaves_the_others_alone(schema):
    """Only the data can tell that a column without a declared type holds numbers."""
    columns = "{age: {nullable: true, pattern: '^x'}, id: {min_length: 3, format: email}, day: {min: 3, unique: true}}"
    _, checks = schema(PEOPLE, columns)
    unmeasured = {key: one.reason for key, one in checks.items() if one.verdict == "NOT_MEASURED"}
    assert set(unmeasured) == {
        ("age", "pattern_mismatch"),
        ("id", "too_short"),
        ("id", "format_mismatch"),
        ("day", "below_min"),
    }
    assert "column 'id', of type integer (bigint), holds no text that has a length" in unmeasured["id", "too_short"]
    assert checks["day", "duplicates"].verdict == "PASS"
    assert checks["id", "nulls"].verdict == "PASS"


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("{}", "must not be empty"),
        ("{a: {min: 3, max: 2}}", "min 3 is above max 2: nothing can pass"),
        ("{a: {min: 2026-01-02, max: 2026-01-01}}", "min 2026-01-02 is above max 2026-01-01"),
        ("{a: {min: '2026-01-01T12:00:00Z', max: '2026-01-01T13:00:00+02:00'}}", "is above max"),
        ("{a: {type: string, min: 3}}", "min 3 is for numbers, and the type is string"),
        ("{a: {type: boolean, max: 3}}", "max 3 is for numbers, and the type is boolean"),
        ("{a: {type: integer, min: abc}}", "expected a number"),
        ("{a: {type: integer, min: 2026-01-01}}", "is for dates and times, and the type is integer"),
        ("{a: {type: date, min: 5}}", "min 5 is for numbers, and the type is date"),
        ("{a: {min: soon}}", "expected a number or a date"),
        ("{a: {min: true}}", "a number or text, found true"),
        ("{a: {type: integer, pattern: x}}", "pattern is for text, and the type is integer"),
        ("{a: {type: date, format: date}}", "format is for text, and the type is date"),
        ("{a: {type: number, min_length: 1}}", "min_length is for text, and the type is number"),
        ("{a: {type: string, finite: true}}", "finite is for numbers, and the type is string"),
        ("{a: {type: boolean, monotonic: increasing}}", "monotonic is for numbers, text, dates and times"),
        ("{a: {type: integer, allowed: [1, a]}}", "allowed 'a' is for text, and the type is integer"),
        ("{a: {type: string, forbidden: [true]}}", "forbidden True is for true and false, and the type is string"),
        ("{a: {type: date, allowed: [soon]}}", "allowed 'soon' is for text, and the type is date"),
        ("{a: {pattern: x, min: 3}}", "pattern is for text, and min 3 is for numbers"),
        ("{a: {allowed: [1, x]}}", "allowed 'x' is for text, and allowed 1 is for numbers"),
        ("{a: {min_length: 3, max_length: 2}}", "min_length 3 is above max_length 2"),
        ("{a: {min_length: -1}}", "at least 0"),
        ("{a: {allowed: [1, 2], forbidden: [2, 3]}}", "2 is allowed and forbidden at once"),
        ("{a: {allowed: [1, 5, 9], max: 4}}", "5, 9 are allowed here and refused by another rule"),
        ("{a: {allowed: [ab, c], min_length: 2}}", "'c' is allowed here and refused by another rule"),
        ("{a: {unique: true, constant: true}}", "only one row could pass"),
        ("{a: {monotonic: strictly_decreasing, constant: true}}", "only one row could pass"),
        ("{a: {monotonic: upwards}}", "strictly_increasing"),
        ("{a: {format: e-mail}}", "did you mean 'email'"),
        ("{a: {nullable: false, max_null_fraction: 0.1}}", "`nullable: false` says that none may"),
        ("{a: {mostly: 0.9}}", "no rule for it to soften"),
        ("{a: {max_null_fraction: 2}}", "at most 1"),
        ("{a: {allowed: []}}", "must not be empty"),
    ],
)
def test_contradictions_are_found_while_reading(schema, columns, said):
    """What the YAML itself can say is a collection error."""
    with pytest.raises(GateFileError, match=said):
        schema(PEOPLE, columns)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("    mostly: 0.9\n", "there is no rule for it to soften"),
        ("    mostly: 0\n", "more than 0"),
        ("    required: [b, a]\n", "`required` of the gate names 'a'"),
        ("    segment_by: [a]\n", "'a' is sensitive, and the names of segments would show its values"),
        ("    max_segments: 0\n", "at least 1"),
    ],
)
def test_contradictions_of_the_gate_are_found_while_reading(schema, more, said):
    """What parameters of the gate say against its columns."""
    with pytest.raises(GateFileError, match=said):
        schema(PEOPLE, "{a: {required: false, sensitive: true}}", more)


@pytest.mark.parametrize(
    "columns",
    [
        "{a: {allowed: [1, true]}}",
        "{a: {type: number, allowed: [1, 2.5], min: 1, finite: true, monotonic: increasing}}",
        "{a: {type: string, allowed: [2026-01-01], format: date, pattern: x, min_length: 10}}",
        "{a: {type: timestamp, min: 2026-01-01, max: '2026-01-01T00:00:00Z', allowed: [2026-01-01]}}",
        "{a: {type: boolean, allowed: [true], constant: true, nullable: true, max_null_fraction: 0}}",
        "{a: {min: 9223372036854775807, max: 9223372036854775807}}",
    ],
)
def test_what_can_be_satisfied_is_no_mistake(schema, columns):
    """Rules that agree are read; `true` beside 1 is settled by the data's type."""
    if "1, true" in columns:
        with pytest.raises(GateFileError, match="is for true and false"):
            schema(PEOPLE, columns)
    else:
        schema(PEOPLE, columns)


def test_whole_numbers_as_bounds_are_exact_at_any_size(schema):
    """A double cannot tell these neighbours apart."""
    top = 2**63 - 1
    table = pa.table({"x": [top, top - 1, -top - 1]})
    _, checks = schema(table, f"{{x: {{min: {-top}, max: {top - 1}, forbidden: [{top - 1}]}}}}")
    assert [checks["x", metric].value for metric in ("below_min", "above_max", "forbidden")] == [1, 1, 1]


@pytest.mark.parametrize("share", [0.9, 0.99, 0.999, 0.7, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("n", [1, 10, 100, 1000, 10**7, 10**9, 10**12])
def test_shares_are_the_decimal_fractions_that_are_written(share, n):
    """As many rows as an exact decimal says, where 1 - 0.9 in binary is a little less than a tenth."""
    assert tolerated(share, n) == Decimal(str(share)) * n // 1
    assert lacking(share, n) == (1 - Decimal(str(share))) * n // 1


def test_mostly_of_the_gate_is_for_columns_that_say_nothing(schema):
    """And never for nulls, types, uniqueness, order and constancy."""
    columns = "{age: {nullable: true, min: 0, max: 199}, state: {nullable: true, allowed: [MA, NY, ma], mostly: 1}}"
    _, checks = schema(PEOPLE, columns, "    mostly: 0.8\n")
    assert {key: one.verdict for key, one in checks.items()} == {
        ("age", "below_min"): "PASS",
        ("age", "above_max"): "PASS",
        ("state", "not_allowed"): "FAIL",
    }
    columns = "{id: {unique: true, constant: true, min: 0}}"
    with pytest.raises(GateFileError):
        schema(PEOPLE, columns)
    columns = "{step: {monotonic: increasing, max: 9, type: string}, id: {unique: true}, unit: {constant: true}}"
    with pytest.raises(GateFileError):
        schema(PEOPLE, columns)
    columns = "{step: {monotonic: increasing, max: 9}, id: {unique: true}, unit: {constant: true}}"
    _, checks = schema(PEOPLE, columns, "    mostly: 0.01\n")
    assert {key: one.limit.max for key, one in checks.items()} == {
        ("step", "nulls"): 0,
        ("step", "above_max"): 4,
        ("step", "out_of_order"): 0,
        ("id", "nulls"): 0,
        ("id", "duplicates"): 0,
        ("unit", "nulls"): 0,
        ("unit", "not_constant"): 0,
    }


@pytest.mark.parametrize(
    ("more", "columns", "missing"),
    [
        ("", "{id: {}, x: {}, y: {required: false}}", {"x"}),
        ("    required: false\n", "{id: {}, x: {}, y: {required: true}}", {"y"}),
        ("    required: [x, z]\n", "{id: {}, x: {}, y: {}}", {"x", "z"}),
        ("    required: [x]\n", "{id: {}, x: {}, y: {required: true}}", {"x", "y"}),
        ("    required: []\n", "{id: {}, x: {}}", set()),
    ],
)
def test_the_gate_says_which_columns_must_exist(schema, more, columns, missing):
    """All that are listed, none, or those named; a column's own word stands."""
    _, checks = schema(PEOPLE, columns, more)
    assert {name for name, metric in checks if metric == "missing_column"} == missing


def test_a_column_of_which_nothing_else_is_asked_is_there(schema):
    """That it is there was asked and is measured: a contract of such columns passes, and fails where one is missing."""
    result, checks = schema(
        PEOPLE, "{mail: {nullable: true}, age: {nullable: true, min: -9}}", "    required: [mail, id]\n"
    )
    found = {key: one.value for key, one in checks.items() if key[1] == "missing_column"}
    assert (result.verdict, found) == ("PASS", {("mail", "missing_column"): 0, ("id", "missing_column"): 0})
    result, checks = schema(PEOPLE, "{mail: {nullable: true}, gone: {nullable: true}}")
    assert (result.verdict, checks["gone", "missing_column"].value) == ("FAIL", 1)


def test_a_column_that_is_only_required_is_no_extra_one(schema):
    """Naming it is listing it."""
    _, checks = schema(
        PEOPLE.select(["id", "age", "day"]), "{id: {}}", "    required: [age]\n    extra_columns: forbid\n"
    )
    assert checks["*", "extra_columns"].value == 1
    assert checks["*", "extra_columns"].detail["look_at"] == ["not in the contract: day"]


@pytest.mark.parametrize("order", list(itertools.permutations("abcd")))
def test_the_fewest_columns_that_must_move_are_out_of_order(schema, order):
    """All subsets tried: the largest that stands in the contract's order stays."""
    stays = max(
        len(some)
        for size in range(5)
        for some in itertools.combinations("abcd", size)
        if [one for one in order if one in some] == list(some)
    )
    table = pa.table({"x": [1], **{name: [1] for name in order}, "y": [1]})
    _, checks = schema(table, "{a: {}, b: {}, gone: {required: false}, c: {}, d: {}}", "    ordered: true\n")
    check = checks["*", "column_order"]
    assert (check.value, check.n, check.verdict == "PASS") == (4 - stays, 4, order == tuple("abcd"))


SALES = pa.table(
    {
        "region": ["north", "north", "south", "south", "south", None, "west"],
        "web": [True, False, True, True, False, True, None],
        "price": [1.0, -1.0, -2.0, 5.0, None, -3.0, None],
        "day": [1, 2, 5, 4, 9, 1, 2],
        "id": [1, 1, 1, 2, 3, 4, 4],
    }
)


def test_every_check_runs_per_segment(schema):
    """Each segment is judged on its own rows, in order of its values with missing ones last."""
    columns = "{price: {nullable: true, min: 0}, day: {monotonic: increasing}, id: {unique: true}}"
    result, checks = schema(SALES, columns, "    segment_by: [region]\n")
    found = {key: (one.value, one.n, str(one.verdict)) for key, one in checks.items() if key[1] != "nulls"}
    assert found == {
        ("price[region=north]", "below_min"): (1, 2, "FAIL"),
        ("day[region=north]", "out_of_order"): (0, 2, "PASS"),
        ("id[region=north]", "duplicates"): (1, 2, "FAIL"),
        ("price[region=south]", "below_min"): (1, 2, "FAIL"),
        ("day[region=south]", "out_of_order"): (1, 3, "FAIL"),
        ("id[region=south]", "duplicates"): (0, 3, "PASS"),
        ("price[region=west]", "below_min"): (None, 0, "NOT_MEASURED"),
        ("day[region=west]", "out_of_order"): (0, 1, "PASS"),
        ("id[region=west]", "duplicates"): (0, 1, "PASS"),
        ("price[region=null]", "below_min"): (1, 1, "FAIL"),
        ("day[region=null]", "out_of_order"): (0, 1, "PASS"),
        ("id[region=null]", "duplicates"): (0, 1, "PASS"),
    }
    shown = checks["id[region=north]", "duplicates"].detail
    assert shown["segment"] == {"region": "north"}
    assert [one["row"] for one in shown["examples"]] == [1]
    assert [one["row"] for one in checks["price[region=null]", "below_min"].detail["examples"]] == [5]
    assert result.verdict == "FAIL"


def test_segments_can_be_made_of_several_columns(schema):
    """Named by each of them."""
    _, checks = schema(SALES, "{day: {max: 4}}", "    segment_by: [region, web]\n")
    above = {name: (one.value, one.n) for (name, metric), one in checks.items() if metric == "above_max"}
    assert above == {
        "day[region=north,web=false]": (0, 1),
        "day[region=north,web=true]": (0, 1),
        "day[region=south,web=false]": (1, 1),
        "day[region=south,web=true]": (1, 2),
        "day[region=west,web=null]": (0, 1),
        "day[region=null,web=true]": (0, 1),
    }


def test_too_many_segments_are_not_measured(schema):
    """The cap is said; at the cap all is well."""
    table = pa.table({"who": list(range(1001)), "x": [1] * 1001})
    result, _ = schema(table, "{x: {}}", "    segment_by: [who]\n")
    assert (result.verdict, result.reason) == ("NOT_MEASURED", "'who' would make more than 1,000 segments")
    assert "max_segments" in result.remedy
    result, checks = schema(table.slice(1), "{x: {}}", "    segment_by: [who]\n")
    assert (result.verdict, len(checks)) == ("PASS", 1000)
    assert schema(SALES, "{day: {}}", "    segment_by: [region]\n    max_segments: 3\n")[0].verdict == "NOT_MEASURED"
    assert schema(SALES, "{day: {}}", "    segment_by: [region]\n    max_segments: 4\n")[0].verdict == "PASS"


def test_a_segment_column_that_is_missing_is_not_measured(schema):
    """Judging all rows together would be another claim; what needs no rows is still said."""
    _, checks = schema(SALES, "{day: {type: string, max_length: 4}}", "    segment_by: [regoin]\n")
    assert checks["regoin", "segment_by"].reason.endswith("did you mean 'region'?")
    assert set(checks) == {("day", "wrong_type"), ("regoin", "segment_by")}
    assert schema(SALES, "{day: {}}", "    segment_by: [regoin]\n")[0].outcome == "errored"


def test_examples_carry_the_columns_that_identify_a_row(schema):
    """Row number, key and value; a key that does not exist is said even where all is well."""
    _, checks = schema(PEOPLE, "{age: {nullable: true, min: 0}}", "    key: [id, day]\n")
    detail = checks["age", "below_min"].detail
    assert detail["examples"] == [{"row": 2, "key": {"id": "3", "day": "2026-01-03"}, "value": "-1"}]
    assert detail["look_at"] == ["age: 1 of 5 rows (20%) are less than 0, as row 2 (id 3, day 2026-01-03): -1"]
    result, checks = schema(PEOPLE, "{id: {}}", "    key: [idd]\n")
    assert "did you mean 'id'" in checks["idd", "key"].reason
    assert result.verdict == "NOT_MEASURED"


def test_all_rules_about_single_rows_are_one_query(schema, monkeypatch):
    """Each rule that compares rows takes one more and says so; examples are sought only where something is wrong."""
    asked = []
    fetch = Database.fetch
    monkeypatch.setattr(Database, "fetch", lambda self, query, what: asked.append(what) or fetch(self, query, what))
    names = [f"c{i}" for i in range(250)]
    table = pa.table({name: [1, 2, 3] for name in names} | {"t": ["a", "b", "c"]})
    rules = "{type: integer, min: 0, max: 9, forbidden: [8], finite: true}"
    columns = ", ".join(f"{name}: {rules}" for name in names)
    result, checks = schema(table, f"{{{columns}, t: {{pattern: a|b|c, max_length: 1}}}}")
    assert (result.verdict, len(checks), len(asked)) == ("PASS", 250 * 6 + 3, 1)
    asked.clear()
    _, checks = schema(table, "{c0: {unique: true, monotonic: increasing}, t: {unique: true}, c1: {constant: true}}")
    assert len(asked) == 1 + 4 + 1
    own = {key for key, one in checks.items() if one.detail.get("own_pass")}
    assert own == {("c0", "duplicates"), ("c0", "out_of_order"), ("t", "duplicates"), ("c1", "not_constant")}


def test_a_wrong_type_still_tells_nulls_duplicates_and_constancy(schema):
    """These are the same whatever the type."""
    columns = (
        "{state: {type: integer, min: 0, unique: true, monotonic: increasing}, mail: {type: date, constant: true}}"
    )
    _, checks = schema(PEOPLE, columns)
    assert {metric: (one.value, one.n) for (_, metric), one in checks.items() if one.verdict != "NOT_MEASURED"} == {
        "wrong_type": (6, 6),
        "nulls": (1, 6),
        "duplicates": (1, 5),
        "not_constant": (4, 5),
    }
    assert {metric for (_, metric), one in checks.items() if one.verdict == "NOT_MEASURED"} == {
        "below_min",
        "out_of_order",
    }


def test_a_pattern_that_would_backtrack_without_end_takes_no_time(schema):
    """RE2 is linear in the text: 30 characters would take a backtracking engine minutes, and here there are 100,000."""
    table = pa.table({"x": ["a" * 100_000 + "!", "a" * 100_000]})
    result, checks = schema(table, "{x: {pattern: '^(a+)+$'}}", "    timeout: 10s\n")
    assert (checks["x", "pattern_mismatch"].value, result.verdict) == (1, "FAIL")


def test_examples_are_shown_for_the_worst_checks_only(schema):
    """Each takes a query; counts, shares and queries are there for all."""
    names = [f"c{i:02}" for i in range(60)]
    table = pa.table({name: [int(row < i) for row in range(60)] for i, name in enumerate(names)})
    _, checks = schema(table, f"{{{', '.join(f'{name}: {{max: 0}}' for name in names)}}}")
    broken = {name: one for (name, metric), one in checks.items() if one.verdict == "FAIL"}
    assert {name: one.value for name, one in broken.items()} == {name: i for i, name in enumerate(names) if i}
    assert {name for name, one in broken.items() if one.detail["examples"]} == set(names[10:])
    assert broken["c03"].detail["look_at"] == ["c03: 3 of 60 rows (5%) are greater than 0"]
    assert all("> 0" in one.detail["query"] for one in broken.values())


@pytest.mark.parametrize(
    "gate",
    [
        "{kind: data.schema, data: {T}, columns: {mail: {sensitive: true}}}",
        "{kind: data.quality, data: {T}, row_count: {min: 1}, sensitive: [mail]}",
        "{kind: data.quality, data: {fixture: t}, row_count_change: {reference: {T}, max_drop: 1}, sensitive: [mail]}",
        "{kind: data.leakage, train: {T}, test: {T}, metrics: {row_overlap: {max: 0}}, sensitive: [mail]}",
    ],
)
def test_a_filter_that_fails_quotes_no_sensitive_value(judged, gate):
    """The engine names the value that it could not cast; a report does not."""
    table = pa.table({"mail": ["ann@example.org"]})
    where = "{fixture: t, where: 'CAST(mail AS INT) > 3'}"
    result, _ = judged("gates:\n  g: " + gate.replace("{T}", where), t=table)
    said = [result.reason, *(check.reason for check in result.checks)]
    assert result.verdict == "NOT_MEASURED"
    assert any("fails on a row" in str(one) for one in said)
    assert not any("ann@" in str(one) for one in said)
