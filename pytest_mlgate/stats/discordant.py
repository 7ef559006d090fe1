"""Rows on which two models differ: tests of them, and what to allow for those that a sample did not meet.

Two releases of a model often differ on a few rows only. Variances estimated from a handful of them are worth little,
and where none differs they are zero, though the next thousand rows may hold a few.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.special import bdtr, ndtr

from pytest_mlgate.stats.door import at_least
from pytest_mlgate.stats.mover import Part, difference_of
from pytest_mlgate.stats.proportions import clopper_pearson, wilson

# From this many differing rows on, an estimated variance is trusted and McNemar's statistic is taken as normal.
ENOUGH = 25


def mcnemar(gained: int, lost: int) -> float:
    """Test whether a row that changed is as likely to have been gained as lost.

    Args:
        gained: rows that only the new model has right.
        lost: rows that only the old model has right.

    Returns:
        The two-sided p-value: exact below 25 changed rows, else the normal approximation with continuity correction.

    Source:
        McNemar (1947), Psychometrika 12, 153-157; Edwards (1948), Psychometrika 13, 185-187.

    Example:
        >>> round(mcnemar(12, 2), 4)
        0.0129
    """
    gained, lost = at_least("gained", gained, 0), at_least("lost", lost, 0)
    changed = gained + lost
    if changed < ENOUGH:
        return min(1.0, 2.0 * float(bdtr(min(gained, lost), changed, 0.5))) if changed else 1.0
    return min(1.0, 2.0 * float(ndtr(-max(0.0, abs(gained - lost) - 1.0) / sqrt(changed))))


def unseen_changes(
    gained: int, lost: int, n: int, confidence: float, enough: int = ENOUGH
) -> tuple[float, float] | None:
    """Say how far `gained - lost`, as a share of rows, may lie from what was seen when few rows changed.

    Args:
        gained: rows that changed one way.
        lost: rows that changed the other way.
        n: all rows.
        confidence: of each bound on its own, in [0.5, 1).
        enough: changed rows from which on nothing is allowed for.

    Returns:
        How far below and how far above; None when enough rows changed to estimate a variance from. Never zero.
    """
    if gained + lost >= enough:
        return None
    more, less = clopper_pearson(gained, n, confidence), clopper_pearson(lost, n, confidence)
    up, down = gained / n, lost / n
    return sqrt((up - more[0]) ** 2 + (less[1] - down) ** 2), sqrt((more[1] - up) ** 2 + (down - less[0]) ** 2)


@dataclass(frozen=True, slots=True)
class PairedShares:
    """How two models did on the same rows.

    Args:
        both: rows that both have right.
        gained: rows that only the new one has right.
        lost: rows that only the old one has right: negative flips.
        neither: rows that neither has right.
    """

    both: int
    gained: int
    lost: int
    neither: int

    @property
    def n(self) -> int:
        """All rows."""
        return self.both + self.gained + self.lost + self.neither

    def difference(self, confidence: float, share: float = 1.0) -> Part:
        """Bound the share that the new model has right less `share` times what the old one has.

        Source:
            Newcombe (1998), Improved confidence intervals for the difference between binomial proportions based on
            paired data. Statistics in Medicine 17, 2635-2650, method 10.
        """
        right, right_before = self.both + self.gained, self.both + self.lost
        new = Part(right / self.n, *wilson(right, self.n, confidence))
        old = Part(right_before / self.n, *wilson(right_before, self.n, confidence))
        return difference_of(new, old, self.phi(), share)

    def phi(self) -> float:
        """Correlation of the two, Newcombe's correction for continuity applied."""
        right, wrong = self.both + self.gained, self.lost + self.neither
        right_before, wrong_before = self.both + self.lost, self.gained + self.neither
        margins = float(right) * wrong * right_before * wrong_before
        if not margins:
            return 0.0
        product = float(self.both) * self.neither - float(self.gained) * self.lost
        if product > 0.0:
            product = max(0.0, product - self.n / 2.0)
        return product / sqrt(margins)
