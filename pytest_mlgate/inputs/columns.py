"""Reading columns of an opened table: as numbers, as codes, as counts of their values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_mlgate.aggregate import Levels
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs import histograms
from pytest_mlgate.inputs.bounds import float_of
from pytest_mlgate.inputs.engine import shown
from pytest_mlgate.inputs.remote import RemoteFrame, check_reach
from pytest_mlgate.inputs.selecting import fetched
from pytest_mlgate.inputs.text import level_of, spelled
from pytest_mlgate.table import Coded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import narwhals as nw
    import pyarrow as pa
    from numpy.typing import NDArray

    from pytest_mlgate.aggregate import (
        ColumnType,
        Scalar,
    )
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Column, Frame

_TIMES = {"date", "timestamp"}
_PIECE = 250_000  # rows
_FLOATS_TELL = 2**53  # up to here a float tells a whole number from the next
_MACHINE = {f"{sign}{size}int" for sign in ("", "u") for size in ("tiny", "small", "big")} | {
    *("integer", "uinteger", "float", "double"),
}


class Columns:
    """The columns of a frame; each method is one query over those it names.

    Args:
        frame: what to query.
        database: runs the queries.
        labels: names of coded values.
        key: tells its rows from any others without reading them; `None` where only reading can tell.
    """

    def __init__(
        self, frame: Frame, database: Database, labels: Mapping[str, Mapping[str, str]], key: str | None = None
    ) -> None:
        self.frame = frame
        self.key = key
        self._database = database
        self._labels = labels

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.frame.rows

    @property
    def columns(self) -> Mapping[str, ColumnType]:
        """Column names and their types, in order."""
        return {name: column.type for name, column in self.frame.columns.items()}

    @property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Names of coded values."""
        return self._labels

    def numbers(self, column: str) -> NDArray[Any]:
        """Read a column as float64 (n,), missing as NaN; booleans as 0 and 1, times as seconds since 1970 in UTC.

        Raises:
            NotMeasuredError: the column is missing or holds no numbers.
        """
        return self.numbers_of([column])[0]

    def numbers_of(self, names: Sequence[str]) -> list[NDArray[Any]]:
        """Read several columns as `numbers` does, in one query."""
        import narwhals as nw

        columns = [self.frame.column(name) for name in names]
        for column in columns:
            if column.type in {"string", "other"} and not column.untyped:
                raise NotMeasuredError(f"{column} holds no numbers", "name a numeric column")
        chosen = list(dict.fromkeys(columns))
        check_reach(self.frame, len(chosen))
        forms = [nw.col(one.inner).cast(nw.Datetime("us") if one.type in _TIMES else nw.Float64) for one in chosen]
        found = self._fetch(self.frame.select(chosen).select(*forms))
        arrays = {one: _as_floats(found.column(one.inner), times=one.type in _TIMES) for one in chosen}
        return [arrays[column] for column in columns]

    def present(self, names: Sequence[str]) -> list[tuple[NDArray[Any], int]]:
        """Read the values that numeric columns have, each in its own type, and how many rows have none, in one query.

        Whole numbers that no machine type holds, decimals and truth values come as float64, times as seconds since
        1970 in UTC. NaN is left among the values.

        Raises:
            NotMeasuredError: a column is missing or holds no numbers.
        """
        columns = [self._numeric(name) for name in names]
        chosen = list(dict.fromkeys(columns))
        check_reach(self.frame, len(chosen))
        found = self._fetch(self.frame.select(chosen).select(*map(_held, chosen)))
        arrays = {one: _present(found.column(one.inner), times=one.type in _TIMES) for one in chosen}
        return [arrays[column] for column in columns]

    @property
    def elsewhere(self) -> bool:
        """Whether another engine holds the rows."""
        return self.frame.engine is not None

    def grids(self, columns: Sequence[str]) -> list[tuple[list[float], list[float]]]:
        """Choose edges at which numeric columns are to be counted; see `pytest_mlgate.inputs.histograms`.

        Raises:
            NotMeasuredError: a column is missing or holds no numbers.
        """
        return histograms.grids(self.frame, columns, self._database)

    def below(self, cuts: Mapping[str, Sequence[tuple[float, bool]]]) -> dict[str, list[int]]:
        """Count the values below each cut, and last all that there are; see `pytest_mlgate.inputs.histograms`.

        Raises:
            NotMeasuredError: a column is missing or holds no numbers.
        """
        return histograms.below(self.frame, cuts, self._database)

    def repeats(self, column: str, known: Sequence[float]) -> list[tuple[int, int]]:
        """Say how often values occur that are none of those known; see `pytest_mlgate.inputs.histograms`."""
        return histograms.repeats(self.frame, column, known, self._database)

    def pieces(self, columns: Sequence[str], lengths: Sequence[str] = ()) -> Iterator[list[tuple[NDArray[Any], int]]]:
        """Read a table some rows at a time: numeric columns as `present` does, then texts' lengths; in any order.

        Raises:
            NotMeasuredError: a column is missing or of another type, or the table is on another engine.
        """
        import narwhals as nw
        import pyarrow as pa

        if self.elsewhere:  # in one piece, or not at all
            numbers = self.present(columns) if columns else []  # no engine selects nothing
            yield [*numbers, *((self.lengths(name), 0) for name in lengths)]
            return
        numeric = [self._numeric(name) for name in columns]
        texts = [self._worded(name) for name in lengths]
        forms = [_held(one).alias(f"v{i}") for i, one in enumerate(numeric)]
        forms += [nw.col(one.inner).str.len_chars().cast(nw.Float64).alias(f"t{i}") for i, one in enumerate(texts)]
        times = [one.type in _TIMES for one in numeric] + [False] * len(texts)
        rows = self.frame.select(list(dict.fromkeys([*numeric, *texts]))).select(*forms)
        for batch in self._database.batches(rows, _PIECE, self.frame.what):
            chunked = (pa.chunked_array([column]) for column in batch.columns)
            yield [_present(column, times=timed) for column, timed in zip(chunked, times, strict=True)]

    def _numeric(self, name: str) -> Column:
        column = self.frame.column(name)
        if column.type in {"string", "other"} and not column.untyped:
            raise NotMeasuredError(f"{column} holds no numbers", "name a numeric column")
        return column

    def _worded(self, name: str) -> Column:
        column = self.frame.column(name)
        if column.type != "string":
            raise NotMeasuredError(f"{column} holds no text", "name a column of text")
        return column

    def lengths(self, name: str) -> NDArray[Any]:
        """Count the characters of each text: float64 (n,), missing as NaN.

        Raises:
            NotMeasuredError: the column is missing or holds no text.
        """
        import narwhals as nw

        column = self._worded(name)
        check_reach(self.frame, 1)
        form = nw.col(column.inner).str.len_chars().cast(nw.Float64)
        return _as_floats(self._fetch(self.frame.select([column]).select(form)).column(0), times=False)

    def levels(self, column: str) -> Levels:
        """Count a column's distinct values, as text.

        Raises:
            NotMeasuredError: the column is missing, or of a type whose values cannot be told apart as text.
        """
        single = self.frame.column(column).native == "float"
        counts: dict[str, int] = {}
        pairs, missing = self.distinct(column)
        for value, rows in pairs:
            text = spelled(value, single=single)
            counts[text] = counts.get(text, 0) + rows
        return Levels(counts=counts, missing=missing)

    def distinct(self, name: str) -> tuple[list[tuple[Any, int]], int]:
        """Count a column's distinct values as Python values, the most frequent first, and its missing rows."""
        import narwhals as nw

        column = self.frame.column(name)
        if column.type == "other" and not column.untyped:
            raise NotMeasuredError(f"{column} has no values that can be counted", "name a column of a simple type")
        groups = self.frame.select([column]).select(shown(column)).group_by(column.inner).agg(nw.len().alias("n"))
        found = groups.select(column.inner, "n")
        most = self.frame.dialect.most_values
        if math.isfinite(most):
            found = found.head(int(most) + 1)
        values, rows = (part.to_pylist() for part in self._fetch(found).columns)
        if len(values) > most:
            reason = f"{column} has more than {most:,} distinct values on {self.frame.dialect.name}"
            raise NotMeasuredError(reason, "name a column with fewer, or measure a part of the table")
        pairs = [(value, count) for value, count in zip(values, rows, strict=True) if value is not None]
        pairs.sort(key=lambda pair: (-pair[1], spelled(pair[0])))
        return pairs, sum(rows) - sum(count for _, count in pairs)

    def coded(self, name: str) -> Coded:
        """Read a column as codes of its distinct values, the levels in ascending order and missing ones last.

        Raises:
            NotMeasuredError: the column is missing, or of a type whose values cannot be told apart.
        """
        import numpy as np

        column = self.frame.column(name)
        if column.untyped:
            return Coded(np.zeros(self.rows, dtype=np.int64), (None,) if self.rows else ())
        if column.type == "other":
            raise NotMeasuredError(f"{column} has no values that can be counted", "name a column of a simple type")
        check_reach(self.frame, 1)
        found = self._fetch(self.frame.select([column]).select(shown(column))).column(0)
        encoded = found.combine_chunks().dictionary_encode(null_encoding="encode")
        found = [level_of(value, single=column.native == "float") for value in encoded.dictionary.to_pylist()]
        levels = sorted(set(found), key=lambda one: (one is None, isinstance(one, str), one))
        position = {level: code for code, level in enumerate(levels)}
        recoded = np.array([position[level] for level in found], dtype=np.int64)
        return Coded(recoded[encoded.indices.to_numpy()], tuple(levels))

    def equals(self, name: str, value: Scalar) -> NDArray[Any]:
        """Tell for each row whether a column has a value: bool (n,), false where it is missing."""
        import narwhals as nw

        column = self.frame.column(name)
        check_reach(self.frame, 1)
        operand, wanted = nw.col(column.inner), value
        if column.type == "integer" and isinstance(value, int) and abs(value) >= _FLOATS_TELL:
            wanted = int(value)
        elif not isinstance(value, str):
            operand, wanted = operand.cast(nw.Float64), float_of(value)
        found = self._fetch(
            self.frame.select([column]).select((operand == wanted).fill_null(value=False).alias("same"))
        )
        answer: NDArray[Any] = found.column("same").to_numpy()
        return answer

    def arrow(self, names: Sequence[str] | None = None) -> pa.Table:
        """Read columns, or all of them, as an Arrow table under their own names."""
        columns = [self.frame.column(name) for name in dict.fromkeys(self.frame.columns if names is None else names)]
        check_reach(self.frame, len(columns))
        return self._fetch(self.frame.select(columns)).rename_columns([column.name for column in columns])

    def _near(self, names: Sequence[str]) -> Frame:
        """Give a frame of the embedded database that holds some columns: this one, unless it stays elsewhere."""
        if not isinstance(self.frame, RemoteFrame):
            return self.frame
        return self.frame.near([self.frame.column(name) for name in dict.fromkeys(names)])

    def _fetch(self, query: nw.LazyFrame[Any]) -> pa.Table:
        return fetched(query, self.frame, self._database)


