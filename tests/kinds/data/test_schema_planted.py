"""`data.schema` on tables with planted defects: exactly as many are found, and reports show none that is sensitive."""

from __future__ import annotations

import datetime as dt
import json
import random
import uuid
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.gatefile import load
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.run import Site, run

ROOT = Path(__file__).parent.parent.parent.parent
ROWS = 3000
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
CONTRACT = """gates:
  g:
    kind: data.schema
    data: {{fixture: t}}
    key: [id]
    {more}
    columns:
      id: {{type: integer, unique: true}}
      age: {{type: integer, min: 18, max: 110, mostly: 0.99}}
      income: {{type: number, min: 0, finite: true, max_null_fraction: 0.01}}
      state: {{type: string, allowed: [MA, NY, RI], forbidden: [ZZ]}}
      code: {{type: string, pattern: '^[A-Z]', min_length: 3, max_length: 6}}
      email: {{format: email}}
      token: {{format: uuid}}
      day: {{format: date}}
      time: {{format: datetime}}
      host: {{format: ipv4}}
      page: {{format: url}}
      body: {{format: json}}
      seen: {{type: timestamp, monotonic: increasing, min: 2026-01-01}}
      unit: {{constant: true}}
"""


def clean(draw):
    """One sound row after another."""
    for i in range(ROWS):
        yield {
            "id": i,
            "age": draw.randint(18, 110),
            "income": draw.uniform(0, 1e5),
            "state": draw.choice(["MA", "NY", "RI"]),
            "code": draw.choice(["ABC", "Abcdef", "X-1234"]),
            "email": f"person.{i}@mail.example.org",
            "token": str(uuid.UUID(int=draw.getrandbits(128))),
            "day": str((START + dt.timedelta(days=draw.randint(0, 999))).date()),
            "time": (START + dt.timedelta(seconds=draw.randint(0, 10**7))).isoformat(),
            "host": ".".join(str(draw.randint(0, 255)) for _ in range(4)),
            "page": f"https://example.org/{i}?q=ä",
            "body": json.dumps({"i": [i, None, "\n"]}),
            "seen": START + dt.timedelta(minutes=i),
            "unit": "kg",
        }


# What is planted: column, metric → a value that breaks this rule and no other.
DEFECTS = {
    ("age", "below_min"): 17,
    ("age", "above_max"): 111,
    ("age", "nulls"): None,
    ("income", "below_min"): -0.01,
    ("income", "infinite"): float("inf"),
    ("income", "nulls"): float("nan"),
    ("state", "not_allowed"): "ma",
    ("code", "pattern_mismatch"): "abc",
    ("code", "too_short"): "AB",
    ("code", "too_long"): "ABCDEFG",
    ("email", "format_mismatch"): "person@localhost",
    ("token", "format_mismatch"): "123e4567-e89b-12d3-a456-42661417400g",
    ("day", "format_mismatch"): "2026-02-29",
    ("time", "format_mismatch"): "2026-02-28T24:00:00Z",
    ("host", "format_mismatch"): "10.0.0.01",
    ("page", "format_mismatch"): "https:/example.org",
    ("body", "format_mismatch"): "{'i': 1}",
    ("seen", "nulls"): None,
    ("unit", "not_constant"): "lb",
    ("id", "duplicates"): 0,
    ("seen", "out_of_order"): START,
}


@pytest.mark.parametrize("seed", range(4))
def test_exactly_the_planted_defects_are_found(seed, judged):
    """A number of rows for each sort of defect, drawn anew; rows are found again by number and key."""
    draw = random.Random(seed)  # noqa: S311 - a simulation
    rows = list(clean(draw))
    planted, places = {}, {}
    for (column, metric), value in DEFECTS.items():
        free = [i for i in range(2, ROWS - 1, 2) if i not in places.get(column, set())]
        chosen = draw.sample(free, draw.randint(0, 40))
        places.setdefault(column, set()).update(chosen)
        planted[column, metric] = len(chosen)
        for i in chosen:
            rows[i][column] = value
    table = pa.table({name: [row[name] for row in rows] for name in rows[0]})
    _, checks = judged(CONTRACT.format(more="extra_columns: forbid"), t=table)
    found = {key: one.value for key, one in checks.items() if key in planted}
    assert found == planted
    others = {key: one for key, one in checks.items() if key not in planted}
    assert {one.verdict for one in others.values()} == {"PASS"}
    for key, one in checks.items():
        limit = {"nulls": 30, "below_min": 0}.get(key[1], 0) if key[0] == "income" else 0
        limit = one.n // 100 if key[0] == "age" and key[1] != "nulls" else limit
        assert (one.verdict == "FAIL") == ((one.value or 0) > limit), key
        for example in one.detail.get("examples", ()):
            assert example["key"]["id"] == str(rows[example["row"]]["id"])
            assert example["row"] in places[key[0]]


