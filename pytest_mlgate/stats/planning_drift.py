"""What a limit on a divergence of bins will do, by the chi-square test of which all divergences are forms."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.special import chdtri, chndtr

from pytest_mlgate.stats.divergences import FORMS, divergence_detectable
from pytest_mlgate.stats.planning import Chances, Sampling, Side


@dataclass(frozen=True, slots=True)
class Divergences(Sampling):
    """A bias-corrected divergence of two samples, that fails only where it is significant as well.

    Attributes:
        name: a key of `divergences.FORMS`.
        n: reference rows.
        m: current rows.
        df: degrees of freedom: one less than there are bins.
        level: of the single test.
    """

    name: str
    n: int
    m: int
    df: int
    level: float

    def chances(self, side: Side, truth: float) -> Chances:
        """Say how likely each answer is, from the noncentral chi-square that the test statistic follows.

        Raises:
            ValueError: no rows, or a limit that is a least value or has a confidence.

        Source:
            Cohen (1988), Statistical power analysis for the behavioral sciences, chapter 7.
        """
        if not side.upper or side.confidence is not None:
            raise ValueError("only a largest value without a confidence is planned for a divergence")
        form, rows = FORMS[self.name], self._rows
        blind = divergence_detectable(self.name, self.n, self.m, self.df, self.level) > side.limit
        beyond = self.df + rows * self._sum(side.limit) / form.curvature  # the statistic at which the limit is reached
        least = max(beyond, float(chdtri(self.df, self.level)))
        fails = 1.0 - float(chndtr(least, self.df, rows * self._sum(truth) / form.curvature))
        return Chances(0.0 if blind else 1.0 - fails, 1.0 - fails if blind else 0.0, fails)

    def deviation(self, truth: float) -> float:
        """Give the standard error of an estimate."""
        form, rows = FORMS[self.name], self._rows
        spread = form.curvature * sqrt(2.0 * (self.df + 2.0 * rows * self._sum(truth) / form.curvature)) / rows
        return spread / (2.0 * truth) if form.root and truth > 0.0 else spread

    @property
    def _rows(self) -> float:
        return self.n * self.m / (self.n + self.m)

    def _sum(self, shown: float) -> float:
        return shown * shown if FORMS[self.name].root else shown
