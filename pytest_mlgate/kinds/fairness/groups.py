"""`fairness.groups`: does the model treat the groups of a sensitive attribute too differently, beyond luck?

The largest gap among groups is never 0, and the more and the smaller the groups, the larger it is by luck alone. So a
limit is held against bounds: a pass says that no two groups are farther apart, a fail that some two surely are, and
what lies between is INCONCLUSIVE. A group too small to speak of is named and keeps its attribute from passing.
"""

from __future__ import annotations

from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from pytest_mlgate.aggregate import Scalar
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.inputs.text import spelled
from pytest_mlgate.kind import Inputs, Kind, Mistake, PredictionSpec, Table, keys_among, limit_mistakes
from pytest_mlgate.verdict import Confidence, Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_mlgate.kind import Coded, Predictions
    from pytest_mlgate.stats.gaps import Gap, Pair
    from pytest_mlgate.stats.group_counts import GroupCounts, Least

Metric = Literal[
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "false_positive_rate_difference",
    "false_positive_rate_ratio",
    "false_negative_rate_difference",
    "false_negative_rate_ratio",
    "precision_difference",
    "precision_ratio",
    "accuracy_difference",
    "accuracy_ratio",
]
Size = Annotated[int, Meta(ge=1)]
_TOGETHER = "×"
_MOST_GROUPS = 200
_SHOWN_SMALL = 3
_SHOWN_RATES = ("selection_rate", "tpr", "fpr", "ppv", "accuracy")


class FairnessGroups(PredictionSpec, frozen=True, kw_only=True):
    """How far apart the groups of sensitive attributes may be.

    Args:
        sensitive: columns that say which group a row belongs to; a missing value is a group of its own.
        intersections: whether to judge every two attributes together as well.
        min_group_size: rows below which nothing is claimed of a group.
        min_positives: the same for rows labelled positive (predicted positive, for precision).
        min_negatives: the same for rows labelled negative.
        metrics: limits by metric: `max` on a difference (largest less smallest rate), `min` on a ratio (smallest over
            largest). demographic_parity compares selection rates, equal_opportunity true positive rates, equalized_odds
            true and false positive rates, the worse of the two.
        confidence: one-sided confidence of the bounds that limits are held against.
    """

    sensitive: Annotated[tuple[str, ...], Meta(min_length=1)]
    intersections: bool = False
    min_group_size: Size = 100
    min_positives: Size = 30
    min_negatives: Size = 30
    metrics: Annotated[dict[Metric, Limit], Meta(min_length=1, extra_json_schema=keys_among(Metric))]
    confidence: Confidence = 0.95


class _Split(Struct, frozen=True):
    """The rows divided by one attribute, or by two."""

    attributes: tuple[str, ...]
    groups: tuple[tuple[Scalar | None, ...], ...]
    counts: Any  # GroupCounts, in the order of `groups`
    labels: Any  # names of coded values, by attribute

    @property
    def name(self) -> str:
        return _TOGETHER.join(self.attributes)

    def called(self, group: int) -> str:
        """Name a group: `SEX=2 female, RAC1P=1`."""
        return ", ".join(
            " ".join(filter(None, (f"{attribute}={_written(value)}", self.label(attribute, value))))
            for attribute, value in zip(self.attributes, self.groups[group], strict=True)
        )

    def label(self, attribute: str, value: Scalar | None) -> str:
        """Give the name of a coded value, if it has one."""
        found: str = self.labels.get(attribute, {}).get(spelled(value), "") if value is not None else ""
        return found


