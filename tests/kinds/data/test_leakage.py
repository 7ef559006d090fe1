"""`data.leakage`: what training shares with testing, and features that give the label away."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from pytest_mlgate.errors import GateFileError
from pytest_mlgate.inputs.gate import GateInputs
from pytest_mlgate.inputs.store import InputStore
from pytest_mlgate.kinds.data.leakage import DataLeakage, measure
from pytest_mlgate.reference import TableRef
from pytest_mlgate.verdict import Limit

GATE = """
gates:
  g:
    kind: data.leakage
    train: {{fixture: train}}
    test: {{fixture: test}}
    metrics: {{{metrics}}}
{more}
"""
ALL = "row_overlap: {max: 0}, key_overlap: {max: 0}, date_overlap: {max: 0}, single_feature_auc: {max: 0.98}"
ROLES = "keys: [id]\ntime: seen\nlabel: y"
START = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - naive times are UTC


@pytest.fixture
def leak(judged):
    """Hold a test table against a training table."""

    def judge(train, test, metrics, more=""):
        lines = "".join(f"    {line}\n" for line in more.splitlines())
        gate = GATE.format(metrics=metrics, more=lines)
        return judged(gate, train=pa.table(train), test=pa.table(test))

    return judge


def season(n, seed, first=0, day=0):
    """Rows with an identifier, a time, three features and a label that one of them says a little about."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return {
        "id": np.arange(first, first + n),
        "seen": [START + dt.timedelta(days=day, minutes=i) for i in range(n)],
        "x": x,
        "z": rng.lognormal(size=n),
        "site": rng.choice(["a", "b", "c"], n),
        "y": (rng.random(n) < 1 / (1 + np.exp(-x))).astype(int),
    }


def test_separate_tables_pass(leak):
    """Nothing shared, no feature beyond the limit; each feature is reported, the most telling first."""
    result, checks = leak(season(2000, 1), season(500, 2, first=10_000, day=30), ALL, ROLES)
    assert result.verdict == "PASS"
    assert [one.name for one in result.checks] == ["*", "id", "seen", "x", *[one.name for one in result.checks[4:]]]
    assert {name for name, metric in checks if metric == "single_feature_auc"} == {"x", "z", "site"}
    assert checks["*", "row_overlap"].n == 500
    assert checks["*", "row_overlap"].n_reference == 2000


def test_what_was_planted_is_counted_exactly(leak):
    """Copies under new keys, keys of training's, rows from before its end: as many as there are."""
    train, test = season(2000, 1), season(500, 2, first=10_000, day=30)
    for i in range(17):  # the same features, another key, time and label
        for column in ("x", "z", "site"):
            test[column][i] = train[column][3 * i]
        test["y"][i] = 1 - train["y"][3 * i]
    test["id"][100:109] = train["id"][:9]
    test["seen"][200:204] = train["seen"][-4:]
    result, checks = leak(train, test, ALL, ROLES)
    assert result.outcome == "failed"
    found = {metric: one.value for (_, metric), one in checks.items() if metric != "single_feature_auc"}
    assert found == {"row_overlap": 17, "key_overlap": 9, "date_overlap": 4}
    assert checks["*", "row_overlap"].detail["share"] == pytest.approx(17 / 500)
    assert [one["row"] for one in checks["*", "row_overlap"].detail["examples"]] == [0, 1, 2, 3, 4]
    assert checks["id", "key_overlap"].detail["examples"][0] == {"row": 100, "key": {"id": "0"}}
    assert "row 100 (id 0)" in checks["id", "key_overlap"].detail["look_at"][0]
    assert checks["seen", "date_overlap"].detail["newest_train"] == "2026-01-02T09:19:00Z"
    assert checks["seen", "date_overlap"].detail["oldest_test"] == "2026-01-02T09:16:00Z"
    (hint,) = checks["seen", "date_overlap"].detail["look_at"]
    assert "are not later than the newest training row (2026-01-02T09:19:00Z), as row 200" in hint


