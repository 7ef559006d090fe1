"""What a gate about groups says: every group with its rates, which is worst, and which are too small to speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_mlgate.kinds.fairness.groups.splits import Split
    from pytest_mlgate.stats.disparities import Disparity
    from pytest_mlgate.stats.gaps import Gap, Pair
    from pytest_mlgate.stats.group_claims import GroupClaim
    from pytest_mlgate.stats.group_counts import Least
    from pytest_mlgate.stats.group_extremes import Extreme
    from pytest_mlgate.stats.group_measures import GroupMeasure

_OF_CLASSES = ("base_rate", "selection_rate", "tpr", "fpr", "ppv", "accuracy")
_OF_LABELS = ("base_rate",)
_OF_NUMBERS = ("mean_error", "mae")
_SHORT = {"base_rate": "base rate", "selection_rate": "selected", "tpr": "TPR", "fpr": "FPR", "ppv": "PPV"}
_SHORT |= {"mean_error": "mean error", "mae": "MAE"}
_SHOWN_SMALL = 3
_SHOWN_GROUPS = 6
_DESCRIBED = 20


def listed(split: Split, confidence: float) -> list[dict[str, Any]]:
    """List every group with its counts and its numbers, each between its bounds."""
    counts = split.grouped.counts
    names = _OF_NUMBERS if counts is None else _OF_LABELS if split.grouped.whole.predictions is None else _OF_CLASSES
    entries = []
    for i, values in enumerate(split.groups):
        group = dict(zip(split.attributes, values, strict=True))
        labels = {attribute: label for attribute, value in group.items() if (label := split.label(attribute, value))}
        entry: dict[str, Any] = {"group": group}
        entry |= {"labels": labels} if labels else {}
        entry |= {"n": int(split.grouped.sizes[i])}
        entry |= {"positives": int(counts.positives[i])} if counts is not None else {}
        entries.append({**entry, "bounds": {}})
    for name in names:
        add_measure(entries, split.grouped.measure(name), confidence)
    return entries


def add_measure(entries: list[dict[str, Any]], measure: GroupMeasure, confidence: float) -> list[dict[str, Any]]:
    """Add to each group one number between its bounds."""
    from pytest_mlgate.stats.door import normal_quantile

    low, high = measure.bounds(normal_quantile(confidence))
    return add_numbers(entries, measure.name, measure.values, low, high)


def add_numbers(entries: list[dict[str, Any]], name: str, values: Any, low: Any, high: Any) -> list[dict[str, Any]]:
    """Add to each group one number, absent where it is undefined."""
    for i, entry in enumerate(entries):
        entry[name] = _number(values[i])
        bounds = [_number(low[i]), _number(high[i])]
        entry["bounds"][name] = bounds if None not in bounds else None
    return entries


def _number(value: float) -> float | None:
    return float(value) if abs(value) < float("inf") else None  # NaN is not less either


def lines_of(split: Split, entries: Sequence[dict[str, Any]], first: Sequence[int] = ()) -> list[str]:
    """Write each group in a line: its rows and rates with their bounds; those that matter first, the rest in order."""
    order = list(dict.fromkeys([*first, *range(len(entries))]))
    lines = [f"{split.called(i)}: {', '.join(_said(entries[i]))}" for i in order[:_SHOWN_GROUPS]]
    more = len(order) - _SHOWN_GROUPS
    return [*lines, f"… and {more:,} more (all in the report of --mlgate-json)"] if more > 0 else lines


def _said(entry: dict[str, Any]) -> Iterator[str]:
    yield f"n {entry['n']:,}"
    for name, short in _SHORT.items():
        if name not in entry:
            continue
        value, bounds = entry[name], entry["bounds"][name]
        if value is None:
            yield f"{short} undefined"
            continue
        share = name not in _OF_NUMBERS
        shown = f"{short} {value:.1%}" if share else f"{short} {value:.4g}"
        scaled = [100 * bound if share else bound for bound in bounds or ()]
        yield (
            f"{shown} [{scaled[0]:.{'1f' if share else '4g'}}, {scaled[1]:.{'1f' if share else '4g'}}]"
            if scaled
            else shown
        )


def explained(split: Split, claim: GroupClaim, least: Least, confidence: float) -> dict[str, Any]:
    """Name the groups that the value comes from, and those too small to speak of."""
    from pytest_mlgate.stats.disparities import Disparity
    from pytest_mlgate.stats.group_extremes import Extreme

    if isinstance(claim, Disparity):
        worst, lines, first = _of_disparity(split, claim)
    elif isinstance(claim, Extreme):
        worst, lines, first = _of_extreme(split, claim)
    else:
        worst, lines, first = _of_gap(split, claim, confidence)  # type: ignore[arg-type] # the third and last claim
    small = [i for i, is_small in enumerate(claim.small) if is_small]
    described = [_too_small(split, claim, least, group, confidence) for group in small[:_DESCRIBED]]
    if described:
        more = f"; and {len(small) - _SHOWN_SMALL} more such groups" if len(small) > _SHOWN_SMALL else ""
        lines.append(f"{split.name}: too small to speak of: {'; '.join(described[:_SHOWN_SMALL])}{more}")
    return {
        "worst": worst,
        "small": described,
        "missing": [split.called(i) for i, rows in enumerate(split.grouped.sizes) if not rows],
        "look_at": lines,
        "first": first,
    }


def undecided_by(small: Sequence[str]) -> str:
    """Say that groups too small to speak of keep the others from passing, naming the first."""
    more = f"; {len(small) - 1} more such groups" if len(small) > 1 else ""
    return f"{small[0]}{more}"


_Explained = tuple[dict[str, str], list[str], list[int]]


def _of_gap(split: Split, found: Gap, confidence: float) -> _Explained:
    """Hold the two groups farthest apart against each other."""
    pair = found.pair
    small = {i for i, is_small in enumerate(found.small) if is_small}
    lines = [_against(split, pair)]
    proven = found.proven_pair(confidence)
    if proven is not None and {pair.high, pair.low} & small:
        lines.append(f"{_against(split, proven)}: the widest between groups of sufficient size")
    worst = {"rate": pair.measure.name, "high": _called(split, pair.high), "low": _called(split, pair.low)}
    return worst, lines, [group for group in (pair.low, pair.high) if group >= 0]


def _of_extreme(split: Split, found: Extreme) -> _Explained:
    measure, group = found.measure, found.group
    end = {"group_min": "smallest", "group_max": "largest"}[found.form]
    line = f"{split.name}: {end} {measure.words} of {split.called(group)} {measure.said(group)}"
    return {"rate": measure.name, "group": split.called(group)}, [line], [group]


def _of_disparity(split: Split, found: Disparity) -> _Explained:
    measure, group, reference = found.measure, found.worst, found.reference
    line = (
        f"{split.name}: {measure.words} {split.called(group)} {measure.said(group)} against the reference group "
        f"{split.called(reference)} {measure.said(reference)}"
    )
    worst = {"rate": measure.name, "group": split.called(group), "reference": split.called(reference)}
    return worst, [line], [group, reference]


def _called(split: Split, group: int) -> str:
    return split.called(group) if group >= 0 else "all rows"


def _against(split: Split, pair: Pair) -> str:
    """Hold two groups, or a group and all rows, against each other with their counts."""
    low, high = (
        f"{split.called(i)} {pair.measure.said(i)}" if i >= 0 else f"all rows {_of_all(pair.measure)}"
        for i in (pair.low, pair.high)
    )
    return f"{split.name}: {pair.measure.words} {low} against {high}"


def _of_all(measure: GroupMeasure) -> str:
    from pytest_mlgate.stats.group_measures import RateOf

    value = measure.overall(None)[0]
    return f"{value:.1%}" if isinstance(measure, RateOf) else f"{value:.4g}"


def _too_small(split: Split, claim: GroupClaim, least: Least, group: int, confidence: float) -> str:
    """Say how small a group is, and what could be seen in it all the same."""
    from pytest_mlgate.stats.gaps import Gap

    rows = int(split.grouped.sizes[group])
    if not rows:
        return f"{split.called(group)} does not occur"
    sizes = [f"{rows:,} row{'s' if rows != 1 else ''} (min_group_size {least.rows})"] if rows < least.rows else []
    sizes += [said for measure in claim.measures for said in measure.sizes(group, least)]
    has = f"{split.called(group)} has {', '.join(dict.fromkeys(sizes)) or 'nothing to hold against'}"
    if not isinstance(claim, Gap) or claim.method != "between_groups":
        return has
    from pytest_mlgate.stats.provable import smallest_provable

    smallest = smallest_provable(claim, group, confidence)
    noun, extreme = {"difference": ("gap", "smallest"), "ratio": ("ratio", "highest")}[claim.form]
    return (
        f"{has}, the {extreme} {noun} it could prove is {smallest:.2g}"
        if smallest
        else f"{has}, no {noun} could be proven"
    )
