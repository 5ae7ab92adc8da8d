"""Pix charges: before a letter says how to pay, each debt of the case has one of today's amount at the bank, all of
them together have one, and each instalment of its agreement that is to come within a year."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import structlog
from sqlalchemy import Connection, Engine, select
from temporalio import activity

from banks.bank import Bank, Charge, Closed, Debits, State
from models.agreement.instalments import State as AgreementState
from models.case.evidence import Debt
from models.errors import Refusal, Unreckonable
from models.payment.brcode import Receiver
from storage.agreement.agreements import agreements_of, debts_of, read_life, read_row
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.cases import Case, read_case
from storage.case.facts import read_facts
from storage.payments import recurrences
from storage.payments.charges import LONGEST, Billed, Claimed, Terms, claim, close, close_paid, live, record_issued
from storage.payments.joint_charges import Member
from storage.payments.offers import offer_now
from storage.payments.recurrences import approved_of, debited_by
from storage.schema import instalments, taxpayers
from workflows.effects import ChargeEffects

log = structlog.get_logger()

AHEAD = timedelta(days=366)
"""So long before they are due instalments have their charges: whoever wants to pays ahead."""
SOONEST_DEBIT, LATEST_DEBIT = timedelta(days=2), timedelta(days=10)
"""How long before its day a bank takes a debit, and shows it to the payer: the Central Bank's rule, to be checked."""


class ChargeActivities(ChargeEffects):
    def __init__(self, engine: Engine, bank: Bank) -> None:
        self.engine = engine
        self.bank = bank

    @activity.defn
    def charge(self, case: str) -> None:
        """The charges of a case become those of what it owes today; doing it twice does it once. Raises Unavailable
        while the bank doesn't answer. What the bank will never take stays without a charge."""
        bring_up_to_date(self.engine, self.bank, case, activity.info().started_time)


def bring_up_to_date(engine: Engine, bank: Bank, case: str, now: datetime) -> None:
    with engine.begin() as connection:
        bill = _bill(connection, read_case(connection, case, lock=True), now)
        if bank.paid_once:
            close_paid(connection, bill.all)
        claimed = claim(connection, bill.wanted, bank.new_txid)
        unwanted = live(connection, bill.all - bill.wanted.keys())
    for charge in claimed:
        _issue(engine, bank, bill, charge)
    for charge in unwanted:
        _remove(engine, bank, charge)
    if bank.debits:
        _end_needless(engine, bank.debits, case)


@dataclass(frozen=True)
class _Bill:
    tax_id: str
    name: str
    receiver: Receiver
    all: frozenset[Billed]
    """The debts and instalments that may have a charge."""
    wanted: Mapping[Billed, Terms]
    """The debts that are owed and not on hold, and the instalments to be paid."""

    def of(self, charge: Claimed) -> Charge:
        terms = self.wanted[charge.billed]
        return Charge(charge.txid, terms.amount, terms.due, self.tax_id, self.name, self.receiver, terms.recurrence)


def _bill(connection: Connection, case: Case, now: datetime) -> _Bill:
    today, pair = case.clock.day_at(now), (case.taxpayer, case.tax)
    who = connection.execute(select(taxpayers).where(taxpayers.c.id == case.taxpayer)).one()
    receiver = Receiver(case.ruler.authority, case.ruler.jurisdiction.name)
    try:
        facts = read_facts(connection, case.ruler, [pair], today)[pair]
    except Unreckonable:
        # nobody knows how much to charge; the case itself says why
        return _Bill(who.tax_id, who.name, receiver, frozenset(), {})
    outstanding = [debt.id for debt in facts.debts if debt.outstanding]
    wanted = _terms(connection, case, outstanding, today)
    if case.ruler.offer and (offer := offer_now(connection, case, outstanding, now)):
        # what settles each debt in one payment, until the offer's last day at most
        last = case.ruler.offer.deadline_day
        wanted = {debt: Terms(offer.prices[debt], min(full.due, last)) for debt, full in wanted.items()}
    debts = {Billed("debt", debt.id) for debt in facts.debts}
    scheduled, due = _instalments(connection, case, today)
    # what is agreed upon is paid by its instalments
    agreed = {*debts_of(connection, agreements_of(connection, case.id, active=True))}
    wanted = {debt: terms for debt, terms in wanted.items() if debt not in agreed}
    of_debts = {Billed("debt", debt): terms for debt, terms in wanted.items()}
    joint = Billed("case", case.id)
    of_all = {joint: _together(wanted, facts.debts)} if len(wanted) > 1 else {}
    billed = frozenset(debts | scheduled | {joint})
    return _Bill(who.tax_id, who.name, receiver, billed, {**of_debts, **of_all, **due})


def _together(wanted: Mapping[str, Terms], debts: Iterable[Debt]) -> Terms:
    """The terms of one charge for several debts; a payment fills the oldest first (CTN art. 163)."""
    oldest = sorted((debt for debt in debts if debt.id in wanted), key=lambda debt: (debt.due, debt.id))
    of = tuple(Member(debt.id, wanted[debt.id].amount) for debt in oldest)
    return Terms(sum((each.amount for each in of), Decimal(0)), min(terms.due for terms in wanted.values()), of)


