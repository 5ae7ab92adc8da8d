"""Taxpayers' replies, put on record with what follows from them and with the answer.

Replies from one address take turns, so that each is understood once, and the menu is sent once a day.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Engine, insert, select, text

from models.case.credit import CreditId, return_of
from models.case.journal import EntryKind
from models.collections.promise import PromiseChannel, PromiseState
from models.contact.channel import Channel
from models.contact.contacts import ADDRESS
from models.contact.delivery import Progress, Report
from models.contact.phone import spellings
from models.contact.promised import promise_in
from models.contact.replies import ANSWERS, NOT_PROMISED, NOTHING_OPEN, Intent
from models.errors import Refusal, Unreckonable
from models.formats import day
from models.words import CHANNELS
from storage.case.cases import Case, read_case
from storage.case.claimed_payments import believe_paid
from storage.case.facts import open_credits
from storage.case.hardship import record_hardship
from storage.case.promising import promise_now
from storage.case.tasks import ask_people
from storage.case.transaction import record_decision
from storage.contact.delivery import lock_cases_of, refuse, take_reports
from storage.law.listed import listed_by_contact
from storage.law.requests import contested
from storage.schema import notices, promises, replies

PayLink = Callable[[str], str]
"""The address of the page on which a case is paid."""


@dataclass(frozen=True)
class Reply:
    provider: str
    event: str
    """The provider's own id of it, by which a repetition is known."""
    channel: Channel
    address: str
    body: str
    intent: Intent
    notice: str | None = None
    """The notice it answers, where that is known; else it is found by the address."""
    answered_already: bool = False
    """By the carrier, to which some words are commands."""


@dataclass(frozen=True)
class _Sender:
    taxpayers: tuple[int, ...]
    """The taxpayers reached at this address: an accountant's may be that of many."""
    case: str | None = None
    notice: str | None = None


def record_reply(engine: Engine, reply: Reply, now: datetime, pay_link: PayLink | None) -> str | None:
    """Record a reply and give the answer, if there is one; the same to a repetition. Without `pay_link` the authority's
    site is named."""
    with engine.begin() as connection:
        connection.execute(ONE_BY_ONE, {"address": reply.address})
        known = select(replies.c.answer).where(replies.c.provider == reply.provider, replies.c.event == reply.event)
        if before := connection.execute(known).one_or_none():
            return before.answer if before.answer is None else str(before.answer)
        sender = _sender(connection, reply)
        locked = lock_cases_of(connection, sender.taxpayers, now)
        case = read_case(connection, sender.case) if sender.case else None
        promised = None
        if case and case.closed_at is None and reply.intent is Intent.PROMISE:
            promised = _promise(connection, reply, case, locked.today(case.id))
        answer = _answer(connection, reply, sender, case, pay_link, promised)
        _store(connection, reply, sender, case, answer)
        if sender.notice:
            take_reports(connection, [_answered(reply, sender.notice, now)], now)
        if reply.intent is Intent.OPT_OUT:
            refuse(connection, locked, [(who, reply.channel) for who in sender.taxpayers], "reply")
        elif case and (case.closed_at is None or reply.intent is Intent.CALL):
            _follow(connection, reply, case, sender.notice, locked.today(case.id))
        locked.write()
    return answer


# of another kind than the locks on persons, which are single numbers
ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtext('reply'), hashtext(:address))")

NOTICE = text("""
    SELECT notices.id, "case", taxpayer FROM notices JOIN cases ON cases.id = notices."case"
    WHERE notices.id = :notice
""")

NEWEST_NOTICE = text("""
    SELECT notices.id, "case" FROM notices JOIN cases ON cases.id = notices."case"
    WHERE taxpayer = ANY(:taxpayers) AND notices.channel = :channel AND (address IS NULL OR address = ANY(:addresses))
    ORDER BY claimed_at DESC, notices.id DESC LIMIT 1
""")

OPEN_CASES = text("""
    SELECT id, taxpayer FROM cases
    WHERE taxpayer = ANY(:taxpayers) AND closed_at IS NULL AND status <> 'control' ORDER BY opened_at DESC, id DESC
""")


def _sender(connection: Connection, reply: Reply) -> _Sender:
    """Find out who replied. The case is that of the newest notice sent there, else the newest open one of the only
    taxpayer known there."""
    if reply.notice:
        about = connection.execute(NOTICE, {"notice": reply.notice}).one_or_none()
        return _Sender((about.taxpayer,), about.case, about.id) if about else _Sender(())
    addresses = list(spellings(reply.address))
    taxpayers = _reached_at(connection, reply, addresses)
    asked = {"addresses": addresses, "channel": reply.channel, "taxpayers": list(taxpayers)}
    if newest := connection.execute(NEWEST_NOTICE, asked).one_or_none():
        return _Sender(taxpayers, newest.case, newest.id)
    opened = connection.execute(OPEN_CASES, asked).all()
    only_one = len({row.taxpayer for row in opened}) == 1
    return _Sender(taxpayers, opened[0].id if only_one else None)


def _reached_at(connection: Connection, reply: Reply, addresses: list[str]) -> tuple[int, ...]:
    where = text(f"SELECT id FROM taxpayers WHERE {ADDRESS[reply.channel]} = ANY(:addresses) ORDER BY id")  # noqa: S608 - a column of ours
    return tuple(connection.scalars(where, {"addresses": addresses}))


