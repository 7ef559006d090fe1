"""One side of a comparison, sorted once: everything about a numeric column can be read off its values in order.

Quantiles are positions, shares are searches, runs of equal values are neighbours. So each column is sorted once on each
side, in its own type where that is exact, and no metric looks at the rows again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[Any]

_SINGLE = (np.dtype(np.float32), np.dtype(np.float64))


@dataclass(frozen=True, eq=False)
class Side:
    """The values of one side in ascending order, and how many are missing.

    Attributes:
        values: (n,) of any real type, ascending, without NaN; infinities are ordinary extremes.
        missing: rows without a value.
    """

    values: Numbers
    missing: int = 0

    @property
    def rows(self) -> int:
        """How many rows there are, those without a value included."""
        return int(self.values.size) + self.missing

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """Give the position at which each distinct value begins: intp[d]."""
        return run_starts(self.values)

    def upto(self, places: Numbers) -> NDArray[np.intp]:
        """Count the values that are no larger than each place."""
        return np.searchsorted(self.values, places, "right")

    def around(self, places: Numbers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Count the values that are smaller than each place, and those that are no larger.

        Most places hold no value or one, so the first count follows from the second at the price of a look.
        """
        upto = self.upto(places)
        if not self.values.size:
            return upto, upto
        held = (upto > 0) & (self.values[upto - 1] == places)
        below = upto - held
        twice = held & (below > 0) & (self.values[below - 1] == places)
        below[twice] = self.below(places[twice])
        return below, upto

    def below(self, places: Numbers) -> NDArray[np.intp]:
        """Count the values that are smaller than each place."""
        return np.searchsorted(self.values, places, "left")


def run_starts(ordered: Numbers) -> NDArray[np.intp]:
    """Give the position at which each distinct value of an ordered vector begins."""
    if not ordered.size:
        return np.empty(0, dtype=np.intp)
    return np.append(0, np.flatnonzero(ordered[1:] != ordered[:-1]) + 1)


def sorted_side(name: str, values: ArrayLike, missing: int = 0, *, own: bool = False) -> Side:
    """Sort a column.

    Args:
        name: how a message calls it.
        values: (n,) real numbers; NaN counts as missing, -0.0 equals 0.0.
        missing: further rows, which have no value.
        own: whether an array may be sorted where it lies, for nobody else will look at it.

    Raises:
        ValueError: values that are no vector of real numbers.

    Example:
        >>> side = sorted_side("new", [2.0, float("nan"), 1.0])
        >>> side.values.tolist(), side.missing, side.rows
        ([1.0, 2.0], 1, 3)
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "iuf":
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers: {error}") from error
    if array.ndim != 1:
        raise ValueError(f"{name} must have one dimension, not the shape {array.shape}")
    if own and array.flags.writeable:
        ordered = array
        ordered.sort()
    else:
        ordered = np.sort(array)
    if ordered.dtype.kind == "f" and ordered.size and np.isnan(ordered[-1]):  # NaN sorts last
        present = int(np.searchsorted(ordered, np.nan))
        missing += ordered.size - present
        ordered = ordered[:present]
    return Side(ordered, missing)


def alike(reference: Side, current: Side) -> tuple[Side, Side]:
    """Bring two sides to one type, so that equal numbers are equal.

    Single precision beside double is compared in single precision: what was never stored cannot have drifted. Any
    other two types meet in float64.
    """
    types = reference.values.dtype, current.values.dtype
    if types[0] == types[1]:
        return reference, current
    common = np.dtype(np.float32) if set(types) == set(_SINGLE) else np.dtype(np.float64)
    with np.errstate(over="ignore"):  # beyond single precision is infinity there
        return tuple(  # type: ignore[return-value] # two of them
            side if side.values.dtype == common else Side(side.values.astype(common), side.missing)
            for side in (reference, current)
        )
