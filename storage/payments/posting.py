"""A posting: one call's transaction, the rows it has locked, and what it has to say to each case and agreement.

Everything one call needs is locked before anything is written, in one order whoever calls: cases by id, debts by id,
payments by the bank's id. So calls that meet queue up, and none deadlocks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Select, Table, func, insert, select, update
from sqlalchemy.exc import DataError, DBAPIError

from models.case.journal import EntryKind
from models.case.status import Status
from models.errors import Unreckonable
from models.events import Event, InstalmentsChanged, PaymentReceived
from models.formats import money
from storage.agreement.agreements import tell
from storage.amounts.accruals import accrual_of
from storage.amounts.owed import owed_of
from storage.case.cases import frozen_ruler
from storage.case.journal import Evidence, JournalRow
from storage.case.promises import judge_promised
from storage.case.resolution import resolve_paid
from storage.outbox import enqueue_each
from storage.payments.charges import billed_by
from storage.payments.joint_charges import members_of
from storage.payments.offers import settle
from storage.payments.posting_locks import (
    LockedCase,
    LockedInstalment,
    Overtaken,
    Purpose,
    any_of,
    array_of,
    dated_by,
    lock_for_posting,
    open_cases_of,
)
from storage.payments.receipts import Concerned, ask_for_receipts
from storage.schema import cases, debts, decisions

TIMEZONE = ZoneInfo("America/Sao_Paulo")
"""Dates a payment that concerns no case: the bank's own days."""

RECEIVED_BY = {"pix": "recebido por Pix", "bank": "recebido pelo banco"}
ATTEMPTS = 5
OVERTAKEN = {"40001", "40P01", "23505"}
"""SQLSTATEs of a transaction that lost to another one: not serializable, deadlocked, a row written meanwhile."""

T = TypeVar("T")


