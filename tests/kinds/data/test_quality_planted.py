"""`data.quality`: a seeded table of thousands of rows with planted defects gives exactly the planted counts."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

ROWS = 8000
NOW = dt.datetime.fromisoformat("2026-06-30T00:00:00")
CHECKS = """
row_count: {min: 10000}
row_count_change: {reference: {fixture: before}, max_drop: "1%"}
freshness: {column: seen, max_age: 12h, now: 2026-06-30T00:00:00Z}
unique_together: [[user, day], [id]]
duplicates: {exclude: [id]}
stats: {amount: {null_fraction: {max: 0}, max: {max: 1000}}, kind: {distinct: {max: 4}}}
compare: [start <= end]
rows_where: {"state = 'closed' AND amount IS NULL": {max: 0}}
sql: {busy: "SELECT user, count(*) FROM data GROUP BY user HAVING count(*) > 45"}
foreign_key: [{column: kind, references: {fixture: kinds}, key: code}]
labels: {column: label, min_share: 0.05, conflicting: {keys: [user, day, start], max: 0}}
sentinels: {columns: [code, note]}
key: [id]
"""


def sound(rng):
    """Rows that satisfy everything: users and days are combined once each."""
    user, day = np.divmod(np.arange(ROWS), 40)
    start = rng.integers(0, 100, ROWS)
    first = dt.datetime.fromisoformat("2026-06-01")
    return pd.DataFrame(
        {
            "id": np.arange(ROWS),
            "user": user,
            "day": day,
            "kind": rng.choice(["a", "b", "c", "d"], ROWS),
            "start": start,
            "end": start + rng.integers(0, 9, ROWS),
            "amount": rng.uniform(0, 900, ROWS).round(2),
            "state": rng.choice(["open", "closed"], ROWS),
            "code": rng.integers(0, 50, ROWS),
            "note": rng.choice(["fine", "late"], ROWS),
            "label": rng.choice(["yes", "no"], ROWS, p=[0.2, 0.8]),
            "seen": [first + dt.timedelta(hours=int(one)) for one in rng.integers(0, 24 * 28, ROWS)],
        }
    )


def planted(rng):
    """The same with defects in known numbers, in rows that do not overlap."""
    frame = sound(rng)
    at = iter(np.split(rng.permutation(np.arange(1000, ROWS)), np.cumsum([37, 11, 23, 17, 13, 9, 5])))
    frame.loc[next(at), "end"] = -1  # 37 end before they start
    null = next(at)
    frame.loc[null, ["amount", "state"]] = [np.nan, "closed"]  # 11 closed without an amount
    frame.loc[next(at), "kind"] = "zz"  # 23 of a kind that does not exist
    frame.loc[next(at), "code"] = -9999  # 17 numbers and 13 texts that stand for nothing
    frame.loc[next(at), "note"] = "N/A"
    frame.loc[next(at), "seen"] = NOW + dt.timedelta(days=1)  # 9 of tomorrow
    frame.loc[next(at), "amount"] = 5000.0  # 5 too large
    again = frame.iloc[:19].assign(id=np.arange(ROWS, ROWS + 19))  # 19 rows again under another id
    other = frame.iloc[19:26].assign(id=np.arange(9000, 9007))  # 7 again with the other label
    other["label"] = np.where(other["label"] == "yes", "no", "yes")
    twice = frame.iloc[26:30].assign(note="other")  # 4 ids twice, in rows that differ elsewhere
    return pd.concat([frame, again, other, twice], ignore_index=True)


EXPECTED = {
    ("*", "row_count"): (8030, None),
    ("*", "row_count_change"): (8030, None),
    ("seen", "in_future"): (9, 8030),
    ("user+day", "duplicates"): (30, 8030),
    ("id", "duplicates"): (4, 8030),
    ("*", "duplicate_rows"): (19, 8030),
    ("amount", "null_fraction"): (11 / 8030, 8030),
    ("amount", "max"): (5000.0, 8019),
    ("kind", "distinct"): (5, 8030),
    ("start <= end", "violations"): (37, 8030),
    ("state = 'closed' AND amount IS NULL", "rows_where"): (11, 8030),
    ("busy", "sql"): (1, 8030),
    ("kind", "foreign_key"): (23, 8030),
    ("label", "conflicting_labels"): (14, 8030),
    ("code", "sentinels"): (17, 8030),
    ("note", "sentinels"): (13, 8030),
}
FORMS = {
    "pandas": lambda frame, _: {"t": frame},
    "polars": lambda frame, _: {"t": pl.from_pandas(frame)},
    "lazy": lambda frame, _: {"t": pl.from_pandas(frame).lazy()},
    "arrow": lambda frame, _: {"t": pa.Table.from_pandas(frame)},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_planted_defect_is_counted_once(quality, tmp_path, form):
    """Exactly as many as were planted, whatever holds the table."""
    frame = planted(np.random.default_rng(42))
    before, kinds = pa.table({"x": range(9000)}), pa.table({"code": list("abcd")})
    table = FORMS[form](frame, tmp_path)["t"]
    result, checks = quality(table, CHECKS, before=before, kinds=kinds)
    assert {key: (checks[key].value, checks[key].n) for key in EXPECTED} == EXPECTED
    failed = {key for key, one in checks.items() if one.verdict == "FAIL"}
    assert failed == EXPECTED.keys()
    assert {key for key, one in checks.items() if one.verdict == "NOT_MEASURED"} == {("seen", "age_hours")}
    assert result.outcome == "failed"
    row = checks["user+day", "duplicates"].detail["examples"][0]
    assert row == {"row": 8000, "key": {"id": "8000"}, "value": "user=0, day=0"}


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_files_give_the_same_counts(judged, tmp_path, suffix):
    """Read from a file, with the reference and the kinds in files beside it."""
    frame = pa.Table.from_pandas(planted(np.random.default_rng(42)), preserve_index=False)
    write = pq.write_table if suffix == "parquet" else pcsv.write_csv
    write(frame, tmp_path / f"t.{suffix}")
    write(pa.table({"x": range(9000)}), tmp_path / f"before.{suffix}")
    write(pa.table({"code": list("abcd")}), tmp_path / f"kinds.{suffix}")
    checks = CHECKS.replace("{fixture: before}", "before").replace("{fixture: kinds}", "kinds")
    indented = "\n".join(f"    {line}" for line in checks.strip().splitlines())
    tables = ", ".join(f"{name}: {name}.{suffix}" for name in ("t", "before", "kinds"))
    _, found = judged(f"data: {{{tables}}}\ngates:\n  g:\n    kind: data.quality\n    data: t\n{indented}\n")
    assert {key: (found[key].value, found[key].n) for key in EXPECTED} == EXPECTED


def test_a_sound_table_of_the_same_size_passes(quality):
    """No defect, no finding."""
    frame = sound(np.random.default_rng(42)).assign(seen=NOW - dt.timedelta(hours=6))
    parameters = CHECKS.replace("min: 10000", "min: 8000")
    before, kinds = pa.table({"x": range(8000)}), pa.table({"code": list("abcd")})
    result, checks = quality(frame, parameters, before=before, kinds=kinds)
    assert result.verdict == "PASS", [(key, one.value) for key, one in checks.items() if one.verdict != "PASS"]
