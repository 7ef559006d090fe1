"""`model.metrics`: is the model good enough on these rows, beyond luck, and worth having at all?

With `confidence`, a limit is held against the bound on its side rather than the value, so that a pass or a fail is
wrong with at most the stated probability, and anything in between is said to be undecided.
"""

from __future__ import annotations

from pytest_mlgate.kind import Kind
from pytest_mlgate.kinds.model.metrics.measure import measure
from pytest_mlgate.kinds.model.metrics.mistakes import mistakes
from pytest_mlgate.kinds.model.metrics.spec import ModelMetrics

KIND = Kind(name="model.metrics", spec=ModelMetrics, measure=measure, mistakes=mistakes)
