"""A table that stays where it is: its engine answers, and little more than the answers comes to this machine."""

from __future__ import annotations

from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import Frame
from pytest_mlgate.inputs.text import in_brackets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import narwhals as nw
    import pyarrow as pa
    from duckdb import DuckDBPyRelation

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.dialects import RemoteEngine
    from pytest_mlgate.inputs.frames import Column

_ZONED = "timestamp with time zone"


class RemoteFrame(Frame):
    """A table on an engine of its own.

    Args:
        what: how messages call it.
        columns: in order; their native types are named as DuckDB names them.
        chosen: gives columns in their canonical form, under their inner names, as the engine's own kind of frame.
        engine: answers.
        database: what cannot be asked of the engine is asked of this one, which is lent the columns for it.
        origin: what a reader writes after FROM to find the table.
    """

    def __init__(
        self,
        what: str,
        columns: Iterable[Column],
        chosen: Callable[[Sequence[Column]], Any],
        engine: RemoteEngine,
        database: Database,
        origin: str | None = None,
    ) -> None:
        super().__init__(what, columns, self._brought, self._length, stable=False, origin=origin)
        self._database = database
        self.engine: RemoteEngine = engine
        self.dialect = engine.dialect
        self._chosen = chosen

    def select(
        self, columns: Sequence[Column], *, numbered: bool = False, derived: Mapping[str, str] = MappingProxyType({})
    ) -> nw.LazyFrame[Any]:
        """Select columns in their canonical form, under their inner names; no such engine numbers or derives any."""
        import narwhals as nw

        if numbered or derived:
            raise TypeError(f"{self.dialect.name} has no row numbers and computes no columns in DuckDB's SQL")
        selected: nw.LazyFrame[Any] = nw.from_native(self._chosen(columns))
        return selected

    def filtered(self, keep: nw.Expr, about: Sequence[Column], what: str, predicate: str) -> RemoteFrame:
        """Keep some rows.

        Args:
            keep: true for them.
            about: the columns that this is about.
            what: how messages call what is kept.
            predicate: the same as text, for people.
        """
        import narwhals as nw

        def chosen(columns: Sequence[Column]) -> Any:
            rows = self.select(list(dict.fromkeys([*columns, *about]))).filter(keep)
            return nw.to_native(rows.select(*(column.inner for column in columns)))

        origin = f"(SELECT * FROM {self.origin} WHERE {in_brackets(predicate)})"  # noqa: S608 - only shown
        return RemoteFrame(what, self.columns.values(), chosen, self.engine, self._database, origin)

    def near(self, columns: Sequence[Column]) -> Frame:
        """Bring columns to this machine, for what only the embedded database can find out."""
        held = self._fetched(columns)

        def source(_columns: Sequence[Column]) -> DuckDBPyRelation:
            return self._lent(held, columns)

        return Frame(self.what, columns, source, lambda: len(held), stable=True, origin=self.origin)

    def _brought(self, columns: Sequence[Column]) -> DuckDBPyRelation:
        return self._lent(self._fetched(columns), columns)

    def _fetched(self, columns: Sequence[Column]) -> pa.Table:
        check_reach(self, len(columns))
        with explained(self):
            return self.engine.fetch(self.select(columns), self.what)

    def _lent(self, rows: pa.Table, columns: Sequence[Column]) -> DuckDBPyRelation:
        """Lend columns in the form in which the embedded database would hold them itself."""
        forms = [
            f"timezone('UTC', {one.inner}) AS {one.inner}" if one.native == _ZONED else one.inner for one in columns
        ]
        return self._database.lend(rows).project(", ".join(forms))

    def _length(self) -> int:
        import narwhals as nw

        first = next(iter(self.columns.values()))
        with explained(self):
            found = self.engine.fetch(self.select([first]).select(nw.len().alias("n")), self.what)
        return int(found.column("n")[0].as_py())


@contextmanager
def explained(frame: Frame) -> Iterator[None]:
    """Turn what a table's engine raises, while a query is written or run, into an error that a person can read."""
    try:
        yield
    except NotMeasuredError:
        raise
    except Exception as error:
        if frame.engine is None:
            raise
        raise frame.engine.trouble(error, frame.what) from error


def check_reach(frame: Frame, columns: int) -> None:
    """Refuse to bring more values to this machine than it should hold.

    Raises:
        NotMeasuredError: there are too many.
    """
    if frame.rows * columns > frame.dialect.most_values:
        reason = (
            f"{frame.what} has {frame.rows:,} rows on {frame.dialect.name}, and this needs every value of "
            f"{columns} of its columns here: more than {frame.dialect.most_values:,} values"
        )
        raise NotMeasuredError(reason, "measure a part of the table, or a table that the engine has aggregated")