CELLS = st.lists(
    st.tuples(st.sampled_from([None, 1, 2]), st.sampled_from([None, "a", "b"]), st.sampled_from([None, 0, 1])),
    min_size=1,
    max_size=10,
)


@settings(max_examples=40, deadline=None)
@given(train=CELLS, test=CELLS)
def test_overlaps_are_those_of_sets(train, test):
    """Whole rows with missing equal to missing; keys only where none is missing."""

    def table(rows):
        columns = zip("abk", zip(*rows, strict=True), (pa.int64(), pa.string(), pa.int64()), strict=True)
        return pa.table({name: pa.array(values, type_) for name, values, type_ in columns})

    store = InputStore(None)
    inputs = GateInputs(store, seed=1, fixtures={"train": table(train), "test": table(test)})
    spec = DataLeakage(
        kind="data.leakage",
        train=TableRef(fixture="train"),
        test=TableRef(fixture="test"),
        keys=("b", "k"),
        columns=("a",),
        metrics={"row_overlap": Limit(max=0), "key_overlap": Limit(max=0)},
    )
    rows, keys = measure(spec, inputs)
    store.close()
    assert rows.value == sum(one[0] in {other[0] for other in train} for one in test)
    whole = [one[1:] for one in test if None not in one[1:]]
    assert (keys.value, keys.n) == (sum(one in {other[1:] for other in train} for one in whole), len(whole))


def test_excluded_columns_tell_no_copies_apart(leak):
    """A row number makes every row its own; `exclude` leaves it out, and `columns` names what counts."""
    train, test = {"no": [1, 2], "a": [5, 6], "b": [0, 0]}, {"no": [3, 4], "a": [5, 7], "b": [0, 0]}
    for more, count in (("", 0), ("exclude: [no]", 1), ("columns: [b]", 2)):
        _, checks = leak(train, test, "row_overlap: {max: 0}", more)
        assert checks["*", "row_overlap"].value == count


def test_columns_that_only_one_table_has_are_said(leak):
    """They cannot be compared; a warning, unless somebody decided so."""
    train, test = {"a": [1, 2], "extra": [1, 2]}, {"a": [3, 4], "other": [1, 2]}
    result, checks = leak(train, test, "row_overlap: {max: 0}")
    left_out = checks["*", "columns_not_shared"]
    assert (result.outcome, left_out.value) == ("warned", 2)
    assert (left_out.detail["only_in_train"], left_out.detail["only_in_test"]) == (["extra"], ["other"])
    assert leak(train, test, "row_overlap: {max: 0}", "exclude: [extra, other]")[0].outcome == "passed"


DAYS = [dt.date(2026, 1, day) for day in (3, 4, 5, 6)]
TIMES = {
    "dates": (pa.array(DAYS[:2]), pa.array([DAYS[1], *DAYS[2:], None]), 1, 3),
    "a date and later that day": (pa.array(DAYS[:1]), pa.array([START.replace(day=3, hour=8)]), 0, 1),
    "times in two zones": (
        pa.array([START], pa.timestamp("us", "UTC")),
        pa.array([START, START + dt.timedelta(microseconds=1)], pa.timestamp("us", "Asia/Tokyo")),
        1,
        2,
    ),
    "nanoseconds": (pa.array([1_500], pa.timestamp("ns")), pa.array([1_500, 4_500], pa.timestamp("ns")), 1, 2),
    "years": (pa.array([2020, 2021]), pa.array([2021, 2022, None]), 1, 2),
    "years and fractions of them": (pa.array([2020, 2021]), pa.array([2021.0, 2021.5]), 1, 2),
    "seconds": (pa.array([0.1, 0.3]), pa.array([0.3, np.nextafter(0.3, 1), 0.2]), 2, 3),
    "seconds in single precision": (pa.array([0.1], pa.float32()), pa.array([0.1, 0.2], pa.float32()), 1, 2),
    "nanoseconds as numbers": (pa.array([10**18 + 100]), pa.array([10**18 + 100, 2 * 10**18]), 1, 2),
}


