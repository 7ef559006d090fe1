"""Values as text, one spelling for one value whatever type holds it: 36, 36.0 and Decimal("36.00") are all "36"."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

_EXACT = 1e22
_LONGEST = 120
_SPACES = re.compile(r"""('[^']*'|"[^"]*")|\s+""")


def spelled(value: object, *, single: bool = False) -> str:
    """Spell a value in the shortest form that names it.

    Args:
        value: as Arrow gives it to Python.
        single: a float that was stored in single precision.

    >>> spelled(36.0), spelled(True), spelled(0.1), spelled(dt.date(2026, 1, 31))
    ('36', 'true', '0.1', '2026-01-31')
    """
    match value:
        case None | bool():
            text = {None: "null", True: "true", False: "false"}[value]
        case float():
            text = _number(value, single=single)
        case Decimal():
            text = _plain(value)
        case dt.datetime():
            text = f"{value.isoformat()}Z"
        case dt.date() | dt.time():
            text = value.isoformat()
        case _:
            text = str(value)
    return text


def level_of(value: object, *, single: bool = False) -> bool | int | str | None:
    """Give a value in the form in which groups carry it: truth values, whole numbers and missing as they are.

    >>> level_of(2.0), level_of(True), level_of(0.5), level_of(None)
    (2, True, '0.5', None)
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    text = spelled(value, single=single)
    return int(text) if isinstance(value, float | Decimal) and text.lstrip("-").isdigit() else text


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Cut text that would flood a report."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def on_one_line(sql: str) -> str:
    r"""Write SQL on one line where it says the same there: quoted text keeps its spaces, and a comment its end.

    >>> on_one_line("a  =\n 'x  y'"), on_one_line("a -- as always\n= 1")
    ("a = 'x  y'", 'a -- as always\n= 1')
    """
    if "--" in sql or "$" in sql:
        return sql.strip()
    return _SPACES.sub(lambda found: found[1] or " ", sql).strip()


def in_brackets(sql: str) -> str:
    """Put SQL into brackets, which a comment at its end must not swallow."""
    flat = on_one_line(sql)
    return f"({flat}\n)" if "--" in flat else f"({flat})"


def _number(value: float, *, single: bool) -> str:
    if value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if single:
        import numpy as np

        return str(np.float32(value))
    return repr(value)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
