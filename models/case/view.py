"""A case as it is judged: the ruler and its calendar, the state it is in, and the facts of the day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from models.case.facts import CaseFacts
from models.case.state import CaseState
from models.law.calendar import Calendar, Standstill, Wait
from models.law.term import Term, term_of
from models.ruler.schema import Ruler


@dataclass(frozen=True)
class View:
    """The whole of what moves, next steps and plans are a function of."""

    ruler: Ruler
    calendar: Calendar
    state: CaseState
    facts: CaseFacts

    def at(self, state: CaseState) -> View:
        """The same case once it is in another state."""
        return replace(self, state=state)

    def seeing(self, facts: CaseFacts) -> View:
        """The same case on other facts."""
        return replace(self, facts=facts)

    @property
    def moves(self) -> bool:
        """Whether evidence may take it elsewhere on the map: its clock runs, and it climbs still."""
        return self.state.clock.stopped_on is None and self.state.climbs

    def term(self, event: date, wait: Wait, stood: Iterable[Standstill] = ()) -> Term:
        """A term of the taxpayer's: it is his to the end of its last day, and stands still in the ruler's recess."""
        return term_of(event, wait, self.calendar, self.ruler.kept_recess, stood)