def measure(spec: FairnessGroups, inputs: Inputs) -> Iterator[Measurement]:
    """Measure each attribute, and each two together, by each metric."""
    table = inputs.table(spec.data)
    unusable = {name: reason for name in spec.sensitive if (reason := _unusable(name, table))}
    usable = [name for name in spec.sensitive if name not in unusable]
    predictions, columns = inputs.predictions_with(spec, usable)
    if predictions.predicted is None:
        raise NotMeasuredError("there are scores but no predicted classes", "give `prediction:`, or a model")
    coded = dict(zip(usable, columns, strict=True))
    unusable |= {name: reason for name in usable if (reason := _ungrouped(name, coded[name]))}
    sets: list[tuple[str, ...]] = [(name,) for name in spec.sensitive]
    sets += list(combinations(spec.sensitive, 2)) if spec.intersections else []
    for attributes in sets:
        reasons = [unusable[name] for name in attributes if name in unusable]
        if reasons:
            yield from _refused(spec, attributes, "; ".join(reasons))
        else:
            yield from _judged(spec, attributes, coded, predictions, table.labels)


def _unusable(name: str, table: Table) -> str:
    """Say why a column cannot divide rows into groups, before it is read."""
    if name not in table.columns:
        return f"the data have no column {name!r}: {did_you_mean(name, table.columns, 'columns')}"
    return f"column {name!r} holds no simple values to group by" if table.columns[name] == "other" else ""


def _ungrouped(name: str, coded: Coded) -> str:
    """Say why a column that was read does not divide rows into groups."""
    groups = len(coded.levels)
    if groups == 1:
        return f"all rows of {name!r} are one group, {_written(coded.levels[0])}: there is nothing to compare"
    if groups > _MOST_GROUPS:
        return f"{name!r} has {groups:,} distinct values, more than {_MOST_GROUPS}: put them into groups first"
    return ""


def _refused(spec: FairnessGroups, attributes: tuple[str, ...], reason: str) -> Iterator[Measurement]:
    for metric, limit in spec.metrics.items():
        yield Measurement(name=_TOGETHER.join(attributes), metric=metric, limit=limit, reason=reason)


def _judged(
    spec: FairnessGroups,
    attributes: tuple[str, ...],
    coded: Mapping[str, Coded],
    predictions: Predictions,
    labels: Mapping[str, Mapping[str, str]],
) -> Iterator[Measurement]:
    """Count once, then measure every metric on the counts."""
    from pytest_mlgate.stats.gaps import gap, undefined
    from pytest_mlgate.stats.group_counts import RATES, Least

    if prod(len(coded[name].levels) for name in attributes) > _MOST_GROUPS:
        reason = f"{' and '.join(attributes)} together make more than {_MOST_GROUPS} groups: merge rare values first"
        yield from _refused(spec, attributes, reason)
        return
    split = _split(attributes, [coded[name] for name in attributes], predictions, labels)
    least = Least(spec.min_group_size, spec.min_positives, spec.min_negatives)
    groups = _groups(split, spec.confidence)
    n = int(split.counts.rows.sum())
    for metric, declared in spec.metrics.items():
        limit = declared if declared.confidence is not None else replace(declared, confidence=spec.confidence)
        without = [
            f"{split.called(i)} has no {RATES[rate].words}" for i, rate in undefined(split.counts, metric, least)
        ]
        try:
            found = gap(split.counts, metric, least)
        except ValueError as error:
            reason = "; ".join([str(error), *without])
            detail = {"groups": groups, "look_at": [f"{split.name}: {line}" for line in without]}
            yield Measurement(name=split.name, metric=metric, n=n, limit=limit, reason=reason, detail=detail)
            continue
        confidence = limit.confidence or spec.confidence
        low, high = found.bounds(confidence)
        yield Measurement(
            name=split.name,
            metric=metric,
            value=found.value,
            low=low,
            high=high,
            confidence=confidence,
            n=n,
            limit=limit,
            rows_to_decide=_rows_to_decide(found, limit, confidence),
            detail={"groups": groups, **_explained(split, found, least, confidence)},
        )


