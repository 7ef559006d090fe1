"""Print the requirements of a dependency group, for pips that do not know `--group` yet."""

from __future__ import annotations

import shlex
import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
print(" ".join(shlex.quote(requirement) for requirement in project["dependency-groups"][sys.argv[1]]))  # noqa: T201
