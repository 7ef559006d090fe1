"""What can be asserted of a model's reply, and how an assertion is read from a gate file.

A reply is untrusted text: it is compared, matched in linear time and parsed as JSON, never executed or expanded.
"""

from pytest_mlgate.assertions.base import Finding, Rule, every_rule, shown
from pytest_mlgate.assertions.table import GROUPS, TYPES, parse

__all__ = ["GROUPS", "TYPES", "Finding", "Rule", "every_rule", "parse", "shown"]
