"""One transaction on one case: the row locked, the facts read, the decision made and saved with its reasons."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from sqlalchemy import Connection, Engine, func, insert, text, update

from models.case.blocks import Situation, dated
from models.case.decision import decide
from models.case.facts import CaseFacts
from models.case.journal import EntryKind
from models.case.state import CaseState, cell_reached
from models.case.status import Status
from models.case.step import Decision, Step
from models.case.view import View
from models.contact.channel import CHANNELS, Channel
from models.formats import day
from models.law.grounds import PRESCRIBED
from storage.case.before_due import ask_before_due
from storage.case.cases import Case, read_case
from storage.case.facts import read_case_facts, steady_debts
from storage.case.journal import Evidence, JournalRow
from storage.case.people import Person, read_person
from storage.case.promises import judge_promises, overtake_promises
from storage.case.side_by_side import CaseRead
from storage.case.tasks import ask_people
from storage.schema import approvals, cases, decisions

# whoever changes a cohort's lifecycle takes this lock alone: a case transaction is over before, or sees what was said;
# no row is written
STEADY = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:cohort, 0))")


# and whoever contacts the same person queues until the transaction ends: contacts are counted over all of his cases
QUEUED = text("""
    SELECT pg_advisory_xact_lock_shared(hashtextextended(cohort, 0)), pg_advisory_xact_lock(taxpayer)
    FROM cases WHERE id = :case
