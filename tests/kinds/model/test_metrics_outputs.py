"""`model.metrics` on outputs: whether they can be meant, several classes, weights, clusters; live as precomputed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

GATE = "gates:\n  g: {{kind: model.metrics, data: {{fixture: t}}, label: y, {more}}}\n"
SANE = "metrics: {invalid_outputs: {max: 0}, top_output_share: {max: 0.9}}"


def of_species(n=900, seed=1):
    """Make a classifier's answers among three classes, with weights and clusters."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    logits = rng.normal(0, 1, (n, 3)).astype(np.float32)
    logits[np.arange(n), codes] += 1.5
    scores = np.exp(logits.astype(np.float64))
    scores /= scores.sum(axis=1, keepdims=True)
    names = np.array(["ant", "bee", "cat"])
    columns = {f"s{i}": scores[:, i] for i in range(3)} | {f"z{i}": logits[:, i] for i in range(3)}
    weights = rng.exponential(1.0, n)
    more = {"y": names[codes], "p": names[scores.argmax(axis=1)], "w": weights, "who": rng.integers(0, 120, n)}
    return pa.table({**columns, **more})


def test_several_classes_are_scikit_learns(judged):
    """Every metric of classes and of probabilities, weighted, to the last digits that matter."""
    metrics = pytest.importorskip("sklearn.metrics")
    table = of_species()
    y, p, w = (table[name].to_numpy(zero_copy_only=False) for name in ("y", "p", "w"))
    scores = np.column_stack([table[f"s{i}"].to_numpy() for i in range(3)])
    average = {"average": "macro", "sample_weight": w}
    expected = {
        "accuracy": metrics.accuracy_score(y, p, sample_weight=w),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, p, sample_weight=w),
        "precision": metrics.precision_score(y, p, **average),
        "recall": metrics.recall_score(y, p, **average),
        "f1": metrics.f1_score(y, p, **average),
        "mcc": metrics.matthews_corrcoef(y, p, sample_weight=w),
        "kappa": metrics.cohen_kappa_score(y, p, sample_weight=w),
        "log_loss": metrics.log_loss(y, scores, sample_weight=w),
        "top_2_accuracy": metrics.top_k_accuracy_score(y, scores, k=2, sample_weight=w),
    }
    names = ", ".join(f"{name}: {{}}" for name in expected)
    columns = "prediction: p, score: [s0, s1, s2], weight: w, average: macro"
    _, checks = judged(GATE.format(more=f"{columns}, metrics: {{{names}}}"), t=table)
    for name, value in expected.items():
        check = checks["*", name]
        assert check.value == pytest.approx(value, abs=1e-9), name
        assert check.low < check.value < check.high, name
        assert [one["class"] for one in check.detail["classes"]] == ["ant", "bee", "cat"]


def test_rows_that_belong_together_widen_the_bounds(judged):
    """Each row ten times over is no more data: with the cluster key the bounds are those of the single rows."""
    single = of_species(n=400)
    copies = pa.concat_tables([single] * 10)
    copies = copies.append_column("row", pa.array(np.tile(np.arange(400), 10)))
    limit = "prediction: p, classes: [ant, bee, cat], metrics: {accuracy: {}}"
    widths = []
    for table, more in ((single, ""), (copies, ""), (copies, ", groups: row")):
        _, checks = judged(GATE.format(more=limit + more), t=table)
        found = checks["*", "accuracy"]
        widths.append(found.high - found.low)
        assert found.detail.get("clusters") == (400 if more else None)
    assert widths[1] == pytest.approx(widths[0] / np.sqrt(10), rel=0.1)
    assert widths[2] == pytest.approx(widths[0], rel=0.05)


def test_one_class_metrics_of_several_classes_want_an_average(judged):
    """Which only shows when the model's outputs do: NOT_MEASURED, and it says to choose one."""
    torch = pytest.importorskip("torch")
    model = "model: {fixture: m, features: [z0, z1, z2], output: logits}"
    more = f"{model}, metrics: {{f1: {{min: 0}}, accuracy: {{min: 0}}}}"
    result, checks = judged(GATE.format(more=more), t=of_species(), m=torch.nn.Identity())
    assert result.verdict == "NOT_MEASURED"
    assert "average" in checks["*", "f1"].reason
    assert checks["*", "accuracy"].verdict == "PASS"


