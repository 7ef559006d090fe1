"""Whether what comes out of a model can be meant at all, before it is held against any truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Invalid:
    """How many rows have an output that cannot be meant.

    Attributes:
        n: rows.
        rows: those with such an output.
        missing: rows with one that is missing or NaN.
        infinite: rows with one that is infinite.
        outside: rows with a finite one out of range.
        first: the first such row, None where there is none.
    """

    n: int
    rows: int
    missing: int
    infinite: int
    outside: int
    first: int | None


def invalid(outputs: NDArray[np.float64], low: float | None = None, high: float | None = None) -> Invalid:
    """Count rows whose outputs cannot be meant.

    Args:
        outputs: float[n, k], missing as NaN.
        low: the least that makes sense; sums of floats may leave it by a rounding error.
        high: the most.
    """
    missing, infinite = np.isnan(outputs), np.isinf(outputs)
    finite = ~(missing | infinite)
    outside = np.zeros(outputs.shape, dtype=np.bool_)
    if low is not None:
        outside |= finite & (outputs < low - _ROUNDING)
    if high is not None:
        outside |= finite & (outputs > high + _ROUNDING)
    rows = [part.any(axis=1) for part in (missing, infinite, outside)]
    wrong = np.flatnonzero(np.any(rows, axis=0))
    absent, endless, beyond = (int(np.count_nonzero(part)) for part in rows)
    return Invalid(len(outputs), wrong.size, absent, endless, beyond, int(wrong[0]) if wrong.size else None)


def most_common(outputs: NDArray[np.float64]) -> tuple[list[float], int]:
    """Find the output that most rows have, the least of those equally common, and count these rows.

    Args:
        outputs: float[n, k]; NaN equals NaN.
    """
    codes = np.zeros(len(outputs), dtype=np.int64)
    for column in outputs.T:
        _, places = np.unique(column, return_inverse=True)
        _, codes = np.unique(codes * len(outputs) + places, return_inverse=True)
    counts = np.bincount(codes)
    row = int(np.flatnonzero(codes == counts.argmax())[0])
    return [float(value) for value in outputs[row]], int(counts.max())


def is_constant(outputs: NDArray[Any] | None) -> bool:
    """Tell whether each of at least two rows gets the same output: float[n] or float[n, k], or classes."""
    return outputs is not None and len(outputs) > 1 and bool((outputs == outputs[:1]).all())
