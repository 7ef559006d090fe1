"""What passes between cases and whoever answers them: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Case:
    """One case of an eval set.

    Args:
        id: its `id` field, else its number in the file, from one.
        place: the file and line it stands on.
        fields: what gates may name.
    """

    id: str
    place: str
    fields: Mapping[str, Any]

    def __str__(self) -> str:
        return f"case {self.id} ({self.place})"
