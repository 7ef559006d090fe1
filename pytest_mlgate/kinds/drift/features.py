"""`drift.features`: has a column's distribution moved from a reference, by more than chance and by enough to matter?

A check fails only if both hold: the effect (bias-corrected, where it has a bias) is beyond its limit, and the
difference is significant after correction over the gate's columns and metrics. With too few rows to see a breach the
answer is INCONCLUSIVE, which for a family of columns is a warning unless the gate says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.kind import GateSpec, Inputs, Kind, Mistake, Table, keys_among, limit_mistakes
from pytest_mlgate.reference import TableRef
from pytest_mlgate.verdict import Confidence, Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from pytest_mlgate.stats.binning import BinCounts
    from pytest_mlgate.stats.ks import Ks
    from pytest_mlgate.stats.psi import Psi

Metric = Literal["psi", "ks"]
_NUMBERS_ONLY: tuple[Metric, ...] = ("ks",)
_NUMERIC = ("integer", "number", "date", "timestamp")
_BOUNDS = 0.95
_DRAWS = 19_999
_KEPT_BINS = 30
_EXPLAINED_BINS = 3
_NOTEWORTHY = 0.02


class DriftFeatures(GateSpec, frozen=True, kw_only=True):
    """How far each column may have moved from a reference.

    Args:
        reference: the table that shows how things were.
        data: the table that is judged.
        columns: the columns to compare; all that both tables have unless given.
        exclude: columns to leave out, such as identifiers.
        categorical: columns whose numbers are codes.
        metrics: limits by metric; `psi` is the population stability index, bias-corrected (look at 0.1, act at 0.2);
            `ks` the Kolmogorov-Smirnov distance of numeric columns, between 0 and 1.
        alpha: the level of the gate's significance tests, over all columns and metrics together.
        correction: how p-values are adjusted over the columns and metrics.
        confidence: when given, a pass needs the upper bound within the limit, and a fail the lower bound beyond it.
    """

    reference: TableRef
    data: TableRef
    columns: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    exclude: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    metrics: Annotated[dict[Metric, Limit], Meta(min_length=1, extra_json_schema=keys_among(Metric))]
    alpha: Annotated[float, Meta(gt=0, lt=0.5)] = 0.01
    correction: Literal["holm", "bh", "none"] = "holm"
    confidence: Confidence | None = None


class _Claim(Struct, frozen=True):
    """One column compared by one metric, before the family's p-values are adjusted."""

    column: str
    metric: Metric
    effect: Any  # Psi or Ks: a value, and bounds by confidence
    n: int
    m: int
    p_value: float
    detectable: Callable[[float], float]
    rows_to_decide: Callable[[float, float], int | None]
    detail: dict[str, Any]


def measure(spec: DriftFeatures, inputs: Inputs) -> Iterator[Measurement]:
    """Compare each column with the reference, by each metric that applies to it."""
    reference = inputs.table(spec.reference, "reference")
    current = inputs.table(spec.data)
    if reference.rows == 0 or current.rows == 0:
        for metric in spec.metrics:
            yield Measurement(name="*", metric=metric, n=current.rows, n_reference=reference.rows)
        return
    wanted = _wanted(spec, reference, current)
    claims: list[_Claim] = []
    for column, metrics in wanted.items():
        try:
            claims += _claims(column, metrics, spec, inputs.seed, (reference, current))
        except NotMeasuredError as error:  # one unreadable column does not hide the others
            for metric in metrics or spec.metrics:
                yield Measurement(name=column, metric=metric, reason=str(error))
    yield from _measurements(spec, claims)
    yield from _left_out(spec, reference, current)


def _wanted(spec: DriftFeatures, reference: Table, current: Table) -> dict[str, list[Metric]]:
    """List the columns to compare, each with the metrics that apply to it."""
    columns = _columns(spec, reference, current)
    if not columns:
        reason = "the two tables have no column in common that is not excluded"
        raise NotMeasuredError(reason, "name some under `columns:`")
    wanted = {column: _applicable(column, spec, reference, current) for column in columns}
    if spec.columns is None:  # a column that was asked for by name is not passed over: it is refused
        wanted = {column: metrics for column, metrics in wanted.items() if metrics}
    if not wanted:
        raise NotMeasuredError("none of the columns holds numbers, and ks compares nothing else", "add `psi`")
    return wanted


def _applicable(column: str, spec: DriftFeatures, reference: Table, current: Table) -> list[Metric]:
    numeric = _is_numeric(column, spec, reference, current)
    return [metric for metric in spec.metrics if numeric or metric not in _NUMBERS_ONLY]


