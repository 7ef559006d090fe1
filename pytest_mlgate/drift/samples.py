"""One side of a column as it is compared: numbers in order, or how often each category occurs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Union

from msgspec import Struct

from pytest_mlgate.aggregate import Levels
from pytest_mlgate.drift.past import Known
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.text import spelled
from pytest_mlgate.stats.profile import ColumnProfile
from pytest_mlgate.table import Coded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from pytest_mlgate.drift.past import Past
    from pytest_mlgate.drift.windows import Cut
    from pytest_mlgate.stats.binning import BinCounts
    from pytest_mlgate.stats.drift_pair import Comparison
    from pytest_mlgate.stats.sides import Side
    from pytest_mlgate.table import Table

Sample = Union["Side", Levels]
Reference = Union["Side", Levels, ColumnProfile]

_AT_ONCE = 8  # columns that are in memory together
_SORTERS = 2


class Draws(Struct, frozen=True):
    """How p-values are drawn: the gate's seed, and how many tables at most."""

    seed: int
    most: int


def sorted_columns(tables: Sequence[Table], names: Sequence[str]) -> Iterator[tuple[str, list[Side]]]:
    """Read numeric columns of one table or both a few at a time, and sort each once; gives its sides by name."""
    from pytest_mlgate.stats.sides import sorted_side

    def ordered(found: tuple[str, tuple[NDArray[Any], int]]) -> Side:
        return sorted_side(found[0], *found[1], own=True)

    with ThreadPoolExecutor(_SORTERS, thread_name_prefix="mlgate-sort") as pool:  # sorting lets other threads run
        for start in range(0, len(names), _AT_ONCE):
            batch = names[start : start + _AT_ONCE]
            read = [(name, one) for table in tables for name, one in zip(batch, table.present(batch), strict=True)]
            sides = list(pool.map(ordered, read))
            del read
            for i, name in enumerate(batch):
                yield name, sides[i :: len(batch)]


def numbers_pair(name: str, reference: Side, current: Side, drawn: Draws, *, relative: bool) -> Comparison:
    """Set two sides of a numeric column against each other.

    Raises:
        NotMeasuredError: there is nothing on either side.
    """
    from pytest_mlgate.stats.binning import sorted_bins
    from pytest_mlgate.stats.drift_pair import Comparison
    from pytest_mlgate.stats.sides import alike

    sides = alike(reference, current)
    counts = something(name, sorted_bins(*sides))
    return Comparison(counts, sides, drawn.seed, drawn.most, relative)


def levels_pair(name: str, reference: Levels, current: Levels, drawn: Draws) -> Comparison:
    """Set two sides of a categorical column against each other.

    Raises:
        NotMeasuredError: there is nothing on either side.
    """
    from pytest_mlgate.stats.binning import category_bins
    from pytest_mlgate.stats.drift_pair import Comparison

    counts = category_bins(reference.counts, current.counts, reference.missing, current.missing)
    return Comparison(something(name, counts), None, drawn.seed, drawn.most)


def something(name: str, counts: BinCounts) -> BinCounts:
    """Refuse a table in which nothing is compared with nothing."""
    if counts.labels == ("missing",):
        raise NotMeasuredError(f"every value of {name} is missing on both sides")
    return counts


def any_pair(name: str, reference: Reference, current: Sample, drawn: Draws, *, relative: bool) -> Comparison:
    """Set two sides of whichever sort against each other.

    Raises:
        NotMeasuredError: there is nothing on either side.
    """
    if isinstance(reference, ColumnProfile):
        return profiled_pair(name, reference, current, drawn)
    if isinstance(reference, Levels) and isinstance(current, Levels):
        return levels_pair(name, reference, current, drawn)
    if isinstance(reference, Levels) or isinstance(current, Levels):
        raise TypeError(f"{name} was read as categories on one side and as numbers on the other")
    return numbers_pair(name, reference, current, drawn, relative=relative)


