"""`drift.features` against a profile: the verdicts that the table of which it was made would give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pytest_mlgate.cli import main
from pytest_mlgate.errors import GateFileError
from pytest_mlgate.verdict import Verdict

EXAMPLE = Path(__file__).parents[3] / "example_project"
GATE = """
gates:
  g:
    kind: drift.features
    data: {{fixture: new}}
    reference: {reference}
    metrics: {metrics}
{more}
"""
METRICS = (
    "{psi: {warn_max: 0.05, max: 0.1}, js: {max: 0.1}, kl: {max: 0.1}, hellinger: {max: 0.1}, tvd: {max: 0.1}, "
    "linf: {max: 0.05}, chi2: {}, cramers_v: {max: 0.1}, null_rate_change: {max: 0.05}, unseen_share: {max: 0.01}}"
)


@pytest.fixture
def compared(judged, tmp_path):
    """Give the checks of a gate against a table, and of the same gate against the table's profile."""

    def judge(old, new, metrics=METRICS, more="", options=()):
        path, profile = tmp_path / "old.parquet", tmp_path / "old.profile.json"
        pq.write_table(pa.table(old), path)
        profile.unlink(missing_ok=True)
        done = CliRunner().invoke(main, ["profile", str(path), "-o", str(profile), *options])
        assert done.exit_code == 0, done.output
        lines = "".join(f"    {line}\n" for line in more.splitlines())
        return tuple(
            judged(GATE.format(reference=ref, metrics=metrics, more=lines), new=pa.table(new))
            for ref in ("{path: old.parquet}", "{profile: old.profile.json}")
        )

    return judge


def sides(rng, n, m, shift):
    """Make columns of many shapes, the second side moved by so many standard deviations."""

    def numbers(rows, moved):
        x = rng.normal(size=rows) + moved
        return {
            "normal": x,
            "scaled": np.exp(x) * 1e-6,
            "whole": np.floor(x * 4).astype(np.int64),
            "many": (x * 1000).astype(np.int32),
            "single": x.astype(np.float32),
            "mixed": np.where(rng.random(rows) < 0.5, 0.0, x),
            "gaps": pa.array(x, mask=rng.random(rows) < 0.1 + moved / 5),
            "infinite": np.where(rng.random(rows) < 0.05, np.inf, np.where(rng.random(rows) < 0.02, -np.inf, x)),
            "constant": np.full(rows, 5.0 + (moved > 0) / 100),
            "when": pa.array((x * 1e9).astype(np.int64), pa.timestamp("us")),
            "yes": x > 0,
            "word": np.array([f"w{int(v)}" for v in np.abs(x) * 3]),
        }

    return numbers(n, 0.0), numbers(m, shift)


@pytest.mark.parametrize(("n", "m"), [(60, 40), (5_000, 300), (3_000, 20_000)])
@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5])
def test_every_value_and_verdict_is_that_of_the_table(compared, n, m, shift):
    """For a dozen columns, ten metrics, small and large samples, moved or not."""
    old, new = sides(np.random.default_rng([n, m, int(shift * 10)]), n, m, shift)
    (by_table, expected), (by_profile, found) = compared(old, new)
    assert by_profile.verdict == by_table.verdict
    assert found.keys() == expected.keys()
    for key, check in expected.items():
        assert (found[key].verdict, found[key].n_reference) == (check.verdict, check.n_reference), key
        assert found[key].value == pytest.approx(check.value, rel=1e-12), key
        assert (found[key].p_adjusted or 0) == pytest.approx(check.p_adjusted or 0, rel=1e-9), key


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.2, 0.25, 0.3, 0.6])
def test_the_distance_is_bracketed_and_decided_only_where_the_bracket_decides(compared, shift):
    """A distance within the bracket of its limit is INCONCLUSIVE; any other has the table's verdict."""
    old, new = sides(np.random.default_rng(int(shift * 100)), 4_000, 4_000, shift)
    (_, expected), (_, found) = compared(old, new, metrics="{ks: {max: 0.1}}")
    decided = 0
    for key, check in expected.items():
        if key[1] != "ks":
            continue
        low, high = found[key].detail["between"]
        assert low - 1e-12 <= check.value <= high + 1e-12, key
        assert high - low <= 0.011
        if low <= 0.1 < high:
            assert found[key].verdict is Verdict.INCONCLUSIVE, key
        else:
            assert found[key].verdict is check.verdict, key
            decided += 1
    assert decided >= 5


