"""A table that stays where it is: its engine answers, and little more than the answers comes to this machine."""

from __future__ import annotations

from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import narwhals as nw

    from pytest_mlgate.inputs.dialects import RemoteEngine
    from pytest_mlgate.inputs.frames import Column


class RemoteFrame(Frame):
    """A table on an engine of its own.

    Args:
        what: how messages call it.
        columns: in order; their native types are named as DuckDB names them.
        chosen: gives columns in their canonical form, under their inner names, as the engine's own kind of frame.
        engine: answers.
        origin: what a reader writes after FROM to find the table.
    """

    def __init__(
        self,
        what: str,
        columns: Iterable[Column],
        chosen: Callable[[Sequence[Column]], Any],
        engine: RemoteEngine,
        origin: str | None = None,
    ) -> None:
        super().__init__(what, columns, _nothing_to_lend, self._counted, stable=False, origin=origin)
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

        origin = f"(SELECT * FROM {self.origin} WHERE {predicate})"  # noqa: S608 - only shown
        return RemoteFrame(what, self.columns.values(), chosen, self.engine, origin)

    def _counted(self) -> int:
        import narwhals as nw

        first = next(iter(self.columns.values()))
        with explained(self):
            found = self.engine.fetch(self.select([first]).select(nw.len().alias("n")), self.what)
        return int(found.column("n")[0].as_py())


def _nothing_to_lend(_columns: Sequence[Column]) -> Any:
    raise TypeError("a table on another engine is not lent to the embedded database")


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