def _instalments(connection: Connection, case: Case, today: date) -> tuple[set[Billed], dict[Billed, Terms]]:
    """The instalments of a case's agreements, and the price of those that are open: by their due date, or today where
    that has passed. One that is late can be paid at that for a while; what is added by then is asked for at the end."""
    scheduled: set[Billed] = set()
    due: dict[Billed, Terms] = {}
    for agreement in agreements_of(connection, case.id):
        _, life = read_life(connection, read_row(connection, agreement), today)
        recurrence = approved_of(connection, agreement)
        debited = debited_by(connection, recurrence) if recurrence else set()
        rows = connection.execute(select(instalments.c.id, instalments.c.n).where(instalments.c.agreement == agreement))
        billed = {each.n: Billed("instalment", each.id) for each in rows}
        scheduled.update(billed.values())
        due |= {
            billed[entry.n]: Terms(
                life.asked(entry.n, today),
                life.asked_until(entry.n, today, today + LONGEST),
                recurrence=recurrence if _is_debited(entry.due, today, billed[entry.n].id in debited) else None,
            )
            for entry in (life.books.open_entries if life.state is AgreementState.ACTIVE else ())
            if entry.due <= today + AHEAD and life.books.payable(entry, today)
        }
    return scheduled, due


def _is_debited(due: date, today: date, already: bool) -> bool:
    """Whether an instalment is to be debited: a bank is told of it some days before, and then it stays so."""
    return today <= due if already else SOONEST_DEBIT <= due - today <= LATEST_DEBIT


def _terms(connection: Connection, case: Case, debts: list[str], today: date) -> dict[str, Terms]:
    owed = owed_of(connection, debts, accrual_of(case.ruler), today)
    return {debt: Terms(found.total, found.unchanged_until(today + LONGEST)) for debt, found in owed.items()}


def _issue(engine: Engine, bank: Bank, bill: _Bill, charge: Claimed) -> None:
    wanted = bill.wanted[charge.billed]
    if charge.issued == wanted:
        return
    if charge.recurrence != wanted.recurrence:
        _make_anew(engine, bank, bill, charge)
        return
    by = _of(bank, charge)
    try:
        issued = by.revise(bill.of(charge), charge.revision) if charge.issued else by.issue(bill.of(charge))
    except Closed as closed:
        _replace(engine, bank, bill, charge, closed.state)
        return
    except Refusal as refusal:
        log.warning("charge refused", of=charge.billed.id, why=str(refusal))
        if charge.issued:
            _make_anew(engine, bank, bill, charge)
        return
    with engine.begin() as connection:
        record_issued(connection, charge.txid, wanted, issued.brcode, issued.location, issued.revision)


def _of(bank: Bank, charge: Claimed) -> Bank:
    """The part of a bank that a charge is at."""
    return bank.debits if charge.recurrence and bank.debits else bank


def _end_needless(engine: Engine, debits: Debits, case: str) -> None:
    """End the authorisations by which nothing is debited any more."""
    with engine.connect() as connection:
        needless = recurrences.needless_of(connection, case)
    for recurrence in needless:
        try:
            debits.end(recurrence)
        except Refusal as refusal:
            log.warning("recurrence not ended", recurrence=recurrence, why=str(refusal))
            continue
        with engine.begin() as connection:
            recurrences.end(connection, recurrence)


def _replace(engine: Engine, bank: Bank, bill: _Bill, charge: Claimed, state: State) -> None:
    """Paid or removed at the bank, before we heard of it: the next one has a txid of its own."""
    with engine.begin() as connection:
        close(connection, charge.txid, state)
        if state is State.PAID:
            # the payment is on its way to us, and changes what is owed
            return
        [another] = claim(connection, {charge.billed: bill.wanted[charge.billed]}, bank.new_txid)
    _issue(engine, bank, bill, another)


def _make_anew(engine: Engine, bank: Bank, bill: _Bill, charge: Claimed) -> None:
    """The bank doesn't revise a charge that it has: it is closed, and another one asked for in its place. One that it
    doesn't close either stays: what is paid to it finds its debt."""
    if state := _closed(bank, charge):
        _replace(engine, bank, bill, charge, state)


def _remove(engine: Engine, bank: Bank, charge: Claimed) -> None:
    if state := _closed(bank, charge):
        with engine.begin() as connection:
            close(connection, charge.txid, state)


def _closed(bank: Bank, charge: Claimed) -> State | None:
    """Have the bank close a charge: as what it is closed there now; None where the bank doesn't do it."""
    try:
        _of(bank, charge).remove(charge.txid)
    except Closed as closed:
        return closed.state
    except Refusal as refusal:
        log.warning("charge not removed", of=charge.billed.id, why=str(refusal))
        return None
    return State.REMOVED
