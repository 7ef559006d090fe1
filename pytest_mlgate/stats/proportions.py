"""Bounds of a proportion, for accuracies, pass rates and every other share of independent rows.

The plain normal interval has zero width at 0 and 1 and errs far too often near them; Wilson's score interval is the
simplest one that does neither. Where the claim is one of safety, Clopper and Pearson's exact bounds are used instead:
Wilson's lower bound errs up to .08 near 1 at a nominal .05, theirs never more than nominal.
"""

from __future__ import annotations

from math import ceil, sqrt

from scipy.special import betainc, betaincinv

from pytest_mlgate.stats.door import at_least, normal_quantile, share

_MOST_ROWS = 10**9


def wilson(successes: int, n: int, confidence: float) -> tuple[float, float]:
    """Bound a proportion from both sides, each bound at its own one-sided confidence.

    Args:
        successes: rows that count, 0 to `n`.
        n: independent rows, at least 1.
        confidence: of each bound on its own: at 0.95 the pair is a 90 % interval.

    Returns:
        The lower and the upper bound, both in [0, 1].

    Raises:
        ValueError: no rows, more successes than rows, or a confidence outside [0.5, 1).

    Source:
        Wilson (1927), Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.

    Example:
        >>> low, high = wilson(90, 100, confidence=0.95)
        >>> round(low, 4), round(high, 4)
        (0.8396, 0.9393)
    """
    n, successes = _counts(successes, n)
    return wilson_of_rate(successes / n, n, confidence)


def wilson_of_rate(rate: float, n: int, confidence: float) -> tuple[float, float]:
    """Bound a mean of rows that lie between 0 and 1 as if each were one or the other, which spreads them the most.

    Args:
        rate: the mean, in [0, 1].
        n: independent rows, at least 1.
        confidence: of each bound on its own, in [0.5, 1).

    Returns:
        Wilson's bounds; the rate of 0 or 1 is one of them.

    Raises:
        ValueError: no rows, a rate outside [0, 1], or a confidence outside [0.5, 1).
    """
    n, rate = at_least("n", n, 1), share("rate", rate)
    z = normal_quantile(confidence)
    spread = z * z / n
    centre = (rate + spread / 2.0) / (1.0 + spread)
    half = z * sqrt(rate * (1.0 - rate) / n + spread / (4.0 * n)) / (1.0 + spread)
    low = 0.0 if rate == 0.0 else centre - half
    high = 1.0 if rate == 1.0 else centre + half
    return low, high


def rows_to_decide_proportion(successes: int, n: int, limit: float, confidence: float) -> int | None:
    """Say how many rows would decide about a limit if the observed rate held.

    Args:
        successes: rows that count, 0 to `n`.
        n: independent rows, at least 1.
        limit: the proportion to be told apart from the observed one.
        confidence: of each bound, as in `wilson`.

    Returns:
        The smallest number of rows (in all, not on top) at which the limit no longer lies strictly inside the Wilson
        bounds around the observed rate; None when the rate equals the limit, which no number of rows decides.

    Raises:
        ValueError: as `wilson`, or a limit outside [0, 1].

    Source:
        Wilson's bounds hold the limit exactly when the score test of the limit does not reject, which solves for n.
    """
    n, successes = _counts(successes, n)
    limit, z = share("limit", limit), normal_quantile(confidence)
    distance = successes / n - limit
    if distance == 0.0:
        return None
    return max(1, ceil(z * z * limit * (1.0 - limit) / distance**2))


def clopper_pearson(successes: int, n: int, confidence: float) -> tuple[float, float]:
    """Bound a proportion from both sides so that neither bound errs more often than it says, at any rate and size.

    Args:
        successes: rows that count, 0 to `n`.
        n: independent rows, at least 1.
        confidence: of each bound on its own: at 0.95 the pair is a 90 % interval.

    Returns:
        The lower and the upper bound, both in [0, 1].

    Raises:
        ValueError: no rows, more successes than rows, or a confidence outside [0.5, 1).

    Source:
        Clopper and Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the binomial.
        Biometrika 26, 404-413. The bounds are quantiles of the beta distribution.

    Example:
        >>> low, high = clopper_pearson(60, 60, confidence=0.95)
        >>> round(low, 4), high
        (0.9513, 1.0)
    """
    n, successes = _counts(successes, n)
    normal_quantile(confidence)  # refuses what is no confidence
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, 1.0 - confidence))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, confidence))
    return low, high


def rows_to_decide_exact(successes: int, n: int, limit: float, confidence: float) -> int | None:
    """Say how many rows would decide about a limit by Clopper and Pearson's bounds, if the observed rate held.

    Args:
        successes: rows that count, 0 to `n`.
        n: independent rows, at least 1.
        limit: the proportion to be told apart from the observed one.
        confidence: of each bound, as in `clopper_pearson`.

    Returns:
        The smallest number of rows (in all, not on top) at which the limit no longer lies strictly inside the bounds,
        successes taken as rate times rows without rounding; None when the rate equals the limit, or when a thousand
        million rows would not be enough.

    Raises:
        ValueError: as `clopper_pearson`, or a limit outside [0, 1].
    """
    n, successes = _counts(successes, n)
    limit, rate = share("limit", limit), successes / n
    normal_quantile(confidence)
    if rate == limit:
        return None

    def decided(rows: int) -> bool:
        hits = rate * rows
        if rate > limit:  # the lower bound is at least the limit where so many hits are improbable at the limit
            return float(betainc(hits, rows - hits + 1.0, limit)) <= 1.0 - confidence
        return float(betainc(hits + 1.0, rows - hits, limit)) >= confidence

    enough = 1
    while not decided(enough):
        enough *= 2
        if enough > _MOST_ROWS:
            return None
    too_few = enough // 2
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        enough, too_few = (middle, too_few) if decided(middle) else (enough, middle)
    return enough


def rows_by_width(value: float, width: float, n: int, limit: float) -> int | None:
    """Say how many rows would bring a bound as near to a value as a limit is.

    Args:
        value: observed.
        width: between the value and its bound on the limit's side.
        n: rows observed.
        limit: what the value is to be told apart from.

    Returns:
        The number of rows (in all, not on top), taking widths to shrink as 1/√n; None when the value equals the limit.
    """
    return None if value == limit else max(2, ceil(n * (width / (value - limit)) ** 2))


def _counts(successes: int, n: int) -> tuple[int, int]:
    n, successes = at_least("n", n, 1), at_least("successes", successes, 0)
    if successes > n:
        raise ValueError(f"{successes} successes in {n} rows cannot be")
    return n, successes
