"""A shift of the call centre: one agent calls whom the queue gives him, and some of these promise to pay, and do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Engine, text

from models.collections.outcome import RULES, Outcome
from models.errors import Refusal
from operations.calls import confirm_party, take_next, tell_outcome
from operations.operation import Credentials
from rehearsal.people import Townspeople
from storage.collections.calls import under_way
from storage.collections.queue import Taken
from storage.read_models.call_page import read_call_page

AGENT = "atendente da cidade"

AFTER = timedelta(days=30)
"""From the city's first day: most cases have had notices by then, and many are open."""

SMALLEST = 100
"""Inhabitants: a smaller city has no call centre."""

CALLS = 30
PATTERN = (
    Outcome.PROMISE,
    Outcome.NO_ANSWER,
    Outcome.MACHINE,
    Outcome.PROMISE,
    Outcome.REFUSES,
    Outcome.BUSY,
    Outcome.PROMISE,
    Outcome.THIRD_PERSON,
    Outcome.NO_ANSWER,
)
"""The outcome of one call after another: somebody answers five of nine, as 92 of 169 did in Alagoas' pilot."""

KEPT = (Decimal(1), Decimal(1), Decimal(0), Decimal(1), Decimal("0.5"))
"""The share that is paid of one promise after another."""

PAYS_IN = timedelta(days=2)
SPOKEN, UNANSWERED = timedelta(minutes=8), timedelta(minutes=2)
"""How long a call takes."""

TAX_ID = text("SELECT tax_id FROM cases JOIN taxpayers ON taxpayers.id = cases.taxpayer WHERE cases.id = :case")


@dataclass
class Shift:
    engine: Engine
    people: Townspeople
    on: date
    """The first day on which it may be played."""
    made: int = 0
    meant: int = 0
    """Promises that the pattern has had by now, whether or not one could be taken."""
    promised: int = 0

    def live(self, today: date) -> bool:
        """Play the shift once its day has come, on the first day on which anybody may be called; whether it was."""
        if today < self.on or self.made or len(self.people.people) < SMALLEST:
            return False
        # no day of the city has hours, a shift has: each call begins when the one before it has ended
        now = datetime.now(UTC)
        while self.made < CALLS:
            taken = take_next(self.engine, Credentials(AGENT), now)
            if not isinstance(taken, Taken):
                break
            now = self._calls(taken, now)
            self.made += 1
        return bool(self.made)

    def _calls(self, taken: Taken, now: datetime) -> datetime:
        """Make one call; when it ends."""
        who, outcome = Credentials(AGENT), PATTERN[self.made % len(PATTERN)]
        self.meant += outcome is Outcome.PROMISE
        if outcome is Outcome.REFUSES and self.promised < self.meant:
            outcome = Outcome.PROMISE
        ends = now + (SPOKEN if RULES[outcome].connects else UNANSWERED)
        if RULES[outcome].right_party:
            confirm_party(self.engine, who, taken.call, now)
        if outcome is Outcome.PROMISE:
            if self._promises(taken, ends):
                return ends
            outcome = Outcome.REFUSES
        tell_outcome(self.engine, who, taken.call, outcome, ends)
        return ends

    def _promises(self, taken: Taken, now: datetime) -> bool:
        """Promise all that is owed, and mean to pay a share of it; False where nothing can be promised."""
        with self.engine.connect() as connection:
            told = read_call_page(connection, under_way(connection, taken.call, AGENT, now), now)
            tax_id = connection.execute(TAX_ID, {"case": taken.case}).scalar_one()
        on = told.today + PAYS_IN
        try:
            tell_outcome(self.engine, Credentials(AGENT), taken.call, Outcome.PROMISE, now, told.owed, on)
        except Refusal:
            return False
        share = KEPT[self.promised % len(KEPT)]
        self.promised += 1
        if share:
            self.people.mean_to_pay(tax_id, taken.case, on, share)
        return True
