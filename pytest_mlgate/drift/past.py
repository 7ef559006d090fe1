"""How things were: a table, or what is known of one by its profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from msgspec import Struct
from msgspec.structs import replace

from pytest_mlgate.errors import NotMeasuredError
from pytest_mlgate.inputs.frames import suggest
from pytest_mlgate.stats.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlgate.aggregate import ColumnType
    from pytest_mlgate.stats.profile import ColumnProfile
    from pytest_mlgate.table import Table


class Known(Struct, frozen=True):
    """A reference of which there is only the profile.

    Args:
        profile: of the table.
    """

    profile: Profile

    @property
    def rows(self) -> int:
        """How many rows the table had."""
        return self.profile.rows

    @property
    def columns(self) -> Mapping[str, ColumnType]:
        """Column names and their types."""
        return {name: column.type for name, column in self.profile.columns.items()}

    def column(self, name: str, *, numeric: bool, lengths: bool = False) -> ColumnProfile:
        """Give what is known of a column, as it is to be compared: as numbers, by its texts' lengths, as categories.

        Raises:
            NotMeasuredError: the profile does not have it, or was made of something else.
        """
        if name not in self.profile.columns:
            mend = suggest(name, self.profile.columns, "column")
            raise NotMeasuredError(f"the profile has no column {name!r}", mend)
        found = self.profile.columns[name]
        if found.sensitive:
            raise NotMeasuredError(f"of {name}, which is sensitive, the profile counts only what is missing")
        if lengths:
            if found.lengths is None:
                raise NotMeasuredError(f"the profile has no lengths of {name}, which is of type {found.type}")
            return replace(found, numbers=found.lengths, categories=None)
        if numeric and found.numbers is None:
            mend = "list it under `categorical:`, or make the profile without"
            raise NotMeasuredError(f"the profile counts {name} by category", mend)
        if not numeric and found.categories is None:
            mend = f"make the profile with `--categorical {name}`"
            raise NotMeasuredError(f"the profile counts no categories of {name}", mend)
        return found


Past = Union["Table", Known]
