"""Calls and visits on record: who speaks is confirmed first, and each outcome takes effect in its own transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine, func, insert, select, update

from models.case.commands import must_be_open
from models.case.journal import EntryKind
from models.collections.outcome import ATTEMPTS, RULES, Outcome
from models.collections.promise import PromiseChannel
from models.collections.queue import ASKED_FOR, Queue
from models.errors import Refusal
from models.events import ContactLost
from models.formats import moment
from models.words import OUTCOMES
from storage.case.cases import Case, read_case
from storage.case.claimed_payments import believe_paid
from storage.case.facts import open_credits
from storage.case.hardship import record_hardship
from storage.case.people import Person, read_person, suppress_contact
from storage.case.promising import promise_now
from storage.case.tasks import ask_people
from storage.case.transaction import record_decision
from storage.collections.agreed import ask_to_sign
from storage.contact.delivery import LockedCases, lock_cases_of, refuse
from storage.law.requests import contested
from storage.schema import calls, cases, tasks


@dataclass(frozen=True)
class Result:
    """The outcome of a call, as who called tells it."""

    outcome: Outcome
    amount: Decimal | None = None
    on: date | None = None
    """The day promised, as `amount` is how much."""
    call_back_at: datetime | None = None
    instalments: int | None = None
    """In how many the taxpayer agreed to pay; none: he chooses as he signs."""
    note: str = ""


@dataclass(frozen=True)
class UnderWay:
    """A call that is under way."""

    id: int
    task: int
    case: str
    kind: str
    reference: str
    queue: Queue
    channel: str
    confirmed: bool
    at: date


def confirm(engine: Engine, call: int, agent: str, now: datetime) -> str:
    """Put down that the taxpayer is the one who speaks: only then may anything of the debt be said (CTN art. 198);
    returns the case. Raises Refusal: the call isn't the agent's."""
    with engine.begin() as connection:
        mine = under_way(connection, call, agent, now)
        connection.execute(update(calls).where(calls.c.id == call).values(confirmed_at=now))
        return mine.case


def under_way(connection: Connection, call: int, agent: str, now: datetime) -> UnderWay:
    """The agent's call that is under way. Raises Refusal: it is somebody else's, over, or lapsed."""
    columns = (calls.c.id, calls.c.task, tasks.c.case, tasks.c.kind, tasks.c.reference, calls.c.queue, calls.c.channel)
    more = (calls.c.confirmed_at, calls.c.at, calls.c.agent, calls.c.ended_at, calls.c.lapses_at)
    asked = select(*columns, *more).join_from(calls, tasks).where(calls.c.id == call)
    row = connection.execute(asked).one_or_none()
    if row is None or row.agent != agent:
        raise Refusal(f"call {call} is not in your hands; `call next` gives you a task")
    if row.ended_at is not None:
        raise Refusal(f"call {call} is over already; `call next` gives you a task")
    if row.lapses_at <= now:
        raise Refusal(f"call {call} lapsed at {row.lapses_at:%H:%M} UTC; `call next` gives you a task")
    kept = (row.id, row.task, row.case, row.kind, row.reference, Queue(row.queue), row.channel)
    return UnderWay(*kept, row.confirmed_at is not None, row.at)


@dataclass(frozen=True)
class Ending:
    """A call that ends, in the transaction that has locked all cases of its taxpayer."""

    connection: Connection
    locked: LockedCases
    case: Case
    mine: UnderWay
    told: Result
    agent: str
    today: date

    def person(self) -> Person:
        return read_person(self.connection, self.case.id, self.case.state.steps - 1, self.case.clock, self.today)

    def ask(self, kind: str, what: str) -> None:
        ask_people(self.connection, self.case, kind, f"call {self.mine.id}", what, self.today)


def end_call(engine: Engine, call: int, agent: str, told: Result, now: datetime) -> UnderWay:
    """Put the outcome of a call on record, with what follows from it. Raises Refusal, and then nothing was done."""
    with engine.begin() as connection:
        whose = select(cases.c.taxpayer).join_from(calls, tasks).join(cases, cases.c.id == tasks.c.case)
        taxpayers = connection.scalars(whose.where(calls.c.id == call)).all()
        # all of the taxpayer's, in their order: an address that failed is news for each
        locked = lock_cases_of(connection, taxpayers, now)
        mine = under_way(connection, call, agent, now)
        _must_fit(mine, told)
        case = read_case(connection, mine.case)
        ending = Ending(connection, locked, case, mine, told, agent, case.clock.day_at(now))
        if told.outcome in ON_THE_CASE:
            must_be_open(case.situation)
        promise = EFFECTS[told.outcome](ending) if told.outcome in EFFECTS else None
        locked.write()
        _record(ending, promise, now)
        return mine


def _must_fit(mine: UnderWay, told: Result) -> None:
    """Refuse an outcome that such a call can't have, or that may not be known yet."""
    if (told.outcome is Outcome.DONE) is not (mine.channel == "office"):
        raise Refusal(f"{told.outcome} is no outcome of work in the queue {mine.queue}")
    if RULES[told.outcome].right_party and not mine.confirmed:
        raise Refusal("confirm first that the taxpayer is the one who speaks (CTN art. 198), with `call confirm`")


