"""`data.quality`: labels that contradict each other, and classes, against dictionaries."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
import pytest


@pytest.mark.parametrize("seed", range(6))
def test_conflicting_labels_are_those_that_a_dictionary_finds(quality, seed):
    """Every row of a group whose labels differ counts; rows that miss a key or the label are not judged."""
    rng = np.random.default_rng(seed)
    n = 2000
    rows = pa.table(
        {
            "who": pa.array(rng.integers(0, 700, n), mask=rng.random(n) < 0.05),
            "what": pa.array(rng.choice(["x", "y", None], n, p=[0.6, 0.35, 0.05])),
            "label": pa.array(rng.choice(["yes", "no", None], n, p=[0.9, 0.07, 0.03])),
        }
    )
    groups = defaultdict(list)
    for row in rows.to_pylist():
        if None not in row.values():
            groups[row["who"], row["what"]].append(row["label"])
    expected = sum(len(labels) for labels in groups.values() if len(set(labels)) > 1)
    judged = sum(map(len, groups.values()))
    parameters = "labels: {column: label, conflicting: {keys: [who, what]}}\nkey: [who]"
    result, checks = quality(rows, parameters)
    found = checks["label", "conflicting_labels"]
    assert (found.value, found.n, found.verdict) == (expected, judged, "FAIL")
    assert expected > 50
    assert found.detail["own_pass"]
    limit = f"labels: {{column: label, conflicting: {{keys: [who, what], max: {expected}}}}}"
    assert quality(rows, limit)[1]["label", "conflicting_labels"].verdict == "PASS"
    assert result.verdict == "FAIL"


@pytest.mark.parametrize("values", [["a", "b", "c"], [0, 1, 2], [0.5, 1.0, 2.0]], ids=["text", "whole", "numbers"])
def test_shares_are_those_of_a_counter(quality, values):
    """Of the rows that have a label, whatever its type."""
    rng = np.random.default_rng(3)
    drawn = [None if rng.random() < 0.1 else values[i] for i in rng.choice(3, 1000, p=[0.7, 0.25, 0.05])]
    counts = Counter(one for one in drawn if one is not None)
    n = sum(counts.values())
    _, checks = quality(pa.table({"y": drawn}), "labels: {column: y, min_share: 0.1, max_share: 0.5}")
    rarest, commonest = checks["y", "rarest_share"], checks["y", "commonest_share"]
    assert (rarest.value, rarest.n, rarest.verdict) == (min(counts.values()) / n, n, "FAIL")
    assert (commonest.value, commonest.n, commonest.verdict) == (max(counts.values()) / n, n, "FAIL")
    assert (checks["y", "classes"].value, checks["y", "classes"].verdict) == (3, "PASS")
    assert f"in {min(counts.values())} of {n} rows" in rarest.detail["look_at"][0]


def test_a_label_of_one_class_never_passes(quality):
    """Its rarest class has a share of 1, which no lower limit would notice."""
    table = pa.table({"y": ["yes"] * 50})
    result, checks = quality(table, "labels: {column: y, min_share: 0.05}")
    assert (checks["y", "classes"].value, checks["y", "rarest_share"].value, result.verdict) == (1, 1.0, "FAIL")
    assert quality(table, "labels: {column: y, min_share: 0.05, min_classes: 1}")[0].verdict == "PASS"


def test_classes_that_were_not_expected_and_those_that_are_not_there_are_named(quality):
    """YAML's values and the column's are the same by what they mean: true and 1.0 as text would be."""
    table = pa.table({"y": [1, 2, 2, 9]})
    _, checks = quality(table, "labels: {column: y, classes: [1, 2.0, 3], min_share: 0}")
    assert checks["y", "unexpected_classes"].detail["look_at"] == ["y: not expected: 9"]
    assert checks["y", "missing_classes"].detail["look_at"] == ["y: in no row: 3"]
    assert [checks["y", metric].value for metric in ("unexpected_classes", "missing_classes", "rarest_share")] == [
        1,
        1,
        0,
    ]
    booleans = pa.table({"y": [True, False]})
    assert quality(booleans, "labels: {column: y, classes: [true, false]}")[0].verdict == "PASS"


def test_sensitive_labels_are_not_shown(quality):
    """Their numbers are."""
    table = pa.table({"id": [1, 1], "y": ["ill", "well"]})
    parameters = "labels: {column: y, classes: [well, poor], min_share: 0.5, conflicting: {keys: [id]}}\nsensitive: [y]"
    _, checks = quality(table, parameters)
    assert not any("ill" in str(one.detail.get("look_at", "")) for one in checks.values())
    assert checks["y", "unexpected_classes"].value == 1
    assert checks["y", "conflicting_labels"].detail["examples"][0]["value"] == "(sensitive)"
