"""Communications on record: asked for, claimed by a channel in a transaction that locks the case, and closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime
from functools import cached_property
from typing import Literal

from sqlalchemy import Connection, Engine, func, insert, select, text, update

from models.case.journal import EntryKind
from models.contact.channel import Channel
from models.contact.communication import IN_WINDOW, WINDOW, CommunicationKind
from models.contact.delivery import Delivery, Progress
from models.errors import Refusal
from models.events import CommunicationChanged
from models.law.contact_caps import first_free_day
from models.words import COMMUNICATIONS
from storage.case.cases import Case, read_case
from storage.case.facts import limits_of
from storage.case.journal import Evidence
from storage.case.people import Person, read_person
from storage.case.transaction import QUEUED, record_decision
from storage.contact.notices import ISSUED, IssuedNotice
from storage.outbox import enqueue
from storage.schema import cases, communications, notices

Outcome = Literal["sent", "withdrawn", "unreached"]


@dataclass(frozen=True)
class Communication:
    id: str
    case: str
    kind: CommunicationKind
    instalment: str | None
    payment: int | None
    due: date | None
    asked_on: date
    unpaid_since: datetime | None
    outcome: Outcome | None


COLUMNS = [communications.c[field.name] for field in fields(Communication)]


def ask_about_instalment(
    connection: Connection, case: str, agreement: str, n: int, kind: CommunicationKind, instalment: str, on: date
) -> None:
    """Ask for a message about an instalment, once of each kind; the relay starts what sends it."""
    id = f"{agreement}-{n:02}-{kind.removeprefix('instalment_')}"
    row = {"id": id, "case": case, "kind": kind, "instalment": instalment, "asked_on": on}
    connection.execute(insert(communications).values(row))
    enqueue(connection, [case], CommunicationChanged(communication=id))


@dataclass
class CommunicationTransaction:
    """A communication whose case is locked."""

    connection: Connection
    told: Communication
    case: Case
    person: Person
    today: date

    @cached_property
    def notices(self) -> dict[Channel, IssuedNotice]:
        """The notices claimed of it, by channel."""
        mine = select(*ISSUED).where(notices.c.communication == self.told.id)
        made = (IssuedNotice(*row) for row in self.connection.execute(mine.order_by(notices.c.claimed_at)))
        return {notice.channel: notice for notice in made}

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        return tuple(
            Delivery(channel=made.channel, rung_channel=made.rung_channel, progress=Progress(made.status))
            for made in self.notices.values()
        )

    @cached_property
    def on(self) -> date:
        """The day from which it may leave: one that asks for money keeps the person's limits."""
        if not self.told.kind.collects or self.notices:
            return self.told.asked_on
        contacted = [contact.on for contact in self.person.contacted]
        limits = limits_of(self.connection, self.case, self.person)
        return first_free_day(self.told.asked_on, contacted, limits, self.case.frozen.calendar)

    @property
    def paused(self) -> bool:
        """Whether a pause of its case or cohort holds it, as it does what asks for money. A receipt leaves all the
        same: who has paid is owed it (Código Civil, art. 319)."""
        return self.told.kind.collects and self.case.paused

    @property
    def at(self) -> date:
        """The day that its notices bear: that of leaving, on a compressed clock that from which it might."""
        return self.case.clock.carried(self.on, self.today)

    def written_lately(self, now: datetime) -> set[Channel]:
        """The channels on which the taxpayer wrote within Meta's window."""
        asked = {"taxpayer": self.case.taxpayer, "since": now - WINDOW, "channels": sorted(IN_WINDOW)}
        return set(self.connection.scalars(WRITTEN, asked))

    def journal(self, kind: EntryKind, reason: str, at: date, evidence: Evidence) -> None:
        record_decision(self.connection, self.case, kind, reason, at, evidence)

    def close(self, outcome: Outcome, reason: str | None = None) -> None:
        """Close it; why nothing arrives, if nothing does, is in the journal too."""
        self._save(outcome=outcome, reason=reason, closed_at=func.clock_timestamp())
        if reason:
            what = f"{COMMUNICATIONS[self.told.kind]} não enviado: {reason}"
            self.journal(EntryKind.COMMUNICATION_UNSENT, what, self.today, {"communication": self.told.id})

    def wait_for_money(self) -> None:
        self._save(unpaid_since=func.clock_timestamp())

    def _save(self, **values: object) -> None:
        mine = update(communications).where(communications.c.id == self.told.id).values(values).returning(*COLUMNS)
        self.told = _told(*self.connection.execute(mine).one())


WRITTEN = text("""
    SELECT DISTINCT channel FROM replies
    WHERE taxpayer = :taxpayer AND channel = ANY(:channels) AND recorded_at > :since
""")


@contextmanager
def communication_transaction(engine: Engine, communication: str, now: datetime) -> Iterator[CommunicationTransaction]:
    """One transaction over one communication, which sees every payment before it: its case is locked, as for a notice
    of a rung. Raises Refusal when there is none."""
    with engine.begin() as connection:
        mine = select(*COLUMNS).where(communications.c.id == communication)
        case = connection.scalar(select(communications.c.case).where(communications.c.id == communication))
        if case is None:
            raise Refusal(f"there is no communication {communication}")
        connection.execute(QUEUED, {"cases": [case]})
        locked = read_case(connection, case, lock=True)
        told = _told(*connection.execute(mine).one())
        today = max(locked.clock.day_at(now), told.asked_on)
        person = read_person(connection, case, locked.state.steps, locked.clock, today)
        yield CommunicationTransaction(connection, told, locked, person, today)


def _told(*row: object) -> Communication:
    read = Communication(*row)  # type: ignore[arg-type]
    return Communication(**{**vars(read), "kind": CommunicationKind(read.kind)})


def take_up_again(connection: Connection, communication: str) -> None:
    """Open one again whose notice did not arrive: another channel may be left."""
    again = {"outcome": None, "reason": None, "closed_at": None}
    connection.execute(update(communications).where(communications.c.id == communication).values(again))


def money_came(connection: Connection, cohort: str) -> None:
    """Have those of a cohort look again that wait for its budget."""
    of_cohort = communications.c.case == cases.c.id
    waiting = update(communications).where(
        of_cohort, cases.c.cohort == cohort, communications.c.unpaid_since.is_not(None)
    )
    freed = connection.execute(waiting.values(unpaid_since=None).returning(communications.c.case, communications.c.id))
    for case, communication in freed.tuples():
        enqueue(connection, [case], CommunicationChanged(communication=communication))
