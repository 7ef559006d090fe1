"""Metric values that were measured before and written to a file, for later models to be compared with.

A number says nothing of the rows it was measured on, so the file may: `rows`, and the `sha256` of the data file. Where
it does and they are not those of today, a comparison would be between two samples and not two models, and is refused.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_ABOUT = ("rows", "sha256")
_SHOWN_DIGITS = 12
_SHARES = ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "brier")
_RANGES = {
    **dict.fromkeys(_SHARES, (0.0, 1.0)),
    **dict.fromkeys(("log_loss", "rmse", "mae"), (0.0, math.inf)),
    "r2": (-math.inf, 1.0),
}


def read_record(path: Path, name: str, rows: Callable[[], int], sha256: Callable[[], str]) -> Mapping[str, float]:
    """Read metric values: a JSON object of numbers, which may stand under `metrics`.

    Args:
        path: the file.
        name: how reports call it.
        rows: gives the rows of the data that are judged now.
        sha256: gives the hash of their file; raises `NotMeasuredError` where they are in none.

    Returns:
        Values by name; what was undefined (null) is NaN.

    Raises:
        NotMeasuredError: the file is no such object, or it speaks of other data.
    """
    try:
        document = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotMeasuredError(f"{name} is no JSON: {error}", "write it again") from error
    if not isinstance(document, dict):
        raise NotMeasuredError(f"{name} holds no metrics by name", 'write {"roc_auc": 0.91, "rows": 1500}')
    found = document.get("metrics", document)
    if not isinstance(found, dict):
        raise NotMeasuredError(f"`metrics` in {name} is no mapping", 'write {"metrics": {"roc_auc": 0.91}}')
    _same_rows(document, name, rows)
    _same_data(document, name, sha256)
    values = {key: math.nan if value is None else float(value) for key, value in found.items() if _is_value(key, value)}
    for key, value in values.items():
        low, high = _RANGES.get(key, (-math.inf, math.inf))
        if value < low or value > high:
            reason = f"{key} in {name} is {value:g}, which no {key} can be"
            raise NotMeasuredError(reason, f"it lies between {low:g} and {high:g}; measure it again")
    return values


def _same_rows(document: dict[str, Any], name: str, rows: Callable[[], int]) -> None:
    recorded = document.get("rows")
    if recorded is None:
        return
    if not isinstance(recorded, int) or isinstance(recorded, bool):
        raise NotMeasuredError(f"`rows` in {name} is {recorded!r}, no number of rows", "write a whole number")
    if recorded != rows():
        reason = f"{name} was measured on other rows: {recorded:,} of them, and the data have {rows():,}"
        raise NotMeasuredError(reason, "measure the baseline on these rows, or judge on those")


def _same_data(document: dict[str, Any], name: str, sha256: Callable[[], str]) -> None:
    recorded = document.get("sha256")
    if recorded is None:
        return
    if not isinstance(recorded, str):
        raise NotMeasuredError(f"`sha256` in {name} is no text", "write 64 hexadecimal digits")
    now = sha256()
    if recorded.lower() != now:
        short = recorded[:_SHOWN_DIGITS], now[:_SHOWN_DIGITS]
        reason = f"{name} was measured on other data, of SHA-256 {short[0]}…; those judged now have {short[1]}…"
        raise NotMeasuredError(reason, "measure the baseline on these data, or judge on those")


def _is_value(key: str, value: object) -> bool:
    """Whether an entry claims to be a metric; text, switches and nested notes do not."""
    return key not in _ABOUT and (value is None or (isinstance(value, int | float) and not isinstance(value, bool)))