""")


@dataclass
class CaseTransaction:
    """A case locked and judged: what it decides is saved, with its reasons, when the case transaction ends."""

    connection: Connection
    case: Case
    facts: CaseFacts
    decision: Decision
    status: Status
    person: Person
    unaddressed: Set[Channel]
    closes: bool = False
    entries: list[JournalRow] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.facts.today

    @property
    def step(self) -> Step:
        return self.decision.step

    @property
    def due(self) -> bool:
        return self.step.on is not None and self.step.on <= self.today

    @property
    def state(self) -> CaseState:
        return self.decision.state

    @property
    def view(self) -> View:
        return self.case.view(self.state, self.facts)

    @property
    def situation(self) -> Situation:
        """The case's situation, each block with its first day; once closed it has none."""
        if self.closes or self.case.closed_at is not None:
            return Situation(state=self.status)
        situation = self.decision.situation
        return situation.model_copy(update={"blocks": dated(situation.blocks, self.case.blocks, self.today)})

    def judge(self, state: CaseState) -> None:
        """Decide anew from `state`."""
        self.adopt(decide(self.case.view(state, self.facts)))

    def adopt(self, decision: Decision) -> None:
        """Adopt a decision, and journal what moved the case."""
        self.decision = decision
        self.status = self.step.status
        for transition in self.decision.transitions:
            self.journal(transition.kind, transition.reason, transition.on)
            if transition.kind == "approval_lapsed":
                end_approvals(self.connection, self.case.id, "lapsed")
            if transition.kind == EntryKind.BENEFITS_TO_REASSESS:
                asked = ("reassessment", f"{transition.kind} {self.today}", transition.reason)
                ask_people(self.connection, self.case, *asked, self.today)

    def look_again(self) -> None:
        """Judge on the record as this transaction has changed it."""
        self.case = read_case(self.connection, self.case.id)
        self.person, self.facts = _read_facts(self.connection, self.case, self.state, self.today, self.unaddressed)
        self.judge(self.state)

    def contacted(self, on: date, counts: bool) -> None:
        """Note that a rung was begun: nothing is known yet of its notices; it `counts` against the person's limits."""
        contacted = (*self.facts.contacted_on, on) if counts else self.facts.contacted_on
        self.facts = self.facts.model_copy(update={"deliveries": (), "contacted_on": contacted})

    def over_budget(self) -> None:
        """Judge on what only the sending found out: the cohort's money doesn't pay for the rung."""
        self.facts = self.facts.model_copy(update={"over_budget": True})
        self.judge(self.state)

    def journal(
        self,
        kind: EntryKind,
        reason: str,
        at: date | None = None,
        step: Step | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        """Add a decision with the cell it is about: that of `step`, else the one the case stands on; `evidence` is what
        it rests on beside what every decision sees."""
        state = self.state
        row, stage = cell_reached(self.case.ruler, state)
        rigidity = state.last_rigidity or None
        if step is not None and step.stage is not None:
            row, stage, rigidity = step.row, step.stage, step.rigidity
        self.entries.append(
            {
                "case": self.case.id,
                "at": at or self.today,
                "kind": kind,
                "reason": reason,
                "hypothesis": row,
                "stage": stage and str(stage),
                "rigidity": rigidity,
                "occurrences": state.occurrences,
                "ruler": self.case.frozen.digest,
                "evidence": {**_evidence(self.facts), **(evidence or {})},
            }
        )

    def resolve(self) -> None:
        self.journal(EntryKind.CASE_RESOLVED, self.step.reason)
        self.close(Status.RESOLVED)

    def close(self, status: Status) -> None:
        self.entries += overtake_promises(self.connection, self.case, self.facts)
        self.status, self.closes = status, True

    @property
    def values(self) -> dict[str, object]:
        """The columns of the case's row that say what was decided."""
        return {
            "status": self.status,
            "blocks": [block.model_dump(mode="json") for block in self.situation.blocks],
            "state": self.state.model_dump(mode="json"),
            "next_step": None if self.closes else self.step.model_dump(mode="json"),
        }

    def save(self) -> None:
        closed_at = func.clock_timestamp() if self.closes else None
        self.connection.execute(
            update(cases)
            .where(cases.c.id == self.case.id)
            .values(revision=self.case.revision + 1, closed_at=closed_at, **self.values)
        )
        if self.entries:
            self.connection.execute(insert(decisions), self.entries)
        ask_before_due(self.connection, [self.case], self.today)


def end_approvals(connection: Connection, case: str, state: Literal["lapsed", "carried_out"]) -> None:
    given = (approvals.c.case == case) & (approvals.c.state == "given")
    connection.execute(update(approvals).where(given).values(state=state, ended_at=func.clock_timestamp()))


def _evidence(facts: CaseFacts) -> Evidence:
    """The evidence that the decision saw, without anything that names a person."""
    return {
        "balance": f"{facts.balance:.2f}",
        "grounds": list(facts.grounds),
        "debts": {debt.id: f"{debt.balance:.2f}" for debt in facts.debts},
        "open": [f"{e.kind} {e.period}" for e in facts.evidence if e.open],
    }


def _read_facts(
    connection: Connection, case: Case, state: CaseState, today: date, unaddressed: Set[Channel]
) -> tuple[Person, CaseFacts]:
    person = read_person(connection, case.id, state.steps - 1, case.clock, today)
    return person, read_case_facts(connection, case, today, person, person.contacts.reach(unaddressed))


@contextmanager
def case_transaction(
    engine: Engine,
    case: str,
    now: datetime,
    not_before: date | None = None,
    unaddressed: Set[Channel] = frozenset(CHANNELS),
) -> Iterator[CaseTransaction]:
    """One transaction over one case: locked, judged on today's facts, and saved with all that happened in it.

    `not_before` is the logical day of the step being carried out, should the clock be a little behind it;
    `unaddressed` are the channels that need no address of the taxpayer's.
    """
    with engine.begin() as connection:
        # in the one order of all locks: cohort and person, case, debts. The facts are read only then, so that a payment
        # is either among them or waits until this transaction has ended
        connection.execute(QUEUED, {"case": case})
        locked = read_case(connection, case, lock=True)
        today = locked.clock.day_at(now)
        needless = locked.needless(unaddressed)
        day = max(today, not_before or today)
        steady_debts(connection, [locked.pair], day)
        person, facts = _read_facts(connection, locked, locked.state, day, needless)
        held = transaction_of(connection, CaseRead(locked, facts, person, needless))
        yield held
        if locked.closed_at is None:
            held.save()


def transaction_of(connection: Connection, read: CaseRead) -> CaseTransaction:
    """A case transaction on a case that is locked; a closed one is only looked at."""
    case = read.case
    decision = decide(case.view(case.state, read.facts))
    tx = CaseTransaction(connection, case, read.facts, decision, case.status, read.person, read.needless)
    if case.closed_at is None:
        tx.facts, judged = judge_promises(connection, case, read.facts)
        tx.entries += judged
        tx.adopt(decide(case.view(case.state, tx.facts)) if judged else decision)
        for debt in tx.facts.debts:
            if PRESCRIBED in debt.grounds and debt.balance > 0:
                what = f"débito {debt.id}: prescrição em {debt.prescribes and day(debt.prescribes)} a confirmar"
                ask_people(connection, case, "prescription", debt.id, what, tx.today)
    return tx


def record_decision(
    connection: Connection, case: Case, kind: EntryKind, reason: str, at: date, evidence: Evidence | None = None
) -> None:
    """Add to the journal what became of a case outside of its workflow."""
    row: JournalRow = {
        "case": case.id,
        "at": at,
        "kind": kind,
        "reason": reason,
        "ruler": case.frozen.digest,
        "evidence": evidence or {},
        "hypothesis": case.state.row,
    }
    connection.execute(insert(decisions), row)
