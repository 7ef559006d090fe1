"""`drift.predictions`: does the model answer as it used to?

Labels come late, and predictions come at once: when their distribution moves, either the world or the model has. The
answers of a model on two tables, or columns that hold them, are compared as `drift.features` compares columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.drift.claims import Family, claims, decided
from pytest_mlgate.drift.samples import any_pair, of_answers, of_column
from pytest_mlgate.drift.spec import DriftSpec, applies, metric_mistakes
from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.kind import Inputs, Kind, Mistake
from pytest_mlgate.reference import ModelRef, ScoreColumns, TableRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_mlgate.drift.samples import Sample
    from pytest_mlgate.verdict import Measurement

_SCORE, _CLASS = "score", "prediction"


class DriftPredictions(DriftSpec, frozen=True, kw_only=True):
    """How far a model's answers may have moved from those on a reference.

    Args:
        reference: the rows that show how things were.
        data: the rows that are judged.
        model: the model to run on both; probabilities are compared as `score`, labels and the likeliest of several
            classes as `prediction`, numbers as `value`. Or
        prediction: the column that holds predicted classes, or numbers, and/or
        score: the column that holds the probability of the positive class, or several such columns.
    """

    reference: TableRef
    data: TableRef
    model: ModelRef | None = None
    prediction: str | None = None
    score: ScoreColumns | None = None


def measure(spec: DriftPredictions, inputs: Inputs) -> Iterator[Measurement]:
    """Compare the answers on both tables, by each metric that applies to them."""
    old, new = (_answers(spec, inputs, ref, role) for ref, role in ((spec.reference, "reference"), (spec.data, "data")))
    # What one table has and the other has not would be left out in silence.
    if old.keys() != new.keys() or any(type(old[name]) is not type(new[name]) for name in old):
        kinds = [", ".join(f"{name} ({_sort(one)})" for name, one in found.items()) for found in (old, new)]
        raise NotMeasuredError(
            f"the reference gives {kinds[0]} and the data {kinds[1]}", "compare answers of one and the same sort"
        )
    limits = {
        name: {
            metric: limit for metric, limit in spec.metrics.items() if applies(metric, numeric=_sort(one) == "numbers")
        }
        for name, one in old.items()
    }
    for metric in spec.metrics:
        if not any(metric in found for found in limits.values()):
            sorts = " and ".join(sorted({_sort(one) for one in old.values()}))
            raise NotMeasuredError(f"{metric} says nothing of answers that are {sorts}", "use another metric")
    family = Family(spec=spec, size=sum(map(len, limits.values())), seed=inputs.seed)
    found: list[Measurement] = []
    for name, one in old.items():
        pair = any_pair(name, one, new[name], family.drawn, relative=spec.unit == "relative")
        found += claims(name, pair, limits[name], family, {})
    yield from decided(found, spec)


def _answers(spec: DriftPredictions, inputs: Inputs, ref: TableRef, role: str) -> Mapping[str, Sample]:
    """Get the answers on one table."""
    if spec.model is not None:
        return of_answers(inputs.answers(spec.model, ref, role), str(spec.model.output))
    table = inputs.table(ref, role)
    if table.rows == 0:
        raise NotMeasuredError(f"the {role} has no rows", "give it some")
    scores = (spec.score,) if isinstance(spec.score, str) else spec.score or ()
    found = {_SCORE if len(scores) == 1 else name: of_column(table, name, numbers=True) for name in scores}
    if spec.prediction is not None:
        found[_CLASS] = of_column(table, spec.prediction, numbers=table.columns.get(spec.prediction) == "number")
    return found


def _sort(sample: Any) -> str:
    return "categories" if hasattr(sample, "counts") else "numbers"


def mistakes(spec: DriftPredictions) -> Iterable[Mistake]:
    """Find limits that cannot mean anything, and answers that come from nowhere or from two places."""
    yield from metric_mistakes(spec.metrics, ("metrics",))
    columns = spec.prediction is not None or spec.score is not None
    if (spec.model is not None) == columns:
        mend = "give `model:`, or `prediction:` and `score:` columns"
        yield Mistake((), "predictions come either from a model or from columns", mend)
    if spec.model is not None and spec.model.fixture is None and spec.model.output is None:
        yield Mistake(("model",), "nothing says what the model gives", "write `output:`")


KIND = Kind(name="drift.predictions", spec=DriftPredictions, measure=measure, mistakes=mistakes, inconclusive="warning")
