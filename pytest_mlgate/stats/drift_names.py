"""The names of drift metrics and what each reads, kept apart from their computation.

Gate files are checked for metrics that a column cannot feed before anything is measured, so this module must cost
nothing to import.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

DriftNeeds = Literal["bins", "order", "categories"]
DriftMetric = Literal[
    "psi",
    "ks",
    "wasserstein",
    "js",
    "kl",
    "hellinger",
    "tvd",
    "linf",
    "chi2",
    "cramers_v",
    "mean_shift",
    "std_shift",
    "null_rate_change",
    "unseen_share",
]

DRIFT_NEEDS: Mapping[str, DriftNeeds] = MappingProxyType(
    {
        "psi": "bins",
        "ks": "order",
        "wasserstein": "order",
        "js": "bins",
        "kl": "bins",
        "hellinger": "bins",
        "tvd": "bins",
        "linf": "bins",
        "chi2": "bins",
        "cramers_v": "bins",
        "mean_shift": "order",
        "std_shift": "order",
        "null_rate_change": "bins",
        "unseen_share": "categories",
    }
)
"""`bins`: counts of any column; `order`: numbers in order, which only numeric columns have; `categories`: levels."""

NEED_VALUES = frozenset({"wasserstein", "mean_shift", "std_shift"})
"""Metrics that counts in bins cannot give: they weigh how far values moved, with the outermost ones pulled in."""