LIVE = {
    "binary": ("logits", ["z"], "score: s, prediction: p", "accuracy, f1, roc_auc, log_loss, brier"),
    "several": (
        "logits",
        ["z0", "z1", "z2"],
        "score: [s0, s1, s2], prediction: p, average: macro",
        "accuracy, f1, log_loss, brier",
    ),
    "numbers": ("value", ["z"], "prediction: p", "rmse, mae, r2"),
}


@pytest.mark.parametrize("what", LIVE)
@pytest.mark.parametrize("more", ["", "weight: w", "groups: who"])
def test_precomputed_and_live_are_identical(what, more, judged, tmp_path):
    """The same checks to the last bit: values, bounds, gains, verdicts; from a fixture's table or a file."""
    torch = pytest.importorskip("torch")
    output, features, columns, names = LIVE[what]
    table, weights = _rows(what), ("w", "who")
    assert all(name in table.column_names for name in (*features, *weights))
    pq.write_table(table, tmp_path / "t.parquet")
    limits = {"rmse": "max: 9", "mae": "max: 9", "log_loss": "max: 9", "r2": "min: -9"}
    metrics = ", ".join(f"{name}: {{{limits.get(name, 'min: 0, max: 1')}}}" for name in names.split(", "))
    gain = "gain: {metrics: {" + ("rmse" if what == "numbers" else "accuracy") + ": {min: -9}}}"
    common = ", ".join(filter(None, [f"metrics: {{{metrics}}}, {gain}, confidence: 0.9", more]))
    average = ", average: macro" if what == "several" else ""
    model = f"model: {{fixture: m, features: [{', '.join(features)}], output: {output}, batch_size: 64}}{average}"
    gates = [
        GATE.format(more=f"{columns}, {common}"),
        GATE.format(more=f"{model}, {common}"),
        GATE.format(more=f"{model}, {common}").replace("{fixture: t}", "{path: t.parquet}"),
    ]
    found = [judged(gate, t=table, m=torch.nn.Identity())[1] for gate in gates]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == len(names.split(", ")) + 1
    assert {check.verdict for (_, name), check in found[0].items() if name != "roc_auc" or not more} == {"PASS"}


def _rows(what):
    """Make rows with a model's inputs and, as columns, what comes of them by plain numpy."""
    table = of_species()
    rng = np.random.default_rng(4)
    if what == "several":
        logits = np.column_stack([table[f"z{i}"].to_numpy() for i in range(3)]).astype(np.float64)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores = powers / powers.sum(axis=1, keepdims=True)
        return pa.table(
            {**{name: table[name] for name in ("y", "p", "w", "who", "z0", "z1", "z2")}}
            | {f"s{i}": scores[:, i] for i in range(3)}
        )
    logit = rng.normal(0, 1.5, table.num_rows).astype(np.float32)
    z = logit.astype(np.float64)
    beside = {"z": logit, "w": table["w"], "who": table["who"]}
    if what == "numbers":
        return pa.table({**beside, "y": z + rng.normal(0, 1, z.size), "p": z})
    labels = (rng.random(z.size) < 1 / (1 + np.exp(-z))).astype(int)
    small = np.exp(-np.abs(z))
    scores = np.where(z >= 0, 1.0, small) / (1.0 + small)
    return pa.table({**beside, "y": labels, "s": scores, "p": (scores >= 0.5).astype(int)})


@pytest.mark.parametrize(
    ("scores", "share", "said"),
    [
        ([0.1, None, 0.3, 0.4], 0.25, "1 missing or NaN, 0 infinite, 0 out of range; the first is row 1: nan"),
        ([0.1, float("nan"), float("inf"), -0.5], 0.75, "1 infinite, 1 out of range; the first is row 1"),
        ([1.0, 0.0, 1.0 + 1e-9, 3.0], 0.25, "1 out of range; the first is row 3: 3"),
    ],
)
def test_outputs_that_cannot_be_meant_are_counted(judged, scores, share, said):
    """Measured also where no metric is, which then says why."""
    table = pa.table({"y": [0, 1, 0, 1], "s": scores})
    more = "score: s, metrics: {roc_auc: {min: 0}, invalid_outputs: {max: 0}}"
    result, checks = judged(GATE.format(more=more), t=table)
    found = checks["*", "invalid_outputs"]
    assert (found.value, found.n, found.verdict) == (share, 4, "FAIL")
    assert said in found.detail["look_at"][0]
    assert result.reason is not None
    assert ("*", "roc_auc") not in checks


