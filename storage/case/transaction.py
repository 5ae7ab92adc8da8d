"""One transaction on a case, or on several side by side: the rows locked, the facts read, and of each case the decision
made and saved with its reasons."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection, Engine, func, text, update

from models.case.blocks import Situation, dated
from models.case.decision import decide
from models.case.facts import CaseFacts
from models.case.journal import EntryKind
from models.case.state import CaseState, cell_reached
from models.case.status import Status
from models.case.step import Decision, Step
from models.case.view import View
from models.contact.channel import CHANNELS, Channel
from models.errors import Unreckonable
from models.formats import day
from models.law.calendar import Clock
from models.law.grounds import PRESCRIBED
from storage.case.before_due import ask_before_due
from storage.case.cases import Case, lock_cases, read_case
from storage.case.facts import read_case_facts, steady_debts
from storage.case.journal import Evidence, JournalRow, write_entries
from storage.case.locks import with_array
from storage.case.people import Person, read_person
from storage.case.promises import judge_promises, overtake_promises
from storage.case.side_by_side import CaseRead, read_side_by_side
from storage.case.tasks import ask_people
from storage.schema import approvals

# whoever changes a cohort's lifecycle takes this lock alone: a case transaction is over before, or sees what was said;
# no row is written
STEADY = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:cohort, 0))")


# and whoever contacts the same person queues until the transaction ends: contacts are counted over all of his cases.
# All cohorts come first, then the persons, each in one order, so that no two transactions wait for each other
QUEUED = with_array(
    "cases",
    """
    SELECT pg_advisory_xact_lock_shared(hashtextextended(cohort, 0))
    FROM (SELECT DISTINCT cohort FROM cases WHERE id = ANY(:cases) ORDER BY cohort) AS held
    UNION ALL
    SELECT pg_advisory_xact_lock(taxpayer)
    FROM (SELECT DISTINCT taxpayer FROM cases WHERE id = ANY(:cases) ORDER BY taxpayer) AS contacted
    """,
)

T = TypeVar("T")


class Beside:
    """The case transactions of one transaction, and what was read for all of them when the first one asked for it."""

    def __init__(self, transactions: Sequence[CaseTransaction]) -> None:
        self._transactions = transactions
        self._read: dict[object, Mapping[str, Any]] = {}

    def read(self, of: Callable[[Connection, Sequence[CaseTransaction]], Mapping[str, T]]) -> Mapping[str, T]:
        if of not in self._read:
            self._read[of] = of(self._transactions[0].connection, self._transactions)
        return self._read[of]


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
    begun: Step | None = None
    """The contact that was begun in it."""
    claims: list[Mapping[str, object]] = field(default_factory=list)
    """Rows of notices that are still to be written."""
    beside: Beside | None = None
    """None: it is the only one."""

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

    def known(self, of: Callable[[Connection, Sequence[CaseTransaction]], Mapping[str, T]]) -> T:
        """Read something of this case, and of all beside it at once: `of` gives it by case. It may not depend on what a
        case transaction changes."""
        return (self.beside or Beside([self])).read(of)[self.case.id]

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


@dataclass(frozen=True)
class Look:
    """A case to be looked at, and when."""

    case: str
    now: datetime
    not_before: date | None = None
    """The logical day of the step being carried out, should the clock be a little behind it."""


LookT = TypeVar("LookT", bound=Look)


@contextmanager
def case_transaction(
    engine: Engine,
    case: str,
    now: datetime,
    not_before: date | None = None,
    unaddressed: Set[Channel] = frozenset(CHANNELS),
) -> Iterator[CaseTransaction]:
    """One transaction over one case: locked, judged on today's facts, and saved with all that happened in it.
    `unaddressed` are the channels that need no address of the taxpayer's."""
    with case_transactions(engine, [Look(case, now, not_before)], unaddressed) as [(_, tx)]:
        yield tx


