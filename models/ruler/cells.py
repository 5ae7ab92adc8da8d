"""The cells of a ruler's heat-map, with the cases and notices counted on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from models.ruler.schema import Hypothesis, Ruler, Stage, Tone, tone_of

Counts = Mapping[tuple[Hypothesis, Stage], tuple[int, int]]
"""For each cell, the cases that stand on it now, and the notices sent from it so far."""


Amounts = Mapping[tuple[Hypothesis, Stage], Decimal]
"""For each cell, what its cases owed when they were opened, in reais."""


@dataclass(frozen=True)
class Cell:
    """A rung on the map. `cases` and `notices` are None when nobody counted."""

    hypothesis: Hypothesis
    stage: Stage
    rigidity: int
    formal: bool
    by_habit: bool = False
    """Whether people of some habits get it by another channel, at another hour or in other words."""
    cases: int | None = None
    notices: int | None = None
    owed: Decimal | None = None

    @property
    def tone(self) -> Tone:
        return tone_of(self.rigidity)


def cells(ruler: Ruler, counts: Counts | None = None, owed: Amounts | None = None) -> Iterator[Cell]:
    """The cells that a case can stand on, row by row; rigidity is that of the first occurrence."""
    for row, _, rung in ruler.cells():
        cases, notices = (None, None) if counts is None else counts.get((row, rung.stage), (0, 0))
        amount = None if owed is None else owed.get((row, rung.stage), Decimal(0))
        yield Cell(row, rung.stage, rung.rigidity, rung.formal, bool(rung.by_habit), cases, notices, amount)