def profiled_pair(name: str, reference: ColumnProfile, current: Sample, drawn: Draws) -> Comparison:
    """Set a column against its profile.

    Raises:
        NotMeasuredError: there is nothing on either side.
    """
    from pytest_mlgate.stats.drift_pair import Comparison
    from pytest_mlgate.stats.profile_drift import category_counts, side_bracket, side_counts

    if isinstance(current, Levels):
        counts = category_counts(reference, current.counts, current.missing)
        pooled = reference.categories is not None and bool(reference.categories.other)
        return Comparison(something(name, counts), None, drawn.seed, drawn.most, pooled=pooled)
    counts = something(name, side_counts(reference, current))
    return Comparison(counts, None, drawn.seed, drawn.most, bracket=side_bracket(reference, current))


def of_column(table: Table, name: str, *, numbers: bool) -> Sample:
    """Read one column of a table."""
    if not numbers:
        return table.levels(name)
    from pytest_mlgate.stats.sides import sorted_side

    ((values, missing),) = table.present([name])
    return sorted_side(name, values, missing)


def of_answers(answers: NDArray[Any], output: str) -> dict[str, Sample]:
    """Sort what a model answered.

    Args:
        answers: float64 (n,) or (n, k).
        output: what the model says comes out of it.

    Returns:
        Labels as categories called `prediction`, values as numbers called `value`, the probability of a positive class
        as numbers called `score`; of several classes, the likeliest as `prediction` and how likely it is as `score`.
    """
    from pytest_mlgate.stats.streams import counted_values

    if answers.ndim > 1 and output in ("logits", "probability"):
        likeliest = answers.argmax(axis=1)
        found: dict[str, Sample] = {"prediction": _levels(counted_values(likeliest))}
        if output == "probability":
            found["score"] = sorted_numbers("score", answers.max(axis=1))
        return found
    if answers.ndim > 1:
        return {f"{output} {i}": sorted_numbers(output, answers[:, i]) for i in range(answers.shape[1])}
    if output == "label":
        return {"prediction": _levels(counted_values(answers))}
    return {"value" if output == "value" else "score": sorted_numbers(output, answers)}


def _levels(counts: list[tuple[float, int]]) -> Levels:
    return Levels(counts={spelled(value): rows for value, rows in counts}, missing=0)


def sorted_numbers(name: str, values: NDArray[Any]) -> Side:
    """Sort numbers, NaN being missing."""
    from pytest_mlgate.stats.sides import sorted_side

    return sorted_side(name, values)


def windowed(
    name: str, sides: tuple[Past, Table], cuts: tuple[Cut | None, Sequence[Cut]], *, numeric: bool, lengths: bool
) -> tuple[Reference, Iterator[Sample]]:
    """Read a column once, row by row, and divide it among windows.

    Args:
        name: the column.
        sides: the reference, and the table that is cut.
        cuts: the part of the second table that is the reference, if it is; the windows.
        numeric: whether it holds numbers.
        lengths: whether its texts are compared by length.

    Returns:
        The reference, and each window's sample.
    """
    reference, current = sides
    beginning, windows = cuts
    if not numeric and not lengths:
        coded = current.coded(name)

        def part(of: Cut) -> Sample:
            return levels_of(Coded(coded.codes[of.rows], coded.levels))

        if isinstance(reference, Known):
            return reference.column(name, numeric=False), map(part, windows)
        return part(beginning) if beginning else reference.levels(name), map(part, windows)

    def read(table: Table) -> NDArray[Any]:
        return table.lengths(name) if lengths else table.numbers(name)

    values = read(current)

    def side(of: Cut) -> Sample:
        return sorted_numbers(name, values[of.rows])

    if isinstance(reference, Known):
        return reference.column(name, numeric=True, lengths=lengths), map(side, windows)
    return side(beginning) if beginning else sorted_numbers(name, read(reference)), map(side, windows)


def levels_of(coded: Coded) -> Levels:
    """Count the levels of a coded column, spelled as `Table.levels` spells them."""
    from pytest_mlgate.stats.streams import counted

    counts: dict[str, int] = {}
    missing = 0
    for level, rows in zip(coded.levels, counted(coded.codes, len(coded.levels)), strict=True):
        if level is None:
            missing += rows
        elif rows:
            counts[spelled(level)] = counts.get(spelled(level), 0) + rows
    return Levels(counts=counts, missing=missing)
