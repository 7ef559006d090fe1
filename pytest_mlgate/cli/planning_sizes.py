"""How many rows a gate will be judged on, of which class and in which group: declared, or counted in the data."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlgate.cli.planned import Assumed
    from pytest_mlgate.gatefile import Gate
    from pytest_mlgate.inputs.gate import GateInputs
    from pytest_mlgate.stats.planning_groups import Groups
    from pytest_mlgate.stats.planning_spread import Rows


def declared_size(gate: Gate, assumed: Assumed) -> Rows | None:
    """Give the rows that the user declared for a gate."""
    from pytest_mlgate.stats.planning_spread import Rows

    n = assumed.rows.get(gate.id, assumed.rows.get("*"))
    share = assumed.positives.get(gate.id, assumed.positives.get("*"))
    return None if n is None else Rows(n, round(n * share) if share is not None else 0)


def rows_of(gate: Gate, inputs: GateInputs, assumed: Assumed) -> tuple[Rows, str]:
    """Count rows and positive ones, or take what was declared; weights and clusters leave fewer.

    Raises:
        NotMeasuredError: they are neither declared nor to be counted.
    """
    from pytest_mlgate.stats.planning_spread import Rows

    declared = declared_size(gate, assumed)
    share = assumed.positives.get(gate.id, assumed.positives.get("*"))
    if declared is not None and (declared.positives or _of_numbers(gate.spec)):
        return declared, _sized(declared)
    try:
        n, note, counted = _counted(gate.spec, inputs, classes=share is None and not _of_numbers(gate.spec))
    except NotMeasuredError as error:
        if declared is None:
            raise NotMeasuredError(error.reason, "declare the size: --rows 5000 --positives 0.3") from None
        return declared, _sized(declared)
    share = counted if share is None else share
    n, note = (n, note) if declared is None else (declared.n, "")
    found = Rows(n, round(n * share) if share is not None else 0)
    return found, _sized(found) + note


def _counted(spec: Any, inputs: GateInputs, *, classes: bool) -> tuple[int, str, float | None]:
    """Count independent rows in the data, say what they are, and find the share that is positive."""
    table = inputs.table(spec.data)
    if not table.rows:
        raise NotMeasuredError(f"{table.frame.what} has no rows", "give it some")
    share = float(table.equals(spec.label, spec.positive).sum()) / table.rows if classes else None
    clusters, weight = getattr(spec, "groups", None), getattr(spec, "weight", None)
    if clusters is not None:
        return len(table.levels(clusters).counts), f" (clusters of {table.rows:,} rows, each counted once)", share
    if weight is not None:
        from pytest_mlgate.stats.drawn import counted_rows, drawn

        weights = table.numbers(weight)
        counted_rows(weights)  # refuses what are no weights
        return int(drawn(table.rows, weights).effective), f" (what {table.rows:,} weighted rows are worth)", share
    return table.rows, "", share


def _sized(rows: Rows) -> str:
    positive = f", {rows.positives:,} positive ({rows.positives / rows.n:.1%})" if rows.positives else ""
    return f"{rows.n:,} rows{positive}"


def _of_numbers(spec: Any) -> bool:
    from pytest_mlgate.stats.names import NEEDS

    return all(NEEDS.get(metric) == "value" for metric in spec.metrics)


def groups_of(gate: Gate, inputs: GateInputs, assumed: Assumed) -> Iterator[tuple[str, Groups]]:
    """Count the rows of each group by label, for each attribute and each two."""
    from pytest_mlgate.stats.group_counts import Least, count_groups
    from pytest_mlgate.stats.planning_groups import Groups

    spec: Any = gate.spec
    table = inputs.table(spec.data).frozen([*spec.sensitive, spec.label])
    is_positive = table.equals(spec.label, spec.positive)
    least = Least(spec.min_group_size, spec.min_positives, spec.min_negatives)
    coded = {name: table.coded(name) for name in spec.sensitive}
    sets: list[tuple[str, ...]] = [(name,) for name in spec.sensitive]
    sets += list(combinations(spec.sensitive, 2)) if spec.intersections else []
    declared = assumed.rows.get(gate.id, assumed.rows.get("*"))
    for names in sets:
        codes, size = coded[names[0]].codes, len(coded[names[0]].levels)
        for name in names[1:]:
            codes, size = codes * len(coded[name].levels) + coded[name].codes, size * len(coded[name].levels)
        cells = count_groups(codes, is_positive, is_positive, size)
        kept = cells.rows > 0
        groups = Groups(cells.rows[kept].astype(int), cells.positives[kept].astype(int), least)
        yield "×".join(names), groups if declared is None else groups.scaled(declared / table.rows)


def compared(gate: Gate, inputs: GateInputs, assumed: Assumed) -> tuple[int, int, int]:
    """Count the rows of the reference, those that are judged, and the columns that both have.

    Raises:
        NotMeasuredError: a table cannot be opened, or has no rows.
    """
    spec: Any = gate.spec
    past = spec.reference.profile
    if past is not None:
        profile = inputs.profile(past)
        before, known = profile.rows, list(profile.columns)
    else:
        table = inputs.table(spec.reference, "reference")
        before, known = table.rows, list(table.columns)
    current = inputs.table(spec.data)
    now = assumed.rows.get(gate.id, assumed.rows.get("*", current.rows))
    wanted = [one for one in spec.columns or known if one in known and one in current.columns]
    columns = sum(one not in spec.exclude for one in wanted)
    if not (before and now and columns):
        raise NotMeasuredError("there is nothing to compare", "give both tables rows and a column in common")
    return before, now, columns
