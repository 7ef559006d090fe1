"""Metric values that were measured before and written to a file, for later models to be compared with.

Any tool may have written it: JSON, YAML or TOML, flat or nested as DVC keeps metrics. Which of several sections is
meant is never guessed, because the training score stands beside the one of the test. A number says nothing of the rows
it was measured on, so the file may: `rows`, the `sha256` of the data file, `settings`. Where it does and they are not
those of today, a comparison would be between two samples and not two models, and is refused.
"""

from __future__ import annotations

import math
import tomllib
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from pytest_mlgate.baselines import Setting, other_settings, shortened, strict_json, text_of
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.prompts import unreadable, yaml_source
from pytest_mlgate.stats.names import range_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_ABOUT = ("rows", "sha256", "settings", "step", "epoch")
_SECTIONS = "metrics"
_SHOWN = 6


def read_metrics(
    data: bytes,
    name: str,
    key: str | Mapping[str, str] | None = None,
    *,
    rows: Callable[[], int],
    sha256: Callable[[], str],
    settings: Mapping[str, Setting],
    whole: bool = True,
) -> Mapping[str, float]:
    """Read metric values.

    Args:
        data: the file's bytes.
        name: how reports call it; its suffix says what it is.
        key: where the values stand: a section, or a place for each metric. Otherwise at the top, or under `metrics`.
        rows: gives the rows of the data that are judged now.
        sha256: gives the hash of their file; raises `NotMeasuredError` where they are in none.
        settings: those of today.
        whole: whether all rows of that file are judged.

    Returns:
        Values by name; what was undefined (null, NaN) is NaN.

    Raises:
        NotMeasuredError: the file holds no such thing, or it speaks of other data or other settings.
    """
    document = _decoded(data, name)
    section = _section(document, name, key if isinstance(key, str) else None)
    for about in _above(document, section, key):
        _same_rows(about, name, rows)
        _same_data(about, name, sha256)
        if about.get("sha256") is not None and about.get("rows") is None and not whole:
            reason = f"{name} says which file it was measured on, and some of its rows are judged"
            raise NotMeasuredError(reason, "let it say how many rows there were, as `rows`")
        _same_settings(about, name, settings)
    values = _values(document, section, name, key)
    for metric, value in values.items():
        low, high = range_of(metric)
        if value < low or value > high:
            reason = f"{metric} in {name} is {value:g}, which no {metric} can be"
            raise NotMeasuredError(reason, f"it lies between {low:g} and {high:g}; measure it again")
    return values


def values_in(data: bytes, name: str, key: str | Mapping[str, str] | None = None) -> Mapping[str, float]:
    """Read metric values of any data and settings, as `read_metrics` finds them.

    Raises:
        NotMeasuredError: the file holds no such thing.
    """
    document = _decoded(data, name)
    return _values(document, _section(document, name, key if isinstance(key, str) else None), name, key)


def _values(
    document: dict[str, Any], section: dict[str, Any], name: str, key: str | Mapping[str, str] | None
) -> dict[str, float]:
    if key is None or isinstance(key, str):
        found = {metric: value for metric, value in section.items() if _is_value(metric, value)}
    else:
        found = {metric: _at(document, place, name, metric) for metric, place in key.items()}
    return {metric: _number(value, metric, name) for metric, value in found.items()}


def places_of(data: bytes, name: str, metric: str) -> list[str]:
    """List where else in a metrics file a value of that name stands, as `key` would say it."""
    return [place for place in _places(_decoded(data, name), metric) if place]


def _decoded(data: bytes, name: str) -> dict[str, Any]:
    suffix = PurePath(name.partition(" at ")[0]).suffix.lower()
    if suffix == ".toml":
        try:
            document: Any = tomllib.loads(text_of(data, name))
        except tomllib.TOMLDecodeError as error:
            raise NotMeasuredError(f"{name} is no TOML: {error}", "write it again") from None
    elif suffix in (".yaml", ".yml"):
        source = yaml_source(data, Path(name))
        if source.problems:  # keys that stand twice among them
            raise unreadable(source.problems)
        document = source.value
    else:
        document = strict_json(data, name)
    if not isinstance(document, dict):
        raise NotMeasuredError(f"{name} holds no metrics by name", 'write {"roc_auc": 0.91, "rows": 1500}')
    if isinstance(document.get("stages"), dict) or isinstance(document.get(_SECTIONS), list):
        listed = list(dict.fromkeys(_named_by_dvc(document)))
        if listed:
            mend = f"name one of the files it lists: {', '.join(listed[:_SHOWN])}"
            raise NotMeasuredError(f"{name} is DVC's pipeline and holds no metrics", mend)
    return document


def _named_by_dvc(document: Mapping[str, Any]) -> Iterator[str]:
    """List the metrics files that a dvc.yaml names."""
    stages = document.get("stages")
    for part in (document, *(stages.values() if isinstance(stages, dict) else ())):
        listed = part.get(_SECTIONS) if isinstance(part, dict) else None
        for one in listed if isinstance(listed, list) else ():
            yield from map(str, one) if isinstance(one, dict) else [one] if isinstance(one, str) else []


