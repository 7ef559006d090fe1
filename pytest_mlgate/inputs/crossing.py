"""Columns beside a label: how often each value stands with each class.

What a feature says of a label follows from these counts alone, so that they, and not the rows, are fetched: text is
told apart by the engine, and no order of rows is relied on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.engine import missing, present, shown
from pytest_mlgate.inputs.text import level_of
from pytest_mlgate.table import Crossed

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from pytest_mlgate.aggregate import Scalar
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

_VALUE, _LABEL, _COUNT = "the_value", "the_label", "the_count"
_TIMES = frozenset({"date", "timestamp"})


def classes_of(frame: Frame, label: str, most: int, database: Database) -> tuple[Scalar, ...]:
    """List a label's classes in ascending order.

    Raises:
        NotMeasuredError: there are none, or more than `most`, or they are of a type that cannot be told apart.
    """
    column = frame.column(label)
    if column.type == "other" and not column.untyped:
        raise NotMeasuredError(f"{column} has no values that could be classes", "name a column of a simple type")
    found = frame.select([column]).select(shown(column)).filter(~missing(column)).unique().head(most + 1)
    values = database.fetch(found, frame.what).column(0).to_pylist()
    if not values:
        raise NotMeasuredError(f"every label in column {label!r} of {frame.what} is missing", "name the right column")
    if len(values) > most:
        reason = f"the label {label!r} of {frame.what} has more than {most} different values, which are no classes"
        raise NotMeasuredError(reason, "name a column of classes, or leave this metric out")
    levels = {level_of(value, single=column.native == "float") for value in values}
    return tuple(sorted((one for one in levels if one is not None), key=lambda one: (isinstance(one, str), one)))


def crossed(frame: Frame, name: str, label: str, levels: tuple[Scalar, ...], database: Database) -> Crossed:
    """Count the rows of each value of a column with each class of a label.

    Args:
        frame: the table.
        name: the column.
        label: the label's column.
        levels: its classes.
        database: runs the query.

    Raises:
        NotMeasuredError: a column is missing, or the column is of no simple type.
    """
    import narwhals as nw
    import numpy as np

    column, classes = frame.column(name), frame.column(label)
    if column.type == "other":
        raise NotMeasuredError(f"{column} has no values that can be counted", "exclude it")
    rows = frame.select(list(dict.fromkeys([column, classes]))).filter(~missing(classes))
    rows = rows.select(_form(column).alias(_VALUE), shown(classes).alias(_LABEL))
    if column.type == "number":  # hardly a number occurs twice: grouping would cost more than it saves
        fetched = database.fetch(rows, frame.what)
        counts = np.ones(fetched.num_rows, dtype=np.int64)
    else:
        fetched = database.fetch(rows.group_by(_VALUE, _LABEL).agg(nw.len().alias(_COUNT)), frame.what)
        counts = np.asarray(fetched.column(_COUNT).to_numpy(), dtype=np.int64)
    return Crossed(
        values=_values(fetched.column(_VALUE)),
        ordered=column.type != "string",
        labels=_codes(fetched.column(_LABEL), classes, levels),
        counts=counts,
        levels=levels,
    )


def _form(column: Column) -> Any:
    """A column as it is counted: text as it is, and all else as numbers."""
    import narwhals as nw

    value = present(column)
    if column.type in _TIMES:
        return value.cast(nw.Datetime("us"))
    return value if column.type == "string" else value.cast(nw.Float64)


def _values(array: pa.ChunkedArray) -> NDArray[Any]:
    """Give an Arrow column as float64, text as codes, missing as NaN."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.int64())
    elif pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        array = array.combine_chunks().dictionary_encode().indices
    return np.array(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def _codes(array: pa.ChunkedArray, label: Column, levels: tuple[Scalar, ...]) -> NDArray[Any]:
    """Give labels as positions in the list of classes."""
    import numpy as np

    encoded = array.combine_chunks().dictionary_encode()
    position = {level: code for code, level in enumerate(levels)}
    found = [level_of(value, single=label.native == "float") for value in encoded.dictionary.to_pylist()]
    recoded = np.array([position[one] for one in found if one is not None], dtype=np.int64)
    codes: NDArray[Any] = recoded[encoded.indices.to_numpy()]
    return codes
