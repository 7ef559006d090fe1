"""The file of numbers that later candidates are held against, as `--mlgate-update` writes it and people review it.

    {"version": 1, "gates": {"no-regression": {"data": …, "metrics": …, "model": …, "settings": …, "seal": …}}}

A number is worth nothing without what it was measured on and how, so an entry holds both. It is laid out so that a
change reads as a small diff: keys in order, one number a line, nothing that changes by itself. The seal is no
signature: it tells an entry that was put together by hand or by a merge of two branches from one that was measured.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from math import isclose
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

Setting = bool | int | float | str | None
SUFFIX = ".baseline.json"
VERSION = 1
UPDATE = "--mlgate-update"
_SEAL_DIGITS = 16
_SHOWN_DIGITS = 12
_NOISE = 1e-12  # what another machine's rounding makes of the same data


class Rows(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which rows numbers were measured on.

    Args:
        rows: how many.
        sha256: of the file or files, where it says which rows are meant and the candidate wrote none of it.
        rows_sha256: the fingerprint of some columns, whatever order the rows are in.
        columns: which ones, in ascending order.
    """

    rows: int
    sha256: str | None = None
    rows_sha256: str | None = None
    columns: tuple[str, ...] = ()

    def are(self, other: Rows) -> bool:
        """Tell whether these are the same rows: by their values, or by their file where those are not known."""
        if None not in (self.rows_sha256, other.rows_sha256):
            known = self.rows, self.rows_sha256, self.columns
            return known == (other.rows, other.rows_sha256, other.columns)
        return self == other


class Entry(Struct, frozen=True, kw_only=True):
    """What one gate measured once.

    Args:
        data: on which rows.
        metrics: value by name.
        settings: what the values depend on beside data and model.
        model: the SHA-256 of the model's weights, where it has any.
        file: the gate's own, seen from the baseline's folder; a gate of the same name elsewhere judges another model.
        seal: over all the rest.
    """

    data: Rows
    metrics: dict[str, float]
    settings: dict[str, Setting]
    model: str | None = None
    file: str | None = None
    seal: str = ""

    def sealed(self) -> Entry:
        """Give the entry with the seal that belongs to it."""
        plain = {key: value for key, value in msgspec.to_builtins(self).items() if key != "seal"}
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return replace(self, seal=hashlib.sha256(text.encode()).hexdigest()[:_SEAL_DIGITS])

    @property
    def is_whole(self) -> bool:
        """Whether the seal is the one that belongs to it."""
        return self.seal == self.sealed().seal


