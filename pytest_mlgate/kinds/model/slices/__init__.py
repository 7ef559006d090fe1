"""`model.slices`: is the model good enough on every part of the data, beyond luck?

A model that is right nine times out of ten may be so by being right on most people and wrong on a few. Slices that are
named are judged on all their rows; others are sought on one half of the rows and judged on the other, because the worst
of a thousand slices looks bad on the rows it was picked by, however good the model is.
"""

from __future__ import annotations

from pytest_mlgate.kind import Kind
from pytest_mlgate.kinds.model.slices.measure import measure
from pytest_mlgate.kinds.model.slices.spec import ModelSlices, mistakes

KIND = Kind(name="model.slices", spec=ModelSlices, measure=measure, mistakes=mistakes, inconclusive="warning")
