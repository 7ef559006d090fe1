"""CSV: read once and whole, since it carries no types.

The types are those that fit every row of every file, a ragged or mis-encoded row is found wherever it stands, and every
later query is fast. Nothing is rounded or guessed: 1.5 is no integer, and of 01/02/2024 nobody knows the month, so it
stays text. DuckDB reads UTF-8; other encodings are rewritten on the way, a piece at a time.
"""

from __future__ import annotations

import codecs
import csv
import re
import tempfile
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.database import first_line
from pytest_mlgate.inputs.files_loaded import FILE, open_loaded
from pytest_mlgate.inputs.files_parquet import literal_glob
from pytest_mlgate.inputs.frames import literal, suggest
from pytest_mlgate.reference import CsvDialect

if TYPE_CHECKING:
    from pytest_mlgate.inputs.database import Database
    from pytest_mlgate.inputs.files import Parts
    from pytest_mlgate.inputs.frames import Frame

_DELIMITERS = {".csv": ",;\t|", ".tsv": "\t"}
_TYPES = {
    "integer": "VARCHAR",  # made a number by `_whole`: DuckDB would round
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "string": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",  # without a zone it is UTC; DuckDB would drop what zone there is
}
_WHOLE = r"\s*[+-]?[0-9]+\s*"
_RANGE = range(-(2**63), 2**63)
_CHUNK = 1 << 20
_LONGEST_FIELD = 2**31 - 1  # as long as C counts on every machine
_PLAIN = CsvDialect()


def open_csv(parts: Parts, database: Database) -> Frame:
    """Open CSV files as one table.

    Raises:
        NotMeasuredError: one is ragged, mis-encoded or otherwise damaged, or their columns differ.
    """
    import duckdb

    dialect = parts.dialect or _PLAIN
    with tempfile.TemporaryDirectory(prefix="mlgate-csv-") as folder:
        files = [_Text(path, parts.called(path), dialect, Path(folder)) for path in parts.paths]
        parts.agree([one.names for one in files])
        delimiters = sorted({one.delimiter for one in files})
        if len(delimiters) > 1:
            reason = f"the files of {parts.what} have different delimiters: {', '.join(map(repr, delimiters))}"
            raise NotMeasuredError(reason, "write them alike")
        names = files[0].names
        named = f", filename = {literal(FILE)}" if parts.partitions else ""
        read = f"read_csv({_options(files, names, dialect, parts.what)}, {_typing(names, dialect)}{named})"
        whole = [f"c{names.index(name)}" for name, one in dialect.types.items() if one == "integer"]
        if whole:
            read = f"(SELECT * REPLACE ({', '.join(f'{_whole(one)} AS {one}' for one in whole)}) FROM {read})"  # noqa: S608 - all is quoted

        def without_zone() -> list[str]:
            sniffed = database.sql(f"FROM read_csv({_options(files[:1], names, dialect, parts.what)})")
            types = zip(sniffed.columns, map(str, sniffed.types), strict=True)
            return [name for name, kind in types if kind == "TIMESTAMP"]

        for one in files:
            one.expect_no_more()
        try:
            return open_loaded(parts, names, read, [str(one.utf8) for one in files], database, without_zone)
        except duckdb.Error as error:
            raise next(
                (found for one in files if (found := one.trouble(error))), _refused(parts, files, error)
            ) from error


def _options(files: list[_Text], names: list[str], dialect: CsvDialect, what: str) -> str:
    """Write which files are read and how they are written, under inner names."""
    unknown = [name for name in dialect.types if name not in names]
    if unknown:
        raise NotMeasuredError(
            f"csv.types names {unknown[0]!r}, which {what} has not", suggest(unknown[0], names, "column")
        )
    options = [
        f"[{', '.join(literal(literal_glob(str(one.utf8))) for one in files)}]",
        f"delim = {literal(files[0].delimiter)}",
        f"quote = {literal(dialect.quote)}",
        f"escape = {literal(dialect.quote)}",
        f"nullstr = [{', '.join(map(literal, dict.fromkeys(['', *dialect.nulls])))}]",
        f"decimal_separator = {literal(dialect.decimal)}",
        f"header = {str(dialect.header).lower()}",
        f"names = [{', '.join(literal(f'c{i}') for i in range(len(names)))}]",
        "comment = '', skip = 0, strict_mode = true, null_padding = false, ignore_errors = false",
        "dateformat = '%Y-%m-%d', hive_partitioning = false",
    ]
    return ", ".join(options)


