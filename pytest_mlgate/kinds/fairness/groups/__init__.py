"""`fairness.groups`: does the model treat the groups of a sensitive attribute too differently, beyond luck?

The largest gap among groups is never 0, and the more and the smaller the groups, the larger it is by luck alone. So a
limit is held against bounds: a pass says that no two groups are farther apart, a fail that some two surely are, and
what lies between is INCONCLUSIVE. A group too small to speak of is named and keeps its attribute from passing.
"""

from __future__ import annotations

from pytest_mlgate.kind import Kind
from pytest_mlgate.kinds.fairness.groups.measure import measure
from pytest_mlgate.kinds.fairness.groups.mistakes import mistakes
from pytest_mlgate.kinds.fairness.groups.spec import FairnessGroups

KIND = Kind(name="fairness.groups", spec=FairnessGroups, measure=measure, mistakes=mistakes, inconclusive="warning")