def whole(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Post in one transaction, begun again when another one was faster."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with engine.begin() as connection:
                return work(connection)
        except DataError:
            # no other attempt would make the money fit
            raise
        except (DBAPIError, Overtaken) as error:
            state = getattr(getattr(error, "orig", None), "sqlstate", None)
            if attempt == ATTEMPTS or not (state in OVERTAKEN or isinstance(error, Overtaken)):
                raise
    raise AssertionError("the last attempt returns or raises")


class Posting:
    """One call's transaction."""

    def __init__(
        self,
        connection: Connection,
        arrived_at: datetime,
        *,
        txids: Collection[str] = (),
        slips: Collection[int] = (),
        payments_named: Collection[int] = (),
        debts_named: Collection[str] = (),
        instalments_named: Collection[str] = (),
    ) -> None:
        self.connection = connection
        self.arrived_at = arrived_at
        # read before anything is locked: a charge's txid stands for one thing for good
        charged = billed_by(connection, txids)
        self.shared_by = members_of(connection, [txid for txid, billed in charged.items() if billed.kind == "case"])
        """The debts among which a payment of a case's charge is shared, by its txid."""
        shared = [member.debt for members in self.shared_by.values() for member in members]
        named = {kind: [each.id for each in charged.values() if each.kind == kind] for kind in ("debt", "instalment")}
        self.locked = lock_for_posting(
            connection,
            txids,
            slips,
            payments_named,
            [*debts_named, *named["debt"], *shared],
            [*instalments_named, *named["instalment"]],
        )
        self.debts, self.purposes = self.locked.debts, self.locked.purposes
        self.purpose_of_txid = {purpose.txid: purpose for purpose in self.purposes.values()}
        self.purpose_of_txid |= {
            txid: self.purposes[billed.id] for txid, billed in charged.items() if billed.kind != "case"
        }
        self.purpose_of_slip = {purpose.slip_number: purpose for purpose in self.purposes.values()}
        self.journal: list[JournalRow] = []
        self.promised: list[tuple[str, Event]] = []
        self.receipted: list[Concerned] = []
        self.taken_back: list[Concerned] = []

    def tell(self) -> None:
        """Write the journal, the receipts asked for and the signals, all at the end, and resolve the cases that are
        paid."""
        if self.journal:
            self.connection.execute(insert(decisions), self.journal)
        if self.promised:
            told = {case for case, _ in self.promised}
            judge_promised(self.connection, told, self.arrived_at)
            resolve_paid(self.connection, told, self.arrived_at)
        receipts = ask_for_receipts(self.connection, self.receipted, self.taken_back)
        enqueue_each(self.connection, [*self.promised, *receipts])

    def tell_received(self, payment: Mapping[Any, Any], how: str) -> None:
        amount, purpose = payment["amount"], self.purposes[purpose_of(payment) or ""]
        reason = f"pagamento de {money(amount)} {how}"
        evidence = {"payment": payment["id"], "amount": f"{amount:.2f}", "debt": payment["debt"]}
        if isinstance(purpose, LockedInstalment):
            evidence |= {"instalment": purpose.id, "agreement": purpose.agreement}
        for case in open_cases_of(purpose):
            day = self.day(case, payment["paid_at"], payment["bank_file"] is not None)
            self.note(case, day, EntryKind.PAYMENT_RECEIVED, reason, evidence)
            self.promised.append((case.id, PaymentReceived(payment=payment["id"], amount=amount, on=day)))
        self.receipted += self.concerned(payment, purpose)

    def concerned(self, payment: Mapping[Any, Any], purpose: Purpose) -> list[Concerned]:
        """The case that is told of a payment: the agreement's own of an instalment, and of a debt the one that gives
        the payment its day. Of co-debtors one is told, since nobody knows who paid. None: nobody is collected from."""
        case = dated_by(purpose)
        if case is None:
            return []
        whose = purpose.case if isinstance(purpose, LockedInstalment) else case.id
        return [Concerned(payment.get("origin") or payment["id"], whose, case.clock.day_at(self.arrived_at))]

    def owes(self, case: LockedCase, purpose: Purpose) -> bool:
        """Whether a case still owes something of a purpose, by its ruler's table where it has one. What can't be told
        is for the case to say."""
        named = [debt.id for debt in purpose.debts]
        try:
            table = accrual_of(frozen_ruler(self.connection, case.ruler).ruler)
            if table is None:
                owing = select(debts.c.id).where(any_of(debts.c.id, named), debts.c.balance > 0)
                return self.connection.execute(owing).first() is not None
            owed = owed_of(self.connection, named, table, case.clock.day_at(self.arrived_at))
        except Unreckonable:
            return True
        return any(each.total > 0 for each in owed.values())

    def reopen(self, case: LockedCase, day: date, reason: str, evidence: Evidence) -> None:
        case.closed_at, case.status = None, Status.RUNNING
        self.connection.execute(
            update(cases).where(cases.c.id == case.id).values(closed_at=None, status=Status.RUNNING.value)
        )
        self.note(case, day, EntryKind.CASE_REOPENED, reason, evidence)

    def purpose(self, name: str | None) -> Purpose | None:
        if name is None:
            return None
        if name not in self.purposes:
            raise Overtaken
        return self.purposes[name]

    def tell_agreements(self, paid_for: Iterable[str | None]) -> None:
        """Tell anew the agreements to which payments for these debts and instalments make a difference, the oldest
        first."""
        touched = {debt.id for name in paid_for if name for debt in self.purposes[name].debts}
        for agreement, covered in self.locked.agreements.items():
            if touched.intersection(covered):
                case = dated_by(self.debts[covered[0]])
                agreed = tell(self.connection, agreement, self.day(case, self.arrived_at))
                self.promised.append((agreed.case.id, InstalmentsChanged(agreement=agreement)))

    def add(self, debt: str, amount: Decimal, reported: int | None = None) -> None:
        self.connection.execute(update(debts).where(debts.c.id == debt).values(received=debts.c.received + amount))
        self.journal += settle(self.connection, [debt], reported=() if reported is None else (reported,))

    def add_all(self, sums: dict[str, Decimal]) -> None:
        rows = [{"id": debt, "received": amount} for debt, amount in sums.items()]
        if rows:
            more = as_table(debts, rows).subquery()
            added = update(debts).where(debts.c.id == more.c.id)
            self.connection.execute(added.values(received=debts.c.received + more.c.received))

    def note(self, case: LockedCase, day: date, kind: EntryKind, reason: str, evidence: Evidence) -> None:
        row: JournalRow = {
            "case": case.id,
            "at": day,
            "kind": kind,
            "reason": reason,
            "ruler": case.ruler,
            "evidence": evidence,
        }
        self.journal.append(row)

    def day(self, case: LockedCase | None, said_at: datetime | None, by_file: bool = False) -> date:
        """The day that counts: the bank's on a real clock, that of the arrival on a compressed one; yet where a bank's
        file names a day that such a clock has passed, it means that one."""
        instant = said_at or self.arrived_at
        if case is None:
            return instant.astimezone(TIMEZONE).date()
        if not case.clock.compressed:
            return case.clock.day_at(instant)
        today, named = case.clock.day_at(self.arrived_at), instant.astimezone(TIMEZONE).date()
        return named if by_file and case.clock.origin_day <= named <= today else today


def as_table(table: Table, rows: Sequence[Mapping[str, object]]) -> Select[Any]:
    """Rows for columns of `table`, in one statement however many there are."""
    names = list(rows[0])
    arrays = [array_of(table.c[name], (row[name] for row in rows)) for name in names]
    return select(func.unnest(*arrays).table_valued(*names).render_derived())


def purpose_of(payment: Mapping[Any, Any]) -> str | None:
    purpose: str | None = payment["debt"] or payment["instalment"]
    return purpose
