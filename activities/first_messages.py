"""The first messages that people of a selection would get, as they would read them, with who they are masked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import Connection, Engine, text

from activities.letters import letter_for
from channels.rendering import Addressee, Words, render
from models.assets import RulerBundle
from models.case.cohort_state import CohortLifecycle
from models.case.decision import decide
from models.case.selection import Selection
from models.case.state import CaseState
from models.case.status import Status
from models.case.step import Action
from models.contact.contacts import Contacts
from models.law.calendar import Clock
from models.taxid import mask
from storage.case.cases import Case, FrozenRuler
from storage.case.cohorts import Candidate, candidates
from storage.case.people import Person
from storage.case.transaction import CaseTransaction
from storage.read_models.search import initials

NO_CASE = "0" * 16
"""The protocol number of a case that isn't there yet."""

PERSON = text("SELECT name, tax_id, is_company FROM taxpayers WHERE id = :taxpayer")


@dataclass(frozen=True)
class FirstMessage:
    hypothesis: str
    stage: str
    channel: str
    subject: str | None
    body: str


def first_messages(
    engine: Engine, bundle: RulerBundle, selection: Selection, clock: Clock, most: int = 5
) -> list[FirstMessage]:
    """The first message of so many people whom nothing stops, of as many cells as there are on the first page."""
    found = next(candidates(engine, bundle.ruler, selection, clock.origin_day), [])
    free = [each for each in found if not each.cohort and not each.facts.on_hold and each.takes(bundle.ruler)]
    words, made = Words(bundle.texts), list[FirstMessage]()
    with engine.connect() as connection:
        judged = [(each, tx) for each in free if (tx := _judged(connection, bundle, clock, each)) is not None]
        for _, tx in sorted(judged, key=_by_turns(judged))[:most]:
            made += _message(tx, words)
    return made


def _by_turns(judged: list[tuple[Candidate, CaseTransaction]]) -> Callable[[tuple[Candidate, CaseTransaction]], int]:
    """An order in which each cell has its turn before any has a second one."""
    turns: dict[tuple[object, object], int] = {}
    place: dict[int, int] = {}
    for each, tx in judged:
        cell = (tx.step.row, tx.step.stage)
        turns[cell] = place[id(each)] = turns.get(cell, -1) + 1
    return lambda pair: place[id(pair[0])]


def _judged(connection: Connection, bundle: RulerBundle, clock: Clock, candidate: Candidate) -> CaseTransaction | None:
    """The case that would be opened, judged but not on record; none: its first step sends nothing."""
    today = clock.origin_day
    calendar = bundle.ruler.jurisdiction.days_off(today.year - 1)
    state = CaseState.at_start(today)
    taxpayer, tax = candidate.pair
    row = connection.execute(PERSON, {"taxpayer": taxpayer}).one()
    case = Case(
        id=NO_CASE, taxpayer=taxpayer, tax=tax, cohort="", status=Status.RUNNING, blocks=(), state=state, revision=0,
        paused_by=None, paused_on=None, hardship_on=None, claimed_paid_on=None, rehearsal=False, unverified=False,
        budgeted=False, started_by="", lifecycle=CohortLifecycle(), opened_at=datetime.combine(today, time(), UTC),
        closed_at=None, arm=None, habits=None, frozen=FrozenRuler("", bundle.ruler, calendar, bundle.texts),
        clock=clock,
    )  # fmt: skip
    decision = decide(case.view(state, candidate.facts))
    if decision.step.action is not Action.NOTIFY:
        return None
    person = Person(row.name, row.tax_id, row.is_company, Contacts(addresses={}), (), ())
    return CaseTransaction(
        connection, case, candidate.facts, decision, decision.step.status, person, unaddressed=frozenset()
    )


def _message(tx: CaseTransaction, words: Words) -> Iterator[FirstMessage]:
    step = tx.step
    if step.row is None or step.rung is None or not step.routes:
        return
    rung, who = tx.case.ruler.rung(step.row, step.rung), tx.person
    letter = letter_for(tx, step, step.on or tx.today)
    masked = Addressee(name=initials(who.name), tax_id=mask(who.tax_id), is_company=who.is_company)
    channel = step.routes[0].channel
    message = render(channel, rung.template, letter.model_copy(update={"taxpayer": masked}), words)
    yield FirstMessage(step.row, rung.stage, channel, message.subject, message.body)
