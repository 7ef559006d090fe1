"""What the plugin costs: a run without gates, the collection of 1,000 gates, 5,000 gates that do nothing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from measure import paired, pytest, report

TOY = Path(__file__).parent.parent / "toy.py"
CONFTEST = "import toy\n\ndef pytest_mlgate_kinds():\n    return [toy.KIND]\n"


def gates(count: int) -> str:
    """Write a gate file of many gates with a limit each."""
    lines = (f"  g{i}:\n    kind: toy.constant\n    metrics: {{value: {{max: 1.0}}}}\n" for i in range(count))
    return "version: 1\ngates:\n" + "".join(lines)


def main() -> None:
    """Print one line a comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_one.py").write_text("def test_one(): pass\n", encoding="utf-8")
        runs = paired(pytest("test_one.py"), pytest("-p", "no:mlgate", "test_one.py"), folder, 25)
        report("plain run with the plugin installed", *runs, "-p no:mlgate")

        shutil.copy(TOY, folder)
        (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        (folder / "k.gate.yaml").write_text(gates(1000), encoding="utf-8")
        collect = pytest("--mlgate", "--collect-only", "k.gate.yaml")
        runs = paired(collect, pytest("--collect-only", "test_one.py"), folder, 9)
        report("collecting 1,000 gates", *runs, "collecting one test")

        (folder / "k.gate.yaml").write_text(gates(5000), encoding="utf-8")
        trivial = 'import pytest\n@pytest.mark.parametrize("i", range(5000))\ndef test_i(i): assert 0.5 <= 1.0\n'
        (folder / "test_many.py").write_text(trivial, encoding="utf-8")
        runs = paired(pytest("--mlgate", "k.gate.yaml"), pytest("test_many.py"), folder, 5)
        report("running 5,000 trivial gates", *runs, "5,000 parametrised tests")


if __name__ == "__main__":
    main()
