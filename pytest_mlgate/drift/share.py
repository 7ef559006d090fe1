"""A gate that tolerates some drifted columns: one check on how many there are decides, single columns only warn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_mlgate.drift.claims import warned_only
from pytest_mlgate.verdict import Limit, Measurement, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LISTED = 10  # what fits in a line


def tolerated(
    measured: Sequence[Measurement], alpha: float, share: float | None, most: int | None, name: str = "*"
) -> Iterator[Measurement]:
    """Count the columns that drifted, and judge their number instead of them.

    Every column that counts as drifted was shown to be, at the gate's level for all of them together. A column that
    cannot be told may or may not have drifted: where that matters for the number, the answer is INCONCLUSIVE.

    Args:
        measured: claims with adjusted p-values.
        alpha: level at which they were adjusted.
        share: limit on the share of the columns, or
        most: limit on their number.
        name: of the check that decides.

    Yields:
        The claims, of which a drifted one warns and an undecided one is only reported; then the check that decides.
    """
    verdicts: dict[str, set[Verdict]] = {}
    for one in measured:
        verdict = judge(one).verdict
        if one.p_adjusted is None:
            yield one
            continue
        verdicts.setdefault(one.name, set()).add(verdict)
        if verdict is Verdict.FAIL:
            yield warned_only(one)
        elif verdict is Verdict.INCONCLUSIVE:
            yield replace(one, limit=None, detail=one.detail | {"undecided": True})
        else:
            yield one
    drifted = [column for column, found in verdicts.items() if Verdict.FAIL in found]
    undecided = [column for column, found in verdicts.items() if Verdict.INCONCLUSIVE in found]
    undecided = [column for column in undecided if column not in drifted]
    if not verdicts and measured:  # none was held against its limit: they say why, or that they are too early
        return
    unit = 1 if share is None else max(1, len(verdicts))
    yield Measurement(
        name=name,
        metric="drifted_columns" if share is None else "drifted_share",
        value=len(drifted) / unit if share is not None else len(drifted),
        low=len(drifted) / unit,
        high=(len(drifted) + len(undecided)) / unit,
        confidence=1.0 - alpha,
        n=len(verdicts),
        limit=Limit(max=most if share is None else share, confidence=1.0 - alpha),
        detail={
            "unit": "columns",
            "drifted": drifted,
            "undecided": undecided,
            "look_at": _told(drifted),
        },
    )


def _told(drifted: Sequence[str]) -> list[str]:
    more = " …" if len(drifted) > _LISTED else ""
    return [f"drifted: {', '.join(drifted[:_LISTED])}{more}"] if drifted else []