def test_the_limit_inside_a_bracket_is_undecided(compared):
    """With the limit put into the bracket itself, neither pass nor fail can be told."""
    old, new = sides(np.random.default_rng(3), 4_000, 4_000, 0.25)
    _, (_, found) = compared(old, new, metrics="{ks: {max: 0.5}}", more="columns: [normal]")
    low, high = found["normal", "ks"].detail["between"]
    assert low < high
    _, (_, found) = compared(old, new, metrics=f"{{ks: {{max: {(low + high) / 2}}}}}", more="columns: [normal]")
    assert found["normal", "ks"].verdict is Verdict.INCONCLUSIVE


def test_categories_that_a_profile_pools_cannot_be_called_new(compared):
    """Two thousand categories: the table fails on new ones, the profile does not know and does not pass."""
    rng = np.random.default_rng(6)
    old = {"c": [f"k{i}" for i in rng.integers(0, 2_000, 20_000)]}
    new = {"c": [f"z{i % 50}" for i in range(10_000)]}
    (_, expected), (result, found) = compared(old, new, metrics="{unseen_share: {max: 0.01}}")
    assert expected["c", "unseen_share"].verdict is Verdict.FAIL
    assert result.verdict is Verdict.NOT_MEASURED
    assert "name the table" in found["c", "unseen_share"].reason


def test_windows_are_held_against_the_profile(compared):
    """Each window of a stream has the table's value."""
    rng = np.random.default_rng(5)
    old = {"x": rng.normal(size=5_000), "c": rng.choice(["a", "b"], 5_000)}
    new = {"x": np.concatenate([rng.normal(size=2_000), rng.normal(1.0, size=2_000)]), "c": ["a", "b"] * 2_000}
    (_, expected), (_, found) = compared(old, new, metrics="{psi: {max: 0.1}}", more="window: {rows: 1000}")
    assert {key: (one.value, one.verdict) for key, one in found.items()} == {
        key: (one.value, one.verdict) for key, one in expected.items()
    }
    assert found["x[rows 2000-2999]", "psi"].verdict is Verdict.FAIL


def test_lengths_of_texts_come_from_the_profile(compared):
    """Texts twice as long fail alike."""
    rng = np.random.default_rng(6)
    texts = [["x" * k for k in rng.poisson(mean, 3_000)] for mean in (20, 40)]
    (_, expected), (_, found) = compared(
        {"t": texts[0]}, {"t": texts[1]}, metrics="{psi: {max: 0.1}}", more="text_length: [t]"
    )
    assert found["t", "psi"].value == expected["t", "psi"].value > 1.0


def test_numbers_in_single_precision_are_the_same_numbers(compared):
    """0.1 stored in four bytes and read back as double is no drift, whichever side it is on."""
    values = np.tile([0.1, 0.2, 0.3], 1_000)
    for old, new in ((np.float32, np.float64), (np.float64, np.float32)):
        (_, expected), (_, found) = compared({"x": values.astype(old)}, {"x": values.astype(new)})
        assert found["x", "psi"].value == expected["x", "psi"].value == 0.0


def test_real_records_get_the_verdicts_of_the_table(compared):
    """Employment records of 2018 against 2015, codes as categories, by psi."""
    old, new = (pq.read_table(EXAMPLE / "data" / f"employment_ma_{year}.parquet") for year in (2015, 2018))
    codes = [name for name in old.column_names if name not in ("AGEP", "id", "predicted_probability")]
    more = f"exclude: [id]\ncategorical: [{', '.join(codes)}]"
    options = [part for name in codes for part in ("--categorical", name)]
    (by_table, expected), (by_profile, found) = compared(
        old, new, metrics="{psi: {max: 0.1}}", more=more, options=options
    )
    assert by_profile.verdict == by_table.verdict
    for key, one in expected.items():
        assert (found[key].value, found[key].verdict) == (pytest.approx(one.value, rel=1e-12), one.verdict), key


