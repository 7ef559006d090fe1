"""`drift.features`: has a column's distribution moved from a reference, by more than chance and by enough to matter?

A check fails only if both hold: the effect (bias-corrected, where it has a bias) is beyond its limit, and the
difference is significant after correction over the gate's columns, metrics and windows. With too few rows to see a
breach the answer is INCONCLUSIVE, which for a family of columns is a warning unless the gate says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from msgspec import Meta, field

from pytest_mlgate.drift.claims import Family, claims, decided
from pytest_mlgate.drift.columns import Plan, planned, refuse_mixture
from pytest_mlgate.drift.counted import counted_pairs, too_large
from pytest_mlgate.drift.past import Known
from pytest_mlgate.drift.samples import (
    any_pair,
    numbers_pair,
    profiled_pair,
    sorted_columns,
    sorted_numbers,
    windowed,
)
from pytest_mlgate.drift.share import tolerated
from pytest_mlgate.drift.spec import DriftSpec, Limits, applies_to_categories, metric_mistakes
from pytest_mlgate.drift.windows import Cut, Window, cut, sustained
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.kind import Inputs, Kind, Mistake
from pytest_mlgate.reference import HistoryRef, TableRef
from pytest_mlgate.stats.drift_names import NEED_VALUES
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pytest_mlgate.drift.past import Past
    from pytest_mlgate.drift.samples import Reference
    from pytest_mlgate.stats.drift_names import DriftMetric
    from pytest_mlgate.stats.drift_pair import Comparison
    from pytest_mlgate.stats.sides import Side
    from pytest_mlgate.table import Table

_Found = TypeVar("_Found")


class DriftFeatures(DriftSpec, frozen=True, kw_only=True):
    """How far each column may have moved from a reference.

    Args:
        data: the table that is judged.
        reference: the table that shows how things were, or its profile (`{profile: train.profile.json}`); with
            `window`, the beginning of the data unless given.
        columns: the columns to compare; all that both tables have unless given.
        exclude: columns to leave out, such as identifiers.
        categorical: columns whose numbers are codes.
        text_length: columns of text that are compared by how long the texts are, rather than as categories.
        per_column: limits for single columns, in addition to `metrics` or in their place.
        max_drifted_share: the share of the columns that may have drifted, in each window where there are some; single
            columns then only warn.
        max_drifted_columns: likewise their number.
        exact: whether columns are read whole (`true`) or counted piece by piece (`false`), which takes little memory
            and brackets ks; unless given, tables of more than 12 million rows are counted.
        window: cuts the data into consecutive windows, each of which is compared.
    """

    data: TableRef
    reference: HistoryRef | None = None
    columns: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    exclude: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    text_length: tuple[str, ...] = ()
    per_column: dict[str, Limits] = field(default_factory=dict)
    max_drifted_share: Annotated[float, Meta(ge=0, lt=1)] | None = None
    max_drifted_columns: Annotated[int, Meta(ge=0)] | None = None
    exact: bool | None = None
    window: Window | None = None


def measure(spec: DriftFeatures, inputs: Inputs) -> Iterable[Measurement]:
    """Compare each column with the reference, by each metric that applies to it."""
    before = None if spec.reference is None else _past(spec.reference, inputs)
    current = inputs.table(spec.data)
    reference = before or current
    if reference.rows == 0 or current.rows == 0:
        return [
            Measurement(name="*", metric=metric, n=current.rows, n_reference=reference.rows) for metric in spec.metrics
        ]
    plan = planned(spec, reference, current)
    if spec.window is not None:
        return _by_window(spec, spec.window, plan, (reference, current), inputs.seed)
    return _whole(spec, plan, (reference, current), inputs.seed)


def _past(ref: HistoryRef, inputs: Inputs) -> Past:
    return inputs.table(ref, "reference") if ref.profile is None else Known(inputs.profile(ref.profile, "reference"))


def _whole(spec: DriftFeatures, plan: Plan, sides: tuple[Past, Table], seed: int) -> Iterator[Measurement]:
    """Compare one table with another, or with its profile."""
    family = Family(spec=spec, size=plan.size, seed=seed)
    found: dict[str, list[Measurement]] = {}
    for name, pair in _pairs(spec, plan, sides, family):
        found[name] = _claimed(name, pair, plan.limits[name], family, sides[1].labels.get(name, {}))
    measured = decided((one for name in plan.limits for one in found[name]), spec)
    yield from _tolerated(measured, spec)
    yield from plan.left_out


def _tolerated(measured: Sequence[Measurement], spec: DriftFeatures, name: str = "*") -> Iterable[Measurement]:
    """Let so many columns drift as the gate says."""
    if spec.max_drifted_share is None and spec.max_drifted_columns is None:
        return measured
    return tolerated(measured, spec.alpha, spec.max_drifted_share, spec.max_drifted_columns, name)


def _claimed(
    name: str,
    pair: Comparison | NotMeasuredError,
    limits: Mapping[DriftMetric, Limit],
    family: Family,
    labels: Mapping[str, str],
) -> list[Measurement]:
    """Measure a column, or say why that cannot be: one unreadable column does not hide the others."""
    if isinstance(pair, NotMeasuredError):
        return [Measurement(name=name, metric=metric, reason=str(pair)) for metric in limits]
    return list(claims(name, pair, limits, family, labels))


def _pairs(
    spec: DriftFeatures, plan: Plan, sides: tuple[Past, Table], family: Family
) -> Iterator[tuple[str, Comparison | NotMeasuredError]]:
    """Read every column once and set its two sides against each other; numeric columns come first."""
    relative = spec.unit == "relative"
    refused = {name: _tried(refuse_mixture, name, spec, sides) for name in plan.limits}
    for name, error in refused.items():
        if error is not None:
            yield name, error
    readable = [name for name in plan.numeric if refused[name] is None]
    reference, current = sides
    texts = [name for name in plan.categories if name in spec.text_length and refused[name] is None]
    counted = too_large(reference, current) if spec.exact is None else not spec.exact
    if counted:
        yield from counted_pairs(sides, readable, texts, family.drawn)
        readable = []
    if isinstance(reference, Known):
        for name, (new,) in sorted_columns([current], readable):
            yield name, _tried(_profiled, name, reference, new, family)
    else:
        for name, (old, new) in sorted_columns([reference, current], readable):
            yield name, _tried(numbers_pair, name, old, new, family.drawn, relative=relative)
    for name in plan.categories:
        if refused[name] is None and not (counted and name in texts):
            yield name, _tried(_category_pair, name, spec, sides, family)


def _category_pair(name: str, spec: DriftFeatures, sides: tuple[Past, Table], family: Family) -> Comparison:
    reference, current = sides
    lengths = name in spec.text_length
    new = sorted_numbers(name, current.lengths(name)) if lengths else current.levels(name)
    old: Reference
    if isinstance(reference, Known):
        old = reference.column(name, numeric=lengths, lengths=lengths)
    else:
        old = sorted_numbers(name, reference.lengths(name)) if lengths else reference.levels(name)
    return any_pair(name, old, new, family.drawn, relative=spec.unit == "relative")


def _profiled(name: str, reference: Known, current: Side, family: Family) -> Comparison:
    return profiled_pair(name, reference.column(name, numeric=True), current, family.drawn)


def _tried(work: Callable[..., _Found], *arguments: Any, **named: Any) -> _Found | NotMeasuredError:
    """Give what some work gives, or why it could not be done."""
    try:
        return work(*arguments, **named)
    except NotMeasuredError as error:
        return error


def _by_window(
    spec: DriftFeatures, window: Window, plan: Plan, sides: tuple[Past, Table], seed: int
) -> Iterator[Measurement]:
    """Compare each window of one table with another, or with its own beginning."""
    reference, current = sides
    beside = [] if window.column is None else [window.column]
    rows = current.frozen([*dict.fromkeys([*beside, *(name for name in plan.limits if name in current.columns)])])
    beginning, windows, lost, empty = cut(rows, window, own_reference=spec.reference is None)
    family = Family(spec=spec, size=plan.size * len(windows), seed=seed)
    found: list[list[Measurement]] = [[] for _ in windows]
    for name, limits in plan.limits.items():
        pairs = _window_pairs(name, spec, plan, (reference, rows), (beginning, windows), family)
        for i, pair in enumerate(pairs):
            labelled = f"{name}[{windows[i].label}]"
            found[i] += _claimed(labelled, pair, limits, family, current.labels.get(name, {}))
    measured = decided(sustained(found, window.sustained), spec)
    for i, here in enumerate(found):
        claimed, measured = measured[: len(here)], measured[len(here) :]
        yield from _tolerated(claimed, spec, f"*[{windows[i].label}]")
    if lost:
        yield Measurement(name="*", metric="rows_without_time", value=lost, n=current.rows, limit=Limit(warn_max=0))
    if empty:  # a night or a weekend, or a feed that stopped: `data.quality` has limits for it
        yield Measurement(name="*", metric="windows_without_rows", value=empty, detail={"unit": "windows"})
    yield from plan.left_out


def _window_pairs(
    name: str,
    spec: DriftFeatures,
    plan: Plan,
    sides: tuple[Past, Table],
    cuts: tuple[Cut | None, Sequence[Cut]],
    family: Family,
) -> list[Comparison | NotMeasuredError]:
    """Read a column once and set each of its windows against the reference."""
    try:
        refuse_mixture(name, spec, sides)
        samples = windowed(name, sides, cuts, numeric=name in plan.numeric, lengths=name in spec.text_length)
    except NotMeasuredError as error:
        return [error for _ in cuts[1]]
    old, news = samples
    return [_tried(any_pair, name, old, new, family.drawn, relative=spec.unit == "relative") for new in news]


def mistakes(spec: DriftFeatures) -> Iterable[Mistake]:
    """Find limits that cannot mean anything, and columns that are both wanted and not."""
    yield from metric_mistakes(spec.metrics, ("metrics",))
    yield from _column_mistakes(spec)
    if spec.reference is not None and spec.reference.profile is not None:
        yield from _profile_mistakes(spec)
    counted = [name for name in ("max_drifted_share", "max_drifted_columns") if getattr(spec, name) is not None]
    if len(counted) > 1:
        yield Mistake((counted[1],), "the share and the number of drifted columns are limited", "keep one")
    if counted and not any(map(_can_fail, (spec.metrics, *spec.per_column.values()))):
        yield Mistake((counted[0],), "no metric has a `max`, so no column can count as drifted", "give one a `max`")
    if spec.window is not None:
        yield from spec.window.mistakes()
        if spec.exact is False:
            yield Mistake(("exact",), "windows are cut of whole columns", "leave it or `window` out")
    elif spec.reference is None:
        yield Mistake((), "there is nothing to compare with", "name a `reference`, or cut the data by `window`")


def _can_fail(metrics: Mapping[DriftMetric, Limit]) -> bool:
    """Tell whether any of these limits fails; `chi2` fails by its test where it has none."""
    return any(limit.max is not None or (name == "chi2" and not limit.decides) for name, limit in metrics.items())


def _profile_mistakes(spec: DriftFeatures) -> Iterable[Mistake]:
    """Find metrics that need the values themselves: they see the outermost thousandth apart, and a profile does not."""
    limits = {("metrics",): spec.metrics} | {("per_column", name): own for name, own in spec.per_column.items()}
    for where, metrics in limits.items():
        for metric in metrics:
            if metric in NEED_VALUES:
                what = f"{metric} needs the reference's values, which a profile does not hold"
                yield Mistake((*where, metric), what, "use psi or ks, or name the table")
    if spec.unit == "relative":
        yield Mistake(("unit",), "it is about mean_shift, which a profile does not give", "leave it out")


def _column_mistakes(spec: DriftFeatures) -> Iterable[Mistake]:
    for column, limits in spec.per_column.items():
        yield from metric_mistakes(limits, ("per_column", column))
        if column in spec.exclude or column not in (spec.columns or [column]):
            yield Mistake(("per_column", column), f"{column!r} has limits, and is not compared", "include it")
    for i, column in enumerate(() if applies_to_categories(spec.metrics) else spec.categorical):
        compared = column not in spec.exclude and (spec.columns is None or column in spec.columns)
        if compared and column not in spec.per_column:
            what = f"{column!r} is categorical, and {' and '.join(spec.metrics)} compares only numbers"
            yield Mistake(("categorical", i), what, "add `psi`, or exclude the column")
    for both in set(spec.columns or ()) & set(spec.exclude):
        yield Mistake(("exclude",), f"{both!r} is also under columns", "keep one")
    for both in set(spec.categorical) & set(spec.text_length):
        yield Mistake(("text_length",), f"{both!r} is also under categorical", "keep one")


KIND = Kind(name="drift.features", spec=DriftFeatures, measure=measure, mistakes=mistakes, inconclusive="warning")
