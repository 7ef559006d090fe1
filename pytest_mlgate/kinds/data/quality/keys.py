"""Values that must exist in another table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.findings import matched, named
from pytest_mlgate.kinds.data.quality.asking import guarded
from pytest_mlgate.verdict import Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_mlgate.aggregate import Answers
    from pytest_mlgate.findings import Sight
    from pytest_mlgate.kind import Inputs
    from pytest_mlgate.kinds.data.quality.spec import DataQuality, ForeignKey
    from pytest_mlgate.table import Table

ABSENT = "foreign_key"


def foreign_keys(
    table: Table, answers: Sequence[Answers], spec: DataQuality, inputs: Inputs, sight: Sight
) -> Iterator[Measurement]:
    """Check that values exist elsewhere; each key is a join for each segment."""
    for key in spec.foreign_key:
        name = "+".join(key.here)
        if table.rows == 0:
            yield Measurement(name=name, metric=ABSENT, n=0, reason="the table has no rows")
        else:
            work = _in_segments(table, answers, key, spec, inputs, sight)
            yield from guarded(name, ABSENT, work, quiet=bool(spec.sensitive))


def _in_segments(
    table: Table, answers: Sequence[Answers], key: ForeignKey, spec: DataQuality, inputs: Inputs, sight: Sight
) -> Iterator[Measurement]:
    other = inputs.table(key.references, "reference")
    if other.rows == 0:
        raise NotMeasuredError("the table it refers to has no rows", "look at what `references` names")
    mostly = spec.mostly if key.mostly is None else key.mostly
    for one in answers:
        found = matched(
            table,
            other,
            ABSENT,
            columns=key.here,
            others=key.there,
            absent=True,
            limit=mostly,
            segment=one.segment,
            sight=sight,
        )
        if found.n:
            yield replace(found, n_reference=other.rows)
        else:
            name, listed = "+".join(key.here), " and ".join(map(repr, key.here))
            reason = f"no row has a value in {listed}"
            yield Measurement(name=named(name, one.segment), metric=ABSENT, n=0, reason=reason)
