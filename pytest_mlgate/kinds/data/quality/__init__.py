"""`data.quality`: what must hold for a table as a whole.

Everything that can be told by looking at one row at a time is told by one query, however much a gate asks. What
compares rows with each other, or with another table, takes queries of its own and says so in its report.
"""

from __future__ import annotations

from pytest_mlgate.kind import Kind
from pytest_mlgate.kinds.data.quality.measure import measure
from pytest_mlgate.kinds.data.quality.mistakes import mistakes
from pytest_mlgate.kinds.data.quality.spec import DataQuality

KIND = Kind(name="data.quality", spec=DataQuality, measure=measure, mistakes=mistakes)