def _columns(spec: DriftFeatures, reference: Table, current: Table) -> list[str]:
    if spec.columns is not None:
        return [name for name in spec.columns if name not in spec.exclude]
    return [name for name in reference.columns if name in current.columns and name not in spec.exclude]


def _left_out(spec: DriftFeatures, reference: Table, current: Table) -> Iterator[Measurement]:
    """Report what nobody decided to leave out: columns in one table only, and those that a metric says nothing of."""
    gone = [name for name in reference.columns if name not in current.columns and name not in spec.exclude]
    new = [name for name in current.columns if name not in reference.columns and name not in spec.exclude]
    if spec.columns is None and (gone or new):
        detail = {"unit": "columns", "only_in_reference": gone, "only_in_data": new}
        limit = Limit(warn_max=0)  # a column that vanished is worth a warning; a new one is not
        yield Measurement(name="*", metric="columns_gone", value=len(gone), limit=limit, detail=detail)
    for metric in (name for name in _NUMBERS_ONLY if name in spec.metrics):
        columns = _columns(spec, reference, current)
        without = [name for name in columns if metric not in _applicable(name, spec, reference, current)]
        if without:
            yield Measurement(
                name="*", metric=f"columns_without_{metric}", value=len(without), detail={"columns": without}
            )


def _is_numeric(column: str, spec: DriftFeatures, reference: Table, current: Table) -> bool:
    """Tell whether a column's values have an order that means something; a missing column is for reading to refuse."""
    kinds = {table.columns[column] for table in (reference, current) if column in table.columns}
    return column not in spec.categorical and kinds <= set(_NUMERIC)


def _refuse_mixture(column: str, spec: DriftFeatures, tables: tuple[Table, Table]) -> None:
    """Refuse a column that holds numbers in one table and words in the other: it was read wrongly, not drifted.

    Raises:
        NotMeasuredError: it does.
    """
    kinds = [table.columns.get(column, "other") for table in tables]
    words = {"string", "boolean"} & set(kinds)
    if words and set(kinds) & set(_NUMERIC) and column not in spec.categorical:
        reason = f"{column} is of type {kinds[0]} in the reference and {kinds[1]} in the data"
        raise NotMeasuredError(reason, "convert one of them, or list the column under `categorical:`")


def _claims(
    column: str, metrics: list[Metric], spec: DriftFeatures, seed: int, tables: tuple[Table, Table]
) -> Iterator[_Claim]:
    """Compare one column by the metrics that apply to it, reading it once."""
    from pytest_mlgate.stats.binning import category_bins, numeric_bins

    reference, current = tables
    _refuse_mixture(column, spec, tables)
    if not metrics:
        reason = f"{column} is no column of numbers, and ks compares nothing else"
        raise NotMeasuredError(reason, "add `psi`, or leave the column out")
    # A drawn p-value is no smaller than one in the draws: there must be enough for it to survive the correction.
    family = len(_columns(spec, reference, current)) * len(spec.metrics)
    draws = max(_DRAWS, ceil(2 * family / spec.alpha))
    names = current.labels.get(column, {})
    if _is_numeric(column, spec, reference, current):
        old, new = reference.numbers(column), current.numbers(column)
        if "ks" in metrics:
            yield _by_ks(column, old, new)
        counts = numeric_bins(old, new) if "psi" in metrics else None
    else:
        levels, others = reference.levels(column), current.levels(column)
        counts = category_bins(levels.counts, others.counts, levels.missing, others.missing)
    if counts is not None:
        yield _by_psi(column, counts, (seed, draws), names)


def _by_psi(column: str, counts: BinCounts, drawn: tuple[int, int], names: Mapping[str, str]) -> _Claim:
    from pytest_mlgate.stats.psi import homogeneity_p, psi, psi_detectable, psi_rows_to_decide

    if counts.labels == ("missing",):
        raise _nothing_there(column)
    found, n, m = psi(counts), counts.n, counts.m
    return _Claim(
        column=column,
        metric="psi",
        effect=found,
        n=n,
        m=m,
        p_value=homogeneity_p(counts, *drawn),
        detectable=lambda alpha: psi_detectable(n, m, found.df, alpha),
        rows_to_decide=lambda alpha, limit: psi_rows_to_decide(n, found.df, alpha, limit),
        detail=_bins(column, counts, found, names),
    )


def _by_ks(column: str, old: NDArray[Any], new: NDArray[Any]) -> _Claim:
    from pytest_mlgate.stats.ks import ks, ks_detectable, ks_rows_to_decide

    found = ks(old, new)
    n, m = found.n, found.m
    if found.missing_only:
        raise _nothing_there(column)
    return _Claim(
        column=column,
        metric="ks",
        effect=found,
        n=n,
        m=m,
        p_value=found.p_value,
        detectable=lambda alpha: ks_detectable(n, m, alpha),
        rows_to_decide=lambda alpha, limit: ks_rows_to_decide(n, alpha, limit),
        detail=_place(column, found),
    )


