"""`mlgate infer`: what it writes can be read, holds for the data, and fails on data that are not like them."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.cli import main
from pytest_mlgate.cli.contract import contract
from pytest_mlgate.cli.infer import inferred
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.gatefile import load
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.inferring import Inferred
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.run import Site, run

ROOT = Path(__file__).parent.parent.parent
MATERIAL = [
    "example_project/data/employment_ma_2015.parquet",
    "example_project/data/german_credit.csv",
    "fixtures/data/schema/passing.csv",
    "fixtures/fairness/groups/failing.csv",
]
TRAPS = [
    "NO",
    "1e3",
    "~",
    "null",
    "",
    " x ",
    "a: b",
    "#",
    "it's",
    '"',
    "\\",
    "Ürik",
    "日本",
    "😀",
    "${HOME}",
    "$$",
    "\t",
    "-",
]
DAY = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - a column of naive times


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


def judged(text, folder):
    """Load a gate file and run its one gate; give its result, and the checks that did not pass."""
    path = folder / "t.gate.yaml"
    path.write_text(text, encoding="utf-8")
    (gate,) = load(path, Catalogue()).gates
    store = InputStore(folder)
    try:
        result = run(gate, GateInputs(store, seed=0, fixtures={}), Site(node_id="t", file="t", name="t"))
    finally:
        store.close()
    return result, {(one.name, one.metric) for one in result.checks if one.verdict not in ("PASS", "INFO")}


def customers(n=400):
    """Make a table that has a rule of every kind."""
    draw = random.Random(5)  # noqa: S311 - no secret
    return {
        "id": list(range(1, n + 1)),
        "age": [draw.randrange(18, 95) for _ in range(n)],
        "income": [None if draw.random() < 0.05 else draw.lognormvariate(10, 1) for _ in range(n)],
        "state": [draw.choice(["MA", "NY", "RI"]) for _ in range(n)],
        "email": [f"person{draw.randrange(10**9)}@example.org" for _ in range(n)],
        "seen": [DAY + dt.timedelta(hours=draw.randrange(9_000)) for _ in range(n)],
        "active": [draw.random() < 0.5 for _ in range(n)],
    }


@pytest.mark.parametrize("name", MATERIAL)
def test_what_is_inferred_passes_on_the_data(mlgate, tmp_path, name):
    """On real records; twice the same text."""
    text = mlgate("infer", ROOT / name)
    assert text == mlgate("infer", ROOT / name)
    result, wrong = judged(text, tmp_path)
    assert (result.verdict, wrong) == ("PASS", set())


def test_another_year_of_the_same_survey_passes(tmp_path):
    """The room that was left is enough for what does not change."""
    data = ROOT / "example_project" / "data"
    text = inferred(data / "employment_ma_2015.parquet", tmp_path, path=str(data / "employment_ma_2018.parquet"))
    assert judged(text, tmp_path)[1] == set()


@pytest.mark.parametrize(
    ("column", "row", "value", "check"),
    [
        ("id", 7, 3, "duplicates"),
        ("age", 7, 450, "above_max"),
        ("age", 7, -1, "below_min"),
        ("age", 7, None, "nulls"),
        ("income", 7, -5.0, "below_min"),
        ("state", 7, "ma", "not_allowed"),
        ("state", 7, None, "nulls"),
        ("seen", 7, dt.datetime(1970, 1, 1), "below_min"),  # noqa: DTZ001 - as the others
        ("seen", 7, dt.datetime(9999, 12, 31), "above_max"),  # noqa: DTZ001 - same
    ],
)
def test_a_planted_defect_is_found(tmp_path, column, row, value, check):
    """One value is not like the others: that check fails, and no other."""
    table = customers()
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    text = inferred(tmp_path / "t.parquet", tmp_path)
    assert judged(text, tmp_path)[1] == set()
    table[column][row] = value
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    result, wrong = judged(text, tmp_path)
    assert (result.verdict, wrong) == ("FAIL", {(column, check)})


def test_more_missing_values_and_other_types_are_found(tmp_path):
    """A column that is half empty, one that became text, one that is gone."""
    table = customers()
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    text = inferred(tmp_path / "t.parquet", tmp_path)
    table["income"][::2] = [None] * 200
    table["age"] = [str(age) for age in table["age"]]
    del table["active"]
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    result, wrong = judged(text, tmp_path)
    assert result.verdict == "FAIL"
    assert {("income", "nulls"), ("age", "wrong_type"), ("active", "missing_column")} <= wrong


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(TRAPS)
COLUMNS = st.one_of(
    *(st.lists(st.none() | one, min_size=1, max_size=30) for one in (st.integers(-(2**63), 2**63 - 1), st.booleans())),
    st.lists(st.none() | st.floats(), min_size=1, max_size=30),
    st.lists(st.none() | st.floats(width=32), min_size=1, max_size=30).map(lambda one: pa.array(one, pa.float32())),
    st.lists(st.none() | TEXT, min_size=1, max_size=30),
    st.lists(st.sampled_from(TRAPS), min_size=2, max_size=3, unique=True).map(lambda some: some * 40),
    st.lists(st.integers(-3, 3), min_size=1, max_size=3).map(lambda some: some * 30),
    st.lists(st.none() | st.dates(), min_size=1, max_size=30),
    st.lists(st.datetimes(), min_size=1, max_size=30).map(lambda one: pa.array(one, pa.timestamp("us", "UTC"))),
    st.lists(st.decimals(-9, 9, places=2), min_size=1, max_size=9).map(lambda one: pa.array(one, pa.decimal128(9, 2))),
    st.integers(1, 30).map(pa.nulls),
    st.integers(100, 200).map(lambda n: list(range(n))),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(TEXT.filter(bool), COLUMNS, min_size=1, max_size=4))
def test_whatever_the_data_the_gate_loads_and_passes(tmp_path, columns):
    """Names and values that YAML would read as something else, numbers at the ends of their types, missing values."""
    rows = min(len(values) for values in columns.values())
    pq.write_table(pa.table({name: values[:rows] for name, values in columns.items()}), tmp_path / "t.parquet")
    _, wrong = judged(inferred(tmp_path / "t.parquet", tmp_path), tmp_path)
    assert wrong == set()


@given(st.lists(TEXT | st.text(min_size=600, max_size=700), unique=True, min_size=1), st.lists(TEXT, min_size=1), TEXT)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_names_and_values_are_read_back_as_they_were(tmp_path, names, values, path):
    """By the project's own loader, whatever they are."""
    names = [name for name in names if name != "<<"] or ["x"]
    rules = {"type": "string", "allowed": list(values)}
    text = contract({name: Inferred(rules, ("a note",)) for name in names}, f"{path}.csv", path or "x", f"{path}.csv")
    (tmp_path / "t.gate.yaml").write_text(text, encoding="utf-8")
    (gate,) = load(tmp_path / "t.gate.yaml", Catalogue()).gates
    assert list(gate.spec.columns) == names
    assert all(list(column.allowed) == values for column in gate.spec.columns.values())
    assert load(tmp_path / "t.gate.yaml", Catalogue()).name == (path or "x")


