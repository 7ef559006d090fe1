"""How many rows a gate will be judged on, of which class and in which group: declared, or counted in the data."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.text import spelled
from pytest_mlgate.kinds.fairness.groups.splits import MOST_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    # By how values are written: a label of several classes need not be of the type of `positive`.
    share = table.levels(spec.label).counts.get(spelled(spec.positive), 0) / table.rows if classes else None
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
    from pytest_mlgate.stats.group_counts import Least
    from pytest_mlgate.stats.planning_groups import Groups

    spec: Any = gate.spec
    least = Least(spec.min_group_size, spec.min_positives, spec.min_negatives)
    sets: list[tuple[str, ...]] = [(name,) for name in spec.sensitive]
    sets += list(combinations(spec.sensitive, 2)) if spec.intersections else []
    for name, rows, positives, factor in _divided(gate, inputs, sets, assumed, classes=True, crossed=True):
        groups = Groups(rows, positives, least)
        yield name, groups if factor == 1.0 else groups.scaled(factor)


def slices_of(gate: Gate, inputs: GateInputs, assumed: Assumed) -> Iterator[tuple[str, list[Rows]]]:
    """Count the rows of each named slice by label, for each set of columns."""
    from pytest_mlgate.stats.planning_spread import Rows

    spec: Any = gate.spec
    for name, rows, positives, factor in _divided(gate, inputs, spec.named, assumed, classes=not _of_numbers(spec)):
        sizes = zip(rows.tolist(), positives.tolist(), strict=True)
        yield name, [Rows(round(n * factor), round(hits * factor)) for n, hits in sizes]


def _divided(
    gate: Gate,
    inputs: GateInputs,
    sets: Sequence[tuple[str, ...]],
    assumed: Assumed,
    *,
    classes: bool,
    crossed: bool = False,
) -> Iterator[tuple[str, Any, Any, float]]:
    """Count rows and positive ones, int[k] each, of each part that columns divide the data into.

    Parts that a gate expects are there even without rows: values that the table's labels name and, if `crossed`, every
    combination of values. The last is by how many the rows were multiplied to come to those declared.
    """
    from pytest_mlgate.stats.group_counts import count_groups

    spec: Any = gate.spec
    columns = list(dict.fromkeys(name for names in sets for name in names))
    opened = inputs.table(spec.data)
    table = opened.frozen([*columns, spec.label])
    if not table.rows:
        raise NotMeasuredError("the data have no rows", "give them some")
    coded = {name: table.coded(name) for name in columns}
    declared = assumed.rows.get(gate.id, assumed.rows.get("*", table.rows))
    for names in sets:
        codes, size = coded[names[0]].codes, len(coded[names[0]].levels)
        for name in names[1:]:
            codes, size = codes * len(coded[name].levels) + coded[name].codes, size * len(coded[name].levels)
        if crossed and size > MOST_GROUPS:  # the gate will refuse them
            raise NotMeasuredError(f"{' and '.join(names)} make more than {MOST_GROUPS} groups", "merge rare values")
        positive = table.equals(spec.label, spec.positive) if classes else codes < 0
        cells = count_groups(codes, positive, positive, size)
        combined = enumerate(product(*(coded[name].levels for name in names)))
        kept = [i for i, values in combined if cells.rows[i] > 0 or (crossed and None not in values)]
        absent = 0
        if len(names) == 1:
            present = {spelled(level) for level in coded[names[0]].levels if level is not None}
            absent = len(opened.labels.get(names[0], {}).keys() - present)
        cells = cells.chosen(kept, absent)
        yield "×".join(names), cells.rows.astype(int), cells.positives.astype(int), declared / table.rows


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
