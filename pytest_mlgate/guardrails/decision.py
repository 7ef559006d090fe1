"""What a guardrail answers: plain frozen values that an application can log, test and act on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Action = Literal["allow", "block"]
Category = Literal["injection", "payment_card", "iban", "email", "length"]
PERSONAL: frozenset[Category] = frozenset({"payment_card", "iban", "email"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was noticed.

    Args:
        detector: which rule noticed it, as `override` or `payment_card`.
        category: what it is a sign of.
        start: where it begins in the text as it was given, in characters.
        end: one past where it ends.
        weight: how much it says; a category blocks when its weights add up to 1.
        via: how it was hidden, as `base64`; empty when it stood in plain sight.
    """

    detector: str
    category: Category
    start: int
    end: int
    weight: float = 1.0
    via: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a text, and why.

    Args:
        action: let it through, or not.
        findings: everything that was noticed, whether or not it blocks, in the order of the text.
    """

    action: Action
    findings: tuple[Finding, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether the text is to be stopped."""
        return self.action == "block"


ALLOWED = Decision("allow")