def test_segments_share_the_planted_defects(judged):
    """What is found per segment adds up to what was planted, segment by segment."""
    draw = random.Random(9)  # noqa: S311 - a simulation
    rows = list(clean(draw))
    planted = {"MA": 5, "NY": 0, "RI": 17}
    for state, count in planted.items():
        for row in draw.sample([row for row in rows if row["state"] == state], count):
            row["age"] = 3
    table = pa.table({name: [row[name] for row in rows] for name in rows[0]})
    text = CONTRACT.format(more="segment_by: [state]").replace("mostly: 0.99", "mostly: 1")
    _, checks = judged(text, t=table)
    for state, count in planted.items():
        check = checks[f"age[state={state}]", "below_min"]
        assert (check.value, check.n) == (count, sum(row["state"] == state for row in rows))


def test_the_catalogues_failing_twin_breaks_each_rule_in_a_known_number_of_rows(tmp_path):
    """One defect at least for each parameter."""
    path = ROOT / "gates" / "data" / "schema.gate.yaml"
    failing = ROOT / "fixtures" / "data" / "schema" / "failing.csv"
    store = InputStore(ROOT)
    found = {}
    for gate in load(path, Catalogue(), environ={"MLGATE_SCHEMA_DATA": str(failing)}).gates:
        result = run(gate, GateInputs(store, seed=1, fixtures={}), Site(node_id=gate.id, file="f", name="n"))
        found |= {(one.name, one.metric): one.value for one in result.checks if one.verdict != "PASS"}
    store.close()
    assert found == {
        ("plan", "missing_column"): 1,
        ("*", "extra_columns"): 1,
        ("*", "column_order"): 1,
        ("consent", "wrong_type"): 400,
        ("id", "duplicates"): 2,
        ("opened_at", "out_of_order"): 2,
        ("age", "below_min"): 3,
        ("age", "above_max"): 1,
        ("income", "nulls"): 22,
        ("income", "below_min"): 7,
        ("income", "infinite"): 8,
        ("state", "not_allowed"): 4,
        ("source", "forbidden"): 2,
        ("email", "format_mismatch"): 5,
        ("code", "pattern_mismatch"): 1,
        ("code", "too_short"): 2,
        ("code", "too_long"): 3,
        ("session", "format_mismatch"): 2,
        ("address", "format_mismatch"): 3,
        ("page", "format_mismatch"): 1,
        ("settings", "format_mismatch"): 2,
        ("currency", "not_constant"): 3,
        ("seen_on", "below_min"): 2,
        ("age[state=NY]", "below_min"): 1,
        ("age[state=RI]", "below_min"): 1,
        ("age[state=XX]", "below_min"): 1,
    }


SECRET_GATES = """version: 1
data: {rows: rows.parquet}
gates:
  secrets:
    kind: data.schema
    data: rows
    key: [ssn, id]
    columns:
      ssn: {sensitive: true, unique: true, monotonic: increasing, pattern: ^1, format: email, max_length: 3}
      pay: {sensitive: true, type: integer, min: 0, max: 7, allowed: [1], forbidden: [-5], constant: true}
      born: {sensitive: true, type: date, min: 2026-01-01, monotonic: decreasing}
      id: {type: integer, max: 0}
  segments:
    kind: data.schema
    data: rows
    key: [ssn]
    segment_by: [id]
    columns: {pay: {sensitive: true, max: 7}, ssn: {sensitive: true, min_length: 99}}
"""


def test_no_report_shows_a_sensitive_value(pytester, monkeypatch):
    """Not as an example, not as a key, not in a query, whatever rule was broken."""
    texts = ["472-81-9930", "472-81-9930", "391-55-0127"]
    days = [dt.date(1971, 3, 5), dt.date(1983, 8, 9), dt.date(1999, 12, 24)]
    table = pa.table({"ssn": texts, "pay": [-5, 86753098611, 86753098611], "born": days, "id": [1, 2, 3]})
    pq.write_table(table, pytester.path / "rows.parquet")
    (pytester.path / "s.gate.yaml").write_text(SECRET_GATES)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(pytester.path / "out.md"))
    options = ["--mlgate-json", "out.json", "--mlgate-junit", "out.xml", "--junitxml", "plain.xml"]
    result = pytester.runpytest_subprocess("--mlgate", "-vv", *options)
    assert result.ret == 1
    written = [(pytester.path / name).read_text() for name in ("out.json", "out.xml", "plain.xml", "out.md")]
    document = json.loads(written[0])
    broken = [one for gate in document["gates"] for one in gate["checks"] if one["verdict"] == "FAIL"]
    assert len(broken) >= 14
    for text in (result.stdout.str(), result.stderr.str(), *written):
        for secret in (*texts, "86753098611", "86,753,098,611", *map(str, days)):
            assert secret not in text
    assert "(sensitive)" in written[0]