@pytest.mark.parametrize("case", TIMES)
def test_rows_not_later_than_the_newest_training_row_are_counted(case, leak):
    """At the newest one's own instant is not later; rows without a time are not judged."""
    train, test, count, n = TIMES[case]
    _, checks = leak({"t": train}, {"t": test}, "date_overlap: {max: 0}", "time: t")
    assert (checks["t", "date_overlap"].value, checks["t", "date_overlap"].n) == (count, n)


def test_a_feature_that_all_but_copies_the_label_fails_and_is_named_first(leak):
    """Its area is scikit-learn's; the text says how it gives the label away."""
    train = season(3000, 3)
    train["x"] = train["y"] + np.random.default_rng(4).normal(0, 0.2, 3000)
    result, checks = leak(train, season(300, 5, first=9000, day=30), "single_feature_auc: {max: 0.98}", ROLES)
    first = result.checks[0]
    assert (first.name, first.verdict, result.outcome) == ("x", "FAIL", "failed")
    assert first.value == pytest.approx(roc_auc_score(train["y"], train["x"]), abs=1e-12)
    assert first.low < first.value < first.high
    assert first.detail["look_at"] == [
        f"x: the order of its values alone tells y=1 from the rest (AUC {first.value:.4f})"
    ]
    assert {one.verdict for one in checks.values() if one.name != "x"} == {"PASS"}


def test_a_category_that_encodes_the_label_fails(leak):
    """Two hundred codes, each of one class; an order of theirs would show nothing."""
    rng = np.random.default_rng(6)
    codes = rng.integers(0, 200, 4000)
    train = {"code": np.char.add("c", codes.astype(str)), "noise": rng.normal(size=4000), "y": codes % 3}
    result, checks = leak(train, train, "single_feature_auc: {max: 0.98}", "label: y")
    assert (result.checks[0].name, checks["code", "single_feature_auc"].verdict) == ("code", "FAIL")
    assert "which of its values a row has" in checks["code", "single_feature_auc"].detail["look_at"][0]
    assert checks["noise", "single_feature_auc"].verdict == "PASS"


@pytest.mark.parametrize("values", [[START] * 1000, [1.5] * 1000, ["yes"] * 1000, [True] * 1000])
def test_a_value_that_is_filled_in_once_the_outcome_is_known_fails(values, leak):
    """Present in one class, missing in the other, whatever it says."""
    label = np.random.default_rng(7).random(1000) < 0.2
    train = {"closed": pa.array(values, mask=~label), "y": label}
    result, checks = leak(train, train, "single_feature_auc: {max: 0.98}", "label: y")
    assert result.outcome == "failed"
    assert checks["closed", "single_feature_auc"].value == 1.0
    assert checks["closed", "single_feature_auc"].detail["positive"] == "y=true"


