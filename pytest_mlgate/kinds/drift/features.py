"""`drift.features`: has a column's distribution moved from a reference, by more than chance and by enough to matter?

A check fails only if both hold: the bias-corrected effect is beyond its limit, and the difference is significant after
correction over the gate's columns. With too few rows to see a breach the answer is INCONCLUSIVE, which for a family of
columns is a warning unless the gate says otherwise.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.kind import GateSpec, Inputs, Kind, Mistake, Table, TableRef, keys_among, limit_mistakes
from pytest_mlgate.verdict import Confidence, Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_mlgate.stats.binning import BinCounts
    from pytest_mlgate.stats.psi import Psi

Metric = Literal["psi"]
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
        metrics: limits by metric; `psi` is the population stability index, bias-corrected (look at 0.1, act at 0.2).
        alpha: the level of the gate's significance tests, over all columns together.
        correction: how p-values are adjusted over the columns.
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


class _Compared(Struct, frozen=True):
    """One column's comparison, before the family's p-values are adjusted."""

    column: str
    counts: Any  # BinCounts
    psi: Any  # Psi
    p_value: float


def measure(spec: DriftFeatures, inputs: Inputs) -> Iterator[Measurement]:
    """Compare each column with the reference."""
    from pytest_mlgate.stats.psi import homogeneity_p, psi

    reference = inputs.table(spec.reference, "reference")
    current = inputs.table(spec.data)
    columns = _columns(spec, reference, current)
    if reference.rows == 0 or current.rows == 0:
        yield Measurement(name="*", metric="psi", n=current.rows, n_reference=reference.rows)
        return
    if not columns:
        reason = "the two tables have no column in common that is not excluded"
        raise NotMeasuredError(reason, "name some under `columns:`")
    # A drawn p-value is no smaller than one in the draws: there must be enough for it to survive the correction.
    draws = max(_DRAWS, ceil(2 * len(columns) / spec.alpha))
    compared = []
    for column in columns:
        try:
            counts = _counts(column, spec, reference, current)
            compared.append(_Compared(column, counts, psi(counts), homogeneity_p(counts, inputs.seed, draws)))
        except NotMeasuredError as error:  # one unreadable column does not hide the others
            yield Measurement(name=column, metric="psi", reason=str(error))
    yield from _measurements(spec, compared, current.labels)
    yield from _left_out(spec, reference, current)


def _columns(spec: DriftFeatures, reference: Table, current: Table) -> list[str]:
    if spec.columns is not None:
        return [name for name in spec.columns if name not in spec.exclude]
    return [name for name in reference.columns if name in current.columns and name not in spec.exclude]


def _left_out(spec: DriftFeatures, reference: Table, current: Table) -> Iterator[Measurement]:
    """Report columns that only one of the tables has, since nothing was said about them."""
    alone = [name for name in (reference.columns.keys() ^ current.columns.keys()) if name not in spec.exclude]
    if spec.columns is None and alone:
        yield Measurement(
            name="*", metric="columns_in_one_table_only", value=len(alone), detail={"columns": sorted(alone)}
        )


def _counts(column: str, spec: DriftFeatures, reference: Table, current: Table) -> BinCounts:
    """Bin a column of both tables by the values of the reference."""
    from pytest_mlgate.stats.binning import category_bins, numeric_bins

    kinds = {reference.columns.get(column), current.columns.get(column)}
    if column not in spec.categorical and kinds <= set(_NUMERIC):
        counts = numeric_bins(reference.numbers(column), current.numbers(column))
    else:
        old, new = reference.levels(column), current.levels(column)
        counts = category_bins(old.counts, new.counts, old.missing, new.missing)
    if counts.labels == ("missing",):
        raise NotMeasuredError(f"every value of {column} is missing on both sides")
    return counts


def _measurements(
    spec: DriftFeatures, compared: list[_Compared], labels: Mapping[str, Mapping[str, str]]
) -> Iterator[Measurement]:
    from pytest_mlgate.stats.multiple import adjust
    from pytest_mlgate.stats.psi import psi_detectable

    limit = spec.metrics["psi"]
    if limit.confidence is None and spec.confidence is not None:
        limit = replace(limit, confidence=spec.confidence)
    confidence = limit.confidence or _BOUNDS
    adjusted = adjust([one.p_value for one in compared], spec.correction)
    strictest = spec.alpha if spec.correction == "none" else spec.alpha / max(1, len(compared))
    for one, p_adjusted in zip(compared, adjusted, strict=True):
        low, high = one.psi.bounds(confidence)
        n, m = one.counts.n, one.counts.m
        detectable = psi_detectable(n, m, one.psi.df, strictest)
        yield Measurement(
            name=one.column,
            metric="psi",
            value=one.psi.value,
            low=low,
            high=high,
            confidence=confidence,
            n=m,
            n_reference=n,
            limit=limit,
            p_value=one.p_value,
            p_adjusted=p_adjusted,
            alpha=spec.alpha,
            detectable=detectable,
            rows_to_decide=_rows_to_decide(one, limit, strictest),
            detail=_detail(one.column, one.counts, one.psi, labels.get(one.column, {})),
        )


def _rows_to_decide(one: _Compared, limit: Limit, alpha: float) -> int | None:
    """Say how many rows would show a breach of the limit, where the present ones would not."""
    from pytest_mlgate.stats.psi import psi_rows_to_decide

    if limit.max is None or limit.max <= 0:
        return None
    needed = psi_rows_to_decide(one.counts.n, one.psi.df, alpha, limit.max)
    return needed if needed is not None and needed > one.counts.m else None


def _detail(column: str, counts: BinCounts, psi: Psi, names: Mapping[str, str]) -> dict[str, Any]:
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
    for both in set(spec.columns or ()) & set(spec.exclude):
        yield Mistake(("exclude",), f"{both!r} is also under columns", "keep one")


KIND = Kind(name="drift.features", spec=DriftFeatures, measure=measure, mistakes=mistakes, inconclusive="warning")
