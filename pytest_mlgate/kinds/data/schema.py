"""`data.schema`: the contract of a table's columns.

A check's value is the number of rows that break its rule and `n` the number of rows it was judged on, so a report says
"12 of 50,000" rather than "false". All rules about single rows are counted in one pass.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from pytest_mlgate.aggregate import Duplicated, Missing, Rule, Segment, Varying
from pytest_mlgate.contract import Column, contradictions, lacking, tolerated
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.findings import Sight, breach, called
from pytest_mlgate.gatefile.nearest import did_you_mean
from pytest_mlgate.inputs.quiet import hushed
from pytest_mlgate.kind import GateSpec, Inputs, Kind, Mistake
from pytest_mlgate.reference import TableRef
from pytest_mlgate.verdict import Limit, Measurement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_mlgate.aggregate import Answers
    from pytest_mlgate.table import Table

_LISTED = 5
_ILLUSTRATED = 50  # so many checks, the worst, come with examples: each takes a query, and nobody reads more
_OF_ANY_TYPE = (Missing, Duplicated, Varying)


class Claim(Struct, frozen=True):
    """A rule about a column: what the report calls it, and whether `mostly` softens it."""

    column: str
    metric: str
    rule: Rule
    soft: bool = False


class Held(Struct, frozen=True):
    """What a claim came to in one segment: rows that break it, rows judged, and how many of those may."""

    claim: Claim
    segment: Segment
    count: int
    n: int
    most: int


class DataSchema(GateSpec, frozen=True, kw_only=True):
    """The column contract of a table.

    Args:
        data: the table.
        columns: what must hold, by column.
        extra_columns: whether columns that are not listed are a breach.
        ordered: whether the listed columns must appear in the table in this order.
        required: whether listed columns must exist unless they say otherwise; or the names of those that must.
        mostly: the share of present values that must satisfy each value rule, for columns that do not say.
        key: columns that identify a row; reports show them beside each example.
        segment_by: columns by whose values rows are judged apart; every rule then speaks of the rows of one segment.
        max_segments: how many segments there may be.
    """

    data: TableRef
    columns: Annotated[dict[str, Column], Meta(min_length=1)]
    extra_columns: Literal["allow", "forbid"] = "allow"
    ordered: bool = False
    required: bool | tuple[str, ...] = True
    mostly: Annotated[float, Meta(gt=0, le=1)] = 1.0
    key: tuple[str, ...] = ()
    segment_by: tuple[str, ...] = ()
    max_segments: Annotated[int, Meta(ge=1)] = 1000


def measure(spec: DataSchema, inputs: Inputs) -> Iterator[Measurement]:
    """Count the rows that break each rule."""
    with hushed(quiet=any(column.sensitive for column in spec.columns.values())):
        yield from _all(spec, inputs)


def _all(spec: DataSchema, inputs: Inputs) -> Iterator[Measurement]:
    table = inputs.table(spec.data)
    found, rows = table.columns, table.rows
    present = {name: column for name, column in spec.columns.items() if name in found}
    yield from _presence(spec, list(found))
    for name, column in present.items():
        yield from _type(name, column, found[name], rows)
    if rows == 0:
        yield Measurement(name="*", metric="rows", value=0, n=0, reason="the table has no rows")
        return
    for name in (one for one in spec.key if one not in found):
        yield _unknown(name, "key", found)
    strangers = [name for name in spec.segment_by if name not in found]
    yield from (_unknown(name, "segment_by", found) for name in strangers)
    if not strangers:
        yield from _rows(spec, present, table, found)


def _presence(spec: DataSchema, found: list[str]) -> Iterator[Measurement]:
    """Report required columns that are missing, extra ones where they are forbidden, and the order."""
    for name in _required(spec):
        if name not in found:
            hints = [f"{name} is missing: {did_you_mean(name, found, 'the table has')}"]
            yield _count(name, "missing_column", 1, None, hints, unit="columns")
        elif name not in spec.columns or _only_there(name, spec.columns[name]):
            yield _count(name, "missing_column", 0, None, (), unit="columns")
    contract = {*spec.columns, *_required(spec)}
    if spec.extra_columns == "forbid":
        extra = [name for name in found if name not in contract]
        hints = [f"not in the contract: {_some(extra)}"] if extra else []
        yield _count("*", "extra_columns", len(extra), len(found), hints, unit="columns")
    if spec.ordered:
        place = {name: at for at, name in enumerate(found)}
        listed = [name for name in spec.columns if name in place]
        kept = _longest_run([place[name] for name in listed])
        moved = [name for at, name in enumerate(listed) if at not in kept]
        hints = [f"not where the contract has them: {_some(moved)}; its order is {_some(listed)}"] if moved else []
        yield _count("*", "column_order", len(moved), len(listed), hints, unit="columns")


def _only_there(name: str, column: Column) -> bool:
    """Tell whether all that is asked of a column is to be there."""
    rules = (*column.value_rules(name), *column.whole_rules(name))
    return column.type is None and column.tolerates_nulls and not rules


def _required(spec: DataSchema) -> list[str]:
    """Name the columns that must exist."""
    default = spec.required
    named = () if isinstance(default, bool) else default
    asked = {
        name
        for name, column in spec.columns.items()
        if (default is True if column.required is None else column.required)
    }
    return list(dict.fromkeys([*(name for name in spec.columns if name in asked or name in named), *named]))


def _longest_run(places: Sequence[int]) -> set[int]:
    """Find the most entries that are in ascending order already; the others are the fewest that must move."""
    ends: list[int] = []
    chain: list[tuple[int, int]] = []  # of each entry: how long the run that ends with it is, and which came before
    last: list[int] = []
    for at, place in enumerate(places):
        length = bisect_left(ends, place)
        ends[length : length + 1] = [place]
        last[length : length + 1] = [at]
        chain.append((length, last[length - 1] if length else -1))
    kept: set[int] = set()
    at = last[-1] if last else -1
    while at >= 0:
        kept.add(at)
        at = chain[at][1]
    return kept


def _type(name: str, column: Column, found: str, rows: int) -> Iterator[Measurement]:
    """Report a column of the wrong type: all its rows break the rule."""
    if column.type is not None:
        fits = column.fits(found)
        hint = [] if fits else [f"{name} is of type {found}, expected {column.type}"]
        yield _count(name, "wrong_type", 0 if fits else rows, rows, hint)


def _rows(
    spec: DataSchema, columns: Mapping[str, Column], table: Table, found: Mapping[str, str]
) -> Iterator[Measurement]:
    """Count everything that needs rows, in one pass and one for each rule that compares rows with each other."""
    claims: list[Claim] = []
    for name, column in columns.items():
        claims.append(Claim(name, "nulls", Missing(name)))
        wanted = [Claim(name, metric, rule, soft=True) for metric, rule in column.value_rules(name)]
        wanted += [Claim(name, metric, rule) for metric, rule in column.whole_rules(name)]
        fits = column.fits(found[name])
        claims += [one for one in wanted if fits or isinstance(one.rule, _OF_ANY_TYPE)]
        why = f"the column is of type {found[name]}, not {column.wanted}"
        for one in wanted:
            if not fits and not isinstance(one.rule, _OF_ANY_TYPE):
                yield Measurement(name=name, metric=one.metric, n=table.rows, reason=why)
    claims, answered, refused = _asked(spec, claims, table)
    yield from refused
    sight = Sight(
        key=tuple(name for name in spec.key if name in found),
        sensitive=frozenset(name for name, column in spec.columns.items() if column.sensitive),
    )
    held = [each for answers in answered for each in _held(spec, claims, answers)]
    broken = sorted((each for each in held if each.count > each.most), key=lambda each: -each.count / max(each.n, 1))
    plain = {id(each) for each in broken[_ILLUSTRATED:]}
    for each in held:
        yield _measured(each, table, replace(sight, examples=0) if id(each) in plain else sight)


def _asked(spec: DataSchema, claims: list[Claim], table: Table) -> tuple[list[Claim], list[Answers], list[Measurement]]:
    """Ask about all claims; those that make no sense for a column's type are measurements without a value."""

    def ask(some: list[Claim]) -> list[Answers]:
        return table.ask([one.rule for one in some], by=spec.segment_by, most=spec.max_segments)

    try:
        return claims, ask(claims), []
    except NotMeasuredError:
        refusals = table.refusals([one.rule for one in claims])
        if not any(refusals):
            raise
    pairs = list(zip(claims, refusals, strict=True))
    refused = [
        Measurement(name=one.column, metric=one.metric, n=table.rows, reason=f"{why.reason}; {why.remedy}")
        for one, why in pairs
        if why is not None
    ]
    kept = [one for one, why in pairs if why is None]
    return kept, ask(kept), refused


