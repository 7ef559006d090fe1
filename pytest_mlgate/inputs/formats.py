"""Well-known formats of text, each as an SQL condition of the embedded DuckDB that holds for text of that format.

They are conditions on one value and nothing else, so every engine gives the same verdict: where a table lives
elsewhere, its distinct values are judged here. The patterns are RE2, which takes time proportional to the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_mlgate.aggregate import ColumnType, Format

_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ATOM = "[A-Za-z0-9!#$%&''*+/=?^_`{|}~-]+"  # the quote is doubled, as SQL wants it
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_OFFSET = "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
_PORT = "0*(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{0,4})"
_SPACE = r"\s\pZ\p{Cc}"
_HOST = rf"(?:[^{_SPACE}/?#@\[\]]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^{_SPACE}/?#@\[\]:]+)(?::{_PORT})?"
# What is left of a JSON text without its strings: DuckDB's parser lets these pass, and RFC 8259 does not.
_LAX_JSON = r"(?i)nan|inf|,\s*[\]}]|/"
_STRINGS = r'"(?:\\.|[^"\\])*"'


def _full(pattern: str) -> str:
    """Write the condition that a pattern matches the whole of a value."""
    return f"regexp_full_match({{0}}, '{pattern.replace('{', '{{').replace('}', '}}')}')"


def _calendar(pattern: str) -> str:
    """Write the condition that a text begins with a day of the calendar, from the year 1, and has a form."""
    return _present(f"{_full(pattern)} AND {{0}} >= '0001' AND TRY_CAST(left({{0}}, 10) AS DATE) IS NOT NULL")


def _present(condition: str) -> str:
    """Leave open whether missing text has a format, as conditions do that look at nothing but the text."""
    return f"CASE WHEN {{0}} IS NOT NULL THEN {condition} END"


FORMATS: dict[Format, str] = {
    "email": _full(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+"),
    "uuid": _full("[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
    "date": _calendar(_DAY),
    "datetime": _calendar(f"{_DAY}[Tt ]{_CLOCK}{_OFFSET}"),
    "ipv4": _full(rf"(?:{_BYTE}\.){{3}}{_BYTE}"),
    "url": _full(rf"[A-Za-z][A-Za-z0-9+.-]*://{_HOST}(?:[/?#][^{_SPACE}]*)?"),
    "json": f"(json_valid({{0}}) AND NOT regexp_matches(regexp_replace({{0}}, '{_STRINGS}', '0', 'g'), "
    f"'{_LAX_JSON.replace('}', '}}')}'))",
}
# Columns whose type says it already.
INHERENT: dict[Format, tuple[ColumnType, ...]] = {"date": ("date",), "datetime": ("timestamp",)}


def valid(format_: Format, value: str) -> str:
    """Write the condition that a value has a format.

    Args:
        format_: which.
        value: an SQL expression of type text.
    """
    return FORMATS[format_].format(value)
