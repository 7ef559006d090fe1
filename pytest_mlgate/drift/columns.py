"""Which columns a gate compares, as what, and by which metrics; what is left out is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from pytest_mlgate.drift.past import Known
from pytest_mlgate.drift.spec import applies
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import suggest
from pytest_mlgate.stats.drift_names import DriftMetric
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_mlgate.drift.past import Past
    from pytest_mlgate.drift.windows import Window
    from pytest_mlgate.table import Table

_NUMERIC = {"integer", "number", "date", "timestamp"}
_TIMES = {"date", "timestamp"}
_WORDS = {"string", "boolean"}


class Choice(Protocol):
    """What a gate says about columns."""

    @property
    def columns(self) -> Sequence[str] | None:
        """The columns to compare."""

    @property
    def window(self) -> Window | None:
        """How the data are cut, if they are."""

    @property
    def exclude(self) -> Sequence[str]:
        """Columns to leave out."""

    @property
    def categorical(self) -> Sequence[str]:
        """Columns whose numbers are codes."""

    @property
    def text_length(self) -> Sequence[str]:
        """Columns of text that are compared by length."""

    @property
    def metrics(self) -> Mapping[DriftMetric, Limit]:
        """Limits of every column."""

    @property
    def per_column(self) -> Mapping[str, Mapping[DriftMetric, Limit]]:
        """Limits of single columns."""


class Plan(Struct, frozen=True, kw_only=True):
    """What to compare.

    Args:
        limits: column → the metrics it is judged by, in the order of the report.
        numeric: those of the columns that are numbers.
        left_out: what is reported of everything else.
    """

    limits: dict[str, dict[DriftMetric, Limit]]
    numeric: tuple[str, ...]
    left_out: tuple[Measurement, ...]

    @property
    def categories(self) -> list[str]:
        """The columns that are not numbers as they stand."""
        return [name for name in self.limits if name not in self.numeric]

    @property
    def size(self) -> int:
        """How many claims there are."""
        return sum(map(len, self.limits.values()))


def planned(choice: Choice, reference: Past, current: Table) -> Plan:
    """Decide what to compare.

    Raises:
        NotMeasuredError: there is nothing to compare.
    """
    names = _names(choice, reference, current)
    if not names:
        reason = "the two tables have no column in common that is not excluded"
        raise NotMeasuredError(reason, "name some under `columns:`")
    numeric = tuple(name for name in names if _is_numeric(name, choice, reference, current))
    limits: dict[str, dict[DriftMetric, Limit]] = {}
    without: dict[DriftMetric, list[str]] = {metric: [] for metric in choice.metrics}
    refused = list(_nowhere(choice, names, reference, current))
    for name in names:
        if name in numeric and name in choice.text_length:
            reason = f"{name} holds numbers, which have no length: leave it out of `text_length:`"
            refused += [Measurement(name=name, metric=metric, reason=reason) for metric in choice.metrics]
            continue
        ordered = name in numeric or name in choice.text_length
        own = {metric: limit for metric, limit in choice.metrics.items() if applies(metric, numeric=ordered)}
        own |= choice.per_column.get(name, {})
        for metric in choice.metrics:
            if metric not in own:
                without[metric].append(name)
        if own:
            limits[name] = own
        elif choice.columns is not None:  # a column that was asked for by name is not passed over: it is refused
            refused += [_says_nothing(name, metric, numeric=ordered) for metric in choice.metrics]
    if not limits and not refused:
        reason = f"none of the columns holds {'numbers' if not numeric else 'categories'}"
        raise NotMeasuredError(f"{reason}, and {' and '.join(choice.metrics)} compares nothing else", "add `psi`")
    left_out = [*refused, *_gone(choice, reference, current), *_without(without)]
    return Plan(limits=limits, numeric=tuple(name for name in numeric if name in limits), left_out=tuple(left_out))


def _says_nothing(name: str, metric: DriftMetric, *, numeric: bool) -> Measurement:
    what = "no column of categories" if numeric else "no column of numbers"
    return Measurement(name=name, metric=metric, reason=f"{name} is {what}, and {metric} compares nothing else")


def _nowhere(choice: Choice, names: Sequence[str], reference: Past, current: Table) -> Iterator[Measurement]:
    """Refuse columns that the gate speaks of and that are not there: a slip of the pen must not lift a limit."""
    for name, limits in choice.per_column.items():
        if name not in names:
            without = [role for role, side in (("reference", reference), ("data", current)) if name not in side.columns]
            known = (current if "data" in without else reference).columns
            where = " nor the ".join(without)
            reason = f"{name!r} has limits, and is not in the {where} ({suggest(name, known, 'column')})"
            for metric in limits:
                yield Measurement(name=name, metric=metric, reason=reason)
    for key in ("categorical", "text_length"):
        for name in getattr(choice, key):
            if name not in reference.columns and name not in current.columns:
                reason = f"{name!r} is under `{key}:`, and no table has it ({suggest(name, current.columns, 'column')})"
                for metric in choice.metrics:
                    yield Measurement(name=name, metric=metric, reason=reason)


def _names(choice: Choice, reference: Past, current: Table) -> list[str]:
    if choice.columns is not None:
        return [name for name in choice.columns if name not in choice.exclude]
    # A time that windows are cut by differs between them by design.
    apart = {*choice.exclude, choice.window.column if choice.window else None}
    return [name for name in reference.columns if name in current.columns and name not in apart]


def _is_numeric(column: str, choice: Choice, reference: Past, current: Table) -> bool:
    """Tell whether a column's values have an order that means something; a missing column is for reading to refuse."""
    kinds = {table.columns[column] for table in (reference, current) if column in table.columns}
    typed = kinds - {"other"}  # a column without any value has no type
    return column not in choice.categorical and bool(typed) and typed <= _NUMERIC


def _gone(choice: Choice, reference: Past, current: Table) -> Iterator[Measurement]:
    """Report columns that one table has and the other has not, where nobody decided which to compare."""
    gone = [name for name in reference.columns if name not in current.columns and name not in choice.exclude]
    new = [name for name in current.columns if name not in reference.columns and name not in choice.exclude]
    if choice.columns is None and (gone or new):
        detail = {"unit": "columns", "only_in_reference": gone, "only_in_data": new}
        limit = Limit(warn_max=0)  # a column that vanished is worth a warning; a new one is not
        yield Measurement(name="*", metric="columns_gone", value=len(gone), limit=limit, detail=detail)


def _without(without: Mapping[DriftMetric, list[str]]) -> Iterator[Measurement]:
    """Report the columns that a metric says nothing of."""
    for metric, columns in without.items():
        if columns and metric != "unseen_share":
            yield Measurement(
                name="*", metric=f"columns_without_{metric}", value=len(columns), detail={"columns": columns}
            )


def refuse_mixture(column: str, choice: Choice, sides: tuple[Past, Table]) -> None:
    """Refuse a column that one side has not, or whose type changed from words, numbers or times: it was read wrongly.

    Raises:
        NotMeasuredError: it is such a column.
    """
    for side in sides:
        if column not in side.columns:  # whoever is asked for it says what it is called there
            side.column(column, numeric=True) if isinstance(side, Known) else side.levels(column)
    kinds = [side.columns[column] for side in sides]
    sorts = [sort for sort in (_WORDS, _TIMES, _NUMERIC - _TIMES) if sort & set(kinds)]
    if len(sorts) > 1 and column not in choice.categorical:
        reason = f"{column} is of type {kinds[0]} in the reference and {kinds[1]} in the data"
        raise NotMeasuredError(reason, "convert one of them, or list the column under `categorical:`")