def _record(ending: Ending, promise: int | None, now: datetime) -> None:
    connection, mine, told = ending.connection, ending.mine, ending.told
    again = _again(connection, mine, told, now)
    counts = RULES[told.outcome].connects and mine.channel == "phone" and mine.queue not in ASKED_FOR
    ended = {"outcome": told.outcome, "ended_at": now, "counts": counts, "promise": promise, "note": told.note or None}
    ended["instalments"] = told.instalments if told.outcome is Outcome.AGREES else None
    connection.execute(update(calls).where(calls.c.id == mine.id).values(ended))
    done: dict[str, object] = {"not_before": again} if again else {"done_at": now, "done_by": ending.agent}
    done["taken_until"] = None
    connection.execute(update(tasks).where(tasks.c.id == mine.task, tasks.c.done_at.is_(None)).values(done))
    if mine.channel == "office":
        return
    how = "atendimento no balcão" if mine.channel == "counter" else "ligação"
    why = f"{how} de {ending.agent}: {OUTCOMES[told.outcome]}" + (f"; {told.note}" if told.note else "")
    evidence = {"call": mine.id, "outcome": told.outcome}
    record_decision(connection, ending.case, EntryKind.CALL_MADE, why, ending.today, evidence)


def _again(connection: Connection, mine: UnderWay, told: Result, now: datetime) -> datetime | None:
    """When the task is given out again; None: it is done."""
    wait = RULES[told.outcome].again_in
    tried = select(func.count()).select_from(calls).where(calls.c.task == mine.task, calls.c.outcome.is_not(None))
    return now + wait if wait and connection.execute(tried).scalar_one() + 1 < ATTEMPTS else None


# ---- what follows from an outcome


def _promise(ending: Ending) -> int:
    told = ending.told
    if told.amount is None or told.on is None:
        raise Refusal("say how much is promised, and for which day")
    channel = PromiseChannel.COUNTER if ending.mine.channel == "counter" else PromiseChannel.PHONE
    said = (told.amount, told.on, channel, ending.agent, ending.today)
    return promise_now(ending.connection, ending.case, *said).id


def _wrong_number(ending: Ending) -> None:
    whose = ending.case.taxpayer
    if number := ending.person().contacts.address("voice"):
        for channel in ("voice", "sms", "whatsapp"):
            suppress_contact(ending.connection, whose, channel, number, "número de outra pessoa")
        ending.locked.enqueue_all(whose, ContactLost())
    ending.ask("contact", "número errado: procurar outro telefone")


def _opt_out(ending: Ending) -> None:
    refuse(ending.connection, ending.locked, [(ending.case.taxpayer, "voice")], "call")


def _call_back(ending: Ending) -> None:
    at = ending.told.call_back_at
    if at is None or at <= ending.locked.now:
        raise Refusal("say when to call back, at an hour that is yet to come")
    row = {"case": ending.case.id, "kind": "call_back", "reference": f"call {ending.mine.id}", "not_before": at}
    row |= {"what": f"retorno combinado para {moment(at)}", "due": ending.case.clock.day_at(at)}
    ending.connection.execute(insert(tasks).values(row))


def _paid(ending: Ending) -> None:
    how = "no balcão" if ending.mine.channel == "counter" else "por telefone"
    believe_paid(ending.connection, ending.case, how, ending.today)


def _disputes(ending: Ending) -> None:
    connection, case, today = ending.connection, ending.case, ending.today
    credits = open_credits(connection, case, today)
    contested(connection, case, credits, f"atendimento {ending.mine.id}", ending.agent, today)


def _cannot_pay(ending: Ending) -> None:
    if ending.case.hardship_on is None:
        record_hardship(ending.connection, ending.case, ending.agent, ending.today)


def _agrees(ending: Ending) -> None:
    count, today, now = ending.told.instalments, ending.today, ending.locked.now
    if not ask_to_sign(ending.connection, ending.case, ending.mine.id, count, today, now):
        ending.ask("instalments", "quer parcelar, e a régua não diz por qual política: propor um acordo")


def _ceased(ending: Ending) -> None:
    ending.ask("contact", "informado falecimento ou encerramento: conferir no cadastro antes de seguir")


EFFECTS: dict[Outcome, Callable[[Ending], int | None]] = {
    Outcome.PROMISE: _promise,
    Outcome.WRONG_NUMBER: _wrong_number,
    Outcome.OPT_OUT: _opt_out,
    Outcome.CALL_BACK: _call_back,
    Outcome.PAID: _paid,
    Outcome.DISPUTES: _disputes,
    Outcome.CANNOT_PAY: _cannot_pay,
    Outcome.AGREES: _agrees,
    Outcome.CEASED: _ceased,
}
ON_THE_CASE = frozenset({Outcome.PROMISE, Outcome.PAID, Outcome.DISPUTES, Outcome.CANNOT_PAY, Outcome.AGREES})
"""The outcomes that change a case, which must be open."""