def test_clean_outputs_pass(judged):
    """A share of nothing wrong, of varied outputs; without any label being held against them."""
    result, checks = judged(GATE.format(more=f"score: s, {SANE}"), t=pa.table({"y": [0, 1, 0], "s": [0.1, 0.2, 1.0]}))
    assert result.verdict == "PASS"
    assert checks["*", "top_output_share"].value == pytest.approx(1 / 3)


def test_a_models_outputs_are_looked_at_as_they_come(judged):
    """Logits may be any number but none that is no number; of several columns, rows are counted."""
    torch = pytest.importorskip("torch")
    answers = np.array([[1.0, -5.0], [np.nan, np.inf], [1.0, -5.0], [0.0, 0.0]], dtype=np.float32)
    table = pa.table({"y": [0, 1, 0, 1], "a": answers[:, 0], "b": answers[:, 1]})

    class Fill(torch.nn.Module):
        def forward(self, x):
            x = x.clone()
            x[1] = torch.tensor([float("nan"), float("inf")])
            return x

    table = table.set_column(1, "a", pa.array([1.0, 0.0, 1.0, 0.0])).set_column(
        2, "b", pa.array([-5.0, 0.0, -5.0, 0.0])
    )
    model = "model: {fixture: m, features: [a, b], output: logits}"
    _, checks = judged(GATE.format(more=f"{model}, {SANE}"), t=table, m=Fill())
    found = checks["*", "invalid_outputs"]
    assert (found.value, found.detail["missing"], found.detail["infinite"], found.detail["out_of_range"]) == (
        0.25,
        1,
        1,
        0,
    )
    assert (checks["*", "top_output_share"].value, checks["*", "top_output_share"].detail["output"]) == (
        0.5,
        [1.0, -5.0],
    )


def test_numbers_have_the_range_that_the_gate_gives_them(judged):
    """A negative age is no prediction, however small its error."""
    table = pa.table({"y": [1.0, 20.0, 90.0], "p": [-0.5, 21.0, 140.0]})
    more = "prediction: p, range: {min: 0, max: 120}, metrics: {mae: {}, invalid_outputs: {max: 0.5}}"
    _, checks = judged(GATE.format(more=more), t=table)
    found = checks["*", "invalid_outputs"]
    assert (found.value, found.verdict) == (pytest.approx(2 / 3), "FAIL")
    assert checks["*", "mae"].value == pytest.approx((1.5 + 1 + 50) / 3)


@pytest.mark.parametrize(
    ("columns", "more", "told"),
    [
        (
            {"y": [0, 1, 0, 1], "s": [0.5] * 4},
            "score: s, metrics: {brier: {max: 1}}",
            "every row gets the same output: 0.5",
        ),
        (
            {"y": [0, 1, 0, 1], "p": [0] * 4},
            "prediction: p, metrics: {accuracy: {min: 0}}",
            "the same output: not positive",
        ),
        (
            {"y": list("abca"), "p": ["a"] * 4},
            "prediction: p, average: macro, metrics: {accuracy: {min: 0}}",
            "the same output: a",
        ),
        (
            {"y": [0.0, 1.0, 5.0, 1.0], "p": [2.0] * 4},
            "prediction: p, metrics: {mae: {max: 9}}",
            "the same output: 2.0",
        ),
    ],
    ids=["scores", "classes", "several", "numbers"],
)
def test_a_model_that_always_says_the_same_is_warned_of(judged, columns, more, told):
    """By itself; a limit of the gate's own decides instead."""
    result, checks = judged(GATE.format(more=more), t=pa.table(columns))
    assert (result.verdict, result.outcome) == ("PASS", "warned")
    assert told in checks["*", "top_output_share"].detail["look_at"][0]
    strict = more.replace("metrics: {", "metrics: {top_output_share: {max: 0.9}, ")
    result, checks = judged(GATE.format(more=strict), t=pa.table(columns))
    assert (result.verdict, checks["*", "top_output_share"].verdict) == ("FAIL", "FAIL")
    loose = more.replace("metrics: {", "metrics: {top_output_share: {max: 1}, ")
    assert judged(GATE.format(more=loose), t=pa.table(columns))[0].outcome == "passed"
