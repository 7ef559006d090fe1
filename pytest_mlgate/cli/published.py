"""Print the JSON Schema of gate files with the kinds this package declares; `make schema` keeps its copy current."""

from __future__ import annotations

import json
import sys
from importlib.metadata import distribution

from pytest_mlgate.catalogue import GROUP, Catalogue
from pytest_mlgate.gatefile import PromoteSpec
from pytest_mlgate.gatefile.schema import published


def main() -> None:
    """Write the schema to standard output."""
    own = [point.name for point in distribution("pytest-mlgate").entry_points if point.group == GROUP]
    catalogue = Catalogue()
    schema = published([(name, catalogue.get(name).spec) for name in own], PromoteSpec)
    sys.stdout.write(json.dumps(schema, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
