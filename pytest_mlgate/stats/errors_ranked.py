"""Metrics that are one of the errors in order, the middle one or the largest, rather than a mean of all.

The median's bounds are errors too: how many of n rows fall below the true median is binomial, whatever the errors are
like. The largest error has no bound from above: nothing tells how wrong a model is on the worst row not seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import floor
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import bdtr, bdtrik

from pytest_mlgate.stats.discordant import PairedShares
from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.drawn import Drawn, drawn
from pytest_mlgate.stats.mover import Part, difference_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    _Floats = NDArray[np.float64]

_HALF = 0.5
_TINY = 1e-9  # shares of weights are sums, which round


@dataclass(frozen=True, slots=True, eq=False)
class MedianError:
    """The median of absolute errors.

    Attributes:
        value: the error that half of the rows, by weight, do not exceed.
        errors: float[n].
        drawn: how the rows were drawn.
    """

    value: float
    errors: _Floats
    drawn: Drawn
    _order: tuple[_Floats, _Floats] = field(repr=False)  # errors ascending, share of weight up to each

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the median from both sides, each bound at its own one-sided confidence.

        Returns:
            Two of the errors: for plain rows the exact bounds by rank, whatever the distribution; with weights or
            clusters those of as many plain rows as know the share below the median equally well.

        Raises:
            ValueError: too few rows or clusters, or errors all alike.

        Source:
            Thompson (1936), Annals of Mathematical Statistics 7, 122-128; Woodruff (1952), Confidence intervals for
            medians and other position measures. JASA 47, 635-646.
        """
        normal_quantile(confidence)
        self.drawn.enough()
        ascending, upto = self._order
        if ascending[0] == ascending[-1]:
            raise ValueError(f"{ascending.size} rows without any spread show nothing of the rows not seen")
        rows = self._worth()
        rank = _rank_below(rows, confidence)
        if rank < 1:
            raise ValueError(f"{rows} independent rows are too few to bound their median")
        low, high = (int(np.searchsorted(upto, one / rows - _TINY)) for one in (rank, rows - rank + 1))
        last = ascending.size - 1
        return float(ascending[min(low, last)]), float(ascending[min(high, last)])

    def less(self, old: MedianError, confidence: float, share: float = 1.0) -> tuple[float, float]:
        """Bound this median less `share` times that of another model on the same rows.

        Args:
            old: the other's, row by row.
            confidence: of each bound on its own, in [0.5, 1).
            share: of the old value.

        Returns:
            Bounds made from those of the two medians, less what they share: medians of the same rows correlate as the
            rows' falling below them does.

        Raises:
            ValueError: as `bounds`.
        """
        new_part, old_part = (Part(one.value, *one.bounds(confidence)) for one in (self, old))
        part = difference_of(new_part, old_part, self._correlation(old), share)
        return part.low, part.high

    def _worth(self) -> int:
        """Say how many plain rows would know the share below the median as well as these do."""
        if self.drawn.plain:
            return self.errors.size
        below = (self.errors <= self.value).astype(np.float64)
        variance = float(np.square(self.drawn.by_unit(below - self.drawn.mean(below))).mean()) / self.drawn.units
        worth = 0.25 / variance if variance > 0.0 else np.inf
        # No luck makes weighted rows or clusters worth more than as many rows that count the same.
        rows = self.drawn.n if self.drawn.weights is None else _kish(self.drawn.weights)
        return max(1, floor(min(worth, rows)))

    def _correlation(self, old: MedianError) -> float:
        """Correlate the two medians by which rows fall below each."""
        below, below_old = self.errors <= self.value, old.errors <= old.value
        if self.drawn.plain:
            both, neither = np.count_nonzero(below & below_old), np.count_nonzero(~below & ~below_old)
            only, only_old = np.count_nonzero(below & ~below_old), np.count_nonzero(~below & below_old)
            return PairedShares(int(both), int(only), int(only_old), int(neither)).phi()
        shares = [one.astype(np.float64) for one in (below, below_old)]
        units = [self.drawn.by_unit(one - self.drawn.mean(one)) for one in shares]
        scale = float(np.sqrt(np.square(units[0]).mean() * np.square(units[1]).mean()))
        if scale <= 0.0:
            return 0.0
        found = float(np.mean(units[0] * units[1])) / scale
        return max(0.0, found - 2.0 / self.drawn.effective) if found > 0.0 else found  # as Newcombe's, where n is units


def medae(targets: _Floats, values: _Floats, rows: Drawn | None = None) -> MedianError:
    """Median absolute error."""
    errors, how = np.abs(values - targets), rows or drawn(targets.size)
    order = np.argsort(errors) if how.weights is not None else None
    if order is None:
        ascending, upto = np.sort(errors), np.arange(1, errors.size + 1) / errors.size
        return MedianError(float(np.median(ascending)), errors, how, (ascending, upto))
    ascending, upto = errors[order], np.cumsum(how.weights[order]) / how.n  # type: ignore[index] # not None here
    place = int(np.searchsorted(upto, _HALF - _TINY))
    value = float(ascending[place])
    if abs(upto[place] - _HALF) <= _TINY and place + 1 < errors.size:  # between two errors, their mean
        value = (value + float(ascending[place + 1])) / 2.0
    return MedianError(value, errors, how, (ascending, upto))


@dataclass(frozen=True, slots=True)
class LargestError:
    """The largest absolute error.

    Attributes:
        value: of the rows there are.
    """

    value: float

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Refuse to bound it.

        Raises:
            ValueError: always.
        """
        normal_quantile(confidence)
        raise ValueError("the largest error of these rows does not bound that of rows not seen")

    def less(self, old: LargestError, confidence: float, share: float = 1.0) -> tuple[float, float]:
        """Refuse to bound a difference.

        Raises:
            ValueError: always.
        """
        del old, share
        return self.bounds(confidence)


def max_error(targets: _Floats, values: _Floats, rows: Drawn | None = None) -> LargestError:
    """Largest absolute error; a row counts however little weight it has."""
    del rows
    return LargestError(float(np.abs(values - targets).max()))


def _rank_below(n: int, confidence: float) -> int:
    """Find the largest rank whose value exceeds the true median no more often than the confidence allows; 0 if none."""
    error = 1.0 - confidence
    fewer = floor(float(bdtrik(error, n, _HALF))) + 1 if n else 0
    while fewer >= 0 and float(bdtr(fewer, n, _HALF)) > error * (1.0 + _TINY):
        fewer -= 1
    return fewer + 1


def _kish(weights: _Floats) -> float:
    return float(weights.sum() ** 2 / np.square(weights).sum())