@contextmanager
def case_transactions(
    engine: Engine, looks: Sequence[LookT], unaddressed: Set[Channel]
) -> Iterator[list[tuple[LookT, CaseTransaction]]]:
    """One transaction over several cases, each locked, judged and saved as if it were alone: all or none.

    In the order in which they are to be worked on: what their cohorts share is locked in one order too. A look at a
    person who is looked at already is left out, for it has to see what the first one did. Raises Refusal when there is
    no such case.
    """
    with engine.begin() as connection:
        # in the one order of all locks: cohorts and persons, cases, debts. The facts are read only then, so that a
        # payment is either among them or waits until this transaction has ended
        connection.execute(QUEUED, {"cases": [look.case for look in looks]})
        locked = lock_cases(connection, {look.case for look in looks})
        by_day: dict[tuple[Clock, date], list[tuple[LookT, Case]]] = defaultdict(list)
        for look, case in _one_of_each_person(looks, locked):
            today = case.clock.day_at(look.now)
            by_day[case.clock, max(today, look.not_before or today)].append((look, case))
        held = []
        for (_, day), alike in by_day.items():
            read = _read_alike(connection, [case for _, case in alike], day, unaddressed)
            held += [(look, transaction_of(connection, each)) for (look, _), each in zip(alike, read, strict=True)]
        held.sort(key=lambda one: (one[1].case.cohort, one[1].case.id))
        beside = Beside([tx for _, tx in held])
        for _, tx in held:
            tx.beside = beside
        yield held
        _save(connection, [tx for _, tx in held if tx.case.closed_at is None])


def _one_of_each_person(looks: Sequence[LookT], locked: Mapping[str, Case]) -> list[tuple[LookT, Case]]:
    first = {locked[look.case].taxpayer: look for look in reversed(looks)}
    return [(look, locked[look.case]) for look in first.values()]


def _read_alike(connection: Connection, locked: Sequence[Case], day: date, unaddressed: Set[Channel]) -> list[CaseRead]:
    """Read cases on one clock and one day; where what somebody owes can't be told, the facts say what they lack."""
    steady_debts(connection, [case.pair for case in locked], day)
    try:
        return [*read_side_by_side(connection, locked, day, unaddressed)]
    except Unreckonable:
        return [_read_alone(connection, case, day, unaddressed) for case in locked]


def _read_alone(connection: Connection, case: Case, day: date, unaddressed: Set[Channel]) -> CaseRead:
    needless = case.needless(unaddressed)
    person, facts = _read_facts(connection, case, case.state, day, needless)
    return CaseRead(case, facts, person, needless)


SAVED = text("""
    UPDATE cases
    SET revision = cases.revision + 1, status = saved.status, blocks = saved.blocks, state = saved.state,
        next_step = saved.next_step, last_contact = coalesce(saved.last_contact, cases.last_contact),
        closed_at = CASE WHEN saved.closes THEN clock_timestamp() END
    FROM jsonb_to_recordset(CAST(:saved AS jsonb)) AS saved
        (id text, status text, blocks jsonb, state jsonb, next_step jsonb, last_contact jsonb, closes boolean)
    WHERE cases.id = saved.id
""")


def _save(connection: Connection, judged: Sequence[CaseTransaction]) -> None:
    if not judged:
        return
    rows = [
        {
            "id": tx.case.id,
            "last_contact": tx.begun and tx.begun.model_dump(mode="json"),
            "closes": tx.closes,
            **tx.values,
        }
        for tx in judged
    ]
    connection.execute(SAVED, {"saved": json.dumps(rows)})
    write_entries(connection, [entry for tx in judged for entry in tx.entries])
    by_day: dict[date, list[Case]] = defaultdict(list)
    for tx in judged:
        by_day[tx.today].append(tx.case)
    for today, alike in by_day.items():
        ask_before_due(connection, alike, today)


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
    write_entries(connection, [row])
