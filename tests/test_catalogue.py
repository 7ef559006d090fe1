"""The catalogue of kinds: every kind has its twins, and the published schema is current."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pytest_mlgate.catalogue import Catalogue
from pytest_mlgate.gatefile import PromoteSpec, load
from pytest_mlgate.gatefile.schema import published

ROOT = Path(__file__).parent.parent
BUILT_IN = [
    "data.leakage",
    "data.quality",
    "data.schema",
    "data.version",
    "drift.features",
    "drift.predictions",
    "fairness.groups",
    "guardrail.cases",
    "model.metrics",
    "model.regression",
    "model.slices",
    "prompt.eval",
]
VARIABLES = {
    "data.leakage": "MLGATE_LEAKAGE_DATA",
    "data.quality": "MLGATE_QUALITY_DATA",
    "data.schema": "MLGATE_SCHEMA_DATA",
    "data.version": "MLGATE_VERSION_DATA",
    "drift.features": "MLGATE_DRIFT_DATA",
    "drift.predictions": "MLGATE_DRIFT_PREDICTIONS",
    "fairness.groups": "MLGATE_FAIRNESS_DATA",
    "guardrail.cases": "MLGATE_GUARDRAIL_DATA",
    "model.metrics": "MLGATE_METRICS_DATA",
    "model.regression": "MLGATE_REGRESSION_DATA",
    "model.slices": "MLGATE_SLICES_DATA",
    "prompt.eval": "MLGATE_PROMPT",
}
RED_FOR = {
    "data.leakage": "row_overlap",
    "data.quality": "from_day <= to_day violations",
    "data.schema": "plan missing_column",
    "data.version": "sha256_mismatch",
    "drift.features": "amount psi",
    "drift.predictions": "score psi",
    "fairness.groups": "SEX×AGE_GROUP equal_opportunity_difference",
    "guardrail.cases": "spaced recall",
    "model.metrics": "log_loss",
    "model.regression": "log_loss",
    "model.slices": "age>=67,region=south accuracy",
    "prompt.eval": "pass_rate",
}


def folder(kind):
    return kind.replace(".", "/")


def test_the_built_in_kinds_are_declared():
    """As entry points, like anybody's."""
    assert set(BUILT_IN) <= set(Catalogue().names())


@pytest.mark.parametrize("kind", BUILT_IN)
def test_every_kind_has_its_twins(kind):
    """One module or package, one commented catalogue file, a passing and a failing case, tests, a row in the README."""
    family, name = kind.split(".")
    module = ROOT / "pytest_mlgate" / "kinds" / family / name
    assert module.with_suffix(".py").exists() or (module / "__init__.py").exists()
    assert (ROOT / "tests" / "kinds" / family / f"test_{name}.py").exists()
    for case in ("passing", "failing"):
        assert list((ROOT / "fixtures" / folder(kind)).glob(f"{case}.*"))
    text = (ROOT / "gates" / f"{folder(kind)}.gate.yaml").read_text(encoding="utf-8")
    for heading in ("What it does", "Why", "Parameters", "References"):
        assert f"#\n# {heading}\n" in text
    assert f"| `{kind}` |" in (ROOT / "README.md").read_text(encoding="utf-8")
    found = Catalogue().get(kind)
    assert found.name == kind
    assert found.spec.__doc__
    assert "Args:" in found.spec.__doc__


@pytest.mark.parametrize("kind", BUILT_IN)
def test_every_parameter_is_described(kind):
    """The schema that editors show has a sentence for each parameter."""
    schema = published([(kind, Catalogue().get(kind).spec)], PromoteSpec)["$defs"][kind]
    assert [name for name, one in schema["properties"].items() if "description" not in one and name != "kind"] == []


@pytest.mark.parametrize("kind", BUILT_IN)
def test_the_catalogue_file_passes_and_its_twin_fails_for_the_right_reason(kind, pytester, monkeypatch):
    """The file that documents a kind is a gate that runs."""
    path = ROOT / "gates" / f"{folder(kind)}.gate.yaml"
    (failing,) = (ROOT / "fixtures" / folder(kind)).glob("failing.*")
    command = [
        "--mlgate",
        "--rootdir",
        str(ROOT),
        "-c",
        str(ROOT / "pyproject.toml"),
        "-p",
        "no:cacheprovider",
        str(path),
    ]
    green = pytester.runpytest_subprocess(*command)
    assert green.ret == 0, green.stdout.str()
    monkeypatch.setenv(VARIABLES[kind], str(failing))
    red = pytester.runpytest_subprocess(*command)
    assert red.ret == 1
    red.stdout.fnmatch_lines([f"FAIL: {RED_FOR[kind]} is *"])


def test_the_published_schema_is_current():
    """`make schema` rewrites it."""
    kinds = [(name, Catalogue().get(name).spec) for name in BUILT_IN]
    path = ROOT / "pytest_mlgate" / "gatefile" / "gate-v1.schema.json"
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(json.dumps(published(kinds, PromoteSpec)))


@pytest.mark.parametrize(
    "path",
    sorted(ROOT.glob("gates/**/*.gate.yaml")) + sorted(ROOT.glob("example_project/**/*.gate.yaml")),
    ids=lambda p: p.name,
)
def test_the_published_schema_accepts_the_gate_files_we_ship(path):
    """An editor that knows the schema finds nothing wrong with them."""
    import jsonschema
    import yaml

    schema = json.loads((ROOT / "pytest_mlgate/gatefile/gate-v1.schema.json").read_text(encoding="utf-8"))
    document = json.loads(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), default=str))
    jsonschema.Draft202012Validator(schema).validate(document)
    assert load(path, Catalogue()).gates


def test_the_public_names_resolve():
    """Everything the package offers can be had."""
    import pytest_mlgate

    assert all(getattr(pytest_mlgate, name) is not None for name in pytest_mlgate.__all__)
    assert re.fullmatch(r"\d+\.\d+\.\d+", pytest_mlgate.__version__)
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = pytest_mlgate.nothing_here
