"""Contracts of columns: what may be written, and what contradicts itself in it; kinds judge them."""

from pytest_mlgate.contract.column import Column, lacking, tolerated
from pytest_mlgate.contract.contradictions import contradictions

__all__ = ["Column", "contradictions", "lacking", "tolerated"]
