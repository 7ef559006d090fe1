"""Why a column counts as drifted: the bins that moved most, what is missing or new, quantiles, a pair of histograms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlgate.stats.binning import BinCounts
    from pytest_mlgate.stats.drift_pair import Comparison

_KEPT_BINS = 30
_EXPLAINED_BINS = 3
_NOTEWORTHY = 0.02
_BARS = 12
_BLOCKS = "▁▂▃▄▅▆▇█"
_UNSEEN = "unseen"
_TOLD_APART = 5  # rows of both sides together, below which a category is not named
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_PER_CELL = ("psi", "kl", "js", "hellinger", "cramers_v")


def explained(column: str, pair: Comparison, names: Mapping[str, str]) -> dict[str, Any]:
    """Say what there is to know of one column, whatever it is measured by.

    Args:
        column: its name.
        pair: both sides.
        names: names of coded values.

    Returns:
        Counts, edges and shares for the report; never a row. `moved` is for people.
    """
    counts = pair.counts
    missing, unseen = pair.rates("missing"), _unseen(pair)
    detail: dict[str, Any] = {
        "scheme": counts.scheme,
        "edges": list(counts.edges),
        "null_rate": {"reference": missing[0] / counts.n, "current": missing[1] / counts.m},
        "unseen_share": None if pair.pooled else unseen / counts.m,
    }
    notes = [_histogram(pair, names, detail)]
    if pair.sides is not None:
        notes.append(_quantiles(pair, detail))
    if missing[0] * counts.m != missing[1] * counts.n:
        notes.append(f"missing {missing[0] / counts.n:.1%} → {missing[1] / counts.m:.1%}")
    new = {named(name, names): rows for name, rows in counts.newcomers if rows >= _TOLD_APART}
    if new:
        detail["new_categories"] = new
    if unseen:
        told = ", ".join(f"'{name}' {rows / counts.m:.1%}" for name, rows in list(new.items())[:_EXPLAINED_BINS])
        notes.append(f"never seen before {unseen / counts.m:.1%}{told and f' ({told})'}")
    detail["moved"] = f"{column}: {'; '.join(filter(None, notes))}"
    return detail


def contributions(column: str, metric: str, pair: Comparison, names: Mapping[str, str]) -> dict[str, Any]:
    """Say which bins make most of the change: by the metric's own parts where it is a sum over cells, else by PSI's."""
    from pytest_mlgate.stats.divergences import divergence

    of = metric if metric in _PER_CELL else "psi"
    found, counts = divergence(of, pair.counts, pair.cells), pair.counts
    total = float(found.contributions.sum()) or 1.0
    shares = (found.contributions / total).tolist()
    old, new = found.reference_shares.tolist(), found.current_shares.tolist()
    order = sorted(_told_apart(counts), key=lambda i: -shares[i])[:_KEPT_BINS]
    bins = [
        {
            "bin": named(counts.labels[i], names),
            "reference": int(counts.reference[i]),
            "current": int(counts.current[i]),
            f"share_of_{of}": round(shares[i], 4),
        }
        for i in order
    ]
    moved = "; ".join(
        f"'{_called(counts, i, names)}' {old[i]:.1%} → {new[i]:.1%} ({shares[i]:.0%} of {of})"
        for i in order[:_EXPLAINED_BINS]
        if shares[i] >= _NOTEWORTHY
    )
    return {"bins": bins, "look_at": [f"{column}: {moved}"] if moved else []}


def place(column: str, pair: Comparison) -> str:
    """Say where two distribution functions lie farthest apart."""
    found = pair.distance
    where = "missing" if found.at is None else f"at or below {found.at:.6g}"
    return f"{column}: {where} {found.reference_share:.1%} → {found.current_share:.1%}"


def named(label: str, names: Mapping[str, str]) -> str:
    """Give a coded value with its name, where it has one."""
    return f"{label} {names[label]}" if label in names else label


def _told_apart(counts: BinCounts) -> list[int]:
    """Give the bins that may be named: a category of a handful of rows can be what identifies them."""
    apart = counts.reference + counts.current >= (_TOLD_APART if counts.scheme == "category" else 0)
    for place, label in enumerate(counts.labels[-2:], max(0, len(counts.labels) - 2)):  # where pools are
        apart[place] |= label in (_UNSEEN, "missing")
    return apart.nonzero()[0].tolist()


def _called(counts: BinCounts, place: int, names: Mapping[str, str]) -> str:
    """Name a bin for people: the one category that is new by its own name."""
    if counts.labels[place] == _UNSEEN and counts.unseen.size == 1 and counts.newcomers[0][1] >= _TOLD_APART:
        return named(counts.newcomers[0][0], names)
    return named(counts.labels[place], names)


def _unseen(pair: Comparison) -> int:
    return pair.rates(_UNSEEN)[1] + pair.rates("other values")[1]


def _quantiles(pair: Comparison, detail: dict[str, Any]) -> str:
    """Keep a few quantiles of each side, and say how the median moved."""
    found = {
        name: [float(side.values[min(side.values.size - 1, int(q * side.values.size))]) for q in _QUANTILES]
        for name, side in zip(("reference", "current"), pair.ordered, strict=True)
        if side.values.size
    }
    detail["quantiles"] = {"at": list(_QUANTILES), **found}
    if len(found) == 1:
        return ""
    middle = _QUANTILES.index(0.5)
    return f"median {found['reference'][middle]:.4g} → {found['current'][middle]:.4g}"


def _histogram(pair: Comparison, names: Mapping[str, str], detail: dict[str, Any]) -> str:
    """Draw both sides with blocks: numbers in bars of equal width, categories from the most frequent down."""
    counts = pair.counts
    if pair.sides is not None and counts.scheme == "quantile":
        from pytest_mlgate.stats.binning import equal_widths

        edges, (old, new) = equal_widths(pair.ordered, _BARS)
        detail["histogram"] = {"edges": edges, "reference": old, "current": new}
    else:
        shown = _told_apart(counts)[:_BARS]
        old, new = counts.reference[shown].tolist(), counts.current[shown].tolist()
        labels = [named(counts.labels[i], names) for i in shown]
        detail["histogram"] = {"labels": labels, "reference": old, "current": new}
    if len(old) <= 1:  # one bar shows nothing
        return ""
    shares = [one / counts.n for one in old], [one / counts.m for one in new]
    highest = max(*shares[0], *shares[1])
    return f"{_bars(shares[0], highest)} → {_bars(shares[1], highest)}"


def _bars(shares: Sequence[float], highest: float) -> str:
    return "".join(
        " " if share <= 0.0 else _BLOCKS[min(len(_BLOCKS) - 1, int(share / highest * len(_BLOCKS)))] for share in shares
    )