def _held(spec: DataSchema, claims: Sequence[Claim], answers: Answers) -> Iterator[Held]:
    """Hold what a segment's rows answered against what is tolerated."""
    values = [int(value or 0) for value in answers.values]
    pairs = list(zip(claims, values, strict=True))
    missing = {one.column: count for one, count in pairs if isinstance(one.rule, Missing)}
    for one, count in pairs:
        column, n = spec.columns[one.column], answers.rows - missing[one.column]
        if not isinstance(one.rule, Missing):
            most = lacking(spec.mostly if column.mostly is None else column.mostly, n) if one.soft else 0
            yield Held(one, answers.segment, count, n, most)
        elif not column.tolerates_nulls:
            most = tolerated(column.max_null_fraction or 0.0, answers.rows)
            yield Held(one, answers.segment, count, answers.rows, most)


def _measured(held: Held, table: Table, sight: Sight) -> Measurement:
    rule, metric, segment = held.claim.rule, held.claim.metric, held.segment
    if held.n == 0:
        return Measurement(name=called(rule, segment), metric=metric, n=0, reason="every value is missing")
    limit = Limit(max=held.most)
    return breach(table, rule, metric, count=held.count, n=held.n, limit=limit, segment=segment, sight=sight)


def _count(name: str, metric: str, value: int, n: int | None, hints: Sequence[str], unit: str = "rows") -> Measurement:
    detail = {"unit": unit, **({"look_at": list(hints)} if hints else {})}
    return Measurement(name=name, metric=metric, value=value, n=n, limit=Limit(max=0), detail=detail)