def _split(
    attributes: tuple[str, ...],
    columns: list[Coded],
    predictions: Predictions,
    labels: Mapping[str, Mapping[str, str]],
) -> _Split:
    """Count the rows of every group, those that a value or a label leads one to expect and that have none included."""
    from pytest_mlgate.stats.group_counts import count_groups

    groups: list[tuple[Scalar | None, ...]] = [()]
    codes = columns[0].codes
    for i, column in enumerate(columns):
        groups = [(*group, level) for group in groups for level in column.levels]
        codes = codes * len(column.levels) + column.codes if i else codes
    predicted: Any = predictions.predicted
    counts = count_groups(codes, predictions.labels, predicted, len(groups))
    # A combination with a missing value is a group only where it occurs: nobody expects it to.
    kept = [i for i, group in enumerate(groups) if counts.rows[i] or None not in group]
    absent = _absent(columns[0], labels.get(attributes[0], {})) if len(attributes) == 1 else []
    shown = (*(groups[i] for i in kept), *((value,) for value in absent))
    return _Split(attributes, shown, counts.chosen(kept, len(absent)), labels)


def _absent(column: Coded, named: Mapping[str, str]) -> list[Scalar]:
    """List the values that the table gives names to and that no row has."""
    present = {spelled(level) for level in column.levels}
    numbers = all(isinstance(level, int) for level in column.levels if level is not None)
    absent = [value for value in named if value not in present]
    return [int(value) if numbers and value.removeprefix("-").isdecimal() else value for value in absent]


def _groups(split: _Split, confidence: float) -> list[dict[str, Any]]:
    """List every group with its counts and its rates, each between its bounds."""
    from pytest_mlgate.stats.proportions import wilson

    counts: GroupCounts = split.counts
    listed = []
    for i, values in enumerate(split.groups):
        group = dict(zip(split.attributes, values, strict=True))
        names = {attribute: label for attribute, value in group.items() if (label := split.label(attribute, value))}
        entry: dict[str, Any] = {"group": group}
        entry |= {"labels": names} if names else {}
        entry |= {"n": int(counts.rows[i]), "positives": int(counts.positives[i])}
        bounds = {}
        for rate in _SHOWN_RATES:
            hits, among = int(counts.hits(rate)[i]), int(counts.among(rate)[i])
            entry[rate] = hits / among if among else None
            bounds[rate] = list(wilson(hits, among, confidence)) if among else None
        listed.append({**entry, "bounds": bounds})
    return listed


def _explained(split: _Split, found: Gap, least: Least, confidence: float) -> dict[str, Any]:
    """Name the two groups farthest apart, and those too small to speak of."""
    small = [i for i, is_small in enumerate(found.small) if is_small]
    lines = [_against(split, found.pair)]
    proven = found.proven_pair(confidence)
    if proven is not None and {found.pair.high, found.pair.low} & set(small):
        lines.append(f"{_against(split, proven)}: the widest between groups of sufficient size")
    described = [_too_small(split, found, least, group, confidence) for group in small]
    if described:
        more = f"; and {len(small) - _SHOWN_SMALL} more such groups" if len(small) > _SHOWN_SMALL else ""
        lines.append(f"{split.name}: too small to speak of: {'; '.join(described[:_SHOWN_SMALL])}{more}")
    return {
        "worst": {"rate": found.pair.rate, "high": split.called(found.pair.high), "low": split.called(found.pair.low)},
        "small": described,
        "missing": [split.called(i) for i in range(len(split.groups)) if not split.counts.rows[i]],
        "look_at": lines,
    }


def _against(split: _Split, pair: Pair) -> str:
    """Hold two groups against each other, with their counts."""
    from pytest_mlgate.stats.group_counts import RATES

    hits, among = split.counts.hits(pair.rate), split.counts.among(pair.rate)
    low, high = (
        f"{split.called(i)} {hits[i] / among[i]:.1%} ({hits[i]:,.0f} of {among[i]:,.0f})" for i in (pair.low, pair.high)
    )
    return f"{split.name}: {RATES[pair.rate].words} {low} against {high}"


