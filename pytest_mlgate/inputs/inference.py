"""Running a model over the rows of a table, and leaving both as they were.

Batches go to the device the model is on; the model is in evaluation mode meanwhile and every part of it is put back as
it was. Nothing is assumed about what comes out except that there is one answer for each row.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import NUMERIC
from pytest_mlgate.inputs.references import resolve, user_code
from pytest_mlgate.inputs.seeding import seeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from pytest_mlgate.inputs.models import LoadedModel
    from pytest_mlgate.inputs.tables import OpenTable
    from pytest_mlgate.reference import ModelRef


def infer(model: LoadedModel, ref: ModelRef, table: OpenTable) -> NDArray[Any]:
    """Run a model over all rows.

    Args:
        model: what to run.
        ref: how rows reach it (`features` or `preprocess`, `batch_size`).
        table: the rows.

    Returns:
        float64 (n,) or (n, k): what came out, undecoded.

    Raises:
        NotMeasuredError: rows cannot reach it, the model raised, or its answers are not one for each row.
    """
    import numpy as np
    import torch

    module = model.module
    device = next((tensor.device for tensor in (*module.parameters(), *module.buffers())), torch.device("cpu"))
    parts: list[NDArray[Any]] = []
    with seeded(0), _evaluating(module), torch.inference_mode():  # a model that samples gives the same answers again
        for rows, batch in _batches(ref, table):
            with user_code(f"running the model {model.name}"):
                answer = _call(module, _moved(batch, device))
            parts.append(_one_each(answer, rows, model.name))
    if len({part.shape[1:] for part in parts}) > 1:
        raise NotMeasuredError(f"the model {model.name} answers batches in different shapes", "return one shape")
    return np.concatenate(parts)


def inputs_of(ref: ModelRef) -> list[str] | None:
    """Name the columns a model reads; `None` means all of them."""
    return list(ref.features) if ref.features is not None else None


def feature_matrix(table: OpenTable, features: tuple[str, ...]) -> NDArray[Any]:
    """Read numeric columns as one float32 matrix (n, k).

    Raises:
        NotMeasuredError: a column is missing, is not numeric, or has missing values.
    """
    import numpy as np

    for name in features:
        column = table.frame.column(name)
        if column.type not in NUMERIC:
            remedy = "use numeric columns, or a `preprocess` that encodes it"
            raise NotMeasuredError(f"the feature {column} is not numeric", remedy)
    matrix = np.empty((table.rows, len(features)), dtype=np.float32)
    for i, values in enumerate(table.numbers_of(features)):
        if absent := int(np.isnan(values).sum()):
            reason = f"{absent} of {len(values)} values of the feature {features[i]!r} are missing"
            raise NotMeasuredError(reason, "fill them in, or use a `preprocess` that does")
        with np.errstate(over="ignore"):
            matrix[:, i] = values
    return matrix


def _batches(ref: ModelRef, table: OpenTable) -> Iterator[tuple[int, Any]]:
    """Give the model's input batch by batch, with the number of rows in each."""
    import torch

    starts = range(0, table.rows, ref.batch_size)
    if ref.features is not None:
        matrix = feature_matrix(table, ref.features)
        for start in starts:
            batch = torch.from_numpy(matrix[start : start + ref.batch_size])
            yield len(batch), batch
    else:
        preprocess, rows = resolve(ref.preprocess or ""), table.arrow()
        for start in starts:
            part = rows.slice(start, ref.batch_size)
            with user_code(f"calling {ref.preprocess}"):
                prepared = preprocess(part)
            yield part.num_rows, prepared


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode, and each of its parts back into the mode it was in."""
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def _call(module: nn.Module, batch: Any) -> Any:
    if isinstance(batch, dict):
        return module(**batch)
    return module(*batch) if isinstance(batch, tuple | list) else module(batch)


def _moved(batch: Any, device: Any) -> Any:
    """Move every tensor in a batch to a device."""
    if isinstance(batch, dict):
        return {name: _moved(one, device) for name, one in batch.items()}
    if isinstance(batch, tuple | list):
        return tuple(_moved(one, device) for one in batch)
    return batch.to(device) if hasattr(batch, "to") else batch


def _one_each(answer: Tensor | Any, rows: int, name: str) -> NDArray[Any]:
    """Take the answers to one batch, making sure that there is one for each row."""
    import torch

    if not isinstance(answer, torch.Tensor):
        reason = f"the model {name} returned {type(answer).__qualname__}, not a tensor"
        raise NotMeasuredError(reason, "wrap it in a module that returns one tensor")
    if answer.ndim not in {1, 2} or answer.shape[0] != rows:
        reason = f"the model {name} answered {rows} rows with a tensor of shape {tuple(answer.shape)}"
        raise NotMeasuredError(reason, "return (n,) or (n, k) for n rows")
    values: NDArray[Any] = answer.cpu().to(torch.float64).numpy()
    return values