def _unknown(name: str, parameter: str, found: Iterable[str]) -> Measurement:
    why = f"`{parameter}` names a column that the table has not: {did_you_mean(name, found, 'the table has')}"
    return Measurement(name=name, metric=parameter, reason=why)


def _some(names: Sequence[str]) -> str:
    more = f", … ({len(names)} in all)" if len(names) > _LISTED else ""
    return f"{', '.join(names[:_LISTED])}{more}"


def mistakes(spec: DataSchema) -> Iterable[Mistake]:
    """Find rules that contradict each other or the column's type."""
    for name, column in spec.columns.items():
        yield from contradictions(name, column)
        if column.required is False and not isinstance(spec.required, bool) and name in spec.required:
            what = f"`required` of the gate names {name!r}, and the column says `required: false`"
            yield Mistake(("columns", name, "required"), what, "remove one of them")
    for at, name in enumerate(spec.segment_by):
        if name in spec.columns and spec.columns[name].sensitive:
            what = f"{name!r} is sensitive, and the names of segments would show its values"
            yield Mistake(("segment_by", at), what, "segment by another column")
    if spec.mostly < 1 and not any(any(column.value_rules(name)) for name, column in spec.columns.items()):
        yield Mistake(("mostly",), "there is no rule for it to soften", "remove it")


KIND = Kind(name="data.schema", spec=DataSchema, measure=measure, mistakes=mistakes)
