"""The rows that slices are made of: what the model said of them, and the columns that divide them, read in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pytest_mlgate.table import Coded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlgate.kind import Inputs
    from pytest_mlgate.kinds.model.slices.spec import ModelSlices
    from pytest_mlgate.table import Table

_NUMERIC = {"integer", "number", "date", "timestamp"}


class Rows(Struct, frozen=True, kw_only=True):
    """The rows, with what the model said and what divides them.

    Args:
        outputs: `Outputs` of the model.
        coded: columns as `Coded`.
        weightless: the codes of the same columns in the rows of weight zero, which are in no slice.
        numbers: columns as float64 (n,).
        labels: names of coded values.
        types: of the columns.
        unusable: why columns cannot divide the rows.
    """

    outputs: Any
    coded: dict[str, Any]
    weightless: dict[str, Any]
    numbers: dict[str, Any]
    labels: Any
    types: Any
    unusable: dict[str, str]

    def obstacle(self, columns: Sequence[str]) -> str | None:
        """Say why columns cannot divide the rows; nothing if they can."""
        return "; ".join(self.unusable[name] for name in columns if name in self.unusable) or None


def read(spec: ModelSlices, inputs: Inputs) -> Rows:
    """Read predictions and every column that divides the rows.

    Raises:
        NotMeasuredError: the predictions cannot be had, or cannot be trusted.
    """
    from pytest_mlgate.stats.metrics import Outputs

    table = inputs.table(spec.data)
    coded, numeric = _columns(spec, table)
    unusable = {name: reason for name in (*coded, *numeric) if (reason := _reason(name, table))}
    coded, numeric = ([name for name in names if name not in unusable] for names in (coded, numeric))
    found = inputs.beside(spec, coded, numeric, values=spec.of_values)
    outputs, counting, weightless = Outputs.of(found.found), None, slice(0, 0)
    if outputs.weights is not None:  # a row of weight zero is in no slice
        from pytest_mlgate.stats.drawn import counted_rows

        counting = counted_rows(outputs.weights)
        weightless = outputs.weights == 0.0
    whole = slice(None) if counting is None else counting
    codes = {name: Coded(one.codes[whole], one.levels) for name, one in zip(coded, found.coded, strict=True)}
    return Rows(
        outputs=outputs.counting(),
        coded=codes,
        weightless={name: one.codes[weightless] for name, one in zip(coded, found.coded, strict=True)},
        numbers={name: one[whole] for name, one in zip(numeric, found.numbers, strict=True)},
        labels=table.labels,
        types=table.columns,
        unusable=unusable,
    )


def _columns(spec: ModelSlices, table: Table) -> tuple[list[str], list[str]]:
    """Divide the columns that are wanted into those taken by value and those that are cut into bins."""
    by_value = dict.fromkeys(name for columns in spec.named for name in columns)
    cut = []
    for name in () if spec.discover is None else spec.discover.columns:
        codes = name in table.labels or (spec.discover is not None and name in spec.discover.categorical)
        if table.columns.get(name) in _NUMERIC and not codes:
            cut.append(name)
        else:
            by_value[name] = None
    return list(by_value), cut


def _reason(name: str, table: Table) -> str | None:
    """Say why a column cannot divide the rows."""
    if name not in table.columns:
        return f"there is no column {name!r}"
    if table.columns[name] == "other":
        return f"column {name!r} has no values that can be told apart"
    return None
