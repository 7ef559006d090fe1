"""Opening tables in files: which reader a file needs, and what all of them are told.

A table may be one file or many of one kind. Many are one table only if they have the same columns: a part that differs
is named, never padded or cut, unless the gate file says that parts may differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import literal
from pytest_mlgate.inputs.listing import FORMATS
from pytest_mlgate.inputs.partitions import Partition, partitions
from pytest_mlgate.reference import DATABASES, CsvDialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.frames import Frame
    from pytest_mlgate.reference import TableRef
    from pytest_mlgate.verdict import FileStamp

_FEW = 3


@dataclass(frozen=True)
class Parts:
    """The files of one table, and how to read them.

    Args:
        what: how messages call the table.
        stamps: the files, in the order in which they are read, as they were when they were listed.
        called: how messages call a file.
        dialect: of CSV files; `None` where the gate file says nothing.
        union: whether files may have different columns.
        partitions: columns that are written in the names of folders.
    """

    what: str
    stamps: tuple[FileStamp, ...]
    called: Callable[[Path], str] = str
    dialect: CsvDialect | None = None
    union: bool = False
    partitions: tuple[Partition, ...] = field(default=())

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [Path(one.path) for one in self.stamps]

    @property
    def origin(self) -> str:
        """What a reader writes after FROM in DuckDB to find the table."""
        one_file = self.called(self.paths[0]) == self.what
        folder = not one_file and not any(magic in self.what for magic in "*?[")
        return literal(f"{self.what}/**/*{self.paths[0].suffix}" if folder else self.what)

    def agree(self, columns: Sequence[Sequence[str]]) -> None:
        """Make sure that all files have the columns of the first.

        Args:
            columns: of each file, as text that tells them apart (a name, or a name and a type).

        Raises:
            NotMeasuredError: some differ; names them and how.
        """
        first, *others = columns
        different = [(path, one) for path, one in zip(self.paths[1:], others, strict=True) if one != first]
        if not different:
            return
        path, one = different[0]
        lacks, adds = [name for name in first if name not in one], [name for name in one if name not in first]
        ways = [f"{verb} {_listed(names)}" for verb, names in (("lacks", lacks), ("has", adds)) if names]
        how = " and ".join(ways) or "has them in another order"
        reason = f"{len(different)} of the {len(columns)} files of {self.what} differ from {self.called(self.paths[0])}"
        named = _listed([self.called(path) for path, _ in different[1:]])
        also = f"; so do {named}" if named else ""
        remedy = "write all parts with the same columns and types"
        union = ", or say `union_by_name: true`" if FORMATS[path.suffix.lower()] == "Parquet" else ""
        raise NotMeasuredError(f"{reason}: {self.called(path)} {how}{also}", remedy + union)


def parts_of(
    ref: TableRef, stamps: tuple[FileStamp, ...], base: Path, what: str, called: Callable[[Path], str]
) -> Parts:
    """Bring together the files of a table and what its gate file says of them.

    Args:
        ref: the table.
        stamps: its files.
        base: below which folders called `key=value` may be columns.
        what: how messages call the table.
        called: how messages call a file.

    Raises:
        NotMeasuredError: what is said does not suit these files.
    """
    suffix = Path(stamps[0].path).suffix.lower()
    kind = FORMATS.get(suffix)
    if kind is None:
        known = ", ".join((*FORMATS, *DATABASES))
        raise NotMeasuredError(f"{what} is no table that can be read: {suffix or 'no suffix'}", f"use one of {known}")
    for name, given, wanted in (("csv", ref.csv is not None, "CSV"), ("union_by_name", ref.union_by_name, "Parquet")):
        if given and kind != wanted:
            raise NotMeasuredError(f"`{name}` is for {wanted} files, and {what} is {kind}", f"remove `{name}`")
    found = partitions([Path(one.path) for one in stamps], base, what, hive=ref.hive)
    return Parts(what, stamps, called, ref.csv, ref.union_by_name, found)


def open_files(parts: Parts, database: Database) -> Frame:
    """Open the files of one table.

    Raises:
        NotMeasuredError: they are damaged, not made of rows and columns, or differ.
    """
    from pytest_mlgate.inputs.files_arrow import open_arrow
    from pytest_mlgate.inputs.files_csv import open_csv
    from pytest_mlgate.inputs.files_json import open_json
    from pytest_mlgate.inputs.files_parquet import open_parquet

    openers: dict[str, Callable[[Parts, Database], Frame]] = {
        "Parquet": open_parquet,
        "CSV": open_csv,
        "JSON": open_json,
        "Arrow": open_arrow,
    }
    return openers[FORMATS[parts.paths[0].suffix.lower()]](parts, database)


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    more = f" and {len(shown) - _FEW} more" if len(shown) > _FEW else ""
    return ", ".join(map(repr, shown[:_FEW])) + more