def _typing(names: list[str], dialect: CsvDialect) -> str:
    """Write which types columns have, and that others are found from all rows of all files: DuckDB looks into ten."""
    types = ", ".join(f"c{names.index(name)}: {literal(_TYPES[one])}" for name, one in dialect.types.items())
    found = "sample_size = -1, files_to_sniff = -1, timestampformat = 'iso'"
    return f"{found}, types = {{{types}}}" if types else found


def _whole(column: str) -> str:
    """Write the conversion of text to a whole number, which fails where there is another."""
    fits = f"{column} IS NULL OR regexp_full_match({column}, {literal(_WHOLE)})"
    return f"CASE WHEN {fits} THEN {column}::BIGINT ELSE error({column}) END"


class _Text:
    """One CSV file: its column names, its delimiter, and where it can be read as UTF-8."""

    def __init__(self, path: Path, name: str, dialect: CsvDialect, folder: Path) -> None:
        self.name = name
        self.dialect = dialect
        self.encoding = codecs.lookup(dialect.encoding).name
        self.path = path
        try:
            self.utf8 = path if self.encoding in {"utf-8", "utf-8-sig"} else self._rewritten(folder)
            candidates = dialect.delimiter or _DELIMITERS.get(path.suffix.lower(), ",")
            self.delimiter = max(candidates, key=lambda one: len(self._first(one, strict=False)))
            first = self._first(self.delimiter, strict=True)
        except UnicodeDecodeError as error:
            raise self._mis_encoded("the beginning") from error
        except csv.Error as error:
            reason = f"the header of {name} cannot be read: {error}"
            raise NotMeasuredError(reason, "write column names in its first line") from error
        except OSError as error:
            raise NotMeasuredError(f"{name} cannot be read: {error.strerror}", "check its permissions") from error
        if not first:
            raise NotMeasuredError(f"the first line of {name} is blank", "write column names in its first line")
        self.names = first if dialect.header else list(dialect.names or (f"column{i}" for i in range(len(first))))
        if len(self.names) != len(first):
            reason = f"csv.names has {len(self.names)} names, and the first line of {name} {len(first)} fields"
            raise NotMeasuredError(reason, "name every column")

    def expect_no_more(self) -> None:
        """Refuse a row with an empty field beyond its last column, which DuckDB passes over: its values may be shifted.

        Raises:
            NotMeasuredError: there is one.
        """
        if not self._may_have_more():
            return
        with self.utf8.open(encoding="utf-8-sig", newline="") as file:
            reader = self._records(file, self.delimiter, strict=False)
            before = csv.field_size_limit(_LONGEST_FIELD)
            try:
                for record in reader:
                    if len(record) == len(self.names) + 1 and not record[-1]:
                        raise self._ragged(reader.line_num, len(record))
            except UnicodeDecodeError:
                return  # DuckDB refuses such a file, and the line is looked for then
            finally:
                csv.field_size_limit(before)

    def _may_have_more(self) -> bool:
        """Tell whether some line ends with a delimiter and may be one of too many fields; few files have such lines."""
        delimiter, quote = self.delimiter.encode(), self.dialect.quote.encode()
        with self.utf8.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as whole:
            ends = [delimiter + one for one in (b"\n", b"\r")]
            if whole[-len(delimiter) :] != delimiter and all(whole.find(one) < 0 for one in ends):
                return False
            for line in file:
                if (quote and line.count(quote) % 2) or line.find(b"\r", 0, -2) >= 0:  # more rows than one, or less
                    return True
                if line.count(delimiter) >= len(self.names) and line.rstrip(b"\r\n").endswith(delimiter):
                    return True
        return False

    def _ragged(self, line: int, fields: int) -> NotMeasuredError:
        expected = "its header" if self.dialect.header else "its first line"
        return NotMeasuredError(
            f"line {line} of {self.name} has {fields} fields where {expected} has {len(self.names)}",
            "quote fields that hold a delimiter, and write every field of every row",
        )

    def trouble(self, error: Any) -> NotMeasuredError | None:
        """Find out what is wrong with a file that DuckDB refused, and where; nothing may be."""
        try:
            with self.utf8.open(encoding="utf-8-sig", newline="") as file:
                reader = self._records(file, self.delimiter, strict=True)
                for record in reader:
                    if record and len(record) != len(self.names):
                        return self._ragged(reader.line_num, len(record))
                    if (unfit := self._unfit(record)) is not None and (reader.line_num > 1 or not self.dialect.header):
                        return _no_such(f"line {reader.line_num} of {self.name}", unfit, "integer")
        except UnicodeDecodeError:
            line = re.search(r"CSV Error on Line: (\d+)", str(error))
            return self._mis_encoded(f"line {line[1]}" if line and "not utf-8" in str(error) else "a line")
        except csv.Error as problem:
            return NotMeasuredError(
                f"line {reader.line_num} of {self.name} cannot be read: {problem}", "check its quotes"
            )
        with self.utf8.open("rb") as file:
            endings = {line[-2:] == b"\r\n" for line in file if line.endswith(b"\n")}
        if len(endings) > 1:
            return NotMeasuredError(
                f"{self.name} mixes Unix and Windows line endings", "write it with one kind of them"
            )
        return None

    def _unfit(self, record: list[str]) -> str | None:
        """Name the first column that was said to hold integers and does not here."""
        for name, value in zip(self.names, record, strict=False):
            given = self.dialect.types.get(name) == "integer" and value not in {"", *self.dialect.nulls}
            if given and (re.fullmatch(_WHOLE, value, re.ASCII) is None or int(value) not in _RANGE):
                return name
        return None

    def _first(self, delimiter: str, *, strict: bool) -> list[str]:
        with self.utf8.open(encoding="utf-8-sig", newline="") as file:
            return next(self._records(file, delimiter, strict=strict), [])

    def _records(self, file: Any, delimiter: str, *, strict: bool) -> Any:
        if not self.dialect.quote:
            return csv.reader(file, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=strict)
        return csv.reader(file, delimiter=delimiter, quotechar=self.dialect.quote, strict=strict)

    def _rewritten(self, folder: Path) -> Path:
        """Write the file again as UTF-8.

        Raises:
            NotMeasuredError: it is not in the encoding that the gate file names.
        """
        copy = folder / f"{len(list(folder.iterdir()))}.csv"
        lines = 1
        try:
            with (
                self.path.open(encoding=self.encoding, newline="") as source,
                copy.open("w", encoding="utf-8", newline="") as target,
            ):
                while piece := source.read(_CHUNK):
                    target.write(piece)
                    lines += piece.count("\n")
        except UnicodeError as error:
            raise self._mis_encoded(f"line {lines} or one after it") from error
        return copy

    def _mis_encoded(self, where: str) -> NotMeasuredError:
        shown = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8"}.get(self.encoding, self.encoding)
        return NotMeasuredError(
            f"{where} of {self.name} is not {shown}", "save it as UTF-8, or name its `csv: {encoding: …}`"
        )


def _refused(parts: Parts, files: list[_Text], error: Any) -> NotMeasuredError:
    """Say what DuckDB objected to, in the columns' own names."""
    line = re.search(r"CSV Error on Line: (\d+)", str(error))
    unfit = re.search(r'converting column "c(\d+)".*?string ".*?" to \W*(\w+)', str(error), re.DOTALL)
    if unfit is not None and line is not None:
        file = next((one.name for one in files if f"file = {one.utf8}\n" in str(error)), files[0].name)
        return _no_such(f"line {line[1]} of {file}", files[0].names[int(unfit[1])], unfit[2].lower())
    reason = f"{parts.what} cannot be read as CSV: {first_line(error)}"
    return NotMeasuredError(reason, "write it again, or use Parquet")


def _no_such(line: str, column: str, wanted: str) -> NotMeasuredError:
    """Say where a value does not fit its type; not which, since nobody knows here whether it may be shown."""
    reason = f"{line} has a value in column {column!r} that is no {wanted}"
    return NotMeasuredError(reason, "mend the value, or its type under `csv: {types: …}`")