def _answered(reply: Reply, notice: str, now: datetime) -> Report:
    """The report that a reply makes of its notice: whatever it says, the notice was read."""
    name = f"{reply.event} answered"
    return Report(reply.provider, name, "answered", now, notice, progress=Progress.ANSWERED)


TOLD_TODAY = text("""
    SELECT EXISTS (SELECT FROM replies WHERE address = :address AND intent = 'unclear' AND answer IS NOT NULL
                                         AND recorded_at > clock_timestamp() - interval '1 day')
""")


def _answer(
    connection: Connection,
    reply: Reply,
    sender: _Sender,
    case: Case | None,
    pay_link: PayLink | None,
    promised: date | None,
) -> str | None:
    if reply.answered_already:
        return None
    if reply.intent is Intent.OPT_OUT:
        return ANSWERS[Intent.OPT_OUT] if sender.taxpayers else None
    if case is None:
        return None
    if reply.intent is Intent.UNCLEAR:
        menu_sent = connection.execute(TOLD_TODAY, {"address": reply.address}).scalar_one()
        return None if menu_sent else ANSWERS[Intent.UNCLEAR]
    if case.closed_at is not None and reply.intent is not Intent.CALL:
        return NOTHING_OPEN
    link = pay_link(case.id) if pay_link else case.ruler.contact.site
    if reply.intent is Intent.PROMISE and promised is None:
        return NOT_PROMISED.format(link=link)
    return ANSWERS[reply.intent].format(link=link, on=promised and day(promised))


def _promise(connection: Connection, reply: Reply, case: Case, today: date) -> date | None:
    """Put the promise that a reply makes on record, and give its day; none: it can't be taken, and people are asked to
    talk to the taxpayer."""
    said = promise_in(reply.body)
    on = said.day(today) if said else None
    if said and on:
        mine = (promises.c.case == case.id) & (promises.c.state == PromiseState.OPEN) & (promises.c.promised_for == on)
        if connection.scalar(select(promises.c.id).where(mine)):
            return on
        # what is refused leaves nothing of its own
        with suppress(Refusal, Unreckonable), connection.begin_nested():
            made = (said.amount, on, PromiseChannel.REPLY, "resposta do contribuinte", today)
            return promise_now(connection, case, *made).promised_for
    what = f"contribuinte prometeu pagar por {CHANNELS[reply.channel]}, e a régua não aceita o valor ou o dia"
    record_decision(connection, case, EntryKind.REPLY_CALL_ASKED, what, today)
    ask_people(connection, case, "call", reply.event, what, today)
    return None


def _store(connection: Connection, reply: Reply, sender: _Sender, case: Case | None, answer: str | None) -> None:
    row = {
        "provider": reply.provider,
        "event": reply.event,
        "channel": reply.channel,
        "address": reply.address,
        "taxpayer": case.taxpayer if case else sender.taxpayers[0] if len(sender.taxpayers) == 1 else None,
        "case": case.id if case else None,
        "body": reply.body,
        "intent": reply.intent,
        "answer": answer,
    }
    connection.execute(insert(replies).values(row))


ASKED = {
    Intent.INSTALMENTS: ("instalments", "pediu parcelamento"),
    Intent.OBJECTION: ("objection", "contestou a cobrança"),
    Intent.CALL: ("call", "pediu para falar com atendente"),
}
"""The task that people get by intent (of a contest that of its request), and what the taxpayer did, in words."""


def _follow(connection: Connection, reply: Reply, case: Case, notice: str | None, today: date) -> None:
    """Do to a case, which is locked, what a reply to that notice asks for."""
    if reply.intent is Intent.PAID:
        believe_paid(connection, case, f"por {CHANNELS[reply.channel]}", today)
    if reply.intent is Intent.INSTALMENTS and case.hardship_on is None:
        record_hardship(connection, case, "resposta do contribuinte", today)
    if reply.intent in ASKED:
        kind, did = ASKED[reply.intent]
        what = f"contribuinte {did} por {CHANNELS[reply.channel]}"
        record_decision(connection, case, EntryKind(f"{kind}_asked"), what, today)
        if reply.intent is Intent.OBJECTION and (meant := _answered_for(connection, case, notice, today)):
            said = f"resposta por {CHANNELS[reply.channel]}"
            contested(connection, case, meant, said, "resposta do contribuinte", today)
        else:
            ask_people(connection, case, kind, reply.event, what, today)


# journalled right after its claim, in the same transaction
SEEN = text("""
    SELECT evidence -> 'debts' AS debts, evidence -> 'open' AS open
    FROM notices JOIN decisions ON decisions."case" = notices."case" AND decisions.recorded_at >= claimed_at
    WHERE notices.id = :notice AND decisions.evidence ? 'debts' ORDER BY decisions.id LIMIT 1
""")


def _answered_for(connection: Connection, case: Case, notice: str | None, today: date) -> tuple[CreditId, ...]:
    """The open credits that the notice which was answered is about: those that its contact lists, else those that the
    decision to send it saw; all of them where that is none."""
    there = open_credits(connection, case, today)
    about: set[CreditId] = set()
    if notice:
        step = connection.scalar(select(notices.c.step).where(notices.c.id == notice))
        about = set(listed_by_contact(connection, case.id, step)) if step is not None else set()
        if not about and (seen := connection.execute(SEEN, {"notice": notice}).one_or_none()):
            about = {*seen.debts, *(return_of(each.split(" ", 1)[1]) for each in seen.open)}
    return tuple(credit for credit in there if credit in about) or there
