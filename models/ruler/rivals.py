"""The rule of which two rulers may be compared within one cohort: those that differ in what they do, not in whom they
do it to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from models.errors import Refusal
from models.formats import tax_name
from models.ruler.schema import Kind, Ruler

ALIKE: Mapping[str, Callable[[Ruler], Any]] = {
    "jurisdiction": lambda ruler: ruler.jurisdiction,
    "taxes": lambda ruler: {tax_name(tax) for tax in ruler.taxes},
    "the evidence that enters": lambda ruler: {kind for kind in Kind if ruler.entry.takes(kind)},
    "the tolerance": lambda ruler: ruler.payments.tolerance,
    "the minimum balance": lambda ruler: ruler.payments.minimum_balance,
    "what delay adds": lambda ruler: ruler.accrual,
    "the offer": lambda ruler: ruler.offer,
}
"""The keys that decide who is taken in and what is asked of them: of equals the same, by law too (CF art. 150, II)."""


def must_reach_alike(ruler: Ruler, rival: Ruler) -> None:
    """Check two rulers before they are compared. Raises Refusal when their cases would not be of the same people owing
    the same."""
    differing = [what for what, of in ALIKE.items() if of(ruler) != of(rival)]
    if differing:
        raise Refusal(
            f"{ruler.label} and {rival.label} can't be compared in one cohort: they differ in"
            f" {' and in '.join(differing)}, so that they would not reach the same people for the same debts"
        )
