"""`mlgate plan`: before any data are judged, how likely a gate file blocks what is good and passes what is bad."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from pytest_mlgate.cli.planned import Assumed, GatePlan, Stake, blocked, slips
from pytest_mlgate.cli.planning import plan_gate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_Number = TypeVar("_Number", int, float)


@click.command()
@click.argument("gatefile", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rows", multiple=True, metavar="[GATE=]N", help="rows to be judged on, instead of those of the data")
@click.option("--positives", multiple=True, metavar="[GATE=]SHARE", help="of the positive class, likewise")
@click.option("--good", multiple=True, metavar="[GATE.]METRIC=VALUE", help="what must not be blocked")
@click.option("--bad", multiple=True, metavar="[GATE.]METRIC=VALUE", help="what must not pass")
@click.option("--baseline", multiple=True, metavar="[GATE.]METRIC=VALUE", help="what the baseline has, about")
@click.option(
    "--correlation", type=click.FloatRange(-1.0, 0.999), default=0.8, show_default=True, help="with it, by row"
)
@click.option(
    "--power", type=click.FloatRange(0.01, 0.999), default=0.8, show_default=True, help="that rows are sought for"
)
def plan(
    gatefile: Path,
    rows: tuple[str, ...],
    positives: tuple[str, ...],
    good: tuple[str, ...],
    bad: tuple[str, ...],
    baseline: tuple[str, ...],
    correlation: float,
    power: float,
) -> None:
    """Say how likely the gates of GATEFILE block what is good and pass what is bad, before any data are judged.

    Of the data, only sizes are read. Good is a quarter of the way from a limit to the best there is, and bad is as far
    on its other side; against a baseline or among groups, good is no difference and bad is twice the one allowed.
    --good and --bad say otherwise.
    """
    from pytest_mlgate.errors import GateFileError

    assumed = Assumed(
        rows=_by_name("--rows", rows, int, bare=True),
        positives=_by_name("--positives", positives, float, bare=True),
        good=_by_name("--good", good, float),
        bad=_by_name("--bad", bad, float),
        baseline=_by_name("--baseline", baseline, float),
        correlation=correlation,
        power=power,
    )
    try:
        for line in planned_lines(gatefile.resolve(), assumed):
            click.echo(line)
    except GateFileError as error:
        raise click.ClickException(str(error)) from None


def planned_lines(path: Path, assumed: Assumed) -> Iterator[str]:
    """Write the plan of a gate file.

    Raises:
        GateFileError: the file has mistakes.
        UsageError: an option names no gate or metric of the file.
    """
    plans = plans_of(path, assumed)
    for one in plans:
        yield from _of_gate(one, assumed.power)
    yield from _of_file(plans)


def plans_of(path: Path, assumed: Assumed) -> list[GatePlan]:
    """Plan every gate of a file; what the options name must be in it."""
    from pytest_mlgate.catalogue import Catalogue
    from pytest_mlgate.gatefile import load
    from pytest_mlgate.inputs.gate import GateInputs
    from pytest_mlgate.inputs.store import InputStore
    from pytest_mlgate.run import seed_of

    loaded = load(path, Catalogue())
    _refuse_strangers(assumed, {gate.id: set(getattr(gate.spec, "metrics", ())) for gate in loaded.gates})
    store = InputStore(Path.cwd())
    try:
        return [
            plan_gate(gate, GateInputs(store, seed=seed_of(gate.id), fixtures={}), assumed) for gate in loaded.gates
        ]
    finally:
        store.close()


def _refuse_strangers(assumed: Assumed, metrics: dict[str, set[str]]) -> None:
    """Refuse options that speak of no gate and no metric: a misspelt one would change nothing, unnoticed."""
    known = {f"{gate}.{metric}" for gate, names in metrics.items() for metric in names}
    known |= {metric for names in metrics.values() for metric in names}
    for option, given, expected in (
        ("--rows", assumed.rows, {"*", *metrics}),
        ("--positives", assumed.positives, {"*", *metrics}),
        ("--good", assumed.good, known),
        ("--bad", assumed.bad, known),
        ("--baseline", assumed.baseline, known),
    ):
        strangers = [name for name in given if name not in expected]
        if strangers:
            raise click.UsageError(f"{option} {strangers[0]}: the file has {', '.join(sorted(expected - {'*'}))}")
    for option, numbers, words, fits in (
        ("--rows", assumed.rows, "at least 2", (2.0, float("inf"))),
        ("--positives", assumed.positives, "between 0 and 1", (1e-9, 1.0 - 1e-9)),
    ):
        wrong = [one for one in numbers.values() if not fits[0] <= one <= fits[1]]
        if wrong:
            raise click.UsageError(f"{option} must be {words}, not {wrong[0]:g}")


def _by_name(
    option: str, given: Sequence[str], number: Callable[[str], _Number], *, bare: bool = False
) -> dict[str, _Number]:
    """Read `name=number`, or a number alone, which is meant for all."""
    found = {}
    for one in given:
        name, equals, text = one.rpartition("=")
        if not equals and not bare:
            raise click.UsageError(f"{option} {one}: write METRIC=VALUE")
        try:
            found[name if equals else "*"] = number(text)
        except ValueError:
            raise click.UsageError(f"{option} {one}: {text!r} is no number") from None
    return found


def _of_gate(plan: GatePlan, power: float) -> Iterator[str]:
    yield f"{plan.id} ({plan.kind}){': ' + plan.size if plan.size else ''}"
    for line in plan.notes:
        yield f"  {line}"
    width = max((len(_named(one)) for one in plan.stakes), default=0)
    for one in plan.stakes:
        blocked_, passed = plan.blocked(one.if_good), 1.0 - plan.blocked(one.if_bad)
        said = f"P(block | {one.good:.4g}) {_percent(blocked_, one.resolution)}, "
        said += f"P(pass | {one.bad:.4g}) {_percent(passed, one.resolution)}{_warned(plan, one)}"
        needed = "" if one.rows is None else f"; {one.rows:,} {plan.unit} for {power:.0%} power"
        yield f"  {_named(one):<{width}}  {said}{needed}"
    if len(plan.stakes) > 1:
        yield f"  together: P(block | all is good) {_between([replace(plan, blocks=True)])}"
    if not plan.blocks:
        yield "  severity is warning: it says so and blocks nothing"
    for line in dict.fromkeys(one.assumed for one in plan.stakes if one.assumed):
        names = dict.fromkeys(one.metric for one in plan.stakes if one.assumed == line)
        yield f"  assumed of {', '.join(names)}: {line}"


def _warned(plan: GatePlan, one: Stake) -> str:
    """Say how much of what passes does so as INCONCLUSIVE."""
    if plan.undecided_blocks or one.if_bad.undecided <= one.resolution:
        return ""
    return f" ({_percent(one.if_bad.undecided)} INCONCLUSIVE, with a warning)"


def _of_file(plans: Sequence[GatePlan]) -> Iterator[str]:
    """Say what follows for all gates together."""
    lacking = [one.id for one in plans if one.lacking]
    yield "the file" + (f", without what is not planned of {', '.join(lacking)}" if lacking else "")
    yield f"  P(block | all is good): {_between(plans)}"
    weakest = slips(plans)
    if weakest:
        chance, plan, one = weakest[0]
        where = f"{plan.id} {_named(one)}"
        yield f"  P(pass | one thing is bad): at most {_percent(chance, one.resolution)}, the weakest being {where}"
    yield "  (fix the rows and judge once: judging again until it passes undoes these figures)"


def _named(one: Stake) -> str:
    return " ".join(part for part in (one.check if one.check != "*" else "", one.metric, one.limit) if part)


def _percent(chance: float, resolution: float = 0.0) -> str:
    """Write a chance; one too small to be told from none as less than what could be told."""
    tiny = max(resolution, 0.001)
    if chance < tiny and (chance > 0.0 or resolution):
        return f"<{tiny:.1%}"
    if 1.0 - chance < tiny and (chance < 1.0 or resolution):
        return f">{1.0 - tiny:.1%}"
    return f"{chance:.1%}"


def _between(plans: Sequence[GatePlan]) -> str:
    """Write the range of the chance that something blocks."""
    resolution = max((one.resolution for plan in plans for one in plan.stakes), default=0.0)
    low, high = (_percent(one, resolution if one < resolution else 0.0) for one in blocked(plans))
    return low if low == high else f"{low} to {high}"
