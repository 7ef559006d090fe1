"""Labels of classes: compared by value, and told so that text and numbers are not mistaken for one another.

1, 1.0 and true are one label, "1" is another. Whatever cannot be one of the labels that are known is refused with the
row where it first stands, since a label nobody thought of turns every metric into another one.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.text import spelled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_mlgate.inputs.tables import OpenTable

Label = tuple[str, object]
_BINARY = 2
_SHOWN = 5


def label_of(value: object) -> Label:
    """Give a label in the form in which labels are compared; a whole number of any size is told from its neighbours.

    >>> label_of(1) == label_of(1.0) == label_of(True), label_of(1) == label_of("1")
    (True, False)
    """
    if isinstance(value, bool | int):
        return "number", int(value)
    if isinstance(value, float | Decimal):
        return "number", int(value) if math.isfinite(value) and value == int(value) else float(value)
    return ("text", value) if isinstance(value, str) else ("other", spelled(value))


def written(value: object) -> str:
    """Write a label so that text and numbers are told apart, and a single-precision 0.2 is 0.2."""
    if isinstance(value, str):
        return repr(value)
    return f"{value:g}" if isinstance(value, float) else spelled(value)


def listed(values: Iterable[object]) -> str:
    """Write the first few labels.

    >>> listed([1, "a"]), listed(range(7))
    ("1, 'a'", '0, 1, 2, 3, 4, … (7 in all)')
    """
    shown = [written(value) for value in values]
    return ", ".join(shown[:_SHOWN]) + (f", … ({len(shown)} in all)" if len(shown) > _SHOWN else "")


def values_of(table: OpenTable, column: str, noun: str) -> list[tuple[Any, int]]:
    """Count a column's distinct values, of which none may be missing, the most frequent first.

    Raises:
        NotMeasuredError: some are missing, or there is no such column.
    """
    from pytest_mlgate.aggregate import Missing

    values, missing = table.distinct(column)
    if missing:
        first = table.examples(Missing(column), 1)
        where = f"; the first is row {first[0].row}" if first and first[0].row is not None else ""
        reason = f"{missing} of {table.rows} {noun} in column {column!r} are missing{where}"
        raise NotMeasuredError(reason, "leave these rows out")
    return values


def located(table: OpenTable, column: str, known: set[Label]) -> str:
    """Say which row is the first that holds something other than the labels known."""
    from pytest_mlgate.aggregate import NotAmong

    wanted = tuple(value for _, value in known if isinstance(value, str | int | float))
    kinds = {"string": str, "integer": int, "number": int | float}
    if len(wanted) != len(known) or not all(isinstance(one, kinds.get(table.columns[column], ())) for one in wanted):
        return ""
    examples = table.examples(NotAmong(column, wanted), 1)
    return f"; the first other than the usual is row {examples[0].row}: {examples[0].value}" if examples else ""


def agree(labels: set[Label], found: list[tuple[Any, int]], what: str, where: str = "") -> None:
    """Make sure that predictions speak of the two labels that occur; `where` locates one that does not.

    Raises:
        NotMeasuredError: they do not.
    """
    together = labels | {label_of(value) for value, _ in found}
    if len(together) > _BINARY or len({kind for kind, _ in together}) > 1:
        known = ", ".join(sorted(written(value) for _, value in labels))
        reason = f"{what} are {listed(value for value, _ in found)}, but the labels are {known}{where}"
        raise NotMeasuredError(reason, "use the same two values for both")
