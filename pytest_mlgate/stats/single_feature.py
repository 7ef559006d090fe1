"""How well one feature alone tells the classes of a label apart, whichever way it does.

A feature that does so almost perfectly is most often a leak: something known only once the outcome is. It can give the
label away by its values' order, by being present at all, or as a code whose every value belongs to one class. The last
is the treacherous one to measure: judged on the rows it was learned from, an identifier that occurs once in each row
"predicts" any label perfectly. Here each pair of rows is judged by what the other rows say of their categories, which
is right half the time where there is nothing to learn, however many categories there are and however few rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pytest_mlgate.stats.roc import RocAuc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Look = Literal["values", "missingness", "categories"]
MOST_CODES = 100
ENOUGH = 10


@dataclass(frozen=True, slots=True)
class Alone:
    """The best that a feature alone can do.

    Attributes:
        auc: the area, turned so that it is at least one half.
        look: by what: the order of its values, whether it is missing, or its values as categories.
        positive: the class that it tells from all others, as a code.
        p_value: the chance of an area as far from one half if the feature said nothing, times the number of looks.
    """

    auc: RocAuc
    look: Look
    positive: int
    p_value: float


def single_feature(
    values: NDArray[np.float64], labels: NDArray[np.int64], counts: NDArray[np.int64], *, ordered: bool
) -> Alone:
    """Find how well a feature alone tells one class of a label from the others.

    Numbers are looked at by their order (present rows), by whether they are missing, and, with at most 100 different
    values, as categories too. Looks and classes with fewer than ten rows on either side are passed over where there
    are others.

    Args:
        values: float[k], the feature; NaN where it is missing. Numbers, or codes of categories.
        labels: int[k], the class beside each value, from 0.
        counts: int[k], how many rows have this value and this class; pairs may be repeated.
        ordered: whether the values' order means something.

    Raises:
        ValueError: fewer than two classes, every value missing, or arguments that do not go together.

    Source:
        Categories: Airola, Pahikkala, Waegeman, De Baets & Salakoski (2011), An experimental comparison of
        cross-validation techniques for estimating the area under the ROC curve, Computational Statistics & Data
        Analysis 55, 1828-1844: leave-pair-out, here in closed form from each category's counts.
    """
    if not values.shape == labels.shape == counts.shape or values.ndim != 1:
        raise ValueError("values, labels and counts must be vectors of one length")
    sizes = np.bincount(labels, weights=counts)
    if np.count_nonzero(sizes) < 2:  # noqa: PLR2004 - telling apart takes two
        raise ValueError("there are rows of fewer than two classes")
    table = _Table.made(values, labels, counts)
    if table.missing and table.groups == 1:
        raise ValueError("every value is missing")
    candidates = list(_looks(table, ordered=ordered))
    enough = [one for one in candidates if min(one.auc.positives, one.auc.negatives) >= ENOUGH]
    best = max(enough or candidates, key=lambda one: one.auc.value)
    looks = len({one.look for one in candidates}) * len(table.questions)
    return Alone(best.auc, best.look, best.positive, min(1.0, best.p_value * looks))


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows counted by value and class.

    Attributes:
        group: which of the distinct values, in ascending order, the missing ones last.
        labels: the class.
        counts: how many rows.
        groups: how many distinct values there are, missing included.
        missing: whether the last of them is missing.
        sizes: how many rows each class has.
    """

    group: NDArray[np.int64]
    labels: NDArray[np.int64]
    counts: NDArray[np.int64]
    groups: int
    missing: bool
    sizes: NDArray[np.float64]

    @classmethod
    def made(cls, values: NDArray[np.float64], labels: NDArray[np.int64], counts: NDArray[np.int64]) -> _Table:
        """Number the distinct values."""
        order = np.argsort(values)  # which puts NaN last
        ascending = values[order]
        here = int(np.searchsorted(ascending, np.inf, side="right"))  # what follows is missing
        new = np.zeros(values.size, dtype=np.int64)
        new[1:] = ascending[1:] != ascending[:-1]
        new[here + 1 :] = 0
        group = np.cumsum(new)
        sizes = _sums(labels, counts, 0)
        return cls(group, labels[order], counts[order], int(group[-1]) + 1, here < values.size, sizes)

    @property
    def questions(self) -> list[int]:
        """The classes to tell from all others; of two, telling the second is telling the first."""
        classes = [int(one) for one in np.flatnonzero(self.sizes)]
        return classes[1:] if len(classes) == 2 else classes  # noqa: PLR2004 - of two

    def present(self) -> _Table:
        """Keep the rows whose value is not missing."""
        here = slice(int(np.searchsorted(self.group, self.groups - self.missing)))
        labels, counts = self.labels[here], self.counts[here]
        sizes = _sums(labels, counts, self.sizes.size)
        return _Table(self.group[here], labels, counts, self.groups - self.missing, missing=False, sizes=sizes)

    def presence(self) -> _Table:
        """Take all values that are not missing for one."""
        group = (self.group == self.groups - 1).astype(np.int64)
        return _Table(group, self.labels, self.counts, 2, self.missing, self.sizes)

    def of(self, positive: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Count the rows of one class and those of all others by value."""
        own = self.labels == positive
        ours = _sums(self.group, self.counts * own, self.groups)
        return ours, _sums(self.group, self.counts, self.groups) - ours

    def best_ranked(self) -> int | None:
        """Find the class that the order of values tells best from all others, one with enough rows if there is one."""
        others = self.sizes.sum() - self.sizes
        fewest = np.minimum(self.sizes, others)
        asked = [one for one in self.questions if fewest[one]]
        asked = [one for one in asked if fewest[one] >= ENOUGH] or asked
        if len(asked) < 2:  # noqa: PLR2004 - nothing to choose from
            return asked[0] if asked else None
        rows = _sums(self.group, self.counts, self.groups)
        middle = np.cumsum(rows) - rows / 2.0
        ranks = _sums(self.labels, self.counts * middle[self.group], self.sizes.size)
        areas = {one: (ranks[one] - self.sizes[one] ** 2 / 2.0) / (self.sizes[one] * others[one]) for one in asked}
        return max(asked, key=lambda one: abs(areas[one] - 0.5))


def _sums(at: NDArray[np.int64], weights: NDArray[Any], length: int) -> NDArray[np.float64]:
    """Sum weights by where they belong."""
    sums: NDArray[np.float64] = np.bincount(at, weights=weights, minlength=length).astype(np.float64, copy=False)
    return sums


def _looks(table: _Table, *, ordered: bool) -> Iterator[Alone]:
    """Look at a feature in every way that suits it, each time at the class that is told best."""
    if ordered:
        ways: list[tuple[Look, _Table]] = [("values", table.present())]
        if table.missing and table.groups > 1:
            ways.append(("missingness", table.presence()))
        for look, one in ways:
            positive = one.best_ranked()
            if positive is not None:
                yield _turned(ranked(*one.of(positive)), look, positive)
    if not ordered or table.groups <= MOST_CODES:
        for positive in table.questions:
            yield _learned(left_out(*table.of(positive)), positive)


def ranked(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> RocAuc:
    """Measure the area under the ROC curve from counts.

    Args:
        positives: how many positive rows have each score, in ascending order of scores.
        negatives: the same for negative rows.

    Source:
        DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.
    """
    below = np.cumsum(negatives) - negatives / 2.0
    above = positives.sum() - np.cumsum(positives) + positives / 2.0
    return _placed(positives, negatives, below / negatives.sum(), above / positives.sum())


def left_out(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> RocAuc:
    """Measure how well categories predict a class, each pair of rows judged by the rates among all other rows.

    Two rows of one category are a tie; a row that is alone in its category has the rate of the whole.

    Args:
        positives: how many positive rows each category has.
        negatives: the same for negative rows.
    """
    sizes = positives + negatives
    others = np.maximum(sizes - 1.0, 1.0)
    whole = (positives.sum() - 1.0) / max(1.0, sizes.sum() - 2.0)
    ours = np.where(sizes > 1, (positives - 1.0) / others, whole)  # the rate without a positive row, ...
    theirs = np.where(sizes > 1, positives / others, whole)  # ... and without a negative one, which is higher
    own_below = _weight_below(theirs, negatives, ours) + negatives / 2.0
    own_above = positives.sum() - _weight_below(ours, positives, theirs) + positives / 2.0
    return _placed(positives, negatives, own_below / negatives.sum(), own_above / positives.sum())


def _weight_below(
    scores: NDArray[np.float64], weights: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum the weights of the scores below each value, ties counting one half."""
    order = np.argsort(scores)
    sums = np.concatenate([[0.0], np.cumsum(weights[order])])
    ascending = scores[order]
    halves: NDArray[np.float64] = (
        sums[np.searchsorted(ascending, at, side="left")] + sums[np.searchsorted(ascending, at, side="right")]
    )
    return halves / 2.0


def _placed(
    positives: NDArray[np.float64],
    negatives: NDArray[np.float64],
    placed_positives: NDArray[np.float64],
    placed_negatives: NDArray[np.float64],
) -> RocAuc:
    """Give the area and its variance from the share of the other class that each row is ranked rightly against."""
    area = float(positives @ placed_positives) / float(positives.sum())
    variance = sum(
        _variance_of_mean(weights, placed, area)
        for weights, placed in ((positives, placed_positives), (negatives, placed_negatives))
    )
    return RocAuc(min(1.0, max(0.0, area)), variance, int(positives.sum()), int(negatives.sum()))


def _variance_of_mean(weights: NDArray[np.float64], placed: NDArray[np.float64], area: float) -> float:
    total = float(weights.sum())
    return area * (1.0 - area) if total == 1 else float(weights @ (placed - area) ** 2) / (total - 1.0) / total


def _turned(auc: RocAuc, look: Look, positive: int) -> Alone:
    """Take an order for its reverse where that ranks better."""
    turned = RocAuc(max(auc.value, 1.0 - auc.value), auc.variance, auc.positives, auc.negatives)
    return Alone(turned, look, positive, _chance(turned.value, auc.positives, auc.negatives))


def _learned(auc: RocAuc, positive: int) -> Alone:
    """Take categories that predict worse than chance for useless: what they say was learned, and turned out wrong."""
    kept = RocAuc(max(auc.value, 0.5), auc.variance, auc.positives, auc.negatives)
    # Rows vouch for each other: at worst all come in pairs, and half of them decide.
    return Alone(kept, "categories", positive, _chance(kept.value, auc.positives / 2.0, auc.negatives / 2.0))


def _chance(area: float, positives: float, negatives: float) -> float:
    """Give the two-sided p-value of Mann and Whitney's test that the area is one half, which ties make conservative."""
    deviation = sqrt((positives + negatives + 1.0) / (12.0 * positives * negatives))
    return erfc(abs(area - 0.5) / deviation / sqrt(2.0))