def _nothing_there(column: str) -> NotMeasuredError:
    return NotMeasuredError(f"every value of {column} is missing on both sides")


def _measurements(spec: DriftFeatures, claims: list[_Claim]) -> Iterator[Measurement]:
    """Adjust p-values over all claims of the gate, and hold each against its metric's limit."""
    from pytest_mlgate.stats.multiple import adjust

    adjusted = adjust([one.p_value for one in claims], spec.correction)
    strictest = spec.alpha if spec.correction == "none" else spec.alpha / max(1, len(claims))
    for one, p_adjusted in zip(claims, adjusted, strict=True):
        limit = spec.metrics[one.metric]
        if limit.confidence is None and spec.confidence is not None:
            limit = replace(limit, confidence=spec.confidence)
        confidence = limit.confidence or _BOUNDS
        low, high = one.effect.bounds(confidence)
        yield Measurement(
            name=one.column,
            metric=one.metric,
            value=one.effect.value,
            low=low,
            high=high,
            confidence=confidence,
            n=one.m,
            n_reference=one.n,
            limit=limit,
            p_value=one.p_value,
            p_adjusted=p_adjusted,
            alpha=spec.alpha,
            detectable=one.detectable(strictest),
            rows_to_decide=_rows_to_decide(one, limit, strictest),
            detail=one.detail,
        )


def _rows_to_decide(one: _Claim, limit: Limit, alpha: float) -> int | None:
    """Say how many rows would show a breach of the limit, where the present ones would not."""
    if limit.max is None or limit.max <= 0:
        return None
    needed = one.rows_to_decide(alpha, limit.max)
    return needed if needed is not None and needed > one.m else None


def _place(column: str, found: Ks) -> dict[str, Any]:
    """Say where two distributions lie farthest apart."""
    where = "missing" if found.at is None else f"at or below {found.at:.6g}"
    moved = f"{column}: {where} {found.reference_share:.1%} → {found.current_share:.1%}"
    shares = {"reference_share": found.reference_share, "current_share": found.current_share}
    return {"at": found.at, **shares, "look_at": [moved]}


def _bins(column: str, counts: BinCounts, psi: Psi, names: Mapping[str, str]) -> dict[str, Any]:
    """Keep what explains a difference: shares of the bins, and the few that make most of it."""
    total = float(sum(psi.contributions)) or 1.0
    order = sorted(range(len(counts.labels)), key=lambda i: -float(psi.contributions[i]))
    bins = [
        {
            "bin": _named(counts.labels[i], names),
            "reference": int(counts.reference[i]),
            "current": int(counts.current[i]),
            "share_of_psi": round(float(psi.contributions[i]) / total, 4),
        }
        for i in order[:_KEPT_BINS]
    ]
    telling = [i for i in order[:_EXPLAINED_BINS] if float(psi.contributions[i]) / total >= _NOTEWORTHY]
    moved = "; ".join(
        f"'{_named(counts.labels[i], names)}' {psi.reference_shares[i]:.1%} → {psi.current_shares[i]:.1%}"
        f" ({float(psi.contributions[i]) / total:.0%} of psi)"
        for i in telling
    )
    return {"scheme": counts.scheme, "bins": bins, "look_at": [f"{column}: {moved}"]}


def _named(label: str, names: Mapping[str, str]) -> str:
    return f"{label} {names[label]}" if label in names else label


def mistakes(spec: DriftFeatures) -> Iterable[Mistake]:
    """Find limits that cannot mean anything, and columns that are both wanted and not."""
    for name, limit in spec.metrics.items():
        yield from limit_mistakes(("metrics", name), limit, interval=True)
        for key in ("min", "warn_min"):
            if getattr(limit, key) is not None:
                yield Mistake(("metrics", name, key), "drift has no lower limit: 0 is no drift at all", "use max")
    if not set(spec.metrics) - set(_NUMBERS_ONLY):
        for i, column in enumerate(spec.categorical):
            if column not in spec.exclude and (spec.columns is None or column in spec.columns):
                mend = "add `psi`, or exclude the column"
                yield Mistake(("categorical", i), f"{column!r} is categorical, and ks compares only numbers", mend)
    for both in set(spec.columns or ()) & set(spec.exclude):
        yield Mistake(("exclude",), f"{both!r} is also under columns", "keep one")


KIND = Kind(name="drift.features", spec=DriftFeatures, measure=measure, mistakes=mistakes, inconclusive="warning")
