"""How far probabilities lie from the shares that come true: the expected calibration error, with bounds.

The usual estimate adds up absolute differences and so is above zero for a perfect model (.05 on 500 rows); here every
bin's own variance is taken off first. The upper bound needs no such correction: the plain estimate is at least what a
sum of differences with the right signs would be. The lower bound looks for one of few patterns, too bold, too shy, too
high or too low, at the price of looking for all of them at once, and counts only where labels drawn from the
probabilities themselves would hardly ever look so bad.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlgate.stats.counts import ENOUGH_OF_EACH
from pytest_mlgate.stats.door import normal_quantile
from pytest_mlgate.stats.edges import exact_upper, stretch
from pytest_mlgate.stats.mover import Part, difference_of
from pytest_mlgate.stats.ties import tied

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pytest_mlgate.stats.drawn import Drawn

    _Floats = NDArray[np.float64]

BINS = 15
ROWS_A_BIN = 20  # fewer rows make fewer bins
_LEAST = 2  # in a single one whatever is said too high and too low makes up for each other
_DRAWS = 1_000
_DRAWN_ROW_BY_ROW = 20_000  # up to so many rows; beyond, what a bin adds up is normal
_SEED = 20


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """An expected calibration error.

    Attributes:
        value: the sum over bins of absolute differences, by their share of rows, without what chance alone adds.
        gaps: float64[b], what share came true less the mean probability, times the bin's share of rows.
        covariance: float64[b, b], of `gaps`.
        by_chance: gives the plain sum of absolute gaps for labels drawn from the probabilities, many times.
        drawn: how the rows were drawn.
    """

    value: float
    gaps: _Floats
    covariance: _Floats
    by_chance: Callable[[], _Floats]
    drawn: Drawn

    def bounds(self, confidence: float) -> tuple[float, float]:
        """Bound the error from both sides, each bound at its own one-sided confidence.

        Raises:
            ValueError: too few clusters, or a confidence outside [0.5, 1).
        """
        self.drawn.enough()
        z, wider = normal_quantile(confidence), sqrt(stretch(self.drawn, confidence))
        plain = float(np.abs(self.gaps).sum())
        signs = np.where(self.gaps >= 0.0, 1.0, -1.0)
        variance, unit = float(signs @ self.covariance @ signs), 1.0 / self.drawn.effective
        high = plain + z * wider * sqrt(variance)
        if variance < ENOUGH_OF_EACH * unit * unit:
            high = max(high, exact_upper(min(1.0, plain), variance, unit, confidence))
        low = self._proven(confidence, wider)
        if low > 0.0 and plain <= float(np.quantile(self.by_chance(), confidence)):
            low = 0.0
        return min(low, self.value), min(1.0, max(high, self.value))

    def less(self, old: Calibration, confidence: float, share: float = 1.0) -> tuple[float, float]:
        """Bound this error less `share` times that of another model on the same rows.

        Made from the bounds of both as if they varied by themselves, which is too wide rather than too narrow.
        """
        new_part, old_part = (Part(one.value, *one.bounds(confidence)) for one in (self, old))
        part = difference_of(new_part, old_part, 0.0, share)
        return part.low, part.high

    def _proven(self, confidence: float, wider: float) -> float:
        """Bound the error from below by the best of the patterns that change sign at most once."""
        bins = self.gaps.size
        patterns = np.where(np.arange(bins)[:, None] < np.arange(1, bins + 1), 1.0, -1.0)
        patterns = np.hstack([patterns, -patterns])
        errors = np.sqrt(np.einsum("ij,ik,kj->j", patterns, self.covariance, patterns))
        known = errors > 0.0
        if not known.any():
            return 0.0
        values, vectors = np.linalg.eigh(self.covariance)
        deviates = np.random.default_rng(_SEED).normal(size=(_DRAWS, bins)) * np.sqrt(np.maximum(values, 0.0))
        studentised = (deviates @ vectors.T) @ patterns[:, known] / errors[known]
        critical = float(np.quantile(studentised.max(axis=1), confidence))
        return max(0.0, float((self.gaps @ patterns[:, known] - critical * wider * errors[known]).max()))


def calibration(came_true: NDArray[np.bool_], probabilities: _Floats, drawn: Drawn) -> Calibration:
    """Measure the expected calibration error in bins of equal weight.

    Args:
        came_true: bool[n].
        probabilities: float[n], what was said of it, in [0, 1].
        drawn: how the rows were drawn.

    Raises:
        ValueError: too few rows for two bins, or too few that do not belong together, or that count.

    Source:
        Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning. AAAI, for
        the error; Kumar, Liang and Ma (2019), Verified uncertainty calibration. NeurIPS, for taking off what chance
        adds; Bröcker and Smith (2007), Increasing the reliability of reliability diagrams. Weather and Forecasting 22,
        651-661, for labels drawn from the probabilities.
    """
    bins = min(BINS, int(drawn.effective) // ROWS_A_BIN)
    if bins < _LEAST:
        worth = f"{drawn.n:,} rows" + (f" are worth {drawn.effective:.3g}, and" if drawn.effective < drawn.n else "")
        raise ValueError(
            f"{worth} are too few for a calibration error: it needs {_LEAST * ROWS_A_BIN} independent ones"
        )
    weights = np.ones(drawn.n) if drawn.weights is None else drawn.weights
    which = _bins(probabilities, weights, bins)
    missed = came_true - probabilities
    size = np.bincount(which, weights=weights, minlength=bins)
    gaps = np.bincount(which, weights=weights * missed, minlength=bins).astype(np.float64, copy=False)
    rest = weights * (missed - (gaps / np.where(size > 0.0, size, 1.0))[which])
    expected = np.bincount(which, weights=np.square(weights) * probabilities * (1.0 - probabilities), minlength=bins)
    covariance: _Floats = np.diag(np.bincount(which, weights=np.square(rest), minlength=bins))
    if drawn.clusters is not None:
        together = np.bincount(drawn.clusters * bins + which, weights=rest, minlength=drawn.units * bins)
        between = together.reshape(drawn.units, bins)
        covariance = between.T @ between * drawn.units / max(1, drawn.units - 1)
    # Bins where nothing came true show no variance, though what was promised has one.
    covariance = covariance + np.diag(np.maximum(0.0, expected - np.diag(covariance)))
    covariance = covariance / drawn.n**2
    gaps = gaps / drawn.n
    return Calibration(
        value=float(np.sqrt(np.maximum(0.0, np.square(gaps) - np.diag(covariance))).sum()),
        gaps=gaps,
        covariance=covariance,
        by_chance=partial(_by_chance, probabilities, weights, which, covariance, drawn),
        drawn=drawn,
    )


def _bins(probabilities: _Floats, weights: _Floats, bins: int) -> NDArray[np.int64]:
    """Put rows into bins of about equal weight; equal probabilities share one."""
    group = tied(probabilities)
    held = np.bincount(group, weights=weights)
    summed = np.cumsum(held)
    middle = (summed - held / 2.0) / summed[-1]
    which: NDArray[np.int64] = np.minimum(bins - 1, (middle * bins).astype(np.int64))[group]
    return which


def _by_chance(
    probabilities: _Floats, weights: _Floats, which: NDArray[np.int64], covariance: _Floats, drawn: Drawn
) -> _Floats:
    """Draw labels from the probabilities and add up the absolute gaps, many times: float64[r]."""
    rng = np.random.default_rng(_SEED)
    bins = covariance.shape[0]
    if drawn.clusters is not None or drawn.n > _DRAWN_ROW_BY_ROW:
        values, vectors = np.linalg.eigh(covariance)
        deviates = rng.normal(size=(_DRAWS, bins)) * np.sqrt(np.maximum(values, 0.0))
        return np.asarray(np.abs(deviates @ vectors.T).sum(axis=1), dtype=np.float64)
    order = np.argsort(which, kind="stable")
    starts = np.searchsorted(which[order], np.arange(bins))
    filled = np.append(starts[1:], drawn.n) > starts
    found, probability, weight = [], probabilities[order], weights[order]
    for start in range(0, _DRAWS, rows := max(1, 2_000_000 // drawn.n)):
        uniform = rng.random((min(rows, _DRAWS - start), drawn.n), dtype=np.float32)
        missed = ((uniform < probability) - probability) * weight
        found.append(np.abs(np.add.reduceat(missed, starts[filled], axis=1)).sum(axis=1) / drawn.n)
    return np.concatenate(found)