class Proposal(Struct, frozen=True, kw_only=True):
    """What a gate measured, to be written once the whole run is known to allow it.

    Args:
        path: of the file.
        key: under which name in it.
        entry: sealed.
        seen: the SHA-256 of the file when the gate read it; None when there was none.
    """

    path: str
    key: str
    entry: Entry
    seen: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Metric values that were measured before.

    Args:
        name: what reports call their source.
        values: by name; NaN where the value was undefined.
        absent: why there is nothing to compare with although that is no fault: this run writes it.
        places: says where else in the source a value of a name stands.
    """

    name: str
    values: Mapping[str, float] = field(default_factory=dict)
    absent: str | None = None
    places: Callable[[str], Sequence[str]] = lambda _metric: ()


def parse(data: bytes, what: str) -> dict[str, Entry]:
    """Read a baseline file.

    Args:
        data: its bytes.
        what: how messages call it.

    Raises:
        NotMeasuredError: it is none, of another version, or damaged.
    """
    found = strict_json(data, what)
    if not isinstance(found, dict) or not {"version", "gates"} <= found.keys():
        reason = f"{what} is no baseline file"
        raise NotMeasuredError(reason, f"name one that {UPDATE} wrote; {{file: …}} takes metrics of any origin")
    if found["version"] != VERSION or isinstance(found["version"], bool):
        reason = f"{what} is of version {found['version']!r}, and this version of pytest-mlgate reads {VERSION}"
        raise NotMeasuredError(reason, f"upgrade pytest-mlgate, or delete the file and run with {UPDATE}")
    try:
        return msgspec.convert(found["gates"], dict[str, Entry])
    except msgspec.ValidationError as error:
        mend = f"take it from git again, or delete it and run with {UPDATE}"
        raise NotMeasuredError(f"{what} is damaged: {error}", mend) from None


def written(entries: Mapping[str, Entry]) -> str:
    """Write a baseline file: the same entries give the same text."""
    document = {"version": VERSION, "gates": {key: msgspec.to_builtins(one) for key, one in entries.items()}}
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def strict_json(data: bytes, what: str) -> Any:
    """Decode JSON in which no key stands twice.

    Raises:
        NotMeasuredError: it is no JSON, or ambiguous.
    """
    text = text_of(data, what)
    if text.lstrip().startswith("<<<<<<<") or "\n<<<<<<< " in text:
        raise NotMeasuredError(f"{what} has the marks of an unfinished merge in it", "finish the merge")
    try:
        return json.loads(text, object_pairs_hook=_unambiguous)
    except (ValueError, RecursionError) as error:
        raise NotMeasuredError(f"{what} is no JSON: {error}", "write it again") from None


def text_of(data: bytes, what: str) -> str:
    """Decode text.

    Raises:
        NotMeasuredError: it is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotMeasuredError(f"{what} is not UTF-8 text", "write it as UTF-8") from None


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def differences(entry: Entry, settings: Mapping[str, Setting], rows: int, file: str | None = None) -> Iterator[str]:
    """Say, as ends of a sentence that begins with the baseline's name, why an entry cannot be compared with."""
    if not entry.is_whole:
        yield "is not as it was written, but edited by hand or put together by a merge"
    if entry.file != file:
        yield f"was measured by a gate of that name in another file: in {entry.file}, and this one is in {file}"
    yield from other_settings(entry.settings, settings)
    if entry.data.rows != rows:
        yield f"was measured on other data: on {entry.data.rows:,} rows, and there are {rows:,}"


def other_settings(before: Mapping[str, Setting], now: Mapping[str, Setting]) -> Iterator[str]:
    """Say likewise which settings are others."""
    for name in sorted(before.keys() | now.keys()):
        one, other = before.get(name), now.get(name)
        if one != other or isinstance(one, bool) != isinstance(other, bool):
            yield f"was measured with other settings: {name} was {_shown(one)} and is {_shown(other)}"


def shortened(sha256: str) -> str:
    """Give the first digits of a hash, for people."""
    return f"{sha256[:_SHOWN_DIGITS]}…"


def same(one: float, other: float) -> bool:
    """Tell whether two values of a metric differ by rounding alone."""
    return isclose(one, other, rel_tol=_NOISE, abs_tol=_NOISE)


def changes(old: Entry | None, new: Entry, less_is_better: Collection[str]) -> Iterator[str]:
    """Say what a new entry changes: every number, and what the numbers were measured on and with.

    Args:
        old: the entry that is there.
        new: the one to be written.
        less_is_better: names of metrics of which a better model has less.
    """
    for name in sorted((old.metrics.keys() if old else set()) | new.metrics.keys()):
        before, now = old.metrics.get(name) if old else None, new.metrics.get(name)
        if before is None:
            yield f"{name} {now!r}"
        elif now is None:
            yield f"{name} is gone (it was {before!r})"
        elif not same(before, now):
            better = now < before if name in less_is_better else now > before
            word = "better" if better else "WORSE"
            yield f"{name} {before!r} → {now!r} ({word} by {abs(now - before):.3g})"
    if old is None:
        return
    if not old.is_whole:
        yield "the old entry was not as it was written"
    if not old.data.are(new.data):
        yield f"other data ({old.data.rows:,} rows → {new.data.rows:,} rows)"
    for name in sorted(old.settings.keys() | new.settings.keys()):
        if old.settings.get(name) != new.settings.get(name):
            yield f"{name} {_shown(old.settings.get(name))} → {_shown(new.settings.get(name))}"


def _shown(value: Setting) -> str:
    return "not set" if value is None else repr(value)


def is_same(one: Entry, other: Entry) -> bool:
    """Tell whether two entries say the same but for rounding and for which model gave the numbers."""
    return (
        one.is_whole
        and other.is_whole
        and one.data.are(other.data)
        and one.settings == other.settings
        and one.file == other.file
        and one.metrics.keys() == other.metrics.keys()
        and all(same(value, other.metrics[name]) for name, value in one.metrics.items())
    )
