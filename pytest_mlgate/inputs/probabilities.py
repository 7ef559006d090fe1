"""Probabilities, out of logits or checked: whatever is none is refused with the row where it first stands.

Logits taken for probabilities, or scores that do not add up, give a number for every metric, and a wrong one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlgate.errors import NotMeasuredError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINARY = 2
_ROUNDING = 1e-6
_SUMS = 1e-3  # what rounding to a few digits, as in a CSV file, may cost a row
_EXACT = 1e-9
_OF_A_MODEL = "the model's output"
_LOGITS = "if these are logits, write `output: logits`"


def from_logits(raw: NDArray[Any]) -> NDArray[Any]:
    """Turn logits of two classes into the positive one's probability: one a row is its own, of two the second is.

    Raises:
        NotMeasuredError: some are not finite, or there are more than two a row.
    """
    import numpy as np

    _check_logits(raw)
    margin = raw[:, 1] - raw[:, 0] if has_two(raw) else single_column(raw, "logits")
    # The two branches of the logistic function that cannot overflow; softmax over two logits is its value there.
    small = np.exp(-np.abs(margin))
    scores: NDArray[Any] = np.where(margin >= 0, 1.0, small) / (1.0 + small)
    return scores


def softmax(raw: NDArray[Any]) -> NDArray[Any]:
    """Turn logits (n, k) into probabilities.

    Raises:
        NotMeasuredError: some are not finite.
    """
    import numpy as np

    _check_logits(raw)
    powers = np.exp(raw - raw.max(axis=1, keepdims=True))
    scores: NDArray[Any] = powers / powers.sum(axis=1, keepdims=True)
    return scores


def from_probabilities(raw: NDArray[Any]) -> NDArray[Any]:
    """Take the positive label's probability out of what a model gave: the only one there is, or the second of two.

    Raises:
        NotMeasuredError: some are no probabilities, two do not add up to 1, or there are more.
    """
    if has_two(raw):
        return adding_up(raw, _OF_A_MODEL, _LOGITS)[:, 1]
    return single_column(checked(raw, _OF_A_MODEL, _LOGITS), "probabilities")


def from_distributions(raw: NDArray[Any]) -> NDArray[Any]:
    """Take probabilities (n, k) that a model gave.

    Raises:
        NotMeasuredError: some are no probabilities, or a row does not add up to 1.
    """
    return adding_up(raw, _OF_A_MODEL, _LOGITS)


def checked(scores: NDArray[Any], what: str, remedy: str) -> NDArray[Any]:
    """Give probabilities back, without the rounding error by which sums of floats leave [0, 1].

    Args:
        scores: float64 (n,) or (n, k).
        what: they are, in messages.
        remedy: when they are something else.

    Raises:
        NotMeasuredError: one is missing, or lies outside.
    """
    import numpy as np

    empty = np.isnan(scores)
    if missing := int(empty.sum()):
        first = np.flatnonzero(empty.reshape(len(scores), -1).any(axis=1))[0]
        reason = f"{missing} of {scores.size} values of {what} are missing or NaN; the first is in row {first}"
        raise NotMeasuredError(reason, "fill them in")
    low, high = float(scores.min()), float(scores.max())
    if low < -_ROUNDING or high > 1.0 + _ROUNDING:
        outside = (scores < -_ROUNDING) | (scores > 1.0 + _ROUNDING)
        rows = np.flatnonzero(outside.reshape(len(scores), -1).any(axis=1))
        where = f"; {rows.size:,} of {len(scores):,} rows hold others, the first is row {rows[0]}"
        raise NotMeasuredError(f"{what} ranges from {low:g} to {high:g}, which are no probabilities{where}", remedy)
    clipped: NDArray[Any] = np.clip(scores, 0.0, 1.0)
    return clipped


def adding_up(scores: NDArray[Any], what: str, remedy: str) -> NDArray[Any]:
    """Give probabilities (n, k) back, of which each row must add up to 1 but for rounding, which is made up for.

    Raises:
        NotMeasuredError: as `checked`, or a row does not.
    """
    import numpy as np

    found = checked(scores, what, remedy)
    sums = found.sum(axis=1)
    rows = np.flatnonzero(np.abs(sums - 1.0) > _SUMS)
    if rows.size:
        where = f"{rows.size:,} of {len(sums):,} rows; the first is row {rows[0]}, which adds up to {sums[rows[0]]:.6g}"
        reason = f"the probabilities of {what} do not add up to 1 in {where}"
        raise NotMeasuredError(reason, "give one for every class, normalised (softmax), not one sigmoid for each")
    rounded = np.abs(sums - 1.0) > _EXACT
    if rounded.any():
        found[rounded] /= sums[rounded, None]
    return found


def second_of_two(raw: NDArray[Any], place: int) -> NDArray[Any]:
    """Turn two outputs a row round where the positive class has the first of them; one a row is the positive's own."""
    return raw[:, ::-1] if has_two(raw) and place == 0 else raw


def has_two(raw: NDArray[Any]) -> bool:
    """Tell whether there are two numbers a row."""
    return raw.ndim == _BINARY and raw.shape[1] == _BINARY


def single_column(raw: NDArray[Any], noun: str) -> NDArray[Any]:
    """Take the one number a row that there must be.

    Raises:
        NotMeasuredError: there are more.
    """
    if raw.ndim == 1 or raw.shape[1] == 1:
        return raw.reshape(-1)
    reason = f"the model gives {raw.shape[1]} {noun} a row, which is no binary classification"
    raise NotMeasuredError(reason, "give one a row, or two of which the second is the positive label's")


def _check_logits(raw: NDArray[Any]) -> None:
    import numpy as np

    wrong = ~np.isfinite(raw)
    if wrong.any():
        rows = np.flatnonzero(wrong.reshape(len(raw), -1).any(axis=1))
        where = f"in {rows.size:,} of {len(raw):,} rows; the first is row {rows[0]}"
        reason = f"the model answered with NaN or infinite logits {where}"
        raise NotMeasuredError(reason, "look at its weights and inputs")
