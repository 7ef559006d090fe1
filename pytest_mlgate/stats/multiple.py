"""Adjusting the p-values of a family of claims, so that twenty columns do not block a release by chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

Correction = Literal["holm", "bh", "none"]


def adjust(p_values: Sequence[float], method: Correction) -> list[float]:
    """Adjust p-values, so that each may be held against the level meant for the whole family.

    Args:
        p_values: k raw p-values in [0, 1], in any order.
        method: `holm` bounds the chance of any false claim, `bh` the expected share of false claims among those
            made, `none` does nothing.

    Returns:
        k adjusted p-values, in the order given.

    Raises:
        ValueError: a p-value that is none, or an unknown method.

    Source:
        Holm (1979), A simple sequentially rejective multiple test procedure. Scand. J. Statist. 6, 65-70; Benjamini &
        Hochberg (1995), Controlling the false discovery rate. JRSS B 57, 289-300.

    Example:
        >>> adjust([0.01, 0.04, 0.03], "holm")
        [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p_values, dtype=np.float64)
    if not np.all((raw >= 0.0) & (raw <= 1.0)):
        raise ValueError(f"p-values must lie between 0 and 1, not {[float(p) for p in raw if not 0.0 <= p <= 1.0]}")
    order = np.argsort(raw, kind="stable")
    ranks = np.arange(1, raw.size + 1)
    match method:
        case "holm":
            ascending = np.maximum.accumulate(raw[order] * ranks[::-1])
        case "bh":
            ascending = np.minimum.accumulate((raw[order] * raw.size / ranks)[::-1])[::-1]
        case "none":
            ascending = raw[order]
        case _:
            raise ValueError(f"unknown correction {method!r}: choose holm, bh or none")
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(ascending, 1.0)
    return [float(p) for p in adjusted]