def test_known_drift_of_the_loans_is_found_from_a_profile(compared):
    """From row 25,000 on three columns moved; two controls did not, by psi and by a bracketed distance."""
    folder = EXAMPLE / "broken" / "data"
    old = pq.read_table(folder / "car_loan_reference.parquet")
    new = pq.read_table(folder / "car_loan_analysis.parquet").slice(25_000)
    (_, expected), (result, found) = compared(
        old, new, metrics="{psi: {max: 0.1}, ks: {max: 0.1}}", more="exclude: [id, timestamp, y_pred, y_pred_proba]"
    )
    assert result.verdict is Verdict.FAIL
    assert {key: one.verdict for key, one in found.items()} == {key: one.verdict for key, one in expected.items()}
    assert found["car_value", "ks"].value == pytest.approx(0.434, abs=0.005)


def test_the_profile_is_recorded_with_its_hash(compared):
    """What a release is bound to is the profile's bytes."""
    _, (result, _) = compared({"x": np.arange(100.0)}, {"x": np.arange(100.0)})
    record = next(one for one in result.inputs if one.role == "reference")
    assert (record.name, record.rows) == ("old.profile.json", 100)
    assert record.sha256 == record.files[0].sha256
    assert len(record.sha256) == 64


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("metrics: {wasserstein: {max: 0.1}}", "wasserstein needs the reference's values"),
        ("metrics: {mean_shift: {max: 0.1}}", "mean_shift needs the reference's values"),
        ("per_column: {x: {std_shift: {max: 0.1}}}", "std_shift needs the reference's values"),
    ],
)
def test_what_a_profile_cannot_give_is_refused_at_collection(judged, more, said):
    """The file alone says so: nothing is opened."""
    text = f"gates: {{g: {{kind: drift.features, data: {{fixture: new}}, reference: {{profile: p.json}}, {more}}}}}"
    with pytest.raises(GateFileError, match=said):
        judged(text, new=None)


def test_a_profile_stands_alone(judged):
    """A predicate beside it could not be applied."""
    text = "gates: {g: {kind: drift.features, data: {fixture: new}, reference: {profile: p.json, where: x > 1}}}"
    with pytest.raises(GateFileError, match="leave the other parameters out"):
        judged(text, new=None)


@pytest.mark.parametrize(
    ("more", "options", "said"),
    [
        ("categorical: [code]", (), "make the profile with `--categorical code`"),
        ("", ("--categorical", "code"), "list it under `categorical:`"),
        ("", ("--sensitive", "code"), "the profile counts only what is missing"),
        ("columns: [code, other]", (), "no column 'other'"),
    ],
)
def test_a_profile_made_of_something_else_is_not_measured(compared, more, options, said):
    """Numbers that are codes in one place only, or were to be kept secret; the column says what to do."""
    table = {"code": np.arange(1000) % 7, "x": np.arange(1000.0)}
    _, (result, found) = compared(table, table, metrics="{psi: {max: 0.1}}", more=more, options=options)
    assert result.verdict is Verdict.NOT_MEASURED
    assert any(said in (one.reason or "") for one in found.values())


def test_an_edited_profile_is_refused(judged, tmp_path):
    """A hash that does not fit stops the gate."""
    pq.write_table(pa.table({"x": np.arange(100.0)}), tmp_path / "o.parquet")
    path = tmp_path / "p.json"
    CliRunner().invoke(main, ["profile", str(tmp_path / "o.parquet"), "-o", str(path)])
    path.write_text(path.read_text().replace('"missing": 0', '"missing": 1'))
    text = "gates: {g: {kind: drift.features, data: {fixture: new}, reference: {profile: p.json}}}"
    result, _ = judged(text, new=pa.table({"x": np.arange(100.0)}))
    assert result.verdict is Verdict.NOT_MEASURED
    assert "sha256" in result.reason