def _section(document: dict[str, Any], name: str, key: str | None) -> dict[str, Any]:
    if key is not None:
        found = _walked(document, key)
        if not isinstance(found, dict):
            there = ", ".join(one for one, inner in document.items() if isinstance(inner, dict)) or "none"
            state = "has no section" if found is None else "holds a single value under"
            raise NotMeasuredError(f"{name} {state} {key!r}", f"its sections are: {there}")
        return found
    found = document.get(_SECTIONS, document)
    if not isinstance(found, dict):
        raise NotMeasuredError(f"`metrics` in {name} is no mapping", 'write {"metrics": {"roc_auc": 0.91}}')
    return found


def _above(
    document: dict[str, Any], section: dict[str, Any], key: str | Mapping[str, str] | None
) -> Iterator[dict[str, Any]]:
    """Give every mapping that the values stand in, at whatever depth: each may say what it was measured on."""
    places = [] if key is None else [key] if isinstance(key, str) else list(key.values())
    found = [document, section, *(one for place in places for one in _way(document, place))]
    yield from {id(one): one for one in found if isinstance(one, dict)}.values()


def _walked(document: Any, place: str) -> Any:
    """Follow a dotted place; a key that has dots itself is found, too."""
    return next(iter(reversed(_way(document, place))), None)


def _way(document: Any, place: str) -> list[Any]:
    """Give all that lies on the way to a dotted place, what stands there last; nothing where it leads nowhere."""
    if not isinstance(document, dict):
        return []
    if place in document:
        return [document[place]]
    parts = place.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        inner = document.get(".".join(parts[:cut]))
        if (found := _way(inner, ".".join(parts[cut:]))) and found[-1] is not None:
            return [inner, *found]
    return []


def _at(document: dict[str, Any], place: str, name: str, metric: str) -> Any:
    found = _walked(document, place)
    if found is None or isinstance(found, bool | str | dict | list):
        state = "nothing" if found is None else f"no number, but {_clipped(found)},"
        elsewhere = ", ".join([one for one in _places(document, place.rpartition(".")[2]) if one][:_SHOWN])
        mend = f"it has {elsewhere}" if elsewhere else "look into the file"
        raise NotMeasuredError(f"{name} has {state} at {place!r}, where {metric} should be", mend)
    return found


def _clipped(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"  # noqa: PLR2004 - enough to recognise it by


def _places(document: Any, metric: str, above: str = "") -> Iterator[str]:
    """Find sections that hold a number of that name."""
    if not isinstance(document, dict):
        return
    if _is_value(metric, document.get(metric)) and document.get(metric) is not None:
        yield above
    for key, inner in document.items():
        yield from _places(inner, metric, f"{above}.{key}" if above else str(key))


def _same_rows(about: Mapping[str, Any], name: str, rows: Callable[[], int]) -> None:
    recorded = about.get("rows")
    if recorded is None:
        return
    if not isinstance(recorded, int) or isinstance(recorded, bool):
        raise NotMeasuredError(f"`rows` in {name} is {_clipped(recorded)}, no number of rows", "write a whole number")
    if recorded != rows():
        reason = f"{name} was measured on other rows: {recorded:,} of them, and the data have {rows():,}"
        raise NotMeasuredError(reason, "measure the baseline on these rows, or judge on those")


def _same_data(about: Mapping[str, Any], name: str, sha256: Callable[[], str]) -> None:
    recorded = about.get("sha256")
    if recorded is None:
        return
    if not isinstance(recorded, str):
        raise NotMeasuredError(f"`sha256` in {name} is no text", "write 64 hexadecimal digits")
    now = sha256()
    if recorded.lower() != now:
        short = shortened(recorded), shortened(now)
        reason = f"{name} was measured on other data, of SHA-256 {short[0]}; those judged now have {short[1]}"
        raise NotMeasuredError(reason, "measure the baseline on these data, or judge on those")


def _same_settings(about: Mapping[str, Any], name: str, settings: Mapping[str, Setting]) -> None:
    recorded = about.get("settings")
    if recorded is None:
        return
    if not isinstance(recorded, dict):
        raise NotMeasuredError(f"`settings` in {name} is no mapping", "write {threshold: 0.5, average: macro}")
    unknown = sorted(map(str, recorded.keys() - settings.keys()))
    if unknown:
        reason = f"{name} was measured with {', '.join(unknown)}, of which this gate knows nothing"
        raise NotMeasuredError(reason, f"it knows {', '.join(sorted(settings))}")
    for different in other_settings(recorded, {one: settings[one] for one in recorded}):
        raise NotMeasuredError(f"{name} {different}", "measure the baseline with these settings, or judge with those")


def _is_value(key: str, value: object) -> bool:
    """Whether an entry claims to be a metric; text, switches and nested notes do not."""
    return key not in _ABOUT and (value is None or (isinstance(value, int | float) and not isinstance(value, bool)))


def _number(value: Any, metric: str, name: str) -> float:
    try:
        return math.nan if value is None else float(value)
    except (OverflowError, TypeError, ValueError):
        raise NotMeasuredError(f"{metric} in {name} is no number: {_clipped(value)}", "measure it again") from None