def test_a_name_that_no_gate_file_can_hold_is_left_out_and_said(tmp_path):
    """YAML's merge key."""
    text = contract({"<<": Inferred({}, ()), "a": Inferred({}, ())}, "t.csv", "t", "t.csv")
    (tmp_path / "t.gate.yaml").write_text(text, encoding="utf-8")
    assert list(load(tmp_path / "t.gate.yaml", Catalogue()).gates[0].spec.columns) == ["a"]
    assert "called <<" in text
    with pytest.raises(NotMeasuredError, match="rename"):
        contract({"<<": Inferred({}, ())}, "t.csv", "t", "t.csv")


def test_values_of_columns_that_look_personal_are_not_in_the_file(mlgate, tmp_path):
    """The column is marked instead, so that reports hide them too."""
    table = customers() | {"last_name": ["Smith", "Jones"] * 200, "phone": [5_550_000 + i % 7 for i in range(400)]}
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    text = mlgate("infer", "t.parquet")
    lines = {line.strip().partition(":")[0]: line for line in text.splitlines()}
    for name in ("email", "last_name", "phone"):
        assert "sensitive: true" in lines[name]
    for value in ("Smith", "5550000", "5000000", "example.org"):
        assert value not in text


def test_the_file_points_to_the_data(mlgate, tmp_path):
    """From its own folder, or as it is told to."""
    (tmp_path / "some data").mkdir()
    (tmp_path / "some data" / "t.csv").write_text("a\n1\n", encoding="utf-8")
    assert "written: gates/t.gate.yaml" in mlgate("infer", "some data/t.csv", "-o", "gates/t.gate.yaml")
    text = (tmp_path / "gates" / "t.gate.yaml").read_text(encoding="utf-8")
    assert 'current: "../some data/t.csv"' in text
    other = mlgate("infer", "some data/t.csv", "--data-path", "${DATA:-x.csv}", "--name", "NO")
    assert 'current: "${DATA:-x.csv}"' in other
    assert 'name: "NO"' in other


def test_an_existing_gate_file_stays_unless_forced(mlgate, tmp_path):
    """And says how to replace it."""
    (tmp_path / "t.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "t.gate.yaml").write_text("mine", encoding="utf-8")
    assert "--force" in mlgate("infer", "t.csv", "-o", "t.gate.yaml", code=1)
    assert (tmp_path / "t.gate.yaml").read_text(encoding="utf-8") == "mine"
    mlgate("infer", "t.csv", "-o", "t.gate.yaml", "--force")
    assert "kind: data.schema" in (tmp_path / "t.gate.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("content", [None, "", "a,b\n", "a,b\n1\n", "PAR1 is how Parquet begins"])
def test_what_cannot_be_learned_from_leaves_nothing_behind(mlgate, tmp_path, content):
    """No file, no bytes, no rows, a ragged row, a Parquet file that is none."""
    name = "t.parquet" if content and content.startswith("PAR1") else "t.csv"
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert "Error" in mlgate("infer", name, "-o", "out/t.gate.yaml", code=1)
    assert not list(tmp_path.rglob("*.yaml"))


def test_a_table_without_columns_is_refused(mlgate, tmp_path):
    """There is nothing to say about it."""
    pq.write_table(pa.table({}), tmp_path / "t.parquet")
    assert "column" in mlgate("infer", "t.parquet", code=1)


def test_decimals_and_times_with_zones_are_learned(tmp_path):
    """Prices have a range, times are years in UTC."""
    times = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=i) for i in range(60)]
    prices = pa.array([Decimal(i) / 4 for i in range(60)], pa.decimal128(9, 2))
    pq.write_table(pa.table({"price": prices, "at": times}), tmp_path / "t.parquet")
    text = inferred(tmp_path / "t.parquet", tmp_path)
    assert "price: {type: number, min: 0, max: 17}" in text
    assert 'at: {type: timestamp, min: "2026-01-01", max: "2037-01-01"' in text
