"""Which metrics a model's answers, or columns, can feed: checked while gate files are read, before anything is opened.

ROC AUC of predicted classes, accuracy of numbers: each could be found out when the gate runs, in an hour. The YAML says
it all, so it is said at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlgate.kind import Mistake, ModelSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlgate.kind import PredictionSpec
    from pytest_mlgate.reference import ModelRef

Path = tuple[str | int, ...]
_GIVES = {
    "logits": ("prediction", "score"),
    "probability": ("prediction", "score"),
    "label": ("prediction",),
    "value": ("value",),
}


def prediction_mistakes(spec: PredictionSpec, needs: Mapping[str, str]) -> Iterator[Mistake]:
    """Find predictions that come from nowhere or from two places, and metrics they cannot feed.

    Args:
        spec: where predictions come from.
        needs: what each metric that the gate asks for reads: `prediction`, `score` or `value`.
    """
    of_numbers = [name for name, need in needs.items() if need == "value"]
    of_classes = [name for name, need in needs.items() if need != "value"]
    if of_numbers and of_classes:
        what = f"{of_numbers[0]} is of predicted numbers and {of_classes[0]} of predicted classes"
        yield Mistake(("metrics", of_classes[0]), what, "write two gates")
    if isinstance(spec, ModelSpec):
        yield from _class_mistakes(spec, of_numbers)
    columns = spec.prediction is not None or spec.score is not None
    if (spec.model is not None) == columns:
        mend = "give `model:`, or `prediction:` and `score:` columns"
        yield Mistake((), "predictions come either from a model or from columns", mend)
    elif spec.model is not None:
        yield from model_mistakes(spec.model, needs, ("model",))
    else:
        yield from column_mistakes(spec.prediction, spec.score, needs)


def _class_mistakes(spec: ModelSpec, of_numbers: list[str]) -> Iterator[Mistake]:
    """Find classes that cannot be told apart, and score columns that are not one for each."""
    for part in ("average", "classes") if of_numbers else ():
        if getattr(spec, part) is not None:
            yield Mistake((part,), f"{of_numbers[0]} is of predicted numbers, which have no classes", "remove it")
    if spec.classes is not None:
        kinds = {isinstance(label, str) for label in spec.classes}
        if len(set(spec.classes)) < len(spec.classes):
            yield Mistake(("classes",), "a class is listed twice (1 and true are one)", "list each once")
        elif len(kinds) > 1:
            yield Mistake(("classes",), "some classes are text and some numbers", "write them as the column holds them")
    if isinstance(spec.score, tuple):
        if len(set(spec.score)) < len(spec.score):
            yield Mistake(("score",), "a score column is named twice", "name one for each class")
        elif spec.classes is not None and 1 < len(spec.score) != len(spec.classes):
            what = f"{len(spec.score)} score columns do not go with {len(spec.classes)} classes"
            yield Mistake(("score",), what, "name one for each class, in their order")


def model_mistakes(ref: ModelRef, needs: Mapping[str, str], where: Path) -> Iterator[Mistake]:
    """Find what a model does not say, and metrics that its answers cannot feed.

    Args:
        ref: the model.
        needs: what each metric reads.
        where: the model stands in the gate.
    """
    if ref.registry is not None and ref.factory is None:
        what = "the registry holds the model's weights alone"
        yield Mistake(where, what, "write on the model how it is built: `factory: package.module:callable`")
    if ref.features is None and ref.preprocess is None:
        yield Mistake(where, "nothing says how rows reach the model", "write `features:` or `preprocess:` on it")
    if ref.output is None:
        mend = "write `output: logits`, `probability`, `label` or `value` on it"
        yield Mistake(where, "nothing says what comes out of the model", mend)
        return
    for name, need in needs.items():
        if need not in _GIVES[ref.output]:
            what = f"{name} cannot be computed from a model with `output: {ref.output}`"
            wanted = " or ".join(f"`{output}`" for output, gives in _GIVES.items() if need in gives)
            yield Mistake(("metrics", name), what, f"it needs one with `output:` {wanted}")


def column_mistakes(
    prediction: str | None, score: str | tuple[str, ...] | None, needs: Mapping[str, str], whose: str = ""
) -> Iterator[Mistake]:
    """Find metrics that the columns named cannot feed; `whose` tells a baseline's columns from the candidate's."""
    for name, need in needs.items():
        given, wanted = (score if need == "score" else prediction), "score" if need == "score" else "prediction"
        if given is None:
            yield Mistake(("metrics", name), f"{name} needs {whose}`{wanted}:`, a column of the data")