def _too_small(split: _Split, found: Gap, least: Least, group: int, confidence: float) -> str:
    """Say how small a group is, and what could be seen in it all the same."""
    from pytest_mlgate.stats.group_counts import RATES

    rows = int(split.counts.rows[group])
    if not rows:
        return f"{split.called(group)} does not occur"
    sizes = [f"{rows:,} row{'s' if rows != 1 else ''} (min_group_size {least.rows})"] if rows < least.rows else []
    for rate in found.rates:
        among, needed = int(split.counts.among(rate)[group]), getattr(least, RATES[rate].of)
        if RATES[rate].of != "rows" and among < needed:
            word = f"predicted {RATES[rate].of}" if rate in ("ppv", "npv") else RATES[rate].of
            sizes.append(f"{among:,} {word} (min_{RATES[rate].of} {needed})")
    smallest = found.smallest_provable(group, confidence)
    noun = {"difference": "gap", "ratio": "ratio"}[found.form]
    extreme = {"difference": "smallest", "ratio": "highest"}[found.form]
    seen = f"the {extreme} {noun} it could prove is {smallest:.2g}" if smallest else f"no {noun} could be proven"
    return f"{split.called(group)} has {', '.join(sizes)}, {seen}"


def _rows_to_decide(found: Gap, limit: Limit, confidence: float) -> int | None:
    """Say how many rows would decide about the limit, where the present ones do not."""
    bound = limit.max if found.form == "difference" else limit.min
    return found.rows_to_decide(bound, confidence) if bound is not None else None


def _written(value: Scalar | None) -> str:
    """Write a value so that a missing one and the word for it are told apart."""
    if value is None:
        return "missing"
    return repr(value) if value == "missing" else spelled(value)


def mistakes(spec: FairnessGroups) -> Iterable[Mistake]:
    """Find predictions from nowhere, limits that cannot mean anything, and attributes that are none."""
    for name, limit in spec.metrics.items():
        yield from limit_mistakes(("metrics", name), limit, interval=True)
        yield from _direction_mistakes(name, limit)
    columns = spec.prediction is not None or spec.score is not None
    if (spec.model is not None) == columns:
        mend = "give `model:`, or a `prediction:` column"
        yield Mistake((), "predictions come either from a model or from columns", mend)
    elif spec.model is None and spec.prediction is None:
        mend = "add a `prediction:` column"
        yield Mistake(("score",), "groups are compared by predicted classes, not by scores", mend)
    taken = {spec.label: "the label", spec.prediction: "the prediction", spec.score: "the score"}
    for i, attribute in enumerate(spec.sensitive):
        if attribute in taken:
            yield Mistake(("sensitive", i), f"{attribute!r} is {taken[attribute]}: it cannot be the attribute as well")
        if attribute in spec.sensitive[:i]:
            yield Mistake(("sensitive", i), f"{attribute!r} is listed twice", "keep one")
    if spec.intersections and len(spec.sensitive) == 1:
        mend = "name another under `sensitive`, or remove `intersections`"
        yield Mistake(("intersections",), "one attribute has no intersections", mend)


def _direction_mistakes(name: str, limit: Limit) -> Iterable[Mistake]:
    """Find limits on the side that cannot be wrong, or beyond what the metric can be."""
    difference = name.endswith("_difference")
    wrong, right = (("min", "warn_min"), "max") if difference else (("max", "warn_max"), "min")
    for key in wrong:
        if getattr(limit, key) is not None:
            best = "0 is no difference at all" if difference else "1 is no difference at all"
            yield Mistake(("metrics", name, key), f"{best}: there is nothing to limit on that side", f"use {right}")
    for key in (right, f"warn_{right}"):
        bound = getattr(limit, key)
        if bound is not None and not 0.0 <= bound <= 1.0:
            yield Mistake(("metrics", name, key), f"{name} lies between 0 and 1, so {bound:g} decides nothing", "")


KIND = Kind(name="fairness.groups", spec=FairnessGroups, measure=measure, mistakes=mistakes, inconclusive="warning")