def _held(column: Column) -> nw.Expr:
    """Give the expression that reads a numeric column in a form that numpy holds."""
    import narwhals as nw

    form = nw.col(column.inner)
    if column.type in _TIMES:
        return form.cast(nw.Datetime("us"))
    return form if column.native in _MACHINE else form.cast(nw.Float64)


def _present(array: Any, *, times: bool) -> tuple[NDArray[Any], int]:
    """Give the values of an Arrow column that are there, without copying them where one piece holds all."""
    import numpy as np
    import pyarrow as pa

    missing = int(array.null_count)
    held = array.drop_null() if missing else array
    held = held.cast(pa.int64()) if times else held
    # Arrow's own way to numpy imports pandas.
    width, type_ = held.type.bit_width // 8, np.dtype(held.type.to_pandas_dtype())
    pieces = [
        np.frombuffer(piece.buffers()[1], type_, len(piece), piece.offset * width)
        for piece in held.chunks
        if len(piece)
    ]
    values = pieces[0] if len(pieces) == 1 else np.concatenate([np.empty(0, type_), *pieces])
    return (values / 1e6 if times else values), missing


def _as_floats(array: Any, *, times: bool) -> NDArray[Any]:
    """Give an Arrow column as a new float64 array, null as NaN."""
    import numpy as np
    import pyarrow as pa

    if times:
        return np.asarray(array.cast(pa.int64()).to_numpy(), dtype=np.float64) / 1e6
    return np.array(array.to_numpy(), dtype=np.float64)
