"""An experiment that was registered: its claim, and the one figure that answers it, said before anything was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Primary(StrEnum):
    """The figure that an experiment is read by."""

    PAYERS = "payers"
    VALUE = "value"


@dataclass(frozen=True)
class Experiment:
    name: str
    claim: str
    """The sentence that it tests, such as `an SMS brings more payers than an e-mail`."""
    primary: Primary


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values of comparisons made together, adjusted so that one of them is below 5 % by chance once in twenty
    such experiments (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    adjusted = [0.0] * len(ps)
    largest = 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda each: ps[each])):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = largest
    return adjusted