@pytest.mark.parametrize(("rows", "draws"), [(8, 30), (20, 30), (100, 10), (2000, 3)])
def test_features_that_say_nothing_never_fail(rows, draws, leak):
    """Identifiers, codes in pairs, numbers, gaps: what few rows show by chance is inconclusive at most."""
    for seed in range(draws):
        rng = np.random.default_rng([rows, seed])
        train = {
            "id": np.char.add("user", np.arange(rows).astype(str)),
            "pair": np.char.add("p", (np.arange(rows) // 2).astype(str)),
            "day": [START + dt.timedelta(days=int(one)) for one in rng.integers(0, 9, rows)],
            "gap": pa.array(rng.normal(size=rows), mask=rng.random(rows) < 0.3),
            **{f"x{i}": rng.normal(size=rows) for i in range(20)},
            **{f"c{i}": rng.integers(0, 5, rows) for i in range(10)},
            "y": rng.permutation(np.arange(rows) % 2),
        }
        result, checks = leak(train, train, "single_feature_auc: {max: 0.98}", "label: y")
        assert {one.verdict for one in result.checks} <= {"PASS", "INCONCLUSIVE"}
        assert checks["id", "single_feature_auc"].value == 0.5
        if rows >= 100:
            assert result.verdict == "PASS"


def test_a_limit_with_confidence_needs_the_bounds(leak):
    """Around the limit the answer is undecided, and says how many rows would decide."""
    train = season(400, 3)
    train["x"] = train["y"] + np.random.default_rng(4).normal(0, 0.5, 400)
    _, checks = leak(train, train, "single_feature_auc: {max: 0.91, confidence: 0.95}", ROLES)
    one = checks["x", "single_feature_auc"]
    assert (one.verdict, one.low < 0.91 < one.high) == ("INCONCLUSIVE", True)
    assert one.rows_to_decide > 400


ONE_METRIC = {
    "row_overlap": "",
    "key_overlap": "keys: [id]",
    "date_overlap": "time: t",
    "single_feature_auc": "label: y",
}
UNMEASURABLE = [
    ({"a": [1]}, {"b": [1]}, "row_overlap", "no column in common"),
    ({"id": ["1"]}, {"id": [1]}, "key_overlap", "column 'id', of type integer"),
    ({"id": pa.array([], pa.int64())}, {"id": [1]}, "key_overlap", "no reference rows"),
    ({"id": [1]}, {"id": pa.array([], pa.int64())}, "row_overlap", "no rows to measure"),
    ({"id": [1]}, {"id": pa.array([None], pa.int64())}, "key_overlap", "no rows to measure"),
    ({"id": [1]}, {"other": [1]}, "key_overlap", "no column 'id'"),
    ({"t": ["x"]}, {"t": ["x"]}, "date_overlap", "which is no time"),
    ({"t": pa.array([None], pa.date32())}, {"t": DAYS[:1]}, "date_overlap", "no training row says when"),
    ({"t": DAYS[:1]}, {"t": pa.array([None], pa.date32())}, "date_overlap", "no rows to measure"),
    ({"t": DAYS[:1]}, {"t": [1]}, "date_overlap", "cannot be compared"),
    ({"x": [1, 2]}, {"x": [1]}, "single_feature_auc", "no column 'y'"),
    ({"x": [1, 2], "y": [1, 1]}, {"x": [1]}, "single_feature_auc", "every label in training is the same"),
    ({"x": [1, 2], "y": pa.nulls(2)}, {"x": [1]}, "single_feature_auc", "every label in column 'y'"),
    ({"x": [1, 2], "y": [[1], [2]]}, {"x": [1]}, "single_feature_auc", "no values that could be classes"),
    ({"x": range(101), "y": range(101)}, {"x": [1]}, "single_feature_auc", "more than 100 different values"),
    ({"x": [[1], [2]], "y": [0, 1]}, {"x": [[1]]}, "single_feature_auc", "no simple type"),
    ({"x": [None, 1], "y": [0, None]}, {"x": [1]}, "single_feature_auc", "every label"),
    (
        {"x": [None, None, 1.0], "y": [0, 1, None]},
        {"x": [1.0]},
        "single_feature_auc",
        "every row with a label misses it",
    ),
]


@pytest.mark.parametrize(("train", "test", "metric", "reason"), UNMEASURABLE)
def test_what_cannot_be_measured_never_passes(train, test, metric, reason, leak):
    """And says why."""
    result, checks = leak(train, test, f"{metric}: {{max: 0.98}}", ONE_METRIC[metric])
    assert result.outcome == "errored"
    assert any(reason in (one.reason or "") for one in checks.values() if one.metric == metric), result


def test_a_metric_that_cannot_be_had_does_not_hide_the_others(leak):
    """Keys of two types, and the rest as ever."""
    test = season(300, 2, first=9000, day=30)
    test["id"] = test["id"].astype(str)
    result, checks = leak(season(1000, 1), test, ALL, ROLES)
    assert result.outcome == "errored"
    assert checks["*", "key_overlap"].verdict == "NOT_MEASURED"
    assert {one.verdict for (_, metric), one in checks.items() if metric != "key_overlap"} == {"PASS"}


def test_rows_without_a_label_are_left_out(leak):
    """They say nothing of it, and are not counted in n."""
    label = pa.array([0, 1] * 50 + [None] * 20)
    _, checks = leak({"x": list(range(120)), "y": label}, {"x": [1]}, "single_feature_auc: {max: 0.98}", "label: y")
    assert checks["x", "single_feature_auc"].n == 100


def test_a_misspelt_sensitive_column_is_refused(leak):
    """Its values would be shown; a column that only one table has may be sensitive."""
    rows = {"ssn": ["123-45"], "x": [1]}
    result, _ = leak(rows, rows, "key_overlap: {max: 0}", "keys: [ssn]\nsensitive: [SSN]")
    assert (result.verdict, result.reason) == ("NOT_MEASURED", "`sensitive` names 'SSN', which is no column")
    result, _ = leak(rows, {**rows, "note": ["a"]}, "key_overlap: {max: 0}", "keys: [ssn]\nsensitive: [ssn, note]")
    assert result.verdict == "FAIL"


def test_the_newest_time_of_a_sensitive_column_is_not_reported(leak):
    """Refused when the file is read, as `freshness` of such a column is."""
    with pytest.raises(GateFileError, match="newest training row's time"):
        leak({"at": [1]}, {"at": [2]}, "date_overlap: {max: 0}", "time: at\nsensitive: [at]")


def test_sensitive_values_are_not_shown(leak):
    """Neither as a value nor as a key; other columns are."""
    rows = {"ssn": ["111", "222"], "name": ["Ann", "Bo"], "age": [30, 40]}
    result, checks = leak(
        rows, rows, "row_overlap: {max: 0}, key_overlap: {max: 0}", "keys: [ssn]\nsensitive: [ssn, name]"
    )
    text = repr(result)
    assert not any(secret in text for secret in ("111", "222", "Ann", "Bo"))
    assert checks["*", "row_overlap"].detail["examples"][0]["value"] == "name=(sensitive), age=30"
    assert checks["ssn", "key_overlap"].detail["examples"][0]["key"] == {"ssn": "(sensitive)"}


def test_a_wide_row_is_shown_in_part(leak):
    """Five columns, and how many more there are."""
    rows = {f"c{i}": [i] for i in range(9)}
    _, checks = leak(rows, rows, "row_overlap: {max: 0}")
    shown = checks["*", "row_overlap"].detail["examples"][0]["value"]
    assert shown == "c0=0, c1=1, c2=2, c3=3, c4=4, … and 4 more columns"


@pytest.mark.parametrize(
    ("metrics", "more", "what"),
    [
        ("key_overlap: {max: 0}", "", "needs `keys:`"),
        ("date_overlap: {max: 0}", "", "needs `time:`"),
        ("single_feature_auc: {max: 0.98}", "", "needs `label:`"),
        ("row_overlap: {min: 1}", "", "no such thing as too little leakage"),
        ("row_overlap: {max: 0, confidence: 0.95}", "", "no confidence interval"),
        ("row_overlap: {max_drop: 1}", "", "no baseline"),
        ("row_overlap: {max: 0}", "columns: [a, id]\nkeys: [id]", "also under keys"),
        ("row_overlap: {max: 0}", "columns: [y]\nlabel: y", "also under label"),
        ("overlap: {max: 0}", "", "overlap"),
    ],
)
def test_what_makes_no_sense_is_found_while_reading(metrics, more, what, leak):
    """With the place in the file."""
    with pytest.raises(GateFileError, match=what):
        leak({"a": [1]}, {"a": [1]}, metrics, more)
