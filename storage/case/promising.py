"""Promises to pay, put on record and taken back by people; what becomes of them is judged with their case."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine, func, insert, select, update

from models.case.commands import must_be_open
from models.case.facts import CaseFacts
from models.case.journal import EntryKind
from models.case.status import Status
from models.collections.promise import (
    Promise,
    PromiseChannel,
    PromiseState,
    check_promise,
    days_of,
    in_words,
)
from models.contact.channel import CHANNELS
from models.errors import Refusal
from models.events import PromiseChanged
from models.words import PROMISED_BY
from storage.case.acts import locked_case
from storage.case.cases import Case, read_case
from storage.case.facts import read_case_facts, steady_debts
from storage.case.people import read_person
from storage.case.promise_reminders import ask_to_remind
from storage.case.promises import judge_promises, owed_in
from storage.case.tasks import finish_of
from storage.case.transaction import record_decision
from storage.outbox import enqueue
from storage.schema import decisions, payments, promises

EVERYWHERE = frozenset(CHANNELS)


def make_promise(
    engine: Engine,
    case: str,
    amount: Decimal,
    promised_for: date,
    channel: PromiseChannel,
    by: str,
    now: datetime,
    another: bool = False,
) -> Promise:
    """Put a promise on record, taken by `by`; `another`: beside one that is open. Raises Refusal."""
    with locked_case(engine, case, now) as tx:
        return put_promise(tx.connection, tx.case, tx.facts, amount, promised_for, channel, by, another)


def promise_now(
    connection: Connection,
    case: Case,
    amount: Decimal | None,
    promised_for: date,
    channel: PromiseChannel,
    by: str,
    today: date,
) -> Promise:
    """Put a promise of a locked case on record as it is made; of no amount: of all that can be demanded today. Raises
    Refusal."""
    steady_debts(connection, [case.pair], today)
    person = read_person(connection, case.id, case.state.steps - 1, case.clock, today)
    facts = read_case_facts(connection, case, today, person, person.contacts.reach(EVERYWHERE))
    return put_promise(connection, case, facts, amount, promised_for, channel, by)


def put_promise(
    connection: Connection,
    case: Case,
    facts: CaseFacts,
    amount: Decimal | None,
    promised_for: date,
    channel: PromiseChannel,
    by: str,
    another: bool = False,
) -> Promise:
    """Put a promise of a locked case on record, given its facts of today. Raises Refusal."""
    must_be_open(case.situation)
    if case.status is Status.CONTROL:
        raise Refusal("the case is held out: nobody collects from it, so no promise is taken")
    facts, entries = judge_promises(connection, case, facts)
    rule, calendar, today = case.ruler.promises, case.frozen.calendar, facts.today
    owed = owed_in(facts).demandable
    amount = owed if amount is None else amount
    check_promise(amount, promised_for, owed, facts.promises, rule, calendar, today, another)
    due, judged_on = days_of(promised_for, calendar, case.ruler.payments.processing)
    newest = connection.scalar(select(func.coalesce(func.max(payments.c.id), 0)))
    said = {"amount": amount, "made_on": today, "promised_for": promised_for, "due": due, "judged_on": judged_on}
    row = {"case": case.id, "channel": channel, "made_by": by, "after_payment": newest, **said}
    made = connection.execute(insert(promises).values(row).returning(promises.c.id)).scalar_one()
    promise = Promise(id=made, after_payment=newest, **said)
    if entries:
        connection.execute(insert(decisions), entries)
    ask_to_remind(connection, case.id, promise, calendar)
    why = f"{in_words(promise)}, {PROMISED_BY[channel]}, registrada por {by}"
    record_decision(connection, case, EntryKind.PROMISE_MADE, why, today, {"promise": made, "amount": f"{amount:.2f}"})
    enqueue(connection, [case.id], PromiseChanged())
    return promise


def cancel_promise(engine: Engine, case: str, promise: int, by: str, reason: str, now: datetime) -> None:
    """Take back a promise that was never made, or not so. Raises Refusal: there is none, or it is over."""
    with engine.begin() as connection:
        record = read_case(connection, case, lock=True)
        mine = (promises.c.case == case) & (promises.c.id == promise)
        state = connection.scalar(select(promises.c.state).where(mine))
        if state is None:
            raise Refusal(f"case {case} has no promise {promise}; `case show` lists them")
        if state != PromiseState.OPEN:
            raise Refusal(f"promise {promise} is {state.replace('_', ' ')} already")
        today = record.clock.day_at(now)
        taken_back = {"state": PromiseState.CANCELLED, "cancelled_by": by, "reason": reason, "decided_on": today}
        connection.execute(update(promises).where(mine).values(taken_back))
        finish_of(connection, "promise", [f"promise {promise}"], by)
        why = f"promessa {promise} cancelada por {by}: {reason}"
        record_decision(connection, record, EntryKind.PROMISE_CANCELLED, why, today, {"promise": promise})
        enqueue(connection, [case] if record.closed_at is None else [], PromiseChanged())
